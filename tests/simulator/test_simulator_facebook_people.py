"""Scripted citizens on Messenger, and a crowd under load."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from simulator.citizens import Script, Turn, run_citizens
from simulator.config import FacebookConfig
from simulator.facebook import content
from simulator.facebook.errors import GraphError
from simulator.facebook.profile import FIELDS
from tests.simulator.conftest import Receiver
from tests.simulator.graph import Graph, events

SCRIPT = Script(
    turns=[
        Turn(text="Đèn trước số {n} hỏng", expect="Đúng chưa"),
        Turn(press="Đúng", expect="Gửi số"),
        Turn(contact=True, expect="mã số"),
    ],
    until="mã số",
)


@pytest.fixture
async def gateway(start: Any) -> Any:
    """A simulator whose webhook is answered: first by quick replies, then by a question, in the end by a code."""
    graphs: list[Graph] = []

    async def hook(request: web.Request) -> web.Response:
        for entry in (await request.json())["entry"]:
            for item in entry["messaging"]:
                message = item.get("message", {})
                if message and not message.get("is_echo"):
                    await answer(graphs[0], item["sender"]["id"], message)
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    graphs.append(Graph(await start(facebook=FacebookConfig(webhook_url=f"http://{host}:{port}/hook"))))
    yield graphs[0]
    await runner.cleanup()


async def answer(graph: Graph, psid: str, message: Any) -> None:
    quick = [{"content_type": "text", "title": "Đúng", "payload": "yes"}]
    reply: Any = {"text": "Đúng chưa?", "quick_replies": quick}
    if message["text"] == "Đúng":
        reply = {"text": "Gửi số điện thoại", "quick_replies": [{"content_type": "user_phone_number"}]}
    elif message["text"].startswith("+84"):
        reply = {"text": "Đã nhận, mã số TG-261121-0001"}
    await graph.post("/me/messages", recipient={"id": psid}, messaging_type="RESPONSE", message=reply)


async def test_scripted_citizens_walk_through_a_dialog_on_messenger(gateway: Graph) -> None:
    ledger = await run_citizens(gateway.running.simulator, 6, SCRIPT, platforms=["facebook"], answer_timeout=20)
    figures = ledger.figures()
    assert (figures["sent"], figures["acknowledged"], figures["finished"], figures["lost"]) == (18, 18, 6, 0)
    assert (figures["answered_twice"], figures["order_violations"], figures["codes"]) == (0, 0, 1)


async def test_a_quick_reply_that_is_gone_is_typed(gateway: Graph) -> None:
    script = Script(turns=[Turn(text="hỏng"), Turn(text="thật", answers=1), Turn(press="Đúng", expect="Gửi số")])
    (citizen,) = (await run_citizens(gateway.running.simulator, 1, script, platforms=["facebook"])).citizens
    assert citizen.finished
    old = citizen.phone.bubbles[1]
    assert gateway.running.simulator.facebook.page.presses(citizen.phone, old.buttons[0][0], old) is None


async def test_photos_picked_together_are_one_message_or_one_each(start: Any, receiver: Receiver) -> None:
    pictures = [{"sample": "rac"}, {"sample": "den"}]
    for one_album, counts in [(True, [2]), (False, [1, 1])]:
        graph = Graph(await start(facebook=FacebookConfig(webhook_url=receiver.url, one_album=one_album)))
        phone = graph.running.simulator.join("facebook")
        receiver.got.clear()
        await graph.act(phone, "album", photos=pictures)
        await receiver.until(len(counts))
        assert [len(item["message"]["attachments"]) for item in events(receiver)] == counts
        async with asyncio.timeout(10):
            while any(bubble.acked_at is None for bubble in phone.bubbles):
                await graph.running.simulator.world.wait_for_change(phone, 0.5)


async def test_a_number_that_is_not_ones_own_is_typed(start: Any) -> None:
    graph = Graph(await start())
    phone = graph.running.simulator.join("facebook")
    await graph.act(phone, "text", text="chào")
    await graph.send(phone, {"text": "Số?", "quick_replies": [{"content_type": "user_phone_number"}]})
    sent = await graph.act(phone, "contact", name="Hàng xóm", number="0987654321")
    assert sent["text"] == "Hàng xóm 0987654321"
    assert (await graph.act(phone, "contact"))["text"] == phone.number


async def test_a_control_call_that_does_not_fit_is_refused_with_a_reason(start: Any) -> None:
    graph = Graph(await start())
    phone = graph.running.simulator.join("facebook")
    refused = [
        await graph.running.control(f"/phones/{phone.id}/thread", do="keep"),
        await graph.running.control(f"/phones/{phone.id}/edit", message="m_x", text="a"),
        await graph.running.control(f"/phones/{phone.id}/comment", text="a", photo="mèo"),
        await graph.running.control("/facebook/token", do="lose"),
        await graph.running.control("/facebook/notice", kind="party"),
        await graph.running.control(f"/facebook/deletion/{phone.id}"),
    ]
    assert all(answer["error"] for answer in refused)
    assert (await graph.running.control("/facebook/webhook", url=""))["error"]


NAMES = st.sampled_from(
    ["text", "attachment", "quick_replies", "metadata", "payload", "type", "template_type", "buttons", "elements",
     "title", "subtitle", "content_type", "template", "name", "components", "parameters", "locale",
     "call_to_actions", "url", "reply_to", "question"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "a", "text", "template", "button", "generic", "image", "postback", "default", "ket_qua", "user_email"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=25,
)


@given(ANYTHING)
def test_whatever_is_sent_is_taken_or_refused_in_graphs_words(message: Any) -> None:
    for read in (lambda: content.read(message, utility=frozenset({"ket_qua"})), *_profile_checks(message)):
        try:
            read()
        except GraphError as error:
            assert error.code == 100


def _profile_checks(value: Any) -> list[Any]:
    return [lambda check=check: check(value) for check in FIELDS.values()]
