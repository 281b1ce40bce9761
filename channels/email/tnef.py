"""winmail.dat: the files and the text that Outlook packs into one TNEF container ([MS-OXTNEF]).

A reader of our own, because the container comes from strangers: each length is checked against what is there, so a
container of 50 bytes that announces four thousand million properties costs nothing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from channels.email.charsets import decode
from channels.email.limits import MAX_DERIVED
from channels.email.rtf import decompress, to_html

SIGNATURE: Final = b"\x78\x9f\x3e\x22"

_BODY, _CODEPAGE, _PROPERTIES = 0x800C, 0x9007, 0x9003
_ATTACH_DATA, _ATTACH_TITLE, _ATTACH_START, _ATTACH_PROPERTIES = 0x800F, 0x8010, 0x9002, 0x9005
_P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_P_DATA, _P_FILE_NAME, _P_LONG_NAME, _P_MIME, _P_CID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_P_DISPLAY_NAME: Final = 0x3001

_FIXED: Final = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE: Final = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_TEXT8, _TEXT16, _OBJECT = 0x1E, 0x1F, 0x0D
_NAMED: Final = 0x8000
_MANY: Final = 0x1000
_SMALLEST: Final = 17
MAX_DEPTH: Final = 3
"""How many messages inside each other are opened."""

_MAX_PROPERTIES: Final = 2000
_MAX_OBJECTS: Final = 5000


class TnefFile(NamedTuple):
    name: str
    body: bytes
    mime: str = ""
    cid: str = ""


@dataclass(slots=True)
class Tnef:
    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


class _Property(NamedTuple):
    kind: int
    value: bytes

    def text(self, charset: str) -> str:
        if self.kind == _TEXT16:
            return self.value.decode("utf-16-le", "replace").rstrip("\0")
        return decode(self.value.rstrip(b"\0"), charset, detect=False).text


@dataclass(slots=True)
class _Attachment:
    title: bytes = b""
    data: bytes = b""
    properties: dict[int, _Property] = field(default_factory=dict)


def unpack(body: bytes) -> Tnef | None:
    """What is in the container and in the messages inside it, or None if it is none. Never raises."""
    return _unpack(body, MAX_DEPTH)


def _unpack(body: bytes, depth: int) -> Tnef | None:
    if not body.startswith(SIGNATURE) or len(body) < _SMALLEST:
        return None
    charset = "cp1252"
    attachments: list[_Attachment] = []
    message: dict[int, _Property] = {}
    plain = b""
    for name, data in _objects(body):
        if name == _CODEPAGE and len(data) >= 4:
            charset = _codepage(data)
        elif name == _BODY:
            plain = data
        elif name == _PROPERTIES:
            message |= _properties(data)
        elif name == _ATTACH_START:
            attachments.append(_Attachment())
        elif attachments and name == _ATTACH_TITLE:
            attachments[-1].title = data
        elif attachments and name == _ATTACH_DATA:
            attachments[-1].data = data
        elif attachments and name == _ATTACH_PROPERTIES:
            attachments[-1].properties |= _properties(data)
    found = Tnef(files=[file for one in attachments[:MAX_DERIVED] if (file := _file(one, charset)) is not None])
    _read_body(found, message, plain, charset)
    for file in list(found.files):
        inner = _unpack(file.body, depth - 1) if depth else None
        if inner is not None:
            found.files.remove(file)
            found.files += inner.files[: MAX_DERIVED - len(found.files)]
            found.text, found.html = found.text or inner.text, found.html or inner.html
    return found


def _objects(body: bytes) -> Iterator[tuple[int, bytes]]:
    place = 6
    for _ in range(_MAX_OBJECTS):
        if place + 11 > len(body):
            return
        name, length = struct.unpack_from("<H", body, place + 1)[0], struct.unpack_from("<I", body, place + 5)[0]
        yield name, body[place + 9 : place + 9 + length]
        place += 11 + length


def _properties(data: bytes) -> dict[int, _Property]:
    """The properties of a block up to the first that makes no sense."""
    found: dict[int, _Property] = {}
    try:
        count, place = min(_u32(data, 0), _MAX_PROPERTIES), 4
        for _ in range(count):
            if place >= len(data):
                break
            kind, name = struct.unpack_from("<HH", data, place)
            place += 4
            if name >= _NAMED:
                place = _after_name(data, place)
            value, place = _value(data, place, kind)
            found.setdefault(name, _Property(kind & ~_MANY, value))
    except (struct.error, ValueError):
        pass  # what was read so far is worth having
    return found


def _after_name(data: bytes, place: int) -> int:
    if _u32(data, place + 16) == 0:
        return place + 24
    return place + 24 + _padded(_u32(data, place + 20))


def _value(data: bytes, place: int, kind: int) -> tuple[bytes, int]:
    many, kind = bool(kind & _MANY), kind & ~_MANY
    count = 1
    if many or kind in _VARIABLE:
        count, place = _u32(data, place), place + 4
    if kind not in _VARIABLE:
        size = _FIXED.get(kind)
        if size is None or count > _MAX_PROPERTIES:
            raise ValueError(kind)
        return data[place : place + size], place + size * count
    first = b""
    for number in range(count):
        if number > _MAX_PROPERTIES:
            raise ValueError(count)
        length = _u32(data, place)
        if number == 0:
            first = data[place + 4 : place + 4 + length]
        place += 4 + _padded(length)
    return first, place


def _file(attachment: _Attachment, charset: str) -> TnefFile | None:
    properties = attachment.properties
    body = attachment.data
    data = properties.get(_P_DATA)
    if data is not None and (not body or data.kind == _OBJECT):
        body = data.value[16:] if data.kind == _OBJECT else data.value
    names = [
        properties[key].text(charset) for key in (_P_LONG_NAME, _P_FILE_NAME, _P_DISPLAY_NAME) if key in properties
    ]
    title = decode(attachment.title.rstrip(b"\0"), charset, detect=False).text
    name = next((name for name in [*names[:1], title, *names[1:]] if name.strip()), "")
    mime, cid = (properties[key].text(charset) if key in properties else "" for key in (_P_MIME, _P_CID))
    return TnefFile(name, body, mime.lower(), cid.strip("<> ")) if body else None


def _read_body(found: Tnef, message: dict[int, _Property], plain: bytes, charset: str) -> None:
    internet = _codepage(message[_P_CODEPAGE].value) if _P_CODEPAGE in message else charset
    if _P_BODY in message:
        found.text = message[_P_BODY].text(charset)
    elif plain:
        found.text = decode(plain.rstrip(b"\0"), charset).text
    if _P_HTML in message:
        found.html = message[_P_HTML].text(internet)
    elif _P_RTF in message and (rtf := decompress(message[_P_RTF].value)):
        found.html = to_html(rtf)
    found.text, found.html = (text.replace("\r\n", "\n").replace("\0", "") for text in (found.text, found.html))


def _codepage(data: bytes) -> str:
    number = int.from_bytes(data[:4], "little")
    return {20127: "ascii", 65001: "utf-8", 28591: "latin-1", 20866: "koi8-r", 1200: "utf-16-le"}.get(
        number, f"cp{number}"
    )


def _u32(data: bytes, place: int) -> int:
    number: int = struct.unpack_from("<I", data, place)[0]
    return number


def _padded(length: int) -> int:
    return (length + 3) & ~3
