"""How large a picture is, read from its first bytes: a bomb says it as openly as a logo, undecoded."""

import struct
from typing import Final

_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS: Final = 1000


def picture_size(body: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, GIF, JPEG, BMP or WebP; None for anything else. Never raises."""
    try:
        if body.startswith(b"\x89PNG\r\n\x1a\n"):
            return _two(">II", body, 16)
        if body.startswith((b"GIF87a", b"GIF89a")):
            return _two("<HH", body, 6)
        if body.startswith(b"\xff\xd8\xff"):
            return _jpeg(body)
        if body.startswith(b"BM"):
            width, height = _two("<ii", body, 18)
            return abs(width), abs(height)
        if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
            return _webp(body)
    except (struct.error, IndexError):
        return None
    return None


def _two(form: str, body: bytes, place: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, body, place)
    return first, second


def _jpeg(body: bytes) -> tuple[int, int] | None:
    place = 2
    for _ in range(_MAX_SEGMENTS):
        if body[place] != 0xFF:
            return None
        marker = body[place + 1]
        if marker == 0xFF:  # filling
            place += 1
        elif marker in _JPEG_FRAMES:
            height, width = _two(">HH", body, place + 5)
            return width, height
        else:
            place += 2 + (body[place + 2] << 8 | body[place + 3])
    return None


def _webp(body: bytes) -> tuple[int, int] | None:
    chunk = body[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(body[24:27], "little"), 1 + int.from_bytes(body[27:30], "little")
    if chunk == b"VP8 ":
        width, height = _two("<HH", body, 26)
        return width & 0x3FFF, height & 0x3FFF
    if chunk == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None
