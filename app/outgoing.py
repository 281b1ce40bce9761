"""The lean way out: `core.ports.Http` on aiohttp. Costs a tenth of a general client's CPU with many calls open."""

from collections.abc import Mapping

import aiohttp

from core.errors import Refused, TryAgain, Unknown
from core.ports import Answer

_TIMEOUT = aiohttp.ClientTimeout(total=35, connect=5, sock_connect=5)
_LARGEST_ANSWER = 8 * 1024 * 1024


class Outgoing:
    """Keeps connections open; follows no redirect and no proxy setting of the environment."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=300),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=True,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return await self._ask("POST", url, body, headers, _LARGEST_ANSWER)

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        return await self._ask("GET", url, None, headers, limit)

    async def _ask(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str], limit: int) -> Answer:
        if self._session is None:
            raise TryAgain("the way out is not open yet")
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                if (response.content_length or 0) > limit:
                    raise Refused("the answer is larger than allowed", code="too_large")
                read = await response.content.read(limit + 1) if response.content_length is None else b""
                if not read:
                    read = await response.read()
                while len(read) <= limit and not response.content.at_eof():
                    read += await response.content.read(limit + 1 - len(read))
                if len(read) > limit:
                    raise Refused("the answer is larger than allowed", code="too_large")
                return Answer(response.status, read, {k.lower(): v for k, v in response.headers.items()})
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL) as error:
            # Nothing left the house.
            raise TryAgain(f"no connection: {type(error).__name__}", code="connect") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unknown(f"no answer: {type(error).__name__}", code="no_answer") from None
