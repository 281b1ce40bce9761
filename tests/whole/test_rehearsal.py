"""Recorded conversations through everything that a citizen's message passes, while something goes wrong."""

from dataclasses import replace

import pytest

from app.rehearsal import performance
from app.rehearsal.hall import CHANNELS, Hall, Part
from app.rehearsal.performance import perform
from app.rehearsal.record import parse

PLAYED = ["D01", "spare", "lost"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
Parts = dict[tuple[str, str], Part]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_platform_that_delivers_everything_twice_changes_nothing(
    hall: Hall, parts: Parts, channel: str
) -> None:
    part = replace(parts["spare", channel], record=parts["D01", channel].record)
    faults = hall.simulators[part.account].faults
    fault = faults.add(platform=channel, where="webhook", action="twice")

    one = await perform(hall, part)

    faults.clear()
    assert fault.struck >= 3
    assert one.differences == []
    assert len(one.reports) == 1
    answers = [text for who, text in one.talk if who == "bot"]
    assert len(answers) == len(set(answers))


async def test_a_conversation_that_comes_to_no_end_is_a_difference(
    hall: Hall, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = parts["lost", "zalo"]
    faults = hall.simulators[part.account].faults
    faults.add(platform="zalo", where="webhook", action="lose")
    monkeypatch.setattr(performance, "PATIENCE", 0.2)

    one = await perform(hall, part)

    assert one.differences == ["did not come to rest: 1 deliveries and 0 errands are under way"]


@pytest.mark.parametrize("channel", CHANNELS)
async def test_news_that_no_officer_of_the_reference_store_gives_arrive_as_a_signed_push(
    hall: Hall, parts: Parts, channel: str
) -> None:
    """Another store may know acts that ours does not."""
    record = parse(
        {
            "id": "answered",
            "profile": "tien-giang",
            "channel": channel,
            "now": "2026-11-20T10:00:00+07:00",
            "given": {"cases": [{"code": "TG-261112-0021", "owner": "self", "status": "in_progress"}]},
            "turns": [{"store": {"event": "followup.answered", "code": "TG-261112-0021", "text": "Đã kiểm tra lại"}}],
            "expect": {"bot_says": ["TG-261112-0021", "Đã kiểm tra lại"]},
        }
    )

    one = await perform(hall, replace(parts["spare", channel], record=record))

    assert one.differences == []
