"""Our message in the Send API's words. Pure."""

import unicodedata
from datetime import datetime
from typing import Any

from channels.facebook.capabilities import MARGIN, MOST_CHOICES, PERSON_WINDOW, REPLY_WINDOW
from channels.facebook.feed import COMMENT, POST
from core.errors import Unreachable
from core.model import Ask, OutboundMessage, Peer, Speaker

ASKS = {Ask.PHONE: "user_phone_number", Ask.EMAIL: "user_email"}
"""Quick replies that offer what the person's profile holds; without it Messenger leaves them out."""

_METADATA = 999


def recipient(peer: Peer) -> dict[str, str]:
    """Whom to write to: a person of this Page, or the author of a comment or post, who takes one private reply."""
    for prefix, name in ((COMMENT, "comment_id"), (POST, "post_id")):
        if peer.user.startswith(prefix):
            return {name: peer.user.removeprefix(prefix)}
    return {"id": peer.user}


def route(message: OutboundMessage, *, private_reply: bool, human_agent: bool, now: datetime) -> dict[str, str]:
    """The messaging type that is allowed at `now`. Raises `Unreachable("window")` when none is.

    An unknown `heard_at` leaves the decision to Meta. HUMAN_AGENT is for words a person wrote, and only once the 24
    hours are over: policy of the tag.
    """
    age = None if message.heard_at is None else now - message.heard_at
    if age is None or age <= (PERSON_WINDOW if private_reply else REPLY_WINDOW) - MARGIN:
        return {"messaging_type": "RESPONSE"}
    person = message.speaker is Speaker.OPERATOR and human_agent and not private_reply
    if person and age <= PERSON_WINDOW - MARGIN:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise Unreachable("Đã hết thời hạn Facebook cho phép trả lời", code="window")


def text(message: OutboundMessage) -> dict[str, Any]:
    """Words with their quick replies. A native request gives way to choices that leave no room for it."""
    replies: list[dict[str, str]] = [
        {"content_type": "text", "title": nfc(choice.label), "payload": choice.key} for choice in message.choices
    ]
    if message.ask in ASKS and len(replies) < MOST_CHOICES:
        replies.insert(0, {"content_type": ASKS[message.ask]})
    return {"text": nfc(message.text)} | ({"quick_replies": replies} if replies else {}) | _marked(message)


def attachment(message: OutboundMessage, attachment_id: str) -> dict[str, Any]:
    """One file that Meta holds already. Quick replies vanish beside a picture, so it travels without."""
    (file,) = message.media
    return {"attachment": {"type": str(file.kind), "payload": {"attachment_id": attachment_id}}} | _marked(message)


def _marked(message: OutboundMessage) -> dict[str, str]:
    # Only ever comes back in the echo, where it names our message even if the answer to this call was lost.
    return {"metadata": message.key[:_METADATA]} if message.key else {}


def nfc(words: str) -> str:
    """Accents joined to their letters: Meta counts code points."""
    return unicodedata.normalize("NFC", words)
