"""Mail whose text is packed inside its signature (S/MIME "opaque", RFC 8551 3.5.2). Unpacked, never verified."""

from typing import Final

_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_DATA: Final = bytes.fromhex("06092a864886f70d010701")
_EXPLICIT, _OCTETS, _OCTETS_IN_PIECES = 0xA0, 0x04, 0x24
_START: Final = 60
"""How far from the beginning the word "signed data" stands at most."""


def is_signed(body: bytes) -> bool:
    """Signed and readable, as opposed to encrypted."""
    return _SIGNED_DATA in body[:_START]


def signed_content(body: bytes) -> bytes:
    """The part that was signed; empty when there is none or it cannot be read. Never raises."""
    place = body.find(_DATA)
    if not is_signed(body) or place < 0:
        return b""
    try:
        tag, place, _ = _element(body, place + len(_DATA))
        if tag != _EXPLICIT:
            return b""  # the signature stands alone
        tag, place, length = _element(body, place)
        if tag == _OCTETS and length is not None:
            return body[place : place + length]
        return _joined(body, place, length) if tag == _OCTETS_IN_PIECES else b""
    except IndexError:
        return b""


def _joined(body: bytes, place: int, length: int | None) -> bytes:
    end = len(body) if length is None else place + length
    pieces = []
    while place < end:
        tag, place, size = _element(body, place)
        if tag != _OCTETS or size is None:  # the end mark of a string of unknown length
            break
        pieces.append(body[place : place + size])
        place += size
    return b"".join(pieces)


def _element(body: bytes, place: int) -> tuple[int, int, int | None]:
    """Tag, where the content begins, and its length (None: until an end mark)."""
    tag, first = body[place], body[place + 1]
    if first < 0x80:
        return tag, place + 2, first
    if first == 0x80:
        return tag, place + 2, None
    size = first & 0x7F
    return tag, place + 2 + size, int.from_bytes(body[place + 2 : place + 2 + size], "big")
