"""One part played through the real pipeline: from the citizen's phone to the case store and back."""

import asyncio
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from app.rehearsal.backstage import Backstage, Glance
from app.rehearsal.citizen import act, words
from app.rehearsal.hall import Hall, Part
from app.rehearsal.judge import Seen, judge
from app.rehearsal.letters import Letter, asked, next_turn
from app.rehearsal.player import Player
from app.rehearsal.received import Received, received
from app.rehearsal.record import Record, Say, StoreSays, Turn, Wait
from app.rehearsal.stage import BETWEEN, e164, known_case
from case_store.flow import PLAYS
from case_store.news import PUSH_SCHEMA, SIGNATURE_HEADER, signed
from case_store.seeding import Existing, put_case
from case_store.tables import cases, outbox
from core.events import Event, IdentityKnown, Source
from core.model import Peer
from core.report import Report
from pipeline.items import Item
from regulations.model import Profile
from simulator.world import Bubble
from storage import conversations

PATIENCE = 30.0
"""Real seconds in which everything that a turn sets going has to come to rest."""
_LOOK_AGAIN = 0.002
_BEFORE = timedelta(minutes=5)
_CLOSE_OF_DAY = time(17)


class Unrest(Exception):
    """Something did not come to an end; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a part. `talk` is (who, words) as the phone shows it; `seconds` are real ones."""

    part: Part
    differences: list[str]
    seconds: float
    talk: list[tuple[str, str]] = field(default_factory=list)
    reports: tuple[Report, ...] = ()
    """As the case store received them."""

    @property
    def passed(self) -> bool:
        return not self.differences


async def perform(hall: Hall, part: Part) -> Played:
    """Play the whole record. Never raises for what the gateway does wrong: that is a difference."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    one = _Performance(hall, part)
    try:
        seen = await one.play()
        differences = judge(part.record, seen, one.profile)
    except Unrest as error:
        differences = [f"did not come to rest: {error}"]
    return Played(
        part=part,
        differences=differences,
        seconds=loop.time() - began,
        talk=[(bubble.sender, words(bubble)) for bubble in one.bubbles()],
        reports=tuple(one.received.reports),
    )


class _Performance:
    def __init__(self, hall: Hall, part: Part) -> None:
        self.hall, self.part, self.record = hall, part, part.record
        account = hall.house.gateway.accounts.get(part.channel, part.account)
        if account is None:
            raise KeyError(f"the hall was not opened for {part.channel}:{part.account}")
        self.profile: Profile = account.profile
        self.simulator = hall.simulators[part.account]
        self.phone = self.simulator.join(part.channel, "Công dân", _own_number(part.record))
        self.peer = Peer(channel=part.channel, account=part.account, user=self.phone.user_id)
        self.index = hall.house.seal.index(str(self.peer))
        self.backstage = Backstage(hall.house.pool, hall.house.seal, self.index)
        self.received = Received(reports=(), follow_ups=())
        self._labels: Mapping[str, str] = {}
        self._first_bubble = self._first_event = self._first_case = 0

    async def play(self) -> Seen:
        self.hall.watch.set(self.record.now)
        await self._prepare()
        player = Player(self.record)
        while turn := await self._next(player):
            match turn:
                case Say() | Letter():
                    said_at = self.hall.watch()
                    act(self.simulator, self.phone, turn, self._labels)
                    await self._rest()
                    self.hall.watch.set(said_at + BETWEEN)
                case Wait(span=span):
                    await self._wait(span)
                case StoreSays():
                    await self._store_says(turn)
        return await self._seen(player)

    def bubbles(self) -> list[Bubble]:
        return self.phone.bubbles[self._first_bubble :]

    # --- what is there before the first turn --------------------------------------------------------------------------

    async def _prepare(self) -> None:
        if self.record.turns and isinstance(self.record.turns[0], StoreSays):
            await self._been_here_before()
        told = {turn.code for turn in self.record.turns if isinstance(turn, StoreSays)}
        async with self.hall.store.transaction() as connection:
            self._first_case = (await connection.execute(select(func.max(cases.c.id)))).scalar_one() or 0
            for case in self.record.cases:
                existing = _existing(case, self.profile, at_work=case["code"] in told)
                await put_case(connection, self.profile, existing, now=self.hall.watch())
        for event, key in self._known():
            await self.hall.house.gateway.writer.take([Item(self.index, event, key, Source.STORE, self.peer)])
        if glance := await self.backstage.glance():
            for case in self.record.cases:
                if case.get("owner") == "self":
                    await conversations.adopt_case(self.hall.house.pool, glance.id, case["code"], self.hall.watch())

    async def _been_here_before(self) -> None:
        """Nobody can be written to who has not written to us first."""
        self.hall.watch.set(self.record.now - _BEFORE)
        act(self.simulator, self.phone, Say(text="cảm ơn"))
        glance = await self._rest()
        self.hall.watch.set(self.record.now)
        self._first_bubble, self._first_event = len(self.phone.bubbles), glance.seq if glance else 0

    def _known(self) -> list[tuple[Event, str]]:
        now, record = self.hall.watch(), self.record
        own = [case for case in record.cases if case.get("owner") == "self"]
        events: list[tuple[Event, str]] = [(known_case(case, now), f"known:{case['code']}") for case in own]
        if record.citizen:
            phone = e164(record.citizen["phone"], self.profile.phone.default_region)
            events.append((IdentityKnown(name=record.citizen["name"], phone=phone, at=now), "known:citizen"))
        return events

    # --- turns that are not the citizen's -----------------------------------------------------------------------------

    async def _wait(self, span: timedelta) -> None:
        """Let time pass, ringing whenever the conversation asked for it."""
        end = self.hall.watch() + span
        while (glance := await self.backstage.glance()) and glance.wake_at is not None and glance.wake_at <= end:
            self.hall.watch.set(max(glance.wake_at, self.hall.watch()))
            await self.hall.house.gateway.ring()
            if (after := await self._rest()) and after.wake_at == glance.wake_at:
                raise Unrest(f"the conversation is still due at {glance.wake_at}")
        self.hall.watch.set(end)

    async def _store_says(self, turn: StoreSays) -> None:
        """An officer acts where there is such an act; news of acts that our store would not carry out like this are
        pushed as another store would push them."""
        to = next((to for to, play in PLAYS.items() if play.news == turn.event), "")
        if not (to and await self._played(turn, to)):
            body = self._news(turn)
            signature = signed(self.hall.push_secret, body, int(self.hall.watch().timestamp()))
            await self._post(f"{self.hall.gateway_url}/store/updates", body, {SIGNATURE_HEADER: signature}, turn)
        await self._pushed()
        await self._rest()

    async def _played(self, turn: StoreSays, to: str) -> bool:
        """Whether the store carried the act out; it demands proofs and reasons that a record need not give."""
        body = json.dumps({"to": to, **turn.values}).encode()
        url = f"{self.hall.store_url}/officer/cases/{turn.code}/play"
        answer = await self.hall.house.outgoing.post(url, body, {"content-type": "application/json"})
        if answer.status == 400:
            return False
        if answer.status != 200:
            raise Unrest(f"{turn.event} was answered with {answer.status}: {answer.body.decode()}")
        return True

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str], turn: StoreSays) -> None:
        answer = await self.hall.house.outgoing.post(url, body, headers)
        if answer.status != 200:
            raise Unrest(f"{turn.event} was answered with {answer.status}: {answer.body.decode()}")

    def _news(self, turn: StoreSays) -> bytes:
        values = dict(turn.values)
        update = {
            "update_id": uuid.uuid4().hex,
            "service_request_id": turn.code,
            "jurisdiction_id": self.profile.id,
            "status": "unchanged",
            "updated_datetime": self.hall.watch().replace(microsecond=0).isoformat(),
            "description": values.pop("text", ""),
            "extras": {"event": turn.event, "detailed_status": values.pop("status", ""), **values},
        }
        return json.dumps({"schema": PUSH_SCHEMA, "updates": [update]}, ensure_ascii=False).encode()

    # --- watching -----------------------------------------------------------------------------------------------------

    async def _rest(self) -> Glance | None:
        """Wait until all that the citizen set going has ended: deliveries and errands. Raises `Unrest`."""
        end = _end()
        glance = None
        while _left(end):
            # What is delivered makes errands, and errands make deliveries: receipts and echoes.
            if not self._deliveries():
                glance = await self.backstage.glance()
                if (glance is None or not glance.busy) and not self._deliveries():
                    return glance
                if not self._deliveries():
                    # The citizen has said all of this turn: the moment in which more might come passes.
                    self.hall.watch.skip_pause()
            await asyncio.sleep(_LOOK_AGAIN)
        raise Unrest(f"{self._deliveries()} deliveries and {glance.busy if glance else 0} errands are under way")

    def _deliveries(self) -> int:
        people = self.simulator
        hooks = (people.zalo_webhook, people.facebook.webhook, people.mail)
        return sum(one.pending() for one in hooks) + people.updates.count()

    async def _pushed(self) -> None:
        """Wait until the store has brought its news to the gateway. Raises `Unrest`."""
        end = _end()
        query = select(func.count()).select_from(outbox).where(outbox.c.delivered_at.is_(None))
        while _left(end):
            async with self.hall.store.transaction() as connection:
                if not (await connection.execute(query)).scalar_one():
                    return
            await asyncio.sleep(_LOOK_AGAIN)
        raise Unrest("the store cannot push its news")

    async def _next(self, player: Player) -> Turn | Letter | None:
        state = await self.backstage.state()
        self._labels = {choice.key: choice.label for choice in state.choices} if state else {}
        return next_turn(player, asked(state), settled=bool(await self._outcomes()))

    async def _outcomes(self) -> list[tuple[str, str]]:
        return await self.backstage.outcomes(self._first_event)

    async def _seen(self, player: Player) -> Seen:
        codes = [case["code"] for case in self.record.cases]
        async with self.hall.store.transaction() as connection:
            self.received = await received(connection, self.part.account, codes, after=self._first_case)
        state = await self.backstage.state()
        return Seen(
            outcomes=await self._outcomes(),
            reports=self.received.drafts(closed=False),
            closed=self.received.drafts(closed=True),
            follow_ups=list(self.received.follow_ups),
            texts=[words(bubble) for bubble in self.bubbles() if bubble.sender == "bot"],
            unanswered=player.unanswered,
            draft_kept=bool(state and (state.form or state.parked)),
        )


def _own_number(record: Record) -> str:
    """The number on the citizen's own card: what a platform has on file and offers to hand over."""
    cards = (turn.contact for turn in record.turns if isinstance(turn, Say) and turn.contact)
    return next((re.sub(r"^0", "84", str(card["phone"])) for card in cards), "")


def _end() -> float:
    return asyncio.get_running_loop().time() + PATIENCE


def _left(end: float) -> bool:
    return asyncio.get_running_loop().time() < end


def _existing(case: Mapping[str, Any], profile: Profile, *, at_work: bool) -> Existing:
    """A case of the record's `given`. `at_work`: an officer has something to tell about it yet."""
    due = case.get("due")
    zone = ZoneInfo(profile.timezone)
    return Existing(
        code=case["code"],
        state=case.get("status", ""),
        stage="in_progress" if at_work else "",
        category=case.get("category", ""),
        agency=case.get("agency", ""),
        text=case.get("text", ""),
        due=datetime.combine(date.fromisoformat(str(due)), _CLOSE_OF_DAY, zone) if due else None,
    )
