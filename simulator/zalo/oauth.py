"""Tokens of one Official Account: 25 hours for access, one single use for refresh (zalo: token endpoint)."""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from simulator.config import ZaloConfig
from simulator.world import Json, World
from simulator.zalo.errors import ZaloError

ACCESS_LIFE = 90_000.0
REFRESH_LIFE = 90 * 86_400.0
CODE_LIFE = 600.0

ERROR_NAMES: Mapping[int, str] = {
    -14002: "Invalid appId",
    -14003: "Invalid redirect uri",
    -14014: "Invalid refresh token",
    -14024: "Invalid secret key",
    -14012: "Invalid authorization code",
}


class OAuthError(Exception):
    """Answered with HTTP 200 and this body."""

    def __init__(self, code: int) -> None:
        super().__init__(ERROR_NAMES[code])
        self.body: Json = {"error": code, "error_name": ERROR_NAMES[code], "error_description": ERROR_NAMES[code]}


class Consumed(Exception):
    """A refresh token was used a second time."""


class Tokens:
    """The grant of one app for one OA. Survives a restart of the simulator through the world's state."""

    def __init__(self, config: ZaloConfig, world: World) -> None:
        self._config, self._world = config, world
        self._codes: dict[str, tuple[float, str]] = {}
        state = world.state.get("zalo.tokens")
        self._state: Json = state or self._pair(config.access_token, config.refresh_token) | {"used": [], "turn": 0}

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises ZaloError -216, -220 or -242."""
        token = headers.get("access_token", "")
        if not token or (token != self._state["access"] and token not in self._state["used"]):
            raise ZaloError(-216)
        if token in self._state["used"] or self._world.clock.now() >= self._state["access_until"]:
            raise ZaloError(-220)
        proof = headers.get("appsecret_proof")
        good = hmac.new(self._config.app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if proof is not None and not hmac.compare_digest(proof.encode(), good.encode()):
            raise ZaloError(-242)

    def authorize(self, app_id: str, challenge: str) -> str:
        """A new authorization code, good once for 10 minutes. Raises OAuthError."""
        if app_id != self._config.app_id:
            raise OAuthError(-14002)
        code = self._opaque("code")
        self._codes[code] = (self._world.clock.now() + CODE_LIFE, challenge)
        return code

    def grant(self, form: Mapping[str, str], secret: str) -> Json:
        """The token endpoint. Raises OAuthError, or Consumed for a refresh token that was already used."""
        if form.get("app_id") != self._config.app_id:
            raise OAuthError(-14002)
        if not hmac.compare_digest(secret.encode(), self._config.app_secret.encode()):
            raise OAuthError(-14024)
        match form.get("grant_type"):
            case "authorization_code":
                self._spend_code(form.get("code", ""), form.get("code_verifier", ""))
            case "refresh_token":
                self._spend_refresh(form.get("refresh_token", ""))
            case _:
                raise OAuthError(-14012)
        return self._issue()

    def revoke(self) -> None:
        """The OA took its consent back: both tokens are dead."""
        self._state |= {"access": "", "refresh": "", "used": []}
        self._world.remember("zalo.tokens", self._state)

    def expire(self) -> None:
        """End the access token's life now."""
        self._state["access_until"] = self._world.clock.now()
        self._world.remember("zalo.tokens", self._state)

    def _spend_code(self, code: str, verifier: str) -> None:
        until, challenge = self._codes.pop(code, (0.0, ""))
        if self._world.clock.now() >= until:
            raise OAuthError(-14012)
        if challenge:
            digest = hashlib.sha256(verifier.encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
                raise OAuthError(-14012)

    def _spend_refresh(self, token: str) -> None:
        if token and token in self._state["used"]:
            if self._config.reused_refresh_token == "empty":  # noqa: S105 - a mode, not a secret
                raise Consumed
            raise OAuthError(-14014)
        if not token or token != self._state["refresh"] or self._world.clock.now() >= self._state["refresh_until"]:
            raise OAuthError(-14014)

    def _issue(self) -> Json:
        used = [*self._state["used"], self._state["access"], self._state["refresh"]]
        turn = self._state["turn"] + 1
        self._state = self._pair(self._opaque(f"access{turn}"), self._opaque(f"refresh{turn}"))
        self._state |= {"used": [token for token in used if token], "turn": turn}
        self._world.remember("zalo.tokens", self._state)
        return {
            "access_token": self._state["access"],
            "refresh_token": self._state["refresh"],
            "expires_in": str(int(ACCESS_LIFE)),
        }

    def _pair(self, access: str, refresh: str) -> Json:
        now = self._world.clock.now()
        return {
            "access": access,
            "refresh": refresh,
            "access_until": now + ACCESS_LIFE,
            "refresh_until": now + REFRESH_LIFE,
        }

    def _opaque(self, what: str) -> str:
        digest = hashlib.sha512(f"{self._config.app_secret}:{what}:{self._world.next_seq()}".encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
