"""What hangs on a message: pictures, films, files, pins, links, cards, stickers. zalo: attachments."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from core.model import Contact, MediaKind, MediaRef, Place

# A picture sent "as a file" is still a picture of the problem, and the only kind that keeps its EXIF place.
_KIND_BY_EXTENSION: Mapping[str, MediaKind] = {
    **dict.fromkeys(("jpg", "jpeg", "png", "heic", "heif", "webp", "gif"), MediaKind.IMAGE),
    **dict.fromkeys(("mp4", "mov", "3gp", "mkv", "webm"), MediaKind.VIDEO),
    **dict.fromkeys(("mp3", "m4a", "amr", "aac", "ogg", "wav"), MediaKind.AUDIO),
}


class Content:
    """Everything read from one event's attachments."""

    __slots__ = ("contact", "lines", "media", "place", "sticker", "unknown")

    def __init__(self) -> None:
        self.media: list[MediaRef] = []
        self.place: Place | None = None
        self.contact: Contact | None = None
        self.sticker = ""
        self.lines: list[str] = []
        self.unknown = ""


NOTHING = Content()


def text_of(value: object) -> str:
    """A string as it can be stored: ids may come as numbers, and no database takes a NUL."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return ""


def part_of(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def read_attachments(message: Mapping[str, Any], outside: object = None) -> Content:
    """All attachments of `message`; `outside` is the event's own list, where some deliveries carry it."""
    items = message.get("attachments") or outside
    if not items:
        return NOTHING
    content = Content()
    for item in items if isinstance(items, list) else [items]:
        attachment = part_of(item)
        name = text_of(attachment.get("type"))
        reader = _READERS.get(name)
        if reader is None:
            content.unknown = name or "attachment"
        else:
            reader(content, part_of(attachment.get("payload")))
    return content


def phone_of(value: object) -> str:
    """Zalo writes 84912345678, 0912345678, or the number 912345678 with its zero lost."""
    digits = text_of(value).strip()
    if digits.isdecimal() and digits.startswith("84") and len(digits) >= 11:
        return "+" + digits
    return "0" + digits if digits.isdecimal() and len(digits) == 9 else digits


def place_at(coordinates: object) -> Place | None:
    """A pin, from coordinates documented as strings and also seen as numbers; None when they name no place."""
    values = part_of(coordinates)
    try:
        lat, lon = (float(values[name]) for name in ("latitude", "longitude"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    # Not-a-number is no comparison's friend: it falls through here as well.
    return Place(lat=lat, lon=lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _media(kind: MediaKind) -> Callable[[Content, Mapping[str, Any]], None]:
    def read(content: Content, payload: Mapping[str, Any]) -> None:
        if url := text_of(payload.get("url")):
            content.media.append(MediaRef(kind=kind, key=url))
        else:
            content.unknown = kind.value
        if description := text_of(payload.get("description")):
            content.lines.append(description)

    return read


def _file(content: Content, payload: Mapping[str, Any]) -> None:
    url, name = text_of(payload.get("url")), text_of(payload.get("name"))
    if not url:
        content.unknown = "file"
        return
    extension = (text_of(payload.get("type")) or name.rpartition(".")[2]).lower()
    size = text_of(payload.get("size"))
    content.media.append(
        MediaRef(
            kind=_KIND_BY_EXTENSION.get(extension, MediaKind.FILE),
            key=url,
            name=name,
            size=int(size) if size.isascii() and size.isdecimal() and len(size) < 16 else None,
        )
    )


def _sticker(content: Content, payload: Mapping[str, Any]) -> None:
    content.sticker = text_of(payload.get("id")) or text_of(payload.get("url")) or "sticker"


def _location(content: Content, payload: Mapping[str, Any]) -> None:
    content.place = place_at(payload.get("coordinates")) or content.place
    if content.place is None:
        content.unknown = "location"


def _link(content: Content, payload: Mapping[str, Any]) -> None:
    # A business card is a link whose description is a JSON string. zalo: attachments
    description = text_of(payload.get("description"))
    if card := _card(description):
        content.contact = card
        return
    content.lines.extend(line for line in (description, text_of(payload.get("url"))) if line)


def _card(description: str) -> Contact | None:
    if not description.startswith("{"):
        return None
    try:
        card = part_of(msgspec.json.decode(description))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    phone = phone_of(card.get("phone"))
    name = text_of(card.get("name"))
    return Contact(name=name, phone=phone, own=False) if phone or name or "qrCodeUrl" in card else None


def _template(content: Content, payload: Mapping[str, Any]) -> None:
    if text := text_of(payload.get("text")):
        content.lines.append(text)


_READERS: Mapping[str, Callable[[Content, Mapping[str, Any]], None]] = {
    "image": _media(MediaKind.IMAGE),
    "gif": _media(MediaKind.IMAGE),
    "video": _media(MediaKind.VIDEO),
    "audio": _media(MediaKind.AUDIO),
    "file": _file,
    "sticker": _sticker,
    "location": _location,
    "link": _link,
    "template": _template,
}
