"""Personal data: what is kept of a citizen, and having it erased."""

from core.effects import AlertStaff, EraseAsked
from dialog.cases import own_cases
from dialog.heard import agrees
from dialog.notice import notice_version, personal
from dialog.turn import Turn


def kept(turn: Turn) -> str:
    """What is kept of this citizen, by its names alone."""
    fields, draft, state = turn.profile.fields, turn.form.draft, turn.state
    known = state.identity
    names = [fields[slot].label for slot in personal(turn.profile) if getattr(draft, slot, "")]
    names += [
        fields[slot].label
        for slot in ("name", "phone")
        if known and getattr(known, slot) and slot in fields and fields[slot].label not in names
    ]
    codes = [case.case.code for case in own_cases(turn)]
    return ", ".join((turn.line("kept_talk"), *map(str.lower, names), *codes))


def tell(turn: Turn) -> bool:
    """The command `privacy`: the notice, what is kept, and how to have it erased."""
    turn.update(notice_version=notice_version(turn.profile), notice_at=turn.state.notice_at or turn.now)
    turn.note(turn.line("privacy_notice"))
    turn.say(turn.line("privacy_kept", keep=kept(turn)))
    return True


def ask_erase(turn: Turn) -> bool:
    """The command `erase`: asked once more, because it cannot be undone."""
    if not turn.proven:
        return leave_to_staff(turn)
    turn.update(erasing=True)
    codes = ", ".join(case.case.code for case in own_cases(turn))
    if codes:
        turn.note(turn.line("erase_files_stay", code=codes))
    choices = [turn.button("yes:erase", "button_yes"), turn.button("no:erase", "button_no")]
    turn.say(turn.line("erase_ask"), choices)
    return True


def hear_erase(turn: Turn) -> bool:
    """The answer to that. Anything but a yes leaves all as it was and is heard as what it is."""
    if not turn.state.erasing:
        return False
    turn.update(erasing=False)
    if not agrees(turn.reading):
        return False
    erase(turn)
    return True


def leave_to_staff(turn: Turn) -> bool:
    """Anybody can write a mail in somebody else's name: what cannot be undone is done after a person has looked."""
    turn.wish(AlertStaff(reason="erasure_asked"))
    turn.say(turn.line("handoff"))
    return True


def erase(turn: Turn) -> None:
    if not turn.proven:
        leave_to_staff(turn)
        return
    turn.update(form=None, parked=(), choices=(), offer=None, identity=None)
    turn.say(turn.line("erase_done"))
    turn.wish(EraseAsked())
    turn.outcome("erased")


def press_erase(turn: Turn, *, yes: bool) -> bool:
    if not turn.state.erasing:
        return False
    turn.update(erasing=False)
    if yes:
        erase(turn)
    else:
        turn.say(turn.line("erase_left"))
    return True
