"""What `/control` can do on Messenger beyond the acts of every phone, and what only happens to a Page or an app."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import media
from simulator.facebook.api import FacebookApi
from simulator.facebook.feed import Feed
from simulator.facebook.inbox import Inbox
from simulator.facebook.page import Page
from simulator.facebook.signing import written
from simulator.facebook.threads import PAGE_INBOX
from simulator.facebook.webhook import FIELDS
from simulator.outgoing import Outgoing
from simulator.world import Bubble, Json, Phone

Act = Callable[[Phone, Json], Bubble | None]
# What happens to the Page's token, by the word in the order: (code, subcode) of every later call.
TROUBLE: Mapping[str, tuple[int, int] | None] = {
    "expire": (190, 463),
    "password": (190, 460),
    "invalidate": (190, 467),
    "permission": (200, 0),
    "abuse": (368, 0),
    "restore": None,
}


class FacebookControl:
    def __init__(self, page: Page, feed: Feed, inbox: Inbox, api: FacebookApi, out: Outgoing) -> None:
        self._page, self._feed, self._inbox, self._api, self._out = page, feed, inbox, api, out
        self._world, self._config = page.world, page.config
        self.acts: Mapping[str, Act] = {
            "start": lambda p, b: self._page.follows(p, str(b.get("payload", "")), str(b.get("ad_id", ""))),
            "document": self._document,
            "album": self._album,
            "edit": self._edit,
            "unsend": lambda p, b: self._page.unsends(p, _message(p, b)),
            "staff": self._staff,
            "thread": self._thread,
            "optin": self._optin,
            "comment": self._comment,
            "post": lambda p, b: self._feed.posts(p, _text(b)),
            "remove": lambda p, b: self._feed.removes(p, _message(p, b)),
            "like": lambda p, b: self._feed.likes(p),
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/facebook/webhook", self._webhook, methods=["GET", "POST"]),
            Route("/control/facebook/token", self._token, methods=["POST"]),
            Route("/control/facebook/usage", self._usage, methods=["POST"]),
            Route("/control/facebook/notice", self._notice, methods=["POST"]),
            Route("/control/facebook/raw", self._raw, methods=["POST"]),
            Route("/control/facebook/deletion/{id}", self._deletion, methods=["POST"]),
        ]

    # -- on a phone ------------------------------------------------------------------------------

    def _document(self, phone: Phone, body: Json) -> Bubble:
        name, mime, caption = (str(body.get(key, "")) for key in ("name", "mime", "caption"))
        content = media.ordered(body)
        return self._page.sends_file(phone, content, name=name, mime=mime, caption=caption, as_document=True)

    def _album(self, phone: Phone, body: Json) -> Bubble:
        last = self._page.sends_photos(phone, [media.ordered(item) for item in body.get("photos") or [{}]])
        return self._page.says(phone, str(body["caption"])) if body.get("caption") else last

    def _edit(self, phone: Phone, body: Json) -> Bubble:
        bubble = _message(phone, body)
        edits = self._feed.edits if self._feed.knows(bubble.platform_id) else self._page.edits
        edits(phone, bubble, _text(body))
        return bubble

    def _staff(self, phone: Phone, body: Json) -> Bubble:
        """`app`: id of the app staff write with; "" for the phone app, whose echo names none."""
        return self._inbox.staff_writes(phone, _text(body), str(body.get("app", PAGE_INBOX)))

    def _thread(self, phone: Phone, body: Json) -> None:
        does = {"take": self._inbox.takes, "pass": self._inbox.passes, "request": self._inbox.requests}
        if body.get("do") not in does:
            raise ValueError("do must be take, pass or request")
        does[body["do"]](phone, str(body.get("metadata", "")))

    def _optin(self, phone: Phone, body: Json) -> None:
        """A click on a plugin of some page: the person is known by a reference until they write."""
        ref = str(body.get("user_ref", "ref-1"))
        self._world.remember(f"facebook.user_ref.{ref}", phone.user_id)
        event = {"recipient": {"id": self._config.page_id}, "timestamp": self._world.next_ms()}
        optin = {"ref": str(body.get("ref", "")), "user_ref": ref}
        self._page.event("messaging_optins", "messaging", event | {"optin": optin}, phone)

    def _comment(self, phone: Phone, body: Json) -> Bubble:
        photo = ""
        if "photo" in body:
            photo = self._page.cdn.url(media.keep(self._world, media.ordered({"sample": body["photo"]}), "c.jpg"))
        post, parent = str(body.get("post", "")), str(body.get("parent", ""))
        return self._feed.comments(phone, str(body.get("text", "")), post=post, parent=parent, photo=photo)

    # -- to the Page and the app -----------------------------------------------------------------

    async def _webhook(self, request: Request) -> Response:
        """GET tells how it stands; POST {"url", "verify_token"?, "fields"?} sets it up with Meta's challenge."""
        hook, why = self._page.webhook, ""
        if request.method == "POST":
            body = await _json(request)
            token = str(body.get("verify_token", self._config.verify_token))
            why = await hook.set_up(str(body.get("url", "")), token, body.get("fields", FIELDS))
        facts = {"url": hook.url, "fields": hook.app_fields, "page_fields": hook.page_fields, "error": why}
        return _answer(facts | {"pending": hook.pending()}, 400 if why else 200)

    async def _token(self, request: Request) -> Response:
        order = str((await _json(request)).get("do"))
        if order not in TROUBLE:
            return _answer({"error": f"do must be one of {', '.join(TROUBLE)}"}, 400)
        self._api.trouble = TROUBLE[order]
        return _answer({})

    async def _usage(self, request: Request) -> Response:
        """{"percent", "regain"?: minutes}; without percent the load is counted again."""
        body = await _json(request)
        percent = body.get("percent")
        self._api.rates.scripted = None if percent is None else (int(percent), int(body.get("regain", 0)))
        return _answer({})

    async def _notice(self, request: Request) -> Response:
        """{"kind": "policy_enforcement"|"app_roles", "content"?} happens to the Page."""
        body = await _json(request)
        kind = str(body.get("kind"))
        if kind not in NOTICES:
            return _answer({"error": f"kind must be one of {', '.join(NOTICES)}"}, 400)
        field, content = NOTICES[kind]
        # Nobody sent it, so there is no sender.
        event = {"recipient": {"id": self._config.page_id}, "timestamp": self._world.next_ms()}
        self._page.event(field, "messaging", event | {kind: body.get("content", content)}, None)
        return _answer({})

    async def _raw(self, request: Request) -> Response:
        """Sign and deliver any body once; {} is the dashboard's test button. Answers the status it got."""
        body = await _json(request) or DASHBOARD_TEST
        return _answer({"status": await self._page.webhook.send_raw(written(body))})

    async def _deletion(self, request: Request) -> Response:
        """The person asks Meta for the erasure of what the app knows. Answers what the callback answered."""
        phone = self._world.phones.get(request.path_params["id"])
        if phone is None or phone.platform != "facebook" or not self._config.deletion_url:
            return _answer({"error": "no such phone, or no deletion_url"}, 404)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form = urlencode(self._page.withdraws(phone)).encode()
        got = await self._out.post(self._config.deletion_url, form, headers, self._config.webhook_timeout)
        self._world.record("facebook", "deletion", status=got.status, why=got.why)
        try:
            return _answer({"status": got.status, "answer": msgspec.json.decode(got.body or b"null")})
        except msgspec.DecodeError:
            return _answer({"status": got.status, "answer": None})


NOTICES: Mapping[str, tuple[str, Json]] = {
    "policy_enforcement": (
        "messaging_policy_enforcement",
        {"action": "block", "reason": "The Page sent messages against policy"},
    ),
    "app_roles": ("messaging_handovers", {"900000000000001": ["primary_receiver"]}),
}
DASHBOARD_TEST: Json = {
    "object": "page",
    "entry": [
        {
            "id": "0",
            "time": 1767232800,
            "changes": [
                {
                    "field": "messages",
                    "value": {
                        "sender": {"id": "12334"},
                        "recipient": {"id": "23245"},
                        "timestamp": "1527459824",
                        "message": {"mid": "test_message_id", "text": "test_message"},
                    },
                }
            ],
        }
    ],
}


def _message(phone: Phone, body: Json) -> Bubble:
    bubble = phone.find(str(body.get("message", "")))
    if bubble is None:
        raise ValueError("no such message")
    return bubble


def _text(body: Json) -> str:
    if not isinstance(body.get("text"), str):
        raise ValueError("text is missing")  # noqa: TRY004 - a body that does not fit, whatever its type
    return str(body["text"])


async def _json(request: Request) -> Json:
    raw = await request.body()
    body: Json = msgspec.json.decode(raw, type=dict[str, Any]) if raw else {}
    return body


def _answer(body: Json, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
