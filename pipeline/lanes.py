"""Errands leave the house here, and nowhere else: one after the other in a lane, many lanes at a time.

A lane is the errands of one conversation towards one side. The process that committed an errand tries it at once; the
outcome joins the next group. What has to be tried later is left to the engine, which wakes the lane.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import psycopg
import structlog

from core.effects import LONGEST, QUIET, Say
from core.errors import SendError, TryAgain, Unknown
from core.events import Event, Source
from pipeline.errand import Errand, ErrandKey, Lane, Status
from pipeline.flight import FlightRecorder
from pipeline.items import Item, Settle
from pipeline.retry import verdict
from storage.recent import Traces

log = structlog.get_logger()

OPEN_CALLS = 200
"""At most so many calls under way per account: one that hangs holds up no other."""


@dataclass(frozen=True, slots=True)
class Done:
    """A successful errand: the receipt, what else is to be written, and the event that follows from it."""

    receipt: str = ""
    event: Event | None = None
    external_id: str = ""
    opened: tuple[str, str, str | None, bytes | None] | None = None
    traces: Traces | None = None
    kept: tuple[Any, ...] | None = None
    name: bytes | None = None
    reached: bytes | None = None


Perform: TypeAlias = Callable[[Errand], Awaitable[Done]]
Failed: TypeAlias = Callable[[Errand, Status, str], Done | None]
"""What follows in the conversation when an errand ended without success, or None."""
Pause: TypeAlias = Callable[[asyncio.Event, float], Awaitable[None]]
"""Waits until the event is set, at most so many seconds of the house's clock."""


async def pause(over: asyncio.Event, seconds: float) -> None:
    """The pause of a house whose clock runs as the world's does."""
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


@dataclass(slots=True)
class _Fetching:
    """Files of one conversation whose fetching is not written down yet."""

    keys: set[ErrandKey] = field(default_factory=set)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Lanes:
    def __init__(
        self,
        *,
        perform: Mapping[str, Perform],
        failed: Failed,
        is_safe: Callable[[Errand], bool],
        recorder: FlightRecorder,
        post: Callable[[Item], None],
        now: Callable[[], datetime],
        dice: Callable[[], float] = random.random,
        pause: Pause = pause,
    ) -> None:
        self._perform, self._failed, self._is_safe = perform, failed, is_safe
        self._recorder, self._post, self._now, self._dice = recorder, post, now, dice
        self._pause = pause
        self._waiting: dict[tuple[int, Lane], deque[Errand]] = {}
        self._parked: set[tuple[int, Lane]] = set()
        """Lanes whose head has to be tried later: nothing overtakes it."""
        self._waking: dict[tuple[int, Lane], list[Errand]] = {}
        """Lanes that are being taken from the engine, and what was committed to them meanwhile."""
        self._silences: dict[tuple[int, Lane], asyncio.Event] = {}
        """Lanes whose head waits for the citizen to say more; set when it need not wait any longer."""
        self._first_words: dict[tuple[int, Lane], datetime] = {}
        """When the citizen began to write what is not answered yet."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._open_calls: dict[tuple[str, str, Lane], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(OPEN_CALLS)
        )
        self._fetching: dict[int, _Fetching] = {}
        self.outcomes: dict[tuple[str, str], int] = defaultdict(int)
        """(kind, status) → how often, since the start."""

    # --- what comes in ------------------------------------------------------------------------------------------------

    def dispatch(self, errands: Sequence[Errand], withdrawn: Mapping[int, str]) -> None:
        """Take committed errands over. `withdrawn` names conversations whose waiting bot messages must not leave."""
        for conversation, status in withdrawn.items():
            for errand in self._waiting.get((conversation, Lane.CITIZEN), ()):
                if errand.is_bots:
                    errand.withdrawn = errand.withdrawn or status
            self._break_silence((conversation, Lane.CITIZEN))
        for errand in errands:
            place = (errand.key.conversation, errand.lane)
            if place in self._waking:
                self._waking[place].append(errand)
                continue
            if place in self._parked and not errand.first:
                continue
            self._parked.discard(place)
            if errand.lane is Lane.MEDIA:
                self._fetching.setdefault(errand.key.conversation, _Fetching()).keys.add(errand.key)
            queue = self._waiting.get(place)
            if queue is not None:
                if errand.lane is Lane.CITIZEN:
                    self._supersede(queue, errand)
                    self._break_silence(place)
                queue.append(errand)
                continue
            self._waiting[place] = deque((errand,))
            task = asyncio.create_task(self._drain(place))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def erase(self, conversation: int) -> None:
        """Nothing that still waits for this citizen leaves any more, nor is fetched. What the store is owed goes on."""
        for lane in (Lane.CITIZEN, Lane.MEDIA, Lane.PEER):
            for errand in self._waiting.get((conversation, lane), ()):
                errand.withdrawn = errand.withdrawn or Status.ERASED
            self._break_silence((conversation, lane))

    def holds(self, key: ErrandKey, lane: Lane) -> bool:
        """Whether that errand is already in the hands of this process."""
        return any(errand.key == key for errand in self._waiting.get((key.conversation, lane), ()))

    async def wake(self, conversation: int, lane: Lane, take: Callable[[], Awaitable[Sequence[Errand]]]) -> None:
        """The lane's waiting time is over: work on what `take` gives, before anything that is committed meanwhile."""
        place = (conversation, lane)
        if place in self._waking:
            return
        self._waking[place] = []
        found: Sequence[Errand] = ()
        try:
            found = await take()
        finally:
            later = self._waking.pop(place)
            self._parked.discard(place)
            known = {errand.key for errand in found}
            self.dispatch([*found, *(errand for errand in later if errand.key not in known)], {})

    async def media_fetched(self, conversation: int, seconds: float) -> None:
        """Wait until what became of that conversation's files is written down, at most so long."""
        fetching = self._fetching.get(conversation)
        if fetching is not None:
            try:
                await asyncio.wait_for(fetching.over.wait(), seconds)
            except TimeoutError:
                log.info("media.still_on_its_way", conversation=conversation)

    def settled(self, key: ErrandKey) -> None:
        """How that errand ended is in the database."""
        fetching = self._fetching.get(key.conversation)
        if fetching is not None:
            fetching.keys.discard(key)
            if not fetching.keys:
                self._fetching.pop(key.conversation).over.set()

    async def stop(self, seconds: float) -> None:
        """Let what is under way finish, at most so long; the rest is found again at the next start."""
        for place in list(self._silences):
            self._break_silence(place)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def _supersede(self, queue: deque[Errand], newer: Errand) -> None:
        """Take back the questions that `newer` replaces: not the head, unless it waits for the citizen to say more."""
        waits = (newer.key.conversation, newer.lane) in self._silences
        for index, errand in enumerate(queue):
            older = errand.replaceable and errand.key.seq < newer.key.seq and (index or waits)
            if older and (newer.replaceable or (newer.answers and errand.patient)):
                errand.withdrawn = errand.withdrawn or Status.SUPERSEDED

    def _break_silence(self, place: tuple[int, Lane]) -> None:
        if silence := self._silences.get(place):
            silence.set()

    async def _silence(self, errand: Errand) -> None:
        """Wait until the citizen has said nothing for a moment, but not for long after their first words."""
        place, now = (errand.key.conversation, errand.lane), self._now()
        since = self._first_words.setdefault(place, now)
        silence = self._silences[place] = asyncio.Event()
        await self._pause(silence, min(QUIET, since + LONGEST - now).total_seconds())
        del self._silences[place]

    # --- what goes out ------------------------------------------------------------------------------------------------

    async def _drain(self, place: tuple[int, Lane]) -> None:
        queue = self._waiting[place]
        parked = False
        while queue and not parked:
            errand = queue[0]
            parked = not await self._work(errand)
            if not parked:
                queue.popleft()
        # A parked lane keeps nothing in memory: the engine hands over whatever is open then, in order.
        del self._waiting[place]
        if parked:
            self._parked.add(place)
            if place[1] is Lane.MEDIA and place[0] in self._fetching:
                # It may take long: whoever waits asks the database.
                self._fetching.pop(place[0]).over.set()

    async def _work(self, errand: Errand) -> bool:
        """Try one errand and post how it ended; False when its lane has to wait."""
        if errand.patient and not errand.withdrawn:
            await self._silence(errand)
        if errand.withdrawn:
            self._end(errand, Status(errand.withdrawn))
            return True
        if errand.lane is Lane.CITIZEN:
            self._first_words.pop((errand.key.conversation, errand.lane), None)
        if errand.begun and not self._is_safe(errand):
            self._end(errand, Status.UNKNOWN, "the program died while this was being sent")
            return True
        errand.attempts += 1
        try:
            async with self._open_calls[errand.peer.channel, errand.peer.account, errand.lane]:
                self._recorder.begin(errand.key)
                done = await self._perform[errand.kind](errand)
                self._recorder.answered(errand.key)
        except SendError as error:
            return self._judge(errand, error)
        except psycopg.OperationalError:
            # Tokens and files are looked up before anything leaves: what is in doubt is said by a `SendError`.
            return self._judge(errand, TryAgain("the database was away", code="storage"))
        except Exception as error:
            log.exception("errand.broke", kind=errand.kind, conversation=errand.key.conversation)
            return self._judge(errand, Unknown(f"{type(error).__name__} in the program"))
        self._end(errand, Status.DONE, done=done)
        return True

    def _judge(self, errand: Errand, error: SendError) -> bool:
        said = verdict(error, errand.attempts, errand.lane, safe=self._is_safe(errand), dice=self._dice())
        reason = f"{type(error).__name__} {error.code}: {error.reason}".replace(" :", ":")
        if not isinstance(error, Unknown):
            self._recorder.failed(errand.key)
        log.info(
            "errand.failed", kind=errand.kind, conversation=errand.key.conversation, code=error.code,
            error=type(error).__name__, attempt=errand.attempts, status=said.status.value,
        )  # fmt: skip
        if said.again is None:
            self._end(errand, said.status, reason)
            return True
        self._count(errand, said.status)
        self._post(
            Item(
                errand.peer_index,
                settle=Settle(
                    errand.key, errand.lane, Status.OPEN, reason=reason, attempts=errand.attempts,
                    again=self._now() + said.again,
                ),
            )
        )  # fmt: skip
        return False

    def _end(self, errand: Errand, status: Status, reason: str = "", *, done: Done | None = None) -> None:
        self._count(errand, status)
        follows = done or self._failed(errand, status, reason) or Done()
        settle = Settle(
            errand.key, errand.lane, status, receipt=follows.receipt, reason=reason, attempts=errand.attempts,
            opened=follows.opened, traces=follows.traces, kept=follows.kept, name=follows.name, reached=follows.reached,
        )  # fmt: skip
        item = Item(errand.peer_index, settle=settle)
        if follows.event is not None:
            item.event, item.source, item.external_id = follows.event, Source.STORE, follows.external_id
        self._post(item)

    def _count(self, errand: Errand, status: Status) -> None:
        kind = errand.payload.message.speaker.value if isinstance(errand.payload, Say) else errand.kind
        self.outcomes[kind, status.value] += 1
