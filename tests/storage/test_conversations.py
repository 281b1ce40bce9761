"""Which conversation hears of a case."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from psycopg_pool import AsyncConnectionPool

from storage import conversations
from storage.migrate import migrate

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CODE = "TG-261110-0004"


@pytest.fixture
async def pool(fresh_database: Callable[[], str]) -> AsyncIterator[AsyncConnectionPool]:
    url = fresh_database()
    migrate(url)
    async with AsyncConnectionPool(url, min_size=1, open=False, kwargs={"autocommit": True}) as pool:
        yield pool


async def conversation(pool: AsyncConnectionPool, name: bytes) -> int:
    async with pool.connection() as connection:
        found = await connection.execute(
            "insert into conversations (peer_index, peer, channel, account, profile)"
            " values (%s, 'x', 'zalo', 'oa', 'tien-giang') returning id",
            [name],
        )
        row = await found.fetchone()
    assert row is not None
    return int(row[0])


async def test_news_of_an_adopted_case_find_its_conversation(pool: AsyncConnectionPool) -> None:
    one = await conversation(pool, b"one")

    await conversations.adopt_case(pool, one, CODE, NOW)
    await conversations.adopt_case(pool, one, "TG-261110-0005", NOW)

    found = await conversations.of_cases(pool, [CODE, "TG-261110-0005", "TG-261110-0006"])
    assert {code: address.id for code, address in found.items()} == {CODE: one, "TG-261110-0005": one}


async def test_a_case_has_one_conversation_the_newest(pool: AsyncConnectionPool) -> None:
    one, other = await conversation(pool, b"one"), await conversation(pool, b"other")

    await conversations.adopt_case(pool, one, CODE, NOW)
    await conversations.adopt_case(pool, other, CODE, NOW)

    assert (await conversations.of_cases(pool, [CODE]))[CODE].id == other


async def test_adopted_cases_leave_the_numbers_of_submissions_free(pool: AsyncConnectionPool) -> None:
    one = await conversation(pool, b"one")

    await conversations.adopt_case(pool, one, CODE, NOW)
    await conversations.adopt_case(pool, one, "TG-261110-0005", NOW)

    async with pool.connection() as connection:
        found = await connection.execute("select ordinal from reports order by ordinal")
        assert [row[0] for row in await found.fetchall()] == [-1, 0]
