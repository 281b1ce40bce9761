"""Vĩnh Long, 2408/QĐ-UBND: what the conversation owes its citizens, row by row."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import FollowUpKind
from core.events import CaseChanged
from core.model import Draft, Peer
from dialog import waiting_for
from dialog.wording import agency_of
from normalizer import normalize
from regulations.loader import load
from regulations.model import Profile
from tests.inbox.desks import FakeChannel, World

Talks = Callable[..., Any]
PROVINCE = "vinh-long"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
PLACE = "đường Nguyễn Huệ, phường Long Châu"
MATTER = f"rác đầy hẻm ở {PLACE}"
NAME, LANDLINE = "Trần Thị Bé", "0270 3823 456"
WHO = f"{NAME}, {LANDLINE}"
CODE = "VL-261120-0001"
PEER = Peer(channel="zalo", account="rehearsal", user="citizen")


def at_summary(talk: Talks, matter: str = MATTER, *, channel: str = "zalo", profile: Any = PROVINCE) -> tuple[Any, str]:
    """A conversation without a photo, up to its summary, and that summary."""
    conversation = talk(profile, channel)
    conversation.says(matter)
    conversation.says("không có")
    summary = conversation.says(WHO)
    assert waiting_for(conversation.stage.state) == "confirm"
    return conversation, summary


def sent(talk: Talks, matter: str = MATTER, **options: Any) -> Any:
    conversation, _ = at_summary(talk, matter, **options)
    conversation.says("gửi")
    assert conversation.outcomes == ["submitted"]
    return conversation


def changed(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code=CODE, update_id=name, name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


def normalized(draft: Draft) -> Any:
    now = datetime(2026, 11, 20, 12, tzinfo=HANOI)
    return normalize(draft, profile=load(PROVINCE), report_id="r", peer=PEER, contact_id="c", attachments=[], now=now)


# --- the pilot ------------------------------------------------------------------------------------------------------


async def test_who_runs_the_house_is_warned_of_a_pilot_that_has_run_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-VL-01, Quyết định Điều 3: the staff page warns."""
    monkeypatch.setattr("tests.inbox.desks.PROFILE", load(PROVINCE))
    world.channels = (FakeChannel(),)
    await world.operator("admin", "Quản trị", role="admin")
    browser = await world.signed_in("admin")

    page = (await browser.get("/status")).text

    assert "notice warn" in page and "thí điểm đã hết thời hạn" in page


def test_a_pilot_that_has_run_out_can_still_be_tried(talk: Talks) -> None:
    """R-VL-01: intake is open."""
    assert load(PROVINCE).regulation.status == "pilot_expired"
    assert len(sent(talk).reports) == 1


# --- what is a report -----------------------------------------------------------------------------------------------


def test_a_greeting_is_answered_and_makes_no_case(talk: Talks) -> None:
    """R-VL-02, Đ1.1, Đ2.1: only scene reports."""
    conversation = talk(PROVINCE)

    answer = conversation.says("chúc mừng năm mới")

    assert answer and conversation.stage.state.form is None
    assert set(conversation.profile.report_types) == {"hien_truong"}


def test_without_a_place_nothing_goes_out(talk: Talks) -> None:
    """R-VL-02, Đ2.1: a report has a place."""
    conversation = talk(PROVINCE)
    conversation.says("rác đầy hẻm")

    for _ in range(3):
        conversation.says("gửi")

    assert conversation.reports == []
    assert waiting_for(conversation.stage.state) == "location"


def test_another_language_is_answered_in_two(talk: Talks) -> None:
    """R-VL-11, Đ5.1."""
    conversation = talk(PROVINCE)

    answer = conversation.says("There is garbage on the street")

    assert "tiếng Việt" in answer and "Please write in Vietnamese" in answer
    assert conversation.stage.state.form is None


def test_vietnamese_without_marks_is_vietnamese(talk: Talks) -> None:
    """R-VL-11, Đ5.1."""
    conversation = talk(PROVINCE)

    answer = conversation.says("rac day hem o duong Nguyen Hue")

    assert "Please write" not in answer
    assert conversation.stage.state.form.draft.description


@pytest.mark.parametrize("text", ["alo", "xin chào", "?"])
def test_a_mere_call_is_asked_what_happened(talk: Talks, text: str) -> None:
    """R-VL-12, Đ5.2: fewer than `min_chars`, or a pure greeting."""
    conversation = talk(PROVINCE)

    answer = conversation.says(text)

    assert "nội dung" in answer or "gửi phản ánh" in answer
    assert conversation.reports == []


def test_a_photo_is_asked_for_once_and_may_be_missing(talk: Talks) -> None:
    """R-VL-13, Đ5.2."""
    conversation = talk(PROVINCE)
    asked = conversation.says(MATTER)

    later = [conversation.says(text) for text in ("không có", WHO, "gửi")]

    question = conversation.profile.fields["media"].ask
    assert question in asked and not any(question in answer for answer in later)
    (draft,) = conversation.reports
    assert draft.media == ()


def test_staff_may_ask_for_a_clear_photo_again(talk: Talks) -> None:
    """R-VL-13, Đ5.2: what comes then goes to the case."""
    conversation = sent(talk)

    asked = changed(conversation, "verify.opened", missing="ảnh chụp rõ hiện trường")
    conversation.says(photos=("ro.jpg",))

    assert "ảnh chụp rõ hiện trường" in asked
    (said,) = conversation.stage.seen.follow_ups
    assert (said.code, said.kind, len(said.media)) == (CODE, FollowUpKind.SUPPLEMENT, 1)


def test_yesterday_evening_is_when_it_happened(talk: Talks) -> None:
    """R-VL-14, Đ5.2: the summary shows it; without a time it is the message's."""
    told, summary = at_summary(talk, f"tối qua có người đổ rác ở {PLACE}")
    told.says("gửi")
    _, plain = at_summary(talk)

    assert "Thời gian sự việc: tối qua" in summary
    assert told.reports[0].occurred_at.date() == (told.stage.now - timedelta(days=1)).date()
    assert "Thời gian sự việc: 20/11/2026 12:00" in plain


@pytest.mark.parametrize("given", [{"text": PLACE}, {"location": {"lat": 10.2537, "lon": 105.9722}}])
def test_a_place_has_two_parts_or_is_a_pin(talk: Talks, given: dict[str, Any]) -> None:
    """R-VL-15, Đ5.2."""
    conversation = talk(PROVINCE)
    conversation.says("rác đầy hẻm")

    again = conversation.says("ở chợ")
    conversation.says(**given)

    assert conversation.profile.fields["location"].ask in again
    assert waiting_for(conversation.stage.state) == "media"


# --- who reports ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "missing"),
    [pytest.param(LANDLINE, "name", id="R-VL-16"), pytest.param(NAME, "phone", id="R-VL-17")],
)
def test_name_and_phone_are_required(talk: Talks, given: str, missing: str) -> None:
    """R-VL-16, R-VL-17, Đ5.3."""
    conversation = talk(PROVINCE)
    conversation.says(MATTER)
    conversation.says("không có")
    conversation.says(given)
    for _ in range(3):
        conversation.says("gửi")

    assert conversation.reports == []
    assert waiting_for(conversation.stage.state) == missing


def test_a_landline_is_a_phone(talk: Talks) -> None:
    """R-VL-17, Đ5.3."""
    (draft,) = sent(talk).reports

    assert (draft.name, draft.phone) == (NAME, "+842703823456")


def test_a_mail_address_is_kept_and_never_asked_for(talk: Talks) -> None:
    """R-VL-18, Đ5.3: riêng địa chỉ thư điện tử không bắt buộc."""
    conversation = talk(PROVINCE)
    for text in (MATTER, "không có", f"{WHO}, be@example.vn", "gửi"):
        conversation.says(text)

    asked = "\n".join(sent(talk).stage.seen.texts)
    assert "thư điện tử" not in asked.lower() and "email" not in asked.lower()
    (draft,) = conversation.reports
    assert draft.email == "be@example.vn"


def test_the_sender_is_told_of_their_responsibility_before_sending(talk: Talks) -> None:
    """R-VL-19, Đ5.3."""
    conversation, summary = at_summary(talk)

    assert summary.count(conversation.profile.text("responsibility")) == 1


@pytest.mark.parametrize("wish", ["giấu tên giúp em", "bí mật"])
def test_secrecy_may_be_asked_for_before_sending(talk: Talks, wish: str) -> None:
    """R-VL-21, Đ5.4."""
    conversation, summary = at_summary(talk)
    assert "BÍ MẬT" in summary

    conversation.says(wish)
    conversation.says("gửi")

    (draft,) = conversation.reports
    assert draft.confidential is True


def test_secrecy_may_be_asked_for_after_sending(talk: Talks) -> None:
    """R-VL-21, Đ5.4."""
    conversation = sent(talk)

    conversation.says("giữ bí mật giúp tôi")

    (said,) = conversation.stage.seen.follow_ups
    assert (said.code, said.kind) == (CODE, FollowUpKind.CONFIDENTIAL)


# --- the annex ------------------------------------------------------------------------------------------------------

ANNEX = [
    pytest.param("cáp viễn thông rớt xuống đường", "thong_tin_truyen_thong", "Sở Thông tin và Truyền thông", id="51"),
    pytest.param("internet chập chờn cả tuần nay", "thong_tin_truyen_thong", "Sở Thông tin và Truyền thông", id="51b"),
    pytest.param("phân bón giả ở chợ", "nong_nghiep", "Sở Nông nghiệp và Phát triển nông thôn", id="52"),
    pytest.param("thịt heo có chất cấm", "nong_nghiep", "Sở Nông nghiệp và Phát triển nông thôn", id="52b"),
    pytest.param("cân điêu ở chợ", "khoa_hoc", "Sở Khoa học và Công nghệ", id="53"),
    pytest.param("ổ dịch sốt xuất huyết", "suc_khoe", "Sở Y tế", id="54"),
    pytest.param("khách sạn chặt chém", "du_lich", "Sở Văn hóa, Thể thao và Du lịch", id="55"),
    pytest.param("quán ăn chèo kéo khách du lịch", "du_lich", "Sở Văn hóa, Thể thao và Du lịch", id="55b"),
    pytest.param("đèn đỏ ngã tư hư", "giao_thong", "Sở Giao thông Vận tải", id="56"),
    pytest.param("xe khách nhồi nhét", "giao_thong", "Sở Giao thông Vận tải", id="56b"),
    pytest.param("dây điện đứt", "dien", "Sở Công Thương", id="57"),
    pytest.param("cột điện nghiêng", "dien", "Sở Công Thương", id="57b"),
    pytest.param("cá chết hàng loạt trên sông", "tai_nguyen_nuoc", "Sở Tài nguyên và Môi trường", id="58"),
    pytest.param("rác đầy hẻm", "moi_truong", "UBND cấp huyện", id="59"),
]


@pytest.mark.parametrize(("text", "category", "agency"), ANNEX)
def test_a_matter_of_the_annex_has_its_field_and_the_field_its_agency(
    talk: Talks, text: str, category: str, agency: str
) -> None:
    """R-VL-23, Đ6.1, Đ7.1; R-VL-51…59, Phụ lục 1 #1…#9."""
    (draft,) = sent(talk, f"{text}, {PLACE}").reports

    row = load(PROVINCE).categories[category]
    report = normalized(draft)
    assert (report.category, row.agency) == (category, agency)
    assert report.agency == (row.agency_now or agency)
    assert "outside_annex" not in report.flags


def test_todays_commune_stands_for_the_district_of_the_annex() -> None:
    """R-VL-59, Phụ lục 1 #9: there are no districts any more."""
    assert agency_of(load(PROVINCE), "moi_truong") == "UBND xã, phường"


def test_the_annex_has_nine_rows_and_one_for_what_is_none_of_them() -> None:
    """R-VL-23, Phụ lục 1."""
    rows = load(PROVINCE).categories

    assert len(rows) == 10
    assert [row.id for row in rows.values() if row.outside_annex] == ["khac"]


def test_what_the_annex_does_not_know_is_taken_and_said_to_be_outside(talk: Talks) -> None:
    """R-VL-60, Phụ lục 1."""
    conversation, summary = at_summary(talk, f"đèn đường hư ở {PLACE}")
    conversation.says("gửi")

    assert conversation.profile.text("outside_annex") in summary
    (draft,) = conversation.reports
    report = normalized(draft)
    assert (report.category, report.flags) == ("khac", ("outside_annex",))


def test_a_row_added_to_the_annex_is_used_and_old_cases_keep_theirs(
    talk: Talks, with_lines: Callable[..., Profile]
) -> None:
    """R-VL-48, Đ13.8: the list of fields is data."""
    before = normalized(sent(talk, f"đèn đường hư ở {PLACE}").reports[0])
    longer = with_lines(
        """
        [[categories]]
        id = "chieu_sang"
        label = "Chiếu sáng công cộng"
        agency = "Sở Xây dựng"
        kw = ["đèn đường", "đèn đường hư"]
        src = "Quyết định bổ sung Phụ lục 1"
        [[categories]]
        id = "khac"
        words = ["tieng_on", "thoat_nuoc"]
        """,
        PROVINCE,
    )

    (after,) = sent(talk, f"đèn đường hư ở {PLACE}", profile=longer).reports

    assert after.category == "chieu_sang"
    assert (before.category, before.flags) == ("khac", ("outside_annex",))


# --- news of the case -----------------------------------------------------------------------------------------------


def test_the_citizen_hears_which_department_has_the_case(talk: Talks) -> None:
    """R-VL-26, Đ7.2."""
    conversation = sent(talk)

    told = changed(conversation, "report.assigned", status="assigned", agency="Sở Công Thương")

    assert "Sở Công Thương" in told and CODE in told


ANNEX_2 = """{agency}
Kính chào: {who}
Sau khi nhận được phản ánh của {who}, {agency} đã tiến hành kiểm tra, xử lý và thông báo kết quả như sau:
{result}
Chúng tôi chân thành cám ơn {who} đã kịp thời phản ánh và mong tiếp tục nhận được phản ánh trong thời gian tới.
Trân trọng!"""


@pytest.mark.parametrize("named", [True, False])
def test_the_result_is_told_in_the_words_of_the_annex(talk: Talks, named: bool) -> None:
    """R-VL-35, Đ10.1, Phụ lục 2: to the citizen by name, or to Ông/Bà where no name is known."""
    conversation = sent(talk) if named else talk(PROVINCE)
    agency, result = "Sở Công Thương", "Đã dựng lại cột điện."

    told = changed(conversation, "result.published", status="published", agency=agency, text=result)

    wanted = ANNEX_2.format(agency=agency, who=NAME if named else "Ông/Bà", result=result)
    assert told.split("\n\n")[0] == wanted


def test_an_answer_to_a_result_reaches_the_agency_however_often(talk: Talks) -> None:
    """R-VL-40, Đ11.1."""
    conversation = sent(talk)
    changed(conversation, "result.published", status="published", agency="Sở Công Thương", text="Đã sửa.")

    for days in (1, 30, 60):
        conversation.stage.wait(timedelta(days=days))
        answer = conversation.says("chưa rõ")

    assert "Sở Công Thương" in answer
    assert [said.kind for said in conversation.stage.seen.follow_ups] == [FollowUpKind.CLARIFY] * 3


def test_three_labels_and_no_other(talk: Talks) -> None:
    """R-VL-41, Đ11.2."""
    conversation = sent(talk)

    asked = changed(conversation, "result.published", status="published", text="Đã sửa.").splitlines()[-1]
    conversation.says("Chấp nhận được")

    assert asked == "Hài lòng / Chấp nhận được / Không hài lòng"
    (said,) = conversation.stage.seen.follow_ups
    assert (said.kind, said.value, said.label) == (FollowUpKind.RATING, 2, "Chấp nhận được")


def test_what_is_forwarded_again_is_told(talk: Talks) -> None:
    """R-VL-42, Đ11.3: the Centre sees the citizen's answer and passes it on."""
    conversation = sent(talk)
    changed(conversation, "result.published", status="published", agency="Sở Công Thương", text="Đã sửa.")

    received = conversation.says("chưa rõ")
    forwarded = changed(conversation, "report.assigned", status="assigned", agency="Sở Xây dựng")

    assert conversation.profile.text("followup_received").split("{")[0] in received and CODE in received
    assert "Sở Xây dựng" in forwarded and CODE in forwarded
