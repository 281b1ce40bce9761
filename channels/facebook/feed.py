"""Comments and posts that others leave on the Page. Page webhooks reference, field `feed`; times are seconds."""

from collections.abc import Mapping

import msgspec

from channels.facebook.notice import Notice, digest
from channels.facebook.wire import Change, FeedValue, maybe, word
from core.events import PlatformEvent, PublicComment
from core.model import MediaKind, MediaRef

COMMENT, POST = "comment:", "post:"
"""In front of the user part of a peer that is a comment or a visitor's post: it takes one private reply."""

TAKEN: Mapping[str, str] = {
    "comment": COMMENT,
    **dict.fromkeys(("post", "status", "photo", "video", "album", "share"), POST),
}


def change(notice: Notice) -> PlatformEvent:
    found = msgspec.json.decode(notice.raw, type=Change)
    if found.field != "feed":
        # The dashboard's test button sends messages this way, with made-up people.
        return notice.ignored(f"change of field {found.field[:60] or 'without name'}")
    value = msgspec.json.decode(found.value, type=FeedValue)
    kind = TAKEN.get(value.item)
    if reason := _not_for_us(notice, value) or ("" if kind else f"{value.item[:40]} in the feed"):
        return notice.ignored(reason)
    prefix = kind or POST
    target = word(value.comment_id if prefix == COMMENT else value.post_id)
    if not 0 < len(target) <= 180:
        return notice.ignored(f"{value.item} without an id")
    return PublicComment(
        peer=notice.peer(prefix + target),
        external_id=f"feed/{digest(target, value.item, value.verb, value.created_time)}",
        sent_at=notice.instant(value.created_time),
        text=value.message or "",
        media=_media(value),
        sender_name=(value.author.name if value.author else value.sender_name) or "",
    )


def _not_for_us(notice: Notice, value: FeedValue) -> str:
    """Why nobody is answered. A comment whose author Meta does not name is still a citizen's, as far as we know."""
    author = word(value.author.id if value.author else value.sender_id)
    if author == notice.page.page_id:
        return "the Page's own words"
    if value.item in {"reaction", "like"}:
        return "reaction"
    if value.verb != "add":
        return f"{value.item[:40]} {value.verb[:40] or 'without verb'}"
    if bytes(value.published) in {b"0", b"false"}:
        return "not published"
    if not notice.page.answer_comments:
        return "comments are not answered"
    return ""


def _media(value: FeedValue) -> tuple[MediaRef, ...]:
    pictures = [value.photo, *(maybe(value.photos, list[str]) or ())]
    if value.item == "photo":
        pictures.append(value.link)
    films = [value.video] + ([value.link] if value.item == "video" else [])
    found = [(MediaKind.IMAGE, url) for url in pictures] + [(MediaKind.VIDEO, url) for url in films]
    return tuple(dict.fromkeys(MediaRef(kind=kind, key=url) for kind, url in found if url))
