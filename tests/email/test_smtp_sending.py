"""Mails leave through a real SMTP server on 127.0.0.1; what it says becomes one of the five send errors."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from channels.email.codes import Stage, refusal
from channels.email.imap import Login
from channels.email.smtp import Relay
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from tests.email.mailboxes import settings
from tests.email.servers import PASSWORD, free_ports, listening, mail, relay

LAN = "lan@example.vn"


def sender(port: int, *, password: str = PASSWORD, login: bool = False, **more: Any) -> Relay:
    async def who(afresh: bool) -> Login:
        return Login(password=password)

    return Relay(settings(smtp_port=port, smtp_login=login, **more), who, answer_seconds=3)


async def test_mails_leave_over_one_connection() -> None:
    with relay() as server:
        out = sender(server.port)
        await asyncio.gather(*(out.deliver(LAN, mail(number=n)) for n in range(5)))
        await out.close()

    assert (len(server.taken), server.connections) == (5, 1)
    assert server.recipients == [LAN] * 5


async def test_a_line_with_a_dot_arrives_as_it_was() -> None:
    with relay() as server:
        out = sender(server.port)
        await out.deliver(LAN, b"Subject: x\r\n\r\n.\r\n..\r\nxong\r\n")
        await out.close()

    assert server.taken[0].endswith(b"\r\n\r\n.\r\n..\r\nxong\r\n")


async def test_a_connection_that_rested_too_long_is_made_anew() -> None:
    clock = [0.0]
    with relay() as server:
        out = sender(server.port)
        out._clock = lambda: clock[0]
        await out.deliver(LAN, mail())
        clock[0] = 60.0
        await out.deliver(LAN, mail())
        await out.close()

    assert server.connections == 2


async def test_the_login_is_used() -> None:
    with relay(password=PASSWORD) as server:
        out = sender(server.port, login=True)
        await out.deliver(LAN, mail())
        await out.close()

    assert len(server.taken) == 1


async def test_a_wrong_password_is_a_matter_of_configuration() -> None:
    with relay(password=PASSWORD) as server:
        out = sender(server.port, login=True, password="sai")
        with pytest.raises(Misconfigured) as caught:
            await out.deliver(LAN, mail())

    assert caught.value.code.startswith("535")
    assert PASSWORD not in caught.value.reason and not server.taken


async def test_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    with relay() as server:
        out = sender(server.port, smtp_tls="starttls", login=True)
        with pytest.raises(Misconfigured):
            await out.deliver(LAN, mail())

    assert not server.taken


ANSWERS: list[tuple[str, str, type[SendError]]] = [
    (LAN, "451 4.7.1 Greylisted, try again", TryAgain),
    (LAN, "450 4.2.1 busy", TryAgain),
    (LAN, "421 4.3.2 closing", TryAgain),
    (LAN, "452 4.2.2 over quota", TryAgain),
    (LAN, "550 5.1.1 user unknown", Unreachable),
    (LAN, "550 5.1.10 recipient not found", Unreachable),
    (LAN, "550 5.2.1 mailbox disabled", Unreachable),
    (LAN, "550 5.4.4 unable to route: no such domain", Unreachable),
    (LAN, "550 No such user here", Unreachable),
    (LAN, "552 5.2.2 mailbox full", Refused),
    (LAN, "550 5.7.1 rejected by policy", Refused),
    (LAN, "554 5.7.1 Relay access denied", Misconfigured),
    (LAN, "550 blocked", Refused),
    ("MAIL", "550 5.7.60 SendAsDenied", Misconfigured),
    ("MAIL", "553 5.1.8 sender rejected", Misconfigured),
    ("MAIL", "552 5.3.4 too large", Refused),
    ("MAIL", "530 5.7.0 authentication required", Misconfigured),
    ("DATA", "554 5.6.0 content rejected", Refused),
    ("DATA", "552 message too large", Refused),
    ("DATA", "451 4.3.0 try later", TryAgain),
]


@pytest.mark.parametrize(("where", "answer", "error"), ANSWERS, ids=lambda value: str(value)[:40])
async def test_what_a_server_says_is_one_of_the_five_errors(where: str, answer: str, error: type[SendError]) -> None:
    with relay() as server:
        server.refuse[where] = answer
        out = sender(server.port)
        with pytest.raises(error) as caught:
            await out.deliver(LAN, mail())
        server.refuse.clear()
        await out.deliver(LAN, mail())
        await out.close()

    assert type(caught.value) is error and caught.value.code.startswith(answer[:3])
    assert (caught.value.after is not None) == (error is TryAgain)
    assert len(server.taken) == 1, "the next mail leaves as if nothing had been"


def test_microsofts_refusal_of_passwords_is_named() -> None:
    said = "5.7.30 Basic authentication is not supported for Client Submission"

    assert isinstance(refusal(Stage.LOGIN, 550, said), Misconfigured)
    assert isinstance(refusal(Stage.SENDER, 550, said), Misconfigured)


def test_every_code_has_a_meaning_at_every_stage() -> None:
    for stage in Stage:
        for code in (*range(400, 460), *range(500, 560)):
            error = refusal(stage, code, "x")
            assert error.reason and isinstance(error, TryAgain) == (code < 500)


async def test_a_hang_up_after_the_content_leaves_it_open_whether_it_arrived() -> None:
    with relay() as server:
        server.hang_up_after_data = True
        out = sender(server.port)
        with pytest.raises(Unknown):
            await out.deliver(LAN, mail())
        await out.deliver(LAN, mail())
        await out.close()

    assert len(server.taken) == 2


async def test_nobody_listening_means_try_again() -> None:
    with pytest.raises(TryAgain) as caught:
        await sender(free_ports(1)[0]).deliver(LAN, mail())

    assert caught.value.after == timedelta(seconds=30)


async def test_a_silent_server_means_try_again() -> None:
    left = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        left.set()

    async with listening(silent) as port:
        out = sender(port)
        out._patience = 0.2
        with pytest.raises(TryAgain):
            await out.deliver(LAN, mail())
        await left.wait()


async def test_a_mail_above_the_servers_limit_is_not_even_begun() -> None:
    with relay(size=1000) as server:
        out = sender(server.port)
        with pytest.raises(Refused):
            await out.deliver(LAN, mail("x" * 2000))
        await out.close()

    assert not server.taken


async def test_an_address_outside_ascii_is_refused() -> None:
    with pytest.raises(Refused):
        await sender(1).deliver("đỗ@example.vn", mail())
