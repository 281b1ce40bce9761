"""The matching rules of the profile schema, §4: `kw`, `kw_bare`, `kw_not`, `kw_unless` over tokens, and the scores."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from dialog.reading.model import Scored
from dialog.reading.text import Token, Typos, flat, is_syllable, words

Range: TypeAlias = tuple[int, int]
"""Half-open token indices."""


class Worded(Protocol):
    """A row of a profile that has word lists."""

    @property
    def kw(self) -> Sequence[str]: ...

    @property
    def kw_bare(self) -> Sequence[str]: ...


class Readings:
    """A message's tokens with the other words each of them may stand for (abbreviations, typos)."""

    __slots__ = ("bare_forms", "forms", "tokens", "typos")

    def __init__(
        self, tokens: Sequence[Token], shorthand: Mapping[str, tuple[str, ...]], near: Mapping[int, tuple[str, ...]]
    ) -> None:
        self.tokens = tokens
        self.forms = [
            (token.lower, *shorthand[token.bare]) if token.bare in shorthand else (token.lower,) for token in tokens
        ]
        self.bare_forms = [
            tuple(map(flat, forms)) if len(forms) > 1 else (token.bare,)
            for token, forms in zip(tokens, self.forms, strict=True)
        ]
        self.typos = near

    def starts(self, at: int) -> Collection[str]:
        """The folded words that may stand at `at`, slips included."""
        near = self.typos.get(at)
        return {*self.bare_forms[at], *map(flat, near)} if near else self.bare_forms[at]


@dataclass(frozen=True, slots=True, eq=False)
class Phrase:
    """Words to be found in a row. A matcher has one of each, so they are compared by identity."""

    words: tuple[str, ...]
    bare: tuple[str, ...]
    only_bare: bool
    """From a `kw_bare` list: matches only where the citizen typed without accents."""

    def matches(self, reading: Readings, at: int) -> bool:
        if at + len(self.words) > len(reading.tokens):
            return False
        return self._matches_bare(reading, at) if self.only_bare else self._matches_accented(reading, at)

    def _matches_bare(self, reading: Readings, at: int) -> bool:
        slips = 0
        for index, word in enumerate(self.bare, at):
            if reading.tokens[index].accented:
                return False
            if word not in reading.bare_forms[index]:
                if word not in reading.typos.get(index, ()):
                    return False
                slips += 1
        return slips == 0 or self._forgives(slips)

    def _matches_accented(self, reading: Readings, at: int) -> bool:
        exact, kept, slips = True, False, 0
        for index, (word, bare) in enumerate(zip(self.words, self.bare, strict=True), at):
            token = reading.tokens[index]
            if word in reading.forms[index]:
                kept = kept or token.accented
            elif token.lower == bare:
                exact = False
            elif word in reading.typos.get(index, ()):
                slips += 1
                kept = kept or token.accented
            else:
                return False
        if slips:
            return kept and self._forgives(slips)
        return exact or (kept and len(self.words) > 1)

    def _forgives(self, slips: int) -> bool:
        """One slip beside a right word, or in a word too long to be another one by accident."""
        return slips == 1 and (len(self.words) > 1 or len(self.bare[0]) >= 6)


Key: TypeAlias = tuple[str, str]
"""(table, row id)"""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One line of a row's lists: its phrases must all be there. `list_` is "hits", "nots" or "unless"."""

    key: Key
    parts: tuple[Phrase, ...]
    list_: str


class RowMatch:
    """How one row matched a message: the ranges of its phrases, longest first and not overlapping."""

    __slots__ = ("ranges", "score")

    def __init__(self, ranges: Sequence[Range], score: int) -> None:
        self.ranges = ranges
        self.score = score


class Matcher:
    """All word lists of a profile, compiled into one index by first word and second word ("" where there is none)."""

    def __init__(self) -> None:
        self._index: dict[str, dict[str, list[Phrase]]] = {}
        self._phrases: dict[tuple[tuple[str, ...], bool], Phrase] = {}
        self._entries: dict[Phrase, list[Entry]] = {}
        self._vocabulary: set[str] = set()
        self._near = Typos(())

    def add(self, table: str, row_id: str, row: Worded) -> None:
        for suffix, only_bare in (("kw", False), ("kw_bare", True)):
            for text in getattr(row, suffix, ()):
                self._enter((table, row_id), "hits", text.split("&"), only_bare)
            for text in getattr(row, f"{suffix}_not", ()):
                self._enter((table, row_id), "nots", [text], only_bare)
            for text in getattr(row, f"{suffix}_unless", ()):
                self._enter((table, row_id), "unless", [text], only_bare)

    def _enter(self, key: Key, list_: str, texts: Sequence[str], only_bare: bool) -> None:
        """Every entry is found by the first of its phrases; the others are looked up when that one stands there."""
        phrases = tuple(self._phrase(text, only_bare) for text in texts)
        self._entries.setdefault(phrases[0], []).append(Entry(key, phrases, list_))

    def _phrase(self, text: str, only_bare: bool) -> Phrase:
        cut = words(text)
        self._vocabulary.update(map(flat, cut) if only_bare else cut)
        phrase = self._phrases.get((cut, only_bare))
        if phrase is None:
            phrase = self._phrases[cut, only_bare] = Phrase(cut, tuple(map(flat, cut)), only_bare)
            if cut:
                first, second = phrase.bare[0], phrase.bare[1] if len(cut) > 1 else ""
                self._index.setdefault(first, {}).setdefault(second, []).append(phrase)
        return phrase

    def close(self, known: Iterable[str]) -> None:
        """Call once after the last `add`. `known` are right words that are never taken for a typo."""
        self._near = Typos(self._vocabulary)
        self._vocabulary.update(known)

    def _typos(self, tokens: Sequence[Token]) -> dict[int, tuple[str, ...]]:
        found = {}
        for index, token in enumerate(tokens):
            word = token.lower
            if word in self._vocabulary or not 3 < len(word) < 12:
                continue
            if token.accented or not is_syllable(token.bare):
                near = self._near.near(word)
                if near:
                    found[index] = near
        return found

    def find(self, tokens: Sequence[Token], shorthand: Mapping[str, tuple[str, ...]]) -> "Found":
        reading = Readings(tokens, shorthand, self._typos(tokens))
        ranges: dict[Phrase, list[Range]] = {}
        index = self._index
        for at in range(len(tokens)):
            for start in reading.starts(at):
                followers = index.get(start)
                if followers:
                    for phrase in self._candidates(reading, at, followers):
                        if phrase.matches(reading, at):
                            ranges.setdefault(phrase, []).append((at, at + len(phrase.words)))
        return Found(ranges, (entry for phrase in ranges for entry in self._entries.get(phrase, ())))

    @staticmethod
    def _candidates(reading: Readings, at: int, followers: Mapping[str, list[Phrase]]) -> Iterator[Phrase]:
        yield from followers.get("", ())
        if at + 1 < len(reading.tokens):
            for second in reading.starts(at + 1):
                yield from followers.get(second, ())


_NOTHING: Mapping[str, list[Entry]] = {}


class Found:
    """Where the phrases of all rows stand in one message."""

    def __init__(self, ranges: Mapping[Phrase, list[Range]], entries: Iterable[Entry]) -> None:
        self._ranges = ranges
        self._entries: dict[str, dict[str, list[Entry]]] = {}
        for entry in entries:
            table, row_id = entry.key
            self._entries.setdefault(table, {}).setdefault(row_id, []).append(entry)
        self._known: dict[Key, RowMatch | None] = {}

    def row(self, table: str, row_id: str, *, without: Sequence[Range] = ()) -> RowMatch | None:
        """The row's match, or None. Matches inside `without` (a person's name, a ward) do not count."""
        entries = self._entries.get(table, _NOTHING).get(row_id)
        if entries is None:
            return None
        if without:
            return self._match(entries, without)
        key = (table, row_id)
        if key not in self._known:
            self._known[key] = self._match(entries, ())
        return self._known[key]

    def _match(self, entries: Sequence[Entry], without: Sequence[Range]) -> RowMatch | None:
        ranges = self._ranges
        taken = _indices(without)
        for entry in entries:
            if entry.list_ == "unless":
                return None
            if entry.list_ == "nots":
                taken |= _indices(ranges[entry.parts[0]])
        candidates: set[Range] = set()
        for entry in entries:
            if entry.list_ == "hits":
                places = [[r for r in ranges.get(part, ()) if taken.isdisjoint(range(*r))] for part in entry.parts]
                if all(places):
                    candidates.update(r for part in places for r in part)
        chosen: list[Range] = []
        for found in sorted(candidates, key=lambda r: (r[0] - r[1], r[0])):
            if taken.isdisjoint(range(*found)):
                chosen.append(found)
                taken.update(range(*found))
        return RowMatch(chosen, sum(end - start for start, end in chosen)) if chosen else None

    def rows(self, table: str, ids: Iterable[str]) -> list[str]:
        """Those of the rows that match, in the order given."""
        entries = self._entries.get(table)
        return [row_id for row_id in ids if row_id in entries and self.row(table, row_id)] if entries else []

    def touches(self, table: str) -> bool:
        """Whether any word of the table's rows is there; cheaper than asking row by row."""
        return table in self._entries

    def ranges(self, table: str, ids: Iterable[str]) -> list[Range]:
        """Token ranges of all matches of these rows."""
        matches = (self.row(table, row_id) for row_id in self.rows(table, ids))
        return [found for match in matches if match for found in match.ranges]

    def first(self, table: str, ids: Iterable[str]) -> str:
        """The first row of the table that matches, in the profile's order; "" when none does."""
        return next(iter(self.rows(table, ids)), "")

    def scores(self, table: str, ids: Iterable[str], *, without: Sequence[Range] = ()) -> tuple[Scored, ...]:
        """Matching rows, best first; rows of equal score keep the profile's order."""
        entries = self._entries.get(table)
        if not entries:
            return ()
        matches = ((row_id, self.row(table, row_id, without=without)) for row_id in ids if row_id in entries)
        scored = [Scored(id=row_id, score=match.score) for row_id, match in matches if match]
        return tuple(sorted(scored, key=lambda item: -item.score))


def _indices(ranges: Iterable[Range]) -> set[int]:
    return {index for start, end in ranges for index in range(start, end)}
