"""Texts of the profile, filled in, and how values are shown back to the citizen.

No sentence of ours is here: `line` reads the profile. An id that a profile lacks gives an empty text, and an empty text
is left out of the message.
"""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers

from core.model import Choice, MediaKind, MediaRef, Place
from dialog.state import Form, WardOption
from regulations.model import FieldRow, Profile
from regulations.text import fill


def line(profile: Profile, template: str, **values: str) -> str:
    """The profile's text `template` with its placeholders filled; empty if the profile has no such text."""
    if not values:
        return _plain(profile, template)
    row = profile.templates.get(template)
    return fill(row.text, system=profile.regulation.system_short, **values) if row else ""


@lru_cache(maxsize=1024)
def _plain(profile: Profile, template: str) -> str:
    """A text into which nothing of the conversation goes: every citizen reads the same."""
    row = profile.templates.get(template)
    return fill(row.text, system=profile.regulation.system_short) if row else ""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Lower case, no diacritics, single spaces: for comparing what was typed with what was offered."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(ch for ch in decomposed if not unicodedata.combining(ch)).split())


def letter(profile: Profile, words: str, choices: Sequence[Choice]) -> str:
    """The words as a letter, with an opening, a closing, and the choices that they do not name yet."""
    said = fold(words)
    unsaid = [choice.label for choice in choices if fold(choice.label) not in said]
    if unsaid:
        words = f"{words}\n{line(profile, 'letter_choices', choices=', '.join(choice.label for choice in choices))}"
    return "\n\n".join(filter(None, (line(profile, "letter_opening"), words, line(profile, "letter_closing"))))


ECHO, READ_BACK = 80, 1000
"""Characters of a citizen's words that are repeated in a question, and in the summary."""


def clip(text: str, length: int = ECHO) -> str:
    """The beginning of a long text, with a sign that it goes on."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def local_time(at: datetime, profile: Profile) -> datetime:
    return at.astimezone(ZoneInfo(profile.timezone))


@lru_cache(maxsize=4096)
def national(e164: str, region: str) -> str:
    """A stored number as its owner writes it: national with spaces, international when it is foreign."""
    try:
        number = phonenumbers.parse(e164, region)
    except phonenumbers.NumberParseException:
        return e164
    home = phonenumbers.country_code_for_region(region) == number.country_code
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def masked(value: str, keep: str = "first3_last3", mask: str = "*") -> str:
    """`value` with only the characters readable that `keep` names ("first3", "last2", "first3_last3"); empty: none."""
    head = tail = 0
    for part in keep.split("_"):
        if part.startswith("first"):
            head = int(part[5:])
        elif part.startswith("last"):
            tail = int(part[4:])
    if head + tail >= len(value):
        return mask * len(value)
    return value[:head] + mask * (len(value) - head - tail) + (value[-tail:] if tail else "")


def masked_phone(profile: Profile, e164: str) -> str:
    """A stored number of which only the ends can be read."""
    return masked(national(e164, profile.phone.default_region).replace(" ", ""))


def category_label(profile: Profile, category: str) -> str:
    """The label of a category id; anything else (a label from the store) is returned as it is."""
    row = profile.categories.get(category)
    return row.label if row else category


def agency_of(profile: Profile, category: str) -> str:
    row = profile.categories.get(category)
    return (row.agency_now or row.agency) if row else ""


def status_label(profile: Profile, status: str) -> str:
    row = profile.workflow.states.get(status)
    return row.label if row else status


def ward_was(profile: Profile, option: WardOption) -> str:
    """The old ward with its district, as `district_old` names it."""
    if not option.old:
        return option.new
    return line(profile, "ward_in", new=option.old, old=option.old_district) if option.old_district else option.old


def ward_now(profile: Profile, ward: WardOption, template: str) -> str:
    """The old ward with today's, with its province where the provinces were merged."""
    rules = profile.regulation
    moved = any(province not in rules.provinces_now for province in rules.provinces_legacy)
    new = f"{ward.new}, {ward.province}" if moved and ward.province else ward.new
    return line(profile, template, old=ward_was(profile, ward), new=new)


def place_line(profile: Profile, place: Place) -> str:
    """The place as it is read back: own words, then today's ward with the old one."""
    ward = place.ward_new
    if ward and place.ward_old and place.ward_old != ward:
        ward = line(profile, "ward_was", new=ward, old=place.ward_old) or ward
    named = [place.text] if place.text else []
    if ward and fold(place.ward_new) not in fold(place.text):
        named.append(ward)
    if not named and place.lat is not None:
        named.append(line(profile, "place_pinned"))
    return ", ".join(named)


def coordinates(place: Place) -> str:
    """ "10.35980, 106.36540", as maps on the web take them."""
    return f"{place.lat:.5f}, {place.lon:.5f}"


PICTURES = frozenset({MediaKind.IMAGE, MediaKind.VIDEO})


def is_picture(media: MediaRef) -> bool:
    """A photo or film, also when it was sent as a file."""
    return media.kind in PICTURES or media.mime.startswith(("image/", "video/"))


def shown(profile: Profile, row: FieldRow, form: Form) -> str:
    """One slot as the citizen may read it; empty when there is nothing to show. A masked field is never shown whole."""
    draft = form.draft
    match row.type:
        case "location":
            return place_line(profile, draft.place) if draft.place else ""
        case "media":
            return line(profile, "media_count", value=str(len(draft.media))) if draft.media else ""
        case "datetime":
            at = draft.occurred_at
            if phrase := form.shown.get(row.id):
                return phrase
            return local_time(at, profile).strftime("%d/%m/%Y %H:%M") if at else ""
        case "choice":
            return category_label(profile, draft.category)
        case "bool":
            value = getattr(draft, row.id)
            return "" if value is None else line(profile, "button_yes" if value else "button_no")
        case "phone":
            number = getattr(draft, row.id)
            value = form.shown.get(row.id) or (national(number, profile.phone.default_region) if number else "")
            return masked(value, row.mask_echo) if value and row.mask_echo else value
        case "cccd":
            # A whole identity number is never repeated, whatever the profile says (D04).
            return masked(draft.cccd, row.mask_echo or "first3") if draft.cccd else ""
    value = form.shown.get(row.id) or str(getattr(draft, row.id, "") or "")
    return masked(value, row.mask_echo) if value and row.mask_echo else value


def summary(profile: Profile, form: Form) -> str:
    """What the citizen is asked to confirm: one line a slot, the matter with its category first."""
    matter = form.shown.get("description") or form.draft.description
    matter = clip(matter, READ_BACK)
    lines = [" – ".join(part for part in (category_label(profile, form.draft.category), matter) if part)]
    if form.draft.level and form.draft.level != profile.default_level.id:
        lines.append(profile.levels[form.draft.level].label)
    for row in profile.fields.values():
        if row.id in ("description", "category") or (row.type == "bool" and not getattr(form.draft, row.id)):
            continue
        if value := shown(profile, row, form):
            lines.append(f"{row.label}: {clip(value, READ_BACK)}")
    return "\n".join(lines)
