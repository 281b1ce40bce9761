"""A mailbox's intake in a test: memory for vault and blobs, pauses that pass at once, short deadlines."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from pydantic import SecretStr

from channels.email.imap import Login, Pace
from channels.email.imap_worker import Letter, Mailbox
from channels.email.settings import EmailSettings
from tests.channels.fakes import FakeVault, MemoryBlobs, now
from tests.email.servers import HOST, PASSWORD

ADDRESS = "tiepnhan@xa.example.vn"
QUICK = Pace(answer=5.0, idle=0.3, first_pause=0.01, longest_pause=0.05, busy_pause=0.02, locked_out=(0.01, 0.02))
PATIENCE = 15.0
"""Seconds within which an intake has to recover from anything."""


async def until(holds: Callable[[], object]) -> None:
    """Wait for what another task, thread or process brings about; `holds` may block."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await asyncio.to_thread(holds):
                return
            await asyncio.sleep(0.01)


def settings(**more: Any) -> EmailSettings:
    usual: dict[str, Any] = {
        "account": "hop-thu", "address": ADDRESS, "imap_host": HOST, "imap_tls": "none", "smtp_host": HOST,
        "smtp_tls": "none", "password": SecretStr(PASSWORD), "first_days": 3650,
    }  # fmt: skip
    return EmailSettings(**{**usual, **more})


class Pauses:
    """A sleep that notes how long it was to be, and passes at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


class Intake:
    """One mailbox; several with the same vault and blobs stand for one account's lives."""

    def __init__(
        self, *, vault: FakeVault | None = None, blobs: MemoryBlobs | None = None, pace: Pace = QUICK,
        password: str = "", token: str = "", **more: Any,
    ) -> None:  # fmt: skip
        self.vault, self.blobs, self.pauses = vault or FakeVault(), blobs or MemoryBlobs(), Pauses()
        self.settings = settings(**more)
        self.logins: list[bool] = []
        self.password = password or PASSWORD

        async def login(afresh: bool) -> Login:
            self.logins.append(afresh)
            return Login(token=token) if token else Login(password=self.password)

        self.mailbox = Mailbox(
            self.settings, login=login, vault=self.vault, blobs=self.blobs, now=now, pace=pace, sleep=self.pauses,
            dice=lambda: 0.5,
        )  # fmt: skip

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Reading"]:
        async with aclosing(self.mailbox.letters()) as letters:
            reading = Reading(letters)
            try:
                yield reading
            finally:
                await reading.leave()


class Reading:
    """Takes letters one by one. Taking the next acknowledges the last."""

    def __init__(self, letters: Any) -> None:
        self._letters = letters
        self._next: asyncio.Task[Letter] | None = None

    def ask(self) -> "asyncio.Task[Letter]":
        """Go on reading; what is asked for need not come."""
        if self._next is None or (self._next.done() and not self._next.cancelled()):
            self._next = asyncio.ensure_future(anext(self._letters))
        return self._next

    async def take(self) -> Letter:
        async with asyncio.timeout(PATIENCE):
            return await self.ask()

    async def several(self, count: int) -> list[Letter]:
        return [await self.take() for _ in range(count)]

    async def leave(self) -> None:
        if self._next is not None and not self._next.done():
            self._next.cancel()
            await asyncio.gather(self._next, return_exceptions=True)
