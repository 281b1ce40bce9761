"""The front door: greet? → verify → parse → record. Answers a platform only when its message is safe."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from psycopg_pool import AsyncConnectionPool

from core.errors import DeliveryRejected, DeliveryUnreadable
from core.events import AccountAlarm, Ignored, PlatformEvent, Source
from core.model import Delivery
from core.ports import Answer, Greets, Knock, Replies
from pipeline.account import Account, Accounts
from pipeline.writer import Item, Overloaded, StorageAway, Writer
from storage import deliveries
from storage.seal import Seal
from storage.spool import Spool, Spooled

log = structlog.get_logger()

LARGEST_BODY = 1024 * 1024
"""No platform sends a webhook of a mebibyte; what is larger is refused unread."""


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
        if isinstance(known.channel, Greets):
            greeting = known.channel.greet(knock)
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
        except Overloaded:
            self.counts[channel, "busy"] += 1
            return Answer(503)
        return Answer(200, body, {"content-type": "application/json"} if body else {})

    async def take(self, account: Account, delivery: Delivery) -> bytes:
        """Store an authentic delivery; on return it is safe. Returns what the platform may be told in the answer.

        Raises `Overloaded`, or `OSError` when neither the database nor the spool can take it.
        """
        channel = account.channel
        if self._spool.size:
            # What waits in the spool came first.
            self._put_aside(account, delivery)
            return b""
        try:
            return await self._store(account, delivery)
        except StorageAway:
            self._put_aside(account, delivery)
            self.counts[channel.name, "spooled"] += 1
            return b""

    async def replay_spool(self) -> int:
        """Store what was put aside while the database was away, in order; how many deliveries that were.

        Raises `StorageAway` when it is away again: nothing is dropped then.
        """
        replayed = 0
        for path in self._spool.files():
            for spooled in self._spool.read(path):
                account = self._accounts.get(spooled.channel, spooled.account)
                if account is not None:
                    await self._store(account, spooled.delivery)
                    replayed += 1
            self._spool.drop(path)
        return replayed

    def _put_aside(self, account: Account, delivery: Delivery) -> None:
        self._spool.append(Spooled(account.channel.name, account.channel.account, delivery))

    async def _store(self, account: Account, delivery: Delivery) -> bytes:
        channel = account.channel
        try:
            events = channel.parse(delivery)
        except DeliveryUnreadable as error:
            self.counts[channel.name, "unreadable"] += 1
            await self._keep(account, delivery, "unreadable", str(error), _digest(delivery.body))
            return b""
        items = [
            Item(
                self._seal.index(str(event.peer)), event, event.external_id, Source.CITIZEN, event.peer,
                delivery.body if index == 0 else b"",
            )
            for index, event in enumerate(events)
            if not isinstance(event, Ignored | AccountAlarm)
        ]  # fmt: skip
        if items:
            for new in await self._writer.take(items):
                self.counts[channel.name, "taken" if new else "known"] += 1
        if len(items) < len(events):
            await self._keep_others(account, delivery, events)
        return (channel.reply_inline(events) or b"") if isinstance(channel, Replies) else b""

    async def _keep_others(self, account: Account, delivery: Delivery, events: Sequence[PlatformEvent]) -> None:
        for event in events:
            if isinstance(event, Ignored):
                self.counts[account.channel.name, "ignored"] += 1
                await self._keep(account, delivery, "ignored", event.reason, event.external_id)
            elif isinstance(event, AccountAlarm):
                log.error("account.alarm", channel=account.channel.name, account=account.channel.account)
                await self._keep(account, delivery, "alarm", event.reason, event.external_id)

    async def _keep(self, account: Account, delivery: Delivery, status: str, reason: str, external_id: str) -> None:
        await deliveries.keep(
            self._pool,
            channel=account.channel.name,
            account=account.channel.account,
            external_id=external_id,
            status=status,
            reason=reason,
            received_at=delivery.received_at,
            sealed=self._seal.close(delivery.body, b"delivery"),
        )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
