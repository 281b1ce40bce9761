"""Personal data: the notice, what is kept, and having it erased."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.effects import AlertStaff, EraseAsked, Say, Submit
from core.events import Authenticity, CaseKnown, InboundMessage
from core.model import Peer
from dialog import new_state, step, waiting_for
from dialog.notice import notice_version
from regulations.loader import load
from tests.dialog.conftest import NOON

Talks = Callable[..., Any]
LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"
PROFILES = ["bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang"]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_notice_comes_before_the_first_question_for_personal_data(talk: Talks, profile: str) -> None:
    conversation = talk(profile)
    notice = conversation.profile.text("privacy_notice")
    answer = ""
    for text in ("rác đổ đầy lề đường trước số 20 Nguyễn Huệ, hôi thối cả tuần", "không", "đúng", "không", "không"):
        photo = waiting_for(conversation.stage.state) == "media" and profile == "bac-ninh"
        answer = conversation.says(photos=("rac.jpg",)) if photo else conversation.says(text)
        if waiting_for(conversation.stage.state) in ("name", "phone"):
            break

    assert waiting_for(conversation.stage.state) == "name"
    assert answer.count(notice) == 1


def test_who_tells_their_number_unasked_is_shown_the_notice_with_the_answer(talk: Talks) -> None:
    conversation = talk("vinh-long")

    answer = conversation.says("rác đổ đầy lề đường, tôi tên Lê Thị An, 0912 345 678")

    assert conversation.profile.text("privacy_notice") in answer


def test_the_report_carries_which_notice_was_shown_and_when(talk: Talks) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, tôi tên Lê Thị An, 0912 345 678")
    for text in ("đúng", "đúng", "gửi"):
        conversation.says(text)

    (draft,) = conversation.reports
    assert draft.notice_version == notice_version(conversation.profile)
    assert draft.notice_at == NOON and draft.confirmed_at > draft.notice_at


def test_a_changed_notice_is_shown_anew(talk: Talks) -> None:
    conversation = talk()
    conversation.says(LAMP)
    before = notice_version(conversation.profile)
    row = conversation.profile.templates["privacy_notice"]
    texts = {**conversation.profile.templates, "privacy_notice": replace(row, text="Thông báo mới về dữ liệu.")}
    conversation.stage.profile = conversation.profile = replace(conversation.profile, templates=texts)

    answer = conversation.says("Lê Thị An")

    assert "Thông báo mới về dữ liệu." in answer
    assert conversation.stage.state.notice_version == notice_version(conversation.profile) != before


# --- commands -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["quyền riêng tư", "quyen rieng tu", "/privacy", "dữ liệu của tôi"])
def test_what_is_kept_is_told_by_its_names(talk: Talks, text: str) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, tôi tên Lê Thị An, 0912 345 678")

    answer = conversation.says(text)

    assert conversation.profile.text("privacy_notice") in answer
    assert "họ và tên" in answer and "số điện thoại" in answer
    assert "Lê Thị An" not in answer and "345" not in answer


ERASE = ["xóa dữ liệu của tôi", "xoa du lieu cua toi", "/delete", "Xóa dữ liệu cá nhân!"]


@pytest.mark.parametrize("text", ERASE)
def test_erasing_is_asked_about_once_more(talk: Talks, text: str) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, tôi tên Lê Thị An, 0912 345 678")

    assert "có chắc chắn" in conversation.says(text)
    assert "bị xóa" not in conversation.says("không")
    assert conversation.stage.state.form.draft.name == "Lê Thị An"


@pytest.mark.parametrize("content", [{"text": "có"}, {"choice": "yes:erase", "text": "Có"}], ids=str)
def test_a_yes_has_it_erased(talk: Talks, content: dict[str, str]) -> None:
    conversation = talk()
    conversation.says(f"{LAMP}, tôi tên Lê Thị An, 0912 345 678")
    conversation.says("xóa dữ liệu của tôi")
    message = InboundMessage(
        peer=Peer(channel="zalo", account="rehearsal", user="citizen"), external_id="x", sent_at=NOON, **content
    )

    state, effects = step(conversation.stage.state, message, conversation.profile, conversation.stage.now)

    kinds = [type(effect) for effect in effects]
    assert kinds.index(Say) < kinds.index(EraseAsked)
    assert state.form is None and state.identity is None
    assert not any(isinstance(effect, Submit) for effect in effects)


def test_reports_on_file_stay_and_the_citizen_is_told(talk: Talks) -> None:
    conversation = talk()
    conversation.happens(CaseKnown(code="TG-261110-0004", at=NOON, status="published"))

    assert "TG-261110-0004" in conversation.says("xóa dữ liệu của tôi")


def test_to_have_something_cleared_away_is_no_such_wish(talk: Talks) -> None:
    conversation = talk()
    conversation.says("đề nghị xóa quảng cáo rao vặt dán đầy cột điện trước 20 Nguyễn Huệ, phường Mỹ Tho")

    assert not conversation.stage.state.erasing and conversation.stage.state.form


@pytest.mark.parametrize("profile", PROFILES)
def test_every_notice_has_a_version_of_its_wording(profile: str) -> None:
    assert len(notice_version(load(profile))) == 12


@pytest.mark.parametrize("doubtful", [Authenticity.UNVERIFIED, Authenticity.FAILED])
@pytest.mark.parametrize("forged", [(True, True), (False, True)], ids=["both letters", "only the yes"])
def test_a_letter_in_somebody_elses_name_erases_nothing(doubtful: Authenticity, forged: tuple[bool, bool]) -> None:
    profile, effects = load("tien-giang"), []
    state, now = new_state(channel="email", profile=profile, now=NOON, letters=True), NOON
    for number, (text, is_forged) in enumerate(zip(("xóa dữ liệu của tôi", "có"), forged, strict=True)):
        now += timedelta(minutes=5)
        letter = InboundMessage(
            peer=Peer(channel="email", account="a", user="an@vidu.vn"),
            external_id=str(number),
            sent_at=now,
            text=text,
            authenticity=doubtful if is_forged else Authenticity.VERIFIED,
        )
        state, some = step(state, letter, profile, now)
        effects += some

    assert not [effect for effect in effects if isinstance(effect, EraseAsked)]
    assert AlertStaff(reason="erasure_asked") in effects


def test_a_proven_sender_erases_by_letter() -> None:
    profile = load("tien-giang")
    state, now = new_state(channel="email", profile=profile, now=NOON, letters=True), NOON
    effects = []
    for number, text in enumerate(("xóa dữ liệu của tôi", "có")):
        now += timedelta(minutes=5)
        letter = InboundMessage(
            peer=Peer(channel="email", account="a", user="an@vidu.vn"),
            external_id=str(number),
            sent_at=now,
            text=text,
            authenticity=Authenticity.VERIFIED,
        )
        state, effects = step(state, letter, profile, now)

    assert EraseAsked() in effects
