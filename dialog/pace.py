"""Several messages sent one after the other are one turn: whether the citizen has more to say, and what is owed then.

An answer to something unfinished is held back for a moment (`core.effects.QUIET`). What comes meanwhile is answered in
its place, together with what it told besides its question.
"""

import re
from dataclasses import replace

from core.effects import LONGEST, QUIET, Say
from dialog.state import State
from dialog.turn import Turn

FEW = 5
"""Words up to which the answer to an open question ("what happened?") is taken for a beginning."""
_ENDED = re.compile(r"[.!?…]\s*$")


def owed(turn: Turn) -> None:
    """At the beginning of a turn: what a question told that is replaced by this turn's answer."""
    state = turn.state
    turn.burst = state.held_until is not None and turn.now < state.held_until
    if turn.burst or state.held_until is None:
        turn.owed = state.held_notes
    if state.held_until is not None or state.held_notes:
        turn.update(held_from=None, held_until=None, held_notes=(), held_waiting="")
    if turn.burst:
        # The citizen has not seen the question that waits, nor its choices.
        turn.update(choices=())
        if state.form and state.form.waiting != state.held_waiting:
            turn.update_form(waiting=state.held_waiting)


def hold(turn: Turn, before: State) -> None:
    """At the end of a turn: hold its question back if the citizen seems to have more to say."""
    last = next((n for n in reversed(range(len(turn.effects))) if isinstance(turn.effects[n], Say)), None)
    if last is None:
        if turn.burst:
            # Nothing takes the place of the question that still waits.
            turn.update(
                held_from=before.held_from, held_until=before.held_until, held_notes=before.held_notes,
                held_waiting=before.held_waiting,
            )  # fmt: skip
            if turn.state.form and before.form:
                turn.update_form(waiting=before.form.waiting)
        return
    if turn.owed:
        turn.update(held_notes=turn.owed)
    said = turn.effects[last]
    if not (turn.asked and isinstance(said, Say) and unfinished(turn, before)):
        return
    turn.effects[last] = replace(said, replaceable=True, patient=True)
    since = before.held_from if turn.burst and before.held_from else turn.now
    until = min(turn.now + QUIET, since + LONGEST)
    seen = before.held_waiting if turn.burst else before.form.waiting if before.form else ""
    turn.update(held_from=since, held_until=until, held_notes=turn.asked_notes, held_waiting=seen)


def unfinished(turn: Turn, before: State) -> bool:
    """Whether more is likely to come: the message opens a matter, is a mere beginning, or nobody asked for it."""
    message, reading = turn.message, turn.reading
    if message is None or before.letters or message.choice or message.started or message.contact or message.sticker:
        return False
    if reading.command or reading.yes or reading.no or reading.skip or reading.number is not None:
        return False
    waiting = before.form.waiting if before.form else ""
    if turn.burst:
        return True
    if not message.text:
        return _unasked(turn, waiting) if message.media or message.place else False
    if not waiting:
        return not before.settled and before.offer is None
    if waiting == "description":
        return len(reading.tokens) <= FEW and not _ENDED.search(message.text)
    if waiting == "location":
        return turn.waiting == "location"
    soon = before.heard_at is not None and turn.now - before.heard_at < LONGEST
    return soon and turn.waiting == waiting and waiting not in turn.filled


def _unasked(turn: Turn, waiting: str) -> bool:
    message = turn.message
    if message is None or message.place:
        return waiting != "location"
    return waiting != "media" or bool(message.album) or not turn.state.albums
