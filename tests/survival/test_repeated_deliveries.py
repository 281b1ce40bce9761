"""Every delivery comes ten times, its copies among later messages of all: as if it had come once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.rig import Rig, Tenfold, rig, until
from benchmarks.survival import Figures, count, open_errands
from simulator.citizens import DEMO, Ledger, Script, Turn, run_citizens

CHANNELS = ("zalo", "telegram", "facebook", "email")
CHATS = CHANNELS[:3]
CODE = re.compile(r"\b[A-ZĐ]{2,6}-\d{4,8}-\d{3,8}\b")
MINUTE = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}")
"""When it was reported: two runs are not of the same minute."""
MERGED = re.compile(r"\n?Sự việc này đã có phản ánh khác[^\n]*")
"""Said to whoever reports the same as somebody before: who of all citizens that is, is chance."""

HASTY = Script(
    turns=[
        Turn(text="Đèn đường trước số {n} Lý Thường Kiệt, phường 5, Mỹ Tho hỏng", answers=0),
        Turn(text="tôi tên {name}", answers=0),
        Turn(text="số điện thoại {number}", answers=0),
        Turn(text="tối quá, đi lại nguy hiểm"),
    ]
)
"""Somebody who types on without waiting for answers."""


def books(running: Rig, ledger: Ledger) -> Figures:
    figures = Figures(victim="", citizens=len(ledger.citizens), kills=0, seed=0)
    count(running, ledger, figures)
    return figures


def transcripts(running: Rig) -> dict[str, list[str]]:
    """What each phone shows, citizens' words and answers, without the case's own code, minutes and what is chance."""
    phones = running.simulator.world.phones.values()
    return {phone.id: [_lasting(bubble.text) for bubble in phone.bubbles] for phone in phones}


def _lasting(text: str) -> str:
    return MERGED.sub("", MINUTE.sub("MINUTE", CODE.sub("CODE", text))).strip()


async def play(folder: Path, store: str, *, times: int, seed: int) -> tuple[Figures, dict[str, list[str]]]:
    out = Tenfold(times=times, seed=seed)
    async with rig(folder, store_database=store, seed=seed, out=out, all_channels=True) as running:
        if times > 1:
            running.simulator.faults.add(
                platform="email", action="twice", where="webhook", copies=times - 1, seconds=out.within
            )
        ledger = await run_citizens(running.simulator, 12, DEMO, platforms=CHANNELS, answer_timeout=30)
        await out.settle()
        await until(lambda: running.simulator.mail.pending() == 0)
        await until(lambda: open_errands(running) == 0)
        mails = [r for r in running.simulator.world.records if (r["platform"], r["what"]) == ("email", "mail")]
        assert out.copies + len(mails) >= (times - 1) * ledger.sent
        assert out.refused == 0
        return books(running, ledger), transcripts(running)


async def test_ten_deliveries_of_each_message_end_like_one(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    once, said_once = await play(tmp_path / "once", fresh_database(), times=1, seed=3)
    tenfold, said_tenfold = await play(tmp_path / "tenfold", fresh_database(), times=10, seed=3)

    assert (once.wrong, tenfold.wrong) == ({}, {})
    assert said_tenfold == said_once
    assert (tenfold.errands, tenfold.reports, tenfold.cases) == (once.errands, once.reports, once.cases)


@pytest.mark.parametrize("seed", [1, 2])
async def test_copies_among_later_messages_change_neither_order_nor_number(
    tmp_path: Path, fresh_database: Callable[[], str], seed: int
) -> None:
    out = Tenfold(times=10, seed=seed, within=0.3)
    async with rig(tmp_path / "rig", store_database=fresh_database(), seed=seed, out=out, all_channels=True) as running:
        ledger = await run_citizens(running.simulator, 20, HASTY, platforms=CHATS, answer_timeout=30)
        await out.settle()
        await until(lambda: open_errands(running) == 0)
        figures = books(running, ledger)

    assert (figures.wrong, figures.acknowledged) == ({}, 80)
    assert figures.errands.keys() <= {"done", "superseded"}


async def test_deliveries_of_different_people_in_any_order_end_alike(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with rig(tmp_path / "rig", store_database=fresh_database(), seed=4, all_channels=True) as running:
        running.simulator.faults.add(platform="*", action="shuffle", where="webhook", probability=0.4)
        running.simulator.faults.add(platform="*", action="twice", where="webhook", probability=0.5)
        ledger = await run_citizens(running.simulator, 16, DEMO, platforms=CHANNELS, answer_timeout=30)
        await until(lambda: running.simulator.mail.pending() == 0)
        await until(lambda: open_errands(running) == 0)
        figures = books(running, ledger)

    assert figures.wrong == {}
    assert (figures.reports, figures.cases) == (16, 16)
