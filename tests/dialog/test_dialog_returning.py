"""Somebody who has reported before: known by the same account, days later and in another process."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dialog import decode, encode, waiting_for

Talks = Callable[..., Any]
FIRST = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên Bùi Thị Sáu, 0912 345 678"
SECOND = "rác đổ đầy bờ kênh trước số 5 Lê Lợi, phường Mỹ Tho, hôi thối cả tuần"


def days_later(talk: Talks, days: int = 5) -> Any:
    """After a first report the program was started anew, and some days went by."""
    conversation = talk()
    for text in (FIRST, "đúng", "đúng", "gửi"):
        conversation.says(text)
    assert conversation.outcomes == ["submitted"]
    conversation.stage.wait(timedelta(days=days))
    conversation.stage.state = decode(encode(conversation.stage.state))
    return conversation


def test_name_and_number_are_offered_masked(talk: Talks) -> None:
    """D22."""
    conversation = days_later(talk)

    offer = conversation.says(SECOND)

    assert waiting_for(conversation.stage.state) == "identity_reuse"
    assert "Bùi Thị Sáu" in offer and "091****678" in offer


def test_the_known_number_is_never_read_out(talk: Talks) -> None:
    conversation = days_later(talk)
    before = len(conversation.stage.seen.texts)
    for text in (SECOND, "đúng", "đúng", "gửi"):
        conversation.says(text)

    said = "".join(conversation.stage.seen.texts[before:]).replace(" ", "").replace(".", "")
    assert "0912345678" not in said and "091****678" in said
    assert conversation.reports[-1].phone == "+84912345678"


def test_it_is_not_used_against_a_no(talk: Talks) -> None:
    conversation = days_later(talk)
    conversation.says(SECOND)

    conversation.says("không")

    assert waiting_for(conversation.stage.state) == "name"
    assert conversation.stage.state.form.draft.phone == ""


def test_another_number_takes_its_place(talk: Talks) -> None:
    conversation = days_later(talk)
    conversation.says(SECOND)
    conversation.says("số mới của tôi là 0987 654 321")

    assert conversation.stage.state.form.draft.phone == "+84987654321"


def test_the_same_matter_again_is_offered_as_a_supplement(talk: Talks) -> None:
    """R-BN-33: within the window; what comes later is a report of its own."""
    again = "đèn đường vẫn tắt ở 20 Nguyễn Huệ, phường Mỹ Tho"
    assert "bổ sung" in days_later(talk, 5).says(again)
    late = days_later(talk, 40)
    assert "bổ sung" not in late.says(again)


def test_a_second_matter_waits_for_the_first(talk: Talks) -> None:
    """D23: across a restart as well."""
    conversation = talk()
    conversation.says(FIRST)
    conversation.says("mà thôi báo vụ này trước nè: rác đổ đầy bờ kênh trước số 5 Lê Lợi, phường Mỹ Tho")
    conversation.stage.state = decode(encode(conversation.stage.state))
    conversation.says("có")

    assert "rác" in conversation.stage.state.form.draft.description.lower()
    assert "đèn đường" in conversation.stage.state.parked[-1].draft.description
