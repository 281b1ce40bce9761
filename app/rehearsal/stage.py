"""Plays a record against the pure dialog alone: no channel, no database, no clock; the case store is a dictionary."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import phonenumbers

from app.rehearsal.judge import Seen
from app.rehearsal.player import Player, inbound
from app.rehearsal.record import Record, Say, StoreSays, Wait
from core.effects import Effect, FollowUp, LookUp, Outcome, Submit
from core.effects import Say as BotSays
from core.events import CaseChanged, CaseFound, CaseKnown, CaseOpened, Event, IdentityKnown, SendSettled, TimerFired
from core.model import Peer
from dialog import State, decode, encode, new_state, step, waiting_for
from regulations.code import next_code
from regulations.model import Profile

BETWEEN = timedelta(seconds=10)
"""From one message of the citizen to the next."""
LETTERS = frozenset({"email"})
"""Channels of letters: everything missing is asked at once, and the sender's address is known."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """One conversation. `trace` collects ("citizen" | "bot", text) for whoever wants to read it."""

    profile: Profile
    channel: str
    now: datetime
    state: State = field(init=False)
    seen: Seen = field(default_factory=Seen)
    trace: list[tuple[str, str]] = field(default_factory=list)
    others: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Cases of other people, by code."""
    count: int = 0
    submitted_after: int | None = None
    """How many messages the citizen had sent when the first open report left."""

    def __post_init__(self) -> None:
        letters = self.channel in LETTERS
        self.state = new_state(channel=self.channel, profile=self.profile, now=self.now, letters=letters)

    def happen(self, event: Event) -> list[Effect]:
        """One event, with everything the store answers at once; the state is stored and read back each time."""
        self.state, effects = step(decode(encode(self.state)), event, self.profile, self.now)
        for effect in effects:
            self._note(effect)
        for effect in effects:
            for answer in self._answers(effect):
                self.happen(answer)
        return effects

    def _note(self, effect: Effect) -> None:
        match effect:
            case BotSays(message=message):
                labels = " / ".join(choice.label for choice in message.choices)
                self.seen.texts.append("\n".join(filter(None, (message.text, labels))))
                self.trace.append(("bot", self.seen.texts[-1]))
            case Outcome(value=value, code=code):
                self.seen.outcomes.append((value, code))
            case Submit(draft=draft, closed=closed):
                if self.submitted_after is None and not closed:
                    self.submitted_after = sum(who == "citizen" for who, _ in self.trace)
                (self.seen.closed if closed else self.seen.reports).append(draft)
            case FollowUp():
                self.seen.follow_ups.append(effect)

    def _answers(self, effect: Effect) -> list[Event]:
        match effect:
            case Submit(ordinal=ordinal, closed=closed):
                self.count += 1
                code = next_code(self.profile, self.now.date(), self.count)
                return [CaseOpened(ordinal=ordinal, code=code, at=self.now, closed=closed)]
            case LookUp(code=code, request=request):
                case = self.others.get(code, {})
                return [
                    CaseFound(
                        code=code,
                        found=bool(case),
                        at=self.now,
                        status=case.get("status", ""),
                        category=case.get("category", ""),
                        request=request,
                    )
                ]
            case BotSays(about=code, news=news) if news:
                return [SendSettled(code=code, name=news, at=self.now, delivered=True)]
        return []

    def say(self, said: Say) -> list[Effect]:
        """The citizen sends one message."""
        number = len(self.trace)
        self.trace.append(("citizen", said.text or str(said)))
        user = "citizen@example.vn" if self.state.letters else "citizen"
        peer = Peer(channel=self.channel, account="rehearsal", user=user)
        return self.happen(inbound(said, peer=peer, external_id=f"m{number}", at=self.now))

    def wait(self, span: timedelta) -> None:
        """Let time pass, waking the dialog whenever it asked for it."""
        end = self.now + span
        while self.state.wake_at is not None and self.state.wake_at <= end:
            self.now = max(self.state.wake_at, self.now)
            self.happen(TimerFired(at=self.now))
        self.now = end


def play(record: Record, profile: Profile, channel: str = "") -> Stage:
    """The whole record on the pure dialog, on its own channel or another one."""
    stage = Stage(profile=profile, channel=channel or record.channel, now=record.now)
    _given(stage, record)
    player = Player(record)
    while turn := player.next(waiting_for(stage.state), settled=bool(stage.seen.outcomes)):
        match turn:
            case Say():
                stage.say(turn)
                stage.now += BETWEEN
            case Wait(span=span):
                stage.wait(span)
            case StoreSays(event=name, code=code, values=values):
                stage.happen(
                    CaseChanged(code=code, update_id=f"u{len(stage.trace)}", name=name, at=stage.now, **values)
                )
    stage.seen.unanswered = player.unanswered
    stage.seen.draft_kept = bool(stage.state.form or stage.state.parked)
    return stage


def _given(stage: Stage, record: Record) -> None:
    for case in record.cases:
        if case.get("owner") != "self":
            stage.others[case["code"]] = case
        else:
            stage.happen(known_case(case, stage.now))
    if record.citizen:
        phone = e164(record.citizen["phone"], stage.profile.phone.default_region)
        stage.happen(IdentityKnown(name=record.citizen["name"], phone=phone, at=stage.now))


def known_case(case: Mapping[str, Any], now: datetime) -> CaseKnown:
    """A case of the record's `given`, as the store would make it known; ISO dates become dd/mm/yyyy."""
    delivered = case.get("delivered_at")
    return CaseKnown(
        code=case["code"],
        at=now,
        status=case.get("status", ""),
        agency=case.get("agency", ""),
        category=case.get("category", ""),
        due=date.fromisoformat(str(case["due"])).strftime("%d/%m/%Y") if case.get("due") else "",
        text=case.get("text", ""),
        delivered_at=datetime.fromisoformat(str(delivered)) if delivered else None,
        followup_count=case.get("followup_count", 0),
    )


def e164(phone: str, region: str) -> str:
    return phonenumbers.format_number(phonenumbers.parse(phone, region), phonenumbers.PhoneNumberFormat.E164)
