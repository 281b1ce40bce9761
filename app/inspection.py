"""What the gateway would make of a delivery or a sentence, without sending or storing anything."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from channels.telegram import TelegramChannel, TelegramSettings
from channels.zalo import ZaloChannel, ZaloSettings
from core.errors import DeliveryUnreadable
from core.events import InboundMessage, PlatformEvent
from core.model import Delivery, Peer
from core.ports import Channel
from dialog.reading import read, to_json
from regulations import loader


def _email(body: bytes) -> Channel:
    from channels.email import EmailChannel, EmailSettings

    address, host = "inspect@localhost", "127.0.0.1"
    settings = EmailSettings.model_validate(
        {
            "account": "inspect",
            "address": address,
            "imap_host": host,
            "smtp_host": host,
            "username": address,
            "password": "x",
        }
    )
    return EmailChannel(settings, http=_NOTHING, vault=_NOTHING, blobs=_NOTHING, now=_now)


def _facebook(body: bytes) -> Channel:
    from channels.facebook import FacebookChannel, FacebookSettings

    settings = FacebookSettings.model_validate(
        {"account": "inspect", "app_id": "1", "app_secret": "x", "page_id": _page(body), "page_token": "x"}
    )
    return FacebookChannel(settings, http=_NOTHING, vault=_NOTHING, blobs=_NOTHING, now=_now)


def _page(body: bytes) -> str:
    """The Page that a delivery is for: a Page takes only its own."""
    found = re.search(rb'"id"\s*:\s*"?([0-9]{1,32})', body)
    return found[1].decode() if found else "1"


def _telegram(body: bytes) -> Channel:
    settings = TelegramSettings.model_validate({"account": "inspect", "bot_token": "1:x", "webhook_secret": "x"})
    return TelegramChannel(settings, http=_NOTHING, vault=_NOTHING, blobs=_NOTHING, now=_now)


def _zalo(body: bytes) -> Channel:
    settings = ZaloSettings(account="inspect", app_id="")
    return ZaloChannel(settings, http=_NOTHING, vault=_NOTHING, blobs=_NOTHING, now=_now)


_NOTHING: Any = None
"""Parsing is pure: neither network nor vault nor blobs are touched."""

CHANNELS: Mapping[str, Callable[[bytes], Channel]] = {
    "email": _email,
    "facebook": _facebook,
    "telegram": _telegram,
    "zalo": _zalo,
}


def inspect_file(channel: str, path: Path) -> list[dict[str, Any]]:
    """The events in a raw webhook body, as JSON-ready dicts; what is no delivery is ignored with the reason.

    Raises `SystemExit` for a channel that does not exist.
    """
    if channel not in CHANNELS:
        raise SystemExit(f"tiepnhan: {channel}: một trong {', '.join(CHANNELS)}")
    delivery = Delivery(body=path.read_bytes(), received_at=_now())
    try:
        events = CHANNELS[channel](delivery.body).parse(delivery)
    except DeliveryUnreadable as error:
        return [{"kind": "Ignored", "reason": f"unreadable: {error}"}]
    return [_shown(event) for event in events]


def _shown(event: PlatformEvent) -> dict[str, Any]:
    fields = msgspec.to_builtins(event)
    if "kind" in fields:
        fields["progress"] = fields.pop("kind")
    return {"kind": type(event).__name__, **fields}


def understand_text(profile_id: str, text: str) -> dict[str, Any]:
    """What the dialog reads in a sentence. Raises `ProfileError`."""
    now = _now()
    peer = Peer(channel="", account="", user="")
    message = InboundMessage(peer=peer, external_id="", sent_at=now, text=text)
    return to_json(read(message, profile=loader.load(profile_id), now=now))


def _now() -> datetime:
    return datetime.now(UTC)
