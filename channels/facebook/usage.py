"""How much of its allowance the Page has used, as Meta says in the headers of its answers. Graph API rate limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from core.errors import TryAgain

BUSINESS, APP = "x-business-use-case-usage", "x-app-usage"
SLOW_FROM, FULL = 80.0, 100.0
LONGEST_PAUSE = 2.0
"""Seconds before a call at the very end of the allowance."""

_SHARES = ("call_count", "total_cputime", "total_time")
_UNNAMED = timedelta(minutes=5)
"""How long we keep still when Meta does not say: allowances are counted over a sliding time."""
_REMEMBERED = timedelta(minutes=5)
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Usage:
    """`percent` of the allowance that is used, and when calls are taken again, if Meta says."""

    percent: float = 0.0
    regain: timedelta | None = None


def read_usage(headers: Mapping[str, str]) -> Usage:
    """The worst of all figures in both headers; junk counts as nothing. Header names are lower case."""
    percent, minutes = 0.0, 0.0
    for figures in _figures(headers):
        percent = max([percent, *(_number(figures.get(name)) for name in _SHARES)])
        minutes = max(minutes, _number(figures.get("estimated_time_to_regain_access")))
    return Usage(percent, min(timedelta(minutes=minutes), _LONGEST) if minutes else None)


def pause(percent: float) -> float:
    """Seconds to wait before a call: nothing below 80 %, then growing evenly."""
    return LONGEST_PAUSE * max(0.0, min(percent, FULL) - SLOW_FROM) / (FULL - SLOW_FROM)


class Meter:
    """What the last answers said, for one Page in one process."""

    def __init__(self) -> None:
        self._percent = 0.0
        self._seen_at: datetime | None = None
        self._closed_until: datetime | None = None

    def saw(self, headers: Mapping[str, str], now: datetime) -> None:
        if BUSINESS not in headers and APP not in headers:
            return
        usage = read_usage(headers)
        self._percent, self._seen_at = usage.percent, now
        if usage.regain is not None or usage.percent >= FULL:
            self._closed_until = now + (usage.regain or _UNNAMED)

    def percent(self, now: datetime) -> float:
        return self._percent if self._seen_at is not None and now - self._seen_at < _REMEMBERED else 0.0

    def pause(self, now: datetime) -> float:
        """Seconds to wait before the next call. Raises `TryAgain` while Meta takes none."""
        if self._closed_until is not None and now < self._closed_until:
            wait = self._closed_until - now
            raise TryAgain("Trang đã dùng hết lượt gọi Facebook", code="usage", after=wait)
        return pause(self.percent(now))


def _figures(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    app, business = _decoded(headers.get(APP, "")), _decoded(headers.get(BUSINESS, ""))
    if isinstance(app, dict):
        yield app
    for found in business.values() if isinstance(business, dict) else ():
        yield from (figures for figures in (found if isinstance(found, list) else [found]) if isinstance(figures, dict))


def _decoded(value: str) -> Any:
    try:
        return msgspec.json.decode(value) if value else None
    except (ValueError, RecursionError):
        return None


def _number(value: object) -> float:
    return min(float(value), 1e6) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0
