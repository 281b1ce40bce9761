"""The promises of writer, lanes and take-over, one by one, on a real database."""

import asyncio
import os
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from benchmarks.rig import until
from core.errors import TryAgain
from core.events import CaseChanged, Source
from core.model import Delivery
from pipeline import flight
from pipeline.errand import ErrandKey, Lane
from pipeline.flight import FlightRecorder, Mark
from pipeline.gateway import Gateway
from pipeline.items import Item
from storage import errands
from storage.seal import Seal
from storage.spool import Spool, Spooled
from tests.survival.houses import House, Platform, house

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def news(text: str = "") -> CaseChanged:
    return CaseChanged(code="TG-1", update_id="u", name="result.published", at=AT, text=text)


# --- the writer -------------------------------------------------------------------------------------------------------


async def test_the_writer_outlives_whatever_an_item_does_to_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """A text that cannot be encoded is no database error; the group's others are stored and the next group too."""
    async with house(tmp_path, fresh_database()) as opened:
        writer = opened.gateway.writer
        await asyncio.gather(
            opened.hear("an", "xin chào"),
            opened.hear("bình", "lone \ud83d surrogate", key="bad\ud83d"),
            opened.hear("chi", "nul", key="bad\x00"),
            opened.hear("dũng", "xin chào"),
        )
        await opened.hear("an", "vẫn còn đó chứ")

        assert await opened.rows("select count(*) from events") == [(3,)]
        found = await opened.rows("select status, reason <> '' from deliveries")
        assert found == [("unreadable", True), ("unreadable", True)]
        assert writer.connected.is_set()


async def test_a_conversation_whose_account_is_gone_holds_up_nobody(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    async with house(tmp_path, url, seal=seal) as opened:
        await opened.hear("an", "xin chào")
        ((index,),) = await opened.rows("select peer_index from conversations")
    async with house(tmp_path, url, seal=seal, accounts={}) as opened:
        with pytest.raises(KeyError):
            await opened.gateway.writer.take([Item(bytes(index), news(), "u1", Source.STORE)])

        assert await opened.gateway.writer.take([Item(b"nobody", news(), "u2", Source.STORE)]) == [False]


async def test_an_errand_is_settled_even_when_what_follows_from_it_cannot_be_told(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.gate.clear()
        await opened.hear("an", "xin chào")
        await opened.wait_for("select 1 from errands")
        opened.gateway.lanes._post = lambda item: opened.gateway.writer.post(_with_news(item))
        opened.platform.gate.set()

        assert await opened.wait_for("select receipt from errands where status = 'done'") == [("r1",)]


def _with_news(item: Item) -> Item:
    item.event, item.source, item.external_id = news(), Source.STORE, "key\x00"
    return item


# --- lanes ------------------------------------------------------------------------------------------------------------


async def test_what_a_person_wrote_leaves_although_another_reply_follows_at_once(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.gate.clear()
        await opened.hear("an", "xin chào")
        number = await opened.conversation("an")
        for place in range(3):
            await opened.gateway.reply(number, operator="canbo", text=f"lời {place}", nonce=f"n{place}")
        opened.platform.gate.set()

        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")

    assert [text for _, text in opened.platform.sent][-3:] == ["lời 0", "lời 1", "lời 2"]


async def test_a_resting_word_of_a_person_leaves_although_another_reply_follows(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        await opened.hear("an", "xin chào")
        number = await opened.conversation("an")
        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")
        opened.platform.trouble.append(TryAgain("429", after=timedelta(minutes=5)))
        await opened.gateway.reply(number, operator="canbo", text="lời 0", nonce="n0")
        await opened.wait_for("select 1 from errands where owner = 0")
        await opened.gateway.reply(number, operator="canbo", text="lời 1", nonce="n1")
        await opened.gateway.wake_lane(number, Lane.CITIZEN)

        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")

    assert [text for _, text in opened.platform.sent][-2:] == ["lời 0", "lời 1"]


async def test_a_resting_word_of_the_bot_is_withdrawn_when_a_person_takes_over(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.trouble.append(TryAgain("429", after=timedelta(seconds=1)))
        await opened.hear("an", "xin chào")
        await opened.wait_for("select 1 from errands where owner = 0")

        await opened.gateway.take_over(await opened.conversation("an"), operator="canbo", nonce="n")

        assert await opened.rows("select distinct status from errands") == [("withdrawn",)]
        await opened.gateway.wake_lane(await opened.conversation("an"), Lane.CITIZEN)
        assert opened.platform.sent == []


async def test_what_is_added_to_a_resting_lane_waits_behind_its_head(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.trouble.append(TryAgain("429", after=timedelta(minutes=5)))
        await opened.hear("an", "xin chào")
        await opened.wait_for("select 1 from errands where owner = 0")
        await opened.hear("an", "/help")

        assert (await opened.rows("select distinct owner from errands"), opened.platform.sent) == ([(0,)], [])
        await opened.gateway.wake_lane(await opened.conversation("an"), Lane.CITIZEN)
        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")

        found = await opened.rows("select receipt from errands where status = 'done' order by seq, n")
        assert found == [(f"r{number}",) for number in range(1, len(found) + 1)]
        assert len(found) >= 2


async def test_a_lane_rests_as_a_whole(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """What stood behind the head when it had to wait must not be taken by an heir before it."""
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.gate.clear()
        await opened.hear("an", "xin chào")
        await until(lambda: opened.platform.begun)
        await opened.hear("an", "/help")
        opened.platform.trouble.append(TryAgain("429", after=timedelta(minutes=5)))
        opened.platform.gate.set()
        await opened.wait_for("select 1 from errands where not_before is not null")

        found = await opened.rows("select owner from errands where status = 'open'")
        assert (set(found), len(found) >= 2) == ({(0,)}, True)
        async with opened.gateway.pool.connection() as connection:
            await connection.execute("update errands set owner = %s where not_before is null", [opened.gateway.owner])
        await opened.hear("an", "xin chào lần nữa")

        assert await opened.rows("select owner from errands order by seq desc, n desc limit 1") == [(0,)]
        assert opened.platform.sent == []


async def test_a_database_that_is_away_while_a_send_is_prepared_leaves_no_doubt(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """Zalo's token is looked up there: nothing has left the house when that fails."""
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.trouble.append(psycopg.OperationalError("away"))
        await opened.hear("an", "xin chào")

        await opened.wait_for("select 1 from errands where status = 'open' and reason like 'TryAgain storage%%'")
        await opened.wait_for("select 1 from errands where status = 'done' and attempts = 2")


async def test_two_processes_that_hear_the_same_person_at_once_number_each_word_once(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    async with house(tmp_path, url, seal=seal) as one, house(tmp_path, url, seal=seal) as other:
        for number in range(0, 80, 2):
            words = one.hear("an", "xin chào", key=f"k{number}"), other.hear("an", "xin chào", key=f"k{number + 1}")
            await asyncio.gather(*words)

        found = await one.rows("select seq, external_id from events order by seq")
        assert [seq for seq, _ in found] == list(range(1, 81))
        assert len({key for _, key in found}) == 80
        await one.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")
        assert await one.rows("select count(*) from deliveries") == [(0,)]


async def test_what_is_committed_while_a_lane_is_woken_is_not_forgotten(
    tmp_path: Path, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the moment the lane became ours and the moment we hold its errands a new one may be committed."""
    async with house(tmp_path, fresh_database()) as opened:
        opened.platform.trouble.append(TryAgain("429", after=timedelta(minutes=5)))
        await opened.hear("an", "xin chào")
        await opened.wait_for("select 1 from errands where owner = 0")
        genuine = errands.wake_lane

        async def slow(*arguments: object) -> list[errands.OpenErrand]:
            rows = await genuine(*arguments)  # type: ignore[arg-type]  # passed through
            await opened.hear("an", "/help")
            return rows

        monkeypatch.setattr(errands, "wake_lane", slow)
        await opened.gateway.wake_lane(await opened.conversation("an"), Lane.CITIZEN)

        # Sooner than the sweep would find it: by then something later might have left.
        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')", seconds=4)
        found = await opened.rows("select receipt from errands where status = 'done' order by seq, n")
        assert found == [(f"r{number}",) for number in range(1, len(found) + 1)]


# --- heirs ------------------------------------------------------------------------------------------------------------


async def leave_behind(opened: House, users: int) -> list[ErrandKey]:
    """Open errands as a killed process leaves them: rows of owner 777, registered, no lock."""
    opened.platform.gate.clear()
    for number in range(users):
        await opened.hear(f"u{number}", "xin chào")
    found = await opened.wait_for("select conversation_id, seq, n from errands order by 1, 2, 3")
    return [ErrandKey(*row) for row in found]


async def disown(url: str, recorder: Path, *, boot: str | None = None) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("update errands set owner = 777, status = 'open', settled_at = null")
        await connection.execute("delete from processes")
        await connection.execute(
            "insert into processes (owner, host, boot, pid, flight) values (777, 'h', %s, 1, %s)",
            [errands.boot_id() if boot is None else boot, str(recorder)],
        )


async def killed(tmp_path: Path, url: str, seal: Seal, marks: list[Mark | None]) -> list[ErrandKey]:
    """The state a killed process leaves: one open errand for each of `marks`, its recorder saying so."""
    async with house(tmp_path, url, seal=seal) as opened:
        keys = await leave_behind(opened, len(marks))
    recorder = FlightRecorder(tmp_path / "flight" / "777.log")
    for key, mark in zip(keys, marks, strict=True):
        if mark is not None:
            recorder.begin(key)
        if mark is Mark.ANSWERED:
            recorder.answered(key)
        if mark is Mark.FAILED:
            recorder.failed(key)
    recorder.close()
    await disown(url, recorder.path)
    return keys


async def test_an_heir_sends_what_was_not_begun_and_never_what_may_have_arrived(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    await killed(tmp_path, url, seal, [None, Mark.BEGUN, Mark.ANSWERED, Mark.FAILED])

    async with house(tmp_path, url, seal=seal) as opened:
        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")
        found = await opened.rows("select status from errands order by conversation_id")

    assert [status for (status,) in found] == ["done", "unknown", "done", "done"]
    assert sorted(user for user, _ in opened.platform.sent) == ["u0", "u3"]


async def test_an_heir_notes_the_inheritance_before_it_is_its_own(
    tmp_path: Path, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed right after the take-over, its own heir must not take a begun errand for a fresh one."""
    url, seal = fresh_database(), Seal(os.urandom(32))
    (key, other) = await killed(tmp_path, url, seal, [Mark.BEGUN, Mark.ANSWERED])
    noted: dict[ErrandKey, Mark] = {}
    genuine = errands.take_over

    async def watched(pool: object, dead: int, owner: int) -> list[errands.OpenErrand]:
        noted.update(flight.read(tmp_path / "flight" / f"{owner}.log") or {})
        return await genuine(pool, dead, owner)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(errands, "take_over", watched)
    async with house(tmp_path, url, seal=seal):
        pass

    assert noted == {key: Mark.BEGUN, other: Mark.ANSWERED}


async def test_what_this_process_is_sending_is_not_sent_again_by_taking_over_another(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """Taking over hands out the dead one's errands only, not what waits here for its outcome to be written."""
    async with house(tmp_path, fresh_database()) as opened:
        keys = await leave_behind(opened, 1)
        assert keys
        mine = opened.gateway.owner
        found = await errands.take_over(opened.gateway.pool, 777, mine)

        assert found == []


async def test_a_process_that_lives_keeps_its_errands_although_the_database_lost_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    await killed(tmp_path, url, seal, [None])
    living = FlightRecorder(tmp_path / "flight" / "777.log")

    async with house(tmp_path, url, seal=seal) as opened:
        for _ in range(3):
            await opened.gateway._take_over_dead()
        assert (await opened.rows("select owner from errands"), opened.platform.sent) == ([(777,)], [])

        living.close()
        await opened.gateway._take_over_dead()
        await opened.wait_for("select 1 from errands where status = 'done'")


async def test_without_its_recorder_everything_a_dead_process_held_is_in_doubt(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """Another machine's process: whether it lives is not to be seen at once, what it had begun never."""
    url, seal = fresh_database(), Seal(os.urandom(32))
    await killed(tmp_path, url, seal, [None])
    await disown(url, tmp_path / "elsewhere.log", boot="another")

    async with house(tmp_path, url, seal=seal) as opened:
        assert await opened.rows("select owner from errands") == [(777,)], "it may only be slow"
        await opened.gateway._take_over_dead()
        await opened.wait_for("select 1 from errands where status = 'unknown'")

    assert opened.platform.sent == []


async def test_an_errand_that_cannot_be_read_stops_no_other(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    (strange, _) = await killed(tmp_path, url, seal, [None, None])
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("update errands set kind = 'New' where conversation_id = %s", [strange.conversation])

    async with house(tmp_path, url, seal=seal) as opened:
        await opened.wait_for("select 1 from errands where status = 'done'")
        assert await opened.rows("select kind from errands where status = 'open'") == [("New",)]


async def test_an_heir_leaves_a_resting_lane_at_rest(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    (key,) = await killed(tmp_path, url, seal, [None])
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        # Behind the head, which rests until its time has come, another process put one more for the dead owner.
        await connection.execute(
            "insert into errands (conversation_id, seq, n, lane, kind, owner, body, created_at)"
            " select conversation_id, seq, n + 1, lane, kind, 777, body, now() from errands"
        )
        await connection.execute(
            "update errands set owner = 0, not_before = now() + interval '1 hour' where n = %s", [key.n]
        )
    async with house(tmp_path, url, seal=seal) as opened:
        assert (await opened.rows("select distinct owner from errands"), opened.platform.sent) == ([(0,)], [])


async def test_an_errand_of_ours_that_nobody_holds_is_found(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """A notice from another process is lost when the database is away for a moment."""
    url, seal = fresh_database(), Seal(os.urandom(32))
    await killed(tmp_path, url, seal, [Mark.FAILED])

    def owner_before(gateway: Gateway) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("update errands set owner = 999, created_at = now() - interval '1 minute'")
            connection.execute("delete from processes")

    async with house(tmp_path, url, seal=seal, prepare=owner_before) as opened:
        async with opened.gateway.pool.connection() as connection:
            await connection.execute("update errands set owner = %s", [opened.gateway.owner])
        await opened.gateway._find_forgotten()
        assert opened.platform.sent == [], "it may just have been committed"
        await opened.gateway._find_forgotten()
        await opened.wait_for("select 1 from errands where status = 'done'")


# --- the spool --------------------------------------------------------------------------------------------------------


def spooled(text: str, key: str, user: str = "an") -> Spooled:
    body = b'{"user": "%s", "id": "%s", "text": "%s"}' % (user.encode(), key.encode(), text.encode())
    return Spooled("fake", "a", Delivery(body=body, received_at=AT))


async def test_what_a_dead_process_put_aside_comes_before_what_is_delivered_now(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    seal = Seal(os.urandom(32))
    dead = Spool(tmp_path / "spool", seal, name="dead")
    for number in range(450):
        dead.append(spooled("xin chào", f"old-{number}"))
    dead.close()

    async with house(tmp_path, fresh_database(), seal=seal) as opened:
        await opened.hear("an", "mới", key="new")
        await opened.wait_for("select 1 from events where external_id = 'new'")
        found = await opened.rows("select external_id from events order by seq")

    assert [key for (key,) in found] == [*(f"old-{number}" for number in range(450)), "new"]
    assert not list((tmp_path / "spool").glob("*.spool"))


async def test_a_delivery_during_the_replay_does_not_overtake_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    seal = Seal(os.urandom(32))
    async with house(tmp_path, fresh_database(), seal=seal) as opened:
        for number in range(300):
            opened.gateway.spool.append(spooled("xin chào", f"old-{number}"))
        replay = asyncio.create_task(opened.gateway.reception.replay_spool())
        for number in range(20):
            await asyncio.sleep(0)
            await opened.hear("an", "mới", key=f"new-{number}")
        await replay
        await opened.wait_for("select 1 from events where external_id = 'new-19'")
        found = await opened.rows("select external_id from events order by seq")

    assert [key for (key,) in found] == [
        *(f"old-{number}" for number in range(300)), *(f"new-{number}" for number in range(20)),
    ]  # fmt: skip


async def test_a_poisoned_delivery_in_the_spool_holds_up_nobody(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    seal = Seal(os.urandom(32))
    endless = "".join(random.Random(1).choices("0123456789abcdef", k=9_000))
    dead = Spool(tmp_path / "spool", seal, name="dead")
    for one in (spooled("a", "1"), spooled("a", "x\\u0000y"), spooled("a", endless), spooled("a", "2")):
        dead.append(one)
    dead.append(Spooled("gone", "b", Delivery(body=b"{}", received_at=AT)))
    dead.close()

    async with house(tmp_path, fresh_database(), seal=seal) as opened:
        assert await opened.rows("select external_id from events order by seq") == [("1",), ("2",)]
        assert await opened.rows("select count(*) from deliveries where status = 'unreadable'") == [(3,)]
        assert opened.gateway.spool.size == 0


def test_platform_is_a_channel() -> None:
    from core.ports import Channel

    channel: Channel = Platform()
    assert channel.name == "fake"
