"""Hà Nội, what the conversation must do (articles 1, 3, 4, 5 and 8), each row told in a few lines."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.rehearsal.record import Say
from core.effects import AlertStaff, Forget, Submit
from dialog import waiting_for
from regulations.loader import load

Talks = Callable[..., Any]
RUBBISH = "rác chất đống trước số 20 Trần Thái Tông, phường Cầu Giấy"
CCCD = "001203012345"
WHO = f"Em là Nguyễn Thu Trang, cccd {CCCD}, sđt 0912 345 678, mail thutrang.ng@gmail.com."
NIGHT_OF_A_HOLIDAY = datetime(2026, 9, 2, 3, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def effects_of(conversation: Any, text: str) -> list[Any]:
    found: list[Any] = conversation.stage.say(Say(text=text))
    return found


def to_summary(conversation: Any, matter: str = RUBBISH, *, confidential: str = "không") -> str:
    """Everything in one message, then the questions that are left; the summary comes back."""
    answer = str(conversation.says(f"{WHO} {matter}"))
    for slot, said in (("media", "không có"), ("confidential", confidential)):
        if waiting_for(conversation.stage.state) == slot:
            answer = str(conversation.says(said))
    assert waiting_for(conversation.stage.state) == "confirm"
    return answer


# --- what is taken, and what is not -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{RUBBISH}", "hien_truong"),
        ("Quy định về giấy phép xây dựng chồng chéo, cần sửa", "quy_dinh_hanh_chinh"),
        ("trụ sở xây xong bỏ hoang, rất lãng phí ngân sách, số 5 Duy Tân, phường Cầu Giấy", "lang_phi"),
        ("Tôi là nhà đầu tư, dự án của chúng tôi bị vướng thủ tục cấp phép", "nha_dau_tu_dn"),
        ("Hiến kế xây dựng Thủ đô: nên trồng cây hoa ban dọc sông Tô Lịch", "sang_kien"),
    ],
)
def test_each_kind_of_report_is_recognised(talk: Talks, text: str, kind: str) -> None:
    conversation = talk("ha-noi")

    conversation.says(text)

    assert conversation.stage.state.form.draft.report_type == kind


def test_between_two_kinds_the_citizen_picks(talk: Talks) -> None:
    """Đ1.2*: the labels are offered, and the answer decides."""
    conversation = talk("ha-noi")

    answer = conversation.says("tôi có sáng kiến chống lãng phí điện")
    conversation.says("Sáng kiến xây dựng Thủ đô")

    assert "Phản ánh hành vi lãng phí / Sáng kiến xây dựng Thủ đô" in answer
    assert conversation.stage.state.form.draft.report_type == "sang_kien"


@pytest.mark.parametrize(
    ("text", "outcome", "article"),
    [
        ("tôi muốn nộp đơn khiếu nại quyết định thu hồi đất", "refused:khieu_nai", "khoản 3 Điều 1"),
        ("tôi muốn tố cáo cán bộ phường nhận hối lộ", "refused:to_cao", "khoản 3 Điều 1"),
        ("gửi anh chị xem văn bản mật của sở", "refused:bi_mat_nha_nuoc", "khoản 3 Điều 1"),
    ],
)
def test_what_the_scope_leaves_out_is_declined_with_its_article(
    talk: Talks, text: str, outcome: str, article: str
) -> None:
    """R-HN-02, Đ1.3*."""
    conversation = talk("ha-noi")

    answer = conversation.says(text)

    assert conversation.outcomes == [outcome] and article in answer
    assert not conversation.reports


def test_a_state_secret_is_not_kept(talk: Talks) -> None:
    """R-HN-02, Đ1.3*: neither in the conversation nor in the journal."""
    conversation = talk("ha-noi")

    effects = effects_of(conversation, "gửi anh chị xem văn bản mật số 17 của sở")

    assert any(isinstance(effect, Forget) for effect in effects)
    assert conversation.stage.state.form is None


def test_a_dispute_between_parties_is_declined(talk: Talks) -> None:
    """R-HN-04, Đ3.2*."""
    conversation = talk("ha-noi")

    answer = conversation.says("hàng xóm lấn ranh nhà tôi, hai bên tranh chấp")

    assert conversation.outcomes == ["refused:tranh_chap"] and "khoản 2 Điều 3" in answer


def test_advertising_is_declined_and_cannot_be_insisted_on(talk: Talks) -> None:
    """R-HN-34, Đ6.2.e: the bot declines with reason e; the officer's list has it too."""
    conversation = talk("ha-noi")

    answer = conversation.says("sale off 50% toàn bộ giày dép")
    conversation.says("gửi phản ánh")

    assert conversation.outcomes[0] == "refused:quang_cao" and "điểm e khoản 2 Điều 6" in answer
    assert not conversation.reports
    assert conversation.profile.refusals["quang_cao"].article == "điểm e khoản 2 Điều 6"


@pytest.mark.parametrize(
    "label",
    [
        "An ninh an toàn, trật tự công cộng",
        "Trật tự đô thị",
        "An toàn giao thông",
        "Vệ sinh môi trường",
        "An toàn phòng cháy chữa cháy",
        "Giữ gìn văn hóa nơi công cộng",
        "Văn hóa nơi công sở",
    ],
)
def test_every_field_of_the_decision_is_a_category_of_the_scene(label: str) -> None:
    """R-HN-05, Đ3.2*."""
    (row,) = [row for row in load("ha-noi").categories.values() if row.label == label]

    assert "hien_truong" in row.report_types


# --- how it is asked --------------------------------------------------------------------------------------------------


def test_no_message_asks_for_two_things(talk: Talks) -> None:
    """R-HN-10, Đ4.3: one question a message in a chat, from the first word to the receipt."""
    conversation = talk("ha-noi")
    fields = [row.ask for row in conversation.profile.fields.values() if row.ask]

    said = (RUBBISH, "không có", "Nguyễn Thu Trang", "0912345678", "a@b.vn", CCCD, "không", "gửi")
    answers = [conversation.says(text) for text in said]

    assert [sum(question in answer for question in fields) for answer in answers] == [1, 1, 1, 1, 1, 1, 0, 0]
    assert conversation.outcomes == ["submitted"]


def test_a_report_is_taken_at_three_in_the_night_of_a_holiday(talk: Talks) -> None:
    """R-HN-12, Đ4.5."""
    conversation = talk("ha-noi")
    conversation.stage.now = NIGHT_OF_A_HOLIDAY
    to_summary(conversation)

    answer = conversation.says("gửi")

    assert conversation.outcomes == ["submitted"] and "HN-260902-0001" in answer


def test_another_language_is_asked_to_be_vietnamese(talk: Talks) -> None:
    """R-HN-13, Đ5.1; toneless Vietnamese is Vietnamese."""
    conversation = talk("ha-noi")

    answer = conversation.says("There is a big pile of garbage in front of my house, please clean it up")

    assert conversation.profile.text("not_vietnamese") in answer
    assert not conversation.reports
    again = talk("ha-noi")
    assert again.profile.text("not_vietnamese") not in again.says("rac chat dong truoc so 20 Tran Thai Tong")


def test_the_name_of_the_city_alone_is_no_place(talk: Talks) -> None:
    """R-HN-14, Đ5.2."""
    conversation = talk("ha-noi")
    conversation.says("rác chất đống bốc mùi")

    answer = conversation.says("ở Hà Nội")

    assert conversation.profile.fields["location"].ask in answer
    assert waiting_for(conversation.stage.state) == "location"


@pytest.mark.parametrize(("matter", "shown"), [(f"{RUBBISH} tối qua", "tối qua"), (RUBBISH, "20/11/2026 12:00")])
def test_the_summary_shows_when_it_happened(talk: Talks, matter: str, shown: str) -> None:
    """R-HN-15, Đ5.2: what was said, else the time of the message; and the report carries it."""
    conversation = talk("ha-noi")

    summary = to_summary(conversation, matter)
    conversation.says("gửi")

    assert f"Thời gian sự việc: {shown}" in summary
    assert conversation.reports[0].occurred_at is not None


def test_a_slur_is_answered_with_the_request_to_rephrase(talk: Talks) -> None:
    """R-HN-17, Đ5.2: asked once, with the article; the matter itself is heard."""
    conversation = talk("ha-noi")

    answer = conversation.says(f"đồ ngu, {RUBBISH}")

    assert "từ ngữ phù hợp" in answer and "khoản 2 Điều 5" in answer
    assert "đồ ngu" not in answer
    assert conversation.stage.state.form.draft.category == "ve_sinh_moi_truong"


# --- who reports ------------------------------------------------------------------------------------------------------


def at_question(conversation: Any, slot: str) -> Any:
    for text in (RUBBISH, "không có", "Nguyễn Thu Trang", "0912345678", "a@b.vn", CCCD, "không"):
        if waiting_for(conversation.stage.state) == slot:
            return conversation
        conversation.says(text)
    raise AssertionError(f"{slot} was never asked for")


def test_an_identity_number_of_eleven_digits_is_asked_for_again(talk: Talks) -> None:
    """R-HN-19, Đ5.5."""
    conversation = at_question(talk("ha-noi"), "cccd")

    answer = conversation.says("00120301234")

    assert waiting_for(conversation.stage.state) == "cccd" and "12 chữ số" in answer


def test_the_identity_number_is_shown_back_masked(talk: Talks) -> None:
    """R-HN-19, Đ5.5: nothing that the bot says repeats it."""
    conversation = talk("ha-noi")

    summary = to_summary(conversation)
    conversation.says("gửi")

    assert "001*********" in summary
    assert not any(CCCD in text for text in conversation.stage.seen.texts)
    assert conversation.reports[0].cccd == CCCD


@pytest.mark.parametrize("slot", ["phone", "cccd", "email"])
def test_nothing_is_sent_without_the_whole_identity(talk: Talks, slot: str) -> None:
    """R-HN-20, R-HN-19, R-HN-21, Đ5.5: number, identity number and mail address are all required."""
    conversation = at_question(talk("ha-noi"), slot)

    answer = conversation.says("không có")

    assert conversation.outcomes == [f"pending:{slot}"]
    assert "Chưa gửi được" in answer and waiting_for(conversation.stage.state) == slot
    assert not conversation.reports


def test_a_mail_brings_its_address_along(talk: Talks) -> None:
    """R-HN-21, Đ5.5: in a chat the address is asked for, in a mail it is the sender's."""
    letter = talk("ha-noi", "email")
    question = letter.profile.fields["email"].ask

    answer = letter.says(RUBBISH)

    assert question not in answer and letter.profile.fields["cccd"].ask in answer
    assert letter.stage.state.form.draft.email == "citizen@example.vn"
    at_question(talk("ha-noi"), "email")


def test_the_summary_says_who_answers_for_it(talk: Talks) -> None:
    """R-HN-22, Đ5.6."""
    conversation = talk("ha-noi")

    assert conversation.profile.text("responsibility") in to_summary(conversation)


@pytest.mark.parametrize(("said", "confidential"), [("có", True), ("không", False)])
def test_secrecy_is_asked_for_outright(talk: Talks, said: str, confidential: bool) -> None:
    """R-HN-23, Đ5.7: the question; the public view is shown with the store."""
    conversation = talk("ha-noi")
    to_summary(conversation, confidential=said)

    conversation.says("gửi")

    assert any(conversation.profile.fields["confidential"].ask in text for text in conversation.stage.seen.texts)
    assert conversation.reports[0].confidential is confidential


# --- levels -----------------------------------------------------------------------------------------------------------


def test_danger_gets_its_level_and_staff_are_alerted_with_the_report(talk: Talks) -> None:
    """R-HN-45, Đ8.4: the alert is wished for in the very step that submits, so nothing waits for it."""
    conversation = talk("ha-noi")
    to_summary(conversation, "Hố sụt sâu giữa đường có người ngã trước số 20 Trần Thái Tông, phường Cầu Giấy")

    effects = effects_of(conversation, "gửi")

    (submitted,) = [effect for effect in effects if isinstance(effect, Submit)]
    assert submitted.draft.level == "khan"
    assert AlertStaff(reason="level", level="khan") in effects


def test_an_ordinary_matter_is_ordinary(talk: Talks) -> None:
    """R-HN-46, Đ8.4."""
    conversation = talk("ha-noi")
    to_summary(conversation)

    effects = effects_of(conversation, "gửi")

    assert conversation.reports[0].level == "thuong"
    assert not any(isinstance(effect, AlertStaff) for effect in effects)


@pytest.mark.parametrize("words", ["vụ việc phức tạp", "mức độ phức tạp", "rất phức tạp, liên quan nhiều cơ quan"])
def test_the_bot_never_calls_a_matter_complex(talk: Talks, words: str) -> None:
    """R-HN-47, Đ8.4: only staff do."""
    conversation = talk("ha-noi")
    to_summary(conversation, f"{words}, {RUBBISH}")

    conversation.says("gửi")

    assert conversation.reports[0].level != "phuc_tap"
    assert conversation.profile.levels["phuc_tap"].set_by == "staff"


# --- kinds with rules of their own ------------------------------------------------------------------------------------


def test_an_investor_names_the_organisation(talk: Talks) -> None:
    """R-HN-58, Đ11: required for this kind; the same clocks as for wasteful acts are shown with the store."""
    conversation = talk("ha-noi")
    conversation.says(f"{WHO} Tôi là nhà đầu tư, dự án của chúng tôi bị vướng thủ tục cấp phép")

    asked = waiting_for(conversation.stage.state)
    conversation.says("không có")
    missing = list(conversation.outcomes)
    for text in ("Công ty TNHH Sao Mai", "không", "gửi"):
        conversation.says(text)

    assert (asked, missing) == ("org_name", ["pending:org_name"])
    assert conversation.reports[0].org_name == "Công ty TNHH Sao Mai"
    assert conversation.reports[0].report_type == "nha_dau_tu_dn"


def test_a_draft_that_waited_too_long_is_gone(talk: Talks) -> None:
    """R-HN-67, Đ14.1: drafts are kept for the hours of the profile and no longer."""
    conversation = talk("ha-noi")
    conversation.says(f"{WHO} {RUBBISH}")
    hours = conversation.profile.intake.draft_ttl_hours

    conversation.stage.wait(timedelta(hours=hours, minutes=1))

    assert conversation.stage.state.form is None and conversation.stage.state.parked == ()


# --- the same matter again --------------------------------------------------------------------------------------------


def test_the_citizens_own_repeat_is_offered_as_a_supplement(talk: Talks) -> None:
    """R-HN-30, Đ6.2.c: that reason is for other people's words and pictures, not for one's own."""
    conversation = talk("ha-noi")
    to_summary(conversation)
    conversation.says("gửi")

    answer = conversation.says(f"vẫn {RUBBISH}, chưa ai dọn")

    assert "HN-261120-0001" in answer and "bổ sung" in answer
    assert waiting_for(conversation.stage.state) == "duplicate"
    assert not any(outcome.startswith("refused") for outcome in conversation.outcomes)
