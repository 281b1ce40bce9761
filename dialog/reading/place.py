"""Where it happened, from free text: number and street, hamlet, junction, landmark, ward. Words stay as typed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialog.reading import wards
from dialog.reading.lexicon import FAMILY_NAMES, FAMILY_WORDS, PLACE_STOPS, STREETS
from dialog.reading.model import Needs, PlaceReading, Span
from dialog.reading.place_words import (
    ACCENTS,
    BEFORE,
    BETWEEN,
    CAPITAL_ONLY,
    CODE,
    CODED,
    COUNTED,
    COUNTED_PEOPLE,
    DELAYS,
    GRADE,
    HAMLET_WORDS,
    HEADS,
    MOST_NUMBERS,
    NAMED_ONLY,
    NOT_BEFORE_HAMLET,
    NOT_BEFORE_STREET,
    NUMBER,
    NUMBER_ONLY,
    NUMBERED_THINGS,
    OPENERS,
    PROPER_ONLY,
    WATERS,
)
from dialog.reading.text import Token, covered, flat
from dialog.reading.units import Units, key
from dialog.reading.wards import WardFound


@dataclass(slots=True)
class Part:
    first: int
    last: int
    kind: str


_MAY_BE_STREETS = FAMILY_NAMES - PLACE_STOPS


def _toned(tokens: Sequence[Token]) -> bool:
    """Whether a text is typed with its accents: then "cho" is no chợ and "con" no cồn."""
    return 3 * sum(token.accented for token in tokens) > len(tokens)


def _opener(tokens: Sequence[Token], at: int, *, toned: bool = False) -> tuple[str, int]:
    if tokens[at].bare not in HEADS:
        return "", at
    for size in (3, 2, 1):
        if at + size > len(tokens) or any(token.gap for token in tokens[at + 1 : at + size]):
            continue
        words = " ".join(token.bare for token in tokens[at : at + size])
        if words in OPENERS:
            right = ACCENTS.get(tokens[at].bare)
            if toned and size == 1 and right and tokens[at].lower not in right:
                continue
            if size > 1 or not tokens[at].accented or not right or tokens[at].lower in right:
                return words, at + size
    return "", at


def _is_number(token: Token) -> bool:
    return token.bare[0] in "0123456789" and NUMBER.fullmatch(token.bare) is not None


def _number_run(tokens: Sequence[Token], at: int, text: str) -> int:
    """The index after "12/3A" or "45 bis"."""
    last = at
    while (
        last < min(len(tokens), at + MOST_NUMBERS)
        and _is_number(tokens[last])
        and (last == at or text[tokens[last - 1].end : tokens[last].start].strip() in {"/", "-", "bis"})
    ):
        last += 1
    return last


def _proper_run(text: str, tokens: Sequence[Token], at: int, stop: int, limit: int = 6) -> int:
    """The index after a proper name: words with capitals as long as they last, else until a word no name contains."""
    if at >= len(tokens) or tokens[at].gap in {",", "."}:
        return at
    capital = tokens[at].text[0].isupper()
    last = at if capital else _known_street(tokens, at, stop)
    while last < min(len(tokens), stop) and last - at < limit:
        token = tokens[last]
        if (
            last > at
            and token.gap
            and not (token.gap == "," and text[tokens[last - 1].end : token.start] in {"/", "-"})
        ):
            break
        if last > at and _opener(tokens, last)[0] and not token.text[0].isupper():
            break
        if capital and not (token.text[0].isupper() or token.text[0].isdigit()):
            break
        if not capital and (
            token.bare in PLACE_STOPS
            or tuple(t.bare for t in tokens[at:last]) in STREETS
            or last - at >= 4
            or (token.text[0].isupper() and last > at)
        ):
            break
        last += 1
    if last - at > 1 and _is_number(tokens[last - 1]) and _counts(tokens, last):
        last -= 1
    return last


def _opens_name(token: Token) -> bool:
    """Whether a word in small letters may be the first of a street's name."""
    return token.lower in FAMILY_WORDS if token.accented else token.bare in _MAY_BE_STREETS


def _known_street(tokens: Sequence[Token], at: int, stop: int) -> int:
    for size in (4, 3, 2):
        if at + size <= stop and tuple(token.bare for token in tokens[at : at + size]) in STREETS:
            return at + size
    return at


def _street_after(text: str, tokens: Sequence[Token], at: int, stop: int) -> int:
    """A street's name right after a house number: "45 Ly Thuong Kiet", "ngõ 12 đường Ngô Gia Tự"."""
    if at < len(tokens) and tokens[at].gap in {"", ","} and tokens[at].bare in {"duong", "pho", "ngo", "hem", "ngach"}:
        after = at + 1
        numbers = _number_run(tokens, after, text)
        return (
            _street_after(text, tokens, numbers, stop)
            if numbers > after
            else max(_proper_run(text, tokens, after, stop), at)
        )
    if at < len(tokens) and not tokens[at].gap and (tokens[at].text[0].isupper() or _opens_name(tokens[at])):
        return _proper_run(text, tokens, at, stop)
    return at


def _part_at(text: str, tokens: Sequence[Token], at: int, stop: int, *, asked: bool, toned: bool) -> Part | None:
    words, start = _opener(tokens, at, toned=toned)
    previous = tokens[at - 1].bare if at and not tokens[at].gap else ""
    if not words:
        return _numbered_street(text, tokens, at, stop, previous)
    kind = OPENERS[words]
    head = words.split()[0]
    if (words == "so" and previous in NUMBERED_THINGS) or (kind == "landmark" and previous in {"goi", "bao"}):
        return None
    numbers = _number_run(tokens, start, text) if start < len(tokens) and not tokens[start].gap else start
    if kind == "landmark" and numbers > start and (head == "cho" or _counts(tokens, numbers)):
        return None if head in PROPER_ONLY else Part(at, start, kind)
    if numbers > start:
        if head == "dt" and len(tokens[start].text) > 3:
            return None
        if kind == "house":
            return Part(at, max(numbers, _street_after(text, tokens, numbers, stop)), kind)
        if kind == "street":
            return Part(at, _joined(text, tokens, numbers, stop), kind)
        return Part(at, _tail_name(text, tokens, numbers, stop), kind)
    if head in NUMBER_ONLY and words in NUMBER_ONLY:
        return None
    after = _school(tokens, start) if "truong" in words else start
    capital = after < len(tokens) and not tokens[after].gap and tokens[after].text[0].isupper()
    opens = previous in BEFORE | {"o", "tai"} or (not previous and words in WATERS)
    if words in CAPITAL_ONLY and not tokens[at].accented and not (capital and opens):
        return None
    if words in NAMED_ONLY and not capital:
        return None
    if words in CODED and start < len(tokens) and not tokens[start].gap and CODE.fullmatch(tokens[start].bare):
        last = start + 1
        while (
            last < len(tokens)
            and tokens[last].text[0].isdigit()
            and text[tokens[last - 1].end : tokens[last].start] in {".", "-"}
        ):
            last += 1
        return Part(at, _tail_name(text, tokens, last, stop), kind)
    if words in {"duong", "pho", "lo"} and previous in NOT_BEFORE_STREET and not capital:
        return None
    if kind == "hamlet" and (previous in NOT_BEFORE_HAMLET or not (asked or _may_be_hamlet(tokens, start))):
        return None
    if words == "cau" and previous in {"yeu", "nhu", "toan"}:
        return None
    last = _proper_run(text, tokens, after, stop) if capital or asked or not _is_loose(tokens, start, words) else start
    if last == start and (
        words in PROPER_ONLY and previous not in {"gan", "truoc", "canh", "cong", "dau", "cuoi", "dien"}
    ):
        return None
    if last == start and kind == "hamlet":
        return None
    if words == "cho" and not tokens[at].accented and not (capital or asked or (last > start and opens)):
        return None
    return Part(at, _joined(text, tokens, max(last, after), stop) if kind == "street" else max(last, after), kind)


def _may_be_hamlet(tokens: Sequence[Token], at: int) -> bool:
    """Whether a hamlet's name may begin here: "ấp Tân Phú", "ap tan phu", not "xóm nghe la hét", "bản gốc"."""
    if at >= len(tokens) or tokens[at].gap:
        return False
    token = tokens[at]
    return not token.text[0].islower() or token.bare in HAMLET_WORDS or CODE.fullmatch(token.bare) is not None


def _counts(tokens: Sequence[Token], after: int) -> bool:
    """Whether the number that ends before `after` counts what follows: "3 ngày", but not "3 tháng 2"."""
    if after >= len(tokens) or tokens[after].gap or tokens[after].bare not in COUNTED:
        return False
    return not (tokens[after].bare == "thang" and after + 1 < len(tokens) and _is_number(tokens[after + 1]))


def _is_loose(tokens: Sequence[Token], start: int, words: str) -> bool:
    """Whether the word after an opener, in small letters, is no proper name for sure: "đường hư", "cầu bị sập"."""
    if start >= len(tokens) or tokens[start].gap or tokens[start].bare in PLACE_STOPS:
        return True
    if OPENERS[words] == "hamlet" or words.startswith("nga "):
        return False
    return not _opens_name(tokens[start])


def _school(tokens: Sequence[Token], at: int) -> int:
    while at < len(tokens) and not tokens[at].gap and tokens[at].bare in GRADE:
        at += 1
    return at


def _tail_name(text: str, tokens: Sequence[Token], at: int, stop: int) -> int:
    """ "khu 2 Thị Cầu": a capital name after a numbered hamlet belongs to the place unless it is a ward's."""
    return (
        _proper_run(text, tokens, at, stop, 4)
        if at < min(stop, len(tokens)) and not tokens[at].gap and tokens[at].text[0].isupper()
        else at
    )


def _joined(text: str, tokens: Sequence[Token], at: int, stop: int) -> int:
    """Two streets that meet: "ngã tư 2/9 với Phạm Thái Bường"."""
    if (
        at + 1 < len(tokens)
        and tokens[at].bare in {"voi", "va", "giao", "x", "doan"}
        and tokens[at + 1].text[0].isupper()
    ):
        return _proper_run(text, tokens, at + 1, stop)
    return at


def _numbered_street(text: str, tokens: Sequence[Token], at: int, stop: int, previous: str) -> Part | None:
    """ "20 Nguyễn Huệ": a bare number before a street's name."""
    if not _is_number(tokens[at]) or previous in {"phuong", "p", "quan", "q", "thang", "ngay"}:
        return None
    numbers = _number_run(tokens, at, text)
    if numbers >= len(tokens) or tokens[numbers].gap:
        return None
    token = tokens[numbers]
    proper = token.text[0].isupper() or (_opens_name(token) and previous in {"o", "tai", "nha", "so", "truoc", ""})
    if token.bare in COUNTED_PEOPLE and token.text[0].islower() and _known_street(tokens, numbers, stop) == numbers:
        proper = False
    last = _proper_run(text, tokens, numbers, stop) if proper else numbers
    if token.bare in {"duong", "pho"}:
        last = _proper_run(text, tokens, numbers + 1, stop)
    return Part(at, last, "house") if last - numbers >= 2 else None


def _parts(text: str, tokens: Sequence[Token], ward: WardFound | None, barred: set[int], *, asked: bool) -> list[Part]:
    found: list[Part] = []
    toned = _toned(tokens)
    at = 0
    while at < len(tokens):
        if ward and ward.first <= at < ward.last:
            at = ward.last
            continue
        bare = tokens[at].bare
        if at in barred or (bare not in HEADS and bare[0] not in "0123456789"):
            at += 1
            continue
        stop = ward.first if ward and ward.first > at else len(tokens)
        part = _part_at(text, tokens, at, stop, asked=asked, toned=toned)
        if part and not any(index in barred for index in range(part.first, part.last)):
            found.append(part)
            at = max(part.last, at + 1)
        else:
            at += 1
    if ward:
        found.append(Part(ward.first, ward.last, "ward"))
    return sorted(found, key=lambda part: part.first)


def _clusters(tokens: Sequence[Token], parts: Sequence[Part]) -> list[list[Part]]:
    groups: list[list[Part]] = []
    for part in parts:
        if groups:
            last = groups[-1][-1].last
            between = tokens[last : part.first]
            near = len(between) <= 3 and all(token.bare in BETWEEN and token.gap != "." for token in between)
            if near and (part.first >= len(tokens) or tokens[part.first].gap != "."):
                groups[-1].append(part)
                continue
        groups.append([part])
    return groups


def _begin(tokens: Sequence[Token], first: int) -> int:
    """Take in the words that say where beside it: "gần", "đầu", "đối diện"."""
    while first and tokens[first - 1].bare in BEFORE and not tokens[first].gap:
        first -= 1
    return first


def read(
    text: str, tokens: Sequence[Token], known: Units, *, asked: bool, barred: Sequence[Span]
) -> PlaceReading | None:
    """The place in a message, or None.

    `barred` spans (names, phone numbers) are no places; `asked` says that the bot asked for one.
    """
    hidden = covered(tokens, barred)
    if len(hidden) == len(tokens) and not asked:
        return None
    ward = wards.find(text, tokens, known, asked=asked, barred=hidden)
    parts = _parts(text, tokens, ward, hidden, asked=asked)
    after = ward.last if ward else max((part.last for part in parts), default=-1)
    outside = wards.other_province(tokens, known, asked=asked, after=after, beside_ward=ward is not None, barred=hidden)
    if not parts and not asked and not outside:
        return None
    if asked and ward is None and not _tells(parts) and DELAYS.search(flat(text)):
        return None
    groups = _clusters(tokens, parts)
    best = max(groups, key=lambda group: (any(part.kind == "ward" for part in group), len(group)), default=[])
    local = (
        max((g for g in groups if g is not best), key=len, default=[])
        if len(best) == 1 and best[0].kind == "ward"
        else []
    )
    chosen = sorted([*best, *local], key=lambda part: part.first)
    span = (tokens[_begin(tokens, best[0].first)].start, tokens[best[-1].last - 1].end) if best else (0, 0)
    if text.count("(", *span) > text.count(")", *span) and text[span[1] : span[1] + 1] == ")":
        span = (span[0], span[1] + 1)
    said = " ".join(text[span[0] : span[1]].split())
    if local:
        beside = text[tokens[_begin(tokens, local[0].first)].start : tokens[local[-1].last - 1].end]
        said = f"{' '.join(beside.split())}, {said}"
    if asked:
        said, span = _whole(text, tokens, hidden) or (said, span)
    said = said or outside
    if not said or (not chosen and not outside and _province_alone(said, known)):
        return None
    kinds = {("street" if part.kind == "house" else part.kind) for part in chosen}
    return PlaceReading(
        text=said,
        parts=max(len(kinds), 1 if asked and said else 0),
        local=_local(text, tokens, [part for part in chosen if part.kind != "ward"]),
        ward_typed=ward.typed if ward else "",
        district=ward.district if ward else _district(tokens, known, asked=asked),
        options=ward.options if ward else (),
        needs=_needs(ward),
        outside_area=outside,
        span=span,
    )


def _province_alone(said: str, known: Units) -> bool:
    """Whether only the province of the profile is named, or "the city": that tells no place."""
    named = _UNIT_WORDS.sub("", flat(said))
    return key(named) in {"", *known.province_keys}


_UNIT_WORDS = re.compile(r"^(?:(?:thanh pho|tp|tinh|thu do)(?!\w)[ .]*)+|[ ,]*viet nam$")


def _tells(parts: Sequence[Part]) -> bool:
    """Whether a part has more than the word that opens it."""
    return any(part.last - part.first > 1 for part in parts)


def _whole(text: str, tokens: Sequence[Token], hidden: set[int]) -> tuple[str, Span] | None:
    """The whole answer to "where", without politeness at its ends."""
    kept = [i for i in range(len(tokens)) if i not in hidden]
    while kept and tokens[kept[0]].bare in {"da", "o", "tai", "a", "u", "vang", "thi", "la", "em", "minh"}:
        kept.pop(0)
    while kept and tokens[kept[-1]].bare in {"a", "ah", "nha", "nhe", "ak", "ad", "do"}:
        kept.pop()
    if not kept:
        return None
    last = next((i for i, index in enumerate(kept) if index - kept[0] != i), len(kept)) - 1
    span = (tokens[kept[0]].start, tokens[kept[last]].end)
    return " ".join(text[span[0] : span[1]].split()), span


def _district(tokens: Sequence[Token], known: Units, *, asked: bool) -> str:
    if not asked:
        return ""
    names = (wards.district_at(tokens, at, known)[0] for at in range(len(tokens)))
    return next((known.districts[name] for name in names if name), "")


def _local(text: str, tokens: Sequence[Token], parts: Sequence[Part]) -> str:
    pieces = [text[tokens[_begin(tokens, part.first)].start : tokens[part.last - 1].end] for part in parts]
    return ", ".join(" ".join(piece.split()) for piece in pieces)


def _needs(ward: WardFound | None) -> Needs:
    if ward is None:
        return Needs.NOTHING
    if len(ward.options) > 1:
        return Needs.PICK
    return Needs.CONFIRM if ward.options[0].old else Needs.NOTHING
