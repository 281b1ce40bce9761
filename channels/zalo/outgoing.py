"""What we say, in Zalo's words: bodies of consultation messages, and what the answer tells. zalo: sending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.zalo.attachments import part_of, text_of
from channels.zalo.parse import ANONYMOUS, CHOICE
from core.capabilities import Capabilities, Limit, Support, Unit
from core.errors import Refused, Unknown
from core.model import Choice, Peer, Receipt

CS = "/v3.0/oa/message/cs"
V2_MESSAGE = "/v2.0/oa/message"

REPLY_WINDOW = timedelta(days=7)
FREE_WINDOW = timedelta(hours=48)
"""Replies are free this long after the citizen's last word, and paid from then to the end of the reply window."""

_TEXT = Limit(2000, Unit.CODE_POINTS)
_TITLE = Limit(100, Unit.CODE_POINTS)
_SUBTITLE = Limit(500, Unit.CODE_POINTS)
_PAYLOAD = 1000


def capabilities(free_replies: int) -> Capabilities:
    return Capabilities(
        text=_TEXT,
        caption=_TEXT,
        choices=Support.NATIVE,
        max_choices=5,
        choice_label=_TITLE,
        choice_key=Limit(_PAYLOAD - len(CHOICE), Unit.CODE_POINTS),
        ask_place=Support.AS_TEXT,
        ask_phone=Support.NATIVE,
        reply_window=REPLY_WINDOW,
        replies_per_window=free_replies or None,
        resend_is_safe=False,  # no idempotency key on this API
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a send consumed. Zalo names no quota for a paid message."""

    kind: str
    """reply, welcome_msg, sub_quota, purchase_quota, reward_quota."""
    remain: int | None = None
    total: int | None = None
    expires: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ZaloReceipt(Receipt):
    """A receipt that says what the message cost this OA."""

    quota: Quota | None = None
    """None: paid, or Zalo did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerQuota:
    """What may still be said to one person."""

    last_interaction: datetime | None
    replies_left: int | None
    replies_total: int | None


def recipient_of(peer: Peer) -> tuple[str, dict[str, str]]:
    """The endpoint and `recipient` for a peer; visitors of the web widget are answered on another one."""
    if not peer.user.startswith(ANONYMOUS):
        return CS, {"user_id": peer.user}
    anonymous_id, _, conversation_id = peer.user.removeprefix(ANONYMOUS).partition(":")
    if not (anonymous_id and conversation_id):
        raise Refused("khách ẩn danh không có mã cuộc trò chuyện", code="anonymous")
    return V2_MESSAGE, {"anonymous_id": anonymous_id, "conversation_id": conversation_id}


def plain(text: str) -> dict[str, Any]:
    return {"text": text}


def with_buttons(text: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """Text with buttons; a press makes the citizen send the payload, unseen, as a text message."""
    buttons = [{"title": c.label, "type": "oa.query.hide", "payload": CHOICE + c.key} for c in choices]
    return {"text": text, "attachment": _template({"buttons": buttons})}


def with_numbers(text: str, choices: Sequence[Choice]) -> dict[str, Any]:
    """The same question where no button can be shown."""
    options = [f"{number}. {choice.label}" for number, choice in enumerate(choices, start=1)]
    return {"text": "\n".join([text, *options])}


def phone_form(question: str, *, title: str, image: str) -> dict[str, Any] | None:
    """Zalo's form for name and phone with the question on it; None when the question is too long for it."""
    if not _SUBTITLE.allows(question):
        return None
    element = {"title": title, "subtitle": question, "image_url": image}
    return {"attachment": _template({"template_type": "request_user_info", "elements": [element]})}


def image(attachment_id: str, caption: str = "") -> dict[str, Any]:
    return _media({"media_type": "image", "attachment_id": attachment_id}, caption)


def gif(attachment_id: str, width: int, height: int, caption: str = "") -> dict[str, Any]:
    return _media({"media_type": "gif", "attachment_id": attachment_id, "width": width, "height": height}, caption)


def file(token: str) -> dict[str, Any]:
    return {"attachment": {"type": "file", "payload": {"token": token}}}


def receipt_of(data: object) -> ZaloReceipt:
    """Read the answer to a send. Raises `Unknown` when it names no message: it was taken, but cannot be followed."""
    values = part_of(data)
    message_id = text_of(values.get("message_id")) or text_of(values.get("msg_id"))
    if not message_id:
        raise Unknown("Zalo nhận tin nhưng không cho mã tin")
    return ZaloReceipt(
        external_id=message_id, at=_instant(values.get("sent_time")), quota=_quota(part_of(values.get("quota")))
    )


def peer_quota_of(data: object) -> PeerQuota:
    """Read `/v3.0/oa/quota/message` for one user."""
    values = part_of(data)
    replies = part_of(values.get("cs_reply"))
    return PeerQuota(
        last_interaction=_instant(values.get("last_interaction")),
        replies_left=_number(replies.get("remain")),
        replies_total=_number(replies.get("total")),
    )


def _quota(values: Mapping[str, Any]) -> Quota | None:
    kind = text_of(values.get("quota_type"))
    if not kind:
        return None
    return Quota(
        kind=kind,
        remain=_number(values.get("remain")),
        total=_number(values.get("total")),
        expires=text_of(values.get("expired_date")),
    )


def _template(payload: dict[str, Any]) -> dict[str, Any]:
    return {"type": "template", "payload": payload}


def _media(element: dict[str, Any], caption: str) -> dict[str, Any]:
    message = {"attachment": _template({"template_type": "media", "elements": [element]})}
    return {"text": caption, **message} if caption else message


def _number(value: object) -> int | None:
    try:
        return int(text_of(value))
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    milliseconds = _number(value)
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else None
    except (ValueError, OverflowError, OSError):
        return None
