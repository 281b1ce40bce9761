"""What is wrong with a whole account, until it is well again or somebody says that it was seen to."""

from dataclasses import dataclass
from datetime import datetime

from psycopg_pool import AsyncConnectionPool

PLATFORM, TEND, SEND, STORE = "platform", "tend", "send", "store"
"""Who found out: the platform told us, the regular look after the account, a message that cannot be sent, or the
regular question to the case store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    channel: str
    account: str
    kind: str
    reason: str
    since: datetime
    last_at: datetime


async def ring(pool: AsyncConnectionPool, alarm: Alarm) -> None:
    """Note an alarm; one that rings again keeps the instant since when."""
    async with pool.connection() as connection:
        await connection.execute(
            "insert into alarms (channel, account, kind, reason, since, last_at) values (%s, %s, %s, %s, %s, %s)"
            " on conflict (channel, account, kind) do update set reason = excluded.reason, last_at = excluded.last_at",
            [alarm.channel, alarm.account, alarm.kind, alarm.reason, alarm.since, alarm.last_at],
        )


async def well(pool: AsyncConnectionPool, channel: str, account: str, kind: str) -> None:
    """That is over."""
    async with pool.connection() as connection:
        await connection.execute(
            "delete from alarms where channel = %s and account = %s and kind = %s", [channel, account, kind]
        )
