"""Authorised calls to the Graph API: one place that builds addresses, heeds the allowance and reads answers."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from channels.facebook import codes
from channels.facebook.settings import FacebookSettings
from channels.facebook.signature import appsecret_proof
from channels.facebook.usage import Meter
from core.errors import TryAgain, Unknown
from core.ports import Answer, Http

T = TypeVar("T")
_ANSWER_LIMIT = 4 * 1024 * 1024


class Graph:
    """One Page's door to the Graph. Everything raises one of the five `SendError`s.

    The token travels in a header, never in an address; its proof travels in the address and is worthless without it.
    """

    def __init__(
        self,
        settings: FacebookSettings,
        *,
        http: Http,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._settings, self._http, self._now, self._sleep = settings, http, now, sleep
        self._secret = settings.app_secret.get_secret_value()
        self._page = _Key(settings.page_token.get_secret_value(), self._secret)
        self._app = _Key(f"{settings.app_id}|{self._secret}", self._secret)
        self.meter = Meter()

    async def post(self, path: str, body: Mapping[str, Any]) -> bytes:
        """One try; a lost answer stays `Unknown`."""
        return await self._post(path, msgspec.json.encode(body), "application/json")

    async def upload(self, path: str, body: bytes, content_type: str) -> bytes:
        """For what may be done twice without harm: a lost answer is `TryAgain`."""
        try:
            return await self._post(path, body, content_type)
        except Unknown as lost:
            raise TryAgain(lost.reason, code=lost.code) from lost

    async def get(self, path: str, shape: type[T], *, as_app: bool = False, **query: str) -> T:
        """A reading as `shape`. `as_app` asks with the app's own token instead of the Page's."""
        key = self._app if as_app else self._page
        url = f"{self._settings.url(path)}?{urlencode({**query, 'appsecret_proof': key.proof})}"
        await self._wait()
        try:
            return decode(await self._call(self._http.get(url, key.headers, limit=_ANSWER_LIMIT)), shape)
        except Unknown as lost:
            raise TryAgain(lost.reason, code=lost.code) from lost

    async def _post(self, path: str, body: bytes, content_type: str) -> bytes:
        url = f"{self._settings.url(path)}?appsecret_proof={self._page.proof}"
        await self._wait()
        return await self._call(self._http.post(url, body, {**self._page.headers, "content-type": content_type}))

    async def _wait(self) -> None:
        if wait := self.meter.pause(self._now()):
            await self._sleep(wait)

    async def _call(self, coming: Awaitable[Answer]) -> bytes:
        answer = await coming
        self.meter.saw(answer.headers, self._now())
        try:
            return codes.read(answer)
        except TryAgain as error:
            # Meta's own time to wait is in a header, not in the error.
            self._prefer_regain_time(error)
            raise

    def _prefer_regain_time(self, error: TryAgain) -> None:
        try:
            self.meter.pause(self._now())
        except TryAgain as closed:
            error.after = closed.after


class _Key:
    __slots__ = ("headers", "proof")

    def __init__(self, token: str, secret: str) -> None:
        self.headers = {"authorization": f"Bearer {token}"}
        self.proof = appsecret_proof(token, secret)


def decode(body: bytes, shape: type[T]) -> T:
    """A result as `shape`; raises `Unknown` when it is something else."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (ValueError, RecursionError):
        raise Unknown("Facebook trả lời khác với tài liệu; tin có thể đã đến") from None
