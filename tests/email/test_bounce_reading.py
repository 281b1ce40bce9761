"""What a bounce says about which mail of ours, to whom, and what follows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.bounce import Bounce, Meaning, read_bounce
from channels.email.mail import Mail
from channels.email.mime import read_mail
from tests.email.bounces import BOUNCES, MEANINGS, OURS, WHO


def bounce(status: str, said: str = "", action: str = "failed") -> Bounce:
    fields = (("final-recipient", f"rfc822; {WHO}"), ("action", action), ("status", status), ("diagnostic-code", said))
    return read_bounce(Mail(content_type="multipart/report", reports=((("reporting-mta", "dns; x"),), fields)))


@pytest.mark.parametrize("name", BOUNCES)
def test_every_dialect_says_what_it_means(name: str) -> None:
    assert read_bounce(read_mail(BOUNCES[name])).meaning is MEANINGS[name]


@pytest.mark.parametrize("name", BOUNCES)
def test_every_dialect_names_the_recipient_and_our_mail(name: str) -> None:
    read = read_bounce(read_mail(BOUNCES[name]))
    assert read.recipients == (WHO,)
    assert OURS in read.original_ids


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("5.1.1", Meaning.ADDRESS_BAD),
        ("5.1.10", Meaning.ADDRESS_BAD),
        ("5.2.1", Meaning.ADDRESS_BAD),
        ("5.4.4", Meaning.ADDRESS_BAD),
        ("5.2.2", Meaning.MAILBOX_FULL),
        ("5.2.3", Meaning.TOO_LARGE),
        ("5.3.4", Meaning.TOO_LARGE),
        ("5.7.26", Meaning.POLICY),
        ("5.1.8", Meaning.POLICY),
        ("4.2.2", Meaning.TEMPORARY),
        ("4.7.1", Meaning.TEMPORARY),
        ("5.9.9", Meaning.UNKNOWN),
    ],
)
def test_a_full_mailbox_or_a_policy_does_not_make_an_address_bad(status: str, meaning: Meaning) -> None:
    assert bounce(status).meaning is meaning


def test_a_delay_is_waited_for_whatever_the_status() -> None:
    assert bounce("5.1.1", action="delayed").meaning is Meaning.TEMPORARY


def test_the_diagnostic_text_is_more_precise_than_a_general_status() -> None:
    read = bounce("5.0.0", "smtp; 550 5.1.1 <x>: user unknown")
    assert read.status == "5.1.1" and read.meaning is Meaning.ADDRESS_BAD


def test_an_address_of_a_computer_is_no_status() -> None:
    assert bounce("", "smtp; host 5.1.10.4 said: 550 no").status == "5.0.0"


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("550 Hộp thư đã đầy", Meaning.MAILBOX_FULL),
        ("550 Địa chỉ không tồn tại", Meaning.ADDRESS_BAD),
        ("550 No such user here", Meaning.ADDRESS_BAD),
        ("554 message size exceeds limit", Meaning.TOO_LARGE),
        ("554 blocked, see blacklist", Meaning.POLICY),
        ("", Meaning.UNKNOWN),
    ],
)
def test_words_decide_when_the_status_says_nothing(said: str, meaning: Meaning) -> None:
    assert bounce("5.0.0", said).meaning is meaning


def test_our_id_is_found_in_the_headers_that_come_back() -> None:
    assert read_bounce(Mail(returned=(("message-id", f"<{OURS}>"),))).original_ids == (OURS,)


def test_a_bounce_that_says_nothing_is_read_without_an_error() -> None:
    assert read_bounce(Mail()) == Bounce(
        recipients=(), status="", action="", diagnostic="", original_ids=(), meaning=Meaning.UNKNOWN
    )


@given(st.text(max_size=600), st.text(max_size=60))
def test_any_text_is_read(text: str, field: str) -> None:
    read_bounce(Mail(text=text, reports=((("status", field), ("final-recipient", field)),)))
