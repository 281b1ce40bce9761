"""Files in mails: their names, their true types, what they are there for; and what is taken out of containers."""

import contextlib
import struct
import sys
from types import SimpleNamespace

import pytest

from channels.email.dimensions import picture_size
from channels.email.filenames import safe_name
from channels.email.flowed import unflow
from channels.email.mail import PartKind
from channels.email.mime import part, read_mail
from channels.email.params import read_content_type, read_parameterised
from channels.email.rtf import decompress, to_html
from channels.email.tnef import SIGNATURE, unpack
from channels.email.transfer import undo
from tests.email.corpus import LOGO, PHOTO, SCREENSHOT, TEXT, jpeg, mail, multipart, photo, png, text_part
from tests.email.corpus import part as mime_part

PLAIN = text_part("utf-8", "8bit")[0]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.png", "x.png"),
        ("a\0b\r\n.jpg", "ab.jpg"),
        ("\u202egnp.exe", "gnp.exe"),
        ("...hidden", "hidden"),
        ('a<b>:"|?*.jpg', "ab.jpg"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("Cộng hòa.jpg", "Cộng hòa.jpg"),
        ("e\u0301.jpg", "é.jpg"),
        ("x" * 300 + ".jpeg", "x" * 145 + ".jpeg"),
        ("\udcff.jpg", "\ufffd.jpg"),
        ("", ""),
        ("///", ""),
    ],
)
def test_a_file_name_is_safe_to_show(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("attachment; filename=a.jpg", "a.jpg"),
        ('attachment; filename="a;b.jpg"', "a;b.jpg"),
        ("attachment; filename=two words.jpg; size=3", "two words.jpg"),
        ("attachment; filename*=utf-8''%C4%91%C3%A8n.jpg; filename=den.jpg", "đèn.jpg"),
        ("attachment; filename=den.jpg; filename*=utf-8''%FF%C4.jpg", "den.jpg"),
        ("attachment; filename*0*=utf-8''%C4; filename*1*=%91; filename*2=.jpg", "đ.jpg"),
        ("attachment; filename*1=b; filename*0=a", "ab"),
        ("attachment; filename==?utf-8?b?xJHDqG4uanBn?=", "đèn.jpg"),
        ('attachment; filename="never closed', "never closed"),
        ("attachment; filename", ""),
        ("", ""),
    ],
)
def test_a_file_name_is_read_however_it_is_written(value: str, name: str) -> None:
    assert read_parameterised(value).get("filename") == name


def test_a_content_type_is_a_type_or_nothing() -> None:
    assert read_content_type("text/HTML; Charset=UTF-8").value == "text/html"
    assert read_content_type("text").value == ""
    assert read_content_type("charset=utf-8").get("charset") == "utf-8"


def kind_of(
    picture: bytes, *, disposition: str = "inline", cid: str = "", shown: bool = False, name: str = "x.png"
) -> PartKind:
    page = f'<p>x</p><img src="{"cid:" + cid if shown else ""}">'.encode()
    extra = f"Content-Disposition: {disposition}; filename={name}\r\n" + (f"Content-ID: <{cid}>\r\n" if cid else "")
    raw = mail(multipart("related", mime_part("text/html", page), mime_part("image/png", picture, extra=extra)))
    (found,) = read_mail(raw).parts
    return found.kind


def test_a_picture_is_evidence_unless_the_page_shows_it_or_it_looks_like_a_logo() -> None:
    assert kind_of(PHOTO) is PartKind.EVIDENCE  # phones send photos inline
    assert kind_of(PHOTO, cid="1@a", shown=False) is PartKind.EVIDENCE
    assert kind_of(SCREENSHOT, cid="1@a", shown=True) is PartKind.INLINE
    assert kind_of(SCREENSHOT, cid="1@a", shown=True, name="image001.png") is PartKind.INLINE
    assert kind_of(LOGO, cid="1@a", shown=True) is PartKind.DECORATION
    assert kind_of(png(1, 1, 70), cid="1@a", shown=True) is PartKind.DECORATION
    assert kind_of(png(400, 90, 8000), cid="1@a", shown=True, name="image003.png") is PartKind.DECORATION
    assert kind_of(LOGO) is PartKind.DECORATION
    assert kind_of(LOGO, disposition="attachment") is PartKind.EVIDENCE


def test_the_type_is_what_the_bytes_say() -> None:
    raw = mail(mime_part("application/octet-stream", PHOTO, extra="Content-Disposition: attachment\r\n"))
    (found,) = read_mail(raw).parts
    assert (found.mime, found.declared, found.name) == ("image/jpeg", "application/octet-stream", "attachment-0.jpg")
    (found,) = read_mail(mail(mime_part("image/pjpeg", b"no picture"))).parts
    assert found.mime == "image/jpeg"  # unknown bytes: the claim, in its proper spelling


@pytest.mark.parametrize(
    ("picture", "size"),
    [
        (png(12_000, 12_000), (12_000, 12_000)),
        (jpeg(4000, 3000), (4000, 3000)),
        (b"GIF89a\x01\x00\x02\x00", (1, 2)),
        (b"BM" + bytes(16) + struct.pack("<ii", 30, -40), (30, 40)),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x63\x00\x00\x31\x00\x00", (100, 50)),
        (b"\xff\xd8\xff\xff\xff", None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"", None),
    ],
)
def test_the_size_of_a_picture_is_read_without_decoding_it(picture: bytes, size: tuple[int, int] | None) -> None:
    assert picture_size(picture) == size


def test_the_number_of_a_part_names_it_for_ever() -> None:
    raw = mail(multipart("mixed", PLAIN, photo(), photo("filename=2.jpg")))
    assert [(one.index, one.name) for one in read_mail(raw).parts] == [(2, "photo.jpg"), (3, "2.jpg")]
    found = part(raw, 3)
    assert found is not None and found.name == "2.jpg"
    assert part(raw, 4) is None


def test_a_mail_forwarded_as_attachment_gives_its_text_and_photos() -> None:
    inner = mail(multipart("mixed", PLAIN, photo()), subject="Ngập nước ở ngõ 7")
    attached = b"Content-Type: message/rfc822\r\n\r\n" + inner
    found = read_mail(mail(multipart("mixed", mime_part("text/plain", b"Xin chuyen"), attached, boundary="outer")))
    assert [(one.index, one.name, one.kind) for one in found.parts] == [
        (2, "Ngập nước ở ngõ 7.eml", PartKind.EVIDENCE),
        (1002, "photo.jpg", PartKind.EVIDENCE),
    ]
    assert found.text.startswith("Xin chuyen\n")
    assert TEXT in found.text
    assert "Chủ đề: Ngập nước ở ngõ 7" in found.text


def test_mails_inside_a_forwarded_mail_stay_closed() -> None:
    def forwarded(inner: bytes, boundary: str) -> bytes:
        return mail(
            multipart(
                "mixed",
                mime_part("text/plain", boundary.encode()),
                b"Content-Type: message/rfc822\r\n\r\n" + inner,
                boundary=boundary,
            )
        )

    found = read_mail(forwarded(forwarded(mail(PLAIN), "b2"), "b1"))
    assert "b2" in found.text and TEXT not in found.text


REPORT = multipart(
    "report; report-type=delivery-status",
    mime_part("text/plain", b"could not be delivered", encoding="7bit"),
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.vn\r\n\r\nFinal-Recipient: rfc822; a@b.vn\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp;\r\n 550 no such user\r\n",
    b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <gw.1@tiepnhan.vn>\r\nSubject: x\r\n",
)


def test_a_delivery_report_gives_its_blocks_and_the_headers_it_brings_back() -> None:
    found = read_mail(mail(REPORT))
    assert found.content_type == "multipart/report"
    assert found.reports[0] == (("reporting-mta", "dns; mx.vn"),)
    assert dict(found.reports[1]) == {
        "final-recipient": "rfc822; a@b.vn", "action": "failed", "status": "5.1.1", "diagnostic-code": 
        "smtp; 550 no such user",
    }  # fmt: skip
    assert found.returned[0] == ("message-id", "<gw.1@tiepnhan.vn>")
    assert {one.kind for one in found.parts} == {PartKind.MACHINE}
    assert found.text.strip() == "could not be delivered"


def test_prose_that_is_called_a_delivery_status_is_text() -> None:
    prose = b"Content-Type: message/delivery-status\r\n\r\nThis mail was undeliverable:\r\n<a@b.vn> is unknown here\r\n"
    found = read_mail(mail(multipart("report", prose)))
    assert "undeliverable" in found.text
    assert found.reports == ()


def test_the_mail_that_a_daemon_brings_back_is_not_read_as_a_forwarded_report() -> None:
    attached = b"Content-Type: message/rfc822\r\n\r\n" + mail(PLAIN)
    raw = mail(multipart("mixed", mime_part("text/plain", b"failed"), attached, boundary="o")).replace(
        b"Return-Path: <huong.nguyen@example.vn>", b"Return-Path: <>"
    )
    found = read_mail(raw)
    assert TEXT not in found.text
    assert found.returned and found.return_path == ""


@pytest.mark.parametrize(
    "content",
    [
        multipart(
            "encrypted",
            mime_part("application/pgp-encrypted", b"Version: 1"),
            mime_part("application/octet-stream", b"x"),
        ),
        mime_part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"0\x80"),
        mime_part("text/plain", b"-----BEGIN PGP MESSAGE-----\n\nhQEM\n"),
    ],
)
def test_an_encrypted_mail_is_said_to_be_one(content: bytes) -> None:
    assert "encrypted" in read_mail(mail(content)).problems


def test_an_opaquely_signed_mail_is_not_called_encrypted() -> None:
    content = mime_part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", b"0\x80")
    assert read_mail(mail(content)).problems == ("signed:opaque",)


def der(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x82]) + struct.pack(">H", len(content)) + content


SIGNED = multipart("mixed", PLAIN, photo())
ONE_STRING = der(0x04, SIGNED)
IN_PIECES = b"\x24\x80" + der(0x04, SIGNED[:999]) + der(0x04, SIGNED[999:]) + b"\0\0"


@pytest.mark.parametrize("octets", [ONE_STRING, IN_PIECES])
def test_a_mail_packed_inside_its_signature_is_unpacked(octets: bytes) -> None:
    data = bytes.fromhex("06092a864886f70d010701") + b"\xa0\x80" + octets
    packed = der(0x30, bytes.fromhex("06092a864886f70d010702") + der(0xA0, der(0x30, der(0x30, data))))
    found = read_mail(mail(mime_part("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", packed)))
    assert found.text == TEXT
    assert [(one.index, one.name, one.kind) for one in found.parts] == [
        (0, "smime.p7m", PartKind.MACHINE),
        (1000, "photo.jpg", PartKind.EVIDENCE),
    ]
    for length in range(0, len(packed), 501):
        read_mail(mail(mime_part("application/pkcs7-mime", packed[:length])))


def test_uuencoded_files_are_taken_out_of_the_text() -> None:
    raw = mail(mime_part("text/plain", b"before\nbegin 644 den.txt\n#0V%T\n`\nend\nafter\n", encoding="7bit"))
    found = read_mail(raw)
    assert found.text == "before\n\nafter\n"
    assert [(one.name, one.body) for one in found.parts] == [("den.txt", b"Cat")]


@pytest.mark.parametrize(
    ("body", "encoding", "plain"),
    [
        (b"Q2F0", "base64", b"Cat"),
        (b"Q2F\r\n0!", " BASE64 ", b"Cat"),
        (b"Q2F0Q2E", "base64", b"CatCa"),
        (b"Q2E=Q2E=", "base64", b"CaCa"),
        (b"Q2F0Q", "base64", b"Cat"),
        (b"this was never base64 at all", "base64", b"this was never base64 at all"),
        (b"=c4=91=ZZ=\r\n!", "quoted-printable", "đ=ZZ!".encode()),
        (b"a= \t\r\nb", "Quoted-Printable", b"ab"),
        (b"begin 644 x\n#0V%T\n`\nend\n", "x-uuencode", b"Cat"),
        (b"as it is", "x-unknown", b"as it is"),
    ],
)
def test_a_transfer_encoding_is_undone_as_far_as_it_is_right(body: bytes, encoding: str, plain: bytes) -> None:
    assert undo(body, encoding) == plain


@pytest.mark.parametrize(
    ("flowed", "delsp", "text"),
    [
        ("a \nb\nc", False, "a b\nc"),
        ("a \nb", True, "ab"),
        ("> a \n> b\n> > c", False, "> a b\n>> c".replace(">> c", "> > c")),
        ("> a \nb", False, "> a \nb"),
        (" >not quoted", False, ">not quoted"),
        ("a\n-- \nHuong", False, "a\n-- \nHuong"),
    ],
)
def test_flowed_lines_become_paragraphs_again(flowed: str, delsp: bool, text: str) -> None:
    assert unflow(flowed, delsp=delsp) == text


def test_a_text_that_only_excuses_itself_is_none() -> None:
    page = mime_part("text/html; charset=utf-8", f"<p>{TEXT}</p>".encode())
    excuse = mime_part("text/plain", b"Your client does not support HTML.")
    assert read_mail(mail(multipart("alternative", excuse, page))).text == ""


def test_text_and_page_that_follow_each_other_are_both_kept() -> None:
    page = mime_part("text/html; charset=utf-8", "<p>Đèn hỏng</p>".encode())
    rest = mime_part("text/plain; charset=utf-8", "Số 12 & 14".encode())
    found = read_mail(mail(multipart("mixed", page, photo(disposition="inline"), rest)))
    assert "Đèn hỏng" in found.text and "Số 12 & 14" in found.text
    assert "<p>Đèn hỏng</p>" in found.html and "Số 12 &amp; 14" in found.html


def tnef_object(level: int, name: int, data: bytes) -> bytes:
    return bytes([level]) + struct.pack("<HHI", name, 6, len(data)) + data + b"\0\0"


def tnef_property(kind: int, name: int, value: bytes) -> bytes:
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + bytes(-len(value) % 4)


def winmail() -> bytes:
    body = tnef_property(0x1F, 0x1000, "Đèn hỏng\0".encode("utf-16-le"))
    long_name = tnef_property(0x1F, 0x3707, "Ảnh đèn.jpg\0".encode("utf-16-le"))
    return (
        SIGNATURE + b"\x01\x00"
        + tnef_object(1, 0x9007, struct.pack("<II", 1258, 0))
        + tnef_object(1, 0x9003, struct.pack("<I", 1) + body)
        + tnef_object(2, 0x9002, bytes(14))
        + tnef_object(2, 0x8010, b"ANH.JPG\0")
        + tnef_object(2, 0x800F, PHOTO)
        + tnef_object(2, 0x9005, struct.pack("<I", 1) + long_name)
    )  # fmt: skip


def test_winmail_dat_gives_its_text_and_files() -> None:
    found = read_mail(mail(mime_part("application/ms-tnef; name=winmail.dat", winmail())))
    assert found.text == "Đèn hỏng"
    assert [(one.index, one.name, one.kind, one.mime) for one in found.parts] == [
        (0, "winmail.dat", PartKind.MACHINE, "application/ms-tnef"),
        (1000, "Ảnh đèn.jpg", PartKind.EVIDENCE, "image/jpeg"),
    ]


def test_a_broken_winmail_dat_is_kept_as_a_file() -> None:
    found = read_mail(mail(mime_part("application/ms-tnef; name=winmail.dat", SIGNATURE + b"\0")))
    assert [(one.name, one.kind) for one in found.parts] == [("winmail.dat", PartKind.EVIDENCE)]
    assert "tnef" in found.problems


def test_every_cut_of_a_winmail_dat_is_read() -> None:
    whole = winmail()[:1500]
    for length in range(0, len(whole), 7):
        unpack(whole[:length])


def test_compressed_rich_text_is_unpacked() -> None:
    """The two examples of [MS-OXRTFCP] 3.1."""
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
    )
    assert decompress(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    packed = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
    assert decompress(packed) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_rich_text_becomes_a_page() -> None:
    assert to_html(b"{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\pard a\\par \\u273?\\'e8n}") == "<p>a<br>\nđèn</p>"
    wrapped = b"{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 den}{\\*\\htmltag72 </p>}}"
    assert to_html(wrapped) == "<p>den</p>"


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)


def test_an_outlook_file_stays_a_file_where_its_reader_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "extract_msg", None)
    found = read_mail(mail(mime_part("application/vnd.ms-outlook; name=thu.msg", OLE)))
    assert [(one.name, one.kind) for one in found.parts] == [("thu.msg", PartKind.EVIDENCE)]
    assert found.problems == ("outlook",)


@pytest.mark.parametrize("trouble", [None, ValueError("hostile bytes")])
def test_an_outlook_file_gives_its_text_and_files_where_its_reader_is_installed(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception | None
) -> None:
    class Message(contextlib.nullcontext[None]):
        subject, body = "Ngập nước", "Ngõ 7 ngập\r\n"
        attachments = [SimpleNamespace(data=PHOTO, longFilename="ngập.jpg", shortFilename="NGAP.JPG")]  # noqa: RUF012

        def __enter__(self) -> "Message":  # type: ignore[override]  # stands for itself
            return self

    def open_msg(body: bytes) -> Message:
        if trouble:
            raise trouble
        return Message()

    monkeypatch.setitem(sys.modules, "extract_msg", SimpleNamespace(openMsg=open_msg))
    found = read_mail(mail(mime_part("application/vnd.ms-outlook; name=thu.msg", OLE)))
    if trouble:
        assert found.problems == ("outlook",)
        return
    assert [(one.index, one.name, one.mime) for one in found.parts][1:] == [(1000, "ngập.jpg", "image/jpeg")]
    assert "Ngõ 7 ngập" in found.text


def test_a_mail_renamed_to_msg_is_read_as_a_mail() -> None:
    attached = mime_part("application/octet-stream; name=thu.msg", mail(PLAIN))
    found = read_mail(mail(multipart("mixed", mime_part("text/plain", b"x"), attached, boundary="o")))
    assert TEXT in found.text
