"""Which channels are open is data: a channel that the profile switches off says where to go, and nothing more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.account import Account
from regulations.model import Profile
from tests.survival.houses import House, Platform, house

CLOSED = '[[channels]]\nkind = "zalo"\nenabled = false'
OPEN = '[[channels]]\nkind = "zalo"\nenabled = true'
NO_OPEN_TALK = "select 1 where not exists (select 1 from errands where status = 'open')"
Profiles = Callable[..., Profile]


class Zalo(Platform):
    def __init__(self) -> None:
        super().__init__(name="zalo")


def opened_with(profile: Profile, folder: Path, url: str, platform: Platform) -> Any:
    """The account is known by its own name, and by the one under which the house takes deliveries."""
    account = Account(platform, profile)
    return house(folder, url, platform=platform, accounts={("fake", "a"): account, ("zalo", "a"): account})


async def says(opened: House, text: str) -> None:
    await opened.hear("an", text)
    await opened.wait_for(NO_OPEN_TALK)


async def test_a_channel_that_is_closed_names_the_app_and_begins_no_dialogue(
    with_lines: Profiles, tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """R-BN-21, Đ6.1*."""
    zalo, profile = Zalo(), with_lines(CLOSED, "bac-ninh")
    async with opened_with(profile, tmp_path, fresh_database(), zalo) as opened:
        await says(opened, "rác chất đống ở số 5 Nguyễn Trãi, phường Võ Cường")
        await says(opened, "gửi")

        told = [text for _, text in zalo.sent]
        assert len(told) == 2 and all(profile.channels["app"].name in text for text in told)
        assert await opened.rows("select 1 from reports") == []


async def test_a_fire_is_answered_on_a_closed_channel_too(
    with_lines: Profiles, tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """R-BN-21 with R-BN-23, Đ6.3*."""
    zalo = Zalo()
    async with opened_with(with_lines(CLOSED, "bac-ninh"), tmp_path, fresh_database(), zalo) as opened:
        await says(opened, "cháy nhà số 5 Nguyễn Trãi")

        assert "114" in zalo.sent[0][1]


@pytest.mark.parametrize("province", ["bac-ninh", "ha-noi"])
async def test_the_same_channel_open_begins_the_dialogue(
    with_lines: Profiles, tmp_path: Path, fresh_database: Callable[[], str], province: str
) -> None:
    """R-BN-21, Đ6.1*."""
    zalo, profile = Zalo(), with_lines(OPEN, province)
    async with opened_with(profile, tmp_path, fresh_database(), zalo) as opened:
        await says(opened, "rác chất đống ba ngày không ai gom")

        assert profile.text("channel_closed").split("{")[0] not in zalo.sent[0][1]
