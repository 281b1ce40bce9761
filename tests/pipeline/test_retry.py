"""When to try again."""

from datetime import timedelta

import pytest

from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from pipeline.errand import Lane, Status
from pipeline.retry import SCHEDULES, Verdict, verdict


def judge(error: SendError, attempts: int = 1, lane: Lane = Lane.CITIZEN, *, safe: bool = False) -> Verdict:
    return verdict(error, attempts, lane, safe=safe, dice=0.0)


def test_what_may_have_arrived_is_not_sent_again() -> None:
    assert judge(Unknown("timeout")) == Verdict(Status.UNKNOWN)


def test_what_may_have_arrived_is_repeated_where_a_second_copy_is_dropped() -> None:
    assert judge(Unknown("timeout"), safe=True).status is Status.OPEN


def test_we_wait_at_least_as_long_as_the_platform_asks() -> None:
    assert judge(TryAgain("429", after=timedelta(minutes=2))).again == timedelta(minutes=2)


def test_a_platform_that_asks_for_a_second_is_not_kept_waiting_for_minutes() -> None:
    assert judge(TryAgain("429", after=timedelta(seconds=1)), attempts=4).again == timedelta(seconds=1)


def test_a_platform_that_asks_again_and_again_gets_our_longer_pauses() -> None:
    again = judge(TryAgain("429", after=timedelta(seconds=1)), attempts=7).again

    assert again is not None and again >= timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "status"), [(Unreachable("blocked"), Status.UNREACHABLE), (Refused("too long"), Status.REFUSED)]
)
def test_what_will_never_be_taken_is_tried_once(error: SendError, status: Status) -> None:
    assert judge(error) == Verdict(status)


def test_a_wrong_token_waits_for_an_administrator_and_loses_nothing() -> None:
    assert judge(Misconfigured("token"), attempts=50) == Verdict(Status.OPEN, timedelta(minutes=5))


def test_a_confirmed_report_is_tried_for_a_week_while_the_store_is_away() -> None:
    assert sum(SCHEDULES[Lane.STORE], timedelta()) >= timedelta(days=7)


@pytest.mark.parametrize("lane", list(Lane))
def test_trying_ends_some_day(lane: Lane) -> None:
    assert judge(TryAgain("away"), len(SCHEDULES[lane]) + 1, lane) == Verdict(Status.FAILED)


def test_repetitions_are_spread() -> None:
    at_once, late = (verdict(TryAgain("x"), 3, Lane.CITIZEN, safe=False, dice=d).again for d in (0.0, 0.99))

    assert at_once is not None and late is not None and at_once < late <= at_once * 1.25
