"""Zalo's events become ours. zalo: event catalogue.

Messages keep Zalo's bare `msg_id` as their key, so that quotes, receipts and the history name the same message; all
other events put their own name in front, since they speak of messages that exist already.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import blake2s
from typing import Any

import msgspec

from channels.zalo.attachments import Content, part_of, phone_of, read_attachments, text_of
from channels.zalo.catalogue import ECHOES, IGNORED, MESSAGES
from core.errors import DeliveryUnreadable
from core.events import (
    AccountAlarm,
    Ignored,
    InboundMessage,
    OwnEcho,
    PeerChanged,
    PeerStatus,
    PlatformEvent,
    Progress,
    ProgressKind,
    StaffWrote,
)
from core.model import Contact, Delivery, Peer

CHOICE = "#tn:"
"""In front of a button's payload: a press comes back as an ordinary text message."""
ANONYMOUS = "anonymous:"
"""In front of the user part of a peer who writes through the web widget: anonymous:<id>:<conversation id>."""

_EARLIEST = 1_000_000_000_000  # September 2001: Zalo's own samples have digits masked out
_LONGEST_ID = 200  # real ones have about 20 characters; a database index has its limits
_decode = msgspec.json.Decoder().decode


class Notice:
    """One event on its way to becoming ours."""

    __slots__ = ("account", "name", "oa", "raw", "received_at", "sender", "user")

    def __init__(self, raw: Mapping[str, Any], account: str, received_at: datetime) -> None:
        self.raw, self.account, self.received_at = raw, account, received_at
        self.name = text_of(raw.get("event_name"))
        self.sender = part_of(raw.get("sender"))
        sender, recipient = text_of(self.sender.get("id")), text_of(part_of(raw.get("recipient")).get("id"))
        ours = self.name in ECHOES or self.name in _ABOUT_OUR_MESSAGES
        self.user, self.oa = (recipient, sender) if ours else (sender, recipient)
        if not (sender or recipient):
            self.user = text_of(part_of(raw.get("follower")).get("id")) or text_of(raw.get("user_id"))
        self.oa = text_of(raw.get("oa_id")) or text_of(raw.get("oaId")) or self.oa

    @property
    def message(self) -> Mapping[str, Any]:
        return part_of(self.raw.get("message"))

    @property
    def sent_at(self) -> datetime:
        return self.instant(self.raw.get("timestamp"))

    def instant(self, milliseconds: object) -> datetime:
        """Epoch milliseconds, mostly as a string; what is no instant counts from its arrival."""
        try:
            value = int(text_of(milliseconds))
            return datetime.fromtimestamp(value / 1000, UTC) if value >= _EARLIEST else self.received_at
        except (ValueError, OverflowError, OSError):
            return self.received_at

    def peer(self) -> Peer:
        if not self.user or len(self.user) > _LONGEST_ID:
            raise DeliveryUnreadable(f"{self.name[:64]} names no user")
        user = self.user
        if "anonymous" in self.name:
            user = f"{ANONYMOUS}{user}:{text_of(self.message.get('conversation_id'))}"
        return Peer(channel="zalo", account=self.account, user=user)

    def message_key(self) -> str:
        given = text_of(self.message.get("msg_id"))
        return given if 0 < len(given) <= _LONGEST_ID else self.key()

    def key(self, *more: str) -> str:
        """The same event gives the same key however often it is delivered."""
        parts = [self.oa, self.user, text_of(self.raw.get("timestamp")), text_of(self.message.get("msg_id")), *more]
        return f"{self.name}:{blake2s('|'.join(parts).encode(errors='replace'), digest_size=12).hexdigest()}"


def read_events(delivery: Delivery, *, account: str, oa_id: str = "") -> list[PlatformEvent]:
    """The events of one delivery; the same bytes give the same events. Raises `DeliveryUnreadable`."""
    notice = _notice(delivery, account)
    if oa_id and notice.oa and notice.oa != oa_id:
        return [Ignored(external_id=notice.key(), reason="sự kiện của một OA khác trên cùng ứng dụng")]
    reader = _READERS.get(notice.name)
    if reader is not None:
        return [reader(notice)]
    reason = IGNORED.get(notice.name, "sự kiện chưa biết")
    return [Ignored(external_id=notice.key(), reason=f"{notice.name[:64]}: {reason}")]


def oa_of(delivery: Delivery) -> str:
    """The OA a delivery belongs to: all OAs of one app share one webhook address. Raises `DeliveryUnreadable`."""
    return _notice(delivery, "").oa


def _notice(delivery: Delivery, account: str) -> Notice:
    try:
        raw = _decode(delivery.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise DeliveryUnreadable(f"no JSON: {type(error).__name__}") from error
    if not isinstance(raw, dict):
        raise DeliveryUnreadable("not an object")
    notice = Notice(raw, account, delivery.received_at)
    if not notice.name:
        raise DeliveryUnreadable("no event_name")
    return notice


def _message(notice: Notice) -> PlatformEvent:
    message = notice.message
    text = text_of(message.get("text"))
    content = read_attachments(message, notice.raw.get("attachments"))
    choice = _choice(text)
    if choice:
        text = ""
    elif content.lines:
        text = _joined(text, content)
    found = text or choice or content.media or content.place or content.contact or content.sticker
    return InboundMessage(
        peer=notice.peer(),
        external_id=notice.message_key(),
        sent_at=notice.sent_at,
        text=text,
        choice=choice,
        media=tuple(content.media),
        place=content.place,
        contact=content.contact,
        sticker=content.sticker,
        reply_to=text_of(message.get("quote_msg_id")),
        unsupported="" if found else content.unknown or notice.name.rpartition("_")[2],
    )


def _choice(text: str) -> str:
    """The key in a pressed button's payload. Typed by hand it means the same."""
    if not text.startswith(CHOICE):
        return ""
    key = text[len(CHOICE) :].strip()
    return "" if "\n" in key else key


def _joined(text: str, content: Content) -> str:
    lines = [text] if text else []
    lines += [line for line in content.lines if line not in text]
    return "\n".join(lines)


def _echo(notice: Notice) -> PlatformEvent:
    # A person at Zalo's own chat tool leaves an admin_id; what we sent through the API does not.
    staff = text_of(notice.sender.get("admin_id"))
    if not staff:
        return OwnEcho(peer=notice.peer(), external_id=notice.message_key(), sent_at=notice.sent_at)
    content = read_attachments(notice.message, notice.raw.get("attachments"))
    return StaffWrote(
        peer=notice.peer(),
        external_id=notice.message_key(),
        sent_at=notice.sent_at,
        text=_joined(text_of(notice.message.get("text")), content),
        media=tuple(content.media),
        staff=staff,
    )


def _shared_info(notice: Notice) -> PlatformEvent:
    """The citizen filled in the form of `request_user_info`. Older events carry a flat address."""
    info = part_of(notice.raw.get("info"))
    full = part_of(info.get("full_address"))
    address = (
        text_of(full.get("user_address")) or text_of(info.get("address")),
        text_of(full.get("user_ward")) or text_of(info.get("ward")),
        text_of(full.get("user_district")) or text_of(info.get("district")),
        text_of(full.get("user_city")) or text_of(info.get("city")),
    )
    return InboundMessage(
        peer=notice.peer(),
        external_id=notice.key(),
        sent_at=notice.sent_at,
        contact=Contact(
            name=text_of(info.get("name")),
            phone=phone_of(info.get("phone")),
            address=", ".join(piece for piece in address if piece),
        ),
    )


def _started(notice: Notice) -> PlatformEvent:
    return InboundMessage(peer=notice.peer(), external_id=notice.key(), sent_at=notice.sent_at, started=True)


def _status(status: PeerStatus) -> Callable[[Notice], PlatformEvent]:
    def read(notice: Notice) -> PlatformEvent:
        return PeerChanged(peer=notice.peer(), external_id=notice.key(), sent_at=notice.sent_at, status=status)

    return read


def _received(notice: Notice) -> PlatformEvent:
    # A template message by phone says itself when it arrived; its event may be later.
    arrived = notice.message.get("delivery_time") or notice.raw.get("timestamp")
    return Progress(
        peer=notice.peer(),
        external_id=notice.key(),
        sent_at=notice.instant(arrived),
        kind=ProgressKind.DELIVERED,
        messages=tuple(key for key in [text_of(notice.message.get("msg_id"))] if key),
    )


def _seen(notice: Notice) -> PlatformEvent:
    listed = notice.message.get("msg_ids")
    keys = [text_of(key) for key in listed] if isinstance(listed, list) else [text_of(notice.message.get("msg_id"))]
    return Progress(
        peer=notice.peer(),
        external_id=notice.key(*keys),
        sent_at=notice.sent_at,
        kind=ProgressKind.SEEN,
        messages=tuple(key for key in keys if key),
    )


def _revoked(notice: Notice) -> PlatformEvent:
    return AccountAlarm(
        external_id=notice.key(),
        sent_at=notice.sent_at,
        reason="OA đã thu hồi quyền của ứng dụng: quản trị OA phải cấp quyền lại",
    )


_ABOUT_OUR_MESSAGES: Mapping[str, Callable[[Notice], PlatformEvent]] = {
    "user_received_message": _received,
    "user_seen_message": _seen,
}

_READERS: Mapping[str, Callable[[Notice], PlatformEvent]] = {
    **dict.fromkeys(MESSAGES, _message),
    **dict.fromkeys(ECHOES, _echo),
    **_ABOUT_OUR_MESSAGES,
    "user_submit_info": _shared_info,
    "user_click_chatnow": _started,
    "follow": _status(PeerStatus.FOLLOWED),
    "unfollow": _status(PeerStatus.UNFOLLOWED),
    "user_withdraw": _status(PeerStatus.ERASURE_ASKED),
    "permission_revoked": _revoked,
}
