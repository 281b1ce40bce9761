"""After an absence the platforms' own history is asked for what came meanwhile."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from core.errors import TryAgain
from core.model import Delivery
from pipeline.account import Account, Accounts
from pipeline.catch_up import CatchUp
from pipeline.receive import Reception
from regulations.loader import load

PROFILE = load("tien-giang")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Memory:
    """What survives a restart."""

    def __init__(self) -> None:
        self.values: Mapping[str, str] = {}

    async def read(self) -> Mapping[str, str]:
        return self.values

    @asynccontextmanager
    async def locked(self) -> AsyncIterator["Memory"]:
        yield self

    async def write(self, values: Mapping[str, str]) -> None:
        self.values = values


class Historian:
    """A channel that keeps a history; `silent` while the platform does not answer."""

    name, account = "zalo", "oa"

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.silent = False

    async def recover(self, since_ms: int) -> AsyncIterator[Delivery]:
        self.asked.append(since_ms)
        if self.silent:
            raise TryAgain("the platform is away")
        yield Delivery(body=b"missed", received_at=NOON)


class Door:
    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def take(self, account: Account, delivery: Delivery) -> bytes:
        self.taken.append(delivery.body)
        return b""


class House:
    """Everything one gateway needs to catch up; `start` is a new process on the same memory."""

    def __init__(self) -> None:
        self.memory, self.channel, self.door, self.now = Memory(), Historian(), Door(), NOON

    def start(self) -> CatchUp:
        accounts = Accounts({("zalo", "oa"): Account(cast(Any, self.channel), PROFILE)})
        return CatchUp(cast(Reception, self.door), accounts, cast(Any, self.memory), lambda: self.now)


async def test_a_first_start_asks_for_nothing() -> None:
    house = House()

    await house.start().beat()

    assert (house.channel.asked, house.memory.values) == ([], {"alive": NOON.isoformat()})


async def test_a_short_absence_is_left_to_the_platforms_redelivery() -> None:
    house = House()
    await house.start().beat()
    house.now += timedelta(seconds=90)

    await house.start().beat()

    assert house.channel.asked == []


async def test_after_an_hour_the_history_since_then_is_taken() -> None:
    house = House()
    await house.start().beat()
    house.now += timedelta(hours=1)

    await house.start().beat()

    (since,) = house.channel.asked
    assert since <= NOON.timestamp() * 1000
    assert house.door.taken == [b"missed"]


async def test_while_the_platform_is_silent_nothing_is_passed_over() -> None:
    """The instant noted must not move on: the next minute asks for the same span again."""
    house = House()
    await house.start().beat()
    house.now += timedelta(hours=1)
    house.channel.silent = True
    heir = house.start()
    await heir.beat()
    assert house.memory.values == {"alive": NOON.isoformat()}

    house.channel.silent = False
    house.now += timedelta(minutes=1)
    await heir.beat()

    assert len(set(house.channel.asked)) == 1
    assert (house.door.taken, house.memory.values) == ([b"missed"], {"alive": house.now.isoformat()})


async def test_what_was_caught_up_with_is_not_asked_for_again() -> None:
    house = House()
    await house.start().beat()
    house.now += timedelta(hours=1)
    heir = house.start()
    await heir.beat()
    house.now += timedelta(minutes=1)

    await heir.beat()

    assert len(house.channel.asked) == 1
