"""Columns of values as PostgreSQL array literals.

psycopg would dump each list itself, value by value in Python: for the forty-odd columns of a group that took a third of
the writer's time. A literal is one string, and the statement says what it is (`%s::bigint[]`).
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Encoder: TypeAlias = Callable[[Sequence[Any]], str]


def plain(values: Sequence[Any]) -> str:
    """Numbers and booleans; None is NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Sequence[str | None]) -> str:
    return "{" + ",".join([_quoted(value) for value in values]) + "}"


def blobs(values: Sequence[bytes | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values]) + "}"


def instants(values: Sequence[Any]) -> str:
    """Aware datetimes."""
    return "{" + ",".join(["NULL" if value is None else f'"{value.isoformat()}"' for value in values]) + "}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


def columns(rows: Sequence[tuple[Any, ...]], encoders: Sequence[Encoder]) -> list[str]:
    """Rows turned into one literal a column."""
    if not rows:
        return ["{}"] * len(encoders)
    return [encode(column) for encode, column in zip(encoders, zip(*rows, strict=True), strict=True)]
