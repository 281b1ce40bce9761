"""What the gateway's database knows of one conversation, and whether anything of it is still under way."""

from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool

import dialog
from storage.seal import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """One look at the conversation. `busy`: errands that have not ended."""

    id: int
    seq: int
    busy: int
    wake_at: datetime | None
    sealed: bytes | None


@dataclass(frozen=True, slots=True)
class Backstage:
    pool: AsyncConnectionPool
    seal: Seal
    peer_index: bytes

    async def glance(self) -> Glance | None:
        """None as long as nothing has happened in the conversation."""
        async with self.pool.connection() as connection:
            found = await connection.execute(
                "select id, seq, wake_at, state,"
                " (select count(*) from errands where conversation_id = id and status = 'open')"
                " from conversations where peer_index = %s",
                [self.peer_index],
            )
            row = await found.fetchone()
        if row is None:
            return None
        return Glance(id=row[0], seq=row[1], wake_at=row[2], sealed=row[3], busy=row[4])

    async def state(self) -> dialog.State | None:
        """What the dialog remembers."""
        glance = await self.glance()
        if glance is None or glance.sealed is None:
            return None
        return dialog.decode(self.seal.open(glance.sealed, b"state"))

    async def outcomes(self, after: int) -> list[tuple[str, str]]:
        """(outcome, code) of events later than number `after`, in order."""
        async with self.pool.connection() as connection:
            found = await connection.execute(
                "select o.value, o.code from outcomes o join conversations c on c.id = o.conversation_id"
                " where c.peer_index = %s and o.seq > %s order by o.seq, o.n",
                [self.peer_index, after],
            )
            return [(row[0], row[1]) for row in await found.fetchall()]
