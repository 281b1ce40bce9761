"""Conversations as the engine and the follow-up need them. The inbox has queries of its own in `storage.desk`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool


@dataclass(frozen=True, slots=True)
class Address:
    """How to put an event into a conversation."""

    id: int
    peer_index: bytes


async def due(pool: AsyncConnectionPool, now: datetime, *, most: int = 500) -> list[tuple[Address, datetime]]:
    """Conversations that asked to be woken by now, with the instant they asked for."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "select id, peer_index, wake_at from conversations where wake_at <= %s order by wake_at limit %s",
            [now, most],
        )
        return [(Address(row[0], bytes(row[1])), row[2]) for row in await found.fetchall()]


async def of_cases(pool: AsyncConnectionPool, codes: Sequence[str]) -> dict[str, Address]:
    """The conversation that each case came from; codes that are not ours are missing."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "select r.code, c.id, c.peer_index from reports r join conversations c on c.id = r.conversation_id"
            " where r.code = any(%s)",
            [list(codes)],
        )
        return {row[0]: Address(row[1], bytes(row[2])) for row in await found.fetchall()}


async def address(pool: AsyncConnectionPool, conversation: int) -> Address | None:
    async with pool.connection() as connection:
        found = await connection.execute("select id, peer_index from conversations where id = %s", [conversation])
        row = await found.fetchone()
        return Address(row[0], bytes(row[1])) if row else None


async def adopt_case(pool: AsyncConnectionPool, conversation: int, code: str, at: datetime) -> None:
    """From now on the news of an existing case go to this conversation. One that had it before loses it."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("delete from reports where code = %s", [code])
        # Our own submissions count from 1; what came from elsewhere counts down from 0.
        await connection.execute(
            "insert into reports (id, conversation_id, ordinal, status, code, confirmed_at, opened_at)"
            " select gen_random_uuid()::text, %(conversation)s, least(coalesce(min(ordinal), 1), 1) - 1, 'opened',"
            " %(code)s, %(at)s, %(at)s from reports where conversation_id = %(conversation)s",
            {"conversation": conversation, "code": code, "at": at},
        )
