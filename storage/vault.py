"""What an account must remember and change at run time (token pairs, offsets): sealed, behind a lock."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from storage.seal import Seal


class DatabaseVault:
    """One row of `vaults`. Implements `core.ports.Vault`."""

    def __init__(self, pool: AsyncConnectionPool, seal: Seal, name: str) -> None:
        self._pool, self._seal, self.name = pool, seal, name

    async def read(self) -> Mapping[str, str]:
        async with self._pool.connection() as connection:
            return await self.values(connection)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator["Door"]:
        """A session lock of the database: two processes on two machines cannot both be inside.

        It is not the row's lock, because `Door.write` commits while the lock is still held.
        """
        async with self._pool.connection() as connection:
            await connection.execute("select pg_advisory_lock(hashtextextended(%s, 0))", [f"vault {self.name}"])
            try:
                yield Door(self, connection, await self.values(connection))
            finally:
                await connection.execute("select pg_advisory_unlock(hashtextextended(%s, 0))", [f"vault {self.name}"])

    async def values(self, connection: psycopg.AsyncConnection[Any]) -> dict[str, str]:
        found = await connection.execute('select "values" from vaults where name = %s', [self.name])
        row = await found.fetchone()
        return dict(json.loads(self._seal.open(bytes(row[0]), b"vault"))) if row else {}

    async def save(self, connection: psycopg.AsyncConnection[Any], values: Mapping[str, str]) -> None:
        sealed = self._seal.close(json.dumps(dict(values)).encode(), b"vault")
        await connection.execute(
            'insert into vaults (name, "values") values (%s, %s)'
            ' on conflict (name) do update set "values" = excluded."values", updated_at = now()',
            [self.name, sealed],
        )


class Door:
    """The vault while it is locked. Implements `core.ports.VaultDoor`."""

    def __init__(
        self, vault: DatabaseVault, connection: psycopg.AsyncConnection[Any], values: Mapping[str, str]
    ) -> None:
        self._vault, self._connection, self.values = vault, connection, values

    async def write(self, values: Mapping[str, str]) -> None:
        await self._vault.save(self._connection, values)
        self.values = dict(values)
