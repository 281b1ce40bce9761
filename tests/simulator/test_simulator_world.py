"""Time, memory across restarts, faults on order, and the ledger of scripted citizens."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.citizens import CitizenRecord, Ledger, Script, Turn, TurnRecord, run_citizens
from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.engine import Simulator
from simulator.faults import FaultPlan
from simulator.outgoing import Answered
from simulator.telegram import entities
from simulator.world import Bubble, Phone


class Gateway:
    """Takes webhooks in the same process and answers every text on the phone; `again` answers each n-th twice."""

    def __init__(self, *, again: int = 0, silent: int = 0) -> None:
        self.simulator: Simulator | None = None
        self.again, self.silent = again, silent
        self.count = itertools.count(1)

    async def post(self, url: str, body: bytes, headers: Any, patience: float) -> Answered:
        import json

        update = json.loads(body)
        message = update.get("message", {})
        if "text" not in message or update.get("event_name", "user").startswith("oa"):
            return Answered(200)
        asyncio.get_running_loop().call_soon(self.reply, update)
        return Answered(200)

    def reply(self, update: dict[str, Any]) -> None:
        assert self.simulator
        zalo = "event_name" in update
        user = update["sender"]["id"] if zalo else str(update["message"]["from"]["id"])
        phone = self.simulator.world.person("zalo" if zalo else "telegram", user)
        number = next(self.count)
        if phone is None or (self.silent and number % self.silent == 0):
            return
        text = f"Đã nhận: {update['message']['text']}. Mã số TG-261121-{number:04d}"
        for _ in range(2 if self.again and number % self.again == 0 else 1):
            self.simulator.telegram.show(phone, "text", {"text": text}, text=text)

    async def close(self) -> None: ...


def simulate(gateway: Gateway) -> Simulator:
    config = SimulatorConfig(demo_phones=False)
    simulator = Simulator(config, out=gateway)
    simulator.zalo_webhook.url = simulator.updates.hook.url = "http://gateway/hook"
    gateway.simulator = simulator
    return simulator


SCRIPT = Script(turns=[Turn(text="một", expect="một"), Turn(text="hai", expect="hai")])


async def test_a_good_gateway_has_a_clean_ledger() -> None:
    simulator = simulate(Gateway())
    ledger = await run_citizens(simulator, 20, SCRIPT, settle=0.01)
    assert ledger.figures() == {
        "citizens": 20, "sent": 40, "acknowledged": 40, "answers": 40, "lost": 0, "unexpected": 0,
        "answered_twice": 0, "order_violations": 0, "finished": 20, "codes": 40,
    }  # fmt: skip
    await simulator.close()


async def test_a_double_answer_is_counted() -> None:
    simulator = simulate(Gateway(again=10))
    ledger = await run_citizens(simulator, 10, SCRIPT, settle=0.01)
    assert ledger.answered_twice == 2
    await simulator.close()


async def test_an_acknowledged_message_without_an_answer_is_lost() -> None:
    simulator = simulate(Gateway(silent=20))
    ledger = await run_citizens(simulator, 10, SCRIPT, settle=0.01, answer_timeout=0.2)
    assert (ledger.lost, ledger.finished) == (1, 9)
    await simulator.close()


def answer(text: str) -> Bubble:
    return Bubble(seq=0, platform_id="1", sender="bot", kind="text", at=0.0, text=text)


def record(*answers: list[str]) -> CitizenRecord:
    turns = [
        TurnRecord(turn, None, [answer(text) for text in texts])
        for turn, texts in zip(SCRIPT.turns, answers, strict=True)
    ]
    return CitizenRecord(Phone(id="x", platform="zalo", user_id="1", name="", number=""), turns)


@pytest.mark.parametrize(
    ("answers", "twice", "disordered"),
    [
        pytest.param((["một"], ["hai"]), 0, 0, id="as it should be"),
        pytest.param((["một", "một"], ["hai"]), 1, 0, id="twice in one turn"),
        pytest.param((["một"], ["một", "hai"]), 1, 1, id="a double that comes late"),
        pytest.param((["chờ"], ["một", "hai"]), 0, 1, id="an answer that comes late"),
    ],
)
def test_the_ledger_tells_doubles_from_late_answers(answers: Any, twice: int, disordered: int) -> None:
    citizen = record(*answers)
    assert (citizen.repeated, citizen.disordered) == (twice, disordered)
    assert Ledger([citizen]).answered_twice == twice


async def test_two_hundred_citizens_at_once_are_no_trouble() -> None:
    simulator = simulate(Gateway())
    async with asyncio.timeout(20):
        ledger = await run_citizens(simulator, 200, SCRIPT, settle=0.05)
    assert (ledger.finished, ledger.answered_twice, ledger.order_violations) == (200, 0, 0)
    await simulator.close()


async def test_a_citizen_presses_the_button_that_is_asked_for_or_types_its_label() -> None:
    simulator = simulate(Gateway())
    script = Script(
        turns=[Turn(text="{name} ở {place}")], replies=[("Đã nhận: Phạm", Turn(press="Gửi", answers=0))], until="Gửi"
    )
    ledger = await run_citizens(simulator, 4, script, settle=0.01)
    (phone,) = [citizen.phone for citizen in ledger.citizens if citizen.phone.name == "Phạm Quốc Bảo"]
    assert [bubble.text for bubble in phone.bubbles if bubble.sender == "citizen"] == [
        "Phạm Quốc Bảo ở phường 5, Mỹ Tho",
        "Gửi",
    ]
    assert ledger.finished == 0
    await simulator.close()


# -- restart -------------------------------------------------------------------------------


async def test_a_restart_brings_back_phones_tokens_and_what_was_not_delivered(tmp_path: Path) -> None:
    config = SimulatorConfig(demo_phones=False, journal=tmp_path / "world.jsonl")
    before = Simulator(config)
    phone = before.join("telegram", name="Lan")
    before.telegram.sends_file(phone, b"%PDF-1.4", name="don.pdf")
    before.telegram.says(phone, "xin chào")
    old = before.tokens.grant(
        {"app_id": config.zalo.app_id, "grant_type": "refresh_token", "refresh_token": config.zalo.refresh_token},
        config.zalo.app_secret,
    )
    await before.close()

    after = Simulator(config)
    again = after.world.phones[phone.id]
    assert [bubble.text for bubble in again.bubbles] == ["", "xin chào"] and again.name == "Lan"
    assert again.following
    after.tokens.check({"access_token": old["access_token"]})
    waiting = await after.updates.fetch(0, 100, 0)
    assert [update["message"].get("text") for update in waiting] == [None, "xin chào"]
    file = after.telegram.file(waiting[0]["message"]["document"]["file_id"])
    assert file and file.content == b"%PDF-1.4"
    later = after.telegram.says(again, "nữa")
    assert int(later.platform_id) > int(again.bubbles[1].platform_id)
    await after.close()


async def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path: Path) -> None:
    config = SimulatorConfig(demo_phones=False, journal=tmp_path / "world.jsonl")
    simulator = Simulator(config)
    simulator.join("zalo")
    await simulator.close()
    with (tmp_path / "world.jsonl").open("a") as file:
        file.write('["phone", {"id": "za')
    for phones in (["zalo-1"], ["zalo-1", "zalo-2"]):
        again = Simulator(config)
        assert list(again.world.phones) == phones
        again.join("zalo")
        await again.close()


# -- clock and faults ------------------------------------------------------------------------


async def test_a_clock_that_stands_still_moves_by_hand() -> None:
    clock = Clock(speed=0, start=1000.0)
    sleeper = asyncio.create_task(clock.sleep(30))
    await asyncio.sleep(0)
    clock.advance(29)
    await asyncio.sleep(0.01)
    assert not sleeper.done()
    clock.advance(1)
    await sleeper
    assert clock.now() == 1030.0


async def test_a_fast_clock_sleeps_shorter() -> None:
    clock = Clock(speed=1000.0)
    async with asyncio.timeout(1):
        await clock.sleep(30)


def test_the_same_seed_gives_the_same_trouble() -> None:
    def strikes(seed: int) -> list[bool]:
        plan = FaultPlan(seed)
        plan.add(platform="*", action="delay", probability=0.5)
        return [plan.strike("zalo", "api", "/x") is not None for _ in range(50)]

    assert strikes(1) == strikes(1) != strikes(2)


def test_a_fault_strikes_each_nth_call_and_only_so_often() -> None:
    plan = FaultPlan()
    plan.add(platform="telegram", method="sendMessage", action="status", every=2, times=2)
    hits = [plan.strike("telegram", "api", "sendMessage") is not None for _ in range(8)]
    assert hits == [False, True, False, True, False, False, False, False]
    assert plan.strike("telegram", "api", "getMe") is None and plan.strike("zalo", "api", "sendMessage") is None


@pytest.mark.parametrize("rule", [{"action": "explode"}, {"action": "twice"}, {"action": "hang", "where": "webhook"}])
def test_a_fault_that_could_never_strike_is_refused(rule: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="no fault"):
        FaultPlan().add(platform="zalo", **rule)


# -- text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "source", "text", "kinds"),
    [
        ("HTML", "<b>Mã</b> &lt;1&gt; <a href=\"https://x.vn\">xem</a>", "Mã <1> xem", ["bold", "text_link"]),
        ("HTML", "<b><i>🌊</i></b>", "🌊", ["bold", "italic"]),
        ("MarkdownV2", "*Mã* số 12\\. [xem](https://x.vn)", "Mã số 12. xem", ["bold", "text_link"]),
        ("Markdown", "*Mã* _số_ `12`", "Mã số 12", ["bold", "italic", "code"]),
        ("", "/start a@b.vn 0912 345 678", "/start a@b.vn 0912 345 678", ["bot_command", "email", "phone_number"]),
    ],
)  # fmt: skip
def test_markup_becomes_entities(mode: str, source: str, text: str, kinds: list[str]) -> None:
    plain, marks = entities.parse(source, mode)
    assert plain == text
    assert sorted(mark["type"] for mark in marks) == sorted(kinds)


@given(st.text(max_size=60))
def test_plain_text_passes_unchanged_and_entities_stay_inside(text: str) -> None:
    plain, marks = entities.parse(text, "")
    assert plain == text
    assert all(0 <= mark["offset"] < mark["offset"] + mark["length"] <= entities.units(text) for mark in marks)
