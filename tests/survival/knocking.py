"""Knocks at a running gateway's door as platforms do, with any body."""

import asyncio
import hmac
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from benchmarks.rig import SECRET, Rig, rig
from simulator.config import FacebookConfig, ZaloConfig
from simulator.world import Bubble, Phone
from simulator.zalo.webhook import signature

_numbers = itertools.count(1_000)


@dataclass(slots=True)
class Door:
    running: Rig
    http: aiohttp.ClientSession

    async def post(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        async with self.http.post(f"{self.running.gateway.url}{path}", data=body, headers=headers) as answer:
            await answer.read()
            return answer.status

    async def telegram(self, body: bytes, *, secret: str = SECRET) -> int:
        headers = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": secret}
        return await self.post("/webhooks/telegram/bot", body, headers)

    async def zalo(self, body: bytes, *, secret: str = ZaloConfig().oa_secret, signed: bool = True) -> int:
        stamp = str(round(time.time() * 1000))
        headers = {"Content-Type": "application/json", "X-ZEvent-Timestamp": stamp}
        if signed:
            headers["X-ZEvent-Signature"] = signature(ZaloConfig().app_id, body, stamp, secret)
        return await self.post("/webhooks/zalo/oa", body, headers)

    async def facebook(self, body: bytes, *, secret: str = FacebookConfig().app_secret, signed: bool = True) -> int:
        headers = {"Content-Type": "application/json"}
        if signed:
            headers["X-Hub-Signature-256"] = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
        return await self.post("/webhooks/facebook/page", body, headers)

    async def metric(self, name: str, **labels: str) -> float:
        """The value of one counter; 0 while it has never been counted."""
        wanted = "{" + ",".join(f'{key}="{value}"' for key, value in sorted(labels.items())) + "}"
        async with self.http.get(f"{self.running.gateway.url}/metrics") as answer:
            for line in (await answer.text()).splitlines():
                if line.startswith(name + wanted):
                    return float(line.split()[-1])
        return 0.0

    async def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(self.running.database_url) as connection:
            return await (await connection.execute(query.encode(), values)).fetchall()

    async def wait_for(self, query: str, *values: Any, seconds: float = 30) -> list[tuple[Any, ...]]:
        """The rows of `query` as soon as there are some."""
        end = time.monotonic() + seconds
        while not (found := await self.rows(query, *values)):
            assert time.monotonic() < end, f"nothing came of {query}"
            await asyncio.sleep(0.05)
        return found

    async def answer(self, phone: Phone, after: Bubble | None = None, *, seconds: float = 30) -> Bubble:
        """The bot's first message on that phone behind `after`."""
        end = time.monotonic() + seconds
        while True:
            start = phone.bubbles.index(after) if after else 0
            for bubble in phone.bubbles[start:]:
                if bubble.sender == "bot":
                    return bubble
            left = end - time.monotonic()
            assert left > 0, "no answer came"
            await self.running.simulator.world.wait_for_change(phone, min(left, 0.5))


def telegram_text(user: int, text: str, *, message: int = 0, **more: Any) -> dict[str, Any]:
    """An update with one text message in a private chat."""
    person = {"id": user, "is_bot": False, "first_name": "Lan"}
    chat = {"id": user, "type": "private", "first_name": "Lan"}
    number = message or next(_numbers)
    content = {"message_id": number, "from": person, "chat": chat, "date": int(time.time()), "text": text}
    return {"update_id": 900_000_000 + next(_numbers), "message": content | more}


def zalo_text(user: str, text: str, *, message: str = "") -> dict[str, Any]:
    zalo = ZaloConfig()
    return {
        "app_id": zalo.app_id,
        "event_name": "user_send_text",
        "timestamp": str(round(time.time() * 1000)),
        "sender": {"id": user},
        "recipient": {"id": zalo.oa_id},
        "message": {"text": text, "msg_id": message or f"m{next(_numbers)}"},
    }


def facebook_text(user: str, text: str, *, message: str = "") -> dict[str, Any]:
    page, now = FacebookConfig().page_id, round(time.time() * 1000)
    said = {"mid": message or f"m_{next(_numbers)}", "text": text}
    event = {"sender": {"id": user}, "recipient": {"id": page}, "timestamp": now, "message": said}
    return {"object": "page", "entry": [{"id": page, "time": now, "messaging": [event]}]}


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def databases(server: str, *names: str) -> list[str]:
    """Fresh databases with these names on a running server."""
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f'drop database if exists "{name}" with (force)'.encode())
            connection.execute(f'create database "{name}"'.encode())
    return [server.replace("/postgres?", f"/{name}?") for name in names]


@asynccontextmanager
async def open_door(folder: Path, fresh: Callable[[], str], **options: Any) -> AsyncIterator[Door]:
    """A gateway that runs as its own process on databases that `fresh` makes."""
    async with (
        rig(folder, database=options.pop("database", "") or fresh(), store_database=fresh(), **options) as running,
        aiohttp.ClientSession() as http,
    ):
        yield Door(running, http)
