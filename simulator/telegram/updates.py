"""Updates on their way to the bot: one sequence, delivered to a webhook in lanes or fetched by getUpdates."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field

import msgspec

from simulator.config import TelegramConfig
from simulator.faults import FaultPlan
from simulator.outgoing import Answered, Outgoing
from simulator.telegram.call import Call, answer_of
from simulator.telegram.errors import TelegramError
from simulator.world import Bubble, Json, Phone, World

DAY = 86_400.0
CALLBACK_LIFE = 150.0
FIRST_WAIT, LONGEST_WAIT, LONGEST_ASKED = 2.0, 60.0, 3600.0
HELD_BACK = 0.3  # real seconds: long enough for a later delivery to pass
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
CONFLICT_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
CONFLICT_POLL = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass(slots=True, kw_only=True)
class Pending:
    """One update not yet taken. `lane`: what it must not overtake."""

    id: int
    kind: str
    body: Json
    lane: str
    until: float
    phone: Phone | None = None
    bubble: Bubble | None = None


@dataclass(slots=True, kw_only=True)
class Hook:
    """The webhook in force; an empty URL means polling."""

    url: str = ""
    secret: str = ""
    allowed: list[str] = field(default_factory=list)
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


class Updates:
    def __init__(
        self, config: TelegramConfig, world: World, faults: FaultPlan, out: Outgoing, *, seed: int, retry_speed: float
    ) -> None:
        self._config, self._world, self._faults, self._out = config, world, faults, out
        self._retry_speed = retry_speed
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._pending: dict[int, Pending] = {}
        self._lanes: dict[str, deque[int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._arrived = asyncio.Event()
        self._poll = 0
        self._closed = False
        self.execute: Callable[[Call], Awaitable[Json]] | None = None
        stored = world.state.get("telegram.hook")
        self.hook = Hook(**stored) if stored else Hook(url=config.webhook_url, secret=config.webhook_secret)
        self._slots = asyncio.Semaphore(self.hook.max_connections)
        self._last_id = world.state.get("telegram.last_update", 815_000_000)
        self._restore()

    # -- coming in ---------------------------------------------------------------------------

    def add(
        self, kind: str, content: Json, *, lane: str, life: float = DAY, phone: Phone | None = None,
        bubble: Bubble | None = None,
    ) -> None:  # fmt: skip
        """Queue an update, unless the bot did not ask for this kind."""
        if (self.hook.allowed and kind not in self.hook.allowed) or (not self.hook.allowed and kind in UNASKED):
            return
        self._last_id += 1
        body = {"update_id": self._last_id, kind: content}
        item = Pending(
            id=self._last_id, kind=kind, body=body, lane=lane, until=self._world.clock.now() + life, phone=phone,
            bubble=bubble,
        )  # fmt: skip
        self._pending[item.id] = item
        self._world.remember("telegram.last_update", self._last_id)
        facts = [kind, body, lane, item.until, phone and phone.id, bubble and bubble.seq]
        self._world.remember(f"telegram.update.{item.id}", facts)
        self._queue(item)
        self._arrived.set()

    def count(self) -> int:
        self._expire()
        return len(self._pending)

    # -- webhook -----------------------------------------------------------------------------

    def set_hook(self, hook: Hook, *, drop: bool) -> None:
        self._stop()
        self.hook = hook
        self._slots = asyncio.Semaphore(hook.max_connections)
        self._save_hook()
        if drop:
            for update_id in tuple(self._pending):
                self._done(update_id)
        self.start()

    def start(self) -> None:
        """Begin to deliver what is pending; call it inside the running loop."""
        for item in tuple(self._pending.values()):
            self._queue(item)

    async def close(self) -> None:
        self._closed = True
        self._arrived.set()
        tasks = tuple(self._tasks)
        self._stop()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _queue(self, item: Pending) -> None:
        if not self.hook.url or self._closed:
            return
        if item.lane in self._lanes:
            self._lanes[item.lane].append(item.id)
            return
        self._lanes[item.lane] = deque([item.id])
        self._spawn(self._run(item.lane, self._lanes[item.lane]))

    async def _run(self, lane: str, queue: deque[int]) -> None:
        while queue:
            item = self._pending.get(queue[0])
            if item is not None:
                await self._deliver(item)
            queue.popleft()
        if self._lanes.get(lane) is queue:
            del self._lanes[lane]

    async def _deliver(self, item: Pending) -> None:
        fault = self._faults.strike("telegram", "webhook", item.kind)
        action = fault.action if fault else ""
        if action == "shuffle":
            self._spawn(self._after(item))
            return
        if fault and action == "delay":
            await asyncio.sleep(fault.seconds)
        await self._until_taken(item, lost_first=action == "lose")
        if action == "twice":
            await self._attempt(item)

    async def _after(self, item: Pending) -> None:
        await asyncio.sleep(HELD_BACK)
        await self._until_taken(item, lost_first=False)

    async def _until_taken(self, item: Pending, *, lost_first: bool) -> None:
        """The head of a lane blocks it: at once again, then after 2, 4, 8 … seconds, until its day is over."""
        wait = 0.0
        while item.id in self._pending:
            answer = Answered(0, why="Connection timed out") if lost_first else await self._attempt(item)
            lost_first = False
            if answer.ok:
                self._done(item.id)
                if self.execute and (call := answer_of(answer.body)):
                    await self.execute(call)
                return
            self.hook.last_error_date = int(self._world.clock.now())
            self.hook.last_error_message = answer.why or f"Wrong response from the webhook: {answer.status}"
            if answer.retry_after:
                wait = min(answer.retry_after, LONGEST_ASKED)
            await self._world.clock.sleep(wait / self._retry_speed)
            wait = max(FIRST_WAIT, wait * 2) if wait * 2 < LONGEST_WAIT else self._dice.uniform(60, 120)
            self._expire()

    async def _attempt(self, item: Pending) -> Answered:
        headers = {"Content-Type": "application/json"}
        if self.hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self.hook.secret
        if item.bubble:
            item.bubble.attempts += 1
        body = msgspec.json.encode(item.body)
        async with self._slots:
            answer = await self._out.post(self.hook.url, body, headers, self._config.webhook_timeout)
        self._world.record(
            "telegram", "delivery", update=item.id, event=item.kind, status=answer.status, why=answer.why
        )
        if answer.ok:
            self._acknowledge(item)
        return answer

    # -- polling -----------------------------------------------------------------------------

    async def fetch(self, offset: int, limit: int, patience: float) -> list[Json]:
        """What `getUpdates` answers; `offset` confirms everything before it. `patience` in real seconds."""
        if self.hook.url:
            raise TelegramError(409, CONFLICT_WEBHOOK)
        self._poll += 1
        mine = self._poll
        self._arrived.set()  # whoever polled before us is terminated
        if offset < 0 and self._pending:
            offset = list(self._pending)[max(offset, -len(self._pending))]
        for update_id in [known for known in self._pending if known < offset]:
            self._acknowledge(self._pending[update_id])
            self._done(update_id)
        loop = asyncio.get_running_loop()
        end = loop.time() + patience
        while True:
            self._expire()
            if batch := [item.body for item in self._pending.values()][:limit]:
                return batch
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), max(end - loop.time(), 0.0))
            except TimeoutError:
                return []
            if self._closed:
                return []
            if mine != self._poll:
                raise TelegramError(409, CONFLICT_POLL)

    def allow(self, kinds: list[str]) -> None:
        self.hook.allowed = kinds
        self._save_hook()

    # -- inside ------------------------------------------------------------------------------

    def _acknowledge(self, item: Pending) -> None:
        if item.phone and item.bubble:
            self._world.acknowledged(item.phone, item.bubble)

    def _done(self, update_id: int) -> None:
        self._pending.pop(update_id, None)
        self._world.remember(f"telegram.update.{update_id}", None)

    def _expire(self) -> None:
        now = self._world.clock.now()
        for item in [item for item in self._pending.values() if item.until <= now]:
            self._world.record("telegram", "expired", update=item.id, event=item.kind)
            self._done(item.id)

    def _save_hook(self) -> None:
        hook = self.hook
        self._world.remember("telegram.hook", msgspec.to_builtins(hook))

    def _restore(self) -> None:
        for name, facts in sorted(self._world.state.items()):
            if not name.startswith("telegram.update."):
                continue
            kind, body, lane, until, phone_id, seq = facts
            phone = self._world.phones.get(phone_id) if phone_id else None
            bubble = next((b for b in phone.bubbles if b.seq == seq), None) if phone else None
            self._pending[body["update_id"]] = Pending(
                id=body["update_id"], kind=kind, body=body, lane=lane, until=until, phone=phone, bubble=bubble
            )

    def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._lanes.clear()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
