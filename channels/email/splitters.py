"""Where in a plain text the person's own words end: attributions, header blocks, original-message lines, signatures.

Every rule looks at a bounded number of lines of bounded length, so the time grows with the number of lines only.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from channels.email.folding import fold
from channels.email.phrases import (
    ABOVE_THE_LINE,
    ATTRIBUTION_STARTS,
    BARE_ORIGINAL,
    DEVICES,
    LABELS,
    MONTHS,
    ORIGINAL,
    SENT_FROM,
    WROTE,
    Field,
)

MOST_LINES = 5_000
"""Splitters are looked for in so many lines."""
MOST_LETTERS = 2_000
"""So much of a line is looked at."""
ATTRIBUTION_LINES = 6
HEADER_LINES = 24
ATTRIBUTION_LETTERS = 500
SIGNATURE_LINES = 12
DEVICE_LETTERS = 120


class Kind(StrEnum):
    ATTRIBUTION = "attribution"
    HEADERS = "headers"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True)
class Splitter:
    """Lines `start` up to `end` introduce a quoted mail."""

    kind: Kind
    start: int
    end: int


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(fold(word)) for word in sorted(words, key=len, reverse=True))


QUOTED = re.compile(r"\s{0,8}[>|＞]")
RULE = re.compile(r"[-_=*~\s]{5,}$")
ADDRESS = re.compile(r"[\w.+=-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
TIME = re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?!\d)(?!\.\d)|(?<!\d)\d{1,2}h\d{2}(?!\d)")
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
NUMERIC_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{4}年)(?!\d)")
DAY_MONTH = re.compile(
    rf"(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.)?[\s,-]*(?:de |of )?(?:{_any(MONTHS)})|(?:{_any(MONTHS)})\w*[.,]?\s*\d{{1,2}}"
)
START = re.compile(rf"(?:{_any(ATTRIBUTION_STARTS)})(?![\w])")
VIETNAMESE_START = re.compile(r"(?:vao|luc|ngay|thu|trong)\b")
ACCENTED = frozenset({"på", "às", "à", "dňa"})
VERB = re.compile(rf"(?<![^\W\d_])(?:{_any(WROTE)})(?![^\W\d_])")
VERB_LAST = re.compile(rf"(?:{_any(WROTE)})[\s*_\]>)]*(?:[:：][\s*_>]*|-{{2,}}\s*)$")
VERB_INSIDE = re.compile(rf"(?:{_any(WROTE)})\s?[:：](?=\s+\S)")
COLON_LAST = re.compile(r"[:：][\s*_>\"]*$|-{3,}\s*$")
VIETNAMESE = re.compile(r"(?:da )?viet\b|da gui\b|da tra loi\b|vao\b|ngay\b|luc\b")
VIETNAMESE_LAST = re.compile(
    r"(?:(?:da )?viet|da gui|da tra loi)(?:\s*(?:(?:vao|luc|ngay)\b|\().{4,60}?)?\s*[*_]*\s*[:：][\s*_>]*$"
)
NAMED_LAST = re.compile(r"<\s*\S{1,80}@\S{1,80}>\s*[:：][\s*_>]*$")
DATE_THEN_NAME = re.compile(
    r"\d{4}[/-]\d{1,2}[/-]\d{1,2}(?:\s\d\d?:\d\d)?(?:\s\S+){0,8}\s*<\s*\S+@\S+>\s*[:：]?$"
    r"|\d{4}-\d\d-\d\d \d\d:\d\d gmt[+-]\d\d:\d\d [^.!?]{2,60}[:：]?$"
    r"|\d{4}年.{3,80}<\s*\S+@\S+>\s*[:：]$"
    r"|\d{1,2}[./]\d{1,2}[./]\d{4},? \d{1,2}:\d\d,? .{2,120}<?\S+@\S+>?\s*[:：]$"
)
GLUED = re.compile(
    r"(?<=[^\s\-_*=>])[ -]{1,8}"
    r"((?:on|vao|le|am|el|il)\s(?:[^\W\d_]{2,10}[.,]*\s){0,2}\d{1,2}[\s:/.,].{10,300}@.{3,200})$"
)
LEADING = re.compile(r"\A[\s>*_\-=#\"'(\[|]+")
LABEL = re.compile(r"[\s>*_|]{0,12}([^:：\s][^:：]{0,28}?)[\s*_]{0,4}[:：][*_]{0,3}(?:\s|$|(?=[^\s/]))\s*(.*)$")
SEVERAL_LABELS = re.compile(rf"(?:^|[\s*])({_any(LABELS)})\s?\*?[:：]")
PHRASE = re.compile(
    rf"[\s>]*[-_=*#~]{{1,}}[\s<>*]*(?:{_any(ORIGINAL)})\b[^-_=]{{0,80}}[-_=*#~]{{2,}}[\s*]*$"
    rf"|[\s>*]*[-_=]{{2,}}[\s<>*]*(?:{_any(ORIGINAL)})\s*[:：]?[\s*]*$"
    rf"|[\s>*]*(?:{_any(BARE_ORIGINAL)})\s*[:：][\s*]*$"
)
PLAIN_PHRASE = re.compile(rf"[\s*]*(?:{_any(ORIGINAL)})[\s*:：]*$")
ABOVE = re.compile(rf".{{0,60}}(?:{_any(ABOVE_THE_LINE)})")
SIGNATURE = re.compile(r"(?:--|—|–)\s*$")
DEVICE = re.compile(
    rf"[\s*_\-–—<(\[]*(?:(?:{_any(SENT_FROM)}).{{0,40}}?(?:{_any(DEVICES)})[^,;?!]{{0,60}}$"
    r"|yahoo mail: (?:tim kiem|search)"
    r"|(?:sent|typed) (?:from|via|with|using|by|on) (?:my )?[^\s,.;]{2,20}(?: [^\s,.;]{1,20}){0,5}[\s.)>*_]*$"
    r"|from my i?phone)"
)


def unglued(lines: Iterable[str]) -> Iterator[str]:
    """Some programs write the attribution behind the last word of the answer."""
    for line in lines:
        glued = len(line) <= ATTRIBUTION_LETTERS and COLON_LAST.search(line) and not _starts(line)
        found = GLUED.search(fold(line)) if glued else None
        if found and is_attribution(fold(line[found.start(1) :]), start=True):
            yield line[: found.start()]
            yield line[found.start(1) :]
        else:
            yield line


def is_quoted(line: str) -> bool:
    return QUOTED.match(line) is not None


def unquoted(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if not is_quoted(line)]


def has_text(lines: Iterable[str]) -> bool:
    return any(line.strip() and not RULE.match(line) for line in lines)


def splitters(lines: Sequence[str]) -> Iterator[Splitter]:
    """The places, from top to bottom, where a quoted mail is introduced. Quoted lines introduce nothing."""
    folded = [fold(line[:MOST_LETTERS]) for line in lines[:MOST_LINES]]
    at = 0
    while at < len(folded):
        found = None if not folded[at].strip() or is_quoted(folded[at]) else _splitter_at(lines, folded, at)
        if found:
            yield found
        at = found.end if found else at + 1


def _splitter_at(lines: Sequence[str], folded: Sequence[str], at: int) -> Splitter | None:
    line = folded[at]
    if PHRASE.match(line) or ABOVE.match(line):
        return Splitter(Kind.ORIGINAL, at, at + 1)
    if PLAIN_PHRASE.match(line):
        following = next((n for n in range(at + 1, min(at + 3, len(folded))) if folded[n].strip()), None)
        if following is not None and _field(folded[following]):
            return Splitter(Kind.ORIGINAL, at, at + 1)
    if end := _headers(folded, at):
        return Splitter(Kind.HEADERS, at, end)
    if end := _attribution(lines, folded, at):
        return Splitter(Kind.ATTRIBUTION, at, end)
    return None


# --- attribution: "On …, X wrote:" ------------------------------------------------------------------------------------


def _starts(line: str) -> bool:
    """Whether a line begins like an attribution. "Em", "Đến" and "Dạ" are no Portuguese, Danish or Italian."""
    bare = LEADING.sub("", line[:80])
    folded = fold(bare)
    if not START.match(folded):
        return False
    word = bare.split(maxsplit=1)[0].lower()
    return (
        not fold(word).isascii() or fold(word) == word or VIETNAMESE_START.match(folded) is not None or word in ACCENTED
    )


def _attribution(lines: Sequence[str], folded: Sequence[str], at: int) -> int | None:
    first = LEADING.sub("", folded[at])
    start = _starts(lines[at])
    if not first or not (start or any(letter.isdigit() or letter in "@:：<" for letter in first)):
        return None
    text, blanks = "", 0
    for here in range(at, min(at + ATTRIBUTION_LINES, len(folded))):
        line = folded[here].strip()
        if here > at and is_quoted(line) and not line.startswith(">"):
            return None
        if not line:
            blanks += 1
            if blanks > 2 or not (start and _dated(first)):
                return None
            continue
        text = f"{text} {line}".strip() if text else line
        if here == at and start and _quote_on_the_same_line(first):
            return here + 1
        if len(text) > ATTRIBUTION_LETTERS:
            return None
        if is_attribution(LEADING.sub("", text), start=start):
            return None if _begins_later(lines, folded, at, here) else here + 1
    return None


def _begins_later(lines: Sequence[str], folded: Sequence[str], at: int, end: int) -> bool:
    """The line before an attribution may look like a part of it."""
    for begin in range(at + 1, end + 1):
        start = _starts(lines[begin])
        text = LEADING.sub("", " ".join(line.strip() for line in folded[begin : end + 1]))
        whole = start or (not _starts(lines[at]) and (_dated(text) or text.count("<") == text.count(">")))
        if whole and is_attribution(text, start=start):
            return True
    return False


def _dated(text: str) -> bool:
    return NUMERIC_DATE.search(text) is not None or DAY_MONTH.search(text) is not None


def is_attribution(text: str, *, start: bool) -> bool:
    """Whether a folded line, joined from what the program wrapped, says who wrote what follows, and when.

    `start`: it begins with a word that attributions begin with.
    """
    ended = COLON_LAST.search(text[-40:]) is not None
    if not ended and "@" not in text and "gmt" not in text:
        return False
    address, time, date = ADDRESS.search(text) is not None, TIME.search(text) is not None, _dated(text)
    if not (address or time or date):
        return False
    if DATE_THEN_NAME.match(text):
        return True
    if not ended:
        return start and address and (date or time) and VERB.search(text[-20:]) is not None and text[-1:].isalpha()
    if VIETNAMESE_LAST.search(text):
        return address or (date and (time or YEAR.search(text) is not None))
    if VERB_LAST.search(text):
        return start or address or date
    if VERB.search(text) and not VIETNAMESE.match(text):
        return (start and (address or date or time)) or (address and (date or time))
    return start and date and time and NAMED_LAST.search(text) is not None


def _quote_on_the_same_line(text: str) -> bool:
    """Yahoo puts the quoted mail behind the colon."""
    found = VERB_INSIDE.search(text[:ATTRIBUTION_LETTERS])
    if not found:
        return False
    head = text[: found.end()]
    return ADDRESS.search(head) is not None and (_dated(head) or TIME.search(head) is not None)


# --- header block: From, Sent, To, Subject ----------------------------------------------------------------------------


def _field(line: str) -> tuple[Field, str] | None:
    found = LABEL.match(line)
    field = LABELS.get(found[1].strip()) if found else None
    return (field, found[2]) if found and field else None


def _headers(folded: Sequence[str], at: int) -> int | None:
    opening = _field(folded[at])
    if opening is None or opening[0] not in {Field.SENDER, Field.DATE, Field.SUBJECT, Field.TO}:
        return None
    if _headers_on_one_line(folded[at]):
        return at + 1
    fields: dict[Field, str] = {}
    end, here = at, at
    while here < min(len(folded), at + HEADER_LINES) and here - end < 4:
        line = folded[here]
        if found := _field(line):
            fields.setdefault(*found)
            end = here + 1
        elif line.strip() and not _continues(folded, here, end) and not _is_label_among_known(folded, here):
            break
        here += 1
    return end if _is_header_block(fields, folded, at, end) else None


def _continues(folded: Sequence[str], here: int, end: int) -> bool:
    """A long list of recipients goes on in the next line; the value may stand below its label."""
    before = folded[end - 1].rstrip() if end else ""
    return here == end and (before.endswith((",", ";", ":", "：")) or folded[here].startswith(("  ", "\t", "<")))


def _is_label_among_known(folded: Sequence[str], here: int) -> bool:
    """A label that we do not know, directly between two that we know."""
    following = folded[here + 1] if here + 1 < len(folded) else ""
    return bool(LABEL.match(folded[here]) and _field(folded[here - 1]) and _field(following))


def _is_header_block(fields: dict[Field, str], folded: Sequence[str], at: int, end: int) -> bool:
    known = {field for field in fields if field is not Field.OTHER}
    block = " ".join(folded[at:end])[:MOST_LETTERS]
    address = ADDRESS.search(block) is not None
    sender = fields.get(Field.SENDER, "")
    if sender[:1].isdigit() and "@" not in sender and not sender[:9].isdigit():
        return False
    if not (address or YEAR.search(block) or TIME.search(block)):
        return False
    if len(known) < (2 if address else 3):
        return False
    if not address and _is_form(folded, at, end):
        return False
    return Field.SENDER in known or {Field.DATE, Field.TO} <= known


def _is_form(folded: Sequence[str], at: int, end: int) -> bool:
    """Citizens fill in forms of their own: "Tiêu đề: …", "Địa điểm: …". Their next line has a label of no mail."""
    beside = [folded[n] for n in (at - 1, end) if 0 <= n < len(folded)]
    return any(LABEL.match(line) and not _field(line) for line in beside)


def _headers_on_one_line(line: str) -> bool:
    found = {LABELS[label[1]] for label in SEVERAL_LABELS.finditer(line)}
    if not {Field.SENDER, Field.DATE} <= found or not YEAR.search(line):
        return False
    return Field.SUBJECT in found or ADDRESS.search(line) is not None


# --- the end of the person's words ------------------------------------------------------------------------------------


def without_rules_at_the_end(lines: list[str]) -> list[str]:
    while lines and (not lines[-1].strip() or RULE.match(lines[-1])):
        lines = lines[:-1]
    return lines


def is_device_line(line: str) -> bool:
    folded = fold(line.strip()[: DEVICE_LETTERS * 2])
    if not folded or len(folded) > DEVICE_LETTERS * 2:
        return False
    return len(re.sub(r"<?https?://\S+", "", folded)) <= DEVICE_LETTERS and DEVICE.match(folded) is not None


def without_device_lines(lines: list[str]) -> list[str]:
    """Without "Sent from my iPhone" at the end, which may be wrapped over two lines."""
    while True:
        lines = _stripped(lines)
        if lines and is_device_line(lines[-1]):
            lines = lines[:-1]
        elif len(lines) > 1 and is_device_line(lines[-2]) and len(lines[-1]) < 50 and len(lines[-2]) > 25:
            lines = lines[:-2]
        else:
            return lines


def without_signature(lines: list[str]) -> list[str]:
    """Cut at a line of two dashes with few lines behind it and some text before it."""
    following = 0
    cut = None
    for at in range(len(lines) - 1, -1, -1):
        if SIGNATURE.match(lines[at]):
            cut = at
        elif lines[at].strip():
            following += 1
        if following > SIGNATURE_LINES:
            break
    return lines[:cut] if cut is not None and has_text(lines[:cut]) else lines


def _stripped(lines: list[str]) -> list[str]:
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    return lines[:end]
