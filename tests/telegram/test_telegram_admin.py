"""Setting a bot up through python-telegram-bot, against a Bot API on this machine."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest

from channels.telegram.admin import BotIdentity, Command, TelegramAdmin, WebhookState
from core.errors import Misconfigured, Refused, SendError, TryAgain
from tests.channels.fakes import answer
from tests.telegram.bots import SECRET, TOKEN, an_answer, settings

OK = answer(200, {"ok": True, "result": True})


class BotApi:
    """Answers every call with `answer`; `calls` holds method and form fields."""

    def __init__(self) -> None:
        self.answer = OK
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.base = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next((line for line in head.lower().splitlines() if line.startswith("content-length:")), "x:0")
        body = await reader.readexactly(int(size.partition(":")[2]))
        path = head.split(" ")[1]
        assert path.startswith(f"/bot{TOKEN}/")
        self.calls.append((path.rpartition("/")[2], dict(parse_qsl(body.decode()))))
        length = f"Content-Length: {len(self.answer.body)}\r\nConnection: close\r\n\r\n"
        writer.write(f"HTTP/1.1 {self.answer.status} X\r\n{length}".encode() + self.answer.body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    api = BotApi()
    async with await asyncio.start_server(api, "127.0.0.1", 0) as server:
        api.base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield api


@pytest.fixture
async def admin(api: BotApi) -> AsyncIterator[TelegramAdmin]:
    async with TelegramAdmin(settings(api_base=api.base)) as admin:
        yield admin


async def test_a_token_tells_whose_it_is(api: BotApi, admin: TelegramAdmin) -> None:
    api.answer = an_answer("response-get-me-ok")

    assert await admin.get_me() == BotIdentity(user=7000000001, username="bn_1022_bot", name="Bot 1022", privacy=True)


async def test_a_webhook_is_set_with_its_secret_and_keeps_what_waits(api: BotApi, admin: TelegramAdmin) -> None:
    await admin.set_webhook("https://gw.example.vn/webhooks/telegram/bot-1022")

    ((method, fields),) = api.calls
    kinds = json.loads(fields.pop("allowed_updates"))
    assert method == "setWebhook"
    assert kinds == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert fields.pop("drop_pending_updates", "False").lower() == "false"
    assert fields == {
        "url": "https://gw.example.vn/webhooks/telegram/bot-1022",
        "secret_token": SECRET,
        "max_connections": "40",
    }


async def test_a_webhook_is_taken_away_without_dropping_what_waits(api: BotApi, admin: TelegramAdmin) -> None:
    await admin.delete_webhook()

    ((method, fields),) = api.calls
    assert method == "deleteWebhook"
    assert fields.get("drop_pending_updates", "False").lower() == "false"


async def test_the_webhooks_state_is_told(api: BotApi, admin: TelegramAdmin) -> None:
    api.answer = an_answer("response-webhook-info")

    assert await admin.get_webhook_info() == WebhookState(
        url="https://gw.example.vn/telegram",
        waiting=7,
        last_error_at=datetime.fromtimestamp(1767232800, UTC),
        last_error="Wrong response from the webhook: 500 Internal Server Error",
        allowed_updates=("message", "edited_message", "callback_query", "my_chat_member"),
    )


async def test_a_bot_without_webhook_has_an_empty_state(api: BotApi, admin: TelegramAdmin) -> None:
    result = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
    api.answer = answer(200, {"ok": True, "result": result})

    state = await admin.get_webhook_info()

    assert state == WebhookState(url="", waiting=0, last_error_at=None, last_error="", allowed_updates=())


async def test_the_menu_is_set_for_a_language(api: BotApi, admin: TelegramAdmin) -> None:
    await admin.set_my_commands([Command(name="start", description="Gửi phản ánh")], language="vi")

    ((method, fields),) = api.calls
    assert method == "setMyCommands"
    assert fields["language_code"] == "vi"
    assert json.loads(fields["commands"]) == [{"command": "start", "description": "Gửi phản ánh"}]


@pytest.mark.parametrize(
    ("name", "error", "after"),
    [
        ("response-error-401", Misconfigured, None),
        ("response-error-404", Misconfigured, None),
        ("response-error-409-conflict", Misconfigured, None),
        ("response-error-429", TryAgain, timedelta(seconds=7)),
        ("response-error-403-blocked", Refused, None),
        ("response-error-400-entities", Refused, None),
        ("response-error-500-restart", TryAgain, None),
        ("response-error-502-html", TryAgain, None),
    ],
)
async def test_the_clients_errors_become_ours(
    api: BotApi, admin: TelegramAdmin, name: str, error: type[SendError], after: timedelta | None
) -> None:
    api.answer = an_answer(name)

    with pytest.raises(SendError) as caught:
        await admin.get_me()

    assert (type(caught.value), caught.value.after) == (error, after)


async def test_no_connection_is_tried_again() -> None:
    async with TelegramAdmin(settings(api_base="http://127.0.0.1:1")) as admin:
        with pytest.raises(TryAgain):
            await admin.get_me()


@pytest.mark.parametrize("name", ["response-get-me-ok", "response-error-401", "response-error-404"])
async def test_neither_log_nor_error_shows_the_token(
    api: BotApi, admin: TelegramAdmin, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api.answer = an_answer(name)
    shown = ""
    try:
        await admin.get_me()
    except SendError as error:
        shown = f"{error!r} {error.__cause__!r} {error.__suppress_context__}"

    assert TOKEN not in caplog.text + shown
    assert "False" not in shown, "a traceback would print the library's own error, which quotes the token"


def test_the_channel_does_not_load_a_client_library() -> None:
    modules = "import sys, channels.telegram, channels.telegram.admin"
    program = f"{modules}; print(*{{'telegram', 'httpx', 'aiogram'}} & {{*sys.modules}})"

    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert loaded.stdout.split() == []
