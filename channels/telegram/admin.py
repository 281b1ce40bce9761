"""Setting a bot up and looking at its health, through python-telegram-bot.

The library is imported here only, when a bot is opened: it costs tens of megabytes and nothing here happens per message
(docs/decisions/0003-telegram-client.md).
"""

import logging
import os
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from channels.telegram.polling import ALLOWED_UPDATES
from channels.telegram.settings import TelegramSettings
from core.errors import Misconfigured, Refused, TryAgain

if TYPE_CHECKING:
    from telegram.request import BaseRequest

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class BotIdentity:
    """Who the token belongs to. `privacy` is True when the bot cannot read along in groups."""

    user: int
    username: str
    name: str
    privacy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookState:
    """What Telegram knows about our webhook. `url` is empty while none is set.

    The last error stays after recovery: compare its instant.
    """

    url: str
    waiting: int
    last_error_at: datetime | None
    last_error: str
    allowed_updates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One entry of the bot's menu: `name` of a-z 0-9 _, up to 32; `description` up to 256 characters."""

    name: str
    description: str


class TelegramAdmin:
    """`async with TelegramAdmin(settings) as admin`. Every method raises one of the five `SendError`s."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._requests: list[BaseRequest] = []

    async def __aenter__(self) -> Self:
        from telegram import Bot
        from telegram.request import HTTPXRequest

        # httpx logs every address at level INFO, and ours contain the token.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        # Otherwise the library warns of a coming change whenever Telegram asks us to wait.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        self._requests = [HTTPXRequest(connection_pool_size=4, read_timeout=20, connect_timeout=10) for _ in range(2)]
        base = self._settings.api_base.rstrip("/")
        self._bot = Bot(
            self._settings.bot_token.get_secret_value(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for request in self._requests:
            await request.shutdown()

    async def get_me(self) -> BotIdentity:
        me = await _outcome(self._bot.get_me())
        return BotIdentity(
            user=me.id, username=me.username or "", name=me.first_name, privacy=not me.can_read_all_group_messages
        )

    async def set_webhook(self, url: str) -> None:
        """Let Telegram deliver to `url` (https). Updates that wait are kept; the same values again change nothing."""
        await _outcome(
            self._bot.set_webhook(
                url,
                secret_token=self._settings.webhook_secret.get_secret_value(),
                allowed_updates=ALLOWED_UPDATES,
                max_connections=self._settings.max_connections,
                drop_pending_updates=False,
            )
        )

    async def delete_webhook(self) -> None:
        """Needed before polling. Updates that wait are kept."""
        await _outcome(self._bot.delete_webhook(drop_pending_updates=False))

    async def get_webhook_info(self) -> WebhookState:
        state = await _outcome(self._bot.get_webhook_info())
        return WebhookState(
            url=state.url,
            waiting=state.pending_update_count,
            last_error_at=state.last_error_date and state.last_error_date.astimezone(UTC),
            last_error=state.last_error_message or "",
            allowed_updates=tuple(state.allowed_updates or ()),
        )

    async def set_my_commands(self, commands: Sequence[Command], *, language: str = "") -> None:
        """Replace the bot's menu, for one language (`vi`) or, without one, for everybody else."""
        menu = [(command.name, command.description) for command in commands]
        await _outcome(self._bot.set_my_commands(menu, language_code=language or None))


async def _outcome(call: Awaitable[T]) -> T:
    """The call's result, its errors as ours. All calls here may be repeated, so no outcome is unknown."""
    from telegram import error as theirs

    try:
        return await call
    except theirs.RetryAfter as error:
        raise TryAgain("Telegram yêu cầu chờ", code="429", after=_seconds(error.retry_after)) from None
    except theirs.InvalidToken:  # its text quotes the token
        raise Misconfigured("Mã bot sai hoặc đã bị thu hồi", code="401") from None
    except theirs.Conflict as error:
        raise Misconfigured(f"Bot đang được dùng ở nơi khác ({error.message})", code="409") from None
    except theirs.BadRequest as error:  # a NetworkError in this library, hence before it
        raise Refused(f"Telegram từ chối ({error.message})", code="400") from None
    except theirs.NetworkError as error:
        raise TryAgain(f"Không gọi được Telegram ({type(error.__cause__ or error).__name__})") from None
    except theirs.TelegramError as error:
        raise Refused(f"Telegram từ chối ({error.message})") from None


def _seconds(pause: int | timedelta) -> timedelta:
    return pause if isinstance(pause, timedelta) else timedelta(seconds=pause)
