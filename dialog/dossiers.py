"""The state of a dossier at an office, asked for by its own code: the store is asked, and what it does not know becomes
a question to the office (TG Đ6.2).
"""

from core.effects import LookUp
from core.events import CaseFound
from dialog import wording
from dialog.filling import set_category, set_description
from dialog.questions import ask_next
from dialog.turn import Turn
from regulations.code import find_dossiers


def look_up(turn: Turn) -> bool:
    """Ask the store; the question is drafted meanwhile, so that nothing is lost when the answer never comes.

    A report that is open goes on: then the answer is told, and nothing is drafted.
    """
    reading = turn.reading
    codes = find_dossiers(turn.profile, reading.text)
    if reading.command != "status" or not codes:
        return False
    if turn.state.form is None:
        _draft(turn)
    turn.update(lookups=turn.state.lookups + 1)
    turn.wish(LookUp(code=codes[0], request=turn.state.lookups))
    return True


def _draft(turn: Turn) -> None:
    reading = turn.reading
    set_description(turn, reading.kept)
    turn.update_draft(report_type=reading.report_type)
    if reading.category_sure:
        set_category(turn, reading.category)


def found(turn: Turn, event: CaseFound) -> bool:
    """Whether the look-up was one of a dossier: its state is told, or the drafted question goes on."""
    if event.code not in find_dossiers(turn.profile, event.code):
        return False
    described = find_dossiers(turn.profile, turn.form.draft.description)
    drafted = turn.state.form is not None and not turn.waiting and event.code in described
    if event.found:
        if drafted:
            turn.update(form=None)
        turn.say(turn.line("dossier_status", code=event.code, status=wording.status_label(turn.profile, event.status)))
        turn.outcome("status_shown", event.code)
    elif drafted:
        turn.note(turn.line("dossier_unknown", code=event.code))
        turn.filled.append("description")
        ask_next(turn)
    else:
        turn.say(turn.line("status_unknown", code=event.code))
    return True
