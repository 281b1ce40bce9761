"""Who did what on the staff page: written in the transaction of the caller, never changed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import journal


class Act(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    REPLIED = "replied"
    TOOK_OVER = "took_over"
    GAVE_BACK = "gave_back"
    REVEALED = "revealed"
    TROUBLE_SEEN = "trouble_seen"
    ORIGINAL_SEEN = "original_seen"
    ORIGINAL_FILE = "original_file"
    ERASED = "erased"
    ALARM_SEEN = "alarm_seen"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    at: datetime
    operator: str
    act: str
    conversation_id: int | None
    detail: str


async def write(
    connection: AsyncConnection,
    *,
    operator: str,
    act: Act,
    at: datetime,
    conversation: int | None = None,
    detail: str = "",
) -> None:
    """Add a line. `detail` names fields, never their values."""
    await connection.execute(
        insert(journal).values(at=at, operator=operator, act=act.value, conversation_id=conversation, detail=detail)
    )


async def entries(connection: AsyncConnection, *, conversation: int | None = None, most: int = 100) -> list[Entry]:
    """The newest lines, newest first; of one conversation if given."""
    query = select(*(journal.c[name] for name in Entry.__slots__)).order_by(journal.c.id.desc()).limit(most)
    if conversation is not None:
        query = query.where(journal.c.conversation_id == conversation)
    return [Entry(**row) for row in (await connection.execute(query)).mappings()]
