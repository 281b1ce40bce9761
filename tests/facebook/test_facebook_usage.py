"""The Page's allowance is heeded before Meta has to refuse."""

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.facebook.usage import LONGEST_PAUSE, Meter, Usage, pause, read_usage
from core.errors import TryAgain
from core.model import OutboundMessage
from core.ports import Answer
from tests.channels.fakes import NOW, Call, answer
from tests.facebook.pages import AN, SENT, a_page, an_answer

MINUTE = timedelta(minutes=1)


def app(**figures: object) -> dict[str, str]:
    return {"x-app-usage": json.dumps(figures)}


def test_the_worst_of_all_figures_counts() -> None:
    business = {"1": [{"type": "pages", "call_count": 12, "estimated_time_to_regain_access": 0}, {"total_time": 85}]}
    headers = app(call_count=10, total_cputime=20, total_time=3) | {"x-business-use-case-usage": json.dumps(business)}

    assert read_usage(headers) == Usage(85, None)


def test_the_time_to_wait_is_metas() -> None:
    assert read_usage(an_answer("response-error-buc-80006").headers) == Usage(100, 13 * MINUTE)


@pytest.mark.parametrize(
    "junk", ["", "{", "[]", "null", "7", '{"1": 7}', '{"1": [7]}', '{"call_count": "9"}', '{"call_count": true}']
)
def test_junk_in_the_headers_counts_as_nothing(junk: str) -> None:
    assert read_usage({"x-app-usage": junk, "x-business-use-case-usage": junk}) == Usage()


@given(value=st.text(max_size=60))
def test_no_header_breaks_the_reader(value: str) -> None:
    read_usage({"x-app-usage": value, "x-business-use-case-usage": value})


@pytest.mark.parametrize(("percent", "seconds"), [(0, 0), (79.9, 0), (80, 0), (90, 1), (100, 2), (250, 2)])
def test_from_eighty_percent_on_calls_go_slower(percent: float, seconds: float) -> None:
    assert pause(percent) == pytest.approx(seconds)


@given(less=st.floats(0, 200), more=st.floats(0, 200))
def test_more_usage_never_means_a_shorter_pause(less: float, more: float) -> None:
    low, high = sorted((less, more))
    assert 0 <= pause(low) <= pause(high) <= LONGEST_PAUSE


def test_a_full_allowance_is_refused_here_until_it_is_regained() -> None:
    meter = Meter()
    meter.saw(an_answer("response-error-buc-80006").headers, NOW)

    with pytest.raises(TryAgain) as caught:
        meter.pause(NOW + 3 * MINUTE)
    assert caught.value.after == 10 * MINUTE
    assert meter.pause(NOW + 13 * MINUTE) == 0


def test_a_full_allowance_without_a_time_closes_for_five_minutes() -> None:
    meter = Meter()
    meter.saw(app(call_count=100), NOW)

    with pytest.raises(TryAgain):
        meter.pause(NOW + 4 * MINUTE)
    assert meter.pause(NOW + 6 * MINUTE) == 0


def test_an_answer_without_figures_changes_nothing() -> None:
    meter = Meter()
    meter.saw(app(call_count=90), NOW)
    meter.saw({}, NOW)

    assert meter.pause(NOW) == pytest.approx(1)


async def test_calls_wait_while_the_allowance_runs_out() -> None:
    pauses: list[float] = []
    page, _ = a_page(lambda call: answer(200, SENT, app(call_count=90)), pauses=pauses)

    for _ in range(2):
        await page.send(AN, OutboundMessage(text="x"))

    assert pauses == [pytest.approx(1)]


async def test_no_call_leaves_while_meta_takes_none() -> None:
    instants: list[datetime] = [NOW]
    page, http = a_page(lambda call: an_answer("response-error-buc-80006"), clock=lambda: instants[-1])

    with pytest.raises(TryAgain) as first:
        await page.send(AN, OutboundMessage(text="x"))
    instants.append(NOW + 3 * MINUTE)
    with pytest.raises(TryAgain) as second:
        await page.send(AN, OutboundMessage(text="x"))
    with pytest.raises(TryAgain):
        await page.describe(AN)

    assert (first.value.after, first.value.code) == (13 * MINUTE, "80006/2446079")
    assert (second.value.after, second.value.code) == (10 * MINUTE, "usage")
    assert len(http.calls) == 1


async def test_courtesies_are_the_first_to_go() -> None:
    def respond(call: Call) -> Answer:
        return answer(200, SENT, app(call_count=85))

    page, http = a_page(respond, typing=True)

    await page.send(AN, OutboundMessage(text="x"))
    await page.send(AN, OutboundMessage(text="y"))

    assert ["sender_action" in call.json for call in http.calls] == [False, True, False]
