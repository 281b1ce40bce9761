"""Routes, background work, and the ways to start the store."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from case_store import geo, geo_post, officer
from case_store.acts import sweep
from case_store.database import migrate
from case_store.desk import Desk
from case_store.errors import Problem, Rejected
from case_store.settings import CaseStoreSettings

_log = logging.getLogger("case_store")

GEO_ROUTES = [
    Route("/discovery.{fmt}", geo.discovery),
    Route("/services.{fmt}", geo.services),
    Route("/services/{code}.{fmt}", geo.definition),
    # Some old clients ask in the singular.
    Route("/service/{code}.{fmt}", geo.definition),
    Route("/requests.{fmt}", geo.requests, methods=["GET"]),
    Route("/requests.{fmt}", geo_post.create, methods=["POST"]),
    Route("/requests/{code}.{fmt}", geo.one_request),
    Route("/tokens/{token}.{fmt}", geo.token),
    Route("/servicerequestupdates.{fmt}", geo.updates_feed, methods=["GET"]),
    Route("/servicerequestupdates.{fmt}", geo_post.create_update, methods=["POST"]),
    Route("/media/{sha256}", geo.media),
]
OFFICER_ROUTES = [
    Route("/", officer.page),
    Route("/rows", officer.rows),
    Route("/stream", officer.stream),
    Route("/cases", officer.list_cases),
    Route("/cases/{code}", officer.one_case),
    Route("/cases/{code}/play", officer.play_case, methods=["POST"]),
    Route("/faults", officer.set_faults, methods=["PUT"]),
]


def create_app(settings: CaseStoreSettings) -> Starlette:
    """The store as an ASGI application. Its tables are made when it starts.

    Raises `ProfileError` for a profile that does not add up.
    """
    desk = Desk(settings)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(migrate, settings.database_url)
        tasks = [asyncio.create_task(_sweep_for_ever(desk))]
        if desk.pushes:
            tasks.append(asyncio.create_task(desk.pusher.run()))
        yield
        desk.changes.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await desk.engine.dispose()

    app = Starlette(
        routes=[
            Mount("/open311/v2", routes=GEO_ROUTES),
            Route("/officer", officer.page),
            Mount("/officer", routes=OFFICER_ROUTES),
            Route("/healthz", healthy),
        ],
        lifespan=life,
        exception_handlers={Rejected: on_rejected, HTTPException: on_http_error, Exception: on_failure},
    )
    app.state.desk = desk
    return app


async def healthy(_: Request) -> Response:
    return Response("ok")


async def on_rejected(request: Request, error: Exception) -> Response:
    if not isinstance(error, Rejected):
        raise error
    return geo.render_rejected(_format(request), error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """An address or a method that does not exist, in the structure of the standard."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = "Không tìm thấy địa chỉ này." if status == 404 else "Yêu cầu không hợp lệ."
    return geo.render_rejected(_format(request), Rejected(404 if status == 404 else 400, Problem(str(status), words)))


async def on_failure(request: Request, error: Exception) -> Response:
    _log.error("request failed", exc_info=error)
    return geo.render_rejected(
        _format(request), Rejected(500, Problem("500", "Hệ thống gặp lỗi, vui lòng thử lại sau."))
    )


def _format(request: Request) -> str:
    return "xml" if request.url.path.endswith(".xml") else "json"


async def _sweep_for_ever(desk: Desk) -> None:
    while True:
        await asyncio.sleep(desk.settings.sweep_seconds)
        try:
            await sweep_once(desk)
        except Exception:
            # The database may be away for a while; limits do not run away.
            _log.exception("sweep failed")


async def sweep_once(desk: Desk) -> list[str]:
    """Mark what has run out; the codes of cases that became late."""
    async with desk.transaction() as connection:
        late = await sweep(connection, desk.profiles, now=desk.settings.now(), push=desk.pushes)
    if late:
        desk.changed()
    return late


def make_server(settings: CaseStoreSettings) -> uvicorn.Server:
    """A server that has not been started; `await server.serve()` inside a running loop, or give it a thread."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def serve(settings: CaseStoreSettings) -> None:
    """Serve until the process is asked to stop. Blocks."""
    make_server(settings).run()
