"""The recorded conversations of the two complete profiles, through everything that a citizen's message passes."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.rehearsal import performance
from app.rehearsal.hall import CHANNELS, Hall, Part
from app.rehearsal.performance import Played, perform
from app.rehearsal.record import load, parse
from core.report import Report

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
RECORDS = [record.id for record in load(TRANSCRIPTS)]
REQUIRED = ["D01", "D10", "D20", "D23", "D25", "D02", "D06", "D09", "D12", "D22"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
Parts = dict[tuple[str, str], Part]


@pytest.fixture(scope="module")
def played() -> dict[tuple[str, str], Played]:
    """A conversation can happen once; tests that look at the same one share it."""
    return {}


async def play(hall: Hall, parts: Parts, played: dict[tuple[str, str], Played], record: str, channel: str) -> Played:
    key = (record, channel)
    if key not in played:
        played[key] = await perform(hall, parts[key])
    return played[key]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("record", RECORDS)
async def test_a_conversation_ends_as_its_record_says(
    hall: Hall, parts: Parts, played: dict[tuple[str, str], Played], record: str, channel: str
) -> None:
    one = await play(hall, parts, played, record, channel)

    assert one.differences == [], "\n".join(f"{who}: {text}" for who, text in one.talk)


@pytest.mark.parametrize("record", RECORDS)
async def test_the_same_conversation_gives_the_same_report_on_every_channel(
    hall: Hall, parts: Parts, played: dict[tuple[str, str], Played], record: str
) -> None:
    first, *others = [await play(hall, parts, played, record, channel) for channel in CHANNELS]

    for other in others:
        assert [_plain(report) for report in other.reports] == [_plain(report) for report in first.reports]


def _plain(report: Report) -> Report:
    """Without what is the channel's: names, where a file lies, compression, and Telegram's dates in whole seconds."""
    files = tuple(
        replace(file, source_key="", url="", sha256="", name="", mime="", size=0) for file in report.attachments
    )
    return replace(
        report,
        report_id="",
        channel="",
        account="",
        contact_id="",
        attachments=files,
        occurred_at=report.occurred_at and report.occurred_at.replace(microsecond=0),
    )


async def test_the_store_holds_what_the_citizen_was_told(
    hall: Hall, parts: Parts, played: dict[tuple[str, str], Played]
) -> None:
    one = await play(hall, parts, played, "D01", "zalo")

    (report,) = one.reports
    assert (report.channel, report.account, report.profile) == ("zalo", parts["D01", "zalo"].account, "tien-giang")
    assert "TG-261120-" in one.talk[-1][1]


async def test_the_records_that_must_pass_are_there() -> None:
    assert set(REQUIRED) <= set(RECORDS)


# --- when something goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_platform_that_delivers_everything_twice_changes_nothing(
    hall: Hall, parts: Parts, channel: str
) -> None:
    part = replace(parts["spare", channel], record=parts["D01", channel].record)
    faults = hall.simulators[part.account].faults
    fault = faults.add(platform=channel, where="webhook", action="twice")

    one = await perform(hall, part)

    faults.clear()
    assert fault.struck > 3
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
