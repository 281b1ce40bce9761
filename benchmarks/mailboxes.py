"""Several gateways read one mailbox and are killed: `mailboxes.py --workers 3 --mails 350 --kills 45` prints one JSON.

The mailbox lies on a Dovecot that runs as an unprivileged process; mail is delivered by LMTP while whole gateways
(`tiepnhan serve`) take it in, and SIGKILL strikes one of them at moments drawn with a seed, mostly the one that
reads. At the end the events in the database are compared with what was delivered.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rig import free_ports, temporary_folder, until
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate
from tests.email.servers import HOST, PASSWORD, Dovecot, dovecot, mail, relay

USER = "tiepnhan"
WHO_IS_STRUCK = 0.7
"""How often it is the process that reads the mailbox at the moment; otherwise any."""


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one run shows. `lost` and `twice` have to be 0."""

    workers: int
    mails: int
    kills: int
    seed: int
    seconds: float = 0.0
    killed_while_reading: int = 0
    taken: int = 0
    lost: int = 0
    twice: int = 0
    left_in_inbox: int = 0
    processed: int = 0
    failed: int = 0
    answers: int = 0
    """Different automatic answers (by Message-ID)."""
    answer_copies: int = 0
    """Further copies of them with the same Message-ID."""


@dataclass(slots=True)
class Worker:
    """One gateway process; `start` after `kill` continues on the same state."""

    config: Path
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    kills: int = field(default=0)

    def start(self) -> None:
        command = [
            sys.executable, "-c", "from app.cli import main; main()", "serve", "--config", str(self.config),
            "--roles", "worker,poller",
        ]  # fmt: skip
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TIEPNHAN_")}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def reads(self, port: int) -> bool:
        """Whether it has a connection to that port (of the mail server)."""
        assert self.process is not None
        end = f":{port:04X}"
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        wanted = {f"socket:[{line[9]}]" for line in lines if line[2].endswith(end) and line[3] == "01"}
        try:
            return any(str(file.readlink()) in wanted for file in Path(f"/proc/{self.process.pid}/fd").iterdir())
        except OSError:
            return False


async def survive(folder: Path, url: str, *, workers: int, mails: int, kills: int, seed: int = 0) -> Figures:
    """One run on an empty database. Raises `TimeoutError` when something never comes in."""
    figures = Figures(workers=workers, mails=mails, kills=kills, seed=seed)
    dice = random.Random(seed)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await asyncio.to_thread(migrate, url)
    begun = time.monotonic()
    with ExitStack() as stack:
        server = stack.enter_context(dovecot())
        out = stack.enter_context(relay())
        gateways = [_gateway(folder, number, url, server, out.port) for number in range(workers)]
        try:
            for gateway in gateways:
                gateway.start()
            await _work(figures, gateways, server, url, dice)
            await until(lambda: len(_ids(out.taken)) >= mails, seconds=120, what="the last answer")
        finally:
            for gateway in gateways:
                gateway.kill()
        figures.seconds = round(time.monotonic() - begun, 1)
        _count(figures, url, server, out.taken)
    return figures


async def _work(figures: Figures, gateways: list[Worker], server: Dovecot, url: str, dice: random.Random) -> None:
    """Deliver in portions; strike in the middle of each."""
    portions = figures.kills + 1
    delivered = 0
    for portion in range(portions):
        up_to = figures.mails * (portion + 1) // portions
        letters = [_letter(number) for number in range(delivered, up_to)]
        await asyncio.to_thread(server.deliver, USER, *letters)
        moment, delivered = dice.randint(delivered, up_to), up_to
        await until(lambda due=moment: _taken(url) >= due, seconds=120, what="a mail")  # type: ignore[misc]  # a default fixes the value
        if portion < figures.kills:
            await asyncio.sleep(dice.random() * 0.05)
            reading = [gateway for gateway in gateways if gateway.reads(server.imap_port)]
            victim = dice.choice(reading if reading and dice.random() < WHO_IS_STRUCK else gateways)
            figures.killed_while_reading += victim in reading
            victim.kill()
            victim.start()
    await until(lambda: _taken(url) >= figures.mails, seconds=120, what="the last mail")
    await until(lambda: server.count(USER, "INBOX") == 0, seconds=120, what="an empty mailbox")


def _letter(number: int) -> bytes:
    return mail(f"Đèn đường hỏng trước nhà số {number}.", sender=f"dan{number}@example.vn", number=number)


def _gateway(folder: Path, number: int, url: str, server: Dovecot, smtp: int) -> Worker:
    (port,) = free_ports(1)
    path = folder / f"tiepnhan-{number}.toml"
    path.write_text(f"""
listen = "127.0.0.1:{port}"
database = "{url}"
blobs = "{folder / "blobs"}"
folder = "{folder}"

[store]
url = "http://127.0.0.1:9/open311/v2"
poll = false

[[accounts]]
channel = "email"
account = "hop-thu"
profile = "tien-giang"
address = "tiepnhan@xa.example.vn"
username = "{USER}"
password = "{PASSWORD}"
imap_host = "{HOST}"
imap_port = {server.imap_port}
imap_tls = "none"
smtp_host = "{HOST}"
smtp_port = {smtp}
smtp_tls = "none"
smtp_login = false
mails_per_minute = 100000
automatic_in_five_minutes = 100000
""")
    return Worker(path, folder / f"gateway-{number}.log")


def _rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def _taken(url: str) -> int:
    """Conversations that have begun: every mail has another sender."""
    return int(_rows(url, "select count(distinct conversation_id) from events where source = 'citizen'")[0][0])


def _ids(mails: list[bytes]) -> set[bytes]:
    return {line for raw in list(mails) for line in raw.splitlines()[:30] if line.startswith(b"Message-ID:")}


def _count(figures: Figures, url: str, server: Dovecot, answers: list[bytes]) -> None:
    figures.taken = _taken(url)
    figures.lost = figures.mails - figures.taken
    events = int(_rows(url, "select count(*) from events where source = 'citizen'")[0][0])
    figures.twice = events - figures.taken
    figures.left_in_inbox = server.count(USER, "INBOX")
    figures.processed, figures.failed = server.count(USER, "Processed"), server.count(USER, "Failed")
    figures.answers = len(_ids(answers))
    figures.answer_copies = len(answers) - figures.answers


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("workers", 3), ("mails", 350), ("kills", 45), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    async with temporary_folder() as folder:
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder / "pg")
        url = await asyncio.to_thread(server.start)
        try:
            figures = await survive(folder / "rig", url, **vars(given))
        finally:
            await asyncio.to_thread(server.stop)
    print(json.dumps(asdict(figures), indent=2))
    sys.exit(1 if figures.lost or figures.twice else 0)


if __name__ == "__main__":
    asyncio.run(main())
