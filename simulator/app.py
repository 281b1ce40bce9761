"""The simulator as a web application: each platform below its name, `/control/…`, the demo page at `/`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount

from simulator.config import SimulatorConfig
from simulator.control import Control
from simulator.demo import Demo
from simulator.engine import Simulator

__all__ = ["SimulatorConfig", "create_app", "serve"]


def create_app(config: SimulatorConfig, *, simulator: Simulator | None = None) -> Starlette:
    """The ASGI app; `app.state.simulator` is the Simulator behind it. Deliveries start with the lifespan."""
    simulator = simulator or Simulator(config)
    demo = Demo(simulator)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await simulator.start()
        yield
        await demo.close()
        await simulator.close()

    routes: list[BaseRoute] = [
        Mount("/zalo", simulator.zalo_api),
        Mount("/telegram", simulator.telegram_api),
        Mount("/facebook", simulator.facebook.api),
        *Control(simulator).routes(),
        *simulator.facebook.control.routes(),
        *demo.routes(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.state.simulator = simulator
    return app


def server(config: SimulatorConfig, *, simulator: Simulator | None = None) -> uvicorn.Server:
    """A server that has not started: `await server(config).serve()` inside a running loop."""
    app = create_app(config, simulator=simulator)
    return uvicorn.Server(
        uvicorn.Config(
            app, host=config.host, port=config.port, log_level="warning", access_log=False, timeout_graceful_shutdown=1
        )
    )


def serve(config: SimulatorConfig) -> None:
    """Run until interrupted."""
    server(config).run()
