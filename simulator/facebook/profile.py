"""What a Page says of itself in Messenger: greeting, Get Started, menu, ice breakers; and its personas."""

from collections.abc import Callable, Mapping
from typing import Any

from simulator.facebook import content
from simulator.facebook.call import Call
from simulator.facebook.errors import GraphError, bad
from simulator.facebook.page import Page
from simulator.facebook.rates import Rates
from simulator.world import Json

STATE = "facebook.profile"
MENU_ITEMS, MENU_TITLE, ICE_BREAKERS, GREETING = 20, 30, 4, 160
PERSONA_NAME = 50


class MessengerProfile:
    def __init__(self, page: Page, rates: Rates) -> None:
        self._page, self._world, self._rates = page, page.world, rates

    async def read(self, call: Call) -> Json:
        self._rates.count_profile()
        profile, wanted = self._profile(), call.names("fields")
        if not wanted:
            raise bad("The parameter fields is required.")
        shown = {name: profile[name] for name in wanted if name in profile}
        return {"data": [shown] if shown else []}

    async def write(self, call: Call) -> Json:
        self._rates.count_profile()
        wanted = {name: call.nested(name) for name in FIELDS if name in call.values}
        if not wanted:
            raise bad("The parameter must include at least one of: " + ", ".join(FIELDS))
        for name, value in wanted.items():
            FIELDS[name](value)
        self._save(self._profile() | wanted)
        return {"result": "success"}

    async def delete(self, call: Call) -> Json:
        self._rates.count_profile()
        gone = call.names("fields")
        if not gone or not set(gone) <= set(FIELDS):
            raise bad("The parameter fields is required.")
        self._save({name: value for name, value in self._profile().items() if name not in gone})
        return {"result": "success"}

    def _profile(self) -> Json:
        stored: Json | None = self._world.state.get(STATE)
        if stored is None:
            payload = self._page.get_started()
            return {"get_started": {"payload": payload}} if payload else {}
        return stored

    def _save(self, profile: Json) -> None:
        if "persistent_menu" in profile and "get_started" not in profile:
            raise bad("You must set a Get Started button if you also wish to use a persistent menu", 2018145)
        self._world.remember(STATE, profile)
        for phone in self._world.phones.values():
            if phone.platform == "facebook":
                self._page.lay_menu(phone)


class Personas:
    def __init__(self, page: Page) -> None:
        self._world = page.world

    async def create(self, call: Call) -> Json:
        name, picture = call.text("name"), call.text("profile_picture_url")
        if not name or len(name) > PERSONA_NAME or not picture.startswith(("https://", "http://")):
            raise bad(f"A persona needs a name of at most {PERSONA_NAME} characters and a profile_picture_url")
        persona_id = str(1_500_000_000_000_000 + self._world.next_seq())
        facts = {"name": name, "profile_picture_url": picture, "id": persona_id}
        self._world.remember(f"facebook.persona.{persona_id}", facts)
        return {"id": persona_id}

    async def listed(self, call: Call) -> Json:
        return {"data": [value for name, value in self._world.state.items() if name.startswith("facebook.persona.")]}

    def find(self, persona_id: str) -> Json | None:
        found: Json | None = self._world.state.get(f"facebook.persona.{persona_id}")
        return found

    def delete(self, persona_id: str) -> Json:
        self._world.remember(f"facebook.persona.{persona_id}", None)
        return {"success": True}


def _get_started(value: Any) -> None:
    payload = value.get("payload") if isinstance(value, dict) else None
    if not isinstance(payload, str) or not 1 <= len(payload) <= content.MAX_PAYLOAD:
        raise bad("Param get_started must have a payload")


def _greeting(value: Any) -> None:
    for entry in _localized(value, "greeting"):
        if not 1 <= len(str(entry.get("text", ""))) <= GREETING:
            raise content.too_long("greeting[text]", GREETING)


def _menu(value: Any) -> None:
    for entry in _localized(value, "persistent_menu"):
        actions = entry.get("call_to_actions")
        if not isinstance(actions, list) or not 1 <= len(actions) <= MENU_ITEMS:
            raise bad(f"param call_to_actions must have between 1 and {MENU_ITEMS} elements")
        for action in actions:
            content.button(action, title_limit=MENU_TITLE)


def _ice_breakers(value: Any) -> None:
    if not isinstance(value, list) or not 1 <= len(value) <= ICE_BREAKERS:
        raise bad(f"param ice_breakers must have between 1 and {ICE_BREAKERS} elements")
    for entry in value:
        if not isinstance(entry, dict) or not entry.get("question") or not entry.get("payload"):
            raise bad("Each ice breaker must have a question and a payload")


def _list(value: Any) -> None:
    if not isinstance(value, list):
        raise bad("This parameter must be an array")


FIELDS: Mapping[str, Callable[[Any], None]] = {
    "get_started": _get_started,
    "greeting": _greeting,
    "persistent_menu": _menu,
    "ice_breakers": _ice_breakers,
    "whitelisted_domains": _list,
    "commands": _list,
}


def _localized(value: Any, name: str) -> list[Json]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) and entry.get("locale") for entry in value):
        raise bad(f"Param {name} must be an array of objects with a locale")
    if "default" not in {entry["locale"] for entry in value}:
        raise GraphError(100, f"(#100) Param {name} must have an entry with locale default")
    return value
