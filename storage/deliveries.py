"""What arrived and was not taken: kept aside with the reason."""

from datetime import datetime

from psycopg_pool import AsyncConnectionPool


async def keep(
    pool: AsyncConnectionPool,
    *,
    channel: str,
    account: str,
    external_id: str,
    status: str,
    reason: str,
    received_at: datetime,
    sealed: bytes,
) -> bool:
    """Keep one delivery aside (`status`: ignored, unreadable, alarm); False when it had been kept before."""
    async with pool.connection() as connection:
        done = await connection.execute(
            "insert into deliveries (channel, account, external_id, status, reason, received_at, body)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [channel, account, external_id, status, reason[:500], received_at, sealed],
        )
        return done.rowcount == 1
