"""What the doctor says of each channel account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import doctor, doctor_accounts
from app.doctor import Finding, Level
from channels.email.admin import MailboxState
from channels.facebook.admin import PageIdentity, PageProfile, TokenState
from channels.telegram.admin import BotIdentity, Command, WebhookState
from core.errors import Misconfigured, SendError, TryAgain
from regulations import loader
from storage.seal import SealBroken

NOW = datetime(2026, 1, 1, 2, tzinfo=UTC)
HOOK = "https://1022.vn/webhooks/telegram/bot"
PROFILE = loader.load("tien-giang")


def levels(found: Sequence[Finding]) -> list[Level]:
    return [finding.level for finding in found]


@dataclass
class FakeAdmin:
    state: WebhookState
    problem: SendError | None = None
    done: list[str] = field(default_factory=list)

    async def get_me(self) -> BotIdentity:
        if self.problem is not None:
            raise self.problem
        return BotIdentity(user=7, username="bn_1022_bot", name="Bot", privacy=True)

    async def get_webhook_info(self) -> WebhookState:
        return self.state

    async def set_webhook(self, url: str) -> None:
        self.done.append(url)

    async def delete_webhook(self) -> None:
        self.done.append("deleted")

    async def set_my_commands(self, commands: Sequence[Command], *, language: str = "") -> None:
        self.done.append("commands")


def hook(url: str = HOOK, **changes: Any) -> WebhookState:
    values: dict[str, Any] = {"url": url, "waiting": 0, "last_error_at": None, "last_error": "", "allowed_updates": ()}
    return WebhookState(**values | changes)


async def look(state: WebhookState, *, webhook: str = HOOK, fix: bool = False) -> tuple[list[Finding], list[str]]:
    admin = FakeAdmin(state)
    return await doctor_accounts.check_telegram(admin, account="bot", webhook=webhook, now=NOW, fix=fix), admin.done


async def test_a_bot_whose_webhook_points_here_is_fine() -> None:
    found, done = await look(hook())

    assert (levels(found), done) == ([Level.OK, Level.OK], [])


@pytest.mark.parametrize(("there", "wanted"), [("", HOOK), ("https://old.vn/x", HOOK), (HOOK, "")])
async def test_a_webhook_elsewhere_is_wrong_and_left_alone(there: str, wanted: str) -> None:
    found, done = await look(hook(there), webhook=wanted)

    assert (found[-1].level, done) == (Level.WRONG, [])
    assert "doctor --fix" in found[-1].text


async def test_fix_sets_the_webhook_and_the_menu() -> None:
    found, done = await look(hook(""), fix=True)

    assert (doctor.failed(found), done) == (False, [HOOK, "commands"])


async def test_fix_takes_the_webhook_from_a_polled_bot() -> None:
    _, done = await look(hook(), webhook="", fix=True)

    assert done == ["deleted", "commands"]


async def test_updates_that_wait_at_telegram_are_told() -> None:
    few, _ = await look(hook(waiting=3))
    many, _ = await look(hook(waiting=500))

    assert (few[-1].level, many[-1].level) == (Level.NOTE, Level.WRONG)


async def test_an_error_of_last_week_is_not_told() -> None:
    """Telegram keeps the last error after recovery."""
    old, _ = await look(hook(last_error_at=NOW - timedelta(days=7), last_error="Connection refused"))
    new, _ = await look(hook(last_error_at=NOW - timedelta(minutes=7), last_error="Connection refused"))

    assert (len(old), new[-1].level) == (2, Level.NOTE)


async def test_a_token_that_is_dead_is_wrong() -> None:
    admin = FakeAdmin(hook(), problem=Misconfigured("Mã bot sai", code="401"))

    found = await doctor_accounts.check_telegram(admin, account="bot", webhook=HOOK, now=NOW)

    assert [str(finding) for finding in found] == ["sai    telegram:bot: 401: Mã bot sai"]


async def zalo(values: Mapping[str, str] | Exception, oa: Mapping[str, Any] | SendError) -> list[Finding]:
    async def read() -> Mapping[str, str]:
        if isinstance(values, Exception):
            raise values
        return values

    async def get_oa() -> Mapping[str, Any]:
        if isinstance(oa, SendError):
            raise oa
        return oa

    return await doctor_accounts.check_zalo(account="oa", read=read, get_oa=get_oa)


async def test_an_oa_that_answers_is_fine() -> None:
    (finding,) = await zalo({"access_token": "a"}, {"name": "Tổng đài 1022"})

    assert str(finding) == "ok     zalo:oa: OA «Tổng đài 1022», mã truy cập còn hiệu lực"


async def test_a_dead_grant_needs_a_person_and_is_not_asked_again() -> None:
    (finding,) = await zalo({"needs_reauth": "-14014"}, AssertionErrorOnUse())

    assert finding.level is Level.WRONG
    assert "cấp quyền lại" in finding.text


class AssertionErrorOnUse(SendError):
    def __init__(self) -> None:
        super().__init__("asked although the grant is known to be dead")


@pytest.mark.parametrize(
    ("values", "oa"), [({}, Misconfigured("chưa được cấp quyền")), (SealBroken("wrong key"), {})], ids=["never", "key"]
)
async def test_an_oa_that_cannot_be_reached_is_wrong(values: Any, oa: Any) -> None:
    assert levels(await zalo(values, oa)) == [Level.WRONG]


# --- Messenger --------------------------------------------------------------------------------------------------------


@dataclass
class FakePage:
    missing: Sequence[str] = ()
    token: TokenState = field(
        default_factory=lambda: TokenState(valid=True, expires_at=None, scopes=(), missing_scopes=())
    )
    held: Mapping[str, Any] = field(default_factory=lambda: {"get_started": {}})
    problem: SendError | None = None
    done: list[Any] = field(default_factory=list)

    async def check_page(self) -> PageIdentity:
        if self.problem is not None:
            raise self.problem
        return PageIdentity(page_id="1", name="Tổng đài 1022")

    async def token_state(self) -> TokenState:
        return self.token

    async def missing_fields(self) -> Sequence[str]:
        return self.missing

    async def subscribe(self) -> None:
        self.done.append("subscribed")

    async def profile(self) -> Mapping[str, Any]:
        return self.held

    async def set_profile(self, wanted: PageProfile) -> bool:
        self.done.append(wanted)
        return True


async def page(fix: bool = False, **values: Any) -> tuple[list[Finding], list[Any]]:
    admin = FakePage(**values)
    return await doctor_accounts.check_facebook(admin, account="p", profile=PROFILE, now=NOW, fix=fix), admin.done


async def test_a_page_that_is_set_up_is_fine() -> None:
    found, done = await page()

    assert (set(levels(found)), done) == ({Level.OK}, [])


async def test_a_page_that_sends_nothing_is_wrong_and_left_alone() -> None:
    """A Page that lost the app sends nothing, and nobody is told."""
    found, done = await page(missing=["messages"], held={})

    assert (doctor.failed(found), done) == (True, [])
    assert any("doctor --fix" in finding.text for finding in found)


async def test_fix_subscribes_and_sets_greeting_menu_and_start() -> None:
    found, done = await page(fix=True, missing=["messages"], held={})

    assert not doctor.failed(found)
    assert done[0] == "subscribed"
    assert done[1].menu == doctor_accounts.MENU


def test_every_greeting_fits_the_page() -> None:
    """Messenger profile: a greeting of at most 160 characters, titles of at most 30, four opening questions."""
    for profile in loader.load_all().values():
        wanted = doctor_accounts.page_profile(profile)
        assert 0 < len(wanted.greeting) <= 160
        assert profile.regulation.system_short in wanted.greeting
        assert len(wanted.ice_breakers) <= 4
        assert all(len(entry.title) <= 30 for entry in wanted.menu)


@pytest.mark.parametrize(
    ("token", "level"),
    [
        (TokenState(valid=False, expires_at=None, scopes=(), missing_scopes=()), Level.WRONG),
        (TokenState(valid=True, expires_at=NOW + timedelta(days=3), scopes=(), missing_scopes=()), Level.NOTE),
        (TokenState(valid=True, expires_at=None, scopes=(), missing_scopes=("pages_messaging",)), Level.WRONG),
    ],
    ids=["dead", "ends soon", "lacks a permission"],
)
async def test_what_is_wrong_with_the_token_is_told(token: TokenState, level: Level) -> None:
    found, _ = await page(token=token)

    assert level in levels(found)


async def test_a_token_of_another_page_is_wrong() -> None:
    found, _ = await page(problem=Misconfigured("Mã truy cập thuộc về một Trang khác", code="page"))

    assert levels(found) == [Level.WRONG]


# --- mail -------------------------------------------------------------------------------------------------------------


@dataclass
class FakeMailbox:
    state: MailboxState | SendError
    relay: SendError | None = None

    async def look(self) -> MailboxState:
        if isinstance(self.state, SendError):
            raise self.state
        return self.state

    async def knock(self) -> None:
        if self.relay is not None:
            raise self.relay


SOUND = MailboxState(waiting=3, missing=(), idle=True, move=True)


async def mailbox(
    state: MailboxState | SendError = SOUND, relay: SendError | None = None, trusted: str | None = "mx.example.vn"
) -> list[Finding]:
    return await doctor_accounts.check_email(FakeMailbox(state, relay), account="m", trusted=trusted)


async def test_a_mailbox_that_can_be_read_and_sent_from_is_fine() -> None:
    assert levels(await mailbox()) == [Level.OK, Level.OK]


async def test_reading_and_sending_are_looked_at_apart() -> None:
    refused, away = Misconfigured("Máy chủ thư từ chối đăng nhập IMAP"), TryAgain("Không kết nối được máy chủ thư")

    assert levels(await mailbox(refused)) == [Level.WRONG, Level.OK]
    assert levels(await mailbox(relay=away)) == [Level.OK, Level.WRONG]


async def test_a_folder_that_does_not_exist_is_wrong() -> None:
    state = MailboxState(waiting=0, missing=("Junk",), idle=True, move=True)

    assert Level.WRONG in levels(await mailbox(state))


async def test_what_the_server_lacks_is_noted() -> None:
    state = MailboxState(waiting=500, missing=(), idle=False, move=False)

    assert levels(await mailbox(state)) == [Level.NOTE, Level.NOTE, Level.NOTE, Level.OK]


async def test_without_a_trusted_server_nobody_counts_as_proven() -> None:
    found = await mailbox(trusted=None)

    assert found[-1].level is Level.NOTE
    assert "trusted_authserv_id" in found[-1].text
