"""The action server for a Rasa assistant (extra `rasa`): rasa-sdk's executor behind our own web server.

Contract: `POST /webhook`, `GET /actions`, `GET /health` as rasa-sdk 3.21 serves them, with one difference: an error is
answered without the request, which holds personal data.
"""

import zlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
import structlog
from rasa_sdk.executor import ActionExecutor  # type: ignore[import-untyped]  # rasa-sdk has no type information
from rasa_sdk.interfaces import (  # type: ignore[import-untyped]
    ActionExecutionRejection,
    ActionMissingDomainException,
    ActionNotFoundException,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dialog.rasa_actions import validator
from regulations.model import Profile

log = structlog.get_logger()

LARGEST_CALL = 4 * 1024 * 1024
"""A call carries the whole conversation; more than this is refused, before and after it is inflated."""

REFUSALS = {ActionExecutionRejection: 400, ActionNotFoundException: 404, ActionMissingDomainException: 449}


def create_app(profile: Profile, *, now: Callable[[], datetime]) -> Starlette:
    """The action server of one province."""
    executor = ActionExecutor()
    executor.register_action(validator(profile, now))

    async def webhook(request: Request) -> Response:
        try:
            call = msgspec.json.decode(_inflated(await request.body(), request.headers.get("content-encoding", "")))
        except (ValueError, zlib.error):
            return JSONResponse({"error": "Invalid body request"}, status_code=400)
        if not isinstance(call, dict):
            return JSONResponse({"error": "Invalid body request"}, status_code=400)
        try:
            result = await executor.run(call)
        except tuple(REFUSALS) as refusal:
            body = {"error": refusal.message, "action_name": refusal.action_name}
            return JSONResponse(body, status_code=REFUSALS[type(refusal)])
        except Exception as error:
            log.error("rasa.action_failed", error=type(error).__name__)
            return JSONResponse({"error": type(error).__name__}, status_code=500)
        return JSONResponse(result.model_dump() if result else None)

    async def actions(request: Request) -> Response:
        return JSONResponse([action.model_dump() for action in executor.list_actions()])

    async def health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    return Starlette(
        routes=[Route("/webhook", webhook, methods=["POST"]), Route("/actions", actions), Route("/health", health)]
    )


def _inflated(body: bytes, encoding: str) -> bytes:
    """Raises `ValueError` for more than is taken, `zlib.error` for what is not deflated."""
    if encoding == "deflate":
        inflating: Any = zlib.decompressobj()
        body = inflating.decompress(body, LARGEST_CALL + 1)
    if len(body) > LARGEST_CALL:
        raise ValueError("the call is too large")
    return body
