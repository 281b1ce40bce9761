"""Columns as array literals: what goes in comes back out of PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.columns import Encoder, blobs, columns, instants, plain, texts

AT = datetime(2026, 11, 20, 9, 30, 15, 123456, tzinfo=UTC)
NO_NUL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def back(server: str, literal: str, kind: str) -> list[Any]:
    with psycopg.connect(server) as connection:
        row = connection.execute(f"select %s::{kind}[]", [literal]).fetchone()
        assert row is not None
        return list(row[0])


@pytest.mark.parametrize(
    ("encode", "kind", "values"),
    [
        (plain, "bigint", [1, -2, 2**62, None]),
        (plain, "bool", [True, False, None]),
        (plain, "float8", [10.76, 1e-9, None]),
        (texts, "text", ["", "NULL", "null", 'a"b\\c', "{x,y}", " đèn\n🌊 ", None]),
        (blobs, "bytea", [b"", b"\x00\xff", b'"\\', None]),
        (instants, "timestamptz", [AT, None]),
    ],
)
def test_awkward_values_survive(postgres_server: str, encode: Encoder, kind: str, values: Sequence[Any]) -> None:
    assert back(postgres_server, encode(values), kind) == list(values)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(NO_NUL, max_size=5))
def test_any_text_survives(postgres_server: str, values: list[str]) -> None:
    assert back(postgres_server, texts(values), "text") == values


def test_no_rows_are_empty_columns() -> None:
    assert columns([], [plain, texts]) == ["{}", "{}"]
