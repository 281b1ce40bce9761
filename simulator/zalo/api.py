"""Zalo's OpenAPI over HTTP: `{base}/zalo` followed by the real paths, OAuth included."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator import media
from simulator.config import ZaloConfig
from simulator.faults import Cut, Fault, FaultPlan, after, before
from simulator.world import Bubble, Json, Phone, StoredFile, World
from simulator.zalo import content
from simulator.zalo.account import OfficialAccount
from simulator.zalo.errors import ZaloError
from simulator.zalo.limits import Limits
from simulator.zalo.oauth import Consumed, OAuthError, Tokens

VIETNAM = timezone(timedelta(hours=7))
UPLOAD_LIFE = 7 * 86_400.0
PAGE = 10
MEGABYTE = 1024 * 1024
# upload path → endings, limit in bytes, key of the answer (zalo: uploads)
UPLOADS: Mapping[str, tuple[frozenset[str], int, str]] = {
    "image": (frozenset({"jpg", "jpeg", "png"}), MEGABYTE, "attachment_id"),
    "gif": (frozenset({"gif"}), 5 * MEGABYTE, "attachment_id"),
    "file": (frozenset({"pdf", "doc", "docx", "csv"}), 5 * MEGABYTE, "token"),
}
HISTORY_TYPES = {"image": "photo", "voice": "voice", "sticker": "sticker", "location": "location", "contact": "link"}

Handler = Callable[[Request], Awaitable[Any]]


class ZaloApi:
    """An ASGI app below `/zalo`."""

    def __init__(self, account: OfficialAccount, tokens: Tokens, faults: FaultPlan) -> None:
        self._account, self._tokens, self._faults = account, tokens, faults
        self._world: World = account.world
        self._config: ZaloConfig = account.config
        self.limits = Limits(account.config, account.world)
        self._routes: Mapping[tuple[str, str], Handler] = {
            ("POST", "/v3.0/oa/message/cs"): self._send,
            ("POST", "/v3.0/oa/message/transaction"): self._refused,
            ("POST", "/v3.0/oa/message/promotion"): self._refused,
            ("POST", "/v2.0/oa/message"): self._old_message,
            ("POST", "/v2.0/oa/upload/image"): self._upload,
            ("POST", "/v2.0/oa/upload/gif"): self._upload,
            ("POST", "/v2.0/oa/upload/file"): self._upload,
            ("GET", "/v2.0/oa/getoa"): self._getoa,
            ("GET", "/v3.0/oa/user/detail"): self._detail,
            ("GET", "/v3.0/oa/user/getlist"): self._getlist,
            ("GET", "/v2.0/oa/listrecentchat"): self._recent,
            ("GET", "/v2.0/oa/conversation"): self._conversation,
            ("POST", "/v2.0/oa/quota/message"): self._quota_v2,
            ("POST", "/v3.0/oa/quota/message"): self._quota_v3,
            ("POST", "/v2.0/oa/tag/tagfollower"): self._tag,
            ("POST", "/v2.0/oa/tag/rmfollowerfromtag"): self._untag,
            ("POST", "/v2.0/oa/tag/rmtag"): self._drop_tag,
            ("GET", "/v2.0/oa/tag/gettagsofoa"): self._tags,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        fault = self._faults.strike("zalo", "api", path)
        if fault and await before(fault, receive):
            await Cut()(scope, receive, send)
            return
        if fault and fault.action == "status":
            self._world.record("zalo", "call", path=path, status=fault.status, fault=fault.action)
            body = fault.body or "<html><head><title>502 Bad Gateway</title></head></html>"
            await Response(body, fault.status, media_type="text/html")(scope, receive, send)
            return
        answer = await self._answer(request, path, fault)
        if fault and await after(fault, receive):
            answer = Cut()
        await answer(scope, receive, send)

    async def _answer(self, request: Request, path: str, fault: Fault | None) -> ASGIApp:
        if path.startswith("/media/"):
            return self._file(path.split("/")[2])
        if path.startswith("/v4/oa/"):
            return await self._oauth(request, path)
        headers = {"X-RateLimit-Limit": str(self._config.requests_per_minute)}
        body: Json = {"error": 0, "message": "Success"}
        try:
            handler = self._routes.get((request.method, path))
            if handler is None:
                raise ZaloError(404)
            if fault and fault.action == "error":
                raise ZaloError(fault.error)
            self._tokens.check(request.headers)
            headers["X-RateLimit-Remain"] = str(self.limits.count_call())
            data = await handler(request)
            body = body if data is None else {"data": data, **body}
        except ZaloError as error:
            body = {"error": error.code, "message": str(error)}
        self._world.record("zalo", "call", path=path, error=body["error"], fault=fault.action if fault else "")
        return Response(msgspec.json.encode(body), media_type="application/json", headers=headers)

    # -- OAuth -------------------------------------------------------------------------------

    async def _oauth(self, request: Request, path: str) -> Response:
        try:
            if request.method == "GET" and path == "/v4/oa/permission":
                return self._consent(request)
            if request.method != "POST" or path != "/v4/oa/access_token":
                return _json({"error": 404, "message": "Empty or invalid API"})
            if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
                raise OAuthError(-14012)
            form = {key: values[0] for key, values in parse_qs((await request.body()).decode()).items()}
            body = self._tokens.grant(form, request.headers.get("secret_key", ""))
            self._world.record("zalo", "token", grant=form.get("grant_type"), error=0)
        except OAuthError as error:
            self._world.record("zalo", "token", error=error.body["error"])
            return _json(error.body)
        except Consumed:
            self._world.record("zalo", "token", error="consumed")
            return Response(b"", media_type="application/json")
        return _json(body)

    def _consent(self, request: Request) -> Response:
        query = request.query_params
        code = self._tokens.authorize(query.get("app_id", ""), query.get("code_challenge", ""))
        back = {"code": code, "oa_id": self._config.oa_id}
        if state := query.get("state"):
            back["state"] = state
        return RedirectResponse(f"{query.get('redirect_uri', '')}?{urlencode(back)}", 302)

    # -- messages ----------------------------------------------------------------------------

    async def _send(self, request: Request) -> Json:
        body = await _body(request)
        wanted = content.read(body.get("message"))
        file = self._uploaded(wanted) if wanted.upload and wanted.kind != "sticker" else None
        if wanted.quote and self._whose(wanted.quote) is None:
            raise ZaloError(-201, "quote_message_id")
        phone, quota = self.limits.recipient(body.get("recipient"))
        bubble = self._account.deliver(phone, wanted, file)
        data: Json = {
            "message_id": bubble.platform_id,
            "user_id": phone.user_id,
            "sent_time": str(round(bubble.at * 1000)),
        }
        return data | ({"quota": quota} if quota else {})

    async def _refused(self, request: Request) -> None:
        """Transaction and promotion messages ended on 2026-03-01."""
        raise ZaloError(-240)

    async def _old_message(self, request: Request) -> Json:
        """Only reactions are left of the version 2 message call."""
        body = await _body(request)
        action = body.get("sender_action")
        if not isinstance(action, dict):
            raise ZaloError(-240)
        found = self._whose(str(action.get("react_message_id")))
        if found is None or not action.get("react_icon"):
            raise ZaloError(-201, "react_message_id")
        phone, bubble = found
        if action["react_icon"] == "/-remove":
            bubble.reactions.clear()
        else:
            bubble.reactions.append(str(action["react_icon"]))
        self._world.bubble_changed(phone, bubble)
        return {"message_id": bubble.platform_id, "user_id": phone.user_id}

    def _whose(self, message_id: str) -> tuple[Phone, Bubble] | None:
        phone = self._world.owner("zalo", message_id)
        bubble = phone.find(message_id) if phone else None
        return (phone, bubble) if phone and bubble else None

    # -- uploads -----------------------------------------------------------------------------

    async def _upload(self, request: Request) -> Json:
        endings, limit, key = UPLOADS[request.url.path.rsplit("/", 1)[1]]
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            raise ZaloError(-201, "file")
        async with request.form() as form:
            upload = form.get("file")
            if upload is None or isinstance(upload, str):
                raise ZaloError(-201, "file")
            name, data = upload.filename or "", await upload.read()
        ending = media.recognise(data)[1]
        named = name.rpartition(".")[2].lower()
        pictures = endings & {"jpg", "gif"}
        if named not in endings or (pictures and ending not in endings):
            raise ZaloError(-201, "file (only support png and jpeg)" if "png" in endings else "file")
        if len(data) > limit:
            raise ZaloError(-210, "file size")
        file = media.keep(self._world, data, re.sub(r"[^\w.\-]", "_", name))
        self._world.remember(f"zalo.upload.{file.id}", self._world.clock.now() + UPLOAD_LIFE)
        return {key: file.id}

    def _uploaded(self, wanted: content.Content) -> StoredFile:
        until = self._world.state.get(f"zalo.upload.{wanted.upload}")
        if until is None:
            raise ZaloError(-201, wanted.upload_field)
        if self._world.clock.now() >= until:
            raise ZaloError(-100)
        return self._world.files[wanted.upload]

    def _file(self, file_id: str) -> Response:
        file = self._world.files.get(file_id)
        if file is None:
            return Response(status_code=404)
        return Response(file.content, media_type=file.mime)

    # -- people, history, quotas ---------------------------------------------------------------

    async def _getoa(self, request: Request) -> Json:
        followers = sum(phone.platform == "zalo" and phone.following for phone in self._world.phones.values())
        return {
            "oa_id": self._config.oa_id,
            "name": self._config.name,
            "description": "",
            "oa_alias": "",
            "is_verified": True,
            "oa_type": 4,
            "cate_name": "Cơ quan nhà nước",
            "num_follower": followers,
            "avatar": "",
            "cover": "",
            "package_name": "Nâng cao",
        }

    async def _detail(self, request: Request) -> Json:
        phone = self._phone(_data(request))
        seen = phone.last_interaction
        return {
            "user_id": phone.user_id,
            "user_id_by_app": str(int(phone.user_id) // 3),
            "user_external_id": "",
            "display_name": phone.name,
            "user_alias": phone.name,
            "is_sensitive": False,
            "user_is_follower": phone.following,
            "user_last_interaction_date": datetime.fromtimestamp(seen, VIETNAM).strftime("%d/%m/%Y") if seen else "",
            "avatar": "",
            "avatars": {"120": "", "240": ""},
            "dynamic_param": "",
            "tags_and_notes_info": {"notes": [], "tag_names": phone.tags},
            "shared_info": phone.shared_info,
        }

    async def _getlist(self, request: Request) -> Json:
        wanted = _data(request)
        offset, count = _number(wanted, "offset", 0, 9951), _number(wanted, "count", 50, 50)
        people = [phone for phone in self._world.phones.values() if phone.platform == "zalo"]
        if "is_follower" in wanted:
            people = [p for p in people if p.following == (str(wanted["is_follower"]).lower() == "true")]
        if tag := wanted.get("tag_name"):
            people = [p for p in people if tag in p.tags]
        users = [{"user_id": phone.user_id} for phone in people[offset : offset + count]]
        return {"total": len(people), "count": count, "offset": offset, "users": users}

    async def _recent(self, request: Request) -> list[Json]:
        pairs = [(p, b) for p in self._world.phones.values() if p.platform == "zalo" for b in p.bubbles[-1:]]
        pairs.sort(key=lambda pair: pair[1].seq, reverse=True)
        return self._page(request, pairs)

    async def _conversation(self, request: Request) -> list[Json]:
        phone = self._phone(_data(request))
        return self._page(request, [(phone, bubble) for bubble in reversed(phone.bubbles)])

    def _page(self, request: Request, pairs: list[tuple[Phone, Bubble]]) -> list[Json]:
        wanted = _data(request)
        offset, count = _number(wanted, "offset", 0, 10_000_000), _number(wanted, "count", PAGE, PAGE)
        return [self._history(phone, bubble) for phone, bubble in pairs[offset : offset + count]]

    def _history(self, phone: Phone, bubble: Bubble) -> Json:
        person = {"id": phone.user_id, "name": phone.name}
        oa = {"id": self._config.oa_id, "name": self._config.name}
        theirs = bubble.sender == "citizen"
        sender, recipient = (person, oa) if theirs else (oa, person)
        item: Json = {
            "src": 1 if theirs else 0,
            "time": round(bubble.at * 1000),
            "type": HISTORY_TYPES.get(bubble.kind, "text"),
            "message": bubble.text,
            "message_id": bubble.platform_id,
            "from_id": sender["id"],
            "to_id": recipient["id"],
            "from_display_name": sender["name"],
            "to_display_name": recipient["name"],
            "from_avatar": "",
            "to_avatar": "",
        }
        if bubble.media:
            item |= {"url": bubble.media["url"], "thumb": bubble.media["url"]}
        if bubble.place:
            item["location"] = {key: str(bubble.place[key]) for key in ("latitude", "longitude")}
        return item

    async def _quota_v2(self, request: Request) -> Json:
        wanted = await _body(request, empty=True)
        if message_id := wanted.get("message_id"):
            return self.limits.reply_quota(str(message_id))
        return {"type": "active", "remain": 2000, "total": 2000}

    async def _quota_v3(self, request: Request) -> Any:
        wanted = await _body(request)
        if "quota_owner" in wanted:
            quota = {"asset_id": "sim", "product_type": "cs", "quota_type": "sub_quota", "valid_through": "31/12/2026"}
            return [quota | {"total": 2000, "remain": 2000}]
        phone = self._phone(wanted)
        cap = self._config.reply_cap or 8
        left = cap - phone.replies_since if self._config.reply_cap else cap
        return {
            "last_interaction": str(round((phone.last_interaction or 0) * 1000)),
            "cs_reply": {"remain": max(left, 0), "total": cap},
            "promotion": {"daily_remain": 0, "daily_total": 1, "monthly_remain": 4, "monthly_total": 6},
        }

    async def _tag(self, request: Request) -> None:
        wanted = await _body(request)
        phone, name = self._phone(wanted), str(wanted.get("tag_name") or "")
        if not name:
            raise ZaloError(-201, "tag_name")
        if name not in phone.tags:
            phone.tags.append(name)
        self._world.save_phone(phone)

    async def _untag(self, request: Request) -> None:
        wanted = await _body(request)
        phone = self._phone(wanted)
        phone.tags = [tag for tag in phone.tags if tag != wanted.get("tag_name")]
        self._world.save_phone(phone)

    async def _drop_tag(self, request: Request) -> None:
        name = (await _body(request)).get("tag_name")
        for phone in self._world.phones.values():
            phone.tags = [tag for tag in phone.tags if tag != name]

    async def _tags(self, request: Request) -> list[str]:
        return sorted({tag for phone in self._world.phones.values() for tag in phone.tags})

    def _phone(self, wanted: Json) -> Phone:
        phone = self._world.person("zalo", str(wanted.get("user_id") or ""))
        if phone is None:
            raise ZaloError(-201, "user_id")
        return phone


async def _body(request: Request, *, empty: bool = False) -> Json:
    raw = await request.body()
    if empty and not raw:
        return {}
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise ZaloError(-201, "body") from None
    if not isinstance(body, dict):
        raise ZaloError(-201, "body")
    return body


def _data(request: Request) -> Json:
    """The one query parameter `data`, a JSON object."""
    try:
        data = msgspec.json.decode(request.query_params.get("data", "{}"))
    except msgspec.DecodeError:
        raise ZaloError(-201, "data") from None
    if not isinstance(data, dict):
        raise ZaloError(-201, "data")
    return data


def _number(data: Json, name: str, default: int, top: int) -> int:
    value = data.get(name, default)
    if not str(value).isdigit():
        raise ZaloError(-201, name)
    if int(value) > top:
        raise ZaloError(-210, name)
    return int(value)


def _json(body: Any) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
