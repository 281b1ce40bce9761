"""What may be sent: Meta's rules on shape and size, without state (facebook: Send API)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.facebook.errors import GraphError, bad
from simulator.world import Button, Json

MAX_TEXT = 2000
MAX_METADATA = 1000
MAX_QUICK = 13
MAX_PAYLOAD = 1000
TITLE = 20
MAX_BUTTON_TEXT = 640
MAX_BUTTONS = 3
MAX_ELEMENTS = 10
MAX_CARD_TEXT = 80
# attachment type → what the screen shows
MEDIA: Mapping[str, str] = {"image": "image", "audio": "voice", "video": "video", "file": "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A message that Meta accepts. A file comes by `attachment_id`, by `url`, or as a part of the form (neither)."""

    kind: str
    text: str = ""
    buttons: list[list[Button]] = field(default_factory=list)
    quick: list[Button] = field(default_factory=list)
    metadata: str = ""
    reply_to: str = ""
    media: str = ""
    attachment_id: str = ""
    url: str = ""
    reusable: bool = False
    template: Json | None = None


def read(message: Any, *, utility: frozenset[str] = frozenset()) -> Content:
    """Raises GraphError 100. `utility` are the names of templates that may be sent instead of a text."""
    if not isinstance(message, dict) or not message:
        raise bad("param message must be non-empty.")
    common: Json = {"metadata": _text(message.get("metadata", ""), "metadata", MAX_METADATA)}
    if isinstance(reply := message.get("reply_to"), dict):
        common["reply_to"] = str(reply.get("mid", ""))
    quick = _quick(message.get("quick_replies"))
    text, attachment, template = message.get("text"), message.get("attachment"), message.get("template")
    if (text is None) == (attachment is None and template is None):
        raise bad("Message cannot be empty, must provide valid attachment or text")
    if text is not None:
        text = _text(text, "message[text]", MAX_TEXT)
        if not text.strip():
            raise bad("Message cannot be empty, must provide valid attachment or text")
        return Content(kind="text", text=text, quick=quick, **common)
    if template is not None:
        return _utility(template, utility, common)
    return _attachment(attachment, quick, common)


def _attachment(attachment: Any, quick: list[Button], common: Json) -> Content:
    if not isinstance(attachment, dict) or not isinstance(attachment.get("payload", {}), dict):
        raise bad("param message[attachment] must be an object")
    kind, payload = attachment.get("type"), attachment.get("payload", {})
    if kind == "template":
        template_type = payload.get("template_type")
        if not isinstance(template_type, str) or template_type not in TEMPLATES:
            raise bad("Invalid keys or template_type in param message[attachment][payload]")
        text, rows = TEMPLATES[template_type](payload)
        return Content(kind="text", text=text, buttons=rows, quick=quick, template=payload, **common)
    return read_media(attachment, **common)


def read_media(attachment: Json, **common: Any) -> Content:
    """A file of one of four kinds. Quick replies beside it vanish as soon as the picture has loaded, so none stay.

    Raises GraphError 100.
    """
    kind, payload = str(attachment.get("type")), attachment.get("payload", {})
    if kind not in MEDIA or not isinstance(payload, dict):
        raise bad("param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}")
    return Content(
        kind=MEDIA[kind],
        media=kind,
        attachment_id=str(payload.get("attachment_id", "")),
        url=str(payload.get("url", "")),
        reusable=str(payload.get("is_reusable", "")).lower() == "true",
        **common,
    )


def _utility(template: Any, known: frozenset[str], common: Json) -> Content:
    name = template.get("name") if isinstance(template, dict) else None
    if not isinstance(name, str) or name not in known:
        raise bad("Template does not exist or is not approved")
    components = template.get("components", [])
    if not _objects(components) or not all(_objects(one.get("parameters", [])) for one in components):
        raise bad("Invalid parameters of the template")
    values = [str(parameter.get("text", "")) for one in components for parameter in one.get("parameters", [])]
    return Content(kind="text", text=" · ".join([name, *values]), template=template, **common)


def _quick(replies: Any) -> list[Button]:
    if replies is None:
        return []
    if not isinstance(replies, list) or not 1 <= len(replies) <= MAX_QUICK:
        raise bad(f"param quick_replies must have between 1 and {MAX_QUICK} elements")
    return [_quick_reply(reply) for reply in replies]


def _quick_reply(reply: Any) -> Button:
    match reply:
        case {"content_type": "user_phone_number" | "user_email" as kind}:
            return Button(text="", kind=kind)
        case {"content_type": "text", "title": str(title), "payload": str(payload)} if title and payload:
            return Button(text=title[:TITLE], kind="quick_reply", data=_text(payload, "payload", MAX_PAYLOAD))
        case {"content_type": "location"}:
            raise bad("Invalid parameter")
    raise bad("Each quick reply must have a content_type, a title and a payload")


def _button_template(payload: Json) -> tuple[str, list[list[Button]]]:
    text = _text(payload.get("text"), "text", MAX_BUTTON_TEXT)
    if not text.strip():
        raise bad("param text must be non-empty.")
    return text, _buttons(payload.get("buttons"), least=1)


def _generic_template(payload: Json) -> tuple[str, list[list[Button]]]:
    elements = payload.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= MAX_ELEMENTS or not _objects(elements):
        raise bad(f"param elements must have between 1 and {MAX_ELEMENTS} elements")
    lines: list[str] = []
    rows: list[list[Button]] = []
    for element in elements:
        title = _text(element.get("title"), "title", MAX_CARD_TEXT)
        subtitle = _text(element.get("subtitle", ""), "subtitle", MAX_CARD_TEXT)
        if not title or not set(element) - {"title"}:
            raise bad("Each element needs a title and one more property")
        lines.append(f"{title}\n{subtitle}".strip())
        rows += _buttons(element.get("buttons", []), least=0)
    return "\n".join(lines), rows


TEMPLATES: Mapping[str, Callable[[Json], tuple[str, list[list[Button]]]]] = {
    "button": _button_template,
    "generic": _generic_template,
}


def _buttons(buttons: Any, *, least: int) -> list[list[Button]]:
    if not isinstance(buttons, list) or not least <= len(buttons) <= MAX_BUTTONS:
        raise bad(f"param buttons must have between {least} and {MAX_BUTTONS} elements")
    return [[button(item)] for item in buttons]


def button(item: Any, *, title_limit: int = TITLE) -> Button:
    """One button of a template or of the menu. Raises GraphError 100."""
    title = _text(item.get("title") if isinstance(item, dict) else None, "title", title_limit)
    match item:
        case {"type": "postback", "payload": str(payload)} if title and payload:
            return Button(text=title, kind="postback", data=_text(payload, "payload", MAX_PAYLOAD))
        case {"type": "web_url", "url": str(url)} if title and url.startswith(("https://", "http://")):
            return Button(text=title, kind="url", data=url)
        case {"type": "phone_number", "payload": str(number)} if title and number.startswith("+"):
            return Button(text=title, kind="phone", data=number.removeprefix("+"))
    raise bad("Invalid keys in a button: type must be postback, web_url or phone_number, with its payload or url")


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _text(value: Any, name: str, limit: int) -> str:
    if not isinstance(value, str):
        raise bad(f"param {name} must be a string.")
    if len(value) > limit:
        raise too_long(name, limit)
    return value


def too_long(name: str, limit: int) -> GraphError:
    return bad(f"Length of param {name} must be less than or equal to {limit}")
