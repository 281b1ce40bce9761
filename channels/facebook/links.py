"""Places in links of map services, read without asking anybody. Short links tell nothing and stay text."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from core.model import Place

URL = re.compile(r"https?://[^\s<>\"']{4,2000}|geo:[^\s<>\"']{3,200}", re.ASCII | re.IGNORECASE)
_MAPS = re.compile(
    r"(?:(?:www|maps)\.)?google\.[a-z.]{2,7}|(?:www\.)?bing\.com|maps\.apple\.com|(?:www\.)?openstreetmap\.org"
)
_WRAPPER = re.compile(r"lm?\.facebook\.com")

# Whole numbers are house numbers, not degrees.
_NUMBER = r"(-?\d{1,3}\.\d{2,20})"
_PAIR = re.compile(rf"(?:loc:|pos\.|point\.)?\s*{_NUMBER}\s*[,~_]\s*{_NUMBER}(?![\d.]).*")
# In the path or behind the number sign. The pin itself comes before the middle of the picture.
_INSIDE = (
    re.compile(rf"!3d{_NUMBER}!4d{_NUMBER}"),
    re.compile(rf"/@{_NUMBER},{_NUMBER}"),
    re.compile(rf"/(?:place|search|dir)/{_NUMBER},\+?{_NUMBER}"),
    re.compile(rf"map=\d+/{_NUMBER}/{_NUMBER}"),
)
_PARAMETERS = ("q", "query", "coordinate", "ll", "daddr", "destination", "where1", "sp", "rtp", "cp", "sll", "center")


def place_in(text: str) -> Place | None:
    """The place that the first map link in `text` shows, in WGS84 degrees."""
    for found in URL.finditer(text):
        if place := place_of(found[0]):
            return place
    return None


def is_link(text: str) -> bool:
    """Whether `text` is one link and nothing else."""
    return URL.fullmatch(text.strip()) is not None


def place_of(url: str) -> Place | None:
    """The place that one link shows; None for everything that is no map link with coordinates in it."""
    for lat, lon in _pairs(url):
        if abs(lat) <= 90 and abs(lon) <= 180 and (lat or lon):
            return Place(lat=lat, lon=lon)
    return None


def _pairs(url: str) -> Iterator[tuple[float, float]]:
    if url[:4].lower() == "geo:":
        yield from _pair(url[4:])
        return
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:
        return
    if _WRAPPER.fullmatch(host):
        inner = query.get("u", "")
        if not _WRAPPER.fullmatch(_host(inner)):
            yield from _pairs(inner)
        return
    if not _MAPS.fullmatch(host):
        return
    for pattern in _INSIDE:
        if found := pattern.search(f"{parts.path}#{parts.fragment}"):
            yield float(found[1]), float(found[2])
    if "mlat" in query:
        yield from _pair(f"{query['mlat']},{query.get('mlon', '')}")
    for name in _PARAMETERS:
        yield from _pair(query.get(name, ""))


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _pair(value: str) -> Iterator[tuple[float, float]]:
    if found := _PAIR.fullmatch(value):
        yield float(found[1]), float(found[2])
