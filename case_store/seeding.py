"""Cases that exist already: brought in under the code they have, for rehearsals and for a store that takes over."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from case_store.flow import ALLOWED, PLAYS
from case_store.tables import cases, clocks, counters, keys, outbox, updates
from regulations.code import format_code
from regulations.model import Profile

OLDEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A case as another system hands it over. What is empty stays unknown."""

    code: str
    state: str
    """A `workflow.states` id of the profile."""
    stage: str = ""
    """One of our own stages; empty: what fits the state."""
    category: str = ""
    """Id or label of the profile's category."""
    agency: str = ""
    text: str = ""
    due: datetime | None = None


async def put_case(connection: AsyncConnection, profile: Profile, existing: Existing, *, now: datetime) -> None:
    """Bring the case in; one that is there under this code is replaced, with its history.

    The day's counter moves past the code, so that it is never given to another report. Limits are not started again:
    whoever kept them until now goes on keeping them.
    """
    await _remove(connection, existing.code)
    zone = ZoneInfo(profile.timezone)
    day, number = _read_code(profile, existing.code, now.astimezone(zone).date())
    received = min(now, datetime(day.year, day.month, day.day, 8, tzinfo=zone))
    await connection.execute(insert(cases).values(_row(profile, existing, received)))
    counted = postgresql.insert(counters).values(jurisdiction=profile.id, day=day, last=number)
    await connection.execute(
        counted.on_conflict_do_update(
            index_elements=[counters.c.jurisdiction, counters.c.day],
            set_={"last": func.greatest(counters.c.last, number)},
        )
    )


async def _remove(connection: AsyncConnection, code: str) -> None:
    known = select(cases.c.id).where(cases.c.code == code).scalar_subquery()
    for table in (outbox, updates, clocks, keys):
        await connection.execute(delete(table).where(table.c.case_id == known))
    await connection.execute(delete(cases).where(cases.c.code == code))


def _read_code(profile: Profile, code: str, today: date) -> tuple[date, int]:
    """The day and number a code was made from; today and 0 for one that is not of this profile's pattern."""
    digits = re.search(r"\d+$", code)
    number = int(digits[0]) if digits else 0
    days = (today - timedelta(days=back) for back in range(OLDEST.days))
    return next(((day, number) for day in days if format_code(profile.code.pattern, day, number) == code), (today, 0))


def _row(profile: Profile, existing: Existing, received: datetime) -> dict[str, Any]:
    service = _service(profile, existing.category)
    stage = existing.stage or _stage(existing.state)
    happened = {"report.submitted": received.isoformat(), "report.received": received.isoformat()}
    return {
        "jurisdiction": profile.id,
        "code": existing.code,
        "service_code": service,
        "report_type": profile.default_report_type.id,
        "level": profile.default_level.id,
        "agency": existing.agency or profile.categories[service].agency,
        "stage": stage,
        "state": existing.state,
        "is_open": not (stage in PLAYS and PLAYS[stage].ends),
        "confidential": False,
        "description": existing.text,
        "address": "",
        "address_id": "",
        "media": [],
        "person": {},
        "attributes": {},
        "channel": "",
        "happened": happened,
        "text_sha256": "",
        "requested_at": received,
        "accepted_at": received,
        "updated_at": received,
        "expected_at": existing.due,
    }


def _service(profile: Profile, category: str) -> str:
    """The category's id; the first one of the profile for an unknown name."""
    named = (one for one, row in profile.categories.items() if category in (one, row.label))
    return next(named, next(iter(profile.categories)))


def _stage(state: str) -> str:
    if state in ALLOWED:
        return state
    acted = (to for to, play in PLAYS.items() if state in play.states)
    return next(acted, "in_progress")
