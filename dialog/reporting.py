"""A message that belongs to a report: an answer, further slots, or another matter; then the next question."""

from dataclasses import replace

import msgspec

from dialog import filling, wording
from dialog.answers import answer
from dialog.duplicates import find_duplicate
from dialog.ending import park
from dialog.heard import Heard, agrees, declines
from dialog.needed import OTHER_CATEGORY, needs, open_questions
from dialog.questions import ask, ask_next
from dialog.reading import read
from dialog.reading.model import Correction, PlaceReading
from dialog.side_answers import choose, denies_ward, edit_slot, rename_ward, tell_corrected
from dialog.turn import SILENCE, Turn

NOTED = ("report_type", "location", "name", "org_name")
NOTED_LENGTH = 160
SIGNED = ("name", "phone", "email", "address")


def report(turn: Turn) -> bool:
    """Take the message into the report; False when it holds nothing for one."""
    if turn.reading.insult and (turn.state.form or turn.reading.has_matter):
        turn.flag("profanity")
    if turn.waiting == "topic_switch":
        return _hear_topic_switch(turn)
    if turn.state.form and turn.reading.correction:
        return _correct(turn, turn.reading.correction)
    if _another_matter(turn, sure=True):
        return _propose_switch(turn)
    slot = turn.waiting
    if turn.reading.no and denies_ward(turn):
        finish(turn, slot)
        return True
    heard = answer(turn) if slot else Heard.OTHER
    if heard is Heard.DONE:
        _keep_track(turn, slot)
        return True
    if heard is Heard.OTHER and _another_matter(turn, sure=False):
        return _propose_switch(turn)
    # Words about the person helped are theirs, not the sender's (D16).
    if not slot.startswith("behalf_"):
        filling.fill(turn)
    if slot and turn.form.draft.description and "description" not in turn.filled and _says_more(turn, heard):
        add_matter(turn)
    elif turn.burst and heard is Heard.OTHER and not turn.filled and _goes_on(turn):
        filling.append_description(turn, turn.reading.description or turn.reading.cleaned)
        turn.filled.append("description")
    if not turn.filled and heard is Heard.OTHER and not slot:
        return False
    finish(turn, slot)
    return True


def finish(turn: Turn, slot: str) -> None:
    """All has been taken from the message that came while `slot` was asked: go on with what is missing."""
    if turn.signed is not SILENCE:
        _sign(turn)
    _keep_track(turn, slot)
    go_on(turn)


def _sign(turn: Turn) -> None:
    """The signature of a letter fills what is still empty; it changes nothing."""
    said, turn.reading = turn.reading, turn.signed
    before = turn.form.draft
    for slot in SIGNED:
        row = turn.profile.fields.get(slot)
        if row and needs(turn, row) != "forbidden":
            filling.FILLERS[slot](turn, ())
    turn.filled += [slot for slot in SIGNED if getattr(before, slot) != getattr(turn.form.draft, slot)]
    turn.reading = said


def go_on(turn: Turn) -> None:
    """Say what was understood and ask for what is missing."""
    if "description" in turn.filled:
        find_duplicate(turn)
    if turn.profile.intake.restate_before_submit and next(open_questions(turn), "confirm") != "confirm":
        _note_understood(turn)
    ask_next(turn)


def _says_more(turn: Turn, heard: Heard) -> bool:
    """Whether the message also tells of the matter: nothing of what the citizen writes about it is lost."""
    reading = turn.reading
    if not reading.has_matter or not reading.description:
        return False
    return reading.category_sure if heard is Heard.ANSWERED else not turn.filled


def _goes_on(turn: Turn) -> bool:
    """Whether these words continue the ones just before them, which were not answered yet."""
    reading = turn.reading
    idle = reading.chitchat or reading.greeting or reading.thanks or reading.foreign_language or reading.command
    return bool(turn.form.draft.description and reading.cleaned) and not (idle or reading.yes or reading.no)


def add_matter(turn: Turn) -> None:
    filling.append_description(turn, turn.reading.description)
    turn.filled.append("description")
    if turn.reading.category_sure and turn.form.draft.category == OTHER_CATEGORY:
        filling.set_category(turn, turn.reading.category)


def _keep_track(turn: Turn, slot: str) -> None:
    """Remember which message filled which slots, for the case that it is edited."""
    if turn.filled and turn.message and turn.state.form:
        turn.update_form(
            last_message=turn.message.external_id, last_waiting=slot, last_slots=tuple(dict.fromkeys(turn.filled))
        )


def _note_understood(turn: Turn) -> None:
    """After a message that told several things at once: name them."""
    if turn.waiting == "confirm" or turn.corrected or sum(slot in NOTED for slot in turn.filled) < 2:
        return
    draft = turn.form.draft
    place = draft.place.text if draft.place else ""
    known = (wording.category_label(turn.profile, draft.category), place, draft.name)
    keep = ", ".join(part for part in known if part)
    if len(keep) <= NOTED_LENGTH:
        turn.note(turn.line("noted", keep=keep), firm=False)


# --- another matter -------------------------------------------------------------------------------------------------


def _another_matter(turn: Turn, *, sure: bool) -> bool:
    """Whether this is a second subject: said so (`sure`), or a sure category that is not the open report's (D23)."""
    reading = turn.reading
    draft = turn.form.draft
    if not draft.description or not reading.has_matter or turn.waiting in ("", "description", "edit"):
        return False
    if sure:
        return reading.subject_switch or reading.second_report
    return bool(
        reading.category_sure and draft.category not in ("", OTHER_CATEGORY) and reading.category != draft.category
    )


def _propose_switch(turn: Turn) -> bool:
    reading = turn.reading
    label = wording.category_label(turn.profile, reading.category if reading.category_sure else "")
    shown = {**turn.form.shown, "other": label or reading.description}
    turn.update_form(other=reading.text, shown=shown)
    ask(turn, "topic_switch")
    return True


def _hear_topic_switch(turn: Turn) -> bool:
    other = turn.form.other
    if agrees(turn.reading):
        park(turn)
        reread(turn, other)
        filling.fill(turn)
    elif declines(turn.reading):
        turn.update_form(other="")
        reread(turn, other)
        filling.append_description(turn, turn.reading.description or turn.reading.kept)
    else:
        ask(turn, "topic_switch")
        return True
    turn.filled.append("description")
    go_on(turn)
    return True


def reread(turn: Turn, text: str = "", *, waiting_for: str = "") -> None:
    """Read the message again: other words of the citizen's in its place, or as the answer to another question."""
    if turn.message is None:
        return
    if text:
        turn.message = replace(turn.message, text=text, choice="", media=(), place=None, contact=None)
    turn.reading = read(turn.message, profile=turn.profile, now=turn.now, waiting_for=waiting_for)


# --- corrections ----------------------------------------------------------------------------------------------------


def _correct(turn: Turn, correction: Correction) -> bool:
    """Change the one slot that is meant and repeat its new value (D05); ask which one when none is named."""
    slot = correction.slot or _slot_with(turn, correction.old)
    before = turn.waiting
    if correction.old and correction.value and _replace_fragment(turn, slot, correction):
        turn.filled.append(slot)
    elif slot in ("", "location") and (ward := _ward_alone(turn)):
        rename_ward(turn, ward)
    elif slot == "category" and turn.reading.category_sure:
        choose(turn, "category", turn.reading.category)
    elif slot:
        filling.fill(turn, replacing={slot})
    else:
        filling.fill(turn, replacing={"name", "phone", "email", "address", "location"})
    if not turn.filled:
        if slot in turn.profile.fields or slot == "category":
            edit_slot(turn, slot)
        else:
            ask(turn, "edit")
        return True
    turn.update_form(editing=False)
    tell_corrected(turn)
    _keep_track(turn, before)
    go_on(turn)
    return True


def _ward_alone(turn: Turn) -> PlaceReading | None:
    """A ward named without street or hamlet: those that are known stay."""
    place, known = turn.reading.place, turn.form.draft.place
    return place if place and place.options and not place.local and known and known.text else None


def _slot_with(turn: Turn, fragment: str) -> str:
    """Where the words to be replaced stand: the place, else the matter."""
    place = turn.form.draft.place
    if fragment and place and fragment in place.text:
        return "location"
    return "description" if fragment and fragment in turn.form.draft.description else ""


def _replace_fragment(turn: Turn, slot: str, correction: Correction) -> bool:
    draft = turn.form.draft
    old, new = correction.old, correction.value
    if slot == "location" and draft.place and old in draft.place.text:
        # The matter and the words as typed often repeat the place; all must say the same.
        typed = {key: _swap(text, old, new) if key == slot else text for key, text in draft.as_typed.items()}
        turn.update_draft(
            place=replace(draft.place, text=_swap(draft.place.text, old, new)),
            description=_swap(draft.description, old, new),
            as_typed=typed,
        )
        return True
    value = getattr(draft, slot, "")
    if isinstance(value, str) and old in value:
        turn.update_draft(**{slot: _swap(value, old, new)})
        shown = {key: text for key, text in turn.form.shown.items() if key != slot}
        turn.update(form=msgspec.structs.replace(turn.form, shown=shown))
        return True
    return False


def _swap(text: str, old: str, new: str) -> str:
    """Replace the fragment; a word both sides share ("số 15" by "số 51") is not doubled."""
    first = new.split(" ", 1)[0]
    longer = f"{first} {old}"
    return text.replace(longer if longer in text else old, new, 1)


def correct_message(turn: Turn, waiting: str, slots: tuple[str, ...]) -> None:
    """An edited message: what it had filled is taken from its new words."""
    filling.fill(turn, replacing=set(slots) | {waiting})
    if turn.filled:
        tell_corrected(turn)
        go_on(turn)
