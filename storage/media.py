"""Files that citizens sent: where their bytes lie and what is known of them."""

from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool


@dataclass(frozen=True, slots=True)
class KeptMedia:
    """A row of `media`. `name` is sealed."""

    key_index: bytes
    kind: str
    status: str
    original: str
    public: str
    mime: str
    name: bytes | None
    size: int | None
    dhash: str
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    problem: str
    marks: str
    """What makes a picture doubtful, comma-separated."""


async def of_conversation(pool: AsyncConnectionPool, conversation: int) -> list[KeptMedia]:
    """Everything a conversation's citizen has sent, oldest first."""
    async with pool.connection() as connection:
        found = await connection.execute(
            "select key_index, kind, status, original, public, mime, name, size, dhash, taken_at, lat, lon, problem,"
            " marks from media where conversation_id = %s order by seq, n",
            [conversation],
            binary=True,
        )
        return [KeptMedia(*row) for row in await found.fetchall()]
