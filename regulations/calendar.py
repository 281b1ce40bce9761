"""Working time: when a limit that starts now runs out. Pure; nothing here asks what time it is.

Units are never interchangeable: giờ làm việc runs inside working hours only, ngày làm việc ends at the close of a
working day, ngày at the end of a calendar day. Where a decision is silent, doubt goes to the citizen: an agency's
calendar-day limit is not prolonged by a weekend, a citizen's window is.
"""

import importlib.util
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast
from zoneinfo import ZoneInfo

from regulations.model import Calendar, Deadline, Profile, Side

Stretch: TypeAlias = tuple[datetime, datetime]
"""Start and end of one stretch of working time; aware, in the calendar's zone."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ONE_DAY = timedelta(days=1)


def due(event_time: datetime, amount: int, unit: str, calendar: Calendar, *, citizen: bool = False) -> datetime:
    """The last instant of a limit of `amount` × `unit` that `event_time` (aware) starts; aware, in the calendar's zone.

    `citizen` is true for a window in which a citizen may act. Raises `ValueError` for a naive time, a negative amount
    or a unit that carries no number (`none`, `external`).
    """
    if event_time.tzinfo is None:
        raise ValueError("event_time must be aware")
    if amount < 0:
        raise ValueError(f"a limit cannot be negative: {amount}")
    start = event_time.astimezone(_zone(calendar))
    match unit:
        case "immediate":
            return start
        case "working_hour":
            return _after_working_hours(start, timedelta(hours=amount), calendar)
        case "working_day":
            return _end_of_day(_nth_working_day(start.date(), amount, calendar), calendar, citizen=citizen)
        case "calendar_day":
            return _after_calendar_days(start.date(), amount, calendar, citizen=citizen)
    raise ValueError(f"a limit in {unit!r} has no end")


def is_working_day(day: date, calendar: Calendar) -> bool:
    """The profile's own days win over the country's; a day made up for another is worked although it is a Saturday."""
    return bool(_hours(day, calendar))


def working_windows(day: date, calendar: Calendar) -> tuple[Stretch, ...]:
    """The stretches of working time of that day, in order; none on a day off."""
    zone = _zone(calendar)
    return tuple((_at(day, start, zone), _at(day, end, zone)) for start, end in _hours(day, calendar))


def lock_until(locked_at: datetime, days: int) -> datetime:
    """A lock lasts whole days to the second: the exact instant plus `days` × 24 hours, in the zone it was given in."""
    return (locked_at.astimezone(UTC) + timedelta(days=days)).astimezone(locked_at.tzinfo)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A limit that has begun to run. `due` is None where the decision sets no number (`none`, `external`)."""

    id: str
    label: str
    due: datetime | None
    to_event: str
    """The events that stop it, alternatives joined by `|`."""
    owner: Side
    src: str
    on_breach: str = ""

    def ends_with(self, event_name: str) -> bool:
        return event_name in self.to_event.split("|")


def deadlines_for(
    profile: Profile,
    event_name: str,
    at: datetime,
    report_type: str = "",
    level: str = "",
    *,
    conditions: Collection[str] = (),
) -> list[Clock]:
    """The clocks that the event starts for a report of this type and level (empty: the profile's defaults).

    `conditions` names what else is known of the case; a limit with `starts_if` runs only when its condition is among
    them. A condition that is an event, such as "verify.opened", counts as given once that event has happened.
    """
    report_type = report_type or profile.default_report_type.id
    level = level or profile.default_level.id
    return [
        Clock(
            id=row.id,
            label=row.label,
            due=_due_of(row, at, profile.calendar),
            to_event=row.to_event,
            owner=row.owner,
            src=row.src,
            on_breach=row.on_breach,
        )
        for row in profile.deadlines.values()
        if event_name in row.from_event.split("|")
        and (not row.report_types or report_type in row.report_types)
        and (not row.levels or level in row.levels)
        and (not row.starts_if or row.starts_if in conditions)
    ]


def _due_of(row: Deadline, at: datetime, calendar: Calendar) -> datetime | None:
    if row.unit in ("none", "external"):
        return None
    return due(at, row.amount or 0, row.unit, calendar) + timedelta(seconds=row.gateway_target_seconds or 0)


def _after_working_hours(start: datetime, rest: timedelta, calendar: Calendar) -> datetime:
    for opening, closing in _stretches_from(start, calendar):
        if rest <= closing - opening:
            return opening + rest
        rest -= closing - opening
    raise AssertionError("working time never ends")


def _stretches_from(start: datetime, calendar: Calendar) -> Iterator[Stretch]:
    day = start.date()
    while True:
        for opening, closing in working_windows(day, calendar):
            if closing > start:
                yield max(opening, start), closing
        day += ONE_DAY


def _nth_working_day(day: date, amount: int, calendar: Calendar) -> date:
    left = amount - (calendar.count_start_day and is_working_day(day, calendar))
    while left > 0:
        day += ONE_DAY
        left -= is_working_day(day, calendar)
    return day


def _end_of_day(day: date, calendar: Calendar, *, citizen: bool) -> datetime:
    if citizen:
        return _at(day, calendar.citizen_window_end, _zone(calendar))
    windows = working_windows(day, calendar)
    return windows[-1][1] if windows else _at(day, calendar.calendar_day_end, _zone(calendar))


def _after_calendar_days(day: date, amount: int, calendar: Calendar, *, citizen: bool) -> datetime:
    day += timedelta(days=amount - (calendar.count_start_day and amount > 0))
    roll = calendar.roll_citizen_window if citizen else calendar.roll_agency_deadline
    while roll == "next_working_day" and not is_working_day(day, calendar):
        day += ONE_DAY
    return _at(day, calendar.citizen_window_end if citizen else calendar.calendar_day_end, _zone(calendar))


def _hours(day: date, calendar: Calendar) -> tuple[tuple[time, time], ...]:
    name = WEEKDAYS[day.weekday()]
    public = _public_days(calendar.country, day.year)
    if day in calendar.makeup_working_days:
        name = "mon"
    elif day in calendar.holidays:
        return ()
    elif day in public.worked:
        name = "mon"
    elif day in public.off and day not in calendar.not_holidays:
        return ()
    return tuple((window.start, window.end) for window in calendar.working_hours.get(name, ()))


@dataclass(frozen=True, slots=True)
class _PublicDays:
    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()
    """Weekend days worked in exchange for a day off."""


@cache
def _public_days(country: str, year: int) -> _PublicDays:
    if not country:
        return _PublicDays()
    known = _country_class(country)(years=year)
    return _PublicDays(off=frozenset(known), worked=frozenset(known.weekend_workdays))


@cache
def _country_class(code: str) -> type:
    # holidays.country_holidays() imports all 250 countries (18 MB, a third of a second); this imports the one we need.
    import holidays
    import holidays.registry

    for module_name, (class_name, *codes) in holidays.registry.COUNTRIES.items():
        if code in codes:
            file = Path(holidays.__file__).parent / "countries" / f"{module_name}.py"
            spec = importlib.util.spec_from_file_location(f"regulations.holidays_{module_name}", file)
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot read {file}")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return cast(type, getattr(module, class_name))
    raise ValueError(f"no public holidays known for country {code!r}")


@cache
def _zone_named(name: str) -> tzinfo:
    return ZoneInfo(name)


def _zone(calendar: Calendar) -> tzinfo:
    return _zone_named(calendar.timezone)


def _at(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, zone)
