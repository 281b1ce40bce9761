"""Meta's side of the webhook: the challenge, signing, batches, repeats with growing gaps, giving up."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import aiohttp

from simulator.config import FacebookConfig
from simulator.facebook import signing
from simulator.faults import FaultPlan
from simulator.outgoing import Outgoing
from simulator.world import Bubble, Json, Phone, World

FIELDS = (
    "messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads", "message_reactions",
    "message_edits", "messaging_referrals", "messaging_optins", "messaging_handovers", "standby",
    "messaging_policy_enforcement", "feed", "message_template_status_update",
)  # fmt: skip
HELD_BACK = 0.3  # real seconds: long enough for a later delivery to pass
FIRST_WAIT, LONGEST_WAIT = 5.0, 3 * 3600.0
DROPPED_AFTER = 36 * 3600.0


@dataclass(slots=True, kw_only=True)
class Event:
    """One item of an entry. `field` is what one subscribes to, `place` the list of the entry it goes into."""

    field: str
    place: str
    body: Json
    phone: Phone | None = None
    bubbles: Sequence[Bubble] = ()

    @property
    def lane(self) -> str:
        return self.phone.id if self.phone else ""


@dataclass(slots=True)
class Parcel:
    """One POST. The bytes never change once written, however often it is repeated."""

    events: Sequence[Event]
    body: bytes
    name: str = field(default="")


class Webhook:
    """First tries go out one after the other per person; repeats whenever their time has come."""

    def __init__(
        self, config: FacebookConfig, world: World, faults: FaultPlan, out: Outgoing, *, retry_speed: float
    ) -> None:
        self._config, self._world, self._faults, self._out = config, world, faults, out
        self._retry_speed = retry_speed
        self._lanes: dict[str, deque[Event]] = {}
        self._held: list[Event] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._taken = 0
        stored = world.state.get("facebook.hook", (config.webhook_url, FIELDS, FIELDS))
        self.url: str = stored[0]
        # What the app asked for, and what the Page lets it have.
        self.app_fields, self.page_fields = list(stored[1]), list(stored[2])

    # -- setting up ----------------------------------------------------------------------------

    async def challenge(self, url: str, verify_token: str) -> str:
        """Ask the URL to echo a number. Returns "" when it did, else what went wrong."""
        number = str(1_158_201_444 + self._world.next_seq())
        query = urlencode({"hub.mode": "subscribe", "hub.challenge": number, "hub.verify_token": verify_token})
        patience = aiohttp.ClientTimeout(total=self._config.webhook_timeout)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.get(f"{url}{'&' if '?' in url else '?'}{query}", allow_redirects=False) as got,
            ):
                text = await got.text()
                if got.status != 200:
                    return f"HTTP Status Code = {got.status}; HTTP Message = {got.reason}"
                return "" if text == number else f"The challenge was not echoed: {text[:40]!r}"
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return f"Connection failed: {type(error).__name__}"

    async def set_up(self, url: str, verify_token: str, fields: Sequence[str]) -> str:
        """The app's subscription: challenge, then keep the URL. Returns "" or what went wrong."""
        wrong = await self.challenge(url, verify_token)
        self._world.record("facebook", "challenge", url=url, why=wrong)
        if not wrong:
            self.url, self.app_fields = url, list(fields)
            self._save()
        return wrong

    def install(self, fields: Sequence[str]) -> None:
        """The Page's installation of the app (none: the Page sends nothing)."""
        self.page_fields = list(fields)
        self._save()

    # -- events --------------------------------------------------------------------------------

    def emit(self, event: Event) -> None:
        """Queue one event for delivery. Without a URL or a subscription nobody is ever told of it."""
        if not self.url or event.field not in self.page_fields or event.field not in self.app_fields:
            self._world.record("facebook", "undeliverable", event=event.field)
            return
        if event.lane in self._lanes:
            self._lanes[event.lane].append(event)
            return
        self._lanes[event.lane] = deque([event])
        self._start(self._run(event.lane))

    async def send_raw(self, body: bytes) -> int:
        """Sign and deliver these bytes once. Returns the HTTP status (0: nobody answered)."""
        return await self._post(body)

    def pending(self) -> int:
        """Deliveries under way or waiting for their next try."""
        return len(self._tasks)

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- inside --------------------------------------------------------------------------------

    async def _run(self, lane: str) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                await self._first(queue.popleft())
        finally:
            del self._lanes[lane]

    async def _first(self, event: Event) -> None:
        fault = self._faults.strike("facebook", "webhook", event.field)
        action = fault.action if fault else ""
        if action == "batch":
            self._held.append(event)
            if len(self._held) == 1:
                self._start(self._flush())
            return
        if action == "shuffle":
            self._start(self._later(event))
            return
        if action == "seconds":
            event.body = _in_seconds(event.body)
        if fault and action == "delay":
            await asyncio.sleep(fault.seconds)
        parcel = self._packed([*self._held, event])
        self._held.clear()
        if action == "lose" or not await self._attempt(parcel):
            self._start(self._again(parcel))
        if action == "twice":
            await self._attempt(parcel)

    async def _flush(self) -> None:
        await asyncio.sleep(HELD_BACK)
        if self._held:
            parcel = self._packed(self._held[:])
            self._held.clear()
            await self._until_taken(parcel)

    async def _later(self, event: Event) -> None:
        await asyncio.sleep(HELD_BACK)
        await self._until_taken(self._packed([event]))

    async def _until_taken(self, parcel: Parcel) -> None:
        if not await self._attempt(parcel):
            await self._again(parcel)

    async def _again(self, parcel: Parcel) -> None:
        wait, waited, taken = FIRST_WAIT, 0.0, self._taken
        while waited < DROPPED_AFTER:
            await self._world.clock.sleep(wait / self._retry_speed)
            if not self.page_fields or await self._attempt(parcel):
                return
            waited, wait = waited + wait, min(wait * 2, LONGEST_WAIT)
            if self._taken == taken and waited >= self._config.gives_up_after:
                self.install(())
                self._world.record("facebook", "unsubscribed", event=parcel.name)
                return
        self._world.record("facebook", "dropped", event=parcel.name)

    async def _attempt(self, parcel: Parcel) -> bool:
        for event in parcel.events:
            for bubble in event.bubbles:
                bubble.attempts += 1
        status = await self._post(parcel.body, parcel.name)
        if status != 200:
            return False
        self._taken += 1
        for event in parcel.events:
            for bubble in event.bubbles:
                if event.phone:
                    self._world.acknowledged(event.phone, bubble)
        return True

    async def _post(self, body: bytes, name: str = "raw") -> int:
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        headers |= signing.signatures(self._config.app_secret, body)
        answer = await self._out.post(self.url, body, headers, self._config.webhook_timeout)
        self._world.record("facebook", "delivery", event=name, status=answer.status, why=answer.why)
        return answer.status

    def _packed(self, events: list[Event]) -> Parcel:
        """Neighbours of one person share an entry, the others get their own."""
        entries: list[Json] = []
        before: tuple[str, str] | None = None
        for event in events:
            here = (event.lane, event.place)
            if here != before:
                now = self._world.clock.now_ms()
                # Feed entries count in seconds.
                time = now // 1000 if event.place == "changes" else now
                entries.append({"id": self._config.page_id, "time": time, event.place: []})
            entries[-1][event.place].append(event.body)
            before = here
        body = signing.written({"object": "page", "entry": entries})
        return Parcel(events, body, ",".join(event.field for event in events))

    def _save(self) -> None:
        self._world.remember("facebook.hook", [self.url, self.app_fields, self.page_fields])

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _in_seconds(body: Json) -> Json:
    stamp = body.get("timestamp")
    return body if stamp is None else {**body, "timestamp": str(stamp // 1000)}
