"""The intake of a mailbox against a real Dovecot and against pymap."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no type information

from channels.email.imap import USUAL_PACE, Pace, Session
from tests.channels.fakes import FakeVault, MemoryBlobs
from tests.email.mailboxes import ADDRESS, PATIENCE, QUICK, Intake, settings, until
from tests.email.servers import HOST, PASSWORD, Dovecot, mail, message_number, pymap


def intake(server: Dovecot, user: str, **more: Any) -> Intake:
    return Intake(imap_port=server.imap_port, username=user, **more)


def numbers(letters: list[Any]) -> list[int]:
    return [message_number(letter.raw) for letter in letters]


async def settle(reading: Any, server: Dovecot, user: str, folder: str, count: int) -> None:
    """Until a folder holds so many mails, while the intake goes on."""
    reading.ask()
    await until(lambda: server.count(user, folder) == count)


async def test_what_lies_there_is_taken_then_what_arrives(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    box = intake(dovecot_server, user)
    async with box.reading() as reading:
        first = await reading.several(2)
        waiting = reading.ask()
        await asyncio.to_thread(dovecot_server.deliver, user, mail(number=3))
        async with asyncio.timeout(10):
            third = await waiting

    assert numbers([*first, third]) == [1, 2, 3]
    assert b"\xc4\x90\xc3\xa8n" in third.raw
    assert all([await box.blobs.get(key) for key in box.blobs.bodies]) and len(box.blobs.bodies) == 3


async def test_a_mail_moves_when_the_next_is_asked_for_and_not_before(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    async with intake(dovecot_server, user).reading() as reading:
        await reading.take()
        assert dovecot_server.count(user, "Processed") == 0
        await reading.take()
        assert dovecot_server.count(user, "Processed") == 1
        await settle(reading, dovecot_server, user, "Processed", 2)

    assert dovecot_server.count(user, "INBOX") == 0


async def test_what_arrives_while_another_mail_is_stored_does_not_wait_for_the_next_renewal(
    dovecot_server: Dovecot, user: str
) -> None:
    """Servers announce it in the answer to the other mail's move, and then IDLE has nothing to say."""
    dovecot_server.deliver(user, mail(number=1))
    async with intake(dovecot_server, user, pace=Pace(answer=5.0, idle=2 * PATIENCE)).reading() as reading:
        first = await reading.take()
        await asyncio.to_thread(dovecot_server.deliver, user, mail(number=2))
        assert numbers([first, await reading.take()]) == [1, 2]


async def test_a_caller_that_cannot_store_does_not_use_up_the_tries_of_a_mail(
    dovecot_server: Dovecot, user: str
) -> None:
    dovecot_server.deliver(user, mail(number=1))
    box = intake(dovecot_server, user)
    for _ in range(8):
        async with box.reading() as reading:
            assert (await reading.take()).raw


async def test_a_mail_that_ends_the_process_five_times_is_put_aside_and_staff_hear_of_it(
    dovecot_server: Dovecot, user: str
) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    vault = FakeVault()
    for _ in range(5):
        async with intake(dovecot_server, user, vault=vault).reading() as reading:
            assert numbers([await reading.take()]) == [1]

    async with intake(dovecot_server, user, vault=vault).reading() as reading:
        alarm, second = await reading.several(2)

    assert alarm.alarm and not alarm.raw
    assert numbers([second]) == [2]
    assert dovecot_server.count(user, "Failed") == 1


async def test_mail_that_somebody_has_read_is_taken_too_and_reading_leaves_no_trace(
    dovecot_server: Dovecot, user: str
) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    client = dovecot_server.client(user)
    client.select_folder("INBOX")
    client.add_flags([1], [b"\\Seen"])
    async with intake(dovecot_server, user, processed="").reading() as reading:
        taken = await reading.several(2)
        reading.ask()
    client.noop()
    flags = client.get_flags([1, 2])
    client.logout()

    assert numbers(taken) == [1, 2]
    assert (b"\\Seen" in flags[1], b"\\Seen" in flags[2]) == (True, False)


async def test_a_junk_folder_can_be_read_too(dovecot_server: Dovecot, user: str) -> None:
    client = dovecot_server.client(user)
    client.create_folder("Junk")
    client.append("Junk", mail(number=9))
    client.logout()
    dovecot_server.deliver(user, mail(number=1))
    async with intake(dovecot_server, user, folders=("INBOX", "Junk")).reading() as reading:
        taken = await reading.several(2)
        await settle(reading, dovecot_server, user, "Processed", 2)

    assert [(letter.folder, message_number(letter.raw)) for letter in taken] == [("INBOX", 1), ("Junk", 9)]


async def test_without_a_folder_for_processed_mail_nothing_is_taken_twice(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    vault = FakeVault()
    async with intake(dovecot_server, user, processed="", vault=vault).reading() as reading:
        assert numbers(await reading.several(2)) == [1, 2]
        reading.ask()
        await until(lambda: '"last":2' in str(vault.values))
    await asyncio.to_thread(dovecot_server.deliver, user, mail(number=3))
    async with intake(dovecot_server, user, processed="", vault=vault).reading() as reading:
        assert numbers([await reading.take()]) == [3]


async def test_other_uidvalidity_means_another_sweep(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    vault = FakeVault()
    async with intake(dovecot_server, user, processed="", vault=vault).reading() as reading:
        before = await reading.several(2)
        reading.ask()
        await until(lambda: '"last":2' in str(vault.values))
    dovecot_server.renumber(user)
    async with intake(dovecot_server, user, processed="", vault=vault).reading() as reading:
        after = await reading.several(2)

    assert before[0].uidvalidity != after[0].uidvalidity
    assert sorted(numbers(after)) == [1, 2]


async def test_at_the_very_first_look_old_mail_is_left_alone_for_ever(dovecot_server: Dovecot, user: str) -> None:
    client = dovecot_server.client(user)
    client.append("INBOX", mail(number=1), msg_time=datetime(2026, 1, 2, tzinfo=UTC))
    client.append("INBOX", mail(number=2), msg_time=datetime(2026, 3, 1, tzinfo=UTC))
    vault = FakeVault()
    for expected in (2, 3):
        async with intake(dovecot_server, user, first_days=3, vault=vault).reading() as reading:
            assert numbers([await reading.take()]) == [expected]
            await settle(reading, dovecot_server, user, "INBOX", 1)
        client.append("INBOX", mail(number=3))
    client.logout()


class NoMove(Session):
    """A server without MOVE."""

    def open(self, login: Any) -> None:
        super().open(login)
        self._capabilities -= {b"MOVE"}


async def test_without_move_it_is_copied_and_only_that_mail_is_expunged(
    dovecot_server: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.email.imap_worker.Session", NoMove)
    dovecot_server.deliver(user, mail(number=1))
    client = dovecot_server.client(user)
    client.append("INBOX", mail(number=8), flags=[b"\\Deleted"])
    client.append("INBOX", mail(number=9), flags=[b"\\Deleted"])
    async with intake(dovecot_server, user).reading() as reading:
        await reading.take()
        await reading.take()
        assert dovecot_server.count(user, "Processed") == 1
        assert dovecot_server.count(user, "INBOX") == 2, "what others have marked is theirs"
    client.logout()


async def test_a_mail_that_somebody_else_moved_away_meanwhile_is_no_trouble(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, mail(number=1), mail(number=2))
    box = intake(dovecot_server, user)
    async with box.reading() as reading:
        await reading.take()
        client = dovecot_server.client(user)
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.expunge()
        client.logout()
        assert numbers([await reading.take()]) == [2]

    assert len(box.logins) == 1


async def test_two_intakes_at_once_lose_nothing(dovecot_server: Dovecot, user: str) -> None:
    dovecot_server.deliver(user, *(mail(number=n) for n in range(1, 11)))
    vault, blobs = FakeVault(), MemoryBlobs()
    seen: set[int] = set()

    async def work() -> None:
        async with intake(dovecot_server, user, vault=vault, blobs=blobs).reading() as reading:
            while len(seen) < 10:
                taking = reading.ask()
                await asyncio.wait([taking], timeout=0.2)
                if taking.done():
                    seen.add(message_number(taking.result().raw))

    await asyncio.gather(work(), work())

    assert seen == set(range(1, 11))


async def test_a_large_mail_comes_as_header_texts_and_a_list_of_what_was_left(
    dovecot_server: Dovecot, user: str
) -> None:
    big = b"A" * 70 + b"\n"
    raw = (
        b"From: Lan <lan@example.vn>\nSubject: Video\nMessage-ID: <m1@example.vn>\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain; charset=utf-8\n'
        b"Content-Transfer-Encoding: 8bit\n\n\xc4\x90\xc3\xa8n h\xe1\xbb\x8fng\n--b\n"
        b'Content-Type: video/mp4; name="d\xc6\xb0\xe1\xbb\x9dng.mp4"\n'
        b'Content-Disposition: attachment; filename="a.mp4"\n'
        b"Content-Transfer-Encoding: base64\n\n" + big * 20_000 + b"--b--\n"
    )
    dovecot_server.deliver(user, raw)
    async with intake(dovecot_server, user, max_message_bytes=1024 * 1024).reading() as reading:
        letter = await reading.take()

    assert letter.reduced and len(letter.raw) < 5_000
    assert "Đèn hỏng".encode() in letter.raw
    assert b'X-Tiepnhan-Skipped: [["a.mp4",14' in letter.raw


async def test_pymap_is_read_as_well() -> None:
    async with pymap() as port:
        box = Intake(imap_port=port, username=ADDRESS, first_days=3)
        await asyncio.to_thread(append, port, mail(number=4))
        async with box.reading() as reading:
            assert numbers([await reading.take()]) == [4], "its own old mails are left alone"
            waiting = reading.ask()
            await asyncio.to_thread(append, port, mail(number=5))
            async with asyncio.timeout(10):
                letter = await waiting

    assert numbers([letter]) == [5]


def append(port: int, raw: bytes) -> None:
    client = IMAPClient(HOST, port, ssl=False, timeout=10)
    client.login(ADDRESS, PASSWORD)
    client.append("INBOX", raw)
    client.logout()


def test_a_dead_connection_is_noticed_within_a_minute_by_design() -> None:
    assert USUAL_PACE.idle + USUAL_PACE.answer < 60
    assert QUICK.idle < settings().poll_seconds
