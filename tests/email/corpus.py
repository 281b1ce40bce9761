"""Mails made by combination, each with what a reader must find in it.

Charset × transfer encoding × structure × way of writing headers; and the seventeen Vietnamese cases one by one.
Everything is written out by hand: the library that reads must not be tested against the one that writes.
"""

import base64
import struct
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from urllib.parse import quote

import viscii  # type: ignore[import-untyped]  # noqa: F401  registers the codec of that name; ships no types

from channels.email import tcvn3

SUBJECT = "Phản ánh đèn đường hỏng ở tổ dân phố số 7"
TEXT = """\
Kính gửi quý cơ quan,
đèn đường trước số nhà 12 phố Trần Hưng Đạo không sáng đã ba đêm liền.
Tôi là Nguyễn Thị Hương."""
NAME = "Nguyễn Thị Hương, phường Bưởi"
ADDR = "huong.nguyen@example.vn"
FILE_NAME = "Ảnh chụp đèn đường hỏng.jpg"


def jpeg(width: int = 640, height: int = 480, size: int = 20_000) -> bytes:
    """What begins like a photo of that size in pixels and has `size` bytes; no decoder is asked."""
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return (b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9) + frame).ljust(size, b"\x5a")


def png(width: int, height: int, size: int = 0) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return body.ljust(size, b"\0")


PHOTO = jpeg()
LOGO = png(120, 40, 3000)
SCREENSHOT = png(900, 600, 30_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    name: str
    raw: bytes
    subject: str = SUBJECT
    sender_name: str = NAME
    text: str = ""
    html: str = ""
    """Words that the page must hold."""
    files: tuple[tuple[str, str], ...] = ()
    """Name and kind of each part."""


def to_cp1258(text: str) -> bytes:
    """Windows-1258 has letters with hats and horns, and five tone marks that follow them."""
    out = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            out += letter.encode("cp1258")
            continue
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
        tone = next(mark for mark in parts[1:] if mark in "\u0300\u0301\u0303\u0309\u0323")
        base = unicodedata.normalize("NFC", parts.replace(tone, "", 1))
        out += base.encode("cp1258") + tone.encode("cp1258")
    return bytes(out)


def lower_toned(text: str) -> str:
    """As people write in TCVN3, which has no toned capitals."""
    return "".join(
        letter.lower() if letter.isupper() and letter not in "ĂÂÊÔƠƯĐ" and not letter.isascii() else letter
        for letter in text
    )


def nfd(text: str) -> bytes:
    return unicodedata.normalize("NFD", text).encode()


CHARSETS = {
    "utf-8": (lambda text: text.encode(), "utf-8"),
    "utf-8 decomposed": (nfd, "UTF-8"),
    "utf-8 undeclared": (lambda text: text.encode(), ""),
    "utf-8 as us-ascii": (lambda text: text.encode(), "us-ascii"),
    "utf-8 as latin-1": (lambda text: text.encode(), "iso-8859-1"),
    "utf-8 as windows-1252": (lambda text: text.encode(), '"windows-1252"'),
    "utf-8 as unknown": (lambda text: text.encode(), "x-unknown"),
    "utf-8 misspelt": (lambda text: text.encode(), "uft-8"),
    "utf-8 with mark": (lambda text: b"\xef\xbb\xbf" + text.encode(), "utf-8"),
    "windows-1258": (to_cp1258, "windows-1258"),
    "tcvn3": (tcvn3.encode, "x-viet-tcvn5712"),
    "tcvn3 as latin-1": (tcvn3.encode, "iso-8859-1"),
    "tcvn3 undeclared": (tcvn3.encode, ""),
    "viscii": (lambda text: text.encode("viscii"), "x-viscii"),
    "utf-16": (lambda text: text.encode("utf-16"), "utf-16"),
    "utf-7": (lambda text: text.encode("utf-7"), "unicode-1-1-utf-7"),
}  # fmt: skip


def to_base64(body: bytes) -> bytes:
    return base64.encodebytes(body).replace(b"\n", b"\r\n")


def to_qp(body: bytes) -> bytes:
    """Each line at most 76 characters, non-ASCII in hexadecimal, soft breaks anywhere: also inside a letter."""
    lines = []
    for line in body.split(b"\n"):
        units = [bytes([code]) if 32 <= code < 127 and code != 61 else b"=%02X" % code for code in line]
        row = b""
        for unit in units:
            if len(row) + len(unit) > 75:
                lines.append(row + b"=")
                row = b""
            row += unit
        lines.append(row)
    return b"\r\n".join(lines)


ENCODINGS = {
    "8bit": lambda body: body.replace(b"\n", b"\r\n"),
    "quoted-printable": to_qp,
    "base64": to_base64,
}


def word_b(text: str, charset: str = "utf-8", size: int = 45) -> bytes:
    """Encoded words cut after so many bytes, in the middle of a letter if it falls there."""
    body = text.encode(charset)
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    return b"\r\n ".join(b"=?%s?B?%s?=" % (charset.encode(), base64.b64encode(piece)) for piece in pieces)


def word_q(text: str, size: int = 15) -> bytes:
    body = text.encode()
    pieces = [body[place : place + size] for place in range(0, len(body), size)]
    hexed = [b"".join(b"_" if code == 32 else b"=%02x" % code for code in piece) for piece in pieces]
    return b"\r\n\t".join(b"=?UTF-8*vi?q?%s?=" % piece for piece in hexed)


HEADERS = {"b": word_b, "q": word_q, "raw": str.encode, "raw decomposed": nfd}


def part(kind: str, body: bytes, *, encoding: str = "base64", extra: str = "") -> bytes:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n{extra}\r\n"
    return head.encode() + ENCODINGS.get(encoding, bytes)(body)


def multipart(kind: str, *parts: bytes, boundary: str = "=_giới".encode().hex()) -> bytes:
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), one) for one in parts)
    return (
        f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()
        + body
        + f"--{boundary}--\r\n".encode()
    )


def mail(content: bytes, *, header: str = "b", subject: str = SUBJECT, extra: bytes = b"") -> bytes:
    write = HEADERS[header]
    name = b'"' + write(NAME) + b'"' if header.startswith("raw") else write(NAME)
    return (
        b"Return-Path: <" + ADDR.encode() + b">\r\nFrom: " + name + b" <" + ADDR.encode() + b">\r\n"
        b"To: tiepnhan@example.gov.vn\r\nSubject: " + write(subject) + b"\r\n"
        b"Date: Mon, 13 Jan 2025 10:23:45 +0700\r\nMessage-ID: <1@example.vn>\r\n"
        + extra
        + b"MIME-Version: 1.0\r\n"
        + content
    )


def text_part(charset: str, encoding: str, *, html: bool = False) -> tuple[bytes, str]:
    """The part and the text in it."""
    encode, declared = CHARSETS[charset]
    text = lower_toned(TEXT) if encode is tcvn3.encode else TEXT
    parameter = f"; charset={declared}" if declared else ""
    if html:
        page = "<html><body><p>" + text.replace("\n", "</p>\n<p>") + "</p></body></html>"
        return part(f"text/html{parameter}", encode(page), encoding=encoding), text
    return part(f"text/plain{parameter}", encode(text), encoding=encoding), text


def photo(name: str = "filename=photo.jpg", disposition: str = "attachment") -> bytes:
    return part("image/jpeg", PHOTO, extra=f"Content-Disposition: {disposition}; {name}\r\n")


def combinations() -> Iterator[Sample]:
    """Several hundred mails."""
    for charset, encoding, header in product(CHARSETS, ENCODINGS, HEADERS):
        if charset == "utf-16" and encoding != "base64":
            continue  # no client sends it: its line ends are no lines
        plain, text = text_part(charset, encoding)
        page, _ = text_part(charset, encoding, html=True)
        name = f"{charset} / {encoding} / {header}"
        words = text.split("\n")[1]
        yield Sample(name=f"plain: {name}", raw=mail(plain, header=header), text=text)
        yield Sample(name=f"page: {name}", raw=mail(page, header=header), html=words)
        both = multipart("alternative", plain, page, boundary="alt")
        yield Sample(
            name=f"both with a photo: {name}",
            raw=mail(multipart("mixed", both, photo()), header=header),
            text=text,
            html=words,
            files=(("photo.jpg", "evidence"),),
        )


def structures() -> Iterator[Sample]:
    """The same report from different clients."""
    plain, _ = text_part("utf-8", "8bit")
    page, _ = text_part("utf-8", "quoted-printable", html=True)
    words = TEXT.split("\n")[1]

    def shown(cid: str) -> bytes:
        return part(
            "text/html; charset=utf-8", f'<p>{TEXT}</p><img src="cid:{cid}">'.encode(), encoding="quoted-printable"
        )

    def picture(body: bytes, cid: str, name: str) -> bytes:
        return part("image/png", body, extra=f"Content-ID: <{cid}>\r\nContent-Disposition: inline; filename={name}\r\n")

    both = multipart("alternative", plain, shown("image001.png@1"), boundary="a")
    yield Sample(
        name="apple: text, photo, text",
        raw=mail(
            multipart(
                "mixed",
                plain,
                photo(disposition="inline"),
                part("text/plain; charset=utf-8", b"Xin c\xe1\xba\xa3m \xc6\xa1n."),
            )
        ),
        text=TEXT + "\n\nXin cảm ơn.\n",
        files=(("photo.jpg", "evidence"),),
    )
    yield Sample(
        name="outlook: logo in the signature",
        raw=mail(multipart("related", both, picture(LOGO, "image001.png@1", "image001.png"))),
        text=TEXT, html=words, files=(("image001.png", "decoration"),),
    )  # fmt: skip
    yield Sample(
        name="outlook: a screenshot named like a logo",
        raw=mail(multipart("related", shown("image002.png@1"), picture(SCREENSHOT, "image002.png@1", "image002.png"))),
        html=words, files=(("image002.png", "inline"),),
    )  # fmt: skip
    yield Sample(
        name="signed",
        raw=mail(multipart("signed", plain, part("application/pkcs7-signature; name=smime.p7s", b"0\x80"))),
        text=TEXT, files=(("smime.p7s", "machine"),),
    )  # fmt: skip
    yield Sample(
        name="calendar",
        raw=mail(multipart("alternative", plain, part("text/calendar; name=invite.ics", b"BEGIN:VCALENDAR"))),
        text=TEXT, files=(("invite.ics", "machine"),),
    )  # fmt: skip
    yield Sample(
        name="never closed", raw=mail(multipart("mixed", plain, page, boundary="open")[:-12]), text=TEXT, html=words
    )
    yield Sample(name="only a photo", raw=mail(photo()), files=(("photo.jpg", "evidence"),))
    yield Sample(
        name="a boundary that was never declared",
        raw=mail(multipart("mixed", plain, photo()).replace(b"boundary=", b"x=")),
        text=TEXT, files=(("photo.jpg", "evidence"),),
    )  # fmt: skip
    yield Sample(
        name="mbox line and blank lines first",
        raw=b"\r\n\r\nFrom huong Mon Jan 13 10:23:45 2025\r\n" + mail(plain),
        text=TEXT,
    )
    yield Sample(
        name="a broken line among the headers",
        raw=mail(plain).replace(b"To: ", b"khong phai header\r\nTo: ", 1),
        text=TEXT,
    )


def seventeen() -> Iterator[Sample]:
    """Vietnamese as it really comes, one trap each."""

    def text_as(charset: str, encoding: str) -> bytes:
        return text_part(charset, encoding)[0]

    plain = text_as("utf-8", "8bit")
    old = lower_toned(TEXT)

    def with_file(name: bytes) -> bytes:
        return mail(multipart("mixed", plain, photo("%%").replace(b"%%", name)))

    named = ((FILE_NAME, "evidence"),)
    yield Sample(name="utf-8 quoted-printable", raw=mail(text_as("utf-8", "quoted-printable")), text=TEXT)
    yield Sample(name="utf-8 base64", raw=mail(text_as("utf-8", "base64")), text=TEXT)
    yield Sample(
        name="decomposed text and headers",
        raw=mail(text_as("utf-8 decomposed", "base64"), header="raw decomposed"),
        text=TEXT,
    )
    yield Sample(name="raw headers", raw=mail(plain, header="raw"), text=TEXT)
    yield Sample(name="declared us-ascii", raw=mail(text_as("utf-8 as us-ascii", "8bit")), text=TEXT)
    yield Sample(name="declared latin-1", raw=mail(text_as("utf-8 as latin-1", "quoted-printable")), text=TEXT)
    yield Sample(name="windows-1258", raw=mail(text_as("windows-1258", "quoted-printable")), text=TEXT)
    yield Sample(name="tcvn3 declared latin-1", raw=mail(text_as("tcvn3 as latin-1", "8bit")), text=old)
    yield Sample(
        name="tcvn3 turned into unicode, with its font",
        raw=mail(
            part(
                "text/html; charset=utf-8",
                f'<p style="font-family:.VnTime">{tcvn3.encode(old).decode("latin-1")}</p>'.encode(),
            )
        ),
        html=old.split("\n")[1],
    )
    subject = tcvn3.encode(lower_toned(SUBJECT))
    yield Sample(
        name="raw tcvn3 subject",
        raw=mail(plain).replace(word_b(SUBJECT), subject),
        subject=lower_toned(SUBJECT),
        text=TEXT,
    )
    yield Sample(
        name="words cut inside letters", raw=mail(plain).replace(word_b(SUBJECT), word_b(SUBJECT, size=4)), text=TEXT
    )
    broken = to_qp(TEXT.encode()).replace(b"=\r\n", b"=  \r\n") + b" 50=ZZ =e1=ba=a3 ="
    yield Sample(
        name="broken quoted-printable",
        raw=mail(
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: Quoted-Printable\r\n\r\n" + broken
        ),
        text=TEXT + " 50=ZZ ả ",
    )
    flowed = TEXT.replace("số nhà ", "số nhà \n").encode()
    yield Sample(
        name="flowed", raw=mail(part("text/plain; charset=utf-8; format=flowed", flowed, encoding="8bit")), text=TEXT
    )
    percent = quote(FILE_NAME)
    yield Sample(
        name="file name in pieces",
        raw=with_file(f"filename*0*=utf-8'vi'{percent[:10]};\r\n filename*1*={percent[10:]}".encode()),
        text=TEXT,
        files=named,
    )
    yield Sample(
        name="file name as encoded words in quotes",
        raw=with_file(b'filename="' + word_b(FILE_NAME, size=7) + b'"'),
        text=TEXT,
        files=named,
    )
    yield Sample(name="raw file name", raw=with_file(f'filename="{FILE_NAME}"'.encode()), text=TEXT, files=named)
    yield Sample(
        name="decomposed file name", raw=with_file(b'filename="' + nfd(FILE_NAME) + b'"'), text=TEXT, files=named
    )
