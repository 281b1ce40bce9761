"""The front door: greet? → verify → parse → record. Answers a platform only when its message is safe."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from core.errors import DeliveryRejected, DeliveryUnreadable
from core.events import AccountAlarm, Ignored, PlatformEvent, Source
from core.model import Delivery
from core.ports import Answer, Knock
from pipeline.account import Account, Accounts
from pipeline.items import Item, Overloaded, StorageAway
from pipeline.writer import Writer
from storage import alarms, deliveries
from storage.alarms import Alarm
from storage.seal import Seal
from storage.spool import Spool, Spooled

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024
"""No platform sends a webhook of a mebibyte; what is larger is refused unread."""

KEPT_BODY = 256 * 1024
"""Of a delivery that is kept aside only the beginning is stored: a mail may have 35 MB."""

_REPLAYED_AT_ONCE = 200
_LONGEST_ID = 200
_LONGEST_REASON = 400


class Reception:
    """Takes what platforms deliver, by webhook or by polling."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        writer: Writer,
        spool: Spool,
        pool: AsyncConnectionPool,
        seal: Seal,
        now: Callable[[], datetime],
    ) -> None:
        self._accounts, self._writer, self._spool = accounts, writer, spool
        self._pool, self._seal, self._now = pool, seal, now
        self._replaying = asyncio.Lock()
        self.counts: Counter[tuple[str, str]] = Counter()
        """(channel, what became of a delivery) since the start: taken, known, refused, unreadable, spooled, busy."""

    async def knock(self, channel: str, account: str, knock: Knock) -> Answer:
        """Answer one web request to a webhook address."""
        known = self._accounts.get(channel, account)
        if known is None:
            return Answer(404)
        if len(knock.body) > LARGEST_BODY:
            self.counts[channel, "too_large"] += 1
            return Answer(413)
        if known.greets is not None:
            greeting = known.greets.greet(knock)
            if greeting is not None:
                return greeting
        if knock.method != "POST":
            return Answer(405)
        delivery = Delivery(body=knock.body, headers=knock.headers, received_at=self._now())
        try:
            known.channel.verify(delivery)
        except DeliveryRejected as refusal:
            self.counts[channel, "refused"] += 1
            log.warning("delivery.refused", channel=channel, account=account, reason=str(refusal))
            return Answer(refusal.status)
        try:
            body = await self.take(known, delivery)
        except (Overloaded, OSError) as error:
            self.counts[channel, "busy"] += 1
            log.error("delivery.not_taken", channel=channel, account=account, error=type(error).__name__)
            return Answer(503)
        return Answer(200, body, {"content-type": "application/json"} if body else {})

    async def take(self, account: Account, delivery: Delivery) -> bytes:
        """Store an authentic delivery; on return it is safe. Returns what the platform may be told in the answer.

        Raises `Overloaded`, or `OSError` when neither the database nor the spool can take it.
        """
        if self._spool.size:
            # What waits in the spool came first.
            self._put_aside(account, delivery)
            return b""
        try:
            return await self._store(account, delivery)
        except (StorageAway, psycopg.OperationalError):
            self._put_aside(account, delivery)
            return b""

    async def replay_spool(self) -> int:
        """Store what was put aside while the database was away, in order; how many deliveries that were.

        Raises `StorageAway` when it is away again: nothing is dropped then.
        """
        async with self._replaying:
            return await self._replay_files()

    async def _replay_files(self) -> int:
        replayed = 0
        for path in self._spool.files():
            place = 0
            while True:
                # What arrives meanwhile is appended: the file has been replayed when nothing is left to be read.
                some, after = self._spool.read(path, start=place, most=_REPLAYED_AT_ONCE)
                if after == place:
                    break
                place = after
                # Started in their order, they stand in the writer's queue in their order.
                done = await asyncio.gather(*map(self._replay, some), return_exceptions=True)
                for error in done:
                    if error is not None:
                        raise error
                replayed += len(some)
            self._spool.drop(path)
        return replayed

    async def _replay(self, spooled: Spooled) -> None:
        account = self._accounts.get(spooled.channel, spooled.account)
        if account is not None:
            await self._store(account, spooled.delivery)
            return
        log.error("spool.no_account", channel=spooled.channel, account=spooled.account)
        reason = "the account is not configured any more"
        await self._keep_row(spooled.channel, spooled.account, spooled.delivery, "unreadable", reason)

    def _put_aside(self, account: Account, delivery: Delivery) -> None:
        self.counts[account.channel.name, "spooled"] += 1
        self._spool.append(Spooled(account.channel.name, account.channel.account, delivery))

    async def _store(self, account: Account, delivery: Delivery) -> bytes:
        channel = account.channel
        try:
            events = channel.parse(delivery)
        except DeliveryUnreadable as error:
            return await self._keep_unreadable(account, delivery, str(error))
        items = [
            Item(
                self._seal.index(str(event.peer)), event, event.external_id, Source.CITIZEN, event.peer,
                delivery.body if index == 0 else b"",
            )
            for index, event in enumerate(events)
            if not isinstance(event, Ignored | AccountAlarm)
        ]  # fmt: skip
        if items:
            try:
                taken = await self._writer.take(items)
            except (StorageAway, Overloaded):
                raise
            except Exception as error:
                # It would be refused for ever: to deliver it again helps nobody, to lose it neither.
                return await self._keep_unreadable(account, delivery, f"{type(error).__name__} while it was stored")
            for new in taken:
                self.counts[channel.name, "taken" if new else "known"] += 1
        if len(items) < len(events):
            await self._keep_others(account, delivery, events)
        return (account.replies.reply_inline(events) or b"") if account.replies is not None else b""

    async def _keep_unreadable(self, account: Account, delivery: Delivery, reason: str) -> bytes:
        self.counts[account.channel.name, "unreadable"] += 1
        await self._keep(account, delivery, "unreadable", reason, "")
        return b""

    async def _keep_others(self, account: Account, delivery: Delivery, events: Sequence[PlatformEvent]) -> None:
        for event in events:
            if isinstance(event, Ignored):
                self.counts[account.channel.name, "ignored"] += 1
                await self._keep(account, delivery, "ignored", event.reason, event.external_id)
            elif isinstance(event, AccountAlarm):
                log.error("account.alarm", channel=account.channel.name, account=account.channel.account)
                await self._keep(account, delivery, "alarm", event.reason, event.external_id)
                await self._ring(account, event)

    async def _ring(self, account: Account, event: AccountAlarm) -> None:
        channel = account.channel
        alarm = Alarm(
            channel=channel.name, account=channel.account, kind=alarms.PLATFORM, reason=event.reason[:_LONGEST_REASON],
            since=event.sent_at, last_at=self._now(),
        )  # fmt: skip
        await alarms.ring(self._pool, alarm)

    async def _keep(self, account: Account, delivery: Delivery, status: str, reason: str, external_id: str) -> None:
        channel = account.channel
        await self._keep_row(channel.name, channel.account, delivery, status, reason, external_id)

    async def _keep_row(
        self, channel: str, account: str, delivery: Delivery, status: str, reason: str, external_id: str = ""
    ) -> None:
        size = len(delivery.body)
        note = f" ({KEPT_BODY} of {size} bytes kept)" if size > KEPT_BODY else ""
        usable = 0 < len(external_id) <= _LONGEST_ID and external_id.isascii() and external_id.isprintable()
        await deliveries.keep(
            self._pool,
            channel=channel,
            account=account,
            external_id=external_id if usable else _digest(delivery.body),
            status=status,
            reason=reason.replace("\0", "").encode(errors="replace").decode()[:_LONGEST_REASON] + note,
            received_at=delivery.received_at,
            sealed=self._seal.close(delivery.body[:KEPT_BODY], b"delivery"),
        )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
