"""Formatted text: what `parse_mode` says, and what Telegram finds by itself. Offsets count UTF-16 units."""

import html
import re
from collections.abc import Callable, Mapping

from simulator.telegram.errors import bad
from simulator.world import Json

Parsed = tuple[str, list[Json]]

# What Telegram marks in plain text. A person's phone number is marked too.
FOUND = re.compile(
    r"(?P<url>https?://[^\s<>]+)"
    r"|(?P<email>[\w.+-]+@[\w-]+\.[\w.]+)"
    r"|(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,32}(?:@\w+)?)"
    r"|(?P<mention>(?<!\w)@[A-Za-z]\w{4,31})"
    r"|(?P<hashtag>(?<!\w)#\w+)"
    r"|(?P<phone_number>(?<![\d.+])\+?\d(?:[ .]?\d){8,11}(?!\d))"
)
HTML_TAGS: Mapping[str, str] = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "code": "code", "pre": "pre",
    "a": "text_link", "blockquote": "blockquote", "tg-spoiler": "spoiler", "span": "spoiler",
}  # fmt: skip
MARKS: Mapping[str, str] = {
    "*": "bold", "_": "italic", "__": "underline", "~": "strikethrough", "||": "spoiler", "`": "code", "```": "pre",
}  # fmt: skip
RESERVED = frozenset("_*[]()~`>#+-=|{}.!")
TOKEN = re.compile(r"<(/?)([A-Za-z0-9-]+)([^<>]*)>|<|&(?:#x?[0-9a-fA-F]+|[a-z]+);")


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(ord(letter) > 0xFFFF for letter in text)


def found_in(text: str) -> list[Json]:
    """Entities that need no markup."""
    entities: list[Json] = []
    for match in FOUND.finditer(text):
        start = units(text[: match.start()])
        entities.append({"offset": start, "length": units(match.group()), "type": match.lastgroup})
    return entities


def parse(text: str, mode: str) -> Parsed:
    """Plain text and its entities. Raises TelegramError "can't parse entities: …"."""
    if not mode:
        return text, found_in(text)
    parser = MODES.get(mode.lower())
    if parser is None:
        raise bad("unsupported parse_mode")
    plain, entities = parser(text)
    return plain, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))


def _html(text: str) -> Parsed:
    plain, entities, open_tags, end = "", [], list[tuple[str, int, str]](), 0
    for token in TOKEN.finditer(text):
        plain += text[end : token.start()]
        end = token.end()
        at = len(text[: token.start()].encode())
        if token.group().startswith("&"):
            plain += html.unescape(token.group())
            continue
        closing, tag, attributes = token.groups()
        if tag is None:
            raise bad(f'can\'t parse entities: Unsupported start tag "" at byte offset {at}')
        if not closing:
            if tag.lower() not in HTML_TAGS:
                raise bad(f'can\'t parse entities: Unsupported start tag "{tag.lower()}" at byte offset {at}')
            open_tags.append((tag.lower(), units(plain), attributes))
            continue
        if not open_tags:
            raise bad(f"can't parse entities: Unexpected end tag at byte offset {at}")
        name, start, attributes = open_tags.pop()
        if name != tag.lower():
            wanted = f'expected "&lt;/{name}&gt;", found "&lt;/{tag}&gt;"'
            raise bad(f"can't parse entities: Unmatched end tag at byte offset {at}, {wanted}")
        if length := units(plain) - start:
            entity: Json = {"offset": start, "length": length, "type": HTML_TAGS[name]}
            if link := re.search(r'href\s*=\s*"([^"]*)"', attributes):
                entity["url"] = html.unescape(link.group(1))
            entities.append(entity)
    if open_tags:
        raise bad(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1][0]}\"")
    return plain + text[end:], entities


def _markdown(text: str) -> Parsed:
    plain, entities, place = "", list[Json](), 0
    open_marks: list[tuple[str, int, int]] = []
    while place < len(text):
        letter, at = text[place], len(text[:place].encode())
        if letter == "\\" and text[place + 1 : place + 2] and ord(text[place + 1]) < 127:
            plain += text[place + 1]
            place += 2
            continue
        mark = next((m for m in ("```", "||", "__", "*", "_", "~", "`") if text.startswith(m, place)), "")
        if mark:
            place += len(mark)
            if open_marks and open_marks[-1][0] == mark:
                _, start, _ = open_marks.pop()
                if length := units(plain) - start:
                    entities.append({"offset": start, "length": length, "type": MARKS[mark]})
            else:
                open_marks.append((mark, units(plain), at))
            continue
        if letter == "[" and (link := re.match(r"\[((?:\\.|[^\]\\])*)\]\(([^)]*)\)", text[place:])):
            inner = re.sub(r"\\(.)", r"\1", link.group(1))
            entity = {"offset": units(plain), "length": units(inner), "type": "text_link", "url": link.group(2)}
            entities.append(entity)
            plain += inner
            place += link.end()
            continue
        if letter in RESERVED and not (letter == ">" and (not plain or plain.endswith("\n"))):
            raise bad(
                f"can't parse entities: Character '{letter}' is reserved and must be escaped with the preceding '\\'"
            )
        plain += letter
        place += 1
    if open_marks:
        mark, _, at = open_marks[-1]
        raise bad(f"can't parse entities: Can't find end of {MARKS[mark].capitalize()} entity at byte offset {at}")
    return plain, entities


def _old_markdown(text: str) -> Parsed:
    plain, entities, end = "", list[Json](), 0
    for match in re.finditer(r"\*([^*]+)\*|_([^_]+)_|`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)|[*_`]", text):
        plain += text[end : match.start()]
        end = match.end()
        bold, italic, code, title, url = match.groups()
        inner = bold or italic or code or title
        if inner is None:
            at = len(text[: match.start()].encode())
            raise bad(f"can't parse entities: Can't find end of the entity starting at byte offset {at}")
        kind = "bold" if bold else "italic" if italic else "code" if code else "text_link"
        entity: Json = {"offset": units(plain), "length": units(inner), "type": kind}
        entities.append(entity | ({"url": url} if url else {}))
        plain += inner
    return plain + text[end:], entities


MODES: Mapping[str, Callable[[str], Parsed]] = {"html": _html, "markdownv2": _markdown, "markdown": _old_markdown}
