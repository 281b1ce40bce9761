"""Files that travel: recognising them, keeping them, and the few that come built in."""

import base64
import binascii
import hashlib
import io
from collections.abc import Mapping
from functools import cache, lru_cache

from PIL import ExifTags, Image, ImageDraw, UnidentifiedImageError

from simulator.world import Json, StoredFile, World

SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
    (b"GIF8", "image/gif", "gif"),
    (b"%PDF", "application/pdf", "pdf"),
    (b"\xd0\xcf\x11\xe0", "application/msword", "doc"),
    (b"PK\x03\x04", "application/zip", "zip"),
    (b"OggS", "audio/ogg", "ogg"),
    (b"#!AMR", "audio/amr", "amr"),
)
SAMPLES: Mapping[str, str] = {"o-ga": "Ổ gà", "rac": "Bãi rác", "den": "Đèn tắt"}


def recognise(content: bytes) -> tuple[str, str]:
    """(MIME type, extension) by the first bytes."""
    for start, mime, ending in SIGNATURES:
        if content.startswith(start):
            return mime, ending
    return "application/octet-stream", "bin"


def size_of(content: bytes) -> tuple[int, int] | None:
    """(width, height) of a picture, or None if it is none. Reads the header only."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def keep(world: World, content: bytes, name: str = "", mime: str = "", *, claimed_size: int = 0) -> StoredFile:
    """Store bytes under a name nobody can guess but the same seed repeats."""
    kind, ending = recognise(content)
    digest = hashlib.sha256(f"{world.next_seq()}:{len(content)}".encode() + content[:4096]).hexdigest()
    name = name or f"{digest[:8]}.{ending}"
    file = StoredFile(id=digest[:32], name=name, mime=mime or kind, content=content, claimed_size=claimed_size)
    return world.keep_file(file)


@lru_cache(maxsize=64)
def thumbnail(content: bytes, side: int) -> tuple[bytes, tuple[int, int]] | None:
    """A JPEG no longer than `side`, as platforms make it: without EXIF. None for what is no picture."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            small = picture.convert("RGB")
            small.thumbnail((side, side))
            out = io.BytesIO()
            small.save(out, "JPEG", quality=82)
            return out.getvalue(), small.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def located(content: bytes, latitude: float, longitude: float) -> bytes:
    """The picture with a place in its EXIF, as a telephone's camera writes it. Raises as Pillow does for no picture."""
    with Image.open(io.BytesIO(content)) as picture:
        exif = picture.getexif()
        directory = exif.get_ifd(ExifTags.IFD.GPSInfo)
        directory |= {
            ExifTags.GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S",
            ExifTags.GPS.GPSLatitude: _degrees(latitude),
            ExifTags.GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W",
            ExifTags.GPS.GPSLongitude: _degrees(longitude),
        }
        exif._ifds[ExifTags.IFD.GPSInfo] = directory
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90, exif=exif)
        return out.getvalue()


def _degrees(angle: float) -> tuple[float, float, float]:
    minutes, seconds = divmod(abs(angle) * 3600, 60)
    degrees, minutes = divmod(minutes, 60)
    return degrees, minutes, round(seconds, 4)


@cache
def sample(name: str) -> bytes:
    """One of three small drawn pictures (JPEG). Raises KeyError for another name."""
    return {"o-ga": _pothole, "rac": _rubbish, "den": _lamp}[name]()


def voice() -> bytes:
    """An empty Ogg page: enough to be taken for a voice message, too little to play."""
    return b"OggS\x00\x02" + bytes(22) + b"\x01\x13OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00"


def ordered(body: Json) -> bytes:
    """What an order names: a built-in picture (`sample`), or bytes in base64 (`content`). Raises ValueError."""
    if "content" in body:
        try:
            return base64.b64decode(body["content"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise ValueError("content must be base64") from None
    name = str(body.get("sample", "o-ga"))
    if name not in SAMPLES:
        raise ValueError(f"no sample {name!r}; known: {', '.join(SAMPLES)}")
    return sample(name)


def _canvas(sky: str, ground: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (640, 480), sky)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 240, 640, 480), fill=ground)
    return picture, draw


def _saved(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _pothole() -> bytes:
    picture, draw = _canvas("#bcd7ea", "#6f747a")
    draw.rectangle((0, 210, 640, 250), fill="#8aa37b")
    for x in range(20, 640, 150):
        draw.polygon([(x, 350), (x + 80, 350), (x + 74, 362), (x - 6, 362)], fill="#e8e4d2")
    draw.ellipse((210, 375, 450, 455), fill="#3d4146")
    draw.ellipse((230, 385, 430, 445), fill="#2a2d31")
    draw.ellipse((265, 402, 390, 436), fill="#5d7f95")
    return _saved(picture)


def _rubbish() -> bytes:
    picture, draw = _canvas("#d8e6ee", "#a7a194")
    draw.rectangle((0, 120, 640, 250), fill="#c9b79c")
    for y in range(135, 250, 24):
        draw.line((0, y, 640, y), fill="#b5a283", width=2)
    for x, y, size, colour in [(120, 300, 120, "#2f3b45"), (220, 280, 150, "#41505b"), (350, 310, 110, "#1f5f4a")]:
        draw.ellipse((x, y, x + size, y + size * 0.8), fill=colour)
        draw.polygon([(x + size * 0.4, y + 8), (x + size * 0.6, y + 8), (x + size * 0.5, y - 22)], fill=colour)
    draw.rectangle((455, 330, 560, 420), fill="#b98a55")
    draw.line((455, 345, 560, 345), fill="#96703f", width=4)
    return _saved(picture)


def _lamp() -> bytes:
    picture, draw = _canvas("#1b2740", "#232a33")
    for x, top in [(40, 130), (150, 90), (520, 110)]:
        draw.rectangle((x, top, x + 90, 250), fill="#26344f")
        for y in range(top + 16, 240, 34):
            draw.rectangle((x + 18, y, x + 34, y + 16), fill="#d9b45c" if (x + y) % 3 else "#32425f")
    draw.rectangle((330, 90, 340, 400), fill="#8e979f")
    draw.line((335, 95, 420, 80), fill="#8e979f", width=8)
    draw.ellipse((405, 72, 450, 92), fill="#3c444d")
    return _saved(picture)
