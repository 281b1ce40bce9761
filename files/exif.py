"""Time and place that a camera wrote into a picture. Proposals only: both are easily wrong."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image

_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"[+-]\d\d:\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Empty where the picture says nothing readable."""

    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None


NOTHING = Proposal()


def read_proposal(picture: Image.Image, *, timezone: str) -> Proposal:
    """What the picture says of itself; `timezone` for cameras that give the local time without an offset."""
    try:
        exif = picture.getexif()
        detail, gps = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except (ValueError, SyntaxError, OSError, KeyError, IndexError, TypeError):
        # A broken block of metadata does not make the picture worthless.
        return NOTHING
    lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90)
    lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        lat = lon = None
    return Proposal(taken_at=_time(detail, timezone), lat=lat, lon=lon)


_EDITORS = re.compile(
    r"photoshop|lightroom|gimp|snapseed|picsart|facetune|meitu|canva|b612|vsco|polarr|pixlr|affinity|paint|inpaint",
    re.I,
)
_SCREENSHOT = re.compile(r"screen ?shot|screen ?capture", re.I)
_SCREENS = frozenset(
    {
        (640, 1136), (720, 1280), (720, 1520), (720, 1600), (720, 1612), (750, 1334), (828, 1792), (1080, 1920),
        (1080, 2160), (1080, 2220), (1080, 2280), (1080, 2340), (1080, 2376), (1080, 2400), (1080, 2408), (1125, 2436),
        (1170, 2532), (1179, 2556), (1206, 2622), (1220, 2712), (1242, 2208), (1242, 2688), (1260, 2800), (1284, 2778),
        (1290, 2796), (1320, 2868), (1344, 2992), (1440, 2560), (1440, 2960), (1440, 3040), (1440, 3088), (1440, 3120),
        (1440, 3200), (1600, 2560), (1668, 2388), (2048, 2732),
    }
)  # fmt: skip
"""Pixels of the screens of common phones and tablets, upright."""


def doubts(picture: Image.Image) -> tuple[str, ...]:
    """What makes a picture doubtful as somebody's own photo: `edited`, `screenshot`, `no_exif`. Hints, no proof."""
    try:
        exif = picture.getexif()
        detail = exif.get_ifd(ExifTags.IFD.Exif)
    except (ValueError, SyntaxError, OSError, KeyError, IndexError, TypeError):
        return ("no_exif",)
    told = [str(exif.get(tag, "")) for tag in (ExifTags.Base.Software, ExifTags.Base.ProcessingSoftware)]
    said = " ".join((*told, str(detail.get(ExifTags.Base.UserComment, "")), str(picture.info.get("Description", ""))))
    camera = bool(exif.get(ExifTags.Base.Make) or exif.get(ExifTags.Base.Model) or detail)
    screen = (min(picture.size), max(picture.size)) in _SCREENS and picture.format == "PNG"
    marks = {
        "edited": _EDITORS.search(said) is not None,
        "screenshot": _SCREENSHOT.search(said) is not None or (screen and not camera),
        "no_exif": not camera,
    }
    return tuple(mark for mark, holds in marks.items() if holds)


def _time(detail: Mapping[int, Any], timezone: str) -> datetime | None:
    written = detail.get(ExifTags.Base.DateTimeOriginal) or detail.get(ExifTags.Base.DateTimeDigitized)
    offset = detail.get(ExifTags.Base.OffsetTimeOriginal)
    match = _TIME.match(written) if isinstance(written, str) else None
    if match is None:
        return None
    try:
        if isinstance(offset, str) and _OFFSET.fullmatch(offset.strip()):
            return datetime.fromisoformat("{}-{}-{}T{}:{}:{}".format(*match.groups()) + offset.strip())
        year, month, day, hour, minute, second = map(int, match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=ZoneInfo(timezone))
    except ValueError:
        return None


def _degrees(gps: Mapping[int, Any], key: int, reference: int, negative: str, limit: int) -> float | None:
    parts = gps.get(key)
    if not isinstance(parts, tuple) or len(parts) != 3:
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(value) or value > limit:
        return None
    return round(-value if str(gps.get(reference, "")).strip().upper() == negative else value, 7)
