"""`/control`: act as a citizen, read a phone, order trouble, move time. JSON in, JSON out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from simulator import media
from simulator.engine import Act, Platform, Simulator, find_button
from simulator.world import Bubble, Json, Phone

HEARTBEAT = 15.0


class Refused(Exception):
    """Answered with 400 or 404 and this reason."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class Control:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator, self._world = simulator, simulator.world
        self._actions: Mapping[str, Act] = {
            "start": self._start,
            "text": lambda p, b: self._who(p).says(p, _need(b, "text"), reply_to=str(b.get("reply_to", ""))),
            "photo": self._photo,
            "document": self._document,
            "album": self._album,
            "voice": lambda p, b: self._who(p).sends_voice(p, int(b.get("seconds", 5))),
            "video": lambda p, b: self._who(p).sends_video(p, media.ordered(b), str(b.get("name", "video.mp4"))),
            "location": self._place,
            "contact": self._contact,
            "sticker": lambda p, b: self._who(p).sends_sticker(p, str(b.get("sticker", "👍"))),
            "press": self._press,
            "edit": self._edit,
            "react": self._react,
            "info": self._info,
            "staff": self._staff,
            "withdraw": self._withdraw,
            "block": lambda p, b: self._who(p).blocks(p),
            "unblock": lambda p, b: self._who(p).unblocks(p),
            "seen": lambda p, b: self._who(p).sees(p),
        }

    def routes(self) -> list[Route]:
        return [
            Route("/control/phones", self._guard(self._phones), methods=["GET", "POST"]),
            Route("/control/phones/{id}", self._guard(self._screen)),
            Route("/control/phones/{id}/{action}", self._guard(self._act), methods=["POST"]),
            Route("/control/files/{id}", self._file),
            Route("/control/records", self._guard(self._records)),
            Route("/control/counters", self._guard(self._counters)),
            Route("/control/faults", self._guard(self._faults), methods=["GET", "POST", "DELETE"]),
            Route("/control/clock", self._guard(self._clock), methods=["GET", "POST"]),
            Route("/control/zalo/webhook", self._guard(self._zalo_webhook), methods=["GET", "POST"]),
            Route("/control/zalo/tokens", self._guard(self._zalo_tokens), methods=["POST"]),
            Route("/control/events", self._events),
        ]

    # -- people ------------------------------------------------------------------------------

    async def _phones(self, request: Request) -> Any:
        if request.method == "POST":
            body = await _body(request)
            platform = str(body.get("platform", ""))
            if platform not in self._simulator.platforms:
                raise Refused(f"platform must be one of {', '.join(self._simulator.platforms)}")
            return screen(self._simulator.join(platform, str(body.get("name", "")), str(body.get("number", ""))))
        return [
            {"id": p.id, "platform": p.platform, "name": p.name, "user_id": p.user_id, "messages": len(p.bubbles)}
            for p in self._world.phones.values()
        ]

    async def _screen(self, request: Request) -> Json:
        return screen(self._phone(request), self._world.clock.now())

    async def _act(self, request: Request) -> Json:
        phone, name = self._phone(request), request.path_params["action"]
        actions = {**self._actions, **self._simulator.acts.get(phone.platform, {})}
        if name not in actions:
            raise Refused(f"no action {name!r}; known: {', '.join(sorted(actions))}", 404)
        try:
            bubble = actions[name](phone, await _body(request))
        except ValueError as error:
            raise Refused(str(error)) from None
        return {"message": shown(bubble) if bubble else None}

    def _phone(self, request: Request) -> Phone:
        phone = self._world.phones.get(request.path_params["id"])
        if phone is None:
            raise Refused("no such phone", 404)
        return phone

    def _who(self, phone: Phone) -> Platform:
        return self._simulator.people(phone)

    def _start(self, phone: Phone, body: Json) -> None:
        if phone.platform == "telegram":
            self._simulator.telegram.follows(phone, str(body.get("payload", "")))
        else:
            self._simulator.zalo.follows(phone)

    def _photo(self, phone: Phone, body: Json) -> Bubble:
        caption = str(body.get("caption", ""))
        return self._who(phone).sends_file(phone, media.ordered(body), name="photo.jpg", caption=caption)

    def _document(self, phone: Phone, body: Json) -> Bubble:
        named: Json = {key: str(body.get(key, "")) for key in ("name", "mime", "caption")}
        if phone.platform == "telegram":
            size = int(body.get("claimed_size", 0))
            return self._simulator.telegram.sends_file(
                phone, media.ordered(body), as_document=True, claimed_size=size, **named
            )
        return self._simulator.zalo.sends_file(phone, media.ordered(body), **named)

    def _album(self, phone: Phone, body: Json) -> Bubble | None:
        """Several pictures at once; on Telegram they share a group id, on Zalo they are separate events."""
        group = str(13_900_000_000_000_000 + self._world.next_seq())
        last = None
        for place, item in enumerate(body.get("photos", [])):
            about: Json = {"caption": str(body.get("caption", "")) if place == 0 else ""}
            if phone.platform == "telegram":
                last = self._simulator.telegram.sends_file(phone, media.ordered(item), album=group, **about)
            else:
                last = self._simulator.zalo.sends_file(phone, media.ordered(item), **about)
        return last

    def _place(self, phone: Phone, body: Json) -> Bubble:
        lat, lon = float(_need(body, "latitude")), float(_need(body, "longitude"))
        return self._who(phone).sends_place(phone, lat, lon, title=str(body.get("title", "")))

    def _contact(self, phone: Phone, body: Json) -> Bubble:
        own = "number" not in body
        name, number = str(body.get("name", phone.name)), str(body.get("number", phone.number))
        return self._who(phone).sends_contact(phone, name, number, own=own)

    def _press(self, phone: Phone, body: Json) -> Bubble | None:
        wanted = str(_need(body, "button"))
        found = None
        if message := body.get("message"):
            bubble = phone.find(str(message))
            every = [button for row in (bubble.buttons if bubble else []) for button in row]
            found = next(((b, bubble) for b in every if wanted in {b.text, b.data}), None)
        else:
            found = find_button(phone, wanted)
        if found is None:
            raise Refused(f"no button {wanted!r} on this phone", 404)
        return self._who(phone).presses(phone, *found)

    def _edit(self, phone: Phone, body: Json) -> Bubble:
        bubble = self._own(phone, body)
        if phone.platform != "telegram":
            raise Refused("Zalo has no editing")
        self._simulator.telegram.edits(phone, bubble, str(_need(body, "text")))
        return bubble

    def _react(self, phone: Phone, body: Json) -> Bubble:
        bubble = self._own(phone, body)
        self._who(phone).reacts(phone, bubble, str(body.get("icon", "👍")))
        return bubble

    def _own(self, phone: Phone, body: Json) -> Bubble:
        bubble = phone.find(str(_need(body, "message")))
        if bubble is None:
            raise Refused("no such message", 404)
        return bubble

    def _info(self, phone: Phone, body: Json) -> Bubble:
        return self._zalo_only(phone).zalo.submits_info(phone, body)

    def _staff(self, phone: Phone, body: Json) -> Bubble:
        return self._zalo_only(phone).zalo.staff_writes(phone, str(_need(body, "text")))

    def _withdraw(self, phone: Phone, body: Json) -> None:
        self._zalo_only(phone).zalo.withdraws(phone)

    def _zalo_only(self, phone: Phone) -> Simulator:
        if phone.platform != "zalo":
            raise Refused("only Zalo has this")
        return self._simulator

    # -- what happened, and trouble ------------------------------------------------------------

    async def _records(self, request: Request) -> list[Json]:
        since, platform = int(request.query_params.get("since", "0")), request.query_params.get("platform")
        return [r for r in self._world.records if r["seq"] > since and platform in {None, r["platform"]}]

    async def _counters(self, request: Request) -> Json:
        return dict(sorted(self._world.counters.items()))

    async def _faults(self, request: Request) -> Any:
        if request.method == "DELETE":
            self._simulator.faults.clear()
        if request.method == "POST":
            try:
                self._simulator.faults.add(**await _body(request))
            except (TypeError, ValueError) as error:
                raise Refused(str(error)) from None
        return self._simulator.faults.listed()

    async def _clock(self, request: Request) -> Json:
        if request.method == "POST":
            self._world.clock.advance(float((await _body(request)).get("advance", 0)))
        return {"now": self._world.clock.now()}

    async def _zalo_webhook(self, request: Request) -> Json:
        hook = self._simulator.zalo_webhook
        if request.method == "POST":
            url = str(_need(await _body(request), "url"))
            return {"status": await hook.save_url(url), "url": hook.url, "subscribed": hook.subscribed}
        return {"url": hook.url, "subscribed": hook.subscribed, "pending": hook.pending()}

    async def _zalo_tokens(self, request: Request) -> Json:
        match (await _body(request)).get("do"):
            case "expire":
                self._simulator.tokens.expire()
            case "revoke":
                self._simulator.tokens.revoke()
            case _:
                raise Refused("do must be expire or revoke")
        return {}

    async def _file(self, request: Request) -> Response:
        file = self._world.files.get(request.path_params["id"])
        if file is None:
            return Response(status_code=404)
        return Response(file.content, media_type=file.mime, headers={"Cache-Control": "max-age=86400"})

    async def _events(self, request: Request) -> Response:
        """Server-sent events: `phone` with the id of a phone that changed."""
        return Events(self._stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    async def _stream(self) -> AsyncIterator[bytes]:
        dirty: dict[tuple[str, str], None] = {}
        woken = asyncio.Event()

        def heard(event: str, data: Json) -> None:
            dirty[event, data["id"]] = None
            woken.set()

        stop = self._world.listen(heard)
        try:
            yield b": hello\n\n"
            while True:
                try:
                    await asyncio.wait_for(woken.wait(), HEARTBEAT)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                woken.clear()
                changed = list(dirty)
                dirty.clear()
                for event, name in changed:
                    yield f"event: {event}\ndata: {name}\n\n".encode()
        finally:
            stop()

    def _guard(self, handler: Callable[[Request], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                return _json(await handler(request))
            except Refused as error:
                return _json({"error": str(error)}, error.status)

        return answer


class Events(StreamingResponse):
    """A stream without end. That the server cuts it when it stops is no error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await super().__call__(scope, receive, send)


def screen(phone: Phone, now: float = 0.0) -> Json:
    """A phone as one would see it, with ids to press and to quote."""
    body = {k: v for k, v in asdict(phone).items() if k != "bubbles"}
    body["typing"] = phone.typing_until > now
    return body | {"messages": [shown(bubble) for bubble in phone.bubbles]}


def shown(bubble: Bubble) -> Json:
    return {k: v for k, v in asdict(bubble).items() if k != "raw"}


async def _body(request: Request) -> Json:
    raw = await request.body()
    try:
        body = msgspec.json.decode(raw) if raw else {}
    except msgspec.DecodeError:
        raise Refused("the body must be JSON") from None
    if not isinstance(body, dict):
        raise Refused("the body must be a JSON object")
    return body


def _need(body: Json, name: str) -> Any:
    if name not in body:
        raise Refused(f"{name} is missing")
    return body[name]


def _json(body: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
