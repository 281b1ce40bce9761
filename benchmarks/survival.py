"""What a gateway keeps when it is killed: `survival.py --citizens 200 --kills 5 [--victim postgres]` prints one JSON.

Scripted citizens on both platforms talk to a gateway that runs as its own process; SIGKILL strikes it, or its
PostgreSQL, at moments drawn with a seed. A citizen who hears nothing says the same again. At the end phones, events,
errands, reports and cases are compared row by row.
"""

import argparse
import asyncio
import itertools
import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import Rig, rig, temporary_folder, until
from simulator.citizens import DEMO, Ledger, Script, run_citizens
from simulator.world import Bubble, Phone

PER_CITIZEN = 3
"""Messages of a citizen that an undisturbed run surely has; the kills are spread over so many."""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one run shows. Everything from `acknowledged_without_event` to `reports_twice` has to be 0."""

    victim: str
    citizens: int
    kills: int
    seed: int
    seconds: float = 0.0
    restart_seconds: list[float] = field(default_factory=list)
    sent: int = 0
    acknowledged: int = 0
    finished: int = 0
    acknowledged_without_event: int = 0
    events_twice: int = 0
    events_out_of_order: int = 0
    answered_twice: int = 0
    answers_out_of_order: int = 0
    errands_still_open: int = 0
    reports_without_case: int = 0
    cases_without_report: int = 0
    reports_twice: int = 0
    said_again: int = 0
    """Messages that citizens repeated because no answer came."""
    unknown: int = 0
    """Sends whose outcome cannot be known: listed in the database, never repeated."""
    unknown_that_arrived: int = 0
    errands: dict[str, int] = field(default_factory=dict)
    reports: int = 0
    cases: int = 0

    @property
    def wrong(self) -> dict[str, int]:
        """The figures that have to be 0 and are not."""
        names = (
            "acknowledged_without_event", "events_twice", "events_out_of_order", "answered_twice",
            "answers_out_of_order", "errands_still_open", "reports_without_case", "cases_without_report",
            "reports_twice",
        )  # fmt: skip
        found = {name: getattr(self, name) for name in names if getattr(self, name)}
        if self.finished != self.citizens:
            found["unfinished"] = self.citizens - self.finished
        return found


async def survive(
    folder: Path,
    *,
    citizens: int,
    kills: int,
    victim: str = "gateway",
    seed: int = 1,
    script: Script = DEMO,
    patience: float = 15.0,
    store_database: str = "",
    platforms: Sequence[str] = ("zalo", "telegram"),
) -> Figures:
    """One run. `victim`: gateway or postgres. `patience`: seconds until a citizen says the same again."""
    figures = Figures(victim=victim, citizens=citizens, kills=0, seed=seed)
    more = not {"facebook", "email"}.isdisjoint(platforms)
    async with rig(folder, store_database=store_database, seed=seed, all_channels=more) as running:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        ledger = Ledger()
        killer = asyncio.create_task(_kill(running, ledger, figures, kills))
        await run_citizens(
            running.simulator, citizens, script, platforms=platforms, answer_timeout=patience, tries=6, ledger=ledger,
            spread=1.0,
        )  # fmt: skip
        await asyncio.wait_for(killer, 60)
        await until(lambda: not open_errands(running), what="the last errand")
        figures.seconds = round(loop.time() - begun, 1)
        figures.restart_seconds = [round(seconds, 2) for seconds in running.gateway.starts]
        count(running, ledger, figures)
    return figures


async def _kill(running: Rig, ledger: Ledger, figures: Figures, kills: int) -> None:
    """Strike as often as asked, at drawn counts of acknowledged messages and a drawn moment after each."""
    dice = random.Random(figures.seed)
    moments = sorted(dice.sample(range(1, figures.citizens * PER_CITIZEN), kills))
    for moment in moments:
        await until(partial(_reached, ledger, moment), seconds=300, what="the moment")
        await asyncio.sleep(dice.random() * 0.02)
        figures.kills += 1
        if figures.victim == "postgres":
            before = running.postgres.pid()
            running.kill_postgres()
            await until(partial(_lives_anew, running, before), what="PostgreSQL")
        else:
            running.gateway.kill()
            await running.gateway.start()


def _reached(ledger: Ledger, moment: int) -> bool:
    return ledger.acknowledged >= moment


def _lives_anew(running: Rig, before: int | None) -> bool:
    return running.postgres.pid() not in (None, before) and running.postgres.running()


def open_errands(running: Rig) -> int:
    try:
        with psycopg.connect(running.database_url, connect_timeout=3) as connection:
            row = connection.execute("select count(*) from errands where status = 'open'").fetchone()
    except psycopg.OperationalError:
        return -1
    return int(row[0]) if row else 0


# --- the books --------------------------------------------------------------------------------------------------------


def count(running: Rig, ledger: Ledger, figures: Figures) -> None:
    """Compare what the phones show with what the gateway and the store have written down."""
    figures.sent, figures.acknowledged, figures.finished = ledger.sent, ledger.acknowledged, ledger.finished
    figures.said_again = sum(record.timed_out for citizen in ledger.citizens for record in citizen.turns)
    with psycopg.connect(running.database_url) as connection:
        rows = connection.execute("select peer_index, id from conversations").fetchall()
        numbers = {bytes(index): int(number) for index, number in rows}
        for phone in running.simulator.world.phones.values():
            number = numbers.get(running.peer_index(phone), 0)
            _events(connection, number, phone, figures)
            _answers(connection, number, phone, figures)
        found = connection.execute("select status, count(*) from errands group by status").fetchall()
        figures.errands = {str(status): int(many) for status, many in found}
        figures.errands_still_open = figures.errands.get("open", 0)
        figures.unknown = figures.errands.get("unknown", 0)
        known = {row[0]: row[1] for row in connection.execute("select id, code from reports").fetchall()}
        many = connection.execute("select conversation_id from reports").fetchall()
        figures.reports_twice = len(many) - len(set(many))
    _cases(running, known, figures)


def _events(connection: psycopg.Connection[Any], number: int, phone: Phone, figures: Figures) -> None:
    """Each acknowledged message has its row, once, in the order in which it was typed.

    Zalo lets a later message pass one that it has to deliver again: only those taken at the first try are compared.
    """
    found = connection.execute(
        "select external_id from events where conversation_id = %s and kind = 'InboundMessage' order by seq", [number]
    ).fetchall()
    written = [row[0] for row in found]
    typed = [b for b in phone.bubbles if b.sender == "citizen"]
    if phone.platform == "email":
        # A mail's key is made of its contents: only their number can be compared from here.
        figures.acknowledged_without_event += max(0, sum(b.acked_at is not None for b in typed) - len(set(written)))
        figures.events_twice += len(written) - len(set(written))
        return
    figures.acknowledged_without_event += sum(b.acked_at is not None and _key(phone, b) not in written for b in typed)
    figures.events_twice += len(written) - len(set(written))
    place = {_key(phone, b): n for n, b in enumerate(typed) if phone.platform == "telegram" or b.attempts == 1}
    figures.events_out_of_order += _descents([place[key] for key in written if key in place])


def _key(phone: Phone, bubble: Bubble) -> str:
    """What the gateway calls a citizen's message."""
    pressed = phone.platform == "telegram" and bubble.kind == "press"
    return f"callback/{bubble.platform_id}" if pressed else bubble.platform_id


def _answers(connection: psycopg.Connection[Any], number: int, phone: Phone, figures: Figures) -> None:
    """Each message on the phone is one errand's, in their order; without a receipt it can only be an unknown one."""
    found = connection.execute(
        "select receipt, status, seq, n from errands where conversation_id = %s and lane = 0 order by seq, n", [number]
    ).fetchall()
    order = {receipt: index for index, (receipt, status, _, _) in enumerate(found) if receipt}
    unknown = sum(status == "unknown" for _, status, _, _ in found)
    lost_receipts = sum(status == "done" and not receipt for receipt, status, _, _ in found)
    shown = [bubble.platform_id for bubble in phone.bubbles if bubble.sender == "bot"]
    strange = [key for key in shown if key not in order]
    arrived = len(strange) - lost_receipts
    figures.unknown_that_arrived += max(0, min(arrived, unknown))
    figures.answered_twice += max(0, arrived - unknown)
    figures.answers_out_of_order += _descents([order[key] for key in shown if key in order])


def _cases(running: Rig, reports: Mapping[str, str | None], figures: Figures) -> None:
    with psycopg.connect(running.store_url) as connection:
        rows = connection.execute(
            "select k.key, c.code from cases c left join idempotency_keys k on k.case_id = c.id"
        ).fetchall()
    found: list[tuple[str | None, str]] = [(row[0], row[1]) for row in rows]
    cases, codes = Counter(key for key, _ in found), dict(found)
    figures.reports, figures.cases = len(reports), len(found)
    figures.reports_without_case = sum(cases[key] != 1 or codes.get(key) != code for key, code in reports.items())
    figures.cases_without_report = sum(key not in reports for key, _ in found)


def _descents(places: list[int]) -> int:
    return sum(later < earlier for earlier, later in itertools.pairwise(places))


async def _main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--citizens", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--victim", choices=["gateway", "postgres"], default="gateway")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    async with temporary_folder() as folder:
        figures = await survive(folder, **vars(options))
    print(json.dumps(asdict(figures) | {"wrong": figures.wrong}, ensure_ascii=False))
    return 1 if figures.wrong else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
