"""Delivery reports in the dialects of the mail servers that citizens' mailboxes stand behind.

`BOUNCES`: file name → bytes. `MEANINGS`: file name → what has to be read from it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from channels.email.bounce import Meaning

WHO = "lan.nguyen@mail.example.com"
OURS = "gw.TG-2025-000123.42.0123456789abcdef@example.vn"
OFFICE = "tiepnhan@example.vn"


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    status: str
    said: str
    """What the remote server answered."""
    meaning: Meaning
    action: str = "failed"


OUTCOMES = (
    Outcome(
        "nobody", "5.1.1", "550 5.1.1 The email account that you tried to reach does not exist", Meaning.ADDRESS_BAD
    ),
    Outcome("full", "5.2.2", "552 5.2.2 Mailbox full, over quota", Meaning.MAILBOX_FULL),
    Outcome("large", "5.3.4", "552 5.3.4 Message size exceeds fixed limit", Meaning.TOO_LARGE),
    Outcome("policy", "5.7.1", "550 5.7.1 Message rejected due to SPF/DMARC policy", Meaning.POLICY),
    Outcome(
        "later", "4.4.1", "451 4.4.1 connect to mail.example.com: Connection timed out", Meaning.TEMPORARY, "delayed"
    ),
)


def returned(kind: str = "message/rfc822") -> str:
    head = (
        f"Received: from office.example.vn by mx.example.vn; Mon, 13 Jan 2025 10:23:00 +0700\nFrom: {OFFICE}\nTo:"
        f" {WHO}\n"
        f"Subject: [#TG-2025-000123] =?utf-8?q?Ph=E1=BA=A3n_=C3=A1nh?=\nMessage-ID: <{OURS}>\n"
    )
    return f"Content-Type: {kind}\n\n{head}" + ("\nKính gửi Ông/Bà\n" if kind == "message/rfc822" else "")


def envelope(sender: str, subject: str, *more: str, null: bool = True) -> str:
    path = ["Return-Path: <>"] if null else []
    return "\n".join(
        [*path, "Received: from mx.example.com by mx.example.vn; Mon, 13 Jan 2025 10:24:00 +0700", f"From: {sender}",
         f"To: {OFFICE}", f"Subject: {subject}", "Date: Mon, 13 Jan 2025 10:24:00 +0700",
         "Message-ID: <1234@mx.example.com>", "MIME-Version: 1.0", *more]
    )  # fmt: skip


def report(
    head: str, human: str, outcome: Outcome, server: str, *, last: str = "message/rfc822", html: bool = False
) -> str:
    return "\n".join(
        [
            head,
            'Content-Type: multipart/report; report-type=delivery-status; boundary="R"',
            "",
            "--R",
            f"Content-Type: text/{'html' if html else 'plain'}; charset=utf-8",
            "",
            human,
            "",
            "--R",
            "Content-Type: message/delivery-status",
            "",
            f"Reporting-MTA: dns; {server}",
            "",
            f"Final-Recipient: rfc822; {WHO}",
            f"Action: {outcome.action}",
            f"Status: {outcome.status}",
            f"Diagnostic-Code: smtp; {outcome.said}",
            "",
            "--R",
            returned(last),
            "--R--",
            "",
        ]
    )


def postfix(outcome: Outcome) -> str:
    late = outcome.action == "delayed"
    subject = "Delayed Mail (still being retried)" if late else "Undelivered Mail Returned to Sender"
    human = (
        f"This is the mail system at host mx.example.com.\n\n<{WHO}>: host mail.example.com[192.0.2.7] said:"
        f" {outcome.said}"
        " (in reply to RCPT TO command)"
    )
    head = envelope("MAILER-DAEMON@mx.example.com (Mail Delivery System)", subject, "Auto-Submitted: auto-replied")
    return report(head, human, outcome, "mx.example.com")


def exim(outcome: Outcome) -> str:
    late = outcome.action == "delayed"
    subject = "Warning: message 1tXyZ delayed 24 hours" if late else "Mail delivery failed: returning message to sender"
    opening = (
        "This message was created automatically by mail delivery software.\nA message that you sent could not be"
        " delivered to"
        " one or more of its\nrecipients. The following address(es) failed:"
    )
    if late:
        opening = (
            "This message was created automatically by mail delivery software.\nA message that you sent has not"
            " yet been"
            " delivered to one or more of its recipients after more than 24 hours on the queue."
        )
    head = envelope(
        "Mail Delivery System <Mailer-Daemon@mx.example.com>",
        subject,
        f"X-Failed-Recipients: {WHO}",
        "Auto-Submitted: auto-replied",
    )
    copy = returned().partition("\n\n")[2]
    rest = f"------ This is a copy of the message, including all the headers. ------\n\n{copy}"
    return f"{head}\nContent-Type: text/plain; charset=utf-8\n\n{opening}\n\n  {WHO}\n    {outcome.said}\n\n{rest}"


def qmail(outcome: Outcome) -> str:
    head = envelope("MAILER-DAEMON@mx.example.com", "failure notice")
    return (
        f"{head}\n\nHi. This is the qmail-send program at mx.example.com.\nI'm afraid I wasn't able to deliver"
        " your message to the"
        " following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work"
        f" out.\n\n<{WHO}>:\n192.0.2.7 does not"
        f" like recipient.\nRemote host said: {outcome.said}\nGiving up on 192.0.2.7.\n\n--- Below this line is a"
        " copy of the"
        f" message.\n\n{returned().partition(chr(10) * 2)[2]}"
    )


def sendmail(outcome: Outcome) -> str:
    late = outcome.action == "delayed"
    subject = (
        "Warning: could not send message for past 4 hours" if late else "Returned mail: see transcript for details"
    )
    human = (
        "   ----- The following addresses had permanent fatal errors -----\n"
        f"<{WHO}>\n\n   ----- Transcript of session follows -----\n... while talking to mail.example.com.:\n>>>"
        f" DATA\n<<< {outcome.said}"
    )
    head = envelope(
        "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.com>",
        subject,
        "Auto-Submitted: auto-generated (failure)",
        null=False,
    )
    return report(head, human, outcome, "mx.example.com", last="text/rfc822-headers")


def exchange(outcome: Outcome) -> str:
    human = (
        f"Your message\n\n  To: {WHO}\n  Subject: [#TG-2025-000123]\n\ndid not reach the following"
        f" recipient(s):\n\n{WHO} on Mon, 13 Jan"
        f" 2025\n    <mx.example.com #{outcome.status} smtp;{outcome.said}>"
    )
    head = envelope(
        "System Administrator <postmaster@mail.example.com>", "Undeliverable: [#TG-2025-000123]", null=False
    )
    return report(head, human, outcome, "exchange.example.com")


def microsoft365(outcome: Outcome) -> str:
    human = (
        f"<html><body><h2>Your message to {WHO} couldn't be delivered.</h2><p>{outcome.said}</p><p>Diagnostic"
        " information for"
        " administrators:</p></body></html>"
    )
    head = envelope(
        "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@mail.example.com>",
        "Undeliverable: [#TG-2025-000123]",
        f"In-Reply-To: <{OURS}>",
        "X-MS-Exchange-Message-Is-Ndr:",
        "Auto-Submitted: auto-replied",
    )
    return report(head, human, outcome, "SG2PR01.prod.outlook.com", html=True)


def gmail(outcome: Outcome) -> str:
    late = outcome.action == "delayed"
    subject = f"Delivery Status Notification ({'Delay' if late else 'Failure'})"
    human = f"** Address not found **\n\nYour message wasn't delivered to {WHO}.\n\nThe response was:\n{outcome.said}"
    head = envelope(
        "Mail Delivery Subsystem <mailer-daemon@googlemail.com>", subject, f"X-Failed-Recipients: {WHO}",
        "Auto-Submitted: auto-replied", f"References: <{OURS}>",
    )  # fmt: skip
    return report(head, human, outcome, "googlemail.com")


def yahoo(outcome: Outcome) -> str:
    head = envelope("MAILER-DAEMON@yahoo.com", "Failure Notice", null=False)
    return (
        f"{head}\nContent-Type: text/plain; charset=utf-8\n\nSorry, we were unable to deliver your message to the"
        " following address.\n\n"
        f"<{WHO}>:\n{outcome.said}\n\n--- Below this line is a copy of the"
        f" message.\n\n{returned().partition(chr(10) * 2)[2]}"
    )


def zimbra(outcome: Outcome) -> str:
    head = envelope("MAILER-DAEMON@zimbra.example.vn (Mail Delivery System)", "Undelivered Mail Returned to Sender")
    human = (
        "This is the mail system at host zimbra.example.vn.\n\nI'm sorry to have to inform you that your message"
        " could not\nbe delivered"
        f" to one or more recipients. It's attached below.\n\n<{WHO}>: {outcome.said}"
    )
    return report(head, human, outcome, "zimbra.example.vn", last="text/rfc822-headers")


def mdaemon(outcome: Outcome) -> str:
    head = envelope(
        "MDaemon at example.vn <MDaemon@example.vn>",
        "Warning - delivery failed: [#TG-2025-000123]",
        "X-MDaemon-Deliver-To: x",
    )
    return (
        f"{head}\nContent-Type: text/plain; charset=utf-8\n\nThe attached message had PERMANENT fatal delivery"
        " errors!\n\nThe following"
        f" addresses failed:\n\n{WHO}\n\n--- Session Transcript ---\nRCPT To:<{WHO}>\n<-- {outcome.said}\n\n:"
        f" Message-ID: <{OURS}>\n"
    )


def lotus(outcome: Outcome) -> str:
    human = f"Your message\n\n  Subject: [#TG-2025-000123]\n\nwas not delivered to:\n\n  {WHO}\n\nbecause:\n\n  "
    human += outcome.said
    head = envelope("Postmaster@mail.example.com", "DELIVERY FAILURE: " + outcome.said[:40], null=False)
    return report(head, human, outcome, "Domino.example.com")


def vietnamese(outcome: Outcome) -> str:
    """A provider that writes Vietnamese and no machine-readable part."""
    late = outcome.action == "delayed"
    head = envelope(
        "Hệ thống thư điện tử <mailer-daemon@mail.example.vn>",
        "Thư chưa gửi được, đang thử lại" if late else "Thư không gửi được",
    )
    return (
        f"{head}\nContent-Type: text/plain; charset=utf-8\n\nKhông thể gửi thư đến địa chỉ: {WHO}\nLý do:"
        f" {outcome.said}\n\n"
        f"Message-ID: <{OURS}>\n"
    )


DIALECTS: tuple[Callable[[Outcome], str], ...] = (
    *(postfix, exim, qmail, sendmail, exchange, microsoft365, gmail, yahoo, zimbra, mdaemon, lotus, vietnamese),
)


def complaint() -> str:
    head = envelope("Feedback Loop <fbl@mail.example.com>", "complaint about message from 192.0.2.1", null=False)
    fields = f"Feedback-Type: abuse\nUser-Agent: Provider/1.0\nVersion: 1\nOriginal-Rcpt-To: <{WHO}>\n"
    return (
        f'{head}\nContent-Type: multipart/report; report-type=feedback-report; boundary="R"\n\n--R\nContent-Type:'
        " text/plain\n\nThis is an"
        f" email abuse report.\n\n--R\nContent-Type: message/feedback-report\n\n{fields}\n--R\n{returned()}\n--R--\n"
    )


def _all() -> Iterator[tuple[str, str, Meaning]]:
    for dialect in DIALECTS:
        for outcome in OUTCOMES:
            yield f"{dialect.__name__}-{outcome.name}.eml", dialect(outcome), outcome.meaning
    yield "feedback-report.eml", complaint(), Meaning.COMPLAINT


BOUNCES: Mapping[str, bytes] = {name: text.encode() for name, text, _ in _all()}
MEANINGS: Mapping[str, Meaning] = {name: meaning for name, _, meaning in _all()}
