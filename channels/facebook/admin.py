"""Setting a Page up and looking at its health, for `tiepnhan doctor`."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from channels.facebook.graph import Graph
from channels.facebook.messages import GET_STARTED
from channels.facebook.settings import FacebookSettings
from channels.facebook.wire import Id, word
from core.errors import Misconfigured
from core.ports import Http

FIELDS = (
    "messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads", "message_reactions",
    "message_edits", "messaging_referrals", "messaging_optins", "messaging_handovers", "standby",
    "messaging_policy_enforcement", "feed",
)  # fmt: skip
"""What a Page has to send us. A field that is missing is silence that nobody notices."""

SCOPES = ("pages_messaging", "pages_manage_metadata", "pages_show_list", "pages_read_engagement")
COMMENT_SCOPES = ("pages_read_user_content", "pages_manage_engagement")
"""Permissions the token must hold; the second group only where comments are answered."""

LOCALES = ("default", "vi_VN")
PROFILE_FIELDS = ("get_started", "greeting", "persistent_menu", "ice_breakers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the menu or one opening question: a title of up to 30 characters, a key of up to 1000."""

    title: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProfile:
    """What a citizen sees before the first word: a greeting of up to 160 characters, a menu, opening questions."""

    greeting: str
    menu: tuple[Entry, ...] = ()
    ice_breakers: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageIdentity:
    """Whom the token speaks for."""

    page_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenState:
    """What Meta says of the Page token. `expires_at` is None for one without an end."""

    valid: bool
    expires_at: datetime | None
    scopes: tuple[str, ...]
    missing_scopes: tuple[str, ...]
    problem: str = ""


class _Me(msgspec.Struct):
    id: Id = None
    name: str = ""


class _App(msgspec.Struct):
    id: Id = None
    subscribed_fields: list[str] | None = None


class _Apps(msgspec.Struct):
    data: list[_App]


class _TokenError(msgspec.Struct):
    message: str = ""
    subcode: int | None = None


class _Token(msgspec.Struct):
    is_valid: bool = False
    expires_at: int = 0
    scopes: list[str] | None = None
    error: _TokenError | None = None


class _Debugged(msgspec.Struct):
    data: _Token


class _Profiles(msgspec.Struct):
    data: list[dict[str, Any]]


class FacebookAdmin:
    """One Page's set-up. Every method raises one of the five `SendError`s."""

    def __init__(
        self,
        settings: FacebookSettings,
        *,
        http: Http,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        graph: Graph | None = None,
    ) -> None:
        self._settings = settings
        self._graph = graph or Graph(settings, http=http, now=now, sleep=sleep)
        self._page = f"/{settings.page_id}"

    async def check_page(self) -> PageIdentity:
        """Which Page the token belongs to. Raises `Misconfigured` when it is not the configured one."""
        me = await self._graph.get("/me", _Me, fields="id,name")
        if word(me.id) != self._settings.page_id:
            raise Misconfigured("Mã truy cập thuộc về một Trang khác", code="page")
        return PageIdentity(page_id=word(me.id), name=me.name)

    async def subscribed_fields(self) -> tuple[str, ...]:
        """The fields that the Page sends to our app; empty when the app is not installed on it."""
        apps = await self._graph.get(f"{self._page}/subscribed_apps", _Apps)
        ours = [app for app in apps.data if word(app.id) == self._settings.app_id]
        return tuple(field for app in ours for field in app.subscribed_fields or ())

    async def missing_fields(self) -> tuple[str, ...]:
        """Those of `FIELDS` that the Page does not send."""
        present = await self.subscribed_fields()
        return tuple(field for field in FIELDS if field not in present)

    async def subscribe(self) -> None:
        """Install the app on the Page with all of `FIELDS`; the same again changes nothing."""
        await self._set(f"{self._page}/subscribed_apps", {"subscribed_fields": ",".join(FIELDS)})

    async def token_state(self) -> TokenState:
        """Whether the Page token lives, until when, and which permissions it lacks."""
        token = self._settings.page_token.get_secret_value()
        # Meta takes the token to look at nowhere but in the address; it does not come back in any reason of ours.
        found = (await self._graph.get("/debug_token", _Debugged, as_app=True, input_token=token)).data
        needed = SCOPES + (COMMENT_SCOPES if self._settings.answer_comments else ())
        scopes = tuple(found.scopes or ())
        return TokenState(
            valid=found.is_valid,
            expires_at=datetime.fromtimestamp(found.expires_at, UTC) if 0 < found.expires_at < 10**11 else None,
            scopes=scopes,
            missing_scopes=tuple(scope for scope in needed if scope not in scopes),
            problem=str(found.error.subcode or "") if found.error else "",
        )

    async def profile(self) -> Mapping[str, Any]:
        """The Messenger profile as Meta holds it, by property; a property that is not set is left out."""
        found = await self._graph.get("/me/messenger_profile", _Profiles, fields=",".join(PROFILE_FIELDS))
        return {name: value for part in found.data for name, value in part.items() if name in PROFILE_FIELDS}

    async def set_profile(self, wanted: PageProfile) -> bool:
        """Make the Messenger profile `wanted`; True when something had to change. Meta allows 10 calls in 10 min."""
        changes = profile_changes(await self.profile(), wanted)
        if changes:
            await self._set("/me/messenger_profile", changes)
        return bool(changes)

    async def _set(self, path: str, body: Mapping[str, Any]) -> None:
        await self._graph.upload(path, msgspec.json.encode(body), "application/json")


def profile_body(wanted: PageProfile) -> dict[str, Any]:
    """A profile in Meta's words, for everybody and for phones set to Vietnamese."""
    body: dict[str, Any] = {
        "get_started": {"payload": GET_STARTED},
        "greeting": [{"locale": locale, "text": wanted.greeting} for locale in LOCALES],
    }
    if wanted.menu:
        actions = [{"type": "postback", "title": entry.title, "payload": entry.key} for entry in wanted.menu]
        body["persistent_menu"] = [
            {"locale": locale, "composer_input_disabled": False, "call_to_actions": actions} for locale in LOCALES
        ]
    if wanted.ice_breakers:
        asked = [{"question": entry.title, "payload": entry.key} for entry in wanted.ice_breakers]
        body["ice_breakers"] = [{"locale": locale, "call_to_actions": asked} for locale in LOCALES]
    return body


def profile_changes(present: Mapping[str, Any], wanted: PageProfile) -> dict[str, Any]:
    """The properties that are not as wanted. Meta may give lists in another order and add fields of its own."""
    return {name: value for name, value in profile_body(wanted).items() if not _holds(present.get(name), value)}


def _holds(present: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(_holds(present.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list):
        same = isinstance(present, list) and len(present) == len(wanted)
        return same and all(any(_holds(found, part) for found in present) for part in wanted)
    return bool(present == wanted)
