"""Around the messages: names, erasure, the token's health, subscriptions, and what a citizen sees first."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from channels.facebook import FacebookAdmin
from channels.facebook.admin import (
    COMMENT_SCOPES,
    FIELDS,
    SCOPES,
    Entry,
    PageIdentity,
    PageProfile,
    TokenState,
    profile_body,
    profile_changes,
)
from channels.facebook.signature import appsecret_proof
from core.errors import Misconfigured, SendError, TryAgain, Unknown
from core.model import Peer
from core.ports import Answer, Describes, PeerDetail, Tends
from tests.channels.fakes import NOW, Call, FakeHttp, answer, now
from tests.facebook.pages import AN, APP, BASE, PAGE, SECRET, TOKEN, a_page, an_answer, settings

APP_TOKEN = f"{APP}|{SECRET}"
ALL_FIELDS = {"data": [{"id": APP, "subscribed_fields": list(FIELDS)}]}
LIVING = {"data": {"is_valid": True, "expires_at": 0, "scopes": [*SCOPES, *COMMENT_SCOPES]}}


class Graph:
    """Answers by path; `script` is changed by the tests."""

    def __init__(self, **script: Any) -> None:
        self.script: dict[str, Any] = {"subscribed_apps": ALL_FIELDS, "debug_token": LIVING, **script}

    def __call__(self, call: Call) -> Answer | Exception:
        found = self.script[urlsplit(call.url).path.rpartition("/")[2]]
        if call.method == "POST":
            return answer(200, {"success": True})
        return found if isinstance(found, Answer | Exception) else answer(200, found)


def an_admin(graph: Graph, **changes: Any) -> tuple[FacebookAdmin, FakeHttp]:
    http = FakeHttp(graph)
    return FacebookAdmin(settings(**changes), http=http, now=now), http


def query(call: Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(call.url).query).items()}


# --- people -----------------------------------------------------------------------------------------------------------


async def test_a_name_is_told_in_vietnamese_order() -> None:
    page, http = a_page(lambda call: an_answer("response-profile-ok"))

    assert isinstance(page, Describes)
    assert await page.describe(AN) == PeerDetail(name="Nguyễn An")
    assert http.calls[0].url.startswith(f"{BASE}/{AN.user}?fields=first_name%2Clast_name&")


@pytest.mark.parametrize("subcode", [2018218, 2018247])
async def test_a_profile_that_meta_does_not_show_is_no_error(subcode: int) -> None:
    page, _ = a_page(lambda call: answer(400, {"error": {"code": 100, "error_subcode": subcode}}))

    assert await page.describe(AN) == PeerDetail()


async def test_other_troubles_with_a_profile_are_errors() -> None:
    page, _ = a_page(lambda call: an_answer("response-error-token-invalid"))

    with pytest.raises(Misconfigured):
        await page.describe(AN)


async def test_nobody_is_looked_up_behind_a_comment() -> None:
    page, http = a_page()

    assert await page.describe(Peer(channel="facebook", account="page-1022", user="comment:1_2")) == PeerDetail()
    assert http.calls == []


async def test_an_erasure_names_the_persons_ids_on_this_page() -> None:
    page, http = a_page(lambda call: answer(200, {"data": [{"id": AN.user, "page": {"id": PAGE}}, {"id": None}]}))

    assert await page.erasure_users("218471") == [AN.user, "218471"]
    (call,) = http.calls
    assert call.url.startswith(f"{BASE}/218471/ids_for_pages?page={PAGE}&")
    assert call.headers == {"authorization": f"Bearer {APP_TOKEN}"}
    assert query(call)["appsecret_proof"] == appsecret_proof(APP_TOKEN, SECRET)


async def test_an_erasure_of_somebody_unknown_to_the_page_names_that_id() -> None:
    answers = [answer(200, {"data": []}), an_answer("response-error-no-matching-user")]
    page, _ = a_page(lambda call: answers.pop())

    assert await page.erasure_users("218471") == await page.erasure_users("218471") == ["218471"]


async def test_an_id_from_outside_cannot_choose_another_address() -> None:
    page, http = a_page(lambda call: answer(200, {"data": []}))

    await page.erasure_users("../me/accounts?x=")

    assert urlsplit(http.calls[0].url).path == "/v26.0/..%2Fme%2Faccounts%3Fx%3D/ids_for_pages"


async def test_a_lost_answer_to_a_question_may_be_asked_again() -> None:
    page, _ = a_page(lambda call: Unknown("read timeout"))

    with pytest.raises(TryAgain):
        await page.describe(AN)


# --- tending ----------------------------------------------------------------------------------------------------------


async def test_the_token_is_looked_at_once_a_day() -> None:
    instants = [NOW]
    page, http = a_page(Graph(), clock=lambda: instants[-1])
    assert isinstance(page, Tends)

    for hours in (0, 1, 23, 25):
        instants.append(NOW + timedelta(hours=hours))
        await page.tend()

    assert sum("/debug_token" in call.url for call in http.calls) == 2
    assert sum("/subscribed_apps" in call.url for call in http.calls) == 4


async def test_a_dead_token_is_told_every_time_until_it_is_replaced() -> None:
    dead = {"data": {"is_valid": False, "error": {"code": 190, "subcode": 460, "message": "x"}}}
    page, http = a_page(Graph(debug_token=dead))

    for _ in range(2):
        with pytest.raises(Misconfigured) as caught:
            await page.tend()

    assert caught.value.code == "190/460"
    assert sum("/debug_token" in call.url for call in http.calls) == 2


async def test_a_page_that_lost_the_app_is_subscribed_again() -> None:
    page, http = a_page(Graph(subscribed_apps={"data": [{"id": "77", "subscribed_fields": list(FIELDS)}]}))

    await page.tend()

    (call,) = (call for call in http.calls if call.method == "POST")
    assert urlsplit(call.url).path == f"/v26.0/{PAGE}/subscribed_apps"
    assert call.json == {"subscribed_fields": ",".join(FIELDS)}


async def test_a_subscription_that_stands_is_left_alone() -> None:
    page, http = a_page(Graph())

    await page.tend()

    assert all(call.method == "GET" for call in http.calls)


# --- doctor -----------------------------------------------------------------------------------------------------------


async def test_the_token_has_to_be_this_pages() -> None:
    admin, _ = an_admin(Graph(me={"id": PAGE, "name": "UBND phường"}))
    assert await admin.check_page() == PageIdentity(page_id=PAGE, name="UBND phường")

    admin, _ = an_admin(Graph(me={"id": "77", "name": "Trang khác"}))
    with pytest.raises(Misconfigured):
        await admin.check_page()


async def test_missing_fields_are_named() -> None:
    graph = Graph(subscribed_apps={"data": [{"id": int(APP), "subscribed_fields": ["messages", "feed"]}]})
    admin, _ = an_admin(graph)

    assert await admin.subscribed_fields() == ("messages", "feed")
    assert await admin.missing_fields() == tuple(name for name in FIELDS if name not in {"messages", "feed"})


@pytest.mark.parametrize("apps", [{"data": []}, {"data": [{"id": APP}]}, {"data": [{"id": "77"}]}])
async def test_a_page_without_our_app_sends_nothing(apps: Any) -> None:
    admin, _ = an_admin(Graph(subscribed_apps=apps))

    assert await admin.missing_fields() == FIELDS


async def test_the_state_of_the_token_tells_its_end_and_what_it_may_not() -> None:
    found = {"data": {"is_valid": True, "expires_at": 1798768800, "scopes": ["pages_messaging"]}}
    admin, http = an_admin(Graph(debug_token=found))

    state = await admin.token_state()

    assert state.valid
    assert state.expires_at == datetime(2027, 1, 1, 2, 0, tzinfo=UTC)
    assert state.missing_scopes == (*SCOPES[1:], *COMMENT_SCOPES)
    assert http.calls[0].headers == {"authorization": f"Bearer {APP_TOKEN}"}
    assert query(http.calls[0])["input_token"] == TOKEN


async def test_a_token_without_end_has_none_and_comments_need_their_own_scopes() -> None:
    found = {"data": {"is_valid": True, "expires_at": 0, "scopes": list(SCOPES)}}

    for answers, missing in ((True, COMMENT_SCOPES), (False, ())):
        admin, _ = an_admin(Graph(debug_token=found), answer_comments=answers)
        expected = TokenState(valid=True, expires_at=None, scopes=SCOPES, missing_scopes=missing)
        assert await admin.token_state() == expected


@pytest.mark.parametrize("failure", [answer(200, "{}"), answer(200, "[]"), answer(500, ""), TryAgain("x")])
async def test_every_failure_of_a_check_is_one_of_our_errors(failure: Answer | Exception) -> None:
    admin, _ = an_admin(Graph(me=failure, subscribed_apps=failure, debug_token=failure, messenger_profile=failure))

    for check in (admin.check_page, admin.subscribed_fields, admin.token_state, admin.profile):
        with pytest.raises(SendError):
            await check()


# --- the Messenger profile --------------------------------------------------------------------------------------------

WANTED = PageProfile(
    greeting="Tiếp nhận phản ánh, kiến nghị của người dân",
    menu=(Entry(title="Gửi phản ánh", key="home:report"), Entry(title="Tra cứu", key="home:lookup")),
    ice_breakers=(Entry(title="Tôi muốn gửi phản ánh", key="home:report"),),
)


def test_a_profile_speaks_to_everybody_and_to_vietnamese_phones() -> None:
    body = profile_body(WANTED)

    assert body["get_started"] == {"payload": "GET_STARTED"}
    for name in ("greeting", "persistent_menu", "ice_breakers"):
        assert [part["locale"] for part in body[name]] == ["default", "vi_VN"]
    assert body["persistent_menu"][0]["call_to_actions"][0] == {
        "type": "postback",
        "title": "Gửi phản ánh",
        "payload": "home:report",
    }
    assert body["ice_breakers"][0]["call_to_actions"][0] == {
        "question": "Tôi muốn gửi phản ánh",
        "payload": "home:report",
    }


def test_only_what_differs_is_changed() -> None:
    present = profile_body(WANTED)
    present["greeting"] = list(reversed(present["greeting"]))
    present["persistent_menu"] = [menu | {"disabled_surfaces": []} for menu in present["persistent_menu"]]

    assert profile_changes(present, WANTED) == {}
    assert profile_changes({**present, "get_started": {"payload": "OLD"}}, WANTED) == {
        "get_started": {"payload": "GET_STARTED"}
    }
    assert profile_changes({**present, "persistent_menu": present["persistent_menu"][:1]}, WANTED).keys() == {
        "persistent_menu"
    }
    assert profile_changes({}, WANTED) == profile_body(WANTED)
    assert profile_changes({}, PageProfile(greeting="Chào")).keys() == {"get_started", "greeting"}


async def test_a_profile_that_is_as_wanted_costs_no_change() -> None:
    admin, http = an_admin(Graph(messenger_profile={"data": [profile_body(WANTED)]}))

    assert not await admin.set_profile(WANTED)
    assert [call.method for call in http.calls] == ["GET"]


async def test_a_new_profile_is_set_in_one_call() -> None:
    admin, http = an_admin(Graph(messenger_profile={"data": []}))

    assert await admin.set_profile(WANTED)
    assert http.calls[1].json == profile_body(WANTED)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": "abc"},
        {"page_id": ""},
        {"app_secret": ""},
        {"page_token": ""},
        {"version": "26"},
        {"account": ""},
        {"color": "red"},
    ],
)
def test_a_wrong_setting_stops_the_start_without_printing_secrets(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**wrong)

    assert SECRET not in str(caught.value) and TOKEN not in str(caught.value)
