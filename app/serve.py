"""Run the gateway in this process until it is told to stop."""

import asyncio
import gc
import hashlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http import create_app
from app.logs import configure
from app.settings import Settings
from app.wiring import House, build, keep_database
from pipeline.gateway import Roles


class Server(uvicorn.Server):
    """A server among others: who runs them hears the signals for all. `up` is set once it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: ASGIApp, host: str, port: int) -> Server:
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=5,
            timeout_keep_alive=75,
            backlog=4096,
        )
    )


def serve(settings: Settings, roles: Roles) -> None:
    """Blocks. Raises `SettingsError` and what the database says before anything listens."""
    configure()
    house = build(settings, roles=roles)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run(house))
    finally:
        if house.database is not None:
            house.database.stop()


async def run(house: House, others: Sequence[Server] = (), *, started: Callable[[], object] | None = None) -> None:
    """Serve a built house on its address, beside `others`, until SIGTERM or SIGINT; then everything stops in order."""
    host, _, port = house.settings.listen.rpartition(":")
    ours = server(create_app(house, web=house.gateway.roles.web, inbox=StaffPages(house)), host, int(port))
    servers = [*others, ours]
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, servers)
    keeper = asyncio.create_task(keep_database(house.database)) if house.database is not None else None
    # What was built at start lives as long as the program: the collector need not look at it each time.
    gc.collect()
    gc.freeze()
    # A message makes thousands of short-lived values and hardly a cycle: looking for cycles costs and finds little.
    gc.set_threshold(50_000, 20, 20)
    running = [asyncio.create_task(one.serve()) for one in servers]
    if started is not None:
        up: asyncio.Future[Any] = asyncio.gather(*(one.up.wait() for one in servers))
        waiting: list[asyncio.Future[Any]] = [up, *running]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if all(one.started for one in servers):
            started()
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    _stop(servers)
    await asyncio.gather(*running)
    if keeper is not None:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
    await asyncio.gather(*done)


class StaffPages:
    """The inbox, loaded when the first person looks: it brings a database toolkit of 25 MB and half a second."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._app: ASGIApp | None = None
        self._loading = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._loading:
            if self._app is None:
                self._app = await asyncio.to_thread(self._load)
        await self._app(scope, receive, send)

    def _load(self) -> ASGIApp:
        import inbox
        from storage.database import engine

        house = self._house
        return inbox.create_app(
            inbox.Desk(
                gateway=house.gateway,
                engine=engine(house.url),
                seal=house.seal,
                accounts=house.gateway.accounts,
                secret=hashlib.sha256(house.seal.index("inbox cookies")).digest(),
                now=house.gateway.now,
                blobs=house.blobs,
                secure=house.settings.public_url.startswith("https://"),
                frame_ancestors=tuple(house.settings.frame_ancestors),
            )
        )


def _stop(servers: Sequence[Server]) -> None:
    for one in servers:
        one.should_exit = True
