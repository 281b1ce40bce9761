"""How the house is doing, for who runs it."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final

from starlette.responses import Response

from inbox import words
from inbox.guard import Visit
from inbox.lists import local
from regulations.model import Profile
from regulations.rules import DEFAULT
from storage import alarm_board
from storage.desk import DeskQueries

KEPT_SHOWN = 50


async def show_status(visit: Visit) -> Response:
    desk = visit.desk
    accounts = desk.accounts.all()
    profiles = {account.profile.id: account.profile for account in accounts}
    async with desk.engine.connect() as connection:
        queries = DeskQueries(connection, desk.seal)
        by_status = await queries.errands_by_status()
        kept_counts = await queries.kept_aside_counts()
        kept = await queries.kept_aside(most=KEPT_SHOWN)
        alarms = await alarm_board.ringing(connection)
    first = next(iter(profiles.values()), None)
    counts = desk.gateway.reception.counts
    now = desk.now()
    return visit.show(
        "status.html",
        alarms=[
            (one, words.channel(one.channel), words.ALARM_KINDS[one.kind], words.trouble(one.reason),
             words.clock(*local(first, one.since, now)), words.clock(*local(first, one.last_at, now)))
            for one in alarms
        ],
        columns=list(words.RECEPTION.items()),
        reception=[
            (words.channel(channel), [counts[channel, what] for what in words.RECEPTION])
            for channel in sorted({account.channel.name for account in accounts} | {channel for channel, _ in counts})
        ],
        errands=[
            (words.LANES.get(lane, str(lane)), words.STATUSES.get(status, status), count, words.duration(now - oldest))
            for lane, status, count, oldest in by_status
        ],
        kept_counts=[(words.channel(channel), words.KEPT.get(status, status), n) for channel, status, n in kept_counts],
        kept=[
            (words.clock(*local(first, row.received_at, now)), words.channel(row.channel), row.account,
             words.KEPT.get(row.status, row.status), row.reason)
            for row in kept
        ],
        profiles=[
            (profile, words.REGULATION[profile.regulation.status], list(unregulated(profile)))
            for profile in profiles.values()
        ],
    )  # fmt: skip


def unregulated(profile: Profile) -> Iterator[str]:
    """Paths of the profile's values that rest on no article: "intake.draft_ttl_hours", "deadlines.xu_ly"."""
    for table in dataclasses.fields(profile):
        yield from _of(table.name, getattr(profile, table.name))


def _of(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, row in value.items():
            yield from _of(f"{path}.{key}", row)
    elif dataclasses.is_dataclass(value):
        yield from _of_table(path, value)


def _of_table(path: str, table: Any) -> Iterator[str]:
    src = getattr(table, "src", "")
    if isinstance(src, str) and _is_default(src, ""):
        yield path
    for one in dataclasses.fields(table):
        value = getattr(table, one.name)
        if one.name == "src" or value in _UNSET:
            continue
        if isinstance(src, Mapping) and _is_default(src.get(one.name, src.get("others", "")), one.name):
            yield f"{path}.{one.name}"
        else:
            yield from _of(f"{path}.{one.name}", value)


_UNSET: Final[tuple[object, ...]] = ("", (), None, {}, frozenset())


def _is_default(source: str, name: str) -> bool:
    """A source may name one value only: "decision header; provinces_now not in regulation: default"."""
    return any(part.strip() in (DEFAULT, f"{name} {DEFAULT}") for part in source.split(";"))
