"""The recorded conversations on all four channels: each ends as its record says, and all four in the same report."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.rehearsal.hall import CHANNELS, Hall, Part
from app.rehearsal.performance import Played, perform
from app.rehearsal.record import load
from core.report import Report

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
RECORDS = PLAYED = sorted(record.id for record in load(TRANSCRIPTS) if record.id.startswith("D"))
"""The provinces' variants run through the whole house on one channel: test_variants.py."""

REQUIRED = ["D01", "D10", "D20", "D23", "D25", "D02", "D06", "D09", "D12", "D22"]
Parts = dict[tuple[str, str], Part]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANCE = {"duplicate_of", "related_to", "media_reuse", "media_no_exif"}
STICKERS = {"👍", "thumbs_up"}


@pytest.fixture(scope="module")
def played() -> dict[tuple[str, str], Played]:
    """A conversation can happen once; tests that look at the same one share it."""
    return {}


async def play(hall: Hall, parts: Parts, played: dict[tuple[str, str], Played], record: str, channel: str) -> Played:
    key = (record, channel)
    if key not in played:
        played[key] = await perform(hall, parts[key])
    return played[key]


@pytest.mark.parametrize("record", RECORDS)
async def test_a_conversation_ends_as_its_record_says_with_the_same_report_on_every_channel(
    hall: Hall, parts: Parts, played: dict[tuple[str, str], Played], record: str
) -> None:
    everywhere = {channel: await play(hall, parts, played, record, channel) for channel in CHANNELS}

    first, *others = everywhere.values()
    assert [one.differences for one in everywhere.values()] == [[]] * len(CHANNELS), _told_of(everywhere.values())
    for other in others:
        by_mail = other.part.channel == "email"
        mine, theirs = (
            [_plain(report, by_mail=by_mail) for report in reports] for reports in (other.reports, first.reports)
        )
        different = [_different(one, another) for one, another in zip(mine, theirs, strict=True)]
        assert different == [{}] * len(theirs)


def _told_of(played: Iterable[Played]) -> str:
    return "\n\n".join(filter(None, map(_told, played)))


def _told(one: Played) -> str:
    talk = (f"{who}: {text}" for who, text in one.talk)
    return "\n".join((f"--- {one.part.channel}", *one.differences, *talk)) if one.differences else ""


def _different(one: Report, other: Report) -> dict[str, tuple[object, object]]:
    values = ((field.name, getattr(one, field.name), getattr(other, field.name)) for field in fields(Report))
    return {name: (mine, theirs) for name, mine, theirs in values if mine != theirs}


def _plain(report: Report, *, by_mail: bool) -> Report:
    """Without what is the channel's own. Everything else has to be the same.

    Everywhere: whose report it is on the platform (ids, account); of a file its address, name and compression; how a
    number was spelt that the platform handed over, and what it calls a sticker. Telegram's dates are whole seconds. All
    are played in one house, so that each is found to be like those of the channels before; and only mail brings the
    camera's own file, which may lack what cameras write.
    """
    files = tuple(
        replace(file, source_key="", url="", sha256="", name="", mime="", size=0) for file in report.attachments
    )
    plain = replace(
        report,
        report_id="",
        channel="",
        account="",
        contact_id="",
        attachments=files,
        flags=tuple(flag for flag in report.flags if flag not in CHANCE),
        duplicate_of=(),
        related_to=(),
        reporter=replace(report.reporter, phone_as_typed=""),
        as_typed={slot: words for slot, words in report.as_typed.items() if slot != "phone"},
        raw_text=tuple(text for text in report.raw_text if text not in STICKERS),
        occurred_at=report.occurred_at and report.occurred_at.replace(microsecond=0),
    )
    return _without_letters(plain) if by_mail else plain


def _without_letters(report: Report) -> Report:
    """By mail several answers come in one letter, the sender's address is known, and fewer letters take less time."""
    return replace(
        report,
        raw_text=(),
        submitted_at=_day(report.submitted_at),
        notice_at=report.notice_at and _day(report.notice_at),
        consent_at=report.consent_at and _day(report.consent_at),
        reporter=replace(report.reporter, email=""),
    )


def _day(at: datetime) -> datetime:
    return at - timedelta(seconds=at.timestamp() % 86_400)


async def test_the_store_holds_what_the_citizen_was_told(
    hall: Hall, parts: Parts, played: dict[tuple[str, str], Played]
) -> None:
    one = await play(hall, parts, played, "D01", "zalo")

    (report,) = one.reports
    assert (report.channel, report.account, report.profile) == ("zalo", parts["D01", "zalo"].account, "tien-giang")
    assert "TG-261120-" in one.talk[-1][1]


async def test_the_records_that_must_pass_are_there() -> None:
    assert set(REQUIRED) <= set(RECORDS)
