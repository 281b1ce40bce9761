"""The fields of a delivery and of an answer that we read. Everything else is skipped undecoded.

Ids come as strings or numbers, and every part may be null or missing. A part whose shape may surprise is kept `Raw` and
read on its own, so that it costs itself and not the citizen's words beside it.
"""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, field

Id = str | int | None
Stamp = str | int | float | None
T = TypeVar("T")

NOTHING = Raw(b"null")


def maybe(raw: Raw, shape: type[T]) -> T | None:
    """`raw` as `shape`, or None where it is null or something else."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, RecursionError):
        return None


def word(value: object) -> str:
    """An id as text; anything that is none is empty."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


# --- deliveries -------------------------------------------------------------------------------------------------------


class Envelope(Struct):
    object: Id = None
    entry: list[Raw] | None = None


class Entry(Struct):
    id: Id = None
    messaging: list[Raw] | None = None
    standby: list[Raw] | None = None
    changes: list[Raw] | None = None


class Party(Struct):
    id: Id = None


class Head(Struct):
    """Who and when; the same in every messaging event."""

    sender: Party | None = None
    recipient: Party | None = None
    timestamp: Stamp = None


class Mid(Struct):
    mid: Id = None


class Payload(Struct):
    payload: Id = None


class Message(Struct):
    mid: Id = None
    text: str | None = None
    is_echo: bool | None = None
    is_deleted: bool | None = None
    is_unsupported: bool | None = None
    app_id: Id = None
    metadata: Id = None
    sticker_id: Id = None
    attachments: Raw = NOTHING
    quick_reply: Raw = NOTHING
    reply_to: Raw = NOTHING


class Coordinates(Struct):
    lat: float | None = None
    long: float | None = None


class AttachmentPayload(Struct):
    url: str | None = None
    title: str | None = None
    sticker_id: Id = None
    coordinates: Raw = NOTHING
    elements: Raw = NOTHING


class Attachment(Struct):
    type: str = ""
    url: str | None = None
    title: str | None = None
    sticker_id: Id = None
    payload: Raw = NOTHING


class Element(Struct):
    title: str | None = None
    subtitle: str | None = None
    item_url: str | None = None


class Edit(Struct):
    mid: Id = None
    text: str | None = None
    num_edit: Id = None


class Referral(Struct):
    ref: Id = None
    source: Id = None


class Postback(Struct):
    mid: Id = None
    title: str | None = None
    payload: Id = None
    referral: Raw = NOTHING


class Reaction(Struct):
    mid: Id = None
    action: Id = None


class Watermark(Struct):
    watermark: Stamp = None
    mids: list[Id] | None = None


class Handover(Struct):
    new_owner_app_id: Id = None
    requested_owner_app_id: Id = None


class Policy(Struct):
    action: Id = None
    reason: str | None = None


class Change(Struct):
    field: str = ""
    value: Raw = NOTHING


class Author(Struct):
    id: Id = None
    name: str | None = None


class FeedValue(Struct):
    item: str = ""
    verb: str = ""
    post_id: Id = None
    comment_id: Id = None
    created_time: Stamp = None
    published: Raw = NOTHING
    message: str | None = None
    photo: str | None = None
    video: str | None = None
    link: str | None = None
    photos: Raw = NOTHING
    sender_id: Id = None
    sender_name: str | None = None
    author: Author | None = field(default=None, name="from")


# --- answers ----------------------------------------------------------------------------------------------------------


class GraphError(Struct):
    code: int = 0
    error_subcode: int | None = None
    message: str | None = None
    is_transient: bool | None = None
    fbtrace_id: str | None = None


class Failure(Struct):
    error: GraphError


class Sent(Struct):
    message_id: str
    recipient_id: Id = None


class Uploaded(Struct):
    attachment_id: str | int
