"""A mail is taken within three seconds, whenever it arrives: EXISTS is said once, in any answer (RFC 3501 7.3.1)."""

import asyncio
import time
from random import Random

import pytest

from channels.email.imap import USUAL_PACE, Pace
from tests.email.mailboxes import PATIENCE, Intake, until
from tests.email.servers import BadServer, Dovecot, bad_server, mail, message_number
from tests.email.test_smtp_tls import Certificate, certificate

__all__ = ["certificate"]

SOON = 3.0
"""Seconds. An IDLE of the usual pace lasts 38."""

MOMENTS = [
    ("SELECT", 1), ("UID SEARCH", 1), ("UID SEARCH", 2), ("UID FETCH", 1), ("UID FETCH", 2), ("UID MOVE", 1),
    ("IDLE", 1),
]  # fmt: skip


async def seconds_until_taken(server: BadServer, box: Intake) -> float:
    async with box.reading() as reading:
        assert [message_number((await reading.take()).raw) for _ in range(2)] == [1, 2]
        return time.monotonic() - server.pushed


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: f"{moment[0]} {moment[1]}".replace(" ", "-"))
async def test_what_any_answer_announces_does_not_wait_for_the_next_renewal(moment: tuple[str, int]) -> None:
    async with bad_server("", mail(number=1), push_at=moment) as server:
        assert await seconds_until_taken(server, Intake(imap_port=server.port, pace=USUAL_PACE)) < SOON


async def test_nor_does_what_came_with_the_answer_to_idle_in_one_tls_record(certificate: Certificate) -> None:
    async with bad_server("", mail(number=1), tls=certificate.server, push_at=("IDLE", 1)) as server:
        box = Intake(
            imap_port=server.port, pace=USUAL_PACE, imap_tls="implicit", ca_file=str(certificate.authority)
        )  # fmt: skip
        assert await seconds_until_taken(server, box) < SOON


async def test_a_quiet_tls_connection_stays_in_idle(certificate: Certificate) -> None:
    async with bad_server("", mail(), tls=certificate.server, push_at=("UID SEARCH", 2)) as server:
        pace = Pace(answer=5.0, idle=38.0, again=0.1)
        box = Intake(imap_port=server.port, pace=pace, imap_tls="implicit", ca_file=str(certificate.authority))
        await seconds_until_taken(server, box)

    assert server.logins == 1
    assert "DONE" not in server.said


async def test_a_server_that_announces_something_in_every_answer_is_asked_at_a_pace() -> None:
    async with bad_server("", mail(), stored=False, repeats=True) as server:
        pace = Pace(answer=5.0, idle=38.0, again=0.2)
        async with Intake(imap_port=server.port, pace=pace).reading() as reading:
            reading.ask()
            begun = time.monotonic()
            await until(lambda: server.said.count("IDLE") > 3)
            elapsed = time.monotonic() - begun

    assert elapsed > 3 * pace.again * 0.9
    looks = [said.split(" ")[:2] for said in server.said if said == "IDLE" or said.startswith("UID SEARCH")]
    assert looks[:6] == [["UID", "SEARCH"], ["IDLE"]] * 3


async def test_the_folder_that_idle_listens_to_is_looked_into_last() -> None:
    async with bad_server("", mail(), stored=False) as server:
        box = Intake(imap_port=server.port, folders=("INBOX", "Junk"))
        async with box.reading() as reading:
            reading.ask()
            await until(lambda: "IDLE" in server.said)

    before = server.said[: server.said.index("IDLE")]
    selected = [said.split(" ")[1].strip('"') for said in before if said.startswith("SELECT")]
    assert selected == ["INBOX", "Junk", "INBOX"]
    assert before[-1].startswith("UID SEARCH")


async def test_dovecot_keeps_no_mail_back_whenever_it_arrives(dovecot_server: Dovecot, user: str) -> None:
    moments = Random(7)
    delivered: dict[int, float] = {}

    def deliver(number: int) -> None:
        delivered[number] = time.monotonic()
        dovecot_server.deliver(user, mail(number=number))

    async def sender() -> None:
        for number in range(1, 31):
            await asyncio.sleep(moments.choice((0, 0.01, 0.05, 0.2)))
            await asyncio.to_thread(deliver, number)

    box = Intake(imap_port=dovecot_server.imap_port, username=user, pace=USUAL_PACE)
    async with box.reading() as reading, asyncio.TaskGroup() as group, asyncio.timeout(4 * PATIENCE):
        group.create_task(sender())
        late = [time.monotonic() - delivered[message_number((await reading.take()).raw)] for _ in range(30)]

    assert max(late) < SOON
