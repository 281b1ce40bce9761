"""The list, the files, the state of the system, the headers."""

import re
from datetime import timedelta

import pytest

from dialog.state import Identity, State
from inbox.status import unregulated
from storage import tables
from tests.inbox.desks import NOW, PROFILE, Browser, World


def people(html: str) -> list[str]:
    return re.findall(r'<a href="/inbox/c/(\d+)">', html)


async def test_the_longest_waiting_citizen_comes_first(world: World) -> None:
    short = await world.conversation(user="a", owner="waiting", waiting_since=NOW - timedelta(minutes=5))
    long = await world.conversation(user="b", owner="waiting", waiting_since=NOW - timedelta(hours=2, minutes=10))
    await world.conversation(user="c", owner="bot")
    browser = await world.signed_in()

    page = (await browser.get("/")).text

    assert people(page) == [str(long), str(short)]
    assert "2 giờ 10 phút" in page and "5 phút" in page


async def test_an_alert_is_shown_until_somebody_takes_it(world: World) -> None:
    """R-BN-48: an urgent report goes on with the bot and is shown to staff at once."""
    urgent = await world.conversation(user="a", owner="bot", alert="level")
    await world.conversation(user="b", owner="operator", operator="lan")
    browser = await world.signed_in()

    page = (await browser.get("/")).text

    assert people(page) == [str(urgent)] and "Phản ánh khẩn" in page


@pytest.mark.parametrize(("tab", "shown"), [("waiting", "b"), ("held", "c"), ("all", "dcba"), ("nonsense", "b")])
async def test_a_tab_shows_its_conversations(world: World, tab: str, shown: str) -> None:
    rows = {
        "a": await world.conversation(user="a", updated_at=NOW - timedelta(minutes=4)),
        "b": await world.conversation(user="b", owner="waiting", updated_at=NOW - timedelta(minutes=3)),
        "c": await world.conversation(
            user="c", owner="operator", operator="lan", updated_at=NOW - timedelta(minutes=2)
        ),
        "d": await world.conversation(user="d"),
    }
    browser = await world.signed_in()

    assert people((await browser.get(f"/?tab={tab}")).text) == [str(rows[key]) for key in shown]


@pytest.mark.parametrize(
    ("status", "listed"), [("unknown", True), ("refused", True), ("failed", True), ("done", False)]
)
async def test_what_was_not_delivered_is_listed_until_somebody_looked(world: World, status: str, listed: bool) -> None:
    number = await world.conversation()
    await world.heard(number, 1, "xin chào")
    await world.said(number, 1, "chào", status=status)
    browser = await world.signed_in()

    assert people((await browser.get("/?tab=trouble")).text) == [str(number)] * listed
    if not listed:
        return

    world.now += timedelta(minutes=1)
    await browser.get(f"/c/{number}")
    await browser.send(f"/c/{number}/trouble-seen")
    assert people((await browser.get("/?tab=trouble")).text) == []

    world.now += timedelta(minutes=1)
    await world.said(number, 1, "chào lại", n=1, status=status)
    assert people((await browser.get("/?tab=trouble")).text) == [str(number)]


async def test_the_list_covers_names_and_numbers(world: World) -> None:
    state = State(identity=Identity(name="Nguyễn Văn An", phone="+84912345678"))
    await world.conversation(name="An Nguyễn", preview="toi la nguyen van an 0912.345.678", state=state)
    browser = await world.signed_in()

    page = (await browser.get("/?tab=all")).text

    assert "A• N•••••" in page
    for secret in ("An Nguyễn", "nguyen van an", "0912.345.678"):
        assert secret not in page


@pytest.mark.parametrize("wanted", ["nguyen van", "NGUYỄN VĂN", "0302-0007", "tg-260302"])
async def test_search_knows_names_without_accents_and_codes(world: World, wanted: str) -> None:
    number = await world.conversation(user="a", name="Nguyễn Văn An")
    await world.conversation(user="b", name="Trần Bình")
    await world.add(tables.reports, id="r", conversation_id=number, ordinal=1, code="TG-260302-0007", confirmed_at=NOW)
    browser = await world.signed_in()

    assert people((await browser.get(f"/?tab=all&q={wanted}")).text) == [str(number)]


async def test_the_list_is_cut_into_pages(world: World) -> None:
    for number in range(31):
        await world.conversation(user=f"u{number}")
    browser = await world.signed_in()

    first, second = [people((await browser.get(f"/?tab=all&page={page}")).text) for page in (1, 2)]

    assert (len(first), len(second)) == (30, 1) and not set(first) & set(second)


async def test_a_row_tells_channel_state_unread_and_code(world: World) -> None:
    number = await world.conversation(owner="operator", operator="lan", unread=3, waiting_since=NOW)
    await world.add(tables.reports, id="r", conversation_id=number, ordinal=1, code="TG-1", confirmed_at=NOW)
    browser = await world.signed_in()

    page = (await browser.get("/?tab=held")).text

    for part in ("Zalo", PROFILE.regulation.system_short, "Trần Thị Lan", ">3</span>", "TG-1", "dưới 1 phút"):
        assert part in page


async def test_a_refresh_fetches_only_the_rows(world: World) -> None:
    browser = await world.signed_in()

    page, rows = (await browser.get("/")).text, (await browser.get("/", headers={"x-fragment": "1"})).text

    assert page.startswith("<!doctype html>") and rows.strip() in page


# --- files ------------------------------------------------------------------------------------------------------------


async def a_file(world: World, body: bytes, mime: str, *, status: str = "kept") -> str:
    number = await world.conversation()
    await world.heard(number, 1, "ảnh")
    await world.add(
        tables.media, conversation_id=number, seq=1, n=0, key_index=b"k", kind="image", status=status, mime=mime,
        public=await world.blobs.put(body) if status == "kept" else "", original=await world.blobs.put(b"with EXIF"),
    )  # fmt: skip
    return f"/media/{number}/1/0"


async def test_a_picture_is_served_without_its_metadata(world: World) -> None:
    path = await a_file(world, b"clean copy", "image/jpeg")
    browser = await world.signed_in()

    answer = await browser.get(path)

    assert answer.content == b"clean copy" and answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "application/pdf", ""])
async def test_what_a_browser_might_run_is_only_downloaded(world: World, mime: str) -> None:
    path = await a_file(world, b"<script>", mime)
    browser = await world.signed_in()

    answer = await browser.get(path)

    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_a_refused_file_is_not_served(world: World) -> None:
    path = await a_file(world, b"", "image/jpeg", status="refused")
    browser = await world.signed_in()

    assert (await browser.get(path)).status_code == 404


# --- the state of the system ------------------------------------------------------------------------------------------


async def test_the_status_page_counts_what_came_in_and_what_is_stuck(world: World) -> None:
    await world.operator("quan", "Lê Văn Quân", role="admin")
    world.gateway.reception.counts.update({("zalo", "taken"): 417, ("zalo", "refused"): 23})
    number = await world.conversation()
    await world.heard(number, 1, "xin chào")
    await world.said(number, 1, "chào", status="unknown")
    await world.add(
        tables.deliveries, channel="zalo", account="oa", external_id="1", status="ignored", reason="user_seen_message",
        received_at=NOW, body=world.seal.close(b"{}", b"delivery"),
    )  # fmt: skip
    browser = await world.signed_in("quan")

    page = (await browser.get("/status")).text

    for part in ("417", "23", "không rõ kết quả", "user_seen_message", "1863/QĐ-UBND", "trước khi sáp nhập"):
        assert part in page
    assert f"{len(list(unregulated(PROFILE)))} giá trị không có trong quy chế" in page


def test_values_without_an_article_are_named() -> None:
    paths = set(unregulated(PROFILE))

    assert {"intake.session_idle_minutes", "regulation.provinces_now", "channels.telegram"} <= paths
    assert "regulation.number" not in paths and "channels.zalo" not in paths and "fields.phone" not in paths


# --- headers ----------------------------------------------------------------------------------------------------------


async def test_nothing_but_our_own_files_runs_on_the_page(world: World) -> None:
    async with world.browser() as http:
        answer = await http.get("/inbox/sign-in")

    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy and answer.headers["x-frame-options"] == "DENY"
    assert "<style" not in answer.text and "style=" not in answer.text and "onclick" not in answer.text


async def test_only_the_named_origins_may_embed_the_page(world: World) -> None:
    world.frame_ancestors = ("http://127.0.0.1:8099",)
    async with world.browser() as http:
        answer = await http.get("/inbox/sign-in")

    assert "frame-ancestors http://127.0.0.1:8099" in answer.headers["content-security-policy"]
    assert "x-frame-options" not in answer.headers


async def test_pages_with_personal_data_are_not_kept_by_the_browser(world: World) -> None:
    number = await world.conversation()
    browser = await world.signed_in()

    assert (await browser.get(f"/c/{number}")).headers["cache-control"] == "no-store"


async def test_a_body_of_megabytes_is_refused(world: World) -> None:
    browser = await world.signed_in()
    number = await world.conversation()
    await browser.get(f"/c/{number}")

    assert (await browser.send(f"/c/{number}/reply", text="a" * 100_000)).status_code == 413


@pytest.mark.parametrize("path", ["/nowhere", "/c/abc", "/static/../app.py", "/static/missing.js"])
async def test_an_unknown_address_is_a_plain_answer(world: World, path: str) -> None:
    browser = Browser(world.browser())

    answer = await browser.get(path)

    assert answer.status_code == 404 and "Traceback" not in answer.text
