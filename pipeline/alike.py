"""Whether somebody else has reported the same matter, or used the same picture (schema `duplicates`). Pure.

What is compared are keyed digests and rounded places; nothing about the other person is known here.
"""

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import pairwise

from core.model import MediaKind
from core.report import Attachment, Report
from storage.recent import Recent, Traces

SAME_PICTURE = 5
"""Differing bits of two dHashes up to which they are the same picture, compressed anew or not."""
BANDS = 6
"""A hash of 64 bits in six parts: of two that differ in at most five bits one part at least is the same."""
SAME_WORDS, SAME_MATTER = 0.6, 0.3
MOST_WORDS = 64
FEW_BITS = 4
"""A hash with fewer set or unset bits is that of an empty wall or a black screen, which look all alike."""
METRES_A_DEGREE = 111_320.0
_WORD = re.compile(r"\w+")


def digests(text: str, index: Callable[[str], bytes]) -> tuple[int, ...]:
    """Each word once, folded and as a number that only the owner of the key can make."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    words = dict.fromkeys(_WORD.findall("".join(ch for ch in plain if not unicodedata.combining(ch))))
    return tuple(int.from_bytes(index(f"word {word}")[:4], "big", signed=True) for word in list(words)[:MOST_WORDS])


def bands(picture: str) -> list[int]:
    """The numbers under which a picture is looked up; none for one that says nothing."""
    if len(picture) != 16:
        return [int(picture[:8], 16) - (1 << 31)] if picture else []
    bits = int(picture, 16)
    if not FEW_BITS <= bits.bit_count() <= 64 - FEW_BITS:
        return []
    edges = [64 * part // BANDS for part in range(BANDS + 1)]
    parts = (bits >> low & (1 << high - low) - 1 for low, high in pairwise(edges))
    return [number << 11 | part for number, part in enumerate(parts)]


def traces(report: Report, conversation: int, index: Callable[[str], bytes], at: datetime) -> Traces:
    """What is to be kept of a report once it is opened; the code is not known yet."""
    place = report.place
    named = {_picture(file) for file in report.attachments} - {""}
    return Traces(
        report_id=report.report_id,
        conversation=conversation,
        profile=report.profile,
        category=report.category,
        ward_code=place.ward_code,
        lat=None if place.lat is None else round(place.lat, 4),
        lon=None if place.lon is None else round(place.lon, 4),
        matter=digests(report.description, index),
        place=digests(place.text, index),
        pictures=tuple((band, name) for name in sorted(named) for band in bands(name)),
        code="",
        at=at,
    )


def _picture(file: Attachment) -> str:
    """A picture's dHash; of a film the digest of its bytes."""
    return file.dhash or (file.sha256 if file.kind is MediaKind.VIDEO else "")


def same_matter(own: Traces, others: Iterable[Recent], radius_m: int) -> str:
    """The code of the newest report of somebody else about the same matter, or an empty text."""
    return next((other.code for other in others if _same_place(own, other, radius_m) and _same_words(own, other)), "")


def _same_words(own: Traces, other: Recent) -> bool:
    if _pinned(own, other) and own.category != "khac":
        return True
    return share(own.matter, other.matter) >= (SAME_WORDS if own.category == "khac" else SAME_MATTER)


def _same_place(own: Traces, other: Recent, radius_m: int) -> bool:
    if own.ward_code and other.ward_code and own.ward_code != other.ward_code and not _pinned(own, other):
        return False
    if _pinned(own, other):
        return metres(own.lat or 0, own.lon or 0, other.lat or 0, other.lon or 0) <= radius_m
    return share(own.place, other.place) >= SAME_WORDS


def _pinned(own: Traces, other: Recent) -> bool:
    return own.lat is not None and other.lat is not None


def share(one: Sequence[int], other: Sequence[int]) -> float:
    """Which part of the shorter one's words both have."""
    left, right = set(one), set(other)
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0


def metres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two points that are near each other."""
    east = (lon - other_lon) * math.cos(math.radians((lat + other_lat) / 2))
    return math.hypot(lat - other_lat, east) * METRES_A_DEGREE


def reused(own: Traces, known: Iterable[tuple[str, str]]) -> list[str]:
    """Codes of the reports that used one of these pictures before."""
    mine = {name for _, name in own.pictures}
    return sorted({code for name, code in known if any(_same_picture(name, one) for one in mine)})


def _same_picture(one: str, other: str) -> bool:
    if len(one) != 16 or len(other) != 16:
        return one == other
    return (int(one, 16) ^ int(other, 16)).bit_count() <= SAME_PICTURE
