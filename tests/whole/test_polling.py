"""A bot without a public address: the gateway asks for updates, and confirms only what it has stored."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.settings import Settings, Store
from app.wiring import House, build
from pipeline.gateway import Roles
from simulator.app import server
from simulator.config import SimulatorConfig, TelegramConfig
from simulator.engine import Simulator
from simulator.world import Phone

PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Site:
    """A platform, and gateways that may come and go on one database."""

    platform: Simulator
    settings: Settings

    def gateway(self) -> House:
        return build(self.settings, roles=Roles(web=False, worker=False, poller=True))


@pytest.fixture
async def site(fresh_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[Site]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = SimulatorConfig(port=port, telegram=TelegramConfig(webhook_url=""))
    platform = Simulator(config)
    listening = server(config, simulator=platform)
    serving = asyncio.create_task(listening.serve())
    await until(lambda: listening.started)
    settings = Settings(
        database=fresh_database(),
        blobs=str(tmp_path / "blobs"),
        folder=str(tmp_path),
        data_key=SecretStr(os.urandom(32).hex()),
        store=Store(poll=False),
        accounts=[
            {
                "channel": "telegram",
                "account": "bot",
                "profile": "tien-giang",
                "bot_token": config.telegram.token,
                "api_base": f"http://127.0.0.1:{port}/telegram",
                "polling": True,
                "poll_seconds": 1,
            }
        ],
    )
    yield Site(platform, settings)
    listening.should_exit = True
    await serving


async def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.01)


def answers(phone: Phone) -> int:
    return sum(bubble.sender == "bot" for bubble in phone.bubbles)


async def test_a_polled_bot_answers(site: Site) -> None:
    house = site.gateway()
    await house.start()
    phone = site.platform.join("telegram")

    site.platform.people(phone).says(phone, "xin chào")
    await until(lambda: answers(phone) == 1)

    await house.stop()


async def test_what_was_written_while_the_gateway_was_away_is_answered_once(site: Site) -> None:
    """Two gateways one after the other: neither loses an update nor takes it twice."""
    phone = site.platform.join("telegram")
    for number, text in enumerate(("xin chào", "đèn đường hỏng trước số 45 Lý Thường Kiệt, phường Mỹ Tho"), start=1):
        site.platform.people(phone).says(phone, text)
        house = site.gateway()
        await house.start()
        await until(lambda number=number: answers(phone) == number)
        await house.stop()

    last = site.gateway()
    await last.start()
    site.platform.people(phone).says(phone, "Trần Văn Minh 0987654321")
    await until(lambda: answers(phone) == 3)
    await last.stop()

    assert answers(phone) == 3


async def test_of_two_gateways_one_asks_at_a_time(site: Site) -> None:
    """Telegram answers 409 to the second: the account's lock keeps it waiting."""
    one, other = site.gateway(), site.gateway()
    await one.start()
    await other.start()
    phone = site.platform.join("telegram")

    site.platform.people(phone).says(phone, "xin chào")
    await until(lambda: answers(phone) == 1)

    conflicts = [r for r in site.platform.world.records if r.get("status") == 409]
    await one.stop()
    await other.stop()
    assert (conflicts, answers(phone)) == ([], 1)
