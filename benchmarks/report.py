"""From records of runs to the tables of `make bench`: cost, ledger, goals. No clock, no processes."""

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Record: TypeAlias = Mapping[str, Any]
Figure: TypeAlias = Callable[[Record], float]
GATEWAY = "gateway"
CITIZENS, KILLS = 50, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One way to be loaded. `beside`: the peers that we compare with play it too."""

    name: str
    what: str
    command: str = "run"
    arguments: Sequence[str]
    beside: bool = False


SCENES = (
    Scene(name="load", what=f"{CITIZENS} citizens, each as fast as answers come",
          arguments=("--citizens", str(CITIZENS)), beside=True),
    Scene(name="one", what="one citizen", arguments=("--citizens", "1")),
    Scene(name="steady", what="100 messages/s on a schedule", arguments=("--rate", "100", "--citizens", "2000")),
    Scene(name="near", what="200 citizens", arguments=("--citizens", "200")),
    Scene(name="far", what="200 citizens, platform and store 50 ms away",
          arguments=("--citizens", "200", "--api-delay-ms", "50")),
    Scene(name="kill", what=f"{KILLS} × SIGKILL in mid-run", command="kill",
          arguments=("--citizens", str(CITIZENS), "--kills", str(KILLS), "--duration", "14"), beside=True),
    Scene(name="double", what="every seventh message delivered twice",
          arguments=("--citizens", str(CITIZENS), "--dup-every", "7"), beside=True),
)  # fmt: skip

LEDGER: Mapping[str, Sequence[str]] = {
    "conversations": ("confirmed",),
    "unfinished": ("failed", "stuck"),
    "unanswered": ("acked_unanswered", "acked_unanswered_twice"),
    "forgotten": ("state_lost_conversations", "confirmations_lost"),
    "lost": ("lost_reports",),
    "wrong": ("wrong_reports",),
    "duplicate reports": ("duplicate_reports",),
    "duplicate replies": ("duplicate_replies",),
    "order violations": ("order_violations",),
}
"""Columns of the ledger and the figures of a record that are summed in each."""
MUST_BE_ZERO = ("unfinished", "unanswered", "forgotten", "lost", "wrong", "duplicate reports", "order violations")


def rate(record: Record) -> float:
    return float(record["messages_per_s"])


def latency(name: str) -> Figure:
    return lambda record: float(record["lat_ms"][name])


def cpu(record: Record) -> float:
    """CPU seconds of the server and its database per 1,000 messages."""
    return float(record["cpu_s_per_1k"] + record.get("store_cpu_s_per_1k", 0))


def database_cpu(record: Record) -> float:
    """What is known to be the database's; 0 when the tool counts it with the server."""
    return float(record.get("store_cpu_s_per_1k", 0))


def memory(when: str, kind: str) -> Figure:
    return lambda record: float(record[f"mem_{when}_mb"][kind])


def cold_start(record: Record) -> float:
    return float(record["cold_start_s"])


class Book:
    """All records of one `make bench`, by scene and peer."""

    def __init__(self, records: Mapping[tuple[str, str], Sequence[Record]], failures: Sequence[str] = ()) -> None:
        self.records, self.failures = {key: list(found) for key, found in records.items()}, list(failures)

    def median(self, scene: str, figure: Figure, peer: str = GATEWAY) -> float | None:
        found = self.records.get((scene, peer))
        return statistics.median(map(figure, found)) if found else None

    def total(self, scene: str, column: str, peer: str = GATEWAY) -> int:
        return sum(int(record.get(name, 0)) for record in self.records[scene, peer] for name in LEDGER[column])

    def trustworthy(self, scenes: Sequence[Scene]) -> bool:
        """Whether the gateway played every scene and its ledger shows nothing that must not be."""
        played = [scene.name for scene in scenes if (scene.name, GATEWAY) in self.records]
        clean = not any(self.total(scene, column) for scene in played for column in MUST_BE_ZERO)
        return clean and len(played) == len(scenes) and not any(f": {GATEWAY}:" in text for text in self.failures)


# --- goals ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What we want to be measured by. `found` is None when the scene or the peer was not played."""

    what: str
    found: Callable[[Book], float | None]
    at_least: float | None = None
    at_most: float | None = None

    def met(self, figure: float) -> bool:
        return (self.at_least is None or figure >= self.at_least) and (self.at_most is None or figure <= self.at_most)

    @property
    def wanted(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


def named(book: Book, peer: str) -> str:
    """The peer in the variant that was played, such as grammy:session."""
    return next((name for scene, name in book.records if scene == "load" and name.partition(":")[0] == peer), peer)


def ratio(figure: Figure, peer: str) -> Callable[[Book], float | None]:
    return lambda book: _times(book, "load", figure, named(book, peer))


def far_costs(book: Book) -> float | None:
    """Percent of messages/s lost to a platform that is 50 ms away."""
    near, far = book.median("near", rate), book.median("far", rate)
    return (1 - far / near) * 100 if near and far is not None else None


def replies_twice(book: Book) -> float | None:
    """Duplicate replies per citizen and kill."""
    runs = len(book.records.get(("kill", GATEWAY), ()))
    return book.total("kill", "duplicate replies") / (runs * CITIZENS * KILLS) if runs else None


def dirty(scene: str, *more: str) -> Callable[[Book], float | None]:
    """The sum of what must not be in that scene's ledger."""

    def found(book: Book) -> float | None:
        if (scene, GATEWAY) not in book.records:
            return None
        return sum(book.total(scene, column) for column in (*MUST_BE_ZERO, *more))

    return found


GOALS = (
    Goal(what="messages/s, times aiogram's", found=ratio(rate, "aiogram"), at_least=3.5),
    Goal(what="messages/s, times python-telegram-bot's", found=ratio(rate, "ptb"), at_least=3.5),
    Goal(what="messages/s, times grammY's", found=ratio(rate, "grammy"), at_least=0.65),
    Goal(what="CPU with database, times grammY's", found=ratio(cpu, "grammy"), at_most=1.4),
    Goal(what="MB at start, shared pages once", found=lambda b: b.median("load", memory("start", "pss")), at_most=150),
    Goal(what="cold start, s", found=lambda b: b.median("load", cold_start), at_most=2),
    Goal(what="one citizen, p50 ms", found=lambda b: b.median("one", latency("p50")), at_most=2.5),
    Goal(what="at 100 messages/s, p99 ms", found=lambda b: b.median("steady", latency("p99")), at_most=15),
    Goal(what="cost of a platform 50 ms away, %", found=far_costs, at_most=20),
    Goal(what="SIGKILL: all of the ledger but duplicate replies", found=dirty("kill"), at_most=0),
    Goal(what="SIGKILL: duplicate replies per citizen and kill", found=replies_twice, at_most=1),
    Goal(what="double delivery: all of the ledger", found=dirty("double", "duplicate replies"), at_most=0),
)  # fmt: skip


# --- tables -----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Markdown that is aligned, first column to the left and the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        return f"| {' | '.join(padded)} |"

    rule = f"|{'|'.join('-' * (width + 1) + (':' if n else '-') for n, width in enumerate(widths))}|"
    return "\n".join([line(head), rule, *map(line, rows)])


def number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


COST_HEAD = (
    "", "messages/s", "p50 ms", "p99 ms", "CPU s per 1,000", "of it database", "MB at start", "peak MB",
    "cold start s", "our messages/s ×", "our CPU ×",
)  # fmt: skip
COST: Sequence[tuple[Figure, int]] = (
    (rate, 0), (latency("p50"), 1), (latency("p99"), 1), (cpu, 3), (database_cpu, 3), (memory("start", "pss"), 0),
    (memory("end", "hwm"), 0), (cold_start, 2),
)  # fmt: skip


def costs(book: Book, scenes: Sequence[Scene], peers: Sequence[str]) -> Iterator[list[str]]:
    for scene in scenes:
        for peer in (peer for peer in peers if (scene.name, peer) in book.records and scene.command == "run"):
            figures = [number(book.median(scene.name, figure, peer), digits) for figure, digits in COST]
            times = [_times(book, scene.name, figure, peer) for figure in (rate, cpu)]
            yield [f"{scene.name}: {peer}", *figures, *(number(value, 2) for value in times)]


def _times(book: Book, scene: str, figure: Figure, peer: str) -> float | None:
    """The gateway's figure divided by the peer's."""
    ours, theirs = book.median(scene, figure), book.median(scene, figure, peer)
    return ours / theirs if ours is not None and theirs and peer != GATEWAY else None


def ledger(book: Book, scenes: Sequence[Scene], peers: Sequence[str]) -> Iterator[list[str]]:
    for scene in scenes:
        for peer in (peer for peer in peers if (scene.name, peer) in book.records):
            yield [f"{scene.name}: {peer}", *(f"{book.total(scene.name, column, peer):,}" for column in LEDGER)]


def goals(book: Book) -> Iterator[list[str]]:
    for goal in GOALS:
        figure = goal.found(book)
        verdict = "not measured" if figure is None else "yes" if goal.met(figure) else "NO"
        yield [goal.what, goal.wanted, number(figure, 2), verdict]


def report(book: Book, scenes: Sequence[Scene], peers: Sequence[str]) -> str:
    """All tables, as Markdown."""
    parts = [
        "\n".join(f"- {scene.name}: {scene.what}" for scene in scenes),
        "Costs (medians)\n\n" + table(COST_HEAD, list(costs(book, scenes, peers))),
        "Ledger (sums over all runs)\n\n" + table(["", *LEDGER], list(ledger(book, scenes, peers))),
        "Goals\n\n" + table(["", "wanted", "found", "met"], list(goals(book))),
    ]
    if book.failures:
        parts.append("Without figures\n\n" + "\n".join(book.failures))
    return "\n\n".join(parts)
