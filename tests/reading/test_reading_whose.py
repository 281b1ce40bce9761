"""Whose number and name it is, and what is no place at all."""

from collections.abc import Callable

import pytest

from dialog.reading import Reading

Say = Callable[..., Reading]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("Đối tượng dùng số 0921234567 gọi đòi tiền, sđt của tôi 0933445566", "+84933445566"),
        ("gọi đường dây nóng 0969741741 không ai nghe, liên hệ em 0912000999", "+84912000999"),
        ("sđt cũ 0912111000, nay dùng 0988000111", "+84988000111"),
        ("gọi 19009068 hoài không được, LH tôi 0913 222 111", "+84913222111"),
        ("số lạ 0899123456 gọi lừa con tôi chuyển tiền", ""),
        ("sđt của tài xế là 0901234567, chạy ẩu quá", ""),
    ],
)
def test_the_senders_number_is_not_that_of_a_caller_a_driver_or_a_hotline(say: Say, text: str, e164: str) -> None:
    phone = say(text).phone
    assert (phone.e164 if phone else "") == e164


def test_an_asked_number_is_taken_even_when_it_is_somebody_elses(say: Say) -> None:
    phone = say("số của hàng xóm 0912345678", "phone").phone
    assert phone is not None and phone.e164 == "+84912345678"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cống nghẹt cả tháng. Trân trọng, Lâm Thị Diễm", "Lâm Thị Diễm"),
        ("Người viết: Tô Văn Lến", "Tô Văn Lến"),
        ("Tôi Trần Quốc Bảo xin phản ánh cống nghẹt", "Trần Quốc Bảo"),
        ("Em là Thuỳ Dương ạ", "Thuỳ Dương"),
        ("chị Nguyễn Thị Lan đổ nước ra đường", ""),
        ("Tôi là Đảng viên, xin góp ý", ""),
        ("rác đầy đường. Ngã tư Từ Sơn", ""),
    ],
)
def test_a_name_is_read_from_a_signature_and_after_the_senders_own_word(say: Say, text: str, name: str) -> None:
    assert say(text).name == name


@pytest.mark.parametrize(
    "text", ["giữ kín tên tuổi giúp tôi", "đừng nói tên em ra nha", "mong bảo mật thông tin cho gia đình tôi"]
)
def test_a_wish_to_stay_unnamed_is_heard(say: Say, text: str) -> None:
    assert say(text).confidential is True


def test_who_needs_no_secrecy_is_not_kept_secret(say: Say) -> None:
    assert say("không cần giấu tên đâu, đường hư quá").confidential is None


@pytest.mark.parametrize(
    "text",
    [
        "hàng xóm ồn ào cả đêm",
        "nộp hồ sơ cho con 20 ngày chưa xong",
        "chồng đánh vợ, cả xóm nghe la hét",
        "bắt nộp bản gốc",
    ],
)
def test_everyday_words_open_no_place(say: Say, text: str) -> None:
    assert say(text).place is None


@pytest.mark.parametrize("text", ["để em hỏi lại đã", "chút nữa em gửi", "hông biết tên đường"])
def test_who_puts_off_the_place_has_named_none(say: Say, text: str) -> None:
    assert say(text, "location").place is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("đường vô kinh Chín Hấn sình lầy", "kinh Chín Hấn"),
        ("vàm Hổ Cứ sạt lở", "vàm Hổ Cứ"),
        ("tòa N03T2 mất nước", "tòa N03T2"),
        ("chùa Vĩnh Tràng 3 ngày rồi đầy rác", "chùa Vĩnh Tràng"),
        ("lộ 25 ấp Tân Phú hư", "lộ 25 ấp Tân Phú"),
    ],
)
def test_southern_waters_and_buildings_are_places(say: Say, text: str, place: str) -> None:
    found = say(text).place
    assert found is not None and found.text == place


def test_a_company_that_is_complained_about_is_not_the_sender(say: Say) -> None:
    assert say("Công ty bao bì xả nước thải ra sông").sender == "person"
    assert say("Công ty TNHH An Phát xin gia hạn thuê đất").sender == "organization"
