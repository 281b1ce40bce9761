"""Zalo's rules, one test each. A refusal is HTTP 200 with a code (zalo: error table)."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from simulator import media
from simulator.clock import Clock
from simulator.config import ZaloConfig

CS = "/v3.0/oa/message/cs"
HOUR, DAY = 3600.0, 86_400.0
CONFIG = ZaloConfig()


def text_to(phone: Any, text: str = "xin chào", **more: Any) -> dict[str, Any]:
    return {"recipient": {"user_id": phone.user_id}, "message": {"text": text, **more}}


def template(**payload: Any) -> dict[str, Any]:
    return {"type": "template", "payload": payload}


def button(**changes: Any) -> dict[str, Any]:
    return {"title": "Gửi", "type": "oa.query.hide", "payload": "#pa:gui", **changes}


async def test_an_accepted_text_is_on_the_phone(met: Any) -> None:
    running, phone = met
    answer = await running.zalo(CS, text_to(phone, "Đã nhận"))
    assert (answer["error"], answer["message"]) == (0, "Success")
    assert answer["data"]["user_id"] == phone.user_id
    assert answer["data"]["quota"] == {"quota_type": "reply", "remain": "8", "total": "8"}
    assert phone.find(answer["data"]["message_id"]).text == "Đã nhận"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        pytest.param({"text": "ơ" * 2001}, -210, id="text over 2000 characters"),
        pytest.param({"text": " "}, -201, id="empty text"),
        pytest.param({}, -201, id="nothing at all"),
        pytest.param({"text": "x", "quote_message_id": "unknown"}, -201, id="unknown quote"),
        pytest.param({"attachment": {"type": "hologram", "payload": {}}}, -233, id="unknown type"),
        pytest.param({"text": "x", "attachment": template(buttons=[button()] * 6)}, -201, id="six buttons"),
        pytest.param({"attachment": template(buttons=[button()])}, -201, id="buttons without text"),
        pytest.param({"text": "x", "attachment": template(buttons=[button(title="t" * 101)])}, -210, id="long title"),
        pytest.param({"text": "x", "attachment": template(buttons=[button(payload="p" * 1001)])}, -210, id="payload"),
        pytest.param({"text": "x", "attachment": template(buttons=[button(type="oa.magic")])}, -201, id="action"),
        pytest.param(
            {"attachment": template(template_type="media", elements=[
                {"media_type": "image", "url": "https://x.vn/a.jpg", "attachment_id": "1"}])},
            -201, id="url and attachment_id together",
        ),
        pytest.param(
            {"attachment": template(template_type="media", elements=[{"media_type": "gif", "attachment_id": "1"}])},
            -201, id="gif without width and height",
        ),
        pytest.param(
            {"text": "x", "attachment": template(template_type="media", elements=[
                {"media_type": "sticker", "attachment_id": "1"}])},
            -201, id="sticker with text",
        ),
        pytest.param(
            {"attachment": template(template_type="request_user_info",
                elements=[{"title": "a", "image_url": "u"}] * 2)},
            -201, id="two request_user_info elements",
        ),
        pytest.param({"attachment": {"type": "file", "payload": {"token": "unknown"}}}, -201, id="file token"),
        pytest.param(
            {"attachment": template(template_type="list", elements=[{"title": "a"}])}, -201, id="bare list"
        ),
    ],
)  # fmt: skip
async def test_a_message_of_the_wrong_shape_is_refused(met: Any, message: dict[str, Any], code: int) -> None:
    running, phone = met
    answer = await running.zalo(CS, {"recipient": {"user_id": phone.user_id}, "message": message})
    assert answer["error"] == code
    assert [bubble.sender for bubble in phone.bubbles] == ["citizen"]


async def test_characters_are_counted_after_composing_accents(met: Any) -> None:
    running, phone = met
    assert (await running.zalo(CS, text_to(phone, "e\u0302\u0323" * 2000)))["error"] == 0


async def test_buttons_need_no_template_type(met: Any) -> None:
    running, phone = met
    buttons = [button(), button(title="Web", type="oa.open.url", payload={"url": "https://1022.vn"})]
    answer = await running.zalo(CS, text_to(phone, "Gửi không?", attachment=template(buttons=buttons)))
    assert answer["error"] == 0
    assert [(b.text, b.kind) for row in phone.bubbles[-1].buttons for b in row] == [
        ("Gửi", "oa.query.hide"),
        ("Web", "url"),
    ]


# -- tokens ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({"access_token": ""}, -216, id="no token"),
        pytest.param({"access_token": "unknown"}, -216, id="unknown token"),
        pytest.param({"access_token": "", "Authorization": f"Bearer {CONFIG.access_token}"}, -216, id="bearer header"),
        pytest.param({"appsecret_proof": "0" * 64}, -242, id="wrong proof"),
    ],
)
async def test_a_call_without_a_good_token_is_refused(met: Any, headers: dict[str, str], code: int) -> None:
    running, phone = met
    assert (await running.zalo(CS, text_to(phone), **headers))["error"] == code


async def test_the_right_appsecret_proof_passes(met: Any) -> None:
    running, phone = met
    proof = hmac.new(CONFIG.app_secret.encode(), CONFIG.access_token.encode(), hashlib.sha256).hexdigest()
    assert (await running.zalo(CS, text_to(phone), appsecret_proof=proof))["error"] == 0


async def refresh(running: Any, token: str, **changes: str) -> Any:
    form = {"refresh_token": token, "app_id": CONFIG.app_id, "grant_type": "refresh_token"} | changes
    return await running.http.post(
        f"{running.url}/zalo/v4/oa/access_token", data=form, headers={"secret_key": CONFIG.app_secret}
    )


async def test_an_access_token_lives_25_hours(met: Any) -> None:
    running, phone = met
    running.simulator.clock.advance(25 * HOUR - 1)
    assert (await running.zalo(CS, text_to(phone)))["error"] == 0
    running.simulator.clock.advance(1)
    assert (await running.zalo(CS, text_to(phone)))["error"] == -220


async def test_a_refresh_gives_a_new_pair_and_ends_the_old_access_token(met: Any) -> None:
    running, phone = met
    pair = (await refresh(running, CONFIG.refresh_token)).json()
    assert pair["expires_in"] == "90000"
    assert (await running.zalo(CS, text_to(phone)))["error"] == -220
    assert (await running.zalo(CS, text_to(phone), access_token=pair["access_token"]))["error"] == 0
    assert (await refresh(running, pair["refresh_token"])).json()["access_token"] != pair["access_token"]


async def test_a_refresh_token_used_twice_gets_an_empty_body(met: Any) -> None:
    running, _ = met
    await refresh(running, CONFIG.refresh_token)
    again = await refresh(running, CONFIG.refresh_token)
    assert (again.status_code, again.content) == (200, b"")


async def test_a_refresh_token_used_twice_can_also_get_14014(start: Any) -> None:
    running = await start(zalo={"reused_refresh_token": "error"})
    await refresh(running, CONFIG.refresh_token)
    assert (await refresh(running, CONFIG.refresh_token)).json()["error"] == -14014


@pytest.mark.parametrize(
    ("token", "changes", "code"),
    [
        ("unknown", {}, -14014),
        (CONFIG.refresh_token, {"app_id": "1"}, -14002),
        (CONFIG.refresh_token, {"grant_type": "x"}, -14012),
    ],
)
async def test_the_token_endpoint_refuses_with_http_200(
    start: Any, token: str, changes: dict[str, str], code: int
) -> None:
    running = await start()
    answer = await refresh(running, token, **changes)
    assert (answer.status_code, answer.json()["error"]) == (200, code)
    assert answer.json()["error_name"]


async def test_the_token_endpoint_wants_the_secret_and_a_form(start: Any) -> None:
    running = await start()
    url = f"{running.url}/zalo/v4/oa/access_token"
    form = {"refresh_token": CONFIG.refresh_token, "app_id": CONFIG.app_id, "grant_type": "refresh_token"}
    assert (await running.http.post(url, data=form)).json()["error"] == -14024
    assert (await running.http.post(url, json=form, headers={"secret_key": CONFIG.app_secret})).json()["error"] < 0


async def test_consent_gives_a_code_that_works_once_with_its_verifier(start: Any) -> None:
    """Vector of the platform's PKCE description."""
    running = await start()
    query = {"app_id": CONFIG.app_id, "redirect_uri": "https://x.vn/cb", "state": "s"}
    query["code_challenge"] = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    answer = await running.http.get(f"{running.url}/zalo/v4/oa/permission", params=query)
    back = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert (back["oa_id"], back["state"]) == (CONFIG.oa_id, "s")
    form = {"code": back["code"], "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}
    granted = await refresh(running, "", grant_type="authorization_code", **form)
    assert granted.json()["refresh_token"]
    assert (await refresh(running, "", grant_type="authorization_code", **form)).json()["error"] == -14012


# -- windows and money -------------------------------------------------------------------------


async def test_after_seven_days_of_silence_nothing_may_be_sent(start: Any) -> None:
    running = await start(clock=Clock(speed=0))
    phone = running.simulator.join("zalo")
    running.simulator.zalo.says(phone, "xin chào")
    running.simulator.clock.advance(7 * DAY + 1)
    token = (await refresh(running, CONFIG.refresh_token)).json()["access_token"]
    assert (await running.zalo(CS, text_to(phone), access_token=token))["error"] == -230
    running.simulator.zalo.says(phone, "tôi đây")
    assert (await running.zalo(CS, text_to(phone), access_token=token))["error"] == 0


@pytest.mark.parametrize(("paid", "code"), [(-1, -320), (0, -321), (1, 0)])
async def test_between_two_and_seven_days_a_message_costs_money(start: Any, paid: int, code: int) -> None:
    running = await start(clock=Clock(speed=0), zalo={"paid_messages": paid})
    phone = running.simulator.join("zalo")
    running.simulator.zalo.says(phone, "xin chào")
    running.simulator.clock.advance(49 * HOUR)
    token = (await refresh(running, CONFIG.refresh_token)).json()["access_token"]
    answer = await running.zalo(CS, text_to(phone), access_token=token)
    assert answer["error"] == code
    assert "quota" not in answer.get("data", {})


async def test_the_older_cap_of_eight_free_replies_can_be_switched_on(start: Any) -> None:
    running = await start(zalo={"reply_cap": 8, "paid_messages": -1})
    phone = running.simulator.join("zalo")
    running.simulator.zalo.says(phone, "xin chào")
    codes = [(await running.zalo(CS, text_to(phone, f"{n}")))["error"] for n in range(9)]
    assert codes == [0] * 8 + [-320]
    running.simulator.zalo.says(phone, "nữa")
    assert (await running.zalo(CS, text_to(phone)))["data"]["quota"]["remain"] == "7"


async def test_nobody_is_written_to_first(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("zalo")
    assert (await running.zalo(CS, text_to(phone)))["error"] == -213


async def test_who_only_followed_gets_three_welcome_messages(start: Any) -> None:
    running = await start(zalo={"paid_messages": -1})
    phone = running.simulator.join("zalo")
    running.simulator.zalo.follows(phone)
    answers = [await running.zalo(CS, text_to(phone, str(n))) for n in range(4)]
    assert [a["error"] for a in answers] == [0, 0, 0, -320]
    assert answers[0]["data"]["quota"]["quota_type"] == "welcome_msg"


async def test_who_blocked_the_oa_is_out_of_reach(met: Any) -> None:
    running, phone = met
    running.simulator.zalo.blocks(phone)
    assert (await running.zalo(CS, text_to(phone)))["error"] == -217


async def test_a_reply_by_message_id_works_eight_times_within_48_hours(met: Any) -> None:
    running, phone = met
    message_id = phone.bubbles[0].platform_id
    reply = {"recipient": {"message_id": message_id}, "message": {"text": "trả lời"}}
    answers = [await running.zalo(CS, reply) for _ in range(9)]
    assert [a["error"] for a in answers] == [0] * 8 + [-311]
    assert [a["data"]["quota"]["remain"] for a in answers[:8]] == list("76543210")


async def test_a_reply_by_message_id_is_too_late_after_48_hours(met: Any) -> None:
    running, phone = met
    running.simulator.clock.advance(48 * HOUR + 1)
    token = (await refresh(running, CONFIG.refresh_token)).json()["access_token"]
    reply = {"recipient": {"message_id": phone.bubbles[0].platform_id}, "message": {"text": "trả lời"}}
    assert (await running.zalo(CS, reply, access_token=token))["error"] == -305


async def test_calls_per_minute_are_limited(start: Any) -> None:
    running = await start(clock=Clock(speed=0), zalo={"requests_per_minute": 2})
    phone = running.simulator.join("zalo")
    running.simulator.zalo.says(phone, "xin chào")
    assert [(await running.zalo(CS, text_to(phone)))["error"] for _ in range(3)] == [0, 0, -32]
    running.simulator.clock.advance(60)
    assert (await running.zalo(CS, text_to(phone)))["error"] == 0


# -- paths ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v3.0/oa/message", "/v3.0/oa/conversation", "/v3.0/oa/getoa", "/v9/x"])
async def test_a_wrong_path_is_an_empty_or_invalid_api(met: Any, path: str) -> None:
    running, phone = met
    answer = await running.zalo(path, text_to(phone))
    assert (answer["error"], answer["message"]) == (404, "Empty or invalid API")


@pytest.mark.parametrize("path", ["/v3.0/oa/message/transaction", "/v3.0/oa/message/promotion", "/v2.0/oa/message"])
async def test_retired_ways_of_sending_are_refused(met: Any, path: str) -> None:
    running, phone = met
    assert (await running.zalo(path, text_to(phone)))["error"] == -240


async def test_a_reaction_still_goes_through_version_2(met: Any) -> None:
    running, phone = met
    action = {"react_icon": "/-strong", "react_message_id": phone.bubbles[0].platform_id}
    body = {"recipient": {"user_id": phone.user_id}, "sender_action": action}
    assert (await running.zalo("/v2.0/oa/message", body))["error"] == 0
    assert phone.bubbles[0].reactions == ["/-strong"]


# -- uploads -------------------------------------------------------------------------------


async def upload(running: Any, kind: str, name: str, content: bytes, part: str = "file") -> Any:
    url, headers = f"{running.url}/zalo/v2.0/oa/upload/{kind}", {"access_token": CONFIG.access_token}
    return (await running.http.post(url, files={part: (name, content)}, headers=headers)).json()


GIF = b"GIF89a" + bytes(20)


@pytest.mark.parametrize(
    ("kind", "name", "content", "part", "code"),
    [
        pytest.param("image", "a.jpg", media.sample("den"), "file", 0, id="jpg"),
        pytest.param("image", "a.jpg", media.sample("den") + bytes(1024 * 1024), "file", -210, id="image over 1 MB"),
        pytest.param("image", "a.jpg", b"plain text", "file", -201, id="not a picture"),
        pytest.param("image", "a.gif", GIF, "file", -201, id="gif as image"),
        pytest.param("image", "a.jpg", media.sample("den"), "image", -201, id="wrong field name"),
        pytest.param("gif", "a.gif", GIF, "file", 0, id="gif"),
        pytest.param("gif", "a.gif", GIF + bytes(5 * 1024 * 1024), "file", -210, id="gif over 5 MB"),
        pytest.param("file", "a.pdf", b"%PDF-1.4", "file", 0, id="pdf"),
        pytest.param("file", "a.exe", b"MZ", "file", -201, id="exe"),
        pytest.param("file", "a.pdf", b"%PDF" + bytes(5 * 1024 * 1024), "file", -210, id="file over 5 MB"),
    ],
)
async def test_uploads_have_a_kind_and_a_size(
    start: Any, kind: str, name: str, content: bytes, part: str, code: int
) -> None:
    running = await start()
    assert (await upload(running, kind, name, content, part))["error"] == code


async def test_an_uploaded_picture_can_be_sent_for_seven_days(met: Any) -> None:
    running, phone = met
    uploaded = (await upload(running, "image", "a.jpg", media.sample("den")))["data"]["attachment_id"]
    element = {"media_type": "image", "attachment_id": uploaded}
    body = text_to(phone, "kết quả", attachment=template(template_type="media", elements=[element]))
    assert (await running.zalo(CS, body))["error"] == 0
    url = phone.bubbles[-1].media["url"]
    assert (await running.http.get(url)).content == media.sample("den")
    running.simulator.clock.advance(7 * DAY)
    running.simulator.zalo.says(phone, "vẫn đây")
    token = (await refresh(running, CONFIG.refresh_token)).json()["access_token"]
    assert (await running.zalo(CS, body, access_token=token))["error"] == -100


async def test_an_uploaded_file_is_sent_by_its_token(met: Any) -> None:
    running, phone = met
    token = (await upload(running, "file", "ket-qua.pdf", b"%PDF-1.4"))["data"]["token"]
    body = {
        "recipient": {"user_id": phone.user_id},
        "message": {"attachment": {"type": "file", "payload": {"token": token}}},
    }
    assert (await running.zalo(CS, body))["error"] == 0
    assert (phone.bubbles[-1].kind, phone.bubbles[-1].media["name"]) == ("file", "ket-qua.pdf")
