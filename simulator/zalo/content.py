"""What may be sent as a consultation message: Zalo's rules on shape and size, without state."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.world import Button, Json
from simulator.zalo.errors import ZaloError

MAX_TEXT = 2000
MAX_BUTTONS = 5
MAX_ELEMENTS = 5
MAX_TITLE = 100
MAX_SUBTITLE = 500
MAX_PAYLOAD = 1000
MAX_SMS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A message that Zalo accepts. `echo` is the ending of its `oa_send_*` event; `upload` a token to be resolved."""

    kind: str
    echo: str
    text: str = ""
    quote: str = ""
    buttons: list[list[Button]] = field(default_factory=list)
    upload: str = ""
    url: str = ""
    upload_field: str = "attachment_id"


def read(message: Any) -> Content:
    """Raises ZaloError -201 (shape), -210 (too long) or -233 (a kind that is not sent here)."""
    if not isinstance(message, dict):
        raise ZaloError(-201, "message")
    text = _text(message.get("text", ""), "text", MAX_TEXT)
    quote = message.get("quote_message_id", "")
    attachment = message.get("attachment")
    if attachment is None:
        if not text.strip():
            raise ZaloError(-201, "text")
        return Content(kind="text", echo="text", text=text, quote=str(quote))
    if not isinstance(attachment, dict) or not isinstance(attachment.get("payload"), dict):
        raise ZaloError(-201, "attachment")
    payload = attachment["payload"]
    if attachment.get("type") == "file":
        return _file(text, payload)
    if attachment.get("type") != "template":
        raise ZaloError(-233)
    kind = payload.get("template_type", "button")
    if kind not in TEMPLATES:
        raise ZaloError(-233)
    return TEMPLATES[kind](text, payload)


def _file(text: str, payload: Json) -> Content:
    token = payload.get("token")
    if not isinstance(token, str) or not token:
        raise ZaloError(-201, "token")
    return Content(kind="file", echo="file", text=text, upload=token, upload_field="token")


def _media(text: str, payload: Json) -> Content:
    element = _single(payload)
    url, upload = element.get("url", ""), element.get("attachment_id", "")
    match element.get("media_type"):
        case "image":
            if bool(url) == bool(upload):
                raise ZaloError(-201, "attachment_id")
            return Content(kind="image", echo="image", text=text, url=str(url), upload=str(upload))
        case "gif":
            if not upload or not element.get("width") or not element.get("height"):
                raise ZaloError(-201, "attachment_id" if not upload else "width")
            return Content(kind="image", echo="gif", text=text, upload=str(upload))
        case "sticker":
            if not upload or text:
                raise ZaloError(-201, "attachment_id" if not upload else "text")
            return Content(kind="sticker", echo="sticker", text=str(upload))
    raise ZaloError(-201, "media_type")


def _form(text: str, payload: Json) -> Content:
    element = _single(payload)
    title = _text(element.get("title", ""), "title", MAX_TITLE)
    subtitle = _text(element.get("subtitle", ""), "subtitle", MAX_SUBTITLE)
    if not title or not element.get("image_url"):
        raise ZaloError(-201, "title" if not title else "image_url")
    return Content(kind="form", echo="template", text=f"{title}\n{subtitle}".strip(), url=str(element["image_url"]))


def _buttons(text: str, payload: Json) -> Content:
    text = text or _text(payload.get("text", ""), "text", MAX_TEXT)
    rows = _button_rows(payload.get("buttons"))
    if not text.strip() or not rows:
        raise ZaloError(-201, "buttons" if not rows else "text")
    return Content(kind="text", echo="template", text=text, buttons=rows)


def _list(text: str, payload: Json) -> Content:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS:
        raise ZaloError(-201, "elements")
    lines, rows = [text] if text else [], []
    for place, element in enumerate(elements):
        title = _text(element.get("title", ""), "title", MAX_TITLE)
        subtitle = _text(element.get("subtitle", ""), "subtitle", MAX_SUBTITLE)
        if not title or (place == 0 and not subtitle):
            raise ZaloError(-201, "title" if not title else "subtitle")
        lines.append(f"{title}\n{subtitle}".strip())
        if isinstance(action := element.get("default_action"), dict):
            rows.append(
                [_button({"title": title, "payload": action.get("payload") or {"url": action.get("url")}, **action})]
            )
    rows += _button_rows(payload.get("buttons") or [])
    return Content(kind="text", echo="list", text="\n".join(lines), buttons=rows)


TEMPLATES: Mapping[str, Callable[[str, Json], Content]] = {
    "media": _media,
    "request_user_info": _form,
    "button": _buttons,
    "list": _list,
}


def _single(payload: Json) -> Json:
    elements = payload.get("elements")
    if not isinstance(elements, list) or len(elements) != 1 or not isinstance(elements[0], dict):
        raise ZaloError(-201, "elements")
    return elements[0]


def _button_rows(buttons: Any) -> list[list[Button]]:
    if not isinstance(buttons, list) or len(buttons) > MAX_BUTTONS:
        raise ZaloError(-201, "buttons")
    return [[_button(button)] for button in buttons]


def _button(button: Any) -> Button:
    if not isinstance(button, dict):
        raise ZaloError(-201, "buttons")
    title = _text(button.get("title", ""), "title", MAX_TITLE)
    if not title:
        raise ZaloError(-201, "title")
    match button.get("type"), button.get("payload"):
        case "oa.query.show" | "oa.query.hide" as kind, str(payload) if payload:
            return Button(text=title, kind=kind, data=_text(payload, "payload", MAX_PAYLOAD))
        case "oa.open.url", {"url": str(url)} if url.startswith(("http://", "https://")):
            return Button(text=title, kind="url", data=url)
        case "oa.open.phone", {"phone_code": str(number)} if number:
            return Button(text=title, kind="phone", data=number)
        case "oa.open.sms", {"phone_code": str(number), "content": str(body)} if number:
            return Button(text=title, kind="sms", data=f"{number}?body={_text(body, 'content', MAX_SMS)}")
    raise ZaloError(-201, "payload")


def _text(value: Any, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise ZaloError(-201, name)
    # A letter typed as base plus accent is one character to Zalo.
    if len(unicodedata.normalize("NFC", value)) > limit:
        raise ZaloError(-210, name)
    return value
