"""GeoReport v2 over HTTP: reading. open311: the standard, and the extensions that many servers share."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import RowMapping, select
from starlette.requests import Request
from starlette.responses import Response

from case_store import catalogue
from case_store.cases import Filter, by_code, by_token, search
from case_store.desk import desk_of
from case_store.errors import Rejected, bad, unknown
from case_store.flow import promise
from case_store.news import feed
from case_store.public import EVERYTHING, View, is_hidden, masked, view_of
from case_store.tables import uploads
from case_store.wire import render, w3
from regulations.model import Profile

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-01T00:00:00+07:00"
WINDOW = timedelta(days=90)
PAGE = 1000


def parameter(request: Request, name: str) -> str:
    return request.query_params.get(name, "").strip()


def asked_profile(request: Request) -> Profile:
    return desk_of(request).profile(parameter(request, "jurisdiction_id"))


def fmt_of(request: Request) -> str:
    fmt = str(request.path_params.get("fmt", "json")).lower()
    if fmt not in ("json", "xml"):
        raise unknown("định dạng này, chỉ có json và xml")
    return fmt


async def discovery(request: Request) -> Response:
    settings = desk_of(request).settings
    document = {
        "changeset": CHANGESET,
        "contact": settings.contact,
        "key_service": settings.contact,
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": f"{settings.base_url}/open311/v2",
                "changeset": CHANGESET,
                "type": "production" if settings.production else "test",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }
    return render(fmt_of(request), "discovery", document)


async def services(request: Request) -> Response:
    profile, settings = asked_profile(request), desk_of(request).settings
    return render(fmt_of(request), "services", catalogue.services(profile, settings.batch_services))


async def definition(request: Request) -> Response:
    profile, code = asked_profile(request), request.path_params["code"]
    if code not in profile.categories:
        raise unknown(f"service_code {code}")
    return render(fmt_of(request), "service_definition", catalogue.definition(profile, code))


async def token(request: Request) -> Response:
    desk, profile, name = desk_of(request), asked_profile(request), request.path_params["token"]
    async with desk.transaction() as connection:
        case = await by_token(connection, name)
    if case is None or case["jurisdiction"] != profile.id:
        raise unknown(f"token {name}")
    ready = case["accepted_at"] + timedelta(seconds=desk.settings.token_seconds) <= desk.settings.now()
    record = {"token": name} | ({"service_request_id": case["code"]} if ready else {})
    return render(fmt_of(request), "service_requests", [record])


async def requests(request: Request) -> Response:
    desk, profile = desk_of(request), asked_profile(request)
    wanted = _filter(request, profile, desk.settings.now())
    async with desk.transaction() as connection:
        found = await search(connection, wanted)
    records = _records(request, profile, found, named=bool(wanted.codes))
    return render(fmt_of(request), "service_requests", records)


async def one_request(request: Request) -> Response:
    desk, profile, code = desk_of(request), asked_profile(request), request.path_params["code"]
    async with desk.transaction() as connection:
        case = await by_code(connection, code)
    if case is None or case["jurisdiction"] != profile.id:
        raise unknown(f"hồ sơ {code}")
    records = _records(request, profile, [case], named=True)
    if not records:
        raise unknown(f"hồ sơ {code}")
    return render(fmt_of(request), "service_requests", records)


async def updates_feed(request: Request) -> Response:
    desk, profile, now = desk_of(request), asked_profile(request), desk_of(request).settings.now()
    zone = ZoneInfo(profile.timezone)
    until = instant(request, "end_date", zone) or now
    since = instant(request, "start_date", zone) or until - timedelta(hours=2)
    key = parameter(request, "api_key")
    if key:
        desk.require_key(key)
    async with desk.transaction() as connection:
        news = await feed(connection, profile, since, until, trusted=bool(key), limit=PAGE)
    return render(fmt_of(request), "service_request_updates", news)


async def media(request: Request) -> Response:
    """A photo that came inside a request."""
    async with desk_of(request).transaction() as connection:
        query = select(uploads).where(uploads.c.sha256 == request.path_params["sha256"])
        found = (await connection.execute(query)).mappings().one_or_none()
    if found is None:
        raise unknown("ảnh này")
    headers = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
    return Response(found["body"], media_type=found["mime"], headers=headers)


def instant(request: Request, name: str, zone: ZoneInfo) -> datetime | None:
    """A W3C date-time of the query; without a zone it is meant locally. Raises `Rejected`."""
    text = parameter(request, name)
    if not text:
        return None
    try:
        # An unescaped plus sign of an offset arrives as a blank.
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        raise bad(name, f"{name} không phải là thời điểm hợp lệ theo ISO 8601.") from None
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _list(request: Request, name: str) -> tuple[str, ...]:
    return tuple(filter(None, (item.strip() for item in parameter(request, name).split(","))))


def _filter(request: Request, profile: Profile, now: datetime) -> Filter:
    zone = ZoneInfo(profile.timezone)
    since, until = instant(request, "start_date", zone), instant(request, "end_date", zone)
    codes = _list(request, "service_request_id")
    if since and until and until - since > WINDOW and not codes:
        raise bad("start_date", "Khoảng thời gian dài quá 90 ngày.")
    size = _number(request, "page_size", PAGE)
    if since is None:
        since = (until or now) - WINDOW
    return Filter(
        jurisdiction=profile.id,
        codes=[code.upper() for code in codes],
        services=_list(request, "service_code"),
        statuses=_list(request, "status"),
        since=since,
        until=until or (since + WINDOW),
        updated_after=instant(request, "updated_after", zone),
        updated_before=instant(request, "updated_before", zone),
        limit=size,
        offset=(_number(request, "page", 10_000_000) - 1) * size if parameter(request, "page") else 0,
    )


def _number(request: Request, name: str, most: int) -> int:
    text = parameter(request, name)
    if text and not (text.isascii() and text.isdecimal() and len(text) < 9 and int(text) > 0):
        raise bad(name, f"{name} phải là số nguyên dương.")
    return min(int(text), most) if text else most


# --- one case as a record ---------------------------------------------------------------------------------------------


def _records(request: Request, profile: Profile, found: Sequence[RowMapping], *, named: bool) -> list[dict[str, Any]]:
    """`named`: the caller knows the codes, so that confidential cases show their bare state."""
    desk = desk_of(request)
    staff = desk.is_staff(request)
    trusted = desk.has_key(parameter(request, "api_key"))
    views = {case["id"]: EVERYTHING if staff else view_of(case, profile) for case in found}
    # A sender with a key looks for its own requests, also for hidden ones; their contents stay hidden.
    shown = [case for case in found if trusted or views[case["id"]].listed or (named and not is_hidden(case))]
    extended = parameter(request, "extensions").lower() == "true"
    records = []
    for case in shown:
        record = record_of(case, profile, views[case["id"]])
        if extended:
            record |= _extension(case, profile, views[case["id"]], trusted=trusted or staff)
        records.append(record)
    return records


def record_of(case: RowMapping, profile: Profile, view: View) -> dict[str, Any]:
    """The 17 fields of the standard; all are always there."""
    zone = ZoneInfo(profile.timezone)
    category = profile.categories.get(case["service_code"])
    description = case["description"] if view.personal else masked(case["description"])
    state = profile.workflow.states.get(case["state"])
    media = case["media"] if view.media else []
    return {
        "service_request_id": case["code"],
        "status": "open" if case["is_open"] else "closed",
        "status_notes": (case["result"] if view.result else "") or (state.label if state else None),
        "service_name": category.label if category else case["service_code"],
        "service_code": case["service_code"],
        "description": description if view.description else None,
        "agency_responsible": case["agency"] or None,
        "service_notice": None,
        "requested_datetime": w3(case["requested_at"], zone),
        "updated_datetime": w3(case["updated_at"], zone),
        "expected_datetime": w3(case["expected_at"], zone),
        "address": (case["address"] or None) if view.location else None,
        "address_id": (case["address_id"] or None) if view.location else None,
        "zipcode": None,
        "lat": case["lat"] if view.location else None,
        "long": case["long"] if view.location else None,
        "media_url": media[0] if media else None,
    }


def _extension(case: RowMapping, profile: Profile, view: View, *, trusted: bool) -> dict[str, Any]:
    happened = {event: datetime.fromisoformat(at) for event, at in case["happened"].items()}
    rests_on = promise(profile, happened, case["report_type"], case["level"])
    codes = tuple(case["attributes"]) if view.personal else _OPEN_ATTRIBUTES + (_OWN_KEY if trusted else ())
    extension: dict[str, Any] = {
        "extended_attributes": {
            "detailed_status": case["state"],
            "rule": f"{profile.regulation.number}, {rests_on.src}" if rests_on else None,
            "photos": list(case["media"]) if view.media else [],
        },
        "attributes": [
            {"label": code, "name": code, "code": code, "value": ", ".join(case["attributes"][code])}
            for code in codes
            if code in case["attributes"]
        ],
        "notes": [],
    }
    return extension | (_person(case["person"]) if view.personal else {})


_OPEN_ATTRIBUTES = ("report_type", "level")
_OWN_KEY = ("client_request_id",)
"""What a sender looks for to learn whether we have taken its request."""


def _person(person: Mapping[str, str]) -> dict[str, Any]:
    return {"contact": dict(person)}


def render_rejected(fmt: str, error: Rejected) -> Response:
    listed = [{"code": problem.code, "description": problem.description} for problem in error.problems]
    return render(fmt, "errors", listed, status=error.status)
