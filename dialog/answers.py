"""How the answer to each open question is read: one function a slot, in one table.

A function says `Heard.ANSWERED` (go on with the next question), `Heard.DONE` (everything has been said) or
`Heard.OTHER` (the message is not about this question).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum

from dialog import filling, wording
from dialog.ending import blocked, submit, supplement
from dialog.questions import ask, editable, group_of, has, is_required
from dialog.reading.model import Reading
from dialog.state import WardOption
from dialog.turn import Turn


class Heard(Enum):
    ANSWERED = "answered"
    DONE = "done"
    OTHER = "other"


def agrees(reading: Reading) -> bool:
    return reading.yes or reading.command == "confirm"


def declines(reading: Reading) -> bool:
    return reading.no or reading.skip or reading.command in ("skip", "appeal")


def wants_to_send(reading: Reading) -> bool:
    """ "gửi", "k co anh, gui luon di"."""
    return reading.rest_command == "confirm" or (reading.command == "confirm" and not reading.no)


def answer(turn: Turn) -> Heard:
    """Hear the message as the answer to the open question."""
    slot = turn.waiting
    row = turn.profile.fields.get(slot)
    hear = ANSWERS.get(slot) or (BY_TYPE.get(row.type, hear_value) if row else None)
    return hear(turn) if hear else Heard.OTHER


# --- questions of the profile's fields ------------------------------------------------------------------------------


def hear_value(turn: Turn) -> Heard:
    """A slot with a shape of its own: taken when the reading holds it."""
    slot = turn.waiting
    row = turn.profile.fields[slot]
    filling.fill(turn, replacing={slot})
    if slot in turn.filled:
        turn.update_form(editing=False)
        return Heard.ANSWERED
    return _pass_over(turn, slot) if not turn.filled or not has(turn.form, row) else Heard.ANSWERED


def _pass_over(turn: Turn, slot: str) -> Heard:
    """The citizen does not give it: fine where it may be skipped, else say what is missing."""
    reading = turn.reading
    if not (declines(reading) or wants_to_send(reading)):
        return Heard.ANSWERED if turn.filled else Heard.OTHER
    row = turn.profile.fields[slot]
    others = [other for other in group_of(turn, row) if other.id not in turn.form.settled and other.id != slot]
    if turn.form.editing or not is_required(turn, slot) or (others and declines(reading)):
        turn.settle(slot)
        turn.update_form(editing=False)
        return Heard.ANSWERED
    blocked(turn, slot)
    return Heard.DONE


def hear_text(turn: Turn) -> Heard:
    """Free text (reason, organisation): the citizen's words as they are."""
    slot = turn.waiting
    row = turn.profile.fields[slot]
    reading = turn.reading
    text = (reading.cleaned or reading.text).strip()
    if reading.command or reading.skip or reading.no or not text or len(text) < (row.min_chars or 2):
        return _pass_over(turn, slot)
    turn.update_draft(**{slot: text[: row.max_chars] if row.max_chars else text})
    turn.filled.append(slot)
    turn.update_form(editing=False)
    return Heard.ANSWERED


def hear_description(turn: Turn) -> Heard:
    reading = turn.reading
    filling.fill(turn, replacing={"description"})
    if "description" in turn.filled:
        turn.update_form(editing=False)
        return Heard.ANSWERED
    return Heard.ANSWERED if turn.filled and not reading.text else Heard.OTHER


def hear_location(turn: Turn) -> Heard:
    """A place or a pin. Asked for the second time because it was vague, whatever comes is taken and flagged."""
    form = turn.form
    known = form.draft.place
    more = known is not None and bool(known.text) and not form.editing
    reading = turn.reading.place
    filling.fill(turn, replacing={"location"})
    if more and known and reading and turn.form.draft.place and reading.parts < turn.profile.location.min_text_parts:
        _join_places(turn, known.text, form.parts)
    if more:
        turn.settle("location_more")
        if turn.form.parts < turn.profile.location.min_text_parts and not _pinned(turn):
            turn.flag("location_vague")
        return Heard.ANSWERED
    if "location" in turn.filled or "pin" in turn.filled:
        turn.update_form(editing=False)
        return Heard.ANSWERED
    return _pass_over(turn, "location")


def _pinned(turn: Turn) -> bool:
    place = turn.form.draft.place
    return place is not None and place.lat is not None


def _join_places(turn: Turn, before: str, parts: int) -> None:
    place = turn.form.draft.place
    if place and before and wording.fold(before) not in wording.fold(place.text):
        text = f"{before}, {place.text}" if place.text else before
        turn.update_draft(place=replace(place, text=text))
        turn.update_form(parts=turn.form.parts + parts)


def hear_media(turn: Turn) -> Heard:
    filling.fill(turn)
    row = turn.profile.fields["media"]
    if turn.message and turn.message.media and has(turn.form, row):
        turn.update_form(editing=False)
        return Heard.ANSWERED
    return _pass_over(turn, "media")


def hear_phone(turn: Turn) -> Heard:
    """A number; or yes to today's number in place of an abolished prefix (D25)."""
    form = turn.form
    if form.suggestion and turn.reading.phone is None:
        if agrees(turn.reading):
            turn.update_draft(phone=form.suggestion)
            number = wording.national(form.suggestion, turn.profile.phone.default_region)
            turn.update_form(suggestion="", shown={**form.shown, "phone": number}, editing=False)
            turn.filled.append("phone")
            return Heard.ANSWERED
        if declines(turn.reading):
            turn.update_form(suggestion="")
            turn.filled.append("phone")
            return Heard.ANSWERED
    return hear_value(turn)


def hear_phone_extra(turn: Turn) -> Heard:
    phone = turn.reading.phone
    if phone and phone.e164:
        turn.update_draft(as_typed={**turn.form.draft.as_typed, "phone": turn.form.draft.phone})
        filling.take_phone(turn, "phone", phone, {"phone"})
    elif not declines(turn.reading):
        return Heard.OTHER
    turn.settle("phone_extra")
    return Heard.ANSWERED


def hear_address(turn: Turn) -> Heard:
    """The sender's address: a yes to "the same place", or the words as typed."""
    form = turn.form
    reading = turn.reading
    place = form.draft.place
    offered = turn.profile.fields["address"].offer_same_as == "location" and "same_address" not in form.settled
    text = reading.address or (reading.place.text if reading.place else "")
    if offered and place and (reading.address_same or (agrees(reading) and not text)):
        text = wording.place_line(turn.profile, place)
    if not text and not (agrees(reading) or declines(reading) or reading.command):
        text = reading.text.strip()
    if len(text) >= 3:
        turn.update_draft(address=text)
        turn.update_form(editing=False)
        turn.filled.append("address")
        return Heard.ANSWERED
    if offered and declines(reading):
        turn.settle("same_address")
        turn.filled.append("address")
        return Heard.ANSWERED
    return _pass_over(turn, "address")


def hear_other_person(turn: Turn) -> Heard:
    """Name, address or phone of the person the report is made for; never taken for the sender's (D16)."""
    slot = turn.waiting
    reading = turn.reading
    contact = turn.message.contact if turn.message else None
    if slot == "behalf_phone" and reading.phone:
        filling.take_phone(turn, slot, reading.phone, {slot})
    elif slot == "behalf_name" and (name := reading.behalf_name or reading.name or (contact.name if contact else "")):
        turn.update_draft(behalf_name=name)
    elif slot == "behalf_address" and not (declines(reading) or agrees(reading) or reading.command):
        turn.update_draft(behalf_address=reading.address or (reading.place.text if reading.place else reading.text))
    if getattr(turn.form.draft, slot):
        turn.filled.append(slot)
        turn.update_form(editing=False)
        return Heard.ANSWERED
    return _pass_over(turn, slot)


def hear_yes_no(turn: Turn) -> Heard:
    slot = turn.waiting
    row = turn.profile.fields[slot]
    reading = turn.reading
    if not (agrees(reading) or declines(reading)):
        return Heard.OTHER
    value = agrees(reading) and not reading.no
    turn.update_draft(**{slot: value})
    if row.must_be is not None and value != row.must_be:
        # TH Đ7.7: without the other person's consent nothing is sent; the draft waits.
        turn.outcome(f"pending:{slot}")
        turn.say(turn.line("behalf_no_consent") or row.ask)
        return Heard.DONE
    turn.filled.append(slot)
    turn.settle(slot)
    turn.update_form(editing=False)
    return Heard.ANSWERED


# --- side questions -------------------------------------------------------------------------------------------------


def hear_confirm(turn: Turn) -> Heard:
    """Only a clear yes sends. Anything else that can be understood is a correction or an addition."""
    reading = turn.reading
    if agrees(reading) or reading.command == "insist":
        submit(turn)
        return Heard.DONE
    if declines(reading) or reading.command == "edit":
        ask(turn, "edit")
        return Heard.DONE
    before = turn.form.draft.description
    filling.fill(turn, replacing=filling.ALL if not reading.has_matter else SENDER)
    if reading.has_matter and reading.description and not turn.filled:
        filling.append_description(turn, reading.description)
    if turn.form.draft.description != before and "description" not in turn.filled:
        turn.filled.append("description")
    tell_corrected(turn)
    return Heard.ANSWERED if turn.filled else Heard.OTHER


SENDER = frozenset({"name", "phone", "email", "address", "cccd", "tax_code", "location"})


def tell_corrected(turn: Turn) -> None:
    """Repeat the corrected values, not the whole text (D05)."""
    for slot in turn.filled:
        row = turn.profile.fields.get("location" if slot == "pin" else slot)
        if row and (value := wording.shown(turn.profile, row, turn.form)):
            turn.note(turn.line("corrected", field=row.label, value=value))
            turn.corrected = True


def hear_edit(turn: Turn) -> Heard:
    """Which slot is to be changed, by its name. Buttons and numbers were heard before."""
    reading = turn.reading
    if agrees(reading) and reading.command == "confirm" and not reading.rest:
        turn.update_form(waiting="confirm")
        return hear_confirm(turn)
    folded = wording.fold(reading.text)
    for row in turn.profile.fields.values():
        if folded and editable(turn, row) and (folded in wording.fold(row.label) or wording.fold(row.label) in folded):
            edit_slot(turn, row.id)
            return Heard.DONE
    if declines(reading):
        return Heard.ANSWERED
    filling.fill(turn, replacing=SENDER | {"description"})
    tell_corrected(turn)
    return Heard.ANSWERED if turn.filled else Heard.OTHER


def edit_slot(turn: Turn, slot: str) -> None:
    """Ask for one slot anew; what is there stays until the answer comes."""
    turn.update_form(editing=True, settled=(*turn.form.settled, "same_address"), waiting="")
    ask(turn, slot)


def hear_ward(turn: Turn) -> Heard:
    form = turn.form
    reading = turn.reading
    place = reading.place
    ward = _picked(form.wards, reading.text)
    if len(form.wards) == 1 and agrees(reading) and not (place and place.options):
        ward = form.wards[0]
    if ward is None and place and place.options:
        if place.local and wording.fold(place.local) != wording.fold(form.draft.place.text if form.draft.place else ""):
            filling.fill(turn, replacing={"location"})
        else:
            filling.take_wards(turn, place)
            turn.filled.append("location")
        return Heard.ANSWERED
    if ward:
        agree_on_ward(turn, ward)
        return Heard.ANSWERED
    if not declines(reading):
        return Heard.OTHER
    if "ward_no" in form.settled:
        # A wrong mapping must not block the report (schema §10): the old name stays, staff see the flag.
        turn.settle("ward")
        turn.flag("ward_unsure")
        turn.filled.append("ward")
        return Heard.ANSWERED
    turn.settle("ward_no")
    turn.filled.append("ward")
    ask(turn, "ward", text=turn.line("ward_ask"))
    return Heard.DONE


def agree_on_ward(turn: Turn, ward: WardOption) -> None:
    filling.set_ward(turn, ward)
    turn.update_form(wards=())
    turn.settle("ward")
    turn.filled.append("ward")


def _picked(wards: tuple[WardOption, ...], text: str) -> WardOption | None:
    """The one ward whose own words (those the others lack) were used."""
    if len(wards) < 2:
        return None
    words = [set(wording.fold(f"{ward.new} {ward.old_district}").split()) for ward in wards]
    common = set.intersection(*words)
    said = set(wording.fold(text).replace(",", " ").replace("tp", "thanh pho").split())
    scores = [len((own - common) & said) for own in words]
    best = max(scores)
    return wards[scores.index(best)] if best and scores.count(best) == 1 else None


def hear_type(turn: Turn) -> Heard:
    chosen = turn.reading.report_type if turn.reading.type_candidates and turn.reading.type_sure else ""
    if chosen not in turn.form.offered:
        return Heard.OTHER
    choose(turn, "report_type", chosen)
    return Heard.ANSWERED


def hear_category(turn: Turn) -> Heard:
    categories = turn.profile.categories
    folded = wording.fold(turn.reading.text)
    named = next((row.id for row in categories.values() if folded and wording.fold(row.label) == folded), "")
    chosen = named or (turn.reading.category if turn.reading.category_sure else "")
    if chosen not in categories:
        return Heard.OTHER
    choose(turn, "category", chosen)
    if not named:
        filling.fill(turn)
    return Heard.ANSWERED


def choose(turn: Turn, slot: str, value: str) -> None:
    """Take a report type or category that was picked."""
    turn.update_form(offered=())
    if slot == "category":
        filling.set_category(turn, value)
    else:
        turn.update_draft(report_type=value)
    turn.filled.append(slot)
    turn.update_form(editing=False)


def hear_identity(turn: Turn) -> Heard:
    identity = turn.state.identity
    filling.fill(turn)
    changed = "name" in turn.filled or "phone" in turn.filled
    if agrees(turn.reading) and identity and not changed:
        draft = turn.form.draft
        turn.update_draft(name=draft.name or identity.name, phone=draft.phone or identity.phone)
    elif not (changed or declines(turn.reading)):
        return Heard.ANSWERED if turn.filled else Heard.OTHER
    turn.settle("identity_reuse")
    turn.filled.append("identity_reuse")
    return Heard.ANSWERED


def hear_duplicate(turn: Turn) -> Heard:
    code = turn.form.duplicate
    reading = turn.reading
    if agrees(reading):
        supplement(turn, code)
        return Heard.DONE
    if not (declines(reading) or reading.command == "insist"):
        return Heard.OTHER
    flagged = turn.profile.duplicates.same_person_insist == "submit_flagged"
    turn.flag(f"duplicate_of:{code}" if flagged else f"related_to:{code}")
    turn.update_form(duplicate="")
    turn.settle("duplicate")
    turn.filled.append("duplicate")
    return Heard.ANSWERED


ANSWERS: Mapping[str, Callable[[Turn], Heard]] = {
    "description": hear_description,
    "location": hear_location,
    "media": hear_media,
    "phone": hear_phone,
    "address": hear_address,
    "behalf_name": hear_other_person,
    "behalf_address": hear_other_person,
    "behalf_phone": hear_other_person,
    "confirm": hear_confirm,
    "edit": hear_edit,
    "ward": hear_ward,
    "type": hear_type,
    "category": hear_category,
    "identity_reuse": hear_identity,
    "duplicate": hear_duplicate,
    "phone_extra": hear_phone_extra,
}
BY_TYPE: Mapping[str, Callable[[Turn], Heard]] = {
    "text": hear_text,
    "bool": hear_yes_no,
    "media": hear_media,
    "location": hear_location,
}
