"""Letters: one mail says as much as it holds, and is answered by one mail."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.effects import Effect, FollowUp, FollowUpKind, Handoff, LookUp, Say, Submit
from core.events import Authenticity, CaseChanged, CaseFound, CaseKnown, InboundMessage
from core.model import MediaKind, MediaRef, Peer
from dialog import State, decode, encode, new_state, step, waiting_for
from regulations.loader import load
from regulations.model import Profile

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PEER = Peer(channel="email", account="mail", user="an@example.vn")
CODE = "TG-261110-0004"
TG = load("tien-giang")
HN = load("ha-noi")
LAMP = "Đèn đường trước số 45 Lý Thường Kiệt, phường Đạo Thạnh tắt 5 đêm nay."
OWN = CaseKnown(
    code=CODE,
    at=NOON,
    status="published",
    agency="UBND phường Mỹ Tho",
    category="cap_nuoc",
    due="25/11/2026",
    text="mất nước ở 20 Nguyễn Huệ",
    delivered_at=NOON,
)


class Mailbox:
    """Writes letters and keeps what came back."""

    def __init__(self, profile: Profile = TG) -> None:
        self.profile = profile
        self.state: State = new_state(channel="email", profile=profile, now=NOON, letters=True)
        self.now = NOON
        self.effects: list[Effect] = []
        self.count = 0

    def happens(self, event: Any) -> str:
        self.state, self.effects = step(decode(encode(self.state)), event, self.profile, self.now)
        return "\n\n".join(effect.message.text for effect in self.effects if isinstance(effect, Say))

    def writes(self, text: str, **more: Any) -> str:
        self.count += 1
        self.now += timedelta(minutes=7)
        return self.happens(
            InboundMessage(peer=PEER, external_id=f"<{self.count}@x>", sent_at=self.now, text=text, **more)
        )

    def of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def draft(self) -> Any:
        assert self.state.form is not None
        return self.state.form.draft


# --- one letter asks for everything ---------------------------------------------------------------------------------


def test_all_that_is_missing_is_asked_in_one_numbered_letter() -> None:
    answer = Mailbox(HN).writes("Rác ở ngõ 20 Trần Thái Tông, phường Cầu Giấy 4 ngày nay không ai thu gom")

    assert [line[:2] for line in answer.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3.", "4.", "5."]
    assert answer.startswith("Kính gửi Ông/Bà,") and answer.endswith(f"Trân trọng,\n{HN.regulation.system_short}")


def test_the_privacy_notice_comes_once() -> None:
    box = Mailbox(HN)
    notice = "chỉ dùng để tiếp nhận, xác minh"

    assert box.writes("Rác ở ngõ 20 Trần Thái Tông, phường Cầu Giấy").count(notice) == 1
    assert notice not in box.writes("Nguyễn Thu Trang")


@pytest.mark.parametrize(
    "reply",
    [
        "1. Nguyễn Văn An 2. 0912 345 678 3. 12 Nguyễn Trãi, phường Mỹ Tho",
        "1/ Nguyễn Văn An\n2/ 0912345678\n3/ 12 Nguyễn Trãi, phường Mỹ Tho",
        "(1) Nguyễn Văn An; (2) 0912.345.678; (3) 12 Nguyễn Trãi, phường Mỹ Tho",
        "Họ tên: Nguyễn Văn An, SĐT: 0912345678\nĐịa chỉ: 12 Nguyễn Trãi, phường Mỹ Tho",
        "- Họ và tên: Nguyễn Văn An\n- Điện thoại: 0912 345 678\n- Nơi ở: 12 Nguyễn Trãi, phường Mỹ Tho",
        "Nguyễn Văn An\n0912345678\n12 Nguyễn Trãi, phường Mỹ Tho",
        "2. 0912 345 678\n3. 12 Nguyễn Trãi, phường Mỹ Tho\n\nTrân trọng,\nNguyễn Văn An",
    ],
)
def test_answers_are_read_by_number_by_label_or_line_by_line(reply: str) -> None:
    box = Mailbox()
    box.writes(LAMP)

    box.writes(reply)

    assert (box.draft.name, box.draft.phone) == ("Nguyễn Văn An", "+84912345678")
    assert "12 Nguyễn Trãi" in box.draft.address
    assert waiting_for(box.state) == "confirm"


def test_a_number_goes_to_the_question_that_had_it() -> None:
    """The second letter numbers anew what is still missing."""
    box = Mailbox()
    box.writes(LAMP)
    box.writes("2. 0912 345 678")

    box.writes("1. Nguyễn Văn An\n2. 12 Nguyễn Trãi, phường Mỹ Tho")

    assert box.draft.name == "Nguyễn Văn An" and "12 Nguyễn Trãi" in box.draft.address


def test_what_may_be_left_out_is_not_asked_again_once_the_others_are_answered() -> None:
    box = Mailbox(HN)
    box.writes("Rác ở ngõ 20 Trần Thái Tông, phường Cầu Giấy 4 ngày nay không ai thu gom")

    box.writes("2. Nguyễn Thu Trang\n3. 0912 345 678\n4. 001195012345")

    assert waiting_for(box.state) == "confirm"


NO_WATER = "mất nước 2 ngày ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên Bùi Thị Sáu"


def test_a_number_that_cannot_be_one_is_asked_for_again_although_the_mail_address_would_do() -> None:
    """D25 by mail."""
    box = Mailbox()
    box.writes(NO_WATER)

    answer = box.writes("1. 091234567\n2. đúng")
    assert waiting_for(box.state) == "phone" and "Số điện thoại chưa đúng" in answer

    assert "đầu số cũ" in box.writes("01688 123 456")
    box.writes("không, để số bàn 0273 3877 123")
    box.writes("gửi")

    (sent,) = box.of(Submit)
    assert sent.draft.phone == "+842733877123"


@pytest.mark.parametrize("second", ["091234567", "gửi", "không có"])
def test_a_number_the_report_can_do_without_is_asked_for_again_once(second: str) -> None:
    box = Mailbox()
    box.writes(NO_WATER)
    box.writes("1. 091234567\n2. đúng")

    box.writes(second)

    assert waiting_for(box.state) == "confirm"


def test_an_old_number_among_other_answers_waits_for_its_yes() -> None:
    """D25."""
    box = Mailbox()
    box.writes(NO_WATER)

    assert "đầu số cũ" in box.writes("1. 01688 123 456\n2. đúng")
    assert "0388 123 456" in box.writes("đúng")


def test_a_required_number_is_asked_for_with_what_was_wrong_until_it_comes() -> None:
    box = Mailbox(load("bac-ninh"))
    box.writes("rác chất đống ở ngõ 12 đường Ngô Gia Tự phường Suối Hoa 4 ngày rồi, tôi tên Bùi Thị Sáu")

    for _ in range(2):
        assert "2. Số điện thoại chưa đúng" in box.writes("1. chưa có\n2. 091234567")


def test_ward_and_place_in_one_letter_make_one_place() -> None:
    """D08 by mail."""
    box = Mailbox(load("thanh-hoa"))
    box.writes("cống tắc ở phường Lam Sơn, mưa là ngập")

    answer = box.writes("1. tp thanh hoa cu\n2. đầu ngõ 40 Nguyễn Trãi\n3. Hoàng Văn Thịnh\n4. 0904777888")

    assert waiting_for(box.state) == "confirm"
    assert "đầu ngõ 40 Nguyễn Trãi, phường Hạc Thành (phường Lam Sơn cũ)" in answer


def test_vain_letters_are_counted_not_the_questions_in_them() -> None:
    box = Mailbox()
    box.writes(LAMP)
    patience = TG.intake.max_reasks_per_field

    for _ in range(patience):
        box.writes("?")
        assert not box.of(Handoff)
    box.writes("?")

    assert [effect.reason for effect in box.of(Handoff)] == ["reask_limit"]


# --- one letter says everything -------------------------------------------------------------------------------------

WHOLE = (
    "Kính gửi: Ủy ban nhân dân phường Đạo Thạnh\n\nTôi trú tại số 12 Nguyễn Trãi, phường Mỹ Tho, xin phản ánh: "
    f"{LAMP}\n\nTrân trọng,\nTrần Thị Bình\nĐT: 0987 654 321"
)


def test_a_whole_letter_is_restated_and_waits_for_a_yes() -> None:
    box = Mailbox()

    answer = box.writes(WHOLE)

    assert (box.draft.name, box.draft.phone, box.draft.email) == ("Trần Thị Bình", "+84987654321", "an@example.vn")
    assert "12 Nguyễn Trãi" in box.draft.address and "45 Lý Thường Kiệt" in box.draft.place.text
    assert "Ủy ban" not in box.draft.description and "Trân trọng" not in box.draft.description
    assert waiting_for(box.state) == "confirm" and "GỬI" in answer and not box.of(Submit)


@pytest.mark.parametrize(
    "reply",
    ["Gửi", "GỬI.", "Đồng ý", "ok gửi đi ạ", "Thông tin đã đúng, đề nghị gửi", "Tôi đồng ý gửi.", "Xác nhận"],
)
@pytest.mark.parametrize(
    "signature", ["", "\n\nTrân trọng, Nguyễn Văn Khác, 0912 345 678", "\nLê Văn Khác\n0912345678"]
)
def test_a_signed_yes_sends_and_changes_no_name(reply: str, signature: str) -> None:
    box = Mailbox()
    box.writes(WHOLE)

    box.writes(reply + signature)

    (sent,) = box.of(Submit)
    assert (sent.draft.name, sent.draft.phone) == ("Trần Thị Bình", "+84987654321")


def test_corrections_are_read_from_labels_and_the_report_is_restated() -> None:
    box = Mailbox()
    box.writes(WHOLE)

    answer = box.writes("SỬA\nHọ và tên: Trần Thị Bình Minh\nSố điện thoại: 0987 654 322")

    assert (box.draft.name, box.draft.phone) == ("Trần Thị Bình Minh", "+84987654322")
    assert "45 Lý Thường Kiệt" in answer and "GỬI" in answer


def test_no_reminder_and_no_pause_reach_a_letter_writer() -> None:
    box = Mailbox()
    box.writes(LAMP)

    assert box.state.wake_at is not None and box.state.wake_at - box.now > timedelta(days=1)


# --- the heading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "Như tiêu đề.", "như chủ đề", "Trân trọng,\nNguyễn Văn An\n0912345678"])
def test_a_heading_is_the_matter_of_an_empty_letter(body: str) -> None:
    box = Mailbox()

    box.writes(body, subject="Cây xanh đổ chắn đường tại 20 Nguyễn Huệ, phường Mỹ Tho")

    assert box.draft.category == "cay_xanh" and "20 Nguyễn Huệ" in box.draft.place.text
    assert box.draft.description.startswith("Cây xanh đổ chắn đường")


def test_a_heading_that_the_letter_repeats_is_not_doubled() -> None:
    box = Mailbox()

    box.writes(LAMP, subject="Đèn đường trước số 45 Lý Thường Kiệt")

    assert box.draft.description.count("45 Lý Thường Kiệt") == 1


def test_the_heading_of_the_thread_opens_no_second_report() -> None:
    box = Mailbox()
    heading = "Cây xanh đổ chắn đường tại 20 Nguyễn Huệ, phường Mỹ Tho"
    box.writes("Như tiêu đề.\n\nNguyễn Văn An\n0912345678", subject=heading)
    box.writes("đúng", subject=heading)
    box.writes("gửi", subject=heading)

    box.writes("Cảm ơn", subject=heading)

    assert box.state.form is None


# --- loops ----------------------------------------------------------------------------------------------------------

letters = st.lists(
    st.tuples(
        st.sampled_from(["Gửi", LAMP, "1. An 2. 0912345678", "không", "Xin chào", CODE, "", "cảm ơn", WHOLE]),
        st.integers(min_value=0, max_value=1200),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(script=letters)
def test_more_than_ten_letters_an_hour_are_a_loop_and_get_no_answer(script: list[tuple[str, int]]) -> None:
    """RFC 3834: an automatic answer must not feed another one."""
    box = Mailbox()
    came: list[datetime] = []
    for text, seconds in script:
        box.now += timedelta(seconds=seconds)
        came.append(box.now)
        box.happens(InboundMessage(peer=PEER, external_id=str(len(came)), sent_at=box.now, text=text))

        within = sum(box.now - at < timedelta(hours=1) for at in came)
        loops = [effect.reason for effect in box.of(Handoff)] == ["loop"]
        assert loops is (within > 10)
        assert len(box.of(Say)) <= (0 if loops else 1)
        assert decode(encode(box.state)) == box.state


ODD = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.sampled_from(["1.", "2)", "Họ tên:", "SĐT:", "Kính gửi", "Trân trọng", "--", "\n", " ", ",", "An", "0912"]),
        max_size=40,
    ).map("".join),
)


@settings(max_examples=150, deadline=None)
@given(first=ODD, second=ODD, subject=ODD)
def test_no_letter_is_too_odd(first: str, second: str, subject: str) -> None:
    box = Mailbox(HN)
    for text in (first, LAMP, second):
        box.writes(text, subject=subject)
        assert not box.of(Submit) and len(box.of(Say)) <= 1


@pytest.mark.parametrize(
    "text", ["Họ tên: An\n" * 1200, "1. An\n" * 2000, "An\n" * 4000, "Kính gửi, " * 1200, "- \n" * 4000]
)
def test_a_long_letter_is_read_in_time(text: str) -> None:
    box = Mailbox(HN)
    box.writes(LAMP)
    began = time.process_time()

    box.writes(text)

    assert time.process_time() - began < 1


# --- who really wrote -----------------------------------------------------------------------------------------------

DOUBTFUL = [Authenticity.UNVERIFIED, Authenticity.FAILED]
doubtful = pytest.mark.parametrize("authenticity", DOUBTFUL)


@doubtful
@pytest.mark.parametrize(
    "text",
    [f"Không hài lòng, mã {CODE}", f"Không đồng ý với kết quả {CODE}", f"rút lại {CODE}", "Giữ bí mật"],
)
def test_who_is_not_proven_changes_no_case(authenticity: Authenticity, text: str) -> None:
    box = Mailbox()
    box.happens(OWN)

    answer = box.writes(text, authenticity=authenticity)

    assert not box.of(FollowUp) and "trả lời trực tiếp từ thư" in answer


@doubtful
def test_who_is_not_proven_reads_the_state_alone(authenticity: Authenticity) -> None:
    box = Mailbox()
    box.happens(OWN)

    answer = box.writes(CODE, authenticity=authenticity)

    assert "Đã công khai" in answer
    assert "UBND" not in answer and "25/11" not in answer


@doubtful
def test_a_look_up_of_who_is_not_proven_stays_veiled_until_it_is_answered(authenticity: Authenticity) -> None:
    box = Mailbox()
    box.writes("TG-261110-0009", authenticity=authenticity)
    (asked,) = box.of(LookUp)
    found = CaseFound(
        code=asked.code, found=True, at=NOON, status="in_progress", category="cap_nuoc", request=asked.request
    )

    assert "Cấp nước" not in box.happens(found)
    assert "Cấp nước" in box.happens(found)


@doubtful
def test_without_a_code_who_is_not_proven_is_told_of_no_case(authenticity: Authenticity) -> None:
    box = Mailbox()
    box.happens(OWN)

    assert CODE not in box.writes("tra cứu", authenticity=authenticity)


@doubtful
def test_who_is_not_proven_may_still_report(authenticity: Authenticity) -> None:
    box = Mailbox()
    box.writes(WHOLE, authenticity=authenticity)
    box.writes("Gửi", authenticity=authenticity)

    assert len(box.of(Submit)) == 1


@doubtful
def test_a_token_of_ours_proves_the_sender(authenticity: Authenticity) -> None:
    box = Mailbox()
    box.happens(OWN)

    box.writes("Không hài lòng, chưa xử lý triệt để", authenticity=authenticity, about=CODE)

    (rating,) = box.of(FollowUp)
    assert (rating.kind, rating.code, rating.value) == (FollowUpKind.RATING, CODE, 1)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Tôi không đồng ý với kết quả này", FollowUpKind.CLARIFY),
        ("Xin rút lại", FollowUpKind.WITHDRAW),
        ("Tôi gửi thêm thông tin: nước vẫn đục vào buổi sáng", FollowUpKind.SUPPLEMENT),
    ],
)
def test_an_answer_to_a_cases_mail_goes_to_that_case(text: str, kind: FollowUpKind) -> None:
    box = Mailbox()
    box.happens(OWN)
    box.happens(CaseKnown(code="TG-261115-0001", at=NOON, status="in_progress"))

    box.writes(text, about=CODE)

    (follow_up,) = box.of(FollowUp)
    assert (follow_up.kind, follow_up.code) == (kind, CODE)


def test_the_receipt_is_about_its_case_so_that_its_reader_can_answer() -> None:
    box = Mailbox()
    box.happens(OWN)
    box.happens(CaseChanged(code=CODE, update_id="u", name="report.check_failed", at=NOON, missing="ảnh"))

    (told,) = box.of(Say)
    assert told.about == CODE


# --- what pictures say ----------------------------------------------------------------------------------------------

PHOTO = MediaRef(
    kind=MediaKind.IMAGE, key="k", name="a.jpg", lat=10.3598, lon=106.3654, taken_at=NOON - timedelta(hours=3)
)
NO_PLACE = "Đèn đường tắt, đi lại rất nguy hiểm.\n\nTrân trọng,\nTrần Thị Bình\n0987654321"


def test_a_picture_proposes_the_place_and_the_letter_says_so() -> None:
    box = Mailbox()
    box.writes(NO_PLACE, media=(PHOTO,))

    answer = box.writes("12 Nguyễn Trãi, phường Mỹ Tho")

    assert (box.draft.place.lat, box.draft.place.lon) == (PHOTO.lat, PHOTO.lon)
    assert box.draft.occurred_at == PHOTO.taken_at
    assert "Vị trí lấy từ ảnh: 10.35980, 106.36540" in answer


def test_a_place_in_words_goes_before_the_pictures() -> None:
    box = Mailbox()
    box.writes(NO_PLACE, media=(PHOTO,))
    box.writes("12 Nguyễn Trãi, phường Mỹ Tho")

    answer = box.writes("SỬA\nĐịa điểm: 20 Nguyễn Huệ, phường Mỹ Tho")

    assert "20 Nguyễn Huệ" in box.draft.place.text and box.draft.place.lat is None
    assert "Vị trí lấy từ ảnh" not in answer


def test_a_time_in_words_goes_before_the_pictures() -> None:
    box = Mailbox()

    box.writes(LAMP, media=(PHOTO,))

    assert box.state.form is not None and box.state.form.shown["occurred_at"] == "5 đêm nay"


Talks = Callable[..., Any]


@pytest.mark.parametrize(("reply", "lat"), [("đúng", PHOTO.lat), ("không", None)])
def test_in_a_chat_the_pictures_place_is_asked_about(talk: Talks, reply: str, lat: float | None) -> None:
    stage = talk().stage
    peer = Peer(channel="telegram", account="bot", user="7")
    stage.happen(
        InboundMessage(peer=peer, external_id="1", sent_at=NOON, text="đèn đường tắt 3 đêm nay tối om", media=(PHOTO,))
    )
    assert "10.35980, 106.36540" in stage.seen.texts[-1]

    stage.now += timedelta(seconds=10)
    stage.happen(InboundMessage(peer=peer, external_id="2", sent_at=stage.now, text=reply))

    place = stage.state.form.draft.place
    assert (place.lat if place else None) == lat
    assert waiting_for(stage.state) == ("name" if lat else "location")
