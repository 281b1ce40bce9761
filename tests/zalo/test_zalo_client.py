"""The client that scripts written against PyPI `zalo-sdk` expect. zalo: client API shapes."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from channels.zalo import ZaloChannel, sdk
from channels.zalo.client import Client
from channels.zalo.messages import (
    ZaloAction,
    ZaloAttachment,
    ZaloAttachmentFile,
    ZaloAttachmentTemplate,
    ZaloMessageBody,
    ZaloRecipient,
    ZaloTemplateElement,
)
from core.errors import Refused, TryAgain, Unknown
from core.ports import Answer

SAMPLES = Path(__file__).parent / "samples"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_bytes())


def template(template_type: str, **element: Any) -> ZaloAttachment:
    return ZaloAttachment("template", ZaloAttachmentTemplate(template_type, [ZaloTemplateElement(**element)]))


CITIZEN = ZaloRecipient(user_id="2468458835296197922")


@pytest.mark.parametrize(
    ("name", "recipient", "body", "action"),
    [
        (
            "rest_cs_text_request",
            ZaloRecipient(user_id="2512523625412515"),
            ZaloMessageBody(text="hello, world!"),
            None,
        ),
        (
            "rest_cs_image_request",
            ZaloRecipient(user_id="2468458835296117922"),
            ZaloMessageBody(
                text="Zalo đạt 100 triệu người dùng",
                attachment=template("media", media_type="image", url="https://stc-developers.zdn.vn/images/bg_1.jpg"),
            ),
            None,
        ),
        (
            "rest_cs_quote_request",
            CITIZEN,
            ZaloMessageBody(text="quote message", quote_message_id="93f8c4b28f589705ce4a"),
            None,
        ),
        (
            "rest_cs_sticker_request",
            CITIZEN,
            ZaloMessageBody(attachment=template("media", media_type="sticker", attachment_id="c09965c25987b0d9e996")),
            None,
        ),
        (
            "rest_cs_request_user_info_request",
            CITIZEN,
            ZaloMessageBody(
                attachment=template(
                    "request_user_info",
                    title="OA chatbot (Testing)",
                    subtitle="Đang yêu cầu thông tin từ bạn",
                    image_url="https://stc-oa-chat-adm.zdn.vn/images/request-info-banner.png",
                )
            ),
            None,
        ),
        ("rest_reaction_request", CITIZEN, None, ZaloAction("/-strong", "6d3771b5c7f5d0a889e7")),
        (
            "rest_broadcast_request",
            ZaloRecipient(target={"gender": "0", "cities": "4"}),
            ZaloMessageBody(attachment=template("media", media_type="article", attachment_id="4402c73f7e7a9724ce6b")),
            None,
        ),
    ],
)
def test_message_classes_write_the_documented_requests(
    name: str, recipient: ZaloRecipient, body: ZaloMessageBody | None, action: ZaloAction | None
) -> None:
    assert Client.create_request_body(recipient, body, action) == sample(name)


def test_a_reply_command_goes_before_the_user() -> None:
    assert ZaloRecipient(message_id="m1", user_id="7").toDict() == {"message_id": "m1"}


def test_a_template_keeps_its_own_buttons() -> None:
    buttons = [{"title": "Xem", "type": "oa.open.url", "payload": {"url": "https://a.vn"}}]

    assert ZaloAttachmentTemplate(buttons=buttons).toDict() == {"buttons": buttons}
    assert ZaloAttachment("file", ZaloAttachmentFile("t1")).toDict() == {"type": "file", "payload": {"token": "t1"}}


Call = Callable[[Client], Awaitable[Any]]
OPENAPI, BUSINESS = "https://openapi.zalo.me", "https://business.openapi.zalo.me"


@pytest.mark.parametrize(
    ("call", "method", "url", "body"),
    [
        (lambda c: c.get_oa(), "GET", f"{OPENAPI}/v2.0/oa/getoa", None),
        (
            lambda c: c.get_user_detail("7"),
            "GET",
            f"{OPENAPI}/v3.0/oa/user/detail?data=%7B%22user_id%22%3A%227%22%7D",
            None,
        ),
        (
            lambda c: c.get_list({"offset": 0}),
            "GET",
            f"{OPENAPI}/v3.0/oa/user/getlist?data=%7B%22offset%22%3A0%7D",
            None,
        ),
        (lambda c: c.get_followers({}), "GET", f"{OPENAPI}/v2.0/oa/getfollowers?data=%7B%7D", None),
        (lambda c: c.get_tags_of_oa(), "GET", f"{OPENAPI}/v2.0/oa/tag/gettagsofoa", None),
        (
            lambda c: c.tag_follower("7", "Mới"),
            "POST",
            f"{OPENAPI}/v2.0/oa/tag/tagfollower",
            {"user_id": "7", "tag_name": "Mới"},
        ),
        (
            lambda c: c.rm_follower_from_tag("7", "Mới"),
            "POST",
            f"{OPENAPI}/v2.0/oa/tag/rmfollowerfromtag",
            {"user_id": "7", "tag_name": "Mới"},
        ),
        (lambda c: c.rm_tag("Mới"), "POST", f"{OPENAPI}/v2.0/oa/tag/rmtag", {"tag_name": "Mới"}),
        (lambda c: c.get_free_response_quota(), "POST", f"{OPENAPI}/v2.0/oa/quota/message", None),
        (lambda c: c.get_free_response_quota("m1"), "POST", f"{OPENAPI}/v2.0/oa/quota/message", {"message_id": "m1"}),
        (lambda c: c.get_zalo_user_quotas("7"), "POST", f"{OPENAPI}/v3.0/oa/quota/message", {"user_id": "7"}),
        (
            lambda c: c.get_zalo_oa_quotas("OA", quota_type="sub_quota"),
            "POST",
            f"{OPENAPI}/v3.0/oa/quota/message",
            {"quota_owner": "OA", "quota_type": "sub_quota"},
        ),
        (
            lambda c: c.send_template_message("7", "t", {"a": "b"}),
            "POST",
            f"{OPENAPI}/v3.0/oa/message/template",
            {"user_id": "7", "template_id": "t", "template_data": {"a": "b"}},
        ),
        (
            lambda c: c.send_zns_message("84987654321", "t", {"a": "b"}, "order-1", dev_mode=True),
            "POST",
            f"{BUSINESS}/message/template",
            {
                "phone": "84987654321",
                "template_id": "t",
                "template_data": {"a": "b"},
                "tracking_id": "order-1",
                "mode": "development",
            },
        ),
        (lambda c: c.get_message_status("m 1"), "GET", f"{BUSINESS}/message/status?message_id=m%201", None),
        (lambda c: c.get_template_list(status=1), "GET", f"{BUSINESS}/template/all?offset=0&limit=100&status=1", None),
        (lambda c: c.get_zns_quota(), "GET", f"{BUSINESS}/message/quota", None),
        (lambda c: c.get("/v2.0/oa/x", {"a": 1}), "GET", f"{OPENAPI}/v2.0/oa/x?data=%7B%22a%22%3A1%7D", None),
        (lambda c: c.post("/v2.0/oa/x", {"a": 1}), "POST", f"{OPENAPI}/v2.0/oa/x", {"a": 1}),
    ],
)
async def test_every_method_calls_its_documented_address(
    channel: ZaloChannel, zalo: Any, call: Call, method: str, url: str, body: Any
) -> None:
    zalo.on(httpx2.URL(url).path, Answer(200, b'{"error":0}', {"x-ratelimit-remain": "3999"}))

    await call(channel.client)

    (made,) = zalo.calls
    assert (made.method, made.url) == (method, url)
    assert (json.loads(made.body) if made.body else None) == body


async def test_one_base_address_replaces_all_hosts(make_channel: Callable[..., ZaloChannel], zalo: Any) -> None:
    channel = make_channel(api_base="http://127.0.0.1:8081/zalo/")
    for path in ("/zalo/v2.0/oa/getoa", "/zalo/message/quota", "/zalo/v4/oa/access_token"):
        zalo.on(path, {"error": 0, "access_token": "A2"})

    await channel.client.get_oa()
    await channel.client.get_zns_quota()
    await channel.tokens.renewed(failed="A1")

    assert {call.url.partition("/zalo")[0] for call in zalo.calls} == {"http://127.0.0.1:8081"}


@pytest.mark.parametrize("spelling", ["oa_id", "oaid"])
async def test_the_oa_knows_its_id_however_it_is_spelt(channel: ZaloChannel, zalo: Any, spelling: str) -> None:
    zalo.on("/v2.0/oa/getoa", {"error": 0, "data": {spelling: 388613280878808645, "name": "UBND"}})

    assert (await channel.client.get_oa())["oa_id"] == "388613280878808645"


async def test_a_template_call_renews_on_its_own_code(channel: ZaloChannel, zalo: Any) -> None:
    """-124 is a dead token on the business host."""
    zalo.on("/message/quota", {"error": -124, "message": "?"}, sample("rest_zns_quota_response"))
    zalo.on("/v4/oa/access_token", sample("rest_oauth_token_response"))

    assert (await channel.client.get_zns_quota())["dailyQuota"] == 500


class Wire:
    """A whole Zalo behind an httpx2 transport."""

    def __init__(self) -> None:
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        match request.url.path.removeprefix("/zalo"):
            case "/v4/oa/access_token":
                return httpx2.Response(200, json={"access_token": "A2", "refresh_token": "R2", "expires_in": "90000"})
            case "/v2.0/oa/upload/image":
                return httpx2.Response(200, json={"error": 0, "data": {"attachment_id": "i1"}})
            case "/down":
                raise httpx2.ConnectError("refused")
            case "/slow":
                raise httpx2.ReadTimeout("late")
        if request.headers["access_token"] == "A1":
            return httpx2.Response(200, json={"error": -220, "message": "expired"})
        return httpx2.Response(200, json={"error": 0, "data": {"message_id": "m1"}})


@pytest.fixture
def wire() -> Wire:
    return Wire()


def script(wire: Wire, **options: Any) -> sdk.Client:
    return sdk.Client("app1", "secret", "A1", "R1", transport=httpx2.MockTransport(wire), **options)


def test_a_script_sends_and_its_dead_token_is_renewed(wire: Wire) -> None:
    with script(wire) as oa:
        sent = oa.send_message(CITIZEN, ZaloMessageBody(text="Xin chào"))
        tokens = (oa.access_token, oa.refresh_token)

    assert sent == {"message_id": "m1"} and tokens == ("A2", "R2")
    assert [request.url.path for request in wire.requests] == [
        "/v3.0/oa/message/cs",
        "/v4/oa/access_token",
        "/v3.0/oa/message/cs",
    ]


def test_a_script_uploads(wire: Wire) -> None:
    with script(wire) as oa:
        assert oa.upload_file(b"\x89PNG", "image", "a.png", "image/png") == {"attachment_id": "i1"}


def test_the_sdks_misspelt_names_work_like_the_right_ones(wire: Wire) -> None:
    with script(wire, expire_at=1) as oa:
        assert oa.isAccessTokenExpired() and oa.is_access_token_expired()
        access, refresh, end = oa.refresh_acccess_token()
        assert (access, refresh) == ("A2", "R2") and end > 1
        assert not oa.isAccessTokenExpired()
        assert oa.request_authoriation_code_url("https://t.vn/cb", "c") == oa.request_authorization_code_url(
            "https://t.vn/cb", "c"
        )
        assert oa.get_access_token_from_authorization_code("code", "v")[0] == "A2"


def test_a_script_can_be_pointed_at_a_simulator(wire: Wire) -> None:
    with script(wire, endpoint_prefix="http://127.0.0.1:8081/zalo") as oa:
        oa.get_user_detail("7")

    assert {request.url.host for request in wire.requests} == {"127.0.0.1"}


def test_a_method_that_does_not_exist_is_an_error_at_once(wire: Wire) -> None:
    with script(wire) as oa, pytest.raises(AttributeError):
        oa.send_telepathy()


async def test_the_httpx_port_knows_what_left_the_house(wire: Wire) -> None:
    async with httpx2.AsyncClient(transport=httpx2.MockTransport(wire)) as client:
        port = sdk.HttpxHttp(client)
        with pytest.raises(TryAgain):
            await port.post("https://openapi.zalo.me/down", b"", {})
        with pytest.raises(Unknown):
            await port.post("https://openapi.zalo.me/slow", b"", {})
        with pytest.raises(Refused):
            await port.get("https://openapi.zalo.me/v2.0/oa/getoa", {"access_token": "A2"}, limit=3)
