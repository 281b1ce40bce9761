"""The doctor at a living house: platforms that answer over HTTP, tokens in a real vault."""

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.doctor import Finding, Level
from app.settings import Settings
from app.visit import visit
from simulator.config import SimulatorConfig, TelegramConfig, ZaloConfig
from storage.migrate import migrate
from tests.simulator.conftest import Running, running

HOOK = "http://127.0.0.1:9/webhooks/telegram/bot"


@dataclass
class House:
    sim: Running
    settings: Settings

    async def of(self, subject: str, *, fix: bool = False) -> list[str]:
        """What the doctor says about one account, one line each."""
        found: list[Finding] = [finding async for finding in visit(self.settings, fix=fix)]
        return [str(finding) for finding in found if finding.subject == subject]


@pytest.fixture
async def house(tmp_path: Path, fresh_database: Callable[[], str]) -> AsyncIterator[House]:
    url, zalo, telegram = fresh_database(), ZaloConfig(), TelegramConfig()
    migrate(url)
    async with running(SimulatorConfig(port=0, demo_phones=False), None) as sim:
        yield House(
            sim,
            Settings(
                public_url="http://127.0.0.1:9",
                database=url,
                folder=str(tmp_path),
                blobs=str(tmp_path / "blobs"),
                data_key=SecretStr(os.urandom(32).hex()),
                accounts=[
                    {
                        "channel": "telegram", "account": "bot", "profile": "bac-ninh", "bot_token": telegram.token,
                        "webhook_secret": "s", "api_base": f"{sim.url}/telegram",
                    },
                    {
                        "channel": "zalo", "account": "oa", "profile": "bac-ninh", "app_id": zalo.app_id,
                        "app_secret": zalo.app_secret, "access_token": zalo.access_token,
                        "refresh_token": zalo.refresh_token, "api_base": f"{sim.url}/zalo",
                    },
                ],
            ),
        )  # fmt: skip


async def test_fix_sets_the_webhook_and_the_next_visit_finds_it(house: House) -> None:
    assert (await house.of("telegram:bot"))[-1].startswith(f"{Level.WRONG}    telegram:bot: webhook là «chưa đặt»")

    await house.of("telegram:bot", fix=True)

    assert (await house.of("telegram:bot"))[-1] == f"ok     telegram:bot: webhook {HOOK}"


async def test_a_revoked_oa_is_found_and_remembered(house: House) -> None:
    assert [line[:2] for line in await house.of("zalo:oa")] == ["ok"]

    house.sim.simulator.tokens.revoke()

    (first,), (second,) = await house.of("zalo:oa"), await house.of("zalo:oa")
    assert (first[:3], second[:3]) == ("sai", "sai")
    assert "dán cặp mã mới vào cấu hình" in second
