"""What a platform can do, as data. Limits carry their unit; support has degrees."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Unit(StrEnum):
    BYTES = "bytes"
    CODE_POINTS = "code points"
    UTF16 = "UTF-16 units"


def length(text: str, unit: Unit) -> int:
    """How long `text` is in the platform's own unit."""
    match unit:
        case Unit.BYTES:
            return len(text.encode())
        case Unit.CODE_POINTS:
            return len(text)
        case Unit.UTF16:
            return len(text) + sum(ch > "\uffff" for ch in text)


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    unit: Unit

    def allows(self, text: str) -> bool:
        # A code point takes at most four bytes or two UTF-16 units: most texts need no counting.
        return len(text) * 4 <= self.amount or length(text, self.unit) <= self.amount


class Support(StrEnum):
    NATIVE = "native"
    AS_TEXT = "as text"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    text: Limit
    choices: Support = Support.AS_TEXT
    max_choices: int = 0
    choice_label: Limit = Limit(20, Unit.CODE_POINTS)
    choice_key: Limit = Limit(64, Unit.BYTES)
    text_with_choices: Limit | None = None
    """Set where a message with buttons may hold less text than a plain one."""
    caption: Limit | None = None
    """How much text may travel with one picture in the same message; None: a picture travels alone."""
    ask_place: Support = Support.AS_TEXT
    ask_phone: Support = Support.AS_TEXT
    ask_email: Support = Support.AS_TEXT
    reply_window: timedelta | None = None
    """How long after the citizen's last word a free reply may be sent; None: always."""
    person_window: timedelta | None = None
    """How long after the citizen's last word a person may still write where that is longer than `reply_window`."""
    replies_per_window: int | None = None
    """How many free replies one word of the citizen allows; None: no limit."""
    resend_is_safe: bool = False
    """The platform drops a second copy of the same message by a key of ours."""
    letters: bool = False
    """A slow exchange (mail): everything that is missing is asked in one message."""
    albums: bool = False
    """Files chosen together come as one message, or with the name of their album."""
    edits: bool = False
    markup: bool = False
