"""Pressed buttons, and the numbers and labels typed in their place.

A key says what it is about ("confirm:send:2", "ward:0"), so a button of an older message can be told from one that fits
the open question; one that does not fit changes nothing.
"""

from collections.abc import Callable, Mapping

import msgspec

from dialog import privacy, side_answers, spot, wording
from dialog.cases import rate, repeat_receipt
from dialog.commands import COMMANDS
from dialog.ending import submit, take_up, withdraw
from dialog.offers import take_offer
from dialog.questions import ask, ask_again, ask_next, editable
from dialog.reading.model import Reading
from dialog.reporting import go_on, report
from dialog.turn import SILENCE, Turn


def pressed(turn: Turn) -> bool:
    """Hear a press, a number from the list that was offered last, or the words on one of its buttons."""
    key = turn.message.choice if turn.message else ""
    if key:
        if not _press(turn, key):
            stale(turn)
        return True
    choices = turn.state.choices
    number = turn.reading.number
    return number is not None and 1 <= number <= len(choices) and _press(turn, choices[number - 1].key)


def pressed_by_label(turn: Turn) -> bool:
    """The very words on a button that was offered last; they need no reading."""
    choices = turn.state.choices
    if not choices or turn.message is None:
        return False
    folded = wording.fold(turn.message.text)
    key = next((choice.key for choice in choices if wording.fold(choice.label) == folded), "")
    return bool(key) and _press(turn, key)


def _press(turn: Turn, key: str) -> bool:
    name, *args = key.split(":")
    act = PRESSED.get(name)
    return act is not None and act(turn, args)


def stale(turn: Turn) -> None:
    """A press that fits nothing any more: repeat where we are, and change nothing."""
    if turn.waiting:
        turn.update_form(tries={})
        ask_again(turn)
    else:
        repeat_receipt(turn)


def press_confirm(turn: Turn, args: list[str]) -> bool:
    act, *ordinal = args or [""]
    current = str(turn.state.submissions + 1)
    if turn.waiting not in ("confirm", "edit") or (ordinal and ordinal[0] != current):
        return False
    if act not in CONFIRM:
        return False
    CONFIRM[act](turn)
    return True


CONFIRM: Mapping[str, Callable[[Turn], None]] = {
    "send": submit,
    "edit": lambda turn: ask(turn, "edit"),
    "cancel": withdraw,
}


def press_edit(turn: Turn, args: list[str]) -> bool:
    row = turn.profile.fields.get(args[0] if args else "")
    if row is None or turn.state.form is None or not editable(turn, row):
        return False
    side_answers.edit_slot(turn, row.id)
    return True


def press_ward(turn: Turn, args: list[str]) -> bool:
    wards = spot.offered(turn) if turn.waiting == "confirm" else turn.form.wards
    if turn.waiting not in ("ward", "confirm") or not args or not args[0].isdecimal() or int(args[0]) >= len(wards):
        return False
    side_answers.agree_on_ward(turn, wards[int(args[0])])
    ask_next(turn)
    return True


WORDS: Mapping[str, Reading] = {
    "yes": msgspec.structs.replace(SILENCE, yes=True),
    "no": msgspec.structs.replace(SILENCE, no=True),
    "skip": msgspec.structs.replace(SILENCE, skip=True),
}


def press_word(word: str) -> Callable[[Turn, list[str]], bool]:
    """ "yes:ward", "no:duplicate", "skip:media": heard like the word, but only while that question is open."""

    def press(turn: Turn, args: list[str]) -> bool:
        slot = args[0] if args else ""
        if slot == "erase":
            return privacy.press_erase(turn, yes=word == "yes")
        if slot == "resume":
            return _resume(turn, word == "yes")
        if not slot or turn.waiting != slot:
            return False
        turn.reading = WORDS[word]
        return report(turn)

    return press


def _resume(turn: Turn, yes: bool) -> bool:
    if not turn.state.resume or not turn.state.parked or turn.state.form is not None:
        return False
    if yes:
        take_up(turn)
    else:
        turn.update(parked=turn.state.parked[:-1], resume=False)
        turn.say(turn.line("withdrawn"))
    return True


def press_choice(slot: str) -> Callable[[Turn, list[str]], bool]:
    """A report type or category of the open question."""

    def press(turn: Turn, args: list[str]) -> bool:
        rows = turn.profile.categories if slot == "category" else turn.profile.report_types
        if turn.waiting != ("category" if slot == "category" else "type") or not args or args[0] not in rows:
            return False
        side_answers.choose(turn, slot, args[0])
        go_on(turn)
        return True

    return press


def press_rate(turn: Turn, args: list[str]) -> bool:
    """Works as long as the case is known, however old the message is."""
    code, value = [*args, "", ""][:2]
    known = turn.known(code)
    if known is None or not known.case.own or not value.isdecimal() or int(value) not in turn.profile.rating.scale:
        return False
    rate(turn, code, int(value))
    return True


def press_insist(turn: Turn, args: list[str]) -> bool:
    offer = turn.state.offer
    if offer is None or not args or offer.row != args[0]:
        return False
    take_offer(turn)
    return True


MENU = ("status", "human", "help")


def press_menu(turn: Turn, args: list[str]) -> bool:
    """An entry of a platform's fixed menu: the command of that name, whenever it is pressed."""
    return bool(args) and args[0] in MENU and COMMANDS[args[0]](turn)


PRESSED: Mapping[str, Callable[[Turn, list[str]], bool]] = {
    "confirm": press_confirm,
    "edit": press_edit,
    "ward": press_ward,
    "yes": press_word("yes"),
    "no": press_word("no"),
    "skip": press_word("skip"),
    "category": press_choice("category"),
    "type": press_choice("report_type"),
    "rate": press_rate,
    "insist": press_insist,
    "menu": press_menu,
}
