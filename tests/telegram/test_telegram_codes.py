"""The Bot API's answer decides what happens next."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram import codes
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.ports import Answer
from tests.channels.fakes import answer
from tests.telegram.bots import SAMPLES, an_answer

RECORDED: dict[str, tuple[type[SendError], str]] = {
    "response-error-400-chat-not-found": (Unreachable, "400"),
    "response-error-400-entities": (Refused, "400"),
    "response-error-400-file-too-big": (Refused, "400"),
    "response-error-400-migrated": (Unreachable, "400"),
    "response-error-400-not-modified": (Refused, "400"),
    "response-error-400-query-too-old": (Refused, "400"),
    "response-error-400-wrong-file-id": (Refused, "400"),
    "response-error-401": (Misconfigured, "401"),
    "response-error-403-blocked": (Unreachable, "403"),
    "response-error-403-deactivated": (Unreachable, "403"),
    "response-error-404": (Misconfigured, "404"),
    "response-error-409-conflict": (TryAgain, "409"),
    "response-error-409-webhook-active": (Misconfigured, "409"),
    "response-error-429": (TryAgain, "429"),
    "response-error-500-restart": (TryAgain, "500"),
    "response-error-502-html": (TryAgain, "502"),
}


def test_every_recorded_error_has_an_outcome() -> None:
    assert sorted(RECORDED) == sorted(path.stem for path in SAMPLES.glob("response-error-*.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_error_decides_what_happens_next(name: str) -> None:
    error, code = RECORDED[name]

    with pytest.raises(SendError) as caught:
        codes.read(an_answer(name))

    assert (type(caught.value), caught.value.code) == (error, code)


def test_we_wait_exactly_as_long_as_telegram_asks() -> None:
    with pytest.raises(TryAgain) as caught:
        codes.read(an_answer("response-error-429"))

    assert caught.value.after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(200, Unknown, id="half an answer to a call that was taken"),
        pytest.param(301, Unknown, id="a redirect is not followed"),
        pytest.param(403, Misconfigured, id="a proxy forbids the way, not the citizen"),
        pytest.param(404, Misconfigured, id="wrong address"),
        pytest.param(408, Unknown, id="request timeout"),
        pytest.param(429, TryAgain, id="a proxy's own limit"),
        pytest.param(503, TryAgain, id="no server behind the proxy"),
        pytest.param(504, Unknown, id="the server behind the proxy may have taken it"),
    ],
)
def test_a_proxys_page_is_not_taken_for_telegrams_word(status: int, error: type[SendError]) -> None:
    with pytest.raises(error):
        codes.read(answer(status, "<html>"))


def test_an_answer_nested_without_end_is_unreadable_and_no_crash() -> None:
    with pytest.raises(Unknown):
        codes.read(answer(200, b'{"ok": false, "x": ' + b"[" * 100_000))


def test_a_failure_told_with_status_200_is_a_failure() -> None:
    with pytest.raises(Unreachable):
        codes.read(answer(200, {"ok": False, "error_code": 403, "description": "Forbidden: bot was blocked"}))


def test_an_unknown_refusal_is_shown_to_staff_in_telegrams_words() -> None:
    with pytest.raises(Refused, match="NEW_RULE_2027"):
        codes.read(answer(418, {"ok": False, "error_code": 418, "description": "Bad Request: NEW_RULE_2027"}))


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=60) | st.builds(lambda text: json.dumps(text).encode(), st.text()),
)
def test_any_answer_is_a_result_or_one_of_five_errors(status: int, body: bytes) -> None:
    with pytest.raises(SendError):
        codes.read(Answer(status=status, body=body))
