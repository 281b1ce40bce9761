"""Fits one message of ours to what a platform can carry. Pure: values in, values out."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from core.capabilities import Capabilities, Limit, Support, Unit
from core.model import Ask, MediaKind, OutboundMessage

# Cuts fall before whitespace. A finer kind is used only when the coarser one would leave a part less than a third full.
PARAGRAPH = re.compile(r"(?=\n[^\S\n]*\n)")
LINE = re.compile(r"(?=\n)")
SENTENCE = re.compile(r"(?<!\d)[.!?…][\"'”’)\]]*(?=\s)")
WORD = re.compile(r"(?=\s)")

ZERO_WIDTH_JOINER = "\u200d"


def fit(message: OutboundMessage, capabilities: Capabilities) -> tuple[OutboundMessage, ...]:
    """The messages to send, in order, each within the limits; `message` itself when nothing has to change.

    Files go first, one a message; a single picture takes plain text along where the platform allows it, and a mail
    takes everything. Text that is too long is cut at paragraphs, lines, sentences, words, and only then between
    letters, never inside one. Choices that do not fit as buttons become a numbered list at the end of the text. Choices
    and native requests stay with the last part. Of several parts the keys end in /1, /2 …; a message without any
    content gives no part.
    """
    if not (message.choices or message.media or message.ask) and capabilities.text.allows(message.text):
        return (message,) if message.text and not message.text.isspace() else ()
    message = _as_supported(message, capabilities)
    if capabilities.letters and message.text.strip() and capabilities.text.allows(message.text):
        return (message,)
    if len(message.media) <= 1 and _fits_in_one(message, capabilities):
        return (message,)
    return _numbered((*_files(message), *_texts(message, capabilities)), message.key)


def _as_supported(message: OutboundMessage, capabilities: Capabilities) -> OutboundMessage:
    """Buttons as a list and native requests left out where the platform does not offer them."""
    if message.choices and not _buttons_fit(message, capabilities):
        lines = [message.text.rstrip(), *(f"{n}. {choice.label}" for n, choice in enumerate(message.choices, 1))]
        message = replace(message, text="\n".join(lines).lstrip("\n"), choices=())
    offered = {Ask.PLACE: capabilities.ask_place, Ask.PHONE: capabilities.ask_phone, Ask.EMAIL: capabilities.ask_email}
    if offered.get(message.ask, Support.NATIVE) is not Support.NATIVE:
        message = replace(message, ask=Ask.NOTHING)
    return message


def _buttons_fit(message: OutboundMessage, capabilities: Capabilities) -> bool:
    return (
        capabilities.choices is Support.NATIVE
        and len(message.choices) <= capabilities.max_choices
        and bool(message.text.strip())
        and all(
            capabilities.choice_label.allows(choice.label) and capabilities.choice_key.allows(choice.key)
            for choice in message.choices
        )
    )


def _fits_in_one(message: OutboundMessage, capabilities: Capabilities) -> bool:
    if not message.text.strip():
        return bool(message.media) and not message.ask
    limits = [capabilities.text]
    if message.choices and capabilities.text_with_choices is not None:
        limits.append(capabilities.text_with_choices)
    if message.media:
        # With buttons beside it some platforms need two calls, and a part has to be one.
        plain = not message.choices and not message.ask and message.media[0].kind is MediaKind.IMAGE
        if capabilities.caption is None or not plain:
            return False
        limits.append(capabilities.caption)
    return all(limit.allows(message.text) for limit in limits)


def _files(message: OutboundMessage) -> list[OutboundMessage]:
    return [replace(message, text="", choices=(), ask=Ask.NOTHING, media=(file,)) for file in message.media]


def _texts(message: OutboundMessage, capabilities: Capabilities) -> list[OutboundMessage]:
    pieces = list(split(message.text, capabilities.text))
    tail = capabilities.text_with_choices
    if message.choices and tail is not None and not tail.allows(pieces[-1]):
        whole = pieces.pop()
        last = list(split(whole, tail))[-1]
        pieces += [whole[: -len(last)].rstrip(), last]
    parts = [replace(message, text=piece, choices=(), ask=Ask.NOTHING, media=()) for piece in pieces]
    return parts[:-1] + [replace(message, text=piece, media=()) for piece in pieces[-1:]]


def _numbered(parts: tuple[OutboundMessage, ...], key: str) -> tuple[OutboundMessage, ...]:
    if len(parts) == 1 or not key:
        return parts
    return tuple(replace(part, key=f"{key}/{n}") for n, part in enumerate(parts, 1))


def split(text: str, limit: Limit) -> Iterator[str]:
    """Parts of `text` within `limit`, none empty, in order; only whitespace at the cuts is dropped.

    A letter with its marks, or an emoji sequence, is cut only if it alone is longer than the limit.
    """
    rest = _after(text, 0)
    while rest:
        fitting = _fitting(rest, limit)
        if fitting == len(rest):
            yield rest.rstrip()
            return
        cut = _cut(rest, fitting)
        yield rest[:cut].rstrip()
        rest = _after(rest, cut)


def _after(text: str, start: int) -> str:
    """The text from `start` on without leading whitespace, except a space that carries a combining mark."""
    end = len(text)
    begin = start
    while begin < end and text[begin].isspace() and not (begin + 1 < end and _clings(text, begin + 1)):
        begin += 1
    return text[begin:]


def _fitting(text: str, limit: Limit) -> int:
    """How many code points from the start are within the limit; at least one."""
    if len(text) * 4 <= limit.amount:
        return len(text)
    match limit.unit:
        case Unit.CODE_POINTS:
            fitting = limit.amount
        case Unit.UTF16:
            fitting = len(text.encode("utf-16-le")[: 2 * limit.amount].decode("utf-16-le", "ignore"))
        case Unit.BYTES:
            fitting = len(text.encode()[: limit.amount].decode(errors="ignore"))
    return max(1, min(fitting, len(text)))


def _cut(text: str, fitting: int) -> int:
    """Where to end a part of at most `fitting` code points; the text is longer than that."""
    window = text[: fitting + 1]
    third = max(1, fitting // 3)
    for pattern, least in ((PARAGRAPH, third), (LINE, third), (SENTENCE, third), (WORD, 1)):
        ends = [found.end() for found in pattern.finditer(window) if found.end() >= least]
        if ends and window[: ends[-1]].strip():
            return ends[-1]
    cut = fitting
    while cut and _clings(text, cut):
        cut -= 1
    return cut or fitting


def _clings(text: str, index: int) -> bool:
    """Whether this code point belongs to the letter or emoji before it (the cases of Unicode annex 29 we meet)."""
    if index == 0:
        return False
    before, here = text[index - 1], text[index]
    if here < "\u0300":
        return before == "\r" and here == "\n"
    return (
        unicodedata.category(here).startswith("M")
        or ZERO_WIDTH_JOINER in (before, here)
        or "\U0001f3fb" <= here <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= here <= "\U000e007f"  # tags of regional flags
        or (_is_flag_letter(here) and _flag_letters_before(text, index) % 2 == 1)
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_letters_before(text: str, index: int) -> int:
    count = 0
    while count < index and _is_flag_letter(text[index - 1 - count]):
        count += 1
    return count
