"""What to ask next, and how: the order of the profile's fields, with the side questions that a value may raise."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from core.effects import Handoff
from core.model import Ask, Choice
from dialog import wording
from dialog.state import Form
from dialog.turn import Turn
from regulations.model import FieldRow, Need, Profile

TOP_CHOICES = 3
OTHER_CATEGORY = "khac"
"""The category every profile keeps for what fits nowhere else."""


def needs(turn: Turn, row: FieldRow) -> Need:
    """How much this report needs the field; "optional" when its `when` does not hold."""
    form = turn.form
    if turn.needs_of is not form:
        draft = form.draft
        turn.needs_of = form
        turn.needs = _all_needs(
            turn.profile,
            draft.report_type,
            draft.category,
            form.topics,
            draft.on_behalf,
            turn.state.channel,
            form.sender,
        )
    return turn.needs[row.id]


@lru_cache(maxsize=1024)
def _all_needs(
    profile: Profile,
    report_type: str,
    category: str,
    topics: tuple[str, ...],
    on_behalf: bool,
    channel: str,
    sender: str,
) -> Mapping[str, Need]:
    """Field → how much a report of this kind needs it. One step asks for many of them, and kinds of reports are few."""
    return {
        row.id: row.need_for(report_type, category)
        if row.in_force(
            report_type=report_type,
            category=category,
            topics=topics,
            on_behalf=on_behalf,
            channel=channel,
            sender=sender,
        )
        else "optional"
        for row in profile.fields.values()
    }


def has(form: Form, row: FieldRow) -> bool:
    """Whether the report holds enough for this field."""
    draft = form.draft
    match row.type:
        case "location":
            return draft.place is not None and bool(draft.place.text or draft.place.lat is not None)
        case "media":
            return sum(map(wording.is_picture, draft.media)) >= (row.min_items or 1)
        case "bool":
            value = getattr(draft, row.id)
            return value is not None and (row.must_be is None or value == row.must_be)
        case "choice":
            return bool(draft.category)
        case "datetime":
            return draft.occurred_at is not None
    return len(str(getattr(draft, row.id, ""))) >= (row.min_chars or 1)


def group_of(turn: Turn, row: FieldRow) -> list[FieldRow]:
    """The fields of which one is enough, in the order of asking."""
    rows = [other for other in turn.profile.fields.values() if row.one_of and other.one_of == row.one_of]
    return sorted(rows, key=lambda other: other.one_of_priority or 0)


def wanted(turn: Turn, row: FieldRow) -> str:
    """The slot to ask because of this field: itself, another one of its group, or none."""
    form = turn.form
    if row.one_of:
        group = group_of(turn, row)
        if row is not group[0] or any(has(form, other) for other in group):
            return ""
        if all(needs(turn, other) != "required" for other in group):
            return ""
        # When all of them were passed over, the first is asked again: one is needed.
        return next((other.id for other in group if other.id not in form.settled), group[0].id)
    need = needs(turn, row)
    if has(form, row) or need not in ("required", "ask_once"):
        return ""
    return "" if need == "ask_once" and row.id in form.settled else row.id


def is_required(turn: Turn, slot: str) -> bool:
    row = turn.profile.fields.get(slot)
    return row is not None and (
        needs(turn, row) == "required" or any(needs(turn, other) == "required" for other in group_of(turn, row))
    )


def _reuse_wanted(turn: Turn) -> bool:
    identity = turn.state.identity
    fields = turn.profile.fields
    return identity is not None and any(
        value and slot in fields and not has(turn.form, fields[slot]) and needs(turn, fields[slot]) == "required"
        for slot, value in (("name", identity.name), ("phone", identity.phone))
    )


def _has_matter(turn: Turn) -> bool:
    return bool(turn.form.draft.description)


# Questions that a value raises, asked before the rest of the fields. A settled one is never asked again.
SIDE: Mapping[str, Callable[[Turn], bool]] = {
    "topic_switch": lambda turn: bool(turn.form.other),
    "duplicate": lambda turn: bool(turn.form.duplicate),
    "identity_reuse": lambda turn: _has_matter(turn) and _reuse_wanted(turn),
    "type": lambda turn: len(turn.form.types) > 1 and not turn.form.draft.report_type and _has_matter(turn),
    "category": lambda turn: bool(turn.form.categories) and not turn.form.draft.category and _has_matter(turn),
    "ward": lambda turn: bool(turn.form.wards) and _has_matter(turn),
    "phone_extra": lambda turn: "phone_foreign" in turn.form.settled,
}


def open_questions(turn: Turn) -> Iterator[str]:
    """All slots still to be asked, in order."""
    settled = turn.form.settled
    yield from (slot for slot, applies in SIDE.items() if slot not in settled and applies(turn))
    for row in turn.profile.fields.values():
        if row.id == "location" and _vague(turn, row):
            yield row.id
        elif slot := wanted(turn, row):
            yield slot


def _vague(turn: Turn, row: FieldRow) -> bool:
    """Too few parts named, asked for once more (`location.min_text_parts`); a pin is always enough."""
    form = turn.form
    place = form.draft.place
    return (
        place is not None
        and place.lat is None
        and bool(place.text)
        and needs(turn, row) == "required"
        and form.parts < turn.profile.location.min_text_parts
        and "location_more" not in form.settled
    )


def ask_next(turn: Turn) -> None:
    """Ask the first open question, or restate the report when nothing is missing."""
    form = turn.form
    unanswered = form.editing and form.waiting in turn.profile.fields
    ask(turn, form.waiting if unanswered else next(open_questions(turn), "confirm"))


def ask(turn: Turn, slot: str, *, text: str = "") -> None:
    """Put the question about `slot`; after `max_reasks_per_field` vain repeats hand over to a person instead."""
    again = turn.waiting == slot and not turn.filled
    tries = dict(turn.form.tries)
    tries[slot] = tries.get(slot, 0) + 1 if again else 1
    turn.update_form(waiting=slot, tries=tries)
    limit = 1 + turn.profile.intake.max_reasks_per_field
    if tries[slot] == limit + 1:
        turn.wish(Handoff(reason="reask_limit"))
        turn.say(turn.line("handoff"))
        return
    if tries[slot] > limit:
        turn.say()
        return
    ASK.get(slot, ask_field)(turn, slot, text, again)


def ask_field(turn: Turn, slot: str, text: str, again: bool) -> None:
    row = turn.profile.fields[slot]
    choices: list[Choice] = []
    if row.type == "bool":
        choices = [turn.button(f"yes:{slot}", "button_yes"), turn.button(f"no:{slot}", "button_no")]
    elif not is_required(turn, slot):
        choices = [turn.button(f"skip:{slot}", "button_skip")]
    _privacy(turn, row)
    native = {"location": Ask.PLACE, "phone": Ask.PHONE}.get(row.type, Ask.NOTHING)
    turn.say(text or (again and row.again) or row.ask, choices, ask=native, question=True)


def _privacy(turn: Turn, row: FieldRow) -> None:
    if row.visibility != "public" and not turn.state.privacy_told:
        turn.update(privacy_told=True)
        turn.note(turn.line("privacy_notice"))


def ask_confirm(turn: Turn, slot: str, text: str, again: bool) -> None:
    form = turn.form
    rules = turn.profile.confidentiality
    extra = [turn.line("outside_annex")] if "outside_annex" in form.draft.flags else []
    if rules.offer == "notice" and not form.draft.confidential:
        extra.append(rules.notice)
    extra.append(turn.line("responsibility"))
    summary = "\n".join([wording.summary(turn.profile, form), *filter(None, extra)])
    if turn.corrected:
        text = turn.profile.text("confirm").rpartition("{summary}")[2].strip()
    ordinal = turn.state.submissions + 1
    turn.say(
        text or turn.line("confirm", summary=summary),
        [
            turn.button(f"confirm:send:{ordinal}", "button_send"),
            turn.button(f"confirm:edit:{ordinal}", "button_edit"),
            turn.button(f"confirm:cancel:{ordinal}", "button_cancel"),
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
        ward = wards[0]
        rules = turn.profile.regulation
        moved = any(province not in rules.provinces_now for province in rules.provinces_legacy)
        new = f"{ward.new}, {ward.province}" if moved and ward.province else ward.new
        text = turn.line("district_old", old=wording.ward_was(turn.profile, ward), new=new)
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
    _privacy(turn, row)
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
    if row is not None and not offered:
        offered = list(categories)
    choices = [Choice(key=f"category:{key}", label=categories[key].label) for key in offered]
    question = row.ask if row else turn.line("type_pick", choices=", ".join(choice.label for choice in choices))
    turn.say(text or question, choices, question=True)


def ask_identity(turn: Turn, slot: str, text: str, again: bool) -> None:
    """Show the saved identity masked; it is never used without being shown (D22)."""
    identity = turn.state.identity
    if identity is None:
        return
    phone = wording.national(identity.phone, turn.profile.phone.default_region).replace(" ", "")
    keep = ", ".join(filter(None, (wording.clip(identity.name), wording.masked(phone) if phone else "")))
    turn.say(turn.line("second_report", keep=keep), _yes_no(turn, slot, "button_right"), question=True)


def ask_duplicate(turn: Turn, slot: str, text: str, again: bool) -> None:
    known = turn.known(turn.form.duplicate)
    status = wording.status_label(turn.profile, known.case.status) if known else ""
    turn.say(turn.line("duplicate_same", code=turn.form.duplicate, status=status), _yes_no(turn, slot), question=True)


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
    turn.say(turn.line("edit_pick", choices=", ".join(choice.label for choice in choices)), choices, question=True)


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
    "edit": ask_edit,
}
