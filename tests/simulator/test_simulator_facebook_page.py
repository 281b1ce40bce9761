"""The Messenger phone of the demo page in a real browser."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.simulator.graph import Graph
from tests.simulator.test_simulator_page import page

__all__ = ["page"]  # a fixture


async def messenger(graph: Graph, page: Page) -> Locator:
    """The phone, once its tab was pressed."""
    await page.goto(graph.running.url)
    await page.locator(".tabs").get_by_role("button", name="Messenger").click()
    return page.locator("[data-panel=facebook]")


@pytest.fixture
async def graph(start: Any) -> Graph:
    return Graph(await start(demo_phones=True))


async def test_a_chat_begins_with_get_started_and_goes_on_by_quick_replies(graph: Graph, page: Page) -> None:
    phone = await messenger(graph, page)
    await phone.get_by_role("button", name="Bắt đầu").click()
    await expect(phone.locator(".bubble.press")).to_contain_text("Bắt đầu")
    person = graph.running.simulator.world.phones["facebook-1"]
    replies = [{"content_type": "text", "title": title, "payload": title} for title in ("Chiếu sáng", "Giao thông")]
    await graph.send(person, {"text": "Việc gì ạ?", "quick_replies": replies})
    await phone.get_by_role("button", name="Chiếu sáng").click()
    await expect(phone.locator(".bubble.citizen .text")).to_have_text("Chiếu sáng")
    await expect(phone.get_by_role("button", name="Giao thông")).to_have_count(0)


async def test_the_menu_opens_and_closes(graph: Graph, page: Page) -> None:
    items = [{"type": "postback", "title": "Tra cứu hồ sơ", "payload": "LOOKUP"}]
    menu = [{"locale": "default", "call_to_actions": items}]
    await graph.post("/me/messenger_profile", persistent_menu=menu)
    phone = await messenger(graph, page)
    await expect(phone.get_by_role("button", name="Tra cứu hồ sơ")).to_be_hidden()
    await phone.get_by_role("button", name="Danh mục").click()
    await phone.get_by_role("button", name="Tra cứu hồ sơ").click()
    await expect(phone.locator(".bubble.press")).to_contain_text("Tra cứu hồ sơ")
    await expect(phone.locator(".keyboard")).to_be_hidden()


async def test_a_comment_stands_below_the_post_and_its_private_reply_in_the_chat(graph: Graph, page: Page) -> None:
    phone = await messenger(graph, page)
    await phone.get_by_role("button", name="Bài viết của Trang").click()
    await phone.get_by_role("textbox").fill("Đèn ngõ 12 hỏng")
    await page.keyboard.press("Enter")
    await expect(phone.locator(".comment")).to_contain_text("Đèn ngõ 12 hỏng")
    comment = graph.running.simulator.world.phones["facebook-1"].bubbles[-1].platform_id
    await graph.post("/me/messages", recipient={"comment_id": comment}, message={"text": "Mời nhắn tin"})
    chat = phone.get_by_role("button", name="Đoạn chat")
    await expect(chat).to_have_class("news")
    await chat.click()
    await expect(phone.locator(".bubble.bot")).to_contain_text("Mời nhắn tin")
    await expect(phone.locator(".comment")).to_have_count(0)


async def test_staff_write_in_metas_inbox(graph: Graph, page: Page) -> None:
    phone = await messenger(graph, page)
    await phone.get_by_role("button", name="Đính kèm").click()
    await phone.get_by_role("button", name="Cán bộ viết").click()
    await phone.get_by_role("textbox").fill("Em là cán bộ trực.")
    await page.keyboard.press("Enter")
    await expect(phone.locator(".bubble.staff")).to_contain_text("Em là cán bộ trực.")
    await expect(phone.locator(".role")).to_be_hidden()


async def test_two_devices_have_a_seat_and_the_others_tell_of_news(graph: Graph, page: Page) -> None:
    await page.goto(graph.running.url)
    tab = page.locator(".tabs").get_by_role("button", name="Messenger")
    await expect(tab).to_have_attribute("aria-pressed", "false")
    await expect(page.locator(".seat:visible")).to_have_count(2)
    person = graph.running.simulator.world.phones["facebook-1"]
    await graph.act(person, "text", text="chào")
    await expect(page.locator("[data-panel=facebook] .bubble")).to_have_count(1)
    await graph.send(person, "Vâng")
    await expect(tab).to_have_class("news")
    await tab.click()
    await expect(page.locator("[data-panel=facebook]")).to_be_visible()
    await expect(page.locator(".seat:visible")).to_have_count(2)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (768, 1024), (360, 740)])
async def test_the_messenger_phone_fits_every_screen(graph: Graph, page: Page, width: int, height: int) -> None:
    await page.set_viewport_size({"width": width, "height": height})
    phone = await messenger(graph, page)
    await expect(phone.locator(".owner")).not_to_be_empty()
    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await page.evaluate(sizes) == [width, height]
    await expect(phone.get_by_role("button", name="Gửi tin nhắn")).to_be_in_viewport()
