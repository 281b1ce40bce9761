"""The page in a real browser: it keeps itself current and never takes away what somebody is typing."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect

from core.model import Draft
from dialog.state import Form, State
from tests.inbox.desks import PASSWORD, World


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("no Chromium on this machine; type: apt-get update && apt-get install -y chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def address(world: World) -> AsyncIterator[str]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(world.app(), log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/inbox"
    server.should_exit = True
    await running


async def opened(browser: Browser, address: str, path: str) -> Page:
    page = await browser.new_page()
    await page.goto(f"{address}{path}")
    await page.fill("[name=name]", "lan")
    await page.fill("[name=password]", PASSWORD)
    await page.click("button")
    return page


async def test_news_appear_while_typed_text_and_uncovered_data_stay(
    world: World, address: str, chromium: Browser
) -> None:
    state = State(form=Form(draft=Draft(phone="+84912345678")))
    number = await world.conversation(state=state, owner="operator", operator="lan")
    await world.heard(number, 1, "đèn hỏng")
    page = await opened(chromium, address, f"/c/{number}")
    await page.fill("#text", "Đang viết dở")
    await page.click("aside .reveal button")
    await expect(page.locator("aside .uncovered")).to_contain_text("+84912345678")

    await world.heard(number, 2, "alo, còn đó không?")

    await expect(page.locator("#live-thread")).to_contain_text("alo, còn đó không?", timeout=20_000)
    await expect(page.locator("#text")).to_have_value("Đang viết dở")
    await expect(page.locator("aside .uncovered")).to_contain_text("+84912345678")
    assert await world.journal() == [("lan", "revealed", number, "slot:phone")]

    await page.click("#reply button.primary")
    await expect(page.locator(".warn")).to_contain_text("vừa nhắn thêm 1 tin")
    await page.click("#reply button.primary")
    await expect(page.locator("#text")).to_have_value("")
    assert world.gateway.calls == [("reply", number, {"operator": "lan", "text": "Đang viết dở"})]


async def test_what_was_seen_before_typing_is_not_asked_about(world: World, address: str, chromium: Browser) -> None:
    number = await world.conversation(owner="operator", operator="lan")
    await world.heard(number, 1, "đèn hỏng")
    page = await opened(chromium, address, f"/c/{number}")
    await world.heard(number, 2, "ở ngã tư Ấp Bắc")
    await expect(page.locator("#live-thread")).to_contain_text("Ấp Bắc", timeout=20_000)

    await page.fill("#text", "Tôi đã ghi nhận.")
    await page.click("#reply button.primary")

    await expect(page.locator("#text")).to_have_value("")
    assert [call[0] for call in world.gateway.calls] == ["reply"]


async def test_the_list_fills_by_itself(world: World, address: str, chromium: Browser) -> None:
    page = await opened(chromium, address, "/")
    await expect(page.locator(".empty")).to_be_visible()

    await world.conversation(owner="waiting", name="Trần Bình")

    await expect(page.locator("tbody tr")).to_have_count(1, timeout=20_000)
    await expect(page).to_have_title("(1) Trao đổi · Tiếp Nhận")


async def test_without_scripts_a_field_is_uncovered_and_a_reply_is_sent(
    world: World, address: str, chromium: Browser
) -> None:
    number = await world.conversation(state=State(form=Form(draft=Draft(phone="+84912345678"))))
    plain = await chromium.new_context(java_script_enabled=False)
    page = await plain.new_page()
    await page.goto(f"{address}/c/{number}")
    await page.fill("[name=name]", "lan")
    await page.fill("[name=password]", PASSWORD)
    await page.click("button")

    await page.click("aside .reveal button")
    await expect(page.locator("aside .uncovered")).to_contain_text("+84912345678")
    await page.fill("#text", "Chào anh.")
    await page.click("#reply button.primary")

    assert [call[0] for call in world.gateway.calls] == ["reply"]
