"""What a Telegram client costs: import, memory, decoding an update, one call.

    python benchmarks/telegram_clients.py            # all of them, each in a process of its own
    python benchmarks/telegram_clients.py aiogram    # one

The stub server runs in a process of its own; times of a call are this process's CPU, wall time beside it.
"""

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

TOKEN = "7000000001:AAF-benchmark"
UPDATE = (Path(__file__).parent.parent / "tests/telegram/samples/message-text.json").read_bytes()
ANSWER = json.dumps(
    {
        "ok": True,
        "result": {"message_id": 1, "date": 1767232800, "chat": {"id": 1, "type": "private"}, "text": "x"},
    }
).encode()
CALLS, UPDATES, ROUNDS = 400, 3000, 5

Decode = Callable[[bytes], Any]
Send = Callable[[], Awaitable[Any]]
Close = Callable[[], Awaitable[Any]]


async def serve() -> None:
    """A Bot API that takes every call."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ANSWER)

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                headers = (await reader.readuntil(b"\r\n\r\n")).lower()
                size = headers.partition(b"content-length:")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(size or 0))
                writer.write(head + ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def ours(base: str) -> tuple[Decode, Send, Close]:
    import aiohttp

    from channels.telegram import codes
    from channels.telegram.outgoing import JSON_HEADERS, text_body
    from channels.telegram.parse import parse
    from core.model import Delivery, OutboundMessage
    from core.ports import Answer

    session = aiohttp.ClientSession()
    message = OutboundMessage(text="Ông/bà muốn phản ánh việc gì?")
    now = datetime.now(UTC)

    async def send() -> object:
        url = f"{base}/bot{TOKEN}/sendMessage"
        async with session.post(url, data=text_body(1, message), headers=JSON_HEADERS) as answer:
            return codes.read(Answer(status=answer.status, body=await answer.read()))

    return lambda body: parse(Delivery(body=body, received_at=now), "bot"), send, session.close


async def python_telegram_bot(base: str) -> tuple[Decode, Send, Close]:
    from telegram import Bot, Update

    bot = Bot(TOKEN, base_url=f"{base}/bot")
    await bot._request[1].initialize()

    return (
        lambda body: Update.de_json(json.loads(body), bot),
        lambda: bot.send_message(1, "Ông/bà muốn phản ánh việc gì?"),
        bot._request[1].shutdown,
    )


async def aiogram(base: str) -> tuple[Decode, Send, Close]:
    from aiogram import Bot
    from aiogram.client.session.aiohttp import AiohttpSession
    from aiogram.client.telegram import TelegramAPIServer
    from aiogram.types import Update

    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))

    return (
        lambda body: Update.model_validate_json(body, context={"bot": bot}),
        lambda: bot.send_message(1, "Ông/bà muốn phản ánh việc gì?"),
        bot.session.close,
    )


CLIENTS = {"ours": ours, "python-telegram-bot": python_telegram_bot, "aiogram": aiogram}


def memory() -> float:
    """Resident memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def best_call(send: Send) -> tuple[float, float]:
    """Milliseconds of CPU and of wall time for one call, the best of some rounds."""
    for _ in range(20):
        await send()
    rounds = []
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(CALLS):
            await send()
        rounds.append(((time.process_time() - cpu) / CALLS * 1e3, (time.perf_counter() - wall) / CALLS * 1e3))
    return min(rounds)


def best_decode(decode: Decode) -> float:
    """Microseconds for one update, the best of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(UPDATES):
            decode(UPDATE)
        rounds.append((time.process_time() - started) / UPDATES * 1e6)
    return min(rounds)


async def measure(name: str, base: str) -> None:
    memory_before, started = memory(), time.perf_counter()
    decode, send, close = await CLIENTS[name](base)
    ready = time.perf_counter() - started
    grown = memory() - memory_before
    cpu, wall = await best_call(send)
    print(
        f"{name:20} import {ready:5.2f} s  +{grown:5.1f} MB  decode {best_decode(decode):6.1f} µs"
        f"  call {cpu:5.2f} ms CPU, {wall:5.2f} ms wall"
    )
    await close()


def main() -> None:
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case [name, base]:
            asyncio.run(measure(name, base))
        case names:
            again = [sys.executable, __file__]
            with subprocess.Popen([*again, "serve"], stdout=subprocess.PIPE, text=True) as server:
                port = server.stdout.readline().strip() if server.stdout else ""
                for name in names or CLIENTS:
                    subprocess.run([*again, name, f"http://127.0.0.1:{port}"], check=True)
                server.terminate()


if __name__ == "__main__":
    main()
