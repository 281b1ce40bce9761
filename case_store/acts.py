"""What happens to a case after it was taken: officers' acts, citizens' follow-ups, limits that run out."""

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from case_store.cases import by_code, start_awaited, start_clocks, stop_clocks
from case_store.demands import CLOSED, demand_document, demand_name, demand_proof, demand_reason
from case_store.errors import bad, unknown
from case_store.flow import (
    ALLOWED,
    PLAYS,
    RECORDED_STAGE,
    RESULT_EVENTS,
    WITH_RESULT,
    events_of,
    is_known,
    promised,
    state_of,
)
from case_store.sanctions import lock_after
from case_store.tables import cases, clocks, outbox, updates
from regulations.calendar import due as due_after
from regulations.model import Profile, Sanction

OVERDUE = "report.overdue"
"""No event of the regulation but of the calendar: a limit for the result has run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What an officer fills in. Texts may be empty; `due` is the new promise of an extension."""

    to: str
    text: str = ""
    reason: str = ""
    article: str = ""
    agency: str = ""
    by: str = ""
    """Who does it."""
    due: datetime | None = None
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """An entry in a case's history."""

    event: str
    state: str
    at: datetime
    text: str = ""
    media: Sequence[str] = ()
    extras: Mapping[str, str] = field(default_factory=dict)


async def play(
    connection: AsyncConnection, profiles: Mapping[str, Profile], code: str, act: Act, *, now: datetime, push: bool
) -> RowMapping:
    """Carry out an officer's act. Raises `Rejected` for one that does not fit the case."""
    case = await by_code(connection, code, lock=True)
    if case is None:
        raise unknown(f"hồ sơ {code}")
    profile, done = profiles[case["jurisdiction"]], PLAYS.get(act.to)
    if done is None or act.to not in ALLOWED[case["stage"]] or not is_known(profile, done):
        raise bad("transition", f"Hồ sơ đang ở bước «{case['stage']}», không thể chuyển sang «{act.to}».")
    if act.to in WITH_RESULT and case["stage"] == RECORDED_STAGE and not act.text:
        # What was recorded is what is published, unless the officer says it anew.
        act = replace(act, text=case["result"])
    if done.words and not (act.text or act.reason):
        raise bad("text", f"«{done.label}» cần có nội dung.")
    happened = {event: datetime.fromisoformat(at) for event, at in case["happened"].items()}
    demand_proof(profile, act.to, case["stage"], act.media)
    demand_document(profile, act.to, act.media)
    demand_name(done, act.by)
    if act.to == "refused":
        demand_reason(profile, act.reason, happened, await _asked(connection, case["id"]))
    for event in events_of(done, happened):
        first = event not in happened
        happened[event] = now
        await stop_clocks(connection, case["id"], event, now)
        await start_clocks(connection, profile, case, event, now, happened)
        if first:
            await start_awaited(connection, profile, case, event, happened)
    changes: dict[str, Any] = {
        "stage": case["stage"] if done.aside else act.to,
        "state": state_of(profile, done, case["state"]),
        "is_open": case["is_open"] if done.aside else not done.ends,
        "happened": {event: at.isoformat() for event, at in happened.items()},
        "agency": act.agency or case["agency"],
        "updated_at": now,
        "expected_at": case["expected_at"]
        if done.aside
        else await _new_promise(connection, profile, case, act, happened, now),
    }
    if act.to in WITH_RESULT or done.private:
        changes |= {"result": act.text or act.reason, "result_private": done.private}
    elif act.to == "cancelled_result":
        # The history keeps the old answer; nobody is shown it as the case's answer any more.
        changes |= {"result": "", "result_private": False}
    elif done.ends:
        changes["result"] = act.text or act.reason or case["result"]
    if done.ends:
        await _stop_all(connection, case["id"], now)
    changing = update(cases).where(cases.c.id == case["id"]).values(changes).returning(cases)
    changed: RowMapping = (await connection.execute(changing)).mappings().one()
    news = News(
        event=done.news,
        state=changed["state"],
        at=now,
        text=act.text or act.reason,
        media=act.media,
        extras=_extras(profile, changed, act),
    )
    number = await tell(connection, changed["id"], news, push=push and act.to != "violation")
    if act.to == "violation" and (locked := await lock_after(connection, profile, changed, now)):
        await _tell_lock(connection, changed, number, locked, act, push=push)
    return changed


async def _tell_lock(
    connection: AsyncConnection,
    case: RowMapping,
    number: int,
    locked: tuple[Sanction, datetime],
    act: Act,
    *,
    push: bool,
) -> None:
    """A violation is the officers' own note; the lock that follows it is told with its date and reason."""
    rule, until = locked
    extras = {"locked_until": until.isoformat(), "reason": act.text or act.reason, "article": rule.article}
    await connection.execute(update(updates).where(updates.c.id == number).values(extras=updates.c.extras + extras))
    if push:
        await connection.execute(insert(outbox).values(id=number, case_id=case["id"], next_at=case["updated_at"]))


async def _asked(connection: AsyncConnection, case_id: int) -> list[datetime]:
    """When the citizen was asked for more."""
    asking = and_(updates.c.case_id == case_id, updates.c.from_store, updates.c.event == PLAYS["need_more"].news)
    return list((await connection.execute(select(updates.c.at).where(asking))).scalars())


def _extras(profile: Profile, case: RowMapping, act: Act) -> dict[str, str]:
    known = profile.refusals.get(act.reason)
    told = {
        "agency": case["agency"],
        "expected_datetime": _local(case["expected_at"], profile) if case["is_open"] else "",
        "reason": known.text if known else act.reason,
        "article": act.article or (known.article if known else ""),
        "missing": act.text or act.reason if act.to == "need_more" else "",
        "by": act.by,
    }
    return {key: value for key, value in told.items() if value}


def _local(at: datetime | None, profile: Profile) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(profile.timezone)).replace(microsecond=0).isoformat()


async def _new_promise(
    connection: AsyncConnection,
    profile: Profile,
    case: RowMapping,
    act: Act,
    happened: Mapping[str, datetime],
    now: datetime,
) -> datetime | None:
    if act.to != "extended":
        # Once announced, an extended promise stands; the calendar would bring back the old one.
        if "extension.announced" in happened:
            announced: datetime | None = case["expected_at"]
            return announced
        return promised(profile, happened, case["report_type"], case["level"])
    query = select(clocks).where(clocks.c.case_id == case["id"], clocks.c.stopped_at.is_(None))
    running = (await connection.execute(query)).mappings().all()
    handling = [clock for clock in running if not RESULT_EVENTS.isdisjoint(clock["to_event"].split("|"))]
    until = act.due or _extended(profile, handling, now) or case["expected_at"]
    if until != case["expected_at"]:
        # Where the limit itself is not prolonged the clock goes on as it is, late if it was late (TH Đ11.1).
        ids = [clock["id"] for clock in handling]
        await connection.execute(update(clocks).where(clocks.c.id.in_(ids)).values(due_at=until, overdue_at=None))
    return until


def _extended(profile: Profile, running: Sequence[RowMapping], now: datetime) -> datetime | None:
    """As long again as the regulation allows, where the officer named no date."""
    for clock in running:
        rule = profile.deadlines.get(clock["rule"])
        amount = rule and (rule.extend_max_amount or rule.amount)
        if rule and rule.extendable and amount:
            return due_after(now, amount, rule.unit, profile.calendar)
    return None


async def _stop_all(connection: AsyncConnection, case_id: int, now: datetime) -> None:
    running = and_(clocks.c.case_id == case_id, clocks.c.stopped_at.is_(None))
    await connection.execute(update(clocks).where(running).values(stopped_at=now))


async def tell(connection: AsyncConnection, case_id: int, news: News, *, push: bool) -> int:
    """Write the news down, and queue its push in the same transaction; its number."""
    row = {
        "case_id": case_id,
        "update_id": uuid.uuid4().hex,
        "from_store": True,
        "event": news.event,
        "state": news.state,
        "text": news.text,
        "at": news.at,
        "media": list(news.media),
        "extras": dict(news.extras),
    }
    number: int = (await connection.execute(insert(updates).values(row).returning(updates.c.id))).scalar_one()
    if push:
        await connection.execute(insert(outbox).values(id=number, case_id=case_id, next_at=news.at))
    return number


# --- what the citizen says about a case -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An update posted by the gateway."""

    code: str
    update_id: str
    kind: str
    text: str
    at: datetime
    media: tuple[str, ...] = ()
    rating: int | None = None
    label: str = ""


# Event that happens, for the clocks; empty: only written down.
FOLLOW_UP_EVENTS: Mapping[str, str] = MappingProxyType({"clarify": "followup.received", "appeal": "appeal.received"})
FOLLOW_UP_STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"clarify": ("clarifying",), "appeal": ("appealed", "reopened")}
)


async def follow_up(
    connection: AsyncConnection, profiles: Mapping[str, Profile], said: Said, *, now: datetime
) -> tuple[str, bool]:
    """Take what the citizen says about a case; the update's id, and whether it was known already."""
    case = await by_code(connection, said.code, lock=True)
    if case is None:
        raise unknown(f"hồ sơ {said.code}")
    digest = hashlib.sha256(
        json.dumps([said.kind, said.text, said.rating, said.label, said.at.isoformat()]).encode()
    ).hexdigest()
    query = select(updates).where(updates.c.case_id == case["id"], updates.c.update_id == said.update_id)
    if known := (await connection.execute(query)).mappings().one_or_none():
        if known["payload_sha256"] != digest:
            raise bad("idempotency_conflict", "Mã cập nhật này đã được dùng cho một nội dung khác.")
        return said.update_id, True
    profile, event = profiles[case["jurisdiction"]], _follow_up_event(case, said)
    extras = {key: value for key, value in (("kind", said.kind), ("label", said.label)) if value}
    row = {
        "case_id": case["id"],
        "update_id": said.update_id,
        "from_store": False,
        "event": event,
        "state": case["state"],
        "text": said.text,
        "at": said.at,
        "media": list(said.media),
        "extras": extras | ({"rating": str(said.rating)} if said.rating is not None else {}),
        "payload_sha256": digest,
    }
    await connection.execute(insert(updates).values(row))
    changes = _follow_up_changes(profile, case, said) | {"updated_at": now}
    if event:
        changes["happened"] = {**case["happened"], event: said.at.isoformat()}
        await stop_clocks(connection, case["id"], event, now)
        await start_clocks(connection, profile, case, event, said.at, changes["happened"])
    if said.kind == "withdraw":
        await _stop_all(connection, case["id"], now)
    await connection.execute(update(cases).where(cases.c.id == case["id"]).values(changes))
    return said.update_id, False


def _follow_up_event(case: RowMapping, said: Said) -> str:
    """What happens with it: an answer to a question for more closes the verification."""
    if said.kind == "supplement" and "verify.opened" in case["happened"]:
        return CLOSED
    return FOLLOW_UP_EVENTS.get(said.kind, "")


def _follow_up_changes(profile: Profile, case: RowMapping, said: Said) -> dict[str, Any]:
    match said.kind:
        case "withdraw":
            return {"stage": "closed", "state": "closed", "is_open": False}
        case "confidential":
            return {"confidential": True}
        case "rating":
            return {"rating": said.rating} | (_reopened(profile, case) if _goes_again(profile, said.rating) else {})
    wanted = FOLLOW_UP_STATES.get(said.kind, ())
    state = next((name for name in wanted if name in profile.workflow.states), "")
    return {"stage": "reopened", "state": state, "is_open": True} if state else {}


def _goes_again(profile: Profile, rating: int | None) -> bool:
    """A bad mark opens the case again where the regulation says so."""
    row = profile.rating.scale.get(rating) if rating is not None else None
    again = any(kind.auto_reopen_on_negative for kind in profile.followups.values())
    return again and row is not None and row.polarity == "negative"


def _reopened(profile: Profile, case: RowMapping) -> dict[str, Any]:
    state = "reopened" if "reopened" in profile.workflow.states else case["state"]
    return {"stage": "reopened", "state": state, "is_open": True}


# --- the clock --------------------------------------------------------------------------------------------------------


async def sweep(
    connection: AsyncConnection, profiles: Mapping[str, Profile], *, now: datetime, push: bool
) -> list[str]:
    """Mark what has run out, and tell about results that are late. Returns the codes of those cases."""
    late = and_(clocks.c.due_at < now, clocks.c.stopped_at.is_(None), clocks.c.overdue_at.is_(None))
    marked = update(clocks).where(late).values(overdue_at=now).returning(clocks.c.case_id, clocks.c.to_event)
    rows = (await connection.execute(marked)).all()
    owed = {row.case_id for row in rows if not RESULT_EVENTS.isdisjoint(row.to_event.split("|"))}
    query = select(cases).where(cases.c.id.in_(owed), cases.c.is_open).order_by(cases.c.id).with_for_update()
    told = []
    for case in (await connection.execute(query)).mappings().all():
        profile = profiles[case["jurisdiction"]]
        if "overdue" in profile.workflow.states:
            changes = {"state": "overdue", "updated_at": now}
            await connection.execute(update(cases).where(cases.c.id == case["id"]).values(changes))
            extras = {"agency": case["agency"], "expected_datetime": _local(case["expected_at"], profile)}
            news = News(event=OVERDUE, state="overdue", at=now, extras={k: v for k, v in extras.items() if v})
            await tell(connection, case["id"], news, push=push)
            told.append(case["code"])
    return told
