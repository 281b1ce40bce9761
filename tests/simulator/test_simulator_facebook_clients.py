"""An independent client and an independent bot work unmodified: fbmessenger."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from fbmessenger import BaseMessenger, MessengerClient
from fbmessenger.attachments import Image
from fbmessenger.elements import Button, Element, Text
from fbmessenger.quick_replies import QuickReplies, QuickReply
from fbmessenger.sender_actions import SenderAction
from fbmessenger.thread_settings import (
    GetStartedButton,
    GreetingText,
    MessengerProfile,
    PersistentMenu,
    PersistentMenuItem,
)

from simulator import media
from simulator.config import FacebookConfig
from simulator.world import Phone
from tests.simulator.graph import CONFIG, Graph, Json

Client = tuple[Graph, Phone, MessengerClient]


async def blocking(call: Callable[..., Json], *arguments: Any, **named: Any) -> Json:
    """The library blocks; the simulator lives in this loop."""
    return await asyncio.to_thread(call, *arguments, **named)


@pytest.fixture
async def client(start: Any) -> AsyncIterator[Client]:
    graph = Graph(await start(facebook=FacebookConfig(require_proof=True)))
    phone = graph.running.simulator.join("facebook", name="Nguyễn Thị Lan")
    await graph.act(phone, "text", text="chào")
    client = MessengerClient(CONFIG.page_token, app_secret=CONFIG.app_secret)
    client.graph_url = f"{graph.running.url}/facebook/v25.0"
    yield graph, phone, client
    client.session.close()


async def test_it_sends_texts_quick_replies_and_templates(client: Client) -> None:
    _, phone, library = client
    replies = QuickReplies([QuickReply("Gửi", "SEND"), QuickReply(content_type="user_phone_number")])
    answer = await blocking(library.send, Text("Đúng chưa?", quick_replies=replies).to_dict(), phone.user_id)
    assert answer == {"recipient_id": phone.user_id, "message_id": phone.bubbles[-1].platform_id}
    assert [b.text for b in phone.bubbles[-1].buttons[0]] == ["Gửi", f"+{phone.number}"]

    # The library's own template classes need an older Python, so their dictionaries are given.
    press = Button(button_type="postback", title="Sửa", payload="EDIT").to_dict()
    card = Element(title="Hồ sơ", subtitle="TG-1").to_dict() | {"buttons": [press]}
    for payload in (
        {"template_type": "button", "text": "Xem lại", "buttons": [press]},
        {"template_type": "generic", "elements": [card]},
    ):
        message = {"attachment": {"type": "template", "payload": payload}}
        await blocking(library.send, message, phone.user_id)
    assert [bubble.text for bubble in phone.bubbles[-2:]] == ["Xem lại", "Hồ sơ\nTG-1"]


async def test_it_uploads_a_file_and_sends_it_by_its_id(client: Client) -> None:
    graph, phone, library = client
    message = '{"attachment": {"type": "image", "payload": {"is_reusable": true}}}'

    def upload() -> Json:
        parts = {"filedata": ("den.jpg", media.sample("den"), "image/jpeg")}
        edge = f"{library.graph_url}/me/message_attachments"
        answer: Json = library.session.post(
            edge, params=library.auth_args, data={"message": message}, files=parts
        ).json()
        return answer

    kept = await blocking(upload)
    await blocking(library.send, Image(attachment_id=kept["attachment_id"]).to_dict(), phone.user_id)
    shown = phone.bubbles[-1].media
    assert shown is not None
    assert (await graph.running.http.get(shown["url"])).content == media.sample("den")
    again = await blocking(library.upload_attachment, Image(url=shown["url"], is_reusable=True))
    assert again == kept


async def test_it_reads_a_profile_types_and_sets_the_menu(client: Client) -> None:
    graph, phone, library = client
    profile = await blocking(library.get_user_data, phone.user_id)
    assert (profile["first_name"], profile["id"]) == ("Lan", phone.user_id)
    await blocking(library.send_action, SenderAction("typing_on").to_dict(), phone.user_id)
    assert phone.typing_until > graph.running.simulator.clock.now()
    item = PersistentMenuItem(item_type="postback", title="Gửi phản ánh", payload="NEW")
    wanted = MessengerProfile(
        get_started=GetStartedButton("START"),
        greetings=[GreetingText("Xin chào")],
        persistent_menus=[PersistentMenu([item])],
    )
    assert await blocking(library.set_messenger_profile, wanted.to_dict()) == {"result": "success"}
    assert [row[0].text for row in phone.keyboard] == ["Gửi phản ánh"]
    assert await blocking(library.delete_persistent_menu) == {"result": "success"}
    assert phone.keyboard == []


async def test_it_is_told_errors_in_their_shape(client: Client) -> None:
    graph, phone, library = client
    graph.running.simulator.clock.advance(86_400)
    refused = await blocking(library.send, Text("Xong").to_dict(), phone.user_id)
    assert (refused["error"]["code"], refused["error"]["error_subcode"]) == (10, 2018278)
    tagged = await blocking(
        library.send, Text("Xong").to_dict(), phone.user_id, messaging_type="MESSAGE_TAG", tag="ACCOUNT_UPDATE"
    )
    assert tagged["error"]["code"] == 100
    # Newer versions ask for the fields; this library does not know them yet.
    missing = await blocking(library.subscribe_app_to_page)
    assert "subscribed_fields" in missing["error"]["message"]


class Bot(BaseMessenger):
    """Answers in the words it was spoken to, in the library's own way."""

    def message(self, message: Json) -> None:
        said = message["message"]
        if said.get("is_echo"):
            return
        if choice := said.get("quick_reply"):
            self.send(Text(f"Đã chọn {choice['payload']}").to_dict())
        elif pictures := said.get("attachments"):
            self.send(Text(f"Đã nhận {len(pictures)} {pictures[0]['type']}").to_dict())
        else:
            replies = QuickReplies([QuickReply("Gửi", "SEND")])
            self.send(Text(f"Đã nhận: {said['text']}", quick_replies=replies).to_dict())

    def postback(self, message: Json) -> None:
        self.send_action("typing_on")
        self.send(Text(f"Xin chào {self.get_user()['first_name']}").to_dict())

    def delivery(self, message: Json) -> None: ...
    def read(self, message: Json) -> None: ...
    def optin(self, message: Json) -> None: ...
    def account_linking(self, message: Json) -> None: ...


async def test_a_bot_of_the_library_is_told_everything_and_answers(start: Any) -> None:
    bot = Bot(CONFIG.page_token, CONFIG.app_secret)

    async def challenge(request: web.Request) -> web.Response:
        return web.Response(text=request.query["hub.challenge"])

    async def hook(request: web.Request) -> web.Response:
        await blocking(bot.handle, await request.json())
        return web.Response(text="ok")

    app = web.Application()
    app.router.add_get("/bot", challenge)
    app.router.add_post("/bot", hook)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]

    graph = Graph(await start())
    bot.client.graph_url = f"{graph.running.url}/facebook/v25.0"
    assert (await graph.running.control("/facebook/webhook", url=f"http://{host}:{port}/bot"))["error"] == ""
    phone = graph.running.simulator.join("facebook", name="Trần Văn Minh")

    async def answered(count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(said := [bubble.text for bubble in phone.bubbles if bubble.sender == "bot"]) < count:
                await graph.running.simulator.world.wait_for_change(phone, 0.5)
        return said

    await graph.act(phone, "start")
    await answered(1)
    await graph.act(phone, "text", text="Đèn hỏng")
    await answered(2)
    await graph.act(phone, "press", button="Gửi")
    await answered(3)
    await graph.act(phone, "album", photos=[{"sample": "den"}, {"sample": "rac"}])
    assert await answered(4) == ["Xin chào Minh", "Đã nhận: Đèn hỏng", "Đã chọn SEND", "Đã nhận 2 image"]
    bot.client.session.close()
    await runner.cleanup()
