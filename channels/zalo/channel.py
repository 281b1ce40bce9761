"""A Zalo Official Account as a channel."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from channels.zalo import greeting, history, outgoing, signature
from channels.zalo.api import Api
from channels.zalo.attachments import part_of, text_of
from channels.zalo.client import Client
from channels.zalo.codes import UPLOAD_EXPIRED
from channels.zalo.media import fetch
from channels.zalo.outgoing import PeerQuota, ZaloReceipt
from channels.zalo.parse import ANONYMOUS, oa_of, read_events
from channels.zalo.settings import ZaloSettings
from channels.zalo.tokens import Tokens, authorization_url, code_challenge
from channels.zalo.uploads import Uploads
from core.errors import SendError, TryAgain, Unknown
from core.events import PlatformEvent
from core.model import Ask, Delivery, Media, MediaKind, MediaRef, OutboundMessage, Peer
from core.ports import Answer, Blobs, Http, Knock, PeerDetail, Vault


class ZaloChannel:
    """One OA. Implements `Channel`, `Greets`, `Describes` and `Recovers`."""

    name = "zalo"

    def __init__(
        self, settings: ZaloSettings, *, http: Http, vault: Vault, blobs: Blobs, now: Callable[[], datetime]
    ) -> None:
        self.account = settings.account
        self.capabilities = outgoing.capabilities(settings.free_replies)
        self.signatures: Counter[str] = Counter()
        """Accepted deliveries by what signed them, e.g. "oa_secret:header"; a metric."""
        self.tokens = Tokens(settings, http=http, vault=vault, now=now)
        self._settings, self._http, self._now = settings, http, now
        self._api = Api(settings, http=http, tokens=self.tokens, now=now)
        self._uploads = Uploads(self._api, blobs=blobs, now=now)
        self.client = Client(self._api)

    def greet(self, knock: Knock) -> Answer | None:
        return greeting.greet(knock, self._settings.verifier)

    def verify(self, delivery: Delivery) -> None:
        self.signatures[signature.matched_by(delivery, self._settings)] += 1

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        return read_events(delivery, account=self.account, oa_id=self._settings.oa_id)

    def oa_of(self, delivery: Delivery) -> str:
        """Which OA a delivery is for: the OAs of one app share one webhook address. Raises `DeliveryUnreadable`."""
        return oa_of(delivery)

    def consent_url(self, state: str = "", verifier: str = "") -> str:
        """Where an OA admin grants this app access; what comes back goes to `tokens.exchange_code`.

        `verifier` is a fresh PKCE verifier; without one the configured one is used, without that none.
        """
        verifier = verifier or self._settings.code_verifier
        return authorization_url(
            self._settings.app_id,
            self._settings.callback_url,
            challenge=code_challenge(verifier) if verifier else "",
            state=state,
            base=self._settings.oauth(""),
        )

    async def send(self, peer: Peer, message: OutboundMessage) -> ZaloReceipt:
        """One call for a text, a question, or one picture with its caption; more only where Zalo needs more."""
        path, recipient = outgoing.recipient_of(peer)
        if not message.media:
            return await self._post(path, recipient, self._spoken(message, peer))
        try:
            return await self._send_all(path, recipient, await self._parts(message, peer))
        except TryAgain as error:
            if error.code != str(UPLOAD_EXPIRED):
                raise
        for item in message.media:
            self._uploads.forget(item)
        return await self._send_all(path, recipient, await self._parts(message, peer))

    async def tend(self) -> None:
        """Renew the access token when it runs out soon: a quiet night must not cost the first reply of the morning."""
        await self.tokens.refresh_if_due()

    async def fetch(self, media: MediaRef) -> Media:
        return await fetch(media, settings=self._settings, http=self._http)

    async def describe(self, peer: Peer) -> PeerDetail:
        """Name and picture; empty for visitors of the web widget, whom Zalo does not know."""
        if peer.user.startswith(ANONYMOUS):
            return PeerDetail()
        user = part_of(await self._api.get("/v3.0/oa/user/detail", {"user_id": peer.user}))
        return PeerDetail(name=text_of(user.get("display_name")), avatar=text_of(user.get("avatar")))

    async def recover(self, since_ms: int) -> AsyncIterator[Delivery]:
        found = history.recover(self._api, since_ms, app_id=self._settings.app_id, now=self._now)
        async for delivery in found:
            yield delivery

    async def quota(self, peer: Peer) -> PeerQuota:
        """What Zalo itself says about this person's window; overrides our own reckoning."""
        return outgoing.peer_quota_of(await self._api.post("/v3.0/oa/quota/message", {"user_id": peer.user}))

    def _spoken(self, message: OutboundMessage, peer: Peer) -> dict[str, Any]:
        if message.choices:
            write = outgoing.with_numbers if peer.user.startswith(ANONYMOUS) else outgoing.with_buttons
            return write(message.text, message.choices)
        if message.ask is Ask.PHONE and not peer.user.startswith(ANONYMOUS):
            form = outgoing.phone_form(
                message.text, title=self._settings.phone_form_title, image=self._settings.phone_form_image
            )
            return form or outgoing.plain(message.text)
        return outgoing.plain(message.text)

    async def _parts(self, message: OutboundMessage, peer: Peer) -> list[dict[str, Any]]:
        captioned = not message.choices and message.ask is Ask.NOTHING and message.media[0].kind is MediaKind.IMAGE
        caption = message.text if captioned else ""
        parts = [await self._uploads.message_for(message.media[0], caption)]
        parts += [await self._uploads.message_for(item) for item in message.media[1:]]
        return parts if captioned or not message.text else [*parts, self._spoken(message, peer)]

    async def _send_all(self, path: str, recipient: dict[str, str], parts: list[dict[str, Any]]) -> ZaloReceipt:
        receipt = await self._post(path, recipient, parts[0])
        for number, part in enumerate(parts[1:], start=2):
            try:
                receipt = await self._post(path, recipient, part)
            except Exception as error:
                # The citizen has the first parts already: to repeat all of it would say them twice.
                why, code = (error.reason, error.code) if isinstance(error, SendError) else (type(error).__name__, "")
                raise Unknown(f"chỉ gửi được {number - 1} trên {len(parts)} phần: {why}", code=code) from error
        return receipt

    async def _post(self, path: str, recipient: dict[str, str], part: dict[str, Any]) -> ZaloReceipt:
        return outgoing.receipt_of(await self._api.post(path, {"recipient": recipient, "message": part}))
