"""One conversation: what is shown, what stays covered, what an operator can do."""

from datetime import timedelta

import msgspec
import pytest

from core.events import CaseOpened, OperatorWrote, StaffWrote, TakenOver
from core.model import Case, Choice, Contact, Draft, OutboundMessage, Peer, Place, Speaker
from core.report import Report, Reporter
from dialog.state import Form, Identity, Known, State
from pipeline.items import StorageAway
from storage import tables
from tests.inbox.desks import NOW, PROFILE, World

PEER = Peer(channel="zalo", account="oa", user="u1")
NAME, PHONE, PHONE_TYPED = "Nguyễn Văn An", "+84912345678", "0912 345 678"


def a_draft() -> Draft:
    return Draft(
        category="chieu_sang",
        description="Đèn đường hỏng",
        name=NAME,
        phone=PHONE,
        email="an.nguyen@example.vn",
        address="12 Lê Lợi, phường Mỹ Tho",
        place=Place(text="ngã tư Ấp Bắc"),
        as_typed={"name": "nguyen van an", "phone": PHONE_TYPED},
    )


async def a_talk(world: World) -> int:
    """A citizen with a draft, as the dialog leaves it: the name and number are in messages, slots and our summary."""
    state = State(form=Form(draft=a_draft()), identity=Identity(name=NAME, phone=PHONE))
    number = await world.conversation(name="An Nguyễn", state=state, owner="waiting", alert="asked")
    await world.heard(number, 1, f"toi ten nguyen van an, so {PHONE_TYPED}, mail an.nguyen@example.vn")
    await world.said(number, 1, f"Họ và tên: {NAME}\nSố điện thoại: 0912345678\nĐịa chỉ: 12 Lê Lợi, phường Mỹ Tho")
    await world.heard(number, 2, contact=Contact(name=NAME, phone=PHONE))
    await world.heard(number, 3, "Chào, An Nguyễn đây")
    return number


async def test_personal_data_is_covered_until_it_is_asked_for(world: World) -> None:
    """R-BN-11: only authorised staff see the phone number, and nobody sees it by accident."""
    number = await a_talk(world)
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text

    for secret in (NAME, "nguyen van an", "An Nguyễn", PHONE, PHONE_TYPED, "0912345678", "an.nguyen@", "12 Lê Lợi"):
        assert secret not in page
    assert "091••••678" in page and "N••••• V•• A•" in page
    assert "Đèn đường hỏng" in page and "ngã tư Ấp Bắc" in page


async def test_one_press_uncovers_one_field_and_is_journaled(world: World) -> None:
    number = await a_talk(world)
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    page = (await browser.send(f"/c/{number}/reveal", field="slot:phone")).text

    assert PHONE in page and NAME not in page
    assert await world.journal() == [("lan", "revealed", number, "slot:phone")]
    assert PHONE not in (await browser.get(f"/c/{number}")).text


async def test_a_message_is_uncovered_as_a_whole(world: World) -> None:
    number = await a_talk(world)
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    page = (await browser.send(f"/c/{number}/reveal", field="event:1")).text

    assert f"toi ten nguyen van an, so {PHONE_TYPED}" in page
    assert await world.journal() == [("lan", "revealed", number, "event:1")]


@pytest.mark.parametrize("field", ["slot:cccd", "slot:description", "event:99", "", "x" * 200])
async def test_what_is_not_covered_cannot_be_revealed(world: World, field: str) -> None:
    number = await a_talk(world)
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    await browser.send(f"/c/{number}/reveal", field=field)

    assert await world.journal() == []


async def test_a_submitted_report_shows_its_sender_covered(world: World) -> None:
    case = Case(code="TG-260302-0001", status="in_progress", due="09/03/2026", agency="Công ty Chiếu sáng")
    number = await world.conversation(state=State(cases=(Known(case=case, ordinal=1),)))
    report = Report(
        report_id="r1", profile=PROFILE.id, channel="zalo", account="oa", contact_id="c", category="", level="",
        report_type="phan_anh", agency="", description=f"Đèn hỏng, gọi {PHONE_TYPED}", raw_text=(),
        place=Place(text="chợ"), submitted_at=NOW, reporter=Reporter(name=NAME, phone=PHONE),
    )  # fmt: skip
    await world.add(
        tables.reports, id="r1", conversation_id=number, ordinal=1, status="opened", code=case.code, confirmed_at=NOW,
        body=world.seal.close(msgspec.json.encode(report), b"report"),
    )  # fmt: skip
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text

    assert "TG-260302-0001" in page and "Đang xử lý" in page and "09/03/2026" in page and "Công ty Chiếu sáng" in page
    assert NAME not in page and PHONE not in page and PHONE_TYPED not in page
    assert NAME in (await browser.send(f"/c/{number}/reveal", field="report:1:name")).text


async def test_what_a_citizen_writes_is_text_and_nothing_else(world: World) -> None:
    attack = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"
    number = await world.conversation(
        name=attack, preview=attack, state=State(form=Form(draft=Draft(description=attack)))
    )
    await world.heard(number, 1, attack)
    await world.said(number, 1, OutboundMessage(text=attack, choices=(Choice(key="a", label=attack),)))
    await world.heard(number, 2, choice="a")
    await world.happened(number, 3, StaffWrote(peer=PEER, external_id="s", sent_at=NOW, text=attack, staff=attack))
    browser = await world.signed_in()

    pages = [(await browser.get(path)).text for path in (f"/c/{number}", "/?tab=all", "/?q=" + "<script>alert(1)")]

    for page in pages:
        assert "<script>alert" not in page and "<img src=x" not in page


async def test_the_thread_says_who_spoke_and_what_arrived(world: World) -> None:
    number = await world.conversation()
    await world.heard(number, 1, "xin chào")
    await world.said(number, 1, "Ông/bà cần gì?")
    await world.happened(number, 2, TakenOver(operator="lan", at=NOW))
    await world.happened(number, 3, OperatorWrote(operator="lan", text="Tôi nghe đây.", at=NOW))
    await world.said(
        number, 3, OutboundMessage(text="Tôi nghe đây.", speaker=Speaker.OPERATOR),
        status="unknown", reason="Unknown timeout: connection reset",
    )  # fmt: skip
    await world.happened(number, 4, StaffWrote(peer=PEER, external_id="s", sent_at=NOW, text="Alo", staff="77"))
    await world.happened(number, 5, CaseOpened(ordinal=1, code="TG-260302-0001", at=NOW, due="09/03/2026"))
    await world.said(number, 5, "tin cũ", status="superseded")
    await world.said(number, 5, "tin bị từ chối", n=1, status="refused", reason="Refused -201: param invalid")
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text

    order = [
        "xin chào", "Ông/bà cần gì?", "Đã gửi", "Trần Thị Lan nhận xử lý", "Tôi nghe đây.", "Không rõ đã tới chưa",
        "Cán bộ (trên công cụ của nền tảng)", "Alo", "Hồ sơ TG-260302-0001 đã được tạo", "đã có câu hỏi mới hơn",
        "tin bị từ chối", "Bị từ chối: nơi nhận không chấp nhận nội dung này (mã -201)",
    ]  # fmt: skip
    places = [page.index(part) for part in order]
    assert places == sorted(places)
    assert "param invalid" not in page and "connection reset" not in page
    assert page.count("Tôi nghe đây.") == 1


async def test_what_the_regulation_forbids_to_keep_is_said_to_be_missing(world: World) -> None:
    number = await world.conversation()
    event_of_state_secret = StaffWrote(peer=PEER, external_id="s", sent_at=NOW)
    await world.happened(number, 1, event_of_state_secret)
    await world.add(
        tables.events, conversation_id=number, seq=2, source="citizen", external_id="m2", kind="InboundMessage",
        at=NOW, recorded_at=NOW, body=None,
    )  # fmt: skip
    browser = await world.signed_in()

    assert "Nội dung không được lưu theo quy định." in (await browser.get(f"/c/{number}")).text


async def test_a_long_thread_is_shown_newest_first_with_a_way_back(world: World) -> None:
    number = await world.conversation()
    for seq in range(1, 125):
        await world.heard(number, seq, f"tin số {seq}.")
    browser = await world.signed_in()

    newest = (await browser.get(f"/c/{number}")).text
    older = (await browser.get(f"/c/{number}?before=5")).text

    assert "tin số 124." in newest and "tin số 5." in newest and "tin số 4." not in newest
    assert f"/c/{number}?before=5" in newest
    assert "tin số 4." in older and "tin số 5." not in older


# --- replying ---------------------------------------------------------------------------------------------------------


async def test_a_reply_goes_to_the_gateway_in_the_operators_name(world: World) -> None:
    number = await world.conversation(owner="operator", operator="lan")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    await browser.send(f"/c/{number}/reply", text="Chào anh.\r\nTôi xem ngay.")

    assert world.gateway.calls == [("reply", number, {"operator": "lan", "text": "Chào anh.\nTôi xem ngay."})]
    assert await world.journal() == [("lan", "replied", number, "")]


async def test_pressing_send_twice_sends_once(world: World) -> None:
    number = await world.conversation()
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    form = browser.hidden(f"/c/{number}/reply") | {"text": "Chào anh."}

    for _ in range(2):
        await browser.http.post(f"/inbox/c/{number}/reply", data=form)

    assert len(world.gateway.calls) == 1
    assert len(await world.journal()) == 1


async def test_a_message_that_came_in_meanwhile_asks_once_before_sending(world: World) -> None:
    number = await world.conversation(owner="operator", operator="lan")
    await world.heard(number, 1, "đèn hỏng")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    await world.heard(number, 2, "à thôi")

    asked = await browser.send(f"/c/{number}/reply", text="Tôi đã ghi nhận.")

    assert asked.status_code == 409 and world.gateway.calls == []
    assert "vừa nhắn thêm 1 tin" in asked.text and ">Tôi đã ghi nhận.</textarea>" in asked.text

    await browser.send(f"/c/{number}/reply", text="Tôi đã ghi nhận.")
    assert [call[0] for call in world.gateway.calls] == ["reply"]


async def test_writing_into_a_colleagues_conversation_asks_first(world: World) -> None:
    await world.operator("quan", "Lê Văn Quân")
    number = await world.conversation(owner="operator", operator="quan")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    asked = await browser.send(f"/c/{number}/reply", text="Chào anh.")

    assert asked.status_code == 409 and world.gateway.calls == []
    assert "đang do Lê Văn Quân giữ" in asked.text


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param({"last_inbound_at": NOW - timedelta(hours=49)}, "Đã quá 2 ngày", id="window closed"),
        pytest.param({"reachable": False}, "đã chặn hoặc rời kênh", id="blocked"),
        pytest.param({"account": "gone"}, "không còn được cấu hình", id="account gone"),
    ],
)
async def test_where_no_reply_can_arrive_the_box_says_why(world: World, changes: dict[str, object], why: str) -> None:
    number = await world.conversation(**changes)
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text
    refused = await browser.send(f"/c/{number}/reply", text="Chào anh.")

    assert why in page and "<textarea" in page and "required disabled" in page
    assert refused.status_code == 409 and world.gateway.calls == []


@pytest.mark.parametrize("text", ["", "   \n", "a" * 4001])
async def test_an_empty_or_endless_reply_is_not_sent(world: World, text: str) -> None:
    number = await world.conversation()
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    assert (await browser.send(f"/c/{number}/reply", text=text)).status_code == 409
    assert world.gateway.calls == []


async def test_a_form_without_its_key_is_refused(world: World) -> None:
    number = await world.conversation()
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    assert (await browser.send(f"/c/{number}/reply", text="Chào", nonce="'; drop")).status_code == 400
    assert world.gateway.calls == []


async def test_when_the_database_is_away_the_operator_is_told(world: World) -> None:
    number = await world.conversation()
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    world.gateway.error = StorageAway()

    answer = await browser.send(f"/c/{number}/reply", text="Chào anh.")

    assert answer.status_code == 503 and "chưa được ghi" in answer.text


# --- who has it -------------------------------------------------------------------------------------------------------


async def test_taking_over_twice_from_the_same_page_happens_once(world: World) -> None:
    number = await world.conversation(owner="waiting", waiting_since=NOW)
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    form = browser.hidden(f"/c/{number}/take-over")

    for _ in range(2):
        await browser.http.post(f"/inbox/c/{number}/take-over", data=form)

    assert world.gateway.calls == [("take_over", number, {"operator": "lan"})]
    assert await world.journal() == [("lan", "took_over", number, "")]


async def test_of_two_who_take_over_at_once_the_second_is_told(world: World) -> None:
    number = await world.conversation(owner="waiting")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")
    async with world.engine.begin() as connection:
        await connection.execute(tables.conversations.update().values(owner="operator", operator="quan"))

    answer = await browser.send(f"/c/{number}/take-over")

    assert answer.status_code == 409 and "cán bộ khác vừa nhận" in answer.text
    assert world.gateway.calls == []


async def test_the_holder_gives_back(world: World) -> None:
    number = await world.conversation(owner="operator", operator="lan")
    browser = await world.signed_in()
    await browser.get(f"/c/{number}")

    await browser.send(f"/c/{number}/give-back")

    assert world.gateway.calls == [("give_back", number, {"operator": "lan"})]
    assert await world.journal() == [("lan", "gave_back", number, "")]


@pytest.mark.parametrize(("role", "may"), [("operator", False), ("admin", True)])
async def test_only_an_administrator_gives_back_for_a_colleague(world: World, role: str, may: bool) -> None:
    await world.operator("quan", "Lê Văn Quân", role=role)
    number = await world.conversation(owner="operator", operator="lan")
    browser = await world.signed_in("quan")
    page = (await browser.get(f"/c/{number}")).text

    form = browser.hidden(f"/c/{number}/take-over") | {"nonce": "give-back-1-0"}
    answer = await browser.http.post(f"/inbox/c/{number}/give-back", data=form)

    assert ("give-back" in page) is may
    assert (answer.status_code == 200) is may
    assert bool(world.gateway.calls) is may


async def test_an_unknown_conversation_is_not_found(world: World) -> None:
    browser = await world.signed_in()

    assert (await browser.get("/c/999")).status_code == 404


async def test_a_refresh_fetches_only_what_changes(world: World) -> None:
    number = await a_talk(world)
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text
    fragment = (await browser.get(f"/c/{number}", headers={"x-fragment": "1"})).text

    assert page.startswith("<!doctype html>") and "<html" not in fragment
    assert "<textarea" not in fragment
    for part in ("live-head", "live-thread", "live-notice", "live-side"):
        assert f'id="{part}"' in fragment and f'id="{part}"' in page


async def test_a_refresh_of_somebody_signed_out_is_told_so(world: World) -> None:
    async with world.browser() as http:
        assert (await http.get("/inbox/c/1", headers={"x-fragment": "1"})).status_code == 401


async def test_what_a_newer_program_wrote_does_not_lock_the_page(world: World) -> None:
    number = await world.conversation()
    await world.heard(number, 1, "xin chào")
    await world.add(
        tables.events, conversation_id=number, seq=2, source="citizen", external_id="m2", kind="Hologram", at=NOW,
        recorded_at=NOW, body=world.seal.close(b"\0\0\0\2{}", b"event"),
    )  # fmt: skip
    await world.add(
        tables.reports, id="r", conversation_id=number, ordinal=1, code="TG-1", confirmed_at=NOW,
        body=world.seal.close(b'{"schema": "tiepnhan.report/9"}', b"report"),
    )  # fmt: skip
    async with world.engine.begin() as connection:
        sealed = world.seal.close(b"not a state", b"state")
        await connection.execute(tables.conversations.update().values(state=sealed))
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text

    assert "xin chào" in page and "TG-1" in page
