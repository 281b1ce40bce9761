"""The time on the platforms: epoch seconds that may run faster than the wall clock or be moved ahead by hand."""

import asyncio
import time


class Clock:
    """`speed` 1 is real time, 60 is a minute a second, 0 stands still until `advance`."""

    def __init__(self, *, speed: float = 1.0, start: float | None = None) -> None:
        self._speed = speed
        self._zero = time.monotonic()
        self._origin = time.time() if start is None else start
        self._moved: set[asyncio.Event] = set()

    def now(self) -> float:
        """Epoch seconds."""
        return self._origin + (time.monotonic() - self._zero) * self._speed

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Move time ahead; whoever sleeps past its moment wakes up."""
        self._origin += seconds
        for event in self._moved:
            event.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep `seconds` of platform time."""
        deadline = self.now() + seconds
        moved = asyncio.Event()
        self._moved.add(moved)
        try:
            while (left := deadline - self.now()) > 0:
                moved.clear()
                try:
                    await asyncio.wait_for(moved.wait(), left / self._speed if self._speed else None)
                except TimeoutError:
                    continue
        finally:
            self._moved.discard(moved)
