"""One event meets one conversation: who speaks, what is remembered, what has to leave the house. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import dialog
from channels import render
from core.capabilities import Capabilities
from core.effects import AlertStaff, Effect, EraseAsked, FollowUp, Forget, Handoff, LookUp, Outcome, Say, Submit
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
    PublicComment,
    StaffWrote,
    SubmissionRefused,
    TakenOver,
    ThreadMoved,
    TimerFired,
)
from core.model import MediaRef, OutboundMessage, Speaker
from dialog import wording
from pipeline.errand import Lane, Status
from regulations.model import Profile

_EXACT = timedelta(minutes=5)
_MINUTE = timedelta(minutes=1)

BOT, WAITING, OPERATOR = "bot", "waiting", "operator"
OUTSIDE = "platform:"
"""Begins the name of who holds a conversation in a tool of the platform's; no sign-in name of ours does."""
OTHER_PROGRAM = "ứng dụng khác"

_REACHABLE = {
    PeerStatus.BLOCKED: False,
    PeerStatus.UNBLOCKED: True,
    PeerStatus.FOLLOWED: True,
}
_UNHEARD = (OwnEcho, Progress, PeerChanged, StaffWrote, TakenOver, PublicComment, ThreadMoved)
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
    given_back: bool = False
    """The bot speaks again: what waited meanwhile is told."""
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
    if isinstance(event, ThreadMoved) and event.ours and row.operator.startswith(OUTSIDE):
        # Who of our own people has the conversation keeps it, whatever the platform moves about.
        event = GivenBack(operator=row.operator, at=event.sent_at)
    _hear(turn, event, now)
    _change_owner(turn, event)
    if isinstance(event, PublicComment):
        _invite(turn, profile, capabilities)
    if isinstance(event, _UNHEARD):
        return turn
    if isinstance(event, OperatorWrote):
        _say(turn, Say(message=OutboundMessage(text=event.text, speaker=Speaker.OPERATOR)), capabilities)
        return turn
    if isinstance(event, InboundMessage) and event.standby:
        _overhear(turn, event, profile=profile, capabilities=capabilities, now=now)
        return turn
    if turn.owner != BOT:
        # News of a case waits for the person; what the citizen says is the person's to answer.
        turn.hold = isinstance(event, CaseOpened | CaseChanged | CaseFound | SubmissionRefused)
        if isinstance(event, InboundMessage):
            _overhear(turn, event, profile=profile, capabilities=capabilities, now=now)
        return turn
    if isinstance(event, InboundMessage) and _is_closed(profile, event.peer.channel):
        _turn_away(turn, event, profile=profile, capabilities=capabilities, now=now)
        return turn
    step(turn, event, profile=profile, capabilities=capabilities, now=now)
    return turn


def _is_closed(profile: Profile, channel: str) -> bool:
    """A channel that the profile names and has switched off. Of one without a name it says nothing."""
    row = profile.channels.get(channel)
    return row is not None and not row.enabled and bool(row.name)


def _turn_away(
    turn: Turn, event: InboundMessage, *, profile: Profile, capabilities: Capabilities, now: datetime
) -> None:
    """Where to go instead, and no dialogue; a fire is answered all the same."""
    for effect in dialog.overhear(turn.state, event, profile, now):
        _wish(turn, effect, capabilities, now)
    others = (row for row in profile.channels.values() if row.kind != event.peer.channel)
    names = dict.fromkeys(row.name for row in others if row.name and (row.enabled or row.named_in_regulation))
    text = wording.line(profile, "channel_closed", choices=", ".join(names))
    _say(turn, Say(message=OutboundMessage(text=text)), capabilities)


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
    """A fire does not wait until somebody comes to the inbox. Once a person is there, the person is told instead;
    so are our staff while another program answers.
    """
    for effect in dialog.overhear(turn.state, event, profile, now):
        if (turn.owner == WAITING and not event.standby) or not isinstance(effect, Say):
            _wish(turn, effect, capabilities, now)
        else:
            turn.alert = "emergency"


def _hear(turn: Turn, event: Event, now: datetime) -> None:
    if isinstance(event, InboundMessage | PublicComment):
        turn.plans += [Plan(Lane.MEDIA, MediaRef.__name__, media) for media in event.media]
    if turn.owner != BOT and isinstance(event, InboundMessage | MessageEdited | PublicComment):
        turn.unread += 1
        turn.waiting_since = turn.waiting_since or now
    elif isinstance(event, InboundMessage) and event.standby:
        turn.unread += 1
    if isinstance(event, InboundMessage | MessageEdited):
        turn.last_inbound_at, turn.replies, turn.reachable = now, 0, True


def _invite(turn: Turn, profile: Profile, capabilities: Capabilities) -> None:
    """Everybody can read a comment, so nothing is asked there: one private reply invites to the chat."""
    if turn.owner == BOT and not turn.replies:
        _say(
            turn, Say(message=OutboundMessage(text=wording.line(profile, "comment_invite")), invites=True), capabilities
        )


def _change_owner(turn: Turn, event: Event) -> None:
    match event:
        case OperatorWrote(operator=who) | TakenOver(operator=who):
            _hand_to(turn, who)
        case StaffWrote(staff=who):
            _hand_to(turn, f"{OUTSIDE}{who}")
        case ThreadMoved(ours=False, by=who):
            _hand_to(turn, f"{OUTSIDE}{who or OTHER_PROGRAM}")
        case GivenBack():
            turn.given_back = True
            turn.owner, turn.operator = BOT, ""
            turn.unread, turn.waiting_since, turn.alert = 0, None, ""
        case PeerChanged(status=status):
            turn.reachable = _REACHABLE.get(status, turn.reachable)
            if status is PeerStatus.BLOCKED:
                turn.withdraw = Status.UNREACHABLE
            elif status is PeerStatus.ERASURE_ASKED:
                turn.alert = "erasure_asked"


def _hand_to(turn: Turn, who: str) -> None:
    turn.owner, turn.operator = OPERATOR, who
    turn.withdraw = Status.WITHDRAWN
    turn.unread, turn.waiting_since, turn.alert = 0, None, ""


def _wish(turn: Turn, effect: Effect, capabilities: Capabilities, now: datetime) -> None:
    match effect:
        case Say():
            _say(turn, effect, capabilities)
        case Submit() | LookUp() | FollowUp():
            turn.plans.append(Plan(Lane.STORE, type(effect).__name__, effect))
        case EraseAsked():
            # In the citizen's lane: what is still said to them leaves before.
            turn.plans.append(Plan(Lane.CITIZEN, EraseAsked.__name__, effect))
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
        replaceable = say.replaceable and len(parts) == 1
        payload = Say(
            message=part, about=say.about, news=say.news if last else "", invites=say.invites, replaceable=replaceable,
            patient=say.patient and replaceable,
        )  # fmt: skip
        turn.plans.append(Plan(Lane.CITIZEN, Say.__name__, payload, replaceable=replaceable))
        turn.replies += 1


def may_write(capabilities: Capabilities, speaker: Speaker, heard_at: datetime | None, now: datetime) -> bool:
    """Whether the platform still takes a free message. Where it allows persons longer than programs, they have longer.

    `heard_at`: the citizen's last word; None when they have never written.
    """
    window = capabilities.reply_window
    if window is None:
        return True
    if speaker is Speaker.OPERATOR and capabilities.person_window is not None:
        window = max(window, capabilities.person_window)
    return heard_at is not None and now - heard_at <= window


def is_timer_stale(event: Event, wake_at: datetime | None) -> bool:
    """A timer that was set anew meanwhile fires for nothing."""
    return isinstance(event, TimerFired) and (wake_at is None or event.at < wake_at)
