"""What arrived and was not taken: kept aside with the reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool


@dataclass(frozen=True, slots=True)
class KeptAside:
    """One row. `body` is sealed for the purpose `delivery`."""

    id: int
    channel: str
    account: str
    status: str
    reason: str
    received_at: datetime
    body: bytes


_COLUMNS = "select id, channel, account, status, reason, received_at, body from deliveries"


async def keep(
    pool: AsyncConnectionPool,
    *,
    channel: str,
    account: str,
    external_id: str,
    status: str,
    reason: str,
    received_at: datetime,
    sealed: bytes,
) -> bool:
    """Keep one delivery aside (`status`: ignored, unreadable, alarm); False when it had been kept before."""
    async with pool.connection() as connection:
        done = await connection.execute(
            "insert into deliveries (channel, account, external_id, status, reason, received_at, body)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [channel, account, external_id, status, reason[:500], received_at, sealed],
        )
        return done.rowcount == 1


async def find(connection: psycopg.AsyncConnection[Any], number: int) -> KeptAside | None:
    found = await connection.execute(f"{_COLUMNS} where id = %s", [number])
    row = await found.fetchone()
    return KeptAside(*row) if row else None


async def unreadable(connection: psycopg.AsyncConnection[Any], *, most: int = 20) -> list[KeptAside]:
    """What was authentic and not understood, newest first."""
    found = await connection.execute(f"{_COLUMNS} where status = 'unreadable' order by id desc limit %s", [most])
    return [KeptAside(*row) for row in await found.fetchall()]


async def forget(connection: psycopg.AsyncConnection[Any], number: int) -> None:
    """It has been taken after all."""
    await connection.execute("delete from deliveries where id = %s", [number])
