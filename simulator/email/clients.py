"""Mails as people's programs write them: Gmail, Outlook, the iPhone and Zimbra, with their quotes and signatures.

Header values and part layouts follow what these programs send; everything that differs is a row of `CLIENTS`.
"""

import base64
import hashlib
import html
import quopri
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import encoders
from email.header import Header
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr

Enclosure = tuple[str, str, bytes]
"""Name, MIME type, bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """The mail that is answered, as far as an answer shows it. `at` in the writer's own time zone."""

    sender: str
    address: str
    to: str
    subject: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail before its bytes. `at` carries the writer's time zone; ids are without brackets."""

    name: str
    address: str
    to: str
    subject: str
    text: str
    at: datetime
    message_id: str
    in_reply_to: str = ""
    references: Sequence[str] = ()
    quoted: Quoted | None = None
    files: Sequence[Enclosure] = ()
    signature: str = ""
    headers: Sequence[tuple[str, str]] = ()
    """Further ones, ASCII."""


@dataclass(frozen=True, slots=True)
class Client:
    """How one program writes. `mailer` are its own headers; `plain` and `rich` make the two bodies."""

    mailer: Sequence[tuple[str, str]]
    plain: Callable[[Letter], str]
    rich: Callable[[Letter], str] | None
    message_id: Callable[[int, str], str]
    reply: str = "Re: "
    encoding: str = "quoted-printable"
    names: str = field(default="rfc2231")
    """How file names with accents travel: rfc2231, or rfc2047 in the quotes."""


def compose(client: str, letter: Letter) -> bytes:
    """The mail as it leaves the citizen's program, CRLF line ends. Raises `KeyError` for an unknown program."""
    style = CLIENTS[client]
    body = _body(style, letter)
    if letter.files:
        mixed = MIMEMultipart("mixed")
        mixed.attach(body)
        for enclosure in letter.files:
            mixed.attach(_enclosed(style, enclosure))
        body = mixed
    heads = [
        ("From", formataddr((_coded(letter.name), letter.address))),
        ("To", letter.to),
        ("Subject", _coded(letter.subject, "Subject")),
        ("Date", format_datetime(letter.at)),
        ("Message-ID", f"<{letter.message_id}>"),
        *style.mailer,
        *letter.headers,
    ]
    if letter.in_reply_to:
        heads.append(("In-Reply-To", f"<{letter.in_reply_to}>"))
    if letter.references:
        heads.append(("References", "\n ".join(f"<{known}>" for known in letter.references)))
    for name, value in heads:
        body[name] = value
    return _crlf(body.as_bytes())


def received(mail: bytes, *, sender: str, to: str, domain: str, at: datetime, verdict: str = "pass") -> bytes:
    """The same mail after the receiving server has taken it: path, trace and its verdict about the sender on top."""
    at_domain = sender.rpartition("@")[2]
    results = (
        f"Authentication-Results: mx.{domain}; dkim={verdict} header.d={at_domain};\r\n"
        f"\tspf={verdict} smtp.mailfrom={sender}; dmarc={verdict} header.from={at_domain}\r\n"
        if verdict
        else ""
    )
    trace = (
        f"Received: from mail.{at_domain or domain} (mail.{at_domain or domain} [192.0.2.25])\r\n"
        f"\tby mx.{domain} with ESMTPS; {format_datetime(at)}\r\n"
    )
    return f"Return-Path: <{sender}>\r\nDelivered-To: {to}\r\n{results}{trace}".encode() + mail


def _coded(text: str, header: str = "") -> str:
    # Header keeps no word whole, but it never loses one: the newer policies do with accents at a fold.
    return text if text.isascii() else Header(text, "utf-8", header_name=header or None).encode()


def _crlf(mail: bytes) -> bytes:
    return mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _body(style: Client, letter: Letter) -> MIMEBase:
    plain = _text(style.plain(letter), "plain", style)
    if style.rich is None:
        return plain
    both = MIMEMultipart("alternative")
    both.attach(plain)
    both.attach(_text(style.rich(letter), "html", style))
    return both


def _text(text: str, kind: str, style: Client) -> MIMEText:
    part = MIMEText(text, kind, "utf-8")
    if style.encoding == "quoted-printable":
        part.replace_header("Content-Transfer-Encoding", "quoted-printable")
        part.set_payload(quopri.encodestring(text.encode()).decode())
    return part


def _enclosed(style: Client, enclosure: Enclosure) -> MIMEBase:
    name, mime, content = enclosure
    part = MIMEBase(*mime.split("/", 1))
    part.set_payload(content)
    encoders.encode_base64(part)
    if style.names == "rfc2047" or name.isascii():
        part.add_header("Content-Disposition", "attachment", filename=_coded(name))
    else:
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", name))
    return part


# --- what the programs write ------------------------------------------------------------------------------------------

_DAYS = ("Th 2", "Th 3", "Th 4", "Th 5", "Th 6", "Th 7", "CN")


def _marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _markup(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>\n")


def _signed(letter: Letter) -> str:
    return f"{letter.text}\n-- \n{letter.signature}" if letter.signature else letter.text


def _gmail_line(quoted: Quoted) -> str:
    day = f"{_DAYS[quoted.at.weekday()]}, {quoted.at.day} thg {quoted.at.month}, {quoted.at.year}"
    return f"Vào {day} vào lúc {quoted.at:%H:%M} {quoted.sender} <{quoted.address}>"


def _gmail_plain(letter: Letter) -> str:
    if letter.quoted is None:
        return _signed(letter) + "\n"
    return f"{_signed(letter)}\n\n{_gmail_line(letter.quoted)}\nđã viết:\n\n{_marked(letter.quoted.text)}\n"


def _gmail_rich(letter: Letter) -> str:
    said = f'<div dir="ltr">{_markup(letter.text)}</div>'
    if letter.signature:
        said += f'<br><div class="gmail_signature">-- <br>{_markup(letter.signature)}</div>'
    if letter.quoted is None:
        return said
    line = html.escape(_gmail_line(letter.quoted), quote=False)
    return (
        f'{said}<br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">{line} đã viết:'
        '<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{_markup(letter.quoted.text)}</blockquote></div>'
    )


def _outlook_heads(quoted: Quoted) -> list[tuple[str, str]]:
    return [
        ("Từ", f"{quoted.sender} <{quoted.address}>"),
        ("Đã gửi", f"{quoted.at:%d/%m/%Y %H:%M}"),
        ("Đến", quoted.to),
        ("Chủ đề", quoted.subject),
    ]


def _outlook_plain(letter: Letter) -> str:
    if letter.quoted is None:
        return f"{letter.text}\n\n{letter.signature}\n"
    heads = "\n".join(f"{name}: {value}" for name, value in _outlook_heads(letter.quoted))
    return f"{letter.text}\n\n{letter.signature}\n{'_' * 32}\n{heads}\n\n{letter.quoted.text}\n"


def _outlook_rich(letter: Letter) -> str:
    paragraphs = "".join(
        f'<div class="elementToProof" style="font-family: Aptos, Calibri, sans-serif; font-size: 12pt;">'
        f"{html.escape(line, quote=False) or '<br>'}</div>\n"
        for line in [*letter.text.splitlines(), *letter.signature.splitlines()]
    )
    tail = ""
    if letter.quoted is not None:
        heads = "<br>\n".join(
            f"<b>{name}:</b> {html.escape(value, quote=False)}" for name, value in _outlook_heads(letter.quoted)
        )
        tail = (
            '<div id="appendonsend"></div>\n<hr style="display:inline-block;width:98%" tabindex="-1">\n'
            f'<div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">{heads}</font><br></div>\n'
            f'<div class="BodyFragment">{_markup(letter.quoted.text)}</div>'
        )
    return f'<html><head><meta charset="utf-8"></head><body dir="ltr">\n{paragraphs}{tail}</body></html>'


def _iphone_plain(letter: Letter) -> str:
    said = f"{letter.text}\n\nĐã gửi từ iPhone của tôi\n"
    if letter.quoted is None:
        return said
    at = letter.quoted.at
    line = (
        f"Vào {at:%H:%M}, {at.day} thg {at.month}, {at.year}, {letter.quoted.sender} <{letter.quoted.address}> đã viết:"
    )
    return f"{said}\n{_marked(f'{line}{chr(10)}{chr(10)}{letter.quoted.text}')}\n"


def _zimbra_line(quoted: Quoted) -> str:
    at = quoted.at
    return f"----- Vào {at.day} Thg{at.month}, {at.year}, lúc {at:%H:%M}, {quoted.sender} {quoted.address} đã viết:"


def _zimbra_plain(letter: Letter) -> str:
    if letter.quoted is None:
        return f"{letter.text}\n\n{letter.signature}\n"
    return f"{letter.text}\n\n{letter.signature}\n\n{_zimbra_line(letter.quoted)}\n\n{_marked(letter.quoted.text)}\n"


def _zimbra_rich(letter: Letter) -> str:
    tail = ""
    if letter.quoted is not None:
        tail = (
            f'<hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">'
            f"{html.escape(_zimbra_line(letter.quoted), quote=False)}<br></div>"
            f'<div data-marker="__QUOTED_TEXT__">{_markup(letter.quoted.text)}</div>'
        )
    signed = f"<div><br></div><div>{_markup(letter.signature)}</div>" if letter.signature else ""
    return (
        '<html><body><div style="font-family: arial, helvetica, sans-serif; font-size: 12pt; color: #000000">'
        f"<div>{_markup(letter.text)}</div>{signed}{tail}</div></body></html>"
    )


def _hexed(number: int, salt: str, length: int) -> str:
    return hashlib.sha256(f"{salt}:{number}".encode()).hexdigest()[:length]


def _gmail_id(number: int, domain: str) -> str:
    token = base64.urlsafe_b64encode(bytes.fromhex(_hexed(number, domain, 56))).decode().rstrip("=")
    return f"CA{token}@mail.gmail.com"


def _outlook_id(number: int, domain: str) -> str:
    host = f"TYZPR04MB{number:04d}"
    return f"{host}{_hexed(number, domain, 20).upper()}@{host}.apcprd04.prod.outlook.com"


def _iphone_id(number: int, domain: str) -> str:
    raw = _hexed(number, domain, 32).upper()
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:]}@{domain}"


def _zimbra_id(number: int, domain: str) -> str:
    return f"{_hexed(number, domain, 9)}.{number}.17{number:011d}.JavaMail.zimbra@{domain}"


CLIENTS: dict[str, Client] = {
    "gmail": Client(
        (("MIME-Version", "1.0"),), _gmail_plain, _gmail_rich, _gmail_id, encoding="base64", names="rfc2047"
    ),
    "outlook": Client(
        (("Thread-Topic", "mail"), ("Accept-Language", "vi-VN, en-US"), ("Content-Language", "vi-VN")),
        _outlook_plain, _outlook_rich, _outlook_id, reply="RE: ", encoding="base64",
    ),
    "iphone": Client((("X-Mailer", "iPhone Mail (22B83)"),), _iphone_plain, None, _iphone_id),
    "zimbra": Client(
        (("X-Mailer", "Zimbra 8.8.15_GA_4652 (ZimbraWebClient - GC130 (Win)/8.8.15_GA_4652)"),),
        _zimbra_plain, _zimbra_rich, _zimbra_id,
    ),
}  # fmt: skip
