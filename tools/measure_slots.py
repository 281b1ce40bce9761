"""How well names, phone numbers, places and the other slots are read out of a citizen's message.

    python tools/measure_slots.py [FILE] [--errors]

FILE (default: tests/reading/heldout_slots.jsonl) holds one message a line:

    {"profile": id, "waiting_for": slot or "", "text": …, "expect": {slot: value, …}}

`name` and `phone` that are not in `expect` must not be read. All other slots count only where they are in `expect`;
null and [] say that nothing must be read. `place_contains` lists words the place must contain; a place that is much
longer than these is wrong. A phone of an old prefix counts as today's number. `occurred` is a day, seen from `NOW`.

Every message is measured as typed, and once more without its accents. Exit code 1 when a goal is missed.
"""

import json
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.events import InboundMessage
from core.model import Peer
from dialog.reading import Reading, read
from dialog.reading.text import fold, nfc
from regulations import loader
from regulations.model import Profile

COMMITTED = Path(__file__).resolve().parents[1] / "tests" / "reading" / "heldout_slots.jsonl"
NOW = datetime.fromisoformat("2026-11-22T09:00:00+07:00")
GOALS = {"phone": 0.98, "place_contains": 0.85, "name": 0.90}
STRICT = ("name", "phone")
ROOM = 30
"""Letters a place may have besides twice its expected words."""


@dataclass(slots=True)
class Score:
    """Counts of one slot; a wrong value is both a false alarm and a miss."""

    right: int = 0
    false_alarms: int = 0
    misses: int = 0
    quiet: int = 0
    """Nothing to read and nothing read."""
    wrong: list[str] = field(default_factory=list)

    def add(self, expected: object, got: object, *, same: bool, text: str) -> None:
        if not expected and not got:
            self.quiet += 1
        elif expected and got and same:
            self.right += 1
        else:
            self.misses += bool(expected)
            self.false_alarms += bool(got)
            self.wrong.append(f"{text}\n      expected {expected!r}, read {got!r}")

    @property
    def precision(self) -> float:
        return _share(self.right, self.false_alarms)

    @property
    def recall(self) -> float:
        return _share(self.right, self.misses)

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0


def without_accents(text: str) -> str:
    """The text with its case and punctuation, but no marks: "Đỗ Bé" → "Do Be"."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _phone(reading: Reading) -> str:
    return (reading.phone.e164 or reading.phone.suggestion_e164) if reading.phone else ""


def _place(reading: Reading) -> str:
    return reading.place.text if reading.place else ""


def _occurred(reading: Reading) -> str:
    return reading.occurred.start.date().isoformat() if reading.occurred else ""


SLOTS: Mapping[str, Callable[[Reading], object]] = {
    "phone": _phone,
    "name": lambda reading: reading.name,
    "place_contains": _place,
    "email": lambda reading: reading.email,
    "cccd": lambda reading: reading.cccd,
    "tax_code": lambda reading: reading.tax_code,
    "occurred": _occurred,
    "organization": lambda reading: reading.sender == "organization",
    "on_behalf": lambda reading: reading.on_behalf,
    "confidential": lambda reading: bool(reading.confidential),
}


def same(slot: str, expected: Any, got: Any) -> bool:
    """Whether a slot was read right. Names are compared letter by letter, places by the words they must hold."""
    if slot != "place_contains":
        return bool(expected == got)
    place, words = fold(got), [fold(word) for word in expected]
    return all(word in place for word in words) and len(place) <= 2 * sum(map(len, words)) + ROOM


def measure(lines: Sequence[Mapping[str, Any]], *, toneless: bool) -> dict[str, Score]:
    """Scores per slot. With `toneless` both the messages and what is expected of them lose their accents."""
    scores = {slot: Score() for slot in SLOTS}
    for line in lines:
        plain: Callable[[str], str] = without_accents if toneless else nfc
        text = plain(line["text"])
        reading = _read(line["profile"], line["waiting_for"], text)
        for slot, of in SLOTS.items():
            if slot not in line["expect"] and slot not in STRICT:
                continue
            wanted = line["expect"].get(slot)
            expected = plain(wanted) if isinstance(wanted, str) else wanted
            got = of(reading)
            right = bool(expected and got) and same(slot, expected, got)
            scores[slot].add(expected, got, same=right, text=text)
    return scores


@cache
def _profile(profile_id: str) -> Profile:
    return loader.load(profile_id)


def _read(profile_id: str, waiting_for: str, text: str) -> Reading:
    peer = Peer(channel="", account="", user="")
    message = InboundMessage(peer=peer, external_id="", sent_at=NOW, text=text)
    profile = _profile(profile_id)
    return read(message, profile=profile, now=NOW.astimezone(ZoneInfo(profile.timezone)), waiting_for=waiting_for)


def report(scores: Mapping[str, Score], *, errors: bool) -> bool:
    """Print one table; whether every goal is met."""
    heads = f"{'right':>6}{'false':>6}{'missed':>7}{'quiet':>6}{'precision':>11}{'recall':>8}{'F1':>7}"
    print(f"  {'slot':<16}{heads}  goal")
    met = True
    for slot, score in scores.items():
        goal = GOALS.get(slot)
        ok = goal is None or min(score.precision, score.recall) >= goal
        met &= ok
        verdict = "" if goal is None else f"{goal:.2f} {'met' if ok else 'MISSED'}"
        print(
            f"  {slot:<16}{score.right:>6}{score.false_alarms:>6}{score.misses:>7}{score.quiet:>6}"
            f"{score.precision:>11.3f}{score.recall:>8.3f}{score.f1:>7.3f}  {verdict}"
        )
    for slot, score in scores.items() if errors else ():
        for wrong in score.wrong:
            print(f"    {slot}: {wrong}")
    return met


def main(arguments: Sequence[str]) -> int:
    files = [Path(argument) for argument in arguments if not argument.startswith("--")] or [COMMITTED]
    errors = "--errors" in arguments
    met = True
    for file in files:
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        for toneless in (False, True):
            started = time.perf_counter()
            scores = measure(lines, toneless=toneless)
            each = (time.perf_counter() - started) / len(lines) * 1000
            how = "without accents" if toneless else "as typed"
            print(f"{file.name}: {len(lines)} messages {how}, {each:.2f} ms each")
            met &= report(scores, errors=errors)
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
