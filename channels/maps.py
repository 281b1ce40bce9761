"""Places in what people write: links of map services, read without asking anybody, and coordinates.

Short links tell nothing and stay text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
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

# Four decimals at least: "21.500, 106.300" are prices.
_COORDINATES = re.compile(
    r"(?<![\w.,/=-])(?P<lat>\d{1,2}\.\d{4,20})(?:\s?°)?(?:\s?[NB])?\s{0,4}[,;\s]\s{0,4}"
    r"(?P<lon>1\d\d\.\d{4,20})(?:\s?°)?(?:\s?[EĐ])?(?![\w°]|[.,]\d)"
)
_AROUND_VIETNAM = ((6.0, 24.0), (102.0, 118.0))
"""South and north, west and east, with the islands: elsewhere two bare numbers are something else."""

_ENDING = ".,:;!?)]}>"
_BRACKETS = (("(", ")"), ("[", "]"), ("<", ">"))
_NOTHING_ELSE = re.compile(
    r"\W*(?:\d{1,2}[.):/])?\W*"
    r"(?:địa điểm|vị trí|định vị|toạ độ|tọa độ|bản đồ|toa do|vi tri|gps|google maps?|location)?\W*",
    re.IGNORECASE,
)
_LONGEST_LABEL = 40
"""What a line is without its place: a bullet, the number of a question, a label."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a text, and the text without what said nothing but that."""

    place: Place
    text: str


def spot_in(text: str) -> Spot | None:
    """The place of the first map link, else of the first bare coordinates of Vietnam.

    The link goes out of the text. Coordinates stay in their sentence. A line that has nothing else goes as a whole.
    """
    for found in URL.finditer(text):
        link = found[0].rstrip(_ENDING)
        if place := place_of(link):
            return Spot(place, _without(text, found.start(), found.start() + len(link)))
    for found in _COORDINATES.finditer(URL.sub(lambda url: " " * len(url[0]), text)):
        lat, lon = float(found["lat"]), float(found["lon"])
        if all(low <= degrees <= high for degrees, (low, high) in zip((lat, lon), _AROUND_VIETNAM, strict=True)):
            return Spot(Place(lat=lat, lon=lon), _without(text, *found.span(), stays=True))
    return None


def _without(text: str, start: int, end: int, *, stays: bool = False) -> str:
    """`stays`: unless the line has nothing else."""
    opening, closing = text[start - 1 : start], text[end : end + 1]
    if (opening, closing) in _BRACKETS:
        start, end = start - 1, end + 1
    begin, after = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    before, behind = text[begin:start], text[end : after if after >= 0 else len(text)]
    around = f"{before.rstrip()} {behind.lstrip()}".strip()
    if len(around) <= _LONGEST_LABEL and _NOTHING_ELSE.fullmatch(around):
        return (text[:begin] + (text[after + 1 :] if after >= 0 else "")).strip("\n")
    return text if stays else text[:begin] + around + (text[after:] if after >= 0 else "")


def place_in(text: str) -> Place | None:
    """The place that the first map link in `text` shows, in WGS84 degrees."""
    for found in URL.finditer(text):
        if place := place_of(found[0].rstrip(_ENDING)):
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
