"""What the Graph API takes and refuses: windows, tags, limits, tokens, rates (facebook: Send API, windows, errors)."""

import json
from typing import Any

import pytest
from httpx2 import RemoteProtocolError

from simulator import media
from simulator.clock import Clock
from simulator.config import FacebookConfig
from simulator.facebook import signing
from simulator.world import Phone
from tests.simulator.graph import CONFIG, Graph, Json

DAY = 86_400.0
OUTSIDE = (10, 2018278)
HUMAN: Json = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}


@pytest.fixture
async def met(start: Any) -> tuple[Graph, Phone]:
    """A simulator whose clock stands still, and a citizen who has just written."""
    graph = Graph(await start(clock=Clock(speed=0)))
    phone = graph.running.simulator.join("facebook", name="Nguyễn Thị Lan")
    graph.running.simulator.facebook.page.says(phone, "xin chào")
    return graph, phone


def later(graph: Graph, seconds: float) -> None:
    graph.running.simulator.clock.advance(seconds)


# -- windows and tags --------------------------------------------------------------------------


async def test_an_answer_is_taken_within_24_hours_and_refused_after(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    later(graph, DAY - 1)
    taken = await graph.send(phone, "Vâng")
    assert taken.body == {"recipient_id": phone.user_id, "message_id": phone.bubbles[-1].platform_id}
    later(graph, 1)
    refused = await graph.send(phone, "Vâng")
    assert (refused.status, refused.error) == (400, OUTSIDE)
    error = refused.body["error"]
    assert error["type"] == "OAuthException" and error["message"].startswith("(#10) ") and error["fbtrace_id"]


@pytest.mark.parametrize("act", ["text", "start", "react"])
async def test_what_a_person_does_opens_the_window_again(met: tuple[Graph, Phone], act: str) -> None:
    graph, phone = met
    sent = await graph.send(phone, "Vâng")
    later(graph, 2 * DAY)
    await graph.act(phone, act, text="x", message=sent.body["message_id"])
    assert (await graph.send(phone, "Vâng")).status == 200


async def test_a_comment_opens_no_window(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    later(graph, 2 * DAY)
    await graph.act(phone, "comment", text="hỏng")
    assert (await graph.send(phone, "Vâng")).error == OUTSIDE


async def test_an_ad_opens_seven_days(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    await graph.act(phone, "start", ad_id="238")
    later(graph, 6 * DAY)
    assert (await graph.send(phone, "Vâng")).status == 200
    later(graph, DAY)
    assert (await graph.send(phone, "Vâng")).error == OUTSIDE


async def test_a_persons_answer_is_taken_from_24_hours_to_7_days(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    assert (await graph.send(phone, "Vâng", **HUMAN)).error == (100, 0)
    later(graph, DAY)
    assert (await graph.send(phone, "Vâng", **HUMAN)).status == 200
    later(graph, 6 * DAY - 1)
    assert (await graph.send(phone, "Vâng", **HUMAN)).status == 200
    later(graph, 1)
    assert (await graph.send(phone, "Vâng", **HUMAN)).error == OUTSIDE


async def test_without_the_feature_a_persons_answer_is_refused(start: Any) -> None:
    graph = Graph(await start(facebook=FacebookConfig(human_agent=False), clock=Clock(speed=0)))
    phone = graph.running.simulator.join("facebook")
    await graph.act(phone, "text", text="chào")
    later(graph, DAY)
    assert (await graph.send(phone, "Vâng", **HUMAN)).error == (10, 0)


@pytest.mark.parametrize("tag", ["ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE", "CONFIRMED_EVENT_UPDATE", None])
async def test_retired_tags_are_an_invalid_parameter(met: tuple[Graph, Phone], tag: str | None) -> None:
    graph, phone = met
    later(graph, DAY)
    refused = await graph.send(phone, "Xong", messaging_type="MESSAGE_TAG", tag=tag)
    assert refused.error == (100, 0)
    assert refused.body["error"]["message"] == "(#100) Invalid parameter"


async def test_utility_messages_need_an_approved_template(start: Any, met: tuple[Graph, Phone]) -> None:
    template = {"template": {"name": "ket_qua", "components": [{"parameters": [{"text": "TG-1"}]}]}}
    assert (await met[0].send(met[1], "x", messaging_type="UTILITY")).error == (200, 0)
    graph = Graph(await start(facebook=FacebookConfig(utility_templates=("ket_qua",)), clock=Clock(speed=0)))
    phone = graph.running.simulator.join("facebook")
    await graph.act(phone, "text", text="chào")
    later(graph, 30 * DAY)
    assert (await graph.send(phone, template, messaging_type="UTILITY")).status == 200
    assert phone.bubbles[-1].text == "ket_qua · TG-1"
    unknown = {"template": {"name": "khac"}}
    assert (await graph.send(phone, unknown, messaging_type="UTILITY")).error == (100, 0)


async def test_who_cannot_be_reached_is_told_apart(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    stranger = graph.running.simulator.join("facebook")
    assert (await graph.send(stranger, "chào")).error == OUTSIDE
    stranger.user_id = "123"
    assert (await graph.send(stranger, "chào")).error == (100, 2018001)
    await graph.act(phone, "block")
    assert (await graph.send(phone, "chào")).error == (551, 1545041)
    await graph.act(phone, "text", text="tôi đây")
    assert (await graph.send(phone, "chào")).status == 200


# -- private replies ---------------------------------------------------------------------------


async def test_a_comment_gets_one_private_reply_within_seven_days(met: tuple[Graph, Phone]) -> None:
    graph, _ = met
    phone = graph.running.simulator.join("facebook")
    comment = (await graph.act(phone, "comment", text="Đèn hỏng"))["platform_id"]
    reply: Json = {"recipient": {"comment_id": comment}, "message": {"text": "Mời nhắn tin"}}
    first = await graph.post("/me/messages", **reply)
    assert first.body["recipient_id"] == phone.user_id
    assert (await graph.post("/me/messages", **reply)).error == (10900, 0)
    assert (await graph.send(phone, "nữa")).error == OUTSIDE

    old = (await graph.act(phone, "comment", text="cũ"))["platform_id"]
    later(graph, 7 * DAY + 1)
    assert (await graph.post("/me/messages", **reply | {"recipient": {"comment_id": old}})).error == (10902, 0)
    gone = (await graph.act(phone, "comment", text="thôi"))["platform_id"]
    await graph.act(phone, "remove", message=gone)
    assert (await graph.post("/me/messages", **reply | {"recipient": {"comment_id": gone}})).error == (10902, 0)
    post = (await graph.act(phone, "post", text="Rác"))["platform_id"]
    assert (await graph.post("/me/messages", **reply | {"recipient": {"post_id": post}})).status == 200
    assert (await graph.post("/me/messages", **reply | {"recipient": {"post_id": "1_2"}})).error == (100, 2018292)
    await graph.act(phone, "block")
    more = (await graph.act(phone, "comment", text="lại"))["platform_id"]
    assert (await graph.post("/me/messages", **reply | {"recipient": {"comment_id": more}})).error == (10903, 0)


async def test_a_public_answer_stands_below_the_comment(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    comment = (await graph.act(phone, "comment", text="Đèn hỏng"))["platform_id"]
    made = await graph.post(f"/{comment}/comments", message="Mời vào đoạn chat")
    assert (phone.bubbles[-1].text, phone.bubbles[-1].reply_to) == ("Mời vào đoạn chat", comment)
    author = (await graph.get(f"/{made.body['id']}")).body["from"]
    assert author["id"] == CONFIG.page_id
    assert (await graph.get(f"/{comment}")).body["message"] == "Đèn hỏng"


# -- shapes and limits -------------------------------------------------------------------------

REPLY = {"content_type": "text", "title": "Có", "payload": "yes"}
BUTTON = {"type": "postback", "title": "Gửi", "payload": "send"}


def template(**payload: Any) -> Json:
    return {"attachment": {"type": "template", "payload": payload}}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"text": ""},
        {"text": "a" * 2001},
        {"text": "a", "metadata": "m" * 1001},
        {"text": "a", "quick_replies": [REPLY] * 14},
        {"text": "a", "quick_replies": []},
        {"text": "a", "quick_replies": [{"content_type": "location"}]},
        {"text": "a", "quick_replies": [REPLY | {"payload": "p" * 1001}]},
        {"text": "a", "quick_replies": [{"content_type": "text", "title": "Có"}]},
        {"text": "a", "attachment": {"type": "image", "payload": {"url": "https://a.vn/b.jpg"}}},
        {"attachment": {"type": "hologram", "payload": {}}},
        {"attachment": {"type": "image", "payload": {}}},
        template(template_type="button", text="t" * 641, buttons=[BUTTON]),
        template(template_type="button", text="t", buttons=[]),
        template(template_type="button", text="t", buttons=[BUTTON] * 4),
        template(template_type="button", text="t", buttons=[BUTTON | {"title": "t" * 21}]),
        template(template_type="button", text="t", buttons=[{"type": "postback", "title": "Gửi"}]),
        template(template_type="generic", elements=[]),
        template(template_type="generic", elements=[{"title": "một", "subtitle": "hai"}] * 11),
        template(template_type="generic", elements=[{"title": "t" * 81, "subtitle": "x"}]),
        template(template_type="generic", elements=[{"title": "chỉ có tiêu đề"}]),
        template(template_type="receipt"),
    ],
)
async def test_what_breaks_a_limit_is_an_invalid_parameter(met: tuple[Graph, Phone], message: Json) -> None:
    graph, phone = met
    count = len(phone.bubbles)
    assert (await graph.send(phone, message)).error[0] == 100
    assert len(phone.bubbles) == count


async def test_what_just_fits_is_shown(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    assert (await graph.send(phone, "ơ" * 2000)).status == 200
    long_title = REPLY | {"title": "Sửa địa chỉ của sự việc"}
    await graph.send(phone, {"text": "Chọn", "quick_replies": [long_title] * 13})
    assert [b.text for b in phone.bubbles[-1].buttons[0]] == ["Sửa địa chỉ của sự v"] * 13
    link = {"type": "web_url", "title": "Xem", "url": "https://a.vn"}
    call = {"type": "phone_number", "title": "Gọi", "payload": "+842731022"}
    await graph.send(phone, template(template_type="button", text="t" * 640, buttons=[BUTTON, link, call]))
    assert [row[0].kind for row in phone.bubbles[-1].buttons] == ["postback", "url", "phone"]
    card = {"title": "Hồ sơ", "subtitle": "TG-1", "buttons": [BUTTON]}
    await graph.send(phone, template(template_type="generic", elements=[card] * 10))
    assert len(phone.bubbles[-1].buttons) == 10


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"text": "a"}},
        {"recipient": {"id": "1"}, "sender_action": "dance"},
        {"recipient": {"id": "1"}, "sender_action": "typing_on", "message": {"text": "a"}},
        {"recipient": {"id": "1"}, "messaging_type": "SHOUT", "message": {"text": "a"}},
        {"recipient": {"id": "1"}, "notification_type": "LOUD", "message": {"text": "a"}},
        {"recipient": {"id": "1"}, "persona_id": "9", "message": {"text": "a"}},
        {"recipient": {"user_ref": "nobody"}, "message": {"text": "a"}},
    ],
)
async def test_a_call_that_makes_no_sense_is_refused(met: tuple[Graph, Phone], body: Json) -> None:
    graph, phone = met
    if "id" in body.get("recipient", {}):
        body["recipient"] = {"id": phone.user_id}
    assert (await graph.post("/me/messages", **body)).error[0] == 100


async def test_sender_actions_are_seen_on_the_phone(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    to: Json = {"recipient": {"id": phone.user_id}}
    answer = await graph.post("/me/messages", **to, sender_action="typing_on")
    assert answer.body == {"recipient_id": phone.user_id}
    assert phone.typing_until > graph.running.simulator.clock.now()
    await graph.post("/me/messages", **to, sender_action="mark_seen")
    assert phone.bubbles[0].seen
    about = {"message_id": phone.bubbles[0].platform_id, "reaction": "👍"}
    await graph.post("/me/messages", **to, sender_action="react", payload=about)
    assert phone.bubbles[0].reactions == ["👍"]
    await graph.send(phone, "Vâng")
    assert phone.typing_until == 0


async def test_a_plugins_reference_reaches_the_person_without_an_echo(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    await graph.act(phone, "optin", user_ref="ref-7")
    answer = await graph.post("/me/messages", recipient={"user_ref": "ref-7"}, message={"text": "chào"})
    assert answer.body["recipient_id"] == phone.user_id


# -- files -------------------------------------------------------------------------------------


async def upload(graph: Graph, kind: str, content: bytes, name: str, *, edge: str, **parts: str) -> Any:
    message = {"attachment": {"type": kind, "payload": {"is_reusable": True}}}
    data = {"message": json.dumps(message), **parts}
    return await graph.call("POST", f"/me/{edge}", data=data, files={"filedata": (name, content, "image/png")})


async def test_a_file_is_uploaded_once_and_sent_again_for_90_days(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    kept = await upload(graph, "image", media.sample("den"), "den.jpg", edge="message_attachments")
    again = {"attachment": {"type": "image", "payload": {"attachment_id": kept.body["attachment_id"]}}}
    assert (await graph.send(phone, again)).status == 200
    shown = phone.bubbles[-1].media
    assert shown is not None
    assert (await graph.running.http.get(shown["url"])).content == media.sample("den")
    later(graph, 90 * DAY)
    await graph.act(phone, "text", text="chào")
    assert (await graph.send(phone, again)).error == (100, 2018074)
    assert (await graph.send(phone, {"attachment": {"type": "image", "payload": {"attachment_id": "1"}}})).error == (
        100,
        2018074,
    )


async def test_a_file_travels_with_its_message(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    to = json.dumps({"id": phone.user_id})
    sent = await upload(graph, "file", b"%PDF-1.4", "quyết định.pdf", edge="messages", recipient=to)
    assert set(sent.body) == {"recipient_id", "message_id", "attachment_id"}
    assert phone.bubbles[-1].media is not None and phone.bubbles[-1].media["name"] == "quyết định.pdf"
    broken = await upload(graph, "image", b"no picture", "a.png", edge="messages", recipient=to)
    assert broken.error == (100, 2018047)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/a.jpg", "http://10.0.0.7/a.jpg", "http://gateway/a.jpg"])
async def test_what_lies_on_a_private_address_cannot_be_fetched(met: tuple[Graph, Phone], url: str) -> None:
    graph, phone = met
    refused = await graph.send(phone, {"attachment": {"type": "image", "payload": {"url": url}}})
    assert refused.error == (100, 2018008)


# -- tokens, proof, load -----------------------------------------------------------------------


async def test_a_token_is_asked_for_and_checked(met: tuple[Graph, Phone]) -> None:
    graph, _ = met
    bearer = {"Authorization": f"Bearer {CONFIG.page_token}"}
    assert (await graph.running.http.get(f"{graph.running.url}/facebook/v26.0/me", headers=bearer)).json() == {
        "name": CONFIG.page_name,
        "id": CONFIG.page_id,
    }
    assert (await Graph(graph.running, token="").get("/me")).error == (2500, 0)
    assert (await Graph(graph.running, token="wrong").get("/me")).error == (190, 0)
    app = Graph(graph.running, token=f"{CONFIG.app_id}|{CONFIG.app_secret}")
    assert (await app.get("/me/subscribed_apps")).error == (210, 0)


@pytest.mark.parametrize(
    ("order", "error"),
    [("expire", (190, 463)), ("password", (190, 460)), ("permission", (200, 0)), ("abuse", (368, 0))],
)
async def test_a_token_dies_and_lives_on_order(met: tuple[Graph, Phone], order: str, error: tuple[int, int]) -> None:
    graph, phone = met
    await graph.running.control("/facebook/token", do=order)
    assert (await graph.send(phone, "a")).error == error
    seen = (await graph.get("/debug_token", input_token=CONFIG.page_token)).body["data"]
    assert seen["is_valid"] is (error[0] != 190)
    await graph.running.control("/facebook/token", do="restore")
    assert (await graph.send(phone, "a")).status == 200


async def test_a_wrong_proof_is_refused_and_a_missing_one_where_it_is_required(start: Any) -> None:
    graph = Graph(await start(facebook=FacebookConfig(require_proof=True)))
    proof = signing.appsecret_proof(CONFIG.app_secret, CONFIG.page_token)
    assert (await graph.get("/me", appsecret_proof=proof)).status == 200
    wrong = await graph.get("/me", appsecret_proof="0" * 64)
    assert wrong.body["error"]["message"] == "Invalid appsecret_proof provided in the API argument"
    assert (wrong.error, (await graph.get("/me")).error) == ((100, 0), (100, 0))


async def test_the_load_is_told_and_refused_when_it_is_full(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    await graph.running.control("/facebook/usage", percent=85)
    usage = json.loads((await graph.send(phone, "a")).headers["x-business-use-case-usage"])
    assert usage[CONFIG.page_id][0]["call_count"] == 85
    await graph.running.control("/facebook/usage", percent=100, regain=13)
    full = await graph.send(phone, "a")
    assert full.error == (80006, 2446079)
    usage = json.loads(full.headers["x-business-use-case-usage"])
    assert usage[CONFIG.page_id][0]["estimated_time_to_regain_access"] == 13
    await graph.running.control("/facebook/usage")
    assert (await graph.send(phone, "a")).status == 200
    app = Graph(graph.running, token=f"{CONFIG.app_id}|{CONFIG.app_secret}")
    assert "x-app-usage" in (await app.get(f"/{CONFIG.app_id}/subscriptions")).headers


async def test_too_many_messages_a_second_and_calls_a_day_are_throttled(start: Any) -> None:
    config = FacebookConfig(messages_per_second=2, calls_per_person=4)
    graph = Graph(await start(facebook=config, clock=Clock(speed=0)))
    phone = graph.running.simulator.join("facebook")
    await graph.act(phone, "text", text="chào")
    assert [(await graph.send(phone, "a")).error[0] for _ in range(3)] == [0, 0, 613]
    later(graph, 1)
    assert (await graph.send(phone, "a")).status == 200
    assert (await graph.send(phone, "a")).error[0] == 80006
    later(graph, DAY)
    await graph.act(phone, "text", text="chào")
    assert (await graph.send(phone, "a")).status == 200


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ({"action": "error", "error": 1200}, 500, (1200, 0)),
        ({"action": "error", "error": 10, "subcode": 2018065}, 400, (10, 2018065)),
        ({"action": "status", "status": 503}, 503, (2, 0)),
    ],
)
async def test_trouble_comes_on_order(
    met: tuple[Graph, Phone], fault: Json, status: int, error: tuple[int, int]
) -> None:
    graph, phone = met
    await graph.running.control("/faults", platform="facebook", method="/me/messages", times=1, **fault)
    got = await graph.send(phone, "a")
    assert (got.status, got.error) == (status, error)
    assert (await graph.send(phone, "a")).status == 200


async def test_an_answer_can_be_lost_after_the_message_was_shown(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    fault = {"platform": "facebook", "method": "/me/messages", "action": "accept_then_drop", "times": 1}
    await graph.running.control("/faults", **fault)
    with pytest.raises(RemoteProtocolError):
        await graph.send(phone, "một lần")
    assert [bubble.text for bubble in phone.bubbles if bubble.sender == "bot"] == ["một lần"]


# -- profiles, menu, personas, threads, history ------------------------------------------------


async def test_a_profile_is_read_where_there_is_one(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    profile = (await graph.get(f"/v25.0/{phone.user_id}", fields="first_name,last_name,profile_pic")).body
    assert (profile["first_name"], profile["last_name"], profile["id"]) == ("Lan", "Nguyễn Thị", phone.user_id)
    phone.shared_info["no_profile"] = True
    assert (await graph.get(f"/{phone.user_id}", fields="first_name")).error == (100, 2018218)
    assert (await graph.get("/777", fields="first_name")).error == (100, 33)


async def test_the_menu_lies_on_the_phone_and_answers_a_press(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    items = [{"type": "postback", "title": "Gửi phản ánh", "payload": "NEW"}]
    menu = [{"locale": "default", "call_to_actions": items}]
    assert (await graph.call("DELETE", "/me/messenger_profile", json={"fields": ["get_started"]})).status == 200
    assert (await graph.post("/me/messenger_profile", persistent_menu=menu)).error == (100, 2018145)
    wanted: Json = {"get_started": {"payload": "START"}, "persistent_menu": menu}
    wanted["greeting"] = [{"locale": "default", "text": "Xin chào"}]
    assert (await graph.post("/me/messenger_profile", **wanted)).body == {"result": "success"}
    read = (await graph.get("/me/messenger_profile", fields="get_started,persistent_menu,greeting")).body
    assert read == {"data": [wanted]}
    pressed = await graph.act(phone, "press", button="Gửi phản ánh")
    assert (pressed["kind"], pressed["text"]) == ("press", "Gửi phản ánh")
    assert (await graph.call("DELETE", "/me/messenger_profile", json={"fields": ["get_started"]})).error[0] == 100


@pytest.mark.parametrize(
    "wrong",
    [
        {"greeting": [{"locale": "vi_VN", "text": "chào"}]},
        {"greeting": [{"locale": "default", "text": "x" * 161}]},
        {"get_started": {}},
        {"ice_breakers": [{"question": "a", "payload": "b"}] * 5},
        {"persistent_menu": [{"locale": "default", "call_to_actions": []}]},
        {"persistent_menu": [{"locale": "default", "call_to_actions": [BUTTON | {"title": "t" * 31}]}]},
        {"nothing": 1},
    ],
)
async def test_a_profile_out_of_shape_is_refused(met: tuple[Graph, Phone], wrong: Json) -> None:
    assert (await met[0].post("/me/messenger_profile", **wrong)).error[0] == 100


async def test_ice_breakers_stand_until_the_person_writes(met: tuple[Graph, Phone]) -> None:
    graph, old = met
    fresh = graph.running.simulator.join("facebook")
    await graph.post("/me/messenger_profile", ice_breakers=[{"question": "Tra cứu hồ sơ?", "payload": "LOOKUP"}])
    assert [row[0].text for row in fresh.keyboard] == ["Tra cứu hồ sơ?"]
    assert old.keyboard == []
    await graph.act(fresh, "press", button="Tra cứu hồ sơ?")
    assert fresh.keyboard == []


async def test_the_messenger_profile_takes_ten_calls_in_ten_minutes(met: tuple[Graph, Phone]) -> None:
    graph, _ = met
    codes = [(await graph.get("/me/messenger_profile", fields="greeting")).error[0] for _ in range(11)]
    assert codes == [0] * 10 + [613]
    later(graph, 600)
    assert (await graph.get("/me/messenger_profile", fields="greeting")).status == 200


async def test_personas_are_made_used_and_deleted(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    facts = {"name": "Cán bộ A", "profile_picture_url": "https://a.vn/a.png"}
    persona = (await graph.post("/me/personas", **facts)).body["id"]
    assert (await graph.get(f"/{persona}")).body == facts | {"id": persona}
    assert (await graph.send(phone, "Chào", persona_id=persona)).status == 200
    assert (await graph.get("/me/personas")).body["data"] == [facts | {"id": persona}]
    assert (await graph.call("DELETE", f"/{persona}")).body == {"success": True}
    assert (await graph.send(phone, "Chào", persona_id=persona)).error[0] == 100


async def test_a_thread_is_passed_taken_and_released(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    to: Json = {"recipient": {"id": phone.user_id}}

    async def owner() -> list[str]:
        data = (await graph.get("/me/thread_owner", recipient=phone.user_id)).body["data"]
        return [entry["thread_owner"]["app_id"] for entry in data]

    assert await owner() == []
    await graph.post("/me/pass_thread_control", **to, target_app_id="263902037430900")
    assert await owner() == ["263902037430900"]
    assert (await graph.post("/me/request_thread_control", **to)).body == {"success": True}
    await graph.post("/me/take_thread_control", **to)
    assert await owner() == [CONFIG.app_id]
    await graph.post("/me/release_thread_control", **to)
    assert await owner() == []
    assert (await graph.post("/me/take_thread_control", recipient={"id": "9"})).error == (100, 2018001)


async def test_conversations_are_told_newest_first(met: tuple[Graph, Phone]) -> None:
    graph, phone = met
    await graph.send(phone, "Vâng")
    (thread,) = (await graph.get("/me/conversations", user_id=phone.user_id, fields="messages")).body["data"]
    assert [m["message"] for m in thread["messages"]["data"]] == ["Vâng", "xin chào"]
    assert (await graph.get(f"/{thread['id']}/messages")).body == thread["messages"]


async def test_any_version_and_both_names_of_the_page_work(met: tuple[Graph, Phone]) -> None:
    graph, _ = met
    for path in ("/me", "/v2.12/me", f"/v26.0/{CONFIG.page_id}"):
        assert (await graph.get(path)).body["id"] == CONFIG.page_id
    assert (await graph.post("/v26.0/me/telepathy")).error[0] == 100
    assert (await graph.post("/me/subscribed_apps")).error[0] == 100
    assert (await graph.post("/me/subscribed_apps", subscribed_fields="gossip")).error[0] == 100


async def test_what_was_agreed_survives_a_restart(start: Any, tmp_path: Any) -> None:
    first = Graph(await start(journal=tmp_path / "journal"))
    phone = first.running.simulator.join("facebook")
    comment = (await first.act(phone, "comment", text="Đèn hỏng"))["platform_id"]
    await first.post("/me/messages", recipient={"comment_id": comment}, message={"text": "Mời"})
    await first.act(phone, "thread", do="take")
    second = Graph(await start(journal=tmp_path / "journal"))
    again = await second.post("/me/messages", recipient={"comment_id": comment}, message={"text": "Mời"})
    assert again.error == (10900, 0)
    owner = (await second.get("/me/thread_owner", recipient=phone.user_id)).body["data"][0]["thread_owner"]
    assert owner["app_id"] == "263902037430900"
