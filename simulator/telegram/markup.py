"""Keyboards under a message: their shape and their limits (telegram: keyboards)."""

from typing import Any

from simulator.telegram.errors import bad
from simulator.world import Button, Json

MAX_BUTTONS = 100
MAX_CALLBACK_BYTES = 64

Rows = list[list[Button]]


def inline(markup: Any) -> Rows:
    """Buttons of an inline keyboard. Raises TelegramError as the server does."""
    rows = _rows(markup.get("inline_keyboard"))
    made = [[_inline_button(button) for button in row] for row in rows if row]
    if sum(map(len, made)) > MAX_BUTTONS:
        raise bad("reply markup is too long")
    return made


def keyboard(markup: Json) -> Rows:
    """Buttons of a reply keyboard."""
    return [[_key(button) for button in row] for row in _rows(markup.get("keyboard")) if row]


def _inline_button(button: Any) -> Button:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str) or not button["text"]:
        raise bad('can\'t parse inline keyboard button: Field "text" must be of type String')
    match button:
        case {"callback_data": str(data)}:
            if not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
                raise bad("BUTTON_DATA_INVALID")
            return Button(text=button["text"], kind="callback", data=data)
        case {"url": str(url)}:
            if not url.startswith(("http://", "https://", "tg://", "tel:")):
                raise bad("inline keyboard button URL '" + url + "' is invalid: Wrong HTTP URL")
            return Button(text=button["text"], kind="url", data=url)
        case {"web_app": {"url": str(url)}} | {"login_url": {"url": str(url)}}:
            return Button(text=button["text"], kind="url", data=url)
        case {"copy_text": {"text": str(copied)}}:
            return Button(text=button["text"], kind="copy", data=copied)
    raise bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")


def _key(button: Any) -> Button:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad('can\'t parse keyboard button: Field "text" must be of type String')
    kind = "contact" if button.get("request_contact") else "location" if button.get("request_location") else "text"
    return Button(text=button["text"], kind=kind)


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad("object expected as reply markup")
    return rows
