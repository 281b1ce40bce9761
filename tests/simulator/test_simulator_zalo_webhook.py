"""What Zalo delivers, how it signs, and how long it keeps trying (zalo: webhook)."""

import asyncio
import hashlib
import json
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.config import ZaloConfig
from simulator.zalo.webhook import LADDER, signature

CONFIG = ZaloConfig()


def test_the_signature_is_the_published_vector() -> None:
    body = (
        '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},'
        '"recipient":{"id":"388613280878808645"},"event_name":"user_send_text",'
        '"message":{"text":"Đường bị ngập","msg_id":"96d3cdf3af150460909"},"timestamp":"1543908534740"}'
    ).encode()
    mac = signature("360846524940903967", body, "1543908534740", "OASecretExample123")
    assert len(body) == 240
    assert mac == "mac=3b637e1d63800a1fcc9dfa436193945ec804f7cb8476a72021d0104c308e496f"


@pytest.fixture
async def hooked(start: Any, receiver: Any) -> Any:
    running = await start(clock=Clock(speed=0), zalo={"webhook_url": receiver.url, "webhook_timeout": 0.2})
    return running, running.simulator.join("zalo"), receiver


async def test_every_delivery_is_signed_over_its_raw_bytes(hooked: Any) -> None:
    running, phone, receiver = hooked
    for n in range(12):
        running.simulator.zalo.says(phone, f"Đường bị ngập {n}")
    for delivery in await receiver.until(12):
        stamp = delivery.json["timestamp"]
        expected = hashlib.sha256(CONFIG.app_id.encode() + delivery.body + stamp.encode() + CONFIG.oa_secret.encode())
        assert delivery.headers["x-zevent-signature"] == f"mac={expected.hexdigest()}"
        assert delivery.headers["x-zevent-timestamp"] == stamp


async def test_bytes_vary_so_that_reserialising_is_found_out(hooked: Any) -> None:
    running, phone, receiver = hooked
    for n in range(12):
        running.simulator.zalo.says(phone, f"Đường bị ngập {n}")
    bodies = [delivery.body for delivery in await receiver.until(12)]
    assert len({tuple(json.loads(body)) for body in bodies}) > 1
    assert any(b"\\u" in body for body in bodies) and any("Đường".encode() in body for body in bodies)


async def test_ids_and_times_are_strings_and_one_person_s_times_only_grow(hooked: Any) -> None:
    running, phone, receiver = hooked
    for n in range(5):
        running.simulator.zalo.says(phone, str(n))
    got = [delivery.json for delivery in await receiver.until(5)]
    assert got[0]["sender"] == {"id": phone.user_id} and got[0]["recipient"] == {"id": CONFIG.oa_id}
    times = [int(event["timestamp"]) for event in got]
    assert times == sorted(set(times)) and [event["message"]["text"] for event in got] == list("01234")


async def test_every_kind_of_message_has_its_event(hooked: Any) -> None:
    running, phone, receiver = hooked
    at = f"/phones/{phone.id}"
    await running.control(f"{at}/start")
    await running.control(f"{at}/text", text="chào")
    await running.control(f"{at}/photo", sample="den", caption="tối")
    await running.control(f"{at}/document", content="JVBERi0xLjQ=", name="don.pdf")
    await running.control(f"{at}/location", latitude=10.36, longitude=106.36)
    await running.control(f"{at}/contact")
    await running.control(f"{at}/sticker")
    await running.control(f"{at}/voice")
    await running.control(f"{at}/video", sample="den")
    await running.control(f"{at}/info", name="Lan", phone="84912345678", ward="Phường Đạo Thạnh")
    await running.control(f"{at}/withdraw")
    await running.control(f"{at}/block")
    got = {delivery.json["event_name"]: delivery.json for delivery in await receiver.until(12)}
    assert receiver.events == [
        "follow", "user_send_text", "user_send_image", "user_send_file", "user_send_location",
        "user_send_business_card", "user_send_sticker", "user_send_audio", "user_send_video", "user_submit_info",
        "user_withdraw", "unfollow",
    ]  # fmt: skip
    assert got["follow"]["follower"] == {"id": phone.user_id} and "sender" not in got["follow"]
    (image,) = got["user_send_image"]["message"]["attachments"]
    assert (await running.http.get(image["payload"]["url"])).headers["content-type"] == "image/jpeg"
    (place,) = got["user_send_location"]["message"]["attachments"]
    assert place["payload"]["coordinates"] == {"latitude": "10.36", "longitude": "106.36"}
    (card,) = got["user_send_business_card"]["message"]["attachments"]
    assert card["type"] == "link" and json.loads(card["payload"]["description"])["phone"] == phone.number
    assert got["user_submit_info"]["info"]["full_address"]["user_ward"] == "Phường Đạo Thạnh"


async def test_a_pressed_button_arrives_as_text(hooked: Any) -> None:
    running, phone, receiver = hooked
    running.simulator.zalo.says(phone, "chào")
    buttons = [{"title": "Gửi", "type": "oa.query.hide", "payload": "#pa:gui"}]
    message = {"text": "Gửi không?", "attachment": {"type": "template", "payload": {"buttons": buttons}}}
    await running.zalo("/v3.0/oa/message/cs", {"recipient": {"user_id": phone.user_id}, "message": message})
    await running.control(f"/phones/{phone.id}/press", button="Gửi")
    pressed = (await receiver.until(5))[-1].json
    assert (pressed["event_name"], pressed["message"]["text"]) == ("user_send_text", "#pa:gui")
    assert phone.bubbles[-1].kind == "press"


async def test_a_sent_message_comes_back_as_echo_receipt_and_when_looked_at_as_seen(hooked: Any) -> None:
    running, phone, receiver = hooked
    running.simulator.zalo.says(phone, "chào")
    body = {"recipient": {"user_id": phone.user_id}, "message": {"text": "Đã nhận"}}
    sent = (await running.zalo("/v3.0/oa/message/cs", body))["data"]["message_id"]
    await receiver.until(3)
    await running.control(f"/phones/{phone.id}/seen")
    _, echo, received, seen = [delivery.json for delivery in await receiver.until(4)]
    assert (echo["event_name"], echo["message"]["msg_id"]) == ("oa_send_text", sent)
    assert echo["sender"] == {"id": CONFIG.oa_id} and echo["recipient"] == {"id": phone.user_id}
    assert (received["event_name"], received["message"]["msg_id"]) == ("user_received_message", sent)
    assert (seen["event_name"], seen["message"]["msg_ids"]) == ("user_seen_message", [sent])


async def test_staff_writing_in_zalos_own_tool_is_an_echo_with_their_id(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.control(f"/phones/{phone.id}/staff", text="Cán bộ xin nghe")
    (echo,) = await receiver.until(1)
    assert echo.json["event_name"] == "oa_send_text" and echo.json["sender"]["admin_id"]
    assert (phone.bubbles[-1].sender, phone.bubbles[-1].text) == ("staff", "Cán bộ xin nghe")


async def test_saving_a_url_probes_it_with_an_unsigned_empty_object(start: Any, receiver: Any) -> None:
    running = await start()
    saved = await running.control("/zalo/webhook", url=receiver.url)
    (probe,) = receiver.got
    assert (saved["status"], saved["url"]) == (200, receiver.url)
    assert probe.body == b"{}" and "x-zevent-signature" not in probe.headers


async def test_a_url_whose_probe_is_refused_is_not_saved(start: Any, receiver: Any) -> None:
    running = await start()
    receiver.answers = [401]
    assert (await running.control("/zalo/webhook", url=receiver.url))["url"] == ""


async def delivered(running: Any, count: int) -> None:
    """Until so many deliveries have their outcome, and whoever waits for the clock waits."""
    async with asyncio.timeout(10):
        while running.simulator.world.counters["zalo.delivery"] < count:  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)


@pytest.mark.parametrize("failure", [500, 0], ids=["answered 500", "no answer in time"])
async def test_a_failed_delivery_is_repeated_with_the_same_bytes_and_its_number(hooked: Any, failure: int) -> None:
    running, phone, receiver = hooked
    receiver.answers = [failure, failure]
    bubble = running.simulator.zalo.says(phone, "Đường bị ngập")
    await delivered(running, 1)
    running.simulator.clock.advance(LADDER[0])
    await delivered(running, 2)
    assert bubble.acked_at is None
    running.simulator.clock.advance(LADDER[1])
    await delivered(running, 3)
    assert len({delivery.body for delivery in receiver.got}) == 1
    assert [delivery.headers.get("num_retry") for delivery in receiver.got] == [None, "1", "2"]
    assert bubble.acked_at is not None


async def test_waits_can_be_hurried_without_bending_dates(start: Any, receiver: Any) -> None:
    running = await start(retry_speed=10_000.0, zalo={"webhook_url": receiver.url})
    receiver.answers = [500]
    running.simulator.zalo.says(running.simulator.join("zalo"), "một")
    first, again = await receiver.until(2)
    assert again.headers["num_retry"] == "1" and again.body == first.body


async def test_after_the_last_failure_the_app_is_unsubscribed(hooked: Any) -> None:
    running, phone, receiver = hooked
    receiver.answers = [503] * 6
    running.simulator.zalo.says(phone, "một")
    for count, wait in enumerate(LADDER, start=1):
        await delivered(running, count)
        running.simulator.clock.advance(wait)
    await delivered(running, 6)
    running.simulator.zalo.says(phone, "hai")
    assert running.simulator.zalo_webhook.subscribed is False
    assert len(receiver.got) == 6
    await running.control("/zalo/webhook", url=receiver.url)
    assert running.simulator.zalo_webhook.subscribed is True


async def test_a_later_message_does_not_wait_for_a_failed_one(hooked: Any) -> None:
    running, phone, receiver = hooked
    receiver.answers = [500]
    running.simulator.zalo.says(phone, "một")
    running.simulator.zalo.says(phone, "hai")
    got = await receiver.until(2)
    assert [delivery.json["message"]["text"] for delivery in got] == ["một", "hai"]


async def test_a_delivery_can_be_doubled_on_order(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.control("/faults", platform="zalo", where="webhook", action="twice", every=2)
    for n in range(4):
        running.simulator.zalo.says(phone, str(n))
    got = await receiver.until(6)
    assert [delivery.json["message"]["text"] for delivery in got] == ["0", "1", "1", "2", "3", "3"]


async def test_deliveries_can_be_shuffled_on_order(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.control("/faults", platform="zalo", where="webhook", action="shuffle", every=2, times=1)
    for n in range(3):
        running.simulator.zalo.says(phone, str(n))
    got = await receiver.until(3)
    assert [delivery.json["message"]["text"] for delivery in got] == ["0", "2", "1"]


async def test_a_lost_delivery_comes_later(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.control("/faults", platform="zalo", where="webhook", action="lose", times=1)
    running.simulator.zalo.says(phone, "một")
    running.simulator.zalo.says(phone, "hai")
    await receiver.until(1)
    running.simulator.clock.advance(LADDER[0])
    got = await receiver.until(2)
    assert [delivery.json["message"]["text"] for delivery in got] == ["hai", "một"]
