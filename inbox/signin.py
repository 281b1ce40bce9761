"""Signing in and out."""

import asyncio
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox import words
from inbox.desk import Desk
from inbox.guard import Visit, read_form
from inbox.pages import page
from inbox.session import Cookies, new_session
from inbox.throttle import Throttle
from storage import journal, operators
from storage.journal import Act
from storage.operators import Operator

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng."


class SignIn:
    def __init__(self, desk: Desk, cookies: Cookies) -> None:
        self._desk, self._cookies = desk, cookies
        self._by_name = Throttle()
        # Behind a proxy a whole office has one address.
        self._by_address = Throttle(limit=100)

    async def __call__(self, request: Request) -> Response:
        if request.method != "POST":
            return self._form(request)
        session = self._cookies.read(request, self._desk.now())
        if session is None:
            return self._form(request, "Phiên đã hết hạn, xin nhập lại.", status=400)
        form = await read_form(request, session)
        return await self._try(request, form)

    async def sign_out(self, visit: Visit) -> Response:
        async with self._desk.engine.begin() as connection:
            await journal.write(connection, operator=visit.operator.name, act=Act.SIGNED_OUT, at=self._desk.now())
        response = visit.go("/sign-in")
        self._cookies.forget(visit.request, response)
        return response

    def _form(
        self, request: Request, problem: str = "", *, status: int = 200, form: Mapping[str, str] | None = None
    ) -> Response:
        session = self._cookies.read(request, self._desk.now()) or new_session(self._desk.now())
        typed = form or request.query_params
        response = page(
            request,
            "sign_in.html",
            status=status,
            problem=problem,
            csrf=session.csrf,
            where=_inside(typed.get("next", "")),
            name=form.get("name", "") if form else "",
        )
        self._cookies.write(request, response, session)
        return response

    async def _try(self, request: Request, form: Mapping[str, str]) -> Response:
        now, name = self._desk.now(), form.get("name", "").strip()
        address = request.client.host if request.client else ""
        wait = max(self._by_name.wait(name, now), self._by_address.wait(address, now))
        if wait:
            said = f"Đã nhập sai nhiều lần. Hãy thử lại sau {words.duration(wait)}."
            return self._form(request, said, status=429, form=form)
        operator = await self._verify(name, form.get("password", ""))
        if operator is None:
            self._by_name.failed(name, now)
            self._by_address.failed(address, now)
            return self._form(request, WRONG, status=401, form=form)
        self._by_name.succeeded(name)
        response = RedirectResponse(request.scope.get("root_path", "") + _inside(form.get("next", "")), 303)
        # A fresh session, so that a cookie planted before the sign-in is worth nothing afterwards.
        self._cookies.write(request, response, new_session(now, operator=operator.name, epoch=operator.session_epoch))
        return response

    async def _verify(self, name: str, password: str) -> Operator | None:
        """The operator if the password is right; either way it is written down for names that exist."""
        async with self._desk.engine.connect() as connection:
            operator = await operators.find(connection, name)
        right = await asyncio.to_thread(operators.matches, operator, password)
        if operator is None:
            return None
        act = Act.SIGNED_IN if right else Act.SIGN_IN_FAILED
        async with self._desk.engine.begin() as connection:
            await journal.write(connection, operator=operator.name, act=act, at=self._desk.now())
        return operator if right else None


def _inside(where: str) -> str:
    """A path within the staff page; anything that could lead elsewhere becomes its first page."""
    return where if where.startswith("/") and not where.startswith(("//", "/\\")) else "/"
