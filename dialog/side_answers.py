"""How the answers to questions beside the profile's fields are heard: the summary, wards, offers, corrections."""

import re
from dataclasses import replace

from dialog import filling, spot, wording
from dialog.ending import submit, supplement
from dialog.heard import Heard, agrees, declines
from dialog.questions import ask, editable
from dialog.reading.model import PlaceReading, Reading
from dialog.state import WardOption
from dialog.turn import Turn

_NOT_NEEDED = re.compile(r"(?<!\w)(?:can|khoi)(?!\w)")


def hear_confirm(turn: Turn) -> Heard:
    """Only a clear yes sends. Anything else that can be understood is a correction or an addition."""
    reading = turn.reading
    if agrees(reading) or reading.command == "insist":
        submit(turn)
        return Heard.DONE
    if near := _named(spot.offered(turn), reading.text):
        agree_on_ward(turn, near)
        return Heard.ANSWERED
    if declines(reading) and _NOT_NEEDED.search(wording.fold(reading.text)):
        # Neither what is to be corrected nor that all is to be dropped: only the question is put once more.
        turn.corrected = True
        ask(turn, "confirm")
        return Heard.DONE
    if declines(reading) or reading.command == "edit":
        ask(turn, "edit")
        return Heard.DONE
    before = turn.form.draft.description
    filling.fill(turn, replacing=filling.ALL if not reading.has_matter else SENDER)
    addition = reading.description if reading.has_matter else _addition(reading)
    if addition and not turn.filled:
        filling.append_description(turn, addition)
    if turn.form.draft.description != before and "description" not in turn.filled:
        turn.filled.append("description")
    tell_corrected(turn)
    return Heard.ANSWERED if turn.filled else Heard.OTHER


FEW = 4
"""Tokens from which words nobody understands are taken for an addition; the summary shows it, so it can be undone."""


def _addition(reading: Reading) -> str:
    idle = reading.chitchat or reading.greeting or reading.thanks or reading.foreign_language or reading.command
    # An identity number nobody asked for is no part of the matter (D04).
    return "" if idle or reading.correction or reading.cccd or len(reading.tokens) < FEW else reading.cleaned


SENDER = frozenset({"name", "phone", "email", "address", "cccd", "tax_code", "location"})


def tell_corrected(turn: Turn) -> None:
    """Repeat the corrected values, not the whole text (D05)."""
    for slot in turn.filled:
        row = turn.profile.fields.get("location" if slot == "pin" else slot)
        if row and row.type != "media" and (value := wording.shown(turn.profile, row, turn.form)):
            turn.note(turn.line("corrected", field=row.label, value=wording.clip(value)))
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


PATIENCE = 2
"""How often the ward is asked about before it is left to staff."""


def hear_ward(turn: Turn) -> Heard:
    form = turn.form
    reading = turn.reading
    place = reading.place
    ward = _picked(form.wards, reading.text)
    if len(form.wards) == 1 and agrees(reading) and not (place and place.options):
        ward = form.wards[0]
    if ward is None and place and place.options:
        rename_ward(turn, place)
        return Heard.ANSWERED
    if ward:
        agree_on_ward(turn, ward)
        return Heard.ANSWERED
    tired = form.tries.get("ward", 0) > PATIENCE
    if not (declines(reading) or tired):
        return Heard.OTHER
    if "ward_no" in form.settled or tired:
        # A wrong mapping must not block the report (schema §10): the old name stays, staff see the flag.
        turn.settle("ward")
        turn.flag("ward_unsure")
        turn.filled.append("ward")
        return Heard.ANSWERED
    turn.settle("ward_no")
    turn.filled.append("ward")
    ask(turn, "ward", text=turn.line("ward_ask"))
    return Heard.DONE


def rename_ward(turn: Turn, place: PlaceReading) -> None:
    """Take the ward that is named now; the rest of the place stays unless it is named anew as well."""
    known = turn.form.draft.place
    if place.local and wording.fold(place.local) != wording.fold(known.text if known else ""):
        filling.fill(turn, replacing={"location"})
    elif known:
        turn.update_draft(place=replace(known, ward_old=""))
        filling.take_wards(turn, place)
        turn.filled.append("location")


def denies_ward(turn: Turn) -> bool:
    """ "không, phường 6 Mỹ Tho": to whatever question, a ward that was told and not asked about was wrong."""
    reading, known = turn.reading, turn.form.draft.place
    if not reading.no or known is None or not known.ward_old or turn.waiting in _ASKS_PLACE:
        return False
    if reading.place is None or not reading.place.options:
        return False
    rename_ward(turn, reading.place)
    tell_corrected(turn)
    return True


_ASKS_PLACE = frozenset({"ward", "location", "address", "behalf_address"})


def hear_pictured(turn: Turn) -> Heard:
    """Yes: the picture's place is the place. No, or another place: the picture's is forgotten."""
    filling.fill(turn, replacing={"location"})
    taken = turn.form.pictured
    if taken is not None and agrees(turn.reading):
        turn.update_draft(place=taken)
        spot.propose_ward(turn)
    elif taken is not None and not declines(turn.reading):
        return Heard.OTHER
    turn.update_form(pictured=None)
    turn.settle("pictured")
    turn.filled.append("location")
    return Heard.ANSWERED


def agree_on_ward(turn: Turn, ward: WardOption) -> None:
    filling.set_ward(turn, ward)
    turn.update_form(wards=(), near=())
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


def _named(wards: tuple[WardOption, ...], text: str) -> WardOption | None:
    """The commune whose name is all that was written."""
    said = wording.fold(text)
    names = ((wording.fold(ward.new), ward) for ward in wards)
    return next((ward for name, ward in names if said in (name, name.partition(" ")[2])), None)


def hear_type(turn: Turn) -> Heard:
    chosen = turn.reading.report_type if turn.reading.type_candidates and turn.reading.type_sure else ""
    if chosen not in turn.form.types:
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
    if slot == "category":
        turn.update_form(categories=(), proposed="")
        filling.set_category(turn, value)
    else:
        turn.update_form(types=())
        turn.update_draft(report_type=value)
    turn.filled.append(slot)
    turn.update_form(editing=False)


def hear_identity(turn: Turn) -> Heard:
    identity = turn.state.identity
    filling.fill(turn)
    changed = "name" in turn.filled or "phone" in turn.filled
    if agrees(turn.reading) and identity and not changed:
        draft = turn.form.draft
        if identity.phone and not draft.phone:
            # Whoever holds the phone now may be somebody else: the number is never read out.
            turn.update_form(shown={**turn.form.shown, "phone": wording.masked_phone(turn.profile, identity.phone)})
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
