"""Slows down who guesses passwords. Counted in this process; several processes multiply the allowance."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

REMEMBERED = 10_000


class Throttle:
    """At most `limit` failures in `window` for one key; afterwards the key waits until the oldest one is forgotten."""

    def __init__(self, limit: int = 5, window: timedelta = timedelta(minutes=5)) -> None:
        self._limit, self._window = limit, window
        self._failures: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, key: str, now: datetime) -> timedelta:
        """How long this key has to wait; zero when it may try."""
        failures = self._failures.get(key)
        if failures is None or len(failures) < self._limit:
            return timedelta()
        return max(failures[0] + self._window - now, timedelta())

    def failed(self, key: str, now: datetime) -> None:
        failures = self._failures.setdefault(key, deque(maxlen=self._limit))
        failures.append(now)
        self._failures.move_to_end(key)
        if len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, key: str) -> None:
        self._failures.pop(key, None)
