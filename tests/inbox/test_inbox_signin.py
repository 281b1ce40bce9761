"""Who gets in, and what it takes."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import Response

from inbox.app import FORMS, PAGES
from inbox.session import Cookies, new_session
from storage import journal, operators
from tests.inbox.desks import PASSWORD, Browser, World

PATHS = [(re.sub(r"{\w+:int}", "1", path), "GET") for path, _, _ in PAGES] + [
    (re.sub(r"{\w+:int}", "1", path), "POST") for path, _ in FORMS
]


@pytest.mark.parametrize(("path", "method"), [*PATHS, ("/sign-out", "POST")])
async def test_every_page_asks_a_stranger_to_sign_in(world: World, path: str, method: str) -> None:
    async with world.browser() as http:
        answer = await http.request(method, f"/inbox{path}", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/inbox/sign-in")


async def test_after_signing_in_the_page_that_was_asked_for_opens(world: World) -> None:
    number = await world.conversation()
    browser = Browser(world.browser())
    await browser.get(f"/c/{number}")

    answer = await browser.send("/sign-in", name="lan", password=PASSWORD)

    assert answer.url.path == f"/inbox/c/{number}"


@pytest.mark.parametrize("where", ["https://evil.test", "//evil.test", "/\\evil.test", "javascript:alert(1)"])
async def test_signing_in_never_leads_out_of_the_page(world: World, where: str) -> None:
    browser = Browser(world.browser())
    await browser.get("/sign-in")

    answer = await browser.send("/sign-in", name="lan", password=PASSWORD, next=where)

    assert (answer.url.host, answer.url.path) == ("desk.test", "/inbox/")


async def test_a_wrong_password_and_an_unknown_name_look_alike(world: World) -> None:
    browser = Browser(world.browser())

    wrong = await browser.sign_in("lan", "sai mật khẩu")
    unknown = await browser.sign_in("khong-co", "sai mật khẩu")

    assert wrong.status_code == unknown.status_code == 401
    said = "Tên đăng nhập hoặc mật khẩu không đúng."
    assert said in wrong.text and said in unknown.text


async def test_guessing_is_slowed_down_even_for_the_right_password(world: World) -> None:
    browser = Browser(world.browser())
    for _ in range(5):
        await browser.sign_in("lan", "sai mật khẩu")

    assert (await browser.sign_in("lan")).status_code == 429

    world.now += timedelta(minutes=5)
    assert (await browser.sign_in("lan")).status_code == 200


async def test_the_cookie_cannot_be_read_by_scripts(world: World) -> None:
    async with world.browser() as http:
        answer = await http.get("/inbox/sign-in")

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/inbox" in cookie


async def test_a_forged_cookie_is_nobody(world: World) -> None:
    browser = await world.signed_in()
    (value,) = [cookie.value for cookie in browser.http.cookies.jar]
    browser.http.cookies.clear()
    browser.http.cookies.set("tiepnhan_inbox", f"{value}x")

    answer = await browser.get("/")

    assert answer.url.path == "/inbox/sign-in"


async def test_a_new_password_ends_every_session(world: World) -> None:
    browser = await world.signed_in()
    async with world.engine.begin() as connection:
        await operators.set_password(connection, "lan", "một mật khẩu khác")

    assert (await browser.get("/")).url.path == "/inbox/sign-in"


async def test_a_closed_account_can_do_nothing_any_more(world: World) -> None:
    """R-BN-59."""
    browser = await world.signed_in()
    async with world.engine.begin() as connection:
        await operators.set_active(connection, "lan", False)

    assert (await browser.get("/")).url.path == "/inbox/sign-in"
    assert (await browser.sign_in("lan")).status_code == 401


async def test_a_session_ends_after_its_hours(world: World) -> None:
    browser = await world.signed_in()
    world.now += timedelta(hours=12)

    assert (await browser.get("/")).url.path == "/inbox/sign-in"


async def test_signing_out_ends_the_session(world: World) -> None:
    browser = await world.signed_in()
    await browser.send("/sign-out")

    assert (await browser.get("/")).url.path == "/inbox/sign-in"


@pytest.mark.parametrize("path", [path for path, method in PATHS if method == "POST"])
async def test_a_form_without_the_sessions_token_is_refused(world: World, path: str) -> None:
    await world.conversation()
    browser = await world.signed_in()

    answers = [await browser.http.post(f"/inbox{path}", data=data) for data in ({}, {"csrf": "x"})]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert world.gateway.calls == []


async def test_signing_in_needs_the_token_of_the_form_too(world: World) -> None:
    browser = Browser(world.browser())
    await browser.get("/sign-in")

    answer = await browser.http.post("/inbox/sign-in", data={"name": "lan", "password": PASSWORD})

    assert answer.status_code == 403


async def test_only_administrators_see_the_state_of_the_system(world: World) -> None:
    await world.operator("quan", "Lê Văn Quân", role="admin")

    operator, admin = await world.signed_in("lan"), await world.signed_in("quan")

    assert (await operator.get("/status")).status_code == 403
    assert (await admin.get("/status")).status_code == 200


async def test_sign_ins_are_journaled(world: World) -> None:
    browser = Browser(world.browser())
    await browser.sign_in("lan", "sai mật khẩu")
    await browser.sign_in("lan")

    async with world.engine.connect() as connection:
        acts = [entry.act for entry in await journal.entries(connection)]
    assert acts == ["signed_in", "sign_in_failed"]


async def test_a_name_is_given_only_once(world: World) -> None:
    async with world.engine.begin() as connection:
        again = await operators.add(connection, name="lan", display_name="Lan khác", password=PASSWORD)

    assert again is False


async def test_a_short_password_is_refused(world: World) -> None:
    async with world.engine.begin() as connection:
        with pytest.raises(ValueError, match="at least 8"):
            await operators.add(connection, name="hoa", display_name="Hoa", password="ngắn")


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Cookies(b"short", timedelta(hours=1))


def test_behind_tls_the_cookie_travels_over_tls_only() -> None:
    """A proxy opens TLS and speaks plain HTTP to us: the address the program was told decides."""
    response, session = Response(), new_session(datetime(2026, 11, 20, 9, tzinfo=UTC))
    request = Request({"type": "http", "scheme": "http", "headers": [], "path": "/", "server": ("x", 80)})

    Cookies(b"a secret of some length", timedelta(hours=1), secure=True).write(request, response, session)

    assert "secure" in response.headers["set-cookie"].lower()
