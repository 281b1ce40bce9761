"""Access tokens: OAuth v4 for OA with a refresh token that dies on use. zalo: OAuth v4 for OA, concurrency protocol.

A pair lives in the account's vault. Whoever renews it holds the vault's lock, reads again, and commits the new pair
before anyone uses it; so two processes spend one refresh token once.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from channels.zalo.settings import OAUTH, ZaloSettings
from core.errors import Misconfigured, TryAgain, Unknown
from core.ports import Answer, Http, Vault, VaultDoor

_REAUTH = "Zalo không còn chấp nhận refresh token: quản trị OA phải cấp quyền lại cho ứng dụng"


class GrantDead(Misconfigured):
    """The refresh token is spent or unknown: only an OA admin's consent helps."""


@dataclass(frozen=True, slots=True)
class Pair:
    access: str
    refresh: str
    """Empty when Zalo sent none: the old one stays."""
    seconds: int | None
    """Life of the access token, as told; None when it was not told."""


def code_verifier() -> str:
    """A fresh PKCE verifier: 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def code_challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def authorization_url(
    app_id: str, redirect_uri: str, *, challenge: str = "", state: str = "", base: str = OAUTH
) -> str:
    """The consent page for OA admins. No scope and no response type: Zalo takes neither."""
    query = {"app_id": app_id, "redirect_uri": redirect_uri, "code_challenge": challenge, "state": state}
    return f"{base}/v4/oa/permission?" + urlencode({name: value for name, value in query.items() if value})


def appsecret_proof(access_token: str, app_secret: str) -> str:
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def read_pair(answer: Answer) -> Pair:
    """The token endpoint's answer. Raises `GrantDead`, `Misconfigured` or `TryAgain`; never quotes the body."""
    body = answer.body.strip()
    if answer.status == 200 and not body:
        raise GrantDead(_REAUTH, code="empty")  # What a refresh token that was used before is answered with.
    try:
        values = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        values = None
    if not isinstance(values, dict) or answer.status == 429 or answer.status >= 500:
        raise TryAgain("máy chủ cấp mã của Zalo đang lỗi", code=str(answer.status))
    access = values.get("access_token")
    if isinstance(access, str) and access:
        refresh = values.get("refresh_token")
        return Pair(access, refresh if isinstance(refresh, str) else "", _seconds(values.get("expires_in")))
    code = str(values.get("error", ""))
    if code == "-14014":
        raise GrantDead(_REAUTH, code=code)
    raise Misconfigured(f"Zalo từ chối cấp mã truy cập ({values.get('error_name', '?')})", code=code)


def _seconds(value: object) -> int | None:
    # Documented as a string, seen as a number.
    try:
        return int(float(value)) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


class Tokens:
    """The account's living token pair. Safe to share by all tasks of a process, and beside other processes."""

    def __init__(self, settings: ZaloSettings, *, http: Http, vault: Vault, now: Callable[[], datetime]) -> None:
        self._settings, self._http, self._vault, self._now = settings, http, vault, now
        self._access = ""
        self._renewal: asyncio.Task[str] | None = None
        self._unsaved: tuple[str, Pair] | None = None
        """A pair that Zalo gave us for this refresh token and that the vault could not take yet."""

    async def current(self) -> str:
        """The access token to try. Raises `Misconfigured` when the OA has to be authorised first."""
        if self._access:
            return self._access
        values = await self._vault.read()
        if self._is_new_seed(values):
            async with self._vault.locked() as door:
                values = await self._sow(door)
        if values.get("needs_reauth"):
            raise GrantDead(_REAUTH, code=values["needs_reauth"])
        if access := values.get("access_token", ""):
            self._access = access
            return access
        return await self.renewed(failed="")

    async def renewed(self, failed: str) -> str:
        """A token other than `failed`: another process's newer one, or a new one from Zalo."""
        if self._access and self._access != failed:
            return self._access
        if self._renewal is None or self._renewal.done():
            self._renewal = asyncio.create_task(self._renew(failed))
            self._renewal.add_done_callback(_take_notice)
        # Shielded: a caller that is cancelled after Zalo consumed the refresh token must not lose the new pair.
        return await asyncio.shield(self._renewal)

    async def refresh_if_due(self) -> bool:
        """Renew the pair when it ends soon, or when its end is not known. For a timer, every 30 minutes or so."""
        values = await self._vault.read()
        if self._is_new_seed(values):
            await self.current()
            values = await self._vault.read()
        if values.get("needs_reauth") or not values.get("refresh_token") or not self._is_due(values):
            return False
        self._access = values.get("access_token", "")
        await self.renewed(failed=self._access)
        return True

    async def exchange_code(self, code: str, verifier: str = "") -> None:
        """Turn the consent page's `code` into a pair and keep it; ends `needs_reauth`."""
        verifier = verifier or self._settings.code_verifier
        fields = {"code": code, "app_id": self._settings.app_id, "grant_type": "authorization_code"}
        async with self._vault.locked() as door:
            pair = read_pair(await self._post(fields | ({"code_verifier": verifier} if verifier else {})))
            await self._commit(door, door.values, pair)

    async def _renew(self, failed: str) -> str:
        async with self._vault.locked() as door:
            values = await self._sow(door) if self._is_new_seed(door.values) else door.values
            access, refresh = values.get("access_token", ""), values.get("refresh_token", "")
            self._access = ""
            if values.get("needs_reauth"):
                raise GrantDead(_REAUTH, code=values["needs_reauth"])
            if self._unsaved is not None and self._unsaved[0] == refresh:
                await self._commit(door, values, self._unsaved[1])
                return self._unsaved[1].access
            if access and access != failed:
                self._access = access
                return access
            if not refresh:
                raise Misconfigured("OA chưa được cấp quyền: chưa có refresh token", code="no_refresh_token")
            return await self._spend(door, values)

    async def _spend(self, door: VaultDoor, values: Mapping[str, str]) -> str:
        fields = {
            "refresh_token": values["refresh_token"],
            "app_id": self._settings.app_id,
            "grant_type": "refresh_token",
        }
        try:
            try:
                answer = await self._post(fields)
            except Unknown:
                # Zalo may have consumed it. The same token once more tells: a pair, or the grant is dead.
                answer = await self._post(fields)
            pair = read_pair(answer)
        except Unknown as lost:
            raise TryAgain("máy chủ cấp mã của Zalo không trả lời", code=lost.code) from lost
        except GrantDead as dead:
            await door.write({**values, "needs_reauth": dead.code})
            raise
        # Its refresh token is spent: if the vault fails now, this is the only copy there is.
        self._unsaved = (values["refresh_token"], pair)
        await self._commit(door, values, pair)
        return pair.access

    async def _commit(self, door: VaultDoor, old: Mapping[str, str], pair: Pair) -> None:
        ends = "" if pair.seconds is None else str(int(self._now().timestamp()) + pair.seconds)
        await door.write(
            {
                **old,
                "access_token": pair.access,
                "refresh_token": pair.refresh or old.get("refresh_token", ""),
                "access_expires_at": ends,
                "version": str(int(old.get("version", "0")) + 1),
                "previous_access_token": old.get("access_token", ""),
                "previous_refresh_token": old.get("refresh_token", ""),
                "needs_reauth": "",
                # A pasted pair that was never sown must not replace this newer one later.
                "seeds": self._seeds_with_ours(old),
            }
        )
        self._access = pair.access

    async def _post(self, fields: Mapping[str, Any]) -> Answer:
        headers = {"content-type": "application/x-www-form-urlencoded", "secret_key": self._settings.app_secret}
        return await self._http.post(self._settings.oauth("/v4/oa/access_token"), urlencode(fields).encode(), headers)

    def _is_due(self, values: Mapping[str, str]) -> bool:
        ends = values.get("access_expires_at", "")
        if not ends:
            return True
        return datetime.fromtimestamp(int(ends), UTC) - self._now() < self._settings.refresh_ahead

    def _seed(self) -> str:
        pasted = f"{self._settings.access_token}|{self._settings.refresh_token}"
        return hashlib.sha256(pasted.encode()).hexdigest()[:16] if pasted != "|" else ""

    def _is_new_seed(self, values: Mapping[str, str]) -> bool:
        seed = self._seed()
        return bool(seed) and seed not in values.get("seeds", "").split()

    def _seeds_with_ours(self, values: Mapping[str, str]) -> str:
        known = values.get("seeds", "").split()
        return " ".join([*known, self._seed()] if self._is_new_seed(values) else known)

    async def _sow(self, door: VaultDoor) -> Mapping[str, str]:
        """Take over a pasted pair, once: later starts with the same settings must not bring a spent pair back."""
        if not self._is_new_seed(door.values):
            return door.values
        values = {
            **door.values,
            "access_token": self._settings.access_token,
            "refresh_token": self._settings.refresh_token,
            "access_expires_at": "",
            "needs_reauth": "",
            "seeds": self._seeds_with_ours(door.values),
        }
        await door.write(values)
        return values


def _take_notice(task: asyncio.Task[str]) -> None:
    # When every waiter was cancelled nobody else looks at the outcome.
    if not task.cancelled():
        task.exception()
