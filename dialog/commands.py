"""What a whole message, or its leading clause, commands: one function a command, in one table.

A function that returns False leaves the message to the checks after it.
"""

from collections.abc import Callable, Mapping

from core.effects import Handoff
from dialog import cases, privacy
from dialog.ending import take_up, withdraw
from dialog.needed import is_required
from dialog.offers import take_offer
from dialog.questions import ask, ask_again, ask_next
from dialog.turn import Turn


def commanded(turn: Turn) -> bool:
    act = COMMANDS.get(turn.reading.command)
    # "mà thôi báo vụ này trước nè" opens another matter and takes nothing back (D23).
    return act is not None and not turn.reading.subject_switch and act(turn)


def cancel(turn: Turn) -> bool:
    if cases.withdraw_case(turn):
        return True
    if turn.state.form:
        row = turn.profile.fields.get(turn.waiting)
        # "khỏi" to a question that may be passed over means this question; with more words it means the report (D15).
        if row and turn.reading.skip and not turn.reading.rest and not is_required(turn, row.id):
            return False
        withdraw(turn)
        return True
    if turn.state.resume:
        turn.update(parked=turn.state.parked[:-1], resume=False)
    if turn.state.rating or turn.state.settled:
        turn.update(rating=None)
    turn.say(turn.line("withdrawn"))
    return True


def status(turn: Turn) -> bool:
    if not turn.reading.codes and cases.tell_foreign(turn):
        return True
    if not turn.reading.codes and turn.reading.has_matter and turn.reading.rest:
        return False
    cases.tell_status(turn)
    return True


def human(turn: Turn) -> bool:
    turn.wish(Handoff(reason="asked"))
    turn.say(turn.line("handoff"))
    return True


def confidential(turn: Turn) -> bool:
    """Set whenever the wish comes: first, mid-way, or after sending. Confidential is not anonymous (D17)."""
    if turn.reading.has_matter:
        return False
    if turn.state.form is None and cases.confidential_case(turn):
        return True
    turn.update_draft(confidential=True)
    turn.note(turn.line("confidential_noted"))
    turn.filled.append("confidential")
    ask_next(turn)
    return True


def insist(turn: Turn) -> bool:
    if turn.waiting in ("confirm", "duplicate"):
        return False
    if turn.state.offer:
        take_offer(turn)
        return True
    if turn.reading.has_matter:
        return False
    if turn.state.form is None and turn.state.parked:
        take_up(turn)
        return True
    turn.begin()
    ask_next(turn)
    return True


def edit(turn: Turn) -> bool:
    if turn.state.form is None or turn.reading.correction or turn.reading.has_matter:
        return False
    ask(turn, "edit")
    return True


def appeal(turn: Turn) -> bool:
    """A follow-up that turns into a matter the regulation excludes is judged as that (R-BN-35)."""
    row = turn.profile.exclusions.get(turn.reading.exclusion)
    if turn.state.form or (row and row.action in ("decline", "redirect")):
        return False
    return cases.hear_follow_up(turn)


def assist(turn: Turn) -> bool:
    turn.note(turn.line("help"))
    if turn.waiting:
        turn.update_form(tries={})
        ask_again(turn)
    elif turn.state.form:
        ask_next(turn)
    else:
        turn.say()
    return True


def contact(turn: Turn) -> bool:
    """The numbers to call and the pages that the profile names; the report goes on."""
    channels = turn.profile.channels
    where = {key: channels[kind].name for key, kind in (("hotline", "hotline"), ("link", "web")) if kind in channels}
    turn.note(turn.line("contact", **where))
    if turn.waiting:
        turn.filled.append("")
        ask_again(turn)
    else:
        turn.say()
    return True


def confirm(turn: Turn) -> bool:
    """A yes outside a report: go on with the draft put aside, or the receipt again."""
    if turn.state.form:
        return False
    if turn.state.resume and turn.state.parked:
        take_up(turn)
        return True
    return cases.repeat_receipt(turn)


def skip(turn: Turn) -> bool:
    if turn.state.form or not turn.state.resume:
        return False
    turn.update(parked=turn.state.parked[:-1], resume=False)
    turn.say(turn.line("withdrawn"))
    return True


COMMANDS: Mapping[str, Callable[[Turn], bool]] = {
    "privacy": privacy.tell,
    "erase": privacy.ask_erase,
    "cancel": cancel,
    "status": status,
    "human": human,
    "confidential": confidential,
    "insist": insist,
    "edit": edit,
    "appeal": appeal,
    "help": assist,
    "contact": contact,
    "confirm": confirm,
    "skip": skip,
}
