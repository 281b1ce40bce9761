"""The gateway as a process of its own, started the way peers/gateway/run.sh does, and what /proc says about it."""

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

CLOCK = os.sysconf("SC_CLK_TCK")
SETTLE_SECONDS, STOP_SECONDS = 0.7, 15.0
PSS, PEAK, RSS = "Pss", "VmHWM", "VmRSS"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class GatewayProcess:
    """One gateway with its database, on state in `folder` that outlives a kill."""

    PEER = Path(__file__).resolve().parent / "peers" / "gateway"

    def __init__(self, folder: Path, port: int, api_port: int, *, token: str, secret: str, path: str) -> None:
        self._folder, self._port = folder, port
        (folder / "state").mkdir()
        api = f"http://127.0.0.1:{api_port}"
        foreign = ("TIEPNHAN_", "DATABASE_URL")
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
            "HOOK_PORT": str(port), "HOOK_PATH": path, "API_BASE": api, "CASE_URL": f"{api}/cases",
            "STATE_DIR": str(folder / "state"), "TELEGRAM_TOKEN": token, "TELEGRAM_SECRET": secret,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self, patience: float) -> float:
        """Start it and let it settle. The seconds until it listened. Raises `RuntimeError` with its last words."""
        begun = time.monotonic()
        process = self._launch()
        while not self._listens():
            if process.poll() is not None or time.monotonic() - begun > patience:
                raise RuntimeError(f"the gateway does not listen: {self._last_words()}")
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - begun
        await asyncio.sleep(SETTLE_SECONDS)
        return round(seconds, 3)

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = ["bash", str(self.PEER / "run.sh")]
        with (self._folder / "gateway.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self._process

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 0.2):
            return True
        return False

    def _last_words(self) -> str:
        return (self._folder / "gateway.log").read_text(errors="replace")[-3000:]

    def kill(self) -> None:
        """SIGKILL to the gateway and its database: nothing is said goodbye to."""
        assert self._process
        _signal(self.pids(), signal.SIGKILL)
        self._process.wait()

    async def stop(self) -> None:
        """End it in good order, with force when that takes too long."""
        process, pids = self._process, self.pids()
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(pids, signal.SIGKILL)
            process.wait()

    def pids(self) -> dict[int, str]:
        """Names of the gateway's processes: itself and all that descend from it, PostgreSQL's too."""
        if self._process is None:
            return {}
        names, children = {}, dict[int, list[int]]()
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()):
            with suppress(OSError):
                names[pid], fields = _stat(pid)
                children.setdefault(int(fields[1]), []).append(pid)
        found, queue = dict[int, str](), [self._process.pid]
        while queue:
            pid = queue.pop()
            found[pid] = names.get(pid, "")
            queue += children.get(pid, [])
        return found

    def cpu(self) -> dict[str, float]:
        """Seconds of user and system time so far, `server` and `database` apart, with those of ended children."""
        ticks = {"server": 0, "database": 0}
        for pid, name in self.pids().items():
            with suppress(OSError):
                ticks["database" if name.startswith("postgres") else "server"] += sum(map(int, _stat(pid)[1][11:15]))
        return {part: count / CLOCK for part, count in ticks.items()}

    def memory(self) -> dict[str, float]:
        """MB of all its processes: `rss` and its peak `hwm` count a shared page in each of them, `pss` only once."""
        pages: Counter[str] = Counter()
        for pid in self.pids():
            for source in ("status", "smaps_rollup"):
                with suppress(OSError):
                    for line in Path(f"/proc/{pid}/{source}").read_text().splitlines():
                        name, _, rest = line.partition(":")
                        if name in (RSS, PEAK, PSS):
                            pages[name] += int(rest.split()[0])
        return {name: round(pages[source] / 1024, 1) for name, source in (("rss", RSS), ("hwm", PEAK), ("pss", PSS))}


def _stat(pid: int) -> tuple[str, list[str]]:
    """Name and the fields after it of /proc/PID/stat. Raises `OSError` when the process is gone."""
    name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    return name, rest.split()


def _signal(pids: dict[int, str], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
