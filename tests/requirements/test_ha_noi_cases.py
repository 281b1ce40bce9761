"""Hà Nội, what citizens hear about their cases and may still say (articles 6 to 9, 12, 13 and 26)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from core.effects import FollowUpKind
from core.events import CaseChanged, CaseKnown, SendSettled
from dialog import waiting_for
from regulations.calendar import due
from regulations.loader import load

Talks = Callable[..., Any]
CODE, WARD = "HN-261118-0007", "UBND phường Cầu Giấy"
FRIDAY = "2026-11-20T12:00:00+07:00"


def a_case(talk: Talks, **known: Any) -> Any:
    conversation = talk("ha-noi")
    conversation.happens(CaseKnown(code=CODE, at=conversation.stage.now, agency=WARD, **known))
    return conversation


def changed(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code=CODE, update_id="u", name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


def with_result(talk: Talks) -> Any:
    conversation = a_case(talk)
    changed(conversation, "result.published", status="published", text="Đã dọn")
    return conversation


def to_receipt(conversation: Any, matter: str) -> str:
    conversation.says(f"Em là Nguyễn Thu Trang, cccd 001203012345, sđt 0912 345 678, mail a@b.vn. {matter}")
    for _ in range(3):
        if waiting_for(conversation.stage.state) != "confirm":
            conversation.says("không")
    return str(conversation.says("gửi"))


# --- receipts ---------------------------------------------------------------------------------------------------------


def test_a_report_about_a_rule_is_promised_no_days(talk: Talks) -> None:
    """R-HN-18, Đ5.3: the receipt names the other decision instead of our own limits."""
    conversation = talk("ha-noi")

    receipt = to_receipt(conversation, "Quy định về giấy phép xây dựng chồng chéo, cần sửa")

    assert conversation.reports[0].report_type == "quy_dinh_hanh_chinh"
    assert "13/2023/QĐ-UBND" in receipt and "HN-261120-0001" in receipt
    assert "ngày làm việc" not in receipt and "giờ làm việc" not in receipt


def test_an_initiative_is_thanked_for_with_its_thirty_days(talk: Talks) -> None:
    """R-HN-53, Đ9: its kind, its own receipt, and thirty working days from the unit's receipt."""
    conversation = talk("ha-noi")

    receipt = to_receipt(conversation, "Hiến kế xây dựng Thủ đô: nên trồng cây hoa ban dọc sông Tô Lịch")

    limit = conversation.profile.deadlines["sang_kien"]
    assert conversation.reports[0].report_type == "sang_kien"
    assert "Cảm ơn sáng kiến" in receipt and "HN-261120-0001" in receipt and "30 ngày làm việc" in receipt
    assert (limit.amount, limit.unit, limit.from_event) == (30, "working_day", "unit.received")


def test_an_ordinary_report_keeps_the_ordinary_receipt(talk: Talks) -> None:
    """R-HN-53, R-HN-18: the other receipts belong to their kinds only; asked again, the same one comes."""
    conversation = talk("ha-noi")

    receipt = to_receipt(conversation, "rác chất đống trước số 20 Trần Thái Tông, phường Cầu Giấy")

    assert "08 giờ làm việc" in receipt and "sáng kiến" not in receipt
    assert conversation.says("gửi") == receipt


# --- what is told -----------------------------------------------------------------------------------------------------


def test_a_refusal_reaches_the_citizen_with_reason_and_article(talk: Talks) -> None:
    """R-HN-35, Đ7.1.a, Đ7.2.a."""
    row = load("ha-noi").refusals["thieu_hoac_sai_thong_tin"]

    answer = changed(a_case(talk), "report.refused", status="refused", reason=row.text, article=row.article)

    assert "khoản 2 Điều 6" in answer and row.text in answer


def test_staff_may_ask_for_more_and_the_answer_goes_to_the_case(talk: Talks) -> None:
    """R-HN-36, R-HN-32, R-HN-54, Đ7.1.b, Đ6.2.d, Đ9: each question is told, each answer attached."""
    conversation = a_case(talk)

    for question, answer in (("số nhà", "số 20"), ("thời gian", "từ tối qua")):
        assert question in changed(conversation, "verify.opened", status="verifying", missing=question)
        conversation.says(answer)

    said = [(entry.code, entry.kind, entry.text) for entry in conversation.stage.seen.follow_ups]
    assert said == [(CODE, FollowUpKind.SUPPLEMENT, "số 20"), (CODE, FollowUpKind.SUPPLEMENT, "từ tối qua")]
    assert not conversation.reports


def test_an_accepted_report_is_told_with_its_agency(talk: Talks) -> None:
    """R-HN-37, Đ7.2.b."""
    answer = changed(a_case(talk), "report.accepted", status="accepted")

    assert CODE in answer and "đã được tiếp nhận" in answer and WARD in answer


def test_a_report_beyond_the_agency_is_told_to_go_up(talk: Talks) -> None:
    """R-HN-38, Đ7.2.c."""
    answer = changed(a_case(talk), "report.escalated", status="forwarded", agency="Sở Xây dựng")

    assert CODE in answer and "Sở Xây dựng" in answer and "chuyển" in answer


def test_only_the_published_result_is_told_and_then_the_rating(talk: Talks) -> None:
    """R-HN-41, Đ8.1.đ, Đ12.3: what waits for the head's approval is not told."""
    conversation = a_case(talk)

    proposed = changed(conversation, "result.recorded", status="resolved", text="Đã dọn")
    published = changed(conversation, "result.published", status="published", text="Đã dọn")

    result, rating = published.split("\n\n", 1)
    assert proposed == ""
    assert "Đã dọn" in result and "Hài lòng" in rating


@pytest.mark.parametrize(
    ("name", "status"),
    [("coop.answered", "coordinating"), ("result.proposed", "awaiting_approval"), ("result.recorded", "coordinating")],
)
def test_a_coordinating_agencys_result_is_not_told(talk: Talks, name: str, status: str) -> None:
    """R-HN-43, Đ8.2.c: the lead agency alone answers."""
    conversation = a_case(talk)

    assert changed(conversation, name, status=status, text="Phần việc của đơn vị phối hợp đã xong") == ""
    assert "Đã dọn" in changed(conversation, "result.published", status="published", text="Đã dọn")


# --- what is still said -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        # Two days after Friday is Sunday; the citizen's last day is then Monday.
        ("2026-11-23T23:00:00+07:00", "clarify_sent"),
        ("2026-11-24T08:00:00+07:00", "appeal_denied:window"),
    ],
)
def test_clarification_may_be_asked_for_until_the_second_day(talk: Talks, asked: str, outcome: str) -> None:
    """R-HN-63, Đ13: calendar days, rolled to a working day."""
    conversation = a_case(talk, status="published", delivered_at=datetime.fromisoformat(FRIDAY))
    conversation.stage.now = datetime.fromisoformat(asked)

    answer = conversation.says(f"{CODE} yêu cầu làm rõ")

    assert conversation.outcomes == [outcome]
    assert ("hết thời hạn 02 ngày" in answer) == (outcome != "clarify_sent")


def test_the_window_opens_when_the_result_arrives(talk: Talks) -> None:
    """R-HN-63, Đ13: "kể từ ngày nhận được kết quả": an undelivered message starts nothing."""
    conversation = a_case(talk)
    at = conversation.stage.now
    conversation.happens(SendSettled(code=CODE, name="result.published", at=at, delivered=False))
    before = conversation.stage.state.cases[0].case.delivered_at

    conversation.happens(SendSettled(code=CODE, name="result.published", at=at, delivered=True))

    assert (before, conversation.stage.state.cases[0].case.delivered_at) == (None, at)


def test_clarification_has_no_maximum_inside_its_window(talk: Talks) -> None:
    """R-HN-65, Đ13; each is due in two working days."""
    conversation = a_case(talk, status="published", delivered_at=datetime.fromisoformat(FRIDAY))
    answer_due = due(conversation.stage.now, 2, "working_day", conversation.profile.calendar).strftime("%d/%m/%Y")

    answers = [conversation.says(f"{CODE} yêu cầu làm rõ") for _ in range(3)]

    assert conversation.outcomes == ["clarify_sent"] * 3
    assert all(answer_due in answer for answer in answers)


def test_the_three_labels_are_offered_and_a_comment_is_kept(talk: Talks) -> None:
    """R-HN-66, Đ13."""
    conversation = a_case(talk)

    answer = changed(conversation, "result.published", status="published", text="Đã dọn")
    conversation.says(button=f"rate:{CODE}:1")
    conversation.says("dọn chưa sạch")

    assert "Hài lòng / Chấp nhận được / Chưa hài lòng" in answer
    assert [(entry.label, entry.text) for entry in conversation.stage.seen.follow_ups] == [
        ("Chưa hài lòng", ""),
        ("Chưa hài lòng", "dọn chưa sạch"),
    ]


def test_a_second_rating_takes_the_place_of_the_first(talk: Talks) -> None:
    """R-HN-92, Đ13, Đ26.2: as the gateway tells it; that the store keeps the last one is shown there."""
    conversation = with_result(talk)

    conversation.says(button=f"rate:{CODE}:3")
    conversation.says(button=f"rate:{CODE}:1")

    assert [entry.value for entry in conversation.stage.seen.follow_ups] == [3, 1]
    assert conversation.stage.state.cases[0].case.rated == 1


@pytest.mark.parametrize("said", [{"button": f"rate:{CODE}:1"}, {"text": f"{CODE} chưa hài lòng"}])
def test_nobody_else_rates_a_case(talk: Talks, said: dict[str, str]) -> None:
    """R-HN-92, Đ13: not with the button's key, not with the code, not after looking it up or hearing of it."""
    stranger = talk("ha-noi")
    stranger.stage.others[CODE] = {"status": "published", "category": "ve_sinh_moi_truong"}
    stranger.says(CODE)
    stranger.says(**said)
    stranger.happens(CaseKnown(code=CODE, at=stranger.stage.now, own=False, delivered_at=stranger.stage.now))

    stranger.says(**said)

    assert stranger.stage.seen.follow_ups == []


def test_the_code_alone_tells_the_state(talk: Talks) -> None:
    """R-HN-81, Đ26.1, Đ26.2: written any way, without anybody's help."""
    conversation = a_case(talk, status="in_progress", due="01/12/2026")

    answers = [conversation.says(text) for text in (CODE, "hn 261118 0007 tới đâu rồi ạ")]

    assert all("Đang xử lý" in answer and WARD in answer and "01/12/2026" in answer for answer in answers)
    assert conversation.outcomes == ["status_shown"] * 2


def test_a_rating_is_asked_for_again_after_some_days_and_then_no_more(talk: Talks) -> None:
    """R-HN-66, Đ13."""
    conversation = with_result(talk)
    told = len(conversation.stage.seen.texts)

    conversation.stage.wait(timedelta(days=60))

    assert len(conversation.stage.seen.texts) - told == conversation.profile.rating.max_reminders
