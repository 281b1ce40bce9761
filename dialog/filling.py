"""Puts what a message says into the open report: many slots from one message, each by its own rule.

A slot that is known is left alone, except when the citizen was asked for it or corrects it (`over`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import lru_cache

from core.model import Draft, Place
from dialog import wording
from dialog.media import fill_media, fill_pictured, forget_picture, taken_at
from dialog.needed import OTHER_CATEGORY, TOP_CHOICES, needs
from dialog.reading.model import Needs, PhoneKind, PhoneReading, PlaceReading
from dialog.spot import inside, propose_ward
from dialog.state import WardOption
from dialog.turn import Turn
from regulations.model import Profile

LONG_ENOUGH = 30
"""Characters of a description from which a missing category is asked for (schema §4)."""

ALL: Collection[str] = frozenset({"*"})


def over(slots: Collection[str], slot: str) -> bool:
    return slot in slots or slots is ALL


def fill(turn: Turn, *, replacing: Collection[str] = ()) -> None:
    """Take every slot the message offers; `turn.filled` names those that changed."""
    fields = turn.profile.fields
    suspect = _ever_forbidden(turn.profile)
    for slot, filler in FILLERS.items():
        if slot in turn.filled or (slot in suspect and needs(turn, fields[slot]) == "forbidden"):
            continue
        before = turn.state.form
        filler(turn, replacing)
        if turn.state.form is not before and turn.state.form != before:
            turn.filled.append(slot)


@lru_cache(maxsize=64)
def _ever_forbidden(profile: Profile) -> frozenset[str]:
    return frozenset(
        row.id
        for row in profile.fields.values()
        if "forbidden" in (row.need, *row.need_by_type.values(), *row.need_by_category.values())
    )


def _set(turn: Turn, slot: str, value: object, replacing: Collection[str]) -> None:
    """Set a plain slot of the draft if there is a value and it is free or to be replaced."""
    known = getattr(turn.form.draft, slot)
    if value and value != known and (not known or over(replacing, slot)):
        turn.update_draft(**{slot: value})


# --- the matter -----------------------------------------------------------------------------------------------------


def fill_description(turn: Turn, replacing: Collection[str]) -> None:
    reading = turn.reading
    draft = turn.form.draft
    if not reading.has_matter or not reading.description:
        return
    if draft.description and not over(replacing, "description"):
        return
    set_description(turn, reading.description, reading.expanded)


def set_description(turn: Turn, text: str, expanded: str = "") -> None:
    """Make `text` the matter; what the citizen typed is kept beside it, word for word."""
    row = turn.profile.fields.get("description")
    text = text[: row.max_chars] if row and row.max_chars else text
    shown = {key: value for key, value in turn.form.shown.items() if key != "description"}
    if turn.profile.intake.abbreviations == "expand_and_confirm" and expanded:
        shown["description"] = expanded
    turn.update_form(shown=shown)
    turn.update_draft(description=text, raw=(*turn.form.draft.raw, turn.reading.text or text))


def append_description(turn: Turn, text: str) -> None:
    """Add to the matter; punctuation between the two is ours, the words are the citizen's."""
    known = turn.form.draft.description
    shown = turn.form.shown.get("description", "")
    set_description(
        turn, f"{known.rstrip('. ')}. {text}" if known else text, f"{shown.rstrip('. ')}. {text}" if shown else ""
    )


def fill_subject(turn: Turn, replacing: Collection[str]) -> None:
    """Report type, category, level and topics, from the words of the matter."""
    reading = turn.reading
    draft = turn.form.draft
    if not reading.has_matter:
        return
    fresh = not draft.report_type or over(replacing, "description")
    if fresh and (reading.type_sure or len(reading.type_candidates) < 2):
        _change_draft(turn, report_type=reading.report_type or turn.profile.default_report_type.id)
    elif fresh and not draft.report_type:
        _change_form(turn, types=tuple(scored.id for scored in reading.type_candidates[:2]))
    if not draft.category or over(replacing, "description"):
        _fill_category(turn)
    if reading.level and not draft.level:
        _change_draft(turn, level=reading.level)
    if set(reading.topics) - set(turn.form.topics):
        _change_form(turn, topics=tuple(sorted({*turn.form.topics, *reading.topics})))
        _apply_topics(turn)


def _change_draft(turn: Turn, **changes: object) -> None:
    draft = turn.form.draft
    if any(getattr(draft, key) != value for key, value in changes.items()):
        turn.update_draft(**changes)


def _change_form(turn: Turn, **changes: object) -> None:
    if any(getattr(turn.form, key) != value for key, value in changes.items()):
        turn.update_form(**changes)


def _apply_topics(turn: Turn) -> None:
    for topic in turn.reading.topics:
        row = turn.profile.topics.get(topic)
        if row and row.effect == "confidential":
            _change_draft(turn, confidential=True)
        elif row and row.effect == "suggest_reputation_flag":
            turn.flag("reputation_suggested")


def _fill_category(turn: Turn) -> None:
    """Take a sure category, propose a likely one in the summary, else offer the best ones (never guess silently)."""
    reading = turn.reading
    categories = turn.profile.categories
    if "category" in turn.profile.fields and not reading.category_sure:
        return
    likely = reading.category_likely or reading.category_candidates
    candidates = [row.id for row in likely if row.id != OTHER_CATEGORY]
    if reading.category and reading.category_sure:
        set_category(turn, reading.category)
    elif reading.category_guess:
        set_category(turn, reading.category_guess)
        _change_form(turn, proposed=reading.category_guess)
    elif candidates or len(reading.description) >= LONG_ENOUGH:
        others = [OTHER_CATEGORY] if OTHER_CATEGORY in categories and OTHER_CATEGORY not in candidates else []
        offered = tuple(candidates[:TOP_CHOICES] + others)
        if offered == (OTHER_CATEGORY,):
            set_category(turn, OTHER_CATEGORY)
        else:
            _change_form(turn, categories=offered)
    elif OTHER_CATEGORY in categories:
        set_category(turn, OTHER_CATEGORY)


def set_category(turn: Turn, category: str) -> None:
    _change_draft(turn, category=category)
    row = turn.profile.categories.get(category)
    if row and row.outside_annex:
        turn.flag("outside_annex")


# --- place ----------------------------------------------------------------------------------------------------------


def fill_pin(turn: Turn, replacing: Collection[str]) -> None:
    pin = turn.message.place if turn.message else None
    if pin is None or pin.lat is None or not turn.profile.location.accept_pin:
        return
    place = turn.form.draft.place
    if place and place.lat is not None and not (turn.form.pictured or over(replacing, "location")):
        return
    if pin.lon is None or not inside(turn, pin.lat, pin.lon, pin.ward_code):
        return
    known = place or Place()
    forget_picture(turn)
    turn.update_draft(place=replace(known, lat=pin.lat, lon=pin.lon, text=known.text or pin.text))
    propose_ward(turn, pin.ward_code)
    turn.note(turn.line("place_noted"), firm=False)


def fill_place(turn: Turn, replacing: Collection[str]) -> None:
    reading = turn.reading.place
    known = turn.form.draft.place
    if reading is None or not reading.text or not turn.profile.location.accept_text:
        return
    # Beside a pin the answer to "your address" is an address, not the words for the place.
    if known and (known.text or turn.waiting == "address") and not over(replacing, "location"):
        return
    if reading.outside_area and "outside_area" not in turn.form.settled:
        turn.settle("outside_area")
        turn.note(turn.line("outside_area", province=", ".join(turn.profile.regulation.provinces_now)))
        return
    if reading.outside_area:
        turn.flag("outside_area")
    if forget_picture(turn):
        known = None
    turn.update_draft(
        place=Place(text=place_text(reading), lat=known.lat if known else None, lon=known.lon if known else None)
    )
    turn.update_form(parts=reading.parts)
    _as_typed(turn, "location", reading.text)
    take_wards(turn, reading)


def place_text(reading: PlaceReading) -> str:
    """The citizen's words without the ward, which is named apart; all of them when nothing else is there."""
    return reading.local or reading.text


def _as_typed(turn: Turn, slot: str, text: str) -> None:
    turn.update_draft(as_typed={**turn.form.draft.as_typed, slot: text})


def take_wards(turn: Turn, reading: PlaceReading) -> None:
    """Keep the readings of the ward: one that is certain goes in, the others wait for the citizen's word."""
    options = tuple(
        WardOption(
            new=option.new.name,
            code=option.new.code,
            old=option.old.name if option.old else "",
            old_district=option.old.district if option.old else "",
            province=option.new.province,
        )
        for option in reading.options
    )
    # A ward named anew is asked about anew, even if an earlier one had been agreed on.
    turn.update_form(settled=tuple(slot for slot in turn.form.settled if slot != "ward"))
    if reading.needs is Needs.NOTHING or _named_whole(reading):
        turn.update_form(wards=())
        if len(options) == 1:
            set_ward(turn, options[0])
        if len(options) == 1 and options[0].old:
            turn.note(wording.ward_now(turn.profile, options[0], "ward_now"), firm=False)
    else:
        turn.update_form(wards=options)


_KIND = re.compile(r"(?:phuong|xa|thi tran|dac khu|p|f|x|tt)[ .\d]")


def _named_whole(reading: PlaceReading) -> bool:
    """A commune named with its kind, which was one and is one: there is nothing to ask, only to tell (D17).

    An old district beside it is an old address, and its mapping is confirmed (`location.legacy_district`, D01, D05).
    """
    clear = not reading.district and _KIND.match(wording.fold(reading.ward_typed)) is not None
    return clear and reading.needs is Needs.CONFIRM


def set_ward(turn: Turn, ward: WardOption) -> None:
    place = turn.form.draft.place or Place()
    turn.update_draft(place=replace(place, ward_new=ward.new, ward_code=ward.code, ward_old=ward.old or place.ward_old))


# --- the sender -----------------------------------------------------------------------------------------------------


def fill_name(turn: Turn, replacing: Collection[str]) -> None:
    contact = turn.message.contact if turn.message else None
    _set(turn, "name", turn.reading.name or (contact.name if contact and contact.own else ""), replacing)


def fill_phone(turn: Turn, replacing: Collection[str]) -> None:
    if phone := turn.reading.phone:
        take_phone(turn, "phone", phone, replacing)


def take_phone(turn: Turn, slot: str, phone: PhoneReading, replacing: Collection[str]) -> None:
    """A valid number goes in; an old prefix waits for a yes to today's number; a wrong one is asked for again."""
    known = getattr(turn.form.draft, slot)
    if known and not over(replacing, slot):
        return
    match phone.kind:
        case PhoneKind.OK | PhoneKind.FOREIGN:
            pass
        case PhoneKind.LANDLINE if turn.profile.phone.accept_landline:
            pass
        case PhoneKind.OLD_PREFIX if not known:
            shown = {**turn.form.shown, "phone_old": phone.typed.replace(" ", "").replace(".", "")}
            turn.update_form(suggestion=phone.suggestion_e164, shown=shown)
            return
        case _:
            turn.refused.add(slot)
            return
    turn.refused.discard(slot)
    turn.update_form(suggestion="", shown={**turn.form.shown, slot: phone.shown})
    turn.update_draft(**{slot: phone.e164})
    _as_typed(turn, slot, phone.typed)
    if phone.kind is PhoneKind.FOREIGN and slot == "phone":
        turn.settle("phone_foreign")


def fill_email(turn: Turn, replacing: Collection[str]) -> None:
    contact = turn.message.contact if turn.message else None
    said = turn.reading.email or (contact.email if contact and contact.own else "")
    # The address a letter came from serves until the citizen names another one.
    sender = turn.message.peer.user if turn.message else ""
    _set(turn, "email", said, {"email"} if said and turn.form.draft.email == sender else replacing)


def fill_cccd(turn: Turn, replacing: Collection[str]) -> None:
    _set(turn, "cccd", turn.reading.cccd, replacing)


def fill_tax_code(turn: Turn, replacing: Collection[str]) -> None:
    # The form of the number is what is asked for (R-TH-20). Its check digit is not ours to judge: old numbers miss it.
    if turn.reading.tax_code:
        _set(turn, "tax_code", turn.reading.tax_code, replacing)


def fill_org(turn: Turn, replacing: Collection[str]) -> None:
    if turn.reading.sender != "person" and turn.reading.sender != turn.form.sender:
        turn.update_form(sender=turn.reading.sender)
    _set(turn, "org_name", turn.reading.org_name, replacing)


def fill_address(turn: Turn, replacing: Collection[str]) -> None:
    place = turn.form.draft.place
    if turn.reading.address_same and place:
        _set(turn, "address", wording.place_line(turn.profile, place), replacing)
    else:
        _set(turn, "address", turn.reading.address, replacing)


def fill_confidential(turn: Turn, replacing: Collection[str]) -> None:
    value = turn.reading.confidential
    if value is not None and turn.form.draft.confidential != value:
        turn.update_draft(confidential=value)


def fill_behalf(turn: Turn, replacing: Collection[str]) -> None:
    if turn.reading.on_behalf and not turn.form.draft.on_behalf:
        turn.update_draft(on_behalf=True)
    _set(turn, "behalf_name", turn.reading.behalf_name, replacing)


def fill_occurred(turn: Turn, replacing: Collection[str]) -> None:
    row = turn.profile.fields.get("occurred_at")
    occurred = turn.reading.occurred
    known = turn.form.draft.occurred_at
    if occurred and (known is None or over(replacing, "occurred_at") or "occurred_at" not in turn.form.shown):
        turn.update_draft(occurred_at=occurred.start)
        turn.update_form(shown={**turn.form.shown, "occurred_at": occurred.text})
    elif turn.form.draft.description and row and row.default == "message_time" and turn.message:
        taken = taken_at(turn.message) if turn.message.media and "occurred_at" not in turn.form.shown else None
        if taken or known is None:
            turn.update_draft(occurred_at=taken or turn.message.sent_at)


# Order matters: the matter first, because what a field needs depends on the kind of report.
FILLERS: Mapping[str, Callable[[Turn, Collection[str]], None]] = {
    "description": fill_description,
    "report_type": fill_subject,
    "location": fill_place,
    "pin": fill_pin,
    "media": fill_media,
    "name": fill_name,
    "phone": fill_phone,
    "email": fill_email,
    "cccd": fill_cccd,
    "tax_code": fill_tax_code,
    "org_name": fill_org,
    "address": fill_address,
    "confidential": fill_confidential,
    "behalf_name": fill_behalf,
    "occurred_at": fill_occurred,
    "pictured": fill_pictured,
}


def empty(turn: Turn, slots: Collection[str]) -> None:
    """Take out what these slots hold, with what was derived from it, so that they are asked for again."""
    blank = Draft()
    fields = {field for slot in slots for field in BLANKED.get(slot, (slot,)) if hasattr(blank, field)}
    turn.update_draft(**{field: getattr(blank, field) for field in fields})
    shown = {slot: text for slot, text in turn.form.shown.items() if slot not in slots}
    turn.update_form(shown=shown, last_message="", last_slots=())
    if "description" in fields:
        turn.update_form(types=(), categories=(), proposed="", duplicate="")
    if "place" in fields:
        turn.update_form(wards=(), near=(), parts=0, pictured=None)
    if "phone" in fields:
        turn.update_form(suggestion="")


BLANKED: Mapping[str, tuple[str, ...]] = {
    "description": ("description", "raw", "report_type", "category", "level"),
    "location": ("place",),
    "pin": ("place",),
}
"""Slot → the fields of the draft it fills, where they are not just its own."""
