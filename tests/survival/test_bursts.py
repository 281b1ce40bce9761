"""Several messages sent one after the other are one turn and get one answer; nobody waits who has finished."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from core.effects import LONGEST, QUIET
from pipeline.lanes import pause
from tests.survival.houses import House
from tests.survival.houses import house as any_house

BURSTS = [
    ("alo", "cho mình hỏi", "đèn đường hỏng ở 20 Nguyễn Huệ, phường Mỹ Tho"),
    ("đèn đường tắt 3 đêm nay", "20 Nguyễn Huệ", "phường Mỹ Tho"),
    (
        "Đèn đường trước nhà tôi tắt ba đêm nay, tối om.",
        "20 Nguyễn Huệ, phường Mỹ Tho",
        "tôi tên Bùi Thị Sáu, 0912 345 678",
    ),
    ("rác", "nhiều lắm", "cả tuần không ai dọn", "hôi thối"),
]


house = partial(any_house, pause=pause)
"""As citizens meet it: by the world's clock."""


async def rest(opened: House) -> None:
    await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")


@pytest.mark.parametrize("burst", BURSTS, ids=lambda burst: burst[-1])
async def test_a_burst_gets_one_answer(
    burst: tuple[str, ...], tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """Never two questions for one burst, and never none."""
    async with house(tmp_path, fresh_database()) as opened:
        for text in burst:
            await opened.hear("an", text)
        await rest(opened)

        assert len(opened.platform.sent) == 1


async def test_what_the_replaced_questions_told_is_told_by_the_answer(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """The notice on personal data belongs to the first question for them, which never left."""
    async with house(tmp_path, fresh_database()) as opened:
        for text in ("đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho", "tối lắm, nguy hiểm"):
            await opened.hear("an", text)
        await rest(opened)

        ((_, answer),) = opened.platform.sent
        assert "Thông tin cá nhân" in answer and "họ và tên" in answer


async def test_an_answer_to_a_precise_question_leaves_at_once(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        await opened.hear("an", "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho")
        await rest(opened)
        began = time.monotonic()
        for text in ("Bùi Thị Sáu", "0912 345 678", "đúng"):
            await opened.hear("an", text)
            await rest(opened)

        assert len(opened.platform.sent) == 4
        assert time.monotonic() - began < QUIET.total_seconds()


async def test_an_emergency_is_answered_at_once_and_instead_of_the_question(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        began = time.monotonic()
        await opened.hear("an", "đèn đường hỏng")
        await opened.hear("an", "cháy nhà kế bên rồi")
        await rest(opened)

        ((_, answer),) = opened.platform.sent
        assert "114" in answer and time.monotonic() - began < QUIET.total_seconds()


async def test_somebody_who_goes_on_writing_is_answered_all_the_same(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """At most `LONGEST` after the first message."""
    async with house(tmp_path, fresh_database()) as opened:
        began = time.monotonic()
        while not opened.platform.sent:
            await opened.hear("an", "và còn nữa")
            assert time.monotonic() - began < LONGEST.total_seconds() + 1


async def test_a_held_question_is_taken_back_when_a_person_takes_over(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        await opened.hear("an", "đèn đường hỏng")
        await opened.gateway.reply(await opened.conversation("an"), operator="lan", text="Chào anh.", nonce="1")
        await rest(opened)

        assert [text for _, text in opened.platform.sent] == ["Chào anh."]


async def test_what_waits_in_a_dead_process_is_said_by_the_next(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """Whatever leaves is a row first: waiting is only a delay."""
    url = fresh_database()
    async with house(tmp_path, url) as opened:
        await opened.hear("an", "đèn đường hỏng")
        assert await opened.rows("select status from errands") == [("open",)]
        seal = opened.seal
        opened.platform.trouble.append(RuntimeError("died"))
        opened.gateway.lanes._perform = {}
    async with house(tmp_path, url, seal=seal) as heir:
        assert await heir.rows("select count(*) from errands where status = 'open'") == [(0,)]
