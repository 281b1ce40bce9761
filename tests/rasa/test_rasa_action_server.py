"""The extra for Rasa speaks the contract of rasa-sdk, as told by the own executor and server of the SDK beside ours."""

import asyncio
import json
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
import pytest
from rasa_sdk.executor import ActionExecutor

from app.rasa import LARGEST_CALL, create_app
from dialog.rasa_actions import FORM, judge, required, validator
from regulations import loader

NOW = datetime(2026, 11, 22, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PROFILE = loader.load("tien-giang")
ACTION = f"validate_{FORM}"
DOMAIN = {"slots": {slot: {"type": "any"} for slot in PROFILE.fields}, "forms": {FORM: {"required_slots": []}}}


def call(
    slot: str = "", value: str = "", *, slots: dict[str, Any] | None = None, action: str = ACTION
) -> dict[str, Any]:
    """What a Rasa assistant sends after the citizen answered the form's question about `slot`."""
    answered = [{"event": "slot", "timestamp": None, "name": slot, "value": value}] if slot else []
    return {
        "next_action": action,
        "sender_id": "citizen",
        "version": "3.21.0",
        "domain": DOMAIN,
        "tracker": {
            "sender_id": "citizen",
            "slots": dict.fromkeys(PROFILE.fields) | (slots or {}) | ({slot: value} if slot else {}),
            "latest_message": {"text": value, "intent": {}, "entities": []},
            "events": [{"event": "action", "timestamp": None, "name": "action_listen"}, *answered],
            "paused": False,
            "followup_action": None,
            "active_loop": {"name": FORM},
            "latest_action_name": "action_listen",
            "stack": [],
        },
    }


def slots_of(answer: Any) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}


@asynccontextmanager
async def ours() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=create_app(PROFILE, now=lambda: NOW), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://rasa") as client:
        yield client


# --- what an answer is worth ------------------------------------------------------------------------------------------


def test_a_good_answer_fills_its_slot_in_the_form_that_reports_carry() -> None:
    judged = judge(PROFILE, "phone", "0912 345 678", known={"description": "đèn hỏng"}, now=NOW)
    assert judged.slots["phone"] == "+84912345678"


def test_one_answer_may_fill_several_slots() -> None:
    judged = judge(PROFILE, "name", "tôi tên Bùi Thị Sáu, 0912 345 678", known={"description": "đèn hỏng"}, now=NOW)
    assert judged.slots["name"] == "Bùi Thị Sáu"
    assert judged.slots["phone"] == "+84912345678"


def test_an_answer_that_does_not_fit_is_asked_again_in_the_profiles_words() -> None:
    judged = judge(PROFILE, "phone", "12345", known={"description": "đèn hỏng"}, now=NOW)
    assert "phone" not in judged.slots
    assert "điện thoại" in judged.reply


def test_an_emergency_is_told_its_number_whatever_was_asked() -> None:
    """R-BN-23: the same machine, so the same order of checks."""
    judged = judge(PROFILE, "phone", "cháy nhà rồi cứu với", known={"description": "đèn hỏng"}, now=NOW)
    assert "114" in judged.reply


def test_what_is_still_missing_comes_from_the_profile() -> None:
    assert required(PROFILE, known={}, now=NOW)[:2] == ["description", "location"]
    assert "name" not in required(PROFILE, known={"description": "x" * 20, "name": "Bùi Thị Sáu"}, now=NOW)


def test_a_value_of_another_kind_in_a_slot_of_ours_counts_as_empty() -> None:
    assert "phone" in required(PROFILE, known={"phone": {"number": 1}, "foreign": 3}, now=NOW)


# --- the SDK's executor -----------------------------------------------------------------------------------------------


async def test_the_sdks_executor_runs_the_validator() -> None:
    executor = ActionExecutor()
    executor.register_action(validator(PROFILE, lambda: NOW))

    result = await executor.run(call("phone", "0912 345 678", slots={"description": "đèn hỏng"}))

    assert slots_of(result.model_dump())["phone"] == "+84912345678"


async def test_a_refused_value_leaves_the_slot_empty_and_says_why() -> None:
    executor = ActionExecutor()
    executor.register_action(validator(PROFILE, lambda: NOW))

    result = (await executor.run(call("phone", "12", slots={"description": "đèn hỏng"}))).model_dump()

    assert slots_of(result)["phone"] is None
    assert "điện thoại" in result["responses"][0]["text"]


async def test_a_slot_mapped_to_custom_takes_the_citizens_words() -> None:
    executor = ActionExecutor()
    executor.register_action(validator(PROFILE, lambda: NOW))
    asked = call(slots={"description": "đèn hỏng", "requested_slot": "phone"})
    asked["tracker"]["latest_message"]["text"] = "0912 345 678"

    assert slots_of((await executor.run(asked)).model_dump())["phone"] == "+84912345678"


# --- the SDK's server, beside ours ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def theirs() -> Iterator[str]:
    """rasa-sdk's own web server with our validator, on a port of its own."""
    import socket
    import warnings

    from rasa_sdk.endpoint import create_app as create_sanic

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        executor = ActionExecutor()
        executor.register_action(validator(PROFILE, lambda: NOW))
        sanic = create_sanic(executor)
    door = socket.create_server(("127.0.0.1", 0))
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = await sanic.create_server(sock=door, return_asyncio_server=True, access_log=False)
            await server.startup()
            await server.start_serving()
        ready.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{door.getsockname()[1]}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


CALLS: dict[str, tuple[bytes, dict[str, str]]] = {
    "a slot": (json.dumps(call("phone", "0912 345 678", slots={"description": "đèn hỏng"})).encode(), {}),
    "a refused slot": (json.dumps(call("phone", "12", slots={"description": "đèn hỏng"})).encode(), {}),
    "nothing answered": (json.dumps(call()).encode(), {}),
    "no action": (json.dumps(call(action="")).encode(), {}),
    "unknown action": (json.dumps(call(action="action_dance")).encode(), {}),
    "unknown domain": (json.dumps({**call(), "domain": None, "domain_digest": "d1"}).encode(), {}),
    "deflated": (zlib.compress(json.dumps(call("name", "Bùi Thị Sáu")).encode()), {"content-encoding": "deflate"}),
}


@pytest.mark.parametrize("name", CALLS)
async def test_our_server_answers_as_the_sdks_own(theirs: str, name: str) -> None:
    body, headers = CALLS[name]
    headers = {"content-type": "application/json", **headers}
    async with ours() as client, httpx.AsyncClient(base_url=theirs) as other:
        mine = await client.post("/webhook", content=body, headers=headers)
        sdk = await other.post("/webhook", content=body, headers=headers)

    assert (mine.status_code, mine.json()) == (sdk.status_code, sdk.json())


async def test_both_list_the_same_actions_and_are_well(theirs: str) -> None:
    async with ours() as client, httpx.AsyncClient(base_url=theirs) as other:
        for path in ("/actions", "/health"):
            assert (await client.get(path)).json() == (await other.get(path)).json()


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b"\\xff"], ids=["empty", "list", "text", "bytes"])
async def test_a_call_that_is_none_is_refused(body: bytes) -> None:
    async with ours() as client:
        assert (await client.post("/webhook", content=body)).status_code == 400


async def test_an_error_does_not_repeat_the_request() -> None:
    """The SDK's own server echoes it; it holds personal data."""
    broken = {**call("phone", "0912 345 678"), "tracker": {"slots": "0912 345 678"}}
    async with ours() as client:
        answer = await client.post("/webhook", json=broken)

    assert answer.status_code == 500
    assert "0912" not in answer.text


async def test_a_small_call_that_inflates_to_a_large_one_is_refused() -> None:
    async with ours() as client:
        bomb = zlib.compress(b" " * (LARGEST_CALL + 2))
        answer = await client.post("/webhook", content=bomb, headers={"content-encoding": "deflate"})

    assert answer.status_code == 400
