"""The questions beside the plain fields: wards, helpers, choices, odd kinds of messages."""

from collections.abc import Callable
from typing import Any

import pytest

from app.rehearsal.record import Say
from core.events import GivenBack
from dialog import waiting_for
from dialog.wording import masked, summary

Talks = Callable[..., Any]
WARD = "ngập nước hẻm 10 Ấp Bắc phường 5 Mỹ Tho"
TOLD = "ngập nước ở ấp 4, xã Tân Mỹ Chánh"
LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"


def place_of(conversation: Any) -> Any:
    return conversation.stage.state.form.draft.place


# --- wards (schema §10) ---------------------------------------------------------------------------------------------


def test_an_old_ward_is_shown_with_the_new_one(talk: Talks) -> None:
    answer = talk().says(WARD)

    assert "phường 5" in answer and "phường Đạo Thạnh" in answer


def test_another_ward_named_in_reply_is_asked_about_anew(talk: Talks) -> None:
    conversation = talk()
    conversation.says(WARD)

    conversation.says("không, phường 6 Mỹ Tho")
    conversation.says("đúng")

    assert place_of(conversation).ward_old == "phường 6"


def test_a_wrong_mapping_does_not_block_the_report(talk: Talks) -> None:
    conversation = talk()
    conversation.says(WARD)

    conversation.says("không")
    conversation.says("không")

    assert waiting_for(conversation.stage.state) == "name"
    assert "ward_unsure" in conversation.stage.state.form.draft.flags


def test_an_old_ward_with_one_successor_is_told_and_stands_in_the_summary(talk: Talks) -> None:
    """D17: named with its kind and without an old district, it leaves nothing to ask."""
    conversation = talk()
    answer = conversation.says(TOLD)

    assert "nay thuộc phường Mỹ Phong" in answer
    assert waiting_for(conversation.stage.state) == "name"
    assert "xã Tân Mỹ Chánh cũ" in summary(conversation.profile, conversation.stage.state.form)


@pytest.mark.parametrize("reply", ["không, xã Tân Hương", "không phải, xã Tân Hương"])
def test_a_ward_that_was_told_wrongly_is_replaced_by_the_one_named(talk: Talks, reply: str) -> None:
    conversation = talk()
    conversation.says(TOLD)

    conversation.says(reply)

    assert "Tân Hương" in (place_of(conversation).ward_old or place_of(conversation).ward_new)
    assert waiting_for(conversation.stage.state) == "name"


def test_a_bare_name_may_be_a_ward_and_is_asked_about(talk: Talks) -> None:
    conversation = talk()

    answer = conversation.says("ngập nước ở ấp 4, Tân Mỹ Chánh")

    assert "phường Mỹ Phong" in answer
    assert waiting_for(conversation.stage.state) == "ward"


@pytest.mark.parametrize("reply", ["Cầu Giấy ạ", "1"])
def test_a_divided_ward_is_picked_by_name_or_number(talk: Talks, reply: str) -> None:
    """D04: Dịch Vọng went to Cầu Giấy and Nghĩa Đô."""
    conversation = talk("ha-noi")
    conversation.says("vỉa hè trước số 20 Trần Thái Tông, Dịch Vọng, Cầu Giấy bị quán nhậu lấn chiếm")

    conversation.says(reply)

    assert place_of(conversation).ward_new == "phường Cầu Giấy"


def test_a_vague_place_is_asked_for_once_more_then_flagged(talk: Talks) -> None:
    """R-VL-15: fewer than two parts."""
    conversation = talk()
    conversation.says("ổ gà to lắm, xe máy té hoài")
    conversation.says("ở chợ")
    first = waiting_for(conversation.stage.state)

    conversation.says("thì ở chợ đó")

    assert (first, waiting_for(conversation.stage.state)) == ("location", "name")
    assert "location_vague" in conversation.stage.state.form.draft.flags


def test_a_pin_alone_is_place_enough(talk: Talks) -> None:
    """D07."""
    conversation = talk()
    conversation.says("ổ gà to lắm, xe máy té hoài")

    conversation.says(location={"lat": 10.36, "lon": 106.36, "title": ""})

    assert waiting_for(conversation.stage.state) == "name"


def test_words_of_the_matter_in_an_answer_are_not_lost(talk: Talks) -> None:
    conversation = talk("bac-ninh")
    conversation.says("rác chất đống")

    conversation.says("rác nhiều quá ở ngõ 5 Lý Thái Tổ phường Võ Cường")

    description = conversation.stage.state.form.draft.description
    assert "rác chất đống" in description and "rác nhiều quá" in description


# --- on behalf of someone (TH Đ7.7) ---------------------------------------------------------------------------------


def helped(talk: Talks) -> Any:
    conversation = talk("thanh-hoa")
    conversation.says("tôi phản ánh hộ bà nội. nước sạch ở thôn 3 xã Nga Sơn yếu cả tháng nay")
    conversation.says("Nguyễn Văn Tài, 0915 111 333")
    for text in ("bà Phạm Thị Xuyến", "thôn 3, xã Nga Sơn", "0237 3666 777", "bà không biết dùng zalo"):
        conversation.says(text)
    assert waiting_for(conversation.stage.state) == "behalf_consent"
    return conversation


def test_without_the_persons_consent_nothing_is_sent_and_the_draft_waits(talk: Talks) -> None:
    """R-TH-28."""
    conversation = helped(talk)

    answer = conversation.says("chưa")

    assert "khoản 7 Điều 7" in answer
    assert conversation.reports == [] and conversation.stage.state.form is not None


def test_the_persons_phone_is_not_taken_for_the_senders(talk: Talks) -> None:
    """D16."""
    conversation = helped(talk)
    conversation.says("có")
    conversation.says("gửi")

    (report,) = conversation.reports
    assert (report.phone, report.behalf_phone) == ("+84915111333", "+842373666777")
    assert (report.name, report.behalf_name) == ("Nguyễn Văn Tài", "Phạm Thị Xuyến")


# --- odd kinds of messages ------------------------------------------------------------------------------------------


def test_two_stickers_in_a_row_get_one_answer(talk: Talks) -> None:
    """D24."""
    conversation = talk()

    first, second = conversation.says(sticker="ok"), conversation.says(sticker="ok")

    assert first and not second


def test_a_voice_message_is_kept_and_its_words_are_asked_for(talk: Talks) -> None:
    """D24."""
    conversation = talk()

    answer = conversation.says(voice=14)

    assert "tin nhắn thoại" in answer
    assert [media.kind for media in conversation.stage.state.form.draft.media] == ["audio"]


def test_a_voice_message_is_no_photo(talk: Talks) -> None:
    """R-BN-05: at least one photo or film."""
    conversation = talk("bac-ninh")
    conversation.says("rác ở ngõ 5 Lý Thái Tổ phường Võ Cường")

    conversation.says(voice=14)

    assert waiting_for(conversation.stage.state) == "media"


def test_a_foreign_language_is_asked_for_vietnamese_and_opens_nothing(talk: Talks) -> None:
    """R-BN-25."""
    conversation = talk("bac-ninh")

    answer = conversation.says("There is a lot of garbage on the street near my house")

    assert "tiếng Việt" in answer
    assert conversation.stage.state.form is None


def test_help_explains_and_keeps_the_question(talk: Talks) -> None:
    """R-BN-60."""
    conversation = talk()
    conversation.says(LAMP)

    answer = conversation.says("hướng dẫn")

    assert "tra cứu" in answer and "họ và tên" in answer


def test_small_talk_is_answered_twice_at_most(talk: Talks) -> None:
    """D08."""
    conversation = talk()

    answers = [conversation.says("chào") for _ in range(6)]

    assert sum(map(bool, answers)) == 3, "one greeting, two offers of help"


# --- people and patience --------------------------------------------------------------------------------------------


def test_after_the_handover_the_bot_repeats_no_more(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    answers = [conversation.says("???") for _ in range(8)]

    assert answers[3] == conversation.profile.text("handoff")
    assert answers[4:] == ["", "", "", ""]


def test_given_back_the_bot_has_its_patience_again(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    for _ in range(6):
        conversation.says("???")

    conversation.happens(GivenBack(operator="lan", at=conversation.stage.now))

    assert "họ và tên" in conversation.says("???")


def test_an_answer_after_the_handover_still_counts(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    for _ in range(6):
        conversation.says("???")

    conversation.says("Bùi Thị Sáu")

    assert waiting_for(conversation.stage.state) == "phone"


@pytest.mark.parametrize(
    ("value", "keep", "shown"),
    [
        ("001195012345", "first3", "001*********"),
        ("0356111222", "first3_last3", "035****222"),
        ("12", "first3", "**"),
    ],
)
def test_masking_keeps_only_what_the_profile_names(value: str, keep: str, shown: str) -> None:
    assert masked(value, keep) == shown


def test_an_unknown_button_changes_nothing(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    before = conversation.stage.state.form.draft

    conversation.stage.say(Say(button="confirm:send:1"))
    conversation.stage.say(Say(button="hologram:1"))

    assert conversation.stage.state.form.draft == before
    assert conversation.reports == []
