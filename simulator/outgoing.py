"""Webhooks leave here: one shared connection pool, real timeouts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp


@dataclass(frozen=True, slots=True)
class Answered:
    """What the gateway said. `status` 0: nobody answered; `why` is then the reason."""

    status: int
    body: bytes = b""
    retry_after: float | None = None
    why: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Outgoing(Protocol):
    async def post(self, url: str, body: bytes, headers: Mapping[str, str], patience: float) -> Answered: ...

    async def close(self) -> None: ...


class HttpOutgoing:
    """Sends with aiohttp; the session is made on first use, inside the running loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], patience: float) -> Answered:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=256))
        try:
            limit = aiohttp.ClientTimeout(total=patience)
            async with self._session.post(url, data=body, headers=headers, timeout=limit, allow_redirects=False) as got:
                wait = got.headers.get("Retry-After", "")
                return Answered(got.status, await got.read(), float(wait) if wait.isdigit() else None)
        except TimeoutError:
            return Answered(0, why="Read timeout expired")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Answered(0, why=f"Connection failed: {type(error).__name__}")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
