"""What the gateway answers over HTTP: webhooks, the store's pushes, citizens' files for the store, health, metrics."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from app import metrics
from app.wiring import House
from core.ports import Answer, Greets, Knock
from pipeline.receive import LARGEST_BODY


def create_app(
    house: House, *, inbox: ASGIApp | None = None, lifespan: Callable[[], Awaitable[None]] | None = None
) -> Starlette:
    """The whole web side. Starting the app starts the gateway, stopping it stops the gateway in good order."""
    gateway = house.gateway

    async def webhook(request: Request) -> Response:
        body = await _body(request, LARGEST_BODY)
        if body is None:
            gateway.reception.counts[request.path_params["channel"], "too_large"] += 1
            return Response(status_code=413)
        knock = Knock(
            method=request.method,
            path=request.url.path,
            query=request.query_params,
            headers=request.headers,
            body=body,
        )
        answer = await gateway.reception.knock(request.path_params["channel"], request.path_params["account"], knock)
        return _response(answer)

    async def store_push(request: Request) -> Response:
        body = await _body(request, LARGEST_BODY)
        if body is None:
            return Response(status_code=413)
        return _response(await gateway.news.push(body, request.headers))

    async def media(request: Request) -> Response:
        blob = request.path_params["blob"]
        query = request.query_params
        if not house.links.check(blob, query.get("until", ""), query.get("sign", "")):
            return Response(status_code=403)
        try:
            body = await house.blobs.get(blob)
        except KeyError:
            return Response(status_code=404)
        headers = {"x-content-type-options": "nosniff", "content-disposition": "attachment"}
        return Response(body, media_type="application/octet-stream", headers=headers)

    async def domain_file(request: Request) -> Response:
        """A platform's check that the domain is ours: whichever account knows the path answers."""
        knock = Knock(method="GET", path=request.url.path, query={}, headers=request.headers, body=b"")
        for account in gateway.accounts.all():
            if isinstance(account.channel, Greets) and (answer := account.channel.greet(knock)) is not None:
                return _response(answer)
        return Response(status_code=404)

    async def alive(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def ready(request: Request) -> Response:
        """Whether messages can be stored: a load balancer sends them elsewhere meanwhile."""
        problems = {}
        if not gateway.writer.connected.is_set():
            problems["database"] = "away"
        else:
            try:
                async with gateway.pool.connection(timeout=2) as connection:
                    await connection.execute("select 1")
            except psycopg.Error:
                problems["database"] = "away"
        if gateway.spool.size:
            problems["spool"] = f"{gateway.spool.size} deliveries wait"
        return JSONResponse(problems or {"status": "ready"}, status_code=503 if problems else 200)

    async def figures(request: Request) -> Response:
        return Response(await metrics.render(house), media_type="text/plain; version=0.0.4")

    @asynccontextmanager
    async def living(app: Starlette) -> AsyncIterator[Mapping[str, object]]:
        await house.start()
        if lifespan is not None:
            await lifespan()
        try:
            yield {}
        finally:
            await house.stop()

    routes: list[BaseRoute] = [
        Route("/webhooks/{channel}/{account}", webhook, methods=["GET", "POST"]),
        Route("/store/updates", store_push, methods=["POST"]),
        Route("/media/{blob}", media),
        Route("/healthz", alive),
        Route("/readyz", ready),
        Route("/metrics", figures),
    ]
    if inbox is not None:
        routes.append(Mount("/inbox", inbox))
    routes += [Route("/", domain_file), Route("/{name}.html", domain_file)]
    return Starlette(routes=routes, lifespan=living)


async def _body(request: Request, limit: int) -> bytes | None:
    """The body, or None as soon as it is larger than `limit`."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > limit:
        return None
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        parts.append(chunk)
    return b"".join(parts)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, headers=dict(answer.headers))
