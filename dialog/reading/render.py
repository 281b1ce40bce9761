"""A reading as plain data, for people who want to see what the dialog understands."""

from datetime import datetime
from enum import Enum
from typing import Any

import msgspec

from dialog.reading.model import PlaceReading, Reading


def to_json(reading: Reading) -> dict[str, Any]:
    """Only what was found, as JSON types: instants in ISO 8601, spans as pairs. Holds personal data: never log it."""
    return {name: value for name, value in _plain(reading).items() if value not in ("", None, False, [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        found = {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
        if isinstance(value, PlaceReading):
            found |= {"ward_old": value.ward_old, "ward_new": value.ward_new}
        return found
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
