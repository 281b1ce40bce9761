"""Only the server that received the mail is believed. RFC 8601."""

import pytest

from channels.email.authenticity import judge, organisation
from channels.email.mail import Address, Mail
from core.events import Authenticity

VERIFIED, UNVERIFIED, FAILED = Authenticity.VERIFIED, Authenticity.UNVERIFIED, Authenticity.FAILED
MX = "mx.example.vn"
ARRIVED = ("received", "from mail.citizen.vn by mx.example.vn with ESMTPS; Mon, 13 Jan 2025 10:23:00 +0700")
EARLIER = ("received", "from phone by mail.citizen.vn; Mon, 13 Jan 2025 10:22:59 +0700")


def result(text: str) -> tuple[str, str]:
    return ("authentication-results", text)


def mail(
    *headers: tuple[str, str], sender: str = "lan@citizen.vn", name: str = "", more: tuple[Address, ...] = ()
) -> Mail:
    return Mail(headers=headers, senders=(Address(sender, name), *more))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dmarc=pass (p=none) header.from=citizen.vn", VERIFIED),
        ("dkim=pass header.d=citizen.vn", VERIFIED),
        ("dkim=pass header.i=@mail.citizen.vn header.s=s1", VERIFIED),
        ("dkim=pass header.d=mailer.example", UNVERIFIED),
        ("spf=pass smtp.mailfrom=lan@citizen.vn", VERIFIED),
        ("spf=pass smtp.mailfrom=bounce.mailer.example", UNVERIFIED),
        ("spf=softfail smtp.mailfrom=citizen.vn; dkim=none", UNVERIFIED),
        ("spf=fail smtp.mailfrom=citizen.vn; dkim=none", FAILED),
        ("spf=fail smtp.mailfrom=citizen.vn; dkim=pass header.d=citizen.vn", VERIFIED),
        ("dmarc=fail header.from=citizen.vn; spf=pass smtp.mailfrom=citizen.vn", FAILED),
        ("dmarc=pass header.from=other.example", UNVERIFIED),
        ("none", UNVERIFIED),
        ("spf=neutral (says dmarc=pass; dkim=pass header.d=citizen.vn) smtp.mailfrom=citizen.vn", UNVERIFIED),
    ],
)
def test_alignment_with_the_from_domain_decides(text: str, expected: Authenticity) -> None:
    assert judge(mail(result(f"{MX}; {text}"), ARRIVED, EARLIER), trusted=MX).authenticity is expected


@pytest.mark.parametrize("forged", ["dmarc=pass header.from=citizen.vn", "dkim=pass header.d=citizen.vn"])
def test_what_the_sender_wrote_below_the_receivers_line_is_not_believed(forged: str) -> None:
    assert judge(mail(ARRIVED, result(f"{MX}; {forged}"), EARLIER), trusted=MX).authenticity is UNVERIFIED


def test_another_server_is_not_believed() -> None:
    assert judge(mail(result("evil.example; dmarc=pass"), ARRIVED), trusted=MX).authenticity is UNVERIFIED
    assert judge(mail(result(f"{MX}.evil.example; dmarc=pass"), ARRIVED), trusted=MX).authenticity is UNVERIFIED


def test_nothing_configured_nothing_believed() -> None:
    assert judge(mail(result(f"{MX}; dmarc=pass"), ARRIVED), trusted=None).authenticity is UNVERIFIED


def test_gmail_writes_its_verdict_below_its_own_line() -> None:
    by_google = ("received", "from mail.citizen.vn by mx.google.com with ESMTPS id x")
    spf = ("received-spf", "pass (google.com: domain of lan@citizen.vn)")
    verdict = result("mx.google.com; dmarc=pass header.from=citizen.vn")
    assert judge(mail(by_google, spf, verdict, EARLIER), trusted="mx.google.com").authenticity is VERIFIED
    assert judge(mail(by_google, verdict, EARLIER), trusted="mx.google.com").authenticity is UNVERIFIED
    assert judge(mail(by_google, EARLIER, spf, verdict), trusted="mx.google.com").authenticity is UNVERIFIED


def test_microsoft_writes_no_name_and_the_topmost_counts() -> None:
    inner = ("received", "from SG1.prod.outlook.com by SG2.prod.outlook.com; Mon, 13 Jan 2025 10:23:00 +0000")
    passed = result("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=citizen.vn; dkim=none; compauth=pass reason=130")
    forged = result("spf=pass smtp.mailfrom=citizen.vn; dmarc=pass header.from=citizen.vn")
    failed = result("spf=fail smtp.mailfrom=x.example; dmarc=fail header.from=citizen.vn; compauth=fail reason=000")
    assert judge(mail(inner, passed, EARLIER), trusted="").authenticity is VERIFIED
    assert judge(mail(inner, failed, EARLIER, forged), trusted="").authenticity is FAILED
    assert judge(mail(inner, EARLIER, forged), trusted="").authenticity is UNVERIFIED


def test_a_name_with_a_version_and_without_a_semicolon_is_read() -> None:
    assert judge(mail(result(f"{MX} 1; dkim=pass header.d=citizen.vn"), ARRIVED), trusted=MX).authenticity is VERIFIED
    assert judge(mail(result(f"{MX}  dkim=pass header.d=citizen.vn"), ARRIVED), trusted=MX).authenticity is VERIFIED


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("mail.citizen.vn", "citizen.vn"),
        ("sotttt.hanoi.gov.vn", "hanoi.gov.vn"),
        ("hanoi.gov.vn", "hanoi.gov.vn"),
        ("a.b.edu.vn", "b.edu.vn"),
        ("x.shop.com.vn", "shop.com.vn"),
        ("com.vn", "com.vn"),
        ("mail.google.com", "google.com"),
    ],
)
def test_one_ministry_does_not_vouch_for_another(domain: str, owner: str) -> None:
    assert organisation(domain) == owner


def test_gov_vn_is_nobodys_own_domain() -> None:
    passed = result(f"{MX}; dkim=pass header.d=other.gov.vn")
    assert judge(mail(passed, ARRIVED, sender="a@ubnd.gov.vn"), trusted=MX).authenticity is UNVERIFIED


@pytest.mark.parametrize(
    ("letter", "mark"),
    [
        (mail(more=(Address("b@other.vn"),)), "many_senders"),
        (mail(("from", "a"), ("from", "b")), "many_senders"),
        (mail(("sender", "Ai đó <x@other.vn>")), "other_sender"),
        (mail(name="chutich@ubnd.gov.vn"), "address_in_name"),
        (mail(sender="a@gоogle.com"), "mixed_scripts"),
        (mail(sender="a@xn--ggle-55da.com"), "mixed_scripts"),
        (Mail(senders=(Address("a@citizen.vn"),), reply_to=(Address("b@elsewhere.example"),)), "reply_elsewhere"),
    ],
)
def test_odd_senders_are_marked(letter: Mail, mark: str) -> None:
    assert mark in judge(letter, trusted=MX).marks


def test_an_ordinary_sender_has_no_mark() -> None:
    ordinary = mail(("from", "x"), ("sender", "lan@citizen.vn"), name="Nguyễn Lan")
    assert judge(ordinary, trusted=MX).marks == ()


def test_two_senders_are_never_verified() -> None:
    two = mail(result(f"{MX}; dmarc=pass"), ARRIVED, more=(Address("b@citizen.vn"),))
    assert judge(two, trusted=MX).authenticity is UNVERIFIED
