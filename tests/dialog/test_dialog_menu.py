"""The fixed menu of a platform (Messenger): its entries mean the commands of their names, at any time."""

from collections.abc import Callable
from typing import Any

import pytest

from app.doctor_accounts import MENU
from core.effects import Handoff, Say
from core.events import InboundMessage
from core.model import Peer
from dialog import step, waiting_for

Talks = Callable[..., Any]
PEER = Peer(channel="facebook", account="rehearsal", user="citizen")


def press(talk: Any, key: str) -> list[Any]:
    message = InboundMessage(peer=PEER, external_id="menu", sent_at=talk.stage.now, choice=key)
    talk.stage.state, effects = step(talk.stage.state, message, talk.profile, talk.stage.now)
    return effects


@pytest.mark.parametrize("entry", MENU, ids=[entry.key for entry in MENU])
def test_every_entry_is_answered(talk: Talks, entry: Any) -> None:
    assert [effect for effect in press(talk(), entry.key) if isinstance(effect, Say)]


def test_the_first_entry_greets(talk: Talks) -> None:
    (said,) = [effect for effect in press(talk(), "menu:start") if isinstance(effect, Say)]
    assert "Kính chào" in said.message.text


def test_staff_can_be_asked_for(talk: Talks) -> None:
    assert any(isinstance(effect, Handoff) for effect in press(talk(), "menu:human"))


def test_an_open_report_stays_open(talk: Talks) -> None:
    conversation = talk()
    conversation.says("đèn đường tắt 3 đêm nay")
    before = waiting_for(conversation.stage.state)
    press(conversation, "menu:help")
    assert waiting_for(conversation.stage.state) == before


def test_an_entry_that_is_gone_changes_nothing(talk: Talks) -> None:
    conversation = talk()
    conversation.says("đèn đường tắt 3 đêm nay")
    before = conversation.stage.state.form
    press(conversation, "menu:weather")
    assert conversation.stage.state.form.draft == before.draft
