"""Thanh Hóa, 115/2025/QĐ-UBND: what the conversation owes its citizens, row by row."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.rehearsal.record import Say
from core.effects import AlertStaff, Forget
from core.model import Draft, Peer
from dialog import waiting_for
from normalizer import normalize
from regulations.loader import load

Talks = Callable[..., Any]
PROVINCE = "thanh-hoa"
MATTER = "rác chất đống ở 12 Lê Lợi, phường Hạc Thành"
WHO = "tôi tên Nguyễn Văn An, 0912 345 678"
PEER = Peer(channel="zalo", account="rehearsal", user="citizen")


def told(talk: Talks, *texts: str, channel: str = "zalo") -> tuple[Any, str]:
    """A conversation in which the citizen says these things, and the last answer."""
    conversation = talk(PROVINCE, channel)
    answers = [str(conversation.says(text)) for text in texts]
    return conversation, answers[-1]


def draft_of(conversation: Any) -> Draft:
    draft: Draft = conversation.stage.state.form.draft
    return draft


def submitted(talk: Talks, *texts: str) -> Draft:
    """The report that these messages and a last "gửi" end in."""
    conversation, _ = told(talk, *texts, "gửi")
    assert conversation.outcomes == ["submitted"]
    report: Draft = conversation.reports[0]
    return report


# --- what is taken: articles 1, 2 and 5 -------------------------------------------------------------------------------


def test_a_place_in_another_province_is_asked_about(talk: Talks) -> None:
    """R-TH-01, Đ1.1."""
    conversation, outside = told(talk, "rác chất đống ở phường Trường Vinh, Nghệ An")
    _, inside = told(talk, MATTER)

    assert "ngoài địa bàn Thanh Hóa" in outside
    assert waiting_for(conversation.stage.state) == "location"
    assert "ngoài địa bàn" not in inside


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Tôi gửi đơn tố cáo ông chủ tịch xã", "refused:to_cao"),
        ("Tôi gửi đơn khiếu nại quyết định thu hồi đất", "refused:khieu_nai"),
        ("Cho tôi hỏi luật quy định thế nào về tách thửa", "refused:giai_dap_phap_luat"),
        ("gửi kèm văn bản mật của tỉnh", "refused:bi_mat_nha_nuoc"),
    ],
)
def test_what_article_1_leaves_out_is_declined_with_it(talk: Talks, text: str, outcome: str) -> None:
    """R-TH-02, Đ1.2."""
    conversation, answer = told(talk, text)

    assert conversation.outcomes == [outcome]
    assert "khoản 2 Điều 1" in answer
    assert conversation.reports == [] and conversation.stage.state.form is None


@pytest.mark.parametrize(
    ("text", "category", "agency"),
    [
        ("cơ quan thuế tính sai thuế đất nhà tôi", "thue", "Thuế tỉnh"),
        ("bảo hiểm xã hội chậm trả lương hưu cho bố tôi", "bao_hiem_xa_hoi", "Bảo hiểm xã hội tỉnh"),
        ("đánh bạc, gây rối cả đêm ở 12 Lê Lợi, phường Hạc Thành", "an_ninh_trat_tu", "Công an tỉnh"),
    ],
)
def test_a_report_may_go_to_a_central_body(talk: Talks, text: str, category: str, agency: str) -> None:
    """R-TH-03, Đ2.2*."""
    conversation, _ = told(talk, text)
    draft = draft_of(conversation)
    report = normalize(
        draft, profile=load(PROVINCE), report_id="1", peer=PEER, contact_id="c", attachments=(), now=datetime.now(UTC)
    )

    assert draft.category == category
    assert agency in report.agency


def test_an_organisation_may_report_in_its_own_name(talk: Talks) -> None:
    """R-TH-04, Đ2.4*: both a person and a co-operative get through."""
    matter = "HTX chúng tôi phản ánh kênh mương bị tắc ở thôn 3, xã Hoằng Hóa"

    by_organisation = submitted(talk, matter, "Hợp tác xã nông nghiệp Đông Tiến", "0912345678")
    by_person = submitted(talk, MATTER, WHO)

    assert "Hợp tác xã nông nghiệp Đông Tiến" in (by_organisation.name, by_organisation.org_name)
    assert by_person.name == "Nguyễn Văn An" and not by_person.org_name


def test_the_type_is_asked_only_when_two_fit_equally(talk: Talks) -> None:
    """R-TH-05, Đ3.1*."""
    conversation, answer = told(talk, "quy định bất cập, hồ sơ ở một cửa chậm")

    assert "Vướng mắc trong thực hiện thủ tục hành chính" in answer
    assert "Quy định hành chính không phù hợp" in answer
    assert draft_of(conversation).report_type == ""
    conversation.says("2")
    assert draft_of(conversation).report_type == "quy_dinh_hanh_chinh"


@pytest.mark.parametrize(
    ("text", "report_type"),
    [
        pytest.param("một cửa xã chậm trả kết quả hồ sơ khai sinh", "vuong_mac_tthc", id="R-TH-10 Đ5.1"),
        pytest.param("quy định bất cập về tách thửa đất", "quy_dinh_hanh_chinh", id="R-TH-11 Đ5.2"),
        pytest.param("rác chất đống ở 12 Lê Lợi, phường Sầm Sơn", "doi_song_san_xuat", id="R-TH-12 Đ5.3"),
        pytest.param("đề xuất lắp gờ giảm tốc trước cổng trường Lê Lợi", "de_xuat", id="R-TH-13 Đ5.4"),
    ],
)
def test_each_kind_of_article_5_is_recognised_and_sent(talk: Talks, text: str, report_type: str) -> None:
    """R-TH-10…13; no word of the type is asked for."""
    assert submitted(talk, text, WHO).report_type == report_type


# --- article 7 --------------------------------------------------------------------------------------------------------


def test_a_report_in_another_language_is_asked_for_in_vietnamese(talk: Talks) -> None:
    """R-TH-17, Đ7.1."""
    conversation, answer = told(talk, "the garbage is piled up on my street please help")

    assert "bằng tiếng Việt" in answer
    assert conversation.stage.state.form is None


@pytest.mark.parametrize(("given", "missing"), [("Nguyễn Văn An", "phone"), ("0912 345 678", "name")])
def test_nothing_goes_out_without_name_and_phone(talk: Talks, given: str, missing: str) -> None:
    """R-TH-19, Đ7.2."""
    conversation, _ = told(talk, MATTER, given)

    answer = conversation.says("gửi")

    assert waiting_for(conversation.stage.state) == missing
    assert conversation.outcomes == [f"pending:{missing}"]
    assert conversation.reports == []
    assert "còn thiếu" in answer


@pytest.mark.parametrize("number", ["2800123456", "038095012345", "2800123456001"], ids=["10", "12", "13"])
def test_a_tax_matter_needs_a_tax_code_which_travels_with_the_sender(talk: Talks, number: str) -> None:
    """R-TH-20, Đ7.2: 10, 12 or 13 digits; the store gets it as the sender's `tax_code` ("mã số thuế")."""
    conversation, question = told(talk, "Nộp thuế đất bị tính trùng hai lần", WHO)
    assert waiting_for(conversation.stage.state) == "tax_code"
    assert "mã số thuế" in question

    conversation.says("12345")
    assert waiting_for(conversation.stage.state) == "tax_code"
    conversation.says(number)
    conversation.says("gửi")

    report = normalize(
        conversation.reports[0],
        profile=load(PROVINCE),
        report_id="1",
        peer=PEER,
        contact_id="c",
        attachments=(),
        now=datetime.now(UTC),
    )
    assert report.reporter.tax_code == number
    assert number not in report.description


def test_to_rent_is_not_to_pay_tax(talk: Talks) -> None:
    """R-TH-20: "thuê nhà" asks for no tax code."""
    report = submitted(talk, "thuê nhà ở 12 Lê Lợi, phường Hạc Thành bị mất nước cả tuần", WHO)

    assert report.tax_code == ""


def test_the_summary_tells_that_the_content_is_public_until_secrecy_is_asked(talk: Talks) -> None:
    """R-TH-22, Đ7.3."""
    conversation, summary = told(talk, MATTER, WHO)
    assert "Nội dung sẽ được công khai" in summary

    conversation.says("không công khai")
    conversation.says("gửi")

    assert conversation.reports[0].confidential is True
    assert submitted(talk, MATTER, WHO).confidential is False


@pytest.mark.parametrize(("text", "asked"), [("hỏng", "description"), ("rác chất đống mấy hôm nay", "location")])
def test_what_is_unclear_is_asked_for(talk: Talks, text: str, asked: str) -> None:
    """R-TH-23, Đ7.3: what happened, and where."""
    conversation, answer = told(talk, text)

    assert waiting_for(conversation.stage.state) == asked
    assert answer and conversation.outcomes == []


def test_fitting_words_are_asked_for_and_secrets_are_dropped(talk: Talks) -> None:
    """R-TH-24, Đ7.4."""
    insulting, answer = told(talk, f"lũ ngu, {MATTER}")
    assert "khoản 4 Điều 7" in answer
    assert "lũ ngu" not in draft_of(insulting).description

    secret = talk(PROVINCE)
    effects = secret.stage.say(Say(text="tài liệu tuyệt mật của tỉnh đây"))
    assert Forget() in effects


def test_another_name_for_the_same_phone_is_shown_to_staff(talk: Talks) -> None:
    """R-TH-24, Đ7.4 (mạo danh): flagged and sent all the same; the same name is no matter for staff."""
    other = "ổ gà to ở 3 Trần Phú, phường Sầm Sơn"
    flagged, alerts = {}, {}
    for name in ("Lê Thị Hoa", "Nguyen Van An"):
        conversation, _ = told(talk, MATTER, WHO, "gửi", other, "không", f"tôi tên {name}, 0912 345 678")
        effects = conversation.stage.say(Say(text="gửi"))
        flagged[name] = "impersonation_suspected" in conversation.reports[1].flags
        alerts[name] = AlertStaff(reason="impersonation_suspected") in effects

    assert flagged == alerts == {"Lê Thị Hoa": True, "Nguyen Van An": False}


def test_advertising_is_declined_for_good(talk: Talks) -> None:
    """R-TH-25, Đ7.5."""
    conversation, answer = told(talk, "Siêu khuyến mãi, liên hệ mua ngay hôm nay")

    assert conversation.outcomes == ["refused:quang_cao"]
    assert "khoản 5 Điều 7" in answer and "Gửi phản ánh" not in answer
    conversation.says("vẫn gửi")
    assert not (conversation.stage.state.form and draft_of(conversation).description)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hướng dẫn cách hạch toán tài sản cố định", "huong_dan_nghiep_vu"),
        ("cho tôi hỏi luật quy định thế nào về tách thửa", "giai_dap_phap_luat"),
    ],
)
def test_professional_and_legal_advice_is_declined_and_may_be_insisted_on(talk: Talks, text: str, reason: str) -> None:
    """R-TH-26, Đ7.5."""
    conversation, answer = told(talk, text)
    assert conversation.outcomes == [f"refused:{reason}"]
    assert "khoản 5 Điều 7" in answer

    conversation.says("vẫn gửi")

    assert "refusal_suggested" in draft_of(conversation).flags


def test_a_repetition_is_offered_as_a_supplement_and_flagged_when_insisted_on(talk: Talks) -> None:
    """R-TH-27, Đ7.6."""
    conversation, offer = told(talk, MATTER, WHO, "gửi", MATTER)
    assert "TH-261120-0001" in offer and "bổ sung" in offer

    conversation.says("có")
    third = conversation.says(MATTER)
    assert conversation.outcomes == ["submitted", "supplemented"]
    assert "TH-261120-0001" in third

    conversation.says("không")
    assert "duplicate_of:TH-261120-0001" in draft_of(conversation).flags
    assert load(PROVINCE).refusals["trung_lap"].article == "khoản 6 Điều 7"


def test_who_is_helped_is_kept_apart_from_who_writes(talk: Talks) -> None:
    """R-TH-29, Đ7.7."""
    draft = submitted(
        talk,
        f"phản ánh hộ mẹ tôi, {MATTER}",
        WHO,
        "Lê Thị Hoa",
        "5 Trần Phú, phường Sầm Sơn",
        "0987654321",
        "mẹ tôi già yếu",
        "có",
    )

    report = normalize(
        draft, profile=load(PROVINCE), report_id="1", peer=PEER, contact_id="c", attachments=(), now=datetime.now(UTC)
    )
    helped = report.on_behalf
    assert helped is not None
    assert (helped.name, helped.phone, helped.reason) == ("Lê Thị Hoa", "+84987654321", "mẹ tôi già yếu")
    assert helped.consent is True and "5 Trần Phú" in helped.address
    assert (report.reporter.name, report.reporter.phone) == ("Nguyễn Văn An", "+84912345678")


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_thanks_alone_are_closed_at_once_and_a_wish_among_them_is_not(talk: Talks) -> None:
    """R-TH-43, Đ11.5."""
    thanks, answer = told(talk, "Cảm ơn xã đã sửa đường cho bà con")
    assert thanks.outcomes == ["closed_ack"]
    assert len(thanks.stage.seen.closed) == 1 and thanks.reports == []
    assert "khoản 5 Điều 11" in answer

    wish, _ = told(talk, "cảm ơn nhưng cống vẫn tắc ở 12 Lê Lợi, phường Hạc Thành")
    assert wish.outcomes == [] and draft_of(wish).description


@pytest.mark.parametrize("text", ["link", "cho xin link trang web", "duong link"])
def test_the_link_of_the_system_is_sent(talk: Talks, text: str) -> None:
    """R-TH-62, Đ18.3: the profile's address."""
    conversation, answer = told(talk, text)

    assert load(PROVINCE).channels["web"].name in answer
    assert conversation.stage.state.form is None


def test_the_link_in_between_keeps_the_question(talk: Talks) -> None:
    """R-TH-62."""
    conversation, answer = told(talk, MATTER, "link")

    assert load(PROVINCE).channels["web"].name in answer
    assert waiting_for(conversation.stage.state) == "name" and "họ và tên" in answer


def test_the_summary_says_who_answers_for_the_truth(talk: Talks) -> None:
    """R-TH-65, Đ20.1."""
    _, summary = told(talk, MATTER, WHO)

    assert "chịu trách nhiệm về tính trung thực" in summary


@pytest.mark.parametrize(
    "words", ["tôi sợ bị trả thù", "bên đó bị đe dọa tôi rồi", "giữ bí mật giúp tôi", "so bi tra thu lam"]
)
def test_where_safety_is_at_risk_the_report_is_confidential(talk: Talks, words: str) -> None:
    """R-TH-68, Đ20.3."""
    assert submitted(talk, f"{MATTER}, {words}", WHO).confidential is True
