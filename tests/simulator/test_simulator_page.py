"""The demo page in a real browser."""

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Page, async_playwright, expect

CASE = {
    "service_request_id": "TG-261121-0001",
    "status": "open",
    "status_notes": "Đang xử lý",
    "description": "Ổ gà trước số 45",
    "service_name": "Giao thông",
    "address": "45 Lý Thường Kiệt",
    "requested_datetime": "2026-11-21T22:10:00+07:00",
}


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("no Chromium on this machine; type: apt-get update && apt-get install -y chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 800}, locale="vi-VN")
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        await browser.close()
        assert problems == []


@pytest.fixture
async def store() -> AsyncIterator[Any]:
    """A case store of one case."""
    played: list[dict[str, Any]] = []

    async def cases(request: web.Request) -> web.Response:
        return web.json_response([CASE | ({"status": "closed", "status_notes": played[-1]["text"]} if played else {})])

    async def play(request: web.Request) -> web.Response:
        played.append(await request.json())
        return web.json_response({"code": request.match_info["code"]})

    app = web.Application()
    app.router.add_get("/open311/v2/requests.json", cases)
    app.router.add_post("/officer/cases/{code}/play", play)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/open311/v2", played
    await runner.cleanup()


async def test_what_is_typed_on_a_phone_appears_and_reaches_the_webhook(start: Any, receiver: Any, page: Page) -> None:
    running = await start(demo_phones=True, zalo={"webhook_url": receiver.url})
    await page.goto(running.url)
    await page.get_by_label("Tin nhắn").first.fill("Đường bị ngập")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-panel=zalo] .bubble.citizen")).to_contain_text("Đường bị ngập")
    await expect(page.locator("[data-panel=zalo] .meta")).to_contain_text("đã nhận")
    assert receiver.got[0].json["message"]["text"] == "Đường bị ngập"


async def test_an_answer_with_buttons_appears_by_itself_and_can_be_pressed(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    await page.goto(running.url)
    phone = page.locator("[data-panel=telegram]")
    await phone.get_by_label("Tin nhắn", exact=True).fill("chào")
    await phone.get_by_role("button", name="Gửi tin nhắn").click()
    await expect(phone.locator(".bubble.citizen")).to_have_count(1)
    chat = running.simulator.world.phones["telegram-1"].user_id
    keyboard = {"inline_keyboard": [[{"text": "Xác nhận", "callback_data": "ok"}]]}
    await running.bot("sendMessage", chat_id=chat, text="<b>Gửi</b> không?", parse_mode="HTML", reply_markup=keyboard)
    await phone.get_by_role("button", name="Xác nhận").click()
    await expect(phone.locator(".bubble.press")).to_contain_text("Đã bấm: Xác nhận")
    keys = {"keyboard": [[{"text": "Gửi số", "request_contact": True}]], "one_time_keyboard": True}
    await running.bot("sendMessage", chat_id=chat, text="Số điện thoại?", reply_markup=keys)
    await phone.get_by_role("button", name="Gửi số", exact=True).click()
    await expect(phone.locator(".bubble.contact")).to_have_count(1)
    await expect(phone.locator(".keyboard")).to_be_hidden()


async def test_photo_place_voice_and_sticker_are_one_press_away(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    await page.goto(running.url)
    phone = page.locator("[data-panel=zalo]")
    for name, kind in [("Ổ gà", "image"), ("Chợ Mỹ Tho", "location"), ("Ghi âm", "voice"), ("Nhãn dán", "sticker")]:
        await phone.get_by_role("button", name="Đính kèm").click()
        await phone.locator(".tray").get_by_role("button", name=name).click()
        await expect(phone.locator(f".bubble.{kind}")).to_have_count(1)
    await expect(phone.locator(".bubble.image img")).to_have_js_property("naturalWidth", 640)


async def test_a_text_cannot_become_markup_of_the_page(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    await page.goto(running.url)
    phone = running.simulator.world.phones["zalo-1"]
    running.simulator.zalo.says(phone, "<img src=x onerror=alert(1)> https://x.vn/<b>")
    await expect(page.locator(".bubble.citizen")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator(".bubble img").count() == 0


async def test_an_officers_result_is_played_from_the_page(start: Any, store: Any, page: Page) -> None:
    url, played = store
    running = await start(demo_phones=True, store_url=url, inbox_url="http://127.0.0.1:1/inbox")
    await page.goto(running.url)
    await page.get_by_role("button", name="Cán bộ xử lý trả lời").click()
    await page.get_by_label("Nội dung gửi người dân").fill("Đã vá xong ổ gà trước số nhà này trong ngày")
    await page.get_by_role("button", name="Gửi kết quả").click()
    await expect(page.locator(".case .result")).to_contain_text("Đã vá xong")
    assert played == [{"to": "resolved", "text": "Đã vá xong ổ gà trước số nhà này trong ngày"}]
    assert await page.get_by_role("link", name="Trang cán bộ").get_attribute("href") == "http://127.0.0.1:1/inbox"


async def test_without_a_store_the_page_says_so(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    await page.goto(running.url)
    await expect(page.locator("#store-state")).to_have_text("Chưa nối với kho hồ sơ")


async def test_scripted_citizens_start_from_the_page(start: Any, receiver: Any, page: Page) -> None:
    running = await start(demo_phones=True, zalo={"webhook_url": receiver.url})
    await page.goto(running.url)
    await page.get_by_role("button", name="Cho 20 người dân nhắn thử").click()
    await expect(page.locator("#run-title")).to_have_text("Người dân đang nhắn thử")
    await receiver.until(10)
    await expect(page.locator("#count-acked")).not_to_have_text("0")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1000, 700), (768, 1024), (360, 740)])
async def test_nothing_sticks_out_on_any_screen(start: Any, page: Page, width: int, height: int) -> None:
    running = await start(demo_phones=True)
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(running.url)
    await expect(page.locator(".owner").first).not_to_be_empty()
    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await page.evaluate(sizes) == [width, height]
    await expect(page.get_by_role("button", name="Gửi tin nhắn").first).to_be_in_viewport()


async def test_the_page_loads_nothing_from_elsewhere(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(running.url)
    await expect(page.locator(".owner").first).not_to_be_empty()
    assert all(url.startswith((running.url, "data:")) for url in asked)
