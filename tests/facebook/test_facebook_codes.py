"""The Graph API's answer decides what happens next."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.facebook import codes
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.model import OutboundMessage
from core.ports import Answer
from tests.channels.fakes import answer
from tests.facebook.pages import AN, SAMPLES, a_page, an_answer

RECORDED: dict[str, tuple[type[SendError], str]] = {
    "response-error-buc-80006": (TryAgain, "80006/2446079"),
    "response-error-no-matching-user": (Unreachable, "100/2018001"),
    "response-error-outside-window": (Unreachable, "10/2018278"),
    "response-error-permission": (Misconfigured, "200"),
    "response-error-private-reply-done": (Refused, "10900"),
    "response-error-profile-none": (Refused, "100/2018218"),
    "response-error-rate-613": (TryAgain, "613"),
    "response-error-retired-tag": (Refused, "100"),
    "response-error-temporary": (Unknown, "1200"),
    "response-error-token-invalid": (Misconfigured, "190/460"),
    "response-error-user-unavailable": (Unreachable, "551/1545041"),
}

# Every row of the table of known errors: (code, subcode), HTTP status, what happens next.
ROWS: list[tuple[int, int | None, int, type[SendError]]] = [
    (1, None, 500, Unknown),
    (1, 99, 400, Unknown),
    (2, None, 500, Unknown),
    (1200, None, 400, Unknown),
    *((code, None, 400, TryAgain) for code in (4, 17, 32, 613, 80001, 80006)),
    (7777, None, 429, TryAgain),
    *((10, sub, 400, Unreachable) for sub in (2018278, 2018065, 2534022)),
    (10, 2018108, 403, Misconfigured),
    (10, None, 403, Misconfigured),
    (200, None, 403, Misconfigured),
    (200, 1234, 403, Misconfigured),
    (210, None, 403, Misconfigured),
    (230, None, 403, Misconfigured),
    (3, None, 400, Misconfigured),
    (100, None, 400, Refused),
    (100, 2018001, 400, Unreachable),
    (100, 33, 400, Unreachable),
    *((100, sub, 400, TryAgain) for sub in (2018008, 2018047, 2018294)),
    (100, 2018109, 400, Refused),
    (100, 2018074, 400, TryAgain),
    (100, 2018292, 400, Refused),
    *((190, sub, 401, Misconfigured) for sub in (None, 460, 463, 467)),
    (102, None, 401, Misconfigured),
    (2500, None, 400, Misconfigured),
    (368, None, 400, Misconfigured),
    (551, None, 400, Unreachable),
    (200, 1545041, 400, Unreachable),
    (551, 1545041, 400, Unreachable),
    (100, 2018218, 400, Refused),
    (10, 2018247, 400, Refused),
    (10, 2018300, 400, Misconfigured),
    (100, 2018321, 400, Misconfigured),
    (10900, None, 400, Refused),
    (10902, None, 400, Refused),
    (10903, None, 400, Unreachable),
    (9, 2018352, 400, Refused),
    (4, 2018354, 400, Refused),
    (7777, None, 400, Refused),
    (7777, None, 500, Unknown),
]


def failed(code: int, subcode: int | None = None, status: int = 400, **more: object) -> SendError:
    error = {"message": "x", "type": "OAuthException", "code": code, **more}
    body = {"error": error | ({"error_subcode": subcode} if subcode is not None else {})}
    with pytest.raises(SendError) as caught:
        codes.read(answer(status, body))
    return caught.value


def test_every_recorded_error_has_an_outcome() -> None:
    assert sorted(RECORDED) == sorted(path.stem for path in SAMPLES.glob("response-error-*.json"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_error_decides_what_happens_next(name: str) -> None:
    error, code = RECORDED[name]

    with pytest.raises(SendError) as caught:
        codes.read(an_answer(name))

    assert (type(caught.value), caught.value.code) == (error, code)


@pytest.mark.parametrize(("code", "subcode", "status", "error"), ROWS)
def test_a_known_error_decides_what_happens_next(
    code: int, subcode: int | None, status: int, error: type[SendError]
) -> None:
    assert type(failed(code, subcode, status)) is error


def test_every_code_of_the_tables_is_tested() -> None:
    tested = {(code, subcode) for code, subcode, *_ in ROWS}

    assert codes.CODES.keys() <= {code for code, _ in tested}
    assert codes.SUBCODES.keys() <= {subcode for _, subcode in tested}
    assert codes.PAIRS.keys() <= tested


def test_an_unknown_error_is_final_unless_meta_calls_it_passing() -> None:
    assert type(failed(7777)) is Refused
    assert type(failed(7777, is_transient=True)) is TryAgain
    assert type(failed(7777, is_transient=True, status=500)) is Unknown


def test_a_wrong_app_secret_stops_the_account_and_not_the_message() -> None:
    assert type(failed(100, message="Invalid appsecret_proof provided in the API argument")) is Misconfigured


def test_an_error_told_with_status_200_is_an_error() -> None:
    assert type(failed(190, status=200)) is Misconfigured


def test_who_is_throttled_waits_a_minute_when_meta_does_not_say() -> None:
    assert failed(613).after == timedelta(minutes=1)
    assert failed(551).after is None


def test_a_reason_names_the_trace_but_neither_people_nor_secrets() -> None:
    said = "Object 6700000000000011 unknown, token EAAGm0PX4ZCpsBAKZCfake0123456789"

    reason = failed(100, message=said, fbtrace_id="AbCdEf").reason

    assert "[AbCdEf]" in reason
    assert "6700000000000011" not in reason and "EAAG" not in reason


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(200, Unknown, id="half an answer to a call that was taken"),
        pytest.param(302, Unknown, id="a redirect is not followed"),
        pytest.param(403, Misconfigured, id="a proxy forbids the way, not the citizen"),
        pytest.param(404, Misconfigured, id="wrong address"),
        pytest.param(408, Unknown, id="request timeout"),
        pytest.param(413, Refused, id="too large for a proxy"),
        pytest.param(418, Refused, id="anything else"),
        pytest.param(429, TryAgain, id="a proxy's own limit"),
        pytest.param(502, Unknown, id="Meta's own front"),
        pytest.param(504, Unknown, id="the server behind the front may have taken it"),
    ],
)
async def test_a_page_without_metas_word_is_judged_by_its_status(status: int, error: type[SendError]) -> None:
    page, _ = a_page(lambda call: answer(status, "<html>"))

    with pytest.raises(error):
        await page.send(AN, OutboundMessage(text="x"))


def test_an_answer_nested_without_end_is_unreadable_and_no_crash() -> None:
    with pytest.raises(Unknown):
        codes.read(answer(500, b'{"error": ' + b"[" * 100_000))


@given(status=st.integers(100, 599), body=st.binary(max_size=80))
def test_any_answer_is_a_result_or_one_of_our_errors(status: int, body: bytes) -> None:
    try:
        assert codes.read(Answer(status=status, body=body)) == body
    except SendError as error:
        assert error.reason
