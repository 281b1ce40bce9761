"""What staff see of the accounts' alarms; the caller owns the transaction."""

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.alarms import SEND, Alarm
from storage.tables import alarms, conversations, errands


async def ringing(connection: AsyncConnection) -> list[Alarm]:
    """Every alarm, and accounts with messages that wait because of token, permission or balance; oldest first."""
    noted = (await connection.execute(select(*(alarms.c[name] for name in Alarm.__slots__)))).mappings()
    stuck = (
        select(
            conversations.c.channel,
            conversations.c.account,
            func.max(errands.c.reason).label("reason"),
            func.min(errands.c.created_at).label("since"),
            func.max(errands.c.created_at).label("last_at"),
        )
        .join(conversations, conversations.c.id == errands.c.conversation_id)
        .where(errands.c.status == "open", errands.c.lane != 1, errands.c.reason.startswith("Misconfigured"))
        .group_by(conversations.c.channel, conversations.c.account)
    )
    waiting = (await connection.execute(stuck)).mappings()
    found = [Alarm(**row) for row in noted] + [Alarm(**row, kind=SEND) for row in waiting]
    return sorted(found, key=lambda alarm: alarm.since)


async def seen_to(connection: AsyncConnection, channel: str, account: str) -> None:
    """Somebody says that an account's alarms have been dealt with; what is not well will ring again."""
    await connection.execute(delete(alarms).where(alarms.c.channel == channel, alarms.c.account == account))
