"""A bot whose network is a function, and the recorded samples."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels.telegram import TelegramChannel, TelegramSettings
from core.model import Delivery, Peer
from core.ports import Answer
from tests.channels.fakes import NOW, Call, FakeHttp, FakeVault, MemoryBlobs, answer, now

SAMPLES = Path(__file__).parent / "samples"
TOKEN = "7000000001:AAF-secret_part_of_a_token_0123456789"
SECRET = "a-webhook-secret_1"
AN = Peer(channel="telegram", account="bot-1022", user="5100000001")
SENT = {"ok": True, "result": {"message_id": 201, "date": 1767233110}}


def settings(**changes: Any) -> TelegramSettings:
    values: dict[str, Any] = {"account": "bot-1022", "bot_token": SecretStr(TOKEN), "webhook_secret": SecretStr(SECRET)}
    return TelegramSettings(**values | {"api_base": "http://telegram.test"} | changes)


def a_bot(
    responder: Callable[[Call], Answer | Exception] = lambda call: answer(200, SENT),
    *,
    pauses: list[float] | None = None,
    **changes: Any,
) -> tuple[TelegramChannel, FakeHttp]:
    """A channel and its network. It does not really sleep; for how long it would is noted in `pauses`."""
    http = FakeHttp(responder)
    noted = [] if pauses is None else pauses

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    bot = TelegramChannel(settings(**changes), http=http, vault=FakeVault(), blobs=MemoryBlobs(), now=now, sleep=sleep)
    return bot, http


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def an_answer(name: str) -> Answer:
    """A recorded answer of the Bot API."""
    recorded = json.loads(sample(name))
    return answer(recorded["status"], recorded["body"])


def delivery(body: bytes | dict[str, Any], **headers: str) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(body=raw, received_at=NOW, headers=headers)


def at(timestamp: int) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
