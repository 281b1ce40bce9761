"""Erasure on request: what goes, what stays, and that nothing half-erased is left by whoever writes meanwhile."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import msgspec
import psycopg
import pytest

import dialog
from app.http import create_app
from benchmarks.rig import until
from core.errors import DeliveryRejected, TryAgain
from core.events import CaseChanged, InboundMessage, PlatformEvent, Source
from core.model import Delivery, Media, MediaKind, MediaRef, OutboundMessage, Peer, Place, Receipt
from core.ports import ErasureAsked, Knock
from core.report import Attachment, Report
from pipeline.errand import ErrandKey, Lane, Status
from pipeline.items import Item, Settle, unpack_event
from storage.blobs import FolderBlobs
from storage.seal import Seal
from tests.survival.houses import House, Platform, house, utc_now

AN = Peer(channel="fake", account="a", user="an")
QUIET = "select 1 where not exists (select 1 from errands where status = 'open' and lane <> 1)"
ISSUED = datetime(2026, 11, 20, 9, tzinfo=UTC)


@dataclass
class Forgetful(Platform):
    """A channel with an erasure callback: its body names the person, and the header says whether it is authentic."""

    files: dict[str, bytes] = field(default_factory=dict)
    fetching: asyncio.Event = field(default_factory=asyncio.Event)
    fetch_gate: asyncio.Event = field(default_factory=asyncio.Event)
    known_as: list[str] = field(default_factory=list)
    away: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fetch_gate.set()

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        told = json.loads(delivery.body)
        peer = Peer(channel=self.name, account=self.account, user=told["user"])
        media = tuple(MediaRef(kind=MediaKind.IMAGE, key=key) for key in told.get("media", ()))
        return [
            InboundMessage(
                peer=peer, external_id=told["id"], sent_at=delivery.received_at, text=told["text"], media=media,
                sender_name="Nguyễn Văn An", original=told.get("original", ""), thread=told.get("thread", ""),
            )
        ]  # fmt: skip

    async def fetch(self, media: MediaRef) -> Media:
        self.fetching.set()
        await self.fetch_gate.wait()
        return Media(body=self.files[media.key], mime="image/png")

    def read_erasure(self, knock: Knock) -> ErasureAsked:
        if knock.headers.get("signed") != "yes":
            raise DeliveryRejected("not signed")
        told = json.loads(knock.body)
        return ErasureAsked(user=told["user"], issued_at=ISSUED + timedelta(days=told.get("day", 0)))

    async def erasure_users(self, user: str) -> list[str]:
        if self.away:
            raise TryAgain("away")
        return self.known_as


def png(shade: int) -> bytes:
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.new("L", (32, 32), shade).save(out, "PNG")
    return out.getvalue()


@asynccontextmanager
async def forgetful(tmp_path: Path, url: str, *, seal: Seal | None = None) -> AsyncIterator[House]:
    async with house(tmp_path, url, platform=Forgetful(), seal=seal) as opened:
        yield opened


def platform_of(opened: House) -> Forgetful:
    assert isinstance(opened.platform, Forgetful)
    return opened.platform


async def says(opened: House, text: str, key: str, *, user: str = "an", **more: Any) -> None:
    body = json.dumps({"user": user, "id": key, "text": text} | more).encode()
    account = opened.gateway.accounts.get("fake", "a")
    assert account is not None
    await opened.gateway.reception.take(account, Delivery(body=body, received_at=utc_now()))


async def callback(opened: House, *, user: str = "an", day: int = 0, signed: str = "yes") -> tuple[int, dict[str, str]]:
    """A platform's erasure callback, answered; what it started has come to an end."""
    knock = Knock(
        method="POST",
        path="/",
        query={},
        headers={"signed": signed},
        body=json.dumps({"user": user, "day": day}).encode(),
    )
    answer = await opened.gateway.erasures.knock("fake", "a", knock)
    while opened.gateway.erasures._soon:
        await asyncio.gather(*opened.gateway.erasures._soon)
    return answer.status, json.loads(answer.body or b"{}")


async def later(opened: House) -> None:
    """The next regular round."""
    for _ in range(500):
        if await opened.gateway.erasures.carry_out():
            return
        await asyncio.sleep(0.01)
    pytest.fail("somebody else is at it all the time")


async def a_talk(opened: House, user: str = "an") -> int:
    await says(opened, "đèn đường hỏng trước nhà tôi, 12 Lê Lợi", f"{user}-1", user=user, thread="<thư>")
    await says(opened, "tôi tên Nguyễn Văn An 0912345678", f"{user}-2", user=user)
    await opened.wait_for(QUIET)
    index = opened.seal.index(str(Peer(channel="fake", account="a", user=user)))
    return int((await opened.rows("select id from conversations where peer_index = %s", index))[0][0])


async def file_report(opened: House, number: int, *, source_key: str = "") -> None:
    """A report of this conversation that the store has accepted."""
    report = Report(
        report_id="r1", profile="tien-giang", channel="fake", account="a", contact_id="c", category="", report_type="",
        level="", agency="", description="đèn hỏng", raw_text=(), place=Place(), submitted_at=ISSUED,
        attachments=(Attachment(kind=MediaKind.IMAGE, source_key=source_key),) if source_key else (),
    )  # fmt: skip
    body = opened.seal.close(msgspec.json.encode(report), b"report")
    async with opened.gateway.pool.connection() as connection:
        await connection.execute(
            "insert into reports (id, conversation_id, ordinal, status, code, confirmed_at, body)"
            " values ('r1', %s, 1, 'opened', 'TG-1', now(), %s)",
            [number, body],
        )


# --- asking -----------------------------------------------------------------------------------------------------------


async def test_a_callback_is_answered_with_where_to_read_and_a_code(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """facebook: data deletion callback."""
    async with forgetful(tmp_path, fresh_database()) as opened:
        await a_talk(opened)

        status, said = await callback(opened)

        assert (status, said["url"]) == (200, f"/deletion/{said['confirmation_code']}")
        state = await opened.gateway.erasures.state(said["confirmation_code"])
        assert state is not None and (state.status, state.subject) == ("done", None)


async def test_a_repeated_callback_is_one_request_and_a_new_one_another(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        await a_talk(opened)
        first, again, new = [(await callback(opened, day=day))[1]["confirmation_code"] for day in (0, 0, 1)]

        assert first == again != new
        assert await opened.rows("select count(*) from journal where act = 'erased'") == [(2,)]


async def test_a_callback_without_an_instant_is_one_with_those_of_its_day_only(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        days_since_the_epoch = (datetime(1970, 1, 1, tzinfo=UTC) - ISSUED).days
        codes = []
        for later_by in (timedelta(), timedelta(seconds=1), timedelta(days=3)):
            opened.gateway.erasures._now = lambda by=later_by: ISSUED + by  # type: ignore[misc]
            codes.append((await callback(opened, day=days_since_the_epoch))[1]["confirmation_code"])

        assert codes[0] == codes[1] != codes[2]


async def test_a_callback_that_is_not_authentic_leaves_no_trace(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        await a_talk(opened)

        assert (await callback(opened, signed="no"))[0] == 401
        assert await opened.rows("select count(*) from erasures") == [(0,)]
        assert await opened.rows("select count(*) from events where body is null") == [(0,)]


async def test_a_person_we_never_heard_of_is_told_so(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        _, said = await callback(opened, user="nobody")

        state = await opened.gateway.erasures.state(said["confirmation_code"])
        assert state is not None and state.status == "nothing"


async def test_a_platform_that_does_not_say_who_that_is_is_asked_again(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """The callback names the person by another id than messages do."""
    async with forgetful(tmp_path, fresh_database()) as opened:
        await a_talk(opened)
        platform_of(opened).away, platform_of(opened).known_as = True, ["an"]
        _, said = await callback(opened, user="app-scoped")
        state = await opened.gateway.erasures.state(said["confirmation_code"])
        assert state is not None and state.status == "asked"

        platform_of(opened).away = False
        await later(opened)

        state = await opened.gateway.erasures.state(said["confirmation_code"])
        assert state is not None and state.status == "done"
        assert await opened.rows("select count(*) from events where body is not null") == [(0,)]


@pytest.mark.parametrize("code", ["", "x" * 16, "a" * 17, "' or 1=1 --aaaaa"])
async def test_a_code_that_was_never_given_has_no_state(
    tmp_path: Path, fresh_database: Callable[[], str], code: str
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        assert await opened.gateway.erasures.state(code) is None


# --- what goes and what stays -----------------------------------------------------------------------------------------


async def test_what_was_said_goes_and_numbers_stay(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number, other = await a_talk(opened), await a_talk(opened, "bình")
        before = await opened.rows("select seq, source, external_id, at from events where conversation_id = %s", number)

        await callback(opened)

        ours = "from conversations where id = %s"
        assert await opened.rows(f"select state, name, preview, thread, wake_at {ours}", number) == [(None,) * 5]
        assert await opened.rows(
            "select count(*) from events where conversation_id = %s and body is not null", number
        ) == [(0,)]
        bodies = await opened.rows("select body from errands where conversation_id = %s", number)
        assert {opened.seal.open(bytes(body), b"errand") for (body,) in bodies} == {b""}
        assert before == await opened.rows(
            "select seq, source, external_id, at from events where conversation_id = %s", number
        )
        assert await opened.rows(f"select state is not null, name is not null {ours}", other) == [(True, True)]
        assert await opened.rows("select count(*) from events where conversation_id = %s and body is null", other) == [
            (0,)
        ]


async def test_an_erased_message_that_is_delivered_again_is_known(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)
        await callback(opened)
        sent = len(opened.platform.sent)

        await says(opened, "tôi tên Nguyễn Văn An 0912345678", "an-2")

        assert await opened.rows(
            "select count(*) from events where conversation_id = %s and body is not null", number
        ) == [(0,)]
        assert len(opened.platform.sent) == sent


async def test_who_writes_again_after_an_erasure_starts_anew(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)
        await callback(opened)

        await says(opened, "xin chào", "an-3")

        ((state,),) = await opened.rows("select state from conversations where id = %s", number)
        assert dialog.decode(opened.seal.open(bytes(state), b"state")).form is None
        assert await opened.rows("select erased_seq < seq from conversations where id = %s", number) == [(True,)]


async def test_an_accepted_report_stays_with_its_files_and_the_person_is_told_why(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        platform_of(opened).files = {"filed": png(10), "chat": png(20)}
        number = await a_talk(opened)
        await says(opened, "", "an-3", media=["filed", "chat"])
        await opened.wait_for("select 1 from media having count(*) filter (where status = 'kept') = 2")
        await file_report(opened, number, source_key="filed")
        before = dict(await opened.rows("select n, public from media"))
        await forget_times(opened)

        _, said = await callback(opened)

        state = await opened.gateway.erasures.state(said["confirmation_code"])
        assert state is not None and (state.status, state.counts["reports_kept"], state.counts["files"]) == (
            "kept",
            1,
            1,
        )
        assert await opened.rows("select status, public <> '' from media order by n") == [
            ("kept", True),
            ("erased", False),
        ]
        filed, chat = (before[n] for n in sorted(before))
        assert await blob(opened, filed) and not await blob(opened, chat)
        assert await opened.rows("select body is not null from reports") == [(True,)]


async def forget_times(opened: House) -> None:
    """The files were stored long ago."""
    for path in (opened.folder / "blobs").rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))


async def blob(opened: House, key: str) -> bool:
    try:
        return bool(await FolderBlobs(opened.folder / "blobs", opened.seal).get(key))
    except KeyError:
        return False


async def test_a_file_that_somebody_else_sent_too_is_not_destroyed(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        platform_of(opened).files = {"one": png(10), "same": png(10)}
        await says(opened, "", "an-1", media=["one"])
        await says(opened, "", "b-1", user="bình", media=["same"])
        await opened.wait_for("select 1 from media having count(*) filter (where status = 'kept') = 2")
        await forget_times(opened)

        await callback(opened)

        ((left,),) = await opened.rows("select public from media where status = 'kept'")
        assert await blob(opened, left)
        assert await opened.rows("select count(*) from doomed_blobs") == [(0,)]


async def test_bytes_that_were_stored_a_moment_ago_are_left_for_the_next_look(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """A row that needs them may be on its way."""
    async with forgetful(tmp_path, fresh_database()) as opened:
        platform_of(opened).files = {"one": png(10)}
        await says(opened, "", "an-1", media=["one"])
        ((key,),) = await opened.wait_for("select public from media where status = 'kept'")

        await callback(opened)
        assert await blob(opened, key)
        await forget_times(opened)
        await later(opened)

        assert not await blob(opened, key)
        assert await opened.rows("select count(*) from doomed_blobs") == [(0,)]


async def test_the_mail_as_it_came_is_destroyed_too(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        key = await FolderBlobs(opened.folder / "blobs", opened.seal).put(b"From: An\n\n...")
        await says(opened, "đèn hỏng", "an-1", original=key)
        await forget_times(opened)

        await callback(opened)

        assert not await blob(opened, key)


async def test_who_was_reached_by_a_private_reply_loses_the_comment_too(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        await says(opened, "bình luận", "c-1", user="comment:1")
        await opened.wait_for(QUIET)
        async with opened.gateway.pool.connection() as connection:
            await connection.execute("update conversations set reached = %s", [opened.seal.index(str(AN))])

        await callback(opened)

        assert await opened.rows("select count(*) from events where body is not null") == [(0,)]


async def test_erasing_is_journaled_without_values(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)

        await opened.gateway.erase(number, operator="lan")

        ((operator, conversation, detail),) = await opened.rows("select operator, conversation_id, detail from journal")
        assert (operator, conversation) == ("lan", number)
        assert "events 2" in detail and "An" not in detail
        with pytest.raises(KeyError):
            await opened.gateway.erase(10**6, operator="lan")


# --- what is under way ------------------------------------------------------------------------------------------------


async def test_what_waits_to_be_said_is_not_said_any_more(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        opened.platform.gate.clear()
        await says(opened, "xin chào", "an-1")
        number = await opened.conversation("an")
        await until(lambda: opened.platform.begun)
        await opened.gateway.reply(number, operator="lan", text="Anh An ơi", nonce="n1")
        await opened.wait_for("select 1 from errands having count(*) = 2")

        await callback(opened)
        await told(opened, number)
        opened.platform.gate.set()
        await opened.wait_for("select 1 from errands where status = 'done'")

        assert [text for _, text in opened.platform.sent if "Anh An" in text] == []
        assert await opened.rows("select status from errands order by seq") == [("done",), ("erased",)]


async def told(opened: House, number: int) -> None:
    """Every process hears of an erasure by a notice."""
    for _ in range(500):
        waiting = [
            errand for (place, _), queue in opened.gateway.lanes._waiting.items() if place == number for errand in queue
        ]
        if all(errand.withdrawn for errand in waiting):
            return
        await asyncio.sleep(0.01)
    pytest.fail("the lanes were not told")


async def test_a_file_that_was_on_its_way_is_destroyed_when_it_arrives(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        platform_of(opened).files = {"late": png(30)}
        platform_of(opened).fetch_gate.clear()
        await says(opened, "", "an-1", media=["late"])
        await platform_of(opened).fetching.wait()

        await callback(opened)
        platform_of(opened).fetch_gate.set()
        await opened.wait_for("select 1 from doomed_blobs")
        await forget_times(opened)
        await later(opened)

        assert await opened.rows("select status, public, original, name from media") == [("erased", "", "", None)]
        assert [path for path in (opened.folder / "blobs").rglob("*") if path.is_file()] == []


async def test_a_report_on_its_way_to_the_store_arrives_and_the_rest_is_erased_then(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)
        async with opened.gateway.pool.connection() as connection:
            await connection.execute(
                "insert into errands (conversation_id, seq, n, lane, kind, owner, body, created_at, not_before)"
                " values (%s, 1, 90, 1, 'Submit', 0, %s, now(), now() + interval '1 hour')",
                [number, opened.seal.close(b"report", b"errand")],
            )
            await connection.execute(
                "insert into media (conversation_id, seq, n, key_index, kind) values (%s, 1, 91, 'k', 'image')",
                [number],
            )

        _, said = await callback(opened)
        code = said["confirmation_code"]
        state = await opened.gateway.erasures.state(code)
        assert state is not None and state.status == "started"
        assert await opened.rows("select status from media") == [("pending",)]
        ((body,),) = await opened.rows("select body from errands where n = 90")
        assert opened.seal.open(bytes(body), b"errand") == b"report"

        await says(opened, "tôi nhắn tiếp sau khi xóa", "an-3")
        async with opened.gateway.pool.connection() as connection:
            await connection.execute("update errands set status = 'done' where n = 90")
        await later(opened)

        state = await opened.gateway.erasures.state(code)
        assert state is not None and state.status == "done"
        assert await opened.rows("select status from media") == [("erased",)]
        ((body,),) = await opened.rows("select body from errands where n = 90")
        assert opened.seal.open(bytes(body), b"errand") == b""
        (kept,) = await opened.rows("select body, seq from events where external_id = 'an-3'")
        assert "sau khi xóa".encode() in unpack_event(opened.seal.open(bytes(kept[0]), b"event"))[0]


async def test_an_erasure_waits_for_the_turn_that_is_just_being_written(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)
        async with await psycopg.AsyncConnection.connect(opened.url) as writer:
            await writer.execute("select 1 from conversations where id = %s for update", [number])
            erasing = asyncio.create_task(callback(opened))
            await opened.wait_for("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
            await writer.execute(
                "insert into events (conversation_id, seq, source, external_id, kind, at, recorded_at, body)"
                " select c.id, c.seq + 1, 'citizen', 'half', 'InboundMessage', now(), now(), e.body from events e"
                " join conversations c on c.id = e.conversation_id where c.id = %s and e.external_id = 'an-1'",
                [number],
            )
            await writer.execute("update conversations set seq = seq + 1 where id = %s", [number])
            await writer.commit()
            await erasing

        assert await opened.rows("select body from events where external_id = 'half'") == [(None,)]
        assert await opened.rows("select seq = erased_seq, state from conversations") == [(True, None)]


async def test_a_name_that_was_asked_for_before_an_erasure_is_not_written_after_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened:
        number = await a_talk(opened)
        await callback(opened)
        late = Settle(ErrandKey(number, 1, 0), Lane.PEER, Status.DONE, name=opened.seal.close(b"An", b"name"))
        opened.gateway.writer.post(Item(opened.seal.index(str(AN)), settle=late))
        await says(opened, "xin chào", "b-1", user="bình")

        assert await opened.rows("select name from conversations where id = %s", number) == [(None,)]


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_half_erased_is_left_by_who_writes_meanwhile(
    tmp_path: Path, fresh_database: Callable[[], str], seed: int
) -> None:
    """Two gateways take messages and news of the same citizens while both erase them again and again."""
    url, seal = fresh_database(), Seal(os.urandom(32))
    users = ["an", "bình", "chi"]
    async with forgetful(tmp_path / "a", url, seal=seal) as one, forgetful(tmp_path / "b", url, seal=seal) as two:
        houses = (one, two)

        async def talk(user: str) -> None:
            for number in range(25):
                opened = houses[(number + seed) % 2]
                await says(opened, f"đèn đường hỏng trước số {number} Lê Lợi", f"{user}-{number}", user=user)
                if number % 5 == seed % 5:
                    index = seal.index(str(Peer(channel="fake", account="a", user=user)))
                    event = CaseChanged(code="TG-1", update_id="u", name="report.accepted", at=utc_now())
                    await opened.gateway.writer.take([Item(index, event, f"{user}-u{number}", Source.STORE)])

        async def forget(opened: House) -> None:
            for round_ in range(10):
                for user in users:
                    await callback(opened, user=user, day=round_)
                await asyncio.sleep(0)

        await asyncio.gather(*map(talk, users), *map(forget, houses))
        await later(one)
        await one.wait_for(QUIET)

        assert (
            await one.rows(
                "select 1 from events e join conversations c on c.id = e.conversation_id"
                " where e.seq <= c.erased_seq and (e.body is not null or e.held)"
            )
            == []
        )
        assert (
            await one.rows(
                "select conversation_id from events group by 1 having max(seq) <> count(*)"
                " or count(distinct (source, external_id)) <> count(*)"
            )
            == []
        )
        bodies = await one.rows(
            "select e.body from errands e join conversations c on c.id = e.conversation_id where e.seq <= c.erased_seq"
            " and e.status <> 'open'"
        )
        assert bodies and {seal.open(bytes(body), b"errand") for (body,) in bodies} == {b""}
        assert await one.rows("select count(*) from erasures where done_at is null") == [(0,)]
        for (state,) in await one.rows("select state from conversations where state is not null"):
            dialog.decode(seal.open(bytes(state), b"state"))


# --- over HTTP --------------------------------------------------------------------------------------------------------


def browser(opened: House) -> httpx2.AsyncClient:
    app = create_app(SimpleNamespace(gateway=opened.gateway))  # type: ignore[arg-type]  # the rest is not asked for
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://tiepnhan.test")


async def test_the_person_reads_in_two_languages_what_became_of_it(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with forgetful(tmp_path, fresh_database()) as opened, browser(opened) as http:
        await file_report(opened, await a_talk(opened))
        answer = await http.post(
            "/webhooks/fake/a/deletion", content=json.dumps({"user": "an"}), headers={"signed": "yes"}
        )
        said = answer.json()
        await opened.wait_for("select 1 from erasures where done_at is not null")

        page = await http.get(said["url"])

        assert (answer.status_code, page.status_code) == (200, 200)
        assert "pháp luật về lưu trữ" in page.text and "law on archives" in page.text
        assert said["confirmation_code"] in page.text and "script" not in page.text
        assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_only_accounts_with_such_a_callback_answer_it(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with house(tmp_path, fresh_database()) as opened, browser(opened) as http:
        statuses = [
            (await http.post(path)).status_code
            for path in ("/webhooks/fake/a/deletion", "/webhooks/fake/b/deletion", "/webhooks/fake/a/other")
        ]

        assert statuses == [404, 404, 404]
        assert (await http.get("/deletion/abcdefghjkmnpqrs")).status_code == 404


async def test_a_callback_is_asked_again_later_while_the_database_is_away(
    tmp_path: Path, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> str:
        raise psycopg.OperationalError("away")

    async with forgetful(tmp_path, fresh_database()) as opened:
        monkeypatch.setattr("storage.erasure.ask", away)

        assert (await callback(opened))[0] == 503


def test_forgetful_is_what_the_house_expects() -> None:
    from core.ports import Channel, Erases

    channel: Channel = Forgetful()
    assert isinstance(channel, Erases)
    assert Receipt(external_id="1").reached == "" and OutboundMessage(text="").thread == ""
