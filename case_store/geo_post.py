"""GeoReport v2 over HTTP: new requests, and what citizens say about old ones."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from case_store import photos
from case_store.acts import Said, follow_up
from case_store.cases import accept
from case_store.desk import Desk, desk_of
from case_store.errors import bad, unknown
from case_store.geo import fmt_of
from case_store.intake import Posted, new_case, read_form
from case_store.tables import uploads
from case_store.wire import render, w3

MAX_BODY = 30 * 1024 * 1024
REPLAY_HEADER = "Idempotent-Replay"
NOTICE = "Đã tiếp nhận. Cơ quan xử lý sẽ trả lời trong thời hạn quy định."


async def create(request: Request) -> Response:
    """Take a new request. The same key is answered with the same code."""
    desk, fmt = desk_of(request), fmt_of(request)
    if desk.settings.faults.take("answer_500"):
        return render(fmt, "errors", [{"code": "500", "description": "Hệ thống tạm thời gián đoạn."}], status=500)
    posted = await _posted(request, desk)
    profile = desk.profile(posted.values.get("jurisdiction_id", ""))
    service = posted.values.get("service_code", "")
    if not service:
        raise bad("service_code", "Thiếu service_code.")
    if service not in profile.categories:
        raise unknown(f"service_code {service}")
    now = desk.settings.now()
    new = new_case(posted, profile, key=request.headers.get("idempotency-key", "").strip(), now=now)
    async with desk.transaction() as connection:
        batch = service in desk.settings.batch_services
        accepted = await accept(connection, profile, new, batch=batch, now=now)
    if not accepted.replayed:
        desk.changed()
    case, zone = accepted.case, ZoneInfo(profile.timezone)
    record = {"token": case["token"]} if case["token"] else {"service_request_id": case["code"]}
    record |= {
        "service_notice": NOTICE,
        "account_id": case["person"].get("account_id"),
        "agency_responsible": case["agency"] or None,
        "expected_datetime": w3(case["expected_at"], zone),
    }
    response = render(fmt, "service_requests", [record])
    if accepted.replayed:
        response.headers[REPLAY_HEADER] = "true"
    return await _faulty(desk, response)


async def create_update(request: Request) -> Response:
    desk, fmt = desk_of(request), fmt_of(request)
    if desk.settings.faults.take("answer_500"):
        return render(fmt, "errors", [{"code": "500", "description": "Hệ thống tạm thời gián đoạn."}], status=500)
    posted = await _posted(request, desk)
    desk.profile(posted.values.get("jurisdiction_id", ""))
    async with desk.transaction() as connection:
        said = _said(posted)
        number, known = await follow_up(connection, desk.profiles, said, now=desk.settings.now())
    if not known:
        desk.changed()
    response = render(fmt, "service_request_updates", [{"update_id": number}])
    if known:
        response.headers[REPLAY_HEADER] = "true"
    return await _faulty(desk, response)


def _said(posted: Posted) -> Said:
    missing = {"service_request_id", "update_id", "status", "updated_datetime", "description"} - posted.values.keys()
    if missing:
        raise bad(min(missing), f"Thiếu {', '.join(sorted(missing))}.")
    rating, at = posted.attribute("rating"), posted.values["updated_datetime"]
    if rating and not (rating.isascii() and rating.isdecimal() and len(rating) < 3):
        raise bad("attribute[rating]", "Mức đánh giá không hợp lệ.")
    try:
        when = datetime.fromisoformat(at)
    except ValueError:
        raise bad("updated_datetime", "updated_datetime không hợp lệ.") from None
    if when.tzinfo is None:
        raise bad("updated_datetime", "updated_datetime phải có múi giờ.")
    return Said(
        code=posted.values["service_request_id"],
        update_id=posted.values["update_id"],
        kind=posted.attribute("kind"),
        text=posted.values["description"],
        at=when,
        media=posted.media,
        rating=int(rating) if rating else None,
        label=posted.attribute("label"),
    )


async def _posted(request: Request, desk: Desk) -> Posted:
    """The form, once its sender has shown a key; files are kept and have become URLs.

    Some clients put key and jurisdiction into the query.
    """
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise bad("body", "Yêu cầu quá lớn.")
    try:
        form = await request.form(max_files=20, max_fields=500, max_part_size=1024 * 1024)
    except (MultiPartException, UnicodeDecodeError):
        raise bad("body", "Không đọc được biểu mẫu gửi lên.") from None
    try:
        pairs = [(name, item) for name, item in form.multi_items() if isinstance(item, str)]
        query = [(name, value) for name, value in request.query_params.multi_items() if name not in dict(pairs)]
        posted = read_form([*pairs, *query])
        desk.require_key(posted.values.get("api_key", ""))
        kept = [await _keep(desk, item) for _, item in form.multi_items() if isinstance(item, UploadFile)]
    finally:
        await form.close()
    return replace(posted, media=(*posted.media, *filter(None, kept)))


async def _keep(desk: Desk, upload: UploadFile) -> str:
    """Store a photo under its hash; its public address."""
    body = await upload.read(desk.settings.max_upload_bytes + 1)
    if not body:
        return ""
    if len(body) > desk.settings.max_upload_bytes:
        raise bad("media", "Ảnh quá lớn.")
    picture = await asyncio.to_thread(photos.cleaned, body)
    digest = hashlib.sha256(picture).hexdigest()
    row = {"sha256": digest, "mime": photos.MIME, "body": picture}
    async with desk.transaction() as connection:
        await connection.execute(postgresql.insert(uploads).values(row).on_conflict_do_nothing())
    return f"{desk.settings.base_url}/open311/v2/media/{digest}"


async def _faulty(desk: Desk, response: Response) -> Response:
    faults = desk.settings.faults
    if faults.take("hang_after_accept"):
        await asyncio.sleep(faults.hang_seconds)
    return Broken() if faults.take("drop_after_accept") else response


class Broken(Response):
    """An answer that stops in its middle: the server then breaks the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"[", "more_body": True})
