"""The state: small, quick to store, readable by the next version."""

import msgspec
import pytest

from core.model import Draft, Place
from dialog import State, decode, encode
from dialog.state import Form


def test_a_state_comes_back_as_it_was() -> None:
    state = State(profile="p", channel="zalo", form=Form(draft=Draft(description="đèn", place=Place(text="45 Lý"))))

    assert decode(encode(state)) == state


def test_what_an_older_version_did_not_write_gets_its_default() -> None:
    old = msgspec.msgpack.encode({"profile": "p", "channel": "zalo", "gone": 1})

    assert decode(old) == State(profile="p", channel="zalo")


def test_an_empty_state_is_small() -> None:
    assert len(encode(State(profile="tien-giang", channel="telegram"))) < 64


def test_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="MessagePack"):
        decode(b"\xc1")


def test_a_state_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        State().form = None  # type: ignore[misc]  # that is the point
