"""Names, numbers, places and times out of sentences as citizens type them. Scripts D01–D25 are cited by id."""

from collections.abc import Callable

import pytest

from core.model import Contact
from dialog.reading import Reading
from dialog.reading.model import Needs, PhoneKind, Precision

Say = Callable[..., Reading]
TG, BN, VL, HN, TH = "tien-giang", "bac-ninh", "vinh-long", "ha-noi", "thanh-hoa"


@pytest.mark.parametrize(
    ("text", "waiting", "name"),
    [
        ("alo cho minh bao den duong hu. minh ten Tran Van Hung sdt 0909 123 456", "", "Tran Van Hung"),
        ("Tôi tên Lê Văn Sáu 0918222333", "", "Lê Văn Sáu"),
        ("Em là Nguyễn Thu Trang, cccd 001195012345", "", "Nguyễn Thu Trang"),
        ("mk ten Nguyen Thi Hoa, 0987.654.321", "name", "Nguyen Thi Hoa"),
        ("xin lỗi nãy bực quá. Đỗ Văn Quyết 0369 888 777", "name", "Đỗ Văn Quyết"),
        ("Ngô Văn Út 0907 333 222", "name", "Ngô Văn Út"),
        ("Lê Thị Bé Ba", "name", "Lê Thị Bé Ba"),
        ("tran thi be", "name", "tran thi be"),
        ("LÊ VĂN HÙNG", "name", "LÊ VĂN HÙNG"),
        ("mình tên Hương", "name", "Hương"),
        ("dạ em tên là Phạm Quỳnh Như ạ", "name", "Phạm Quỳnh Như"),
        ("chị Hoa", "name", "Hoa"),
        ("Anh Thư", "name", "Anh Thư"),
        ("H'Hen Niê", "name", "H'Hen Niê"),
        ("Công ty TNHH Minh Phát", "name", "Công ty TNHH Minh Phát"),
        ("bà Phạm Thị Xuyến", "behalf_name", "Phạm Thị Xuyến"),
        ("Trần Thị Lan 0356111222", "", "Trần Thị Lan"),
        ("ho ten: vo minh tri, dt 0912 345 678", "", "vo minh tri"),
        ("em", "name", ""),
        ("để làm gì vậy", "name", ""),
        ("không", "name", ""),
        ("Tôi là người dân ở đây", "", ""),
        ("đường Nguyễn Trãi bị ngập", "", ""),
        ("có tên trộm vào nhà bẻ khóa", "", ""),
        ("quán nhậu tên Hoa Sen ồn ào quá", "", ""),
        ("bảng tên đường Nguyễn Huệ bị gãy", "", ""),
        ("tôi là chủ hộ kinh doanh ở chợ", "", ""),
        ("ten duong bi sai", "", ""),
        ("em là sinh viên", "", ""),
        ("Người gửi: Trần Văn Tám", "", "Trần Văn Tám"),
        ("họ và tên: NGUYỄN VĂN BÌNH; sđt: 0912345678", "", "NGUYỄN VĂN BÌNH"),
        ("toi la le van tam 0913456789", "", "le van tam"),
    ],
)
def test_a_name_is_kept_exactly_as_typed(say: Say, text: str, waiting: str, name: str) -> None:
    assert say(text, waiting).name == name


@pytest.mark.parametrize(
    ("text", "kind", "e164"),
    [
        ("0912345678", PhoneKind.OK, "+84912345678"),
        ("0987.654.321", PhoneKind.OK, "+84987654321"),
        ("+84 912 345 678", PhoneKind.OK, "+84912345678"),
        ("84912345678", PhoneKind.OK, "+84912345678"),
        ("sdt e la 09o8 111 222 nha", PhoneKind.OK, "+84908111222"),
        ("O912345678", PhoneKind.OK, "+84912345678"),
        ("0551234567", PhoneKind.OK, "+84551234567"),
        ("không, để số bàn 0273 3877 123", PhoneKind.LANDLINE, "+842733877123"),
        ("(0222) 3822 222", PhoneKind.LANDLINE, "+842223822222"),
        ("091234567", PhoneKind.INVALID, ""),
        ("09123456789", PhoneKind.INVALID, ""),
        ("19001022", PhoneKind.INVALID, ""),
        ("+81 90 1234 5678", PhoneKind.FOREIGN, "+819012345678"),
    ],
)
def test_a_phone_number_is_found_and_classified(say: Say, text: str, kind: PhoneKind, e164: str) -> None:
    phone = say(text, "phone").phone
    assert phone is not None
    assert (phone.kind, phone.e164) == (kind, e164)


@pytest.mark.parametrize(
    ("typed", "today"),
    [
        ("01688 123 456", "0388123456"),
        ("01201234567", "0701234567"),
        ("0129.123.4567", "0821234567"),
        ("01991234567", "0591234567"),
    ],
)
def test_an_old_prefix_suggests_todays_number_and_is_never_stored(say: Say, typed: str, today: str) -> None:
    phone = say(typed, "phone").phone
    assert phone is not None
    assert (phone.kind, phone.suggestion, phone.e164) == (PhoneKind.OLD_PREFIX, today, "")


def test_several_numbers_in_one_run_are_cut_apart(say: Say) -> None:
    assert [p.e164 for p in say("0909 123 456 0273 3877 123", "phone").phones] == ["+84909123456", "+842733877123"]


def test_a_contact_card_fills_phone_and_name_unless_it_is_another_persons(say: Say) -> None:
    own = say("", "phone", card=Contact(name="Phạm Minh Đức", phone="0983456789"))
    assert (own.name, own.phone and own.phone.e164) == ("Phạm Minh Đức", "+84983456789")
    other = say("", "phone", card=Contact(name="Ông Tư", phone="0983456789", own=False))
    assert (other.name, other.phone) == ("", None)


def test_digits_that_are_no_phone_are_left_alone(say: Say) -> None:
    for text in (
        "hết 500.000 đồng",
        "số 15 đường 30/4",
        "TG-261110-0004 sao rồi",
        "ngày 12/11/2026",
        "cccd 001195012345",
    ):
        assert say(text).phones == ()


def test_the_identity_number_and_the_tax_code_are_told_from_a_phone(say: Say) -> None:
    reading = say(
        "Em là Nguyễn Thu Trang, cccd 001195012345, sđt 0912 345 678, mail thutrang.ng@gmail.com. Rác đầy ngõ", to=HN
    )
    assert (reading.cccd, reading.email) == ("001195012345", "thutrang.ng@gmail.com")
    assert [p.e164 for p in reading.phones] == ["+84912345678"]
    assert say("2800123456", "tax_code", to=TH).tax_code == "2800123456"
    assert say("mst 0100109106-001", to=TH).tax_code == "0100109106001"
    assert say("28001234", "tax_code", to=TH).tax_code == ""


@pytest.mark.parametrize(
    ("to", "text", "waiting", "old", "new", "needs"),
    [
        (
            TG,
            "den duong truoc nha so 45 Ly Thuong Kiet p5 my tho tat",
            "",
            "phường 5",
            "phường Đạo Thạnh",
            Needs.CONFIRM,
        ),
        (TG, "nắp cống bể ở hẻm 3 Đinh Bộ Lĩnh, phường 2 Mỹ Tho", "", "phường 2", "phường Mỹ Tho", Needs.CONFIRM),
        (
            TG,
            "trụ điện nghiêng trước số 88 Trần Hưng Đạo, P.4, TP Mỹ Tho",
            "",
            "phường 4",
            "phường Đạo Thạnh",
            Needs.CONFIRM,
        ),
        (TG, "đèn đường ấp 4 xã Tân Mỹ Chánh hư", "", "xã Tân Mỹ Chánh", "phường Mỹ Phong", Needs.CONFIRM),
        (TG, "nước máy đục ở ấp 4 Tân Mỹ Chánh", "", "xã Tân Mỹ Chánh", "phường Mỹ Phong", Needs.CONFIRM),
        (TG, "mất nước ở 20 Nguyễn Huệ, phường Mỹ Tho", "", "", "phường Mỹ Tho", Needs.NOTHING),
        (TG, "rac o p8 my tho", "", "phường 8", "phường Mỹ Tho", Needs.CONFIRM),
        (TG, "lo hu o ap binh duc xa binh duc chau thanh", "", "xã Bình Đức", "xã Kim Sơn", Needs.CONFIRM),
        (TG, "rác ở phường 5", "", "phường 5", "", Needs.PICK),
        (BN, "rac o ngo 12 duong Ngo Gia Tu p. Suoi Hoa", "", "phường Suối Hoa", "phường Kinh Bắc", Needs.CONFIRM),
        (BN, "gần chợ Đồng Kỵ, Từ Sơn", "location", "phường Đồng Kỵ", "phường Đồng Nguyên", Needs.CONFIRM),
        (BN, "dong ky tu son", "location", "phường Đồng Kỵ", "phường Đồng Nguyên", Needs.CONFIRM),
        (BN, "rác ở phường Đại Phúc", "", "phường Đại Phúc", "phường Võ Cường", Needs.CONFIRM),
        (BN, "k thu gom rac o p.Vo Cuong", "", "", "phường Võ Cường", Needs.NOTHING),
        (BN, "đèn trước UBND phường Đồng Nguyên không sáng", "", "", "phường Đồng Nguyên", Needs.NOTHING),
        (BN, "rác ở ngõ 5 phường Vệ An", "", "phường Vệ An", "phường Kinh Bắc", Needs.CONFIRM),
        (VL, "đèn hư ở ngã tư 2/9, phường 4 tp vĩnh long", "", "phường 4", "phường Phước Hậu", Needs.CONFIRM),
        (HN, "trước số 20 Trần Thái Tông, Dịch Vọng, Cầu Giấy", "", "phường Dịch Vọng", "", Needs.PICK),
        (HN, "Cầu Giấy ạ", "ward", "", "phường Cầu Giấy", Needs.NOTHING),
        (TH, "cống tắc ở phường Lam Sơn", "", "phường Lam Sơn", "", Needs.PICK),
    ],
)
def test_old_wards_lead_to_todays_ward_and_doubt_is_asked(
    say: Say, to: str, text: str, waiting: str, old: str, new: str, needs: Needs
) -> None:
    place = say(text, waiting, to=to).place
    assert place is not None
    assert (place.ward_old, place.ward_new, place.needs) == (old, new, needs)


def test_a_doubly_named_ward_offers_both_districts(say: Say) -> None:
    place = say("cống tắc ở phường Lam Sơn, mưa là ngập", to=TH).place
    assert place is not None
    assert {(o.old and o.old.district, o.new.name) for o in place.options} == {
        ("thành phố Thanh Hóa", "phường Hạc Thành"),
        ("thị xã Bỉm Sơn", "phường Bỉm Sơn"),
    }
    answer = say("tp thanh hoa cu", "ward", to=TH).place
    assert answer is not None
    assert answer.district == "thành phố Thanh Hóa"


def test_a_known_error_of_the_units_source_is_not_offered(say: Say) -> None:
    for text in ("rác ở phường 4 Mỹ Tho", "rác ở phường 6 Mỹ Tho", "rác ở phường 3 Cai Lậy"):
        place = say(text).place
        assert place is not None
        assert "phường Cao Lãnh" not in {option.new.name for option in place.options}


@pytest.mark.parametrize(
    ("text", "waiting", "parts", "said"),
    [
        ("rác đầy hẻm 120 Phạm Thái Bường", "", 1, "hẻm 120 Phạm Thái Bường"),
        ("nước yếu ở thôn 3 xã Tân Hương cả tháng nay", "", 2, "thôn 3 xã Tân Hương"),
        ("rác chất đống ở cổng trường Tiểu học Long Định, 3 tuần rồi", "", 2, "cổng trường Tiểu học Long Định"),
        ("kẹt xe ở cầu Rạch Miễu", "", 1, "cầu Rạch Miễu"),
        ("đầu ngõ 40 Nguyễn Trãi", "location", 1, "đầu ngõ 40 Nguyễn Trãi"),
        ("den duong duong nguyen trai p2 go cong tat hoai", "", 2, "duong nguyen trai p2 go cong"),
        ("hố ga mất nắp chỗ ngã ba Đồng Tâm, xe lọt hoài", "", 1, "ngã ba Đồng Tâm"),
    ],
)
def test_a_place_keeps_the_citizens_words_and_counts_its_parts(
    say: Say, text: str, waiting: str, parts: int, said: str
) -> None:
    place = say(text, waiting).place
    assert place is not None
    assert (place.text, place.parts) == (said, parts)


@pytest.mark.parametrize(
    "text", ["ổ gà to giữa đường, xe máy té hoài", "đường hư quá", "cầu bị sập rồi", "den duong tat ca tuan nay"]
)
def test_words_of_the_matter_are_no_place(say: Say, text: str) -> None:
    assert say(text).place is None


@pytest.mark.parametrize(
    ("text", "waiting", "outside"),
    [
        ("ở quận 1 tphcm", "location", "Hồ Chí Minh"),
        ("đường Lê Lợi phường 1 Hà Nội", "", "Hà Nội"),
        ("đường Hà Nội ngập, phường 1 Mỹ Tho", "", ""),
        ("ấp 4 xã Tân Hương", "", ""),
    ],
)
def test_a_place_in_another_province_is_noticed_but_a_street_of_that_name_is_not(
    say: Say, text: str, waiting: str, outside: str
) -> None:
    place = say(text, waiting).place
    assert place is not None
    assert place.outside_area == outside


@pytest.mark.parametrize(
    ("text", "address", "place"),
    [
        (
            "lộ ấp Bình Phong xã Tân Mỹ Chánh ổ gà. nhà em ở số 12/4 ấp Bình Phong",
            "số 12/4 ấp Bình Phong",
            "ấp Bình Phong xã Tân Mỹ Chánh",
        ),
        ("dc nha e: 45 Ngo Gia Tu, p Suoi Hoa", "45 Ngo Gia Tu, p Suoi Hoa", "45 Ngo Gia Tu, p Suoi Hoa"),
        ("rác đầy hẻm 5 Ấp Bắc, địa chỉ của tôi là 20 Lê Lợi", "20 Lê Lợi", "hẻm 5 Ấp Bắc"),
        ("cháy bóng đèn ở chợ Vĩnh Kim", "", "Vĩnh Kim"),
    ],
)
def test_the_senders_own_address_is_told_from_the_place_of_the_matter(
    say: Say, text: str, address: str, place: str
) -> None:
    reading = say(text, to=BN if "Suoi Hoa" in text else TG)
    assert reading.address == address
    assert reading.place is not None
    assert reading.place.text == place


def test_an_asked_address_is_taken_without_its_introduction(say: Say) -> None:
    reading = say("da, dia chi em la so 10 duong Nguyen Trai, p1 go cong", "address")
    assert reading.address == "so 10 duong Nguyen Trai, p1 go cong"
    assert not reading.yes
    assert say("ừ cùng chỗ đó luôn", "address").address_same


@pytest.mark.parametrize(
    ("text", "phrase", "start", "precision"),
    [
        ("rác từ hôm qua", "hôm qua", "2026-11-19T00:00", Precision.DAY),
        ("hqua mat nuoc", "hqua", "2026-11-19T00:00", Precision.DAY),
        ("chiều qua có người té", "chiều qua", "2026-11-19T13:00", Precision.PART_OF_DAY),
        ("tối qua khoảng 9h tối xe đổ rác", "tối qua khoảng 9h", "2026-11-19T21:00", Precision.MINUTE),
        ("từ 2h sáng nay xả thải", "2h sáng nay", "2026-11-20T02:00", Precision.MINUTE),
        ("tat 3 dem nay", "3 dem nay", "2026-11-17T19:40", Precision.SPAN),
        ("hôm kia cúp điện", "hôm kia", "2026-11-18T00:00", Precision.DAY),
        ("ngày 5/11 mất điện", "ngày 5/11", "2026-11-05T00:00", Precision.DAY),
        ("mất điện ngày 25/12", "ngày 25/12", "2025-12-25T00:00", Precision.DAY),
        ("thứ 2 tuần trước", "thứ 2 tuần trước", "2026-11-09T00:00", Precision.DAY),
        ("8h30 tối hôm qua hát karaoke", "8h30 tối hôm qua", "2026-11-19T20:30", Precision.MINUTE),
    ],
)
def test_a_time_is_read_relative_to_the_message(
    say: Say, text: str, phrase: str, start: str, precision: Precision
) -> None:
    occurred = say(text).occurred
    assert occurred is not None
    assert (occurred.text, occurred.start.isoformat()[:16], occurred.precision) == (phrase, start, precision)


@pytest.mark.parametrize(
    "text", ["đèn hư ở ngã tư 2/9 với Phạm Thái Bường", "ổ gà đường 30/4", "số 12/4 ấp Bình Phong"]
)
def test_a_date_beside_a_street_word_is_a_street(say: Say, text: str) -> None:
    assert say(text).occurred is None


def test_the_one_message_of_d01_fills_six_slots(say: Say) -> None:
    reading = say(
        "alo cho minh bao den duong truoc nha so 45 Ly Thuong Kiet p5 my tho tat 3 dem nay, toi mit."
        " minh ten Tran Van Hung sdt 0909 123 456"
    )
    assert reading.category == "chieu_sang"
    assert reading.name == "Tran Van Hung"
    assert reading.phone is not None
    assert reading.phone.shown == "0909 123 456"
    assert reading.place is not None
    assert reading.place.local == "truoc nha so 45 Ly Thuong Kiet"
    assert reading.description == "den duong truoc nha so 45 Ly Thuong Kiet p5 my tho tat 3 dem nay, toi mit"


@pytest.mark.parametrize("name", ["Trần Văn Minh", "Lê Thị Em", "tran van minh", "Nguyễn Hoàng Tới"])
@pytest.mark.parametrize("between", [", ", " ", " - "])
def test_a_name_before_a_number_keeps_its_last_word(say: Say, name: str, between: str) -> None:
    """ "Minh" and "Em" are names as well as words for oneself."""
    assert say(f"{name}{between}0987654321", "name").name == name
