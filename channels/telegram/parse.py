"""An update as bytes becomes events. Pure: the same delivery gives the same events."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from channels.telegram.wire import (
    CallbackQuery,
    ContactCard,
    Entity,
    File,
    Location,
    MemberUpdate,
    Message,
    Update,
    User,
)
from core.errors import DeliveryUnreadable
from core.events import Ignored, InboundMessage, MessageEdited, PeerChanged, PeerStatus, PlatformEvent
from core.model import Contact, Delivery, MediaKind, MediaRef, Peer, Place

# Order matters: an animation also fills `document`.
FILES: tuple[tuple[str, MediaKind | None, str], ...] = (
    ("animation", MediaKind.VIDEO, "video/mp4"),
    ("document", None, ""),
    ("video", MediaKind.VIDEO, "video/mp4"),
    ("video_note", MediaKind.VIDEO, "video/mp4"),
    ("voice", MediaKind.AUDIO, "audio/ogg"),
    ("audio", MediaKind.AUDIO, "audio/mpeg"),
)
DOCUMENTS: Mapping[str, MediaKind] = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
}

# Content that a citizen sends on purpose and that we cannot take. Any other unread key is a service message.
UNSUPPORTED = ("poll", "dice", "game", "story", "paid_media", "checklist", "invoice", "giveaway", "rich_message")

MEMBER_STATUS: Mapping[str, PeerStatus] = {"kicked": PeerStatus.BLOCKED, "member": PeerStatus.UNBLOCKED}

# Keys that say who, when and how, but not what.
ENVELOPE = {"message_id", "from", "chat", "date"}

START = re.compile(r"/start(?:@\w+)?(?: (?P<payload>[\w-]{1,64}))?\s*", re.ASCII)

CALLBACK = "callback/"
"""How the external id of a pressed button begins; the rest is the id that answerCallbackQuery wants."""

# An escaped NUL, not the two characters \ and u0000 behind an escaped backslash.
ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


class _Keys(msgspec.Struct):
    message: dict[str, msgspec.Raw]


_decode = msgspec.json.Decoder(Update).decode
_decode_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_message_keys = msgspec.json.Decoder(_Keys).decode


def parse(delivery: Delivery, account: str) -> list[PlatformEvent]:
    """The one event of an update.

    Message ids are only unique inside a chat, and so are the external ids made of them.
    Raises `DeliveryUnreadable`; its reason names fields and types, no content.
    """
    body = delivery.body
    if b"\\u0000" in body:  # no text column takes it
        body = ESCAPED_NUL.sub(rb"\1", body)
    try:
        update = _decode(body)
        if update.message is not None:
            return [_message(update, update.message, account, body)]
        if update.callback_query is not None:
            return [_pressed(update, update.callback_query, account, delivery.received_at)]
        if update.edited_message is not None:
            return [_edited(update, update.edited_message, account)]
        if update.my_chat_member is not None:
            return [_member(update, update.my_chat_member, account)]
        names = ", ".join(sorted(_decode_keys(body).keys() - {"update_id"}))
        return [_ignored(update, f"update of kind {names[:200] or 'nothing'}")]
    except (ValueError, RecursionError) as error:
        raise DeliveryUnreadable(f"telegram: {error}") from error


def _ignored(update: Update, reason: str) -> Ignored:
    return Ignored(external_id=f"update/{update.update_id}", reason=reason)


def _peer(account: str, chat: int) -> Peer:
    return Peer(channel="telegram", account=account, user=str(chat))


def _instant(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)


def _not_for_us(message: Message) -> str:
    """Why nobody is answered: only people in private chats are."""
    if message.migrate_to_chat_id is not None:
        return f"group became supergroup {message.migrate_to_chat_id}"
    if message.chat.type != "private":
        return f"message in a {message.chat.type}"
    if message.sender is None or message.sender.is_bot:
        return "message without a person as sender"
    return ""


def _message(update: Update, message: Message, account: str, body: bytes) -> InboundMessage | Ignored:
    if reason := _not_for_us(message):
        return _ignored(update, reason)
    said = InboundMessage(
        peer=_peer(account, message.chat.id),
        external_id=str(message.message_id),
        sent_at=_instant(message.date),
        text=with_links(message.text or message.caption, message.entities or message.caption_entities),
        album=message.media_group_id,
        reply_to="" if message.reply_to_message is None else str(message.reply_to_message.message_id),
        sender_name=_full_name(message.sender),
        language="" if message.sender is None else message.sender.language_code,
    )
    if message.text:
        start = START.fullmatch(message.text) if message.text.startswith("/start") else None
        return said if start is None else _started(said, start["payload"] or "")
    return _with_content(said, message) or _without_content(update, said, body)


def _started(said: InboundMessage, payload: str) -> InboundMessage:
    """A deep link's payload is a choice, not something the citizen said."""
    return replace(said, text="", started=True, choice=f"start:{payload}" if payload else "")


def _with_content(said: InboundMessage, message: Message) -> InboundMessage | None:
    if media := _media(message):
        return replace(said, media=media)
    if message.venue is not None:
        words = ", ".join(filter(None, (message.venue.title, message.venue.address)))
        return replace(said, place=_place(message.venue.location, words))
    if message.location is not None:
        return replace(said, place=_place(message.location))
    if message.contact is not None:
        return replace(said, contact=_contact(message.contact, message))
    if message.sticker is not None:
        return replace(said, sticker=message.sticker.emoji or message.sticker.set_name or "sticker")
    return None


def _without_content(update: Update, said: InboundMessage, body: bytes) -> InboundMessage | Ignored:
    keys = _decode_message_keys(body).message.keys()
    for kind in UNSUPPORTED:
        if kind in keys:
            return replace(said, unsupported=kind)
    return _ignored(update, f"service message with {', '.join(sorted(keys - ENVELOPE))[:200] or 'nothing'}")


def _full_name(person: User | ContactCard | None) -> str:
    return "" if person is None else f"{person.first_name} {person.last_name}".strip()


def _media(message: Message) -> tuple[MediaRef, ...]:
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return (MediaRef(kind=MediaKind.IMAGE, key=largest.file_id, mime="image/jpeg", size=largest.file_size),)
    for name, kind, mime in FILES:
        file: File | None = getattr(message, name)
        if file is not None:
            mime = file.mime_type or mime
            return (
                MediaRef(
                    kind=kind or DOCUMENTS.get(mime.partition("/")[0], MediaKind.FILE),
                    key=file.file_id,
                    name=file.file_name,
                    mime=mime,
                    size=file.file_size,
                    seconds=file.duration,
                ),
            )
    return ()


def _place(location: Location, words: str = "") -> Place:
    return Place(text=words, lat=location.latitude, lon=location.longitude)


def _contact(card: ContactCard, message: Message) -> Contact:
    # user_id is only there for numbers registered with Telegram; those are international, often without the plus.
    phone = card.phone_number.strip()
    if card.user_id is not None and phone[:1] in set("123456789"):
        phone = f"+{phone}"
    sender = message.sender
    own = sender is not None and card.user_id == sender.id and not bytes(message.forward_origin)
    return Contact(name=_full_name(card), phone=phone, own=own)


def _edited(update: Update, message: Message, account: str) -> MessageEdited | Ignored:
    if reason := _not_for_us(message):
        return _ignored(update, reason)
    if message.location is not None:
        return _ignored(update, "tick of a live location")
    return MessageEdited(
        peer=_peer(account, message.chat.id),
        # Two edits within one second carry the same edit_date.
        external_id=f"{message.message_id}/edit/{message.edit_date}.{update.update_id}",
        of=str(message.message_id),
        sent_at=_instant(message.edit_date or message.date),
        text=with_links(message.text or message.caption, message.entities or message.caption_entities),
    )


def _pressed(update: Update, query: CallbackQuery, account: str, received_at: datetime) -> InboundMessage | Ignored:
    if query.message is None or query.data is None or query.message.chat.type != "private":
        return _ignored(update, "button that is not one of ours in a private chat")
    return InboundMessage(
        peer=_peer(account, query.message.chat.id),
        external_id=CALLBACK + query.id,
        sent_at=received_at,  # the platform does not say when; message.date is the age of the button
        choice=query.data,
        reply_to=str(query.message.message_id),
        sender_name=_full_name(query.sender),
        language=query.sender.language_code,
    )


def _member(update: Update, change: MemberUpdate, account: str) -> PeerChanged | Ignored:
    status = MEMBER_STATUS.get(change.new_chat_member.status)
    if status is None or change.chat.type != "private":
        return _ignored(update, f"bot is now {change.new_chat_member.status} in a {change.chat.type} chat"[:200])
    return PeerChanged(
        peer=_peer(account, change.chat.id),
        external_id=f"member/{change.date}.{update.update_id}",
        sent_at=_instant(change.date),
        status=status,
    )


def with_links(text: str, entities: Sequence[Entity]) -> str:
    """The text with the address of every hidden link written out behind its words. Offsets count UTF-16 units."""
    links = [entity for entity in entities if entity.type == "text_link" and entity.url]
    if not links:
        return text
    units = text.encode("utf-16-le", "surrogatepass")
    for link in sorted(links, key=lambda link: link.offset + link.length, reverse=True):
        end = 2 * (link.offset + link.length)
        units = units[:end] + f" ({link.url})".encode("utf-16-le", "surrogatepass") + units[end:]
    return units.decode("utf-16-le", "replace")
