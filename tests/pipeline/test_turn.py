"""One event meets one conversation: who speaks, what is remembered, what leaves the house."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import dialog
from core.capabilities import Capabilities, Limit, Unit
from core.effects import Say, Submit
from core.events import (
    CaseChanged,
    Event,
    GivenBack,
    InboundMessage,
    MessageWithdrawn,
    OperatorWrote,
    PeerChanged,
    PeerStatus,
    PublicComment,
    StaffWrote,
    TakenOver,
    ThreadMoved,
    TimerFired,
)
from core.model import MediaKind, MediaRef, Peer, Speaker
from pipeline import turn
from pipeline.errand import Lane, Status
from regulations.loader import load

PROFILE = load("tien-giang")
PLATFORM = Capabilities(text=Limit(4096, Unit.UTF16))
NOW = datetime(2026, 11, 20, 12, 40, tzinfo=UTC)
PEER = Peer(channel="telegram", account="bot", user="1")


@dataclass(frozen=True)
class Row:
    owner: str = turn.BOT
    operator: str = ""
    reachable: bool = True
    last_inbound_at: datetime | None = None
    replies: int = 0
    unread: int = 0
    alert: str = ""
    wake_at: datetime | None = None
    waiting_since: datetime | None = None


def says(text: str, **more: Any) -> InboundMessage:
    return InboundMessage(peer=PEER, external_id="1", sent_at=NOW, text=text, **more)


def take(event: Event, row: Row = Row(), state: dialog.State | None = None) -> turn.Turn:
    state = state or dialog.new_state(channel="telegram", profile=PROFILE, now=NOW)
    return turn.take(row, state, event, profile=PROFILE, capabilities=PLATFORM, now=NOW)


def texts(taken: turn.Turn) -> list[str]:
    return [plan.payload.message.text for plan in taken.plans if isinstance(plan.payload, Say)]


def test_a_citizen_is_answered_by_the_bot() -> None:
    taken = take(says("xin chào"))

    assert [plan.lane for plan in taken.plans] == [Lane.CITIZEN]


@pytest.mark.parametrize("owner", [turn.WAITING, turn.OPERATOR])
def test_the_bot_is_silent_while_a_person_has_the_conversation(owner: str) -> None:
    """The first of the promises: never answered by bot and person at once."""
    taken = take(says("đèn đường hỏng ở ấp 4"), Row(owner=owner))

    assert (taken.plans, taken.unread, taken.waiting_since) == ([], 1, NOW)


def test_an_operators_words_take_the_conversation_over() -> None:
    taken = take(OperatorWrote(operator="lan", text="Chúng tôi đang kiểm tra.", at=NOW))

    (plan,) = taken.plans
    assert (taken.owner, taken.operator, plan.payload.message.speaker) == (turn.OPERATOR, "lan", Speaker.OPERATOR)


@pytest.mark.parametrize(
    "event",
    [
        OperatorWrote(operator="lan", text="x", at=NOW),
        TakenOver(operator="lan", at=NOW),
        StaffWrote(peer=PEER, external_id="2", sent_at=NOW, text="x", staff="admin"),
    ],
)
def test_what_the_bot_has_not_yet_said_is_not_said_any_more(event: Event) -> None:
    taken = take(event)

    assert (taken.withdraw, taken.owner) == (Status.WITHDRAWN, turn.OPERATOR)


def test_news_of_a_case_waits_until_the_person_gives_back() -> None:
    news = CaseChanged(code="TG-261120-0001", update_id="1", name="result.recorded", at=NOW, text="Đã sửa")

    taken = take(news, Row(owner=turn.OPERATOR))

    assert (taken.hold, taken.plans) == (True, [])


def test_the_bot_speaks_again_after_it_was_given_back() -> None:
    taken = take(GivenBack(operator="lan", at=NOW), Row(owner=turn.OPERATOR, operator="lan"))

    assert (taken.owner, taken.operator, taken.unread) == (turn.BOT, "", 0)


def test_an_emergency_is_told_the_number_although_nobody_has_come_to_the_inbox_yet() -> None:
    """Profile schema §4: emergencies come first in every state."""
    (text,) = texts(take(says("cháy nhà kế bên rồi"), Row(owner=turn.WAITING)))

    assert "114" in text


def test_an_emergency_is_shown_to_the_person_who_has_the_conversation() -> None:
    taken = take(says("cháy nhà kế bên rồi"), Row(owner=turn.OPERATOR))

    assert (taken.alert, taken.plans) == ("emergency", [])


@pytest.mark.parametrize("owner", [turn.BOT, turn.WAITING, turn.OPERATOR])
def test_a_state_secret_is_never_stored(owner: str) -> None:
    """Tiền Giang, Đ4.7."""
    assert take(says("tôi gửi tài liệu mật của tỉnh"), Row(owner=owner)).keep is False


def test_every_file_is_fetched_also_while_a_person_has_the_conversation() -> None:
    photo = MediaRef(kind=MediaKind.IMAGE, key="file")

    taken = take(says("", media=(photo, photo)), Row(owner=turn.OPERATOR))

    assert [(plan.lane, plan.payload) for plan in taken.plans] == [(Lane.MEDIA, photo), (Lane.MEDIA, photo)]


def test_a_dialog_that_fails_hands_over_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("0909123456")

    monkeypatch.setattr(dialog, "step", broken)

    taken = take(says("x"))

    assert (taken.owner, taken.alert, texts(taken)) == (turn.WAITING, "failed", [PROFILE.text("handoff")])
    assert taken.problem == "ValueError in the dialog", "what was written must not be quoted"


def test_a_blocked_bot_stops_sending() -> None:
    blocked = PeerChanged(peer=PEER, external_id="2", sent_at=NOW, status=PeerStatus.BLOCKED)

    taken = take(blocked)

    assert (taken.reachable, taken.withdraw) == (False, Status.UNREACHABLE)


def test_the_citizens_next_word_opens_the_window_again() -> None:
    taken = take(says("xin chào"), Row(reachable=False, replies=7))

    assert (taken.reachable, taken.last_inbound_at, taken.replies) == (True, NOW, 1)


def test_a_text_longer_than_the_platform_takes_becomes_several_errands() -> None:
    short = replace(PLATFORM, text=Limit(60, Unit.UTF16))
    state = dialog.new_state(channel="telegram", profile=PROFILE, now=NOW)

    taken = turn.take(Row(), state, says("xin chào"), profile=PROFILE, capabilities=short, now=NOW)

    assert len(taken.plans) > 1
    assert " ".join(" ".join(texts(taken)).split()) == " ".join(PROFILE_GREETING.split())


def test_a_confirmed_report_is_an_errand_to_the_store() -> None:
    state = dialog.new_state(channel="telegram", profile=PROFILE, now=NOW)
    said = (
        "đèn đường trước số 45 Lý Thường Kiệt, phường Mỹ Tho không sáng, tôi tên Trần Văn Hùng 0909123456",
        "đúng",
        "gửi",
    )
    for minute, text in enumerate(said):
        at = NOW + timedelta(minutes=minute)  # a question is read before it is answered
        taken = turn.take(Row(), state, says(text), profile=PROFILE, capabilities=PLATFORM, now=at)
        state = taken.state

    (plan,) = [plan for plan in taken.plans if plan.lane is Lane.STORE]
    assert isinstance(plan.payload, Submit) and plan.payload.draft.phone == "+84909123456"


def test_a_timer_that_was_set_anew_fires_for_nothing() -> None:
    fired = TimerFired(at=NOW)

    assert turn.is_timer_stale(fired, NOW + timedelta(minutes=1))
    assert turn.is_timer_stale(fired, None)
    assert not turn.is_timer_stale(fired, NOW)


PROFILE_GREETING = texts(take(says("xin chào")))[0]


# --- threads, comments, other programs --------------------------------------------------------------------------------

CHAT = replace(PLATFORM, reply_window=timedelta(hours=24), person_window=timedelta(days=7))


@pytest.mark.parametrize(
    ("speaker", "hours", "open_"),
    [
        (Speaker.BOT, 23, True),
        (Speaker.BOT, 25, False),
        (Speaker.OPERATOR, 25, True),
        (Speaker.OPERATOR, 24 * 7 + 1, False),
    ],
)
def test_a_person_may_write_longer_than_the_bot_where_the_platform_says_so(
    speaker: Speaker, hours: int, open_: bool
) -> None:
    """facebook: standard window and HUMAN_AGENT."""
    assert turn.may_write(CHAT, speaker, NOW - timedelta(hours=hours), NOW) is open_


@pytest.mark.parametrize("speaker", list(Speaker))
def test_nobody_may_write_to_who_has_never_written_where_there_is_a_window(speaker: Speaker) -> None:
    assert not turn.may_write(CHAT, speaker, None, NOW)
    assert turn.may_write(PLATFORM, speaker, None, NOW)


def comment(text: str = "đèn đường hỏng ở ấp 4", *, key: str = "c1", **more: Any) -> PublicComment:
    return PublicComment(peer=PEER, external_id=key, sent_at=NOW, text=text, **more)


def test_a_comment_is_invited_to_the_chat_once_and_starts_no_report() -> None:
    taken = take(comment())

    (plan,) = taken.plans
    assert (plan.payload.invites, taken.last_inbound_at) == (True, None)
    assert "tin nhắn riêng" in plan.payload.message.text
    assert dialog.encode(taken.state) == dialog.encode(dialog.new_state(channel="telegram", profile=PROFILE, now=NOW))
    assert take(comment("sửa lại", key="c1:2"), Row(replies=taken.replies)).plans == []


def test_a_comment_that_a_person_looks_after_is_not_answered_by_the_bot() -> None:
    photo = MediaRef(kind=MediaKind.IMAGE, key="file")

    taken = take(comment(media=(photo,)), Row(owner=turn.OPERATOR))

    assert ([plan.lane for plan in taken.plans], taken.unread) == ([Lane.MEDIA], 1)


def test_another_program_that_takes_the_thread_silences_the_bot() -> None:
    taken = take(ThreadMoved(peer=PEER, external_id="t", sent_at=NOW, ours=False))

    assert (taken.owner, taken.operator, taken.withdraw) == (turn.OPERATOR, "platform:ứng dụng khác", Status.WITHDRAWN)


def test_the_bot_speaks_again_when_the_thread_comes_back() -> None:
    back = ThreadMoved(peer=PEER, external_id="t", sent_at=NOW, ours=True)

    taken = take(back, Row(owner=turn.OPERATOR, operator="platform:ứng dụng khác"))

    assert (taken.owner, taken.operator, taken.given_back) == (turn.BOT, "", True)


@pytest.mark.parametrize("row", [Row(owner=turn.OPERATOR, operator="lan"), Row(owner=turn.WAITING), Row()])
def test_a_thread_that_comes_back_takes_no_conversation_from_our_own_people(row: Row) -> None:
    taken = take(ThreadMoved(peer=PEER, external_id="t", sent_at=NOW, ours=True), row)

    assert (taken.owner, taken.operator, taken.given_back, taken.plans) == (row.owner, row.operator, False, [])


@pytest.mark.parametrize("owner", [turn.BOT, turn.WAITING, turn.OPERATOR])
def test_the_bot_never_answers_while_another_program_does(owner: str) -> None:
    photo = MediaRef(kind=MediaKind.IMAGE, key="file")

    taken = take(says("đèn đường hỏng ở ấp 4", standby=True, media=(photo,)), Row(owner=owner))

    assert ([plan.lane for plan in taken.plans], taken.unread, taken.owner) == ([Lane.MEDIA], 1, owner)


@pytest.mark.parametrize("owner", [turn.BOT, turn.WAITING, turn.OPERATOR])
def test_an_emergency_that_another_program_hears_is_shown_to_staff(owner: str) -> None:
    taken = take(says("cháy nhà kế bên rồi", standby=True), Row(owner=owner))

    assert ([plan.kind for plan in taken.plans], bool(taken.alert)) == ([], True)


@pytest.mark.parametrize("owner", [turn.BOT, turn.OPERATOR])
def test_a_withdrawn_message_is_recorded_and_answered_by_nobody(owner: str) -> None:
    taken = take(MessageWithdrawn(peer=PEER, external_id="w", of="1", sent_at=NOW), Row(owner=owner))

    assert (taken.plans, taken.keep, taken.owner) == ([], True, owner)
