"""Calls of the Graph API as a gateway makes them, and the parts of webhooks one looks at."""

from dataclasses import dataclass
from typing import Any

from simulator.config import FacebookConfig
from simulator.world import Phone
from tests.simulator.conftest import Receiver, Running

Json = dict[str, Any]
CONFIG = FacebookConfig()


@dataclass
class Answer:
    status: int
    body: Json
    headers: dict[str, str]

    @property
    def error(self) -> tuple[int, int]:
        """(code, subcode) of the error, (0, 0) when there is none."""
        error = self.body.get("error", {})
        return error.get("code", 0), error.get("error_subcode", 0)


@dataclass
class Graph:
    """One simulator, asked with the Page's token."""

    running: Running
    token: str = CONFIG.page_token

    async def call(self, method: str, path: str, *, query: Json | None = None, **rest: Any) -> Answer:
        url = f"{self.running.url}/facebook{path}"
        params = {"access_token": self.token} | (query or {})
        got = await self.running.http.request(method, url, params=params, **rest)
        return Answer(got.status_code, got.json(), dict(got.headers))

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.call("POST", path, json=body)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.call("GET", path, query=query)

    async def send(self, phone: Phone, message: Json | str, **more: Any) -> Answer:
        content = {"text": message} if isinstance(message, str) else message
        body = {"recipient": {"id": phone.user_id}, "messaging_type": "RESPONSE", "message": content}
        return await self.post("/me/messages", **(body | more))

    async def act(self, phone: Phone, action: str, **body: Any) -> Any:
        return (await self.running.control(f"/phones/{phone.id}/{action}", **body))["message"]


def events(receiver: Receiver) -> list[Json]:
    """Every item of every entry, in the order of arrival."""
    return [
        item
        for got in receiver.got
        for entry in got.json["entry"]
        for place in ("messaging", "standby", "changes")
        for item in entry.get(place, [])
    ]
