"""The path of a message, in SQL: many conversations in one short transaction.

Statements are strings on a psycopg connection of their own and stay prepared; everything else in this house goes
through SQLAlchemy. Two round trips a group: lock and look for what is known; write everything and commit. Rows come in
as columns (`unnest`), so that the number of statements does not grow with the group.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import psycopg

from storage.columns import Encoder, blobs, columns, instants, plain, texts

_LOCK = """
select c.id, c.peer_index, c.peer, c.channel, c.account, c.profile, c.seq, c.owner, c.operator, c.state, c.reachable,
       c.last_inbound_at, c.replies,
       c.unread, c.alert, c.wake_at, c.waiting_since, c.name, c.thread, c.owed,
       (select array_agg(distinct e.lane::text || ':' || e.owner::text) from errands e
        where e.conversation_id = c.id and e.status = 'open')
from conversations c where c.peer_index = any(%s::bytea[]) order by c.id for update of c
"""

# Asked after the lock: a statement of its own sees what a transaction we waited for has committed.
_KNOWN = """
select c.peer_index, k.source, k.external_id
from unnest(%s::bytea[], %s::text[], %s::text[]) as k (peer_index, source, external_id)
join conversations c on c.peer_index = k.peer_index
join events e on e.conversation_id = c.id and e.source = k.source and e.external_id = k.external_id
"""

_NEW = """
insert into conversations (peer_index, peer, channel, account, profile)
select * from unnest(%s::bytea[], %s::bytea[], %s::text[], %s::text[], %s::text[])
on conflict do nothing returning id, peer_index
"""

_SAVE = """
with saved as (
  update conversations c set seq = v.seq, owner = v.owner, operator = v.operator, state = v.state,
    reachable = v.reachable, last_inbound_at = v.last_inbound_at, replies = v.replies, unread = v.unread,
    alert = v.alert, wake_at = v.wake_at, waiting_since = v.waiting_since, name = v.name,
    preview = coalesce(v.preview, c.preview), updated_at = now()
  from unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::bytea[], %s::bool[], %s::timestamptz[], %s::int[],
    %s::int[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bytea[], %s::bytea[])
    as v (id, seq, owner, operator, state, reachable, last_inbound_at, replies, unread, alert, wake_at, waiting_since,
          name, preview)
  where c.id = v.id
), happened as (
  insert into events (conversation_id, seq, source, external_id, kind, at, recorded_at, body, problem, held)
  select * from unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::timestamptz[],
    %s::timestamptz[], %s::bytea[], %s::text[], %s::bool[])
), settled as (
  update errands e set status = v.status, receipt = v.receipt, reason = v.reason, attempts = v.attempts,
    not_before = v.not_before, owner = v.owner,
    settled_at = case when v.status = 'open' then null else now() end
  from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::smallint[],
    %s::timestamptz[], %s::bigint[])
    as v (conversation_id, seq, n, status, receipt, reason, attempts, not_before, owner)
  where e.conversation_id = v.conversation_id and e.seq = v.seq and e.n = v.n
    and (e.status in ('open', 'unknown') or e.status = 'withdrawn' and v.status = 'done')
)
insert into errands (conversation_id, seq, n, lane, kind, owner, body, created_at)
select * from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::smallint[], %s::text[], %s::bigint[], %s::bytea[],
  %s::timestamptz[])
"""

_REPORTS = """
insert into reports (id, conversation_id, ordinal, confirmed_at)
select * from unnest(%s::text[], %s::bigint[], %s::int[], %s::timestamptz[])
"""

_OPENED = """
update reports r set status = v.status, code = v.code, body = v.body, opened_at = now()
from unnest(%s::text[], %s::text[], %s::text[], %s::bytea[]) as v (id, status, code, body) where r.id = v.id
"""

_RECENT = """
insert into recent_reports (report_id, conversation_id, profile, category, ward_code, lat, lon, matter, place, code, at)
select v.report_id, v.conversation_id, v.profile, v.category, v.ward_code, v.lat, v.lon, v.matter::int[],
  v.place::int[], v.code, v.at
from unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::float8[], %s::float8[], %s::text[],
  %s::text[], %s::text[], %s::timestamptz[])
  as v (report_id, conversation_id, profile, category, ward_code, lat, lon, matter, place, code, at)
on conflict do nothing
"""

_PICTURES = """
insert into report_pictures (band, report_id, picture, profile, code, at)
select * from unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
on conflict do nothing
"""

_MEDIA = """
insert into media (conversation_id, seq, n, key_index, kind)
select * from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::bytea[], %s::text[])
"""

# A file that was still on its way when its conversation was erased is destroyed as soon as it is there.
_KEPT = """
with v as (
  select * from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[],
    %s::bytea[], %s::bigint[], %s::text[], %s::timestamptz[], %s::float8[], %s::float8[], %s::text[], %s::text[])
    as v (conversation_id, seq, n, status, original, public, mime, name, size, dhash, taken_at, lat, lon, problem,
          marks)
), late as (
  insert into doomed_blobs (key)
  select distinct blob from v join media m using (conversation_id, seq, n)
  cross join lateral unnest(array[v.original, v.public]) as blob
  where m.status = 'erased' and blob <> '' on conflict do nothing
)
update media m set status = v.status, original = v.original, public = v.public, mime = v.mime, name = v.name,
  size = v.size, dhash = v.dhash, taken_at = v.taken_at, lat = v.lat, lon = v.lon, problem = v.problem,
  marks = v.marks
from v where m.conversation_id = v.conversation_id and m.seq = v.seq and m.n = v.n and m.status <> 'erased'
"""

# A name that was asked for before the conversation was erased is not wanted any more.
_NAMED = """
update conversations c set name = v.name
from unnest(%s::bigint[], %s::int[], %s::bytea[]) as v (id, seq, name)
where c.id = v.id and v.seq > coalesce(c.erased_seq, 0)
"""

_THREADED = """
update conversations c set thread = v.thread from unnest(%s::bigint[], %s::bytea[]) as v (id, thread) where c.id = v.id
"""

_REACHED = """
update conversations c set reached = v.reached from unnest(%s::bigint[], %s::bytea[]) as v (id, reached)
where c.id = v.id
"""

_OWING = """
update conversations c set owed = v.owed from unnest(%s::bigint[], %s::bool[]) as v (id, owed) where c.id = v.id
"""

_UNTOLD = """
select seq, n, body from errands
where conversation_id = %s and lane = 0 and kind = 'Say' and status = 'unreachable' order by seq, n
"""

_RETOLD = """
update errands e set status = 'superseded', reason = 'told later'
from unnest(%s::bigint[], %s::int[], %s::smallint[]) as v (conversation_id, seq, n)
where e.conversation_id = v.conversation_id and e.seq = v.seq and e.n = v.n and e.status = 'unreachable'
"""

_OUTCOMES = """
insert into outcomes (conversation_id, seq, n, value, code, at)
select * from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::text[], %s::text[], %s::timestamptz[])
"""

# The bot's words only: what a person has written leaves, whoever writes next.
_WITHDRAW = """
update errands e set status = v.status, settled_at = now()
from unnest(%s::bigint[], %s::text[]) as v (conversation_id, status)
where e.conversation_id = v.conversation_id and e.status = 'open' and e.lane = 0 and not exists (
  select 1 from events c where c.conversation_id = e.conversation_id and c.seq = e.seq and c.source = 'operator')
"""

_RESTING = """
update errands e set owner = 0 from unnest(%s::bigint[], %s::smallint[]) as v (conversation_id, lane)
where e.conversation_id = v.conversation_id and e.lane = v.lane and e.status = 'open'
"""

_ECHOED = """
update errands set status = 'done', receipt = v.receipt, reason = 'echo', settled_at = now()
from unnest(%s::bigint[], %s::int[], %s::smallint[], %s::text[]) as v (conversation_id, seq, n, receipt)
where errands.conversation_id = v.conversation_id and errands.seq = v.seq and errands.n = v.n
  and errands.status = 'unknown'
"""

_HELD = "update events set held = false where conversation_id = any(%s::bigint[]) and held"

_WAITING = "select kind, body from events where conversation_id = %s and held and body is not null order by seq"

_NOTIFY = "select pg_notify('tiepnhan_lane', payload) from unnest(%s::text[]) as p (payload)"


@dataclass(slots=True)
class Conversation:
    """A locked row of `conversations`; `state` is still sealed. Changed in place while its group is worked on."""

    id: int
    peer_index: bytes
    peer: bytes
    channel: str
    account: str
    profile: str
    seq: int = 0
    owner: str = "bot"
    operator: str = ""
    state: bytes | None = None
    reachable: bool = True
    last_inbound_at: datetime | None = None
    replies: int = 0
    unread: int = 0
    alert: str = ""
    wake_at: datetime | None = None
    waiting_since: datetime | None = None
    name: bytes | None = None
    thread: bytes | None = None
    """Sealed."""
    owed: bool = False
    """There is news that could not be told; it comes first when the citizen writes again."""
    open_lanes: list[str] | None = None
    """Lanes with open errands and who works them, as "lane:owner"; None when there are none."""
    preview: bytes | None = None
    """Set when there is a newer last line."""


@dataclass(slots=True)
class Newcomer:
    """What it takes to open a conversation. `peer` is sealed."""

    peer_index: bytes
    peer: bytes
    channel: str
    account: str
    profile: str


@dataclass(slots=True)
class Writing:
    """All rows that one group writes. Each list holds tuples in the order of the statement's columns."""

    events: list[tuple[Any, ...]] = field(default_factory=list)
    errands: list[tuple[Any, ...]] = field(default_factory=list)
    settles: list[tuple[Any, ...]] = field(default_factory=list)
    reports: list[tuple[Any, ...]] = field(default_factory=list)
    opened: list[tuple[Any, ...]] = field(default_factory=list)
    recent: list[tuple[Any, ...]] = field(default_factory=list)
    pictures: list[tuple[Any, ...]] = field(default_factory=list)
    media: list[tuple[Any, ...]] = field(default_factory=list)
    kept: list[tuple[Any, ...]] = field(default_factory=list)
    named: list[tuple[Any, ...]] = field(default_factory=list)
    threaded: list[tuple[Any, ...]] = field(default_factory=list)
    reached: list[tuple[Any, ...]] = field(default_factory=list)
    owing: list[tuple[Any, ...]] = field(default_factory=list)
    retold: list[tuple[Any, ...]] = field(default_factory=list)
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)
    withdrawn: list[tuple[Any, ...]] = field(default_factory=list)
    echoed: list[tuple[Any, ...]] = field(default_factory=list)
    released: list[tuple[Any, ...]] = field(default_factory=list)
    notices: list[tuple[Any, ...]] = field(default_factory=list)
    parked: list[tuple[Any, ...]] = field(default_factory=list)
    """(conversation, lane, instant) of errands that the engine has to wake; not a table of ours."""
    resting: list[tuple[Any, ...]] = field(default_factory=list)
    """(conversation, lane): all that is open there waits with its head, also when this process dies."""


_RARE: tuple[tuple[str, str], ...] = (
    ("withdrawn", _WITHDRAW),
    ("reports", _REPORTS),
    ("opened", _OPENED),
    ("recent", _RECENT),
    ("pictures", _PICTURES),
    ("media", _MEDIA),
    ("kept", _KEPT),
    ("named", _NAMED),
    ("threaded", _THREADED),
    ("reached", _REACHED),
    ("owing", _OWING),
    ("retold", _RETOLD),
    ("outcomes", _OUTCOMES),
    ("echoed", _ECHOED),
    ("released", _HELD),
    ("resting", _RESTING),
    ("notices", _NOTIFY),
)


_ENCODERS: Mapping[str, Encoder] = {
    "bigint": plain,
    "int": plain,
    "smallint": plain,
    "bool": plain,
    "float8": plain,
    "text": texts,
    "bytea": blobs,
    "timestamptz": instants,
}


@cache
def _encoders(statement: str) -> tuple[Encoder, ...]:
    """How to write the columns of a statement: its casts say what they are."""
    return tuple(_ENCODERS[kind] for kind in re.findall(r"%s::(\w+)\[\]", statement))


def _values(statement: str, rows: Sequence[tuple[Any, ...]]) -> list[str]:
    return columns(rows, _encoders(statement))


_CONVERSATION_COLUMNS, _EVENT_COLUMNS, _SETTLE_COLUMNS = 14, 10, 9
_SAVE_ENCODERS = (
    _encoders(_SAVE)[:_CONVERSATION_COLUMNS],
    _encoders(_SAVE)[_CONVERSATION_COLUMNS : _CONVERSATION_COLUMNS + _EVENT_COLUMNS],
    _encoders(_SAVE)[_CONVERSATION_COLUMNS + _EVENT_COLUMNS :][:_SETTLE_COLUMNS],
    _encoders(_SAVE)[_CONVERSATION_COLUMNS + _EVENT_COLUMNS + _SETTLE_COLUMNS :],
)


def _saved(c: Conversation) -> tuple[Any, ...]:
    first = (c.id, c.seq, c.owner, c.operator, c.state, c.reachable, c.last_inbound_at)
    return (*first, c.replies, c.unread, c.alert, c.wake_at, c.waiting_since, c.name, c.preview)


class GroupConnection:
    """The writer's own connection. One group at a time."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.AsyncConnection[Any] | None = None

    @property
    def connection(self) -> psycopg.AsyncConnection[Any]:
        """The open connection. Raises `psycopg.OperationalError` when there is none."""
        if self._connection is None or self._connection.closed:
            raise psycopg.OperationalError("not connected")
        return self._connection

    async def connect(self) -> None:
        """Connect afresh. Raises `psycopg.OperationalError`."""
        await self.close()
        self._connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            prepare_threshold=0,
            # A conversation held by somebody else's long transaction must not hold up the group for long.
            options="-c lock_timeout=1000 -c application_name=tiepnhan-writer",
            connect_timeout=3,
        )

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def begin(
        self, keys: Sequence[bytes], candidates: Sequence[tuple[bytes, str, str]]
    ) -> tuple[dict[bytes, Conversation], set[tuple[bytes, str, str]]]:
        """Open the transaction, lock the conversations of `keys`, and tell which candidates have been seen before.

        A candidate is (peer index, source, external id). Conversations that do not exist are missing in the answer.
        """
        connection = self.connection
        async with connection.pipeline():
            await connection.execute("begin")
            locked = await connection.execute(_LOCK, [blobs(keys)], binary=True)
            known = await connection.execute(_KNOWN, _values(_KNOWN, candidates), binary=True)
        rows = {row[1]: Conversation(*row) for row in await locked.fetchall()}
        seen = {(row[0], row[1], row[2]) for row in await known.fetchall()} if candidates else set()
        return rows, seen

    async def add(self, newcomers: Sequence[Newcomer]) -> dict[bytes, int]:
        """Insert conversations; the ids of those that another process has not inserted meanwhile."""
        rows = [(n.peer_index, n.peer, n.channel, n.account, n.profile) for n in newcomers]
        added = await self.connection.execute(_NEW, _values(_NEW, rows), binary=True)
        return {row[1]: row[0] for row in await added.fetchall()}

    async def save(self, conversations: Sequence[Conversation], writing: Writing) -> None:
        """Write everything and commit. On return it is durable."""
        connection = self.connection
        of_conversations, of_events, of_settles, of_errands = _SAVE_ENCODERS
        values = [
            *columns([_saved(c) for c in conversations], of_conversations),
            *columns(writing.events, of_events),
            *columns(writing.settles, of_settles),
            *columns(writing.errands, of_errands),
        ]
        async with connection.pipeline():
            if writing.withdrawn:
                # Before new errands are inserted: only what stood there already is withdrawn.
                await connection.execute(_WITHDRAW, _values(_WITHDRAW, writing.withdrawn))
            await connection.execute(_SAVE, values)
            for name, statement in _RARE[1:]:
                rows = getattr(writing, name)
                if rows:
                    await connection.execute(statement, _values(statement, rows))
            await connection.execute("commit")

    @property
    def lost(self) -> bool:
        return self._connection is None or self._connection.closed or self._connection.broken

    async def held(self, conversation: int) -> list[tuple[str, bytes]]:
        """Kind and sealed body of the news that wait in a locked conversation, in their order."""
        found = await self.connection.execute(_WAITING, [conversation], binary=True)
        return list(await found.fetchall())

    async def untold(self, conversation: int) -> list[tuple[int, int, bytes]]:
        """(seq, n, sealed body) of what could not be said in a locked conversation, in its order."""
        found = await self.connection.execute(_UNTOLD, [conversation], binary=True)
        return list(await found.fetchall())

    async def rollback(self) -> None:
        await self.connection.execute("rollback")
