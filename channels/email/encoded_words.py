"""Header values as people read them: RFC 2047 encoded words, and the raw 8-bit text that clients write instead.

Encoded words of one run are put together as bytes before they are decoded: clients cut them inside a UTF-8 sequence,
and some even inside a base64 group.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

from channels.email.charsets import canonical, decode, nfc

_WORD_START: Final = re.compile(r"=\?([!->@-~]{1,60})\?([bBqQ])\?")
_CONTROLS: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")
_NOT_BASE64: Final = re.compile("[^A-Za-z0-9+/=]")


class _Word(NamedTuple):
    charset: str
    base64: bool
    content: str


def decode_header(value: str, *, charset: str = "") -> str:
    """One line of NFC text without control characters.

    `value` has its undecodable bytes as surrogate escapes; `charset` is what to believe of them, e.g. the charset of
    the mail's text. Never raises.
    """
    if "=?" not in value:
        return one_line(decode_raw(value, charset))
    out: list[str] = []
    run: list[_Word] = []
    gap = ""
    for piece in _pieces(value):
        if isinstance(piece, _Word):
            run.append(piece)
            gap = ""  # white space between two encoded words is folding, not text
        elif run and piece.isspace():
            gap = piece
        else:
            out += [_decode_run(run), decode_raw(piece, charset)]
            run = []
    out += [_decode_run(run), gap]
    return one_line("".join(out))


def decode_raw(value: str, charset: str = "") -> str:
    """Text of a value that may hold raw 8-bit bytes (as surrogate escapes). Never raises."""
    if value.isascii():
        return value
    body = value.encode("utf-8", "surrogateescape")
    try:
        return nfc(body.decode())  # the only raw text that the mail standards allow, and never right by chance
    except UnicodeDecodeError:
        return decode(body, "" if canonical(charset) in ("utf-8", "utf8") else charset, detect=False).text


def one_line(text: str) -> str:
    """NFC without control characters and outer white space."""
    return nfc(text.translate(_CONTROLS)).strip()


def from_base64(text: str) -> bytes:
    """What can be read of base64 with missing padding, foreign characters, or several pieces in a row. Never raises."""
    out = bytearray()
    for piece in re.split("=+", _NOT_BASE64.sub("", text)):
        whole = piece[:-1] if len(piece) % 4 == 1 else piece
        out += base64.b64decode(whole + "=" * (-len(whole) % 4))
    return bytes(out)


def _pieces(value: str) -> Iterator[_Word | str]:
    """The encoded words and the text between them, in order."""
    text_from = place = 0
    end = -1
    while (start := value.find("=?", place)) >= 0:
        found = _WORD_START.match(value, start)
        if found is None:
            place = start + 2
            continue
        if end < found.end():
            end = value.find("?=", found.end())
        if end < 0:
            break
        another = value.find("=?", found.end(), end)
        if another >= 0 and _WORD_START.match(value, another):
            place = another  # this one was never closed
            continue
        if start > text_from:
            yield value[text_from:start]
        charset = found[1].split("*")[0]  # RFC 2231 lets a language follow: utf-8*vi
        yield _Word(charset.lower(), found[2] in "bB", value[found.end() : end])
        text_from = place = end + 2
    if text_from < len(value):
        yield value[text_from:]


def _decode_run(run: list[_Word]) -> str:
    return "".join(
        decode(_joined(list(words)), charset, detect=False).text
        for charset, words in groupby(run, lambda word: word.charset)
    )


def _joined(words: list[_Word]) -> bytes:
    return b"".join(
        _base64_run([word.content for word in group])
        if is_base64
        else b"".join(_from_q(word.content) for word in group)
        for is_base64, group in groupby(words, lambda word: word.base64)
    )


def _base64_run(contents: list[str]) -> bytes:
    cut_inside_a_group = any(len(content) % 4 and not content.endswith("=") for content in contents[:-1])
    return from_base64("".join(contents)) if cut_inside_a_group else b"".join(map(from_base64, contents))


def _from_q(content: str) -> bytes:
    return binascii.a2b_qp(content.encode("utf-8", "surrogateescape"), header=True)
