"""Polling loses nothing: only what was stored is confirmed."""

import json
from typing import Any

import pytest

from core.errors import Misconfigured, TryAgain, Unknown
from core.model import Delivery
from core.ports import Answer
from tests.channels.fakes import NOW, Call, answer
from tests.telegram.bots import a_bot, an_answer, delivery, sample


class Stop(Exception):
    """Ends a poll from the network's side."""


class Telegram:
    """Keeps updates until an offset confirms them, as the Bot API does."""

    def __init__(self, *updates: dict[str, Any]) -> None:
        self.waiting = list(updates)
        self.failures: list[Answer | Exception] = []
        self.asked: list[dict[str, Any]] = []
        self.answered: list[str] = []

    def __call__(self, call: Call) -> Answer | Exception:
        if call.url.endswith("/answerCallbackQuery"):
            self.answered.append(call.json["callback_query_id"])
            return answer(400, {"ok": False, "error_code": 400, "description": "query is too old"})
        self.asked.append(call.json)
        if self.failures:
            return self.failures.pop(0)
        self.waiting = [update for update in self.waiting if update["update_id"] >= call.json.get("offset", 0)]
        return answer(200, {"ok": True, "result": self.waiting}) if self.waiting else Stop()


def update(number: int, name: str = "message-text") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(sample(name)) | {"update_id": number}
    return found


async def polled(telegram: Telegram, *, stop_after: int = 99, **changes: Any) -> list[Delivery]:
    bot, _ = a_bot(telegram, polling=True, **changes)
    taken = []
    try:
        async for found in bot.poll():
            taken.append(found)
            if len(taken) == stop_after:
                break
    except Stop:
        pass
    return taken


def numbers(deliveries: list[Delivery]) -> list[int]:
    return [json.loads(found.body)["update_id"] for found in deliveries]


async def test_updates_come_in_order_and_are_then_confirmed() -> None:
    telegram = Telegram(update(5), update(6), update(7))

    assert numbers(await polled(telegram)) == [5, 6, 7]
    assert [asked.get("offset") for asked in telegram.asked] == [None, 8]


async def test_what_was_not_stored_comes_again_after_a_restart() -> None:
    telegram = Telegram(update(5), update(6))

    assert numbers(await polled(telegram, stop_after=1)) == [5]
    assert numbers(await polled(telegram)) == [5, 6]


async def test_a_smaller_id_after_a_quiet_week_is_not_overlooked() -> None:
    telegram = Telegram(update(900))
    telegram.failures = []
    bot, _ = a_bot(telegram, polling=True)
    poll = bot.poll()
    await anext(poll)
    telegram.waiting.append(update(12))

    def renumbered(call: Call) -> Answer | Exception:
        if "offset" in call.json:
            telegram.waiting = [update(12)]
            return answer(200, {"ok": True, "result": []})
        return telegram(call)

    bot._http.responder = renumbered  # type: ignore[attr-defined]  # the fake network

    assert json.loads((await anext(poll)).body)["update_id"] == 12


async def test_only_the_kinds_we_read_are_asked_for() -> None:
    telegram = Telegram(update(5))

    await polled(telegram)

    kinds = ["message", "edited_message", "callback_query", "my_chat_member"]
    assert all(asked["allowed_updates"] == kinds for asked in telegram.asked)


async def test_a_fetched_update_passes_verify_and_another_body_under_its_seal_does_not() -> None:
    bot, _ = a_bot(polling=True)
    (found,) = await polled(Telegram(update(5)))

    bot.verify(found)
    with pytest.raises(Exception, match="secret token"):
        bot.verify(delivery(b"{}", **found.headers))
    assert found.received_at == NOW


async def test_the_seal_of_another_bot_is_not_ours() -> None:
    other, _ = a_bot(bot_token="7000000002:other")
    (found,) = await polled(Telegram(update(5)))

    with pytest.raises(Exception, match="secret token"):
        other.verify(found)


async def test_a_pressed_button_stops_spinning_once_it_is_stored() -> None:
    telegram = Telegram(update(5, "callback-query"), update(6))

    await polled(telegram, stop_after=1)
    assert telegram.answered == []
    await polled(telegram)

    assert telegram.answered == ["21904632950000000001"]


async def test_one_poisoned_update_does_not_hold_up_the_others() -> None:
    telegram = Telegram(update(5, "poison-unknown-union-member"), update(6) | {"message": 1}, update(7))

    assert numbers(await polled(telegram)) == [5, 6, 7]


@pytest.mark.parametrize(
    ("failures", "pauses"),
    [
        pytest.param([an_answer("response-error-502-html")] * 3, [1, 2, 4], id="longer and longer"),
        pytest.param([TryAgain("no connection"), Unknown("timeout")], [1, 2], id="network"),
        pytest.param([an_answer("response-error-429")], [7], id="as long as Telegram asks"),
        pytest.param([answer(200, {"ok": True, "result": [{}]})], [1], id="not the documented shape"),
        pytest.param([TryAgain("x")] * 9, [1, 2, 4, 8, 16, 32, 60, 60, 60], id="at most a minute"),
        pytest.param([an_answer("response-error-409-conflict")] * 5, [1, 2, 4, 8, 16], id="a predecessor that dies"),
    ],
)
async def test_passing_trouble_is_waited_for(failures: list[Answer | Exception], pauses: list[float]) -> None:
    telegram = Telegram(update(5))
    telegram.failures = list(failures)
    waited: list[float] = []

    assert numbers(await polled(telegram, pauses=waited)) == [5]
    assert waited == pauses


@pytest.mark.parametrize(
    ("failures", "why"),
    [
        ([an_answer("response-error-409-webhook-active")], "webhook"),
        ([an_answer("response-error-409-conflict")] * 6, "Một chương trình khác"),
        ([an_answer("response-error-401")], "Mã bot"),
    ],
)
async def test_lasting_trouble_pauses_the_account(failures: list[Answer | Exception], why: str) -> None:
    telegram = Telegram(update(5))
    telegram.failures = list(failures)

    with pytest.raises(Misconfigured, match=why):
        await polled(telegram)
