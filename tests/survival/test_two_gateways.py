"""Two processes on one database, deliveries to each in turn: order and single answers hold, a death is no loss."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from benchmarks.rig import until
from benchmarks.survival import Figures, count, open_errands
from simulator.citizens import DEMO, Ledger, run_citizens
from tests.survival.knocking import Door, open_door
from tests.survival.test_trouble import GREETING, refreshes


@pytest.fixture
async def door(tmp_path: Path, fresh_database: Callable[[], str]) -> AsyncIterator[Door]:
    async with open_door(tmp_path / "rig", fresh_database, gateways=2) as opened:
        yield opened


async def wrong(door: Door, ledger: Ledger) -> dict[str, int]:
    figures = Figures(victim="", citizens=len(ledger.citizens), kills=0, seed=0)
    await until(lambda: open_errands(door.running) == 0, what="the last errand")
    count(door.running, ledger, figures)
    return figures.wrong | ({"unknown": figures.unknown} if figures.unknown else {})


async def test_alternating_deliveries_keep_order_and_arrive_once(door: Door) -> None:
    ledger = await run_citizens(door.running.simulator, 40, DEMO, answer_timeout=40)

    assert await wrong(door, ledger) == {}
    owners = await door.rows("select count(distinct owner) from errands where status = 'done'")
    assert owners == [(2,)], "both worked"


async def test_the_survivor_takes_over_what_the_dead_one_had_begun_to_do(door: Door) -> None:
    ledger = Ledger()
    people = door.running.simulator
    # Calls take a while, so that many are under way or waiting when the process dies.
    people.faults.add(platform="*", action="delay", method="*", seconds=0.2)
    running = asyncio.create_task(run_citizens(people, 40, DEMO, answer_timeout=8, tries=6, ledger=ledger))
    await until(lambda: ledger.acknowledged >= 70, what="the middle of the run")

    door.running.gateways[1].kill()

    await running
    found = await wrong(door, ledger)
    assert found.pop("unknown", 0) <= 40
    assert found == {}


async def test_an_expired_token_is_refreshed_once_by_two_processes(door: Door) -> None:
    people = door.running.simulator
    await run_citizens(people, 4, GREETING, platforms=["zalo"], answer_timeout=30)
    seen = people.world.next_seq()
    people.tokens.expire()

    ledger = await run_citizens(people, 12, GREETING, platforms=["zalo"], answer_timeout=30)

    assert (await wrong(door, ledger), refreshes(door.running, since=seen)) == ({}, 1)


async def test_a_database_that_is_killed_for_both_loses_no_word_of_one_to_the_other(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """What one commits for a lane of the other is told by a notice, and notices are lost with the connection."""
    async with open_door(
        tmp_path / "rig", fresh_database, gateways=2, database=f"embedded:{tmp_path / 'rig' / 'pg'}"
    ) as door:
        ledger = Ledger()
        running = asyncio.create_task(
            run_citizens(door.running.simulator, 30, DEMO, answer_timeout=15, tries=4, ledger=ledger)
        )
        for moment in (30, 60):
            await until(lambda due=moment: ledger.acknowledged >= due, what="the moment")  # type: ignore[misc]  # a default fixes the value
            door.running.kill_postgres()
        await running

        assert await wrong(door, ledger) == {}
