"""The officers' side: cases with their limits, and buttons that play what an officer does."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from sqlalchemy import RowMapping, select
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from case_store.acts import Act, play
from case_store.cases import by_code, clocks_of
from case_store.desk import Desk, desk_of
from case_store.errors import Problem, Rejected, bad, unknown
from case_store.flow import ALLOWED, PLAYS, RECORDED_STAGE, WITH_RESULT, is_known
from case_store.tables import cases, updates
from case_store.wire import w3
from regulations.model import Profile

SHOWN = 100
HEARTBEAT_SECONDS = 15.0
DAY = "%d/%m/%Y"

_pages = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("pages")), autoescape=True, trim_blocks=True
)


def require_officer(request: Request) -> Desk:
    """Without a staff key the pages are open, for demonstrations on one's own machine. Raises `Rejected`."""
    desk = desk_of(request)
    if desk.settings.staff_key and not desk.is_staff(request):
        raise Rejected(403, Problem("403", "Trang này dành cho cán bộ: thiếu khóa hoặc khóa không đúng."))
    return desk


async def page(request: Request) -> Response:
    """The page itself. `?key=` signs in once and is taken out of the address."""
    desk = desk_of(request)
    if key := request.query_params.get("key"):
        answer = Response(status_code=303, headers={"location": request.url.path})
        answer.set_cookie("staff_key", key, httponly=True, samesite="lax", path="/")
        return answer
    require_officer(request)
    names = [profile.name for profile in desk.profiles.values()]
    return HTMLResponse(_pages.get_template("officer.html").render(names=names))


async def rows(request: Request) -> Response:
    """The list as a fragment of the page."""
    listed = await _listed(require_officer(request))
    return HTMLResponse(_pages.get_template("rows.html").render(cases=listed))


async def list_cases(request: Request) -> Response:
    return JSONResponse(await _listed(require_officer(request)))


async def one_case(request: Request) -> Response:
    """One case with its history and all limits."""
    desk, code = require_officer(request), request.path_params["code"]
    async with desk.transaction() as connection:
        case = await by_code(connection, code)
        if case is None:
            raise unknown(f"hồ sơ {code}")
        clocks = await clocks_of(connection, [case["id"]])
        query = select(updates).where(updates.c.case_id == case["id"]).order_by(updates.c.id)
        history = (await connection.execute(query)).mappings().all()
    profile = desk.profiles[case["jurisdiction"]]
    shown = _shown(case, clocks, profile, desk.settings.now())
    return JSONResponse(
        {
            **shown,
            "person": case["person"],
            "attributes": case["attributes"],
            "report": case["report"],
            "history": [_entry(entry, ZoneInfo(profile.timezone)) for entry in history],
        }
    )


def _entry(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "update_id": row["update_id"],
        "event": row["event"],
        "state": row["state"],
        "text": row["text"],
        "at": w3(row["at"], zone),
        "media": row["media"],
        "by": "store" if row["from_store"] else "citizen",
        **row["extras"],
    }


async def play_case(request: Request) -> Response:
    """`{"to": …, "text": …, "reason": …, "article": …, "agency": …, "due": …, "media": [...]}`, as JSON."""
    desk = require_officer(request)
    act = await _act(request)
    async with desk.transaction() as connection:
        case = await play(
            connection,
            desk.profiles,
            request.path_params["code"],
            act,
            now=desk.settings.now(),
            push=desk.pushes,
        )
    desk.changed()
    return JSONResponse({"code": case["code"], "stage": case["stage"], "state": case["state"]})


async def _act(request: Request) -> Act:
    given = await _json(request)
    words = {name: str(given.get(name) or "").strip() for name in ("to", "text", "reason", "article", "agency", "by")}
    media = given.get("media")
    urls = tuple(str(item) for item in media) if isinstance(media, list) else ()
    return Act(**words, due=_due(str(given.get("due") or "")), media=urls)


async def _json(request: Request) -> dict[str, Any]:
    """The body as an object. Another page cannot make a browser send this type unasked. Raises `Rejected`."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise bad("body", "Nội dung gửi lên phải có kiểu application/json.")
    try:
        given = await request.json()
    except (ValueError, RecursionError):
        raise bad("body", "Nội dung gửi lên không phải là JSON.") from None
    if not isinstance(given, dict):
        raise bad("body", "Nội dung gửi lên không phải là một đối tượng JSON.")
    return given


def _due(text: str) -> datetime | None:
    """An instant with its zone. Raises `Rejected`."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise bad("due", "Thời hạn mới không hợp lệ.") from None
    if at.tzinfo is None:
        raise bad("due", "Thời hạn mới phải có múi giờ.")
    return at


async def set_faults(request: Request) -> Response:
    """Switch misbehaviour on or off, e.g. `{"answer_500": 2}`."""
    faults = require_officer(request).settings.faults
    given = await _json(request)
    known = {item.name: item.type for item in dataclasses.fields(faults)}
    for name, value in given.items():
        if name not in known or not isinstance(value, int | float) or value < 0:
            raise bad(str(name), f"Không có lỗi giả lập {name} với giá trị này.")
        setattr(faults, name, value)
    return JSONResponse(dataclasses.asdict(faults))


async def stream(request: Request) -> Response:
    """Server-sent events: "changed" whenever a case has changed."""
    desk = require_officer(request)

    async def events() -> AsyncIterator[str]:
        yield "retry: 2000\n\n"
        seen = desk.changes.count
        while not desk.changes.closing:
            try:
                seen = await asyncio.wait_for(desk.changes.after(seen), HEARTBEAT_SECONDS)
                yield "event: changed\ndata: {}\n\n"
            except TimeoutError:
                yield ": still here\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"cache-control": "no-store"})


async def _listed(desk: Desk) -> list[dict[str, Any]]:
    async with desk.transaction() as connection:
        query = select(cases).order_by(cases.c.id.desc()).limit(SHOWN)
        found = (await connection.execute(query)).mappings().all()
        clocks = await clocks_of(connection, [case["id"] for case in found])
    now = desk.settings.now()
    own = {case["id"]: [clock for clock in clocks if clock["case_id"] == case["id"]] for case in found}
    return [_shown(case, own[case["id"]], desk.profiles[case["jurisdiction"]], now) for case in found]


def _shown(case: RowMapping, clocks: Sequence[RowMapping], profile: Profile, now: datetime) -> dict[str, Any]:
    zone = ZoneInfo(profile.timezone)
    category, state = profile.categories.get(case["service_code"]), profile.workflow.states.get(case["state"])
    level = profile.levels.get(case["level"])
    return {
        "code": case["code"],
        "profile": profile.id,
        "category": category.label if category else case["service_code"],
        "level": level.label if level and not level.default else "",
        "agency": case["agency"],
        "stage": case["stage"],
        "state": case["state"],
        "state_label": state.label if state else case["state"],
        "open": case["is_open"],
        "confidential": case["confidential"],
        "description": case["description"],
        "address": case["address"],
        "lat": case["lat"],
        "long": case["long"],
        "media": case["media"],
        "channel": case["channel"],
        "name": case["person"].get("full_name", ""),
        "phone": case["person"].get("phone", ""),
        "looks_like": case["looks_like"],
        "result": case["result"],
        "rating": _rating(case["rating"], profile),
        "received": _readable(case["requested_at"], zone),
        "expected": _readable(case["expected_at"], zone),
        "expected_datetime": w3(case["expected_at"], zone),
        "clocks": [_clock(clock, zone, now) for clock in clocks],
        "plays": [_button(case, to) for to in ALLOWED[case["stage"]] if is_known(profile, PLAYS[to])],
        "reasons": [{"code": row.code, "text": row.text} for row in profile.refusals.values()],
        "proposed": _proposed(clocks, profile, now),
        "files": profile.media.result_proof_required or any(row.needs_attachment for row in profile.deadlines.values()),
    }


def _proposed(clocks: Sequence[RowMapping], profile: Profile, now: datetime) -> str:
    """The refusal that a limit proposes once it has run out; an officer decides."""
    late = [clock for clock in clocks if clock["stopped_at"] is None and clock["due_at"] and clock["due_at"] < now]
    found = (profile.refusals.get(clock["on_breach"].removeprefix("refusal_reason:")) for clock in late)
    return next((row.code for row in found if row), "")


def _button(case: RowMapping, to: str) -> dict[str, Any]:
    """`words`: the officer has to type something; a result that is recorded already need not be typed again."""
    recorded = to in WITH_RESULT and case["stage"] == RECORDED_STAGE
    return {"to": to, "label": PLAYS[to].label, "words": PLAYS[to].words and not recorded, "aside": PLAYS[to].aside}


def _rating(value: int | None, profile: Profile) -> str:
    row = profile.rating.scale.get(value) if value is not None else None
    return row.label if row else ""


def _clock(clock: RowMapping, zone: ZoneInfo, now: datetime) -> Mapping[str, Any]:
    late = clock["due_at"] is not None and clock["due_at"] < (clock["stopped_at"] or now)
    return {
        "rule": clock["rule"],
        "label": clock["label"],
        "src": clock["src"],
        "due": _readable(clock["due_at"], zone),
        "due_datetime": w3(clock["due_at"], zone),
        "running": clock["stopped_at"] is None,
        "late": late,
    }


def _readable(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).strftime(f"{DAY} %H:%M")
