"""What time does to a conversation: reminded once, paused, kept, dropped."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core.effects import Wake
from core.events import InboundMessage, TimerFired
from core.model import Peer
from dialog import decode, encode, step, waiting_for

LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"


def said_while_waiting(conversation: Any, span: timedelta) -> list[str]:
    before = len(conversation.stage.seen.texts)
    conversation.stage.wait(span)
    return list(conversation.stage.seen.texts[before:])


def test_an_open_question_is_repeated_once_then_the_talk_is_paused(talk: Callable[..., Any]) -> None:
    conversation = talk()
    conversation.says(LAMP)

    reminder, pause = said_while_waiting(conversation, timedelta(hours=5))

    assert "họ và tên" in reminder
    assert pause == conversation.profile.text("timeout").format(hours=24)


def test_a_draft_survives_days_short_of_its_end_and_a_restart(talk: Callable[..., Any]) -> None:
    conversation = talk()
    conversation.says(LAMP)
    said_while_waiting(conversation, timedelta(hours=23))
    conversation.stage.state = decode(encode(conversation.stage.state))

    conversation.says("Bùi Thị Sáu")

    form = conversation.stage.state.form
    assert (form.draft.name, form.waiting) == ("Bùi Thị Sáu", "phone")
    assert "đèn đường" in form.draft.description


def test_a_draft_is_dropped_after_its_hours(talk: Callable[..., Any]) -> None:
    """R-HN-11: deletion of drafts."""
    conversation = talk()
    conversation.says(LAMP)

    conversation.stage.wait(timedelta(hours=25))

    assert conversation.stage.state.form is None
    assert conversation.stage.state.wake_at is None


def test_a_draft_whose_time_is_over_is_gone_even_if_no_timer_came(talk: Callable[..., Any]) -> None:
    conversation = talk()
    conversation.says(LAMP)
    conversation.stage.now += timedelta(hours=30)

    conversation.says("Bùi Thị Sáu")

    form = conversation.stage.state.form
    assert form is None or "đèn đường" not in form.draft.description


def test_a_reminder_is_not_counted_as_a_vain_answer(talk: Callable[..., Any]) -> None:
    conversation = talk()
    conversation.says(LAMP)
    tries = conversation.stage.state.form.tries

    said_while_waiting(conversation, timedelta(minutes=20))

    assert conversation.stage.state.form.tries == tries


def test_a_store_that_is_away_is_explained_once(talk: Callable[..., Any]) -> None:
    """R-BN-22: the report waits, the citizen knows."""
    conversation = talk()
    conversation.says(f"{LAMP}, tôi tên Bùi Thị Sáu, 0912 345 678")
    while waiting_for(conversation.stage.state) != "confirm":
        conversation.says("đúng")
    now, profile = conversation.stage.now, conversation.profile
    peer = Peer(channel="zalo", account="a", user="u")
    yes = InboundMessage(peer=peer, external_id="y", sent_at=now, text="gửi")

    state, effects = step(conversation.stage.state, yes, profile, now)
    at = state.wake_at
    assert at is not None
    assert Wake(at=at) in effects
    state, told = step(state, TimerFired(at=at), profile, at)
    _, nothing = step(state, TimerFired(at=at), profile, at)

    assert any("12:00 20/11/2026" in getattr(getattr(effect, "message", None), "text", "") for effect in told)
    assert not any(hasattr(effect, "message") for effect in nothing)


def test_wake_at_mirrors_the_last_wish(talk: Callable[..., Any]) -> None:
    conversation = talk()

    effects = conversation.stage.happen(TimerFired(at=conversation.stage.now))
    assert effects == []
    conversation.says(LAMP)

    assert conversation.stage.state.wake_at == conversation.stage.now + timedelta(minutes=15)


def test_more_messages_than_a_minute_allows_are_told_once(talk: Callable[..., Any]) -> None:
    conversation = talk()
    limit = conversation.profile.intake.rate_limit_per_minute

    answers = [conversation.says("alo") for _ in range(limit + 5)]
    emergency = conversation.says("cháy nhà rồi")

    assert sum("quá nhiều tin" in answer for answer in answers) == 1
    assert "114" in emergency
