"""Whatever the bytes are, they are read: without an exception, and in a time that grows with their number only."""

import base64
import random
import struct
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.headers import message_ids
from channels.email.limits import MAX_PARTS
from channels.email.mail import Mail, PartKind
from channels.email.mime import read_mail
from tests.email.corpus import png, seventeen, structures

MEGABYTE = 1_000_000
SECONDS = 1.0
"""CPU time: other work on the machine does not count."""


def nested_multiparts(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth)) + b"\nhi"


CRAFTED = {
    "5,000 comments inside each other": b"From: a@b.vn\nTo: " + b"(" * 5000 + b"a@b.vn\n\nhi",
    "quotes that never close": b'To: "' + b'\\"' * (MEGABYTE // 2) + b"\n\nhi",
    "20,000 addresses": b"To: " + b", ".join(b"n%d <a%d@b.vn>" % (n, n) for n in range(20_000)) + b"\n\nhi",
    "an address of a megabyte": b"To: " + b"a" * MEGABYTE + b"@b.vn\n\nhi",
    "many long From lines": b"From: " .join([b"a" * 30_000 + b"@\n"] * 30) + b"\n\nhi",
    "a subject of a megabyte": b"Subject: " + b"a" * MEGABYTE + b"\n\nhi",
    "a subject of 300,000 lines": b"Subject: a\n" + b" b\n" * 300_000 + b"\nhi",
    "encoded words that never close": b"Subject: " + b"=?utf-8?q?" * 25_000 + b"?=\n\nhi",
    "references without end": b"References: <" + b"a@" * (MEGABYTE // 2) + b"\n\nhi",
    "a message id of a megabyte": b"Message-ID: " + b"a" * MEGABYTE + b"\n\nhi",
    "330,000 headers": b"a:\n" * 330_000 + b"\nhi",
    "lines that are no headers": b"A: b\n" + b"zzz\nq: c\n" * 100_000,
    "1,000 multiparts inside each other": nested_multiparts(1000),
    "a megabyte of multiparts inside each other": nested_multiparts(25_000),
    "1,000 mails inside each other": b"Content-Type: message/rfc822\n\n" * 1000 + b"hi",
    "200,000 parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 200_000,
    "boundary lines of nobody": b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"--c\n" * 250_000,
    "boundary lines under 39 multiparts": nested_multiparts(39) + b"\n" + b"--b1x\n" * 150_000,
    "parameters without end": b"Content-Type: text/plain" + b'; a="' * 200_000 + b"\n\nhi",
    "flowed quotes": b"Content-Type: text/plain; format=flowed\n\n" + b"> a \n" * 200_000,
    "tags that never close": b"Content-Type: text/html\n\n" + b"<font face= <" * 80_000,
    "meta tags that never close": b"Content-Type: text/html\n\n" + b"<meta charset " * 80_000 + b"\xe9",
    "a tower of accents": b"Content-Type: text/plain; charset=utf-8\n\na" + "\u0323\u0300".encode() * 250_000,
    "bytes of no charset": b"Content-Type: text/plain; charset=utf-8\n\n" + random.Random(1).randbytes(MEGABYTE),
    "uuencoded files without end": b"\n\nbegin 644 a\n" * 70_000,
    "uuencoded files of nothing": b"\n\n" + b"begin 644 a\nend\n" * 60_000,
    "base64 of many pieces": b"Content-Type: a/b\nContent-Transfer-Encoding: base64\n\n" + b"QQ==" * 250_000,
    "soft line breaks of spaces": b"Content-Transfer-Encoding: quoted-printable\n\n=" + b" " * MEGABYTE,
    "a delivery report of 160,000 recipients": b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * 160_000,
    "a date of a megabyte": b"Date: " + b"(1 " * (MEGABYTE // 3) + b"\n\nhi",
    "a winmail.dat that announces four thousand million properties": (
        b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x01\x00\x01"
        + struct.pack("<HHI", 0x9003, 6, 8) + b"\xff" * 10
    ),
    "a winmail.dat of 90,000 objects": (
        b"Content-Type: application/ms-tnef\n\n\x78\x9f\x3e\x22\x01\x00"
        + (b"\x01" + struct.pack("<HHI", 0x9005, 6, 0) + b"\0\0") * 90_000
    ),
    "noise": random.Random(2).randbytes(MEGABYTE),
    "nothing but zeros": b"\0" * MEGABYTE,
    "nothing": b"",
}  # fmt: skip


def read_in_time(raw: bytes, seconds: float = SECONDS) -> Mail:
    start = time.process_time()
    mail = read_mail(raw)
    assert time.process_time() - start < seconds
    return mail


@pytest.mark.parametrize("raw", CRAFTED.values(), ids=CRAFTED.keys())
def test_a_megabyte_of_malice_takes_less_than_a_second(raw: bytes) -> None:
    read_in_time(raw)


def test_a_mail_of_34_megabytes_takes_less_than_two_seconds() -> None:
    body = b"\xff\xd8\xff" + random.Random(3).randbytes(25 * 1024 * 1024)
    head = b"Content-Type: image/jpeg\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n"
    mail = read_in_time(head + base64.encodebytes(body), seconds=2.0)
    assert mail.parts[0].body == body


def test_a_picture_bomb_and_a_zip_bomb_are_passed_on_unopened() -> None:
    bomb = png(12_000, 12_000, 17_600)
    mail = read_mail(b"Content-Type: image/png\nContent-Disposition: attachment\n\n" + bomb)
    assert (mail.parts[0].body, mail.parts[0].kind) == (bomb, PartKind.EVIDENCE)
    packed = b"PK\x03\x04" + bytes(2000)
    mail = read_mail(b"Content-Type: application/zip\n\n" + packed)
    assert [one.body for one in mail.parts] == [packed]


def test_what_was_cut_is_said() -> None:
    assert "limited:headers" in read_mail(CRAFTED["330,000 headers"]).problems
    assert "limited:depth" in read_mail(CRAFTED["1,000 multiparts inside each other"]).problems
    cut = read_mail(CRAFTED["200,000 parts"].replace(b"--b\n\n", b"--b\nContent-Type: a/b\n\nx\n"))
    assert "limited:parts" in cut.problems
    assert len(cut.parts) == MAX_PARTS - 1  # the mail itself is one


def test_the_text_before_a_cut_is_kept() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nden hong\n" + b"--b\n\n" * 2000
    assert read_mail(raw).text.startswith("den hong")


@given(st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:
    read_mail(raw)


GOOD = [sample.raw[:4000] for sample in (*seventeen(), *structures())]
PIECES = [
    b"\n", b"\r\n\r\n", b"--", b"=?utf-8?b?", b"?=", b"\xff", b"\0", b'"', b"<", b"(", b";", b"boundary=", b"base64",
    b"Content-Type: multipart/mixed; boundary=alt\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"begin 644 a\n",
    b"\x78\x9f\x3e\x22", b"charset=utf-7", b"charset=idna", b"filename*0*=", b"%", b"*", b":", b" ", b"From: ",
]  # fmt: skip


@settings(max_examples=400)
@given(
    st.sampled_from(GOOD),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.sampled_from(PIECES)), max_size=12),
)
def test_any_damage_to_a_good_mail_is_read(raw: bytes, damage: list[tuple[float, int, bytes]]) -> None:
    for where, length, piece in damage:
        place = int(where * len(raw))
        raw = raw[:place] + piece + raw[place + length :]
    mail = read_mail(raw)
    assert read_mail(raw) == mail
    assert len({one.index for one in mail.parts}) == len(mail.parts)


def test_a_message_id_without_brackets_is_one_and_nonsense_is_none() -> None:
    assert message_ids("1@example.vn") == ("1@example.vn",)
    assert message_ids("see my last mail") == ()
    assert message_ids("<1@a.vn>garbage<2@a.vn>") == ("1@a.vn", "2@a.vn")
