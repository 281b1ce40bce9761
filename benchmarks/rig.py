"""A gateway that runs as a real process and can be killed, between platforms and a case store that live on.

The platforms' simulator and the reference case store run in this process, the store on a database of its own; the
gateway is `tiepnhan serve` with a configuration file, by default on the PostgreSQL that it brings along, with fsync.
"""

import asyncio
import itertools
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from app.serve import Server, server
from case_store.app import create_app as create_store
from case_store.settings import CaseStoreSettings, Faults
from core.model import Peer
from simulator.app import create_app as create_simulator
from simulator.config import EmailConfig, FacebookConfig, SimulatorConfig, TelegramConfig, ZaloConfig
from simulator.engine import Simulator
from simulator.outgoing import Answered, HttpOutgoing, Outgoing
from simulator.world import Phone
from storage.embedded import EmbeddedPostgres
from storage.seal import Seal, key_from_file

SECRET = "webhook-secret-of-the-rig"
KEY = "key-of-the-rig"
PUSH_SECRET = "push-secret-of-the-rig"
ACCOUNTS = {"zalo": "oa", "telegram": "bot", "facebook": "page", "email": "mail"}
PATIENCE = 60.0


async def until(holds: Callable[[], object], *, seconds: float = PATIENCE, what: str = "it") -> None:
    """Wait for something another task or process brings about. Raises `TimeoutError`."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come about in {seconds} s")
        await asyncio.sleep(0.01)


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Tenfold:
    """How deliveries leave the simulator when each comes `times` over, the copies whenever the dice say so."""

    def __init__(self, *, times: int, seed: int, within: float = 1.0) -> None:
        self._out, self._times, self.within = HttpOutgoing(), times, within
        self._dice = random.Random(seed)
        self._tasks: set[asyncio.Task[Answered]] = set()
        self.copies = self.refused = 0

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], patience: float) -> Answered:
        for _ in range(self._times - 1):
            task = asyncio.create_task(self._copy(url, body, dict(headers), patience))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await self._out.post(url, body, headers, patience)

    async def _copy(self, url: str, body: bytes, headers: Mapping[str, str], patience: float) -> Answered:
        await asyncio.sleep(self._dice.random() * self.within)
        answer = await self._out.post(url, body, headers, patience)
        self.copies += 1
        self.refused += answer.status != 200
        return answer

    async def settle(self) -> None:
        """Every copy has been answered."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def close(self) -> None:
        await self.settle()
        await self._out.close()


class Balancer:
    """How deliveries leave the simulator: to each gateway in turn, and to the next one when nobody answers there."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._out, self._first, self._ports = HttpOutgoing(), ports[0], ports
        self._turns = itertools.cycle(range(len(ports)))

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], patience: float) -> Answered:
        turn = next(self._turns)
        answer = Answered(0)
        for port in (*self._ports[turn:], *self._ports[:turn]):
            answer = await self._out.post(url.replace(f":{self._first}/", f":{port}/"), body, headers, patience)
            if answer.status:
                break
        return answer

    async def close(self) -> None:
        await self._out.close()


@dataclass(slots=True)
class GatewayProcess:
    """One `tiepnhan serve`; `start` after `kill` continues on the same state."""

    port: int
    config: Path
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    starts: list[float] = field(default_factory=list)
    """Seconds from each start to the first answer of /readyz."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, *, ready: str = "/readyz") -> None:
        begun = time.monotonic()
        process = self._launch()
        async with aiohttp.ClientSession() as http:
            while True:
                if process.poll() is not None:
                    raise RuntimeError(f"the gateway did not start: {self.log.read_text()[-2000:]}")
                if time.monotonic() - begun > PATIENCE:
                    raise TimeoutError(f"the gateway is not ready: {self.log.read_text()[-2000:]}")
                with suppress(aiohttp.ClientError):
                    async with http.get(self.url + ready) as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.02)
        self.starts.append(time.monotonic() - begun)

    def _launch(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "from app.cli import main; main()", "serve", "--config", str(self.config)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIEPNHAN_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        return self.process

    def kill(self) -> None:
        """SIGKILL: nothing is said goodbye to."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def stop(self) -> None:
        process = self.process
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        with suppress(TimeoutError):
            await until(lambda: process.poll() is not None, seconds=20)
        if process.poll() is None:
            self.kill()

    def memory(self) -> int:
        """Resident bytes."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def said(self) -> list[dict[str, Any]]:
        """The lines of its log that are JSON."""
        found = []
        for line in self.log.read_text().splitlines():
            with suppress(ValueError):
                found.append(json.loads(line))
        return found


@dataclass(slots=True)
class Rig:
    """What a test of survival has in its hands."""

    folder: Path
    gateways: list[GatewayProcess]
    simulator: Simulator
    faults: Faults
    """Of the case store."""
    store_url: str
    database_url: str
    store_settings: CaseStoreSettings
    store: Server | None = None
    _store_task: "asyncio.Task[None] | None" = None

    @property
    def gateway(self) -> GatewayProcess:
        return self.gateways[0]

    @property
    def seal(self) -> Seal:
        return Seal(key_from_file(self.folder / "data.key"))

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The gateway's own server; not started by looking at it."""
        return EmbeddedPostgres(self.folder / "pg")

    def peer(self, phone: Phone) -> Peer:
        return Peer(channel=phone.platform, account=ACCOUNTS[phone.platform], user=phone.user_id)

    def peer_index(self, phone: Phone) -> bytes:
        return self.seal.index(str(self.peer(phone)))

    async def open_store(self) -> None:
        """The case store listens, for the first time or again."""
        self.store = server(create_store(self.store_settings), "127.0.0.1", self.store_settings.port)
        self._store_task = asyncio.create_task(self.store.serve())
        await self.store.up.wait()

    async def close_store(self) -> None:
        """The case store is away: nobody listens there."""
        if self.store is not None and self._store_task is not None:
            self.store.should_exit = True
            await asyncio.gather(self._store_task, return_exceptions=True)

    def kill_postgres(self) -> None:
        pid = self.postgres.pid()
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@asynccontextmanager
async def rig(
    folder: Path,
    *,
    gateways: int = 1,
    database: str = "",
    store_database: str = "",
    profile: str = "tien-giang",
    seed: int = 0,
    retry_speed: float = 120.0,
    zalo: Mapping[str, Any] | None = None,
    store_profile: Sequence[str] = (),
    start: bool = True,
    out: Outgoing | None = None,
    all_channels: bool = False,
) -> AsyncIterator[Rig]:
    """Everything up and listening on free ports of 127.0.0.1. `database` empty: the gateway's own, with fsync.

    `all_channels`: with a Page and a mailbox beside the Official Account and the bot.

    `retry_speed` hurries the platforms' redelivery: Zalo comes again after 30 s / `retry_speed`.
    """
    _make(folder)
    *ports, simulator_port, store_port, imap_port, smtp_port = free_ports(gateways + 4)
    own_store = None
    if not store_database:
        own_store = EmbeddedPostgres(folder / "store-pg", fsync=False)
        store_database = await asyncio.to_thread(own_store.start)
    hook = f"http://127.0.0.1:{ports[0]}/webhooks"
    platforms = SimulatorConfig(
        port=simulator_port,
        zalo=ZaloConfig(webhook_url=f"{hook}/zalo/oa", **(zalo or {})),
        telegram=TelegramConfig(webhook_url=f"{hook}/telegram/bot", webhook_secret=SECRET),
        facebook=FacebookConfig(webhook_url=f"{hook}/facebook/page"),
        email=EmailConfig(imap_port=imap_port, smtp_port=smtp_port, listens=all_channels, signatures=False),
        seed=seed,
        retry_speed=retry_speed,
        demo_phones=False,
    )
    simulator = Simulator(platforms, out=out or (Balancer(ports) if gateways > 1 else None))
    faults = Faults(hang_seconds=60)
    store_settings = CaseStoreSettings(
        database_url=store_database, profiles=tuple(store_profile) or (profile,), api_keys=(KEY,), port=store_port,
        public_url=f"http://127.0.0.1:{store_port}", push_url=f"http://127.0.0.1:{ports[0]}/store/updates",
        push_secret=PUSH_SECRET, push_backoff_seconds=0.2, faults=faults,
    )  # fmt: skip
    stage = server(create_simulator(platforms, simulator=simulator), "127.0.0.1", simulator_port)
    playing = asyncio.create_task(stage.serve())
    processes = [
        GatewayProcess(
            port,
            _configuration(
                folder,
                number,
                port,
                ports[0],
                simulator_port,
                store_port,
                profile,
                database,
                platforms,
                more=_page_and_mailbox(platforms, profile) if all_channels else "",
            ),
            folder / f"gateway-{number}.log",
        )
        for number, port in enumerate(ports)
    ]
    url = EmbeddedPostgres(folder / "pg").url if database in ("", f"embedded:{folder / 'pg'}") else database
    made = Rig(folder, processes, simulator, faults, store_database, url, store_settings)
    try:
        await stage.up.wait()
        await made.open_store()
        for one in processes if start else ():
            await one.start()
        yield made
    finally:
        for one in processes:
            await one.stop()
        stage.should_exit = True
        await asyncio.gather(playing, made.close_store(), return_exceptions=True)
        await asyncio.to_thread(made.postgres.stop)
        if own_store is not None:
            await asyncio.to_thread(own_store.stop)


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    # The database's own user has to walk through.
    folder.chmod(0o755)


def _configuration(
    folder: Path, number: int, port: int, public: int, simulator: int, store: int, profile: str, database: str,
    platforms: SimulatorConfig, *, more: str = "",
) -> Path:  # fmt: skip
    zalo, telegram = platforms.zalo, platforms.telegram
    path = folder / f"tiepnhan-{number}.toml"
    path.write_text(f"""
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{public}"
database = "{database or f"embedded:{folder / 'pg'}"}"
blobs = "{folder / "blobs"}"
folder = "{folder}"

[store]
url = "http://127.0.0.1:{store}/open311/v2"
api_key = "{KEY}"
push_secret = "{PUSH_SECRET}"

[[accounts]]
channel = "zalo"
account = "oa"
profile = "{profile}"
app_id = "{zalo.app_id}"
app_secret = "{zalo.app_secret}"
oa_secret = "{zalo.oa_secret}"
oa_id = "{zalo.oa_id}"
access_token = "{zalo.access_token}"
refresh_token = "{zalo.refresh_token}"
api_base = "http://127.0.0.1:{simulator}/zalo"

[[accounts]]
channel = "telegram"
account = "bot"
profile = "{profile}"
bot_token = "{telegram.token}"
webhook_secret = "{SECRET}"
api_base = "http://127.0.0.1:{simulator}/telegram"
{more}""")
    return path


def _page_and_mailbox(platforms: SimulatorConfig, profile: str) -> str:
    facebook, email = platforms.facebook, platforms.email
    return f"""
[[accounts]]
channel = "facebook"
account = "page"
profile = "{profile}"
app_id = "{facebook.app_id}"
app_secret = "{facebook.app_secret}"
page_id = "{facebook.page_id}"
page_token = "{facebook.page_token}"
api_base = "http://127.0.0.1:{platforms.port}/facebook"

[[accounts]]
channel = "email"
account = "mail"
profile = "{profile}"
address = "{email.address}"
password = "{email.password}"
imap_host = "127.0.0.1"
imap_port = {email.imap_port}
imap_tls = "none"
smtp_host = "127.0.0.1"
smtp_port = {email.smtp_port}
smtp_tls = "none"
poll_seconds = 1
mails_per_minute = 100000
automatic_in_five_minutes = 100000
trusted_authserv_id = "mx.{email.domain}"
"""


@asynccontextmanager
async def temporary_folder() -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="tiepnhan-survival-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
