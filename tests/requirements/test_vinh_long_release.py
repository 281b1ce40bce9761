"""Vĩnh Long, 2408/QĐ-UBND Đ13.7: a competent body asks who sent a report."""

from datetime import UTC, datetime

import msgspec
import pytest

from core.model import Place
from core.report import Report, Reporter
from storage import tables
from tests.inbox.desks import Browser, World

NAME, PHONE = "Trần Thị Bé", "+842703823456"
NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
LETTER = "Công an tỉnh, công văn 12/CV-PC02 ngày 19/11/2026"


async def a_case(world: World) -> int:
    report = Report(
        report_id="r1", profile="vinh-long", channel="zalo", account="oa", contact_id="c", category="moi_truong",
        level="thuong", report_type="hien_truong", agency="", description="rác đầy hẻm", raw_text=(),
        place=Place(text="hẻm 12"), submitted_at=NOW, reporter=Reporter(name=NAME, phone=PHONE),
    )  # fmt: skip
    number = await world.conversation()
    await world.add(
        tables.reports, id="r1", conversation_id=number, ordinal=1, status="opened", code="VL-261120-0001",
        confirmed_at=NOW, body=world.seal.close(msgspec.json.encode(report), b"report"),
    )  # fmt: skip
    return number


async def admin(world: World) -> Browser:
    await world.operator("quan", "Quản trị", role="admin")
    return await world.signed_in("quan")


async def test_who_sent_it_is_told_with_a_reason_that_is_written_down(world: World) -> None:
    """R-VL-47, Đ13.7."""
    number, browser = await a_case(world), await admin(world)
    await browser.get(f"/c/{number}/release")

    answer = await browser.send(f"/c/{number}/release", reason=LETTER)

    assert answer.json() == [{"code": "VL-261120-0001", "name": NAME, "phone": PHONE}]
    assert "attachment" in answer.headers["content-disposition"]
    assert await world.journal() == [("quan", "released", number, LETTER)]


@pytest.mark.parametrize("reason", ["", "   ", "vì cần", "x" * 201])
async def test_without_a_reason_nothing_is_told(world: World, reason: str) -> None:
    """R-VL-47, Đ13.7."""
    number, browser = await a_case(world), await admin(world)
    await browser.get(f"/c/{number}/release")

    answer = await browser.send(f"/c/{number}/release", reason=reason)

    assert answer.status_code == 409
    assert NAME not in answer.text and await world.journal() == []


async def test_only_administrators_tell(world: World) -> None:
    """R-VL-47, Đ13.7."""
    number, browser = await a_case(world), await world.signed_in()
    page = (await browser.get(f"/c/{number}")).text
    token = browser.hidden(f"/c/{number}/take-over")["csrf"]

    answer = await browser.http.post(f"/inbox/c/{number}/release", data={"csrf": token, "reason": LETTER})

    assert "/release" not in page
    assert answer.status_code == 403 and await world.journal() == []
