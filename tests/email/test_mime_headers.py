"""Subjects, names, addresses, ids and dates as people and programs really write them."""

import base64
import random
from datetime import UTC, datetime, timedelta, timezone
from email.header import Header

import pytest

from channels.email.addresses import read_address, read_addresses
from channels.email.charsets import canonical, decode
from channels.email.encoded_words import decode_header
from channels.email.headers import read_block, read_date
from channels.email.mail import Address
from channels.email.tcvn3 import TABLE

WORDS = """
phản ánh đường ngập nước tại ngõ 12 phố Trần Hưng Đạo rác thải chưa được thu gom vỉa hè bị lấn chiếm tiếng ồn karaoke
đèn chiếu sáng hỏng cây đổ chặn lối đi kính đề nghị quý cơ quan kiểm tra xử lý Nguyễn Thị Hương ở tổ 7 , - & ? = _
""".split()  # noqa: SIM905  prose is easier to read than a list of its words


def phrases(number: int, seed: int) -> list[str]:
    source = random.Random(seed)
    return [" ".join(source.choices(WORDS, k=source.randint(1, 20))) for _ in range(number)]


def cut_anywhere(text: str, source: random.Random) -> str:
    """Encoded words of one run, cut between any two bytes, B and Q mixed, folded or merely side by side."""
    body, words = text.encode(), []
    while body:
        size = source.randint(1, 30)
        piece, body = body[:size], body[size:]
        if source.random() < 0.5:
            content = base64.b64encode(piece).decode()
            words.append(f"=?{source.choice(['utf-8', 'UTF-8', 'utf-8*vi'])}?{source.choice('bB')}?{content}?=")
        else:
            content = "".join("_" if code == 32 else f"={code:02x}" for code in piece)
            words.append(f"=?utf-8?{source.choice('qQ')}?{content}?=")
    return source.choice([" ", "\t", "  ", ""]).join(words)


def test_3000_vietnamese_subjects_written_by_the_standard_library_are_read_unchanged() -> None:
    for text in phrases(3000, seed=1):
        folded = Header(text, "utf-8", header_name="Subject").encode()
        block = read_block(f"Subject: {folded}\r\n\r\n".encode(), 0, 10_000)
        assert decode_header(block.first("subject")) == text


def test_3000_vietnamese_names_cut_inside_their_letters_are_read_unchanged() -> None:
    source = random.Random(2)
    for text in phrases(3000, seed=3):
        name = text.strip("\"' ")
        assert decode_header(cut_anywhere(name, source)) == name
        assert read_addresses(f"{cut_anywhere(name, source)} <a@b.vn>, c@d.vn") == (
            Address("a@b.vn", name),
            Address("c@d.vn"),
        )


def test_base64_cut_inside_a_group_is_put_together() -> None:
    packed = base64.b64encode("Đèn đường hỏng".encode()).decode().rstrip("=")
    assert decode_header(f"=?utf-8?B?{packed[:5]}?= =?utf-8?B?{packed[5:]}?=") == "Đèn đường hỏng"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=?utf-8?q?=C4=91=C3=A8n?= =?utf-8?q?_h=E1=BB=8Fng?=", "đèn hỏng"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("a=?utf-8?q?b?=c", "abc"),
        ("=?utf-8?q?a?=  =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8?Q?two words?=", "two words"),
        ("=?utf-8?b?xJHDqG4?=", "đèn"),
        ("=?unknown-charset?q?=C4=91=C3=A8n?=", "đèn"),
        ("=?iso-8859-1?q?=C4=91=C3=A8n?=", "đèn"),
        ("=?iso-8859-1?q?=AE=CCn_=AE=AD=EAng?=", "đèn đường"),
        ("=?utf-8?q?never closed", "=?utf-8?q?never closed"),
        ("=?utf-8?q?never closed =?utf-8?q?b?=", "=?utf-8?q?never closed b"),
        ("=?utf-8?q?a=0D=0ABcc:_x?=", "a  Bcc: x"),
        ("e\u0301", "é"),
        ("=?utf-8?q??=", ""),
        ("=?", "=?"),
    ],
)
def test_encoded_words_are_read_as_they_were_meant(value: str, text: str) -> None:
    assert decode_header(value) == text


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ('"Hương, phường Bưởi" <A@B.vn>', [("a@b.vn", "Hương, phường Bưởi")]),
        ("=?utf-8?b?SMawxqFuZywgQsaw4bufaQ==?= <a@b.vn>, c@d.vn", [("a@b.vn", "Hương, Bưởi"), ("c@d.vn", "")]),
        ("a@b.vn (Nguyễn Hương)", [("a@b.vn", "Nguyễn Hương")]),
        ("Tổ 7: a@b.vn, c@d.vn;", [("a@b.vn", ""), ("c@d.vn", "")]),
        ("<a@b.vn", [("a@b.vn", "")]),
        ('"a@b.vn" <c@d.vn>', [("c@d.vn", "a@b.vn")]),
        ("Mail Delivery Subsystem <MAILER-DAEMON>", [("", "Mail Delivery Subsystem <MAILER-DAEMON>")]),
        ("undisclosed-recipients:;", []),
        ('"O\\"Neil, \\\\" <a@b.vn>', [("a@b.vn", 'O"Neil, \\')]),
        ("a@b.vn; c@d.vn", [("a@b.vn", ""), ("c@d.vn", "")]),
        ("'a@b.vn' <a@b.vn>", [("a@b.vn", "")]),
        ("<>", []),
        ("", []),
    ],
)
def test_addresses_are_split_before_they_are_decoded(value: str, addresses: list[tuple[str, str]]) -> None:
    assert [(one.addr, one.name) for one in read_addresses(value)] == addresses


def test_the_null_path_is_no_address() -> None:
    assert read_address("<>") == ""
    assert read_address("<Bounce@B.vn>") == "bounce@b.vn"


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("Mon, 13 Jan 2025 10:23:45 +0700", datetime(2025, 1, 13, 10, 23, 45, tzinfo=timezone(timedelta(hours=7)))),
        ("13 Jan 2025 10:23:45 GMT", datetime(2025, 1, 13, 10, 23, 45, tzinfo=UTC)),
        ("Mon, 13 Jan 2025 10:23:45 +0700 (Giờ Đông Dương)", datetime(2025, 1, 13, 3, 23, 45, tzinfo=UTC)),
        ("Mon, 99 Jan 2025 10:23:45 +0700", None),
        ("Mon, 13 Jan 2025 10:23:45 +9999", None),
        ("hôm qua", None),
        ("", None),
    ],
)
def test_a_date_is_a_moment_or_nothing(value: str, date: datetime | None) -> None:
    assert read_date(value) == date


def test_a_broken_line_does_not_end_the_headers_while_sender_and_subject_are_missing() -> None:
    block = read_block(b"Received: x\r\nbroken line\r\nFrom: a@b.vn\r\n\r\nhi", 0, 1000)
    assert (block.first("from"), block.broken) == ("a@b.vn", True)
    block = read_block(b"From: a@b.vn\r\nSubject: x\r\nXin chao,\r\nTo: all\r\n\r\nhi", 0, 1000)
    assert block.items == (("from", "a@b.vn"), ("subject", "x"))


def test_raw_bytes_stay_in_the_raw_headers() -> None:
    block = read_block("Subject: đèn\r\n đường\r\n\r\n".encode(), 0, 1000)
    assert block.first("subject").encode("ascii", "surrogateescape") == "đèn đường".encode()


def test_utf8_wins_over_every_weaker_claim() -> None:
    for declared in (
        "",
        "us-ascii",
        "iso-8859-1",
        "iso-8859-15",
        "windows-1252",
        "windows-1258",
        "x-unknown",
        "nonsense",
    ):
        assert decode("đèn".encode(), declared).text == "đèn"


def test_the_table_of_tcvn3_is_complete() -> None:
    """74 letters, each once, as in glibc's iconv TCVN."""
    assert len(TABLE) == len(set(TABLE.values())) == 74
    assert decode(b"\xae\xcc\xe1n", "tcvn").text == "đèỏn"


@pytest.mark.parametrize(
    "text",
    [
        "Windows® and Office® © 2024, 5µm",
        "café «bar» «thé» et «crème»",
        "Stra\xadße, ü\xadber, Gü\xadte \xad",
        "nº 3ª, ½ hora, 20°C, §5 ¶2",
        "Crème brûlée à la façon de Noël",
    ],
)
def test_western_text_is_not_taken_for_tcvn3(text: str) -> None:
    assert decode(text.encode("latin-1"), "iso-8859-1").text == text


def test_charsets_that_are_none_are_none() -> None:
    for name in ("idna", "base64", "rot13", "unicode_escape", "undefined", "", "a\0b", "x" * 9999, "đèn"):
        assert canonical(name) == ""
    assert canonical("utf-8\n Content-Transfer-Encoding: 7bit") == "utf-8"
    assert canonical("GB2312") == "gb18030"


def test_a_detected_charset_is_said_to_be_uncertain() -> None:
    text = "Съобщение за повредена улична лампа пред дома ни, моля да бъде поправена. " * 3
    found = decode(text.encode("koi8-r", "replace"), "")
    assert not found.certain
