"""What `tiepnhan doctor` says of each channel account, and sets up on it when asked to."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from app.doctor import Finding, Level, why
from channels.email.admin import MailboxState
from channels.facebook.admin import Entry, PageIdentity, PageProfile, TokenState
from channels.telegram.admin import BotIdentity, Command, WebhookState
from core.errors import SendError
from regulations.model import Profile
from regulations.text import fill
from storage.seal import SealBroken

RECENT: Final = timedelta(hours=1)
MANY_WAITING: Final = 100
SOON: Final = timedelta(days=14)
"""A token that ends within this time is worth a remark."""

COMMANDS: Final = (Command(name="start", description="Gửi phản ánh, kiến nghị"),)
"""The bot's menu."""

MENU: Final = (
    Entry(title="Gửi phản ánh", key="menu:start"),
    Entry(title="Tra cứu hồ sơ", key="menu:status"),
    Entry(title="Gặp cán bộ", key="menu:human"),
    Entry(title="Hướng dẫn", key="menu:help"),
)
"""A Page's persistent menu; the dialog knows the keys."""


class BotAdmin(Protocol):
    """What is asked of `channels.telegram.admin.TelegramAdmin`."""

    async def get_me(self) -> BotIdentity: ...
    async def get_webhook_info(self) -> WebhookState: ...
    async def set_webhook(self, url: str) -> None: ...
    async def delete_webhook(self) -> None: ...
    async def set_my_commands(self, commands: Sequence[Command], *, language: str = "") -> None: ...


async def check_telegram(
    admin: BotAdmin, *, account: str, webhook: str, now: datetime, fix: bool = False
) -> list[Finding]:
    """One bot. `webhook` is the address it should call, empty when it is polled; `fix` sets what differs."""
    subject = f"telegram:{account}"
    try:
        bot = await admin.get_me()
        found = [Finding(Level.OK, subject, f"bot @{bot.username}")]
        state = await admin.get_webhook_info()
        if state.url != webhook and fix:
            await (admin.set_webhook(webhook) if webhook else admin.delete_webhook())
            found.append(Finding(Level.OK, subject, f"đã đặt webhook {webhook}" if webhook else "đã bỏ webhook"))
        else:
            found.append(_webhook(subject, state.url, webhook))
        if fix:
            await admin.set_my_commands(COMMANDS)
            found.append(Finding(Level.OK, subject, "đã đặt danh mục lệnh"))
    except SendError as error:
        return [Finding(Level.WRONG, subject, why(error))]
    return found + list(_waiting(subject, state, now))


def _webhook(subject: str, found: str, wanted: str) -> Finding:
    if found == wanted:
        return Finding(Level.OK, subject, f"webhook {found}" if found else "hỏi tin (polling), không có webhook")
    here = found or "chưa đặt"
    return Finding(
        Level.WRONG, subject, f"webhook là «{here}», cần «{wanted or 'không có'}»; chạy: tiepnhan doctor --fix"
    )


def _waiting(subject: str, state: WebhookState, now: datetime) -> Iterable[Finding]:
    if state.waiting:
        level = Level.NOTE if state.waiting < MANY_WAITING else Level.WRONG
        yield Finding(level, subject, f"{state.waiting} tin đang chờ ở Telegram")
    # Telegram keeps the last error after recovery.
    if state.last_error_at is not None and now - state.last_error_at < RECENT:
        yield Finding(Level.NOTE, subject, f"lỗi giao tin lúc {state.last_error_at:%H:%M} UTC: {state.last_error}")


async def check_zalo(
    *,
    account: str,
    read: Callable[[], Awaitable[Mapping[str, str]]],
    get_oa: Callable[[], Awaitable[Mapping[str, Any]]],
) -> list[Finding]:
    """One OA: the token pair that the vault holds, and whether Zalo takes it."""
    subject = f"zalo:{account}"
    try:
        values = await read()
    except SealBroken:
        return [Finding(Level.WRONG, subject, "không mở được mã truy cập đã lưu: sai khóa dữ liệu")]
    if values.get("needs_reauth"):
        text = "Zalo không còn chấp nhận refresh token; quản trị OA phải cấp quyền lại, rồi dán cặp mã mới vào cấu hình"
        return [Finding(Level.WRONG, subject, text)]
    try:
        oa = await get_oa()
    except SendError as error:
        return [Finding(Level.WRONG, subject, why(error))]
    return [Finding(Level.OK, subject, f"OA «{oa.get('name', '?')}», mã truy cập còn hiệu lực")]


class PageAdmin(Protocol):
    """What is asked of `channels.facebook.admin.FacebookAdmin`."""

    async def check_page(self) -> PageIdentity: ...
    async def token_state(self) -> TokenState: ...
    async def missing_fields(self) -> Sequence[str]: ...
    async def subscribe(self) -> None: ...
    async def profile(self) -> Mapping[str, Any]: ...
    async def set_profile(self, wanted: PageProfile) -> bool: ...


async def check_facebook(
    admin: PageAdmin, *, account: str, profile: Profile, now: datetime, fix: bool = False
) -> list[Finding]:
    """One Page: its token, what it sends us, and what a citizen sees before the first word; `fix` sets what differs."""
    subject = f"facebook:{account}"
    try:
        page = await admin.check_page()
        found = [Finding(Level.OK, subject, f"Trang «{page.name}»")]
        found += _token(subject, await admin.token_state(), now)
        missing = await admin.missing_fields()
        if missing and fix:
            await admin.subscribe()
            found.append(Finding(Level.OK, subject, "đã đăng ký nhận tin của Trang"))
        elif missing:
            text = f"Trang chưa gửi cho ứng dụng: {', '.join(missing)}; chạy: tiepnhan doctor --fix"
            found.append(Finding(Level.WRONG, subject, text))
        else:
            found.append(Finding(Level.OK, subject, "Trang gửi đủ các loại tin"))
        if fix:
            changed = await admin.set_profile(page_profile(profile))
            text = "đã đặt lời chào, nút Bắt đầu, menu và câu hỏi mở đầu" if changed else "lời chào và menu đã đúng"
            found.append(Finding(Level.OK, subject, text))
        elif "get_started" not in await admin.profile():
            text = "chưa có nút Bắt đầu, lời chào và menu; chạy: tiepnhan doctor --fix"
            found.append(Finding(Level.NOTE, subject, text))
    except SendError as error:
        return [Finding(Level.WRONG, subject, why(error))]
    return found


def page_profile(profile: Profile) -> PageProfile:
    """What a Page shows before the first word. Meta allows a greeting of 160 characters and four opening questions."""
    greeting = fill(profile.text("page_greeting"), system=profile.regulation.system_short)
    return PageProfile(greeting=greeting, menu=MENU, ice_breakers=MENU)


def _token(subject: str, token: TokenState, now: datetime) -> Iterable[Finding]:
    if not token.valid:
        yield Finding(Level.WRONG, subject, "mã truy cập Trang không còn hiệu lực; cấp lại rồi sửa page_token")
    elif token.expires_at is not None and token.expires_at - now < SOON:
        yield Finding(Level.NOTE, subject, f"mã truy cập Trang hết hạn ngày {token.expires_at:%d/%m/%Y}")
    else:
        yield Finding(Level.OK, subject, "mã truy cập Trang còn hiệu lực")
    if token.missing_scopes:
        yield Finding(Level.WRONG, subject, f"mã truy cập thiếu quyền: {', '.join(token.missing_scopes)}")


class MailboxAdmin(Protocol):
    """What is asked of `channels.email.admin.EmailAdmin`."""

    async def look(self) -> MailboxState: ...
    async def knock(self) -> None: ...


async def check_email(admin: MailboxAdmin, *, account: str, trusted: str | None) -> list[Finding]:
    """One mailbox: whether it can be read and sent from, and what its server lacks. `trusted`: whose word on senders
    counts; None: nobody's.
    """
    subject = f"email:{account}"
    found: list[Finding] = []
    try:
        state = await admin.look()
        level = Level.NOTE if state.waiting > MANY_WAITING else Level.OK
        found.append(Finding(level, subject, f"đọc được hộp thư; {state.waiting} thư đang chờ"))
        if state.missing:
            found.append(Finding(Level.WRONG, subject, f"không có thư mục {', '.join(state.missing)}"))
        if not state.idle:
            found.append(Finding(Level.NOTE, subject, "máy chủ không có IDLE; thư mới được hỏi theo poll_seconds"))
        if not state.move:
            found.append(Finding(Level.NOTE, subject, "máy chủ không có MOVE; thư được sao rồi xóa"))
    except SendError as error:
        found.append(Finding(Level.WRONG, subject, why(error)))
    try:
        await admin.knock()
        found.append(Finding(Level.OK, subject, "đăng nhập được máy chủ gửi thư"))
    except SendError as error:
        found.append(Finding(Level.WRONG, subject, why(error)))
    if trusted is None:
        text = "chưa đặt trusted_authserv_id: mọi người gửi đều hiện là chưa xác thực"
        found.append(Finding(Level.NOTE, subject, text))
    return found
