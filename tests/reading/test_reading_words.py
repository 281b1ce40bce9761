"""Categories, emergencies, exclusions, commands, ratings, corrections. Scripts and requirements are cited by id."""

from collections.abc import Callable

import pytest

from dialog.reading import Reading, to_json

Say = Callable[..., Reading]
TG, BN, VL, HN, TH = "tien-giang", "bac-ninh", "vinh-long", "ha-noi", "thanh-hoa"


@pytest.mark.parametrize(
    ("to", "text", "category"),
    [
        (TG, "nước máy đục ngầu mấy bữa nay", "cap_nuoc"),
        (TG, "cup dien hoai luon, k biet khi nao co lai", "dien"),
        (TG, "bong den chay hoai, den duong hem 7 tat", "chieu_sang"),
        (TG, "lộ nhựa ổ gà tùm lum", "giao_thong"),
        (TG, "hàng xóm hát karaoke loa kẹo kéo tới khuya", "moi_truong"),
        (TG, "đổ trộm rác ban đêm ở ấp 5", "rac_thai"),
        (TG, "hàng giả bán đầy chợ", "buon_lau_hang_gia"),
        (TG, "rác ở bến xe Tiền Giang nhiều quá", "rac_thai"),
        (BN, "k ai gom rac 4 ngay r, hoi thoi qua", "ve_sinh_moi_truong"),
        (BN, "via he bi lan chiem ban hang rong", "trat_tu_do_thi"),
        (BN, "mat nc 2 ngay r", "cap_thoat_nuoc"),
        (VL, "đèn tin hiệu giao thôg bị hưu", "giao_thong"),
        (VL, "rác ngập bờ kè", "moi_truong"),
        (HN, "vỉa hè bị lấn chiếm, để xe tràn ra lòng đường", "trat_tu_do_thi"),
        (TH, "thuế nhà đất bị tính trùng", "thue"),
    ],
)
def test_the_category_is_read_with_accents_without_and_in_shorthand(
    say: Say, to: str, text: str, category: str
) -> None:
    reading = say(text, to=to)
    assert (reading.category, reading.category_sure) == (category, True)


def test_a_matter_between_two_categories_is_open_or_proposed_with_both_among_the_best(say: Say) -> None:
    reading = say("cây to cao che hết đèn đường", to=BN)
    assert not reading.category_sure
    assert {"chieu_sang", "cay_xanh"} <= {row.id for row in reading.category_likely}


def test_a_tie_or_no_match_is_never_guessed(say: Say) -> None:
    tie = say("ngập với rác khắp nơi")
    assert (tie.category, tie.category_sure) == ("", False)
    assert [c.id for c in tie.category_candidates] == ["rac_thai", "thoat_nuoc"]
    assert not say("mấy ông kia làm phiền quá trời").category_sure


@pytest.mark.parametrize("text", ["thuê nhà trọ giá cao", "xe chạy qua đến đường lớn", "toi dang den duong Le Loi"])
def test_unaccented_collisions_do_not_match(say: Say, text: str) -> None:
    assert say(text, to=TH).category not in {"thue", "chieu_sang"}


@pytest.mark.parametrize(
    ("to", "text", "kind"),
    [
        (TG, "đèn đường hư", "phan_anh"),
        (TG, "hồ sơ nộp ở một cửa trễ 15 ngày", "quy_dinh_tthc"),
        (TG, "cho hỏi tra cứu hồ sơ ở đâu", "hoi_dap"),
        (BN, "cán bộ một cửa gây phiền hà, hồ sơ trễ 10 ngày", "tthc"),
        (BN, "cty em vướng quy định PCCC", "doanh_nghiep"),
        (BN, "công ty TNHH Hòa Phát chúng tôi vướng quy định, không xin được giấy phép", "doanh_nghiep"),
        (BN, "hộ kinh doanh của tôi vướng thủ tục", "doanh_nghiep"),
    ],
)
def test_the_report_type_follows_its_words(say: Say, to: str, text: str, kind: str) -> None:
    """R-BN-06, R-BN-07, R-BN-08."""
    assert say(text, to=to).report_type == kind


@pytest.mark.parametrize(
    ("text", "emergency"),
    [
        ("trời ơi cháy nhà kế bên rồi!!!!", "chay"),
        ("nha dang chay lon o duong le loi", "chay"),
        ("nhà đang cháy lớn, không có bình chữa cháy", "chay"),
        ("tai nạn ở ngã tư, có người bị thương nặng", "tai_nan"),
        ("có đứa nhỏ bị đuối nước", "cuu_nan"),
        ("sợ cháy nhà vì dây điện chằng chịt", ""),
        ("bình chữa cháy hết hạn", ""),
        ("bong den chay hoai", ""),
        ("ong nuoc vo nuoc chay lenh lang", ""),
        ("đoạn này dễ gây tai nạn, gắn thêm biển báo", ""),
        ("đổ trộm rác ban đêm", ""),
    ],
)
def test_emergencies_are_seen_and_false_alarms_are_not(say: Say, text: str, emergency: str) -> None:
    """D10: "phòng cháy", "bình chữa cháy", "chảy nước", "cháy bóng đèn" are none."""
    assert say(text, "phone").emergency == emergency


@pytest.mark.parametrize(
    ("to", "text", "exclusion"),
    [
        (TH, "Tôi muốn gửi đơn tố cáo ông trưởng thôn ăn chặn", "to_cao"),
        (BN, "cay to cao che den duong", ""),
        (BN, "cho hoi vuot den do bi phat bao nhieu tien vay ad", "giai_dap_phap_luat"),
        (BN, "quy định bất cập, nên bỏ", "quy_dinh_hanh_chinh"),
        (BN, "công ty chúng tôi thấy quy định bất cập, nên bỏ", ""),
        (BN, "mua điện thoại ở shop bị lỗi", "san_pham_dich_vu_dn"),
        (BN, "xưởng xả thải ra mương", ""),
        (HN, "VAY VỐN NHANH không thế chấp", "quang_cao"),
        (HN, "biển quảng cáo trái phép giảm giá che biển báo", ""),
        (TH, "Cảm ơn các anh chị phường Hạc Thành đã dọn rác nhanh gọn, sạch đẹp lắm ạ", "cam_on"),
        (TG, "Đèn hẻm 5 đã sáng lại rồi, cảm ơn các anh nhiều", "cam_on"),
        (TG, "cảm ơn nhưng cống vẫn tắc", ""),
        (TG, "Cảm ơn ad. Rác đầy ngõ 12 Lý Thường Kiệt chưa ai gom", ""),
        (TG, "đèn đường hẻm 5 hư cả tuần, nhờ anh chị xem giúp, em cảm ơn", ""),
        (TG, "Rác đầy hẻm. Xin cảm ơn", ""),
    ],
)
def test_exclusions_apply_to_their_matter_only(say: Say, to: str, text: str, exclusion: str) -> None:
    """R-BN-14…18, R-BN-17 (an enterprise is heard), TH Đ11.5 (thanks without a request)."""
    assert say(text, to=to).exclusion == exclusion


def test_an_insult_is_flagged_and_taken_out_but_the_matter_stays(say: Say) -> None:
    """R-BN-32, D09."""
    reading = say("lũ ngu làm ăn kiểu gì thế!!! rác chất đống ở cổng trường, 3 tuần rồi không ai dọn", to=BN)
    assert reading.insult
    assert reading.description == "rác chất đống ở cổng trường, 3 tuần rồi không ai dọn"
    one_clause = say("đm cái đường ấp 2 xã Tân Hương ổ gà quá")
    assert one_clause.description == "cái đường ấp 2 xã Tân Hương ổ gà quá"
    assert not say("duong hong do cho xe tai chay nhieu").insult


@pytest.mark.parametrize(
    "text",
    [
        "dung",
        "đúng rồi",
        "dung r",
        "dạ đúng rồi ạ",
        "ok gửi đi",
        "oke gửi luôn đi ad",
        "uh",
        "dc",
        "dc roi gui di",
        "vâng",
        "GỬI",
        "gởi đi",
        "có ạ",
        "ok cam on",
    ],
)
def test_ways_to_say_yes(say: Say, text: str) -> None:
    reading = say(text, "confirm")
    assert (reading.yes, reading.no, reading.description) == (True, False, "")


@pytest.mark.parametrize(
    "text",
    [
        "không",
        "k",
        "ko phải",
        "không cần đâu",
        "sai rồi",
        "hông phải",
        "chưa",
        "không có hình",
        "dạ không ạ",
        "khong dung",
    ],
)
def test_ways_to_say_no(say: Say, text: str) -> None:
    reading = say(text, "confirm")
    assert (reading.yes, reading.no) == (False, True)


@pytest.mark.parametrize(
    "text", ["không có", "k co anh", "không có ảnh đâu ad ơi", "chưa chụp được", "ko co mail", "bỏ qua"]
)
def test_ways_to_skip_a_question(say: Say, text: str) -> None:
    assert say(text, "media").skip


def test_a_skip_with_a_wish_to_send_is_both(say: Say) -> None:
    reading = say("k co anh, gui luon di", "media", to=BN)
    assert (reading.command, reading.skip, reading.rest, reading.rest_command) == (
        "skip",
        True,
        "gui luon di",
        "confirm",
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("thôi khỏi, để em gọi bác tổ trưởng", "cancel"),
        ("hủy giùm em", "cancel"),
        ("thôi không gửi nữa", "cancel"),
        ("hỏng hết rồi, thôi thì sửa giúp tôi cái cống", ""),
        ("sửa đường giùm bà con ấp 3", ""),
        ("sửa luôn sđt 0918222334", "edit"),
        ("nhầm rồi, số 51 chứ không phải 15", "edit"),
        ("cho em gặp cán bộ", "human"),
        ("giữ bí mật giúp tôi nhé", "confidential"),
        ("bí mật nhà nước", ""),
        ("vẫn gửi", "insist"),
        ("tôi không đồng ý, đường vẫn lầy", "appeal"),
        ("TG 261110 0004 sao rồi ad", "status"),
        ("tg-261110-0004", "status"),
        ("phản ánh của tôi hôm trước tới đâu rồi", "status"),
        ("hồ sơ của tôi tới đâu rồi", "status"),
        ("ho so toi nop toi dau roi vay", "status"),
        ("TG-261110-0004 làm rõ giúp vì sao", "appeal"),
        ("giải thích giúp TG-261110-0004 kết luận như vậy là sao", "appeal"),
        ("TG-261110-0004 sao chưa xử lý", "status"),
        ("làm rõ giúp vì sao thu tiền rác hai lần", ""),
    ],
)
def test_a_command_is_the_whole_message_or_its_leading_clause(say: Say, text: str, command: str) -> None:
    assert say(text).command == command


@pytest.mark.parametrize("text", ["bọn chó chết làm ăn kỳ vậy", "lũ ăn hại", "lu khon nan", "thằng chó nào làm đường"])
def test_an_insult_is_told_from_the_matter(say: Say, text: str) -> None:
    """D09."""
    assert say(text).insult


@pytest.mark.parametrize("text", ["xác chó chết trôi dưới kênh hôi thối", "lũ chó thả rông cắn người ở ấp 3"])
def test_a_complaint_about_dogs_is_no_insult(say: Say, text: str) -> None:
    assert not say(text).insult


@pytest.mark.parametrize(
    ("text", "to"),
    [("Hà Nội", "ha-noi"), ("tp Hà Nội", "ha-noi"), ("ở thành phố", "ha-noi"), ("Tiền Giang", "tien-giang")],
)
def test_the_province_alone_is_no_place(say: Say, text: str, to: str) -> None:
    assert say(text, "location", to=to).place is None


def test_a_landmark_named_after_the_province_is_a_place(say: Say) -> None:
    assert say("ga Hà Nội", "location", to="ha-noi").place is not None


def test_a_code_is_found_in_any_case_without_hyphens(say: Say) -> None:
    assert say("thế tg 261118 0099 với TG-261118-1234").codes == ("TG-261118-0099", "TG-261118-1234")
    assert say("BN-261118-0099").codes == ()


def test_the_wish_for_confidentiality_counts_wherever_it_stands(say: Say) -> None:
    """D17."""
    first = say("giấu tên giúp em nha, cơ sở nuôi heo ở ấp Phước Lợi xả thải ra kênh")
    assert (first.confidential, first.description) == (True, "cơ sở nuôi heo ở ấp Phước Lợi xả thải ra kênh")
    last = say("rác đầy ngõ 5, đừng công khai tên tôi")
    assert (last.confidential, last.description) == (True, "rác đầy ngõ 5")
    assert say("rác đầy ngõ 5").confidential is None
    assert say("không cần đâu", "confidential").confidential is False


@pytest.mark.parametrize(
    ("to", "text", "value", "sure", "comment"),
    [
        (TG, "không hài lòng, vá sơ sơ 2 bữa lại bung", 1, True, "vá sơ sơ 2 bữa lại bung"),
        (TG, "hài lòng", 3, True, ""),
        (TG, "k hai long", 1, True, ""),
        (TG, "chưa hài lòng", 1, True, ""),
        (TG, "bình thường thôi", 2, True, "thôi"),
        (TG, "tệ quá", 1, False, ""),
        (HN, "chưa hài lòng", 1, True, ""),
        (BN, "5 sao", 5, True, ""),
        (BN, "4", 4, True, ""),
        (BN, "⭐⭐", 2, True, ""),
        (BN, "1 sao, làm ẩu", 1, True, "làm ẩu"),
        (BN, "không hài lòng", None, False, ""),
    ],
)
def test_a_rating_is_read_by_the_provinces_scale_and_never_invented(
    say: Say, to: str, text: str, value: int | None, sure: bool, comment: str
) -> None:
    rating = say(text, "rating", to=to).rating
    assert rating is not None
    assert (rating.value, rating.sure, rating.comment) == (value, sure, comment)


def test_anger_is_no_rating(say: Say) -> None:
    assert say("làm ăn kiểu gì vậy trời", "rating").rating is None


@pytest.mark.parametrize(
    ("text", "slot", "value", "old"),
    [
        ("nhầm rồi, số 51 chứ không phải 15", "location", "51", "15"),
        ("đúng nhưng số nhà là 54 chứ không phải 45", "location", "54", "45"),
        ("ok mà sửa tên lại là Trần Văn Hưng giúp em nha", "name", "Trần Văn Hưng", ""),
        ("chưa đúng, đèn hư 5 ngày rồi chứ không phải 3 ngày", "description", "đèn hư 5 ngày rồi", "3 ngày"),
        ("không phải phường Võ Cường mà là phường Kinh Bắc", "location", "phường Kinh Bắc", "phường Võ Cường"),
        ("sửa tên thành Nguyễn Văn Bình", "name", "Nguyễn Văn Bình", ""),
        ("sai tên rồi, Nguyễn Thị Hòa mới đúng", "name", "Nguyễn Thị Hòa", ""),
        ("sđt mới 0912000111", "phone", "0912000111", ""),
        ("sửa luôn sđt 0918222334", "phone", "0918222334", ""),
        ("sửa địa chỉ: 20 Lý Thái Tổ", "location", "20 Lý Thái Tổ", ""),
    ],
)
def test_a_correction_names_one_slot_and_its_new_value(say: Say, text: str, slot: str, value: str, old: str) -> None:
    """D05."""
    correction = say(text, "confirm", to=BN).correction
    assert correction is not None
    assert (correction.slot, correction.value, correction.old) == (slot, value, old)


def test_a_wish_to_repair_something_is_no_correction(say: Say) -> None:
    assert say("bao gio moi sua duong tinh 864 doan qua xa Binh Duc").correction is None
    assert say("sửa cầu ấp 3 giùm bà con").correction is None


def test_a_new_matter_is_announced_and_its_announcement_is_no_part_of_it(say: Say) -> None:
    """D22, D23."""
    switch = say("mà thôi báo vụ này trước nè: nước máy đục ngầu mấy bữa nay")
    assert (switch.subject_switch, switch.command, switch.description) == (True, "", "nước máy đục ngầu mấy bữa nay")
    second = say("mình muốn báo thêm việc khác: đèn đường không sáng")
    assert (second.second_report, second.subject_switch, second.description) == (True, False, "đèn đường không sáng")
    teencode = say("bao them vu nua nha: cot dien do")
    assert (teencode.second_report, teencode.description) == (True, "cot dien do")
    assert not say("báo cáo với anh chị đèn hư").second_report


@pytest.mark.parametrize(
    ("text", "on_behalf"),
    [
        ("tôi phản ánh hộ bà nội, bà 82 tuổi", True),
        ("em phản ánh giúp mẹ em, nước yếu", True),
        ("phản ánh giúp em với, đèn đường hư", False),
        ("gửi giúp mình nha", False),
    ],
)
def test_speaking_for_another_is_told_from_asking_for_help(say: Say, text: str, on_behalf: bool) -> None:
    assert say(text).on_behalf is on_behalf


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ("There is garbage on the street", True),
        ("rac nhieu qua", False),
        ("街道上有垃圾", True),
        ("ok", False),
        ("ducpm@yahoo.com", False),
        ("k bt lm j", False),
    ],
)
def test_another_language_is_noticed_and_unaccented_vietnamese_is_vietnamese(
    say: Say, text: str, foreign: bool
) -> None:
    """R-BN-25."""
    assert say(text, to=BN).foreign_language is foreign


@pytest.mark.parametrize("text", ["chào b", "alo", "hnay trời đẹp ghê nhỉ", "ad ơi có ai không"])
def test_small_talk_is_no_matter(say: Say, text: str) -> None:
    """D08."""
    reading = say(text)
    assert reading.chitchat
    assert not reading.has_matter


def test_shorthand_is_written_out_on_a_copy(say: Say) -> None:
    """R-BN-26, R-TH-18."""
    reading = say("k thu gom rac o p.Vo Cuong, mk goi ko dc", to=BN)
    assert reading.description == "k thu gom rac o p.Vo Cuong, mk goi ko dc"
    assert reading.expanded == "không thu gom rac o phường Võ Cường, mình goi không được"


@pytest.mark.parametrize(
    ("text", "picked"),
    [("2", 2), ("số 2", 2), ("2 ạ", 2), ("cái thứ hai", 2), ("2 ngày rồi", None), ("0912345678", None)],
)
def test_a_bare_number_picks_from_a_list(say: Say, text: str, picked: int | None) -> None:
    assert say(text, "ward").number == picked


def test_the_level_and_the_topics_come_from_the_provinces_words(say: Say) -> None:
    assert say("hở điện ở cột đèn", to=BN).level == "khan"
    assert say("đèn đường hư", to=BN).level == ""
    assert say("mã số thuế của tôi bị sai", to=TH).topics == ("thue",)


def test_a_reading_can_be_shown_as_json(say: Say) -> None:
    shown = to_json(say("mất nước 2 ngày ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên Bùi Thị Sáu 0912345678"))
    assert shown["category"] == "cap_nuoc"
    assert shown["place"]["ward_new"] == "phường Mỹ Tho"
    assert shown["phone"]["kind"] == "ok"
