"""A reference store for each test, on a database of its own."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from case_store.settings import CaseStoreSettings
from tests.case_store.running import KEY, STAFF, Clock, RunningStore, StartStore, running

_numbers = itertools.count(1)


def usual_settings(database_url: str, clock: Clock) -> CaseStoreSettings:
    return CaseStoreSettings(
        database_url=database_url,
        profiles=("tien-giang",),
        api_keys=(KEY,),
        staff_key=STAFF,
        port=0,
        sweep_seconds=3600,
        now=clock,
    )


@pytest.fixture
def start_store(fresh_database: Callable[[], str]) -> Iterator[StartStore]:
    """Call it with settings that differ from the usual ones; `database_url` continues an earlier store."""
    with ExitStack() as stack:

        def start(**changes: Any) -> RunningStore:
            clock = changes.pop("clock", None) or Clock()
            settings = usual_settings(changes.pop("database_url", "") or fresh_database(), clock)
            return stack.enter_context(running(replace(settings, **changes), clock))

        yield start


@pytest.fixture(scope="module")
def shared(postgres_server: str) -> Iterator[RunningStore]:
    """One store for a module's tests that do not mind each other's cases."""
    name = f"kho_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    settings = usual_settings(postgres_server.replace("/postgres?", f"/{name}?"), Clock())
    with running(settings, Clock()) as store:
        yield store
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store()
