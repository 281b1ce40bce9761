"""The project's own small load tool: citizens, platform and case store in one process, the gateway in another.

    load.py run  [--citizens 50] [--rate 100] [--api-delay-ms 50] [--dup-every 7]   figures and ledger of one run
    load.py kill [--kills 3]                                                        SIGKILL in mid-run, then the ledger
    load.py harness                                                                 what this tool itself can do

Each prints one JSON line. A citizen's conversation has eight messages; each is a Telegram webhook that has to be
acknowledged and answered with the marker `Q<n>Q`, n = messages taken in so far, and `Q0Q` = "I do not know you".
Each citizen's number runs through the fields, so that a report can be compared with what its citizen said.
"""

import argparse
import asyncio
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.conversation import EXPECTED, FIRST_ID, ID, JSON, MARKER, ROUTES, SECRET, STEPS, TOKEN
from benchmarks.process import GatewayProcess, free_port
from benchmarks.wire import Api, Hooks, http

Record: TypeAlias = dict[str, Any]
Cpu: TypeAlias = Callable[[], dict[str, float]]
"""Seconds of CPU used so far, of `server` and `database`."""

REDELIVER_SECONDS, TRIES = 0.2, 300


# --- citizens ---------------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Citizen:
    k: int
    answer: "asyncio.Future[int]"
    """The marker of the awaited answer, 0 when the conversation was forgotten."""
    step: int = 0
    repeated: bool = False
    regressed: bool = False
    """An older answer came instead of the awaited one: a repetition, or the conversation stepped back."""
    heard_at: float = 0.0
    confirmed: bool = False
    over: bool = False
    wrong: bool = False
    keys: list[bytes] = field(default_factory=list)
    """Idempotency keys of the reports that counted."""


class Load:
    """All citizens of one run, and what they hear. Figures are named as in the records that are printed."""

    def __init__(self, options: argparse.Namespace, *, hook_port: int, path: str) -> None:
        self.options, self._path, self._hooks = options, path, Hooks(hook_port)
        self.citizens: list[Citizen] = []
        self.counts: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.measuring = False
        self._updates = 100_000_000
        self._open: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []
        self._arriving = True

    # the platform and the case store

    def asked(self, api: Api) -> None:
        url = api.url.decode("latin-1")
        known = ID.search(api.body) or ID.search(api.url)
        k = int(known[1]) if known else -1
        route, kind, template = next((r for r in ROUTES if r[0] in url), ("", JSON, '{"ok":false,"error_code":404}'))
        words = {"k": max(k, 0), "id": FIRST_ID + max(k, 0), "n": self.counts["replies"] + 1000, "ts": time.time()}
        first = "HTTP/1.1 200 OK" if route else "HTTP/1.1 404 Not Found"
        response = http(first, (template % words).encode(), f"Content-Type: {kind}")
        if self.options.api_delay_ms:
            asyncio.get_running_loop().call_later(self.options.api_delay_ms / 1000, api.answer, response)
        else:
            api.answer(response)
        if not route:
            self.counts["unknown_calls"] += 1
        elif 0 <= k < len(self.citizens) and route == "/cases":
            self.reported(self.citizens[k], api.key, api.body)
        elif 0 <= k < len(self.citizens) and route == "/sendMessage":
            marker = MARKER.search(api.body)
            self.replied(self.citizens[k], int(marker[1]) if marker else -1)

    def reported(self, citizen: Citizen, key: bytes, body: bytes) -> None:
        """A report for the store: known by its key it is the same one again, else it counts."""
        self.counts["reports"] += 1
        if key and key in citizen.keys:
            self.counts["reports_deduplicated"] += 1
            return
        citizen.keys.append(key)
        citizen.wrong |= any((value % citizen.k).encode() not in body for value in EXPECTED)

    def replied(self, citizen: Citizen, marker: int) -> None:
        """An answer for a citizen; -1 is one without a marker."""
        self.counts["replies"] += 1
        awaited = citizen.step + 1
        if citizen.over or (citizen.answer.done() and 0 <= marker <= awaited):
            self.counts["duplicate_replies"] += 1
        elif marker == awaited or (citizen.repeated and marker == awaited + 1):
            self.counts["duplicate_replies"] += citizen.regressed
            citizen.heard_at = time.monotonic()
            citizen.answer.set_result(marker)
        elif marker == 0:
            self._forgotten(citizen)
            citizen.answer.set_result(0)
        elif 0 < marker < awaited:
            citizen.regressed = True
        else:
            self.counts["order_violations"] += 1

    def _forgotten(self, citizen: Citizen) -> None:
        self.counts["confirmations_lost" if citizen.keys else "state_lost_conversations"] += 1

    # what citizens do

    def _request(self, citizen: Citizen) -> tuple[int, bytes]:
        self._updates += 1
        words = {"k": citizen.k, "id": FIRST_ID + citizen.k, "n": self._updates, "ts": int(time.time())}
        secret = f"X-Telegram-Bot-Api-Secret-Token: {SECRET}"
        body = (STEPS[citizen.step] % words).encode()
        return self._updates, http(f"POST {self._path} HTTP/1.1", body, "Host: bench", f"Content-Type: {JSON}", secret)

    async def _deliver(self, request: bytes) -> int:
        """How many tries it took until the gateway acknowledged; each failure is redelivered, as platforms do."""
        for tries in range(1, TRIES + 1):
            self.counts["sent"] += 1
            try:
                status = await self._hooks.post(request)
            except OSError:
                self.counts["conn_errors"] += 1
            else:
                if 200 <= status < 300:
                    self.counts["acked"] += 1
                    return tries
                self.counts["http_errors"] += 1
            await asyncio.sleep(REDELIVER_SECONDS)
        raise TimeoutError("never acknowledged")

    async def _say(self, citizen: Citizen) -> int:
        """Say what is due, twice when no answer comes. The answer's marker, 0 = forgotten. Raises `TimeoutError`."""
        measured, citizen.repeated, citizen.regressed = self.measuring, False, False
        for _ in range(2):
            citizen.answer = asyncio.get_running_loop().create_future()
            update, request = self._request(citizen)
            begun = time.monotonic()
            tries = await self._deliver(request)
            if self.options.dup_every and update % self.options.dup_every == 0:
                self.counts["duplicates_sent"] += 1
                await self._deliver(request)
            try:
                marker = await asyncio.wait_for(citizen.answer, self.options.reply_timeout)
            except TimeoutError:
                if citizen.regressed:
                    self._forgotten(citizen)
                    return 0
                self.counts["acked_unanswered_twice" if citizen.repeated else "acked_unanswered"] += 1
                citizen.repeated = True
                continue
            self.counts["messages"] += self.measuring
            if measured and tries == 1 and not citizen.repeated:
                self.latencies.append((citizen.heard_at - begun) * 1000)
            return marker
        raise TimeoutError("never answered")

    async def converse(self) -> None:
        """One new citizen, from the first message to the confirmation or as far as it goes."""
        citizen = Citizen(len(self.citizens), asyncio.get_running_loop().create_future())
        self.citizens.append(citizen)
        try:
            while citizen.step < len(STEPS):
                citizen.step = await self._say(citizen)
                if not citizen.step:
                    self.counts["failed"] += 1
                    return
            citizen.confirmed = True
        except TimeoutError:
            self.counts["failed"] += 1
        finally:
            citizen.over = True

    async def _one_after_the_other(self) -> None:
        while self._arriving:
            await self.converse()

    async def _on_schedule(self) -> None:
        """Conversations begin on a fixed schedule, however slow the answers are; `citizens` caps who lives at once."""
        due = time.monotonic()
        while self._arriving:
            if len(self._open) <= self.options.citizens:
                self._start(self.converse())
            else:
                self.counts["dropped_arrivals"] += 1
            due += len(STEPS) / self.options.rate
            await asyncio.sleep(due - time.monotonic())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._open.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._open.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)

    async def play(self, cpu: Cpu, disturbed: Awaitable[object] | None = None) -> Record:
        """One run with all its citizens, who go on until nothing disturbs them any more. The record of the window."""
        options = self.options
        for _ in range(1 if options.rate else options.citizens):
            self._start(self._on_schedule() if options.rate else self._one_after_the_other())
        await asyncio.sleep(options.warmup)
        before, own, begun, self.measuring = cpu(), time.process_time(), time.monotonic(), True
        await asyncio.sleep(options.duration)
        if disturbed:
            await disturbed
        self.measuring = self._arriving = False
        window, own, used = time.monotonic() - begun, time.process_time() - own, cpu()
        used = {part: seconds - before[part] for part, seconds in used.items()}
        if self._open:
            await asyncio.wait(self._open, timeout=options.drain)
        stuck = sum(not citizen.over for citizen in self.citizens)
        for task in list(self._open):
            task.cancel()
        await self._reports_arrive(options.drain)
        self._hooks.close()
        if self._errors:
            raise self._errors[0]
        return self.record(window, stuck) | _costs(used, own, self.counts["messages"])

    async def _reports_arrive(self, patience: float) -> None:
        for _ in range(int(patience / 0.02)):
            if all(c.keys for c in self.citizens if c.confirmed):
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)  # for what comes a second time

    def record(self, window: float, stuck: int) -> Record:
        """The figures: counts over the whole run, rates and latencies of the window (seconds)."""
        everybody, found = self.citizens, sorted(self.latencies)
        marks = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
        latencies = {name: round(found[int(p * (len(found) - 1) + 0.5)], 2) for name, p in marks.items() if found}
        return {name: self.counts[name] for name in COUNTED} | {
            "window_s": round(window, 3),
            "messages_per_s": round(self.counts["messages"] / window, 1),
            "lat_ms": {"n": len(found), **latencies},
            "started": len(everybody),
            "completed": sum(c.confirmed for c in everybody),
            "stuck": stuck,
            "confirmed": sum(c.confirmed for c in everybody),
            "lost_reports": sum(c.confirmed and not c.keys for c in everybody),
            "duplicate_reports": sum(len(c.keys) > 1 for c in everybody),
            "wrong_reports": sum(c.wrong for c in everybody),
        }


COUNTED = (
    "messages", "sent", "acked", "replies", "failed", "http_errors", "conn_errors", "duplicate_replies",
    "order_violations", "acked_unanswered", "acked_unanswered_twice", "state_lost_conversations",
    "confirmations_lost", "duplicates_sent", "dropped_arrivals", "reports", "reports_deduplicated", "unknown_calls",
)  # fmt: skip


def _costs(used: Mapping[str, float], own: float, messages: int) -> Record:
    thousands = max(messages, 1) / 1000
    return {
        "cpu_s_per_1k": round(used.get("server", 0) / thousands, 4),
        "store_cpu_s_per_1k": round(used.get("database", 0) / thousands, 4),
        "loadgen_cpu_s": round(own, 3),
        "loadgen_cpu_s_per_1k": round(own / thousands, 4),
    }


# --- what can be asked of this tool -----------------------------------------------------------------------------------


async def run(options: argparse.Namespace, folder: Path) -> Record:
    """A gateway under load; with `kills` it dies that often in mid-run and starts again on its own state."""
    description = json.loads((GatewayProcess.PEER / "peer.json").read_text())
    loop, hook_port, api_port = asyncio.get_running_loop(), free_port(), free_port()
    load = Load(options, hook_port=hook_port, path=description["path"])
    api = await loop.create_server(lambda: Api(load.asked), "127.0.0.1", api_port)
    gateway = GatewayProcess(folder, hook_port, api_port, token=TOKEN, secret=SECRET, path=description["path"])
    try:
        cold = await gateway.start(description["ready_timeout"])
        memory = gateway.memory()
        killing = asyncio.create_task(_kill(gateway, options, description["ready_timeout"]))
        figures = await load.play(gateway.cpu, killing)
        figures |= {"mem_start_mb": memory, "mem_end_mb": gateway.memory(), "cold_start_s": cold}
    finally:
        await gateway.stop()
        api.close()
    if options.kills:
        # Costs and latencies mean nothing across a restart.
        figures = {k: v for k, v in figures.items() if k not in ("lat_ms", "cpu_s_per_1k", "store_cpu_s_per_1k")}
        figures |= {"kills": options.kills, "down_s": killing.result()}
    return figures


async def _kill(gateway: GatewayProcess, options: argparse.Namespace, patience: float) -> list[float]:
    """Strike at moments spread over the run; the seconds from each strike until the gateway listens again."""
    down = []
    for _ in range(options.kills):
        await asyncio.sleep((options.warmup + options.duration) / (options.kills + 1) * random.uniform(0.8, 1.2))
        struck = time.monotonic()
        gateway.kill()
        await asyncio.sleep(options.down)
        await gateway.start(patience)
        down.append(round(time.monotonic() - struck, 2))
    return down


async def harness(options: argparse.Namespace, _folder: Path) -> Record:
    """This tool against a server in the same process that only acknowledges and answers: its own ceiling."""
    loop, hook_port, api_port = asyncio.get_running_loop(), free_port(), free_port()
    load, replies = Load(options, hook_port=hook_port, path="/"), Hooks(api_port)
    taken: Counter[bytes] = Counter()
    calls: set[asyncio.Task[int]] = set()

    def null(api: Api) -> None:
        api.answer(http("HTTP/1.1 200 OK", b""))
        known = ID.search(api.body)
        assert known
        taken[known[0]] += 1
        words = b'{"chat_id":%b,"text":"Q%dQ"}' % (known[0], taken[known[0]])
        call = asyncio.create_task(replies.post(http("POST /bot1:null/sendMessage HTTP/1.1", words, "Host: bench")))
        calls.add(call)
        call.add_done_callback(calls.discard)

    servers = [
        await loop.create_server(lambda: Api(load.asked), "127.0.0.1", api_port),
        await loop.create_server(lambda: Api(null), "127.0.0.1", hook_port),
    ]
    figures = await load.play(dict)
    replies.close()
    for server in servers:
        server.close()
    names = ("messages", "messages_per_s", "lat_ms", "loadgen_cpu_s_per_1k")
    return {name: figures[name] for name in names}


def options_of(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["run", "kill", "harness"])
    parser.add_argument("--citizens", type=int, default=50, help="at once; with --rate a cap")
    parser.add_argument("--duration", type=float, default=8, help="seconds that are measured")
    parser.add_argument("--warmup", type=float, default=2, help="seconds before that")
    parser.add_argument("--drain", type=float, default=15, help="seconds to wait for open conversations afterwards")
    parser.add_argument("--rate", type=float, default=0, help="messages/s that arrive on a fixed schedule")
    parser.add_argument("--api-delay-ms", type=float, default=0, help="how long platform and case store take to answer")
    parser.add_argument("--dup-every", type=int, default=0, help="deliver each n-th update twice")
    parser.add_argument("--reply-timeout", type=float, default=10, help="seconds until a citizen says it again")
    parser.add_argument("--kills", type=int, default=1, help="of `kill`")
    parser.add_argument("--down", type=float, default=1, help="seconds between SIGKILL and the next start")
    options = parser.parse_args(arguments)
    if options.command == "kill":
        options.drain = max(options.drain, 40)
    else:
        options.kills = 0
    return options


def main() -> None:
    options = options_of(sys.argv[1:])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory(prefix="tiepnhan-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user has to walk through
        play = harness if options.command == "harness" else run
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(play(options, folder))
    shown = {"kind": options.command, "citizens": options.citizens, "rate": options.rate}
    print(json.dumps(shown | figures, ensure_ascii=False))


if __name__ == "__main__":
    main()
