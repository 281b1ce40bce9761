"""Our own mails as bytes: text and HTML, ASCII on the wire, every header line ours."""

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels.email.settings import EmailSettings
from channels.email.threads import ID, Marks, Thread, plain_subject, sound, writable
from core.model import MediaKind, OutboundMessage, Speaker

OFFICE = ZoneInfo("Asia/Ho_Chi_Minh")
LINE = 76
LONGEST_SUBJECT = 200

INSTANCE = "X-Gateway-Instance"
"""On every automatic mail: a gateway that reads its own mail has found a loop."""

FILE_NAMES = {MediaKind.IMAGE: "anh", MediaKind.VIDEO: "video", MediaKind.AUDIO: "am-thanh", MediaKind.FILE: "tep"}
EXTENSIONS = {
    "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp", "image/heic": "heic",
    "video/mp4": "mp4", "video/quicktime": "mov", "audio/mpeg": "mp3", "audio/mp4": "m4a", "application/pdf": "pdf",
}  # fmt: skip

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]}]")


@dataclass(frozen=True, slots=True)
class File:
    """One attachment."""

    kind: MediaKind
    body: bytes
    mime: str = ""
    name: str = ""


class AsciiHeaders(EmailPolicy):
    """Writes headers as RFC 2047 wants them.

    The standard folding loses spaces between encoded words (python/cpython issues 92081, 89714, 144156) and encodes
    long ids in References; `email.header.Header` does neither.
    """

    def fold(self, name: str, value: Any) -> str:
        if name.lower().startswith("content-"):
            return str(super().fold(name, value))
        return f"{name}: {self._folded(name, value)}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower().startswith("content-"):
            return bytes(super().fold_binary(name, value))
        return self.fold(name, value).encode("ascii", "replace")

    def _folded(self, name: str, value: Any) -> str:
        if hasattr(value, "addresses"):
            return f",{self.linesep} ".join(self._address(name, address) for address in value.addresses)
        text = str(value)
        if text.isascii():
            return self._wrapped(name, text)
        return Header(text, "utf-8", header_name=name).encode(linesep=self.linesep)

    def _address(self, name: str, address: Address) -> str:
        if not address.display_name or address.display_name.isascii():
            return str(address)
        words = Header(address.display_name, "utf-8", header_name=name).encode(linesep=self.linesep)
        last = words.rpartition("\n")[2]
        between = " " if len(last) + len(address.addr_spec) + len(name) + 5 <= LINE else f"{self.linesep} "
        return f"{words}{between}<{address.addr_spec}>"

    def _wrapped(self, name: str, text: str) -> str:
        """ASCII, broken at its spaces only; what is longer than a line stays whole."""
        lines, room = [""], LINE - len(name) - 2
        for word in text.split(" "):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
                lines.append(word)
                room = LINE - 1
            else:
                lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
        return f"{self.linesep} ".join(lines)


WIRE = AsciiHeaders(linesep="\r\n", cte_type="7bit", utf8=False)


def compose(
    message: OutboundMessage, recipient: str, *, settings: EmailSettings, marks: Marks, thread: Thread,
    files: Sequence[File] = (), now: datetime,
) -> tuple[str, bytes]:  # fmt: skip
    """The Message-ID and the bytes of a mail to `recipient` (a plain address). Pure: the id depends on the key only.

    Raises `ValueError` when the recipient is no mail address.
    """
    message_id = marks.message_id(message.key, recipient, message.case)
    mail = EmailMessage(policy=WIRE)
    mail["From"] = _address(settings.display_name, settings.address)
    mail["To"] = _address(thread.name, recipient)
    mail["Subject"] = subject(message, thread, settings)
    mail["Date"] = format_datetime(now.astimezone(OFFICE))
    mail["Message-ID"] = f"<{message_id}>"
    for name, value in _thread_headers(thread):
        mail[name] = value
    if reply_to := marks.reply_to(message.case):
        mail["Reply-To"] = _address(settings.display_name, reply_to)
    if message.speaker is Speaker.BOT:
        mail["Auto-Submitted"] = "auto-replied" if thread.message_id else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail[INSTANCE] = f"tiepnhan {marks.instance}"
    text = message.text.strip() or "(Tệp đính kèm)"
    mail.set_content(f"{text}\n", cte="quoted-printable")
    mail.add_alternative(as_html(text), subtype="html", cte="quoted-printable")
    for number, file in enumerate(files, 1):
        maintype, _, subtype = (file.mime or "application/octet-stream").partition("/")
        mail.add_attachment(
            file.body, maintype=maintype, subtype=subtype or "octet-stream", filename=file_name(file, number)
        )
    # Last: setting contents moves every Content- header into the parts.
    mail["Content-Language"] = "vi"
    for part in mail.walk():
        if part is not mail:
            del part["MIME-Version"]
    return message_id, mail.as_bytes()


def subject(message: OutboundMessage, thread: Thread, settings: EmailSettings) -> str:
    """The citizen's own subject as an answer, or one of ours; with the case's tag."""
    known = plain_subject(_line(thread.subject))[:LONGEST_SUBJECT].rstrip()
    if known:
        text = f"Re: {known}"
    elif thread.message_id:
        text = "Re: Phản ánh của ông/bà"
    else:
        text = f"Thông báo từ {_line(settings.display_name) or settings.address}"
    code = writable(message.case)
    return f"{text} [#{code}]" if code else text


def _thread_headers(thread: Thread) -> list[tuple[str, str]]:
    ids = [f"<{each}>" for each in thread.references if ID.fullmatch(each)]
    known = [f"<{thread.message_id}>"] if f"<{thread.message_id}>" in ids else []
    return [("In-Reply-To", each) for each in known] + ([("References", " ".join(ids))] if ids else [])


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    if not (local and domain) or _CONTROLS.search(address):
        raise ValueError("not a mail address")
    return Address(display_name=_line(name)[:100], username=local, domain=domain)


def _line(text: str) -> str:
    """One line, without anything that could begin another header."""
    return " ".join(_CONTROLS.sub(" ", sound(text)).split())


def as_html(text: str) -> str:
    """The same words as HTML: paragraphs, line breaks, links. Nothing in the text is taken for markup."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n[^\S\n]*\n", text)]
    body = "\n".join(f"<p>{_marked_up(part)}</p>" for part in paragraphs if part.strip())
    return (
        '<!DOCTYPE html>\n<html lang="vi">\n<head><meta charset="utf-8"></head>\n'
        f'<body style="font-family: sans-serif; line-height: 1.5">\n{body}\n</body>\n</html>\n'
    )


def _marked_up(text: str) -> str:
    parts, end = [], 0
    for link in _LINK.finditer(text):
        target = html.escape(link[0])
        parts += [html.escape(text[end : link.start()]), f'<a href="{target}">{target}</a>']
        end = link.end()
    return "".join([*parts, html.escape(text[end:])]).replace("\n", "<br>\n")


def file_name(file: File, number: int) -> str:
    """A short ASCII name: some mail programs show long accented ones as ATT00001."""
    stem, _, ending = file.name.rpartition(".") if "." in file.name else (file.name, "", "")
    plain = unicodedata.normalize("NFD", stem.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:30]
    extension = EXTENSIONS.get(file.mime) or re.sub(r"[^A-Za-z0-9]", "", ending)[:5].lower() or "bin"
    return f"{plain or FILE_NAMES[file.kind]}-{number}.{extension}"
