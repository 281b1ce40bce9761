"""The Graph API over HTTP: `/facebook`, any version or none, then Graph's own paths."""

import base64
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.facebook import call as calls
from simulator.facebook import signing
from simulator.facebook.call import Call
from simulator.facebook.errors import GraphError, bad, known, no_such_person
from simulator.facebook.feed import Feed
from simulator.facebook.history import History
from simulator.facebook.inbox import Inbox
from simulator.facebook.page import Page
from simulator.facebook.profile import MessengerProfile, Personas
from simulator.facebook.rates import Rates
from simulator.facebook.sending import Sending
from simulator.facebook.uploads import Uploads
from simulator.facebook.webhook import FIELDS
from simulator.faults import Cut, Fault, FaultPlan, after, before
from simulator.world import Json, Phone

VERSION = re.compile(r"^/v\d+\.\d+(?=/|$)")
SCOPES = (
    "pages_show_list", "pages_messaging", "pages_manage_metadata", "pages_read_engagement", "pages_read_user_content",
    "pages_manage_engagement",
)  # fmt: skip
# Edges that an app's own token may ask.
FOR_APPS = frozenset({"/debug_token", "/app/subscriptions", "/user/ids_for_pages"})

Handler = Callable[[Call], Awaitable[Json]]


class FacebookApi:
    """An ASGI app below `/facebook`."""

    def __init__(self, page: Page, feed: Feed, inbox: Inbox, faults: FaultPlan) -> None:
        self._page, self._feed, self._inbox, self._faults = page, feed, inbox, faults
        self._world, self._config = page.world, page.config
        self.rates = Rates(page.config, page.world)
        # A test may order it: (code, subcode) that every call with the Page's token gets.
        self.trouble: tuple[int, int] | None = None
        sending = Sending(page, feed, Uploads(page.config, page.world, page.cdn), self.rates)
        profile = MessengerProfile(page, self.rates)
        self._personas = Personas(page)
        history = History(page)
        self._edges: Mapping[tuple[str, str], Handler] = {
            ("GET", "/me"): self._me,
            ("POST", "/me/messages"): sending.messages,
            ("POST", "/me/message_attachments"): sending.upload,
            ("GET", "/me/subscribed_apps"): self._subscribed,
            ("POST", "/me/subscribed_apps"): self._subscribe,
            ("DELETE", "/me/subscribed_apps"): self._unsubscribe,
            ("GET", "/me/messenger_profile"): profile.read,
            ("POST", "/me/messenger_profile"): profile.write,
            ("DELETE", "/me/messenger_profile"): profile.delete,
            ("GET", "/me/personas"): self._personas.listed,
            ("POST", "/me/personas"): self._personas.create,
            ("POST", "/me/pass_thread_control"): self._pass,
            ("POST", "/me/take_thread_control"): self._take,
            ("POST", "/me/request_thread_control"): self._request,
            ("POST", "/me/release_thread_control"): self._release,
            ("GET", "/me/thread_owner"): self._owner,
            ("GET", "/me/conversations"): history.conversations,
            ("GET", "/debug_token"): self._debug,
            ("GET", "/app/subscriptions"): self._subscriptions,
            ("POST", "/app/subscriptions"): self._set_up,
            ("GET", "/user/ids_for_pages"): self._ids_for_pages,
            ("GET", "/user"): self._person,
            ("GET", "/comment"): self._comment,
            ("POST", "/comment/comments"): self._answer_publicly,
            ("GET", "/persona"): self._persona,
            ("DELETE", "/persona"): self._drop_persona,
            ("GET", "/conversation/messages"): history.messages,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = VERSION.sub("", scope["path"].removeprefix(scope.get("root_path", "").rstrip("/")))
        if path.startswith("/cdn/"):
            await self._page.cdn.answer(request, path)(scope, receive, send)
            return
        node, edge = self._edge(path)
        fault = self._faults.strike("facebook", "api", edge)
        if fault and await before(fault, receive):
            await Cut()(scope, receive, send)
            return
        answer: ASGIApp = await self._answer(request, node, edge, fault)
        if fault and await after(fault, receive):
            answer = Cut()
        await answer(scope, receive, send)

    def _edge(self, path: str) -> tuple[str, str]:
        """The id in the path, and the path with the kind of thing in its place: `/me/messages`, `/user`."""
        node, _, edge = path.strip("/").partition("/")
        if node == "debug_token":
            return node, "/debug_token"
        if node in {"me", self._config.page_id}:
            kind = "me"
        elif node == self._config.app_id:
            kind = "app"
        elif self._feed.knows(node):
            kind = "comment"
        elif self._personas.find(node):
            kind = "persona"
        else:
            kind = "conversation" if node.startswith("t_") else "user"
        return node, f"/{kind}/{edge}".rstrip("/")

    async def _answer(self, request: Request, node: str, edge: str, fault: Fault | None) -> Response:
        headers: dict[str, str] = {}
        body: Json
        try:
            if fault and fault.action == "status":
                if fault.body:
                    self._record(edge, fault.status, 0, fault)
                    return Response(fault.body, fault.status, media_type="text/html")
                raise GraphError(2, "Service temporarily unavailable", status=fault.status, transient=True)
            call = await calls.read(request, node)
            of_page = self._check(call, edge)
            headers = self.rates.headers(page=of_page)
            if fault and fault.action == "error":
                raise known(fault.error, fault.subcode)
            handler = self._edges.get((request.method, edge))
            if handler is None:
                raise GraphError(100, "Unsupported request. Unknown path components", kind="GraphMethodException")
            if of_page:
                self.rates.count_call()
            body, status, code = await handler(call), 200, 0
        except GraphError as error:
            body, status, code = error.body(self._trace()), error.status, error.code
        self._record(edge, status, code, fault)
        return Response(msgspec.json.encode(body), status, media_type="application/json", headers=headers)

    def _record(self, edge: str, status: int, code: int, fault: Fault | None) -> None:
        name = fault.action if fault else ""
        self._world.record("facebook", "call", path=edge, status=status, error=code, fault=name)

    def _trace(self) -> str:
        digest = hashlib.sha256(f"trace:{self._world.next_seq()}".encode()).digest()
        return "A" + base64.urlsafe_b64encode(digest).decode()[:22]

    def _check(self, call: Call, edge: str) -> bool:
        """Whether the Page's token was shown (else the app's). Raises GraphError."""
        if not call.token:
            raise GraphError(2500, "An active access token must be used to query information about the current user.")
        of_app = call.token == f"{self._config.app_id}|{self._config.app_secret}"
        if not of_app and call.token != self._config.page_token:
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
        proof = call.values.pop("appsecret_proof", None)
        # An app's token holds the secret itself; clients send the proof of their other token along.
        if proof is not None and not of_app:
            wanted = signing.appsecret_proof(self._config.app_secret, call.token)
            if not hmac.compare_digest(str(proof).encode(), wanted.encode()):
                raise _method("Invalid appsecret_proof provided in the API argument")
        elif self._config.require_proof and not of_app:
            raise _method("API calls from the server require an appsecret_proof argument")
        if of_app and edge not in FOR_APPS:
            raise GraphError(210, "(#210) A page access token is required to request this resource.", status=403)
        if self.trouble and not of_app and edge != "/debug_token":
            raise known(*self.trouble)
        return not of_app

    # -- the Page and the app --------------------------------------------------------------------

    async def _me(self, call: Call) -> Json:
        return {"name": self._config.page_name, "id": self._config.page_id}

    async def _subscribed(self, call: Call) -> Json:
        fields = self._page.webhook.page_fields
        app = {"name": "Tiếp Nhận", "id": self._config.app_id, "subscribed_fields": fields}
        return {"data": [app] if fields else []}

    async def _subscribe(self, call: Call) -> Json:
        fields = call.names("subscribed_fields")
        if not fields:
            raise bad("The parameter subscribed_fields is required.")
        self._page.webhook.install(_known_fields(fields))
        return {"success": True}

    async def _unsubscribe(self, call: Call) -> Json:
        self._page.webhook.install(())
        return {"success": True}

    async def _subscriptions(self, call: Call) -> Json:
        hook = self._page.webhook
        fields = [{"name": name, "version": "v26.0"} for name in hook.app_fields]
        data = {"object": "page", "callback_url": hook.url, "active": True, "fields": fields}
        return {"data": [data] if hook.url else []}

    async def _set_up(self, call: Call) -> Json:
        if call.text("object") != "page" or not call.text("callback_url"):
            raise bad("The parameters object and callback_url are required.")
        fields = _known_fields(call.names("fields"))
        if wrong := await self._page.webhook.set_up(call.text("callback_url"), call.text("verify_token"), fields):
            raise GraphError(2200, f"(#2200) Callback verification failed with the following errors: {wrong}")
        return {"success": True}

    async def _debug(self, call: Call) -> Json:
        data: Json = {"app_id": self._config.app_id, "type": "PAGE", "application": "Tiếp Nhận", "expires_at": 0}
        dead = self.trouble if self.trouble and self.trouble[0] == 190 else None
        data["is_valid"] = call.text("input_token") == self._config.page_token and dead is None
        if data["is_valid"]:
            data |= {"profile_id": self._config.page_id, "scopes": list(SCOPES), "data_access_expires_at": 0}
        else:
            why: Json = {"code": 190, "message": "Error validating access token"}
            data |= {"error": why | ({"subcode": dead[1]} if dead else {}), "scopes": []}
        return {"data": data}

    # -- people --------------------------------------------------------------------------------

    async def _person(self, call: Call) -> Json:
        phone = self._world.person("facebook", call.node)
        if phone is None or not (phone.following or phone.bubbles):
            raise GraphError(
                100,
                f"Unsupported get request. Object with ID '{call.node}' does not exist",
                subcode=33,
                kind="GraphMethodException",
            )
        if not self._config.profile_access:
            raise GraphError(100, "(#100) No permission to read the profile of this user.", subcode=2018247)
        if phone.shared_info.get("no_profile"):
            raise bad("No profile available for this user.", 2018218)
        return self._profile(phone, call.names("fields"))

    def _profile(self, phone: Phone, fields: list[str]) -> Json:
        family, _, given = phone.name.rpartition(" ")
        picture = f"https://platform-lookaside.fbsbx.com/platform/profilepic/?psid={phone.user_id}"
        known_of = {"first_name": given, "last_name": family, "name": phone.name, "profile_pic": picture}
        wanted = fields or ["first_name", "last_name", "profile_pic"]
        return {name: known_of[name] for name in wanted if name in known_of} | {"id": phone.user_id}

    async def _ids_for_pages(self, call: Call) -> Json:
        """An app-scoped id becomes the id that this Page knows."""
        for phone in self._world.phones.values():
            if phone.platform == "facebook" and self._page.app_scoped(phone) == call.node:
                page = {"name": self._config.page_name, "id": self._config.page_id}
                return {"data": [{"id": phone.user_id, "page": page}]}
        raise no_such_person()

    async def _comment(self, call: Call) -> Json:
        return self._feed.read(call.node)

    async def _answer_publicly(self, call: Call) -> Json:
        return self._feed.answers(call.node, call.text("message"))

    async def _persona(self, call: Call) -> Json:
        return self._personas.find(call.node) or {}

    async def _drop_persona(self, call: Call) -> Json:
        return self._personas.delete(call.node)

    # -- who holds a thread ----------------------------------------------------------------------

    async def _pass(self, call: Call) -> Json:
        target = call.text("target_app_id")
        if not target:
            raise bad("The parameter target_app_id is required.")
        return self._inbox.owner_becomes(_psid(call.nested("recipient")), target)

    async def _take(self, call: Call) -> Json:
        return self._inbox.owner_becomes(_psid(call.nested("recipient")), self._config.app_id)

    async def _request(self, call: Call) -> Json:
        """Asked, not given: whoever holds the thread decides."""
        self._inbox.owner_of(_psid(call.nested("recipient")))
        return {"success": True}

    async def _release(self, call: Call) -> Json:
        return self._inbox.owner_becomes(_psid(call.nested("recipient")), "")

    async def _owner(self, call: Call) -> Json:
        return self._inbox.owner_of(call.text("recipient"))


def _psid(recipient: Any) -> str:
    return str(recipient.get("id", "")) if isinstance(recipient, dict) else ""


def _known_fields(fields: list[str]) -> list[str]:
    if strange := [name for name in fields if name not in FIELDS]:
        raise bad(f"Param subscribed_fields[0] must be one of its values; not {strange[0]}")
    return fields


def _method(message: str) -> GraphError:
    return GraphError(100, message, kind="GraphMethodException")
