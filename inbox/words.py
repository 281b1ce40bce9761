"""What staff read: Vietnamese names for what the gateway calls in English words, and instants as people say them."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from core.capabilities import Capabilities
from core.events import Authenticity
from core.model import Speaker
from pipeline import turn
from pipeline.errand import Lane, Status
from regulations.model import Profile
from storage.desk import Tab

CHANNELS: Final[Mapping[str, str]] = {
    "zalo": "Zalo",
    "telegram": "Telegram",
    "facebook": "Facebook Messenger",
    "email": "Email",
    "store": "Hệ thống hồ sơ",
}
OWNERS: Final[Mapping[str, str]] = {"bot": "Hệ thống trả lời", "waiting": "Chờ cán bộ", "operator": "Cán bộ đang giữ"}
TABS: Final[Mapping[Tab, str]] = {
    Tab.WAITING: "Chờ cán bộ",
    Tab.HELD: "Cán bộ đang giữ",
    Tab.ALL: "Tất cả",
    Tab.TROUBLE: "Có trục trặc",
}
EMPTY_TABS: Final[Mapping[Tab, str]] = {
    Tab.WAITING: "Không có ai đang chờ cán bộ.",
    Tab.HELD: "Chưa có cuộc trao đổi nào do cán bộ giữ.",
    Tab.ALL: "Chưa có cuộc trao đổi nào.",
    Tab.TROUBLE: "Không có tin nào bị trục trặc.",
}
ALERTS: Final[Mapping[str, str]] = {
    "asked": "Muốn gặp cán bộ",
    "reask_limit": "Hỏi nhiều lần chưa rõ",
    "refused": "Hệ thống hồ sơ không nhận",
    "failed": "Lỗi khi trả lời tự động",
    "level": "Phản ánh khẩn",
    "impersonation_suspected": "Nghi mạo danh: cùng số điện thoại, khác họ tên",
    "erasure_asked": "Yêu cầu xóa dữ liệu",
}
PLATFORM_STAFF: Final = "Cán bộ (trên công cụ của nền tảng)"
OTHER_PROGRAM: Final = "Ứng dụng khác trên trang"
CITIZEN: Final = "Người dân"
BOT: Final = "Hệ thống"

AUTHENTICITY: Final[Mapping[Authenticity, tuple[str, str]]] = {
    Authenticity.VERIFIED: ("Đã xác thực", "good"),
    Authenticity.UNVERIFIED: ("Chưa xác thực", "warn"),
    Authenticity.FAILED: ("Không khớp", "bad"),
}
"""Whether a letter comes from whom it names, and how that looks; nothing where the platform vouches for people."""
ALARM_KINDS: Final[Mapping[str, str]] = {
    "platform": "Nền tảng thông báo",
    "tend": "Không dùng được mã truy cập hoặc quyền",
    "send": "Tin gửi đi đang bị giữ",
    "store": "Không trả lời; phản ánh được giữ lại và gửi sau",
}

DELIVERY: Final[Mapping[Status, tuple[str, str]]] = {
    Status.OPEN: ("Đang gửi", "wait"),
    Status.DONE: ("Đã gửi", "good"),
    Status.SUPERSEDED: ("Không gửi: đã có câu hỏi mới hơn", "quiet"),
    Status.WITHDRAWN: ("Không gửi: cán bộ đã nhận cuộc trao đổi", "quiet"),
    Status.ERASED: ("Không gửi: dữ liệu đã được xóa theo yêu cầu", "quiet"),
    Status.UNKNOWN: ("Không rõ đã tới chưa", "bad"),
    Status.UNREACHABLE: ("Không tới được người dân", "bad"),
    Status.REFUSED: ("Bị từ chối", "bad"),
    Status.FAILED: ("Gửi không thành công", "bad"),
}
"""How the sending of a message stands, and how it looks."""

_ERRORS: Final[Mapping[str, str]] = {
    "TryAgain": "nơi nhận tạm thời không trả lời",
    "Unreachable": "người dân đã chặn hoặc rời kênh, hoặc đã hết thời hạn trả lời",
    "Refused": "nơi nhận không chấp nhận nội dung này",
    "Misconfigured": "tài khoản kênh cần được cấu hình lại (mã truy cập, quyền hoặc số dư)",
    "Unknown": "kết nối đứt khi đang gửi; hệ thống không tự gửi lại để tránh gửi hai lần",
}
_CODES: Final[Mapping[str, str]] = {"window": "nền tảng đã đóng thời hạn trả lời"}
_REASON = re.compile(r"(?P<error>[A-Z][A-Za-z]+)(?: (?P<code>[^:]*))?: (?P<text>.*)", re.DOTALL)

LANES: Final[Mapping[int, str]] = {
    Lane.CITIZEN: "Tin gửi người dân",
    Lane.STORE: "Gửi hệ thống hồ sơ",
    Lane.MEDIA: "Tải tệp từ nền tảng",
    Lane.PEER: "Hỏi tên người gửi",
}
STATUSES: Final[Mapping[str, str]] = {
    "open": "đang chờ",
    "unknown": "không rõ kết quả",
    "unreachable": "không tới được",
    "refused": "bị từ chối",
    "failed": "thất bại",
}
RECEPTION: Final[Mapping[str, str]] = {
    "taken": "Đã nhận",
    "known": "Trùng, bỏ qua",
    "refused": "Từ chối (không xác thực)",
    "unreadable": "Không đọc được",
    "spooled": "Ghi tạm ra đĩa",
    "ignored": "Không liên quan",
    "busy": "Quá tải",
    "too_large": "Quá lớn",
}
KEPT: Final[Mapping[str, str]] = {"ignored": "không liên quan", "unreadable": "không đọc được", "alarm": "cảnh báo"}
REGULATION: Final[Mapping[str, str]] = {
    "in_force": "Đang có hiệu lực",
    "in_force_before_merger": "Ban hành trước khi sáp nhập tỉnh; cần đơn vị vận hành xác nhận còn áp dụng",
    "pilot_expired": "Quy chế thí điểm đã hết thời hạn; cần đơn vị vận hành xác nhận",
}
REPORTS: Final[Mapping[str, str]] = {
    "submitting": "Đang gửi sang hệ thống hồ sơ",
    "opened": "Đã có mã",
    "refused": "Hệ thống hồ sơ không nhận",
}


def channel(name: str) -> str:
    return CHANNELS.get(name, name)


def alert(reason: str, profile: Profile | None) -> str:
    """Why staff should look: one of our words, or a row of the profile that raised the alert."""
    if not reason:
        return ""
    if profile is not None:
        if (emergency := profile.emergencies.get(reason)) is not None:
            return emergency.label
        for row in profile.exclusions.values():
            if row.reason_code == reason:
                return row.label
    return ALERTS.get(reason, reason)


def trouble(reason: str) -> str:
    """Why a try failed, in Vietnamese with the platform's code; what the platform itself wrote stays behind it."""
    found = _REASON.fullmatch(reason)
    if found is None:
        return reason
    said = _CODES.get(found["code"] or "") or _ERRORS.get(found["error"], found["error"])
    return f"{said} (mã {found['code']})" if found["code"] and found["code"] not in _CODES else said


def duration(span: timedelta) -> str:
    """At most two units: "5 phút", "2 giờ 10 phút", "3 ngày"."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes < 1:
        return "dưới 1 phút"
    if minutes < 60:
        return f"{minutes} phút"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} giờ {minutes} phút" if minutes else f"{hours} giờ"
    days, hours = divmod(hours, 24)
    return f"{days} ngày {hours} giờ" if hours and days < 3 else f"{days} ngày"


def clock(at: datetime, now: datetime) -> str:
    """A local instant as short as it stays clear: "14:05" today, else with the date. Both in the same zone."""
    if at.date() == now.date():
        return f"{at:%H:%M}"
    return f"{at:%H:%M %d/%m}" if at.year == now.year else f"{at:%H:%M %d/%m/%Y}"


def closed_because(
    *, reachable: bool, capabilities: Capabilities | None, last_inbound_at: datetime | None, now: datetime
) -> str:
    """Why a reply cannot be sent now; empty when it can."""
    if capabilities is None:
        return "Tài khoản kênh này không còn được cấu hình trong hệ thống."
    if not reachable:
        return "Người dân đã chặn hoặc rời kênh: không gửi được tin cho đến khi họ nhắn lại."
    if turn.may_write(capabilities, Speaker.OPERATOR, last_inbound_at, now):
        return ""
    if last_inbound_at is None:
        return "Người dân chưa nhắn riêng cho kênh này: nền tảng chưa cho gửi tin, hãy chờ họ nhắn."
    window = max(capabilities.reply_window or timedelta(), capabilities.person_window or timedelta())
    return f"Đã quá {duration(window)} kể từ tin cuối của người dân: nền tảng không cho gửi tin nữa."


def holder(operator: str, names: Mapping[str, str]) -> str:
    """Who has a conversation, by sign-in name or by what a platform's tool left in its place."""
    if operator.startswith(f"{turn.OUTSIDE}ứng dụng "):
        return OTHER_PROGRAM
    return names.get(operator, PLATFORM_STAFF)


def window(
    capabilities: Capabilities, last_inbound_at: datetime, now: datetime, local: Callable[[datetime], datetime]
) -> str:
    """How long may still be written; empty where there is no limit or it is over for everybody."""
    if capabilities.reply_window is None or not turn.may_write(capabilities, Speaker.OPERATOR, last_inbound_at, now):
        return ""
    left = last_inbound_at + capabilities.reply_window - now
    if left >= timedelta():
        return f"Còn {duration(left)} để trả lời"
    until = last_inbound_at + (capabilities.person_window or timedelta())
    return (
        f"Hết hạn {duration(capabilities.reply_window)} của hệ thống: tin của cán bộ gửi được đến"
        f" {clock(local(until), local(now))}"
    )
