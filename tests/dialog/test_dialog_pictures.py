"""A picture that was fetched later says where and when it was taken: a proposal, as if it had said so at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.events import PictureRead
from dialog import waiting_for
from tests.dialog.conftest import NOON

Talks = Callable[..., Any]
READ = PictureRead(key="den.jpg", at=NOON, lat=10.3598, lon=106.3654, taken_at=NOON - timedelta(hours=3))


def with_picture(talk: Talks) -> Any:
    conversation = talk(channel="telegram")
    conversation.says("đèn đường tắt ba đêm rồi, tối om")
    conversation.says(photos=("den.jpg",))
    assert waiting_for(conversation.stage.state) == "location"
    return conversation


@pytest.mark.parametrize(("reply", "lat"), [("đúng", 10.3598), ("không", None)])
def test_the_place_is_proposed_while_it_is_asked_for(talk: Talks, reply: str, lat: float | None) -> None:
    conversation = with_picture(talk)

    assert "10.35980, 106.36540" in conversation.happens(READ)
    conversation.says(reply)

    place = conversation.stage.state.form.draft.place
    assert (place.lat if place else None) == lat


def test_a_place_that_was_named_goes_before(talk: Talks) -> None:
    conversation = with_picture(talk)
    conversation.says("20 Nguyễn Huệ, phường Mỹ Tho")

    assert conversation.happens(READ) == ""
    assert conversation.stage.state.form.draft.place.lat is None


def test_it_tells_when_it_happened_unless_the_citizen_did(talk: Talks) -> None:
    conversation = talk(channel="telegram")
    conversation.says("đèn đường hỏng tối om")
    conversation.says(photos=("den.jpg",))
    conversation.happens(READ)
    assert conversation.stage.state.form.draft.occurred_at == READ.taken_at

    conversation = with_picture(talk)
    told = conversation.stage.state.form.draft.occurred_at
    conversation.happens(READ)
    assert conversation.stage.state.form.draft.occurred_at == told


def test_a_picture_of_no_open_report_says_nothing(talk: Talks) -> None:
    conversation = with_picture(talk)

    assert conversation.happens(PictureRead(key="other.jpg", at=NOON, lat=10.3, lon=106.3)) == ""
    conversation.says("hủy")
    assert conversation.happens(READ) == ""
