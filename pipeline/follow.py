"""What the case store tells: by signed push, and by asking for what a push may have missed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore, Update, to_event
from core.errors import DeliveryRejected, DeliveryUnreadable
from core.events import Source
from core.ports import Answer, Vault
from pipeline.items import Item, Overloaded, StorageAway
from pipeline.writer import Writer
from storage import conversations

log = structlog.get_logger()

_OVERLAP = timedelta(minutes=2)
"""Asked again each time: an update may become visible a little after its own time. What is known does no harm."""
_FIRST_LOOK = timedelta(days=7)
_YOUNG = timedelta(minutes=10)
"""News of a case that we do not know yet may be about one whose code is on its way to us."""


class StoreNews:
    """Brings the store's updates into the conversations that they are about."""

    def __init__(
        self,
        *,
        store: GeoReportStore,
        writer: Writer,
        pool: AsyncConnectionPool,
        cursor: Vault,
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._writer, self._pool, self._cursor, self._now = store, writer, pool, cursor, now

    async def push(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer one push. Anything but 200 makes the store push again later."""
        try:
            self._store.verify_push(body, headers)
            updates = self._store.parse_push(body)
        except DeliveryRejected as refusal:
            log.warning("push.refused", reason=str(refusal))
            return Answer(refusal.status)
        except DeliveryUnreadable as error:
            log.error("push.unreadable", reason=str(error))
            return Answer(400)
        try:
            strange = await self._take(updates)
        except (StorageAway, Overloaded, psycopg.OperationalError):
            return Answer(503)
        young = any(self._now() - update.at < _YOUNG for update in strange)
        return Answer(409 if young else 200)

    async def poll(self, profiles: Sequence[str]) -> int:
        """Ask for everything since the last time; how many updates were seen. Raises a `SendError`."""
        until = self._now()
        async with self._cursor.locked() as door:
            known = door.values.get("until")
            since = datetime.fromisoformat(known) - _OVERLAP if known else until - _FIRST_LOOK
            updates = [u for profile in profiles for u in await self._store.updates(since, until, profile=profile)]
            await self._take(updates)
            await door.write({"until": until.isoformat()})
        return len(updates)

    async def _take(self, updates: Sequence[Update]) -> list[Update]:
        """Store the updates of our cases; the ones about cases that are not ours."""
        known = await conversations.of_cases(self._pool, sorted({update.code for update in updates}))
        items = [
            Item(known[update.code].peer_index, to_event(update), update.update_id, Source.STORE)
            for update in updates
            if update.code in known
        ]
        if items:
            await self._writer.take(items)
        return [update for update in updates if update.code not in known]
