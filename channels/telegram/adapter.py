"""One Telegram bot as a channel."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

import msgspec

from channels.telegram import codes, polling
from channels.telegram.capabilities import CAPABILITIES, DOWNLOAD_LIMIT
from channels.telegram.outgoing import JSON_HEADERS, text_body, upload
from channels.telegram.parse import CALLBACK, parse
from channels.telegram.settings import TelegramSettings
from channels.telegram.wire import FilePath, Sent
from core.errors import DeliveryRejected, Refused, SendError, TryAgain, Unknown
from core.events import InboundMessage, PlatformEvent
from core.model import Delivery, Media, MediaRef, OutboundMessage, Peer, Receipt
from core.ports import Blobs, Http, Vault

WEBHOOK_HEADER = "x-telegram-bot-api-secret-token"
SEAL_HEADER = "x-polled-seal"

T = TypeVar("T")


class TelegramChannel:
    """The `Channel` of one bot, also `Polled` and `Replies`.

    Every per-message path runs on msgspec and the `Http` port. `vault` is taken because every channel is built alike;
    a bot has nothing to remember: its token does not change and Telegram keeps the polling offset.
    """

    name = "telegram"
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: TelegramSettings,
        *,
        http: Http,
        vault: Vault,
        blobs: Blobs,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = settings.account
        self._http, self._blobs, self._now, self._sleep = http, blobs, now, sleep
        self._methods, self._files = settings.method_base, settings.file_base
        self._secret = settings.webhook_secret.get_secret_value().encode()
        self._token = settings.bot_token.get_secret_value().encode()
        self._poll_seconds = settings.poll_seconds

    def verify(self, delivery: Delivery) -> None:
        """Raise `DeliveryRejected` unless it carries the webhook's secret or is an update that we fetched."""
        given = delivery.headers.get(WEBHOOK_HEADER, "").encode(errors="replace")
        if self._secret and hmac.compare_digest(given, self._secret):
            return
        seal = delivery.headers.get(SEAL_HEADER, "").encode(errors="replace")
        if seal and hmac.compare_digest(seal, self._seal(delivery.body).encode()):
            return
        raise DeliveryRejected("telegram: wrong or missing secret token")

    def _seal(self, body: bytes) -> str:
        # A web client can set any header, so the mark of a fetched update is a MAC of its body under the bot token:
        # whoever can make it holds the bot anyway. It stays valid after a restart.
        return hmac.digest(self._token, body, "sha256").hex()

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        """One update, one event. Raises `DeliveryUnreadable`."""
        return parse(delivery, self.account)

    def reply_inline(self, events: Sequence[PlatformEvent]) -> bytes | None:
        """Stop the spinner of a pressed button: Telegram runs a method named in the body of our 200."""
        for event in events:
            if isinstance(event, InboundMessage) and event.external_id.startswith(CALLBACK):
                query = event.external_id.removeprefix(CALLBACK)
                return msgspec.json.encode({"method": "answerCallbackQuery", "callback_query_id": query})
        return None

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        """One try with a fitted message: at most one file, caption included. Raises one of the five `SendError`s."""
        if message.media:
            method, body, headers = upload(int(peer.user), message, await self._bytes(message.media[0].blob))
        else:
            method, body, headers = "sendMessage", text_body(int(peer.user), message), JSON_HEADERS
        sent = _read(await self._call(method, body, headers), Sent)
        return Receipt(external_id=str(sent.message_id), at=datetime.fromtimestamp(sent.date, UTC))

    async def fetch(self, media: MediaRef) -> Media:
        """Download a file of at most 20 MB. Repeating it is harmless, so no outcome is `Unknown`."""
        if media.size is not None and media.size > DOWNLOAD_LIMIT:
            raise Refused(f"Tệp {media.size / 2**20:.0f} MB, Telegram chỉ cho bot tải tệp đến 20 MB")
        try:
            answer = await self._call("getFile", msgspec.json.encode({"file_id": media.key}), JSON_HEADERS)
            path = _read(answer, FilePath).file_path
            file = await self._http.get(f"{self._files}/{quote(path)}", {}, limit=DOWNLOAD_LIMIT)
        except Unknown as error:
            raise TryAgain(error.reason, code=error.code) from error
        if file.status != 200:
            outcome = TryAgain if file.status == 429 or file.status >= 500 else Refused
            raise outcome("Không tải được tệp từ Telegram", code=str(file.status))
        return Media(body=file.body, mime=media.mime, name=media.name or path.rpartition("/")[2])

    async def poll(self) -> AsyncIterator[Delivery]:
        """Updates of a bot without a webhook, sealed for `verify`.

        Asking for the next one acknowledges the last. Raises `Misconfigured` when the token is dead, a webhook is set,
        or another program keeps polling with the same token; waits and goes on after everything passing.
        """
        async with aclosing(polling.updates(self._call, seconds=self._poll_seconds, sleep=self._sleep)) as updates:
            async for body in updates:
                delivery = Delivery(body=body, received_at=self._now(), headers={SEAL_HEADER: self._seal(body)})
                yield delivery
                await self._stop_spinner(delivery)

    async def _stop_spinner(self, delivery: Delivery) -> None:
        if b'"callback_query"' not in delivery.body:
            return
        with suppress(SendError, ValueError):
            if answer := self.reply_inline(self.parse(delivery)):
                await self._call("answerCallbackQuery", answer, JSON_HEADERS)

    async def _bytes(self, blob: str) -> bytes:
        try:
            return await self._blobs.get(blob)
        except KeyError:
            raise Refused("Tệp không còn trong kho của hệ thống") from None

    async def _call(self, method: str, body: bytes, headers: Mapping[str, str] = JSON_HEADERS) -> msgspec.Raw:
        return codes.read(await self._http.post(f"{self._methods}/{method}", body, headers))


def _read(result: msgspec.Raw, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(result, type=shape)
    except (ValueError, RecursionError):
        raise Unknown("Telegram trả lời khác với tài liệu; tin có thể đã đến") from None
