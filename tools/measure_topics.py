"""Prints how well categories are told from free text: docs/understanding.md, from sentences no training has seen.

Usage: python tools/measure_topics.py FILE... > docs/understanding.md

FILE has two columns, `subject` and `text`, with a heading. A subject is the name of a shared word list; each profile
maps it to its own category. What is measured is what the dialog would do with the sentence as a first message.
"""

import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from core.events import InboundMessage  # noqa: E402  the repository is put on the path first
from core.model import Peer  # noqa: E402
from dialog.reading import read  # noqa: E402
from dialog.reading.text import flat, nfc  # noqa: E402
from dialog.reading.topics import OTHER, settings  # noqa: E402
from regulations.loader import load  # noqa: E402
from regulations.model import Profile  # noqa: E402

PROFILES = ("bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PEER = Peer(channel="", account="", user="")
WORST = 12
"""So many confused pairs are shown."""


@dataclass(frozen=True, slots=True)
class Sentence:
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """One sentence: the right category, the likeliest first, and what the dialog would do."""

    right: str
    ranked: tuple[str, ...]
    taken: str
    proposed: str

    @property
    def first(self) -> str:
        return self.ranked[0] if self.ranked else OTHER


def sentences(paths: Sequence[Path]) -> list[Sentence]:
    found = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as file:
            lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            found += [Sentence(line["subject"], nfc(line["text"])) for line in lines]
    return found


def right_row(profile: Profile, subject: str) -> str:
    """The category of the profile that the subject belongs to; the one for everything else when it is in none."""
    return next((row_id for row_id, row in profile.categories.items() if subject in row.subjects), OTHER)


def judged(profile: Profile, told: Sequence[Sentence], typed: Callable[[str], str]) -> Iterator[Judged]:
    for one in told:
        message = InboundMessage(peer=PEER, external_id="1", sent_at=NOW, text=typed(one.text))
        reading = read(message, profile=profile, now=NOW, waiting_for="description")
        ranked = tuple(row.id for row in reading.category_likely)
        if not ranked:
            ranked = tuple(row.id for row in reading.category_candidates)
        yield Judged(right_row(profile, one.subject), ranked, reading.category, reading.category_guess)


@dataclass(frozen=True, slots=True)
class Measure:
    """Precision, recall and F1 of one category, and how many sentences it has."""

    precision: float
    recall: float
    f1: float
    count: int


def measure(rows: Sequence[Judged], category: str) -> Measure:
    hits = sum(row.first == row.right == category for row in rows)
    said = sum(row.first == category for row in rows)
    count = sum(row.right == category for row in rows)
    precision, recall = (hits / said if said else 0.0), (hits / count if count else 0.0)
    return Measure(precision, recall, 2 * hits / (said + count) if said + count else 0.0, count)


def share(rows: Sequence[Judged], holds: Callable[[Judged], bool]) -> float:
    return sum(map(holds, rows)) / len(rows) if rows else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """What one profile makes of all sentences in one way of typing."""

    macro: float
    micro: float
    top3: float
    accepted: float
    accepted_right: float
    proposed: float
    proposed_right: float


def figures(profile: Profile, rows: Sequence[Judged]) -> Figures:
    measures = [measure(rows, category) for category in profile.categories]
    known = [one.f1 for one in measures if one.count]
    taken = [row for row in rows if row.taken]
    proposed = [row for row in rows if row.proposed]
    return Figures(
        macro=sum(known) / len(known),
        micro=share(rows, lambda row: row.first == row.right),
        top3=share(rows, lambda row: row.right in row.ranked[:3]),
        accepted=len(taken) / len(rows),
        accepted_right=share(taken, lambda row: row.taken == row.right),
        proposed=len(proposed) / len(rows),
        proposed_right=share(proposed, lambda row: row.proposed == row.right),
    )


TYPINGS: Sequence[tuple[str, Callable[[str], str]]] = (("with accents", str), ("without accents", flat))

HEAD = """# How well free text is understood

<!-- Made by tools/measure_topics.py; a test keeps the figures from falling. -->

{count} sentences that no training has seen ({files}), each read as the first message of a conversation, under every
profile: once as written, once without accents. A profile maps subjects to its own categories; subjects it does not
list belong to its category for everything else.

A category is taken without asking from a chance of {accept:.2f} on, proposed in the summary from {confirm:.2f} on,
below that the citizen picks from the best three and "Lĩnh vực khác". Chances are those of sentences held back in
training.
"""
COLUMNS = (
    "| profile | typed | macro F1 | micro F1 | right in best 3 | taken | of these right | proposed | of these right |"
)


def page(told: Sequence[Sentence], names: Sequence[str]) -> Iterator[str]:
    limits = settings()
    yield HEAD.format(count=len(told), files=", ".join(names), accept=limits.accept, confirm=limits.confirm)
    yield f"\n{COLUMNS}\n|---|---|" + "---:|" * 7
    results = {(name, typing): list(judged(load(name), told, typed)) for name in PROFILES for typing, typed in TYPINGS}
    totals: dict[str, list[Figures]] = {typing: [] for typing, _ in TYPINGS}
    for (name, typing), rows in results.items():
        found = figures(load(name), rows)
        totals[typing].append(found)
        yield _line(name, typing, found)
    for typing, several in totals.items():
        mean = Figures(*(sum(getattr(one, part) for one in several) / len(several) for part in Figures.__slots__))
        yield _line("**mean**", typing, mean)
    for name in PROFILES:
        yield from _of_profile(load(name), results[name, "with accents"], results[name, "without accents"])


def _line(name: str, typing: str, found: Figures) -> str:
    values = " | ".join(f"{getattr(found, part):.3f}" for part in Figures.__slots__)
    return f"| {name} | {typing} | {values} |"


def _of_profile(profile: Profile, rows: Sequence[Judged], bare: Sequence[Judged]) -> Iterator[str]:
    yield f"\n## {profile.name}\n"
    yield "| category | sentences | precision | recall | F1 | F1 without accents |\n|---|---:|---:|---:|---:|---:|"
    for category, row in profile.categories.items():
        one, other = measure(rows, category), measure(bare, category)
        if one.count:
            yield (
                f"| {row.label} | {one.count} | {one.precision:.2f} | {one.recall:.2f} | {one.f1:.2f} "
                f"| {other.f1:.2f} |"
            )
    pairs = Counter((row.right, row.first) for row in [*rows, *bare] if row.first != row.right)
    confused = ", ".join(f"{right} → {first} {count}" for (right, first), count in pairs.most_common(WORST))
    yield f"\nConfused (right → taken for, both ways of typing): {confused}."


def main() -> None:
    paths = [Path(argument) for argument in sys.argv[1:]]
    if not paths:
        sys.exit(__doc__)
    for line in page(sentences(paths), [path.name for path in paths]):
        print(line)


if __name__ == "__main__":
    main()
