"""What an account must remember, behind a lock that holds across processes."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from psycopg_pool import AsyncConnectionPool

from storage.blobs import FolderBlobs
from storage.migrate import migrate
from storage.seal import Seal
from storage.vault import DatabaseVault


@pytest.fixture
async def vaults(fresh_database: Callable[[], str]) -> AsyncIterator[tuple[DatabaseVault, DatabaseVault]]:
    """The same vault as two processes see it."""
    url = fresh_database()
    migrate(url)
    seal = Seal(os.urandom(32))
    settings = {"open": False, "min_size": 1, "kwargs": {"autocommit": True}}
    async with AsyncConnectionPool(url, **settings) as one, AsyncConnectionPool(url, **settings) as other:
        yield DatabaseVault(one, seal, "zalo:oa"), DatabaseVault(other, seal, "zalo:oa")


async def test_a_new_vault_is_empty(vaults: tuple[DatabaseVault, DatabaseVault]) -> None:
    assert await vaults[0].read() == {}


async def test_what_was_written_is_committed_while_the_lock_is_still_held(
    vaults: tuple[DatabaseVault, DatabaseVault],
) -> None:
    """A refresh token dies on use: the new one must be safe before anything else can go wrong."""
    with pytest.raises(RuntimeError):
        async with vaults[0].locked() as door:
            await door.write({"refresh_token": "fresh"})
            raise RuntimeError("the program fails right after")

    assert await vaults[1].read() == {"refresh_token": "fresh"}


async def test_two_processes_are_never_inside_together(vaults: tuple[DatabaseVault, DatabaseVault]) -> None:
    inside, most = 0, 0

    async def spend(vault: DatabaseVault) -> None:
        nonlocal inside, most
        async with vault.locked() as door:
            inside += 1
            most = max(most, inside)
            count = int(door.values.get("count", "0"))
            await asyncio.sleep(0)
            await door.write({"count": str(count + 1)})
            inside -= 1

    await asyncio.gather(*(spend(vaults[n % 2]) for n in range(10)))

    assert (most, await vaults[0].read()) == (1, {"count": "10"})


def test_the_same_file_is_kept_once_and_sealed(tmp_path: Path) -> None:
    blobs = FolderBlobs(tmp_path, Seal(os.urandom(32)))

    keys = {asyncio.run(blobs.put(b"a photo")), asyncio.run(blobs.put(b"a photo"))}

    (key,) = keys
    (path,) = tmp_path.glob("*/*")
    assert asyncio.run(blobs.get(key)) == b"a photo"
    assert b"a photo" not in path.read_bytes()


@pytest.mark.parametrize("key", ["../../etc/passwd", "0" * 64, ""])
async def test_an_unknown_or_forged_blob_key_finds_nothing(tmp_path: Path, key: str) -> None:
    with pytest.raises(KeyError):
        await FolderBlobs(tmp_path, Seal(os.urandom(32))).get(key)
