"""The intake of one mailbox: looks, fetches, hands over, puts away; and connects again whenever it has to."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import structlog
from imapclient.exceptions import IMAPClientError  # type: ignore[import-untyped]  # ships no type information

from channels.email import ledger
from channels.email.imap import Found, Login, Pace, Session, is_busy, refused_login
from channels.email.ledger import Cursor
from channels.email.settings import EmailSettings
from core.errors import Misconfigured
from core.ports import Blobs, Vault

log = structlog.get_logger()

MOST_TRIES = 5
"""So often a mail is tried before it is put aside."""

SEVERAL = 50
"""So many sizes are asked for at once."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail, safe in the blob store; or, without a body, something that staff have to know about the mailbox."""

    raw: bytes = b""
    folder: str = ""
    uidvalidity: int = 0
    uid: int = 0
    reduced: bool = False
    alarm: str = ""


@dataclass(slots=True)
class _Thread:
    """A connection and the one thread that may use it."""

    session: Session
    executor: ThreadPoolExecutor

    async def run(self, work: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.executor, work, *values)


class Mailbox:
    """Hands over every mail of its folders. Asking for the next letter says that the last one has been stored."""

    def __init__(
        self,
        settings: EmailSettings,
        *,
        login: Callable[[bool], Awaitable[Login]],
        vault: Vault,
        blobs: Blobs,
        now: Callable[[], datetime],
        pace: Pace,
        sleep: Callable[[float], Awaitable[None]],
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._settings, self._login, self._vault, self._blobs = settings, login, vault, blobs
        self._now, self._pace, self._sleep, self._dice = now, pace, sleep, dice
        self._failures = self._refusals = 0
        self._excused: dict[tuple[str, int, int], int] = {}
        """Tries that were ended by us, not by the mail: (folder, UIDVALIDITY, UID) → how many."""

    async def letters(self) -> AsyncGenerator[Letter, None]:
        """Every mail, for ever. Ends with nothing but the caller's leaving: all trouble is waited out."""
        if self._failures:
            # What the last caller could not store waits there still.
            await self._sleep(self._backoff())
        while True:
            begun, pause, alarm = time.monotonic(), 0.0, ""
            try:
                async with self._thread() as thread, aclosing(self._work(thread)) as found:
                    async for letter in found:
                        yield letter
            # Strange answers make IMAPClient raise anything, and the vault may fail too; the mailbox has to be read.
            except Exception as error:
                if time.monotonic() - begun >= self._pace.healthy:
                    self._failures = self._refusals = 0
                pause, alarm = self._pause(error)
            if alarm:
                yield Letter(alarm=alarm)
            await self._sleep(pause)

    @asynccontextmanager
    async def _thread(self) -> AsyncGenerator[_Thread, None]:
        thread = _Thread(Session(self._settings, self._pace), ThreadPoolExecutor(1, thread_name_prefix="imap"))
        try:
            yield thread
        finally:
            thread.session.cut()
            thread.executor.submit(thread.session.close)
            thread.executor.shutdown(wait=False)

    def _pause(self, error: Exception) -> tuple[float, str]:
        """Seconds until the next try, and what staff are told."""
        pace, account = self._pace, self._settings.account
        if isinstance(error, Misconfigured) or refused_login(error):
            self._refusals += 1
            log.error("mailbox.login_refused", account=account, times=self._refusals)
            return pace.locked_out[min(self._refusals, len(pace.locked_out)) - 1], "Hộp thư từ chối đăng nhập"
        self._failures += 1
        log.warning("mailbox.reconnects", account=account, error=type(error).__name__, failures=self._failures)
        return max(self._backoff(), pace.busy_pause if is_busy(error) else 0), ""

    def _backoff(self) -> float:
        pause = min(self._pace.first_pause * 2.0 ** min(self._failures - 1, 30), self._pace.longest_pause)
        return pause * (0.5 + self._dice())

    # --- one connection -----------------------------------------------------------------------------------------------

    async def _work(self, thread: _Thread) -> AsyncGenerator[Letter, None]:
        await thread.run(thread.session.open, await self._login(self._refusals > 0))
        self._refusals = 0
        whole, folders = True, self._settings.folders
        # The first is the one that IDLE listens to; what came to it while the others were read would not be announced.
        visited = folders if len(folders) == 1 else (*folders, folders[0])
        while True:
            found_some = False
            for folder in visited:
                async with aclosing(self._sweep(thread, folder, whole=whole)) as found:
                    async for letter in found:
                        found_some = True
                        yield letter
            whole = False
            if not found_some:
                await self._wait(thread)

    async def _wait(self, thread: _Thread) -> None:
        if not thread.session.can_idle:
            await self._sleep(self._settings.poll_seconds)
            return
        await thread.run(thread.session.wait, min(self._pace.idle, self._settings.poll_seconds))

    async def _sweep(self, thread: _Thread, folder: str, *, whole: bool) -> AsyncGenerator[Letter, None]:
        """Every mail of the folder that has not been dealt with. `whole`: what an earlier life left there as well."""
        if whole or len(self._settings.folders) > 1:
            uidvalidity = await thread.run(thread.session.select, folder)
            cursor = await self._cursor(folder, uidvalidity)
        else:
            cursor = await self._cursor(folder, None)
        uids = await self._work_left(thread.session, thread, cursor, whole=whole)
        for start in range(0, len(uids), SEVERAL):
            several = uids[start : start + SEVERAL]
            sizes = {found.uid: found for found in await thread.run(thread.session.sizes, several)}
            for uid in several:
                if uid not in sizes:
                    cursor.dealt_with(uid)
                    continue
                async with aclosing(self._hand_over(thread, folder, cursor, sizes[uid])) as found:
                    async for letter in found:
                        yield letter
        if uids:
            await ledger.keep(self._vault, folder, cursor)

    async def _cursor(self, folder: str, uidvalidity: int | None) -> Cursor:
        """Where the folder stands. UIDs of another UIDVALIDITY mean nothing: it is swept from its first day again."""
        first_day: date = (self._now() - timedelta(days=self._settings.first_days)).date()
        cursor = ledger.cursor_in(await self._vault.read(), folder, first_day=first_day)
        if uidvalidity is not None and cursor.uidvalidity != uidvalidity:
            if cursor.uidvalidity:
                log.warning("mailbox.renumbered", account=self._settings.account)
            cursor = Cursor(since=cursor.since, uidvalidity=uidvalidity)
            await ledger.keep(self._vault, folder, cursor)
        for (where, validity, uid), times in list(self._excused.items()):
            if (where, validity) == (folder, cursor.uidvalidity) and uid in cursor.tries:
                cursor.tries[uid] = max(0, cursor.tries[uid] - times)
                del self._excused[where, validity, uid]
        return cursor

    async def _work_left(self, session: Session, thread: _Thread, cursor: Cursor, *, whole: bool) -> list[int]:
        uids = {uid for uid, tries in cursor.tries.items() if tries < MOST_TRIES or self._settings.failed}
        # What is put away once it is stored needs no cursor: whatever lies there is work.
        if not cursor.last or (whole and self._settings.processed):
            uids.update(await thread.run(session.since, cursor.since))
        # Last: it sees all that was announced until then, whatever day a server gives it.
        if cursor.last:
            uids.update(await thread.run(session.after, cursor.last))
        return sorted(uids)

    async def _hand_over(
        self, thread: _Thread, folder: str, cursor: Cursor, mail: Found
    ) -> AsyncGenerator[Letter, None]:
        """One mail: its bytes into the blob store, to the caller, and out of the folder."""
        tries = cursor.tries.get(mail.uid, 0)
        if tries >= MOST_TRIES:
            await self._give_up(thread, cursor, mail)
            yield Letter(alarm="Một thư không đọc được đã chuyển sang thư mục lỗi", folder=folder, uid=mail.uid)
            return
        cursor.tries[mail.uid] = tries + 1
        await ledger.keep(self._vault, folder, cursor)
        try:
            raw = await thread.run(thread.session.fetch, mail)
        except IMAPClientError as error:
            if type(error).__name__ == "abort":
                raise
            # The server cannot give this one; the others must not wait for it.
            log.warning("mailbox.unfetchable", account=self._settings.account, uid=mail.uid, tries=tries + 1)
            return
        if raw == b"":
            return
        if raw is not None:
            await self._blobs.put(raw)
            stored = False
            try:
                yield Letter(
                    raw=raw, folder=folder, uidvalidity=cursor.uidvalidity, uid=mail.uid,
                    reduced=mail.size > self._settings.max_message_bytes,
                )  # fmt: skip
                stored = True
            finally:
                if not stored:
                    self._not_stored(folder, cursor, mail.uid)
            await self._put_away(thread, mail.uid, self._settings.processed)
        self._failures = 0
        cursor.dealt_with(mail.uid)

    def _not_stored(self, folder: str, cursor: Cursor, uid: int) -> None:
        """The caller could not store it, or leaves: the mail is not to blame. The next look comes a little later."""
        key = (folder, cursor.uidvalidity, uid)
        self._excused[key] = self._excused.get(key, 0) + 1
        self._failures += 1

    async def _give_up(self, thread: _Thread, cursor: Cursor, mail: Found) -> None:
        log.error("mailbox.put_aside", account=self._settings.account, uid=mail.uid)
        await self._put_away(thread, mail.uid, self._settings.failed)
        cursor.dealt_with(mail.uid)

    async def _put_away(self, thread: _Thread, uid: int, folder: str) -> None:
        if not folder:
            return
        try:
            await thread.run(thread.session.move, uid, folder)
        except IMAPClientError as error:
            if type(error).__name__ == "abort":
                raise
            # It is stored. It stays where it is, and the next sweep of the whole folder tries again.
            log.warning("mailbox.not_moved", account=self._settings.account, uid=uid, error=type(error).__name__)
