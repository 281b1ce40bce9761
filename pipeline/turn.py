"""One event meets one conversation: who speaks, what is remembered, what has to leave the house. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import dialog
from channels import render
from core.capabilities import Capabilities
from core.effects import AlertStaff, Effect, FollowUp, Forget, Handoff, LookUp, Outcome, Say, Submit
from core.events import (
    CaseChanged,
    CaseFound,
    CaseOpened,
    Event,
    GivenBack,
    InboundMessage,
    MessageEdited,
    OperatorWrote,
    OwnEcho,
    PeerChanged,
    PeerStatus,
    Progress,
    StaffWrote,
    SubmissionRefused,
    TakenOver,
    TimerFired,
)
from core.model import MediaRef, OutboundMessage, Speaker
from pipeline.errand import Lane, Status
from regulations.model import Profile

_EXACT = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)

BOT, WAITING, OPERATOR = "bot", "waiting", "operator"

_REACHABLE = {
    PeerStatus.BLOCKED: False,
    PeerStatus.UNBLOCKED: True,
    PeerStatus.FOLLOWED: True,
}
_UNHEARD = (OwnEcho, Progress, PeerChanged, StaffWrote, TakenOver)
"""Events that the dialog is not told: they change who speaks, not what is said."""


class Row(Protocol):
    """The part of a conversation that a turn reads."""

    @property
    def owner(self) -> str: ...
    @property
    def operator(self) -> str: ...
    @property
    def reachable(self) -> bool: ...
    @property
    def last_inbound_at(self) -> datetime | None: ...
    @property
    def replies(self) -> int: ...
    @property
    def unread(self) -> int: ...
    @property
    def alert(self) -> str: ...
    @property
    def wake_at(self) -> datetime | None: ...
    @property
    def waiting_since(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """An errand that has no number yet."""

    lane: Lane
    kind: str
    payload: Any
    replaceable: bool = False


@dataclass(slots=True)
class Turn:
    """What one event leads to. The fields of the conversation are its values afterwards."""

    state: dialog.State
    owner: str
    operator: str
    reachable: bool
    last_inbound_at: datetime | None
    replies: int
    unread: int
    alert: str
    wake_at: datetime | None
    waiting_since: datetime | None
    plans: list[Plan] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    withdraw: str = ""
    """How the bot's messages that have not left end, when somebody else speaks now; empty: they may leave."""
    hold: bool = False
    """The event waits until the person gives the conversation back."""
    keep: bool = True
    """False: the content must not be stored."""
    problem: str = ""


def take(
    row: Row, state: dialog.State, event: Event, *, profile: Profile, capabilities: Capabilities, now: datetime
) -> Turn:
    """Decide about `event`. Never raises: a dialog that fails ends in a handoff with the reason in `problem`."""
    turn = Turn(
        state, row.owner, row.operator, row.reachable, row.last_inbound_at, row.replies, row.unread, row.alert,
        row.wake_at, row.waiting_since,
    )  # fmt: skip
    _hear(turn, event, now)
    _change_owner(turn, event)
    if isinstance(event, _UNHEARD):
        return turn
    if isinstance(event, OperatorWrote):
        _say(turn, Say(message=OutboundMessage(text=event.text, speaker=Speaker.OPERATOR)), capabilities)
        return turn
    if turn.owner != BOT:
        # News of a case waits for the person; what the citizen says is the person's to answer.
        turn.hold = isinstance(event, CaseOpened | CaseChanged | CaseFound | SubmissionRefused)
        if isinstance(event, InboundMessage):
            _overhear(turn, event, profile=profile, capabilities=capabilities, now=now)
        return turn
    step(turn, event, profile=profile, capabilities=capabilities, now=now)
    return turn


def step(turn: Turn, event: Event, *, profile: Profile, capabilities: Capabilities, now: datetime) -> None:
    """Let the dialog answer `event` and write its wishes into `turn`."""
    try:
        state, effects = dialog.step(turn.state, event, profile, now)
    except Exception as error:
        # One poisoned message must spoil neither its group nor its conversation: a person takes a look.
        turn.problem = f"{type(error).__name__} in the dialog"
        effects = [Say(message=OutboundMessage(text=profile.text("handoff"))), Handoff(reason="failed")]
        state = turn.state
    turn.state, turn.wake_at = state, _whole_minute(state.wake_at, now)
    for effect in effects:
        _wish(turn, effect, capabilities, now)


def _whole_minute(at: datetime | None, now: datetime) -> datetime | None:
    """A reminder in a quarter of an hour may come some seconds later.

    While the column keeps its value from message to message, the row can be rewritten without touching its index.
    """
    if at is None or at - now < _EXACT:
        return at
    return at.replace(second=0, microsecond=0) + _MINUTE


def _overhear(
    turn: Turn, event: InboundMessage, *, profile: Profile, capabilities: Capabilities, now: datetime
) -> None:
    """A fire does not wait until somebody comes to the inbox. Once a person is there, the person is told instead."""
    for effect in dialog.overhear(turn.state, event, profile, now):
        if turn.owner == WAITING or not isinstance(effect, Say):
            _wish(turn, effect, capabilities, now)
        else:
            turn.alert = "emergency"


def _hear(turn: Turn, event: Event, now: datetime) -> None:
    if not isinstance(event, InboundMessage | MessageEdited):
        return
    turn.last_inbound_at, turn.replies, turn.reachable = now, 0, True
    if turn.owner != BOT:
        turn.unread += 1
        turn.waiting_since = turn.waiting_since or now
    if isinstance(event, InboundMessage):
        turn.plans += [Plan(Lane.MEDIA, MediaRef.__name__, media) for media in event.media]


def _change_owner(turn: Turn, event: Event) -> None:
    match event:
        case StaffWrote(staff=who) | OperatorWrote(operator=who) | TakenOver(operator=who):
            turn.owner, turn.operator = OPERATOR, who
            turn.withdraw = Status.WITHDRAWN
            turn.unread, turn.waiting_since, turn.alert = 0, None, ""
        case GivenBack():
            turn.owner, turn.operator = BOT, ""
            turn.unread, turn.waiting_since, turn.alert = 0, None, ""
        case PeerChanged(status=status):
            turn.reachable = _REACHABLE.get(status, turn.reachable)
            if status is PeerStatus.BLOCKED:
                turn.withdraw = Status.UNREACHABLE
            elif status is PeerStatus.ERASURE_ASKED:
                turn.alert = "erasure_asked"


def _wish(turn: Turn, effect: Effect, capabilities: Capabilities, now: datetime) -> None:
    match effect:
        case Say():
            _say(turn, effect, capabilities)
        case Submit() | LookUp() | FollowUp():
            turn.plans.append(Plan(Lane.STORE, type(effect).__name__, effect))
        case Handoff(reason=reason):
            turn.owner, turn.alert = WAITING, turn.alert or reason
            turn.waiting_since = turn.waiting_since or now
        case AlertStaff(reason=reason):
            turn.alert = reason
        case Outcome():
            turn.outcomes.append(effect)
        case Forget():
            turn.keep = False


def _say(turn: Turn, say: Say, capabilities: Capabilities) -> None:
    parts = render.fit(say.message, capabilities)
    for number, part in enumerate(parts, start=1):
        last = number == len(parts)
        payload = Say(message=part, about=say.about, news=say.news) if last else Say(message=part)
        turn.plans.append(Plan(Lane.CITIZEN, Say.__name__, payload, replaceable=say.replaceable and len(parts) == 1))
        turn.replies += 1


def is_timer_stale(event: Event, wake_at: datetime | None) -> bool:
    """A timer that was set anew meanwhile fires for nothing."""
    return isinstance(event, TimerFired) and (wake_at is None or event.at < wake_at)
