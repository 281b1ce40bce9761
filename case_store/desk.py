"""The running store: settings, profiles, database, and who has to hear of a change."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import Request

from case_store.database import make_engine
from case_store.errors import bad, forbidden, unknown
from case_store.news import Pusher
from case_store.settings import CaseStoreSettings
from regulations.loader import load
from regulations.model import Profile


class Desk:
    def __init__(self, settings: CaseStoreSettings) -> None:
        self.settings = settings
        loaded = [load(name) for name in settings.profiles]
        self.profiles: Mapping[str, Profile] = {profile.id: profile for profile in loaded}
        self.engine: AsyncEngine = make_engine(settings.database_url)
        self.pusher = Pusher(self.engine, settings, self.profiles)
        self.changes = Changes()

    @property
    def pushes(self) -> bool:
        return bool(self.settings.push_url)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.begin() as connection:
            yield connection

    def changed(self) -> None:
        """Something was committed: officers' pages refresh, waiting news leave."""
        self.changes.announce()
        self.pusher.wake()

    def profile(self, jurisdiction: str) -> Profile:
        """Raises `Rejected`: 400 when it has to be named, 404 when nobody has that name."""
        if not jurisdiction and len(self.profiles) == 1:
            return next(iter(self.profiles.values()))
        if not jurisdiction:
            raise bad("jurisdiction_id", "Thiếu jurisdiction_id.")
        if jurisdiction not in self.profiles:
            raise unknown(f"jurisdiction_id {jurisdiction}")
        return self.profiles[jurisdiction]

    def has_key(self, given: str) -> bool:
        """Whether it is one of the gateways' keys."""
        return any(secrets.compare_digest(given.encode(), key.encode()) for key in self.settings.api_keys)

    def require_key(self, given: str) -> None:
        if not self.has_key(given):
            raise forbidden()

    def is_staff(self, request: Request) -> bool:
        given = request.headers.get("x-staff-key", "") or request.cookies.get("staff_key", "")
        key = self.settings.staff_key
        return bool(key) and secrets.compare_digest(given.encode(), key.encode())


class Changes:
    """Tells every listener that something changed, not what."""

    def __init__(self) -> None:
        self._next = asyncio.Event()
        self.count = 0
        self.closing = False

    def close(self) -> None:
        """The store stops: everybody who listens may go."""
        self.closing = True
        self.announce()

    def announce(self) -> None:
        self.count += 1
        self._next.set()
        self._next = asyncio.Event()

    async def after(self, seen: int) -> int:
        """The count of changes, as soon as there are more than `seen`."""
        if self.count == seen:
            await self._next.wait()
        return self.count


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk
