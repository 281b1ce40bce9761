"""A Page whose network is a function, and the recorded samples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels.facebook import FacebookChannel, FacebookSettings
from core.events import Ignored, InboundMessage, PlatformEvent
from core.model import Delivery, Peer
from core.ports import Answer
from tests.channels.fakes import NOW, Call, FakeHttp, FakeVault, MemoryBlobs, answer, now

SAMPLES = Path(__file__).parent / "samples"
SECRET = "0123456789abcdef0123456789abcdef"
TOKEN = "EAAGtestPageToken"
PROOF = "5e16c55f08bb8dfb4f5ad242f80e297fd224dacb7befcb662174d17f8e9e20b6"
PAGE, APP = "104000000000001", "900000000000001"
AN = Peer(channel="facebook", account="page-1022", user="6700000000000011")
SENT = {"recipient_id": AN.user, "message_id": "m_sent"}
BASE = "https://graph.test/v26.0"


def settings(**changes: Any) -> FacebookSettings:
    values: dict[str, Any] = {
        "account": "page-1022",
        "app_id": APP,
        "app_secret": SecretStr(SECRET),
        "page_id": PAGE,
        "page_token": SecretStr(TOKEN),
        "verify_token": SecretStr("MY_TOKEN"),
        "api_base": "https://graph.test",
        "typing": False,
    }
    return FacebookSettings(**values | changes)


def a_page(
    responder: Callable[[Call], Answer | Exception] = lambda call: answer(200, SENT),
    *,
    pauses: list[float] | None = None,
    vault: FakeVault | None = None,
    blobs: MemoryBlobs | None = None,
    clock: Callable[[], Any] = now,
    **changes: Any,
) -> tuple[FacebookChannel, FakeHttp]:
    """A channel and its network. It does not really sleep; for how long it would is noted in `pauses`."""
    http = FakeHttp(responder)
    noted = [] if pauses is None else pauses

    async def sleep(seconds: float) -> None:
        noted.append(seconds)

    page = FacebookChannel(
        settings(**changes),
        http=http,
        vault=vault or FakeVault(),
        blobs=blobs or MemoryBlobs(),
        now=clock,
        sleep=sleep,
    )
    return page, http


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def recorded(name: str) -> Any:
    return json.loads(sample(name))


def an_answer(name: str) -> Answer:
    """A recorded answer of the Graph API."""
    found = recorded(name)
    headers = {header.lower(): value for header, value in found.get("headers", {}).items()}
    return answer(found["status"], found["body"], headers)


def delivery(body: bytes | dict[str, Any], **headers: str) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery(body=raw, received_at=NOW, headers=headers)


def messaging(*events: dict[str, Any], page: str = PAGE, where: str = "messaging") -> Delivery:
    """A body with these events for one Page."""
    return delivery({"object": "page", "entry": [{"id": page, "time": 1767232800350, where: list(events)}]})


def event(**content: Any) -> dict[str, Any]:
    """One event from An to the Page."""
    return {"sender": {"id": AN.user}, "recipient": {"id": PAGE}, "timestamp": 1767232800000, **content}


def said(**message: Any) -> Delivery:
    """A message from An."""
    return messaging(event(message={"mid": "m_1", **message}))


def changed(**value: Any) -> Delivery:
    """One change in the Page's feed."""
    return messaging({"field": "feed", "value": value}, where="changes")


def read(given: Delivery, **changes: Any) -> list[PlatformEvent]:
    """The events of a delivery, read by a Page with these settings."""
    page, _ = a_page(**changes)
    return page.parse(given)


def one(given: Delivery, **changes: Any) -> PlatformEvent:
    (found,) = read(given, **changes)
    return found


def heard(given: Delivery) -> InboundMessage:
    found = one(given)
    assert isinstance(found, InboundMessage)
    return found


def reason(given: Delivery, **changes: Any) -> str:
    found = one(given, **changes)
    assert isinstance(found, Ignored)
    return found.reason
