"""How much an app may ask: usage headers, and the errors when it was too much (facebook: rate limits)."""

import json
from collections import deque

from simulator.config import FacebookConfig
from simulator.facebook.errors import known
from simulator.world import World

DAY = 86_400.0
PROFILE_SPAN = 600.0


class Rates:
    """`scripted` is a load that a test ordered: per cent used and minutes until access is regained."""

    def __init__(self, config: FacebookConfig, world: World) -> None:
        self._config, self._world = config, world
        self._calls: deque[float] = deque()
        self._sends: deque[float] = deque()
        self._profile: deque[float] = deque()
        self.scripted: tuple[int, int] | None = None

    def headers(self, *, page: bool) -> dict[str, str]:
        """With a Page token the Page's use is told, with an app's token the app's."""
        percent, regain = self._load()
        usage = {"call_count": percent, "total_cputime": percent // 5, "total_time": percent // 4}
        if not page:
            return {"X-App-Usage": json.dumps(usage, separators=(",", ":"))}
        messenger = {"type": "messenger", **usage, "estimated_time_to_regain_access": regain}
        return {"X-Business-Use-Case-Usage": json.dumps({self._config.page_id: [messenger]})}

    def count_call(self) -> None:
        """Raises GraphError 80006 when the Page has used up its calls."""
        _forget(self._calls, self._world.clock.now() - DAY)
        if self._load()[0] >= 100:
            raise known(80006)
        self._calls.append(self._world.clock.now())

    def count_send(self) -> None:
        """Raises GraphError 613."""
        self._count(self._sends, self._config.messages_per_second, 1.0)

    def count_profile(self) -> None:
        """Raises GraphError 613."""
        self._count(self._profile, self._config.profile_calls, PROFILE_SPAN)

    def _load(self) -> tuple[int, int]:
        if self.scripted is not None:
            return self.scripted
        if self._config.calls_per_person is None or not self._calls:
            return 0, 0
        people = sum(phone.platform == "facebook" and phone.following for phone in self._world.phones.values())
        percent = 100 * len(self._calls) // max(1, people * self._config.calls_per_person)
        regain = int((self._calls[0] + DAY - self._world.clock.now()) / 60) + 1 if percent >= 100 else 0
        return percent, regain

    def _count(self, calls: deque[float], limit: int | None, span: float) -> None:
        now = self._world.clock.now()
        _forget(calls, now - span)
        if limit is not None and len(calls) >= limit:
            raise known(613)
        calls.append(now)


def _forget(calls: deque[float], before: float) -> None:
    while calls and calls[0] <= before:
        calls.popleft()
