"""Mails that no person wrote: delivery reports (RFC 3464) and answers of people who are away (RFC 3834)."""

from datetime import datetime
from email.message import Message
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime


def bounce(
    mail: bytes, *, recipient: str, office: str, domain: str, at: datetime, number: int,
    status: str = "5.1.1", why: str = "550 5.1.1 user unknown",
) -> bytes:  # fmt: skip
    """A report that `mail` could not be delivered to `recipient`, with the headers that come back."""
    heads = mail.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace")
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = f"Mail Delivery System <MAILER-DAEMON@{domain}>"
    report["To"] = office
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Date"] = format_datetime(at)
    report["Message-ID"] = f"<{number}.{at:%Y%m%d%H%M%S}@{domain}>"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"This is the mail system at host {domain}.\n\n<{recipient}>: {why}\n", "plain", "us-ascii"))
    status_part = MIMEBase("message", "delivery-status")
    about_server = {"Reporting-MTA": f"dns; {domain}", "Arrival-Date": format_datetime(at)}
    about_recipient = {
        "Final-Recipient": f"rfc822; {recipient}",
        "Action": "failed",
        "Status": status,
        "Diagnostic-Code": f"smtp; {why}",
    }
    for block in (about_server, about_recipient):
        fields = Message()
        for name, value in block.items():
            fields[name] = value
        status_part.attach(fields)
    report.attach(status_part)
    returned = Message()
    returned["Content-Type"] = "text/rfc822-headers"
    returned.set_payload(heads.replace("\r\n", "\n") + "\n")
    report.attach(returned)
    return report.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


AWAY = "Tôi đang đi công tác, sẽ trả lời thư sau ngày 30. Trân trọng."
AWAY_SUBJECT = "Trả lời tự động: "
