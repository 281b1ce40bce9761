"""Zalo's answers. HTTP says 200 while the body says what went wrong. zalo: errors, retry classes, limits.

The same number means different things on the two families of endpoints, so a code is looked up by (family, code).
Reasons are shown to staff; Zalo's own words are kept only where no number or token can hide in them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.ports import Answer

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Family(StrEnum):
    OA = "oa"
    ZBS = "zbs"
    """Template messages: the business host, and templates by user id on the OA host."""


TOKEN_DEAD: Mapping[Family, frozenset[int]] = {
    Family.OA: frozenset((-216, -220)),
    Family.ZBS: frozenset((-124, -216, -220)),
}
"""Renew the token, then repeat the request once."""
UPLOAD_EXPIRED = -100
"""On OA endpoints: an upload is kept seven days at most."""


class Wait(StrEnum):
    NO = "no"
    MINUTE = "the next minute"
    MORNING = "six in the morning"
    TOMORROW = "the next day"


@dataclass(frozen=True, slots=True)
class Verdict:
    error: type[SendError]
    reason: str
    wait: Wait = Wait.NO


def _same(verdict: Verdict, *codes: int) -> dict[int, Verdict]:
    return dict.fromkeys(codes, verdict)


_NIGHT = Verdict(TryAgain, "Zalo không cho gửi loại tin này ban đêm (22 giờ đến 6 giờ)", Wait.MORNING)
_NO_MONEY = Verdict(Misconfigured, "tài khoản Zalo Cloud (ZCA/ZBS) chưa liên kết hoặc đã hết tiền")
_TOKEN = Verdict(Misconfigured, "mã truy cập của OA không còn hiệu lực")
_PROOF = Verdict(Misconfigured, "appsecret_proof sai: xem lại khóa bí mật của ứng dụng")

_OA: Mapping[int, Verdict] = {
    -32: Verdict(TryAgain, "vượt số lượt gọi API mỗi phút", Wait.MINUTE),
    -100: Verdict(TryAgain, "tệp đã tải lên hết hạn"),
    -200: Verdict(TryAgain, "Zalo gửi không thành công"),
    -201: Verdict(Refused, "Zalo báo tham số không hợp lệ"),
    -202: Verdict(Refused, "chữ ký kiểu cũ không hợp lệ"),
    **_same(Verdict(Misconfigured, "OA bị vô hiệu hóa hoặc không tồn tại"), -204, -205),
    **_same(Verdict(Misconfigured, "OA chưa đăng ký bên thứ ba hoặc chưa có khóa bí mật"), -207, -208),
    -209: Verdict(Misconfigured, "ứng dụng Zalo chưa được kích hoạt"),
    -210: Verdict(Refused, "nội dung vượt giới hạn của Zalo"),
    -211: Verdict(TryAgain, "OA đã hết hạn mức gửi tin", Wait.TOMORROW),
    -212: Verdict(Misconfigured, "ứng dụng chưa đăng ký Official Account API"),
    -213: Verdict(Unreachable, "người dân chưa quan tâm OA"),
    -214: Verdict(TryAgain, "bài viết đang được Zalo xử lý"),
    -215: Verdict(Misconfigured, "mã ứng dụng không hợp lệ"),
    **_same(_TOKEN, -216, -220),
    -217: Verdict(Unreachable, "người dân đã chặn lời mời quan tâm"),
    -218: Verdict(TryAgain, "người dân đã nhận đủ số tin trong ngày", Wait.TOMORROW),
    -219: Verdict(Misconfigured, "ứng dụng bị gỡ hoặc bị vô hiệu hóa"),
    -221: Verdict(Misconfigured, "OA cần được xác thực"),
    **_same(Verdict(Unreachable, "tài khoản Zalo bị khóa hoặc không hoạt động hơn 45 ngày"), -222, -227),
    -223: Verdict(Misconfigured, "OA chưa cấp quyền này cho ứng dụng"),
    -224: Verdict(Misconfigured, "gói dịch vụ của OA không gồm chức năng này"),
    -230: Verdict(Unreachable, "người dân không tương tác trong 7 ngày qua"),
    -232: Verdict(Unreachable, "người dân chưa tương tác hoặc thời gian tương tác đã hết"),
    -233: Verdict(Refused, "loại tin không được hỗ trợ"),
    -234: _NIGHT,
    -235: Verdict(Misconfigured, "API không dành cho loại OA này"),
    **_same(Verdict(Misconfigured, "nhóm bị vô hiệu hóa hoặc OA không thuộc nhóm"), -237, -238, -241, -403),
    -240: Verdict(Refused, "API tin nhắn phiên bản cũ đã đóng"),
    -242: _PROOF,
    -244: Verdict(Unreachable, "người dân đã hạn chế loại tin này"),
    -248: Verdict(Refused, "nội dung vi phạm tiêu chuẩn của Zalo"),
    -249: Verdict(Refused, "mẫu tin không gửi được theo mã người dùng"),
    -305: Verdict(Unreachable, "đã quá 48 giờ kể từ tin của người dân"),
    -311: Verdict(TryAgain, "đã dùng hết số tin trả lời", Wait.TOMORROW),
    **_same(_NO_MONEY, -320, -321),
    **_same(Verdict(Refused, "không có biểu mẫu hoặc không được truy cập"), -1340, -1341),
    404: Verdict(Refused, "đường dẫn API không tồn tại"),
}

_ZBS: Mapping[int, Verdict] = {
    -100: Verdict(TryAgain, "lỗi chưa xác định của Zalo"),
    -124: _TOKEN,
    **_same(
        Verdict(Misconfigured, "ứng dụng, OA hoặc gói dịch vụ chưa đủ điều kiện gửi tin theo mẫu"),
        *(-101, -102, -103, -104, -105, -117, -120, -1201, -1202, -125, -131, -135, -1351, -136, -138, -1381),
        *(-145, -146),
    ),
    -1241: _PROOF,
    **_same(_NO_MONEY, -115, -126, -137),
    **_same(Verdict(TryAgain, "đã hết hạn mức tin theo mẫu", Wait.TOMORROW), -144, -1441, -147, -1471, -1472, -160),
    **_same(Verdict(Unreachable, "thuê bao không nhận được tin theo mẫu"), -110, -114, -118, -119, -139, -140, -141),
    **_same(Verdict(Refused, "số điện thoại không hợp lệ"), -106, -107, -108),
    **_same(
        Verdict(Refused, "mẫu tin hoặc dữ liệu của mẫu không hợp lệ"),
        *(-109, -1091, -111, -112, -1121, -1122, -1123, -1124, -113, -1131, -1132, -116, -121, -122, -123, -127),
        *(-128, -129, -130, -132, -142, -143, -148, -149, -1491, -150, -151, -152, -153, -158, -159, -161, -162),
    ),
    -133: _NIGHT,
}

OUTCOMES: Mapping[Family, Mapping[int, Verdict]] = {Family.OA: _OA, Family.ZBS: {**_OA, **_ZBS}}
_UNLISTED = Verdict(Refused, "Zalo từ chối với một mã chưa biết")
_ARTICLE_QUOTA = Verdict(TryAgain, "OA đã hết hạn mức", Wait.TOMORROW)

# Words of Zalo's that may name a person or carry a secret: long numbers and opaque ids.
_SENSITIVE = re.compile(r"\d{6,}|[\w-]{20,}")


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer of Zalo's, not yet judged."""

    code: int
    message: str
    data: Any


def read_reply(answer: Answer) -> Reply:
    """The one place that reads an answer. Raises a `SendError` for what is no answer of the API itself."""
    try:
        body = msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        body = None
    if answer.status == 429:
        raise TryAgain("Zalo yêu cầu chờ", code="429", after=_retry_after(answer) or timedelta(minutes=1))
    code = _code(body.get("error", 0 if "data" in body else None)) if isinstance(body, dict) else None
    failed = answer.status >= 500 or (answer.status >= 400 and code == 0)
    if failed or not isinstance(body, dict) or code is None:
        raise _no_answer(answer)
    return Reply(code, str(body.get("message") or body.get("error_name") or ""), body.get("data"))


def result_of(reply: Reply, family: Family, now: datetime) -> Any:
    """Zalo's `data`, or the error that says what to do next. `now` is any aware instant."""
    if reply.code == 0:
        return reply.data
    verdict = OUTCOMES[family].get(reply.code, _UNLISTED)
    # -223 is overloaded: missing permission, and the article quota. zalo: errors
    if reply.code == -223 and "quota" in reply.message.lower():
        verdict = _ARTICLE_QUOTA
    reason = verdict.reason
    if verdict.error is Refused and reply.message:
        reason = f"{reason}: {_SENSITIVE.sub('…', reply.message)[:160]}"
    raise verdict.error(reason, code=str(reply.code), after=waiting_time(verdict.wait, now))


def waiting_time(wait: Wait, now: datetime) -> timedelta | None:
    """How long from `now` until Zalo will listen again; nights and quotas end by Vietnam's clock."""
    local = now.astimezone(VIETNAM)
    match wait:
        case Wait.NO:
            return None
        case Wait.MINUTE:
            return timedelta(seconds=60 - local.second)
        case Wait.MORNING:
            six = local.replace(hour=6, minute=0, second=0, microsecond=0)
        case Wait.TOMORROW:
            six = local.replace(hour=6, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return six - local if six > local else six + timedelta(days=1) - local


def _no_answer(answer: Answer) -> SendError:
    status = str(answer.status)
    if answer.status == 504:
        return Unknown("cổng của Zalo không trả lời kịp", code=status)
    if answer.status >= 500:
        return TryAgain("máy chủ Zalo đang lỗi", code=status, after=_retry_after(answer))
    if answer.status in {401, 403}:
        return Misconfigured("Zalo từ chối quyền truy cập", code=status)
    if answer.status >= 400:
        return Refused("đường dẫn hoặc yêu cầu không hợp lệ", code=status)
    # A gateway's page comes instead of the API; an empty 200 may follow a message that was taken.
    if answer.body.lstrip()[:1] == b"<":
        return TryAgain("Zalo trả về trang web thay vì kết quả", code=status)
    return Unknown("Zalo trả lời không đúng tài liệu", code=status)


def _code(value: object) -> int | None:
    """`error` is a number, and now and then a quoted one."""
    try:
        return int(value) if isinstance(value, int | str) else None
    except ValueError:
        return None


def _retry_after(answer: Answer) -> timedelta | None:
    value = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(value)) if value.isascii() and value.isdecimal() and len(value) < 8 else None
