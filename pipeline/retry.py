"""When to try again, and how a failed try ends. Pure."""

from dataclasses import dataclass
from datetime import timedelta

from core.errors import Misconfigured, Refused, SendError, TryAgain, Unreachable
from pipeline.errand import Lane, Status

SCHEDULES: dict[Lane, tuple[timedelta, ...]] = {
    Lane.CITIZEN: tuple(timedelta(seconds=s) for s in (2, 5, 30, 120, 600, 3600, 4 * 3600, 12 * 3600)),
    # A confirmed report is never given up for a store that is away: a week of tries, then staff.
    Lane.STORE: tuple(timedelta(seconds=s) for s in (1, 5, 15, 60, 300, *[1800] * 336)),
    Lane.MEDIA: tuple(timedelta(seconds=s) for s in (1, 5, 30, 120)),
    Lane.PEER: tuple(timedelta(seconds=s) for s in (30, 600)),
}
"""Waiting times before the second, third … try of an errand."""

_ADVISED = 6
"""So many times a platform's own advice is followed even where it is shorter than our schedule."""

_PAUSED = timedelta(minutes=5)
_PAUSED_TRIES = 288


@dataclass(frozen=True, slots=True)
class Verdict:
    """`again` is how long to wait, or None when it is over; then `status` is how it ended."""

    status: Status
    again: timedelta | None = None


def verdict(error: SendError, attempts: int, lane: Lane, *, safe: bool, dice: float) -> Verdict:
    """What follows from a failed try.

    `attempts` counts the tries so far, this one included; `safe` says that a repetition cannot be received twice;
    `dice` in [0, 1) spreads repetitions so that a platform that comes back is not hit by everybody at once.
    """
    match error:
        case Unreachable():
            return Verdict(Status.UNREACHABLE)
        case Refused():
            return Verdict(Status.REFUSED)
        case Misconfigured():
            again = _PAUSED if attempts <= _PAUSED_TRIES else None
            return Verdict(Status.OPEN if again else Status.FAILED, again)
        case TryAgain():
            pass
        case _ if not safe:
            return Verdict(Status.UNKNOWN)
    schedule = SCHEDULES[lane]
    if attempts > len(schedule):
        return Verdict(Status.FAILED)
    wait = schedule[attempts - 1]
    if error.after is not None:
        # The platform knows best; one that keeps asking for a moment more is given our own, longer pauses some day.
        wait = error.after if attempts <= _ADVISED else max(wait, error.after)
    return Verdict(Status.OPEN, wait * (1 + dice / 4))
