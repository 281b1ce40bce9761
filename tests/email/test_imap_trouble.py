"""Servers that hang up, fall silent or refuse: the intake comes back by itself, within 15 seconds."""

import asyncio
import time

import pytest

from channels.email.imap import USUAL_PACE, Pace, is_busy, refused_login
from tests.email.mailboxes import PATIENCE, QUICK, Intake
from tests.email.servers import MODES, bad_server, listening, mail, message_number

HASTY = Pace(answer=0.4, idle=0.3, first_pause=0.01, longest_pause=0.05, busy_pause=0.02, locked_out=(0.01, 0.02))


@pytest.mark.parametrize("mode", MODES)
async def test_the_intake_recovers_from_each_kind_of_misbehaviour(mode: str) -> None:
    begun = time.monotonic()
    async with bad_server(mode, mail(number=1)) as server:
        box = Intake(imap_port=server.port, pace=HASTY)
        async with box.reading() as reading:
            letter = await reading.take()
            reading.ask()
            async with asyncio.timeout(PATIENCE):
                await server.idled_again.wait()

    assert message_number(letter.raw) == 1
    assert server.misbehaved.is_set() and server.logins == 2 and not server.lying
    assert time.monotonic() - begun < PATIENCE


@pytest.mark.parametrize("mode", ["close_in_idle", "bye_in_idle", "silent"])
async def test_a_cut_in_idle_is_noticed_within_one_renewal_and_one_answer(mode: str) -> None:
    """With the usual pace that is less than a minute."""
    async with bad_server(mode, mail(), stored=False) as server:
        box = Intake(imap_port=server.port, pace=HASTY)
        async with box.reading() as reading:
            reading.ask()
            async with asyncio.timeout(PATIENCE):
                await server.misbehaved.wait()
                cut = time.monotonic()
                await server.idled_again.wait()
            noticed = time.monotonic() - cut

    # Both limits, and as much again for a busy machine.
    assert noticed < 2 * (HASTY.idle + HASTY.answer) + 1
    assert USUAL_PACE.idle + USUAL_PACE.answer < 60


async def test_pauses_grow_and_end_at_the_longest() -> None:
    box = Intake(imap_port=1, pace=Pace(answer=0.2))
    async with box.reading() as reading:
        reading.ask()
        async with asyncio.timeout(PATIENCE):
            while len(box.pauses.seconds) < 12:  # noqa: ASYNC110  (pauses pass at once; there is nothing to wait for)
                await asyncio.sleep(0)

    assert box.pauses.seconds[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]


async def test_a_wrong_password_is_tried_slowly_and_staff_hear_of_it() -> None:
    async with bad_server("", mail()) as server:
        box = Intake(imap_port=server.port, pace=Pace(answer=2.0), password="sai")
        async with box.reading() as reading:
            alarms = [await reading.take() for _ in range(3)]

    assert all(alarm.alarm and not alarm.raw for alarm in alarms)
    assert box.pauses.seconds == [300, 1800]
    assert box.logins == [False, True, True], "after a refusal a token is fetched afresh"


async def test_a_token_is_shown_as_xoauth2_wants_it() -> None:
    async with bad_server(
        "", mail(number=5), password="ya29.token", capabilities="IMAP4rev1 IDLE MOVE SASL-IR"
    ) as server:
        box = Intake(imap_port=server.port, token="ya29.token", username="a@b.vn")
        async with box.reading() as reading:
            assert message_number((await reading.take()).raw) == 5

    assert "user=a@b.vn\1auth=Bearer ya29.token\1\1" in server.said


async def test_a_refused_token_is_answered_with_an_empty_line() -> None:
    async with bad_server("", mail(), password="ya29.token") as server:
        box = Intake(imap_port=server.port, token="old", pace=Pace(answer=2.0))
        async with box.reading() as reading:
            assert (await reading.take()).alarm

    at = next(number for number, said in enumerate(server.said) if "Bearer old" in said)
    assert server.said[at + 1] == ""


async def test_a_password_that_is_right_again_ends_the_waiting() -> None:
    async with bad_server("", mail(number=4)) as server:
        box = Intake(imap_port=server.port, pace=QUICK, password="sai")
        async with box.reading() as reading:
            await reading.take()
            box.password = server.password
            assert message_number((await reading.take()).raw) == 4


@pytest.mark.parametrize(
    ("said", "busy"),
    [
        ("b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'", False),
        ("LOGIN failed.", False),
        ("[UNAVAILABLE] Temporary System Error", True),
        ("[ALERT] Too many simultaneous connections. (Failure)", True),
        ("[LIMIT] Maximum number of connections from user+IP exceeded", True),
        ("[INUSE] Mailbox in use", True),
    ],
)
def test_a_busy_server_is_not_taken_for_a_refused_login(said: str, busy: bool) -> None:
    from imapclient.exceptions import LoginError  # type: ignore[import-untyped]  # ships no type information

    assert (refused_login(LoginError(said)), is_busy(LoginError(said))) == (not busy, busy)


async def test_a_connection_that_ends_during_the_login_is_no_refused_login() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        await reader.readline()

    async with listening(hang_up) as port:
        box = Intake(imap_port=port, pace=Pace(answer=2.0))
        async with box.reading() as reading:
            reading.ask()
            async with asyncio.timeout(PATIENCE):
                while len(box.pauses.seconds) < 3:  # noqa: ASYNC110  (pauses pass at once; nothing to wait for)
                    await asyncio.sleep(0.001)

    assert box.pauses.seconds[:3] == [1, 2, 4]
