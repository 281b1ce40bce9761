"""Bắc Ninh, 17/2024/QĐ-UBND: what the conversation owes its citizens, row by row."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import AlertStaff, FollowUpKind, Forget, Say
from core.events import CaseChanged, InboundMessage
from core.model import Draft, Peer
from dialog import step, waiting_for
from normalizer import normalize
from regulations.loader import load
from regulations.model import Profile

Talks = Callable[..., Any]
PROVINCE = "bac-ninh"
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MATTER = "rác chất đống 3 ngày không ai gom ở số 5 Nguyễn Trãi, phường Võ Cường"
WHO = "Nguyễn Văn An, 0912345678"
CODE = "BN-261120-0001"
PEER = Peer(channel="zalo", account="rehearsal", user="citizen")


def at_summary(talk: Talks, *, channel: str = "zalo", profile: Any = PROVINCE) -> tuple[Any, str]:
    """A conversation about rubbish, up to its summary, and that summary."""
    conversation = talk(profile, channel)
    conversation.says(MATTER)
    conversation.says(photos=("rac.jpg",))
    summary = conversation.says(WHO)
    assert waiting_for(conversation.stage.state) == "confirm"
    return conversation, summary


def sent(talk: Talks, **options: Any) -> Any:
    conversation, _ = at_summary(talk, **options)
    conversation.says("gửi")
    assert conversation.outcomes == ["submitted"]
    return conversation


def changed(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code=CODE, update_id=name, name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


def with_result(talk: Talks) -> Any:
    conversation = sent(talk)
    changed(conversation, "result.published", status="published", text="Đã thu gom rác")
    return conversation


# --- what is taken, and of whom -------------------------------------------------------------------------------------


def test_a_denunciation_is_turned_away_with_the_article(talk: Talks) -> None:
    """R-BN-02, Đ1.2*: khiếu nại, tố cáo are no reports here."""
    conversation = talk(PROVINCE)

    answer = conversation.says("tôi muốn tố cáo")

    assert "khoản 2 Điều 1" in answer
    assert conversation.outcomes == ["refused:to_cao"] and conversation.reports == []


@pytest.mark.parametrize(
    "asked", ["H05.2024.001234", "tra cứu giúp tôi phản ánh H05.2024.001234 trên cổng PAKN tỉnh", "TG-261120-0001"]
)
def test_a_code_of_another_system_is_not_looked_up_and_the_citizen_is_told_so(talk: Talks, asked: str) -> None:
    """R-BN-03, Đ1.2*."""
    conversation = talk(PROVINCE)
    heard = InboundMessage(peer=PEER, external_id="1", sent_at=conversation.stage.now, text=asked)

    _, effects = step(conversation.stage.state, heard, conversation.profile, conversation.stage.now)

    (effect,) = effects
    assert isinstance(effect, Say)
    said = effect.message.text
    assert "Không tìm thấy mã" in said and "Cổng thông tin điện tử của tỉnh" in said


def test_a_number_on_a_lamp_post_is_no_code(talk: Talks) -> None:
    """R-BN-03: only a question about a code is answered as one."""
    conversation = talk(PROVINCE)

    assert "Không tìm thấy" not in conversation.says("cột đèn CS.123456 bị gãy")
    assert conversation.stage.state.form.draft.description == "cột đèn CS.123456 bị gãy"


def test_an_organisation_sends_in_its_own_name(talk: Talks) -> None:
    """R-BN-04, Đ2.2*: the kind of sender is recorded."""
    conversation = talk(PROVINCE)
    conversation.says(f"Công ty TNHH Minh Anh chúng tôi phản ánh {MATTER}")
    conversation.says(photos=("rac.jpg",))
    conversation.says("Nguyễn Văn An, 0912345678")
    conversation.says("gửi")

    (draft,) = conversation.reports
    report = normalized(draft, conversation.profile)
    assert report.reporter.org_name == "Công ty TNHH Minh Anh"
    assert report.reporter.name == "Nguyễn Văn An"


def test_a_single_person_has_no_organisation(talk: Talks) -> None:
    """R-BN-04, Đ2.2*."""
    (draft,) = sent(talk).reports

    assert normalized(draft, load(PROVINCE)).reporter.org_name == ""


def normalized(draft: Draft, profile: Profile) -> Any:
    now = datetime(2026, 11, 20, 12, tzinfo=HANOI)
    return normalize(draft, profile=profile, report_id="r", peer=PEER, contact_id="c", attachments=[], now=now)


def test_the_same_steps_in_the_same_words_on_every_channel(talk: Talks) -> None:
    """R-BN-09, Đ4.3, Đ4.4: same slots, same wording; the result comes back in the conversation that asked."""
    told = {}
    for channel in ("zalo", "telegram", "facebook"):
        conversation = sent(talk, channel=channel)
        result = changed(conversation, "result.published", status="published", text="Đã thu gom rác")
        assert "Đã thu gom rác" in result
        told[channel] = (conversation.stage.seen.texts, conversation.reports)

    assert told["zalo"] == told["telegram"] == told["facebook"]


# --- refused subjects -----------------------------------------------------------------------------------------------


def test_matters_of_belief_are_declined(talk: Talks) -> None:
    """R-BN-19, Đ4.9."""
    conversation = talk(PROVINCE)

    answer = conversation.says("phản ánh việc lên đồng ở đền")

    assert conversation.outcomes == ["refused:ton_giao_tin_nguong"]
    assert "khoản 9 Điều 4" in answer


def test_noise_from_a_temple_is_a_matter_of_noise(talk: Talks) -> None:
    """R-BN-19: only what is peculiar to belief is declined, not what disturbs the neighbours."""
    conversation = talk(PROVINCE)

    conversation.says("ngôi đền lên đồng mở loa ồn suốt đêm ở số 5 Nguyễn Trãi, phường Võ Cường")

    assert conversation.outcomes == [] and conversation.stage.state.form is not None


@pytest.mark.parametrize(
    ("text", "report_type"),
    [
        (MATTER, "hien_truong"),
        ("cán bộ một cửa gây phiền hà, hồ sơ trễ 10 ngày", "tthc"),
        ("công ty chúng tôi vướng mắc quy định về phòng cháy", "doanh_nghiep"),
    ],
)
def test_three_report_types_and_no_other(talk: Talks, text: str, report_type: str) -> None:
    """R-BN-20, Đ5*."""
    conversation = talk(PROVINCE)
    conversation.says(text)

    assert set(conversation.profile.report_types) == {"hien_truong", "tthc", "doanh_nghiep"}
    assert conversation.stage.state.form.draft.report_type == report_type


def test_a_type_the_regulation_does_not_know_never_reaches_the_store(talk: Talks) -> None:
    """R-BN-20, Đ5*: whatever the draft says."""
    profile = load(PROVINCE)

    report = normalized(Draft(report_type="sang_kien", description=MATTER), profile)

    assert report.report_type in profile.report_types


def test_hotlines_are_data(talk: Talks, with_lines: Callable[..., Profile]) -> None:
    """R-BN-24, Đ6.3*: the number in the file is the number that is told."""
    moved = with_lines('[[hotlines]]\nid = "114"\nnumber = "0222 3822 114"', PROVINCE)

    assert "0222 3822 114" in talk(moved).says("cháy nhà số 5 Nguyễn Trãi")
    assert "0222 3822 114" not in talk(PROVINCE).says("cháy nhà số 5 Nguyễn Trãi")


# --- what has to be there -------------------------------------------------------------------------------------------


def test_a_place_is_asked_for_and_place_and_time_are_read_back(talk: Talks) -> None:
    """R-BN-28, Đ7.2: without a time in the message it is the time of the message."""
    conversation = talk(PROVINCE)
    conversation.says("rác chất đống 3 ngày không ai gom")
    assert waiting_for(conversation.stage.state) == "location"
    conversation.says("gửi")
    assert conversation.reports == []

    conversation.says("số 5 Nguyễn Trãi, phường Võ Cường")
    conversation.says(photos=("rac.jpg",))
    summary = conversation.says(WHO)

    assert "Địa điểm sự việc: số 5 Nguyễn Trãi, phường Võ Cường" in summary
    assert "Thời gian sự việc: 20/11/2026 12:00" in summary


def test_an_enterprise_needs_no_photo(talk: Talks) -> None:
    """R-BN-29, Đ7.2 đoạn 2."""
    conversation = talk(PROVINCE)
    conversation.says("Công ty TNHH Minh Anh chúng tôi vướng mắc quy định phòng cháy khi mở rộng xưởng, chưa được gỡ")
    conversation.says(WHO)
    conversation.says("gửi")

    (draft,) = conversation.reports
    assert (draft.report_type, draft.media) == ("doanh_nghiep", ())


def test_a_state_secret_leaves_nothing_but_its_reason(talk: Talks) -> None:
    """R-BN-31, Đ7.3."""
    conversation = talk(PROVINCE)
    text = "gửi văn bản mật của ủy ban về dự án ở Võ Cường"
    heard = InboundMessage(peer=PEER, external_id="1", sent_at=conversation.stage.now, text=text)

    state, effects = step(conversation.stage.state, heard, conversation.profile, conversation.stage.now)

    assert Forget() in effects
    assert AlertStaff(reason="bi_mat_nha_nuoc") in effects
    assert "dự án" not in repr(state) and "dự án" not in repr(effects)
    assert any("khoản 3 Điều 7" in effect.message.text for effect in effects if isinstance(effect, Say))


# --- the same matter again ------------------------------------------------------------------------------------------


def test_the_same_matter_next_day_is_offered_as_a_supplement(talk: Talks) -> None:
    """R-BN-33, Đ7.4."""
    conversation = sent(talk)
    conversation.stage.wait(timedelta(days=1))

    offer = conversation.says(f"{MATTER}, vẫn chưa ai dọn")
    conversation.says("có")

    assert CODE in offer and "bổ sung" in offer
    assert len(conversation.reports) == 1
    (supplement,) = conversation.stage.seen.follow_ups
    assert (supplement.code, supplement.kind) == (CODE, FollowUpKind.SUPPLEMENT)


def test_the_same_words_long_afterwards_are_a_new_matter(talk: Talks) -> None:
    """R-BN-33: outside `duplicates.window_days`."""
    conversation = sent(talk)
    conversation.stage.wait(timedelta(days=conversation.profile.duplicates.window_days + 1))

    assert CODE not in conversation.says(MATTER)


# --- news of the case -----------------------------------------------------------------------------------------------


def test_every_forward_is_told_once_with_the_new_unit(talk: Talks) -> None:
    """R-BN-39, Đ9*, Đ10.2.d*."""
    conversation = sent(talk)

    told = changed(conversation, "report.forwarded", status="forwarded", agency="UBND phường Võ Cường")

    assert CODE in told and "UBND phường Võ Cường" in told


def test_a_citizen_may_answer_a_result_as_often_and_as_late_as_they_like(talk: Talks) -> None:
    """R-BN-50, Đ12.1*: no window, no count."""
    conversation = with_result(talk)
    for days in (1, 20, 19):
        conversation.stage.wait(timedelta(days=days))
        conversation.says(f"{CODE} vẫn chưa rõ")

    assert [(said.code, said.kind) for said in conversation.stage.seen.follow_ups] == [(CODE, FollowUpKind.CLARIFY)] * 3
    assert conversation.outcomes[1:] == ["clarify_sent"] * 3


def test_the_agencys_clarification_reaches_the_citizen(talk: Talks) -> None:
    """R-BN-51, Đ12.2*."""
    conversation = with_result(talk)
    conversation.says(f"{CODE} vẫn chưa rõ")

    told = changed(conversation, "followup.answered", text="Xe gom rác đến mỗi tối thứ Ba")

    assert CODE in told and "Xe gom rác đến mỗi tối thứ Ba" in told


@pytest.mark.parametrize("stars", range(1, 6))
def test_stars_from_one_to_five_are_asked_for_and_kept(talk: Talks, stars: int) -> None:
    """R-BN-52, Đ12.3*."""
    conversation = with_result(talk)
    asked = conversation.stage.seen.texts[-1]

    conversation.says(f"{stars} sao")

    assert all(f"{number} sao" in asked for number in range(1, 6))
    (rating,) = conversation.stage.seen.follow_ups
    assert (rating.kind, rating.value) == (FollowUpKind.RATING, stars)


@pytest.mark.parametrize("text", ["lũ ngu, tôi không đồng ý kết quả", "không đồng ý kết quả, lũ ngu"])
def test_what_is_said_about_a_result_obeys_the_rules_of_a_report(talk: Talks, text: str) -> None:
    """R-BN-53, Đ12.3*, Đ23.3*: asked for fitting words, and passed on without the insult."""
    conversation = with_result(talk)

    answer = conversation.says(f"{CODE} {text}" if text.startswith("không") else text)

    assert "thóa mạ" in answer
    (said,) = conversation.stage.seen.follow_ups
    assert said.kind is FollowUpKind.CLARIFY
    assert "không đồng ý kết quả" in said.text and "ngu" not in said.text


# --- the sender's responsibility ------------------------------------------------------------------------------------


def test_the_summary_says_who_answers_for_the_truth(talk: Talks) -> None:
    """R-BN-66, Đ23.1*."""
    conversation, summary = at_summary(talk)

    assert summary.count(conversation.profile.text("responsibility")) == 1


def test_a_wrong_ward_is_put_right_before_sending(talk: Talks) -> None:
    """R-BN-66, Đ23.1*: the street stays, the ward is replaced."""
    conversation, _ = at_summary(talk)

    answer = conversation.says("nhầm, ở phường Vệ An")
    conversation.says("gửi")

    assert "Vệ An" in answer
    (draft,) = conversation.reports
    assert (draft.place.text, draft.place.ward_old, draft.place.ward_new) == (
        "số 5 Nguyễn Trãi", "phường Vệ An", "phường Kinh Bắc",
    )  # fmt: skip


def test_a_wrong_ward_is_put_right_after_sending(talk: Talks) -> None:
    """R-BN-66, Đ23.1*: the correction goes to the case, no second report."""
    conversation = sent(talk)

    conversation.says("nhầm, ở phường Vệ An")

    (said,) = conversation.stage.seen.follow_ups
    assert (said.code, said.kind, said.text) == (CODE, FollowUpKind.SUPPLEMENT, "nhầm, ở phường Vệ An")
    assert len(conversation.reports) == 1
