"""What a mail server's answers mean for us: a table from stage, code and enhanced status to the five send errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from core.errors import Misconfigured, Refused, SendError, TryAgain, Unreachable


class Stage(StrEnum):
    """How far the conversation with the server had come."""

    GREETING = "greeting"
    LOGIN = "login"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    CONTENT = "DATA"


@dataclass(frozen=True, slots=True)
class Meaning:
    error: type[SendError]
    reason: str
    after: timedelta | None = None


ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")

# RFC 3463. The first prefix of the enhanced status that fits counts; it says more than the code.
BY_STATUS: Mapping[str, Meaning] = {
    "5.1.7": Meaning(Misconfigured, "Máy chủ không nhận địa chỉ người gửi của hộp thư này"),
    "5.1.8": Meaning(Misconfigured, "Máy chủ không nhận địa chỉ người gửi của hộp thư này"),
    "5.1.": Meaning(Unreachable, "Địa chỉ thư của người dân không tồn tại"),
    "5.2.1": Meaning(Unreachable, "Hộp thư của người dân đã bị khóa"),
    "5.2.2": Meaning(Refused, "Hộp thư của người dân đã đầy"),
    "5.2.3": Meaning(Refused, "Thư lớn hơn mức máy chủ cho phép"),
    "5.3.4": Meaning(Refused, "Thư lớn hơn mức máy chủ cho phép"),
    "5.4.4": Meaning(Unreachable, "Không tìm thấy máy chủ thư của người dân"),
    "5.6.7": Meaning(Refused, "Địa chỉ có chữ ngoài ASCII, máy chủ không chuyển được"),
    "5.7.30": Meaning(Misconfigured, "Máy chủ không còn nhận đăng nhập bằng mật khẩu"),
    "5.7.60": Meaning(Misconfigured, "Tài khoản không được gửi thay địa chỉ của hộp thư"),
    "5.7.": Meaning(Refused, "Máy chủ từ chối thư theo chính sách của họ"),
    "4.2.2": Meaning(TryAgain, "Hộp thư của người dân đang đầy", timedelta(hours=1)),
    "4.7.": Meaning(TryAgain, "Máy chủ yêu cầu gửi chậm lại", timedelta(minutes=10)),
}

BY_CODE: Mapping[int, Meaning] = {
    421: Meaning(TryAgain, "Máy chủ thư tạm ngừng phục vụ", timedelta(minutes=1)),
    432: Meaning(TryAgain, "Máy chủ thư đang có quá nhiều kết nối", timedelta(minutes=1)),
    450: Meaning(TryAgain, "Hộp thư tạm thời không nhận thư", timedelta(minutes=5)),
    451: Meaning(TryAgain, "Máy chủ thư yêu cầu gửi lại sau", timedelta(minutes=5)),
    452: Meaning(TryAgain, "Máy chủ thư tạm hết chỗ", timedelta(minutes=15)),
    454: Meaning(TryAgain, "Máy chủ thư tạm thời không xác thực được", timedelta(minutes=10)),
    530: Meaning(Misconfigured, "Máy chủ thư đòi đăng nhập"),
    534: Meaning(Misconfigured, "Cách đăng nhập của hộp thư không được chấp nhận"),
    535: Meaning(Misconfigured, "Sai tên đăng nhập hoặc mật khẩu của hộp thư"),
    538: Meaning(Misconfigured, "Máy chủ thư đòi kết nối mã hóa"),
    552: Meaning(Refused, "Thư lớn hơn mức máy chủ cho phép"),
}

# Everything else that is permanent (5xx).
BY_STAGE: Mapping[Stage, Meaning] = {
    Stage.GREETING: Meaning(Misconfigured, "Máy chủ thư từ chối kết nối"),
    Stage.LOGIN: Meaning(Misconfigured, "Máy chủ thư từ chối đăng nhập"),
    Stage.SENDER: Meaning(Misconfigured, "Máy chủ không nhận địa chỉ người gửi của hộp thư này"),
    Stage.RECIPIENT: Meaning(Refused, "Máy chủ không nhận người nhận này"),
    Stage.CONTENT: Meaning(Refused, "Máy chủ không nhận nội dung thư"),
}

TEMPORARY = Meaning(TryAgain, "Máy chủ thư tạm thời không nhận", timedelta(minutes=5))
NO_SUCH_USER = Meaning(Unreachable, "Địa chỉ thư của người dân không tồn tại")
NOT_RELAYED = Meaning(Misconfigured, "Máy chủ không chuyển thư cho tài khoản này")

# Of the wording only these are known, for servers without enhanced status.
_UNKNOWN_USER = re.compile(
    r"(?i)user (?:is )?(?:unknown|not found)|unknown (?:user|recipient)|no such (?:user|recipient|mailbox|address)"
    r"|does not exist|mailbox (?:unavailable|not found)|recipient (?:unknown|not found)|invalid recipient"
)
_NO_RELAY = re.compile(r"(?i)relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed)|unable to relay")


def meaning(stage: Stage, code: int, text: str) -> Meaning:
    """What a refusal with that code and text means at that stage."""
    if code in BY_CODE and code in (530, 534, 535, 538):
        return BY_CODE[code]
    if stage is Stage.LOGIN and code >= 500:
        return BY_STAGE[stage]
    if 500 <= code < 600 and _NO_RELAY.search(text[:500]):
        return NOT_RELAYED
    found = ENHANCED.search(text[:200])
    status = found[1] if found and found[1][0] == str(code)[0] else ""
    for prefix, known in BY_STATUS.items():
        if status == prefix or (prefix.endswith(".") and status.startswith(prefix)):
            return known
    if code in BY_CODE:
        return BY_CODE[code]
    if code < 500:
        return TEMPORARY
    if not status and stage is Stage.RECIPIENT and _UNKNOWN_USER.search(text[:500]):
        return NO_SUCH_USER
    return BY_STAGE[stage]


def refusal(stage: Stage, code: int, text: str) -> SendError:
    """The error to raise for a server's answer."""
    known = meaning(stage, code, text)
    found = ENHANCED.search(text[:200])
    return known.error(known.reason, code=f"{code} {found[1]}" if found else str(code), after=known.after)
