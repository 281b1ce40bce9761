"""Who speaks: a person, a program, a server, a list, ourselves, spam."""

import pytest

from channels.email.classify import RULES, Kind, classify
from channels.email.mail import Address, Mail
from channels.email.mime import read_mail
from tests.email.autoreplies import AUTOREPLIES
from tests.email.bounces import BOUNCES
from tests.email.ordinary import ORDINARY

OWN = ("tiepnhan@example.vn",)


def letter(
    *headers: tuple[str, str], sender: str = "dan@example.com", subject: str = "Đèn hỏng", path: str | None = None
) -> Mail:
    return Mail(headers=headers, senders=(Address(sender),), subject=subject, text="Đèn hỏng", return_path=path)


@pytest.mark.parametrize("name", BOUNCES)
def test_a_mail_given_back_is_a_bounce(name: str) -> None:
    assert classify(read_mail(BOUNCES[name]), own=OWN).kind is Kind.BOUNCE


@pytest.mark.parametrize("name", AUTOREPLIES)
def test_an_answer_of_a_program_is_automatic(name: str) -> None:
    assert classify(read_mail(AUTOREPLIES[name]), own=OWN).kind is Kind.AUTO


@pytest.mark.parametrize("name", ORDINARY)
def test_what_people_write_is_neither(name: str) -> None:
    assert classify(read_mail(ORDINARY[name]), own=OWN).kind in {Kind.HUMAN, Kind.LIST}


def test_the_sets_are_large() -> None:
    assert len(BOUNCES) >= 60 and len(AUTOREPLIES) >= 22 and len(ORDINARY) >= 60


@pytest.mark.parametrize(
    ("mail", "kind"),
    [
        (letter(), Kind.HUMAN),
        (letter(*[("received", "x")] * 51), Kind.LOOP),
        (letter(sender="tiepnhan@example.vn"), Kind.LOOP),
        (letter(sender="tiepnhan+tg-2025-000123.abc@example.vn"), Kind.LOOP),
        (letter(path="tiepnhan@example.vn"), Kind.LOOP),
        (letter(("sender", "Tiếp nhận <tiepnhan@example.vn>")), Kind.LOOP),
        (letter(("x-spam-flag", "YES")), Kind.SPAM),
        (letter(("x-spam-status", "Yes, score=9.1")), Kind.SPAM),
        (letter(("x-spam-status", "No, score=-1")), Kind.HUMAN),
        (letter(("x-ms-exchange-organization-scl", "9")), Kind.SPAM),
        (letter(("x-ms-exchange-organization-scl", "-1")), Kind.HUMAN),
        (letter(("auto-submitted", "auto-replied (vacation)")), Kind.AUTO),
        (letter(("auto-submitted", "No")), Kind.HUMAN),
        (letter(path=""), Kind.AUTO),
        (letter(("precedence", "junk")), Kind.LIST),
    ],
)
def test_one_sign_decides(mail: Mail, kind: Kind) -> None:
    assert classify(mail, own=OWN).kind is kind


def test_a_bounce_that_is_marked_as_spam_or_comes_from_us_is_still_a_bounce() -> None:
    raw = b"X-Spam-Flag: YES\n" + BOUNCES["postfix-nobody.eml"]
    assert classify(read_mail(raw), own=("mailer-daemon@mx.example.com",)).kind is Kind.BOUNCE


@pytest.mark.parametrize("value", ["All", "OOF", "AutoReply", "DR, AutoReply"])
def test_who_asks_for_no_automatic_answer_is_a_person_and_gets_none(value: str) -> None:
    verdict = classify(letter(("x-auto-response-suppress", value)), own=OWN)
    assert verdict.kind is Kind.HUMAN and verdict.mute


def test_only_delivery_reports_unwanted_leaves_the_answer_allowed() -> None:
    assert not classify(letter(("x-auto-response-suppress", "DR, NDR, RN")), own=OWN).mute


def test_a_mailbox_that_nobody_reads_gets_no_answer() -> None:
    assert classify(letter(sender="no-reply@example.com"), own=OWN).mute


@pytest.mark.parametrize("raw", [*list(BOUNCES.values())[:12], *AUTOREPLIES.values()])
def test_nothing_but_a_person_is_ever_answered(raw: bytes) -> None:
    assert classify(read_mail(raw), own=OWN).mute


def test_every_rule_says_why() -> None:
    assert all(rule.reason for rule in RULES)


def test_an_empty_mail_is_a_person() -> None:
    assert classify(Mail(), own=OWN).kind is Kind.HUMAN
