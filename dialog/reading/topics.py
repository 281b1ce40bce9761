"""What a text is about, learned from examples: the chance of every category of a profile.

Two kinds of evidence are weighed against each other: the profile's own words, found by the matcher, and a linear model
over single words and pairs, with and without accents, that tools/make_topics.py trains from examples/. The model knows
subjects, the shared word lists a profile's rows are made of (`words`), so that a new profile needs no training.
"""

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from math import exp, log, sqrt
from typing import TypeAlias

import msgspec

from dialog.reading.lexicon import MATCHING
from dialog.reading.model import Likely, Scored
from dialog.reading.text import Token, flat
from regulations.model import Words

FEWEST_WORDS = 3
"""Shorter texts are no description: every model finds something in "ok" or a name."""

OTHER = "khac"
"""The row that takes what is about none of the other rows' subjects."""

MOST = 80
"""Words that are weighed; the matter of a letter stands at its beginning."""
PLAIN = 4
"""Words of a single row that are worth so many points need no second opinion."""

_LEAST = 1e-4
_MOST_WORDS = 6
_WEIGHT_ZERO = 0x140
_CLASS_ZERO = 0x30

_WRITTEN_OUT = {short: flat(full[0]) for short, full in MATCHING.items() if full}
"""Shorthand → the word it stands for, without accents."""

Weights: TypeAlias = tuple[float, tuple[tuple[int, int], ...]]
"""Of one feature: how rare it is, and (index of a subject, weight in steps)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of the model: what was trained from what, and how its scores become chances."""

    digest: str = ""
    """Of the examples and shared word lists it was trained from."""
    subjects: tuple[str, ...]
    bias: tuple[float, ...] = ()
    step: float = 1.0
    """One step of a stored weight."""
    sharpness: float = 1.0
    """By what scores are multiplied before they are compared."""
    model: float = 1.0
    said: float = 0.0
    words: float = 0.0
    """How much the model counts; that a row's words were used at all; each matched word."""
    chances: tuple[tuple[float, float], ...] = ((1.0, 1.0),)
    """(computed chance, share of right ones among held-back examples), rising: what a computed chance is worth."""
    accept: float = 1.0
    """From here on a category is taken without asking."""
    confirm: float = 1.0
    """From here on it is proposed, below the best three are offered."""


def features(tokens: Sequence[Token]) -> Iterator[str]:
    """Words and pairs without accents, and once more with accents where there are any. Numbers are all the same."""
    bare_before = typed_before = ""
    accented_before = False
    for token in tokens:
        bare = "0" if token.bare.isdigit() else _WRITTEN_OUT.get(token.bare, token.bare)
        yield bare
        yield f"{bare_before} {bare}"
        if token.accented:
            yield f"={token.lower}"
        if token.accented or accented_before:
            yield f"={typed_before} {token.lower}"
        bare_before, typed_before, accented_before = bare, token.lower, token.accented


class Topics:
    """The trained model. Reading it takes a few hundredths of a second; weights are unpacked when a word is met."""

    def __init__(self, packed: bytes) -> None:
        head, _, body = gzip.decompress(packed).decode().partition("\n")
        self.settings = msgspec.json.decode(head, type=Settings)
        lines = (line.partition("\t") for line in body.split("\n"))
        self._packed = {feature: packed for feature, _, packed in lines}
        self._known: dict[str, Weights] = {}

    def weights(self, feature: str) -> Weights | None:
        found = self._known.get(feature)
        if found is None and feature in self._packed:
            rarity, _, packed = self._packed[feature].partition("\t")
            pairs = zip(packed[::2], packed[1::2], strict=True)
            steps = tuple((ord(one) - _CLASS_ZERO, ord(weight) - _WEIGHT_ZERO) for one, weight in pairs)
            found = self._known[feature] = (float(rarity), steps)
        return found

    def scores(self, tokens: Sequence[Token]) -> list[float] | None:
        """The margin of every subject; None when no word of the text is known."""
        found = [weights for weights in map(self.weights, set(features(tokens))) if weights]
        if not found:
            return None
        totals = [0.0] * len(self.settings.subjects)
        length = 0.0
        for rarity, steps in found:
            length += rarity * rarity
            for subject, weight in steps:
                totals[subject] += rarity * weight
        scale = self.settings.step / sqrt(length)
        return [total * scale + bias for total, bias in zip(totals, self.settings.bias, strict=True)]


@lru_cache(maxsize=1)
def topics() -> Topics:
    """The model that comes with the program, read when it is first needed."""
    return Topics(resources.files(__package__).joinpath("data/topics.tsv.gz").read_bytes())


def settings() -> Settings:
    return topics().settings


class Table:
    """The rows of one table of a profile with the subjects each is about.

    Subjects of no row belong to `rest`: the row for everything else. Every subject belongs to the first row naming it.
    """

    def __init__(self, rows: Mapping[str, Words], rest: str) -> None:
        self.ids = tuple(rows)
        place = {row_id: at for at, row_id in enumerate(self.ids)}
        owner: dict[str, int] = {}
        for row_id, row in rows.items():
            for subject in row.subjects:
                owner.setdefault(subject, place[row_id])
        self._owner = owner
        self._rest = place.get(rest, -1)
        self._untaught = frozenset(place.values()) - frozenset(owner.values())
        """Rows that the examples say nothing of: for the model they are part of the rest."""
        self._owners: tuple[Sequence[str], tuple[int, ...]] = ((), ())

    @property
    def learned(self) -> bool:
        """Whether any row can be told from examples."""
        return bool(self._owner)

    def masses(self, scores: Sequence[float], settings: Settings) -> list[float]:
        """Row by row the chance the model alone gives it."""
        if self._owners[0] is not settings.subjects:
            owners = tuple(self._owner.get(subject, self._rest) for subject in settings.subjects)
            self._owners = settings.subjects, owners
        most, sharpness = max(scores), settings.sharpness
        shares = [exp(sharpness * (score - most)) for score in scores]
        masses = [0.0] * (len(self.ids) + 1)
        for at, share in zip(self._owners[1], shares, strict=True):
            masses[at] += share
        total = sum(shares)
        return [mass / total for mass in masses[:-1]]

    def weigh(self, masses: Sequence[float], said: Iterable[Scored], settings: Settings) -> list[tuple[str, float]]:
        """(row, computed chance), best first, from the model's masses and the matched words together."""
        words = {scored.id: scored.score for scored in said}
        evidence = [settings.model * log(mass + _LEAST) for mass in masses]
        if words:
            for at, row_id in enumerate(self.ids):
                if row_id in words:
                    if at in self._untaught and self._rest >= 0:
                        evidence[at] = max(evidence[at], evidence[self._rest])
                    evidence[at] += settings.said + settings.words * min(words[row_id], _MOST_WORDS)
        most = max(evidence)
        shares = [exp(value - most) for value in evidence]
        total = sum(shares)
        return sorted(zip(self.ids, (share / total for share in shares), strict=True), key=lambda pair: -pair[1])


def calibrated(chance: float, chances: Sequence[tuple[float, float]]) -> float:
    """What a computed chance is worth, read off the table between its two neighbours."""
    low = (0.0, 0.0)
    for high in chances:
        if chance <= high[0]:
            span = high[0] - low[0]
            return low[1] + (high[1] - low[1]) * ((chance - low[0]) / span if span else 1.0)
        low = high
    return low[1]


def likely(
    table: Table, tokens: Sequence[Token], said: Iterable[Scored], *, best: int, model: Topics | None = None
) -> tuple[Likely, ...]:
    """The best rows with their calibrated chances; nothing for a text of too few words or of none that is known."""
    if len(tokens) < FEWEST_WORDS or not table.learned:
        return ()
    model = model or topics()
    scores = model.scores(tokens[:MOST])
    if scores is None:
        return ()
    ranked = table.weigh(table.masses(scores, model.settings), said, model.settings)
    first, computed = ranked[0]
    chance = calibrated(computed, model.settings.chances)
    left = (1 - chance) / (1 - computed) if computed < 1 else 0.0
    others = (Likely(id=row_id, chance=round(value * left, 3)) for row_id, value in ranked[1:best])
    return (Likely(id=first, chance=round(chance, 3)), *others)
