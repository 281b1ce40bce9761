"""Letters, comments, other programs: what staff see of them, and that an original can do no harm."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from core.capabilities import Capabilities, Limit, Unit
from core.events import (
    Authenticity,
    InboundMessage,
    MessageEdited,
    MessageWithdrawn,
    PublicComment,
    ThreadMoved,
)
from core.model import Media, Peer
from core.ports import ShownFile, ShownOriginal
from inbox.original import clean, is_dangerous
from storage import tables
from tests.inbox.desks import CAPABILITIES, NOW, Browser, FakeChannel, World

PEER = Peer(channel="email", account="hopthu", user="an.nguyen@example.vn")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
FILES = (
    ShownFile(index=0, name="anh.png", mime="image/png", size=len(PNG), hidden=True),
    ShownFile(index=1, name="đơn.pdf", mime="application/pdf", size=2048),
    ShownFile(index=2, name="hóa đơn\u202efdp.exe", mime="application/pdf", size=9),
    ShownFile(index=3, name="trang.html", mime="text/html", size=9),
)
BODIES = {0: PNG, 1: b"%PDF-", 2: b"MZ", 3: b"<script>alert(1)</script>"}


LETTERS = Capabilities(text=Limit(50_000, Unit.CODE_POINTS), letters=True)


@dataclass
class MailChannel(FakeChannel):
    """Shows the same of every original."""

    name: str = "email"
    account: str = "hopthu"
    capabilities: Capabilities = LETTERS

    def show(self, raw: bytes, picture_url: Callable[[int], str]) -> ShownOriginal:
        html = f'<p>{raw.decode()}</p><img src="{picture_url(0)}">'
        return ShownOriginal(html=html, blocked=2, files=FILES, marks=("Tên hiển thị chứa một địa chỉ khác.",))

    def file(self, raw: bytes, index: int) -> Media:
        return Media(body=BODIES[index], mime=FILES[index].mime, name=FILES[index].name)


@pytest.fixture
def mail(world: World) -> World:
    world.channels = (FakeChannel(), MailChannel())
    return world


async def a_letter(world: World, **changes: Any) -> int:
    """A conversation with one letter whose original is stored."""
    key = await world.blobs.put(b"Toi o 12 Le Loi")
    number = await world.conversation(channel="email", account="hopthu", user=PEER.user)
    letter = InboundMessage(
        peer=PEER, external_id="m1", sent_at=NOW, text="Đèn hỏng", subject="Đèn đường hỏng", original=key,
        sender_name="Nguyễn Văn An",
    )  # fmt: skip
    await world.happened(number, 1, replace(letter, **changes))
    return number


async def opened(world: World, number: int) -> Browser:
    browser = await world.signed_in()
    await browser.get(f"/c/{number}/original/1")
    return browser


def frame(html: str) -> str:
    found = re.search(r'<iframe[^>]* src="/inbox([^"]+)"', html)
    assert found is not None
    return found[1]


# --- letters in the thread --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authenticity", "label"),
    [
        (Authenticity.VERIFIED, "Đã xác thực"),
        (Authenticity.UNVERIFIED, "Chưa xác thực"),
        (Authenticity.FAILED, "Không khớp"),
    ],
)
async def test_a_letter_shows_its_subject_and_whether_its_sender_is_who_it_says(
    mail: World, authenticity: Authenticity, label: str
) -> None:
    number = await a_letter(mail, authenticity=authenticity)

    page = (await (await mail.signed_in()).get(f"/c/{number}")).text

    assert "Đèn đường hỏng" in page and label in page and "Xem thư gốc" in page


async def test_the_answer_to_a_letter_says_to_whom_and_under_which_heading(mail: World) -> None:
    number = await a_letter(mail)

    page = (await (await mail.signed_in()).get(f"/c/{number}")).text

    assert "Re: Đèn đường hỏng" in page and "a•••@example.vn" in page and PEER.user not in page
    reply = page[page.index('<form id="reply"') :]
    assert "<form" not in reply[1 : reply.index("</form>")], "a form within a form: browsers would drop the text box"


async def test_a_vouched_message_carries_no_badge_and_no_original(world: World) -> None:
    number = await world.conversation()
    await world.heard(number, 1, "xin chào")

    page = (await (await world.signed_in()).get(f"/c/{number}")).text

    assert "xác thực" not in page and "Xem thư gốc" not in page and "Thư gửi tới" not in page


# --- the original -----------------------------------------------------------------------------------------------------


async def test_an_original_is_shown_in_a_frame_that_can_do_nothing(mail: World) -> None:
    """email: sanitised HTML in a sandboxed frame with a policy of its own."""
    browser = await opened(mail, await a_letter(mail))
    page = browser.html
    inner = await browser.get(frame(page))

    tag = re.search(r"<iframe[^>]*>", page)
    assert tag is not None and " sandbox " in tag[0] and "allow-" not in tag[0]
    assert "12 Le Loi" not in page and "12 Le Loi" in inner.text
    policy = inner.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; img-src 'self'; style-src 'unsafe-inline'") and "; sandbox" in policy
    assert "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert "Đã chặn 2 ảnh" in page and "Tên hiển thị chứa một địa chỉ khác." in page


async def test_pictures_of_an_original_come_without_cookies_and_only_as_pictures(mail: World) -> None:
    number = await a_letter(mail)
    browser = await opened(mail, number)
    inner = (await browser.get(frame(browser.html))).text
    found = re.search(r'<img src="/inbox([^"]+)"', inner)
    assert found is not None

    async with mail.browser() as stranger:
        picture = await stranger.get(f"/inbox{found[1]}")
        assert (picture.status_code, picture.headers["content-type"], picture.content) == (200, "image/png", PNG)
        BODIES[0] = b"<svg onload=alert(1)>"
        try:
            assert (await stranger.get(f"/inbox{found[1]}")).status_code == 404
        finally:
            BODIES[0] = PNG
        assert (await stranger.get(f"/inbox{found[1][:-2]}xx")).status_code == 404
        mail.now += timedelta(minutes=11)
        assert (await stranger.get(f"/inbox{found[1]}")).status_code == 404


async def test_nobody_sees_an_original_without_signing_in(mail: World) -> None:
    number = await a_letter(mail)
    async with mail.browser() as stranger:
        page = await stranger.get(f"/inbox/c/{number}/original/1")
        file = await stranger.get(f"/inbox/c/{number}/original/1/file/1")

    assert "Đăng nhập" in page.text and "Đăng nhập" in file.text


async def test_every_view_of_an_original_and_every_file_is_journaled(mail: World) -> None:
    number = await a_letter(mail)
    browser = await opened(mail, number)
    await browser.get(f"/c/{number}/original/1/file/1")

    assert await mail.journal() == [
        ("lan", "original_seen", number, "event:1"),
        ("lan", "original_file", number, "event:1:file:1"),
    ]


async def test_a_file_is_a_download_whatever_it_says_it_is(mail: World) -> None:
    number = await a_letter(mail)
    browser = await opened(mail, number)

    answer = await browser.get(f"/c/{number}/original/1/file/1")

    assert answer.content == b"%PDF-"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "%C4%91%C6%A1n.pdf" in answer.headers["content-disposition"]


@pytest.mark.parametrize("index", [2, 3])
async def test_a_file_that_may_run_something_comes_only_after_a_warning(mail: World, index: int) -> None:
    number = await a_letter(mail)
    browser = await opened(mail, number)
    path = f"/c/{number}/original/1/file/{index}"

    warning = await browser.get(path)
    assert "có thể gây hại" in warning.text and BODIES[index].decode() not in warning.text
    assert ("lan", "original_file", number, f"event:1:file:{index}") not in await mail.journal()
    answer = await browser.send(path)

    assert answer.content == BODIES[index] and answer.headers["content-type"] == "application/octet-stream"


async def test_a_file_that_is_not_there_is_not_found(mail: World) -> None:
    number = await a_letter(mail)
    browser = await opened(mail, number)

    assert (await browser.get(f"/c/{number}/original/1/file/9")).status_code == 404
    assert (await browser.get(f"/c/{number}/original/7")).status_code == 404


@pytest.mark.parametrize(
    ("name", "dangerous"),
    [
        ("anh.jpg", False), ("đơn.pdf", False), ("bảng.xlsx", False), ("không đuôi", False), ("exe", False),
        ("a.EXE", True), ("a.jpg.exe", True), ("a.exe .", True), ("a.ex\u200be", True), ("a\u202egpj.scr", True),
        ("a.docm", True), ("a.svg", True), ("a.lnk", True), ("a.html.jpg", True),
    ],
)  # fmt: skip
def test_a_name_tells_whether_a_file_may_run_something(name: str, dangerous: bool) -> None:
    assert is_dangerous(name) is dangerous


def test_a_files_name_keeps_no_folder_and_no_hidden_letters() -> None:
    assert clean("../../etc/pass\u202ewd\r\n") == "_.._etc_passwd"


# --- comments, other programs, changes --------------------------------------------------------------------------------


async def test_a_public_comment_is_shown_as_one_and_answered_by_nobody(world: World) -> None:
    world.channels = (FakeChannel(name="facebook", account="page", capabilities=WINDOW),)
    number = await world.conversation(channel="facebook", account="page", name="Nguyễn Văn An", last_inbound_at=None)
    peer = Peer(channel="facebook", account="page", user="comment:1")
    await world.happened(
        number, 1, PublicComment(peer=peer, external_id="c", sent_at=NOW, text="đèn hỏng", sender_name="Nguyễn Văn An")
    )

    page = (await (await world.signed_in()).get(f"/c/{number}")).text

    assert "Bình luận công khai" in page and "N••••• V•• A•" in page and "Facebook Messenger" in page
    assert "chưa nhắn riêng" in page and "disabled" in page


async def test_a_comment_and_the_chat_that_followed_lead_to_each_other(world: World) -> None:
    chat = await world.conversation(user="psid")
    comment = await world.conversation(user="comment", reached=world.seal.index("psid"))
    browser = await world.signed_in()

    assert f"/inbox/c/{comment}" in (await browser.get(f"/c/{chat}")).text
    assert f"/inbox/c/{chat}" in (await browser.get(f"/c/{comment}")).text


async def test_what_was_taken_back_or_changed_is_marked_on_the_message_itself(world: World) -> None:
    number = await world.conversation()
    await world.heard(number, 1, "tin một")
    await world.heard(number, 2, "tin hai")
    await world.happened(number, 3, MessageWithdrawn(peer=PEER, external_id="w", of="m1", sent_at=NOW))
    await world.happened(number, 4, MessageEdited(peer=PEER, external_id="d", of="m2", sent_at=NOW, text="tin hai sửa"))
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text
    older = (await browser.get(f"/c/{number}?before=3")).text

    for html in (page, older):
        first, second = (article(html, f"e{seq}") for seq in (1, 2))
        assert "Người dân đã thu hồi" in first and "tin một" in first
        assert "Đã sửa" in second and "tin hai" in second
    assert "tin hai sửa" in article(page, "e4")


def article(html: str, key: str) -> str:
    found = re.search(rf'<article[^>]* id="{key}">.*?</article>', html, re.DOTALL)
    assert found is not None
    return found[0]


async def test_a_message_that_another_program_answers_says_so(world: World) -> None:
    number = await world.conversation(owner="operator", operator="platform:ứng dụng khác")
    await world.heard(number, 1, "tin", standby=True)
    await world.happened(number, 2, ThreadMoved(peer=PEER, external_id="t", sent_at=NOW, ours=False))

    page = (await (await world.signed_in()).get(f"/c/{number}")).text

    assert "Ứng dụng khác đang trả lời" in page and "Ứng dụng khác trên trang đang giữ" in page


# --- windows ----------------------------------------------------------------------------------------------------------

WINDOW = replace(
    CAPABILITIES, reply_window=timedelta(hours=24), person_window=timedelta(days=7), replies_per_window=None
)


@pytest.mark.parametrize(
    ("hours", "said", "closed"),
    [
        (21, "Còn 3 giờ để trả lời", False),
        (30, "Hết hạn 1 ngày của hệ thống: tin của cán bộ gửi được đến 03:00 08/03", False),
        (24 * 8, "Đã quá 7 ngày", True),
    ],
)
async def test_staff_see_how_long_they_may_still_write(world: World, hours: int, said: str, closed: bool) -> None:
    world.channels = (FakeChannel(capabilities=WINDOW),)
    number = await world.conversation(last_inbound_at=NOW - timedelta(hours=hours))

    page = (await (await world.signed_in()).get(f"/c/{number}")).text

    assert said in page
    assert ('name="text" rows="3"' in page) and (" disabled>" in page) is closed


# --- channels, alarms, erasure ----------------------------------------------------------------------------------------


async def test_the_list_can_be_narrowed_to_a_channel(mail: World) -> None:
    await mail.conversation(name="Zalo Người")
    await mail.conversation(channel="email", account="hopthu", user="m", name="Thư Người")
    browser = await mail.signed_in()

    everything = (await browser.get("/?tab=all")).text
    letters = (await browser.get("/?tab=all&channel=email")).text

    assert "Z••• N••••" in everything and "T•• N••••" in everything
    assert "Z••• N••••" not in letters and "T•• N••••" in letters
    assert "tab=waiting&amp;channel=email" in letters


async def test_an_account_that_needs_somebody_is_shown_to_everybody_and_seen_to_by_admins(mail: World) -> None:
    await mail.operator("sep", "Quản trị", role="admin")
    await mail.add(
        tables.alarms, channel="email", account="hopthu", kind="tend", reason="Misconfigured 190: token died",
        since=NOW, last_at=NOW,
    )  # fmt: skip
    plain, admin = await mail.signed_in(), await mail.signed_in("sep")
    number = await a_letter(mail)

    assert "cấu hình lại" in (await plain.get("/")).text
    assert "cấu hình lại" in (await plain.get(f"/c/{number}")).text
    assert "mã 190" in (await admin.get("/status")).text
    await admin.send("/alarms/seen")
    assert "cấu hình lại" not in (await admin.get("/")).text
    assert ("sep", "alarm_seen", None, "email:hopthu") in await mail.journal()


async def test_messages_held_up_by_a_dead_token_ring_the_alarm(world: World) -> None:
    number = await world.conversation()
    await world.said(number, 1, "xin chào", status="open", settled_at=None, reason="Misconfigured 190: token died")

    assert "Tin gửi đi đang bị giữ" in (await (await world.signed_in()).get("/")).text


async def test_an_alarm_of_another_account_is_not_in_the_way(mail: World) -> None:
    number = await mail.conversation()
    await mail.add(
        tables.alarms, channel="email", account="hopthu", kind="platform", reason="policy", since=NOW, last_at=NOW
    )

    assert "policy" not in (await (await mail.signed_in()).get(f"/c/{number}")).text


async def test_only_administrators_erase_and_only_after_a_second_look(world: World) -> None:
    await world.operator("sep", "Quản trị", role="admin")
    number = await world.conversation(alert="erasure_asked")
    plain, admin = await world.signed_in(), await world.signed_in("sep")

    assert "/erase" not in (await plain.get(f"/c/{number}")).text
    assert (await plain.get(f"/c/{number}/erase")).status_code == 403
    assert "/erase" in (await admin.get(f"/c/{number}")).text
    await admin.get(f"/c/{number}/erase")
    stolen = admin.hidden(f"/c/{number}/erase")
    await admin.http.post(f"/inbox/c/{number}/erase", data={"csrf": stolen["csrf"]})
    assert world.gateway.calls == []
    await admin.send(f"/c/{number}/erase")

    assert world.gateway.calls == [("erase", number, {"operator": "sep"})]


async def test_an_operators_own_form_does_not_erase(world: World) -> None:
    number = await world.conversation(owner="operator", operator="lan")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    csrf = browser.hidden(f"/c/{number}/reply")["csrf"]

    answer = await browser.http.post(f"/inbox/c/{number}/erase", data={"csrf": csrf, "sure": "1"})

    assert (answer.status_code, world.gateway.calls) == (403, [])


async def test_an_erased_conversation_says_so_once(world: World) -> None:
    number = await world.conversation(erased_at=NOW, erased_seq=3)
    for seq in (1, 2, 3):
        gone = InboundMessage(peer=PEER, external_id=f"m{seq}", sent_at=NOW)
        await world.happened(number, seq, gone, keep=False)
    await world.said(number, 3, "x", body=world.seal.close(b"", b"errand"))
    await world.heard(number, 4, "tin mới")

    page = (await (await world.signed_in()).get(f"/c/{number}")).text

    assert page.count("đã được xóa theo yêu cầu của người dân") == 1
    assert "Đã xóa dữ liệu theo yêu cầu lúc" in page and "tin mới" in page
