"""What a report still needs: the order of the profile's fields, with the side questions that a value may raise."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from dialog import wording
from dialog.state import MAIL_KNOWN, Form
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
        if row is not group[0]:
            return ""
        if any(has(form, other) for other in group):
            beside = MAIL_KNOWN in form.settled and row.id not in form.settled and not has(form, row)
            return row.id if beside else ""
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


def may_be_left(turn: Turn, slot: str) -> bool:
    """Whether a letter that answers other questions may leave this one out."""
    row = turn.profile.fields.get(slot)
    return row is not None and (
        not is_required(turn, slot) or any(has(turn.form, other) for other in group_of(turn, row))
    )


def _reuse_wanted(turn: Turn) -> bool:
    identity = turn.state.identity
    fields = turn.profile.fields
    return (
        identity is not None
        and turn.proven
        and any(
            value and slot in fields and not has(turn.form, fields[slot]) and needs(turn, fields[slot]) == "required"
            for slot, value in (("name", identity.name), ("phone", identity.phone))
        )
    )


def _has_matter(turn: Turn) -> bool:
    return bool(turn.form.draft.description)


def _has_place(turn: Turn) -> bool:
    row = turn.profile.fields.get("location")
    return row is None or has(turn.form, row)


# Questions that a value raises, asked before the rest of the fields. A settled one is never asked again.
SIDE: Mapping[str, Callable[[Turn], bool]] = {
    "topic_switch": lambda turn: bool(turn.form.other),
    "duplicate": lambda turn: bool(turn.form.duplicate),
    "identity_reuse": lambda turn: _has_matter(turn) and _reuse_wanted(turn),
    "type": lambda turn: len(turn.form.types) > 1 and not turn.form.draft.report_type and _has_matter(turn),
    "category": lambda turn: bool(turn.form.categories) and not turn.form.draft.category and _has_matter(turn),
    "pictured": lambda turn: turn.form.pictured is not None and not _has_place(turn) and _has_matter(turn),
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
