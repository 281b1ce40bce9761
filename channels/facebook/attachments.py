"""What hangs on a message: pictures, films, sounds, files, pins, links, stickers. Messages event page, 2026 edition."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from msgspec import Raw

from channels.facebook.wire import Attachment, AttachmentPayload, Coordinates, Element, Message, maybe, word
from channels.maps import is_link, place_in, place_of
from core.model import MediaKind, MediaRef, Place

MEDIA: Mapping[str, MediaKind] = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "file": MediaKind.FILE,
}
SHARED = frozenset(("fallback", "template", "reel", "ig_reel", "post", "ig_post", "share"))
"""Links and cards: told by their words and address, nothing is fetched."""

LIKES: Mapping[str, str] = dict.fromkeys(("369239263222822", "369239343222814", "369239383222810"), "👍")
"""The like thumb in its three sizes."""

_LONGEST_URL = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one message holds. `text` is its words and those of its links."""

    text: str = ""
    media: tuple[MediaRef, ...] = ()
    place: Place | None = None
    sticker: str = ""
    unknown: str = ""


def read_attachments(said: Message) -> Content:
    """What has a sticker id is a sticker, whatever its type says: until August 2026 it also came as a picture."""
    text = said.text or ""
    items = [item for raw in maybe(said.attachments, list[Raw]) or () if (item := _item(raw)) is not None]
    stickers = {payload.url or "": name for attachment, payload in items if (name := _sticker(attachment, payload))}
    media: list[MediaRef] = []
    lines: list[str] = []
    place, unknown = place_in(text), ""
    for attachment, payload in items:
        kind, url = MEDIA.get(attachment.type), payload.url or ""
        if url in stickers:
            continue
        if kind is not None and 0 < len(url) <= _LONGEST_URL:
            media.append(MediaRef(kind=kind, key=url, name=_name(url) if kind is MediaKind.FILE else ""))
        elif attachment.type == "location":
            place = _pin(attachment, payload) or place
        elif attachment.type in SHARED:
            place = place_of(url or attachment.url or "") or place
            lines += _words(attachment, payload)
        else:
            unknown = attachment.type[:40] or "attachment"
    if not unknown and items and not (media or lines or place or stickers):
        unknown = items[0][0].type[:40]
    if is_link(text) and place:
        text = ""  # the place says it all
    elif not text and not place:
        text = "\n".join(lines)  # else a preview of the link in the text, or of the map
    return Content(
        text=text,
        media=tuple(media),
        place=place,
        sticker=next(iter(stickers.values()), "") or _named(word(said.sticker_id)),
        unknown=unknown,
    )


def _item(raw: Raw) -> tuple[Attachment, AttachmentPayload] | None:
    attachment = maybe(raw, Attachment)
    return (
        None
        if attachment is None
        else (attachment, maybe(attachment.payload, AttachmentPayload) or AttachmentPayload())
    )


def _sticker(attachment: Attachment, payload: AttachmentPayload) -> str:
    given = word(payload.sticker_id) or word(attachment.sticker_id)
    return _named(given) or ("sticker" if attachment.type == "sticker" else "")


def _named(sticker: str) -> str:
    return LIKES.get(sticker, sticker[:64])


def _pin(attachment: Attachment, payload: AttachmentPayload) -> Place | None:
    # `title` is "Pinned location" or holds the person's name: no address.
    at = maybe(payload.coordinates, Coordinates)
    if at is not None and at.lat is not None and at.long is not None and abs(at.lat) <= 90 and abs(at.long) <= 180:
        return Place(lat=at.lat, lon=at.long)
    return place_of(payload.url or attachment.url or "")


def _words(attachment: Attachment, payload: AttachmentPayload) -> list[str]:
    cards = maybe(payload.elements, list[Element]) or []
    found = [payload.title or attachment.title, payload.url or attachment.url]
    found += [line for card in cards for line in (card.title, card.subtitle, card.item_url)]
    return [line for line in found if line]


def _name(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name[:200]
    except ValueError:
        return ""
