"""What people write, press, edit and take back; and the echoes of what the Page wrote to them."""

import re
from collections.abc import Mapping

import msgspec

from channels.facebook.attachments import Content, read_attachments
from channels.facebook.notice import PAGE_INBOX, Notice, Unusable, digest
from channels.facebook.wire import Edit, Head, Message, Mid, Payload, Postback, Reaction, Referral, maybe, word
from channels.maps import place_in
from core.events import InboundMessage, MessageEdited, MessageWithdrawn, OwnEcho, PlatformEvent, StaffWrote
from core.model import Contact

GET_STARTED = "GET_STARTED"
"""Payload of the button that opens a conversation; set by `FacebookAdmin`."""

STAFF: Mapping[str, str] = {PAGE_INBOX: "Meta Business Suite", "": "Trang Facebook"}
"""Who wrote what no app of ours wrote, by the echo's app id."""


def staff_name(app: str) -> str:
    """Who that is, for our staff to read."""
    return STAFF.get(app, f"ứng dụng {app[:40]}")


# The type of a pressed quick reply does not come back, only what the profile holds. No key of ours looks like these.
_PHONE = re.compile(r"\+?[0-9][0-9 .()-]{7,20}")
_EMAIL = re.compile(r"[^\s@<>,;:]{1,64}@[^\s@<>,;:]{1,190}\.[^\s@<>,;:.]{2,63}")


def message(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    head, said = notice.head(), msgspec.json.decode(raw, type=Message)
    if said.is_echo:
        return _echo(notice, head, said)
    peer, key, sent_at = notice.sender(head), notice.key(said.mid), notice.instant(head.timestamp)
    if said.is_deleted:
        return MessageWithdrawn(peer=peer, external_id=f"{key}/deleted", of=key, sent_at=sent_at)
    content = read_attachments(said)
    choice, contact = _pressed(said)
    text = "" if choice or contact else content.text
    empty = not (text or choice or contact or content.media or content.place or content.sticker)
    replied = maybe(said.reply_to, Mid)
    return InboundMessage(
        peer=peer,
        external_id=key,
        sent_at=sent_at,
        text=text,
        choice=choice,
        contact=contact,
        media=content.media,
        place=content.place,
        sticker=content.sticker,
        reply_to=word(replied.mid) if replied else "",
        unsupported=(content.unknown or "message") if empty or said.is_unsupported else "",
        standby=notice.standby,
    )


def _pressed(said: Message) -> tuple[str, Contact | None]:
    pressed = maybe(said.quick_reply, Payload)
    payload = word(pressed.payload) if pressed else ""
    if _PHONE.fullmatch(payload):
        return "", Contact(phone=payload)
    if _EMAIL.fullmatch(payload):
        return "", Contact(email=payload)
    return payload, None


def _echo(notice: Notice, head: Head, said: Message) -> PlatformEvent:
    peer, key, sent_at = notice.recipient(head), notice.key(said.mid), notice.instant(head.timestamp)
    if said.is_deleted:
        raise Unusable("the Page took a message back")
    app = word(said.app_id)
    if app == notice.page.app_id:
        return OwnEcho(peer=peer, external_id=key, sent_at=sent_at, key=word(said.metadata))
    content: Content = read_attachments(said)
    return StaffWrote(
        peer=peer,
        external_id=key,
        sent_at=sent_at,
        text=content.text,
        media=content.media,
        staff=staff_name(app),
    )


def edited(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    """A new version of an earlier message; Meta counts them from 1 to 5."""
    head, edit = notice.head(), msgspec.json.decode(raw, type=Edit)
    if not word(edit.mid):
        raise Unusable("edit of an unnamed message")
    key, text = notice.key(edit.mid), edit.text or ""
    return MessageEdited(
        peer=notice.sender(head),
        external_id=f"{key}/edit/{word(edit.num_edit)[:20] or notice.digest()}",
        of=key,
        sent_at=notice.instant(head.timestamp),
        text=text,
        place=place_in(text),
    )


def postback(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    """A button, a menu entry, Get Started. Only the app that made it gets its payload: without one the title counts."""
    head, pressed = notice.head(), msgspec.json.decode(raw, type=Postback)
    peer, payload = notice.sender(head), word(pressed.payload)
    started = payload == GET_STARTED
    come_by = maybe(pressed.referral, Referral)
    ref = word(come_by.ref)[:200] if come_by else ""
    where_from = f"start:{ref}" if ref else ""
    title = (pressed.title or "") if not payload else ""
    once = f"postback/{digest(peer.user, head.timestamp, payload)}"
    return InboundMessage(
        peer=peer,
        external_id=notice.key(pressed.mid) if word(pressed.mid) else once,
        sent_at=notice.instant(head.timestamp),
        text=title,
        choice=where_from if started else payload,
        started=started,
        unsupported="" if payload or title else "postback",
        standby=notice.standby,
    )


def referral(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    """An m.me link was followed in an open conversation. It says where from, and carries no words."""
    found = msgspec.json.decode(raw, type=Referral)
    return notice.ignored(f"referral:{word(found.ref)[:80]}")


def optin(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    return notice.ignored("optin")


def reaction(notice: Notice, raw: msgspec.Raw) -> PlatformEvent:
    """A heart on a message of ours is no answer to it."""
    found = msgspec.json.decode(raw, type=Reaction)
    return notice.ignored("reaction withdrawn" if found.action == "unreact" else "reaction")
