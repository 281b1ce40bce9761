"""Communes of today and of before 01/07/2025, offline. Old names are suggestions to confirm, never a silent rewrite.

Source and line format: dialog/reading/data/README.md.
"""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

from dialog.reading.model import Ward, WardOption
from dialog.reading.text import flat

_KINDS = ("thành phố", "thị trấn", "thị xã", "đặc khu", "phường", "huyện", "quận", "tỉnh", "xã")
COMMUNE_KINDS: Mapping[str, str] = {"phuong": "phường", "xa": "xã", "thitran": "thị trấn", "dackhu": "đặc khu"}


def _cut_kind(name: str) -> tuple[str, str]:
    low = name.lower()
    for kind in _KINDS:
        if low.startswith(kind + " "):
            return kind, name[len(kind) + 1 :]
    return "", name


def shown(name: str) -> str:
    """ "Phường Đạo Thạnh" → "phường Đạo Thạnh", as it stands inside a sentence."""
    kind, rest = _cut_kind(name)
    return f"{kind} {rest}" if kind else name


def key(text: str) -> str:
    """Folded without spaces: "Suối Hoa" → "suoihoa"."""
    return "".join(flat(text).split())


@dataclass(frozen=True, slots=True)
class OldUnit:
    ward: Ward
    kind: str
    district_key: str
    new: tuple[Ward, ...]


@dataclass
class Units:
    """The communes of one profile's provinces, by the key of their name without its kind."""

    provinces: tuple[str, ...]
    now: dict[str, list[tuple[str, Ward]]] = field(default_factory=dict)
    """key → (kind, ward)"""
    old: dict[str, list[OldUnit]] = field(default_factory=dict)
    districts: dict[str, str] = field(default_factory=dict)
    """key → name with its kind"""

    @cached_property
    def name_beginnings(self) -> frozenset[str]:
        """Every beginning of a commune's key: a word that is none of them starts no bare name."""
        return frozenset(name[:end] for name in (*self.now, *self.old) for end in range(1, len(name) + 1))

    @cached_property
    def province_keys(self) -> frozenset[str]:
        return frozenset(map(key, self.provinces))

    def options(self, name_key: str, kind: str, district_key: str) -> tuple[WardOption, ...]:
        """Ways to read a commune's name. `kind` and `district_key` may be empty: not said.

        A name of today is taken as today's, unless an old district was named with it (D04, D25).
        """
        old = self.old.get(name_key, [])
        if kind:
            old = [unit for unit in old if unit.kind == kind] or ([] if name_key.isdigit() else old)
        if district_key:
            old = [unit for unit in old if unit.district_key == district_key] or old
        now = [ward for its_kind, ward in self.now.get(name_key, []) if not kind or its_kind == kind]
        named = district_key and any(unit.district_key == district_key for unit in old)
        if now and not (named and self._moved(old, now)):
            return tuple(WardOption(new=ward) for ward in now)
        if not old and kind:
            now = [ward for _, ward in self.now.get(name_key, [])]
        found = [WardOption(new=new, old=unit.ward) for unit in old for new in unit.new]
        return tuple(dict.fromkeys(found)) or tuple(WardOption(new=ward) for ward in now)

    @staticmethod
    def _moved(old: Iterable[OldUnit], now: Iterable[Ward]) -> bool:
        codes = {ward.code for ward in now}
        return any(ward.code not in codes for unit in old for ward in unit.new)


def lines() -> Iterable[list[str]]:
    """Every line of the table, as its fields."""
    raw = files("dialog.reading").joinpath("data/units.tsv.gz").read_bytes()
    return (line.split("\t") for line in gzip.decompress(raw).decode().split("\n"))


@cache
def _corrections() -> Mapping[tuple[str, str, str], frozenset[str]]:
    """(province, district, old ward) → names of today's communes that the source names wrongly."""
    text = files("dialog.reading").joinpath("data/corrections.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {(row[0], row[1], row[2]): frozenset(row[3].split(",")) for row in rows}


@cache
def provinces() -> Mapping[str, str]:
    """Key → name of every province, of today and of before."""
    return {key(name): name for name in dict.fromkeys(line[1] for line in lines())}


@cache
def load(now: tuple[str, ...], legacy: tuple[str, ...]) -> Units:
    """The communes of these provinces (names as in `regulation.provinces_now` / `provinces_legacy`)."""
    units = Units(provinces=(*now, *legacy))
    by_code: dict[str, Ward] = {}
    old: list[list[str]] = []
    for line in lines():
        if line[0] == "N" and line[1] in now:
            kind, name = _cut_kind(line[3])
            ward = Ward(name=shown(line[3]), province=line[1], code=line[2])
            by_code[ward.code] = ward
            units.now.setdefault(key(name), []).append((kind, ward))
        elif line[0] == "O" and line[1] in legacy:
            old.append(line)
    for line in old:
        _add_old(units, line, by_code)
    return units


def _add_old(units: Units, line: list[str], by_code: Mapping[str, Ward]) -> None:
    _, province, district, name, codes, aliases = line
    wrong = _corrections().get((province, district, name), frozenset())
    new = tuple(by_code[code] for code in codes.split(",") if code in by_code and by_code[code].name not in wrong)
    kind, short = _cut_kind(name)
    district_name = shown(district)
    district_key = key(_cut_kind(district)[1])
    units.districts.setdefault(district_key, district_name)
    unit = OldUnit(Ward(name=shown(name), province=province, district=district_name), kind, district_key, new)
    units.old.setdefault(key(short), []).append(unit)
    for alias, its_kind in _aliases(aliases):
        if alias != key(short):
            before = Ward(
                name=f"{its_kind or kind} {alias.lstrip('0').upper()}" if alias.isdigit() else "",
                province=province,
                district=district_name,
            )
            units.old.setdefault(alias, []).append(OldUnit(before, its_kind or kind, district_key, new))


def _aliases(text: str) -> dict[tuple[str, str], None]:
    """(key, kind) of the names a commune had before earlier mergers, from keys such as "phuong7" or "xangamy"."""
    found: dict[tuple[str, str], None] = {}
    plain = [alias for alias in text.split(",") if alias and not alias.startswith(("ward", "f"))]
    for alias in plain:
        for prefix, kind in COMMUNE_KINDS.items():
            name = alias.removeprefix(prefix)
            if name != alias and (name in plain or name.isdigit()):
                found[name, kind] = None
    return found
