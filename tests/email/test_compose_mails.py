"""Our own mails: what is written comes back unchanged through the reading side, and nothing can be slipped in."""

import random
import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from channels.email.compose import File, as_html, compose, file_name
from channels.email.mime import read_mail
from channels.email.threads import Marks, Thread
from core.model import MediaKind, OutboundMessage, Speaker
from tests.email.mailboxes import ADDRESS, settings

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LAN = "lan@example.vn"
NO_THREAD = Thread()
TEXT = """
phản ánh về tình trạng đèn đường hỏng tại ấp Bình Thạnh xã Tân Phú rác thải chưa được thu gom nước ngập
sau mưa lớn kiến nghị Ủy ban nhân dân sửa chữa cầu bị sập ô nhiễm tiếng ồn karaoke ban đêm đường trước
nhà số 12 hẻm 3 khu phố 5 kính gửi quý cơ quan hỗ trợ xử lý giúp người dân ăn ở sinh hoạt khó khăn Đỗ Thị
Ngọc Diễm Nguyễn Văn Ất - (2026) ?
"""
WORDS = TEXT.split()


def written(
    message: OutboundMessage, *, thread: Thread = NO_THREAD, files: Any = (), to: str = LAN, **more: Any
) -> bytes:
    mailbox = settings(display_name="Tiếp nhận phản ánh xã Tân Phú", **more)
    marks = Marks(mailbox.key, address=ADDRESS, domain=mailbox.domain, separator=mailbox.plus_separator)
    return compose(message, to, settings=mailbox, marks=marks, thread=thread, files=files, now=NOW)[1]


def headers(raw: bytes) -> dict[str, str]:
    return {key.lower(): str(value) for key, value in message_from_bytes(raw).items()}


# --- subjects and names -----------------------------------------------------------------------------------------------


def test_three_thousand_vietnamese_subjects_and_names_come_back_as_they_were() -> None:
    dice = random.Random(20)
    for _ in range(3000):
        subject = " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 30)))[:195].strip()
        name = " ".join(dice.choice(WORDS) for _ in range(dice.randint(1, 8)))[:95].strip()
        raw = written(OutboundMessage(text="x"), thread=Thread(subject=subject, name=name, message_id="a@b"))

        head = raw.partition(b"\r\n\r\n")[0]
        assert head.isascii() and max(map(len, head.split(b"\r\n"))) < 100
        mail = read_mail(raw)
        assert (mail.subject, mail.to[0].addr, mail.to[0].name) == (f"Re: {subject}", LAN, name)
        assert str(make_header(decode_header(headers(raw)["subject"].replace("\n", "")))) == f"Re: {subject}"


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cf", "Co", "Cn")), min_size=1)
)
def test_any_text_comes_back_in_both_parts(text: str) -> None:
    raw = written(OutboundMessage(text=text))
    mail = message_from_bytes(raw, policy=policy.default)

    plain: Any = mail.get_body(("plain",))
    assert plain.get_content().replace("\r\n", "\n").rstrip("\n") == (text.strip() or "(Tệp đính kèm)")
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998


# --- headers ----------------------------------------------------------------------------------------------------------


def test_a_mail_of_the_bot_says_that_it_is_automatic_and_one_of_a_person_does_not() -> None:
    thread = Thread(subject="Đèn hỏng", message_id="m1@example.vn", references=("m0@example.vn", "m1@example.vn"))
    bot = headers(written(OutboundMessage(text="x"), thread=thread))
    news = headers(written(OutboundMessage(text="x")))
    person = headers(written(OutboundMessage(text="x", speaker=Speaker.OPERATOR), thread=thread))

    assert (bot["auto-submitted"], news["auto-submitted"]) == ("auto-replied", "auto-generated")
    assert bot["x-auto-response-suppress"] == "All" and "x-gateway-instance" in bot
    assert not {"auto-submitted", "x-auto-response-suppress", "x-gateway-instance"} & person.keys()


def test_an_answer_stands_in_its_thread() -> None:
    thread = Thread(subject="Đèn hỏng", message_id="m1@example.vn", references=("m0@example.vn", "m1@example.vn"))
    raw = written(OutboundMessage(text="x", key="7.3.0", case="TG-260302-0001"), thread=thread, plus_separator="+")
    mail = read_mail(raw)

    assert mail.in_reply_to == ("m1@example.vn",)
    assert mail.references == ("m0@example.vn", "m1@example.vn")
    assert mail.subject == "Re: Đèn hỏng [#TG-260302-0001]"
    assert re.fullmatch(r"gw\.7\.3\.0\+tg-260302-0001\.[0-9a-f]{16}@xa\.example\.vn", mail.message_id)
    assert re.fullmatch(r"tiepnhan\+tg-260302-0001\.[0-9a-f]{16}@xa\.example\.vn", mail.reply_to[0].addr)
    assert headers(raw)["date"] == "Mon, 02 Mar 2026 16:00:00 +0700"
    assert headers(raw)["content-language"] == "vi"


def test_without_plus_addresses_answers_come_to_the_address_itself() -> None:
    assert "reply-to" not in headers(written(OutboundMessage(text="x", case="TG-260302-0001")))


def test_two_tries_are_one_mail() -> None:
    message = OutboundMessage(text="x", key="7.3.0")

    assert headers(written(message))["message-id"] == headers(written(message))["message-id"]
    assert headers(written(message))["message-id"] != headers(written(message, to="an@example.vn"))["message-id"]


def test_long_references_are_whole_ids_on_lines_of_their_own() -> None:
    ids = tuple(f"{'x' * 120}{n}@mail.example.vn" for n in range(12))
    mail = read_mail(written(OutboundMessage(text="x"), thread=Thread(message_id=ids[-1], references=ids)))

    assert mail.references == ids


@pytest.mark.parametrize("evil", ["x\r\nBcc: all@example.vn", "x\nBcc: a@b", "x\0y", "x\u2028Bcc: a@b", "\ud800"])
def test_nothing_can_be_slipped_into_the_header(evil: str) -> None:
    thread = Thread(subject=evil, message_id=evil, references=(evil, "ok@example.vn"), name=evil)
    raw = written(OutboundMessage(text="x", key=evil, case=evil), thread=thread, plus_separator="+")

    assert "bcc" not in headers(raw)
    assert read_mail(raw).references == ("ok@example.vn",)


@pytest.mark.parametrize("address", ["", "lan", "lan@", "@example.vn", "a@b\r\nBcc: c@d"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        written(OutboundMessage(text="x"), to=address)


# --- body -------------------------------------------------------------------------------------------------------------


def test_html_shows_the_same_words_and_believes_nothing() -> None:
    html = as_html("Chào <b>chị</b> & anh\nDòng hai\n\nXem https://tiengiang.gov.vn/a?b=1&c=2.")

    assert "Chào &lt;b&gt;chị&lt;/b&gt; &amp; anh<br>\nDòng hai" in html
    assert '<a href="https://tiengiang.gov.vn/a?b=1&amp;c=2">https://tiengiang.gov.vn/a?b=1&amp;c=2</a>.' in html
    assert html.count("<p>") == 2
    assert "<a" not in as_html("javascript:alert(1) data:text/html,x")


def test_files_travel_with_short_ascii_names() -> None:
    file = File(MediaKind.IMAGE, b"\xff\xd8\xff\xe0abc", mime="image/jpeg", name="Ảnh hiện trường đường số 5.JPG")
    raw = written(OutboundMessage(text="Kết quả"), files=[file, file])

    mail = message_from_bytes(raw, policy=policy.default)
    found = [(part.get_filename(), part.get_content()) for part in mail.iter_attachments()]
    assert found == [
        ("Anh-hien-truong-duong-so-5-1.jpg", file.body),
        ("Anh-hien-truong-duong-so-5-2.jpg", file.body),
    ]
    assert mail.get_content_type() == "multipart/mixed" and raw.count(b"MIME-Version") == 1
    assert file_name(File(MediaKind.FILE, b"", name="漢字"), 1) == "tep-1.bin"
