"""What the rows are shown with: conversations, changed profiles, the reference store, the staff page."""

from collections.abc import Callable

import pytest

from regulations.loader import load
from regulations.model import Profile

# A redundant alias marks what pytest finds here as a fixture.
from tests.case_store.conftest import start_store as start_store
from tests.dialog.conftest import Talk
from tests.inbox.conftest import desk_database as desk_database
from tests.inbox.conftest import migrated as migrated
from tests.inbox.conftest import world as world
from tests.regulations.conftest import with_lines as with_lines


@pytest.fixture
def talk() -> Callable[..., Talk]:
    """`talk("ha-noi", "telegram")`, or with a profile in place of its name: a conversation on a stage."""
    return lambda profile, channel="zalo": Talk(profile if isinstance(profile, Profile) else load(profile), channel)
