"""How fast a bot may send (telegram: limits). The true limits are unpublished; these are the documented ones."""

import math

from simulator.clock import Clock
from simulator.config import TelegramConfig
from simulator.telegram.errors import too_many


class Bucket:
    """`rate` tokens a second, at most `size` saved up."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        self._rate, self._size, self._left, self._at = rate, size, size, now

    def wait(self, now: float) -> float:
        """Seconds until the next token; takes none."""
        self._left = min(self._size, self._left + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._rate

    def take(self) -> None:
        self._left -= 1


class Rates:
    def __init__(self, config: TelegramConfig, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self._chats: dict[str, Bucket] = {}
        rate = config.global_rate
        self._all = Bucket(rate, rate, clock.now()) if rate else None

    def take(self, chat: str) -> None:
        """Raises TelegramError 429 with `retry_after` in whole seconds."""
        now = self._clock.now()
        buckets = [self._all] if self._all else []
        if rate := self._config.per_chat_rate:
            buckets.append(self._chats.setdefault(chat, Bucket(rate, self._config.per_chat_burst, now)))
        wait = max((bucket.wait(now) for bucket in buckets), default=0.0)
        if wait > 0:
            raise too_many(math.ceil(wait))
        for bucket in buckets:
            bucket.take()
