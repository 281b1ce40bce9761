"""Trouble on order: which call or delivery goes wrong, how, and how often. The same seed gives the same trouble."""

import asyncio
import random
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

# What an API call can suffer, and what a webhook delivery can suffer.
API_FAULTS = frozenset({"status", "error", "hang", "accept_then_hang", "drop", "accept_then_drop", "delay", "bounce"})
LONG = 120.0  # real seconds of silence when a rule names none
WEBHOOK_FAULTS = frozenset({"twice", "shuffle", "lose", "delay"})
FACEBOOK_WEBHOOK_FAULTS = WEBHOOK_FAULTS | {"batch", "seconds"}


@dataclass(slots=True, kw_only=True)
class Fault:
    """
    One rule. `where` is "api" or "webhook"; `method` a method, a path or event name, or "*".

    status            answer this HTTP status (Telegram shape for 429 with `retry_after`; HTML when `body` is given)
    error             Zalo: answer 200 with this error code; Facebook: Graph's body with this code (and `subcode`)
    hang, drop        before anything was done: answer nothing for `seconds`, or cut the connection
    accept_then_hang  do it, then answer nothing: the caller cannot know (`accept_then_drop` alike)
    delay             answer after `seconds`
    twice, shuffle, lose   webhook: deliver again, hold back behind a later one, count as unreachable; of a mail
                      `copies` come, and a lost one has been put off by the receiving server
    batch, seconds    Facebook's webhook: send together with the next ones; timestamps as text in seconds
    bounce            mail: accept it, and send a delivery report back
    """

    id: int
    platform: str
    action: str
    where: str = "api"
    method: str = "*"
    status: int = 500
    error: int = -200
    subcode: int = 0
    body: str = ""
    seconds: float = 0.0
    retry_after: int = 1
    copies: int = 1  # of a mail, within `seconds`
    times: int | None = None  # how often at most; None: until removed
    every: int = 1  # only each n-th match
    probability: float = 1.0
    matched: int = field(default=0)
    struck: int = field(default=0)


class FaultPlan:
    """The rules in force."""

    def __init__(self, seed: int = 0) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._rules: dict[int, Fault] = {}
        self._count = 0

    def add(self, **rule: Any) -> Fault:
        """Raises ValueError on a rule that could never strike."""
        self._count += 1
        fault = Fault(id=self._count, **rule)
        webhook = FACEBOOK_WEBHOOK_FAULTS if fault.platform == "facebook" else WEBHOOK_FAULTS
        known = API_FAULTS if fault.where == "api" else webhook
        if fault.where not in {"api", "webhook"} or fault.action not in known:
            raise ValueError(f"no fault {fault.action!r} for {fault.where!r}; known: {', '.join(sorted(known))}")
        self._rules[fault.id] = fault
        return fault

    def dice(self) -> float:
        """A number from 0 to 1."""
        return self._dice.random()

    def clear(self) -> None:
        self._rules.clear()

    def listed(self) -> list[dict[str, Any]]:
        return [asdict(rule) for rule in self._rules.values()]

    def strike(self, platform: str, where: str, method: str) -> Fault | None:
        """The first rule that hits this call, counted."""
        for rule in self._rules.values():
            if rule.where != where or rule.platform not in {platform, "*"} or rule.method not in {method, "*"}:
                continue
            if rule.times is not None and rule.struck >= rule.times:
                continue
            rule.matched += 1
            if rule.matched % rule.every == 0 and (rule.probability >= 1 or self._dice.random() < rule.probability):
                rule.struck += 1
                return rule
        return None


class Cut:
    """An answer that promises a body and closes the connection instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


async def until_gone(receive: Receive, seconds: float) -> None:
    """Answer nothing for `seconds` (real time), or until the caller hangs up."""

    async def hung_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            continue

    try:
        await asyncio.wait_for(hung_up(), seconds)
    except TimeoutError:
        return


async def before(fault: Fault, receive: Receive) -> bool:
    """Trouble that strikes before anything is done. True: nothing will be, cut the connection."""
    if fault.action == "delay":
        await asyncio.sleep(fault.seconds)
    if fault.action == "hang":
        await until_gone(receive, fault.seconds or LONG)
    return fault.action in {"hang", "drop"}


async def after(fault: Fault, receive: Receive) -> bool:
    """Trouble that strikes when all is done. True: the answer is lost, cut the connection."""
    if fault.action == "accept_then_hang":
        await until_gone(receive, fault.seconds or LONG)
    return fault.action in {"accept_then_hang", "accept_then_drop"}
