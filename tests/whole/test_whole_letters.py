"""Letters as people write them, from the mailbox to the case store and back: each ends as its record says."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.rehearsal.hall import Hall, Part, parts_of
from app.rehearsal.performance import perform
from app.rehearsal.record import Record, load

LETTERS = {record.id: record for record in load(Path(__file__).parents[1] / "letters")}

WRITER, OWN_ADDRESS = "citizen@example.vn", "cong.dan1@example.com"
"""Whom a record calls the sender, and the first person of a simulated mailbox."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def parts() -> dict[tuple[str, str], Part]:
    return {(part.record.id, part.channel): part for part in parts_of(map(_from_own_address, LETTERS.values()))}


def _from_own_address(record: Record) -> Record:
    slots = {slot: OWN_ADDRESS if value == WRITER else value for slot, value in record.expect.get("slots", {}).items()}
    return replace(record, expect={**record.expect, "slots": slots})


@pytest.mark.parametrize("letter", LETTERS)
async def test_a_letter_ends_as_its_record_says(hall: Hall, parts: dict[tuple[str, str], Part], letter: str) -> None:
    one = await perform(hall, parts[letter, "email"])

    assert one.differences == [], "\n".join(f"{who}: {text}" for who, text in one.talk)
