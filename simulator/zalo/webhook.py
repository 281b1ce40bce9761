"""Zalo's side of the webhook: signing, two seconds of patience, redelivery, giving up (zalo: webhook)."""

import asyncio
import hashlib
import json
import random
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass

from simulator.config import ZaloConfig
from simulator.faults import FaultPlan
from simulator.outgoing import Answered, Outgoing
from simulator.world import Bubble, Json, Phone, World

LADDER = (30.0, 300.0, 900.0, 1800.0, 3600.0)
HELD_BACK = 0.3  # real seconds: long enough for a later delivery to pass


@dataclass(slots=True, kw_only=True)
class Event:
    """One delivery. The bytes never change once written, however often it is repeated."""

    name: str
    body: bytes
    timestamp: str
    phone: Phone | None = None
    bubble: Bubble | None = None


def signature(app_id: str, body: bytes, timestamp: str, oa_secret: str) -> str:
    """`mac=` and the SHA-256 of the four terms one after the other; no HMAC."""
    return "mac=" + hashlib.sha256(app_id.encode() + body + timestamp.encode() + oa_secret.encode()).hexdigest()


class Webhook:
    """First tries go out one after the other per person; repeats whenever their time has come."""

    def __init__(
        self, config: ZaloConfig, world: World, faults: FaultPlan, out: Outgoing, *, seed: int, retry_speed: float
    ) -> None:
        self._config, self._world, self._faults, self._out = config, world, faults, out
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lanes: dict[str, deque[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._retry_speed = retry_speed
        self.url, self.subscribed = world.state.get("zalo.hook", [config.webhook_url, True])

    async def save_url(self, url: str) -> int:
        """What the console does on saving: an unsigned `{}` that must get 200. Returns the status (0: nobody there)."""
        answer = await self._out.post(url, b"{}", {"Content-Type": "application/json"}, self._config.webhook_timeout)
        if answer.status == 200:
            self._subscribe(url, subscribed=True)
        return answer.status

    def emit(self, event: Json, *, phone: Phone | None = None, bubble: Bubble | None = None) -> None:
        """Queue one event for delivery. Without a URL, or unsubscribed, it is lost (history keeps messages)."""
        if not self.url or not self.subscribed:
            self._world.record("zalo", "undeliverable", event=event["event_name"])
            return
        item = Event(
            name=event["event_name"], body=self._write(event), timestamp=event["timestamp"], phone=phone, bubble=bubble
        )
        lane = phone.id if phone else ""
        if lane in self._lanes:
            self._lanes[lane].append(item)
            return
        self._lanes[lane] = deque([item])
        self._start(self._run(lane))

    def pending(self) -> int:
        """Deliveries under way or waiting for their next try."""
        return len(self._tasks)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, lane: str) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                await self._first(queue.popleft())
        finally:
            del self._lanes[lane]

    async def _first(self, event: Event) -> None:
        fault = self._faults.strike("zalo", "webhook", event.name)
        action = fault.action if fault else ""
        if action == "shuffle":
            self._start(self._later(event))
            return
        if fault and action == "delay":
            await asyncio.sleep(fault.seconds)
        if action == "lose" or not await self._attempt(event, 0):
            self._start(self._again(event))
        if action == "twice":
            await self._attempt(event, 0)

    async def _later(self, event: Event) -> None:
        await asyncio.sleep(HELD_BACK)
        if not await self._attempt(event, 0):
            await self._again(event)

    async def _again(self, event: Event) -> None:
        for count, wait in enumerate(LADDER, start=1):
            await self._world.clock.sleep(wait / self._retry_speed)
            if not self.subscribed or await self._attempt(event, count):
                return
        self._subscribe(self.url, subscribed=False)
        self._world.record("zalo", "unsubscribed", event=event.name)

    async def _attempt(self, event: Event, retry: int) -> bool:
        headers = {
            "Content-Type": "application/json",
            "X-ZEvent-Signature": signature(self._config.app_id, event.body, event.timestamp, self._config.oa_secret),
            "X-ZEvent-Timestamp": event.timestamp,
        }
        if retry:
            headers["num_retry"] = str(retry)
        if event.bubble:
            event.bubble.attempts += 1
        answer = await self._out.post(self.url, event.body, headers, self._config.webhook_timeout)
        self._world.record("zalo", "delivery", event=event.name, retry=retry, status=answer.status, why=answer.why)
        if answer.status == 200 and event.phone and event.bubble:
            self._world.acknowledged(event.phone, event.bubble)
        return self._settled(answer)

    def _subscribe(self, url: str, *, subscribed: bool) -> None:
        self.url, self.subscribed = url, subscribed
        self._world.remember("zalo.hook", [url, subscribed])

    def _settled(self, answer: Answered) -> bool:
        return answer.status == 200 or (answer.status > 0 and not self._config.retry_on_status)

    def _write(self, event: Json) -> bytes:
        # Whoever re-serialises before checking the signature must notice: spacing, escapes and order vary.
        keys = list(event)
        self._dice.shuffle(keys)
        spaces = self._dice.choice([(",", ":"), (", ", ": ")])
        text = json.dumps({k: event[k] for k in keys}, ensure_ascii=self._dice.random() < 0.3, separators=spaces)
        return text.encode()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
