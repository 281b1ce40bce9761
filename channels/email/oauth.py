"""Access tokens for mail servers (XOAUTH2): fetched through the `Http` port, shared by processes through the vault."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from channels.email.settings import EmailSettings
from core.errors import Misconfigured, SendError, TryAgain, Unknown
from core.ports import Answer, Http, Vault

EARLY = timedelta(minutes=5)
"""A token that lives no longer than this is renewed before a connection is made with it."""

FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}

# RFC 6749 §5.2: trying again does not help until somebody has signed in or corrected the registration.
HOPELESS = frozenset({
    "invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope",
    "invalid_request",
})  # fmt: skip


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: int | str = 3600
    refresh_token: str = ""


class _Denied(msgspec.Struct):
    error: str = ""


class Tokens:
    """The current access token of one account."""

    def __init__(self, settings: EmailSettings, *, http: Http, vault: Vault, now: Callable[[], datetime]) -> None:
        self._settings, self._http, self._vault, self._now = settings, http, vault, now
        self._value, self._until = "", datetime.min.replace(tzinfo=now().tzinfo)
        given = settings.refresh_token.get_secret_value() or settings.client_secret.get_secret_value()
        self._origin = hashlib.sha256(f"{settings.client_id}|{given}".encode()).hexdigest()[:16]

    async def current(self, *, afresh: bool = False) -> str:
        """A token with more than five minutes to live. `afresh`: the one that we have was refused.

        Raises `Misconfigured` when the grant is dead, `TryAgain` or `Unknown` when the token server is away.
        """
        refused = self._value if afresh else ""
        if self._fresh(self._value, self._until, refused):
            return self._value
        async with self._vault.locked() as door:
            # A stored token that belongs to other settings is somebody's past.
            ours = door.values if door.values.get("oauth_origin") == self._origin else {}
            value, until = ours.get("oauth_token", ""), _instant(ours.get("oauth_until", ""))
            if until is None or not self._fresh(value, until, refused):
                granted = await self._fetch(ours)
                value, until = granted.access_token, self._now() + timedelta(seconds=_seconds(granted.expires_in))
                kept = {"oauth_origin": self._origin, "oauth_token": value, "oauth_until": until.isoformat()}
                if granted.refresh_token or ours.get("oauth_refresh"):
                    kept["oauth_refresh"] = granted.refresh_token or ours["oauth_refresh"]
                others = {key: item for key, item in door.values.items() if not key.startswith("oauth_")}
                await door.write({**others, **kept})
        self._value, self._until = value, until
        return value

    def _fresh(self, value: str, until: datetime, refused: str) -> bool:
        return bool(value) and value != refused and until - self._now() > EARLY

    async def _fetch(self, ours: Mapping[str, str]) -> _Granted:
        settings = self._settings
        form = {"client_id": settings.client_id, "client_secret": settings.client_secret.get_secret_value()}
        if settings.auth == "oauth_refresh_token":
            form["grant_type"] = "refresh_token"
            form["refresh_token"] = ours.get("oauth_refresh", "") or settings.refresh_token.get_secret_value()
        else:
            form["grant_type"] = "client_credentials"
        if settings.scope:
            form["scope"] = settings.scope
        body = urlencode({key: value for key, value in form.items() if value}).encode()
        try:
            answer = await self._http.post(settings.token_url, body, FORM)
        except Unknown as error:
            # To ask twice for a token does no harm.
            raise TryAgain(error.reason, code=error.code) from error
        return _read(answer)


def _read(answer: Answer) -> _Granted:
    try:
        if answer.status == 200:
            return msgspec.json.decode(answer.body, type=_Granted)
        denied = msgspec.json.decode(answer.body, type=_Denied).error
    except (msgspec.MsgspecError, RecursionError):
        denied = ""
    raise _denial(answer.status, denied)


def _denial(status: int, denied: str) -> SendError:
    code = f"{status} {denied}".strip()[:80]
    if denied in HOPELESS:
        return Misconfigured("Quyền truy cập hộp thư đã hết hiệu lực, cần đăng nhập lại", code=code)
    return TryAgain("Máy chủ cấp quyền hộp thư chưa trả lời được", code=code, after=timedelta(minutes=1))


def _seconds(value: int | str) -> int:
    try:
        return max(0, min(int(value), 86_400))
    except ValueError:
        return 3600


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
