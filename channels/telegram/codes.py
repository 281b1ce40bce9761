"""What the Bot API's answers mean for us: the result, or the error that says what to do next."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec

from channels.telegram.wire import Reply
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.ports import Answer

# telegram-bot-api: Client.cpp and Query.cpp. The code in the body counts; it equals the HTTP status.
OUTCOMES: Mapping[int, tuple[type[SendError], str]] = {
    400: (Refused, "Telegram không nhận nội dung này"),
    401: (Misconfigured, "Mã bot đã bị thu hồi hoặc sai"),
    403: (Unreachable, "Người dân đã chặn bot hoặc tài khoản không còn"),
    404: (Misconfigured, "Mã bot sai hoặc địa chỉ Bot API sai"),
    409: (Misconfigured, "Bot đang được một chương trình khác hoặc webhook sử dụng"),
    413: (Refused, "Tệp quá lớn đối với Telegram"),
    429: (TryAgain, "Telegram yêu cầu chờ"),
}

# One code means many things; of the wording only these fragments are known. The first that occurs counts.
FRAGMENTS: Mapping[tuple[int, str], tuple[type[SendError], str]] = {
    (400, "chat not found"): (Unreachable, "Người dân chưa mở cuộc trò chuyện với bot"),
    (400, "PEER_ID_INVALID"): (Unreachable, "Người dân chưa mở cuộc trò chuyện với bot"),
    (400, "upgraded to a supergroup"): (Unreachable, "Nhóm đã đổi thành siêu nhóm"),
    (400, "file is too big"): (Refused, "Tệp lớn hơn mức Telegram cho phép"),
    (400, "wrong file_id"): (Refused, "Tệp không còn tải được từ Telegram"),
    (400, "message is too long"): (Refused, "Tin nhắn dài hơn mức Telegram cho phép"),
    (400, "BUTTON_DATA_INVALID"): (Refused, "Mã của nút bấm không hợp lệ"),
    (409, "webhook is active"): (Misconfigured, "Bot đang dùng webhook, phải gỡ webhook trước khi lấy tin"),
    (409, "other getUpdates"): (TryAgain, "Một chương trình khác đang lấy tin của bot này"),
}

# Without the Bot API's own word: had the request passed the proxy already when it gave up?
PROXY_OUTCOMES: Mapping[int, type[SendError]] = {408: Unknown, 429: TryAgain, 499: Unknown, 504: Unknown}

_decode = msgspec.json.Decoder(Reply).decode


def read(answer: Answer) -> msgspec.Raw:
    """The `result` of a call as undecoded JSON. Raises one of the five `SendError`s."""
    try:
        reply = _decode(answer.body)
    except (ValueError, RecursionError):
        raise _unreadable(answer.status) from None
    if reply.ok:
        return reply.result
    code = reply.error_code or answer.status
    if code >= 500:
        raise TryAgain("Máy chủ Telegram đang gặp sự cố", code=str(code))
    error, why = OUTCOMES.get(code, (Refused, "Telegram từ chối"))
    for (where, fragment), known in FRAGMENTS.items():
        if where == code and fragment in reply.description:
            error, why = known
            break
    raise error(f"{why} ({reply.description[:200]})", code=str(code), after=_pause(reply, code))


def _pause(reply: Reply, code: int) -> timedelta | None:
    if code != 429 or reply.parameters is None or reply.parameters.retry_after is None:
        return None
    return timedelta(seconds=min(reply.parameters.retry_after, 86_400))


def _unreadable(status: int) -> SendError:
    """For an answer that is not the Bot API's: a proxy's page, half a body."""
    if status < 400:
        return Unknown("Câu trả lời không đọc được; tin có thể đã đến", code=str(status))
    error = PROXY_OUTCOMES.get(status, TryAgain if status >= 500 else Misconfigured)
    return error("Máy chủ trung gian trả lời thay cho Telegram", code=str(status))
