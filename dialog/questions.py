"""How the next question is put: one at a time in a chat, all of them at once in a letter."""

from collections.abc import Callable, Mapping

import msgspec

from core.effects import Handoff, Say
from core.model import Ask, Choice, OutboundMessage
from dialog import notice, spot, wording
from dialog.needed import is_required, open_questions
from dialog.turn import Turn
from regulations.model import FieldRow


def ask_next(turn: Turn) -> None:
    """Ask the first open question, or restate the report when nothing is missing."""
    form = turn.form
    if form.editing and form.waiting in turn.profile.fields:
        ask(turn, form.waiting)
    elif turn.state.letters:
        ask_all(turn)
    else:
        ask(turn, next(open_questions(turn), "confirm"))


def ask_again(turn: Turn) -> None:
    """Put the open question, or the open questions of a letter, once more."""
    if len(turn.form.asked) > 1:
        ask_all(turn)
    else:
        ask(turn, turn.waiting)


def ask(turn: Turn, slot: str, *, text: str = "") -> None:
    """Put the question about `slot`; after `max_reasks_per_field` vain repeats hand over to a person instead."""
    again = turn.waiting == slot and not turn.filled
    notice.notify_if_told(turn)
    if turn.form.asked:
        turn.update_form(asked=())
    if _has_patience(turn, slot, again):
        ASK.get(slot, ask_field)(turn, slot, text, again)


def _has_patience(turn: Turn, slot: str, again: bool) -> bool:
    """Count the question; False, with a handover said, when it has been repeated in vain too often."""
    tries = dict(turn.form.tries)
    # While the citizen is still writing nothing has been answered in vain.
    tries[slot] = tries.get(slot, 0) + (not turn.burst) if again else 1
    turn.update_form(waiting=slot, tries=tries)
    limit = 1 + turn.profile.intake.max_reasks_per_field
    if tries[slot] == limit + 1:
        turn.wish(Handoff(reason="reask_limit"))
        turn.say(turn.line("handoff"))
    elif tries[slot] > limit:
        turn.say()
    return tries[slot] <= limit


# --- letters --------------------------------------------------------------------------------------------------------

ALONE = ("topic_switch", "duplicate")
"""Questions on whose answer it depends whether there is anything else to ask."""
REUSED = ("name", "phone")


def ask_all(turn: Turn) -> None:
    """Everything that is missing, as one numbered list in the order of the profile; when nothing is, the report."""
    slots = _missing(turn)
    if len(slots) < 2:
        ask(turn, slots[0] if slots else "confirm")
        return
    again = turn.form.asked == slots and not turn.filled
    notice.notify_if_told(turn)
    turn.update_form(asked=slots)
    if not _has_patience(turn, slots[0], again):
        return
    for slot in slots:
        if row := turn.profile.fields.get(slot):
            _privacy(turn, row)
    lines = (f"{number}. {_question(turn, slot)}" for number, slot in enumerate(slots, 1))
    turn.say("\n".join((turn.line("letter_missing"), *lines, turn.line("letter_how"))), question=True)


def _missing(turn: Turn) -> tuple[str, ...]:
    slots = tuple(dict.fromkeys(open_questions(turn)))
    if slots and slots[0] in ALONE:
        return slots[:1]
    return tuple(slot for slot in slots if slot not in REUSED) if "identity_reuse" in slots else slots


def _question(turn: Turn, slot: str) -> str:
    """The words of one question, with the answers to choose from."""
    aside = Turn(state=msgspec.structs.replace(turn.state, letters=False), profile=turn.profile, now=turn.now)
    aside.message, aside.refused = turn.message, turn.refused
    ASK.get(slot, ask_field)(aside, slot, "", False)
    said = next((effect.message for effect in aside.effects if isinstance(effect, Say)), OutboundMessage(text=""))
    words = wording.fold(said.text)
    unsaid = any(wording.fold(choice.label) not in words for choice in said.choices)
    if not unsaid or (slot in turn.profile.fields and turn.profile.fields[slot].type != "choice"):
        return said.text
    return f"{said.text} ({', '.join(choice.label for choice in said.choices)})"


# --- one question ---------------------------------------------------------------------------------------------------


NATIVE: Mapping[str, Ask] = {"location": Ask.PLACE, "phone": Ask.PHONE, "email": Ask.EMAIL}


def ask_field(turn: Turn, slot: str, text: str, again: bool) -> None:
    row = turn.profile.fields[slot]
    choices: list[Choice] = []
    if row.type == "bool":
        choices = [turn.button(f"yes:{slot}", "button_yes"), turn.button(f"no:{slot}", "button_no")]
    elif not is_required(turn, slot):
        choices = [turn.button(f"skip:{slot}", "button_skip")]
    _privacy(turn, row)
    wrong = again or slot in turn.refused
    turn.say(text or (wrong and row.again) or row.ask, choices, ask=NATIVE.get(row.type, Ask.NOTHING), question=True)


def _privacy(turn: Turn, row: FieldRow) -> None:
    if row.visibility != "public":
        notice.notify(turn)


def ask_confirm(turn: Turn, slot: str, text: str, again: bool) -> None:
    form = turn.form
    rules = turn.profile.confidentiality
    extra = [turn.line("outside_annex")] if "outside_annex" in form.draft.flags else []
    if rules.offer == "notice" and not form.draft.confidential:
        extra.append(rules.notice)
    extra.append(turn.line("responsibility"))
    if form.proposed and form.proposed == form.draft.category:
        extra.insert(0, turn.line("category_proposed", value=wording.category_label(turn.profile, form.proposed)))
    if form.pictured:
        extra.append(turn.line("place_from_picture", location=wording.coordinates(form.pictured)))
    wards = [Choice(key=f"ward:{number}", label=ward.new) for number, ward in enumerate(spot.offered(turn))]
    if wards:
        extra.insert(0, turn.line("pin_near", choices=", ".join(ward.label for ward in wards)))
    summary = "\n".join([wording.summary(turn.profile, form), *filter(None, extra)])
    if turn.corrected and not turn.state.letters:
        text = turn.profile.text("confirm").rpartition("{summary}")[2].strip()
    ordinal = turn.state.submissions + 1
    turn.say(
        text or turn.line("confirm", summary=summary),
        [
            turn.button(f"confirm:send:{ordinal}", "button_send"),
            turn.button(f"confirm:edit:{ordinal}", "button_edit"),
            turn.button(f"confirm:cancel:{ordinal}", "button_cancel"),
            *wards,
        ],
        question=True,
    )


def _yes_no(turn: Turn, slot: str, yes: str = "button_yes") -> list[Choice]:
    return [turn.button(f"yes:{slot}", yes), turn.button(f"no:{slot}", "button_no")]


def ask_ward(turn: Turn, slot: str, text: str, again: bool) -> None:
    wards = turn.form.wards
    if text:
        turn.say(text, question=True)
        return
    if len(wards) == 1:
        text = wording.ward_now(turn.profile, wards[0], "district_old")
        turn.say(text, _yes_no(turn, slot, "button_right"), question=True)
        return
    same_old = len({(ward.old, ward.old_district) for ward in wards}) == 1
    labels = [
        ward.new
        if same_old or not ward.old
        else turn.line("ward_was", new=ward.new, old=", ".join(filter(None, (ward.old, ward.old_district))))
        for ward in wards
    ]
    choices = [Choice(key=f"ward:{number}", label=label) for number, label in enumerate(labels)]
    old = wards[0].old or wards[0].new if wards else ""
    turn.say(turn.line("ward_pick", old=old, choices=", ".join(labels)), choices, question=True)


def ask_address(turn: Turn, slot: str, text: str, again: bool) -> None:
    """Offer the place that was named when the profile says the two are often the same (`offer_same_as`)."""
    row = turn.profile.fields[slot]
    place = turn.form.draft.place
    if row.offer_same_as != "location" or place is None or not place.text or "same_address" in turn.form.settled:
        ask_field(turn, slot, text, again)
        return
    notice.notify(turn)
    location = wording.clip(wording.place_line(turn.profile, place))
    turn.say(text or turn.line("same_address", location=location), _yes_no(turn, slot, "button_right"), question=True)


def ask_phone(turn: Turn, slot: str, text: str, again: bool) -> None:
    if not turn.form.suggestion:
        ask_field(turn, slot, text, again)
        return
    suggestion = wording.national(turn.form.suggestion, turn.profile.phone.default_region).replace(" ", "")
    value = wording.clip(turn.form.shown.get("phone_old", ""), 20)
    turn.say(turn.line("phone_old", value=value, suggestion=suggestion), _yes_no(turn, slot), question=True)


def ask_phone_extra(turn: Turn, slot: str, text: str, again: bool) -> None:
    value = turn.form.shown.get("phone") or turn.form.draft.phone
    choices = [turn.button("no:phone_extra", "button_no")]
    turn.say(turn.line("phone_foreign", value=value), choices, ask=Ask.PHONE, question=True)


def ask_type(turn: Turn, slot: str, text: str, again: bool) -> None:
    types = turn.profile.report_types
    choices = [Choice(key=f"type:{key}", label=types[key].label) for key in turn.form.types if key in types]
    turn.say(turn.line("type_pick", choices=", ".join(choice.label for choice in choices)), choices, question=True)


def ask_category(turn: Turn, slot: str, text: str, again: bool) -> None:
    """A field of its own where the profile lists one; else the best candidates and "other"."""
    categories = turn.profile.categories
    row = turn.profile.fields.get("category")
    offered = [key for key in turn.form.categories if key in categories]
    if not offered:
        offered = list(categories)
    choices = [Choice(key=f"category:{key}", label=categories[key].label) for key in offered]
    question = row.ask if row else turn.line("type_pick", choices=", ".join(choice.label for choice in choices))
    turn.say(text or question, choices, question=True)


def ask_identity(turn: Turn, slot: str, text: str, again: bool) -> None:
    """Show the saved identity masked; it is never used without being shown (D22)."""
    identity = turn.state.identity
    if identity is None:
        return
    phone = wording.masked_phone(turn.profile, identity.phone) if identity.phone else ""
    keep = ", ".join(filter(None, (wording.clip(identity.name), phone)))
    turn.say(turn.line("second_report", keep=keep), _yes_no(turn, slot, "button_right"), question=True)


def ask_duplicate(turn: Turn, slot: str, text: str, again: bool) -> None:
    known = turn.known(turn.form.duplicate)
    status = wording.status_label(turn.profile, known.case.status) if known else ""
    turn.say(turn.line("duplicate_same", code=turn.form.duplicate, status=status), _yes_no(turn, slot), question=True)


def ask_pictured(turn: Turn, slot: str, text: str, again: bool) -> None:
    """A picture says where it was taken; it is the place only if the citizen says so."""
    place = turn.form.pictured
    location = wording.coordinates(place) if place else ""
    turn.say(turn.line("picture_place", location=location), _yes_no(turn, slot, "button_right"), question=True)


def ask_topic(turn: Turn, slot: str, text: str, again: bool) -> None:
    old = wording.category_label(turn.profile, turn.form.draft.category) or turn.form.draft.description
    new = turn.form.shown.get("other", turn.form.other)
    turn.say(
        turn.line("topic_switch", old=wording.clip(old.lower()), new=wording.clip(new.lower())),
        _yes_no(turn, slot),
        question=True,
    )


def ask_edit(turn: Turn, slot: str, text: str, again: bool) -> None:
    rows = [row for row in turn.profile.fields.values() if editable(turn, row)]
    choices = [Choice(key=f"edit:{row.id}", label=row.label) for row in rows]
    pick = "letter_edit" if turn.state.letters else "edit_pick"
    turn.say(turn.line(pick, choices=", ".join(choice.label for choice in choices)), choices, question=True)


def editable(turn: Turn, row: FieldRow) -> bool:
    return bool(row.ask) and row.type != "datetime" and bool(wording.shown(turn.profile, row, turn.form))


ASK: Mapping[str, Callable[[Turn, str, str, bool], None]] = {
    "confirm": ask_confirm,
    "ward": ask_ward,
    "address": ask_address,
    "phone": ask_phone,
    "phone_extra": ask_phone_extra,
    "type": ask_type,
    "category": ask_category,
    "identity_reuse": ask_identity,
    "duplicate": ask_duplicate,
    "topic_switch": ask_topic,
    "pictured": ask_pictured,
    "edit": ask_edit,
}
