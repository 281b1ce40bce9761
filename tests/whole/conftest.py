"""One running house for a whole module: gateway, case store and platforms, each a real server on the loopback."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from app.rehearsal.hall import CHANNELS, Hall, Part, make_database, opened, parts_of
from app.rehearsal.record import load

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


@pytest.fixture(scope="module")
def parts(request: pytest.FixtureRequest) -> dict[tuple[str, str], Part]:
    """Every recorded conversation on every channel, by record and channel.

    "spare" and "lost" are D10 once more, on accounts that a test may play something else on, or spoil. A
    module that plays only a few names them in `PLAYED`, and the channels in `ON` unless it plays on all.
    """
    records = load(TRANSCRIPTS)
    (d10,) = [record for record in records if record.id == "D10"]
    records += [replace(d10, id="spare"), replace(d10, id="lost")]
    if played := getattr(request.module, "PLAYED", None):
        records = [record for record in records if record.id in played]
    channels = getattr(request.module, "ON", CHANNELS)
    return {(part.record.id, part.channel): part for part in parts_of(records, channels)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(
    parts: dict[tuple[str, str], Part], postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hall]:
    name = uuid.uuid4().hex[:12]
    databases = (make_database(postgres_server, f"g{name}"), make_database(postgres_server, f"s{name}"))
    async with opened(list(parts.values()), folder=tmp_path_factory.mktemp("house"), databases=databases) as hall:
        yield hall
