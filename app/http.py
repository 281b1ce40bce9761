"""What the gateway answers over HTTP: webhooks, the store's pushes, citizens' files for the store, health, metrics."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl

import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app import metrics
from app.wiring import House
from core.ports import Answer, Knock
from pipeline.erasure import Erasures
from pipeline.receive import LARGEST_BODY, Reception

WEBHOOKS = "/webhooks/"
DELETION = "deletion"
"""Below an account's webhook: where its platform passes on that somebody wants their data erased."""


def create_app(
    house: House,
    *,
    web: bool = True,
    inbox: ASGIApp | None = None,
    lifespan: Callable[[], Awaitable[None]] | None = None,
) -> ASGIApp:
    """The whole web side; without `web` only health and figures.

    Starting the app starts the gateway, stopping it stops the gateway in good order.
    """
    gateway = house.gateway

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
            if account.greets is not None and (answer := account.greets.greet(knock)) is not None:
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

    async def deletion(request: Request) -> Response:
        from app.deletion import page

        return page(await gateway.erasures.state(request.path_params["code"]))

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

    routes: list[BaseRoute] = [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", figures)]
    if not web:
        return Starlette(routes=routes, lifespan=living)
    routes += [Route("/store/updates", store_push, methods=["POST"]), Route("/media/{blob}", media)]
    if inbox is not None:
        routes.append(Mount("/inbox", inbox))
    routes += [Route("/deletion/{code}", deletion), Route("/", domain_file), Route("/{name}.html", domain_file)]
    return Front(Starlette(routes=routes, lifespan=living), gateway.reception, gateway.erasures)


class Front:
    """Webhooks are answered before any framework looks at them: they are nearly all the traffic there is."""

    def __init__(self, rest: ASGIApp, reception: Reception, erasures: Erasures) -> None:
        self._rest, self._reception, self._erasures = rest, reception, erasures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(WEBHOOKS):
            await self._rest(scope, receive, send)
            return
        channel, _, account = scope["path"].removeprefix(WEBHOOKS).partition("/")
        body = await _read(receive, LARGEST_BODY)
        if body is None:
            self._reception.counts[channel, "too_large"] += 1
            answer = Answer(413)
        else:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            knock = Knock(method=scope["method"], path=scope["path"], query=query, headers=headers, body=body)
            account, _, what = account.partition("/")
            if not what:
                answer = await self._reception.knock(channel, account, knock)
            elif what == DELETION:
                answer = await self._erasures.knock(channel, account, knock)
            else:
                answer = Answer(404)
        lines = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        lines.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": lines})
        await send({"type": "http.response.body", "body": answer.body})


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body, or None when it is larger than `limit`; the rest is read and thrown away, never kept."""
    message = await receive()
    body: bytes = message.get("body", b"")
    size = len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        body = body + part if size <= limit else b""
    return body if size <= limit else None


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
