"""News on their way out: the feed that is polled, and signed pushes that are repeated until they are taken."""

import asyncio
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
from sqlalchemy import RowMapping, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from case_store.flow import FEED_STATUS, VIOLATION
from case_store.public import view_of
from case_store.settings import CaseStoreSettings
from case_store.tables import cases, outbox, updates
from case_store.wire import w3
from regulations.model import Profile

SIGNATURE_HEADER = "X-Tiepnhan-Signature"
PUSH_SCHEMA = "tiepnhan.push/1"
LONGEST_WAIT = timedelta(minutes=5)
IDLE_SECONDS = 5.0

_log = logging.getLogger("case_store")


def signed(secret: str, body: bytes, at: int) -> str:
    """`t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over the time, a full stop and the body."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def feed_record(row: RowMapping, zone: ZoneInfo) -> dict[str, Any]:
    """One entry of the updates extension, with our fine words in `extras`."""
    return {
        "update_id": row["update_id"],
        "service_request_id": row["code"],
        "status": FEED_STATUS.get(row["event"], "unchanged"),
        "updated_datetime": w3(row["at"], zone),
        "description": row["text"] or None,
        "media_url": row["media"] or None,
        "extras": {"event": row["event"], "detailed_status": row["state"], **row["extras"]},
    }


async def feed(
    connection: AsyncConnection, profile: Profile, since: datetime, until: datetime, *, trusted: bool, limit: int
) -> list[dict[str, Any]]:
    """What the store has to tell about its cases between two instants, oldest first.

    Without a key only what anybody may read of public cases.
    """
    query = (
        select(
            updates,
            cases.c.code,
            cases.c.confidential,
            cases.c.result_private,
            cases.c.happened,
            cases.c.state.label("state_now"),
        )
        .join(cases, cases.c.id == updates.c.case_id)
        .where(
            cases.c.jurisdiction == profile.id,
            updates.c.from_store,
            # Times are told in whole seconds: an update must not fall out of the window that its own time asks for.
            func.date_trunc("second", updates.c.at).between(since, until),
        )
        .order_by(updates.c.at, updates.c.id)
        .limit(limit)
    )
    rows = (await connection.execute(query)).mappings().all()
    zone = ZoneInfo(profile.timezone)
    return [feed_record(row, zone) for row in rows if trusted or _public(row, profile)]


def _public(row: RowMapping, profile: Profile) -> bool:
    view = view_of({**row, "state": row["state_now"]}, profile)
    told = row["event"] != VIOLATION and (view.result or not row["event"].startswith("result."))
    return view.listed and told


class Pusher:
    """Posts queued news, one case's in their order, each again until it is answered with 2xx."""

    def __init__(self, engine: AsyncEngine, settings: CaseStoreSettings, profiles: Mapping[str, Profile]) -> None:
        self._engine, self._settings, self._profiles = engine, settings, profiles
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        async with httpx2.AsyncClient(timeout=10, trust_env=False) as http:
            while True:
                self._woken.clear()
                try:
                    while await self.push_due(http):
                        pass
                except Exception:
                    # The database may be away for a while; the rows wait.
                    _log.exception("pushing news failed")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), await self._pause())

    async def push_due(self, http: httpx2.AsyncClient) -> int:
        """One round: the oldest waiting piece of news of every case that is due. Returns how many were taken."""
        taken = 0
        for number in await self._due():
            async with self._engine.begin() as connection:
                row = await self._lock(connection, number)
                if row is not None:
                    taken += await self._push(connection, http, row)
        return taken

    async def _due(self) -> Sequence[int]:
        waiting = outbox.c.delivered_at.is_(None)
        heads = select(func.min(outbox.c.id)).where(waiting).group_by(outbox.c.case_id)
        query = select(outbox.c.id).where(outbox.c.id.in_(heads), outbox.c.next_at <= self._settings.now())
        async with self._engine.connect() as connection:
            return (await connection.execute(query.order_by(outbox.c.id).limit(200))).scalars().all()

    async def _lock(self, connection: AsyncConnection, number: int) -> RowMapping | None:
        """The piece of news, unless another process is just pushing it."""
        query = (
            select(outbox.c.attempts, updates, cases.c.code, cases.c.jurisdiction)
            .select_from(outbox)
            .join(updates, updates.c.id == outbox.c.id)
            .join(cases, cases.c.id == outbox.c.case_id)
            .where(outbox.c.id == number, outbox.c.delivered_at.is_(None))
            .with_for_update(of=outbox, skip_locked=True)
        )
        return (await connection.execute(query)).mappings().one_or_none()

    async def _push(self, connection: AsyncConnection, http: httpx2.AsyncClient, row: RowMapping) -> bool:
        zone = ZoneInfo(self._profiles[row["jurisdiction"]].timezone)
        record = feed_record(row, zone) | {"jurisdiction_id": row["jurisdiction"]}
        body = json.dumps({"schema": PUSH_SCHEMA, "updates": [record]}, ensure_ascii=False).encode()
        now = self._settings.now()
        headers = {
            "content-type": "application/json; charset=utf-8",
            SIGNATURE_HEADER: signed(self._settings.push_secret, body, int(now.timestamp())),
        }
        try:
            status = (await http.post(self._settings.push_url, content=body, headers=headers)).status_code
        except httpx2.HTTPError:
            status = 0
        taken = 200 <= status < 300
        wait = min(timedelta(seconds=self._settings.push_backoff_seconds * 2 ** min(row["attempts"], 20)), LONGEST_WAIT)
        changes: dict[str, Any] = {"attempts": row["attempts"] + 1}
        changes |= {"delivered_at": now} if taken else {"next_at": now + wait}
        await connection.execute(update(outbox).where(outbox.c.id == row["id"]).values(changes))
        return taken

    async def _pause(self) -> float:
        """Seconds until the next piece of news is due again; a push that is queued meanwhile wakes us."""
        query = select(func.min(outbox.c.next_at)).where(outbox.c.delivered_at.is_(None))
        try:
            async with self._engine.connect() as connection:
                next_at = (await connection.execute(query)).scalar_one_or_none()
        except OSError:
            return IDLE_SECONDS
        if next_at is None:
            return IDLE_SECONDS
        wait: float = (next_at - self._settings.now()).total_seconds()
        return min(max(wait, 0.01), IDLE_SECONDS)
