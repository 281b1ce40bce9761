"""Transfer encodings undone. What is broken keeps its readable rest."""

import base64
import binascii
import re
from typing import Final, NamedTuple

from channels.email.limits import MAX_DERIVED

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_FOREIGN: Final = bytes(set(range(256)) - set(_ALPHABET))
_SPACE_AFTER_SOFT_BREAK: Final = re.compile(rb"=[ \t]{1,80}(\r?\n)")
_UU_BEGIN: Final = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,300})\r?\n", re.MULTILINE)
_UU_END: Final = re.compile(rb"^(?:end|====)[ \t]{0,9}\r?$", re.MULTILINE)
_UU_NAMES: Final = frozenset({"uuencode", "x-uuencode", "uue", "x-uue"})


class Encoded(NamedTuple):
    """A file that stands in the middle of a text."""

    name: str
    body: bytes


def undo(body: bytes, encoding: str) -> bytes:
    """The bytes of a part; `encoding` is its Content-Transfer-Encoding. Never raises."""
    name = encoding.split(";")[0].split("(")[0].strip(" \t\"'").lower()
    if name in ("base64", "b64"):
        return body if _is_prose(body) else from_base64(body)
    if name in ("quoted-printable", "quoted_printable", "qp", "quotedprintable"):
        return binascii.a2b_qp(_SPACE_AFTER_SOFT_BREAK.sub(rb"=\1", body))
    if name in _UU_NAMES:
        _, files = split_uuencoded(body)
        return files[0].body if files else _uu_lines(body)
    return body


def from_base64(body: bytes) -> bytes:
    """What can be read of base64 with foreign characters, missing padding, or several pieces in a row."""
    packed = body.translate(None, _FOREIGN)
    padding = packed.find(b"=")
    if padding < 0 or padding >= len(packed) - 2:
        return _base64_piece(packed.rstrip(b"="))
    return b"".join(_base64_piece(piece) for piece in re.split(b"=+", packed))


def _is_prose(body: bytes) -> bool:
    """Text that was declared base64 and is none: words with spaces between them."""
    lines = body[:2000].split(b"\n")
    return sum(line.strip().count(b" ") for line in lines) * 20 > len(body[:2000])


def split_uuencoded(body: bytes) -> tuple[bytes, list[Encoded]]:
    """The text without its uuencoded files, and these."""
    if b"begin" not in body:
        return body, []
    text: list[bytes] = []
    files: list[Encoded] = []
    place = 0
    while len(files) < MAX_DERIVED and (begin := _UU_BEGIN.search(body, place)):
        end = _UU_END.search(body, begin.end())
        if end is None:
            break
        lines = body[begin.end() : end.start()]
        is_base64 = begin[0].startswith(b"begin-base64")
        decoded = from_base64(lines) if is_base64 else _uu_lines(lines)
        if decoded:
            text.append(body[place : begin.start()])
            files.append(Encoded(begin[1].decode("utf-8", "surrogateescape").strip(), decoded))
        else:
            text.append(body[place : end.end()])
        place = end.end()
    return b"".join([*text, body[place:]]), files


def _base64_piece(piece: bytes) -> bytes:
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _uu_lines(body: bytes) -> bytes:
    out = bytearray()
    for line in body.splitlines():
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Trailing garbage of a broken encoder: the length that the line claims is what counts.
            length = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out += binascii.a2b_uu(line[:length])
            except binascii.Error:
                continue
    return bytes(out)
