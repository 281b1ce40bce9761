"""Stand-ins for what a channel is given: a network that is a function, a vault and blobs in memory, a clock."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from core.errors import Refused
from core.ports import Answer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def now() -> datetime:
    return NOW


@dataclass(frozen=True)
class Call:
    """One request that left a channel. Header names are lower case."""

    method: str
    url: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(status: int, body: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is text, bytes, or anything JSON can hold."""
    match body:
        case bytes():
            raw = body
        case str():
            raw = body.encode()
        case _:
            raw = json.dumps(body).encode()
    return Answer(status=status, body=raw, headers=headers or {})


class FakeHttp:
    """The `Http` port whose network is `responder`: it returns an `Answer` or an exception to raise."""

    def __init__(self, responder: Callable[[Call], Answer | Exception]) -> None:
        self.responder = responder
        self.calls: list[Call] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self._respond(Call("POST", url, body, headers))

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        found = self._respond(Call("GET", url, b"", headers))
        if len(found.body) > limit:
            raise Refused("body longer than the limit")
        return found

    def _respond(self, call: Call) -> Answer:
        self.calls.append(call)
        found = self.responder(call)
        if isinstance(found, Exception):
            raise found
        return found


class FakeVaultDoor:
    def __init__(self, vault: "FakeVault") -> None:
        self._vault = vault
        self.values: Mapping[str, str] = dict(vault.values)

    async def write(self, values: Mapping[str, str]) -> None:
        self._vault.values = dict(values)
        self.values = dict(values)


class FakeVault:
    """A `Vault` in memory. Two channels that share it stand for two processes."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: Mapping[str, str] = dict(values or {})
        self._lock = asyncio.Lock()

    async def read(self) -> Mapping[str, str]:
        return dict(self.values)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[FakeVaultDoor]:
        async with self._lock:
            yield FakeVaultDoor(self)


class MemoryBlobs:
    """`Blobs` in memory."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    async def put(self, body: bytes) -> str:
        key = hashlib.sha256(body).hexdigest()
        self.bodies[key] = body
        return key

    async def get(self, key: str) -> bytes:
        return self.bodies[key]
