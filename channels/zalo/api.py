"""Authorised calls to Zalo: token in its header, one repetition with a fresh token, one place that reads answers."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from channels.zalo.codes import TOKEN_DEAD, Family, read_reply, result_of
from channels.zalo.settings import ZaloSettings
from channels.zalo.tokens import Tokens, appsecret_proof
from core.errors import TryAgain, Unknown
from core.ports import Answer, Http

_JSON = "application/json"
_ANSWER_LIMIT = 4 * 1024 * 1024


class Api:
    """One OA's door to openapi and business hosts. All methods return Zalo's `data` or raise a `SendError`."""

    def __init__(self, settings: ZaloSettings, *, http: Http, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self._settings, self._http, self._tokens, self._now = settings, http, tokens, now
        self.calls_left: int | None = None
        """What the last answer's X-RateLimit-Remain said."""

    async def post(self, path: str, body: Mapping[str, Any] | None = None, *, family: Family = Family.OA) -> Any:
        url, content = self._url(path, family), msgspec.json.encode(body) if body is not None else b""
        return await self._call(lambda head: self._http.post(url, content, {**head, "content-type": _JSON}), family)

    async def get(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """OA endpoints take one query parameter `data` that holds a JSON object."""
        query = "" if data is None else "?data=" + quote(msgspec.json.encode(data), safe="")
        return await self._read(self._settings.openapi(path) + query, Family.OA)

    async def get_business(self, path: str, params: Mapping[str, str | int]) -> Any:
        """The business host takes ordinary query parameters."""
        query = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in params.items())
        return await self._read(self._settings.business(path) + (f"?{query}" if query else ""), Family.ZBS)

    async def upload(self, path: str, content: bytes, *, name: str, mime: str) -> Any:
        """Multipart with one part named `file`. Repeating an upload harms nobody, so it never ends unknown."""
        boundary = secrets.token_hex(16)
        safe = name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{safe}"\r\n'
        body = f"{head}Content-Type: {mime}\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
        kind = {"content-type": f"multipart/form-data; boundary={boundary}"}
        url = self._settings.openapi(path)
        try:
            return await self._call(lambda headers: self._http.post(url, body, {**headers, **kind}), Family.OA)
        except Unknown as lost:
            raise TryAgain(lost.reason, code=lost.code) from lost

    async def _read(self, url: str, family: Family) -> Any:
        try:
            return await self._call(lambda headers: self._http.get(url, headers, limit=_ANSWER_LIMIT), family)
        except Unknown as lost:  # Reading twice is harmless.
            raise TryAgain(lost.reason, code=lost.code) from lost

    async def _call(self, attempt: Callable[[dict[str, str]], Awaitable[Answer]], family: Family) -> Any:
        token = await self._tokens.current()
        reply = read_reply(await self._counted(attempt(self._headers(token))))
        if reply.code in TOKEN_DEAD[family]:
            token = await self._tokens.renewed(failed=token)
            reply = read_reply(await self._counted(attempt(self._headers(token))))
        return result_of(reply, family, self._now())

    async def _counted(self, coming: Awaitable[Answer]) -> Answer:
        answer = await coming
        left = answer.headers.get("x-ratelimit-remain", "")
        self.calls_left = int(left) if left.isascii() and left.isdecimal() else self.calls_left
        return answer

    def _headers(self, token: str) -> dict[str, str]:
        headers = {"access_token": token}
        if self._settings.appsecret_proof:
            headers["appsecret_proof"] = appsecret_proof(token, self._settings.app_secret)
        return headers

    def _url(self, path: str, family: Family) -> str:
        by_user_id = path.startswith("/v3.0/")
        return self._settings.openapi(path) if family is Family.OA or by_user_id else self._settings.business(path)
