"""What time does to a conversation: one reminder, a pause, the end of a draft. All spans come from the profile."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from core.events import TimerFired
from dialog import wording
from dialog.cases import ask_rating
from dialog.questions import ask
from dialog.turn import Turn

PATIENCE = timedelta(seconds=20)
"""How long a confirmed report may wait for its code before the citizen is told that it is on its way."""

Alarm = tuple[datetime, Callable[[Turn], None]]


def alarms(turn: Turn) -> Iterator[Alarm]:
    """Everything that time will do to this conversation, each with its instant."""
    state = turn.state
    intake = turn.profile.intake
    heard = state.heard_at or turn.now
    if state.form and state.form.waiting and not state.paused and not state.letters:
        if state.reminders < intake.max_reminders:
            yield heard + timedelta(minutes=intake.remind_after_minutes), remind
        yield heard + timedelta(minutes=intake.session_idle_minutes), pause
    if ends := _draft_ends(turn):
        yield ends, drop
    for pending in state.pending:
        if pending.since and not pending.told:
            yield pending.since + PATIENCE, comfort
    rating = state.rating
    if rating and rating.value is None and rating.reminders < turn.profile.rating.max_reminders:
        days = turn.profile.rating.remind_after_days
        yield rating.at + timedelta(days=days * (rating.reminders + 1)), remind_rating


def _draft_ends(turn: Turn) -> datetime | None:
    """When an open or parked draft is dropped."""
    state = turn.state
    if not (state.form or state.parked):
        return None
    return (state.heard_at or turn.now) + turn.draft_ttl


def timer_fired(turn: Turn, event: TimerFired) -> None:
    """Do what is due, the gravest first; nothing when the timer was set for something that has passed."""
    due = {act for at, act in alarms(turn) if at <= turn.now}
    for act in (drop, pause, remind, comfort, remind_rating):
        if act in due:
            act(turn)
            return


def expire(turn: Turn) -> None:
    """Drop a draft whose time is over, also when no timer came."""
    ends = _draft_ends(turn)
    if ends and ends <= turn.now:
        drop(turn)


def drop(turn: Turn) -> None:
    turn.update(form=None, parked=(), choices=(), resume=False, paused=False)


def pause(turn: Turn) -> None:
    turn.update(paused=True)
    turn.say(turn.line("timeout", hours=turn.draft_hours))


def remind(turn: Turn) -> None:
    """Repeat the open question, once."""
    waiting = turn.waiting
    tries = turn.form.tries
    turn.update(reminders=turn.state.reminders + 1)
    turn.note(turn.line("reminder"), firm=False)
    # A reminder is no failed answer: it must not bring the handover nearer.
    turn.update_form(waiting="", tries={slot: count for slot, count in tries.items() if slot != waiting})
    ask(turn, waiting)
    turn.update_form(tries=tries)


def comfort(turn: Turn) -> None:
    """The store is slow or away: the report is safe and its code will follow (R-BN-22)."""
    since = next((pending.since for pending in turn.state.pending if not pending.told), None)
    turn.update(pending=tuple(msgspec.structs.replace(pending, told=True) for pending in turn.state.pending))
    if since:
        turn.say(turn.line("pending", until=wording.local_time(since, turn.profile).strftime("%H:%M %d/%m/%Y")))


def remind_rating(turn: Turn) -> None:
    rating = turn.state.rating
    if rating:
        turn.update(rating=msgspec.structs.replace(rating, reminders=rating.reminders + 1))
        ask_rating(turn, rating.code)


def set_alarm(turn: Turn) -> None:
    """Wish to be woken at the next instant at which something is due."""
    turn.wake(min((at for at, _ in alarms(turn)), default=None))
