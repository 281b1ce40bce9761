"""The mail program on the demo page, in a real browser."""

import re
import shutil
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from simulator.email.post import Post


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("no Chromium on this machine; type: apt-get update && apt-get install -y chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1366, "height": 768}, locale="vi-VN")
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        yield page
        await browser.close()
        assert problems == []


async def arrived(post: Post) -> list[EmailMessage]:
    inbox = await post.office._boxes.get_mailbox("INBOX")
    found = []
    async for message in inbox.messages():
        assert message._content is not None
        parsed = message_from_bytes(bytes(message._content), policy=default)
        assert isinstance(parsed, EmailMessage)
        found.append(parsed)
    return found


async def test_a_letter_with_a_located_picture_is_written_and_answered_on_the_page(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    post: Post = running.simulator.mail
    await page.goto(running.url)
    await page.get_by_role("button", name="Thư điện tử").click()
    seat = page.locator("[data-panel=email]")

    await seat.get_by_role("button", name="Viết thư mới").click()
    await seat.get_by_label("Tiêu đề").fill("Ổ gà nguy hiểm")
    await seat.get_by_label("Nội dung thư").fill("Đường trước số 45 có ổ gà sâu")
    await seat.get_by_role("button", name="Kèm ảnh có vị trí").click()
    await seat.get_by_role("button", name="Gửi thư").click()
    await expect(seat.locator(".letter.citizen .text")).to_have_text("Đường trước số 45 có ổ gà sâu")

    (mail,) = await arrived(post)
    (picture,) = mail.iter_attachments()
    assert (mail["Subject"], picture.get_filename()) == ("Ổ gà nguy hiểm", "IMG_2041.jpg")
    assert b"Exif" in picture.get_content()[:40]

    answer = EmailMessage()
    answer["From"], answer["To"] = post.config.address, running.simulator.world.phones["email-1"].user_id
    answer["Subject"], answer["Message-ID"], answer["Auto-Submitted"] = "Re: Ổ gà nguy hiểm", "<g.1@x>", "auto-replied"
    answer["In-Reply-To"] = mail["Message-ID"]
    answer.set_content("Ở phường nào ạ?")
    post._posted(post.config.address, [str(answer["To"])], answer.as_bytes(), bounced=False)
    await expect(seat.locator(".letter.bot .text")).to_have_text("Ở phường nào ạ?")
    await seat.get_by_role("button", name="Trả lời").click()
    await seat.get_by_label("Nội dung thư").fill("phường 5")
    await seat.get_by_role("button", name="Gửi thư").click()
    await expect(seat.locator(".letter")).to_have_count(3)
    await seat.get_by_role("button", name="Về hộp thư").click()

    await expect(seat.locator(".mail-row")).to_have_count(1)
    await expect(seat.locator(".mail-row .mail-who")).to_have_text(re.compile(r"\(3\)$"))
    assert (await arrived(post))[1]["In-Reply-To"] == "<g.1@x>"


async def test_a_letter_cannot_become_markup_of_the_page(start: Any, page: Page) -> None:
    running = await start(demo_phones=True)
    post: Post = running.simulator.mail
    post.writes(running.simulator.world.phones["email-1"], "<img src=x onerror=alert(1)>", subject="<b>đậm</b>")
    await page.goto(running.url)
    await page.get_by_role("button", name="Thư điện tử").click()
    await page.locator(".mail-row").click()

    await expect(page.locator(".letter .text")).to_have_text("<img src=x onerror=alert(1)>")
    assert await page.locator("[data-panel=email] .letter img").count() == 0


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1000, 700), (360, 740)])
async def test_nothing_of_the_mail_program_sticks_out(start: Any, page: Page, width: int, height: int) -> None:
    running = await start(demo_phones=True)
    await page.set_viewport_size({"width": width, "height": height})
    await page.goto(running.url)
    await page.get_by_role("button", name="Thư điện tử").click()
    await page.get_by_role("button", name="Viết thư mới").click()

    sizes = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
    assert await page.evaluate(sizes) == [width, height]
    await expect(page.get_by_role("button", name="Gửi thư")).to_be_in_viewport()
