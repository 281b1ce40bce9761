"""The door of every page: who asks, may they, and does the form come from us."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from inbox.desk import Desk
from inbox.pages import page, wants_fragment
from inbox.session import Cookies, Session
from storage import operators
from storage.operators import Operator

LARGEST_FORM = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request of a signed-in operator. `form` is empty for a plain look."""

    desk: Desk
    request: Request
    operator: Operator
    session: Session
    form: Mapping[str, str]

    @property
    def base(self) -> str:
        return str(self.request.scope.get("root_path", ""))

    def show(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        return page(self.request, template, status=status, me=self.operator, csrf=self.session.csrf, **values)

    def go(self, path: str) -> RedirectResponse:
        return RedirectResponse(self.base + path, 303)

    def number(self, name: str) -> int:
        """A number of the path."""
        return int(self.request.path_params[name])


Handler: TypeAlias = Callable[[Visit], Awaitable[Response]]
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


class Guard:
    """Wraps the handlers of pages that need a signed-in operator."""

    def __init__(self, desk: Desk, cookies: Cookies) -> None:
        self._desk, self._cookies = desk, cookies

    def __call__(self, handler: Handler, *, admin: bool = False) -> Endpoint:
        """An endpoint that sends strangers to the sign-in page and refuses forms that are not ours.

        With `admin` only administrators get in.
        """

        async def endpoint(request: Request) -> Response:
            session = self._cookies.read(request, self._desk.now())
            operator = await self._operator(session)
            if session is None or operator is None:
                return _to_sign_in(request)
            if admin and not operator.is_admin:
                raise HTTPException(403, "Trang này dành cho quản trị viên.")
            form = await read_form(request, session) if request.method == "POST" else {}
            return await handler(Visit(desk=self._desk, request=request, operator=operator, session=session, form=form))

        return endpoint

    async def _operator(self, session: Session | None) -> Operator | None:
        if session is None or not session.operator:
            return None
        async with self._desk.engine.connect() as connection:
            operator = await operators.find(connection, session.operator)
        if operator is None or not operator.active or operator.session_epoch != session.epoch:
            return None
        return operator


async def read_form(request: Request, session: Session) -> Mapping[str, str]:
    """The fields of a form of ours. Raises `HTTPException` when it is too large or lacks this session's token."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise HTTPException(413, "Nội dung gửi lên quá lớn.")
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise HTTPException(400, "Không đọc được nội dung gửi lên.") from None
    if not hmac.compare_digest(form.get("csrf", "").encode(), session.csrf.encode()):
        raise HTTPException(403, "Biểu mẫu đã hết hiệu lực. Hãy tải lại trang rồi thử lại.")
    return form


def _to_sign_in(request: Request) -> Response:
    if wants_fragment(request):
        return Response(status_code=401)
    base = str(request.scope.get("root_path", ""))
    where = request.url.path.removeprefix(base) if request.method == "GET" else "/"
    query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    return RedirectResponse(f"{base}/sign-in?next={quote(where + query)}", 303)
