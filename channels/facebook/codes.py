"""What the Graph API's answers mean for us: the result, or the error that says what to do next.

Subcodes of Messenger (2018…) mean one thing wherever they stand, so they are looked up before the code.
Sources: Messenger Platform error codes, Page messages reference, Graph API rate limits.
"""

import re
from collections.abc import Mapping
from datetime import timedelta

import msgspec

from channels.facebook.wire import Failure, GraphError
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.ports import Answer

Outcome = tuple[type[SendError], str]

_THROTTLED: Outcome = (TryAgain, "Facebook yêu cầu gửi chậm lại")
_WINDOW: Outcome = (Unreachable, "Đã hết thời hạn Facebook cho phép trả lời")
_PERMISSION: Outcome = (Misconfigured, "Ứng dụng chưa được cấp quyền hoặc chưa được công khai")
_AWAY: Outcome = (Unreachable, "Người dân đã chặn Trang, khóa tài khoản hoặc tắt tin nhắn")
_STRANGER: Outcome = (Unreachable, "Facebook không biết người này trên Trang")
_FILE: Outcome = (TryAgain, "Facebook không đọc được tệp")
_LOST: Outcome = (Unknown, "Facebook gặp sự cố; tin có thể đã đến")
_PROFILE: Outcome = (Refused, "Facebook không cho xem hồ sơ của người này")
_RESTRICTED: Outcome = (Misconfigured, "Trang hoặc ứng dụng bị hạn chế gửi tin")
_MARKETING: Outcome = (Refused, "Vượt số tin quảng bá")
_DEAD = "Mã truy cập của Trang không còn hiệu lực"

UPLOAD_GONE = 2018074
NO_PROFILE = frozenset((2018218, 2018247))
THROTTLES = frozenset((4, 17, 32, 613, 80001, 80006))

SUBCODES: Mapping[int, Outcome] = {
    **dict.fromkeys((2018278, 2018065, 2534022), _WINDOW),
    2018108: _PERMISSION,
    2018001: _STRANGER,
    **dict.fromkeys((2018008, 2018047, 2018294), _FILE),
    2018109: (Refused, "Tệp quá lớn đối với Facebook"),
    UPLOAD_GONE: (TryAgain, "Tệp đã tải lên Facebook hết hạn"),
    2018292: (Refused, "Không có bình luận hoặc bài viết này"),
    **dict.fromkeys(NO_PROFILE, _PROFILE),
    **dict.fromkeys((2018300, 2018321), _RESTRICTED),
    **dict.fromkeys((2018352, 2018354), _MARKETING),
    1545041: _AWAY,
}

PAIRS: Mapping[tuple[int, int], Outcome] = {
    (100, 33): _STRANGER,
    (190, 460): (Misconfigured, f"{_DEAD}: người cấp đã đổi mật khẩu"),
    (190, 463): (Misconfigured, f"{_DEAD}: đã hết hạn"),
    (190, 467): (Misconfigured, f"{_DEAD}: đã bị thu hồi"),
}

CODES: Mapping[int, Outcome] = {
    **dict.fromkeys((1, 2, 1200), _LOST),
    **dict.fromkeys(THROTTLES, _THROTTLED),
    **dict.fromkeys((3, 10, 200, 210, 230), _PERMISSION),
    100: (Refused, "Facebook báo tham số không hợp lệ"),
    **dict.fromkeys((102, 190, 2500), (Misconfigured, _DEAD)),
    368: (Misconfigured, "Facebook coi việc gửi tin là lạm dụng và tạm chặn"),
    551: _AWAY,
    10900: (Refused, "Bình luận này đã được trả lời riêng"),
    10902: (Refused, "Bình luận này không trả lời riêng được"),
    10903: (Unreachable, "Người viết bình luận không nhận tin riêng"),
}

FRAGMENTS: Mapping[tuple[int, str], Outcome] = {
    (100, "appsecret_proof"): (Misconfigured, "appsecret_proof sai: xem lại khóa bí mật (app_secret) của ứng dụng"),
}
"""Where only Meta's wording tells a wrong setting from a wrong message."""

PROXY: Mapping[int, Outcome] = {
    401: (Misconfigured, "Máy chủ trung gian từ chối quyền truy cập"),
    403: (Misconfigured, "Máy chủ trung gian từ chối quyền truy cập"),
    404: (Misconfigured, "Địa chỉ Graph API sai"),
    407: (Misconfigured, "Máy chủ trung gian từ chối quyền truy cập"),
    408: _LOST,
    413: (Refused, "Nội dung quá lớn"),
    429: _THROTTLED,
}
"""Answers without a word of the Graph API itself, by HTTP status."""

_THROTTLE_PAUSE = timedelta(minutes=1)
_SENSITIVE = re.compile(r"\d{6,}|[\w-]{20,}")
"""Words of Meta's that may name a person or carry a secret."""

_failure = msgspec.json.Decoder(Failure).decode


def read(answer: Answer) -> bytes:
    """The body of an answer that is a result. Raises one of the five `SendError`s."""
    try:
        error = _failure(answer.body).error
    except (ValueError, RecursionError):
        error = None
    if error is not None:
        raise verdict(error, answer.status)
    if 200 <= answer.status < 300:
        return answer.body
    raise _without_word(answer.status)


def verdict(error: GraphError, status: int) -> SendError:
    """What an error of the Graph API means, as an exception to raise. `status` is HTTP's."""
    subcode = error.error_subcode or 0
    said = error.message or ""
    known = PAIRS.get((error.code, subcode)) or SUBCODES.get(subcode) or _worded(error.code, said)
    known = known or CODES.get(error.code) or _unlisted(error, status)
    kind, why = known
    if kind in {Refused, Misconfigured, Unknown}:
        said = _SENSITIVE.sub("…", said)[:160]
        why = f"{why}{f': {said}' if said else ''}{f' [{error.fbtrace_id[:40]}]' if error.fbtrace_id else ''}"
    code = f"{error.code}/{subcode}" if subcode else str(error.code)
    return kind(why, code=code, after=_THROTTLE_PAUSE if known is _THROTTLED else None)


def _worded(code: int, said: str) -> Outcome | None:
    return next((known for (where, part), known in FRAGMENTS.items() if where == code and part in said), None)


def _unlisted(error: GraphError, status: int) -> Outcome:
    if status == 429:
        return _THROTTLED
    if status >= 500:
        return _LOST
    return (TryAgain, "Facebook tạm thời từ chối") if error.is_transient else (Refused, "Facebook từ chối")


def _without_word(status: int) -> SendError:
    """For an answer that is not the Graph API's: a proxy's page, half a body."""
    if status >= 500 or status < 400:
        return Unknown("Câu trả lời không đọc được; tin có thể đã đến", code=str(status))
    kind, why = PROXY.get(status, (Refused, "Máy chủ trung gian từ chối yêu cầu"))
    return kind(why, code=str(status), after=_THROTTLE_PAUSE if status == 429 else None)
