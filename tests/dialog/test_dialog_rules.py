"""Single rules of the conversation, each told in a few lines."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import AlertStaff, FollowUp, Forget, Handoff, Say, Submit
from core.events import (
    CaseFound,
    CaseKnown,
    CaseOpened,
    GivenBack,
    InboundMessage,
    MessageEdited,
    StaffWrote,
    SubmissionRefused,
)
from core.model import Ask, MediaKind, MediaRef, Peer, Place
from dialog import new_state, step, waiting_for
from regulations.loader import load
from regulations.model import FieldRow

Talks = Callable[..., Any]
LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"
WHO = "tôi tên Bùi Thị Sáu, 0912 345 678"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PEER = Peer(channel="zalo", account="rehearsal", user="citizen")


def to_summary(talk: Talks, **options: str) -> Any:
    conversation = talk(**options)
    conversation.says(f"{LAMP}, {WHO}")
    if waiting_for(conversation.stage.state) == "ward":
        conversation.says("đúng")
    conversation.says("đúng")
    assert waiting_for(conversation.stage.state) == "confirm"
    return conversation


def effects_of(talk: Any, **content: Any) -> list[Any]:
    talk.stage.now += timedelta(seconds=10)
    message = InboundMessage(peer=PEER, external_id="x", sent_at=talk.stage.now, **content)
    return step(talk.stage.state, message, talk.profile, talk.stage.now)[1]


# --- asking ---------------------------------------------------------------------------------------------------------


def test_the_start_button_is_greeted(talk: Talks) -> None:
    state = new_state(channel="zalo", profile=load("tien-giang"), now=talk().stage.now)
    started = InboundMessage(peer=PEER, external_id="1", sent_at=talk().stage.now, started=True)

    _, effects = step(state, started, load("tien-giang"), talk().stage.now)

    (said,) = [effect for effect in effects if isinstance(effect, Say)]
    assert "Kính chào" in said.message.text


def test_a_mere_alo_is_asked_what_happened(talk: Talks) -> None:
    """R-TG-18."""
    conversation = talk()

    answer = conversation.says("alo 1022")

    assert "mô tả nội dung" in answer or "cho biết nội dung" in answer
    assert not conversation.reports


def test_one_message_is_answered_with_one_question(talk: Talks) -> None:
    answer = talk().says(LAMP)

    assert answer.count("?") + answer.count("vui lòng cho biết") <= 1


def test_the_privacy_notice_comes_once_with_the_first_personal_question(talk: Talks) -> None:
    conversation = talk()
    notice = conversation.profile.text("privacy_notice")

    said = [conversation.says(text) for text in (LAMP, "Bùi Thị Sáu", "0912345678")]

    assert sum(notice in text for text in said) == 1


def test_the_place_question_offers_the_platforms_own_pin(talk: Talks) -> None:
    effects = effects_of(talk(), text="mất nước mấy bữa nay rồi không có nước xài")

    (said,) = [effect for effect in effects if isinstance(effect, Say)]
    assert said.message.ask is Ask.PLACE


def test_the_phone_question_offers_the_platforms_own_button(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)

    effects = effects_of(conversation, text="Bùi Thị Sáu")

    (said,) = [effect for effect in effects if isinstance(effect, Say)]
    assert said.message.ask is Ask.PHONE


def test_the_address_may_be_the_place(talk: Talks) -> None:
    """R-TG-20, Đ5.1.c."""
    conversation = to_summary(talk)

    conversation.says("gửi")

    assert "20 Nguyễn Huệ" in conversation.reports[0].address


def test_mail_serves_where_there_is_no_phone(talk: Talks) -> None:
    """R-TG-21, Đ5.1.c: phone or mail."""
    conversation = talk()
    conversation.says(LAMP)
    conversation.says("Bùi Thị Sáu")

    answer = conversation.says("không có")

    assert waiting_for(conversation.stage.state) == "email"
    assert "thư điện tử" in answer


def test_a_forbidden_identity_number_is_not_kept(talk: Talks) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, {WHO}, cccd 001195012345")
    conversation.says("đúng")
    conversation.says("gửi")

    (report,) = conversation.reports
    assert report.cccd == ""
    assert "001195012345" not in report.description


@pytest.mark.parametrize(
    "answer",
    ["cccd của tôi là 001195012345", "ủa tôi là 001195012345", "dạ số cccd nè 001195012345", "001195012345"],
)
def test_an_identity_number_is_no_address(talk: Talks, answer: str) -> None:
    """D04: nobody asked for it; the question is put again."""
    conversation = talk()
    conversation.says(f"{LAMP}, {WHO}")

    said = conversation.says(answer)

    assert waiting_for(conversation.stage.state) == "address"
    assert "001195012345" not in said


def test_an_identity_number_beside_other_words_is_left_out_of_them(talk: Talks) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, {WHO}")
    said = conversation.says("20 Nguyễn Huệ, phường Mỹ Tho, cccd 001195012345, của mẹ 079195012346")
    conversation.says("gửi")

    (report,) = conversation.reports
    assert report.address.startswith("20 Nguyễn Huệ")
    assert not {"001195012345", "079195012346"} & set(f"{said} {report}".replace("'", " ").split())


def test_not_needed_neither_corrects_nor_cancels_the_report(talk: Talks) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, {WHO}")
    conversation.says("đúng")

    answer = conversation.says("không cần")

    assert waiting_for(conversation.stage.state) == "confirm"
    assert "GỬI" in answer and "HỦY" in answer and LAMP not in answer
    conversation.says("gửi")
    assert conversation.outcomes == ["submitted"]


def test_a_code_with_the_wish_for_a_reason_goes_to_its_case(talk: Talks) -> None:
    conversation = talk("ha-noi")
    code = "HN-261110-0004"
    conversation.happens(CaseKnown(code=code, at=conversation.stage.now, status="published", category="rac"))

    conversation.says(f"{code} làm rõ giúp vì sao")

    assert conversation.outcomes == ["clarify_sent"]


def test_a_state_asked_for_without_a_code_opens_no_report(talk: Talks) -> None:
    conversation = talk("ha-noi")

    answer = conversation.says("hồ sơ của tôi tới đâu rồi")

    assert "mã phản ánh" in answer
    assert conversation.stage.state.form is None


def test_a_file_of_another_kind_is_refused_and_the_dialogue_goes_on(talk: Talks) -> None:
    """R-TG-22."""
    conversation = talk()
    conversation.says(LAMP)

    answer = conversation.says(file="virus.exe")

    assert "virus.exe" in answer and "jpg" in answer
    assert conversation.stage.state.form.draft.media == ()
    assert waiting_for(conversation.stage.state) == "name"


def test_ten_photos_of_an_album_do_not_use_up_the_patience(talk: Talks) -> None:
    conversation = talk("bac-ninh")
    for number in range(8):
        answer = conversation.says(photos=(f"{number}.jpg",))

    assert "8" in answer and "mô tả" in answer


# --- summary and sending --------------------------------------------------------------------------------------------


def test_nothing_goes_out_before_the_summary_was_confirmed(talk: Talks) -> None:
    conversation = to_summary(talk)

    assert conversation.reports == []


def test_a_second_yes_submits_nothing_and_repeats_the_code(talk: Talks) -> None:
    conversation = to_summary(talk)
    first = conversation.says("gửi")

    second = conversation.says("gửi")

    assert len(conversation.reports) == 1
    assert "TG-261120-0001" in first and "TG-261120-0001" in second


def test_while_the_code_is_on_its_way_a_second_yes_is_quiet(talk: Talks) -> None:
    conversation = to_summary(talk)
    now, profile = conversation.stage.now, conversation.profile
    yes = InboundMessage(peer=PEER, external_id="y", sent_at=now, text="gửi")
    pending, first = step(conversation.stage.state, yes, profile, now)

    _, second = step(pending, yes, profile, now)

    assert any(isinstance(effect, Submit) for effect in first)
    assert not any(isinstance(effect, Submit | Say) for effect in second)


def test_the_button_of_a_sent_summary_sends_nothing_more(talk: Talks) -> None:
    conversation = to_summary(talk)
    conversation.says(button="confirm:send:1")
    conversation.says("ổ gà to trước số 3 Lê Lợi phường Mỹ Tho")

    conversation.says(button="confirm:send:1")

    assert len(conversation.reports) == 1


def test_a_number_answers_for_the_button_at_that_place(talk: Talks) -> None:
    conversation = to_summary(talk)

    conversation.says("1")

    assert len(conversation.reports) == 1


def test_editing_by_button_changes_that_slot_alone(talk: Talks) -> None:
    conversation = to_summary(talk)
    before = conversation.stage.state.form.draft

    pick = conversation.says("sửa")
    conversation.says(button="edit:phone")
    conversation.says("0987 654 321")
    conversation.says("gửi")

    assert "Số điện thoại" in pick
    (report,) = conversation.reports
    assert report.phone == "+84987654321"
    assert (report.name, report.description) == (before.name, before.description)


def test_a_wrong_correction_of_the_phone_is_asked_again(talk: Talks) -> None:
    conversation = to_summary(talk)
    conversation.says(button="edit:phone")

    conversation.says("12345")

    assert waiting_for(conversation.stage.state) == "phone"
    assert conversation.stage.state.form.draft.phone == "+84912345678"


def test_an_edited_message_corrects_what_it_had_filled(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    conversation.says("Bùi Thị Sáu")
    conversation.says("0912345678")
    last = conversation.stage.state.form.last_message

    answer = conversation.happens(
        MessageEdited(peer=PEER, external_id="e", of=last, sent_at=conversation.stage.now, text="0987654321")
    )

    assert conversation.stage.state.form.draft.phone == "+84987654321"
    assert "0987 654 321" in answer


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Tôi muốn gửi đơn khiếu nại quyết định thu hồi đất", "refused:khieu_nai"),
        ("cháy nhà rồi cứu với", "redirected:114"),
        ("gửi kèm văn bản mật của tỉnh", "refused:bi_mat_nha_nuoc"),
    ],
)
def test_an_edited_message_is_judged_like_a_new_one(talk: Talks, text: str, outcome: str) -> None:
    """R-BN-35."""
    conversation = talk("bac-ninh")
    conversation.says("rác chất đống ở ngõ 5 Lý Thái Tổ phường Võ Cường")
    last = conversation.stage.state.form.last_message

    conversation.happens(MessageEdited(peer=PEER, external_id="e", of=last, sent_at=conversation.stage.now, text=text))

    assert conversation.outcomes == [outcome]


def test_an_addition_at_the_summary_is_taken_and_shown(talk: Talks) -> None:
    conversation = to_summary(talk)

    answer = conversation.says("ừm thêm là có 3 trụ bị hư")

    assert "3 trụ" in answer and waiting_for(conversation.stage.state) == "confirm"
    assert conversation.reports == []


def test_confidential_after_sending_goes_to_the_case(talk: Talks) -> None:
    """Đ5.2."""
    conversation = to_summary(talk)
    conversation.says("gửi")

    conversation.says("giữ bí mật")

    assert [entry.kind for entry in conversation.stage.seen.follow_ups] == ["confidential"]


# --- order of checks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", [(), (LAMP,), (LAMP, "Bùi Thị Sáu")], ids=["first", "at name", "at phone"])
def test_an_emergency_is_heard_in_every_state(talk: Talks, opening: tuple[str, ...]) -> None:
    """R-BN-23: "cháy nhà" while asked for a phone number → 114 in the next message."""
    conversation = talk("bac-ninh")
    for text in opening:
        conversation.says(text)

    answer = conversation.says("cháy nhà rồi cứu với")

    assert "114" in answer
    assert "?" not in answer


def test_an_emergency_may_be_sent_all_the_same_where_the_profile_says_so(talk: Talks) -> None:
    conversation = talk("bac-ninh")
    conversation.says("cháy nhà ở ngõ 5 phường Võ Cường")

    conversation.says("gửi phản ánh")

    assert conversation.stage.state.form.draft.level == "khan"


def test_insisting_on_a_declined_matter_flags_it_for_staff(talk: Talks) -> None:
    """R-BN-14: the bot never refuses finally."""
    conversation = talk("bac-ninh")
    conversation.says("Tôi muốn gửi đơn khiếu nại quyết định thu hồi đất")

    conversation.says("vẫn gửi")

    form = conversation.stage.state.form
    assert "hide_suggested" in form.draft.flags
    assert form.insisted == "khieu_nai"


def test_without_leave_to_insist_a_redirected_matter_is_not_opened(talk: Talks) -> None:
    """R-TG-33; an empty number is never shown."""
    conversation = talk()
    answer = conversation.says("tôi muốn tố cáo ông chủ tịch xã")

    assert conversation.outcomes == ["redirected:tiep_cong_dan"]
    assert "khoản 5 Điều 6" in answer
    assert conversation.stage.state.form is None


def test_state_secrets_leave_nothing_behind(talk: Talks) -> None:
    """R-TG-16, Đ4.7."""
    conversation = talk()
    before = conversation.stage.state

    effects = effects_of(conversation, text="gửi kèm tài liệu mật của tỉnh")

    assert any(isinstance(effect, Forget) for effect in effects)
    assert any(isinstance(effect, AlertStaff) for effect in effects)
    assert before.form is None and conversation.stage.state.form is None


def test_advertising_is_answered_once_an_hour_and_counted_each_time(talk: Talks) -> None:
    """D13."""
    conversation = talk()

    first = conversation.says("vay vốn nhanh không thế chấp, inbox để nhận ưu đãi")
    second = conversation.says("vay vốn nhanh không thế chấp, inbox để nhận ưu đãi")

    assert first and not second
    assert conversation.outcomes == ["refused:quang_cao", "refused:quang_cao"]


def test_a_second_insult_is_flagged_and_not_answered_again(talk: Talks) -> None:
    """D09."""
    conversation = talk("bac-ninh")
    first = conversation.says("lũ ngu, rác chất đống ở cổng trường Võ Cường 3 tuần rồi")
    second = conversation.says("lũ ngu")

    assert "khoản 3 Điều 7" in first
    assert "khoản 3 Điều 7" not in second
    assert "profanity" in conversation.stage.state.form.draft.flags


def test_the_name_question_is_not_judged_as_a_report(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)

    conversation.says("Cảm ơn, tôi là Bùi Thị Sáu")

    assert conversation.outcomes == []


# --- people ---------------------------------------------------------------------------------------------------------


def test_asking_for_a_person_hands_over(talk: Talks) -> None:
    effects = effects_of(talk(), text="gặp cán bộ")

    assert Handoff(reason="asked") in effects


def test_the_bot_takes_up_its_question_when_given_back(talk: Talks) -> None:
    conversation = talk()
    question = conversation.says(LAMP)

    answer = conversation.happens(GivenBack(operator="lan", at=conversation.stage.now))

    assert answer and answer.splitlines()[-1] == question.splitlines()[-1]


def test_what_staff_write_changes_nothing(talk: Talks) -> None:
    conversation = talk()
    state = conversation.stage.state

    after, effects = step(
        state,
        StaffWrote(peer=PEER, external_id="s", sent_at=conversation.stage.now, text="chào"),
        conversation.profile,
        conversation.stage.now,
    )

    assert after is state and effects == []


def test_a_report_the_store_will_not_take_goes_to_staff(talk: Talks) -> None:
    conversation = to_summary(talk)
    now, profile = conversation.stage.now, conversation.profile
    yes = InboundMessage(peer=PEER, external_id="y", sent_at=now, text="gửi")
    pending, _ = step(conversation.stage.state, yes, profile, now)

    _, effects = step(pending, SubmissionRefused(ordinal=1, reason="invalid", at=now), profile, now)

    assert Handoff(reason="refused") in effects
    assert any(isinstance(effect, Say) for effect in effects)


# --- second matters -------------------------------------------------------------------------------------------------


def test_the_first_draft_is_taken_up_again_after_the_second_was_sent(talk: Talks) -> None:
    """D23."""
    conversation = talk()
    conversation.says("đèn đường ấp 4 xã Tân Mỹ Chánh hư cả tuần")
    conversation.says("mà thôi báo vụ này trước nè: nước máy đục ngầu mấy bữa nay ở ấp 4 Tân Mỹ Chánh")
    conversation.says("có")
    for text in ("đúng", WHO, "đúng", "gửi"):
        if waiting_for(conversation.stage.state):
            conversation.says(text)
    assert conversation.reports[0].category == "cap_nuoc"

    conversation.says("có")

    assert conversation.stage.state.form.draft.category == "chieu_sang"


def test_a_saved_identity_is_shown_masked(talk: Talks) -> None:
    conversation = to_summary(talk)
    conversation.says("gửi")

    answer = conversation.says("ổ gà to trước số 3 Lê Lợi phường Mỹ Tho")

    assert "Bùi Thị Sáu" in answer and "0912345678" not in answer.replace(" ", "")


def test_an_insisted_repeat_is_sent_with_a_link_to_the_first(talk: Talks) -> None:
    """R-BN-34."""
    conversation = talk("bac-ninh")
    text = "rác chất đống ở cổng trường Tiểu học Võ Cường"
    for said in (text, "ảnh", "Lan Anh 0356111222"):
        conversation.says(**({"photos": ("a.jpg",)} if said == "ảnh" else {"text": said}))
    conversation.says("gửi")
    assert len(conversation.reports) == 1

    question = conversation.says(text)
    conversation.says("không")

    assert "BN-261120-0001" in question
    assert any(flag == "duplicate_of:BN-261120-0001" for flag in conversation.stage.state.form.draft.flags)


# --- look-ups -------------------------------------------------------------------------------------------------------


def test_someone_elses_case_shows_its_public_state_only(talk: Talks) -> None:
    conversation = talk()
    found = CaseFound(
        code="TG-261110-0004",
        found=True,
        at=conversation.stage.now,
        status="in_progress",
        agency="Sở X",
        category="Chiếu sáng",
    )

    answer = conversation.happens(found)

    assert "Đang xử lý" in answer and "Chiếu sáng" in answer and "Sở X" not in answer


def test_a_code_given_twice_is_told_once(talk: Talks) -> None:
    conversation = talk()
    opened = CaseOpened(ordinal=1, code="TG-261120-0001", at=conversation.stage.now)

    first, second = conversation.happens(opened), conversation.happens(opened)

    assert "TG-261120-0001" in first and second == ""


# --- a form that begins with a choice -------------------------------------------------------------------------------


def form_profile() -> Any:
    """A profile whose fields are category, description, name, phone, place, photo, in this order."""
    base = load("tien-giang")

    def field(slot: str, kind: Any) -> FieldRow:
        known = base.fields.get(slot)
        ask = known.ask if known else "Ông/Bà vui lòng chọn lĩnh vực:"
        return FieldRow(id=slot, label=slot, type=kind, need="required", visibility="public", ask=ask, src="test")

    fields = {
        "category": field("category", "choice"),
        "description": field("description", "text"),
        "name": field("name", "name"),
        "phone": field("phone", "phone"),
        "location": field("location", "location"),
        "media": field("media", "media"),
    }
    return replace(base, fields=fields)


def test_a_form_is_filled_with_one_reply_a_message() -> None:
    profile = form_profile()
    now = NOON
    state = new_state(channel="telegram", profile=profile, now=now, albums=True)
    steps: list[tuple[dict[str, Any], str]] = [
        ({"started": True}, "category"),
        ({"text": "Chiếu sáng"}, "description"),
        ({"text": "Đèn đường trước cổng trường không sáng đã ba đêm"}, "name"),
        ({"text": "Nguyễn Văn An"}, "phone"),
        ({"text": "0912345678"}, "location"),
        ({"place": Place(lat=10.35, lon=106.36)}, "media"),
        ({"media": (MediaRef(kind=MediaKind.IMAGE, key="photo"),)}, "confirm"),
    ]
    for number, (content, waiting) in enumerate(steps):
        message = InboundMessage(peer=PEER, external_id=str(number), sent_at=now, **content)
        state, effects = step(state, message, profile, now)
        assert sum(isinstance(effect, Say) for effect in effects) == 1
        assert waiting_for(state) == waiting
        now += timedelta(seconds=1)

    yes = InboundMessage(peer=PEER, external_id="9", sent_at=now, text="Xác nhận")
    state, effects = step(state, yes, profile, now)

    (submitted,) = [effect for effect in effects if isinstance(effect, Submit)]
    assert submitted.draft.category == "chieu_sang"
    assert submitted.draft.name == "Nguyễn Văn An"
    assert not any(isinstance(effect, FollowUp) for effect in effects)
