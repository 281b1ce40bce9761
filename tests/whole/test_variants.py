"""What each province does otherwise: the recorded variants through the whole house."""

from pathlib import Path

import pytest

from app.rehearsal.hall import Hall, Part
from app.rehearsal.performance import perform
from app.rehearsal.record import load

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
PLAYED = sorted(record.id for record in load(TRANSCRIPTS) if not record.id.startswith("D"))
ON = ("facebook",)

pytestmark = pytest.mark.asyncio(loop_scope="module")
Parts = dict[tuple[str, str], Part]


@pytest.mark.parametrize("record", PLAYED)
async def test_a_variant_ends_as_its_record_says(hall: Hall, parts: Parts, record: str) -> None:
    one = await perform(hall, parts[record, "facebook"])

    assert one.differences == [], "\n".join(f"{who}: {text}" for who, text in one.talk)


async def test_every_province_has_variants() -> None:
    assert {name.partition("-")[0] for name in PLAYED} == {"BN", "VL", "HN", "TH", "TG"}
