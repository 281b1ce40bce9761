"""`zalo_sdk.oa.Client` as scripts know it: synchronous, the same names, its misspellings included and corrected.

    with Client(app_id, secret_key, access_token, refresh_token) as oa:
        oa.send_message(ZaloRecipient(user_id="…"), ZaloMessageBody(text="Xin chào"))

Unlike the original it renews on every code that means a dead token, reads `error` before the HTTP status, and takes any
`Vault`, so that a script and the gateway can share one token pair.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import httpx2

from channels.zalo import client
from channels.zalo.api import Api
from channels.zalo.messages import ZaloAction, ZaloMessageBody, ZaloRecipient
from channels.zalo.settings import OPENAPI, ZaloSettings
from channels.zalo.tokens import Tokens, authorization_url
from core.errors import Refused, TryAgain, Unknown
from core.ports import Answer, Vault

_TIMEOUT = httpx2.Timeout(20, connect=5)


class HttpxHttp:
    """The `Http` port on an httpx2 client."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return await self._ask("POST", url, body, headers)

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        answer = await self._ask("GET", url, b"", headers)
        if len(answer.body) > limit:
            raise Refused("câu trả lời quá lớn")
        return answer

    async def _ask(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            response = await self._client.request(method, url, content=body, headers=dict(headers))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise TryAgain(f"không kết nối được: {type(error).__name__}") from error
        except httpx2.HTTPError as error:
            raise Unknown(f"mất kết nối: {type(error).__name__}") from error
        return Answer(response.status_code, response.content, {k.lower(): v for k, v in response.headers.items()})


class MemoryVault:
    """A token pair for the life of one script."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: Mapping[str, str] = dict(values or {})
        self._lock = asyncio.Lock()

    async def read(self) -> Mapping[str, str]:
        return self.values

    async def write(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator["MemoryVault"]:
        async with self._lock:
            yield self


class Client:
    """A script's OA client. Every method of `channels.zalo.client.Client` exists here under its own name."""

    def __init__(
        self,
        app_id: str,
        secret_key: str,
        access_token: str = "",
        refresh_token: str = "",
        *,
        expire_at: int = 0,
        endpoint_prefix: str = OPENAPI,
        vault: Vault | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """`expire_at` is epoch seconds, 0 when unknown; any other `endpoint_prefix` than Zalo's replaces all hosts."""
        given = {"access_token": access_token, "refresh_token": refresh_token} if access_token or refresh_token else {}
        expires = {"access_expires_at": str(expire_at)} if expire_at else {}
        base = "" if endpoint_prefix == OPENAPI else endpoint_prefix
        self._settings = ZaloSettings(account="sdk", app_id=app_id, app_secret=secret_key, api_base=base)
        self._runner = asyncio.Runner()
        self._vault = vault or MemoryVault(given | expires)
        self._http = httpx2.AsyncClient(transport=transport, timeout=_TIMEOUT)
        port = HttpxHttp(self._http)
        self._tokens = Tokens(self._settings, http=port, vault=self._vault, now=_now)
        self._client = client.Client(Api(self._settings, http=port, tokens=self._tokens, now=_now))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._runner.run(self._http.aclose())
        self._runner.close()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._runner.run(method(*args, **kwargs))

        return call

    def create_request_body(
        self, recipient: ZaloRecipient, body: ZaloMessageBody | None = None, action: ZaloAction | None = None
    ) -> dict[str, Any]:
        return client.Client.create_request_body(recipient, body, action)

    # --- tokens -------------------------------------------------------------------------------------------------------

    @property
    def access_token(self) -> str:
        return self._kept().get("access_token", "")

    @property
    def refresh_token(self) -> str:
        return self._kept().get("refresh_token", "")

    def is_access_token_expired(self) -> bool:
        """False when Zalo never said when it ends."""
        ends = self._kept().get("access_expires_at", "")
        return bool(ends) and int(ends) <= _now().timestamp()

    def request_authorization_code_url(
        self, callback_url: str, code_challenge: str | None = None, state: str | None = None
    ) -> str:
        return authorization_url(
            self._settings.app_id,
            callback_url,
            challenge=code_challenge or "",
            state=state or "",
            base=self._settings.oauth(""),
        )

    def get_access_token_from_authorization_code(self, code: str, code_verifier: str = "") -> tuple[str, str, int]:
        """(access token, refresh token, end in epoch seconds)."""
        self._runner.run(self._tokens.exchange_code(code, code_verifier))
        return self._pair()

    def refresh_access_token(self) -> tuple[str, str, int]:
        """(access token, refresh token, end in epoch seconds)."""
        self._runner.run(self._tokens.renewed(failed=self.access_token))
        return self._pair()

    request_authoriation_code_url = request_authorization_code_url
    refresh_acccess_token = refresh_access_token
    isAccessTokenExpired = is_access_token_expired

    def _kept(self) -> Mapping[str, str]:
        return self._runner.run(self._vault.read())

    def _pair(self) -> tuple[str, str, int]:
        values = self._kept()
        return values["access_token"], values["refresh_token"], int(values.get("access_expires_at") or 0)


def _now() -> datetime:
    return datetime.now(UTC)
