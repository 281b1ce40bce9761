"""What holds a correspondence together, and what a stranger cannot do with it."""

import pytest

from channels.email.mail import Mail
from channels.email.mime import read_mail
from channels.email.threads import MOST_REFERENCES, Marks, capped, plain_subject, read_thread, thread_of
from tests.email.mailboxes import ADDRESS, settings

MARKS = Marks(b"k" * 32, address=ADDRESS, domain="xa.example.vn", separator="+")
OTHER = Marks(b"x" * 32, address=ADDRESS, domain="xa.example.vn", separator="+")
CODE = "TG-260302-0001"
LAN = "lan@example.vn"


def mail(more: str, sender: str = LAN) -> Mail:
    return read_mail(f"From: Lan <{sender}>\nSubject: x\n{more}\n\nChào\n".encode())


@pytest.mark.parametrize("header", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Forwarded-To"])
def test_a_plus_address_of_ours_tells_the_case_wherever_a_server_puts_it(header: str) -> None:
    assert MARKS.about(mail(f"{header}: {MARKS.reply_to(CODE)}")) == CODE
    assert MARKS.about(mail(f"{header}: {MARKS.reply_to(CODE).upper()}")) == CODE


def test_an_answer_to_our_mail_tells_the_case() -> None:
    ours = MARKS.message_id("1.2.3", LAN, CODE)

    assert MARKS.about(mail(f"In-Reply-To: <{ours}>")) == CODE
    assert MARKS.about(mail(f"References: <a@b> <{ours}> <c@d>")) == CODE
    assert MARKS.about(mail(f"In-Reply-To: Your mail of today <{ours}> and <x@y>")) == CODE


def test_the_newest_of_our_mails_counts() -> None:
    older, newer = MARKS.message_id("1", LAN, "TG-260301-0009"), MARKS.message_id("2", LAN, CODE)

    assert MARKS.about(mail(f"References: <{older}> <{newer}>")) == CODE


def test_a_mark_that_is_guessed_forged_or_anothers_proves_nothing() -> None:
    assert MARKS.about(mail(f"To: {OTHER.reply_to(CODE)}")) == ""
    assert MARKS.about(mail(f"To: tiepnhan+{CODE.lower()}.{'0' * 16}@xa.example.vn")) == ""
    assert MARKS.about(mail(f"To: {MARKS.reply_to(CODE).replace('0001', '0002')}")) == ""
    assert MARKS.about(mail(f"In-Reply-To: <{OTHER.message_id('1', LAN, CODE)}>")) == ""
    assert MARKS.about(mail(f"In-Reply-To: <{MARKS.message_id('1', LAN, CODE)}>", sender="ai@example.vn")) == ""
    assert MARKS.about(mail(f"Subject: [#{CODE}]")) == ""
    assert MARKS.about(mail("To: +@xa.example.vn\nIn-Reply-To: <gw.@xa.example.vn>")) == ""


def test_ids_and_addresses_are_what_mail_allows() -> None:
    address = MARKS.reply_to(CODE)

    assert len(address.partition("@")[0]) <= 64 and address == address.lower()
    assert MARKS.reply_to("X" * 60) == "" and MARKS.reply_to("") == ""
    assert Marks(b"k", address=ADDRESS, domain="d", separator="").reply_to(CODE) == ""
    assert MARKS.message_id("12.3.0/2", LAN) == MARKS.message_id("12.3.0/2", LAN.upper())
    assert MARKS.is_ours(MARKS.message_id("ệ lạ\r\n", LAN), LAN)
    assert MARKS.is_ours(f"<{MARKS.message_id('1', LAN)}>", LAN) and not MARKS.is_ours("m1@example.vn", LAN)


@pytest.mark.parametrize(
    ("subject", "plain"),
    [
        ("Re: RE: Fwd: Đèn hỏng", "Đèn hỏng"),
        ("Trả lời: Chuyển tiếp: TL: Đèn hỏng", "Đèn hỏng"),
        ("RE[2]: Đèn hỏng [#TG-260302-0001]", "Đèn hỏng"),
        ("Re: [#TG-260302-0001] Re: Đèn hỏng", "Đèn hỏng"),
        ("Hồi âm：Đèn hỏng", "Đèn hỏng"),
        ("Rác thải: chưa thu gom", "Rác thải: chưa thu gom"),
        ("Trường học [khẩn]", "Trường học [khẩn]"),
        ("Re:", ""),
        ("", ""),
    ],
)
def test_marks_of_answers_are_taken_off_a_subject(subject: str, plain: str) -> None:
    assert plain_subject(subject) == plain


def test_a_long_correspondence_keeps_its_first_and_its_newest_ids() -> None:
    ids = [f"{n}@x" for n in range(100)]

    kept = capped(ids)
    assert kept == ("0@x", *ids[-MOST_REFERENCES:])
    assert capped(["a", "b", "a"]) == ("a", "b")


def test_a_thread_comes_back_as_it_left() -> None:
    thread = read_thread(thread_of(mail("Message-ID: <m1@x>\nReferences: <a@x> <b@x>")))

    assert (thread.subject, thread.message_id, thread.references, thread.name) == (
        "x",
        "m1@x",
        ("a@x", "b@x", "m1@x"),
        "Lan",
    )
    assert read_thread("") == read_thread("{") == read_thread("null") == type(thread)()


def test_the_key_holds_still_unless_the_login_changes() -> None:
    from pydantic import SecretStr

    assert settings().key == settings().key != settings(password=SecretStr("khac")).key
    fixed = SecretStr("bi-mat")
    assert settings(secret=fixed).key == settings(secret=fixed, password=SecretStr("khac")).key
