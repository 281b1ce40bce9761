"""Who may be written to, when, and what it costs (zalo: windows and money, quotas)."""

from collections import deque
from typing import Any

from simulator.config import ZaloConfig
from simulator.world import Json, Phone, World
from simulator.zalo.errors import ZaloError

FREE_WINDOW = 48 * 3600.0
WINDOW = 7 * 86_400.0
REPLIES_PER_MESSAGE = 8
WELCOME_MESSAGES = 3


class Limits:
    def __init__(self, config: ZaloConfig, world: World) -> None:
        self._config, self._world = config, world
        self._calls: deque[float] = deque()
        self._replies: dict[str, int] = {}
        self._paid_left = config.paid_messages

    def count_call(self) -> int:
        """Calls left in this minute. Raises ZaloError -32."""
        now = self._world.clock.now()
        while self._calls and now - self._calls[0] >= 60:
            self._calls.popleft()
        if len(self._calls) >= self._config.requests_per_minute:
            raise ZaloError(-32)
        self._calls.append(now)
        return self._config.requests_per_minute - len(self._calls)

    def recipient(self, recipient: Any) -> tuple[Phone, Json | None]:
        """The person and what the message is paid from. Raises ZaloError; nothing is used up then."""
        if not isinstance(recipient, dict):
            raise ZaloError(-201, "recipient")
        if message_id := str(recipient.get("message_id") or ""):
            return self._reply(message_id)
        phone = self._world.person("zalo", str(recipient.get("user_id") or ""))
        if phone is None:
            raise ZaloError(-201, "user_id")
        self._reachable(phone)
        return phone, self._pay(phone)

    def _reply(self, message_id: str) -> tuple[Phone, Json]:
        phone = self._world.owner("zalo", message_id)
        bubble = phone.find(message_id) if phone else None
        if phone is None or bubble is None or bubble.sender != "citizen":
            raise ZaloError(-201, "message_id")
        self._reachable(phone)
        if self._world.clock.now() - bubble.at > FREE_WINDOW:
            raise ZaloError(-305)
        used = self._replies.get(message_id, 0)
        if used >= REPLIES_PER_MESSAGE:
            raise ZaloError(-311)
        self._replies[message_id] = used + 1
        return phone, _quota("reply", REPLIES_PER_MESSAGE - used - 1, REPLIES_PER_MESSAGE)

    def reply_quota(self, message_id: str) -> Json:
        used = self._replies.get(message_id, 0)
        return {"type": "reply", "remain": REPLIES_PER_MESSAGE - used, "total": REPLIES_PER_MESSAGE}

    def _reachable(self, phone: Phone) -> None:
        if phone.blocked:
            raise ZaloError(-217)

    def _pay(self, phone: Phone) -> Json | None:
        if phone.last_interaction is None:
            raise ZaloError(-213 if not phone.following else -232)
        age = self._world.clock.now() - phone.last_interaction
        if age > WINDOW:
            raise ZaloError(-230)
        only_followed = phone.following and not any(b.sender == "citizen" for b in phone.bubbles)
        if only_followed:
            return self._welcome(phone)
        cap = self._config.reply_cap
        if age <= FREE_WINDOW and (cap is None or phone.replies_since < cap):
            phone.replies_since += 1
            total = REPLIES_PER_MESSAGE if cap is None else cap
            return _quota("reply", total if cap is None else cap - phone.replies_since, total)
        self._charge()
        return None

    def _welcome(self, phone: Phone) -> Json | None:
        if phone.replies_since >= WELCOME_MESSAGES:
            self._charge()
            return None
        phone.replies_since += 1
        return _quota("welcome_msg", WELCOME_MESSAGES - phone.replies_since, WELCOME_MESSAGES)

    def _charge(self) -> None:
        """A paid message carries no quota in its answer."""
        if self._config.paid_messages < 0:
            raise ZaloError(-320)
        if self._paid_left == 0:
            raise ZaloError(-321)
        self._paid_left -= 1


def _quota(kind: str, remain: int, total: int) -> Json:
    return {"quota_type": kind, "remain": str(remain), "total": str(total)}
