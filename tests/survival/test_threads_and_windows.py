"""Letters are answered in their thread, closed windows keep news for later, comments get one private reply."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from app.replay import _take
from core.capabilities import Capabilities, Limit, Unit
from core.errors import Misconfigured, TryAgain, Unreachable
from core.events import (
    AccountAlarm,
    CaseChanged,
    Ignored,
    InboundMessage,
    PlatformEvent,
    PublicComment,
    SendSettled,
    Source,
    ThreadMoved,
)
from core.model import Delivery, OutboundMessage, Peer, Receipt
from pipeline import codec
from pipeline.errand import Lane
from pipeline.items import Item, unpack_event
from pipeline.receive import KEPT_BODY
from storage import deliveries
from storage.seal import Seal
from tests.survival.houses import House, Platform, house, utc_now

AN = Peer(channel="fake", account="a", user="an")
QUIET = "select 1 where not exists (select 1 from errands where status = 'open')"


@dataclass
class Telling(Platform):
    """A channel that says what it is given: a delivery's body is the place of its events in `told`."""

    told: list[list[PlatformEvent]] = field(default_factory=list)
    messages: list[OutboundMessage] = field(default_factory=list)
    reached: str = ""

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        return self.told[int(delivery.body.split()[0])]

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        receipt = await super().send(peer, message)
        self.messages.append(message)
        return Receipt(external_id=receipt.external_id, reached=self.reached)


async def happens(opened: House, *events: PlatformEvent, padding: bytes = b"") -> None:
    """Returns when the events are stored and everything they sent has been settled."""
    platform = opened.platform
    assert isinstance(platform, Telling)
    platform.told.append(list(events))
    account = opened.gateway.accounts.get("fake", "a")
    assert account is not None
    body = b"%d " % (len(platform.told) - 1) + padding
    await opened.gateway.reception.take(account, Delivery(body=body, received_at=utc_now()))
    await settled(opened)


async def settled(opened: House) -> None:
    await opened.wait_for(QUIET)


def says(text: str, key: str, **more: Any) -> InboundMessage:
    return InboundMessage(peer=AN, external_id=key, sent_at=utc_now(), text=text, **more)


@asynccontextmanager
async def telling(tmp_path: Path, url: str, *, seal: Seal | None = None, **limits: Any) -> AsyncIterator[House]:
    capabilities = Capabilities(text=Limit(4000, Unit.CODE_POINTS), **limits)
    async with house(tmp_path, url, platform=Telling(capabilities=capabilities), seal=seal) as opened:
        yield opened


def messages(opened: House) -> list[OutboundMessage]:
    assert isinstance(opened.platform, Telling)
    return opened.platform.messages


# --- threads ----------------------------------------------------------------------------------------------------------


async def test_a_letter_is_answered_in_its_newest_thread(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, says("xin chào", "1", thread="<một@thư>"))
        await happens(opened, says("xin chào lần nữa", "2", thread="<hai@thư>"))
        number = await opened.conversation("an")
        await opened.gateway.reply(number, operator="lan", text="Chúng tôi đã nhận.", nonce="n1")
        await settled(opened)

        assert [message.thread for message in messages(opened)] == ["<một@thư>", "<hai@thư>", "<hai@thư>"]
        assert all(message.heard_at is not None for message in messages(opened))
        assert b"m\xe1\xbb\x99t" not in bytes((await opened.rows("select thread from conversations"))[0][0])


async def test_an_heir_answers_in_the_thread_too(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    url, seal = fresh_database(), Seal(os.urandom(32))
    async with telling(tmp_path, url, seal=seal) as opened:
        opened.platform.trouble.append(TryAgain("429", after=timedelta(minutes=5)))
        account = opened.gateway.accounts.get("fake", "a")
        assert account is not None
        opened.platform.told.append([says("xin chào", "1", thread="<một@thư>")])  # type: ignore[attr-defined]
        await opened.gateway.reception.take(account, Delivery(body=b"0", received_at=utc_now()))
        await opened.wait_for("select 1 from errands where owner = 0")
    async with telling(tmp_path, url, seal=seal) as heir:
        await heir.gateway.wake_lane(await heir.conversation("an"), Lane.CITIZEN)
        await settled(heir)

        assert [message.thread for message in messages(heir)] == ["<một@thư>"]


async def test_a_chat_without_threads_never_writes_the_column(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, says("xin chào", "1"))

        assert await opened.rows("select thread, owed, reached from conversations") == [(None, False, None)]


async def test_a_message_that_lies_in_the_blobs_is_not_stored_a_second_time(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, says("thư", "1", original="0" * 64), padding=b"whole mail")
        await happens(opened, says("tin", "2"), padding=b"webhook")

        bodies = await opened.rows("select body from events where kind = 'InboundMessage' order by seq")
        raws = [unpack_event(opened.seal.open(bytes(body), b"event"))[1] for (body,) in bodies]
        assert raws == [b"", b"1 webhook"]


async def test_of_a_huge_delivery_that_is_kept_aside_only_the_beginning_is_stored(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, Ignored(external_id="i1", reason="a newsletter"), padding=b"x" * 2 * KEPT_BODY)
        await happens(opened, Ignored(external_id="i2", reason="a newsletter"))

        rows = await opened.rows("select reason, body from deliveries order by id")
        assert [len(opened.seal.open(bytes(body), b"delivery")) for _, body in rows] == [KEPT_BODY, 2]
        assert [reason for reason, _ in rows] == [
            f"a newsletter ({KEPT_BODY} of {2 * KEPT_BODY + 2} bytes kept)",
            "a newsletter",
        ]


# --- windows ----------------------------------------------------------------------------------------------------------


async def age(opened: House, hours: int) -> None:
    """The citizen's last word was so long ago."""
    async with opened.gateway.pool.connection() as connection:
        await connection.execute(
            "update conversations set last_inbound_at = now() - make_interval(hours => %s)", [hours]
        )


async def tell(opened: House, text: str, update: str) -> None:
    event = CaseChanged(code="TG-1", update_id=update, name="result.recorded", at=utc_now(), text=text)
    index = opened.seal.index(str(AN))
    await opened.gateway.writer.take([Item(index, event, update, Source.STORE)])
    await settled(opened)


DAY: dict[str, Any] = {"reply_window": timedelta(hours=24), "person_window": timedelta(days=7)}


async def test_a_person_may_still_write_when_the_bot_may_not(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        await happens(opened, says("xin chào", "1"))
        number = await opened.conversation("an")
        await age(opened, 30)
        await opened.gateway.reply(number, operator="lan", text="trong bảy ngày", nonce="n1")
        await settled(opened)
        await age(opened, 24 * 8)
        await opened.gateway.reply(number, operator="lan", text="sau bảy ngày", nonce="n2")
        await settled(opened)

        assert [message.text for message in messages(opened)][1:] == ["trong bảy ngày"]
        found = await opened.rows("select reason from errands where status = 'unreachable'")
        assert [reason.split(":")[0] for (reason,) in found] == ["Unreachable window"]


async def test_a_result_that_came_too_late_is_told_first_when_the_citizen_writes_again(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """facebook: keep as pending and deliver as the first thing when the citizen writes again."""
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        await happens(opened, says("xin chào", "1"))
        await age(opened, 30)
        await tell(opened, "Đã thay bóng đèn.", "u1")
        assert [status for (status,) in await opened.rows("select status from errands order by seq, n")] == [
            "done",
            "unreachable",
        ]

        await happens(opened, says("có ai không", "2"))
        told = [message.text for message in messages(opened)][1:]
        assert "Đã thay bóng đèn." in told[0] and len(told) >= 2
        await opened.wait_for("select 1 from events where kind = 'SendSettled' and seq > 3")
        before = len(messages(opened))
        await happens(opened, says("cảm ơn", "3"))
        assert not any("Đã thay bóng đèn." in message.text for message in messages(opened)[before:])


async def test_news_that_wait_are_told_with_all_their_parts_and_in_order(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        await happens(opened, says("xin chào", "1"))
        await age(opened, 30)
        long = " ".join(f"phần{n}" for n in range(1200))
        await tell(opened, long, "u1")
        await tell(opened, "Kết quả thứ hai.", "u2")

        await happens(opened, says("có ai không", "2"))

        said = " ".join(" ".join(message.text for message in messages(opened)[1:]).split())
        assert long in said and said.index("phần1199") < said.index("Kết quả thứ hai.")


async def test_news_that_a_blocked_channel_refused_are_told_later_too(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, says("xin chào", "1"))
        opened.platform.trouble.append(Unreachable("outside the allowed window", code="10"))
        await tell(opened, "Đã thay bóng đèn.", "u1")

        await happens(opened, says("có ai không", "2"))

        assert "Đã thay bóng đèn." in messages(opened)[1].text


async def test_news_wait_for_the_bot_while_a_person_or_another_program_has_the_conversation(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        await happens(opened, says("xin chào", "1"))
        await age(opened, 30)
        await tell(opened, "Đã thay bóng đèn.", "u1")
        number = await opened.conversation("an")
        await opened.gateway.take_over(number, operator="lan", nonce="n-1")
        await happens(opened, says("có ai không", "2"))
        await opened.gateway.give_back(number, operator="lan", nonce="n-2")
        await happens(opened, says("có ai không", "3", standby=True))
        assert len(messages(opened)) == 1

        await happens(opened, says("có ai không", "4"))

        assert "Đã thay bóng đèn." in messages(opened)[1].text


async def test_what_was_no_news_is_not_told_later(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        opened.platform.trouble.append(Unreachable("blocked"))
        await happens(opened, says("xin chào", "1"))
        await happens(opened, says("xin chào", "2"))

        assert len(messages(opened)) == 1
        assert (await opened.rows("select owed from conversations")) == [(False,)]


# --- comments and other programs --------------------------------------------------------------------------------------


def comment(key: str = "c1", text: str = "đèn đường hỏng, tôi ở 12 Lê Lợi") -> PublicComment:
    peer = Peer(channel="fake", account="a", user="comment:c1")
    return PublicComment(peer=peer, external_id=key, sent_at=utc_now(), text=text, sender_name="Nguyễn Văn An")


async def test_a_comment_gets_one_private_reply_although_no_window_is_open(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        opened.platform.reached = "an"  # type: ignore[attr-defined]  # a Telling
        await happens(opened, comment())
        await happens(opened, comment())
        await happens(opened, comment("c1:edited", "sửa"))

        (sent,) = messages(opened)
        assert "tin nhắn riêng" in sent.text
        rows = await opened.rows("select last_inbound_at, state is null, name is not null, reached from conversations")
        assert [(row[:3], bytes(row[3])) for row in rows] == [((None, False, True), opened.seal.index(str(AN)))]
        assert await opened.rows("select count(*) from reports") == [(0,)]


async def test_the_invitation_survives_a_second_try(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        opened.platform.trouble.append(TryAgain("429", after=timedelta(seconds=0)))
        await happens(opened, comment())

        assert len(messages(opened)) == 1


async def test_what_waited_while_another_program_had_the_thread_is_told_when_it_comes_back(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, says("xin chào", "1"))
        await happens(
            opened, ThreadMoved(peer=AN, external_id="t1", sent_at=utc_now(), ours=False, by="263902037430900")
        )
        await happens(opened, says("có ai không", "2"))
        await tell(opened, "Đã thay bóng đèn.", "u1")
        assert len(messages(opened)) == 1

        await happens(opened, ThreadMoved(peer=AN, external_id="t2", sent_at=utc_now(), ours=True))

        assert any("Đã thay bóng đèn." in message.text for message in messages(opened)[1:])
        assert await opened.rows("select owner, operator from conversations") == [("bot", "")]


async def test_an_alarm_of_a_platform_is_kept(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, AccountAlarm(external_id="p1", sent_at=utc_now(), reason="policy: spam"))

        assert await opened.rows("select status, reason from deliveries") == [("alarm", "policy: spam")]


async def test_whether_news_arrived_is_an_event_of_its_own(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database(), **DAY) as opened:
        await happens(opened, says("xin chào", "1"))
        await age(opened, 30)
        await tell(opened, "Đã thay bóng đèn.", "u1")

        ((body,),) = await opened.wait_for("select body from events where kind = 'SendSettled'")
        event = codec.decode("SendSettled", unpack_event(opened.seal.open(bytes(body), b"event"))[0])
        assert isinstance(event, SendSettled) and not event.delivered


# --- alarms -----------------------------------------------------------------------------------------------------------


@dataclass
class Tended(Telling):
    """A channel with a token that may die."""

    tending: list[Exception] = field(default_factory=list)

    async def tend(self) -> None:
        if self.tending:
            raise self.tending.pop(0)


async def test_a_dead_token_rings_until_it_is_well_again(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    """The alarm keeps the instant since when; other trouble of a moment does not ring."""
    platform = Tended(tending=[TryAgain("busy"), Misconfigured("token died", code="190"), Misconfigured("again")])
    async with house(tmp_path, fresh_database(), platform=platform) as opened:
        await opened.gateway.tend()
        assert await opened.rows("select 1 from alarms") == []
        await opened.gateway.tend()
        ((kind, reason, since),) = await opened.rows("select kind, reason, since from alarms")
        assert (kind, reason) == ("tend", "Misconfigured 190: token died")
        await opened.gateway.tend()
        assert await opened.rows("select since = %s from alarms", since) == [(True,)]
        await opened.gateway.tend()

        assert await opened.rows("select 1 from alarms") == []


async def test_what_a_platform_says_of_the_account_rings(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        for key in ("p1", "p2"):
            await happens(opened, AccountAlarm(external_id=key, sent_at=utc_now(), reason="policy: spam"))

        assert await opened.rows("select channel, account, kind, reason, since < last_at from alarms") == [
            ("fake", "a", "platform", "policy: spam", True)
        ]


async def test_half_a_delivery_is_not_read_again_for_a_whole_one(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    async with telling(tmp_path, fresh_database()) as opened:
        await happens(opened, Ignored(external_id="i1", reason="not stored"), padding=b"x" * 2 * KEPT_BODY)
        opened.platform.told = [[says("xin chào", "1")]]  # type: ignore[attr-defined]  # a Telling
        async with opened.gateway.pool.connection() as connection:
            row = await deliveries.find(connection, 1)
        assert row is not None

        said = await _take(SimpleNamespace(gateway=opened.gateway, seal=opened.seal), row)  # type: ignore[arg-type]

        assert "quá lớn" in said and await opened.rows("select 1 from events") == []
