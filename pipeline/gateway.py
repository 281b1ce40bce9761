"""The pipeline in one piece: everything that takes, decides, writes and sends, started and stopped together."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore
from core.effects import Say
from core.errors import Misconfigured, SendError
from core.events import Event, GivenBack, OperatorWrote, Source, TakenOver, TimerFired
from core.ports import Blobs, Polled, Tends
from pipeline import flight
from pipeline.account import Account, Accounts
from pipeline.catch_up import CatchUp
from pipeline.erasure import Erasures
from pipeline.errand import Errand, ErrandKey, Lane
from pipeline.flight import FlightRecorder, Mark
from pipeline.follow import StoreNews
from pipeline.items import Item, Overloaded, StorageAway
from pipeline.lanes import Lanes, Pause, pause
from pipeline.perform import Performer
from pipeline.receive import Reception
from pipeline.revive import revive
from pipeline.schedule import Engine
from pipeline.writer import Writer
from storage import alarms, conversations, errands, recent
from storage.alarms import Alarm
from storage.errands import Process
from storage.seal import Seal
from storage.spool import Spool
from storage.vault import DatabaseVault

log = structlog.get_logger()

SWEEP_SECONDS = 5.0
STOP_SECONDS = 10.0
_ERASED = 0
"""No process has this number: a notice for it tells all of them that a conversation was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What this process does. Any number of each may run against one database."""

    web: bool = True
    worker: bool = True
    poller: bool = True


class Gateway:
    """One process's share of the gateway."""

    def __init__(
        self,
        *,
        url: str,
        seal: Seal,
        accounts: Accounts,
        store: GeoReportStore,
        blobs: Blobs,
        pool: AsyncConnectionPool,
        folder: Path,
        media_url: Callable[[str], str],
        now: Callable[[], datetime],
        roles: Roles = Roles(),
        poll_store: bool = True,
        deletion_url: Callable[[str], str] = "/deletion/{}".format,
        pause: Pause = pause,
    ) -> None:
        self.owner = secrets.randbelow(2**31 - 1) + 1
        self.accounts, self.pool, self.now, self._seal, self.roles = accounts, pool, now, seal, roles
        self._url = url
        self._recorder = FlightRecorder(folder / "flight" / f"{self.owner}.log")
        performer = Performer(
            accounts=accounts, store=store, blobs=blobs, pool=pool, seal=seal, media_url=media_url, now=now
        )
        self.lanes = Lanes(
            perform=performer.kinds(),
            failed=performer.failed,
            is_safe=performer.is_safe,
            recorder=self._recorder,
            post=lambda item: self.writer.post(item),
            now=now,
            pause=pause,
        )
        performer.media_fetched = self.lanes.media_fetched
        self.writer = Writer(
            url=url, seal=seal, accounts=accounts, owner=self.owner, now=now, dispatch=self.lanes.dispatch,
            settled=self._settled,
        )  # fmt: skip
        self.spool = Spool(folder / "spool", seal, name=str(self.owner))
        self.reception = Reception(
            accounts=accounts, writer=self.writer, spool=self.spool, pool=pool, seal=seal, now=now
        )
        cursor = DatabaseVault(pool, seal, "store:updates")
        self._store_host = urlsplit(store.settings.url).netloc
        self.news = StoreNews(store=store, writer=self.writer, pool=pool, cursor=cursor, now=now)
        self.erasures = Erasures(accounts=accounts, pool=pool, seal=seal, blobs=blobs, now=now, url=deletion_url)
        performer.ask_erasure = partial(self.erasures.ask, by="")
        self.catch_up = CatchUp(self.reception, accounts, DatabaseVault(pool, seal, "alive"), now)
        self._profiles = sorted({account.profile.id for account in accounts.all()})
        self.engine = Engine(
            url,
            wake_lane=self.wake_lane,
            periodic={
                "ring": ("* * * * * */5", self.ring),
                "tend": ("*/30 * * * *", self.tend),
                "beat": ("* * * * *", self.catch_up.beat),
                "erase": ("* * * * * 30", self.erasures.carry_out),
                "forget": ("15 3 * * *", self.forget_old),
                **({"poll_store": ("* * * * *", self.poll_store)} if poll_store else {}),
            },
        )
        self.writer.on_connect, self.writer.later = self._connected, self.engine.later
        self._tasks: list[asyncio.Task[Any]] = []
        self._suspects: set[int] = set()
        self._forgotten: set[ErrandKey] = set()

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        await self.pool.open()
        await self.engine.app.open_async()
        self.writer.start()
        await asyncio.wait_for(self.writer.connected.wait(), 30)
        await self._take_over_dead()
        with suppress(StorageAway, Overloaded, psycopg.Error):
            # Before anybody can knock: what a dead process had put aside came first.
            await self.reception.replay_spool()
        self._keep("sweep", self._sweep)
        self._keep("listen", self._listen)
        self._keep("spool", self._replay_spool)
        self._tasks.append(asyncio.create_task(self.catch_up.beat(), name="catch up"))
        if self.roles.worker:
            self._keep("engine", self.engine.work)
        if self.roles.poller:
            for account in self.accounts.all():
                if account.polls is not None:
                    self._keep("poll", partial(self._poll, account, account.polls))

    async def stop(self) -> None:
        """Let go in good order: what is under way is finished and written down."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.erasures.stop()
        await self.lanes.stop(STOP_SECONDS)
        await self.writer.stop()
        if not self.lanes.waiting:
            with suppress(psycopg.Error):
                await errands.unregister(self.pool, self.owner)
                self._recorder.path.unlink(missing_ok=True)
        self._recorder.close()
        self.spool.close()
        await self.engine.app.close_async()
        await self.pool.close()

    def _keep(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Run `work` for as long as the gateway lives; an error is logged and it starts again."""

        async def kept() -> None:
            while True:
                try:
                    await work()
                except Exception as error:
                    log.warning("task.restarted", task=name, error=type(error).__name__)
                await asyncio.sleep(1)

        self._tasks.append(asyncio.create_task(kept(), name=name))

    def _settled(self, key: ErrandKey) -> None:
        self._recorder.settled(key)
        self.lanes.settled(key)

    async def _connected(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await errands.register(connection, self.owner, self._recorder.path)
        # A group may have been committed just before the connection broke: its errands are open and in nobody's hands.
        rows = await errands.of_connection(connection, self.owner)
        unsettled = self.writer.unsettled()
        marks = flight.read(self._recorder.path) or {}
        for errand in revive(rows, self._seal, marks):
            if errand.key not in unsettled and not self.lanes.holds(errand.key, errand.lane):
                self.lanes.dispatch([errand], {})

    # --- other processes ----------------------------------------------------------------------------------------------

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            await self._take_over_dead()
            await self._find_forgotten()
            for conversation, lane in await errands.sleeping(self.pool, self.now()):
                await self.wake_lane(conversation, Lane(lane))

    async def _take_over_dead(self) -> None:
        """Work on what dead processes left. One of another machine may only have lost its connection for a moment."""
        lives = {process: _lives(process) for process in await errands.absent(self.pool, self.owner)}
        for process, alive in lives.items():
            if alive is False or (alive is None and process.owner in self._suspects):
                await self._take_over(process)
        self._suspects = {process.owner for process, alive in lives.items() if alive is None}

    async def _take_over(self, dead: Process) -> None:
        known = flight.read(Path(dead.flight)) if dead.flight and dead.boot == errands.boot_id() else None
        keys = [ErrandKey(row.conversation, row.seq, row.n) for row in await errands.of_owner(self.pool, dead.owner)]
        # Without its recorder whatever is open may have been begun.
        marks = dict.fromkeys(keys, Mark.BEGUN) if known is None else {k: known[k] for k in keys if k in known}
        self._recorder.inherit(marks)
        found = revive(await errands.take_over(self.pool, dead.owner, self.owner), self._seal, marks)
        for key in marks.keys() - {errand.key for errand in found}:
            self._recorder.settled(key)
        if found:
            log.info("errands.taken_over", count=len(found), begun=sum(errand.begun for errand in found))
        for errand in found:
            errand.first = True
        self.lanes.dispatch(found, {})
        if known is not None:
            flight.forget(Path(dead.flight))

    async def _find_forgotten(self) -> None:
        """Work on errands of ours that nobody holds: a notice is lost when the database is away for a moment."""
        before, self._forgotten = self._forgotten, set()
        for errand in revive(await errands.overdue(self.pool, self.owner), self._seal, {}):
            held = self.lanes.holds(errand.key, errand.lane) or self._recorder.in_flight(errand.key)
            if held or errand.key in self.writer.unsettled():
                continue
            if errand.key in before:
                log.warning("errand.forgotten", kind=errand.kind, conversation=errand.key.conversation)
                self.lanes.dispatch([errand], {})
            else:
                self._forgotten.add(errand.key)

    async def _listen(self) -> None:
        """Hear of errands that another process put into a lane of ours."""
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute("listen tiepnhan_lane")
            async for notice in connection.notifies():
                owner, conversation, lane = map(int, notice.payload.split(":"))
                if owner == _ERASED:
                    self.lanes.erase(conversation)
                if owner != self.owner:
                    continue
                rows = await errands.of_lane(self.pool, conversation, lane, self.owner)
                for errand in revive(rows, self._seal, {}):
                    if not self.lanes.holds(errand.key, errand.lane):
                        if isinstance(errand.payload, Say):
                            # It was decided a moment ago, by another process.
                            errand.patient, errand.replaceable = errand.payload.patient, errand.payload.replaceable
                        self.lanes.dispatch([errand], {})

    # --- the engine's calls -------------------------------------------------------------------------------------------

    async def wake_lane(self, conversation: int, lane: Lane) -> None:
        async def take() -> list[Errand]:
            return revive(await errands.wake_lane(self.pool, conversation, lane, self.owner), self._seal, {})

        await self.lanes.wake(conversation, lane, take)

    async def ring(self) -> None:
        """Tell the conversations whose time has come."""
        for address, at in await conversations.due(self.pool, self.now()):
            item = Item(address.peer_index, TimerFired(at=at), f"wake:{at.isoformat()}", Source.CLOCK)
            try:
                await self.writer.take([item])
            except (StorageAway, Overloaded):
                raise
            except Exception as error:
                log.error("timer.refused", conversation=address.id, error=type(error).__name__)

    async def forget_old(self) -> None:
        """Drop what is kept to compare reports with, once no profile looks back so far."""
        days = max(account.profile.duplicates.window_days for account in self.accounts.all())
        await recent.forget(self.pool, self.now() - timedelta(days=days))

    async def poll_store(self) -> None:
        try:
            await self.news.poll(self._profiles)
        except SendError as error:
            log.warning("store.silent", error=type(error).__name__, code=error.code)
            await alarms.ring(
                self.pool,
                Alarm(
                    channel=alarms.STORE, account=self._store_host, kind=alarms.STORE,
                    reason=f"{type(error).__name__} {error.code}: {error.reason}", since=self.now(), last_at=self.now(),
                ),
            )  # fmt: skip
        else:
            await alarms.well(self.pool, alarms.STORE, self._store_host, alarms.STORE)

    async def tend(self) -> None:
        for account in self.accounts.all():
            channel = account.channel
            if not isinstance(channel, Tends):
                continue
            try:
                await channel.tend()
            except SendError as error:
                log.error(
                    "account.needs_help", channel=channel.name, account=channel.account, error=type(error).__name__,
                    code=error.code,
                )  # fmt: skip
                if isinstance(error, Misconfigured):
                    alarm = Alarm(
                        channel=channel.name, account=channel.account, kind=alarms.TEND,
                        reason=f"Misconfigured {error.code}: {error.reason}", since=self.now(), last_at=self.now(),
                    )  # fmt: skip
                    await alarms.ring(self.pool, alarm)
            else:
                await alarms.well(self.pool, channel.name, channel.account, alarms.TEND)

    async def _replay_spool(self) -> None:
        while True:
            if self.spool.files():
                with suppress(StorageAway):
                    count = await self.reception.replay_spool()
                    log.info("spool.replayed", count=count)
            await asyncio.sleep(1)

    async def _poll(self, account: Account, polled: Polled) -> None:
        """One process at a time asks a platform for news: it holds the account's lock while it does."""
        channel = account.channel
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as connection:
            await connection.execute(
                "select pg_advisory_lock(hashtextextended(%s, 0))", [f"poll {channel.name}:{channel.account}"]
            )
            async for delivery in polled.poll():
                await self.reception.take(account, delivery)

    # --- the inbox's calls --------------------------------------------------------------------------------------------

    async def reply(self, conversation: int, *, operator: str, text: str, nonce: str) -> bool:
        """Send an operator's words; taking over comes with it. `nonce` makes a second press of the button harmless.

        False when that reply is known already. Raises `KeyError` for an unknown conversation, `StorageAway`.
        """
        return await self._operate(conversation, OperatorWrote(operator=operator, text=text, at=self.now()), nonce)

    async def take_over(self, conversation: int, *, operator: str, nonce: str) -> bool:
        return await self._operate(conversation, TakenOver(operator=operator, at=self.now()), nonce)

    async def give_back(self, conversation: int, *, operator: str, nonce: str) -> bool:
        return await self._operate(conversation, GivenBack(operator=operator, at=self.now()), nonce)

    async def erase(self, conversation: int, *, operator: str) -> str:
        """Erase what the citizen of a conversation said and sent, as they asked; the code of that request.

        Raises `KeyError` for an unknown conversation.
        """
        return await self.erasures.ask(conversation, by=operator)

    async def _operate(self, conversation: int, event: Event, nonce: str) -> bool:
        address = await conversations.address(self.pool, conversation)
        if address is None:
            raise KeyError(conversation)
        (new,) = await self.writer.take([Item(address.peer_index, event, nonce, Source.OPERATOR)])
        return new


def _lives(process: Process) -> bool | None:
    """Whether a process without a lock in the database runs all the same; None when that cannot be told from here."""
    if not process.flight or process.boot != errands.boot_id():
        return None
    return flight.is_held(Path(process.flight))
