"""Every recorded conversation, on every channel, on the pure dialog."""

from pathlib import Path

import pytest

from app.rehearsal.judge import judge
from app.rehearsal.record import Record, load
from app.rehearsal.stage import LETTERS, play
from regulations.loader import load as load_profile

HERE = Path(__file__).parents[1]
RECORDS = [*load(HERE / "transcripts"), *load(HERE / "letters")]
CHATS = ("zalo", "telegram", "facebook")
LETTER = "email"
IN_CHATS_ONLY = frozenset({"BN-V08"})
"""About the reminder after a quarter of an hour, which no letter gets."""


def plays() -> list[tuple[Record, str]]:
    """A chat also as letters, one answer a letter; a letter holds too much to be a chat."""
    chats = [record for record in RECORDS if record.channel not in LETTERS]
    return [
        *((record, channel) for record in chats for channel in CHATS),
        *((record, LETTER) for record in RECORDS if record.id not in IN_CHATS_ONLY),
    ]


@pytest.mark.parametrize(("record", "channel"), plays(), ids=lambda part: getattr(part, "id", part))
def test_a_conversation_ends_as_its_record_says(record: Record, channel: str) -> None:
    profile = load_profile(record.profile)

    stage = play(record, profile, channel)

    assert judge(record, stage.seen, profile) == []


def test_the_records_that_must_pass_are_there() -> None:
    ids = {record.id for record in RECORDS}

    assert {f"D{number:02d}" for number in range(1, 26)} <= ids


def test_letters_are_written_in_every_province() -> None:
    assert len({record.profile for record in RECORDS if record.channel == LETTER}) == 5
