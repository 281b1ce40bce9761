"""What the contract suite has to know about each channel. A new channel adds one entry to CHANNELS."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Any

from pydantic import SecretStr

from channels.email import EmailChannel, EmailSettings
from channels.email.codes import Stage, refusal
from channels.facebook import FacebookChannel, FacebookSettings
from channels.telegram import TelegramChannel, TelegramSettings
from channels.zalo import ZaloChannel, ZaloSettings
from core.model import Delivery, MediaKind, MediaRef
from core.ports import Answer, Channel, Http
from tests.channels.fakes import NOW, Call, FakeVault, MemoryBlobs, answer, now

ACCOUNT = "the-account"


@dataclass(frozen=True)
class Spoken:
    """What one call puts before the citizen: text, and buttons as (label, key) with None where no key travels."""

    text: str
    buttons: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    build: Callable[[Http], Channel]
    sign: Callable[[bytes, str], Delivery]
    """Body and secret → the delivery as the platform would send it."""
    secret: str
    signed_body: bool
    """The signature covers the body."""
    text: Callable[[str], bytes]
    """The body with which the platform delivers a text message."""
    press: Callable[[str], bytes]
    """The body with which the platform delivers the press of a button that carries this key."""
    user: str
    accepted: Answer
    spoken: Callable[[Call], Spoken | None]
    """What a call says to the citizen; None for calls that say nothing (tokens, uploads)."""
    too_big: MediaRef
    json: bool = True
    """Deliveries are JSON: one that was cut short is none. Half a mail is a mail."""


# --- telegram ---------------------------------------------------------------------------------------------------------

TELEGRAM_SECRET = "the-right-secret"


def telegram(http: Http) -> Channel:
    settings = TelegramSettings(
        account=ACCOUNT, bot_token=SecretStr("7:token"), webhook_secret=SecretStr(TELEGRAM_SECRET)
    )
    return TelegramChannel(settings, http=http, vault=FakeVault(), blobs=MemoryBlobs(), now=now)


def telegram_sign(body: bytes, secret: str) -> Delivery:
    return Delivery(body=body, received_at=NOW, headers={"x-telegram-bot-api-secret-token": secret})


def telegram_text(text: str) -> bytes:
    chat = {"id": 5100000001, "type": "private", "first_name": "An"}
    sender = {"id": 5100000001, "is_bot": False, "first_name": "An"}
    message = {"message_id": 7, "from": sender, "chat": chat, "date": 1767232800, "text": text}
    return json.dumps({"update_id": 1, "message": message}).encode()


def telegram_press(key: str) -> bytes:
    person = {"id": 5100000001, "is_bot": False, "first_name": "An"}
    message = {"message_id": 6, "chat": {"id": 5100000001, "type": "private"}, "date": 0}
    query = {"id": "21904632950000000001", "from": person, "message": message, "data": key}
    return json.dumps({"update_id": 2, "callback_query": query}).encode()


def telegram_spoken(call: Call) -> Spoken | None:
    body = call.json
    markup: Mapping[str, Any] = body["reply_markup"]
    rows = [*markup.get("inline_keyboard", []), *markup.get("keyboard", [])]
    return Spoken(
        text=body["text"],
        buttons=tuple(
            (button["text"], button.get("callback_data"))
            for row in rows
            for button in row
            if not button.keys() & {"request_location", "request_contact"}
        ),
    )


# --- zalo -------------------------------------------------------------------------------------------------------------

ZALO_SECRET = "the-oa-secret"


def zalo(http: Http) -> Channel:
    settings = ZaloSettings(
        account=ACCOUNT, app_id="360", app_secret="s", oa_secret=ZALO_SECRET, access_token="a", refresh_token="r"
    )
    return ZaloChannel(settings, http=http, vault=FakeVault(), blobs=MemoryBlobs(), now=now)


def zalo_sign(body: bytes, secret: str) -> Delivery:
    stamp = "1767232800000"
    mac = hashlib.sha256(b"360" + body + stamp.encode() + secret.encode()).hexdigest()
    headers = {"x-zevent-signature": f"mac={mac}", "x-zevent-timestamp": stamp}
    return Delivery(body=body, received_at=NOW, headers=headers)


def zalo_text(text: str) -> bytes:
    event = {"app_id": "360", "event_name": "user_send_text", "timestamp": "1767232800000"}
    people = {"sender": {"id": "246845883529197922"}, "recipient": {"id": "388613280878808645"}}
    return json.dumps({**event, **people, "message": {"text": text, "msg_id": "96d3cdf3af150460909"}}).encode()


def zalo_spoken(call: Call) -> Spoken | None:
    if "/message" not in call.url or "/upload" in call.url:
        return None
    message = call.json["message"]
    payload = message.get("attachment", {}).get("payload", {})
    subtitles = "".join(element.get("subtitle", "") for element in payload.get("elements", []))
    buttons = tuple((button["title"], button["payload"]) for button in payload.get("buttons", []))
    return Spoken(text=message.get("text", "") or subtitles, buttons=buttons)


# --- facebook ---------------------------------------------------------------------------------------------------------

FACEBOOK_SECRET = "the-app-secret"
PAGE = "104000000000001"


def facebook(http: Http) -> Channel:
    settings = FacebookSettings(
        account=ACCOUNT,
        app_id="900000000000001",
        app_secret=SecretStr(FACEBOOK_SECRET),
        page_id=PAGE,
        page_token=SecretStr("EAAG"),
    )
    return FacebookChannel(settings, http=http, vault=FakeVault(), blobs=MemoryBlobs(), now=now)


def facebook_sign(body: bytes, secret: str) -> Delivery:
    digest = hmac.digest(secret.encode(), body, "sha256").hex()
    return Delivery(body=body, received_at=NOW, headers={"x-hub-signature-256": f"sha256={digest}"})


def facebook_message(message: Mapping[str, Any]) -> bytes:
    people = {"sender": {"id": "6700000000000011"}, "recipient": {"id": PAGE}}
    event = {**people, "timestamp": 1767232800000, "message": {"mid": "m_1", **message}}
    return json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [event]}]}).encode()


def facebook_text(text: str) -> bytes:
    return facebook_message({"text": text})


def facebook_press(key: str) -> bytes:
    return facebook_message({"text": "Tiêu đề của nút", "quick_reply": {"payload": key}})


def facebook_spoken(call: Call) -> Spoken | None:
    message = call.json.get("message")
    if message is None:
        return None
    replies = message.get("quick_replies", [])
    buttons = tuple((reply["title"], reply["payload"]) for reply in replies if reply["content_type"] == "text")
    return Spoken(text=message["text"], buttons=buttons)


# --- email ------------------------------------------------------------------------------------------------------------

EMAIL_SECRET = "the-thread-secret"


class HttpOutbox:
    """A mail server behind the `Http` port, so that the suite can refuse, break and count."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def deliver(self, recipient: str, raw: bytes) -> None:
        taken = await self._http.post(f"smtp:{recipient}", raw, {})
        if taken.body != b'{"code": 250}':
            raise refusal(Stage.CONTENT, 554, "not taken")


def email_settings(secret: str) -> EmailSettings:
    return EmailSettings(
        account=ACCOUNT, address="tiepnhan@xa.example.vn", imap_host="127.0.0.1", smtp_host="127.0.0.1",
        password=SecretStr("p"), secret=SecretStr(secret),
    )  # fmt: skip


def email(http: Http) -> Channel:
    return EmailChannel(
        email_settings(EMAIL_SECRET), http=http, vault=FakeVault(), blobs=MemoryBlobs(), now=now,
        outbox=HttpOutbox(http),
    )  # fmt: skip


def email_sign(body: bytes, secret: str) -> Delivery:
    seal = hmac.digest(email_settings(secret or "another").key, body, "sha256").hex()
    return Delivery(body=body, received_at=NOW, headers={"x-polled-seal": seal})


def email_text(text: str) -> bytes:
    head = (
        "From: Lan <lan@example.vn>\nTo: tiepnhan@xa.example.vn\nSubject: =?utf-8?q?Ph=E1=BA=A3n_=C3=A1nh?=\n"
        "Message-ID: <m1@example.vn>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
    )
    return f"{head}\n{text}\n".encode()


def email_spoken(call: Call) -> Spoken | None:
    mail: Any = message_from_bytes(call.body, policy=policy.default)
    return Spoken(text=mail.get_body(("plain",)).get_content().rstrip("\r\n"))


CHANNELS: Mapping[str, Case] = {
    "email": Case(
        build=email,
        sign=email_sign,
        secret=EMAIL_SECRET,
        signed_body=True,
        text=email_text,
        press=email_text,  # there are no buttons; the number of a choice is typed
        user="lan@example.vn",
        accepted=answer(200, {"code": 250}),
        spoken=email_spoken,
        too_big=MediaRef(kind=MediaKind.FILE, key=f"mail:{'0' * 64}/1", size=2**30),
        json=False,
    ),
    "facebook": Case(
        build=facebook,
        sign=facebook_sign,
        secret=FACEBOOK_SECRET,
        signed_body=True,
        text=facebook_text,
        press=facebook_press,
        user="6700000000000011",
        accepted=answer(200, {"recipient_id": "6700000000000011", "message_id": "m_8"}),
        spoken=facebook_spoken,
        too_big=MediaRef(kind=MediaKind.FILE, key="https://cdn.fbsbx.com/v/a.zip", size=2**30),
    ),
    "telegram": Case(
        build=telegram,
        sign=telegram_sign,
        secret=TELEGRAM_SECRET,
        signed_body=False,
        text=telegram_text,
        press=telegram_press,
        user="5100000001",
        accepted=answer(200, {"ok": True, "result": {"message_id": 8, "date": 1767232801}}),
        spoken=telegram_spoken,
        too_big=MediaRef(kind=MediaKind.FILE, key="file-id", size=2**30),
    ),
    "zalo": Case(
        build=zalo,
        sign=zalo_sign,
        secret=ZALO_SECRET,
        signed_body=True,
        text=zalo_text,
        press=zalo_text,  # a press makes the citizen send the payload as text
        user="246845883529197922",
        accepted=answer(200, {"error": 0, "message": "Success", "data": {"message_id": "m8"}}),
        spoken=zalo_spoken,
        too_big=MediaRef(kind=MediaKind.FILE, key="https://f6.photo.talk.zdn.vn/a.zip", size=2**30),
    ),
}
