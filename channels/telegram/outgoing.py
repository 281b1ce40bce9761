"""Our message as the body of a Bot API call. Pure."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from channels.telegram.capabilities import PHOTO_LIMIT, UPLOAD_LIMIT
from core.errors import Refused
from core.model import Ask, Choice, OutboundMedia, OutboundMessage

JSON_HEADERS: Mapping[str, str] = {"content-type": "application/json"}

# KeyboardButton: the only buttons with which Telegram hands over a place or the person's own number.
ASK_BUTTONS: Mapping[Ask, Mapping[str, Any]] = {
    Ask.PLACE: {"text": "📍 Gửi vị trí", "request_location": True},
    Ask.PHONE: {"text": "📱 Gửi số điện thoại", "request_contact": True},
}

# Longest label in a keyboard → buttons in a row (Telegram shows at most eight).
ROWS: Sequence[tuple[int, int]] = ((3, 5), (16, 2))

MIME = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)

DOCUMENT = ("sendDocument", "document")
UPLOADS: Mapping[str, tuple[str, str]] = {
    "image/jpeg": ("sendPhoto", "photo"),
    "image/png": ("sendPhoto", "photo"),
    "video/mp4": ("sendVideo", "video"),
}


def text_body(chat: int, message: OutboundMessage) -> bytes:
    """The JSON of sendMessage."""
    return msgspec.json.encode(
        {
            "chat_id": chat,
            "text": message.text,
            "link_preview_options": {"is_disabled": True},
            "reply_markup": reply_markup(message),
        }
    )


def reply_markup(message: OutboundMessage) -> dict[str, Any]:
    """A message carries one keyboard.

    A native request needs the keyboard below the text field, so choices beside it become plain buttons there and come
    back as their label. Every message without buttons takes such a keyboard away again.
    """
    if message.ask:
        rows = [[ASK_BUTTONS[message.ask]], *_rows([{"text": choice.label} for choice in message.choices])]
        return {"keyboard": rows, "resize_keyboard": True, "one_time_keyboard": True}
    if message.choices:
        return {"inline_keyboard": _rows([_inline(choice) for choice in message.choices])}
    return {"remove_keyboard": True}


def _inline(choice: Choice) -> dict[str, str]:
    return {"text": choice.label, "callback_data": choice.key}


def _rows(buttons: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    longest = max((len(button["text"]) for button in buttons), default=0)
    width = next((width for length, width in ROWS if longest <= length), 1)
    return [buttons[start : start + width] for start in range(0, len(buttons), width)]


def upload(chat: int, message: OutboundMessage, body: bytes) -> tuple[str, bytes, Mapping[str, str]]:
    """Method, body and headers that send `body` as the message's one file. Raises `Refused` if it is too large."""
    (file,) = message.media
    if len(body) > UPLOAD_LIMIT:
        raise Refused("Tệp lớn hơn 50 MB, Telegram không nhận")
    method, field = UPLOADS.get(file.mime, DOCUMENT)
    if method == "sendPhoto" and len(body) > PHOTO_LIMIT:
        method, field = DOCUMENT
    fields = {"chat_id": str(chat), "reply_markup": msgspec.json.encode(reply_markup(message)).decode()}
    if message.text:
        fields["caption"] = message.text
    boundary = hashlib.sha256(body).hexdigest()
    parts = [_part(boundary, f'name="{name}"', value.encode()) for name, value in fields.items()]
    mime = file.mime if MIME.fullmatch(file.mime) else "application/octet-stream"
    parts.append(_part(boundary, f'name="{field}"; filename="{_file_name(file)}"', body, mime))
    whole = b"".join((*parts, f"--{boundary}--\r\n".encode()))
    return method, whole, {"content-type": f"multipart/form-data; boundary={boundary}"}


def _part(boundary: str, disposition: str, value: bytes, mime: str = "") -> bytes:
    kind = f"\r\nContent-Type: {mime}" if mime else ""
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}{kind}\r\n\r\n".encode() + value + b"\r\n"


def _file_name(file: OutboundMedia) -> str:
    return "".join("_" if char in '"\\' or not char.isprintable() else char for char in file.name) or "tep"
