"""Every recorded conversation of the two complete profiles, on every channel, on the pure dialog."""

from pathlib import Path

import pytest

from app.rehearsal.judge import judge
from app.rehearsal.record import Record, load
from app.rehearsal.stage import play
from regulations.loader import load as load_profile

RECORDS = load(Path(__file__).parents[1] / "transcripts")
CHANNELS = ("zalo", "telegram")


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.id)
def test_a_conversation_ends_as_its_record_says(record: Record, channel: str) -> None:
    profile = load_profile(record.profile)

    stage = play(record, profile, channel)

    assert judge(record, stage.seen, profile) == []


def test_the_records_that_must_pass_are_there() -> None:
    ids = {record.id for record in RECORDS}

    assert {"D01", "D10", "D20", "D23", "D25", "D02", "D06", "D09", "D12", "D22"} <= ids
