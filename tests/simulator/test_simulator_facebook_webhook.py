"""What the Page's webhook sends: signatures, shapes, order, repeats, batches (facebook: webhook)."""

import asyncio
import base64
import hashlib
import hmac
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from simulator.clock import Clock
from simulator.config import FacebookConfig
from simulator.facebook import signing
from simulator.facebook.webhook import Event, Webhook
from simulator.faults import FaultPlan
from simulator.outgoing import Answered
from simulator.world import World
from tests.simulator.conftest import Receiver
from tests.simulator.graph import CONFIG, Graph, Json, events

VECTORS = json.loads((Path(__file__).parent / "facebook_signatures.json").read_text(encoding="utf-8"))
TEXT = {
    "object": "page",
    "entry": [
        {
            "id": "1",
            "time": 1,
            "messaging": [
                {
                    "sender": {"id": "2"},
                    "recipient": {"id": "1"},
                    "timestamp": 1,
                    "message": {"mid": "m_1", "text": "đèn hỏng 😢 50% @ https://a.vn/b"},
                }
            ],
        }
    ],
}


@pytest.fixture
async def page(start: Any, receiver: Receiver) -> Graph:
    return Graph(await start(facebook=FacebookConfig(webhook_url=receiver.url)))


def told(receiver: Receiver, key: str) -> list[Json]:
    return [item for item in events(receiver) if key in item]


def test_a_body_is_written_and_signed_as_meta_does() -> None:
    case = VECTORS["cases"][0]
    body = signing.written(TEXT)
    assert body == case["body"].encode()
    assert signing.signatures(VECTORS["app_secret"], body) == case["headers"]


@pytest.mark.parametrize("case", [case for case in VECTORS["cases"] if "valid" in case], ids=lambda case: case["name"])
def test_the_vectors_agree_with_the_signer(case: Json) -> None:
    wanted = signing.signatures(VECTORS["app_secret"], case["body"].encode())["X-Hub-Signature-256"]
    assert (case["headers"].get("X-Hub-Signature-256") == wanted) is case["valid"]


def test_the_proof_of_the_app_secret_is_the_documented_one() -> None:
    proof = "5e16c55f08bb8dfb4f5ad242f80e297fd224dacb7befcb662174d17f8e9e20b6"
    assert signing.appsecret_proof("0123456789abcdef0123456789abcdef", "EAAGtestPageToken") == proof


async def test_the_bytes_on_the_wire_carry_their_own_signatures(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "text", text="Đèn hỏng 100% / <b> @")
    (got,) = await receiver.until(1)
    assert rb"\u0110\u00e8n h\u1ecfng 100\u0025 \/ \u003cb> \u0040" in got.body
    for header, kind in [("x-hub-signature-256", "sha256"), ("x-hub-signature", "sha1")]:
        digest = hmac.new(CONFIG.app_secret.encode(), got.body, kind).hexdigest()
        assert got.headers[header] == f"{kind}={digest}"


async def test_a_text_arrives_in_the_documented_envelope(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    sent = await page.act(phone, "text", text="Đèn hỏng")
    (got,) = await receiver.until(1)
    entry = got.json["entry"][0]
    (item,) = entry["messaging"]
    assert (got.json["object"], entry["id"]) == ("page", CONFIG.page_id)
    assert item == {
        "sender": {"id": phone.user_id},
        "recipient": {"id": CONFIG.page_id},
        "timestamp": round(sent["at"] * 1000),
        "message": {"mid": sent["platform_id"], "text": "Đèn hỏng"},
    }
    assert entry["time"] >= item["timestamp"] > 10**12


async def test_every_kind_of_message_has_its_shape(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "photo", sample="den")
    await page.act(phone, "album", photos=[{"sample": "rac"}, {"sample": "den"}])
    await page.act(phone, "video", sample="den")
    await page.act(phone, "voice", seconds=4)
    await page.act(phone, "document", content=base64.b64encode(b"%PDF-1.4").decode(), name="đơn kiến nghị.pdf")
    await page.act(phone, "location", latitude=21.1, longitude=106.0)
    await page.act(phone, "sticker", sticker="👍")
    first = await page.act(phone, "text", text="https://maps.app.goo.gl/abc")
    await page.act(phone, "text", text="đúng rồi", reply_to=first["platform_id"])
    await receiver.until(9)
    photo, album, video, voice, pdf, place, thumb, link, reply = (item["message"] for item in events(receiver))

    kinds = [[a["type"] for a in m.get("attachments", [])] for m in (photo, album, video, voice, pdf, place, thumb)]
    assert kinds == [["image"], ["image", "image"], ["video"], ["audio"], ["file"], ["location"], ["sticker"]]
    assert place["attachments"][0]["payload"]["coordinates"] == {"lat": 21.1, "long": 106.0}
    assert thumb["attachments"][0]["payload"]["sticker_id"] == 369239263222822
    assert link["attachments"][0]["type"] == "fallback"
    assert reply["reply_to"] == {"mid": first["platform_id"], "is_self_reply": True}
    assert "text" not in photo


async def test_older_and_newer_clients_share_places_and_stickers_otherwise(start: Any, receiver: Receiver) -> None:
    page = Graph(await start(facebook=FacebookConfig(webhook_url=receiver.url, places="link", stickers="both")))
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "location", latitude=21.1, longitude=106.0)
    await page.act(phone, "sticker", sticker="👍")
    await receiver.until(2)
    place, thumb = (item["message"] for item in events(receiver))
    assert place["text"].endswith("query=21.1,106.0") and place["attachments"][0]["type"] == "fallback"
    assert [a["type"] for a in thumb["attachments"]] == ["image", "sticker"]


async def test_a_photo_loses_its_exif_and_its_address_expires(start: Any, receiver: Receiver) -> None:
    clock = Clock(speed=0)
    page = Graph(await start(facebook=FacebookConfig(webhook_url=receiver.url), clock=clock))
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "photo", sample="den")
    await receiver.until(1)
    url = events(receiver)[0]["message"]["attachments"][0]["payload"]["url"]
    http = page.running.http
    got = await http.get(url)
    assert (got.status_code, got.headers["content-type"]) == (200, "image/jpeg")
    assert (await http.get(url.replace("oh=00_", "oh=01_"))).status_code == 403
    clock.advance(CONFIG.cdn_life + 1)
    late = await http.get(url)
    assert (late.status_code, late.text) == (403, "URL signature expired")


async def test_get_started_carries_where_the_person_came_from(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "start", payload="qr-vu-ninh")
    await page.act(phone, "start", payload="bang-dien-tu")
    await receiver.until(2)
    first, second = events(receiver)
    link = {"ref": "qr-vu-ninh", "source": "SHORTLINK", "type": "OPEN_THREAD"}
    assert first["postback"]["payload"] == CONFIG.get_started
    assert first["postback"]["referral"] == link
    assert second["referral"] == link | {"ref": "bang-dien-tu"}


async def test_a_quick_reply_works_until_the_next_message(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "text", text="chào")
    replies = [{"content_type": "text", "title": "Chiếu sáng", "payload": "CAT:lighting"}]
    replies += [{"content_type": "user_phone_number"}, {"content_type": "user_email"}]
    await page.send(phone, {"text": "Việc gì?", "quick_replies": replies})
    await page.act(phone, "press", button="Chiếu sáng")
    assert await page.act(phone, "press", button="Chiếu sáng") is None
    await page.send(phone, {"text": "Số điện thoại?", "quick_replies": replies})
    await page.act(phone, "contact")
    await page.send(phone, {"text": "Thư điện tử?", "quick_replies": replies})
    await page.act(phone, "press", button="congdan1@example.vn")
    async with asyncio.timeout(10):
        while len(told(receiver, "message")) < 7:
            await receiver.until(len(receiver.got) + 1)
    tapped = [item["message"] for item in told(receiver, "message") if "quick_reply" in item["message"]]
    number = f"+{phone.number}"
    assert [(m["text"], m["quick_reply"]["payload"]) for m in tapped] == [
        ("Chiếu sáng", "CAT:lighting"),
        (number, number),
        ("congdan1@example.vn", "congdan1@example.vn"),
    ]


async def test_edits_are_counted_to_five_and_a_message_can_be_taken_back(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    sent = await page.act(phone, "text", text="ngõ 12")
    for count in range(1, 6):
        await page.act(phone, "edit", message=sent["platform_id"], text=f"ngõ {20 + count}")
    refused = await page.running.control(f"/phones/{phone.id}/edit", message=sent["platform_id"], text="x")
    assert "error" in refused
    await page.act(phone, "unsend", message=sent["platform_id"])
    await receiver.until(7)
    edits = [item["message_edit"] for item in told(receiver, "message_edit")]
    assert [(e["mid"], e["num_edit"]) for e in edits] == [(sent["platform_id"], n) for n in range(1, 6)]
    assert told(receiver, "message")[-1]["message"] == {"mid": sent["platform_id"], "is_deleted": True}


async def test_reactions_receipts_and_echoes_come_back(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "text", text="chào")
    answer = await page.send(phone, {"text": "Vâng", "metadata": "gw:1"})
    mid = answer.body["message_id"]
    await page.act(phone, "react", message=mid, icon="❤️")
    await page.act(phone, "react", message=mid, icon="")
    await page.act(phone, "seen")
    await receiver.until(6)
    echo = next(i for i in told(receiver, "message") if i["message"].get("is_echo"))
    assert (echo["sender"]["id"], echo["recipient"]["id"]) == (CONFIG.page_id, phone.user_id)
    about = {"is_echo": True, "app_id": int(CONFIG.app_id), "metadata": "gw:1", "mid": mid, "text": "Vâng"}
    assert echo["message"] == about
    (delivery,) = told(receiver, "delivery")
    assert delivery["delivery"]["mids"] == [mid] and "timestamp" not in delivery
    (read,) = told(receiver, "read")
    assert read["read"]["watermark"] == echo["timestamp"]
    react, unreact = (item["reaction"] for item in told(receiver, "reaction"))
    assert react == {"mid": mid, "action": "react", "emoji": "❤️", "reaction": "love"}
    assert unreact == {"mid": mid, "action": "unreact"}


async def test_staff_in_metas_inbox_are_known_by_their_app(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "staff", text="Em là cán bộ trực.")
    await page.act(phone, "staff", text="Từ điện thoại", app="")
    async with asyncio.timeout(10):
        while len(told(receiver, "message")) < 2:
            await receiver.until(len(receiver.got) + 1)
    inbox, app = (item["message"] for item in told(receiver, "message"))
    assert (inbox["app_id"], "app_id" in app) == (263902037430900, False)


async def test_a_taken_thread_is_only_overheard(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "start")
    await page.act(phone, "thread", do="take")
    await page.act(phone, "text", text="còn ai không ạ")
    await page.act(phone, "start")
    await page.act(phone, "thread", do="pass", metadata="xong")
    await page.act(phone, "text", text="chào")
    await receiver.until(6)
    bodies = [got.json["entry"][0] for got in receiver.got]
    assert ["standby" in body for body in bodies] == [False, False, True, True, False, False]
    taken = bodies[1]["messaging"][0]["take_thread_control"]
    assert (taken["previous_owner_app_id"], taken["new_owner_app_id"]) == (None, "263902037430900")
    assert "payload" not in bodies[3]["standby"][0]["postback"]
    passed = bodies[4]["messaging"][0]["pass_thread_control"]
    assert (passed["previous_owner_app_id"], passed["new_owner_app_id"]) == ("263902037430900", CONFIG.app_id)


async def test_comments_posts_and_their_changes_come_as_feed(page: Graph, receiver: Receiver) -> None:
    phone = page.running.simulator.join("facebook", name="Nguyễn Văn An")
    comment = await page.act(phone, "comment", text="Đèn ngõ 12 hỏng", photo="den")
    reply = await page.act(phone, "comment", text="lâu rồi", parent=comment["platform_id"])
    await page.act(phone, "edit", message=comment["platform_id"], text="Đèn ngõ 21 hỏng")
    await page.act(phone, "remove", message=comment["platform_id"])
    await page.act(phone, "post", text="Rác trước cổng trường")
    await page.act(phone, "like")
    await receiver.until(6)
    values = [item["value"] for item in events(receiver)]
    assert [(v["item"], v["verb"]) for v in values] == [
        ("comment", "add"), ("comment", "add"), ("comment", "edited"), ("comment", "remove"), ("post", "add"),
        ("reaction", "add"),
    ]  # fmt: skip
    assert values[0]["parent_id"] == values[0]["post_id"] and values[0]["photo"].startswith("http")
    assert (values[1]["parent_id"], values[1]["comment_id"]) == (comment["platform_id"], reply["platform_id"])
    assert values[0]["from"]["id"] != phone.user_id and values[0]["from"]["name"] == "Nguyễn Văn An"
    assert values[0]["created_time"] < 10**11
    assert receiver.got[0].json["entry"][0]["time"] < 10**11


async def test_what_happens_to_a_page_has_no_sender(page: Graph, receiver: Receiver) -> None:
    await page.running.control("/facebook/notice", kind="policy_enforcement")
    await page.running.control("/facebook/notice", kind="app_roles")
    assert (await page.running.control("/facebook/raw"))["status"] == 200
    await receiver.until(3)
    blocked, roles, test = events(receiver)
    assert blocked["policy_enforcement"]["action"] == "block" and "sender" not in blocked
    assert "app_roles" in roles
    assert test["field"] == "messages"


async def test_a_refused_delivery_is_repeated_unchanged_until_it_is_taken(start: Any, receiver: Receiver) -> None:
    receiver.answers = [500, 403, 301]
    page = Graph(await start(facebook=FacebookConfig(webhook_url=receiver.url), retry_speed=1000))
    phone = page.running.simulator.join("facebook")
    sent = await page.act(phone, "text", text="chào")
    got = await receiver.until(4)
    assert len({item.body for item in got}) == 1
    async with asyncio.timeout(10):
        while phone.bubbles[0].acked_at is None:
            await page.running.simulator.world.wait_for_change(phone, 0.5)
    assert phone.find(sent["platform_id"]).attempts == 4


class Deaf:
    """A gateway that never takes anything, and when it was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.asked: list[float] = []

    async def post(self, url: str, body: bytes, headers: Any, patience: float) -> Answered:
        self.asked.append(self._clock.now())
        return Answered(500)

    async def close(self) -> None: ...


async def test_the_gaps_grow_and_in_the_end_the_page_is_unsubscribed() -> None:
    clock = Clock(speed=0, start=1_767_232_800)
    deaf = Deaf(clock)
    config = FacebookConfig(webhook_url="http://127.0.0.1:1/hook", gives_up_after=100.0)
    webhook = Webhook(config, World(clock), FaultPlan(), deaf, retry_speed=1)
    webhook.emit(Event(field="messages", place="messaging", body={"message": {}}))
    for _ in range(200):
        for _ in range(10):
            await asyncio.sleep(0)
        clock.advance(1)

    assert [later - before for before, later in pairwise(deaf.asked)] == [5, 10, 20, 40, 80]
    assert (webhook.page_fields, webhook.pending()) == ([], 0)


async def test_several_entries_share_one_delivery(page: Graph, receiver: Receiver) -> None:
    await page.running.control("/faults", platform="facebook", where="webhook", action="batch", times=3)
    lan, minh = page.running.simulator.join("facebook"), page.running.simulator.join("facebook")
    people = page.running.simulator.facebook.page
    people.says(lan, "một")
    people.says(lan, "hai")
    people.says(minh, "ba")
    people.says(minh, "bốn")
    (got,) = await receiver.until(1)
    said = [[item["message"]["text"] for item in entry["messaging"]] for entry in got.json["entry"]]
    assert said == [["một", "hai"], ["ba", "bốn"]]
    assert all(bubble.attempts for bubble in lan.bubbles)


async def test_held_events_leave_by_themselves(page: Graph, receiver: Receiver) -> None:
    await page.running.control("/faults", platform="facebook", where="webhook", action="batch")
    phone = page.running.simulator.join("facebook")
    for text in ("một", "hai"):
        page.running.simulator.facebook.page.says(phone, text)
    (got,) = await receiver.until(1)
    assert [i["message"]["text"] for i in got.json["entry"][0]["messaging"]] == ["một", "hai"]


@pytest.mark.parametrize(("action", "texts"), [("twice", ["một", "một", "hai"]), ("shuffle", ["hai", "một"])])
async def test_deliveries_are_doubled_and_overtaken_on_order(
    page: Graph, receiver: Receiver, action: str, texts: list[str]
) -> None:
    await page.running.control("/faults", platform="facebook", where="webhook", action=action, times=1)
    phone = page.running.simulator.join("facebook")
    for text in ("một", "hai"):
        page.running.simulator.facebook.page.says(phone, text)
    await receiver.until(len(texts))
    assert [item["message"]["text"] for item in events(receiver)] == texts


async def test_timestamps_can_be_text_in_seconds(page: Graph, receiver: Receiver) -> None:
    await page.running.control("/faults", platform="facebook", where="webhook", action="seconds", times=1)
    sent = await page.act(page.running.simulator.join("facebook"), "text", text="chào")
    await receiver.until(1)
    assert events(receiver)[0]["timestamp"] == str(int(sent["at"]))


def test_these_two_faults_are_refused_for_other_platforms() -> None:
    with pytest.raises(ValueError, match="no fault"):
        FaultPlan().add(platform="zalo", where="webhook", action="batch")


async def test_a_webhook_is_set_up_only_when_it_echoes_the_challenge(start: Any) -> None:
    page = Graph(await start())
    app = web.Application()
    app.router.add_get("/good", _echoes)
    app.router.add_get("/page", _says_hello)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    base = f"http://{host}:{port}"

    refused = await page.running.control("/facebook/webhook", url=f"{base}/page")
    assert (refused["url"], "challenge" in refused["error"]) == ("", True)
    wrong = await page.running.control("/facebook/webhook", url=f"{base}/good", verify_token="other")
    assert "403" in wrong["error"]
    right = await page.running.control("/facebook/webhook", url=f"{base}/good")
    assert (right["url"], right["error"]) == (f"{base}/good", "")

    token = Graph(page.running, token=f"{CONFIG.app_id}|{CONFIG.app_secret}")
    wanted = {"object": "page", "fields": "messages,feed", "verify_token": CONFIG.verify_token}
    failed = await token.post(f"/v26.0/{CONFIG.app_id}/subscriptions", callback_url=f"{base}/none", **wanted)
    assert failed.error == (2200, 0)
    await token.post(f"/v26.0/{CONFIG.app_id}/subscriptions", callback_url=f"{base}/good", **wanted)
    listed = (await token.get(f"/{CONFIG.app_id}/subscriptions")).body["data"][0]
    assert [field["name"] for field in listed["fields"]] == ["messages", "feed"]
    await runner.cleanup()


async def _says_hello(request: web.Request) -> web.Response:
    return web.Response(text="<html>hello")


async def _echoes(request: web.Request) -> web.Response:
    if request.query["hub.verify_token"] != CONFIG.verify_token or request.query["hub.mode"] != "subscribe":
        return web.Response(status=403)
    return web.Response(text=request.query["hub.challenge"])


async def test_only_subscribed_fields_are_sent(page: Graph, receiver: Receiver) -> None:
    await page.call("POST", f"/v26.0/{CONFIG.page_id}/subscribed_apps", query={"subscribed_fields": "messages"})
    phone = page.running.simulator.join("facebook")
    await page.act(phone, "text", text="chào")
    await page.act(phone, "comment", text="hỏng")
    await page.act(phone, "text", text="hai")
    await receiver.until(2)
    assert [item["message"]["text"] for item in events(receiver)] == ["chào", "hai"]


async def test_erasure_is_asked_with_a_signed_form(start: Any) -> None:
    asked: list[str] = []

    async def takes(request: web.Request) -> web.Response:
        asked.append((await request.post())["signed_request"])
        return web.json_response({"url": "http://gateway/deletion?code=A1", "confirmation_code": "A1"})

    app = web.Application()
    app.router.add_post("/deletion", takes)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    page = Graph(await start(facebook=FacebookConfig(deletion_url=f"http://{host}:{port}/deletion")))
    phone = page.running.simulator.join("facebook")
    answer = await page.running.control(f"/facebook/deletion/{phone.id}")
    assert answer["answer"]["confirmation_code"] == "A1"
    signature, _, payload = asked[0].partition(".")
    wanted = hmac.new(CONFIG.app_secret.encode(), payload.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == wanted
    facts = json.loads(base64.urlsafe_b64decode(payload + "=="))
    ids = (await page.get(f"/{facts['user_id']}/ids_for_pages")).body["data"]
    assert [entry["id"] for entry in ids] == [phone.user_id] != [facts["user_id"]]
    await runner.cleanup()
