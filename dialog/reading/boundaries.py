"""Which commune a point lies in, by a file of boundaries that the operator provides (GeoJSON, `id` = official code)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Ring = tuple[tuple[float, float], ...]
"""(longitude, latitude) corners, as GeoJSON has them."""


@dataclass(frozen=True, slots=True)
class _Area:
    code: str
    west: float
    south: float
    east: float
    north: float
    rings: tuple[Ring, ...]
    """Outer ring and holes alike: a point inside an odd number of them is inside."""


class Boundaries:
    """The areas of communes. Looking one up costs some ten microseconds and touches nothing but memory."""

    def __init__(self, collection: Mapping[str, Any]) -> None:
        """A decoded GeoJSON FeatureCollection of Polygons and MultiPolygons. Raises `ValueError` for anything else."""
        try:
            self._areas = [area for feature in collection["features"] for area in _areas(feature)]
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"not a GeoJSON collection of areas: {error!r}") from error
        if not self._areas:
            raise ValueError("there is no area in it")

    @classmethod
    def read(cls, path: Path) -> "Boundaries":
        """Raises `OSError`, and `ValueError` for a file that holds something else."""
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def at(self, lat: float, lon: float) -> str:
        """The code of the commune, or an empty text outside of all."""
        for area in self._areas:
            boxed = area.west <= lon <= area.east and area.south <= lat <= area.north
            if boxed and sum(_within(ring, lat, lon) for ring in area.rings) % 2:
                return area.code
        return ""


def _areas(feature: Mapping[str, Any]) -> Iterator[_Area]:
    code = str(feature.get("id") or feature["properties"]["code"])
    shape = feature["geometry"]
    match shape["type"]:
        case "Polygon":
            polygons = [shape["coordinates"]]
        case "MultiPolygon":
            polygons = shape["coordinates"]
        case other:
            raise ValueError(f"{code} is a {other}, no area")
    for polygon in polygons:
        rings = tuple(tuple((float(point[0]), float(point[1])) for point in ring) for ring in polygon)
        lons, lats = zip(*rings[0], strict=True)
        yield _Area(code, min(lons), min(lats), max(lons), max(lats), rings)


def _within(ring: Sequence[tuple[float, float]], lat: float, lon: float) -> bool:
    """Whether a line from the point to the east crosses the ring an odd number of times."""
    inside = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside
