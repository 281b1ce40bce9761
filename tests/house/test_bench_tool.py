"""The load tool of `make bench` judges rightly, and what it shows of a real gateway is clean."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import run
from benchmarks.conversation import EXPECTED
from benchmarks.load import Citizen, Load, options_of
from benchmarks.report import GATEWAY, GOALS, LEDGER, MUST_BE_ZERO, SCENES, Book, Record, goals, report

ROOT = Path(__file__).parents[2]


# --- a real gateway ---------------------------------------------------------------------------------------------------


def test_a_gateway_under_load_and_double_delivery_keeps_a_clean_ledger() -> None:
    command = [sys.executable, "benchmarks/load.py", "run", "--citizens", "5", "--duration", "2", "--warmup", "0.2"]

    done = subprocess.run([*command, "--dup-every", "7"], cwd=ROOT, capture_output=True, text=True, check=True)

    record = json.loads(done.stdout)
    assert {column: sum(record[name] for name in LEDGER[column]) for column in MUST_BE_ZERO} == dict.fromkeys(
        MUST_BE_ZERO, 0
    )
    assert record["completed"] == record["started"] == record["reports"] > 0
    assert record["duplicate_replies"] == record["unknown_calls"] == 0 < record["duplicates_sent"]
    assert record["cpu_s_per_1k"] > 0
    assert 0 < record["mem_start_mb"]["pss"] <= record["mem_start_mb"]["rss"] <= record["mem_end_mb"]["hwm"]


# --- how answers are judged -------------------------------------------------------------------------------------------


async def a_load_with_a_citizen(step: int = 2) -> tuple[Load, Citizen]:
    load = Load(options_of(["run"]), hook_port=1, path="/")
    citizen = Citizen(0, asyncio.get_running_loop().create_future(), step=step)
    load.citizens.append(citizen)
    return load, citizen


async def test_the_awaited_marker_is_the_answer() -> None:
    load, citizen = await a_load_with_a_citizen(step=2)

    load.replied(citizen, 3)

    assert citizen.answer.result() == 3
    assert +load.counts == {"replies": 1}


@pytest.mark.parametrize(
    ("markers", "figure"),
    [
        pytest.param([3, 3], "duplicate_replies", id="the answer comes twice"),
        pytest.param([2, 3], "duplicate_replies", id="an older answer comes once more before it"),
        pytest.param([3, 2], "duplicate_replies", id="an older answer comes once more after it"),
        pytest.param([4], "order_violations", id="an answer from further on"),
        pytest.param([-1], "order_violations", id="an answer without a marker"),
        pytest.param([0], "state_lost_conversations", id="the conversation is not known any more"),
    ],
)
async def test_what_is_wrong_with_an_answer_is_counted(markers: list[int], figure: str) -> None:
    load, citizen = await a_load_with_a_citizen(step=2)

    for marker in markers:
        load.replied(citizen, marker)

    assert load.counts[figure] == 1


class Scripted(Load):
    """Every message is acknowledged; what is answered stands in `answers`, by the step it is answered to."""

    def __init__(self, answers: Mapping[int, int]) -> None:
        super().__init__(options_of(["run", "--reply-timeout", "0"]), hook_port=1, path="/")
        self._answers = answers

    async def _deliver(self, request: bytes) -> int:
        citizen = self.citizens[-1]
        if citizen.step in self._answers:
            self.replied(citizen, self._answers[citizen.step])
        return 1


async def test_a_conversation_that_is_answered_to_the_end_is_complete() -> None:
    load = Scripted({step: step + 1 for step in range(8)})

    await load.converse()

    assert load.record(1.0, 0)["completed"] == 1


async def test_a_citizen_who_hears_nothing_says_it_once_more() -> None:
    load = Scripted({0: 1})

    await load.converse()

    assert (load.counts["acked_unanswered"], load.counts["acked_unanswered_twice"], load.counts["failed"]) == (1, 1, 1)


async def test_a_conversation_that_steps_back_and_stays_there_is_forgotten() -> None:
    load = Scripted({0: 1, 1: 2, 2: 1})

    await load.converse()

    assert (load.counts["state_lost_conversations"], load.counts["duplicate_replies"]) == (1, 0)


async def test_a_forgotten_conversation_whose_report_is_in_the_store_only_lost_its_confirmation() -> None:
    load, citizen = await a_load_with_a_citizen(step=7)
    load.reported(citizen, b"key", b"")

    load.replied(citizen, 0)

    assert (load.counts["confirmations_lost"], load.counts["state_lost_conversations"]) == (1, 0)


def whole_report(k: int) -> bytes:
    return "&".join(value % k for value in EXPECTED).encode()


async def test_a_report_sent_again_with_its_key_is_one_report() -> None:
    load, citizen = await a_load_with_a_citizen()

    for _ in range(2):
        load.reported(citizen, b"key", whole_report(0))

    assert load.record(1.0, 0)["duplicate_reports"] == 0
    assert load.counts["reports_deduplicated"] == 1


@pytest.mark.parametrize("keys", [(b"one", b"other"), (b"", b"")])
async def test_a_second_report_of_a_citizen_is_counted(keys: tuple[bytes, bytes]) -> None:
    load, citizen = await a_load_with_a_citizen()

    for key in keys:
        load.reported(citizen, key, whole_report(0))

    assert load.record(1.0, 0)["duplicate_reports"] == 1


@pytest.mark.parametrize("value", EXPECTED)
async def test_a_report_without_what_the_citizen_said_is_wrong(value: str) -> None:
    load, citizen = await a_load_with_a_citizen()

    load.reported(citizen, b"key", whole_report(0).replace((value % 0).encode(), b""))

    assert load.record(1.0, 0)["wrong_reports"] == 1


async def test_a_confirmed_conversation_without_a_report_is_lost() -> None:
    load, citizen = await a_load_with_a_citizen()
    citizen.confirmed = True

    assert load.record(1.0, 0)["lost_reports"] == 1


# --- tables -----------------------------------------------------------------------------------------------------------


def a_record(**changes: object) -> Record:
    record: dict[str, object] = {
        "messages_per_s": 1000.0, "lat_ms": {"p50": 2.0, "p99": 10.0}, "cpu_s_per_1k": 0.5, "store_cpu_s_per_1k": 0.1,
        "mem_start_mb": {"pss": 100.0, "rss": 250.0, "hwm": 250.0}, "mem_end_mb": {"pss": 130.0, "hwm": 400.0},
        "cold_start_s": 1.5, "confirmed": 10,
    }  # fmt: skip
    return record | changes


def a_book(**changes: Record) -> Book:
    return Book({(scene.name, GATEWAY): [changes.get(scene.name, a_record())] for scene in SCENES})


def test_costs_are_medians_of_the_runs() -> None:
    book = Book({("load", GATEWAY): [a_record(messages_per_s=rate) for rate in (10.0, 1000.0, 30.0)]})

    assert book.median("load", lambda record: float(record["messages_per_s"])) == 30


def test_a_clean_book_can_be_trusted() -> None:
    assert a_book().trustworthy(SCENES)


@pytest.mark.parametrize("column", MUST_BE_ZERO)
def test_one_entry_in_the_ledger_spoils_the_book(column: str) -> None:
    book = a_book(kill=a_record(**{LEDGER[column][0]: 1}))

    assert not book.trustworthy(SCENES)


def test_a_scene_that_was_not_played_spoils_the_book() -> None:
    book = Book({("load", GATEWAY): [a_record()]})

    assert not book.trustworthy(SCENES)


def test_goals_are_ratios_to_the_peers_of_the_same_run() -> None:
    rates = {GATEWAY: 1000.0, "aiogram:redis": 250.0, "ptb": 300.0, "grammy:session": 2000.0}
    book = Book({("load", peer): [a_record(messages_per_s=rate)] for peer, rate in rates.items()})

    assert [(goal.found(book), goal.met(goal.found(book) or 0)) for goal in GOALS[:3]] == [
        (4.0, True),
        (pytest.approx(3.33, abs=0.01), False),
        (0.5, False),
    ]


def test_what_was_not_played_is_not_a_missed_goal() -> None:
    verdicts = {row[-1] for row in goals(Book({("load", GATEWAY): [a_record()]}))}

    assert verdicts == {"yes", "not measured"}


def test_a_missed_goal_is_called_so() -> None:
    verdicts = {row[0]: row[-1] for row in goals(a_book(load=a_record(cold_start_s=2.1)))}

    assert verdicts["cold start, s"] == "NO"


def test_the_report_shows_each_scene_in_costs_or_ledger() -> None:
    text = report(a_book(), SCENES, [GATEWAY])

    assert [scene.name for scene in SCENES if f"| {scene.name}: {GATEWAY}" not in text] == []


# --- the comparison tool ----------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    """A comparison tool with one peer, whose set-up makes its environment."""
    folder = tmp_path / "bench"
    for peer in ("other", "gateway"):
        (folder / "peers" / peer).mkdir(parents=True)
    (folder / "peers" / "other" / "setup.sh").write_text(
        'mkdir "${BENCH_ENV:-$HOME}/env" && echo >> "$BENCH_ENV/runs"\n'
    )
    (folder / "bench.py").write_text(
        "import json, sys\nprint(json.dumps({'messages_per_s': 1.0, 'arguments': sys.argv[1:]}))\n"
    )
    return folder


def test_the_gateway_stands_among_the_peers_of_the_comparison_tool(bench: Path, tmp_path: Path) -> None:
    peers = run.link_peers(bench, tmp_path)

    assert (peers / "other").resolve() == bench / "peers" / "other"
    assert (peers / "gateway").resolve() == ROOT / "benchmarks" / "peers" / "gateway"


def test_a_peer_is_set_up_once(bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_ENV", str(tmp_path / "environments"))

    for _ in range(2):
        run.set_up(bench, "other:variant")

    assert (tmp_path / "environments" / "runs").read_text() == "\n"


def test_a_peer_whose_set_up_broke_off_is_set_up_again(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_ENV", str(tmp_path))
    script = bench / "peers" / "other" / "setup.sh"
    script.write_text('mkdir -p "${BENCH_ENV:-$HOME}/env" && test -e "$BENCH_ENV/network"\n')
    with pytest.raises(subprocess.CalledProcessError):
        run.set_up(bench, "other")
    (tmp_path / "network").touch()

    run.set_up(bench, "other")

    assert not (tmp_path / ".other-unfinished").exists()


def test_the_comparison_tool_is_told_peer_folder_and_scene(bench: Path, tmp_path: Path) -> None:
    tool = run.Tool(bench / "bench.py", tmp_path, ("--duration", "8"))

    record = tool.play("kill", "other", ("--kills", "2"))

    assert record["arguments"] == ["kill", "other", "--peers", str(tmp_path), "--duration", "8", "--kills", "2"]


def test_a_run_without_figures_fails_with_the_tools_last_words(tmp_path: Path) -> None:
    (tmp_path / "bench.py").write_text("import sys\nprint('did not listen', file=sys.stderr)\n")

    with pytest.raises(run.Failed, match="did not listen"):
        run.Tool(tmp_path / "bench.py").play("run", GATEWAY, ())


@pytest.mark.parametrize(
    "arguments", [["--beside", "ptb"], ["--only", "nothing"], ["--bench", "nowhere"]], ids=lambda words: words[0]
)
def test_what_cannot_be_measured_is_refused_before_anything_runs(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BENCH", raising=False)

    with pytest.raises(SystemExit):
        run.options_of(arguments)
