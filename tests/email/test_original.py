"""What staff see of a mail: all of it, and nothing that could harm or watch them."""

from email.message import EmailMessage

import pytest

from channels.email import original
from core.ports import ShownFile

PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489")


def mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Nguyễn Văn An <an@vidu.vn>"
    message["Reply-To"] = "khac@noikhac.vn"
    message["Subject"] = "Đèn hỏng"
    message.set_content("Đèn hỏng trước nhà tôi")
    message.add_alternative(
        '<p onclick="x()">Đèn hỏng</p><script>x()</script><img src="https://theo.doi/1.gif"><img src="cid:anh1">',
        subtype="html",
    )
    message.add_attachment(b"%PDF-1.4 don", maintype="application", subtype="pdf", filename="don.pdf")
    message.add_attachment(PNG, maintype="image", subtype="png", cid="<anh1>", disposition="inline", filename="a.png")
    return message.as_bytes()


def test_scripts_and_remote_pictures_stay_out_and_pictures_of_the_mail_come_from_us() -> None:
    shown = original.show(mail(), lambda index: f"/file/{index}", trusted=None)

    assert "Đèn hỏng" in shown.html
    assert not [word for word in ("script", "onclick", "theo.doi", "cid:") if word in shown.html]
    assert "/file/" in shown.html
    assert shown.blocked == 1


def test_every_file_is_listed_and_can_be_fetched() -> None:
    shown = original.show(mail(), str, trusted=None)

    assert [file.mime for file in shown.files] == ["application/pdf", "image/png"]
    assert [file.hidden for file in shown.files] == [False, True]
    pdf: ShownFile = shown.files[0]
    assert original.file(mail(), pdf.index).body == b"%PDF-1.4 don"


def test_a_file_that_the_mail_does_not_have_is_an_error() -> None:
    with pytest.raises(KeyError):
        original.file(mail(), 99)


def test_what_is_odd_is_said_in_a_sentence() -> None:
    shown = original.show(mail(), str, trusted=None)

    assert "Chưa có gì xác nhận địa chỉ người gửi là thật." in shown.marks
    assert "Thư yêu cầu trả lời về một địa chỉ khác." in shown.marks


def test_plain_text_is_shown_as_it_stands() -> None:
    shown = original.show(b"From: a@b.vn\n\n<b>1 < 2</b>\n", str, trusted=None)

    assert shown.html == "<pre>&lt;b&gt;1 &lt; 2&lt;/b&gt;\n</pre>"
