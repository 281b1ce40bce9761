"""A message that was taken back, a mail address handed over by button, and follow-ups that say too much."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.effects import FollowUp, Say
from core.events import CaseKnown, InboundMessage, MessageWithdrawn
from core.model import Ask, Contact, Peer
from dialog import new_state, step, waiting_for
from regulations.loader import load

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PEER = Peer(channel="facebook", account="page", user="7")
CODE = "TG-261110-0004"
LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"

Talks = Callable[..., Any]


def message(number: int, text: str = "", **more: Any) -> InboundMessage:
    return InboundMessage(peer=PEER, external_id=f"m{number}", sent_at=NOON, text=text, **more)


def withdrawn(number: int) -> MessageWithdrawn:
    return MessageWithdrawn(peer=PEER, external_id=f"w{number}", of=f"m{number}", sent_at=NOON)


def test_a_withdrawn_message_empties_what_it_had_filled(talk: Talks) -> None:
    stage = talk().stage
    stage.happen(message(1, LAMP))
    stage.now += timedelta(seconds=10)
    stage.happen(message(2, "Trần Văn Hùng"))

    stage.happen(withdrawn(2))

    assert stage.state.form.draft.name == "" and stage.state.form.draft.description
    assert waiting_for(stage.state) == "name"


def test_a_withdrawn_matter_is_asked_for_again(talk: Talks) -> None:
    stage = talk().stage
    stage.happen(message(1, LAMP))

    stage.happen(withdrawn(1))

    draft = stage.state.form.draft
    assert (draft.description, draft.raw, draft.category, draft.place) == ("", (), "", None)
    assert waiting_for(stage.state) == "description"


@pytest.mark.parametrize("number", [1, 9])
def test_taking_an_earlier_message_back_changes_nothing(talk: Talks, number: int) -> None:
    stage = talk().stage
    stage.happen(message(1, LAMP))
    stage.now += timedelta(seconds=10)
    stage.happen(message(2, "Trần Văn Hùng"))
    before = stage.state

    stage.happen(withdrawn(number))

    assert stage.state == before


def test_a_mail_address_may_be_handed_over_by_button() -> None:
    """Messenger: the quick reply user_email."""
    profile = load("ha-noi")
    state = new_state(channel="facebook", profile=profile, now=NOON)
    for number, text in enumerate(
        ["rác ở ngõ 20 Trần Thái Tông, phường Cầu Giấy", "không", "Nguyễn Thu Trang", "0912345678"]
    ):
        state, effects = step(state, message(number, text), profile, NOON + number * timedelta(seconds=10))
    asked = [effect.message.ask for effect in effects if isinstance(effect, Say)]

    state, _ = step(state, message(9, contact=Contact(email="trang@example.vn")), profile, NOON)

    assert asked == [Ask.EMAIL]
    assert state.form is not None and state.form.draft.email == "trang@example.vn"


def test_a_follow_up_that_denounces_is_declined_like_a_report(talk: Talks) -> None:
    """R-BN-35: the check also runs on follow-ups."""
    conversation = talk()
    conversation.happens(CaseKnown(code=CODE, at=NOON, status="published", delivered_at=NOON))

    conversation.says(f"{CODE} tôi không đồng ý, tôi tố cáo ông chủ tịch phường nhận hối lộ")

    assert conversation.outcomes == ["redirected:tiep_cong_dan"]
    assert not conversation.stage.seen.follow_ups


@pytest.mark.parametrize("text", ["/help", "help"])
def test_the_platforms_help_command_is_heard(talk: Talks, text: str) -> None:
    assert "tra cứu" in talk(channel="telegram").says(text)


def test_no_follow_up_is_left_out_by_the_check(talk: Talks) -> None:
    conversation = talk()
    conversation.happens(CaseKnown(code=CODE, at=NOON, status="published", delivered_at=NOON))

    conversation.says(f"{CODE} tôi không đồng ý, đường vẫn hư")

    (follow_up,) = conversation.stage.seen.follow_ups
    assert isinstance(follow_up, FollowUp) and follow_up.code == CODE
