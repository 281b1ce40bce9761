"""The one writer of a process: whatever has gathered goes into one short transaction.

Nobody waits for a timer: a group gathers while the last one commits. A message is acknowledged only after its group's
commit; if that fails the waiting caller gets the error and the platform delivers again (or the spool takes it).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import psycopg
import structlog

from pipeline.account import Accounts
from pipeline.errand import Errand, ErrandKey, Lane
from pipeline.group_work import GroupWork
from pipeline.items import Item, Overloaded, StorageAway
from storage.group import Conversation, GroupConnection, Newcomer, Writing
from storage.seal import Seal

log = structlog.get_logger()

LARGEST_GROUP = 256
LONGEST_QUEUE = 20_000


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

        work = GroupWork(
            rows=rows, seen=seen, accounts=self._accounts, seal=self._seal, owner=self._owner, now=self._now(),
            held=self._group.held, untold=self._group.untold,
        )  # fmt: skip
        fresh = [await work.take(item) for item in batch]
        dispatched = work.finish()
        await self._schedule_later(work.writing)
        await self._group.save(work.changed, work.writing)

        self.groups += 1
        self.messages += len(with_event)
        self._dispatch(dispatched, work.withdrawn)
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

    async def _schedule_later(self, writing: Writing) -> None:
        if self.later is not None:
            for conversation, lane, at in writing.parked:
                await self.later(self._group.connection, conversation, lane, at)


def _passes(error: Exception) -> bool:
    """Whether the database is in trouble (resources, shutting down, I/O), rather than the item."""
    return isinstance(error, psycopg.Error) and (error.sqlstate or "")[:2] in {"53", "57", "58"}
