"""SIGKILL strikes the gateway, or its database, while citizens talk to it: nothing is lost, nothing happens twice."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.survival import Figures, survive

CHANNELS = ("zalo", "telegram", "facebook", "email")


async def run(folder: Path, store: str, *, kills: int, victim: str, seed: int) -> Figures:
    return await survive(
        folder, citizens=40, kills=kills, victim=victim, seed=seed, store_database=store, platforms=CHANNELS
    )


@pytest.mark.timeout(240)
async def test_a_gateway_killed_five_times_keeps_every_promise(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    figures = await run(tmp_path / "rig", fresh_database(), kills=5, victim="gateway", seed=5)

    assert figures.wrong == {}
    assert (figures.kills, figures.reports, figures.cases) == (5, 40, 40)
    # Only what was truly under way may be in doubt; every doubt is a row that staff can see.
    assert figures.unknown <= figures.kills * figures.citizens / 2


@pytest.mark.timeout(240)
async def test_a_database_killed_three_times_is_started_again_and_keeps_every_promise(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    figures = await run(tmp_path / "rig", fresh_database(), kills=3, victim="postgres", seed=6)

    assert figures.wrong == {}
    assert (figures.kills, figures.reports, figures.cases) == (3, 40, 40)
    # The gateway lived on: it knows how every send ended.
    assert figures.unknown == 0
