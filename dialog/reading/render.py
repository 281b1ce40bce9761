"""A reading as plain data, for people who want to see what the dialog understands."""

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from dialog.reading.model import PlaceReading, Reading


def to_json(reading: Reading) -> dict[str, Any]:
    """Only what was found, as JSON types: instants in ISO 8601, spans as pairs. Holds personal data: never log it."""
    return {name: value for name, value in _plain(reading).items() if value not in ("", None, False, [], {})}


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        found = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        if isinstance(value, PlaceReading):
            found |= {"ward_old": value.ward_old, "ward_new": value.ward_new}
        return found
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
