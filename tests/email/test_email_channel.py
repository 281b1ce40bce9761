"""The channel as the gateway uses it: who may deliver, what leaves, what is slowed down, how it logs in."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from channels.email import EmailChannel
from channels.email.mime import read_mail
from core.errors import DeliveryRejected, Misconfigured, Refused, TryAgain
from core.events import AccountAlarm, InboundMessage
from core.model import Delivery, MediaKind, MediaRef, OutboundMedia, OutboundMessage, Peer, Speaker
from core.ports import Polled, Tends
from tests.channels.fakes import Call, FakeHttp, FakeVault, MemoryBlobs, answer
from tests.email.mailboxes import PATIENCE, QUICK, Pauses, settings, until
from tests.email.servers import PASSWORD, Dovecot, bad_server, mail, relay

LAN = Peer(channel="email", account="hop-thu", user="lan@example.vn")


class Outbox:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.trouble: list[Exception] = []

    async def deliver(self, recipient: str, raw: bytes) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.sent.append(raw)


class House:
    """A channel whose surroundings a test has in its hands."""

    def __init__(
        self, *, http: FakeHttp | None = None, vault: FakeVault | None = None, real: bool = False, **more: Any
    ):
        self.time = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.blobs, self.outbox, self.vault = MemoryBlobs(), Outbox(), vault or FakeVault()
        self.http = http or FakeHttp(lambda call: answer(500, ""))
        self.channel = EmailChannel(
            settings(**more), http=self.http, vault=self.vault, blobs=self.blobs, now=lambda: self.time, sleep=Pauses(),
            pace=QUICK, outbox=None if real else self.outbox,
        )  # fmt: skip


def test_it_is_polled_and_tended() -> None:
    channel = House().channel

    assert isinstance(channel, Polled) and isinstance(channel, Tends)
    assert channel.capabilities.letters and channel.capabilities.resend_is_safe


def test_mail_does_not_come_by_web_request() -> None:
    knock = Delivery(body=mail(), received_at=datetime(2026, 3, 2, tzinfo=UTC))
    with pytest.raises(DeliveryRejected) as caught:
        House().channel.verify(knock)

    assert caught.value.status == 404


async def test_a_mail_is_polled_stored_verified_and_read(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail("Đèn hỏng. " * 40_000))
    house = House(imap_port=dovecot_server.imap_port, username=user)
    async with asyncio.timeout(PATIENCE):
        delivery = await anext(house.channel.poll())
    (event,) = house.channel.parse(delivery)

    house.channel.verify(delivery)
    assert isinstance(event, InboundMessage)
    assert await house.blobs.get(event.original) == delivery.body
    assert [event] == House().channel.parse(delivery), "read ahead or not, it is the same"
    assert {"folder", "uidvalidity", "uid"} < delivery.headers.keys()


async def test_a_refused_login_becomes_an_alarm_of_the_account() -> None:
    async with bad_server("", mail()) as server:
        house = House(imap_port=server.port, password=SecretStr("sai"))
        async with asyncio.timeout(PATIENCE):
            delivery = await anext(house.channel.poll())
    (event,) = house.channel.parse(delivery)

    assert isinstance(event, AccountAlarm) and event.reason == "Hộp thư từ chối đăng nhập"


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_file_comes_out_of_the_stored_mail() -> None:
    house = House()
    raw = (
        b"From: Lan <lan@example.vn>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: text/plain\n\nx\n--b\nContent-Type: application/pdf\n"
        b'Content-Disposition: attachment; filename="don.pdf"\n\n%PDF-1.4 abc\n--b--\n'
    )
    await house.blobs.put(raw)
    (event,) = house.channel.parse(Delivery(body=raw, received_at=house.time))
    assert isinstance(event, InboundMessage)

    file = await house.channel.fetch(event.media[0])

    assert (file.name, file.mime, file.body.strip()) == ("don.pdf", "application/pdf", b"%PDF-1.4 abc")


@pytest.mark.parametrize(
    "key", ["mail:", "mail:x/1", f"mail:{'0' * 64}/1", f"mail:{'0' * 64}/x", "mail:a/skipped/0", ""]
)
async def test_what_is_not_there_is_refused(key: str) -> None:
    with pytest.raises(Refused):
        await House().channel.fetch(MediaRef(kind=MediaKind.FILE, key=key))


# --- sending ----------------------------------------------------------------------------------------------------------


async def test_an_answer_carries_thread_case_and_files() -> None:
    house = House()
    blob = await house.blobs.put(b"\xff\xd8\xff\xe0abc")
    (heard,) = house.channel.parse(Delivery(body=mail(), received_at=house.time))
    assert isinstance(heard, InboundMessage)
    file = OutboundMedia(kind=MediaKind.IMAGE, blob=blob, mime="image/jpeg")
    receipt = await house.channel.send(
        LAN, OutboundMessage(text="Đã xong", key="1.2.0", thread=heard.thread, case="TG-260302-0001", media=(file,))
    )

    sent = read_mail(house.outbox.sent[0])
    assert receipt.external_id == sent.message_id and receipt.at == house.time
    assert (sent.in_reply_to, sent.subject) == (("m1@example.vn",), "Re: Den hong [#TG-260302-0001]")
    assert sent.to[0].name == "Lan" and "Đã xong" in sent.text and "Đã xong" in sent.html
    (answer_heard,) = house.channel.parse(
        Delivery(body=mail("Cảm ơn", number=2, more=f"In-Reply-To: <{receipt.external_id}>\n"), received_at=house.time)
    )
    assert isinstance(answer_heard, InboundMessage) and answer_heard.about == "TG-260302-0001"


async def test_a_second_try_is_the_same_mail() -> None:
    house = House()
    message = OutboundMessage(text="x", key="1.2.0")

    assert (await house.channel.send(LAN, message)).external_id == (await house.channel.send(LAN, message)).external_id


async def test_a_blob_that_is_gone_and_an_address_that_is_none_are_refused() -> None:
    house = House()
    file = OutboundMedia(kind=MediaKind.IMAGE, blob="0" * 64)
    for peer, message in (
        (LAN, OutboundMessage(text="x", media=(file,))),
        (Peer(channel="email", account="hop-thu", user="khong"), OutboundMessage(text="x")),
    ):
        with pytest.raises(Refused):
            await house.channel.send(peer, message)
    assert not house.outbox.sent


async def test_too_many_automatic_mails_stop_the_bot_and_nobody_else() -> None:
    house = House(automatic_in_five_minutes=3, mails_per_minute=100)
    for _ in range(3):
        await house.channel.send(LAN, OutboundMessage(text="x"))
    with pytest.raises(TryAgain) as caught:
        await house.channel.send(LAN, OutboundMessage(text="x"))
    await house.channel.send(LAN, OutboundMessage(text="x", speaker=Speaker.OPERATOR))

    assert (caught.value.code, caught.value.after) == ("breaker", timedelta(minutes=5))
    house.time += timedelta(minutes=5)
    await house.channel.send(LAN, OutboundMessage(text="x"))


async def test_the_providers_rate_is_kept() -> None:
    house = House(mails_per_minute=2)
    for _ in range(2):
        await house.channel.send(LAN, OutboundMessage(text="x", speaker=Speaker.OPERATOR))
    house.time += timedelta(seconds=20)
    with pytest.raises(TryAgain) as caught:
        await house.channel.send(LAN, OutboundMessage(text="x", speaker=Speaker.OPERATOR))

    assert caught.value.after == timedelta(seconds=40)


async def test_a_copy_of_what_was_sent_is_kept_where_wished(dovecot_server: Dovecot, user: str) -> None:
    with relay() as server:
        house = House(
            real=True, smtp_port=server.port, smtp_login=False, imap_port=dovecot_server.imap_port, username=user,
            sent="Sent",
        )  # fmt: skip
        await house.channel.send(LAN, OutboundMessage(text="x"))
        await until(lambda: dovecot_server.count(user, "Sent") == 1)
        await house.channel._outbox.close()  # type: ignore[attr-defined]  # a relay of our own

    assert len(server.taken) == 1


# --- OAuth ------------------------------------------------------------------------------------------------------------

OAUTH: dict[str, Any] = {
    "auth": "oauth_client_credentials", "token_url": "https://login.example.com/t/token", "client_id": "app",
    "client_secret": SecretStr("bi-mat"), "scope": "https://outlook.office365.com/.default",
}  # fmt: skip


def tokens(*values: str, expires: int = 3600) -> FakeHttp:
    left = list(values)
    return FakeHttp(lambda call: answer(200, {"access_token": left.pop(0), "expires_in": expires}))


async def test_a_token_is_fetched_once_and_shared_through_the_vault() -> None:
    vault, http = FakeVault(), tokens("t1")
    one, other = House(http=http, vault=vault, **OAUTH), House(http=http, vault=vault, **OAUTH)
    await asyncio.gather(one.channel.tend(), other.channel.tend())
    await one.channel.tend()

    (call,) = http.calls
    assert call.url == OAUTH["token_url"] and b"grant_type=client_credentials" in call.body
    assert (await other.channel._login(False)).token == "t1"


async def test_a_token_is_renewed_five_minutes_before_its_end_and_when_it_was_refused() -> None:
    house = House(http=tokens("t1", "t2", "t3"), **OAUTH)
    assert (await house.channel._login(False)).token == "t1"
    house.time += timedelta(minutes=54)
    assert (await house.channel._login(False)).token == "t1"
    house.time += timedelta(minutes=2)
    assert (await house.channel._login(False)).token == "t2"
    assert (await house.channel._login(True)).token == "t3"


async def test_a_refresh_token_that_was_changed_is_remembered_until_the_settings_change() -> None:
    def respond(call: Call) -> Any:
        number = len(http.calls)
        return answer(200, {"access_token": f"t{number}", "expires_in": 1, "refresh_token": f"r{number}"})

    http, vault = FakeHttp(respond), FakeVault()
    more: dict[str, Any] = {**OAUTH, "auth": "oauth_refresh_token", "refresh_token": SecretStr("r0")}
    for _ in range(2):
        await House(http=http, vault=vault, **more).channel.tend()
    await House(http=http, vault=vault, **{**more, "refresh_token": SecretStr("neu")}).channel.tend()

    assert [call.body.partition(b"refresh_token=")[2].partition(b"&")[0] for call in http.calls] != []
    assert [name for call in http.calls for name in (b"=r0", b"=r1", b"=neu") if name in call.body] == [
        b"=r0", b"=r1", b"=neu",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_grant"}, Misconfigured),
        (401, {"error": "invalid_client"}, Misconfigured),
        (429, {"error": "temporarily_unavailable"}, TryAgain),
        (503, "<html>", TryAgain),
        (200, "{}", TryAgain),
        (200, "null", TryAgain),
    ],
)
async def test_a_dead_grant_is_told_from_a_server_that_is_away(status: int, body: Any, error: type[Exception]) -> None:
    house = House(http=FakeHttp(lambda call: answer(status, body)), **OAUTH)
    with pytest.raises(error):
        await house.channel.tend()


async def test_what_else_lies_in_the_vault_stays() -> None:
    vault = FakeVault({"folder:INBOX": json.dumps({"since": "2026-01-01"})})
    await House(http=tokens("t1"), vault=vault, **OAUTH).channel.tend()

    assert "folder:INBOX" in vault.values


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"imap_host": "mail.example.vn", "imap_tls": "none"},
        {"smtp_host": "mail.example.vn", "smtp_tls": "none"},
        {"address": "tiepnhan"},
        {"own_addresses": ("x y@z",)},
        {"password": SecretStr("")},
        {"auth": "oauth_client_credentials"},
        {**OAUTH, "token_url": "http://login.example.com/"},
        {"processed": "INBOX"},
        {"folders": ()},
        {"max_message_bytes": 10},
        {"unknown": 1},
    ],
    ids=str,
)
def test_settings_that_cannot_work_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)

    assert PASSWORD not in str(caught.value)
