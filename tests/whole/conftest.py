"""One running house for a whole module: gateway, case store and platforms, each a real server on the loopback."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.rehearsal.hall import CHANNELS, Hall, Part, make_database, opened, parts_of
from app.rehearsal.record import load

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


@pytest.fixture(scope="module")
def parts() -> dict[tuple[str, str], Part]:
    """Every recorded conversation on every channel, by record and channel."""
    return {(part.record.id, part.channel): part for part in parts_of(load(TRANSCRIPTS), CHANNELS)}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hall(
    parts: dict[tuple[str, str], Part], postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hall]:
    name = uuid.uuid4().hex[:12]
    databases = (make_database(postgres_server, f"g{name}"), make_database(postgres_server, f"s{name}"))
    async with opened(list(parts.values()), folder=tmp_path_factory.mktemp("house"), databases=databases) as hall:
        yield hall
