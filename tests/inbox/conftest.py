import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from storage.blobs import FolderBlobs
from storage.database import engine
from storage.migrate import migrate
from storage.seal import Seal
from tests.inbox.desks import FakeGateway, World

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def migrated(postgres_server: str) -> str:
    """The name of a database with our tables: a copy of it takes a tenth of the time of a migration."""
    # Fixtures of other folders' names for this one are fixtures of their own.
    name = f"inbox_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    migrate(postgres_server.replace("/postgres?", f"/{name}?"))
    return name


@pytest.fixture
def desk_database(postgres_server: str, migrated: str) -> Iterator[str]:
    """A libpq URL to an empty database with our tables."""
    name = f"{migrated}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}" template "{migrated}"')
        yield postgres_server.replace("/postgres?", f"/{name}?")
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
async def world(desk_database: str, tmp_path: Path) -> AsyncIterator[World]:
    """A staff page with one operator, "lan" (Trần Thị Lan), and no conversations."""
    seal = Seal(bytes(32))
    database = engine(desk_database)
    made = World(engine=database, seal=seal, gateway=FakeGateway(), blobs=FolderBlobs(tmp_path, seal))
    await made.operator("lan", "Trần Thị Lan")
    yield made
    await database.dispose()
