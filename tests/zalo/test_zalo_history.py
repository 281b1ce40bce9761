"""What was missed comes back once, in order. zalo: history, recovery after downtime."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channels.zalo import ZaloChannel
from core.errors import TryAgain
from core.events import InboundMessage, OwnEcho, PlatformEvent
from core.model import Contact, MediaKind, MediaRef, Peer, Place
from core.ports import PeerDetail

RECENT, ONE = "/v2.0/oa/listrecentchat", "/v2.0/oa/conversation"
SAMPLE = json.loads((Path(__file__).parent / "samples" / "rest_conversation_item.json").read_bytes())
SINCE = 1_700_000_000_000


def item(user: str, minute: int, *, src: int = 1, **more: Any) -> dict[str, Any]:
    ends = {"from_id": user, "to_id": "9"} if src else {"from_id": "9", "to_id": user}
    key = f"{user}-{minute}-{src}"
    return (
        {"src": src, "time": SINCE + minute * 60_000, "type": "text", "message": key, "message_id": key} | ends | more
    )


class History:
    """Zalo's two endpoints over a list of items."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        self.items = items

    def recent(self, call: Any) -> Any:
        latest = {item["from_id"] if item["src"] else item["to_id"]: item for item in sorted(self.items, key=_time)}
        return self._page(list(latest.values()), call)

    def one(self, call: Any) -> Any:
        user = call.data["user_id"]
        mine = [item for item in self.items if user in (item["from_id"], item["to_id"])]
        return self._page(sorted(mine, key=_time, reverse=True), call)

    @staticmethod
    def _page(items: list[dict[str, Any]], call: Any) -> Any:
        assert call.data["count"] <= 10
        return {"error": 0, "data": items[call.data["offset"] :][: call.data["count"]]}


def _time(item: dict[str, Any]) -> int:
    return int(item["time"])


@pytest.fixture
def missed(channel: ZaloChannel, zalo: Any) -> Callable[..., Any]:
    async def run(items: list[dict[str, Any]], since: int = SINCE) -> list[PlatformEvent]:
        history = History(items)
        zalo.on(RECENT, history.recent)
        zalo.on(ONE, history.one)
        return [event async for delivery in channel.recover(since) for event in channel.parse(delivery)]

    return run


async def test_every_missed_message_comes_back_once_in_order(missed: Any) -> None:
    items = [item(user, minute) for minute in range(1, 31) for user in ("an", "binh")]
    items += [item("an", 5, src=0), item("chi", -60)]

    events = await missed(items)

    for user, count in (("an", 31), ("binh", 30)):
        mine = [event for event in events if event.peer.user == user]
        assert len(mine) == len({event.external_id for event in mine}) == count
        assert [event.sent_at for event in mine] == sorted(event.sent_at for event in mine)
    assert not [event for event in events if event.peer.user == "chi"], "nothing new there"
    assert [event.external_id for event in events if isinstance(event, OwnEcho)] == ["an-5-0"]


async def test_a_recovered_message_has_the_key_of_its_webhook(
    channel: ZaloChannel, missed: Any, deliver: Callable[..., Any]
) -> None:
    (recovered,) = await missed([SAMPLE], since=0)
    webhook = {
        "event_name": "user_send_text",
        "timestamp": "1619401853770",
        "sender": {"id": "3700646744485476903"},
        "recipient": {"id": "3120036654733951760"},
        "message": {"msg_id": "92e5d851aa8178dd2192", "text": "Chào shop"},
    }

    assert [recovered] == channel.parse(deliver(webhook))


async def test_a_page_that_moved_on_while_we_read_repeats_nothing(missed: Any) -> None:
    """A new message pushes the older ones over the page's edge."""
    events = await missed([*(item("an", minute) for minute in range(1, 15)), item("an", 3)])

    assert len(events) == 14


async def test_reading_stops_at_the_watermark(missed: Any, zalo: Any) -> None:
    await missed([*(item("an", -minute) for minute in range(100)), item("an", 1)])

    assert len(zalo.asked(ONE)) == 1


URL = "https://f6.photo.talk.zdn.vn/1"


@pytest.mark.parametrize(
    ("more", "content"),
    [
        pytest.param(
            {"type": "photo", "url": URL, "message": "Ổ gà", "description": "Ổ gà"},
            {"text": "Ổ gà", "media": (MediaRef(kind=MediaKind.IMAGE, key=URL),)},
            id="photo whose caption is said twice",
        ),
        pytest.param(
            {"type": "GIF", "url": URL, "message": ""}, {"media": (MediaRef(kind=MediaKind.IMAGE, key=URL),)}, id="gif"
        ),
        pytest.param(
            {"type": "voice", "url": URL, "message": ""},
            {"media": (MediaRef(kind=MediaKind.AUDIO, key=URL),)},
            id="voice",
        ),
        pytest.param(
            {"type": "location", "location": '{"longitude":106.6,"latitude":10.7}', "message": ""},
            {"place": Place(lat=10.7, lon=106.6)},
            id="pin in a string",
        ),
        pytest.param(
            {"type": "location", "location": "somewhere", "message": ""}, {"unsupported": "location"}, id="no pin"
        ),
        pytest.param({"type": "sticker", "url": URL, "message": ""}, {"sticker": URL}, id="sticker"),
        pytest.param(
            {"type": "links", "links": [{"url": "https://a.vn", "description": "Tin"}], "message": ""},
            {"text": "Tin\nhttps://a.vn"},
            id="links",
        ),
        pytest.param(
            {"type": "link", "description": '{"phone":"84912345678"}', "message": ""},
            {"contact": Contact(phone="+84912345678", own=False)},
            id="card",
        ),
        pytest.param(
            {"type": "chat.video.msg", "url": f"{URL}/a.mp4", "message": ""},
            {"media": (MediaRef(kind=MediaKind.VIDEO, key=f"{URL}/a.mp4", name="a.mp4"),)},
            id="a new kind with an address",
        ),
        pytest.param(
            {"type": "text", "url": f"{URL}/Đơn%201.pdf", "message": "xem"},
            {"text": "xem", "media": (MediaRef(kind=MediaKind.FILE, key=f"{URL}/Đơn%201.pdf", name="Đơn 1.pdf"),)},
            id="text with a file",
        ),
        pytest.param({"type": "hologram", "message": "chữ"}, {"text": "chữ"}, id="a new kind with words"),
        pytest.param({"type": "hologram", "message": ""}, {"unsupported": "text"}, id="a new kind without words"),
    ],
)
async def test_every_kind_of_item_is_read(missed: Any, more: dict[str, Any], content: dict[str, Any]) -> None:
    (event,) = await missed([item("an", 1) | more])

    assert isinstance(event, InboundMessage)
    defaults: dict[str, Any] = {
        "text": "",
        "media": (),
        "place": None,
        "sticker": "",
        "contact": None,
        "unsupported": "",
    }
    assert {name: getattr(event, name) for name in defaults} == defaults | content


async def test_an_unsorted_list_is_scanned_past_old_conversations(missed: Any, zalo: Any, channel: ZaloChannel) -> None:
    old = [item(f"old{n}", -60) for n in range(25)]
    history = History([])
    listed = [*old, item("an", 1)]
    history.items = listed
    zalo.on(RECENT, lambda call: History._page(listed, call))
    zalo.on(ONE, history.one)

    events = [event async for delivery in channel.recover(SINCE) for event in channel.parse(delivery)]

    assert [event.external_id for event in events] == ["an-1-1"]


async def test_an_incomplete_scan_says_so_after_what_it_found(
    channel: ZaloChannel, zalo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.zalo.history._MOST_PAGES", 2)
    history = History([item("an", minute) for minute in range(1, 40)])
    zalo.on(RECENT, history.recent)
    zalo.on(ONE, history.one)
    found = []

    with pytest.raises(TryAgain):
        async for delivery in channel.recover(SINCE):
            found.append(delivery)  # noqa: PERF401  # a comprehension would lose what came before the error

    assert len(found) == 20


@pytest.mark.parametrize("data", [None, {}, [None, 7, {"time": "soon"}, {}]])
async def test_a_history_without_sense_is_empty(channel: ZaloChannel, zalo: Any, data: Any) -> None:
    zalo.on(RECENT, {"error": 0, "data": data})
    zalo.on(ONE, {"error": 0, "data": data})

    assert [delivery async for delivery in channel.recover(-1)] == []


async def test_a_person_has_a_name_on_request(channel: ZaloChannel, zalo: Any) -> None:
    """Webhook events carry none."""
    zalo.on("/v3.0/oa/user/detail", {"error": 0, "data": {"display_name": "Hoa", "avatar": "https://s.zdn.vn/1"}})

    assert await channel.describe(Peer(channel="zalo", account="oa", user="7")) == PeerDetail(
        name="Hoa", avatar="https://s.zdn.vn/1"
    )
    assert zalo.calls[0].data == {"user_id": "7"} and zalo.calls[0].url.count("?data=%7B") == 1


async def test_a_visitor_has_none(channel: ZaloChannel, zalo: Any) -> None:
    assert await channel.describe(Peer(channel="zalo", account="oa", user="anonymous:1:2")) == PeerDetail()
    assert not zalo.calls
