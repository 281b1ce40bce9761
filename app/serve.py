"""Run the gateway in this process until it is told to stop."""

import asyncio
import gc
import os
from contextlib import suppress

import uvicorn

import inbox
from app.http import create_app
from app.logs import configure
from app.settings import Settings
from app.wiring import House, build, keep_database
from pipeline.gateway import Roles


def serve(settings: Settings, roles: Roles) -> None:
    """Blocks. Raises `SettingsError` and what the database says before anything listens."""
    configure()
    house = build(settings, roles=roles)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(run(house))
    finally:
        if house.database is not None:
            house.database.stop()


async def run(house: House) -> None:
    """Serve a built house on its address until SIGTERM or SIGINT."""
    host, _, port = house.settings.listen.rpartition(":")
    keeper = asyncio.create_task(keep_database(house.database)) if house.database is not None else None
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(house, inbox=inbox.create_app(desk(house))),
            host=host,
            port=int(port),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            limit_concurrency=5000,
            backlog=4096,
        )
    )
    # What was built at start lives as long as the program: the collector need not look at it each time.
    gc.collect()
    gc.freeze()
    await server.serve()
    if keeper is not None:
        keeper.cancel()
        with suppress(asyncio.CancelledError):
            await keeper


def desk(house: House) -> inbox.Desk:
    """What the staff pages work with."""
    return inbox.Desk.of(house)


def _loop_factory() -> "type[asyncio.AbstractEventLoop] | None":
    if os.name == "nt":
        return None
    import uvloop

    return uvloop.Loop
