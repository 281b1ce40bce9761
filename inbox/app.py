"""The staff page as one Starlette application, mounted by the program at /inbox."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox import conversation, erasing, releasing
from inbox.desk import Desk
from inbox.guard import Guard, Handler
from inbox.lists import show_list
from inbox.media import show_file
from inbox.original import Originals
from inbox.pages import FOLDER, page
from inbox.session import Cookies
from inbox.signin import SignIn
from inbox.status import show_status
from pipeline.items import Overloaded, StorageAway

PAGES: Sequence[tuple[str, Handler, bool]] = (
    ("/", show_list, False),
    ("/c/{id:int}", conversation.show, False),
    ("/media/{id:int}/{seq:int}/{n:int}", show_file, False),
    ("/status", show_status, True),
    ("/c/{id:int}/erase", erasing.confirm, True),
    ("/c/{id:int}/release", releasing.confirm, True),
)
"""Path, handler, whether only administrators may look."""

FORMS: Sequence[tuple[str, Handler]] = (
    ("/c/{id:int}/reply", conversation.reply),
    ("/c/{id:int}/take-over", conversation.take_over),
    ("/c/{id:int}/give-back", conversation.give_back),
    ("/c/{id:int}/reveal", conversation.reveal),
    ("/c/{id:int}/trouble-seen", conversation.trouble_seen),
    ("/c/{id:int}/erase", erasing.erase),
    ("/c/{id:int}/release", releasing.release),
    ("/alarms/seen", erasing.alarm_seen),
)


def create_app(desk: Desk) -> Starlette:
    """All pages of the staff page. Raises `ValueError` when `desk.secret` is too short."""
    cookies = Cookies(desk.secret, desk.session_life, secure=desk.secure)
    guard, sign_in, originals = Guard(desk, cookies), SignIn(desk, cookies), Originals(desk)
    file = guard(originals.file)
    app = Starlette(
        routes=[
            Route("/sign-in", bare(sign_in), methods=["GET", "POST"]),
            Route("/sign-out", guard(sign_in.sign_out), methods=["POST"]),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
            Route("/c/{id:int}/original/{seq:int}", guard(originals.show), methods=["GET"]),
            Route("/c/{id:int}/original/{seq:int}/file/{index:int}", file, methods=["GET", "POST"]),
            Route("/original/{signed}", bare(originals.part), methods=["GET"]),
            *(Route(path, guard(handler, admin=admin), methods=["GET"]) for path, handler, admin in PAGES),
            *(Route(path, guard(handler), methods=["POST"]) for path, handler in FORMS),
        ],
        exception_handlers={
            HTTPException: _refused,
            StorageAway: _away,
            Overloaded: _away,
            OperationalError: _away,
        },
    )
    app.add_middleware(SafeHeaders, frame_ancestors=desk.frame_ancestors)
    return app


def bare(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """A page without the guard, as a function: methods and callable objects are taken for applications."""

    async def endpoint(request: Request) -> Response:
        return await handler(request)

    return endpoint


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) and status != 405 else "Không mở được trang này."
    if status == 404 and said == "Not Found":
        said = "Không có trang này."
    return page(request, "error.html", status=status, said=said)


async def _away(request: Request, error: Exception) -> Response:
    said = "Cơ sở dữ liệu tạm thời không trả lời; thao tác vừa rồi chưa được ghi. Hãy quay lại và thử lần nữa."
    return page(request, "error.html", status=503, said=said)


class SafeHeaders:
    """Headers that every answer carries, unless it brings its own.

    `frame_ancestors` are the origins that may embed the page.
    """

    def __init__(self, app: ASGIApp, frame_ancestors: Sequence[str] = ()) -> None:
        self._app = app
        ancestors = " ".join(frame_ancestors) or "'none'"
        self._headers = {
            "content-security-policy": (
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self';"
                " frame-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "
                + ancestors
            ),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-opener-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }
        if not frame_ancestors:
            # The older header knows no list of origins: it is only sent when nobody may embed the page.
            self._headers["x-frame-options"] = "DENY"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)
