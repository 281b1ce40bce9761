"""The one writer of a process: whatever has gathered goes into one short transaction.

Nobody waits for a timer: a group gathers while the last one commits. A message is acknowledged only after its group's
commit; if that fails the waiting caller gets the error and the platform delivers again (or the spool takes it).
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
import structlog

import dialog
from core.effects import Submit
from core.events import Event, GivenBack, InboundMessage, OwnEcho, Source, TimerFired
from core.model import MediaRef, Peer
from pipeline import codec, turn
from pipeline.account import Account, Accounts
from pipeline.errand import Describe, Errand, ErrandKey, Lane, Status
from storage.group import Conversation, GroupConnection, Newcomer, Writing
from storage.seal import Seal

log = structlog.get_logger()

LARGEST_GROUP = 256
LONGEST_QUEUE = 20_000
LATER = 0
"""Owner of errands that wait for the engine to wake them."""


class StorageAway(Exception):
    """The database cannot be reached; nothing of the group was acknowledged."""


class Overloaded(Exception):
    """More is waiting than this process should hold; the platform may deliver again."""


@dataclass(frozen=True, slots=True)
class Settle:
    """How a try of an errand ended. `again` set: it stays open and the engine wakes its lane at that instant."""

    key: ErrandKey
    lane: Lane
    status: Status
    receipt: str = ""
    reason: str = ""
    attempts: int = 0
    again: datetime | None = None
    opened: tuple[str, str, str | None, bytes | None] | None = None
    """(report id, status, code, sealed report) when a submission was answered."""
    kept: tuple[Any, ...] | None = None
    """Columns of `media` after the key, when a file was fetched."""
    name: bytes | None = None
    """Sealed, when the platform told who somebody is."""


@dataclass(slots=True)
class Item:
    """Something for a group: an event, how an errand ended, or both at once."""

    peer_index: bytes
    event: Event | None = None
    external_id: str = ""
    source: Source = Source.CITIZEN
    peer: Peer | None = None
    """Set where the event may open a conversation."""
    raw: bytes = b""
    settle: Settle | None = None
    done: "asyncio.Future[bool] | None" = None
    """Gets True when the event was new, False when it was known already."""


@dataclass(slots=True)
class _Open:
    """A conversation while its group is worked on."""

    row: Conversation
    account: Account
    state: dialog.State
    changed: bool = False
    errands: list[Errand] = field(default_factory=list)
    withdrawn: str = ""


class Writer:
    """Takes items from everywhere in this process; `dispatch` gets the errands that are to be worked here."""

    def __init__(
        self,
        *,
        url: str,
        seal: Seal,
        accounts: Accounts,
        owner: int,
        now: Callable[[], datetime],
        dispatch: Callable[[Sequence[Errand], dict[int, str]], None],
        settled: Callable[[ErrandKey], None],
    ) -> None:
        self._group = GroupConnection(url)
        self._seal, self._accounts, self._owner, self._now = seal, accounts, owner, now
        self._dispatch, self._settled = dispatch, settled
        self._queue: deque[Item] = deque()
        self._wake = asyncio.Event()
        self._wake.set()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()
        self.on_connect: Callable[[psycopg.AsyncConnection[Any]], Any] | None = None
        """Awaited with each fresh connection, before any group: takes the session lock, finds open errands."""
        self.later: Callable[[psycopg.AsyncConnection[Any], int, Lane, datetime], Any] | None = None
        """Awaited inside the transaction for each errand that has to be woken later."""
        self.groups = self.messages = 0

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="writer")

    async def stop(self) -> None:
        """Write what has gathered, then let go of the database."""
        if self._task is None:
            return
        self._stopping = True
        self._wake.set()
        await asyncio.wait([self._task], timeout=5)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._group.close()

    async def take(self, items: Sequence[Item]) -> list[bool]:
        """Wait until the items are durable; whether each was new.

        Raises `StorageAway`, `Overloaded`, or what was wrong with a single poisoned item.
        """
        if len(self._queue) + len(items) > LONGEST_QUEUE:
            raise Overloaded
        loop = asyncio.get_running_loop()
        waits: list[asyncio.Future[bool]] = []
        for item in items:
            item.done = loop.create_future()
            waits.append(item.done)
            self._queue.append(item)
        self._wake.set()
        if len(waits) == 1:
            return [await waits[0]]
        return list(await asyncio.gather(*waits))

    def post(self, item: Item) -> None:
        """Put an item in without waiting. It stays in the queue while the database is away."""
        self._queue.append(item)
        self._wake.set()

    def unsettled(self) -> set[ErrandKey]:
        """Errands whose outcome is known here and not yet written down."""
        return {item.settle.key for item in self._queue if item.settle is not None}

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if not self.connected.is_set() and not await self._connect():
                continue
            if not self._queue:
                if self._stopping:
                    return
                self._wake.clear()
                continue
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), LARGEST_GROUP))]
            await self._commit_or_split(batch)

    async def _connect(self) -> bool:
        try:
            await self._group.connect()
            if self.on_connect is not None:
                await self.on_connect(self._group.connection)
            # Not before: whoever waits for it may rely on our lock being held.
            self.connected.set()
        except psycopg.OperationalError:
            self._fail_waiting()
            self.connected.clear()
            await asyncio.sleep(0.1)
            return False
        return True

    def _fail_waiting(self) -> None:
        """Callers learn at once that the database is away; what nobody waits for stays."""
        kept: deque[Item] = deque()
        for item in self._queue:
            if item.done is None:
                kept.append(item)
            elif not item.done.done():
                item.done.set_exception(StorageAway())
        self._queue = kept

    async def _commit_or_split(self, batch: list[Item]) -> None:
        try:
            await self._commit(batch)
        except Exception as error:
            # Whatever it was, the writer lives on: without it nothing would ever be stored again.
            if self._group.lost or _passes(error):
                log.warning("storage.lost", reason=type(error).__name__, code=getattr(error, "sqlstate", None))
                self._return(batch)
                self.connected.clear()
                if not self._group.lost:
                    self._fail_waiting()
                    await asyncio.sleep(0.1)
            else:
                await self._one_by_one(batch, error)

    def _return(self, batch: list[Item]) -> None:
        """Whether the group was committed is not known. It is tried again: what is known already does no harm."""
        self._queue.extendleft(reversed(batch))

    async def _one_by_one(self, batch: list[Item], error: Exception) -> None:
        """A poisoned item must not spoil its group; a conversation locked by somebody else waits alone."""
        await self._group.rollback()
        if len(batch) > 1:
            for item in batch:
                await self._commit_or_split([item])
            return
        (item,) = batch
        if isinstance(error, psycopg.errors.LockNotAvailable):
            self._queue.append(item)
            return
        log.error("item.refused", reason=type(error).__name__, code=getattr(error, "sqlstate", None))
        if item.settle is not None and item.event is not None:
            # How the errand ended is true all the same.
            item.event = None
            self._queue.append(item)
        if item.done is not None and not item.done.done():
            item.done.set_exception(error)

    # --- one group ----------------------------------------------------------------------------------------------------

    async def _commit(self, batch: list[Item]) -> None:
        with_event = [item for item in batch if item.event is not None]
        keys = sorted({item.peer_index for item in with_event})
        candidates = [(item.peer_index, item.source.value, item.external_id) for item in with_event]
        rows, seen = await self._group.begin(keys, candidates)
        if len(rows) < len(keys) and not await self._add_missing(with_event, rows):
            await self._group.rollback()
            return await self._commit(batch)

        now = self._now()
        writing = Writing()
        opened: dict[bytes, _Open] = {}
        fresh = [await self._work(item, rows, seen, opened, writing, now) for item in batch]
        dispatched = self._finish(opened, writing, now)
        await self._schedule_later(writing)
        await self._group.save([one.row for one in opened.values() if one.changed], writing)

        self.groups += 1
        self.messages += len(with_event)
        self._dispatch(dispatched, {one.row.id: one.withdrawn for one in opened.values() if one.withdrawn})
        for item, new in zip(batch, fresh, strict=True):
            if item.settle is not None and item.settle.again is None:
                self._settled(item.settle.key)
            if item.done is not None and not item.done.done():
                item.done.set_result(new)

    async def _add_missing(self, items: Sequence[Item], rows: dict[bytes, Conversation]) -> bool:
        """Open the conversations that do not exist; False when another process was quicker with one of them."""
        newcomers: dict[bytes, Newcomer] = {}
        for item in items:
            if item.peer_index in rows or item.peer is None:
                continue
            account = self._accounts.get(item.peer.channel, item.peer.account)
            if account is not None:
                newcomers[item.peer_index] = Newcomer(
                    item.peer_index,
                    self._seal.close(item.peer.user.encode(), b"peer"),
                    item.peer.channel,
                    item.peer.account,
                    account.profile.id,
                )
        if not newcomers:
            return True
        added = await self._group.add(list(newcomers.values()))
        for key, number in added.items():
            new = newcomers[key]
            rows[key] = Conversation(number, key, new.peer, new.channel, new.account, new.profile)
        return len(added) == len(newcomers)

    async def _work(
        self,
        item: Item,
        rows: dict[bytes, Conversation],
        seen: set[tuple[bytes, str, str]],
        opened: dict[bytes, _Open],
        writing: Writing,
        now: datetime,
    ) -> bool:
        if item.settle is not None:
            self._write_settle(item.settle, writing)
        if item.event is None:
            return True
        identity = (item.peer_index, item.source.value, item.external_id)
        row = rows.get(item.peer_index)
        if row is None or identity in seen:
            return False
        seen.add(identity)
        one = opened.get(item.peer_index) or self._open(row, now)
        opened[item.peer_index] = one
        if isinstance(item.event, OwnEcho):
            self._write_echo(item.event, writing)
            return True
        if turn.is_timer_stale(item.event, row.wake_at):
            return False
        taken = turn.take(
            row, one.state, item.event,
            profile=one.account.profile, capabilities=one.account.channel.capabilities, now=now,
        )  # fmt: skip
        self._apply(one, item, taken, writing, now)
        if isinstance(item.event, GivenBack):
            await self._release(one, writing, now)
        return True

    def _open(self, row: Conversation, now: datetime) -> _Open:
        account = self._accounts.get(row.channel, row.account)
        if account is None:
            raise KeyError(f"no account {row.channel}:{row.account} is configured any more")
        if row.state is None:
            return _Open(row, account, dialog.new_state(channel=row.channel, profile=account.profile, now=now))
        return _Open(row, account, dialog.decode(self._seal.open(row.state, b"state")))

    def _apply(self, one: _Open, item: Item, taken: turn.Turn, writing: Writing, now: datetime) -> None:
        row, event = one.row, item.event
        row.seq += 1
        row.owner, row.operator, row.reachable = taken.owner, taken.operator, taken.reachable
        row.last_inbound_at, row.replies, row.unread = taken.last_inbound_at, taken.replies, taken.unread
        row.alert, row.wake_at, row.waiting_since = taken.alert, taken.wake_at, taken.waiting_since
        one.state, one.changed = taken.state, True
        if isinstance(event, InboundMessage):
            if event.sender_name and row.name is None:
                row.name = self._seal.close(event.sender_name.encode(), b"name")
            elif row.seq == 1 and one.account.describes is not None:
                taken.plans.append(turn.Plan(Lane.PEER, Describe.__name__, Describe()))
            if taken.keep:
                row.preview = self._seal.close(event.text[:120].encode(), b"preview")
        if taken.withdraw:
            one.withdrawn = taken.withdraw
            writing.withdrawn.append((row.id, taken.withdraw))
            one.errands = [errand for errand in one.errands if not errand.is_bots]
        self._plan(one, item, taken.plans, writing, now)
        body = self._seal.close(pack_event(codec.encode(event), item.raw), b"event") if taken.keep else None
        what = (item.source.value, item.external_id, type(event).__name__)
        writing.events.append((row.id, row.seq, *what, _happened(event, now), now, body, taken.problem, taken.hold))
        writing.outcomes += [
            (row.id, row.seq, n, outcome.value, outcome.code, now) for n, outcome in enumerate(taken.outcomes)
        ]

    def _plan(self, one: _Open, item: Item, plans: Sequence[turn.Plan], writing: Writing, now: datetime) -> None:
        row = one.row
        peer = item.peer or self._peer(row)
        if any(plan.replaceable for plan in plans):
            one.errands = [errand for errand in one.errands if not errand.replaceable]
        for n, plan in enumerate(plans):
            errand = Errand(
                ErrandKey(row.id, row.seq, n), plan.lane, plan.kind, plan.payload, peer, row.peer_index, row.profile,
                row.last_inbound_at, replaceable=plan.replaceable, replies=row.replies,
            )  # fmt: skip
            if isinstance(plan.payload, Submit):
                errand.report_id = str(uuid.uuid4())
                confirmed = plan.payload.draft.confirmed_at or now
                writing.reports.append((errand.report_id, row.id, plan.payload.ordinal, confirmed))
            elif isinstance(plan.payload, MediaRef):
                key_index = self._seal.index(plan.payload.key)
                writing.media.append((row.id, row.seq, n, key_index, plan.payload.kind.value))
            one.errands.append(errand)

    def _peer(self, row: Conversation) -> Peer:
        user = self._seal.open(row.peer, b"peer").decode()
        return Peer(channel=row.channel, account=row.account, user=user)

    async def _release(self, one: _Open, writing: Writing, now: datetime) -> None:
        """News that waited while a person had the conversation are told now, in their order."""
        held = await self._group.held(one.row.id)
        for kind, sealed in held:
            event = codec.decode(kind, unpack_event(self._seal.open(sealed, b"event"))[0])
            taken = turn.take(
                one.row, one.state, event,
                profile=one.account.profile, capabilities=one.account.channel.capabilities, now=now,
            )  # fmt: skip
            taken.keep = False
            at = f"released:{one.row.seq}"
            released = Item(one.row.peer_index, TimerFired(at=now), at, Source.CLOCK)
            self._apply(one, released, taken, writing, now)
        if held:
            writing.released.append((one.row.id,))

    def _finish(self, opened: dict[bytes, _Open], writing: Writing, now: datetime) -> list[Errand]:
        """Seal the states, write the errands, and tell which of them this process works itself."""
        ours: list[Errand] = []
        for one in opened.values():
            if one.changed:
                one.row.state = self._seal.close(dialog.encode(one.state), b"state")
            owners = _lane_owners(one.row.open_lanes or ())
            for errand in one.errands:
                errand.first = errand.lane not in owners
                owner = owners.get(errand.lane, self._owner)
                body = self._seal.close(_body(errand), b"errand")
                writing.errands.append((*errand.key, errand.lane, errand.kind, owner, body, now))
                if owner == self._owner:
                    ours.append(errand)
                elif owner != LATER:
                    writing.notices.append((f"{owner}:{one.row.id}:{errand.lane.value}",))
        return ours

    def _write_settle(self, settle: Settle, writing: Writing) -> None:
        owner = self._owner if settle.again is None else LATER
        how = (settle.status.value, _storable(settle.receipt), _storable(settle.reason)[:500], settle.attempts)
        writing.settles.append((*settle.key, *how, settle.again, owner))
        if settle.opened is not None:
            writing.opened.append(settle.opened)
        if settle.kept is not None:
            writing.kept.append((*settle.key, *settle.kept))
        if settle.name is not None:
            writing.named.append((settle.key.conversation, settle.name))
        if settle.again is not None:
            writing.parked.append((settle.key.conversation, settle.lane, settle.again))
            writing.resting.append((settle.key.conversation, settle.lane))

    async def _schedule_later(self, writing: Writing) -> None:
        if self.later is not None:
            for conversation, lane, at in writing.parked:
                await self.later(self._group.connection, conversation, lane, at)

    @staticmethod
    def _write_echo(event: OwnEcho, writing: Writing) -> None:
        key = ErrandKey.parse(event.key)
        if key is not None:
            writing.echoed.append((*key, event.external_id))


def _passes(error: Exception) -> bool:
    """Whether the database is in trouble (resources, shutting down, I/O), rather than the item."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in {"53", "57", "58"}


def _lane_owners(texts: Iterable[str]) -> dict[Lane, int]:
    """Who works each lane. What is added to a lane whose head waits for the engine waits behind it."""
    owners: dict[Lane, int] = {}
    for lane, owner in (text.split(":") for text in texts):
        owners[Lane(int(lane))] = min(int(owner), owners.get(Lane(int(lane)), int(owner)))
    return owners


def _storable(text: str) -> str:
    """The text without what no text column takes: what the other side says is not ours to choose."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\0", "").encode(errors="replace").decode()


def _body(errand: Errand) -> bytes:
    if isinstance(errand.payload, Submit):
        return errand.report_id.encode() + codec.encode(errand.payload)
    return codec.encode(errand.payload)


def _happened(event: Event | None, now: datetime) -> datetime:
    return getattr(event, "sent_at", None) or getattr(event, "at", None) or now


def pack_event(event: bytes, raw: bytes) -> bytes:
    return len(event).to_bytes(4, "big") + event + raw


def unpack_event(body: bytes) -> tuple[bytes, bytes]:
    """The event and the delivery it came in."""
    size = int.from_bytes(body[:4], "big")
    return body[4 : 4 + size], body[4 + size :]
