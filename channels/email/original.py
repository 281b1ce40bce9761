"""A mail as staff look at it: its whole text made safe, its files, and what is odd about it. Pure."""

from collections.abc import Callable, Mapping
from html import escape

from channels.email.authenticity import (
    ADDRESS_IN_NAME,
    MANY_SENDERS,
    MIXED_SCRIPTS,
    OTHER_SENDER,
    REPLY_ELSEWHERE,
    judge,
)
from channels.email.html import safe_html
from channels.email.mail import Mail, Part, PartKind
from channels.email.mime import part, read_mail
from core.events import Authenticity
from core.model import Media
from core.ports import ShownFile, ShownOriginal

SENDER: Mapping[Authenticity, str] = {
    Authenticity.UNVERIFIED: "Chưa có gì xác nhận địa chỉ người gửi là thật.",
    Authenticity.FAILED: "Máy chủ nhận thư báo địa chỉ người gửi không khớp; có thể bị giả mạo.",
}
ODD: Mapping[str, str] = {
    MANY_SENDERS: "Thư ghi nhiều người gửi.",
    OTHER_SENDER: "Người gửi thật (Sender) khác với địa chỉ ở dòng Từ.",
    ADDRESS_IN_NAME: "Tên hiển thị chứa một địa chỉ thư khác.",
    MIXED_SCRIPTS: "Tên miền trộn nhiều bảng chữ cái, dễ nhầm với tên miền khác.",
    REPLY_ELSEWHERE: "Thư yêu cầu trả lời về một địa chỉ khác.",
}
PROBLEMS: Mapping[str, str] = {
    "encrypted": "Thư đã mã hóa, hệ thống không đọc được nội dung.",
    "limited": "Thư quá lớn hoặc quá phức tạp, chỉ đọc được một phần.",
    "broken": "Phần đầu thư bị hỏng, có thể thiếu thông tin.",
    "charset": "Bảng mã của thư không rõ; dấu tiếng Việt có thể sai.",
    "signed": "Thư có chữ ký số gói kín nội dung, hệ thống không đọc được.",
    "tnef": "Thư gửi từ Outlook kèm tệp winmail.dat không mở được.",
    "outlook": "Thư Outlook (.msg) đính kèm không mở được.",
}
"""By what stands before the colon of a problem."""


def show(raw: bytes, picture_url: Callable[[int], str], *, trusted: str | None) -> ShownOriginal:
    """The mail for the inbox. `picture_url` says where the page gets the picture of that number."""
    mail = read_mail(raw)
    pictures = {file.cid: picture_url(file.index) for file in mail.parts if file.cid and file.mime.startswith("image/")}
    if mail.html:
        safe = safe_html(mail.html, pictures=pictures)
        html, blocked = safe.html, safe.blocked
    else:
        html, blocked = f"<pre>{escape(mail.text)}</pre>", 0
    return ShownOriginal(
        html=html, blocked=blocked, files=tuple(map(_file, mail.parts)), marks=tuple(_marks(mail, trusted))
    )


def file(raw: bytes, index: int) -> Media:
    """The bytes of one file of the mail. Raises `KeyError`."""
    found = part(raw, index)
    if found is None:
        raise KeyError(index)
    return Media(body=found.body, mime=found.mime, name=found.name)


def _file(found: Part) -> ShownFile:
    hidden = found.kind is not PartKind.EVIDENCE
    return ShownFile(index=found.index, name=found.name, mime=found.mime, size=len(found.body), hidden=hidden)


def _marks(mail: Mail, trusted: str | None) -> list[str]:
    judged = judge(mail, trusted=trusted)
    said = [SENDER.get(judged.authenticity, ""), *(ODD.get(mark, "") for mark in judged.marks)]
    said += [PROBLEMS.get(problem.partition(":")[0], "") for problem in mail.problems]
    return list(dict.fromkeys(filter(None, said)))
