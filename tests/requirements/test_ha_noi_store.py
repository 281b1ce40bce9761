"""Hà Nội, rows shown with the case store: limits, refusals, proofs, and what the public sees."""

import json
from datetime import datetime
from typing import Any

import pytest

from regulations.calendar import deadlines_for
from regulations.loader import load
from tests.case_store.running import KEY, STAFF, Clock, RunningStore, StartStore

PROFILE = load("ha-noi")
PROOF = ("https://files.test/ket-qua.jpg",)
FRIDAY_AFTERNOON = datetime.fromisoformat("2026-11-20T16:30:00+07:00")


@pytest.fixture
def office(start_store: StartStore) -> RunningStore:
    return start_store(profiles=("ha-noi",))


def a_case(store: RunningStore, **values: Any) -> str:
    """The gateway has applied the profile: with a normalized report no field is asked for again."""
    return store.code_of(**{"service_code": "ve_sinh_moi_truong", "attribute[report]": "{}"} | values)


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    return found


def due_of(store: RunningStore, code: str, rule: str) -> str:
    return next(str(clock["due"]) for clock in one(store, code)["clocks"] if clock["rule"] == rule)


def told(store: RunningStore) -> dict[str, Any]:
    """The latest news that the gateway is told."""
    last: dict[str, Any] = store.get("servicerequestupdates.json", api_key=KEY).json()[-1]
    return last


def citizen_answers(store: RunningStore, code: str) -> None:
    form = {
        "api_key": KEY,
        "service_request_id": code,
        "update_id": "answer-1",
        "status": "UNCHANGED",
        "updated_datetime": store.clock().isoformat(),
        "description": "Trước số nhà 20",
        "attribute[kind]": "supplement",
    }
    store.http.post("/open311/v2/servicerequestupdates.json", data=form).raise_for_status()


# --- limits -----------------------------------------------------------------------------------------------------------


def test_the_decision_to_accept_is_due_eight_working_hours_after_the_report(start_store: StartStore) -> None:
    """R-HN-39, Đ7.2.d, Đ8.5: half an hour of Friday is left, the rest is Monday's; officers see it beside the case."""
    store = start_store(profiles=("ha-noi",), clock=Clock(at=FRIDAY_AFTERNOON))

    code = a_case(store)

    assert due_of(store, code, "tiep_nhan") == "23/11/2026 16:30"
    assert "23/11/2026 16:30" in store.http.get("/officer/rows", headers={"x-staff-key": STAFF}).text


@pytest.mark.parametrize(("kind", "level"), [("nha_dau_tu_dn", "thuong"), ("lang_phi", "thuong")])
def test_investors_have_the_clocks_of_wasteful_acts(office: RunningStore, kind: str, level: str) -> None:
    """R-HN-58, Đ11.4 as Đ10.4: eight hours, four hours, thirty working days; urgent ones four hours."""
    report = {"attribute[report_type]": kind, "attribute[level]": level}
    code = a_case(office, service_code=kind, **report)

    office.play(code, "assigned").raise_for_status()

    # Thirty working days after Friday 20/11 with the holiday of 24/11 between: 01/01/2027 is free as well.
    assert due_of(office, code, f"{kind}_thuong") == "05/01/2027 17:00"
    assert due_of(office, code, "tiep_nhan") == "23/11/2026 09:00"
    assert due_of(office, code, "dieu_phoi") == "20/11/2026 14:00"
    urgent = {clock.id: clock for clock in deadlines_for(PROFILE, "unit.received", FRIDAY_AFTERNOON, kind, "khan")}
    assert urgent[f"{kind}_khan"].due == datetime.fromisoformat("2026-11-23T11:30:00+07:00")


def test_a_rule_under_another_decision_gets_no_number_of_ours(office: RunningStore) -> None:
    """R-HN-18, Đ5.3: the handling limit is another decision's; we name it and promise no day."""
    report = {"attribute[report_type]": "quy_dinh_hanh_chinh"}
    code = a_case(office, service_code="quy_dinh_hanh_chinh", **report)

    assert due_of(office, code, "quy_dinh_hanh_chinh") == ""
    assert "13/2023/QĐ-UBND" in PROFILE.report_types["quy_dinh_hanh_chinh"].external_rule
    assert not office.get(f"requests/{code}.json").json()[0].get("expected_datetime")


# --- refusing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "không thích", "khong_co_ly_do_nay"])
def test_a_refusal_without_a_listed_reason_is_not_carried_out(office: RunningStore, reason: str) -> None:
    """R-HN-28, Đ6.2, Đ7.1.a: words alone do not do."""
    code = a_case(office)

    answer = office.play(code, "refused", "Không tiếp nhận", reason=reason)

    assert (answer.status_code, answer.json()[0]["code"]) == (400, "reason")
    assert one(office, code)["stage"] == "submitted"


def test_officers_choose_from_the_reasons_of_the_decision(office: RunningStore) -> None:
    """R-HN-28, R-HN-30, R-HN-34, Đ6.2.a, c, e: the reasons stand on the page, word for word."""
    a_case(office)

    page = office.http.get("/officer/rows", headers={"x-staff-key": STAFF}).text

    for reason in ("thieu_hoac_sai_thong_tin", "trung_su_dung_lai", "quang_cao"):
        assert f'<option value="{reason}">{PROFILE.refusals[reason].text}</option>' in page


def test_a_refusal_is_told_with_its_reason_and_article(office: RunningStore) -> None:
    """R-HN-35, R-HN-28, Đ7.1.a, Đ7.2.a: as the store tells it; what the citizen reads is shown with the talks."""
    code = a_case(office)

    office.play(code, "refused", reason="thieu_hoac_sai_thong_tin").raise_for_status()

    extras = told(office)["extras"]
    assert extras["reason"] == PROFILE.refusals["thieu_hoac_sai_thong_tin"].text
    assert extras["article"] == "điểm a khoản 2 Điều 6"


def test_unverifiable_needs_two_failed_attempts(office: RunningStore) -> None:
    """R-HN-31, Đ6.2.d: before any, after one, after two, which may be within the four hours."""
    code = a_case(office)

    before = office.play(code, "refused", reason="khong_xac_minh_duoc").status_code
    office.play(code, "need_more", "Xin cho biết số nhà").raise_for_status()
    after_one = office.play(code, "refused", reason="khong_xac_minh_duoc").status_code
    office.clock.move(hours=1)
    office.play(code, "need_more", "Xin cho biết số nhà").raise_for_status()
    after_two = office.play(code, "refused", reason="khong_xac_minh_duoc").status_code

    assert (before, after_one, after_two) == (400, 400, 200)


def test_an_attempt_that_was_answered_has_not_failed(office: RunningStore) -> None:
    """R-HN-31, Đ6.2.d, Đ6.2.đ: then the other reason, false data, may be chosen."""
    code = a_case(office)
    for _ in range(2):
        office.play(code, "need_more", "Xin cho biết số nhà").raise_for_status()
    early = office.play(code, "refused", reason="khong_chinh_xac").status_code
    office.clock.move(minutes=30)

    citizen_answers(office, code)

    assert early == 400
    assert office.play(code, "refused", reason="khong_xac_minh_duoc").status_code == 400
    assert office.play(code, "refused", reason="khong_chinh_xac").status_code == 200


def test_after_four_working_hours_the_refusal_is_proposed(office: RunningStore) -> None:
    """R-HN-31, Đ6.2.d: the hours count from the report, not from the first question; officers decide."""
    code = a_case(office)
    office.clock.move(hours=1)
    office.play(code, "need_more", "Xin cho biết số nhà").raise_for_status()

    due = due_of(office, code, "xac_minh")
    before = one(office, code)["proposed"]
    office.clock.move(hours=4, minutes=1)

    # 09:00, then three hours before noon and one after it.
    assert due == "20/11/2026 14:00"
    assert (before, one(office, code)["proposed"]) == ("", "khong_xac_minh_duoc")
    assert "đề xuất" in office.http.get("/officer/rows", headers={"x-staff-key": STAFF}).text


def test_an_answer_stops_the_clock_of_verification(office: RunningStore) -> None:
    """R-HN-31, R-HN-32, Đ6.2.d: each question is on file, and the answer with them."""
    code = a_case(office)
    for words in ("Xin cho biết số nhà", "Xin cho biết thời gian"):
        office.play(code, "need_more", words).raise_for_status()

    citizen_answers(office, code)

    case = one(office, code)
    assert [entry["text"] for entry in case["history"]] == [
        "Xin cho biết số nhà",
        "Xin cho biết thời gian",
        "Trước số nhà 20",
    ]
    assert [clock["running"] for clock in case["clocks"] if clock["rule"] == "xac_minh"] == [False]


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["resolved", "published", "sent_private"])
def test_a_result_without_a_picture_or_file_cannot_be_recorded(office: RunningStore, to: str) -> None:
    """R-HN-60, Đ12.2."""
    code = a_case(office)
    office.play(code, "assigned").raise_for_status()

    without = office.play(code, to, "Đã dọn")
    with_proof = office.play(code, to, "Đã dọn", media=PROOF)

    assert (without.status_code, without.json()[0]["code"]) == (400, "media")
    assert with_proof.status_code == 200


def test_what_was_recorded_is_published_without_another_file(office: RunningStore) -> None:
    """R-HN-60, R-HN-41, Đ12.2, Đ12.3: approval follows, and the proof goes with the result."""
    code = a_case(office)
    office.play(code, "resolved", "Đã dọn", media=PROOF).raise_for_status()

    office.play(code, "published").raise_for_status()

    assert told(office)["extras"]["event"] == "result.published"


def test_another_province_demands_no_picture(start_store: StartStore) -> None:
    """R-HN-60: a rule of this profile (`media.result_proof_required`), not of the program."""
    store = start_store(profiles=("tien-giang",))
    code = store.code_of()

    assert store.play(code, "resolved", "Đã thay bóng").status_code == 200


# --- what the public sees ---------------------------------------------------------------------------------------------


def test_a_confidential_report_is_public_without_its_sender(office: RunningStore) -> None:
    """R-HN-23, Đ5.7, Đ8.3: content and result stay public, the name is nowhere."""
    report = json.dumps({"confidential": True, "reporter": {"name": "Nguyễn Thu Trang"}})
    code = a_case(office, description="Rác chất đống", first_name="Trang", **{"attribute[report]": report})
    office.play(code, "published", "Đã dọn", media=PROOF).raise_for_status()

    public = office.get(f"requests/{code}.json").json()[0]

    assert public["description"] == "Rác chất đống" and public["status_notes"] == "Đã dọn"
    assert "Trang" not in json.dumps(public, ensure_ascii=False)


def test_the_report_says_which_channel_it_came_from(office: RunningStore) -> None:
    """R-HN-03, Đ3.1*: the system of record is the store; a chat is a front door to it and is named as such."""
    code = a_case(office, **{"attribute[channel]": "zalo"})

    assert one(office, code)["channel"] == "zalo"
    assert PROFILE.channels["app"].named_in_regulation and not PROFILE.channels["zalo"].named_in_regulation


def test_a_case_keeps_the_agency_it_was_given(office: RunningStore) -> None:
    """R-HN-89, Đ28.1*: an officer names the body of today; cases taken before keep theirs."""
    old, new = a_case(office), a_case(office)
    usual = one(office, old)["agency"]

    office.play(new, "assigned", agency="UBND phường mới").raise_for_status()

    assert (one(office, old)["agency"], one(office, new)["agency"]) == (usual, "UBND phường mới")
