"""A profile as a flat list of facts: which rule has which value, and on which article it rests."""

import dataclasses
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import Any

from regulations.headings import KEYS, TABLES, VALUES
from regulations.model import Profile

OURS = "not in regulation"
"""The phrase by which `src` says that a value is a default of ours."""

_UNREAD = {"src", "warnings", "schema_version"}
_NAMES_OF_ROWS = ("id", "code", "kind", "value")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One value. `row` is empty for tables without rows; `value` is written for people."""

    table: str
    row: str
    key: str
    value: str
    source: str
    label: str = ""
    """The row's own name, where it has one."""

    @property
    def place(self) -> tuple[str, str, str]:
        return self.table, self.row, self.key

    @property
    def is_ours(self) -> bool:
        """Whether the value, or a part of it, is our default and not the regulation's."""
        return OURS in self.source


def facts(profile: Profile, *, words: bool = False, texts: bool = True) -> list[Fact]:
    """Every value of `profile`, in the order of `headings.TABLES`; empty values are left out.

    `words`: the lists by which texts are recognised too. `texts`: the messages of the system too.
    """
    found: list[Fact] = []
    for name in TABLES:
        table, _, inner = name.partition(".")
        holder = getattr(profile, table)
        value = getattr(holder, inner) if inner else holder
        if name == "templates" and not texts:
            continue
        if isinstance(value, Mapping):
            found += [fact for row in value.values() for fact in _of_row(name, row)]
        else:
            found += _of_table(name, value)
    return [fact for fact in found if words or not (fact.key.startswith("kw") or fact.key == "subjects")]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where two profiles differ; None where one of them has nothing."""

    table: str
    row: str
    key: str
    label: str
    left: Fact | None
    right: Fact | None


def differences(left: Profile, right: Profile, *, words: bool = False, texts: bool = False) -> list[Difference]:
    """Where two provinces' rules differ, table by table. A row that only one of them has is one difference."""
    lefts = {fact.place: fact for fact in facts(left, words=words, texts=texts)}
    rights = {fact.place: fact for fact in facts(right, words=words, texts=texts)}
    rows = {fact.place[:2] for fact in lefts.values()} & {fact.place[:2] for fact in rights.values()}
    found: list[Difference] = []
    told: set[tuple[str, str]] = set()
    order = list(TABLES)
    for place in sorted({**lefts, **rights}, key=lambda one: order.index(one[0])):
        one, other = lefts.get(place), rights.get(place)
        if one is not None and other is not None and one.value == other.value:
            continue
        some = one or other
        if some is None or place[:2] in told:
            continue
        if place[1] and place[:2] not in rows:
            told.add(place[:2])
            one, other = (_whole(one), _whole(other))
            found.append(Difference(table=place[0], row=place[1], key="", label=some.label, left=one, right=other))
        else:
            found.append(
                Difference(table=place[0], row=place[1], key=place[2], label=some.label, left=one, right=other)
            )
    return found


def side_by_side(left: Profile, right: Profile, found: Sequence[Difference], *, width: int = 46) -> list[str]:
    """The differences as lines of text, two columns under each rule's name. `width` is of one column, in characters."""
    lines = [f"{left.id:<{width}} │ {right.id}", f"{'═' * width}═╪═{'═' * width}"]
    for table, group in groupby(found, key=attrgetter("table")):
        lines += ["", TABLES[table].upper()]
        for one in group:
            name = " · ".join(filter(None, (one.row and (one.label or one.row), one.key and key_label(one.key))))
            lines.append(f"  {name}")
            columns = [_column(side, width - 4) for side in (one.left, one.right)]
            lines += [f"    {a:<{width - 4}} │ {b}".rstrip() for a, b in zip_longest(*columns, fillvalue="")]
    return lines


def _column(fact: Fact | None, width: int) -> list[str]:
    if fact is None:
        return ["–"]
    source = fact.source.replace("not in regulation: default", "mặc định")
    return [*textwrap.wrap(fact.value, width), *textwrap.wrap(f"({source})", width)]


def key_label(key: str) -> str:
    """What a key is called in Vietnamese; inner keys are joined."""
    return " › ".join(KEYS.get(part, part) for part in key.split("."))


def _whole(fact: Fact | None) -> Fact | None:
    return None if fact is None else dataclasses.replace(fact, key="", value="có")


def _of_table(table: str, value: Any) -> Iterator[Fact]:
    for key, inner in _values(value):
        source = value.src.get(key.partition(".")[0], value.src.get("others", ""))
        yield Fact(table=table, row="", key=key, value=_shown(inner), source=source)


def _of_row(table: str, row: Any) -> Iterator[Fact]:
    name = next(str(getattr(row, key)) for key in _NAMES_OF_ROWS if hasattr(row, key))
    label = str(getattr(row, "label", "") or getattr(row, "name", ""))
    for key, inner in _values(row):
        if key not in ("id", "kind", "code"):
            yield Fact(table=table, row=name, key=key, value=_shown(inner), source=row.src, label=label)


def _values(value: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Keys and values that say something; single tables inside are opened, tables of rows are facts of their own."""
    for one in dataclasses.fields(value):
        inner = getattr(value, one.name)
        if one.name in _UNREAD or inner is None or (inner in ("", (), frozenset()) and inner is not False):
            continue
        if isinstance(inner, Mapping) and inner and dataclasses.is_dataclass(next(iter(inner.values()))):
            continue
        if dataclasses.is_dataclass(inner):
            yield from _values(inner, f"{before}{one.name}.")
        elif inner != {}:
            yield before + one.name, inner


def _shown(value: Any) -> str:
    match value:
        case bool():
            return VALUES[str(value)]
        case date():
            return f"{value:%d/%m/%Y}"
        case time():
            return f"{value:%H:%M}"
        case Mapping():
            return "; ".join(f"{key}: {_shown(inner)}" for key, inner in value.items())
        case tuple() | list():
            return ", ".join(map(_shown, value))
        case frozenset():
            return ", ".join(map(_shown, sorted(value)))
    if dataclasses.is_dataclass(value):
        inner = [(one.name, getattr(value, one.name)) for one in dataclasses.fields(value)]
        if [name for name, _ in inner] == ["start", "end"]:
            return "–".join(_shown(part) for _, part in inner)
        return "; ".join(f"{key_label(name)} {_shown(part)}" for name, part in inner if part not in ("", (), None))
    return VALUES.get(str(value), str(value))
