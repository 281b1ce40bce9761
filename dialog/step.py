"""The machine: one event in, a new state and the wishes out. Pure; the same input gives the same output."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from core.effects import Effect
from core.events import Event, GivenBack, InboundMessage, MessageEdited, MessageWithdrawn, PictureRead, TimerFired
from dialog import pace
from dialog.clock import expire, set_alarm, timer_fired
from dialog.filling import empty, fill_pin
from dialog.hearing import discarded, emergency, hear, judge_edit
from dialog.media import picture_read
from dialog.news import STORE
from dialog.questions import ask, ask_all, ask_next
from dialog.reading import read
from dialog.reporting import correct_message, reread
from dialog.state import State
from dialog.turn import Turn
from regulations.model import Profile


def new_state(*, channel: str, profile: Profile, now: datetime, letters: bool = False, albums: bool = False) -> State:
    """A conversation in which nothing has been said yet; `letters` where everything missing is asked in one message,
    `albums` where the platform says which pictures belong together.
    """
    return State(profile=profile.id, channel=channel, heard_at=now, letters=letters, albums=albums)


def step(state: State, event: Event, profile: Profile, now: datetime) -> tuple[State, list[Effect]]:
    """What happens next. `now` is timezone-aware. The given state is not changed; nothing is raised for what
    citizens write. Events that concern the pipeline only (echoes, receipts, staff) change nothing.
    """
    handle = HANDLERS.get(type(event))
    if handle is None:
        return state, []
    turn = Turn(state=state, profile=profile, now=now)
    if isinstance(event, InboundMessage | MessageEdited):
        pace.owed(turn)
        handle(turn, event)
        pace.hold(turn, state)
    else:
        handle(turn, event)
    set_alarm(turn)
    return turn.state, turn.effects


def overhear(state: State, event: InboundMessage, profile: Profile, now: datetime) -> list[Effect]:
    """What must happen although a person has the conversation: an emergency's number is told, a secret is not kept.

    The dialog itself stays where it is. Order of checks: profile schema §4, rows 2 and 3.
    """
    turn = Turn(state=state, profile=profile, now=now, message=event)
    if event.text:
        turn.reading = read(event, profile=profile, now=now)
        if not emergency(turn):
            discarded(turn)
    return turn.effects


def waiting_for(state: State) -> str:
    """The slot or side question the bot waits for, as in the canonical slots; empty when it waits for nothing."""
    return state.form.waiting if state.form else ""


def _hear(turn: Turn, event: InboundMessage) -> None:
    expire(turn)
    turn.message = event
    turn.update(heard_at=turn.now, paused=False)
    hear(turn)


def _edited(turn: Turn, event: MessageEdited) -> None:
    """A changed message corrects what it had filled, if it was the last one to fill anything."""
    form = turn.state.form
    if form is None or event.of != form.last_message or not (event.text or event.place):
        return
    turn.message = InboundMessage(
        peer=event.peer, external_id=event.of, sent_at=event.sent_at, text=event.text, place=event.place
    )
    if not event.text:
        # A live position moves every few seconds: the place follows in silence.
        fill_pin(turn, {"location"})
        turn.notes.clear()
        return
    reread(turn, waiting_for=form.last_waiting)
    if not judge_edit(turn, form.last_waiting):
        correct_message(turn, form.last_waiting, form.last_slots)


def _withdrawn(turn: Turn, event: MessageWithdrawn) -> None:
    """A message taken back empties what it had filled, if it was the last one to fill anything."""
    form = turn.state.form
    if form is None or event.of != form.last_message:
        return
    turn.update(heard_at=turn.now)
    empty(turn, form.last_slots)
    ask_next(turn)


def _given_back(turn: Turn, event: GivenBack) -> None:
    """The bot takes up the open question again, with a fresh count of tries."""
    waiting = turn.waiting
    # Time spent with a person does not count against the draft, and its timers are set anew.
    turn.update(heard_at=turn.now, wake_at=None)
    if turn.form.asked:
        turn.update_form(tries={})
        ask_all(turn)
    elif waiting:
        turn.update_form(tries={}, waiting="")
        ask(turn, waiting)


def _timer(turn: Turn, event: TimerFired) -> None:
    # The timer is spent: whatever is due next has to be wished for anew.
    turn.update(wake_at=None)
    timer_fired(turn, event)


HANDLERS: Mapping[type, Callable[[Turn, Any], None]] = {
    InboundMessage: _hear,
    MessageEdited: _edited,
    MessageWithdrawn: _withdrawn,
    GivenBack: _given_back,
    TimerFired: _timer,
    PictureRead: picture_read,
    **STORE,
}
