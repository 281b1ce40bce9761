"""How the answer to each open question is read: one function a slot, in one table.

A function says `Heard.ANSWERED` (go on with the next question), `Heard.DONE` (everything has been said) or
`Heard.OTHER` (the message is not about this question).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from core.model import Place
from dialog import filling, wording
from dialog.ending import blocked
from dialog.heard import Heard, agrees, declines
from dialog.needed import group_of, has, may_be_left
from dialog.reading.model import Reading
from dialog.side_answers import (
    hear_category,
    hear_confirm,
    hear_duplicate,
    hear_edit,
    hear_identity,
    hear_pictured,
    hear_type,
    hear_ward,
)
from dialog.turn import Turn
from regulations.model import FieldRow


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
    if turn.filled and has(turn.form, row):
        return Heard.ANSWERED
    if turn.state.letters and _is_number(row) and any(map(str.isdigit, turn.reading.text)):
        _refuse(turn, slot)
    return _pass_over(turn, slot)


def _is_number(row: FieldRow) -> bool:
    return row.type in ("phone", "cccd", "tax_code")


def _refuse(turn: Turn, slot: str) -> None:
    """A number by mail that cannot be one: told and asked for again, but once only where the report can do without."""
    turn.refused.add(slot)
    told = f"{slot}_refused"
    if told in turn.form.settled and may_be_left(turn, slot):
        turn.settle(slot)
        turn.filled.append(slot)
    turn.settle(told)


def _pass_over(turn: Turn, slot: str) -> Heard:
    """The citizen does not give it: fine where it may be skipped, else say what is missing."""
    reading = turn.reading
    if not (declines(reading) or wants_to_send(reading)):
        return Heard.ANSWERED if turn.filled else Heard.OTHER
    row = turn.profile.fields[slot]
    others = [other for other in group_of(turn, row) if other.id not in turn.form.settled and other.id != slot]
    if turn.form.editing or may_be_left(turn, slot) or (others and declines(reading)):
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
    text = reading.kept.strip()
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
    filling.fill(turn, replacing={"location"})
    if more and known and "location" in turn.filled:
        _join_places(turn, known, form.parts)
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


def _join_places(turn: Turn, known: Place, parts: int) -> None:
    """What was said first still counts: its ward, and its words where they say more than the ward."""
    place = turn.form.draft.place or known
    if not place.ward_new and not turn.form.wards:
        place = replace(place, ward_old=known.ward_old, ward_new=known.ward_new, ward_code=known.ward_code)
    said, before = wording.fold(place.text), wording.fold(known.text)
    wards = [wording.fold(ward) for ward in (known.ward_old, known.ward_new) if ward]
    enough = turn.form.parts >= turn.profile.location.min_text_parts
    if not enough and before not in said and before not in wards:
        place = replace(place, text=f"{place.text}, {known.text}")
    turn.update_draft(place=place)
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
    text = reading.address or (reading.place.text if reading.place and not reading.cccd else "")
    if offered and place and (reading.address_same or (agrees(reading) and not text)):
        text = wording.place_line(turn.profile, place)
    if not text and not (agrees(reading) or declines(reading) or reading.command or reading.cccd):
        text = reading.kept.strip()
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
        turn.update_draft(behalf_address=reading.address or (reading.place.text if reading.place else reading.kept))
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
    "pictured": hear_pictured,
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
