"""What a citizen, a conversation and a report are made of.

Words follow the glossary in docs/glossary.md. Instants are timezone-aware; coordinates are WGS84 degrees.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One person on one channel account: whom a reply goes to."""

    channel: str
    account: str
    user: str

    def __str__(self) -> str:
        return f"{self.channel}:{self.account}:{self.user}"


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRef:
    """A picture, film, sound or file that still lies with the platform."""

    kind: MediaKind
    key: str
    """What the channel needs to fetch it: a file id or an URL. Never shown to a citizen, never logged."""
    name: str = ""
    mime: str = ""
    size: int | None = None
    seconds: int | None = None
    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    """What the picture says of itself, where its bytes were at hand when the message was read: proposals only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """Fetched bytes, as the platform handed them over."""

    body: bytes
    mime: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where it happened. `text` is the citizen's own wording; wards are official spellings or empty."""

    text: str = ""
    lat: float | None = None
    lon: float | None = None
    ward_old: str = ""
    ward_new: str = ""
    ward_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A name, number or mail address handed over with the platform's own button or form."""

    name: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    own: bool = True
    """False when the card is another person's: such a number is never taken for the sender's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing the citizen may pick. `key` is what comes back; a citizen never reads it."""

    key: str
    label: str


class Ask(StrEnum):
    """A native request that some platforms offer beside the question."""

    NOTHING = ""
    PLACE = "place"
    PHONE = "phone"
    EMAIL = "email"


class Speaker(StrEnum):
    BOT = "bot"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMedia:
    """A file we send: where its bytes lie in our own blob store."""

    kind: MediaKind
    blob: str
    name: str = ""
    mime: str = ""
    url: str = ""
    """Where the bytes lie at the case store as long as `blob` is empty; they are fetched before the file leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """What we wish to say, before a platform's limits are applied (`channels.render`)."""

    text: str
    choices: tuple[Choice, ...] = ()
    ask: Ask = Ask.NOTHING
    media: tuple[OutboundMedia, ...] = ()
    speaker: Speaker = Speaker.BOT
    key: str = ""
    """Unique per message; a platform that can carry it gets it back in its echo."""
    thread: str = ""
    """What the channel wrote into the citizen's newest `InboundMessage.thread`, unread by anybody else."""
    heard_at: datetime | None = None
    """When the citizen last spoke; reply windows count from here. None: not known."""
    case: str = ""
    """The code of the case this message is about; a mail carries it in its subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The platform took our message."""

    external_id: str
    at: datetime | None = None
    reached: str = ""
    """The platform's id of the person who was reached, where that was not the address (a reply to a comment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Bytes as they arrived: a webhook body, one polled update, one mail. Header names are lower case."""

    body: bytes
    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Everything the dialog has collected for one report. Empty means unknown."""

    report_type: str = ""
    category: str = ""
    level: str = ""
    description: str = ""
    place: Place | None = None
    occurred_at: datetime | None = None
    media: tuple[MediaRef, ...] = ()
    name: str = ""
    phone: str = ""
    """E.164."""
    email: str = ""
    address: str = ""
    cccd: str = ""
    tax_code: str = ""
    org_name: str = ""
    confidential: bool | None = None
    on_behalf: bool = False
    behalf_name: str = ""
    behalf_address: str = ""
    behalf_phone: str = ""
    behalf_reason: str = ""
    behalf_consent: bool | None = None
    flags: tuple[str, ...] = ()
    as_typed: Mapping[str, str] = field(default_factory=dict)
    """Slot id → the citizen's own words, where reading changed them."""
    raw: tuple[str, ...] = ()
    """The citizen's messages that went into the description, word for word."""
    started_at: datetime | None = None
    confirmed_at: datetime | None = None
    notice_version: str = ""
    notice_at: datetime | None = None
    """Which text on personal data was shown, and when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A report that the core case store knows, as far as this conversation has heard of it."""

    code: str
    own: bool = True
    status: str = ""
    """A `workflow.states` id of the profile."""
    agency: str = ""
    category: str = ""
    due: str = ""
    """dd/mm/yyyy or dd/mm/yyyy HH:MM, ready to be shown; empty when the store promised nothing."""
    text: str = ""
    delivered_at: datetime | None = None
    """When the result first reached the citizen; the citizen's windows count from here."""
    followup_count: int = 0
    rated: int | None = None
