"""How often a sender has broken the rules in a row, and the lock that follows."""

from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from case_store.flow import VIOLATION
from case_store.tables import cases, updates
from regulations.calendar import lock_until
from regulations.model import Profile, Sanction


async def lock_after(
    connection: AsyncConnection, profile: Profile, case: RowMapping, now: datetime
) -> tuple[Sanction, datetime] | None:
    """The rule that locks the sender after the violation just confirmed, and until when; None while none does."""
    for rule in profile.sanctions.values():
        if rule.action == "lock_submit" and rule.lock_days:
            count = await _in_a_row(connection, case, rule)
            if count > rule.threshold or (count == rule.threshold and rule.compare != "more_than"):
                return rule, lock_until(now, rule.lock_days)
    return None


async def _in_a_row(connection: AsyncConnection, case: RowMapping, rule: Sanction) -> int:
    """Cases of this sender with a confirmed violation since the last one that was accepted without any."""
    confirmed = (
        select(updates.c.case_id, func.max(updates.c.at).label("at"))
        .where(updates.c.event == VIOLATION, updates.c.from_store)
        .group_by(updates.c.case_id)
        .subquery()
    )
    query = (
        select(cases.c.happened, confirmed.c.at)
        .join(confirmed, confirmed.c.case_id == cases.c.id, isouter=True)
        .where(_of_sender(case))
    )
    rows = (await connection.execute(query)).all()
    resets = [
        datetime.fromisoformat(row.happened[rule.reset_on])
        for row in rows
        if rule.consecutive and row.at is None and rule.reset_on in row.happened
    ]
    return sum(row.at is not None and all(row.at > reset for reset in resets) for row in rows)


def _of_sender(case: RowMapping) -> Any:
    account = case["person"].get("account_id", "")
    own = cases.c.person["account_id"].astext == account if account else cases.c.id == case["id"]
    return and_(cases.c.jurisdiction == case["jurisdiction"], own)
