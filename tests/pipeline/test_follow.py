"""What the case store tells: taken when it is signed and ours, repeated when it came too early."""

import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from backend_client import GeoReportStore, StoreSettings
from backend_client.push import SIGNATURE_HEADER, signature
from core.events import CaseChanged
from pipeline.follow import StoreNews
from pipeline.items import Item, StorageAway
from pipeline.writer import Writer
from storage.migrate import migrate
from storage.seal import Seal

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
SECRET = "push secret"
OURS, STRANGE = "TG-261120-0001", "TG-261120-0002"


class Desk:
    """The news of one gateway that knows one case; `taken` is what reached its writer."""

    def __init__(self, url: str, pool: AsyncConnectionPool) -> None:
        self.taken: list[Item] = []
        self.away = False
        settings = StoreSettings(url="http://store.test", push_secret=SECRET)
        store = GeoReportStore(settings, http=cast(Any, None), now=lambda: NOW)
        self.news = StoreNews(
            store=store, writer=cast(Writer, self), pool=pool, cursor=cast(Any, None), now=lambda: NOW
        )
        with psycopg.connect(url) as connection:
            connection.execute(
                "insert into conversations (peer_index, peer, channel, account, profile)"
                " values (%s, %s, 'zalo', 'oa', 'tien-giang')",
                [b"peer", Seal(os.urandom(32)).close(b"1", b"peer")],
            )
            connection.execute(
                "insert into reports (id, conversation_id, ordinal, code, status, confirmed_at)"
                " select 'r', id, 1, %s, 'opened', %s from conversations",
                [OURS, NOW],
            )

    async def take(self, items: list[Item]) -> list[bool]:
        if self.away:
            raise StorageAway
        self.taken += items
        return [True] * len(items)

    async def push(self, code: str, *, at: datetime = NOW, secret: str = SECRET, body: bytes = b"") -> int:
        record = {
            "update_id": "u1", "service_request_id": code, "status": "in_progress",
            "updated_datetime": at.isoformat(), "description": "Đã vá đường",
            "extras": {"event": "result.recorded", "detailed_status": "resolved"},
        }  # fmt: skip
        body = body or msgspec.json.encode({"updates": [record]})
        signed = signature(secret, body, int(NOW.timestamp()))
        return (await self.news.push(body, {SIGNATURE_HEADER: signed})).status


@pytest.fixture
async def desk(fresh_database: Callable[[], str]) -> AsyncIterator[Desk]:
    url = fresh_database()
    migrate(url)
    async with AsyncConnectionPool(url, open=False, min_size=1, timeout=1, kwargs={"autocommit": True}) as pool:
        yield Desk(url, pool)


async def test_news_of_our_case_reaches_its_conversation(desk: Desk) -> None:
    status = await desk.push(OURS)

    (item,) = desk.taken
    assert (status, item.peer_index, item.external_id) == (200, b"peer", "u1")
    assert isinstance(item.event, CaseChanged) and item.event.text == "Đã vá đường"


async def test_forged_news_is_refused(desk: Desk) -> None:
    assert (await desk.push(OURS, secret="guessed"), desk.taken) == (401, [])


async def test_unreadable_news_is_not_taken_for_understood(desk: Desk) -> None:
    assert await desk.push(OURS, body=b'{"updates": [{}]}') == 400


async def test_news_that_is_quicker_than_its_code_is_asked_for_again(desk: Desk) -> None:
    """The store may push before our own note of the code is committed: a 200 would lose that news."""
    assert (await desk.push(STRANGE), desk.taken) == (409, [])


async def test_news_of_a_case_that_never_was_ours_is_not_repeated_for_ever(desk: Desk) -> None:
    assert await desk.push(STRANGE, at=NOW - timedelta(hours=1)) == 200


async def test_while_the_database_is_away_news_is_repeated(desk: Desk) -> None:
    desk.away = True

    assert await desk.push(OURS) == 503


async def test_a_pool_without_a_connection_is_the_database_being_away(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*_: object, **__: object) -> None:
        raise psycopg.OperationalError("no connection")

    monkeypatch.setattr(AsyncConnectionPool, "connection", nothing)

    assert await desk.push(OURS) == 503
