"""Finds a ward in a sentence: with its kind ("p5", "xã Tân Mỹ Chánh") or bare beside a district ("Đồng Kỵ, Từ Sơn")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dialog.reading import units
from dialog.reading.model import Ward, WardOption
from dialog.reading.text import Token, word_set, words
from dialog.reading.units import Units

_KIND_WORDS = {"phuong": "phường", "p": "phường", "f": "phường", "xa": "xã", "x": "xã", "ttr": "thị trấn"}
_KIND_PAIRS = {("thi", "tran"): "thị trấn", ("dac", "khu"): "đặc khu"}
_KINDS = frozenset((*_KIND_WORDS, *(first for first, _ in _KIND_PAIRS)))
_ACCENTED = {"phuong": "phường", "xa": "xã"}
_STREET_WORDS = word_set("duong pho ngo ngach hem kiet ql lo so ten cau kenh song dai quoc tinh huong")
_DISTRICT_WORDS = word_set("thanh pho tp thi xa tx huyen h quan q tt cu thuoc")
_PLACE_WORDS = word_set("o tai cho ubnd truong khu gan phuong benh vien tram chua dinh ga ve")
_SAYS_PLACE = word_set("tinh tp o tai")
_SHORT_CITIES = word_set("hcm tphcm tphn")
_OTHER_CITIES = {
    "hcm": "Hồ Chí Minh",
    "tphcm": "Hồ Chí Minh",
    "saigon": "Hồ Chí Minh",
    "hn": "Hà Nội",
    "tphn": "Hà Nội",
}


@dataclass(frozen=True, slots=True)
class WardFound:
    first: int
    last: int
    """Token range including the kind, the district and the province that were named with it."""
    typed: str
    options: tuple[WardOption, ...]
    district: str = ""


def _join(tokens: Sequence[Token], first: int, last: int) -> str:
    return "".join(token.bare for token in tokens[first:last])


def _may_be_kind(bare: str) -> bool:
    return bare in _KINDS or (bare[0] in "pf" and len(bare) <= 3)


def _kind_at(tokens: Sequence[Token], at: int) -> tuple[str, int, str]:
    """(kind, index after it, number fused with it): "p5" → ("phường", at + 1, "5")."""
    token = tokens[at]
    if at + 1 < len(tokens) and (token.bare, tokens[at + 1].bare) in _KIND_PAIRS:
        return _KIND_PAIRS[token.bare, tokens[at + 1].bare], at + 2, ""
    if token.bare[0] in "pf" and token.bare[1:].isdigit() and len(token.bare) <= 3:
        return "phường", at + 1, token.bare[1:].lstrip("0")
    kind = _KIND_WORDS.get(token.bare, "")
    if kind and token.accented and token.lower != _ACCENTED.get(token.bare):
        return "", at, ""
    return kind, at + 1, ""


def district_at(tokens: Sequence[Token], at: int, known: Units) -> tuple[str, int]:
    """(key of an old district named here, index after it), with or without "thành phố", "huyện"…"""
    start = at
    while start < len(tokens) and start - at < 3 and tokens[start].bare in _DISTRICT_WORDS and tokens[start].gap != ".":
        start += 1
    for begin in range(start, at - 1, -1):
        for size in (3, 2, 1):
            if begin + size <= len(tokens) and not any(token.gap for token in tokens[begin + 1 : begin + size]):
                name = _join(tokens, begin, begin + size)
                if name in known.districts and (size > 1 or begin > at):
                    return name, begin + size
    return "", at


def _province_after(tokens: Sequence[Token], at: int, known: Units) -> int:
    start = at + 1 if at < len(tokens) and tokens[at].bare in {"tinh", "t", "tp"} else at
    for size in (3, 2):
        fits = start + size <= len(tokens) and tokens[at].gap != "."
        if fits and _join(tokens, start, start + size) in known.province_keys:
            return start + size
    return at


def find(text: str, tokens: Sequence[Token], known: Units, *, asked: bool, barred: set[int]) -> WardFound | None:
    """The first ward that is named; one with its kind goes before a bare name."""
    found = None
    beginnings = known.name_beginnings
    for at, token in enumerate(tokens):
        if at in barred:
            continue
        named = _with_kind(text, tokens, at, known) if _may_be_kind(token.bare) else None
        if named:
            return named
        if found is None and token.bare in beginnings:
            found = _bare(text, tokens, at, known, asked=asked)
    return found


def _finish(
    text: str, tokens: Sequence[Token], first: int, last: int, name: str, kind: str, known: Units
) -> WardFound | None:
    district, after = ("", last)
    if last < len(tokens) and tokens[last].gap != ".":
        district, after = district_at(tokens, last, known)
    options = _as_accented(known.options(name, kind, district), tokens[first:last])
    if not options:
        return None
    typed = " ".join(text[tokens[first].start : tokens[last - 1].end].split())
    after = _province_after(tokens, after, known)
    return WardFound(first, after, typed, tuple(_named(options, typed)), known.districts.get(district, ""))


def _as_accented(options: tuple[WardOption, ...], said: Sequence[Token]) -> tuple[WardOption, ...]:
    """Of names that differ in accents only (Mỹ Tho, Mỹ Thọ) the one that was typed, if accents were."""
    if not any(token.accented for token in said):
        return options
    spelled = said[-1].lower
    same = tuple(o for o in options if words((o.old or o.new).name)[-1:] == (spelled,))
    return same or options


def _named(options: Sequence[WardOption], typed: str) -> Iterator[WardOption]:
    """A name older than the table's old names has no official spelling left: it is shown as typed."""
    for option in options:
        if option.old and not option.old.name:
            old = Ward(name=typed, province=option.old.province, district=option.old.district)
            yield WardOption(new=option.new, old=old)
        else:
            yield option


def _with_kind(text: str, tokens: Sequence[Token], at: int, known: Units) -> WardFound | None:
    kind, start, number = _kind_at(tokens, at)
    if not kind:
        return None
    if number:
        return _finish(text, tokens, at, start, number, kind, known)
    for size in (4, 3, 2, 1):
        last = start + size
        if last > len(tokens) or any(token.gap for token in tokens[start + 1 : last]) or tokens[start].gap == ".":
            continue
        name = _join(tokens, start, last)
        name = name.lstrip("0") if name.isdigit() else name
        if name in known.now or name in known.old:
            return _finish(text, tokens, at, last, name, kind, known)
    return None


def _names(tokens: Sequence[Token], at: int, known: Units) -> list[tuple[int, str]]:
    """(index after it, key) of the two to four words from `at` that a commune's name may consist of."""
    found: list[tuple[int, str]] = []
    name = tokens[at].bare
    for last in range(at + 1, min(at + 4, len(tokens))):
        if name not in known.name_beginnings or tokens[last].gap:
            break
        name += tokens[last].bare
        found.append((last + 1, name))
    return found


def _bare(text: str, tokens: Sequence[Token], at: int, known: Units, *, asked: bool) -> WardFound | None:
    names = _names(tokens, at, known)
    if not names:
        return None
    previous = tokens[at - 1].bare if at else ""
    if not tokens[at].gap and (
        previous in _STREET_WORDS or (previous in _DISTRICT_WORDS and district_at(tokens, at - 1, known)[0])
    ):
        return None
    for last, name in reversed(names):
        if (name not in known.now and name not in known.old) or (name in known.districts and not asked):
            continue
        capital = all(token.text[0].isupper() or token.text.isdigit() for token in tokens[at:last])
        if (
            last < len(tokens)
            and capital
            and not tokens[last].gap
            and tokens[last].text[0].isupper()
            and name not in known.now
        ):
            longer = district_at(tokens, last, known)[0]
            if not longer:
                continue
        if (
            at
            and capital
            and not tokens[at].gap
            and tokens[at - 1].text[0].isupper()
            and previous not in _PLACE_WORDS | {"hoc"}
        ):
            continue
        beside = last < len(tokens) and tokens[last].gap != "." and district_at(tokens, last, known)[0] != ""
        if (
            asked
            or beside
            or (capital and (tokens[at].gap == "," or previous in _PLACE_WORDS | {"hoc"} or previous.isdigit()))
            or (previous in {"o", "tai", "ubnd"} or previous.isdigit())
        ):
            return _finish(text, tokens, at, last, name, "", known)
    return None


def other_province(
    tokens: Sequence[Token], known: Units, *, asked: bool, after: int, beside_ward: bool, barred: set[int]
) -> str:
    """The name of a province outside the area, when it is said as a place and not as a street.

    `after` is where the place ends; beside a ward of the area only what stands right there counts.
    """
    inside = known.province_keys
    near = range(after, after + 3) if beside_ward else range(len(tokens))
    for at in range(max(near.start, 0), min(near.stop, len(tokens))):
        token = tokens[at]
        previous = tokens[at - 1].bare if at else ""
        said = previous in _SAYS_PLACE or (at > 1 and previous == "pho" and tokens[at - 2].bare == "thanh")
        said = said or at == after or asked or token.bare in _SHORT_CITIES
        if not said or at in barred:
            continue
        if previous in _STREET_WORDS and not (previous == "tinh" and not token.gap):
            continue
        if token.bare in _OTHER_CITIES and units.key(_OTHER_CITIES[token.bare]) not in inside:
            return _OTHER_CITIES[token.bare]
        for size in (3, 2):
            name = _join(tokens, at, at + size)
            if (
                at + size <= len(tokens)
                and name in units.provinces()
                and name not in inside
                and name not in known.districts
            ):
                return units.provinces()[name]
    return ""
