"""What happened: read from a platform, told by the case store, done by an operator, or due by the clock.

`external_id` is unique for its conversation and source, for ever: it is the key that makes a second delivery harmless.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from core.model import Contact, MediaRef, Peer, Place


class Source(StrEnum):
    CITIZEN = "citizen"
    PLATFORM = "platform"
    STORE = "store"
    OPERATOR = "operator"
    CLOCK = "clock"


# --- from a platform --------------------------------------------------------------------------------------------------


class Authenticity(StrEnum):
    """Whether the sender is who the message says, where a platform does not vouch for it (mail)."""

    VOUCHED = ""
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A citizen said something: text, a pressed button, files, a pin, a contact card, a sticker, or several at once."""

    peer: Peer
    external_id: str
    sent_at: datetime
    text: str = ""
    choice: str = ""
    """The key of the button that was pressed."""
    media: tuple[MediaRef, ...] = ()
    place: Place | None = None
    contact: Contact | None = None
    sticker: str = ""
    album: str = ""
    """Set when several messages are one album."""
    reply_to: str = ""
    sender_name: str = ""
    language: str = ""
    started: bool = False
    """The platform's own start button or /start."""
    unsupported: str = ""
    """The name of a kind of content that we cannot take (poll, game …); the citizen is told so."""
    subject: str = ""
    """The heading of a letter, without the marks of answers and forwards."""
    thread: str = ""
    """What the channel needs to answer in the same thread. The newest comes back with `OutboundMessage.thread`."""
    about: str = ""
    """The code of the case that the sender proved to answer to (a token of ours that only its reader has)."""
    authenticity: Authenticity = Authenticity.VOUCHED
    original: str = ""
    """Blob of the message as it came, where more can be shown of it than its text (mail)."""
    standby: bool = False
    """Another program answers in this thread at present: shown to staff, not answered by the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """A citizen changed an earlier message."""

    peer: Peer
    external_id: str
    of: str
    sent_at: datetime
    text: str = ""
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWithdrawn:
    """A citizen took an earlier message back. It stays on file, marked; the dialog has heard it."""

    peer: Peer
    external_id: str
    of: str
    sent_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicComment:
    """Somebody wrote under a post of ours, for everyone to read. `peer` is the comment: it takes one private reply,
    which invites to the chat; what was written in public does not start a report.
    """

    peer: Peer
    external_id: str
    sent_at: datetime
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    sender_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadMoved:
    """The platform says who answers in this thread from now on: we (`ours`), or somebody else's program or person."""

    peer: Peer
    external_id: str
    sent_at: datetime
    ours: bool
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffWrote:
    """A person answered in the platform's own tool. The bot falls silent as if the person had used our inbox."""

    peer: Peer
    external_id: str
    sent_at: datetime
    text: str = ""
    media: tuple[MediaRef, ...] = ()
    staff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEcho:
    """Our own message came back: proof that it arrived."""

    peer: Peer
    external_id: str
    sent_at: datetime
    key: str = ""


class PeerStatus(StrEnum):
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    ERASURE_ASKED = "erasure_asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerChanged:
    peer: Peer
    external_id: str
    sent_at: datetime
    status: PeerStatus


class ProgressKind(StrEnum):
    DELIVERED = "delivered"
    SEEN = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Messages of ours reached the phone, or were read."""

    peer: Peer
    external_id: str
    sent_at: datetime
    kind: ProgressKind
    messages: tuple[str, ...] = ()
    until: datetime | None = None
    """Set where the platform names no messages but an instant: everything sent up to then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountAlarm:
    """The platform says something about the whole account, such as a withdrawn permission."""

    external_id: str
    sent_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Known or unknown, but not for us. Journaled with its reason, never guessed."""

    external_id: str
    reason: str


PlatformEvent: TypeAlias = (
    InboundMessage
    | MessageEdited
    | MessageWithdrawn
    | PublicComment
    | ThreadMoved
    | StaffWrote
    | OwnEcho
    | PeerChanged
    | Progress
    | AccountAlarm
    | Ignored
)

# --- from the case store ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened:
    """The store took report number `ordinal` of this conversation and gave it a code."""

    ordinal: int
    code: str
    at: datetime
    due: str = ""
    agency: str = ""
    notice: str = ""
    closed: bool = False
    linked: bool = False
    """Somebody else has reported the same matter; the profile links the two and says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRefused:
    """The store will never take report number `ordinal`; staff have to look."""

    ordinal: int
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChanged:
    """News about one of this conversation's cases. `name` is an event of the profile schema, e.g. result.published."""

    code: str
    update_id: str
    name: str
    at: datetime
    status: str = ""
    text: str = ""
    agency: str = ""
    due: str = ""
    reason: str = ""
    article: str = ""
    missing: str = ""
    media: tuple[str, ...] = ()
    locked_until: datetime | None = None
    """Until then the sender may submit nothing: the store has counted too many confirmed violations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFound:
    """The answer to a look-up by code. Personal data of others never travel in it."""

    code: str
    found: bool
    at: datetime
    status: str = ""
    agency: str = ""
    category: str = ""
    due: str = ""
    request: int = 0
    """Which look-up of this conversation is answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseKnown:
    """An existing case of this person is made known to the conversation, without saying anything."""

    code: str
    at: datetime
    own: bool = True
    status: str = ""
    agency: str = ""
    category: str = ""
    due: str = ""
    text: str = ""
    delivered_at: datetime | None = None
    followup_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityKnown:
    """Name and phone that this person gave us earlier. Offered for reuse masked, never used unasked."""

    name: str
    phone: str
    at: datetime


StoreEvent: TypeAlias = CaseOpened | SubmissionRefused | CaseChanged | CaseFound | CaseKnown | IdentityKnown

# --- from an operator -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorWrote:
    """A reply written in our inbox. Writing takes the conversation over."""

    operator: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    operator: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    operator: str
    at: datetime


OperatorEvent: TypeAlias = OperatorWrote | TakenOver | GivenBack

# --- from the clock ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """The instant the dialog asked to be woken at has come."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSettled:
    """A message of the bot that carried a case's news got its receipt, or never will."""

    code: str
    name: str
    at: datetime
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRead:
    """A file of the citizen's was fetched, and says of itself where or when it was taken. Proposals only."""

    key: str
    """The `MediaRef.key` it was fetched by."""
    at: datetime
    lat: float | None = None
    lon: float | None = None
    taken_at: datetime | None = None


Event: TypeAlias = PlatformEvent | StoreEvent | OperatorEvent | TimerFired | SendSettled | PictureRead
