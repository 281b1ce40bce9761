"""Compares what happened in a conversation with what its record expects."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.rehearsal.record import Record
from core.effects import FollowUp, FollowUpKind
from core.model import Draft, MediaKind, Place
from regulations.model import Profile


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was observed, wherever the conversation was played."""

    outcomes: list[tuple[str, str]] = field(default_factory=list)
    """(value, code) in order."""
    reports: list[Draft] = field(default_factory=list)
    """Handed to the store as open reports."""
    closed: list[Draft] = field(default_factory=list)
    """Handed over with closed state."""
    follow_ups: list[FollowUp] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Everything the bot said, with the labels of its buttons."""
    unanswered: list[str] = field(default_factory=list)
    draft_kept: bool = False


def judge(record: Record, seen: Seen, profile: Profile) -> list[str]:
    """The differences, each as "what: expected …, got …"; empty when the record passes."""
    differences: list[str] = []
    for key, expected in record.expect.items():
        check = CHECKS.get(key)
        if check is None:
            differences.append(f"{key}: nobody knows how to check this")
        else:
            differences += check(key, expected, seen, profile)
    for slot in seen.unanswered:
        row = profile.fields.get(slot)
        if row is not None and row.need == "optional":
            differences.append(f"asked for {slot}, which the record does not answer")
    if record.citizen and record.expect.get("linked_to_same_citizen"):
        phone = _digits(record.citizen["phone"])[-9:]
        if not any(draft.phone.endswith(phone) for draft in seen.reports):
            differences.append("linked_to_same_citizen: another phone number was sent")
    return differences


def fold(text: str) -> str:
    """Lower case, without accents, single spaces."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(ch for ch in decomposed if not unicodedata.combining(ch)).split())


def _digits(text: str) -> str:
    return "".join(ch for ch in text if ch.isdigit())


def _same(expected: object, got: object) -> bool:
    if isinstance(expected, str) and isinstance(got, str):
        return " ".join(expected.split()).casefold() == " ".join(got.split()).casefold()
    return expected == got


def _differs(key: str, expected: object, got: object) -> list[str]:
    return [] if _same(expected, got) else [f"{key}: expected {expected!r}, got {got!r}"]


def _lacks(key: str, words: Iterable[object], text: str) -> list[str]:
    return [f"{key}: {word!r} is not in {text!r}" for word in words if fold(str(word)) not in fold(text)]


def _holds(key: str, words: Iterable[object], text: str) -> list[str]:
    return [f"{key}: {word!r} is in {text!r}" for word in words if fold(str(word)) in fold(text)]


def _last(seen: Seen) -> Draft:
    return (seen.reports or seen.closed or [Draft()])[-1]


def _place_text(draft: Draft) -> str:
    place = draft.place or Place()
    return " ".join((place.text, draft.as_typed.get("location", ""), place.ward_old, place.ward_new))


def _outcome(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    values = [value for value, _ in seen.outcomes]
    return [] if expected in values else [f"{key}: expected {expected!r}, got {values!r}"]


def _code(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    codes = [code for _, code in seen.outcomes if code]
    return [] if expected in codes else [f"{key}: expected {expected!r}, got {codes!r}"]


def _second(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    wanted = {"refused_count": "appeal_denied:count", "refused_window": "appeal_denied:window"}[expected]
    return _outcome(key, wanted, seen, profile)


def _of_draft(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    return _differs(key, expected, getattr(_last(seen), key))


def _slots(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    draft = _last(seen)
    differences: list[str] = []
    for slot, value in expected.items():
        if slot.endswith("_contains"):
            differences += _lacks(slot, value, CONTAINED[slot](draft))
        else:
            differences += _differs(slot, _plain(slot, value), SLOTS.get(slot, lambda d, s=slot: getattr(d, s))(draft))
    return differences


def _plain(slot: str, value: Any) -> Any:
    return _digits(str(value)) if slot in ("cccd", "tax_code") else value


def _pictures(draft: Draft) -> int:
    return sum(media.kind is not MediaKind.AUDIO for media in draft.media)


SLOTS: Mapping[str, Callable[[Draft], Any]] = {
    "cccd": lambda draft: _digits(draft.cccd),
    "tax_code": lambda draft: _digits(draft.tax_code),
    "media_count": _pictures,
    "ward_old": lambda draft: (draft.place or Place()).ward_old,
    "ward_new": lambda draft: (draft.place or Place()).ward_new,
    "lat": lambda draft: (draft.place or Place()).lat,
    "lon": lambda draft: (draft.place or Place()).lon,
}
CONTAINED: Mapping[str, Callable[[Draft], str]] = {
    "location_contains": _place_text,
    "address_contains": lambda draft: draft.address,
}


def _contains(text_of: Callable[[Draft], str], check: Callable[[str, Iterable[object], str], list[str]]) -> "Check":
    return lambda key, expected, seen, profile: check(key, expected, text_of(_last(seen)))


def _says(check: Callable[[str, Iterable[object], str], list[str]]) -> "Check":
    return lambda key, expected, seen, profile: check(key, expected, "\n".join(seen.texts))


def _agency(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    row = profile.categories.get(_last(seen).category)
    return _differs(key, expected, row.agency if row else "")


def _created(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    return _differs(key, expected, bool(seen.reports or seen.closed))


def _comment(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    ratings = [entry.text for entry in seen.follow_ups if entry.kind is FollowUpKind.RATING]
    return _lacks(key, expected, "\n".join(ratings))


def _voice(key: str, expected: Any, seen: Seen, profile: Profile) -> list[str]:
    return _differs(key, expected, any(media.kind is MediaKind.AUDIO for media in _last(seen).media))


Check = Callable[[str, Any, Seen, Profile], list[str]]

CHECKS: Mapping[str, Check] = {
    "outcome": _outcome,
    "code": _code,
    "second": _second,
    "report_type": _of_draft,
    "category": _of_draft,
    "level": _of_draft,
    "slots": _slots,
    "description_contains": _contains(lambda draft: draft.description, _lacks),
    "description_not_contains": _contains(lambda draft: draft.description, _holds),
    "location_not_contains": _contains(_place_text, _holds),
    "agency": _agency,
    "bot_says": _says(_lacks),
    "bot_never_says": _says(_holds),
    "case_created": _created,
    "case_closed": lambda key, expected, seen, profile: _differs(key, expected, bool(seen.closed)),
    "draft_kept": lambda key, expected, seen, profile: _differs(key, expected, seen.draft_kept),
    "comment_contains": _comment,
    "voice_kept": _voice,
    "linked_to_same_citizen": lambda key, expected, seen, profile: [],
}
