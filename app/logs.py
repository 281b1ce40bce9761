"""Logs: one JSON object a line. A field gets in only when it is on the list: nothing leaks by being forgotten."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog

SAFE = frozenset(
    {
        "event", "level", "timestamp", "channel", "account", "conversation", "kind", "code", "error", "attempt",
        "status", "reason", "count", "task", "begun", "seconds", "url", "problem", "frames", "port",
    }
)  # fmt: skip


def keep_safe_fields(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list and say which were dropped."""
    kept = {key: value for key, value in event.items() if key in SAFE}
    if dropped := sorted(event.keys() - SAFE):
        kept["dropped"] = dropped
    return kept


def frames_only(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where an exception came from, without its message: messages quote what people wrote."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = [f"{f.filename}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)][-8:]
    return event


def configure(*, level: str = "info") -> None:
    """Send our own and the libraries' log lines to standard error."""
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        frames_only,
        keep_safe_fields,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Quiet()], level=logging.WARNING, force=True)


class _Quiet(logging.Handler):
    """Libraries: who complained and where, never with what words."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().warning(
            "library.warned", task=record.name, kind=record.levelname, exc_info=record.exc_info
        )
