"""What the dialog wishes. The pipeline writes every wish down as a row before anything leaves the house."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from core.model import Draft, MediaRef, OutboundMessage

QUIET, LONGEST = timedelta(seconds=1.5), timedelta(seconds=3)
"""Messages that follow each other so quickly are one turn and get one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    message: OutboundMessage
    replaceable: bool = False
    """A plain question: if the citizen has written again before it left, only the newer one is sent."""
    patient: bool = False
    """The citizen seems to have more to say: it leaves after a moment of silence (`QUIET`), at most `LONGEST` late."""
    about: str = ""
    """The code of the case whose news this message carries."""
    news: str = ""
    """The event name of that news; the pipeline answers with `SendSettled` when the message has its receipt."""
    invites: bool = False
    """The one private reply to a public comment: the reply windows of a chat do not apply to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Hand the confirmed draft to the case store as report number `ordinal` of this conversation (1, 2, …)."""

    ordinal: int
    draft: Draft
    closed: bool = False
    """Sent with closed state: a pure thank-you note where the regulation wants it on file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Ask the store for the public state of a case; the answer comes back as `CaseFound`."""

    code: str
    request: int


class FollowUpKind(StrEnum):
    RATING = "rating"
    CLARIFY = "clarify"
    APPEAL = "appeal"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Tell the store what the citizen says about an existing case."""

    code: str
    kind: FollowUpKind
    at: datetime
    text: str = ""
    value: int | None = None
    label: str = ""
    media: tuple[MediaRef, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """A person has to go on with this conversation. `reason` is a word: reask_limit, asked, refused …"""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertStaff:
    """Shown at the top of the inbox until someone takes it: an urgent report, a flagged insult."""

    reason: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """Send `TimerFired` at this instant; a later Wake replaces an earlier one, None cancels it."""

    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a piece of the conversation ended, in the words of dialog-scripts.md: submitted, refused:to_cao, rated:1 …"""

    value: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """The event's content must not be kept: the regulation forbids it (state secrets). Its number and reason stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseAsked:
    """The citizen wants what they said and sent erased, and has confirmed it. Reports on file stay there."""


Effect: TypeAlias = Say | Submit | LookUp | FollowUp | Handoff | AlertStaff | Wake | Outcome | Forget | EraseAsked
