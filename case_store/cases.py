"""Taking and finding cases. Every function works inside the caller's transaction."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, Select, and_, any_, func, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from case_store.errors import bad
from case_store.flow import awaited, promised, started
from case_store.intake import NewCase
from case_store.tables import cases, clocks, counters, keys
from regulations.calendar import Clock
from regulations.code import next_code
from regulations.model import Profile

NEAR = timedelta(minutes=10)
"""Within which the same words of the same person look like one report sent twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    case: RowMapping
    replayed: bool = False


async def accept(
    connection: AsyncConnection, profile: Profile, new: NewCase, *, batch: bool, now: datetime
) -> Accepted:
    """Take the report, or find the one that was taken under the same key. Raises `Rejected` for a key's other use.

    The key is claimed first: a twin that comes at the same time waits here until the first one is committed.
    """
    if new.key and not await _claim(connection, profile.id, new):
        return Accepted(case=await _replay(connection, profile.id, new), replayed=True)
    case = await _insert(connection, profile, new, batch=batch, now=now)
    if new.key:
        own = and_(keys.c.jurisdiction == profile.id, keys.c.key == new.key)
        await connection.execute(update(keys).where(own).values(case_id=case["id"]))
    return Accepted(case=case)


async def _claim(connection: AsyncConnection, jurisdiction: str, new: NewCase) -> bool:
    claim = (
        postgresql.insert(keys)
        .values(jurisdiction=jurisdiction, key=new.key, payload_sha256=new.payload_sha256)
        .on_conflict_do_nothing()
        .returning(keys.c.key)
    )
    return (await connection.execute(claim)).first() is not None


async def _replay(connection: AsyncConnection, jurisdiction: str, new: NewCase) -> RowMapping:
    first = (
        select(cases, keys.c.payload_sha256)
        .join(keys, keys.c.case_id == cases.c.id)
        .where(keys.c.jurisdiction == jurisdiction, keys.c.key == new.key)
    )
    found = (await connection.execute(first)).mappings().one()
    if found["payload_sha256"] != new.payload_sha256:
        raise bad("idempotency_conflict", "Mã yêu cầu này đã được dùng cho một phản ánh có nội dung khác.")
    return found


async def _insert(
    connection: AsyncConnection, profile: Profile, new: NewCase, *, batch: bool, now: datetime
) -> RowMapping:
    received = "report.received"
    happened = {"report.submitted": new.requested_at, received: new.requested_at}
    row: dict[str, Any] = {
        "jurisdiction": profile.id,
        "code": await _next_code(connection, profile, now),
        "token": secrets.token_urlsafe(12) if batch else None,
        "service_code": new.service_code,
        "report_type": new.report_type,
        "level": new.level,
        "agency": new.agency,
        "stage": "closed" if new.closed else "submitted",
        "state": "closed" if new.closed else "submitted",
        "is_open": not new.closed,
        "confidential": new.confidential,
        "description": new.description,
        "address": new.address,
        "address_id": new.address_id,
        "lat": new.lat,
        "long": new.long,
        "media": list(new.media),
        "person": dict(new.person),
        "attributes": {code: list(values) for code, values in new.attributes.items()},
        "report": new.report,
        "channel": new.channel,
        "happened": {event: at.isoformat() for event, at in happened.items()},
        "text_sha256": new.text_sha256,
        "looks_like": "" if new.key else await _near(connection, profile.id, new, now),
        "requested_at": new.requested_at,
        "accepted_at": now,
        "updated_at": now,
        "expected_at": None if new.closed else promised(profile, happened, new.report_type, new.level),
    }
    case: RowMapping = (await connection.execute(insert(cases).values(row).returning(cases))).mappings().one()
    if not new.closed:
        await start_clocks(connection, profile, case, received, new.requested_at, happened)
    return case


async def start_clocks(
    connection: AsyncConnection,
    profile: Profile,
    case: RowMapping,
    event: str,
    at: datetime,
    happened: Collection[str],
) -> None:
    """The limits that the event starts for this case. Those that only the gateway can keep are the gateway's."""
    await _start(connection, case, [(at, clock) for clock in started(profile, event, at, *_kind(case), happened)])


async def start_awaited(
    connection: AsyncConnection, profile: Profile, case: RowMapping, event: str, happened: Mapping[str, datetime]
) -> None:
    """The limits that waited for this event; they count from their own start, which lies before it."""
    await _start(connection, case, awaited(profile, event, happened, *_kind(case)))


def _kind(case: RowMapping) -> tuple[str, str]:
    return case["report_type"], case["level"]


async def _start(connection: AsyncConnection, case: RowMapping, running: Sequence[tuple[datetime, Clock]]) -> None:
    rows = [
        {
            "case_id": case["id"],
            "rule": clock.id,
            "label": clock.label,
            "src": clock.src,
            "to_event": clock.to_event,
            "on_breach": clock.on_breach,
            "started_at": at,
            "due_at": clock.due,
        }
        for at, clock in running
        if clock.owner != "gateway"
    ]
    if rows:
        await connection.execute(insert(clocks), rows)


async def _next_code(connection: AsyncConnection, profile: Profile, now: datetime) -> str:
    """The next code of the local day. The row stays locked until we commit, so no number is ever left out."""
    day = now.astimezone(ZoneInfo(profile.timezone)).date()
    first = postgresql.insert(counters).values(jurisdiction=profile.id, day=day, last=1)
    counted = first.on_conflict_do_update(
        index_elements=[counters.c.jurisdiction, counters.c.day], set_={"last": counters.c.last + 1}
    ).returning(counters.c.last)
    return next_code(profile, day, (await connection.execute(counted)).scalar_one())


async def _near(connection: AsyncConnection, jurisdiction: str, new: NewCase, now: datetime) -> str:
    """The code of a case that looks like the same report, for staff to see; nothing is ever dropped for it."""
    if not new.near:
        return ""
    twin = (
        select(cases.c.code)
        .where(
            cases.c.jurisdiction == jurisdiction,
            cases.c.text_sha256 == new.text_sha256,
            cases.c.service_code == new.service_code,
            cases.c.accepted_at > now - NEAR,
            or_(
                cases.c.person["phone"].astext.in_(new.near),
                cases.c.person["account_id"].astext.in_(new.near),
            ),
        )
        .order_by(cases.c.id)
        .limit(1)
    )
    return (await connection.execute(twin)).scalar_one_or_none() or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which cases a list shows. `codes` overrides everything but the jurisdiction."""

    jurisdiction: str
    codes: Sequence[str] = ()
    services: Sequence[str] = ()
    statuses: Sequence[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    updated_after: datetime | None = None
    updated_before: datetime | None = None
    limit: int = 1000
    offset: int = 0


async def search(connection: AsyncConnection, wanted: Filter) -> Sequence[RowMapping]:
    """Newest first. Cases whose code is still owed (tokens) are included."""
    query = select(cases).where(cases.c.jurisdiction == wanted.jurisdiction)
    query = query.where(cases.c.code.in_(wanted.codes)) if wanted.codes else _narrowed(query, wanted)
    page = query.order_by(cases.c.requested_at.desc(), cases.c.id.desc()).limit(wanted.limit).offset(wanted.offset)
    return (await connection.execute(page)).mappings().all()


def _narrowed(query: Select[Any], wanted: Filter) -> Select[Any]:
    if wanted.services:
        query = query.where(cases.c.service_code.in_(wanted.services))
    if wanted.statuses:
        query = query.where(cases.c.is_open.in_([status == "open" for status in wanted.statuses]))
    for limit, condition in (
        (wanted.since, cases.c.requested_at.__ge__),
        (wanted.until, cases.c.requested_at.__le__),
        (wanted.updated_after, cases.c.updated_at.__ge__),
        (wanted.updated_before, cases.c.updated_at.__le__),
    ):
        if limit is not None:
            query = query.where(condition(limit))
    return query


async def by_code(connection: AsyncConnection, code: str, *, lock: bool = False) -> RowMapping | None:
    """The case of that code, upper or lower case."""
    query = select(cases).where(cases.c.code == code.strip().upper())
    return (await connection.execute(query.with_for_update() if lock else query)).mappings().one_or_none()


async def by_token(connection: AsyncConnection, token: str) -> RowMapping | None:
    return (await connection.execute(select(cases).where(cases.c.token == token))).mappings().one_or_none()


async def clocks_of(connection: AsyncConnection, case_ids: Sequence[int]) -> Sequence[RowMapping]:
    query = select(clocks).where(clocks.c.case_id.in_(case_ids)).order_by(clocks.c.due_at, clocks.c.id)
    return (await connection.execute(query)).mappings().all()


async def stop_clocks(connection: AsyncConnection, case_id: int, event: str, at: datetime) -> None:
    ends = literal(event) == any_(func.string_to_array(clocks.c.to_event, "|"))
    running = and_(clocks.c.case_id == case_id, clocks.c.stopped_at.is_(None), ends)
    await connection.execute(update(clocks).where(running).values(stopped_at=at))
