"""A running simulator, a gateway stand-in that only records webhooks, and small makers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web
from httpx2 import AsyncClient

from simulator.app import server
from simulator.clock import Clock
from simulator.config import EmailConfig, SimulatorConfig, TelegramConfig, ZaloConfig
from simulator.engine import Simulator

Json = dict[str, Any]
TOKEN = TelegramConfig().token


@dataclass
class Received:
    """One webhook as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Json:
        parsed: Json = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """Takes webhooks. `answers` are statuses for the next ones (0: hang until cut), then 200 for ever."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    reply: bytes = b"{}"
    under_way: int = 0
    most_at_once: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(Received({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        self.arrived.set()
        status = self.answers.pop(0) if self.answers else 200
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(0.0 if status else 30.0)
        finally:
            self.under_way -= 1
        return web.Response(status=status, body=self.reply)

    async def until(self, count: int) -> list[Received]:
        async with asyncio.timeout(10):
            while len(self.got) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.got

    @property
    def events(self) -> list[str]:
        return [r.json.get("event_name", "") for r in self.got]


@dataclass
class Running:
    """A simulator that listens, and a client for it."""

    simulator: Simulator
    url: str
    http: AsyncClient

    async def zalo(self, path: str, body: Json, **headers: str) -> Json:
        sent = {"access_token": ZaloConfig().access_token} | headers
        answer = await self.http.post(f"{self.url}/zalo{path}", json=body, headers=sent)
        assert answer.status_code == 200
        parsed: Json = answer.json()
        return parsed

    async def zalo_get(self, path: str, data: Json, **headers: str) -> Json:
        sent = {"access_token": ZaloConfig().access_token} | headers
        query = {"data": json.dumps(data)}
        parsed: Json = (await self.http.get(f"{self.url}/zalo{path}", params=query, headers=sent)).json()
        return parsed

    async def bot(self, method: str, **body: Any) -> Json:
        parsed: Json = (await self.http.post(f"{self.url}/telegram/bot{TOKEN}/{method}", json=body)).json()
        return parsed

    async def control(self, path: str, **body: Any) -> Any:
        return (await self.http.post(f"{self.url}/control{path}", json=body)).json()


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    yield receiver
    await runner.cleanup()


@asynccontextmanager
async def running(config: SimulatorConfig, clock: Clock | None) -> AsyncIterator[Running]:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = replace(config, port=port)  # links to media point there
    simulator = Simulator(config, clock=clock)
    program = server(config, simulator=simulator)
    # What `serve` does, without its ticks of 0.1 s.
    program.config.load()
    program.lifespan = program.config.lifespan_class(program.config)
    await program.startup(sockets=[listening])
    async with AsyncClient(timeout=20) as http:
        yield Running(simulator, f"http://127.0.0.1:{port}", http)
    await program.shutdown(sockets=[listening])


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Start a simulator with changed settings: `await start(zalo={...}, telegram={...}, clock=Clock(speed=0))`."""
    async with AsyncExitStack() as stack:

        async def begin(
            *, zalo: Json | None = None, telegram: Json | None = None, email: Json | None = None,
            clock: Clock | None = None, **rest: Any,
        ) -> Running:  # fmt: skip
            config = SimulatorConfig(port=0, demo_phones=False)
            config = replace(
                config,
                zalo=replace(ZaloConfig(), **(zalo or {})),
                telegram=replace(TelegramConfig(), **(telegram or {})),
                email=replace(EmailConfig(), **(email or {})),
                **rest,
            )
            return await stack.enter_async_context(running(config, clock))

        yield begin


@pytest.fixture
async def met(start: Start) -> Any:
    """A simulator whose clock stands still, and a citizen who has just written."""
    running = await start(clock=Clock(speed=0))
    phone = running.simulator.join("zalo", name="Lan")
    running.simulator.zalo.says(phone, "xin chào")
    return running, phone
