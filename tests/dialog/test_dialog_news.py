"""News from the case store, and what the citizen may still say about a case."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.effects import FollowUpKind
from core.events import CaseChanged, CaseKnown, CaseOpened, SendSettled
from regulations.calendar import due

CODE = "TG-261110-0004"


def a_case(talk: Callable[..., Any], profile: str = "tien-giang", code: str = CODE, **known: Any) -> Any:
    conversation = talk(profile)
    conversation.happens(CaseKnown(code=code, at=conversation.stage.now, agency="Sở Xây dựng", **known))
    return conversation


def changed(conversation: Any, name: str, code: str = CODE, **values: Any) -> str:
    event = CaseChanged(code=code, update_id="u", name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


def test_a_known_case_is_remembered_in_silence(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk, status="in_progress")

    assert conversation.stage.seen.texts == []


def test_the_result_and_then_the_rating_are_told(talk: Callable[..., Any]) -> None:
    """R-TG-47, Đ10.1; R-TG-50, Đ11.1."""
    answer = changed(a_case(talk), "result.recorded", text="Đã vá đường")

    result, rating = answer.split("\n\n", 1)
    assert "Đã vá đường" in result and "1022.tiengiang.gov.vn" in result
    assert "Hài lòng" in rating and "Bình thường" in rating and "Không hài lòng" in rating


def test_the_same_result_published_later_is_not_told_again(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk)
    changed(conversation, "result.recorded", text="Đã vá đường", status="resolved")

    again = changed(conversation, "result.published", text="Đã vá đường", status="published")

    assert again == ""


def test_a_result_told_in_private_keeps_its_text_out_of_the_chat(talk: Callable[..., Any]) -> None:
    """R-TG-49, Đ10.2."""
    answer = changed(a_case(talk), "result.sent", text="Ông A bị kỷ luật", status="sent_private")

    assert "Ông A" not in answer
    assert "điện thoại" in answer


@pytest.mark.parametrize(
    ("name", "status", "word"),
    [
        ("report.assigned", "assigned", "đã được tiếp nhận"),
        ("extension.announced", "extended", "thêm thời gian"),
        ("case.overdue", "overdue", "quá hạn"),
        ("report.refused", "refused", "chưa được tiếp nhận"),
    ],
)
def test_a_state_the_profile_notifies_is_told(talk: Callable[..., Any], name: str, status: str, word: str) -> None:
    answer = changed(
        a_case(talk), name, status=status, due="30/11/2026", reason="Cần khảo sát", article="khoản 5 Điều 4"
    )

    assert word in answer


@pytest.mark.parametrize("status", ["in_progress", "returned", "closed"])
def test_a_state_without_notice_is_not_told(talk: Callable[..., Any], status: str) -> None:
    assert changed(a_case(talk), "unit.started", status=status) == ""


def test_a_missing_due_date_leaves_no_half_sentence(talk: Callable[..., Any]) -> None:
    answer = changed(a_case(talk), "report.assigned", status="assigned")

    assert "Hạn" not in answer and "{" not in answer


def test_what_the_store_asked_for_goes_to_that_case(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk)
    question = changed(conversation, "report.check_failed", missing="ảnh hiện trường")

    conversation.says(photos=("a.jpg",))

    assert "ảnh hiện trường" in question
    (supplement,) = conversation.stage.seen.follow_ups
    assert (supplement.code, supplement.kind) == (CODE, FollowUpKind.SUPPLEMENT)
    assert len(supplement.media) == 1


def test_only_a_delivered_result_starts_the_citizens_window(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk)

    changed_now = conversation.stage.now
    conversation.happens(SendSettled(code=CODE, name="result.published", at=changed_now, delivered=False))
    before = conversation.stage.state.cases[0].case.delivered_at
    conversation.happens(SendSettled(code=CODE, name="result.published", at=changed_now, delivered=True))
    later = changed_now + timedelta(hours=1)
    conversation.happens(SendSettled(code=CODE, name="result.sent", at=later, delivered=True))

    assert before is None
    assert conversation.stage.state.cases[0].case.delivered_at == changed_now


def test_a_rating_by_button_may_be_followed_by_a_comment(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk)
    changed(conversation, "result.recorded", text="Đã vá đường")

    conversation.says(button=f"rate:{CODE}:1")
    conversation.says("vá sơ sơ hai bữa lại bung")

    first, second = conversation.stage.seen.follow_ups
    assert (first.value, first.label, first.text) == (1, "Không hài lòng", "")
    assert (second.value, second.text) == (1, "vá sơ sơ hai bữa lại bung")


def test_anger_is_no_rating(talk: Callable[..., Any]) -> None:
    """D20: 'tệ quá' is asked back with the labels."""
    conversation = a_case(talk)
    changed(conversation, "result.recorded", text="Đã vá đường")

    answer = conversation.says("tệ quá")

    assert "Không hài lòng" in answer
    assert conversation.stage.seen.follow_ups == []


def test_a_rating_is_asked_for_once_more_after_the_profiles_days(talk: Callable[..., Any]) -> None:
    conversation = a_case(talk)
    changed(conversation, "result.recorded", text="Đã vá đường")
    before = len(conversation.stage.seen.texts)

    conversation.stage.wait(timedelta(days=30))

    reminders = conversation.stage.seen.texts[before:]
    assert len(reminders) == conversation.profile.rating.max_reminders == 1


def test_disagreement_is_passed_on_without_limit(talk: Callable[..., Any]) -> None:
    """R-TG-53, Đ11.3."""
    conversation = a_case(talk, status="published", delivered_at=None)

    for _ in range(3):
        conversation.says(f"{CODE} tôi không đồng ý")

    assert conversation.outcomes == ["clarify_sent"] * 3


def test_an_appeal_is_allowed_once_and_within_its_window(talk: Callable[..., Any]) -> None:
    """R-TH-50, R-TH-51, Đ13.1."""
    code = "TH-261102-0003"
    conversation = talk("thanh-hoa")
    delivered = conversation.stage.now - timedelta(days=3)
    conversation.happens(CaseKnown(code=code, at=delivered, status="published", delivered_at=delivered))

    conversation.says(f"{code} tôi không đồng ý")
    conversation.says(f"{code} tôi không đồng ý nữa")

    assert conversation.outcomes == ["appealed", "appeal_denied:count"]


@pytest.mark.parametrize(("late", "outcome"), [(False, "clarify_sent"), (True, "appeal_denied:window")])
def test_the_window_ends_with_its_last_second(talk: Callable[..., Any], late: bool, outcome: str) -> None:
    """R-HN-63, Đ13: two days, rolled to a working day."""
    code = "HN-261118-0007"
    conversation = talk("ha-noi")
    delivered = conversation.stage.now
    conversation.happens(CaseKnown(code=code, at=delivered, status="published", delivered_at=delivered))
    end = due(delivered, 2, "calendar_day", conversation.profile.calendar, citizen=True)
    conversation.stage.now = end + timedelta(seconds=1) if late else end

    conversation.says(f"{code} yêu cầu làm rõ")

    assert conversation.outcomes == [outcome]


def test_a_case_of_someone_else_cannot_be_withdrawn(talk: Callable[..., Any]) -> None:
    """R-TH-45."""
    conversation = talk("thanh-hoa")

    conversation.says("rút lại phản ánh TH-261102-0003")

    assert conversation.stage.seen.follow_ups == []


def test_the_due_date_of_the_receipt_is_the_regulations(talk: Callable[..., Any]) -> None:
    """R-BN-36, Đ8*: seven calendar days."""
    conversation = talk("bac-ninh")

    answer = conversation.happens(CaseOpened(ordinal=1, code="BN-261120-0001", at=conversation.stage.now))

    assert "27/11/2026" in answer


def test_the_stores_own_due_date_wins(talk: Callable[..., Any]) -> None:
    conversation = talk("bac-ninh")

    answer = conversation.happens(
        CaseOpened(ordinal=1, code="BN-261120-0001", at=conversation.stage.now, due="30/11/2026")
    )

    assert "30/11/2026" in answer
