"""What is kept of opened reports so that the same matter and the same pictures are recognised in another conversation.

Words are kept as keyed digests, places rounded to ten metres or so: a row tells where
something is wrong, not who says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg_pool import AsyncConnectionPool

MOST = 200
"""Candidates looked at, newest first."""

_NEAR = """
select report_id, code, ward_code, lat, lon, matter, place from recent_reports
where profile = %(profile)s and category = %(category)s and at > %(since)s and at <= %(until)s
  and conversation_id <> %(conversation)s
  and (ward_code = %(ward)s or ward_code = '' or %(ward)s = '')
  and (lat is null or %(lat)s::float8 is null
    or (abs(lat - %(lat)s::float8) < %(reach)s and abs(lon - %(lon)s::float8) < %(reach)s * 2))
order by at desc limit %(most)s
"""

_PICTURES = """
select distinct picture, code from report_pictures
where band = any(%s) and profile = %s and report_id <> %s and at <= %s
"""


@dataclass(frozen=True, slots=True)
class Recent:
    """An opened report of somebody else. `matter` and `place` are digests of words; coordinates are degrees."""

    report_id: str
    code: str
    ward_code: str
    lat: float | None
    lon: float | None
    matter: Sequence[int]
    place: Sequence[int]


@dataclass(frozen=True, slots=True)
class Traces:
    """What is written when a report is opened. `pictures` are (band, picture)."""

    report_id: str
    conversation: int
    profile: str
    category: str
    ward_code: str
    lat: float | None
    lon: float | None
    matter: tuple[int, ...]
    place: tuple[int, ...]
    pictures: tuple[tuple[int, str], ...]
    code: str
    at: datetime

    @property
    def located(self) -> bool:
        return self.lat is not None or bool(self.place)

    def row(self) -> tuple[Any, ...]:
        """Columns of `recent_reports`; arrays as PostgreSQL writes them."""
        where = (self.ward_code, self.lat, self.lon)
        words = (_array(self.matter), _array(self.place))
        return (self.report_id, self.conversation, self.profile, self.category, *where, *words, self.code, self.at)

    def picture_rows(self) -> list[tuple[Any, ...]]:
        """Columns of `report_pictures`."""
        return [(band, self.report_id, name, self.profile, self.code, self.at) for band, name in self.pictures]


def _array(values: Sequence[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


async def near(
    pool: AsyncConnectionPool, traces: Traces, *, since: datetime, until: datetime, reach: float
) -> list[Recent]:
    """Reports of others about that category which may be near, newest first. `reach` is in degrees of latitude.

    Only what was opened up to `until` counts: a report that is sent twice is compared alike both times.
    """
    values = {
        "profile": traces.profile, "category": traces.category, "conversation": traces.conversation,
        "ward": traces.ward_code, "lat": traces.lat, "lon": traces.lon, "reach": reach, "since": since,
        "until": until, "most": MOST,
    }  # fmt: skip
    async with pool.connection() as connection:
        found = await connection.execute(_NEAR, values)
        return [Recent(*row) for row in await found.fetchall()]


async def pictures(pool: AsyncConnectionPool, traces: Traces, *, until: datetime) -> list[tuple[str, str]]:
    """(picture, code) of other reports that share a band with one of these."""
    bands = sorted({band for band, _ in traces.pictures})
    async with pool.connection() as connection:
        found = await connection.execute(_PICTURES, [bands, traces.profile, traces.report_id, until])
        return [(row[0], row[1]) for row in await found.fetchall()]


async def forget(pool: AsyncConnectionPool, before: datetime) -> int:
    """Drop what is too old to be compared with; how many reports that were."""
    async with pool.connection() as connection:
        return (await connection.execute("delete from recent_reports where at < %s", [before])).rowcount
