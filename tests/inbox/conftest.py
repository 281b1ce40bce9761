from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from storage.blobs import FolderBlobs
from storage.database import engine
from storage.migrate import migrate
from storage.seal import Seal
from tests.inbox.desks import FakeGateway, World


@pytest.fixture
async def world(fresh_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[World]:
    """A staff page with one operator, "lan" (Trần Thị Lan), and no conversations."""
    url = fresh_database()
    migrate(url)
    seal = Seal(bytes(32))
    database = engine(url)
    made = World(engine=database, seal=seal, gateway=FakeGateway(), blobs=FolderBlobs(tmp_path, seal))
    await made.operator("lan", "Trần Thị Lan")
    yield made
    await database.dispose()
