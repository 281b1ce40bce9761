"""Open errands of dead processes and sleeping lanes, and who is alive. Rare: through a small pool of its own."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

PRESENCE = 0x7469
"""First half of the session lock that a living process holds; its owner number is the second."""

_ERRANDS = """
select e.conversation_id, e.seq, e.n, e.lane, e.kind, e.attempts, e.body, e.owner, c.peer_index, c.peer, c.channel,
       c.account, c.profile, c.last_inbound_at, c.thread
from errands e join conversations c on c.id = e.conversation_id
"""
_OPEN = f"{_ERRANDS} where e.status = 'open'"

# Behind a head that waits for the engine the whole lane goes on waiting.
_TAKE_OVER = f"""
with taken as (
  update errands e set owner = case when exists (
      select 1 from errands h
      where h.conversation_id = e.conversation_id and h.lane = e.lane and h.status = 'open' and h.owner = 0
    ) then 0 else %(owner)s end
  where (e.conversation_id, e.seq, e.n) in (
    select conversation_id, seq, n from errands where status = 'open' and owner = %(dead)s for update skip locked
  ) returning e.conversation_id, e.seq, e.n, e.owner
)
{_ERRANDS} join taken t on t.conversation_id = e.conversation_id and t.seq = e.seq and t.n = e.n
where t.owner <> 0 order by 1, 2, 3
"""  # noqa: S608  (put together from constants)


@dataclass(frozen=True, slots=True)
class OpenErrand:
    """An open row with what its conversation adds. `body`, `peer` and `thread` are sealed."""

    conversation: int
    seq: int
    n: int
    lane: int
    kind: str
    attempts: int
    body: bytes
    owner: int
    peer_index: bytes
    peer: bytes
    channel: str
    account: str
    profile: str
    last_inbound_at: datetime | None
    thread: bytes | None


@dataclass(frozen=True, slots=True)
class Process:
    owner: int
    host: str
    boot: str
    pid: int
    flight: str


def boot_id() -> str:
    """Changes when the machine starts: what the kernel had not written to disk may be gone then."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except FileNotFoundError:
        return ""


async def register(connection: psycopg.AsyncConnection[Any], owner: int, flight: Path) -> None:
    """Hold the lock that says this process is alive for as long as `connection` lives, and leave its address."""
    await connection.execute("select pg_advisory_lock(%s, %s)", [PRESENCE, owner])
    await connection.execute(
        "insert into processes (owner, host, boot, pid, flight) values (%s, %s, %s, %s, %s) "
        "on conflict (owner) do update set seen_at = now()",
        [owner, socket.gethostname(), boot_id(), os.getpid(), str(flight)],
    )


async def unregister(pool: AsyncConnectionPool, owner: int) -> None:
    """Leave in good order: nothing of ours is open any more, or somebody else shall take it at once."""
    async with pool.connection() as connection:
        await connection.execute("delete from processes where owner = %s", [owner])


async def absent(pool: AsyncConnectionPool, owner: int) -> list[Process]:
    """Registered processes whose lock is free, other than `owner`, and owners of open errands nobody registered."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "select p.owner, p.host, p.boot, p.pid, p.flight from processes p where p.owner <> %s and not exists ("
            " select 1 from pg_locks l where l.locktype = 'advisory' and l.classid = %s and l.objid = p.owner::oid"
            " and l.objsubid = 2 and l.granted and l.database = (select oid from pg_database"
            " where datname = current_database())) "
            "union select e.owner, '', '', 0, '' from errands e where e.status = 'open' and e.owner not in (0, %s)"
            " and not exists (select 1 from processes p where p.owner = e.owner)",
            [owner, PRESENCE, owner],
        )
        return [Process(*row) for row in await found.fetchall()]


async def take_over(pool: AsyncConnectionPool, dead: int, owner: int) -> list[OpenErrand]:
    """Make the open errands of a dead process ours; those that became ours, in order. Of two who try one gets all."""
    async with pool.connection() as connection, connection.transaction():
        gone = await connection.execute("delete from processes where owner = %s returning owner", [dead])
        await gone.fetchall()
        taken = await connection.execute(_TAKE_OVER, {"owner": owner, "dead": dead}, binary=True)
        return [OpenErrand(*row) for row in await taken.fetchall()]


async def of_owner(pool: AsyncConnectionPool, owner: int) -> list[OpenErrand]:
    """All open errands that are this process's to work, in order."""
    async with pool.connection() as connection:
        return await of_connection(connection, owner)


async def of_connection(connection: psycopg.AsyncConnection[Any], owner: int) -> list[OpenErrand]:
    """The same, asked on a connection of the caller's."""
    found = await connection.execute(f"{_OPEN} and e.owner = %s order by 1, 2, 3", [owner], binary=True)
    return [OpenErrand(*row) for row in await found.fetchall()]


async def of_lane(pool: AsyncConnectionPool, conversation: int, lane: int, owner: int) -> list[OpenErrand]:
    """The open errands of one lane that are ours, in order."""
    async with pool.connection() as connection:
        found = await connection.execute(
            f"{_OPEN} and e.conversation_id = %s and e.lane = %s and e.owner = %s order by 1, 2, 3",
            [conversation, lane, owner],
            binary=True,
        )
        return [OpenErrand(*row) for row in await found.fetchall()]


async def wake_lane(pool: AsyncConnectionPool, conversation: int, lane: int, owner: int) -> list[OpenErrand]:
    """Take a lane whose head waits for the engine: all of it, in order; empty when it is not waiting any more."""
    async with pool.connection() as connection, connection.transaction():
        # The conversation's lock keeps a group from adding to the lane meanwhile.
        await connection.execute("select 1 from conversations where id = %s for update", [conversation])
        head = await connection.execute(
            "select owner, not_before from errands where conversation_id = %s and lane = %s and status = 'open'"
            " order by seq, n limit 1",
            [conversation, lane],
        )
        row = await head.fetchone()
        if row is None or row[0] != 0:
            return []
        await connection.execute(
            "update errands set owner = %s where conversation_id = %s and lane = %s and status = 'open'",
            [owner, conversation, lane],
        )
    return await of_lane(pool, conversation, lane, owner)


async def overdue(pool: AsyncConnectionPool, owner: int) -> list[OpenErrand]:
    """Open errands of ours that were committed a while ago: under way, or forgotten."""
    async with pool.connection() as connection:
        found = await connection.execute(
            f"{_OPEN} and e.owner = %s and e.created_at < now() - interval '5 seconds' order by 1, 2, 3",
            [owner],
            binary=True,
        )
        return [OpenErrand(*row) for row in await found.fetchall()]


async def sleeping(pool: AsyncConnectionPool, now: datetime) -> list[tuple[int, int]]:
    """Lanes whose head should have been woken a while ago: the net below the engine."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "select distinct conversation_id, lane from errands where status = 'open' and owner = 0"
            " and not_before < %s::timestamptz - interval '3 seconds'",
            [now],
        )
        return [(row[0], row[1]) for row in await found.fetchall()]
