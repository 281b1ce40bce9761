"""One mailbox as a channel: IMAP in, SMTP out."""

import asyncio
import hashlib
import hmac
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from channels.email import original
from channels.email.admin import EmailAdmin
from channels.email.capabilities import CAPABILITIES
from channels.email.compose import File, compose
from channels.email.imap import USUAL_PACE, Login, Pace, Session
from channels.email.imap_worker import Letter, Mailbox
from channels.email.mime import part
from channels.email.oauth import Tokens
from channels.email.parse import MEDIA, SKIPPED_HEADER, SKIPPED_PART, Reader
from channels.email.settings import EmailSettings
from channels.email.smtp import Outbox, Relay
from channels.email.threads import Marks, read_thread
from core.errors import DeliveryRejected, Refused, TryAgain
from core.events import AccountAlarm, PlatformEvent
from core.model import Delivery, Media, MediaRef, OutboundMessage, Peer, Receipt, Speaker
from core.ports import Blobs, Http, ShownOriginal, Vault

log = structlog.get_logger()

SEAL_HEADER = "x-polled-seal"
ALARM_HEADER = "x-alarm"

LARGE = 256 * 1024
"""Bytes from which a mail is read in a thread, so that nobody else waits."""


class EmailChannel:
    """The `Channel` of one mailbox, also `Polled` and `Tends`."""

    name = "email"
    capabilities = CAPABILITIES

    def __init__(
        self,
        settings: EmailSettings,
        *,
        http: Http,
        vault: Vault,
        blobs: Blobs,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        pace: Pace = USUAL_PACE,
        dice: Callable[[], float] = random.random,
        outbox: Outbox | None = None,
    ) -> None:
        self.account = settings.account
        self._settings, self._blobs, self._now, self._pace = settings, blobs, now, pace
        self._tokens = Tokens(settings, http=http, vault=vault, now=now)
        self._marks = Marks(
            settings.key, address=settings.address, domain=settings.domain, separator=settings.plus_separator
        )
        self._reader = Reader(
            account=settings.account, own=settings.own, marks=self._marks,
            trusted_authserv_id=settings.trusted_authserv_id,
        )  # fmt: skip
        self._mailbox = Mailbox(
            settings, login=self._login, vault=vault, blobs=blobs, now=now, pace=pace, sleep=sleep, dice=dice
        )
        self._outbox = outbox or Relay(settings, self._login)
        self._all = _Window(timedelta(minutes=1), settings.mails_per_minute)
        self._automatic = _Window(timedelta(minutes=5), settings.automatic_in_five_minutes)
        self._copies: set[asyncio.Task[None]] = set()
        self._ahead: tuple[Delivery, list[PlatformEvent]] | None = None

    # --- in -----------------------------------------------------------------------------------------------------------

    def verify(self, delivery: Delivery) -> None:
        """Raise `DeliveryRejected` for everything but a mail that we fetched: mail never comes by web request."""
        given = delivery.headers.get(SEAL_HEADER, "").encode(errors="replace")
        if not (given and hmac.compare_digest(given, self._seal(delivery.body).encode())):
            raise DeliveryRejected("email: mail is fetched, not delivered here", status=404)

    def _seal(self, body: bytes) -> str:
        return hmac.digest(self._settings.key, body, "sha256").hex()

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        """One mail, one event. Raises `DeliveryUnreadable`."""
        if self._ahead is not None and self._ahead[0] is delivery:
            return self._ahead[1]
        if delivery.headers.get(ALARM_HEADER):
            return [_alarm(delivery)]
        return self._reader.events(delivery)

    async def poll(self) -> AsyncIterator[Delivery]:
        """Every mail of the mailbox's folders, for ever; its bytes lie in the blob store before it is handed over.

        Asking for the next one acknowledges the last: then it is moved to the folder of processed mail. Trouble with
        the server is waited out; a refused login is tried again slowly, and staff are told.
        """
        async with aclosing(self._mailbox.letters()) as letters:
            async for letter in letters:
                delivery = self._delivery(letter)
                if len(delivery.body) > LARGE:
                    self._ahead = (delivery, await asyncio.to_thread(self._reader.events, delivery))
                yield delivery
                self._ahead = None

    def _delivery(self, letter: Letter) -> Delivery:
        if letter.alarm:
            where = f"{letter.folder}/{letter.uid}" if letter.uid else ""
            body = msgspec.json.encode({"reason": letter.alarm, "where": where, "day": f"{self._now():%Y-%m-%d}"})
            headers = {ALARM_HEADER: "1"}
        else:
            body = letter.raw
            headers = {
                "folder": letter.folder, "uidvalidity": str(letter.uidvalidity), "uid": str(letter.uid),
                **({SKIPPED_HEADER: "1"} if letter.reduced else {}),
            }  # fmt: skip
        return Delivery(body=body, received_at=self._now(), headers={**headers, SEAL_HEADER: self._seal(body)})

    async def fetch(self, media: MediaRef) -> Media:
        """A file of a mail, out of the blob store. Raises `Refused`."""
        blob, _, index = media.key.removeprefix(MEDIA).partition("/")
        if index.startswith(SKIPPED_PART) or (media.size or 0) > self._settings.max_message_bytes:
            raise Refused(f"Tệp {(media.size or 0) / 2**20:.0f} MB quá lớn, cần gửi lại tệp nhỏ hơn")
        try:
            raw = await self._blobs.get(blob)
            found = await asyncio.to_thread(part, raw, int(index))
        except (KeyError, ValueError):
            found = None
        if found is None:
            raise Refused("Không còn tìm thấy tệp này trong thư")
        return Media(body=found.body, mime=found.mime or media.mime, name=found.name or media.name)

    def show(self, raw: bytes, picture_url: Callable[[int], str]) -> ShownOriginal:
        """A whole mail for staff: safe HTML, its files, what is odd about it. Pure."""
        return original.show(raw, picture_url, trusted=self._settings.trusted_authserv_id)

    def file(self, raw: bytes, index: int) -> Media:
        """One file of a mail. Raises `KeyError`."""
        return original.file(raw, index)

    # --- out ----------------------------------------------------------------------------------------------------------

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        """One mail to that person. A repeated call makes a copy with the same Message-ID.

        Raises one of the five `SendError`s.
        """
        self._slow_down(message)
        files = [
            File(media.kind, await self._bytes(media.blob), mime=media.mime, name=media.name) for media in message.media
        ]
        now = self._now()
        try:
            message_id, raw = compose(
                message, peer.user, settings=self._settings, marks=self._marks, thread=read_thread(message.thread),
                files=files, now=now,
            )  # fmt: skip
        except ValueError:
            raise Refused("Địa chỉ thư không hợp lệ") from None
        await self._outbox.deliver(peer.user, raw)
        if self._settings.sent:
            task = asyncio.create_task(self._keep_copy(raw))
            self._copies.add(task)
            task.add_done_callback(self._copies.discard)
        return Receipt(external_id=message_id, at=now)

    def _slow_down(self, message: OutboundMessage) -> None:
        """The account's own limits: what the provider allows, and a circuit breaker against loops that nobody saw."""
        now = self._now()
        if message.speaker is Speaker.BOT and (wait := self._automatic.wait(now)):
            log.error("mailbox.circuit_breaker", account=self.account, most=self._automatic.most)
            raise TryAgain("Quá nhiều thư tự động, tạm dừng gửi", code="breaker", after=wait)
        if wait := self._all.wait(now):
            raise TryAgain("Đã đến giới hạn gửi thư trong một phút", code="rate", after=wait)
        self._all.count(now)
        if message.speaker is Speaker.BOT:
            self._automatic.count(now)

    async def _bytes(self, blob: str) -> bytes:
        try:
            return await self._blobs.get(blob)
        except KeyError:
            raise Refused("Tệp không còn trong kho của hệ thống") from None

    async def _keep_copy(self, raw: bytes) -> None:
        """Into the folder of sent mail: a courtesy, whose failure nobody has to act upon."""
        session = Session(self._settings, self._pace)

        def append(login: Login) -> None:
            try:
                session.open(login)
                session.keep_copy(self._settings.sent, raw)
            finally:
                session.close()

        try:
            await asyncio.to_thread(append, await self._login(False))
        except Exception as error:
            log.warning("mailbox.no_copy_kept", account=self.account, error=type(error).__name__)

    # --- login --------------------------------------------------------------------------------------------------------

    def admin(self) -> EmailAdmin:
        """For looking at the mailbox with the same login."""
        return EmailAdmin(self._settings, self._login, pace=self._pace)

    async def tend(self) -> None:
        """Have a token that lives long enough. Raises one of the five `SendError`s."""
        await self._login(False)

    async def _login(self, afresh: bool) -> Login:
        if self._settings.auth in ("password", "app_password"):
            return Login(password=self._settings.password.get_secret_value())
        return Login(token=await self._tokens.current(afresh=afresh))


class _Window:
    """How many there were within a span of time."""

    def __init__(self, span: timedelta, most: int) -> None:
        self.most, self._span = most, span
        self._times: deque[datetime] = deque()

    def wait(self, now: datetime) -> timedelta | None:
        """How long until there is room for one more; None when there is."""
        while self._times and now - self._times[0] >= self._span:
            self._times.popleft()
        return self._span - (now - self._times[0]) if len(self._times) >= self.most else None

    def count(self, now: datetime) -> None:
        self._times.append(now)


def _alarm(delivery: Delivery) -> AccountAlarm:
    told: dict[str, Any] = msgspec.json.decode(delivery.body)
    return AccountAlarm(
        external_id=f"alarm:{hashlib.sha256(delivery.body).hexdigest()}",
        sent_at=delivery.received_at,
        reason=str(told.get("reason", "")),
    )
