"""The case store or a platform is in trouble: every report arrives once, every citizen is served, in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psycopg
import pytest

from benchmarks.rig import Rig, until
from benchmarks.survival import Figures, count, open_errands
from simulator.citizens import DEMO, Ledger, Script, Turn, run_citizens
from simulator.world import Phone
from tests.survival.knocking import Door, open_door

GREETING = Script(turns=[Turn(text="xin chào"), Turn(text="tôi muốn phản ánh"), Turn(text="đèn đường hỏng")])
PROMPT = Script(turns=[Turn(text="/help"), Turn(text="/huy"), Turn(text="/help")])
"""Every turn is answered at once: nothing in it sounds as if more were to come."""


@pytest.fixture
async def door(tmp_path: Path, fresh_database: Callable[[], str]) -> AsyncIterator[Door]:
    async with open_door(tmp_path / "rig", fresh_database) as opened:
        yield opened


async def books(running: Rig, ledger: Ledger) -> Figures:
    figures = Figures(victim="", citizens=len(ledger.citizens), kills=0, seed=0)
    await until(lambda: open_errands(running) == 0, what="the last errand")
    count(running, ledger, figures)
    return figures


def cases(running: Rig) -> int:
    with psycopg.connect(running.store_url) as connection:
        row = connection.execute("select count(*) from cases").fetchone()
    return int(row[0]) if row else 0


def heard(phone: Phone) -> list[str]:
    return [bubble.text for bubble in phone.bubbles if bubble.sender == "bot"]


def refreshes(running: Rig, *, since: int) -> int:
    """How often a token pair was asked for after record number `since`."""
    records = [r for r in running.simulator.world.records if r["seq"] > since and r["what"] == "token"]
    assert all(record["error"] == 0 for record in records)
    return len(records)


async def statuses(door: Door) -> dict[str, int]:
    return dict(await door.rows("select status, count(*) from errands group by status"))


# --- the case store ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["answer_500", "drop_after_accept"])
async def test_a_store_that_fails_or_breaks_off_gets_every_report_exactly_once(door: Door, fault: str) -> None:
    setattr(door.running.faults, fault, 3)

    ledger = await run_citizens(door.running.simulator, 3, DEMO, answer_timeout=40)

    figures = await books(door.running, ledger)
    assert (figures.wrong, figures.cases, getattr(door.running.faults, fault)) == ({}, 3, 0)


async def test_a_report_that_was_accepted_while_both_sides_died_becomes_one_case(door: Door) -> None:
    """The store takes it and falls silent; the gateway is killed before it hears. The same key asks again."""
    door.running.faults.hang_after_accept = 1
    running = asyncio.create_task(run_citizens(door.running.simulator, 1, DEMO, answer_timeout=40, platforms=["zalo"]))
    await until(lambda: cases(door.running) == 1, what="the case")

    door.running.gateway.kill()
    await door.running.gateway.start()

    figures = await books(door.running, await running)
    assert (figures.wrong, figures.cases) == ({}, 1)


async def test_reports_wait_for_a_store_that_is_away(door: Door) -> None:
    """R-TG-11, Đ4.2: taking reports goes on, and none is lost."""
    await door.running.close_store()
    ledger = Ledger()
    running = asyncio.create_task(run_citizens(door.running.simulator, 3, DEMO, answer_timeout=40, ledger=ledger))
    await door.wait_for("select 1 from errands where lane = 1 and attempts > 0")
    assert (cases(door.running), ledger.finished) == (0, 0)

    await door.running.open_store()

    await running
    figures = await books(door.running, ledger)
    assert (figures.wrong, figures.cases) == ({}, 3)


# --- the platforms ----------------------------------------------------------------------------------------------------


BREATH = 0.5
"""Seconds that a busy machine may add to a round that takes less than a second."""


async def seconds(door: Door, platform: str, n: int = 20) -> float:
    begun = time.monotonic()
    ledger = await run_citizens(door.running.simulator, n, PROMPT, platforms=[platform], answer_timeout=60, settle=0)
    assert ledger.finished == n
    return time.monotonic() - begun


async def test_a_platform_that_hangs_slows_the_other_one_at_most_twofold(door: Door) -> None:
    await seconds(door, "zalo")
    undisturbed = min([await seconds(door, "zalo") for _ in range(3)])
    hang = door.running.simulator.faults.add(platform="telegram", action="hang", method="sendMessage", seconds=30)
    for _ in range(300):
        phone = door.running.simulator.join("telegram")
        door.running.simulator.people(phone).says(phone, "xin chào")
    await until(lambda: hang.struck >= 150, what="so many hanging calls")

    disturbed = min([await seconds(door, "zalo") for _ in range(3)])

    assert disturbed <= 2 * undisturbed + BREATH
    door.running.gateway.kill()


async def test_a_429_keeps_the_order_and_loses_nothing(door: Door) -> None:
    door.running.simulator.faults.add(
        platform="telegram", action="status", method="sendMessage", status=429, retry_after=1, every=3
    )

    ledger = await run_citizens(door.running.simulator, 6, GREETING, platforms=["telegram"], answer_timeout=40)

    figures = await books(door.running, ledger)
    assert figures.wrong == {}
    records = door.running.simulator.world.records
    assert any(record["what"] == "call" and record["status"] == 429 for record in records)


async def test_what_waits_behind_a_429_is_not_overtaken_after_a_crash(door: Door) -> None:
    """The head of a lane rests, more is added to it, the program dies: the heir begins with the head."""
    people = door.running.simulator
    fault = people.faults.add(platform="telegram", action="status", method="sendMessage", status=429, retry_after=4)
    phone = people.join("telegram")
    people.people(phone).says(phone, "xin chào")
    await door.wait_for("select 1 from errands where owner = 0 and status = 'open'")
    people.people(phone).says(phone, "/help")
    await door.wait_for("select 1 from errands having count(*) >= 2 and bool_and(owner = 0)")
    people.faults.clear()

    door.running.gateway.kill()
    await door.running.gateway.start()

    await until(lambda: open_errands(door.running) == 0, what="both answers")
    found = await door.rows("select receipt from errands where status = 'done' order by seq, n")
    shown = [bubble.platform_id for bubble in phone.bubbles if bubble.sender == "bot"]
    assert shown == [receipt for (receipt,) in found]
    assert (len(shown) >= 2, fault.struck >= 1) == (True, True)


async def test_a_blocked_bot_ends_the_errand_and_the_next_word_is_answered_again(door: Door) -> None:
    people = door.running.simulator
    phone = people.join("telegram")
    people.faults.add(platform="telegram", action="delay", method="sendMessage", seconds=0.5, times=1)
    people.people(phone).says(phone, "xin chào")
    await door.wait_for("select 1 from errands")
    people.people(phone).blocks(phone)
    await door.wait_for("select 1 from errands where status = 'unreachable'")
    people.people(phone).unblocks(phone)

    again = people.people(phone).says(phone, "xin chào")

    assert await door.answer(phone, again)
    await until(lambda: open_errands(door.running) == 0, what="the answers")
    assert (await statuses(door)).keys() == {"done", "unreachable"}


async def test_an_expired_token_is_refreshed_once_and_nobody_notices(door: Door) -> None:
    people = door.running.simulator
    await seconds(door, "zalo", 2)
    seen = people.world.next_seq()
    people.tokens.expire()

    ledger = await run_citizens(people, 8, GREETING, platforms=["zalo"], answer_timeout=30)

    assert (ledger.finished, ledger.answered_twice) == (8, 0)
    assert refreshes(door.running, since=seen) == 1
