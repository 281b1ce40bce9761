"""A conversation on a stage, for tests of the dialog."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.rehearsal.record import Say
from app.rehearsal.stage import Stage
from regulations.loader import load
from regulations.model import Profile

PAUSE = timedelta(seconds=2)
"""A citizen reads before they write again."""
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


class Talk:
    """Speaks for the citizen and remembers what the bot said last."""

    def __init__(self, profile: Profile, channel: str) -> None:
        self.stage = Stage(profile=profile, channel=channel, now=NOON)
        self.profile = profile

    def says(self, text: str = "", **content: object) -> str:
        """One message of the citizen; the bot's answer comes back, messages joined by a blank line."""
        before = len(self.stage.seen.texts)
        self.stage.now += PAUSE if self.stage.trace else timedelta()
        self.stage.say(Say(text=text, **content))  # type: ignore[arg-type]  # keyword contents are checked by Say
        return "\n\n".join(self.stage.seen.texts[before:])

    def happens(self, event: object) -> str:
        before = len(self.stage.seen.texts)
        self.stage.happen(event)  # type: ignore[arg-type]  # tests pass events of every kind
        return "\n\n".join(self.stage.seen.texts[before:])

    @property
    def outcomes(self) -> list[str]:
        return [value for value, _ in self.stage.seen.outcomes]

    @property
    def reports(self) -> list[object]:
        return list(self.stage.seen.reports)


@pytest.fixture(scope="session")
def profile_of() -> Callable[[str], Profile]:
    return load


@pytest.fixture
def talk() -> Callable[..., Talk]:
    return lambda profile="tien-giang", channel="zalo": Talk(load(profile), channel)
