"""Tiền Giang, 1863/QĐ-UBND: what the conversation owes its citizens, row by row."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.rehearsal.record import Say
from core.effects import AlertStaff, LookUp
from core.events import CaseFound, CaseKnown
from core.model import Draft
from dialog import waiting_for
from regulations.loader import load

Talks = Callable[..., Any]
PROVINCE = "tien-giang"
LAMP = "đèn đường hư 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"
WHO = "tôi tên Bùi Thị Sáu, 0912 345 678"
HOME = "12 Lê Lợi, phường Mỹ Tho"
DOSSIER = "000.00.18.H58-231115-0001"


def told(talk: Talks, *texts: str, channel: str = "zalo") -> tuple[Any, str]:
    """A conversation in which the citizen says these things, and the last answer."""
    conversation = talk(PROVINCE, channel)
    answers = [str(conversation.says(text)) for text in texts]
    return conversation, answers[-1]


def draft_of(conversation: Any) -> Draft:
    draft: Draft = conversation.stage.state.form.draft
    return draft


def submitted(talk: Talks, matter: str) -> Draft:
    """The report that the matter, the sender and "gửi" end in; whatever is asked in between gets a plain answer."""
    conversation, _ = told(talk, matter, WHO)
    answers = {"location": HOME, "address": HOME, "ward": "đúng", "category": "Lĩnh vực khác", "confirm": "gửi"}
    for _ in range(6):
        if (waiting := waiting_for(conversation.stage.state)) in answers:
            conversation.says(answers[waiting])
    assert conversation.outcomes == ["submitted"]
    report: Draft = conversation.reports[0]
    return report


# --- what is not for the system: articles 1, 2, 4 and 6 ---------------------------------------------------------------


@pytest.mark.parametrize("text", ["Tôi muốn khiếu nại quyết định thu hồi đất", "tôi muốn tố cáo ông chủ tịch xã"])
def test_complaints_and_denunciations_are_no_cases(talk: Talks, text: str) -> None:
    """R-TG-02, Đ1.1.b; a number nobody filled in leaves no gap."""
    conversation, answer = told(talk, text)
    conversation.says("vẫn gửi")

    assert conversation.outcomes[0] == "redirected:tiep_cong_dan"
    assert conversation.reports == []
    assert "Ban Tiếp công dân" in answer and "()" not in answer and answer.endswith(".")


def test_urgent_is_a_disaster_or_an_epidemic_and_nothing_else(talk: Talks) -> None:
    """R-TG-03, Đ2.3."""
    for text in ("vỡ đê ở ấp 4 xã Tân Phú Đông", "ổ dịch sốt xuất huyết ở 20 Nguyễn Huệ, phường Mỹ Tho"):
        assert submitted(talk, text).level == "khan"

    fire, answer = told(talk, "cháy nhà ở 20 Nguyễn Huệ, phường Mỹ Tho")
    fire.says("gửi phản ánh")
    assert fire.outcomes[0] == "redirected:114" and "114" in answer
    assert fire.reports == []
    assert submitted(talk, LAMP).level == "thuong"


def test_an_urgent_report_alerts_staff_at_once_and_again_when_it_is_sent(talk: Talks) -> None:
    """R-TG-39, Đ9.1.a: the alert is raised by the first message, before anything is asked."""
    conversation = talk(PROVINCE)

    effects = conversation.stage.say(Say(text="vỡ đê ở ấp 4 xã Tân Phú Đông"))

    assert AlertStaff(reason="thien_tai_dich_benh", level="khan") in effects
    assert load(PROVINCE).levels["khan"].alert_staff is True


@pytest.mark.parametrize(
    ("text", "target", "number"),
    [
        pytest.param("tụ tập đá gà ở ấp 3", "113", "113", id="R-TG-30 Đ6.5"),
        pytest.param("có người đuối nước ở sông Tiền", "114", "114", id="R-TG-31 Đ6.5"),
        pytest.param("cháy nhà kìa", "114", "114", id="R-TG-31 fire"),
        pytest.param("ông già bất tỉnh ngoài chợ", "115", "115", id="R-TG-32 Đ6.5"),
    ],
)
def test_the_number_to_call_is_told_and_nothing_is_submitted(talk: Talks, text: str, target: str, number: str) -> None:
    """R-TG-30…32."""
    conversation, answer = told(talk, text)
    conversation.says("vẫn gửi")

    assert conversation.outcomes[0] == f"redirected:{target}"
    assert number in answer
    assert conversation.reports == []


# --- whom to call: articles 3 and 7 -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "gọi số nào",
        "gọi số nào để gặp tổng đài",
        "cho tôi xin số đường dây nóng",
        "tôi muốn gọi thì gọi số mấy",
        "goi so nao",
    ],
)
def test_who_wants_to_call_is_told_both_numbers(talk: Talks, text: str) -> None:
    """R-TG-05, Đ3.1, Đ7.1: from a mobile and from a landline."""
    conversation, answer = told(talk, text)

    assert "0273 1022 (di động)" in answer and "1022 (cố định)" in answer
    assert conversation.stage.state.form is None


def test_the_number_in_between_keeps_the_question(talk: Talks) -> None:
    """R-TG-05."""
    conversation, answer = told(talk, LAMP, "gọi số nào")

    assert "0273 1022" in answer
    assert waiting_for(conversation.stage.state) == "name" and "họ và tên" in answer


def test_a_hotline_nobody_answers_is_a_report(talk: Talks) -> None:
    """R-TG-05: the words alone do not make it a question."""
    conversation, answer = told(talk, "đường dây nóng của điện lực không ai nghe máy cả tuần nay")

    assert "0273 1022" not in answer
    assert draft_of(conversation).description


# --- article 5 --------------------------------------------------------------------------------------------------------


def test_a_report_in_another_language_is_asked_for_in_vietnamese(talk: Talks) -> None:
    """R-TG-17, Đ5.1.a."""
    conversation, answer = told(talk, "the street light is broken in front of my house")

    assert "bằng tiếng Việt" in answer
    assert conversation.stage.state.form is None


def test_nothing_goes_out_without_a_name_and_the_draft_is_kept(talk: Talks) -> None:
    """R-TG-19, Đ5.1.c; R-TG-37, Đ8.2: told in the same answer what is missing and how to give it."""
    conversation, _ = told(talk, LAMP, "0912 345 678")

    answer = conversation.says("gửi")

    assert conversation.outcomes == ["pending:name"] and conversation.reports == []
    assert "còn thiếu: họ và tên" in answer and "vui lòng cho biết họ và tên" in answer
    assert "đèn đường" in draft_of(conversation).description
    assert load(PROVINCE).deadlines["tu_choi"].gateway_target_seconds == 10


# --- article 6 --------------------------------------------------------------------------------------------------------

SUBJECTS = {
    "giao_duc": "nhà trường lạm thu học phí",
    "y_te": "bác sĩ khám bệnh qua loa",
    "bao_hiem": "bảo hiểm y tế không thanh toán",
    "an_sinh_xa_hoi": "hộ nghèo không được trợ cấp",
    "dich_benh": "lăng quăng đầy, sợ dịch bệnh",
    "an_toan_thuc_pham": "quán bán thịt ôi, không an toàn thực phẩm",
    "moi_truong": "xưởng xả nước thải ô nhiễm",
    "rac_thai": "rác thải không ai thu gom",
    "xay_dung": "xây dựng trái phép",
    "dat_dai": "lấn đất công",
    "giao_thong": "ổ gà to trên mặt đường",
    "dien": "cúp điện hoài, dây điện đứt",
    "cap_nuoc": "nước máy đục ngầu",
    "thoat_nuoc": "cống thoát nước bị nghẹt, ngập úng",
    "cay_xanh": "cây xanh gãy cành",
    "chieu_sang": "đèn đường hư",
    "vien_thong": "mất internet, dây cáp viễn thông thòng xuống",
    "buon_lau_hang_gia": "bán hàng giả, hàng nhái",
    "thien_tai": "bờ sông bị sạt lở",
    "thu_tuc_hanh_chinh": "hồ sơ ở một cửa chậm trả kết quả",
    "quy_dinh_hanh_chinh": "đề nghị bỏ quy định chồng chéo",
}


@pytest.mark.parametrize(("category", "words"), SUBJECTS.items(), ids=SUBJECTS)
def test_each_listed_subject_is_accepted_under_its_own_heading(talk: Talks, category: str, words: str) -> None:
    """R-TG-24, Đ6.1 to Đ6.3."""
    report = submitted(talk, f"{words} ở 20 Nguyễn Huệ, phường Mỹ Tho")

    assert report.category == category


def test_a_question_about_a_procedure_is_accepted(talk: Talks) -> None:
    """R-TG-25, Đ6.2: not declined as legal advice, and no place is asked for."""
    conversation, _ = told(talk, "cho hỏi thủ tục cấp đổi sổ đỏ cần giấy tờ gì", WHO)

    assert conversation.outcomes == []
    assert waiting_for(conversation.stage.state) == "address"
    assert submitted(talk, "cho hỏi thủ tục cấp đổi sổ đỏ").report_type in ("hoi_dap", "quy_dinh_tthc")


@pytest.mark.parametrize("text", [f"tra cứu hồ sơ {DOSSIER}", f"hồ sơ {DOSSIER.lower()} tới đâu rồi"])
def test_the_state_of_a_dossier_is_asked_of_the_store_and_told(talk: Talks, text: str) -> None:
    """R-TG-26, Đ6.2."""
    conversation = talk(PROVINCE)
    conversation.stage.others[DOSSIER] = {"status": "in_progress"}

    effects = conversation.stage.say(Say(text=text))

    assert LookUp(code=DOSSIER, request=1) in effects
    assert conversation.stage.seen.texts == [f"Hồ sơ {DOSSIER}: Đang xử lý."]
    assert conversation.stage.state.form is None


def test_a_dossier_the_store_does_not_know_becomes_a_question(talk: Talks) -> None:
    """R-TG-26, Đ6.2."""
    conversation, answer = told(talk, f"tra cứu hồ sơ {DOSSIER}")
    assert DOSSIER in answer and waiting_for(conversation.stage.state) == "name"

    for text in (WHO, HOME, "gửi"):
        conversation.says(text)

    (report,) = conversation.reports
    assert report.report_type == "hoi_dap" and report.category == "thu_tuc_hanh_chinh"
    assert DOSSIER in report.description


def test_a_dossier_that_is_late_is_a_report_and_no_look_up(talk: Talks) -> None:
    """R-TG-26, R-TG-27: delay is complained about, not asked about."""
    conversation = talk(PROVINCE)

    effects = conversation.stage.say(Say(text=f"hồ sơ {DOSSIER} trễ 3 tháng chưa trả kết quả"))

    assert not any(isinstance(effect, LookUp) for effect in effects)
    assert draft_of(conversation).report_type == "quy_dinh_tthc"


def test_where_the_profile_knows_no_dossiers_none_is_looked_up(talk: Talks) -> None:
    """R-TG-26: the form of the code is the profile's."""
    conversation = talk("thanh-hoa")

    effects = conversation.stage.say(Say(text=f"tra cứu hồ sơ {DOSSIER}"))

    assert not any(isinstance(effect, LookUp) for effect in effects)


@pytest.mark.parametrize(("known", "word"), [(True, "Đang xử lý"), (False, "Không tìm thấy")])
def test_a_dossier_asked_for_in_between_leaves_the_report_as_it_is(talk: Talks, known: bool, word: str) -> None:
    """R-TG-26."""
    conversation, _ = told(talk, LAMP)
    if known:
        conversation.stage.others[DOSSIER] = {"status": "in_progress"}

    answer = conversation.says(f"tra cứu hồ sơ {DOSSIER}")

    assert DOSSIER in answer and word in answer
    assert waiting_for(conversation.stage.state) == "name"
    assert DOSSIER not in draft_of(conversation).description


def test_an_answer_about_a_dossier_after_the_citizen_went_on_disturbs_nothing(talk: Talks) -> None:
    """R-TG-26."""
    conversation, _ = told(talk, LAMP)

    conversation.happens(CaseFound(code=DOSSIER, found=True, at=conversation.stage.now, status="in_progress"))

    assert "đèn đường" in draft_of(conversation).description


@pytest.mark.parametrize("text", ["hồ sơ đất trễ 3 tháng rồi chưa trả kết quả", "một cửa xã gây phiền hà, nhũng nhiễu"])
def test_delay_and_harassment_in_procedures_are_accepted(talk: Talks, text: str) -> None:
    """R-TG-27, Đ6.2."""
    report = submitted(talk, text)

    assert (report.report_type, report.category) == ("quy_dinh_tthc", "thu_tuc_hanh_chinh")


@pytest.mark.parametrize(
    ("text", "category"),
    [("đèn đường hư", "chieu_sang"), ("cống thoát nước bể", "thoat_nuoc"), ("trụ điện ngã", "dien")],
)
def test_incidents_of_infrastructure_are_accepted(talk: Talks, text: str, category: str) -> None:
    """R-TG-28, Đ6.3."""
    assert submitted(talk, f"{text} ở 20 Nguyễn Huệ, phường Mỹ Tho").category == category


@pytest.mark.parametrize("text", ["wifi công cộng ở đâu", "camera giao thông xem ở đâu"])
def test_utilities_may_be_asked_for(talk: Talks, text: str) -> None:
    """R-TG-29, Đ6.4: a type and a heading of its own, and no place is needed."""
    conversation, _ = told(talk, text)

    assert (draft_of(conversation).report_type, draft_of(conversation).category) == ("tien_ich", "tien_ich")
    assert waiting_for(conversation.stage.state) == "name"


def test_anything_else_is_taken_as_other(talk: Talks) -> None:
    """R-TG-34, Đ6.6."""
    assert submitted(talk, "chó thả rông cắn người ở 20 Nguyễn Huệ, phường Mỹ Tho").category == "khac"


# --- afterwards -------------------------------------------------------------------------------------------------------


def test_a_word_about_a_result_is_taken_a_month_later_too(talk: Talks) -> None:
    """R-TG-51, Đ11.1: no window, no count."""
    conversation = talk(PROVINCE)
    now = conversation.stage.now
    known = CaseKnown(
        code="TG-261010-0001", at=now, status="published", agency="Điện lực", delivered_at=now - timedelta(days=31)
    )
    conversation.happens(known)

    for _ in range(3):
        conversation.says("TG-261010-0001 không đồng ý, vẫn chưa xong")

    assert conversation.outcomes == ["clarify_sent"] * 3
    assert {entry.code for entry in conversation.stage.seen.follow_ups} == {"TG-261010-0001"}
