"""One Facebook Page as a channel."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from channels.facebook import outgoing, signature
from channels.facebook.admin import FacebookAdmin
from channels.facebook.capabilities import capabilities
from channels.facebook.codes import NO_PROFILE, UPLOAD_GONE
from channels.facebook.deletion import read_signed_request
from channels.facebook.graph import Graph, decode
from channels.facebook.media import fetch
from channels.facebook.notice import Page
from channels.facebook.parse import parse
from channels.facebook.settings import FacebookSettings
from channels.facebook.uploads import Uploads
from channels.facebook.usage import SLOW_FROM
from channels.facebook.wire import Id, Sent, word
from core.errors import Misconfigured, SendError, TryAgain, Unreachable
from core.events import PlatformEvent
from core.model import Delivery, Media, MediaRef, OutboundMessage, Peer, Receipt
from core.ports import Answer, Blobs, ErasureAsked, Http, Knock, PeerDetail, Vault

CHECKED_EVERY = timedelta(days=1)
ACTION_PATIENCE = 2.0
"""Seconds that a receipt waits for the courtesy beside it."""


class _Person(msgspec.Struct):
    first_name: str | None = None
    last_name: str | None = None


class _PageUser(msgspec.Struct):
    id: Id = None


class _PageUsers(msgspec.Struct):
    data: list[_PageUser]


class FacebookChannel:
    """One Page on one app. Implements `Channel`, `Greets`, `Describes`, `Tends` and `Erases`."""

    name = "facebook"

    def __init__(
        self,
        settings: FacebookSettings,
        *,
        http: Http,
        vault: Vault,
        blobs: Blobs,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.account = settings.account
        self.capabilities = capabilities(human_agent=settings.human_agent)
        self._settings, self._http, self._now = settings, http, now
        self._secret = settings.app_secret.get_secret_value()
        self._page = Page(
            account=settings.account,
            page_id=settings.page_id,
            app_id=settings.app_id,
            answer_comments=settings.answer_comments,
        )
        self._messages = f"/{settings.page_id}/messages"
        self._graph = Graph(settings, http=http, now=now, sleep=sleep)
        self._admin = FacebookAdmin(settings, http=http, now=now, graph=self._graph)
        self._uploads = Uploads(self._graph, page_id=settings.page_id, vault=vault, blobs=blobs, now=now)
        self._token_checked_at: datetime | None = None

    def greet(self, knock: Knock) -> Answer | None:
        return signature.greet(knock, self._settings.verify_token.get_secret_value())

    def verify(self, delivery: Delivery) -> None:
        signature.verify(delivery, self._secret)

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        return parse(delivery, self._page)

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        """One call for a fitted message. The receipt of a private reply names the person behind the comment."""
        recipient = outgoing.recipient(peer)
        head = outgoing.route(
            message,
            private_reply="id" not in recipient,
            human_agent=self._settings.human_agent,
            now=self._now(),
        )
        if not message.media:
            async with self._meanwhile("mark_seen", recipient):
                return await self._post(recipient, head, outgoing.text(message))
        async with self._meanwhile("typing_on", recipient):
            body = await self._attachment(message)
        try:
            return await self._post(recipient, head, body)
        except TryAgain as error:
            if not error.code.endswith(f"/{UPLOAD_GONE}"):
                raise
        await self._uploads.forget(message.media[0])
        return await self._post(recipient, head, await self._attachment(message))

    async def fetch(self, media: MediaRef) -> Media:
        return await fetch(media, http=self._http, api_base=self._settings.api_base)

    async def describe(self, peer: Peer) -> PeerDetail:
        """The name in Vietnamese order; empty for comments, and for people whose profile Meta does not show."""
        if "id" not in outgoing.recipient(peer):
            return PeerDetail()
        try:
            person = await self._graph.get(f"/{quote(peer.user, safe='')}", _Person, fields="first_name,last_name")
        except SendError as error:
            if error.code.partition("/")[2] in {str(code) for code in NO_PROFILE}:
                return PeerDetail()
            raise
        return PeerDetail(name=" ".join(filter(None, (person.last_name, person.first_name))))

    async def tend(self) -> None:
        """Put back a subscription that was lost, and look once a day whether the token lives.

        A Page that lost the app sends nothing, and nobody is told.
        """
        if not await self._admin.subscribed_fields():
            await self._admin.subscribe()
        checked = self._token_checked_at
        if checked is not None and self._now() - checked < CHECKED_EVERY:
            return
        state = await self._admin.token_state()
        if not state.valid:
            raise Misconfigured("Mã truy cập của Trang không còn hiệu lực", code=f"190/{state.problem}".rstrip("/"))
        self._token_checked_at = self._now()

    def read_erasure(self, knock: Knock) -> ErasureAsked:
        return read_signed_request(knock.body, app_secret=self._secret)

    async def erasure_users(self, user: str) -> list[str]:
        """The ids on this Page of an app-scoped user, that id itself included: Meta may know no others."""
        path = f"/{quote(user, safe='')}/ids_for_pages"
        try:
            found = await self._graph.get(path, _PageUsers, as_app=True, page=self._settings.page_id)
        except Unreachable:  # never met this Page
            return [user]
        ids = [word(known.id) for known in found.data]
        return list(dict.fromkeys([*filter(None, ids), user]))

    async def _attachment(self, message: OutboundMessage) -> dict[str, Any]:
        return outgoing.attachment(message, await self._uploads.id_of(message.media[0]))

    async def _post(self, recipient: dict[str, str], head: dict[str, str], body: dict[str, Any]) -> Receipt:
        answer = await self._graph.post(self._messages, {"recipient": recipient, **head, "message": body})
        sent = decode(answer, Sent)
        reached = word(sent.recipient_id) if "id" not in recipient else ""
        return Receipt(external_id=sent.message_id, reached=reached)

    @asynccontextmanager
    async def _meanwhile(self, action: str, recipient: dict[str, str]) -> AsyncIterator[None]:
        """A sender action beside the work, never before it. It is the first thing to go when the allowance runs out."""
        if not self._settings.typing or "id" not in recipient or self._graph.meter.percent(self._now()) >= SLOW_FROM:
            yield
            return
        task = asyncio.create_task(self._act(action, recipient))
        try:
            yield
            await asyncio.wait({task}, timeout=ACTION_PATIENCE)
        finally:
            task.cancel()

    async def _act(self, action: str, recipient: dict[str, str]) -> None:
        with suppress(SendError):
            await self._graph.post(self._messages, {"recipient": recipient, "sender_action": action})
