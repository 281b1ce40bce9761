"""Erasing a conversation on request: who asked, what is left, and which blobs are to be destroyed.

Numbers, ids and instants stay, so that nothing is taken in twice; what somebody said, sent or was called goes. Reports
that the case store has accepted stay with their files: they are the province's record, not the chat's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

ONE_AT_A_TIME = 0x7469_6572
"""Advisory lock of who carries requests out."""


@dataclass(frozen=True, slots=True)
class Request:
    """A row of `erasures`. `subject` is sealed for the purpose `peer`; None once it has been carried out."""

    code: str
    channel: str
    account: str
    subject: bytes | None
    conversation_id: int | None
    by: str
    asked_at: datetime
    status: str
    done_at: datetime | None
    counts: Mapping[str, int]


@dataclass(slots=True)
class Erased:
    """What became of one conversation."""

    counts: dict[str, int] = field(default_factory=dict)
    kept: bool = False
    """Reports of it are on file and stay there."""
    waiting: bool = False
    """Something is still on its way to the case store; the rest is erased when it has arrived."""


_UNNEEDED = """
where conversation_id = %(conversation)s and seq <= %(bound)s and status <> 'erased'
  and not key_index = any(%(kept)s::bytea[])
"""
_DOOM_FILES = f"""
insert into doomed_blobs (key) select distinct blob from media
cross join lateral unnest(array[original, public]) as blob {_UNNEEDED} and blob <> '' on conflict do nothing
"""  # noqa: S608  (put together from constants)
_BLANK_FILES = f"""
update media set status = 'erased', original = '', public = '', mime = '', name = null, size = null, dhash = '',
  taken_at = null, lat = null, lon = null, problem = '', marks = '' {_UNNEEDED}
"""  # noqa: S608  (put together from constants)

_REQUEST = (
    "select code, channel, account, subject, conversation_id, by, asked_at, status, done_at, counts from erasures"
)


async def ask(
    pool: AsyncConnectionPool,
    *,
    code: str,
    asked_key: bytes,
    channel: str,
    account: str,
    subject_index: bytes,
    subject: bytes,
    asked_at: datetime,
    conversation: int | None = None,
    by: str = "",
) -> str:
    """Write a request down; its code, which is the earlier one when it had been made before."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "insert into erasures (code, asked_key, channel, account, subject_index, subject, conversation_id, by,"
            " asked_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " on conflict (asked_key) do update set asked_key = excluded.asked_key returning code",
            [code, asked_key, channel, account, subject_index, subject, conversation, by, asked_at],
        )
        row = await found.fetchone()
        return str(row[0]) if row else code


async def find(pool: AsyncConnectionPool, code: str) -> Request | None:
    async with pool.connection() as connection:
        row = await (await connection.execute(f"{_REQUEST} where code = %s", [code])).fetchone()
        return _request(row) if row else None


async def unfinished(connection: psycopg.AsyncConnection[Any]) -> list[Request]:
    """Requests that have to be carried out, oldest first."""
    found = await connection.execute(f"{_REQUEST} where done_at is null order by asked_at")
    return [_request(row) for row in await found.fetchall()]


def _request(row: Sequence[Any]) -> Request:
    request = Request(*row)
    return replace(request, counts=json.loads(row[-1]))


async def mark(
    connection: psycopg.AsyncConnection[Any],
    code: str,
    status: str,
    counts: Mapping[str, int],
    done_at: datetime | None,
) -> None:
    """How far a request is. With `done_at` who asked is forgotten too."""
    await connection.execute(
        "update erasures set status = %s, counts = %s, done_at = %s, subject = case when %s then null else subject end"
        " where code = %s",
        [status, json.dumps(counts), done_at, done_at is not None, code],
    )


async def conversations_of(connection: psycopg.AsyncConnection[Any], peers: Sequence[bytes]) -> list[int]:
    """Conversations with these people, and the public comments whose private reply reached them."""
    found = await connection.execute(
        "select id from conversations where peer_index = any(%(peers)s) or reached = any(%(peers)s) order by id",
        {"peers": list(peers)},
    )
    return [row[0] for row in await found.fetchall()]


@dataclass(frozen=True, slots=True)
class Reading:
    """What sealed rows say, for the little that erasing has to know of them."""

    original_of: Callable[[bytes], str]
    """Sealed event → the blob with the message as it came, or an empty text."""
    files_of: Callable[[bytes], Sequence[bytes]]
    """Sealed report → key indexes of its files."""
    nothing: bytes
    """A sealed empty errand."""


async def erase(
    connection: psycopg.AsyncConnection[Any],
    conversation: int,
    *,
    again: bool,
    reading: Reading,
    by: str,
    now: datetime,
) -> Erased | None:
    """Erase one conversation up to its newest event, in one transaction, under the lock that every writer takes first.

    `again`: it was erased before, when something was on its way; only what that pass had to leave is erased now.
    None for a conversation that does not exist.
    """
    async with connection.transaction():
        locked = await connection.execute(
            "select seq, erased_seq from conversations where id = %s for update", [conversation]
        )
        row = await locked.fetchone()
        if row is None:
            return None
        bound = row[1] if again and row[1] is not None else row[0]
        work = _Work(connection, conversation, bound, reading)
        done = await work.run()
        if not again:
            await work.blank(now)
            detail = ", ".join(f"{name} {count}" for name, count in done.counts.items() if count)
            await connection.execute(
                "insert into journal (at, operator, act, conversation_id, detail) values (%s, %s, 'erased', %s, %s)",
                [now, by or "citizen", conversation, detail],
            )
        # Every process takes the messages that wait in its memory out of its lanes.
        await connection.execute("select pg_notify('tiepnhan_lane', %s)", [f"0:{conversation}:0"])
        return done


@dataclass(slots=True)
class _Work:
    """The statements of one erasure; the conversation is locked."""

    connection: psycopg.AsyncConnection[Any]
    conversation: int
    bound: int
    reading: Reading

    async def run(self) -> Erased:
        place = [self.conversation, self.bound]
        waiting = await self._all(
            "select 1 from errands where conversation_id = %s and seq <= %s and status = 'open' and lane = 1 limit 1",
            place,
        )
        reports = await self._all(
            "select body, status from reports where conversation_id = %s and status = 'opened'", place[:1]
        )
        done = Erased(waiting=bool(waiting), kept=bool(reports))
        done.counts["reports_kept"] = len(reports)
        if not waiting:
            # A report on its way takes its pictures along, and they may still have to be fetched.
            files = [key for body, _ in reports if body for key in self.reading.files_of(bytes(body))]
            done.counts["files"] = await self._files(files)
            done.counts["originals"] = await self._originals()
        done.counts["withdrawn"] = await self._count(
            "update errands set status = 'erased', settled_at = now(), reason = '' where conversation_id = %s"
            " and seq <= %s and status = 'open' and lane = any(%s)",
            [*place, [0, 3] if waiting else [0, 2, 3]],
        )
        done.counts["errands"] = await self._count(
            "update errands set body = %s where conversation_id = %s and seq <= %s and status <> 'open'",
            [self.reading.nothing, *place],
        )
        done.counts["events"] = await self._events(keep_letters=bool(waiting))
        return done

    async def _events(self, *, keep_letters: bool) -> int:
        """`keep_letters`: files are still to be fetched from letters, so what points to those stays a while."""
        letters = await self._messages() if keep_letters else []
        keep = [seq for seq, body in letters if self.reading.original_of(bytes(body))]
        return await self._count(
            "update events set body = null, held = false where conversation_id = %s and seq <= %s"
            " and body is not null and not seq = any(%s)",
            [self.conversation, self.bound, keep],
        )

    async def _files(self, kept: Sequence[bytes]) -> int:
        values = {"conversation": self.conversation, "bound": self.bound, "kept": list(kept)}
        await self.connection.execute(_DOOM_FILES.encode(), values)
        return await self._count(_BLANK_FILES, values)

    async def _originals(self) -> int:
        found = {self.reading.original_of(bytes(body)) for _, body in await self._messages()} - {""}
        await self.connection.execute(
            "insert into doomed_blobs (key) select unnest(%s::text[]) on conflict do nothing", [list(found)]
        )
        return len(found)

    async def _messages(self) -> list[tuple[Any, ...]]:
        return await self._all(
            "select seq, body from events where conversation_id = %s and seq <= %s and kind = 'InboundMessage'"
            " and body is not null",
            [self.conversation, self.bound],
        )

    async def blank(self, now: datetime) -> None:
        await self.connection.execute(
            "update conversations set state = null, name = null, preview = null, thread = null, wake_at = null,"
            " owed = false, alert = case when alert = 'erasure_asked' then '' else alert end, erased_at = %s,"
            " erased_seq = %s where id = %s",
            [now, self.bound, self.conversation],
        )

    async def _all(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        return await (await self.connection.execute(query.encode(), values)).fetchall()

    async def _count(self, statement: str, values: Sequence[Any] | Mapping[str, Any]) -> int:
        return (await self.connection.execute(statement.encode(), values)).rowcount


# --- blobs ------------------------------------------------------------------------------------------------------------


async def doomed(connection: psycopg.AsyncConnection[Any], *, most: int = 500) -> list[str]:
    """Blobs to be destroyed, oldest first. What a row still needs is taken off the list."""
    await connection.execute(
        "delete from doomed_blobs d where exists (select 1 from media where original = d.key)"
        " or exists (select 1 from media where public = d.key)"
    )
    found = await connection.execute("select key from doomed_blobs order by at limit %s", [most])
    return [row[0] for row in await found.fetchall()]


async def destroyed(connection: psycopg.AsyncConnection[Any], key: str) -> None:
    await connection.execute("delete from doomed_blobs where key = %s", [key])
