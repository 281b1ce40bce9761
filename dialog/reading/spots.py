"""A point on the map and the communes near it, offline, from the table of communes.

The commune whose centre is nearest is the right one three times in four only: it is proposed, never filled in.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache

from dialog.reading.model import Ward
from dialog.reading.units import lines, shown

PROPOSED = 2
CELL = 0.25
"""Degrees: no commune but islands is farther from its neighbours."""
KM_A_DEGREE = 111.32
BEYOND = 2.5
"""A point so many radii away from every commune of a province, and nearer to another province's, lies outside."""


@dataclass(frozen=True, slots=True)
class Spot:
    """The centre of a commune; `radius` in km is that of a circle as large as it."""

    ward: Ward
    lat: float
    lon: float
    radius: float


@cache
def _cells() -> dict[tuple[int, int], list[Spot]]:
    found: dict[tuple[int, int], list[Spot]] = defaultdict(list)
    for kind, *rest in lines():
        if kind == "N" and len(rest) == 6 and rest[3]:
            province, code, name, lat, lon, area = rest
            ward = Ward(name=shown(name), province=province, code=code)
            spot = Spot(ward, float(lat), float(lon), math.sqrt(float(area) / math.pi))
            found[_cell(spot.lat, spot.lon)].append(spot)
    return found


@cache
def _by_code() -> dict[str, Ward]:
    return {spot.ward.code: spot.ward for spots in _cells().values() for spot in spots}


def ward_of(code: str) -> Ward | None:
    """The commune with that official code."""
    return _by_code().get(code)


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return math.floor(lat / CELL), math.floor(lon / CELL)


@lru_cache(maxsize=256)
def near(lat: float, lon: float, provinces: tuple[str, ...]) -> tuple[tuple[Ward, ...], bool]:
    """The nearest communes of these provinces, and whether the point lies outside of all of them."""
    row, column = _cell(lat, lon)
    cells = _cells()
    around = [spot for dy in (-1, 0, 1) for dx in (-1, 0, 1) for spot in cells.get((row + dy, column + dx), ())]
    stretch = math.cos(math.radians(lat))
    apart = sorted(
        (math.hypot(spot.lat - lat, (spot.lon - lon) * stretch) * KM_A_DEGREE, number)
        for number, spot in enumerate(around)
    )
    ordered = [(km, around[number]) for km, number in apart]
    own = [(km, spot) for km, spot in ordered if spot.ward.province in provinces]
    if not own:
        return (), True
    km, first = own[0]
    elsewhere = ordered[0][1].ward.province not in provinces and km > first.radius * BEYOND
    return tuple(spot.ward for _, spot in own[:PROPOSED]), elsewhere
