"""A gateway inside the test's own process, with a channel and a store that do as they are told."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore, StoreSettings
from core.capabilities import Capabilities, Limit, Unit
from core.errors import DeliveryUnreadable, TryAgain
from core.events import InboundMessage, PlatformEvent
from core.model import Delivery, Media, MediaRef, OutboundMessage, Peer, Receipt
from core.ports import Answer
from pipeline.account import Account, Accounts
from pipeline.gateway import Gateway, Roles
from pipeline.lanes import Pause
from regulations import loader
from storage.blobs import FolderBlobs
from storage.migrate import migrate
from storage.seal import Seal


@dataclass
class Platform:
    """One account. A delivery is JSON with `user`, `id`, `text`; `trouble` is raised by the next sends, in turn."""

    name: str = "fake"
    account: str = "a"
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(text=Limit(4000, Unit.CODE_POINTS)))
    sent: list[tuple[str, str]] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def verify(self, delivery: Delivery) -> None:
        return

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        try:
            told = json.loads(delivery.body)
        except ValueError as error:
            raise DeliveryUnreadable("no JSON") from error
        peer = Peer(channel=self.name, account=self.account, user=told["user"])
        return [InboundMessage(peer=peer, external_id=told["id"], sent_at=delivery.received_at, text=told["text"])]

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        self.begun.append(message.key)
        await self.gate.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append((peer.user, message.text))
        return Receipt(external_id=f"r{len(self.sent)}")

    async def fetch(self, media: MediaRef) -> Media:
        raise TryAgain("no files here")


class NoHttp:
    """A store that is away."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        raise TryAgain("away", code="connect")

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        raise TryAgain("away", code="connect")


async def no_pause(over: asyncio.Event, seconds: float) -> None:
    """Nobody waits for a citizen to say more."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class House:
    gateway: Gateway
    platform: Platform
    url: str
    folder: Path
    seal: Seal

    async def hear(self, user: str, text: str, *, key: str = "") -> None:
        """A delivery; returns when it would be answered with 200."""
        body = json.dumps({"user": user, "id": key or f"{time.monotonic_ns()}", "text": text}).encode()
        account = self.gateway.accounts.get("fake", "a")
        assert account is not None
        await self.gateway.reception.take(account, Delivery(body=body, received_at=utc_now()))

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with self.gateway.pool.connection() as connection:
            return await (await connection.execute(query.encode(), values)).fetchall()

    async def wait_for(self, query: str, *values: Any, seconds: float = 15) -> list[tuple[Any, ...]]:
        end = time.monotonic() + seconds
        while not (found := await self.rows(query, *values)):
            assert time.monotonic() < end, f"nothing came of {query}"
            await asyncio.sleep(0.01)
        return found

    async def conversation(self, user: str) -> int:
        index = self.seal.index(str(Peer(channel="fake", account="a", user=user)))
        return int((await self.rows("select id from conversations where peer_index = %s", index))[0][0])


@asynccontextmanager
async def house(
    folder: Path,
    url: str,
    *,
    platform: Platform | None = None,
    accounts: Mapping[tuple[str, str], Account] | None = None,
    seal: Seal | None = None,
    prepare: Callable[[Gateway], None] | None = None,
    pause: Pause = no_pause,
) -> AsyncIterator[House]:
    """A started gateway on a migrated database; without `pause` an unfinished turn is answered at once."""
    await asyncio.to_thread(migrate, url)
    platform, seal = platform or Platform(), seal or Seal(os.urandom(32))
    profile = loader.load("tien-giang")
    pool = AsyncConnectionPool(
        url, min_size=1, max_size=4, open=False, kwargs={"autocommit": True, "prepare_threshold": 1}
    )
    gateway = Gateway(
        url=url,
        seal=seal,
        accounts=Accounts({("fake", "a"): Account(platform, profile)} if accounts is None else accounts),
        store=GeoReportStore(StoreSettings(url="http://127.0.0.1:9/open311/v2"), http=NoHttp(), now=utc_now),
        blobs=FolderBlobs(folder / "blobs", seal),
        pool=pool,
        folder=folder,
        media_url=lambda blob: f"http://127.0.0.1/{blob}",
        now=utc_now,
        roles=Roles(poller=False),
        poll_store=False,
        pause=pause,
    )
    if prepare is not None:
        prepare(gateway)
    await gateway.start()
    try:
        yield House(gateway, platform, url, folder, seal)
    finally:
        platform.gate.set()
        await gateway.stop()
