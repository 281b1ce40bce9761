"""What was missed while the webhook was away, from Zalo's own history. zalo: history, recovery after downtime.

Every item becomes the webhook body that should have come, so that it walks the same road and meets the same keys.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec

from channels.zalo.api import Api
from channels.zalo.attachments import part_of, text_of
from core.errors import TryAgain
from core.model import Delivery

_PAGE = 10  # Zalo gives no more at a time.
_MOST_PAGES = 500
_STALE_PAGES = 5
"""The list is not sorted: only so many pages in a row without news end the scan."""

_EVENT_BY_TYPE: Mapping[str, str] = {
    "text": "text",
    "photo": "image",
    "image": "image",
    "gif": "gif",
    "voice": "audio",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "link": "link",
    "links": "link",
    "sticker": "sticker",
    "location": "location",
}


async def recover(api: Api, since_ms: int, *, app_id: str, now: Callable[[], datetime]) -> AsyncIterator[Delivery]:
    """Deliveries newer than `since_ms` (epoch milliseconds), each conversation in its own order.

    Raises `TryAgain` after the last delivery when a list was cut off: the watermark must not move then.
    """
    seen: set[str] = set()
    users, complete = await _users_with_news(api, since_ms)
    for user in users:
        items, whole = await _conversation(api, user, since_ms)
        complete = complete and whole
        for item in sorted(items, key=_time):
            key = text_of(item.get("message_id"))
            if key and key not in seen:
                seen.add(key)
                yield Delivery(body=as_webhook(item, app_id), received_at=now(), headers={"x-recovered": "1"})
    if not complete:
        raise TryAgain("lịch sử Zalo dài hơn mức quét một lần")


async def _users_with_news(api: Api, since_ms: int) -> tuple[list[str], bool]:
    users: dict[str, None] = {}
    stale = 0
    for page in range(_MOST_PAGES):
        items = _items(await api.get("/v2.0/oa/listrecentchat", {"offset": page * _PAGE, "count": _PAGE}))
        fresh = [item for item in items if _time(item) > since_ms]
        users.update((_citizen(item), None) for item in fresh)
        stale = 0 if fresh else stale + 1
        if len(items) < _PAGE or stale >= _STALE_PAGES:
            return [user for user in users if user], True
    return [user for user in users if user], False


async def _conversation(api: Api, user: str, since_ms: int) -> tuple[list[Mapping[str, Any]], bool]:
    """Newest first, until the watermark."""
    found: list[Mapping[str, Any]] = []
    for page in range(_MOST_PAGES):
        query = {"user_id": user, "offset": page * _PAGE, "count": _PAGE}
        items = _items(await api.get("/v2.0/oa/conversation", query))
        fresh = [item for item in items if _time(item) > since_ms]
        found += fresh
        if len(items) < _PAGE or len(fresh) < len(items):
            return found, True
    return found, False


def as_webhook(item: Mapping[str, Any], app_id: str) -> bytes:
    """One history item as the webhook body of the same message."""
    kind = text_of(item.get("type")).lower()
    # A kind that is not listed, or a text with an address, is taken for a file rather than lost.
    event = _EVENT_BY_TYPE.get(kind, "text")
    event = "file" if event == "text" and text_of(item.get("url")) else event
    by_citizen = _by_citizen(item)
    text = text_of(item.get("message"))
    attachments = _attachments(event, item)
    body = {
        "app_id": app_id,
        "event_name": f"{'user' if by_citizen else 'oa'}_send_{event}",
        "timestamp": str(_time(item)),
        "sender": {"id": text_of(item.get("from_id"))},
        "recipient": {"id": text_of(item.get("to_id"))},
        "message": {"msg_id": text_of(item.get("message_id")), "text": text, "attachments": attachments},
    }
    return msgspec.json.encode(body)


def _attachments(event: str, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    payload: dict[str, Any] = {"url": item.get("url"), "thumbnail": item.get("thumb")}
    match event:
        case "text":
            return []
        case "file":
            url = text_of(item.get("url"))
            name = unquote(url.partition("?")[0].rpartition("/")[2])
            return [{"type": "file", "payload": {"url": url, "name": name}}]
        case "location":
            return [{"type": "location", "payload": {"coordinates": _coordinates(item.get("location"))}}]
        case "link":
            links = item.get("links")
            entries = [part_of(link) for link in links] if isinstance(links, list) else []
            return [{"type": "link", "payload": dict(entry)} for entry in entries or [{**payload, **_caption(item)}]]
        case _:
            return [{"type": event, "payload": payload | _caption(item)}]


def _caption(item: Mapping[str, Any]) -> dict[str, str]:
    # The webhook has a picture's caption in `text`; the history says it again as `description`.
    description = text_of(item.get("description"))
    return {} if not description or description == text_of(item.get("message")) else {"description": description}


def _coordinates(value: object) -> Mapping[str, Any]:
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return {}
    return part_of(value)


def _items(data: object) -> list[Mapping[str, Any]]:
    return [part_of(item) for item in data] if isinstance(data, list) else []


def _by_citizen(item: Mapping[str, Any]) -> bool:
    return text_of(item.get("src")) == "1"


def _citizen(item: Mapping[str, Any]) -> str:
    return text_of(item.get("from_id" if _by_citizen(item) else "to_id"))


def _time(item: Mapping[str, Any]) -> int:
    value = text_of(item.get("time"))
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else 0
