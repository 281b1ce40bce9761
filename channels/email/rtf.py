"""Rich text as Outlook sends it in winmail.dat: unpacked ([MS-OXRTFCP]) and turned into simple HTML ([MS-OXRTFEX])."""

import html
import re
import struct
from typing import Final

from channels.email.charsets import decode
from channels.email.limits import MAX_TEXT

_DICTIONARY: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_WINDOW: Final = 4096
_PACKED, _STORED = b"LZFu", b"MELA"
_TOKEN: Final = re.compile(
    rb"\\'([0-9a-fA-F]{2})|\\([a-z]{1,32})(-?\d{1,10})? ?|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_LETTERS: Final = {
    b"par": "\n", b"line": "\n", b"tab": "\t", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"bullet": "•", b"endash": "–", b"emdash": "—",
}  # fmt: skip
_NOT_TEXT: Final = frozenset(
    b"fonttbl colortbl stylesheet info pict header footer object generator listtable listoverridetable themedata "
    b"colorschememapping latentstyles datastore xmlnstbl".split()
)


def decompress(packed: bytes) -> bytes:
    """The RTF inside compressed RTF; empty when it is none. Never raises, never gives more than a text may be long."""
    if len(packed) < 16:
        return b""
    size, magic = struct.unpack_from("<I4s", packed, 4)
    if magic == _STORED:
        return packed[16 : 16 + min(size, MAX_TEXT)]
    if magic != _PACKED:
        return b""
    out = bytearray(_DICTIONARY)
    place, limit = 16, len(_DICTIONARY) + min(size, MAX_TEXT)
    while place < len(packed) and len(out) < limit:
        flags = packed[place]
        place += 1
        for bit in range(8):
            if place >= len(packed):
                break
            if not flags >> bit & 1:
                out.append(packed[place])
                place += 1
                continue
            if place + 1 >= len(packed):
                return bytes(out[len(_DICTIONARY) :])
            pair = packed[place] << 8 | packed[place + 1]
            place += 2
            distance = (len(out) - (pair >> 4)) % _WINDOW
            if distance == 0:  # a reference to the place being written ends the text
                return bytes(out[len(_DICTIONARY) :])
            for _ in range((pair & 0xF) + 2):
                out.append(out[-distance] if distance <= len(out) else 0x20)
    return bytes(out[len(_DICTIONARY) : limit])


def to_html(rtf: bytes) -> str:
    """HTML of the text: the original where Outlook only wrapped HTML in RTF, else its paragraphs. Never raises."""
    wrapped = b"\\fromhtml" in rtf[:1000]
    text = _Reader(wrapped).read(rtf[:MAX_TEXT]).replace("\0", "")
    if wrapped or not text.strip():
        return text
    return "<p>" + html.escape(text.strip(), quote=False).replace("\n", "<br>\n") + "</p>"


class _Reader:
    """One pass over the tokens. `wrapped` text keeps the tags that Outlook hid in \\*\\htmltag groups."""

    def __init__(self, wrapped: bool) -> None:
        self.wrapped = wrapped
        self.charset = "cp1252"
        self.out: list[str] = []
        self.pending = bytearray()
        self.shown = True
        self.groups: list[bool] = []
        self.starred = False
        self.skip = 0

    def read(self, rtf: bytes) -> str:
        for token in _TOKEN.finditer(rtf):
            code, word, number, sign, brace, text = token.groups()
            if brace:
                self._flush()
                self._group(brace)
            elif word:
                self._word(word.lower(), int(number or 0) if number else None)
            elif code:
                self._bytes(bytes([int(code, 16)]))
            elif sign == b"*":
                self.starred = True
            elif sign:
                self._bytes({b"~": b"\xa0", b"_": b"-"}.get(sign, sign if sign in b"\\{}" else b""))
            elif text:
                self._bytes(text)
        self._flush()
        return "".join(self.out)

    def _group(self, brace: bytes) -> None:
        if brace == b"{":
            self.groups.append(self.shown)
        elif self.groups:
            self.shown = self.groups.pop()
        self.starred = False

    def _word(self, word: bytes, number: int | None) -> None:
        if self.starred:
            self.starred = False
            self.shown = self.wrapped and word == b"htmltag"
            return
        if word == b"ansicpg" and number:
            self.charset = f"cp{number}"
        elif word == b"htmlrtf" and self.wrapped:
            self._flush()
            self.shown = number == 0
        elif word in _NOT_TEXT:
            self.shown = False
        elif word == b"u" and number is not None:
            self._flush()
            if self.shown:
                self.out.append(chr(number & 0xFFFF) if not 0xD800 <= number & 0xFFFF < 0xE000 else "\ufffd")
            self.skip = 1  # the letter for readers without Unicode follows
        elif word in _LETTERS:
            self._flush()
            if self.shown:
                self.out.append(_LETTERS[word])

    def _bytes(self, text: bytes) -> None:
        if self.skip:
            text, self.skip = text[1:], 0
        if self.shown:
            self.pending += text

    def _flush(self) -> None:
        if self.pending:
            self.out.append(decode(bytes(self.pending), self.charset, detect=False).text)
            self.pending.clear()
