"""An office's mail as the citizen's program shows it: the text part, what is attached, and whom it answers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import default
from typing import Any

_ID = re.compile(r"<([^<>\s]+)>")
_TAG = re.compile(r"<[^>]+>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """What is shown of a mail. Ids are without brackets."""

    subject: str
    sender: str
    address: str
    answer_to: str
    text: str
    message_id: str
    in_reply_to: str
    references: Sequence[str]
    automatic: bool
    files: Sequence[tuple[str, str, bytes]]


def read(mail: bytes) -> Arrived:
    """Read a mail with the standard library alone. Raises what that raises for bytes that are no mail."""
    parsed = BytesParser(EmailMessage, policy=default).parsebytes(mail)
    body = parsed.get_body(("plain", "html"))
    sender = parsed["From"].addresses[0] if parsed["From"] and parsed["From"].addresses else None
    return Arrived(
        subject=str(parsed["Subject"] or ""),
        sender=(sender.display_name or sender.addr_spec) if sender else "",
        address=sender.addr_spec if sender else "",
        answer_to=_address(parsed["Reply-To"]),
        text=_text(body) if body is not None else "",
        message_id=_first(parsed["Message-ID"]),
        in_reply_to=_first(parsed["In-Reply-To"]),
        references=_ID.findall(str(parsed["References"] or "")),
        automatic=str(parsed["Auto-Submitted"] or "no").strip().lower() != "no",
        files=[_file(part) for part in parsed.iter_attachments()],
    )


def _address(header: Any) -> str:
    return str(header.addresses[0].addr_spec) if header and header.addresses else ""


def _text(part: MIMEPart) -> str:
    content = str(part.get_content()).replace("\r\n", "\n")
    return (_TAG.sub("", content) if part.get_content_subtype() == "html" else content).strip()


def _file(part: MIMEPart) -> tuple[str, str, bytes]:
    content = part.get_content()
    raw = content if isinstance(content, bytes) else bytes(part.get_payload(decode=True) or b"")
    return part.get_filename() or "tep", part.get_content_type(), raw


def _first(value: object) -> str:
    found = _ID.findall(str(value or ""))
    return found[0] if found else ""
