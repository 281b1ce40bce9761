"""How Telegram delivers: lanes, repeats, the secret, expiry, and the answer in the response (telegram: updates)."""

import asyncio
import json
from typing import Any

import pytest

from simulator.clock import Clock
from simulator.config import TelegramConfig


@pytest.fixture
async def hooked(start: Any, receiver: Any) -> Any:
    running = await start(clock=Clock(speed=0), telegram={"webhook_timeout": 0.2})
    await running.bot("setWebhook", url=receiver.url, secret_token="s3cret")
    return running, running.simulator.join("telegram"), receiver


async def tried(running: Any, count: int) -> None:
    """Until so many deliveries have their outcome, and whoever waits for the clock waits."""
    async with asyncio.timeout(10):
        while running.simulator.world.counters["telegram.delivery"] < count:  # noqa: ASYNC110 - counters have no event
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)


def texts(receiver: Any) -> list[str]:
    return [delivery.json["message"]["text"] for delivery in receiver.got]


async def test_updates_of_one_chat_come_in_order_with_the_secret_and_growing_ids(hooked: Any) -> None:
    running, phone, receiver = hooked
    for n in range(5):
        running.simulator.telegram.says(phone, str(n))
    got = await receiver.until(5)
    assert texts(receiver) == list("01234")
    assert {delivery.headers["x-telegram-bot-api-secret-token"] for delivery in got} == {"s3cret"}
    ids = [delivery.json["update_id"] for delivery in got]
    assert ids == list(range(ids[0], ids[0] + 5))


async def test_a_failure_blocks_its_chat_and_no_other(hooked: Any) -> None:
    running, phone, receiver = hooked
    other = running.simulator.join("telegram")
    receiver.answers = [500, 500]
    running.simulator.telegram.says(phone, "một")
    await tried(running, 2)
    running.simulator.telegram.says(phone, "hai")
    running.simulator.telegram.says(other, "khác")
    await tried(running, 3)
    assert texts(receiver) == ["một", "một", "khác"]
    running.simulator.clock.advance(2)
    await receiver.until(5)
    assert texts(receiver)[3:] == ["một", "hai"]


async def test_a_failed_update_comes_at_once_and_then_after_growing_waits(hooked: Any) -> None:
    running, phone, receiver = hooked
    receiver.answers = [500, 502, 0, 500]
    bubble = running.simulator.telegram.says(phone, "một")
    await tried(running, 2)
    for count, wait in [(3, 2), (4, 4)]:
        running.simulator.clock.advance(wait - 0.5)
        await asyncio.sleep(0.02)
        assert len(receiver.got) == count - 1
        running.simulator.clock.advance(0.5)
        await tried(running, count)
    assert bubble.acked_at is None
    running.simulator.clock.advance(8)
    await tried(running, 5)
    assert bubble.acked_at is not None and bubble.attempts == 5
    info = (await running.bot("getWebhookInfo"))["result"]
    assert info["last_error_message"] == "Wrong response from the webhook: 500"
    assert info["pending_update_count"] == 0


async def test_no_more_deliveries_are_under_way_than_the_bot_allowed(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.bot("setWebhook", url=receiver.url, secret_token="x", max_connections=2)
    for person in [phone, *(running.simulator.join("telegram") for _ in range(9))]:
        running.simulator.telegram.says(person, "chào")
    await receiver.until(10)
    assert receiver.most_at_once <= 2


async def test_a_button_press_waits_150_seconds_and_a_message_a_day(hooked: Any) -> None:
    running, phone, receiver = hooked
    running.simulator.telegram.says(phone, "chào")
    await receiver.until(1)
    keyboard = {"inline_keyboard": [[{"text": "Gửi", "callback_data": "ok"}]]}
    await running.bot("sendMessage", chat_id=phone.user_id, text="Gửi?", reply_markup=keyboard)
    await running.bot("deleteWebhook")
    await running.control(f"/phones/{phone.id}/press", button="Gửi")
    running.simulator.telegram.says(phone, "còn đó")
    running.simulator.clock.advance(151)
    waiting = (await running.bot("getUpdates"))["result"]
    assert [update.get("message", {}).get("text") for update in waiting] == ["còn đó"]
    running.simulator.clock.advance(86_400)
    assert (await running.bot("getUpdates"))["result"] == []


async def test_kinds_that_were_not_asked_for_do_not_come(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.bot("setWebhook", url=receiver.url, allowed_updates=["my_chat_member"])
    running.simulator.telegram.says(phone, "không đến")
    running.simulator.telegram.blocks(phone)
    (delivery,) = await receiver.until(1)
    assert delivery.json["my_chat_member"]["new_chat_member"]["status"] == "kicked"


async def test_leaving_allowed_updates_out_keeps_what_was_set(hooked: Any) -> None:
    running, _, receiver = hooked
    await running.bot("setWebhook", url=receiver.url, allowed_updates=["message"])
    await running.bot("setWebhook", url=receiver.url)
    assert (await running.bot("getWebhookInfo"))["result"]["allowed_updates"] == ["message"]


async def test_a_method_in_the_answer_is_carried_out(hooked: Any) -> None:
    running, phone, receiver = hooked
    receiver.reply = json.dumps({"method": "sendMessage", "chat_id": phone.user_id, "text": "Đã nhận"}).encode()
    running.simulator.telegram.says(phone, "chào")
    async with asyncio.timeout(5):
        while len(phone.bubbles) < 2:
            await running.simulator.world.wait_for_change(phone, 1)
    assert phone.bubbles[-1].text == "Đã nhận"


async def test_pending_updates_are_dropped_only_on_demand(hooked: Any) -> None:
    running, phone, receiver = hooked
    await running.bot("deleteWebhook")
    running.simulator.telegram.says(phone, "một")
    await running.bot("setWebhook", url=receiver.url)
    await receiver.until(1)
    await running.bot("deleteWebhook")
    running.simulator.telegram.says(phone, "hai")
    await running.bot("setWebhook", url=receiver.url, drop_pending_updates=True)
    assert (await running.bot("getWebhookInfo"))["result"]["pending_update_count"] == 0
    assert texts(receiver) == ["một"]


@pytest.mark.parametrize(
    ("action", "expected"), [("twice", ["0", "0", "1"]), ("shuffle", ["1", "0"]), ("lose", ["0", "1"])]
)
async def test_deliveries_go_wrong_on_order(hooked: Any, action: str, expected: list[str]) -> None:
    running, phone, receiver = hooked
    await running.control("/faults", platform="telegram", where="webhook", action=action, times=1)
    for n in range(2):
        running.simulator.telegram.says(phone, str(n))
    await receiver.until(len(expected))
    assert texts(receiver) == expected


async def test_confirmed_updates_are_gone_and_others_come_again(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    for n in range(3):
        running.simulator.telegram.says(phone, str(n))
    first = (await running.bot("getUpdates", limit=2))["result"]
    again = (await running.bot("getUpdates"))["result"]
    rest = (await running.bot("getUpdates", offset=first[-1]["update_id"] + 1))["result"]
    assert [len(first), len(again), len(rest)] == [2, 3, 1]
    assert [bubble.acked_at is not None for bubble in phone.bubbles] == [True, True, False]
    assert len((await running.bot("getUpdates", offset=-1))["result"]) == 1


async def test_sending_too_fast_is_answered_with_a_wait(start: Any) -> None:
    running = await start(clock=Clock(speed=0), telegram={"per_chat_rate": 1.0, "per_chat_burst": 2})
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    answers = [await running.bot("sendMessage", chat_id=phone.user_id, text=str(n)) for n in range(3)]
    assert [answer["ok"] for answer in answers] == [True, True, False]
    assert answers[2]["error_code"] == 429 and answers[2]["parameters"] == {"retry_after": 1}
    assert answers[2]["description"] == "Too Many Requests: retry after 1"
    running.simulator.clock.advance(1)
    assert (await running.bot("sendMessage", chat_id=phone.user_id, text="3"))["ok"]


@pytest.mark.parametrize(("path", "status"), [("bot1/getMe", 404), ("bot1:x/getMe", 401), ("BOT/getNothing", 404)])
async def test_wrong_tokens_and_methods_have_their_own_status(start: Any, path: str, status: int) -> None:
    running = await start()
    path = path.replace("BOT", f"bot{TelegramConfig().token}")
    answer = await running.http.get(f"{running.url}/telegram/{path}")
    assert (answer.status_code, answer.json()["error_code"]) == (status, status)


async def test_parameters_come_in_the_query_a_form_or_json(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    url, fields = f"{running.url}/telegram/bot{TelegramConfig().token}/sendmessage", {"chat_id": phone.user_id}
    markup = json.dumps({"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]})
    await running.http.get(url, params=fields | {"text": "query", "reply_markup": markup})
    await running.http.post(url, data=fields | {"text": "form", "reply_markup": markup})
    await running.http.post(url, json=fields | {"text": "json", "reply_markup": json.loads(markup)})
    await running.http.post(url, data=fields | {"text": "multipart", "reply_markup": markup}, files={"x": b"1"})
    assert [bubble.text for bubble in phone.bubbles[1:]] == ["query", "form", "json", "multipart"]
    assert all(bubble.buttons[0][0].data == "a" for bubble in phone.bubbles[1:])
