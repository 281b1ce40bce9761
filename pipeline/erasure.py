"""Somebody wants their data erased: the request is written down, carried out, and can be asked about by its code."""

import asyncio
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import psycopg
import structlog
from psycopg_pool import AsyncConnectionPool

from core.errors import DeliveryRejected, SendError
from core.events import InboundMessage
from core.model import Peer
from core.ports import Answer, Blobs, Erases, Forgets, Knock
from core.report import Report
from pipeline import codec
from pipeline.account import Accounts
from pipeline.items import unpack_event
from pipeline.receive import LARGEST_BODY
from storage import erasure
from storage.erasure import Erased, Reading, Request
from storage.seal import Seal

log = structlog.get_logger()

_LETTERS = "abcdefghjkmnpqrstuvwxyz"
"""Without those that are mistaken for others."""
_CODE_LENGTH = 16
_TRIES = 50
_WANTED_AGAIN = timedelta(minutes=10)
"""A blob that was stored again within this time is left for the next look: a row that needs it may be on its way."""

_reports = msgspec.json.Decoder(Report)


class Erasures:
    """Requests for erasure, from a platform's callback, from the staff page or from the command line."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        pool: AsyncConnectionPool,
        seal: Seal,
        blobs: Blobs,
        now: Callable[[], datetime],
        url: Callable[[str], str],
    ) -> None:
        """`url`: where the state of a request can be read, by its code."""
        self._accounts, self._pool, self._seal, self._blobs = accounts, pool, seal, blobs
        self._now, self._url = now, url
        self._soon: set[asyncio.Task[None]] = set()

    # --- asking -------------------------------------------------------------------------------------------------------

    async def knock(self, channel: str, account: str, knock: Knock) -> Answer:
        """Answer a platform's erasure callback. Anything but 200 makes the person see that it did not work."""
        known = self._accounts.get(channel, account)
        if known is None or not isinstance(known.channel, Erases):
            return Answer(404)
        if knock.method != "POST":
            return Answer(405)
        if len(knock.body) > LARGEST_BODY:
            return Answer(413)
        try:
            asked = known.channel.read_erasure(knock)
        except DeliveryRejected as refusal:
            log.warning("erasure.refused", channel=channel, account=account, reason=str(refusal))
            return Answer(refusal.status)
        # Without an instant of the platform's a request is one with those of the same day.
        said = asked.issued_at is not None and asked.issued_at.timestamp() > 0
        at = asked.issued_at.isoformat() if asked.issued_at and said else self._now().date().isoformat()
        peer = Peer(channel=channel, account=account, user=asked.user)
        try:
            code = await self._write_down(peer, f"{peer} {at}")
        except psycopg.OperationalError:
            return Answer(503)
        self._start()
        body = json.dumps({"url": self._url(code), "confirmation_code": code}).encode()
        return Answer(200, body, {"content-type": "application/json"})

    async def ask(self, conversation: int, *, by: str) -> str:
        """Staff have one conversation erased, at once; the request's code. Raises `KeyError` for an unknown one."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "select channel, account, peer from conversations where id = %s", [conversation]
            )
            row = await found.fetchone()
        if row is None:
            raise KeyError(conversation)
        user = self._seal.open(bytes(row[2]), b"peer").decode()
        peer = Peer(channel=row[0], account=row[1], user=user)
        code = await self._write_down(peer, secrets.token_hex(), conversation=conversation, by=by)
        await self._at_once()
        return code

    async def state(self, code: str) -> Request | None:
        """Where a request stands, or None when there is no such code."""
        if len(code) != _CODE_LENGTH or not set(code) <= set(_LETTERS):
            return None
        found = await erasure.find(self._pool, code)
        return found if found is not None and hmac.compare_digest(found.code, code) else None

    async def _write_down(self, peer: Peer, same: str, *, conversation: int | None = None, by: str = "") -> str:
        return await erasure.ask(
            self._pool,
            code="".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH)),
            asked_key=self._seal.index(f"erasure {same}"),
            channel=peer.channel,
            account=peer.account,
            subject_index=self._seal.index(str(peer)),
            subject=self._seal.close(peer.user.encode(), b"peer"),
            asked_at=self._now(),
            conversation=conversation,
            by=by,
        )

    def _start(self) -> None:
        """Begin at once; what fails is done by the next regular round."""
        task = asyncio.create_task(self._try(), name="erasure")
        self._soon.add(task)
        task.add_done_callback(self._soon.discard)

    async def _try(self) -> None:
        try:
            await self._at_once()
        except Exception as error:
            log.warning("erasure.later", error=type(error).__name__)

    async def _at_once(self) -> None:
        for _ in range(_TRIES):
            if await self.carry_out():
                return
            await asyncio.sleep(0.2)

    async def stop(self) -> None:
        for task in self._soon:
            task.cancel()
        await asyncio.gather(*self._soon, return_exceptions=True)

    # --- doing it -----------------------------------------------------------------------------------------------------

    async def carry_out(self) -> bool:
        """Carry out what has been asked, and destroy the files that nothing needs any more.

        False when another process or task is doing that at this moment.
        """
        async with self._pool.connection() as connection:
            found = await connection.execute("select pg_try_advisory_lock(%s)", [erasure.ONE_AT_A_TIME])
            if await found.fetchone() != (True,):
                return False
            try:
                for request in await erasure.unfinished(connection):
                    await self._carry_out(connection, request)
                await self._destroy(connection)
            finally:
                await connection.execute("select pg_advisory_unlock(%s)", [erasure.ONE_AT_A_TIME])
        return True

    async def _carry_out(self, connection: psycopg.AsyncConnection[Any], request: Request) -> None:
        try:
            numbers = await self._conversations(connection, request)
        except SendError as error:
            log.warning("erasure.unanswered", channel=request.channel, account=request.account, code=error.code)
            return
        done: list[Erased] = []
        for number in numbers:
            one = await erasure.erase(
                connection, number, again=request.status == "started", reading=self._reading(), by=request.by,
                now=self._now(),
            )  # fmt: skip
            if one is not None:
                done.append(one)
        counts = Counter(request.counts)
        for one in done:
            counts.update({name: count for name, count in one.counts.items() if name != "reports_kept"})
        counts["reports_kept"] = sum(one.counts["reports_kept"] for one in done)
        waiting = any(one.waiting for one in done)
        status = "started" if waiting else _ended(done)
        await erasure.mark(connection, request.code, status, counts, None if waiting else self._now())
        log.info("erasure.carried_out", channel=request.channel, status=status, count=len(done))

    async def _conversations(self, connection: psycopg.AsyncConnection[Any], request: Request) -> Sequence[int]:
        """Raises a `SendError` where the platform has to be asked who that is and does not say."""
        if request.conversation_id is not None:
            return [request.conversation_id]
        user = self._seal.open(bytes(request.subject or b""), b"peer").decode()
        known = self._accounts.get(request.channel, request.account)
        users = {user}
        if known is not None and isinstance(known.channel, Erases):
            users.update(await known.channel.erasure_users(user))
        peers = [Peer(channel=request.channel, account=request.account, user=one) for one in sorted(users)]
        return await erasure.conversations_of(connection, [self._seal.index(str(peer)) for peer in peers])

    async def _destroy(self, connection: psycopg.AsyncConnection[Any]) -> None:
        if not isinstance(self._blobs, Forgets):
            return
        for key in await erasure.doomed(connection):
            if await self._blobs.forget(key, unless_since=self._now() - _WANTED_AGAIN):
                await erasure.destroyed(connection, key)

    # --- what sealed rows say -----------------------------------------------------------------------------------------

    def _reading(self) -> Reading:
        return Reading(self._original_of, self._files_of, self._seal.close(b"", b"errand"))

    def _original_of(self, sealed: bytes) -> str:
        event = codec.decode(InboundMessage.__name__, unpack_event(self._seal.open(sealed, b"event"))[0])
        return event.original if isinstance(event, InboundMessage) else ""

    def _files_of(self, sealed: bytes) -> list[bytes]:
        report = _reports.decode(self._seal.open(sealed, b"report"))
        return [self._seal.index(file.source_key) for file in report.attachments]


def _ended(done: Sequence[Erased]) -> str:
    if not done:
        return "nothing"
    return "kept" if any(one.kept for one in done) else "done"
