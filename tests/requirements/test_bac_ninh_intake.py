"""Bắc Ninh, 17/2024/QĐ-UBND: photo, place, shorthand, urgency: from the citizen's words to the report."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import AlertStaff
from core.events import InboundMessage
from core.model import Peer
from dialog import step, waiting_for
from normalizer import normalize
from regulations.loader import load

Talks = Callable[..., Any]
PROVINCE = "bac-ninh"
MATTER = "rác chất đống 3 ngày không ai gom ở số 5 Nguyễn Trãi, phường Võ Cường"
WHO = "Nguyễn Văn An, 0912345678"
SUNDAY_NIGHT = datetime(2026, 11, 22, 23, 50, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PEER = Peer(channel="zalo", account="rehearsal", user="citizen")


def reported(conversation: Any, *, now: datetime = SUNDAY_NIGHT) -> Any:
    (draft,) = conversation.reports
    return normalize(draft, profile=load(PROVINCE), report_id="r", peer=PEER, contact_id="c", attachments=[], now=now)


def test_an_old_ward_is_sent_with_the_one_of_today(talk: Talks) -> None:
    """R-BN-01, Đ1.1*."""
    conversation = talk(PROVINCE)
    told = conversation.says("rác chất đống ở số 5 Nguyễn Du, phường Đại Phúc, 3 ngày không ai gom")
    for said in ({"photos": ("rac.jpg",)}, {"text": WHO}, {"text": "gửi"}):
        told += conversation.says(**said)

    place = reported(conversation).place
    assert (place.ward_old, place.ward_new) == ("phường Đại Phúc", "phường Võ Cường")
    assert "phường Võ Cường" in told


@pytest.mark.parametrize("matter", [MATTER, "cán bộ một cửa phường Võ Cường gây phiền hà, hồ sơ trễ 10 ngày"])
def test_without_a_photo_nothing_is_sent_however_often_it_is_confirmed(talk: Talks, matter: str) -> None:
    """R-BN-05, Đ3.2; R-BN-27, Đ7.2: and the draft is kept."""
    conversation = talk(PROVINCE)
    conversation.says(matter)
    if waiting_for(conversation.stage.state) == "location":
        conversation.says("số 5 Nguyễn Trãi, phường Võ Cường")

    answers = [conversation.says("gửi") for _ in range(3)]

    assert conversation.reports == [] and "pending:media" in conversation.outcomes
    blocked = conversation.profile.text("need_photo_blocked").split("{")[0]
    assert any(blocked in answer for answer in answers)
    assert conversation.stage.state.form.draft.description.startswith(matter[:20])


def test_a_film_is_as_good_as_a_photo(talk: Talks) -> None:
    """R-BN-05, Đ3.2: ảnh hoặc video."""
    conversation = talk(PROVINCE)
    for said in ({"text": MATTER}, {"video": "rac.mp4"}, {"text": WHO}, {"text": "gửi"}):
        conversation.says(**said)

    assert conversation.outcomes == ["submitted"]


def test_a_report_of_sunday_night_counts_from_its_confirmation(talk: Talks) -> None:
    """R-BN-22, Đ6.2*: whenever it reaches the store."""
    conversation = talk(PROVINCE)
    conversation.stage.now = SUNDAY_NIGHT
    for said in ({"text": MATTER}, {"photos": ("rac.jpg",)}, {"text": WHO}, {"text": "gửi"}):
        answer = conversation.says(**said)

    assert "BN-261122-0001" in answer
    later = SUNDAY_NIGHT.replace(day=23, hour=8)
    assert reported(conversation, now=later).submitted_at.strftime("%d/%m %H:%M") == "22/11 23:50"


def test_shorthand_is_read_back_in_full_and_kept_as_typed(talk: Talks) -> None:
    """R-BN-26, Đ7.1: không viết tắt."""
    typed = "k thu gom rác ở số 5 Nguyễn Trãi, p.Võ Cường 3 ngày nay"
    conversation = talk(PROVINCE)
    conversation.says(typed)
    conversation.says(photos=("rac.jpg",))
    summary = conversation.says(WHO)
    conversation.says("gửi")

    assert "không thu gom rác" in summary and "phường Võ Cường" in summary
    assert reported(conversation).raw_text == (typed,)


def test_an_insult_is_asked_to_be_left_out_and_the_matter_stays(talk: Talks) -> None:
    """R-BN-32, Đ7.3."""
    conversation = talk(PROVINCE)
    answer = conversation.says("lũ ngu, rác 3 ngày không ai gom ở số 5 Nguyễn Trãi, phường Võ Cường")
    for said in ({"photos": ("rac.jpg",)}, {"text": WHO}, {"text": "gửi"}):
        conversation.says(**said)

    report = reported(conversation)
    assert "khoản 3 Điều 7" in answer
    assert "rác" in report.description and "profanity" in report.flags


def test_urgent_words_alert_staff_in_the_same_instant_at_any_hour(talk: Talks) -> None:
    """R-BN-48, Đ10.4*: ngay khi tiếp nhận."""
    conversation = talk(PROVINCE)
    conversation.stage.now = SUNDAY_NIGHT
    for said in (
        {"text": "hở điện ở cột đèn trước số 5 Nguyễn Trãi, phường Võ Cường"}, {"photos": ("dien.jpg",)}, {"text": WHO},
    ):  # fmt: skip
        conversation.says(**said)
    sending = InboundMessage(peer=PEER, external_id="9", sent_at=SUNDAY_NIGHT, text="gửi")

    _, effects = step(conversation.stage.state, sending, conversation.profile, SUNDAY_NIGHT)

    assert conversation.stage.state.form.draft.level == "khan"
    assert [effect.level for effect in effects if isinstance(effect, AlertStaff)] == ["khan"]
    assert conversation.profile.deadlines["khan"].gateway_target_seconds == 60
