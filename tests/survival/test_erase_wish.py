"""A citizen has what they said erased, from within the conversation."""

from collections.abc import Callable
from pathlib import Path

from tests.survival.houses import House, house


async def rest(opened: House) -> None:
    await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")


async def test_after_a_second_yes_nothing_of_the_talk_is_left(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        for text in ("đèn đường tắt 3 đêm nay, tôi tên Lê Thị An", "xóa dữ liệu của tôi", "có"):
            await opened.hear("an", text)
            await rest(opened)
        await opened.wait_for("select 1 from erasures where status = 'done'")

        assert "được xóa ngay sau tin nhắn này" in opened.platform.sent[-1][1]
        assert await opened.rows("select count(*) from events where body is not null") == [(0,)]
        assert await opened.rows("select state, name, preview from conversations") == [(None, None, None)]
        assert await opened.rows("select operator, act from journal") == [("citizen", "erased")]

        await opened.hear("an", "xin chào")
        await rest(opened)
        assert "Kính chào" in opened.platform.sent[-1][1]


async def test_without_the_yes_everything_stays(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        for text in ("xóa dữ liệu của tôi", "không"):
            await opened.hear("an", text)
            await rest(opened)

        assert await opened.rows("select count(*) from erasures") == [(0,)]
