"""A Zalo that is one function, a vault and a blob store in memory."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.zalo import ZaloChannel, ZaloSettings
from core.model import Delivery
from core.ports import Answer, VaultDoor

NOW = datetime(2026, 10, 5, 2, 30, tzinfo=UTC)  # 09:30 in Vietnam
SAMPLES = Path(__file__).parent / "samples"


@dataclass
class Call:
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    @property
    def data(self) -> Any:
        return json.loads(parse_qs(urlsplit(self.url).query)["data"][0])


class FakeZalo:
    """The `Http` port. `script` maps a path to what it answers, one after the other; the last one stays."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.script: dict[str, list[Any]] = {}

    def on(self, path: str, *answers: Any) -> None:
        self.script[path] = list(answers)

    def asked(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return await self._answer(Call("POST", url, body, headers))

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        return await self._answer(Call("GET", url, b"", headers))

    async def _answer(self, call: Call) -> Answer:
        self.calls.append(call)
        answers = self.script[call.path]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer) and not isinstance(answer, type):
            answer = answer(call)
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Answer) else Answer(200, json.dumps(answer).encode())


class FakeVault:
    """Values under a lock that two fake processes can share."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self.values: dict[str, str] = dict(values or {})
        self.lock = asyncio.Lock()
        self.locks = 0

    async def read(self) -> Mapping[str, str]:
        return dict(self.values)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[VaultDoor]:
        self.locks += 1
        async with self.lock:
            yield FakeDoor(self)


class FakeDoor:
    def __init__(self, vault: FakeVault) -> None:
        self._vault = vault
        self.values: Mapping[str, str] = dict(vault.values)

    async def write(self, values: Mapping[str, str]) -> None:
        assert self._vault.lock.locked(), "a pair is only written under the lock"
        self._vault.values = dict(values)


@dataclass
class FakeBlobs:
    kept: dict[str, bytes] = field(default_factory=dict)

    async def put(self, body: bytes) -> str:
        key = hashlib.sha256(body).hexdigest()
        self.kept[key] = body
        return key

    async def get(self, key: str) -> bytes:
        return self.kept[key]


@pytest.fixture
def zalo() -> FakeZalo:
    fake = FakeZalo()
    fake.on("/v3.0/oa/message/cs", {"error": 0, "message": "Success", "data": {"message_id": "m1", "user_id": "7"}})
    return fake


@pytest.fixture
def vault() -> FakeVault:
    return FakeVault({"access_token": "A1", "refresh_token": "R1", "access_expires_at": "9999999999"})


@pytest.fixture
def empty_vault() -> FakeVault:
    return FakeVault()


@pytest.fixture
def blobs() -> FakeBlobs:
    return FakeBlobs()


@pytest.fixture
def make_channel(zalo: FakeZalo, vault: FakeVault, blobs: FakeBlobs) -> Callable[..., ZaloChannel]:
    def make(*, vault: FakeVault = vault, now: Callable[[], datetime] = lambda: NOW, **changes: Any) -> ZaloChannel:
        settings = {"account": "oa", "app_id": "360846524940903967", "app_secret": "app", "oa_secret": "oa"} | changes
        return ZaloChannel(ZaloSettings(**settings), http=zalo, vault=vault, blobs=blobs, now=now)

    return make


@pytest.fixture
def channel(make_channel: Callable[..., ZaloChannel]) -> ZaloChannel:
    return make_channel()


@pytest.fixture
def deliver() -> Callable[..., Delivery]:
    """A delivery of an event given as a dict, or of a sample given by name."""

    def make(event: Mapping[str, Any] | str | bytes, **headers: str) -> Delivery:
        if isinstance(event, str):
            body = (SAMPLES / f"{event}.json").read_bytes()
        else:
            body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Delivery(body=body, received_at=NOW, headers=named)

    return make
