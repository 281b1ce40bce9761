"""How well mails are understood: visible replies, bounces, automatic answers, ordinary mails.

    python tools/measure_mail.py [FOLDER ...]

Without a folder the sets of the test suite are measured. A folder holds any of

    replies/*.eml|*.txt   with NAME.expected.txt beside: the words that are new. A .txt is the body of an answer; a .eml
                          without In-Reply-To and References is a first mail.
    bounces/*.eml         delivery reports, delays, complaints
    auto/*.eml            out of office, acknowledgements, receipts
    ordinary/*.eml        neither bounce nor automatic; lists and spam are allowed verdicts

Reply grades: exact = equal but for white space; usable = all new words kept, at most 4 short extra lines and no quoted
line; lost = a new word is missing; leak = the rest. Exit code 1 when an acceptance figure is missed.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from channels.email.classify import Kind, classify
from channels.email.folding import clean
from channels.email.mime import read_mail
from channels.email.splitters import is_quoted
from channels.email.visible import visible_reply

COMMITTED = Path(__file__).resolve().parents[1] / "tests" / "email"
OWN = ("tiepnhan@example.vn",)
EXTRA_LINES, EXTRA_LETTERS = 4, 100


@dataclass(frozen=True, slots=True)
class Goal:
    """An acceptance figure: at least (or, for what must not happen, at most) this share."""

    what: str
    share: float
    at_most: bool = False


REPLY_GOALS = (Goal("exact", 235 / 289), Goal("usable", 263 / 289), Goal("lost", 15 / 289, at_most=True))
VIETNAMESE_GOALS = (Goal("exact", 40 / 43),)


def grade(got: str, expected: str) -> str:
    """exact, usable, lost or leak."""
    wanted = clean(expected)
    if got.split() == wanted.split():
        return "exact"
    words = iter(got.split())
    if not all(word in words for word in wanted.split()):
        return "lost"
    known = {" ".join(line.split()) for line in wanted.split("\n")}
    extra = [line for line in (" ".join(line.split()) for line in got.split("\n")) if line not in known]
    short = all(len(line) <= EXTRA_LETTERS and not is_quoted(line) for line in extra)
    return "usable" if len(extra) <= EXTRA_LINES and short else "leak"


def replies(folder: Path) -> Iterator[tuple[str, str, float]]:
    """Name, grade, seconds of each reply of a folder."""
    for expected in sorted(folder.glob("*.expected.txt")):
        name = expected.name.removesuffix(".expected.txt")
        mail, body = folder / f"{name}.eml", folder / f"{name}.txt"
        began = time.perf_counter()
        if mail.exists():
            read = read_mail(mail.read_bytes())
            first = not (read.in_reply_to or read.references)
            text, html = read.text, read.html
        else:
            first, text, html = False, body.read_text(encoding="utf-8"), ""
        got = visible_reply(text, html, first=first).text
        seconds = time.perf_counter() - began
        yield name, grade(got, expected.read_text(encoding="utf-8")), seconds


def kinds(mails: Iterable[tuple[str, bytes]]) -> Iterator[tuple[str, Kind, str]]:
    for name, raw in mails:
        verdict = classify(read_mail(raw), own=OWN)
        yield name, verdict.kind, verdict.reason


def files(folder: Path) -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.eml"))]


def committed() -> dict[str, list[tuple[str, bytes]]]:
    """The sets that are made, not stored."""
    from tests.email.autoreplies import AUTOREPLIES
    from tests.email.bounces import BOUNCES
    from tests.email.ordinary import ORDINARY

    sets = {"bounces": BOUNCES, "auto": AUTOREPLIES, "ordinary": ORDINARY}
    return {name: list(mails.items()) for name, mails in sets.items()}


def report_replies(folder: Path) -> bool:
    found = list(replies(folder))
    if not found:
        return True
    met = _report("replies", found, REPLY_GOALS)
    vietnamese = [row for row in found if "-vi-" in f"-{row[0]}-"]
    if vietnamese:
        met &= _report("  of these Vietnamese", vietnamese, VIETNAMESE_GOALS)
    for name, graded, _ in found:
        if graded in {"lost", "leak"}:
            print(f"    {graded}: {name}")
    return met


def _report(title: str, rows: list[tuple[str, str, float]], goals: Iterable[Goal]) -> bool:
    count = Counter(graded for _, graded, _ in rows)
    usable = count["exact"] + count["usable"]
    worst = max(seconds for *_, seconds in rows)
    print(
        f"{title}: {len(rows)}; exact {count['exact']}, usable {usable}, leak {count['leak']}, lost {count['lost']}; "
        f"slowest {worst * 1000:.0f} ms"
    )
    shares = {"exact": count["exact"] / len(rows), "usable": usable / len(rows), "lost": count["lost"] / len(rows)}
    met = True
    for goal in goals:
        good = shares[goal.what] <= goal.share if goal.at_most else shares[goal.what] >= goal.share
        if not good:
            print(f"    missed: {goal.what} {shares[goal.what]:.1%}, wanted {goal.share:.1%}")
        met &= good
    return met


def report_kinds(title: str, mails: list[tuple[str, bytes]], right: Callable[[Kind], bool], wanted: float) -> bool:
    if not mails:
        return True
    found = list(kinds(mails))
    good = sum(right(kind) for _, kind, _ in found)
    print(f"{title}: {good} of {len(found)} ({good / len(found):.1%})")
    for name, kind, reason in found:
        if not right(kind):
            print(f"    {kind} ({reason}): {name}")
    return good / len(found) >= wanted


def measure(folder: Path, sets: dict[str, list[tuple[str, bytes]]]) -> bool:
    met = report_replies(folder / "replies")
    met &= report_kinds("bounces recognised", sets["bounces"], lambda kind: kind is Kind.BOUNCE, 0.97)
    met &= report_kinds("automatic answers recognised", sets["auto"], lambda kind: kind is Kind.AUTO, 1)
    met &= report_kinds(
        "ordinary mails left alone", sets["ordinary"], lambda kind: kind not in {Kind.BOUNCE, Kind.AUTO}, 1
    )
    return met


def main(arguments: list[str]) -> int:
    print("== sets of the test suite")
    met = measure(COMMITTED, committed())
    for argument in arguments:
        folder = Path(argument)
        print(f"== {folder}")
        met &= measure(folder, {name: files(folder / name) for name in ("bounces", "auto", "ordinary")})
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
