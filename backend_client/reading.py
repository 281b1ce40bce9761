"""Reading what GeoReport servers really answer.

They deviate: an array, one object or a wrapped array; ids as numbers; booleans as words; missing keys; pages of HTML
in place of errors (open311: known deviations). What is unknown is kept as it came and never crashes.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

Record: TypeAlias = Mapping[str, Any]

WRAPPERS = (
    "service_requests",
    "service_request_updates",
    "updates",
    "services",
    "requests",
    "request_updates",
    "errors",
    "data",
)
INNER = ("request", "service", "request_update", "error")
END_OF_DAY = time(23, 59, 59)

# open311: status vocabulary of the updates extension, as events and states of the profile schema.
FOREIGN_STATUS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "open": ("", "submitted"),
        "for_triage": ("", "submitted"),
        "assigned": ("report.assigned", "assigned"),
        "internal_referral": ("report.forwarded", "authority_check"),
        "investigating": ("unit.started", "in_progress"),
        "in_progress": ("unit.started", "in_progress"),
        "planned": ("unit.started", "in_progress"),
        "action_scheduled": ("unit.started", "in_progress"),
        "fixed": ("result.published", "published"),
        "closed": ("result.published", "published"),
        "duplicate": ("report.closed", "closed"),
        "cancelled": ("report.closed", "closed"),
        "not_councils_responsibility": ("report.refused", "refused"),
        "no_further_action": ("report.refused", "refused"),
        "reopen": ("unit.started", "reopened"),
        "unchanged": ("", ""),
    }
)


def records(body: bytes) -> list[Record]:
    """All objects of an answer, whatever it is wrapped in. An unreadable body gives none."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [record for record in _flat(found) if record]


def _flat(value: object, depth: int = 0) -> Iterable[Record]:
    if depth > 4:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flat(item, depth + 1)
    elif isinstance(value, dict):
        wrapped = next((value[key] for key in WRAPPERS if isinstance(value.get(key), list | dict)), None)
        inner = next((value[key] for key in INNER if isinstance(value.get(key), list | dict)), None)
        if wrapped is not None:
            yield from _flat(wrapped, depth + 1)
        elif inner is not None and len(value) == 1:
            yield from _flat(inner, depth + 1)
        else:
            yield value


def text(record: Record, *keys: str) -> str:
    """The first of the keys that has a value, as text."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def texts(record: Record, key: str) -> tuple[str, ...]:
    """A value that may be missing, one string or a list."""
    value = record.get(key)
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list):
        return tuple(str(item) for item in value if item)
    return ()


def truth(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.lower() in {"true", "1", "yes"})


def instant(value: str) -> datetime | None:
    """A W3C date-time with its zone, or None: one without a zone says nothing certain."""
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at if at.tzinfo else None


def due_text(value: str, zone: ZoneInfo) -> str:
    """A promised instant as a citizen reads it: dd/mm/yyyy when it is the end of a day, else with the hour."""
    at = instant(value)
    if at is None:
        return ""
    local = at.astimezone(zone)
    whole_day = local.time().replace(microsecond=0) == END_OF_DAY
    return local.strftime("%d/%m/%Y" if whole_day else "%d/%m/%Y %H:%M")


def extras(record: Record) -> Record:
    """The extension's own map, under either of its two names."""
    for key in ("extras", "extended_attributes"):
        value = record.get(key)
        if isinstance(value, dict):
            return value
    return {}


def named_state(record: Record) -> tuple[str, str]:
    """Event and state of a record: the store's own fine ones, or those that the public status stands for."""
    fine, status = extras(record), text(record, "status").lower()
    event, state = FOREIGN_STATUS.get(status, ("", status))
    return text(fine, "event") or event, text(fine, "detailed_status") or state


def problem(body: bytes) -> tuple[str, str]:
    """Code and description of the first error in an answer; empty when it is no error list."""
    for record in records(body):
        if "description" in record or "code" in record:
            return text(record, "code"), text(record, "description")
    return "", ""
