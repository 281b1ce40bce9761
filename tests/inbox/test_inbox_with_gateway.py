"""A handoff from the citizen's words to the operator's answer and back, through the real pipeline."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore, StoreSettings
from core.events import InboundMessage
from core.model import OutboundMessage, Peer, Receipt
from pipeline.account import Account, Accounts
from pipeline.gateway import Gateway, Roles
from pipeline.items import Item
from storage.blobs import FolderBlobs
from storage.database import engine
from storage.seal import Seal
from tests.channels.fakes import FakeHttp, answer
from tests.inbox.desks import NOW, PROFILE, FakeChannel, World

PEER = Peer(channel="zalo", account="oa", user="an")


class HearingChannel(FakeChannel):
    """A platform that takes everything and lets the test wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[OutboundMessage] = []
        self._more = asyncio.Condition()

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        async with self._more:
            self.sent.append(message)
            self._more.notify_all()
        return Receipt(external_id=f"z{len(self.sent)}")

    async def heard(self, count: int) -> list[str]:
        async with self._more:
            await asyncio.wait_for(self._more.wait_for(lambda: len(self.sent) >= count), 10)
        return [message.text for message in self.sent]


@pytest.fixture
async def channel() -> HearingChannel:
    return HearingChannel()


@pytest.fixture
async def live(desk_database: str, tmp_path: Path, channel: HearingChannel) -> AsyncIterator[tuple[World, Gateway]]:
    url, seal, account = desk_database, Seal(bytes(32)), Account(channel, PROFILE)  # type: ignore[arg-type]  # what is not called is left out
    blobs = FolderBlobs(tmp_path / "blobs", seal)
    gateway = Gateway(
        url=url,
        seal=seal,
        accounts=Accounts({("zalo", "oa"): account}),
        store=GeoReportStore(
            StoreSettings(url="http://store.test"), http=FakeHttp(lambda _: answer(503, "")), now=lambda: NOW
        ),
        blobs=blobs,
        pool=AsyncConnectionPool(url, min_size=1, open=False, kwargs={"autocommit": True}),
        folder=tmp_path,
        media_url=str,
        now=lambda: NOW,
        roles=Roles(worker=False, poller=False),
    )
    fake: Any = gateway
    world = World(engine=engine(url), seal=seal, gateway=fake, blobs=blobs)
    await world.operator("lan", "Trần Thị Lan")
    await gateway.start()
    yield world, gateway
    await gateway.stop()
    await world.engine.dispose()


async def test_a_handoff_is_answered_by_a_person_and_given_back(
    live: tuple[World, Gateway], channel: HearingChannel
) -> None:
    """While a person has the conversation the bot is silent; given back, it answers again."""
    world, gateway = live
    browser = await world.signed_in()

    async def citizen(key: str, text: str) -> None:
        said = InboundMessage(peer=PEER, external_id=key, sent_at=NOW, text=text)
        await gateway.writer.take([Item(gateway._seal.index(str(PEER)), said, key, peer=PEER)])

    await citizen("1", "cho tôi gặp cán bộ")
    greetings = len(await channel.heard(1))
    assert "/inbox/c/1" in (await browser.get("/")).text
    await browser.get("/c/1")

    await browser.send("/c/1/take-over")
    await citizen("2", "đèn đường hỏng trước nhà tôi")
    await browser.get("/c/1")
    await browser.send("/c/1/reply", text="Chào anh, tôi là Lan.")

    said = await channel.heard(greetings + 1)
    assert said[greetings:] == ["Chào anh, tôi là Lan."]
    page = (await browser.get("/c/1")).text
    assert page.index("Trần Thị Lan nhận xử lý") < page.index("đèn đường hỏng") < page.index("Chào anh, tôi là Lan.")

    await browser.send("/c/1/give-back")
    await citizen("3", "đèn đường hỏng ở ngã tư Ấp Bắc")
    assert len(await channel.heard(greetings + 2)) > greetings + 1
    assert [act for _, act, _, _ in await world.journal()] == ["took_over", "replied", "gave_back"]
