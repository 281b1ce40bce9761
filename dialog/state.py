"""What the dialog remembers of one conversation, and how it is written down.

A `State` is never changed: every step makes a new one. It holds what the next step needs and nothing else, because it
is encrypted and stored with every message. A field that an older version did not write gets its default.
"""

from datetime import datetime

import msgspec

from core.model import Case, Choice, Draft, Place

VERSION = 1
MAIL_KNOWN = "mail_known"
"""Settled from the start where the sender's address is known: a number beside it is asked for, but not required."""
KEPT_CASES = 20


class WardOption(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to read a ward: today's ward, and the old one it took over, if an old one was named."""

    new: str
    code: str = ""
    old: str = ""
    old_district: str = ""
    province: str = ""


class Form(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report in the making: what is known, and what the citizen has said about the questions."""

    draft: Draft = Draft()
    waiting: str = ""
    """The slot whose question is open; empty before the first question."""
    sender: str = "person"
    topics: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    """Questions that are never asked again: skipped slots, wards agreed on, offers answered."""
    tries: dict[str, int] = {}
    """Slot → how often its question has been put."""
    editing: bool = False
    """The open question came from a wish to correct; the answer replaces what is there."""
    types: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    """The ids between which the citizen has to choose."""
    proposed: str = ""
    """A category that is only likely: the summary says so, and how to change it."""
    wards: tuple[WardOption, ...] = ()
    """Readings of the ward that the citizen has yet to confirm or to pick from."""
    shown: dict[str, str] = {}
    """Slot → how a value may be shown back, where that differs from what is stored (phone numbers, expanded text)."""
    asked: tuple[str, ...] = ()
    """The slots of the last letter's numbered questions, in their order; `waiting` is the first of them."""
    pictured: Place | None = None
    """Where a picture says it was taken: proposed as the place, until the citizen has said yes or named another."""
    near: tuple[WardOption, ...] = ()
    """Communes near the point that was sent: offered with the summary, one press away."""
    suggestion: str = ""
    """Today's number (E.164) of an abolished prefix, offered to the citizen."""
    duplicate: str = ""
    """The code of an own case that this report seems to repeat."""
    other: str = ""
    """A second matter that came in between, word for word, until the citizen says whether it is one."""
    insisted: str = ""
    """The exclusion despite which the citizen wants this sent."""
    parts: int = 0
    """How many parts of the place were named."""
    last_message: str = ""
    last_waiting: str = ""
    last_slots: tuple[str, ...] = ()
    """The message that filled slots last, so that its correction can be taken back to them."""


class Lock(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Nothing may be submitted until then; why, and by which article."""

    until: datetime
    reason: str = ""
    article: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A declined or dangerous matter that the citizen may still send."""

    row: str
    text: str
    kind: str = "exclusion"
    level: str = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A report on its way to the store, until its code comes back."""

    ordinal: int
    category: str = ""
    text: str = ""
    place: str = ""
    report_type: str = ""
    insisted: str = ""
    since: datetime | None = None
    told: bool = False


class Known(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case of this person, or one that was looked up."""

    case: Case
    ordinal: int = 0
    """Which report of this conversation it was; 0 when it came from elsewhere."""
    place: str = ""
    report_type: str = ""
    insisted: str = ""
    result: int = 0
    """Checksum of the result that has been told; 0 when none was."""
    need_more: bool = False
    opened_at: datetime | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str = ""
    phone: str = ""


class RatingAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    code: str
    at: datetime
    reminders: int = 0
    value: int | None = None
    """Set once rated: the next words may still be a comment."""


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One conversation. `wake_at` mirrors the last `Wake` effect."""

    version: int = VERSION
    profile: str = ""
    channel: str = ""
    letters: bool = False
    """Written exchange by mail: everything missing is asked in one message."""
    form: Form | None = None
    parked: tuple[Form, ...] = ()
    """Earlier drafts, while another matter goes first; the latest comes last."""
    choices: tuple[Choice, ...] = ()
    """What was offered last; a number or a label typed by the citizen is looked up here."""
    offer: Offer | None = None
    resume: bool = False
    """It was asked whether to go on with a parked draft."""
    submissions: int = 0
    pending: tuple[Pending, ...] = ()
    cases: tuple[Known, ...] = ()
    identity: Identity | None = None
    lock: Lock | None = None
    rating: RatingAsked | None = None
    lookups: int = 0
    chats: int = 0
    stickers: int = 0
    insults: int = 0
    refused: str = ""
    refused_at: datetime | None = None
    """The exclusion that was answered last, so that a flood of the same is not answered each time."""
    notice_version: str = ""
    notice_at: datetime | None = None
    """Which text on personal data was shown, and when; another text is shown anew."""
    erasing: bool = False
    """It was asked whether everything shall really be erased."""
    settled: bool = False
    """Something has just been answered in full; plain thanks then need no case."""
    heard_at: datetime | None = None
    reminders: int = 0
    paused: bool = False
    minute: datetime | None = None
    in_minute: int = 0
    wake_at: datetime | None = None
    letters_at: tuple[datetime, ...] = ()
    """When the letters of the last hour came."""
    heading: int = 0
    """Checksum of the last letter's heading: the next one of the thread repeats it."""
    albums: bool = False
    """The platform says which pictures belong together, so that a single one is all there is."""
    held_from: datetime | None = None
    held_until: datetime | None = None
    """The last question waits so long for more of the citizen's messages, which then take its place."""
    held_notes: tuple[str, ...] = ()
    """What that question told besides; the one that takes its place tells it too."""
    held_waiting: str = ""
    """The slot that the citizen was asked for last before it: what they write meanwhile answers that."""
    veiled: tuple[int, ...] = ()
    """Look-ups of a sender who has not proved who they are; the answer tells the state alone."""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(State)


def encode(state: State) -> bytes:
    """The state as MessagePack, field names included, defaults left out."""
    return _ENCODER.encode(state)


def decode(raw: bytes) -> State:
    """The state that `encode` wrote, by this version or an older one. Raises `ValueError` for anything else."""
    return _DECODER.decode(raw)
