"""The forms in which Vietnamese mail programs write, with and without a blank line, with and without quote marks."""

import pytest

from channels.email.visible import visible_reply

ANSWER = "Dạ đúng ạ."
OURS = ("Kính gửi Ông/Bà,", "Chúng tôi đã nhận phản ánh.")

ATTRIBUTIONS = (
    "Vào 14:24 8 tháng 6, 2017, Name <a@b.vn> đã viết:",
    "Vào Th 2, 13 thg 1, 2025 vào lúc 10:23 Nguyễn Văn A <\na@example.vn> đã viết:",
    "Vào 13 thg 1, 2025, vào lúc 10:23, Tiếp nhận <a@b.vn> đã viết:",
    "Vào ngày Th 2, 13 thg 1, 2025 lúc 10:23 Tiếp nhận <a@b.vn> đã\nviết:",
    "Vào Th 2, 13 thg 1, 2025 vào lúc 10:23 SA Tiếp nhận via Nhóm <\nnhom@googlegroups.com> đã viết:",
    "Lúc 10:23 ngày 13/01/2025, Tiếp nhận đã viết:",
    "Ngày 13/01/2025 10:23, Tiếp nhận viết:",
    "Vào lúc 10:23 SA, 13/01/2025, Tiếp nhận (a@b.vn) đã viết:",
    "Vào Thứ 2, 13/01/2025 vào lúc 10:23, Tiếp nhận\nphản ánh đã viết:",
    "----- Vào 13 Tháng Giêng, 2025, lúc 10:23 SA, Tiếp nhận đã viết:",
    "Vao luc 10:23 13/01/2025, Tiep nhan da viet:",
    "Vao ngay 2025-01-13 10:23, Tiep nhan viet:",
    "Tiếp nhận <a@b.vn> đã viết (10:23 13/01/2025):",
    "Trong thư ngày 13/01/2025 10:23, Tiếp nhận <a@b.vn> viết:",
    "Vào T2, 13 Th1, 2025 lúc 10:23 Tiếp nhận <a@b.vn> đã viết:",
    "-----Thư gốc-----",
    "----- Tin nhắn gốc -----",
    "-------- Thông điệp gốc --------",
    "Bắt đầu thư được chuyển tiếp:",
)
BLOCKS = (
    "Từ: A <a@b.vn>\nĐã gửi: 13/01/2025\nĐến: x@y.vn\nChủ đề: z",
    "Từ: Tiếp nhận\nNgày gửi: 13 tháng 1 năm 2025 10:23\nĐến: Bình\nTiêu đề: z",
    'Người gửi: "A" <a@b.vn>\nĐến: "B" <x@y.vn>\nĐã gửi: Thứ Hai, 13 Tháng 1, 2025 10:23:00\nChủ đề: z',
    "Từ: A [mailto:a@b.vn]\nGửi lúc: 13/01/2025\nTới: x\nCC: y\nVề việc: z",
    "Tu: A <a@b.vn>\nNgay: 13/01/2025\nToi: x\nTieu de: z",
    "Từ: A <a@b.vn>\n\nĐã gửi: 13/01/2025\n\nTới: x\n\nChủ đề: z",
    "Từ:  A <a@b.vn>\nĐã gửi:  Thứ Hai, 13/1/2025\nTới:  B <b@c.vn>; C <c@d.vn>;\n D <d@e.vn>\nChủ đề:  z",
)
DEVICES = (
    *("Gửi từ iPhone của tôi", "Đã gửi từ iPad của tôi", "Gửi từ Outlook cho Android", "Nhận Outlook cho Android"),
    *("Tải Outlook cho iOS<https://aka.ms/o0ukef>", "Lấy Outlook cho iOS", "Đã gửi từ điện thoại Samsung Galaxy"),
    *(
        "Được gửi từ Yahoo Mail cho iPhone",
        "Được gửi từ Thư cho Windows 10",
        "Gui tu iPhone cua toi",
        "Sent from my iPhone",
    ),
)
PEOPLES_WORDS = (
    "Gửi từ phường 5 tới quận: đề nghị sửa đường.",
    "Gửi từ điện thoại của tôi, mong trung tâm chuyển giúp.",
    "Từ ngày 12/1/2025 đến nay chưa ai đến.\nTừ: đầu ngõ\nĐến: cuối ngõ",
    "Tôi gọi lúc 10:30 ngày 13/1/2025, anh Nam (nam@ub.vn) nói:\nchờ thêm",
    "Anh Nam đã viết trong biên bản ngày 13/01/2025 như sau: chờ.",
    "Em gửi ảnh lúc 10:30 ngày 13/01/2025 cho anh Nam, email nam@ub.vn:\nchưa thấy trả lời",
    "Đến 10:30 ngày 13/01/2025 nước vẫn chưa rút:\nnhà nào cũng ngập",
    "Họ tên: Lan\nEmail: lan@x.vn\nNgày: 13/01/2025\nTiêu đề: rác\nNội dung: rác",
    "Kính gửi: UBND\nTừ: Lan, 0987654321\nNgày: 13/01/2025\nVề việc: ngập\n\nNước ngập lâu ngày.",
)


@pytest.mark.parametrize("mark", ["> ", ""], ids=["marked", "unmarked"])
@pytest.mark.parametrize("gap", ["\n\n", "\n"], ids=["blank line", "no blank line"])
@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_ends_the_answer(attribution: str, gap: str, mark: str) -> None:
    quoted = "\n".join(mark + line for line in OURS)
    assert visible_reply(f"{ANSWER}{gap}{attribution}\n\n{quoted}", "", first=False).text == ANSWER


@pytest.mark.parametrize("gap", ["\n\n", "\n", "\n\n________________________________\n", "\n\n-----Thư gốc-----\n"])
@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_of_headers_ends_the_answer(block: str, gap: str) -> None:
    assert visible_reply(f"{ANSWER}{gap}{block}\n\n{OURS[0]}", "", first=False).text == ANSWER


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("line", DEVICES)
def test_what_a_device_adds_is_no_part_of_the_answer(line: str, first: bool) -> None:
    assert visible_reply(f"{ANSWER}\n\n{line}", "", first=first).text == ANSWER


@pytest.mark.parametrize("words", PEOPLES_WORDS)
def test_what_people_write_themselves_stays(words: str) -> None:
    assert visible_reply(f"{ANSWER}\n\n{words}", "", first=False).text == f"{ANSWER}\n\n{words}"
