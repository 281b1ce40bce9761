"""Who is signed in: a signed cookie, checked against the operator's row on every request."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "tiepnhan_inbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What the cookie says. `operator` is empty before sign-in: the sign-in form too carries a token."""

    operator: str
    epoch: int
    csrf: str
    since: float
    """Epoch seconds of the sign-in."""


def new_session(now: datetime, *, operator: str = "", epoch: int = 0) -> Session:
    return Session(operator=operator, epoch=epoch, csrf=secrets.token_urlsafe(18), since=now.timestamp())


class Cookies:
    """Reads and writes the session cookie of one site."""

    def __init__(self, secret: bytes, life: timedelta, *, secure: bool = False) -> None:
        """`secure`: browsers send the cookie over TLS only. Raises `ValueError` for a secret that can be guessed."""
        if len(secret) < 16:
            raise ValueError("the secret of the staff page must have at least 16 bytes")
        self._signer, self._life = URLSafeSerializer(secret, salt="tiepnhan inbox"), life
        self._secure = secure

    def read(self, request: Request, now: datetime) -> Session | None:
        """The session of this request, or None when there is none, it was changed, or it is too old."""
        raw = request.cookies.get(COOKIE)
        if not raw:
            return None
        try:
            operator, epoch, csrf, since = self._signer.loads(raw)
            session = Session(operator=str(operator), epoch=int(epoch), csrf=str(csrf), since=float(since))
        except (BadSignature, ValueError, TypeError):
            return None
        return session if 0 <= now.timestamp() - session.since < self._life.total_seconds() else None

    def write(self, request: Request, response: Response, session: Session) -> None:
        value = self._signer.dumps([session.operator, session.epoch, session.csrf, session.since])
        response.set_cookie(
            COOKIE,
            value if isinstance(value, str) else value.decode(),
            path=_path(request),
            httponly=True,
            samesite="lax",
            secure=self._secure or request.url.scheme == "https",
            max_age=int(self._life.total_seconds()),
        )

    @staticmethod
    def forget(request: Request, response: Response) -> None:
        response.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="lax")


def _path(request: Request) -> str:
    return str(request.scope.get("root_path") or "/")
