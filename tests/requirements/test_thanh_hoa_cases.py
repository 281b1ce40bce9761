"""Thanh Hóa, 115/2025/QĐ-UBND: what happens to a report after it was sent, told in the chat and kept in the store."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import FollowUpKind
from core.events import CaseChanged, CaseKnown
from regulations.calendar import deadlines_for, due
from regulations.loader import load
from regulations.model import ScaleRow
from tests.case_store.running import KEY, STAFF, RunningStore, StartStore, until

Talks = Callable[..., Any]
PROVINCE = "thanh-hoa"
CODE = "TH-261110-0004"
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
PERSON = {
    "first_name": "Văn An",
    "last_name": "Nguyễn",
    "phone": "+84912345678",
    "attribute[full_name]": "Nguyễn Văn An",
    "attribute[tax_code]": "2800123456",
}


def a_case(talk: Talks, profile: Any = PROVINCE, **known: Any) -> Any:
    conversation = talk(profile)
    agency = known.pop("agency", "Sở Xây dựng")
    conversation.happens(CaseKnown(code=CODE, at=conversation.stage.now, agency=agency, **known))
    return conversation


def changed(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code=CODE, update_id=name, name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store(profiles=(PROVINCE,), sweep_seconds=0.05)


def code_of(store: RunningStore, **values: Any) -> str:
    return store.code_of(service_code="khac", **values)


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    return found


def news_of(store: RunningStore, event: str) -> list[dict[str, Any]]:
    window: dict[str, Any] = {"start_date": "2026-11-20T00:00:00Z", "end_date": "2027-01-31T00:00:00Z"}
    found = store.get("servicerequestupdates.json", api_key=KEY, **window).json()
    return [entry for entry in found if entry["extras"]["event"] == event]


def everything_public(store: RunningStore, code: str) -> str:
    paths = ("requests", f"requests/{code}", "servicerequestupdates")
    return "".join(
        store.get(f"{path}.{fmt}", extensions="true", service_request_id=code).text
        for path in paths
        for fmt in ("json", "xml")
    )


# --- who may read what: article 7 -------------------------------------------------------------------------------------


def test_name_phone_and_tax_code_are_public_in_no_state(store: RunningStore) -> None:
    """R-TH-21, Đ7.2: also where the content is public."""
    code = code_of(store, **PERSON, description="Ổ gà trước trường", **{"attribute[report]": report_of_an()})

    for to, text in (("assigned", ""), ("in_progress", ""), ("resolved", "Đã vá"), ("published", "Đã vá")):
        store.play(code, to, text).raise_for_status()
        told = everything_public(store, code)
        assert "Ổ gà trước trường" in told
        assert [secret for secret in ("Văn An", "912345678", "2800123456") if secret in told] == []


def report_of_an() -> str:
    return json.dumps({"reporter": {"name": "Nguyễn Văn An", "phone": "+84912345678", "tax_code": "2800123456"}})


def test_what_is_confidential_cannot_be_read_by_the_public(store: RunningStore) -> None:
    """R-TH-22, Đ7.3: neither listed nor read; the code alone tells that it exists, and its state."""
    code = code_of(store, description="Xưởng xả thải ban đêm", **{"attribute[anonymous]": "true"})
    store.play(code, "published", "Đã xử phạt xưởng").raise_for_status()

    assert store.get("requests.json").json() == []
    assert [word for word in ("Xưởng", "xử phạt") if word in everything_public(store, code)] == []


# --- article 11 -------------------------------------------------------------------------------------------------------


def test_the_units_result_goes_to_intake_which_publishes_it(talk: Talks, store: RunningStore) -> None:
    """R-TH-37, Đ11.1: ten working days for the unit; the citizen hears of the published result alone."""
    code = code_of(store)
    store.play(code, "assigned").raise_for_status()
    clocks = {clock["rule"] for clock in one(store, code)["clocks"] if clock["running"]}
    assert "xu_ly" in clocks
    monday = datetime(2026, 11, 16, 9, 0, tzinfo=LOCAL)
    assert due(monday, 10, "working_day", load(PROVINCE).calendar) == datetime(2026, 12, 1, 17, 30, tzinfo=LOCAL)

    conversation = a_case(talk)
    assert changed(conversation, "result.recorded", status="in_progress", text="Đã nạo vét") == ""
    assert "Đã nạo vét" in changed(conversation, "result.published", status="published", text="Đã nạo vét")


def test_a_late_unit_owes_a_reason_and_stays_late(talk: Talks, store: RunningStore) -> None:
    """R-TH-38, Đ11.1: day 11 without a reason is overdue; the reason is told, the clock goes on."""
    code = code_of(store)
    store.play(code, "assigned").raise_for_status()
    store.clock.move(days=30)
    until(lambda: one(store, code)["state"] == "overdue")

    assert store.play(code, "extended").json()[0]["code"] == "text"
    store.play(code, "extended", "Chờ kết quả giám định").raise_for_status()

    (clock,) = [clock for clock in one(store, code)["clocks"] if clock["rule"] == "xu_ly"]
    assert clock["running"] and clock["late"]
    assert one(store, code)["state"] == "late_reason"
    assert [entry["description"] for entry in news_of(store, "extension.announced")] == ["Chờ kết quả giám định"]
    answer = changed(a_case(talk), "extension.announced", status="late_reason", reason="Chờ kết quả giám định")
    assert "Lý do: Chờ kết quả giám định" in answer


@pytest.mark.parametrize("agency", ["Sở Công Thương", load(PROVINCE).routing.unknown_authority])
def test_a_forwarded_report_is_told_with_the_agency_it_went_to(talk: Talks, agency: str) -> None:
    """R-TH-40, Đ11.2: another agency, or Văn phòng UBND tỉnh where nobody is known to be competent."""
    answer = changed(a_case(talk), "report.forwarded", status="forwarded", agency=agency)

    assert CODE in answer and agency in answer and "chuyển" in answer
    assert load(PROVINCE).routing.unknown_authority == "Văn phòng UBND tỉnh"


def test_what_staff_ask_for_is_answered_here_and_joined_to_the_case(talk: Talks, store: RunningStore) -> None:
    """R-TH-41, Đ11.3."""
    conversation = a_case(talk)
    asked = changed(conversation, "verify.opened", status="need_more", missing="Đoạn đường nào?")
    conversation.says("đoạn từ cầu Sâng đến chợ")

    (said,) = conversation.stage.seen.follow_ups
    assert "Đoạn đường nào?" in asked
    assert (said.code, said.kind, said.text) == (CODE, FollowUpKind.SUPPLEMENT, "đoạn từ cầu Sâng đến chợ")

    code = code_of(store)
    store.play(code, "need_more", "Đoạn đường nào?").raise_for_status()
    assert store.play(code, "refused").status_code == 400
    store.play(code, "refused", reason="khong_du_co_so").raise_for_status()
    assert news_of(store, "report.refused")[0]["extras"]["article"] == "khoản 3 Điều 11"


def test_a_refusal_has_a_reason_and_the_citizen_reads_it_with_its_article(talk: Talks, store: RunningStore) -> None:
    """R-TH-42, Đ11.4."""
    code = code_of(store)
    assert store.play(code, "refused").status_code == 400
    assert one(store, code)["state"] == "submitted"
    store.play(code, "refused", reason="trung_lap").raise_for_status()
    extras = news_of(store, "report.refused")[0]["extras"]

    answer = changed(
        a_case(talk), "report.refused", status="refused", reason=extras["reason"], article=extras["article"]
    )

    assert "khoản 6 Điều 7" in answer and "trùng lặp" in answer and "115/2025/QĐ-UBND" in answer


# --- articles 12 and 13 -----------------------------------------------------------------------------------------------


def test_a_result_is_due_in_public_within_a_working_day_and_told_as_it_appears(talk: Talks) -> None:
    """R-TH-46, Đ12.1: Monday 16:00, Tuesday is a holiday: Wednesday 17:30."""
    monday = datetime(2026, 11, 23, 16, 0, tzinfo=LOCAL)
    clocks = {clock.id: clock.due for clock in deadlines_for(load(PROVINCE), "result.recorded", monday)}
    assert clocks["cong_khai"] == datetime(2026, 11, 25, 17, 30, tzinfo=LOCAL)

    assert "Đã nạo vét" in changed(a_case(talk), "result.published", status="published", text="Đã nạo vét")


def test_a_result_arrives_where_the_citizen_wrote_and_its_arrival_is_kept(talk: Talks) -> None:
    """R-TH-47, Đ12.2: the citizen's window counts from the delivery that the platform confirmed."""
    conversation = a_case(talk)

    changed(conversation, "result.published", status="published", text="Đã nạo vét")

    known = conversation.stage.state.cases[0]
    assert known.case.delivered_at == conversation.stage.now
    assert "Đã nạo vét" in conversation.stage.seen.texts[0]


def test_a_cancelled_result_is_taken_back_and_the_new_one_is_told(talk: Talks, store: RunningStore) -> None:
    """R-TH-49, Đ12.3."""
    conversation = a_case(talk)
    changed(conversation, "result.published", status="published", text="Không có vi phạm")
    answer = changed(conversation, "result.rejected", status="cancelled_result", reason="Chưa kiểm tra thực địa")
    state = conversation.says(CODE)
    again = changed(conversation, "result.published", status="published", text="Không có vi phạm")

    assert "thu hồi" in answer and "xử lý lại" in answer and "Chưa kiểm tra thực địa" in answer
    assert "Hủy kết quả, xử lý lại" in state and "Không có vi phạm" not in state
    assert "Không có vi phạm" in again

    code = code_of(store)
    store.play(code, "published", "Không có vi phạm").raise_for_status()
    store.play(code, "cancelled_result", "Chưa kiểm tra thực địa").raise_for_status()
    case = one(store, code)
    assert (case["state"], case["open"]) == ("cancelled_result", True)
    assert store.get(f"requests/{code}.json").json()[0]["status_notes"] != "Không có vi phạm"
    assert "Không có vi phạm" in [entry["text"] for entry in case["history"]]


def test_the_words_of_an_appeal_stay_with_the_case_for_the_agency(talk: Talks, store: RunningStore) -> None:
    """R-TH-53, Đ13.1."""
    conversation = a_case(talk)
    changed(conversation, "result.published", status="published", text="Không có vi phạm")
    conversation.says("không đồng ý, xưởng vẫn xả thải mỗi đêm")
    (appeal,) = conversation.stage.seen.follow_ups
    assert appeal.kind is FollowUpKind.APPEAL and "xưởng vẫn xả thải mỗi đêm" in appeal.text

    code = code_of(store)
    store.play(code, "published", "Không có vi phạm").raise_for_status()
    form = {
        "api_key": KEY,
        "service_request_id": code,
        "update_id": "phuc-dap-1",
        "status": "UNCHANGED",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": appeal.text,
        "attribute[kind]": "appeal",
    }
    store.http.post("/open311/v2/servicerequestupdates.json", data=form).raise_for_status()
    case = one(store, code)
    assert case["state"] == "appealed"
    assert appeal.text in [entry["text"] for entry in case["history"]]


# --- article 20 -------------------------------------------------------------------------------------------------------


def test_the_citizen_follows_rates_and_answers_in_the_chat(talk: Talks) -> None:
    """R-TH-66, Đ20.2."""
    conversation = a_case(talk, status="in_progress")
    assert "Đang xử lý" in conversation.says(CODE)

    asked = changed(conversation, "result.published", status="published", text="Đã nạo vét")
    assert "đánh giá" in asked and "Không hài lòng" in asked
    conversation.says("không hài lòng")
    conversation.says(f"{CODE} không đồng ý, vẫn tắc")

    kinds = [entry.kind for entry in conversation.stage.seen.follow_ups]
    assert kinds == [FollowUpKind.RATING, FollowUpKind.APPEAL]


def test_the_scale_is_the_profiles_and_free_words_are_taken(talk: Talks) -> None:
    """R-TH-67, Đ20.2."""
    profile = load(PROVINCE)
    assert [row.label for row in profile.rating.scale.values()] == ["Hài lòng", "Bình thường", "Không hài lòng"]
    scale = {
        1: ScaleRow(value=1, label="Chưa được", polarity="negative", src="test"),
        2: ScaleRow(value=2, label="Được việc", polarity="positive", src="test"),
    }
    conversation = a_case(talk, replace(profile, rating=replace(profile.rating, scale=scale)))

    asked = changed(conversation, "result.published", status="published", text="Đã nạo vét")
    conversation.says("được việc")
    conversation.says("nhưng hơi lâu")

    rating = conversation.stage.seen.follow_ups[-1]
    assert "Chưa được" in asked and "Được việc" in asked and "Bình thường" not in asked
    assert (rating.value, rating.label) == (2, "Được việc") and "hơi lâu" in rating.text
