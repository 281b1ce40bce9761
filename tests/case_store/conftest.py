"""A reference store for each test, on a database of its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from case_store.settings import CaseStoreSettings
from tests.case_store.running import KEY, STAFF, Clock, RunningStore, StartStore, running


@pytest.fixture
def start_store(fresh_database: Callable[[], str]) -> Iterator[StartStore]:
    """Call it with settings that differ from the usual ones; `database_url` continues an earlier store."""
    with ExitStack() as stack:

        def start(**changes: Any) -> RunningStore:
            clock = changes.pop("clock", None) or Clock()
            settings = CaseStoreSettings(
                database_url=changes.pop("database_url", "") or fresh_database(),
                profiles=("tien-giang",),
                api_keys=(KEY,),
                staff_key=STAFF,
                port=0,
                sweep_seconds=3600,
                now=clock,
            )
            return stack.enter_context(running(replace(settings, **changes), clock))

        yield start


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store()
