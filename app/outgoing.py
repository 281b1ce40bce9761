"""The lean way out: `core.ports.Http` on pyreqwest, a quarter of aiohttp's CPU a call with fifty calls open."""

from collections.abc import Mapping
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError, PyreqwestError
from pyreqwest.request import ConsumedRequest

from core.errors import Refused, TryAgain, Unknown
from core.ports import Answer

_CONNECT = timedelta(seconds=5)
_WHOLE_CALL = timedelta(seconds=35)


class Outgoing:
    """Keeps connections open; follows no redirect and no proxy setting of the environment."""

    def __init__(self) -> None:
        self._client: Client | None = None

    async def open(self) -> None:
        self._client = (
            ClientBuilder().no_proxy().follow_redirects(False).connect_timeout(_CONNECT).timeout(_WHOLE_CALL).build()
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            request = self._open_client().post(url).headers(dict(headers)).body_bytes(body).build()
        except ValueError:
            raise Refused("not an address", code="address") from None
        return await self._send(request)

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        try:
            request = self._open_client().get(url).headers(dict(headers)).build_streamed()
        except ValueError:
            raise Refused("not an address", code="address") from None
        try:
            async with request as response:
                parts: list[bytes] = []
                size = 0
                while (chunk := await response.body_reader.read_chunk()) is not None:
                    size += len(chunk)
                    if size > limit:
                        raise Refused("the answer is larger than allowed", code="too_large")
                    parts.append(bytes(chunk))
                return Answer(response.status, b"".join(parts), _lower(response.headers))
        except PyreqwestError as error:
            raise _failure(error) from None

    def _open_client(self) -> Client:
        if self._client is None:
            raise TryAgain("the way out is not open yet", code="connect")
        return self._client

    @staticmethod
    async def _send(request: ConsumedRequest) -> Answer:
        try:
            response = await request.send()
            body = bytes(await response.bytes())
        except PyreqwestError as error:
            raise _failure(error) from None
        return Answer(response.status, body, _lower(response.headers))


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _failure(error: PyreqwestError) -> TryAgain | Unknown:
    """What a call without an answer means: nothing left the house, or it may have arrived."""
    if isinstance(error, ConnectTimeoutError) or _never_connected(error):
        return TryAgain("no connection", code="connect")
    return Unknown(f"no answer: {type(error).__name__}", code="no_answer")


def _never_connected(error: PyreqwestError) -> bool:
    # The class does not tell: a server that hangs up after it has read the request is a ConnectError too.
    causes = (error.details or {}).get("causes") or [] if isinstance(error, ConnectError) else []
    return any(cause["message"] == "client error (Connect)" for cause in causes)
