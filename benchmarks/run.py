"""`make bench`: the gateway under load, killed in mid-run and delivered to twice; tables of what it did and cost.

    make bench                                                with the small load tool of this folder
    make bench BENCH=DIR ARGS="--beside aiogram:redis,ptb"    with a comparison tool, beside its peers in the same run

DIR holds a `bench.py` with the commands `run`, `kill` and `harness`, each printing one JSON record, and `peers/NAME/`
with `setup.sh`. Our own load.py speaks the same language. Costs are medians over `--runs`, the ledger is a sum.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import GATEWAY, SCENES, Book, Scene, report

HERE = Path(__file__).resolve().parent
Record: TypeAlias = dict[str, Any]
ENVIRONMENTS = Path.home() / ".cache" / "gateway-bench"
"""Where the peers' set-up scripts put their environments unless BENCH_ENV says otherwise."""


class Failed(Exception):
    """A run brought no figures; the message holds the tool's last words."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What plays the load: our own load.py, or the comparison tool when it is given a folder of peers."""

    script: Path
    peers: Path | None = None
    options: Sequence[str] = field(default=())

    def play(self, command: str, peer: str, arguments: Sequence[str]) -> Record:
        """The record of one run. Raises `Failed`."""
        line = [sys.executable, str(self.script), command]
        if self.peers:
            line += [*([peer] if peer else []), "--peers", str(self.peers)]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TIEPNHAN_")}
        line += [*self.options, *arguments]
        done = subprocess.run(line, env=clean, capture_output=True, text=True, check=False)
        for text in done.stdout.splitlines():
            if text.startswith("{") and "messages_per_s" in (record := json.loads(text)):
                return dict(record)
        raise Failed(done.stderr[-3000:])


def link_peers(bench: Path, folder: Path) -> Path:
    """A folder in which the comparison tool finds its own peers and the gateway beside them."""
    peers = folder / "peers"
    peers.mkdir()
    for path in (bench / "peers").iterdir():
        (peers / path.name).symlink_to(path.resolve())
    gateway = peers / "gateway"
    gateway.unlink(missing_ok=True)
    gateway.symlink_to(HERE / "peers" / "gateway")
    return peers


def set_up(bench: Path, peer: str) -> None:
    """Run the peer's set-up script when the environment that it names is missing or was never finished."""
    name = peer.partition(":")[0]
    script = bench / "peers" / name / "setup.sh"
    home = Path(os.environ.get("BENCH_ENV") or ENVIRONMENTS)
    named = re.search(r"\$\{BENCH_ENV[^}]*\}/([\w.-]+)", script.read_text())
    unfinished = home / f".{name}-unfinished"
    if named and (home / named[1]).exists() and not unfinished.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    say(f"setting up {name}")
    subprocess.run(["bash", str(script)], env=os.environ | {"BENCH_ENV": str(home)}, stdout=sys.stderr, check=True)
    unfinished.unlink()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(tool: Tool, scenes: Sequence[Scene], peers: Sequence[str], runs: int, out: Path | None) -> Book:
    """Play every scene `runs` times; whoever is compared takes turns, so that all meet the same machine."""
    records: defaultdict[tuple[str, str], list[Record]] = defaultdict(list)
    failures: list[str] = []
    turns = [
        (scene, run, peer)
        for scene in scenes
        for run in range(1, runs + 1)
        for peer in (GATEWAY, *(peers if scene.beside else ()))
    ]
    for scene, run, peer in turns:
        say(f"{scene.name}: {peer}, run {run} of {runs}")
        try:
            record = tool.play(scene.command, peer, scene.arguments)
        except Failed as error:
            failures.append(f"{scene.name}: {peer}: {error}")
            continue
        records[scene.name, peer].append(record)
        if out:
            with out.open("a") as file:
                file.write(json.dumps(record | {"scene": scene.name, "peer": peer}, ensure_ascii=False) + "\n")
    return Book(records, failures)


def machine() -> str:
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} CPUs, {system}, load average at the beginning {os.getloadavg()[0]:.1f}"


def options_of(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    names = [scene.name for scene in SCENES]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=os.environ.get("BENCH", ""), help="folder of the comparison tool; or BENCH")
    parser.add_argument("--beside", type=words, default=(), help="its peers to compare with, separated by commas")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--duration", type=float, default=8, help="seconds that are measured in each run")
    parser.add_argument("--warmup", type=float, default=2, help="seconds before that")
    parser.add_argument("--only", type=words, default=names, help=f"some of {','.join(names)}")
    parser.add_argument("--out", type=Path, help="add every record to this file, one JSON object a line")
    options = parser.parse_args(arguments)
    options.bench = Path(options.bench).resolve() if options.bench else None
    if unknown := set(options.only) - set(names):
        parser.error(f"--only: there is no {', '.join(sorted(unknown))}")
    if options.bench and not (options.bench / "bench.py").is_file():
        parser.error(f"{options.bench} holds no bench.py")
    for peer in options.beside:
        if not options.bench or not (options.bench / "peers" / peer.partition(":")[0] / "setup.sh").is_file():
            parser.error(f"--beside: {peer} is not among the peers of a folder given with --bench or BENCH")
    return options


def words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def main() -> int:
    options = options_of()
    scenes = [scene for scene in SCENES if scene.name in options.only]
    seconds = ("--duration", str(options.duration), "--warmup", str(options.warmup))
    begun = machine()
    with tempfile.TemporaryDirectory(prefix="tiepnhan-bench-") as folder:
        tool = Tool(HERE / "load.py", options=seconds)
        if options.bench:
            tool = Tool(options.bench / "bench.py", link_peers(options.bench, Path(folder)), seconds)
        for peer in options.beside:
            set_up(options.bench, peer)
        ceiling = tool.play("harness", "", ("--duration", "2"))
        book = measure(tool, scenes, options.beside, options.runs, options.out)
    cost = f"{ceiling['messages_per_s']:,.0f} messages/s, {ceiling['loadgen_cpu_s_per_1k']:.3f} s CPU per 1,000"
    print(f"{begun}\nThe load tool's own ceiling, against a server that only answers: {cost}\n")
    print(report(book, scenes, [GATEWAY, *options.beside]))
    return 0 if book.trustworthy(scenes) else 1


if __name__ == "__main__":
    sys.exit(main())
