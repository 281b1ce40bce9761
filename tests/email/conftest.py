"""One Dovecot for all tests of a process; each test has a mailbox of its own."""

import itertools
from collections.abc import Iterator

import pytest

from tests.email.servers import Dovecot, dovecot, dovecot_program

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    if not dovecot_program():
        raise RuntimeError("Dovecot is not installed: run deploy/dovecot.sh, or make test")
    with dovecot() as running:
        yield running


@pytest.fixture
def user() -> str:
    """A mailbox that nobody else has."""
    return f"hop{next(_numbers)}"
