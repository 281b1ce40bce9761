"""Mail servers for tests, all on 127.0.0.1: Dovecot as an unprivileged process, pymap and aiosmtpd in this process,
and one that misbehaves on request.
"""

import argparse
import asyncio
import base64
import contextlib
import math
import os
import pwd
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as SmtpServer
from aiosmtpd.smtp import AuthResult, Envelope, Session
from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no type information
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPService

PASSWORD = "mat-khau-hop-thu"
HOST = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


# --- Dovecot ----------------------------------------------------------------------------------------------------------

DOVECOT = """
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
mail_location = maildir:{folder}/mail/%u
mail_max_userip_connections = 50
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/mail/%u
}}
"""


def dovecot_program() -> str:
    return shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin") or ""


@dataclass(slots=True)
class Dovecot:
    """Any user name logs in with `PASSWORD`: one mailbox a test."""

    folder: Path
    imap_port: int
    lmtp_port: int
    process: "subprocess.Popen[bytes]"

    def deliver(self, user: str, *mails: bytes) -> None:
        """By LMTP, as a mail server hands over what came in."""
        with smtplib.LMTP(HOST, self.lmtp_port) as lmtp:
            for mail in mails:
                lmtp.sendmail("sender@example.vn", [user], mail)

    def client(self, user: str) -> Any:
        """Somebody else's mail program in the same mailbox."""
        client = IMAPClient(HOST, self.imap_port, ssl=False, timeout=20)
        client.login(user, PASSWORD)
        return client

    def count(self, user: str, folder: str) -> int:
        client = self.client(user)
        try:
            found = client.folder_exists(folder)
            return int(client.folder_status(folder, ["MESSAGES"])[b"MESSAGES"]) if found else 0
        finally:
            client.logout()

    def renumber(self, user: str) -> None:
        """Forget the list of UIDs: the next login finds another UIDVALIDITY. No session may be open."""
        for path in (self.folder / "mail" / user).glob("dovecot*"):
            path.unlink()


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """A Dovecot of our own on free ports; it is gone afterwards. Raises `RuntimeError` when it does not start."""
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    folder.chmod(0o755)
    imap, lmtp = free_ports(2)
    root = os.geteuid() == 0
    account = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    group = subprocess.run(["id", "-gn", account.pw_name], capture_output=True, text=True, check=True).stdout.strip()
    configuration = folder / "dovecot.conf"
    configuration.write_text(
        DOVECOT.format(folder=folder, user=account.pw_name, group=group, imap=imap, lmtp=lmtp, password=PASSWORD)
    )
    (folder / "mail").mkdir()
    if root:
        for path in (folder, folder / "mail"):
            os.chown(path, account.pw_uid, account.pw_gid)
    as_user = ["setpriv", "--reuid", account.pw_name, "--regid", group, "--clear-groups"] if root else []
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [*as_user, dovecot_program(), "-F", "-c", str(configuration)],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait_for_port(imap, process, folder)
        yield Dovecot(folder, imap, lmtp, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for_port(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    end = time.monotonic() + 15
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    said = "".join(path.read_text() for path in (folder / "output", folder / "dovecot.log") if path.exists())
    raise RuntimeError(f"Dovecot did not start: {said[-2000:]}")


# --- pymap ------------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def pymap(user: str = "tiepnhan@xa.example.vn") -> AsyncIterator[int]:
    """An IMAP server in this process; its port. The INBOX holds four mails of its own."""
    (port,) = free_ports(1)
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers(dest="backend")
    DictBackend.add_subparser("dict", subparsers)
    IMAPService.add_arguments(parser)
    words = ["--host", HOST, "--port", str(port), "--no-tls", "dict", "--demo-data"]
    args = parser.parse_args([*words, "--demo-user", user, "--demo-password", PASSWORD])
    args.debug, args.skip_services, args.passlib_cfg = False, [], None
    backend, config = await DictBackend.init(args)
    config.apply_context()
    service = IMAPService(backend, config)
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        await backend.start(stack)
        await service.start(stack)
        yield port
    # It leaves its connections to their tasks; none shall outlive the test.
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0)


# --- an IMAP server that misbehaves -----------------------------------------------------------------------------------

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

MODES = ("bye_on_idle", "close_in_idle", "bye_in_idle", "silent", "close_in_fetch", "silent_fetch")


@dataclass
class BadServer:
    """Holds one mail. Misbehaves in `mode` until that has happened once, then behaves.

    `push_at`: a mail comes while that command is answered for the nth time; it is announced once, in the same packet.
    """

    mode: str
    mail: bytes
    port: int = 0
    logins: int = 0
    misbehaved: asyncio.Event = field(default_factory=asyncio.Event)
    idled_again: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits in IDLE after the misbehaviour: the client has recovered."""
    stored: InitVar[bool] = True
    lying: dict[int, bytes] = field(default_factory=dict)
    """What is in the mailbox, by UID."""
    capabilities: str = "IMAP4rev1 IDLE MOVE UIDPLUS"
    password: str = PASSWORD
    said: list[str] = field(default_factory=list)
    push_at: tuple[str, int] = ("", 0)
    repeats: bool = False
    """EXISTS is in the answer to every search, news or not."""
    pushed: float = math.inf
    """`time.monotonic()` when that was."""
    _told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self, stored: bool) -> None:
        if stored:
            self.lying[1] = self.mail

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"* OK [CAPABILITY {self.capabilities}] ready\r\n".encode())
        while line := (await reader.readline()).decode(errors="replace").strip():
            if not await self._answer(line, reader, writer):
                break

    async def _answer(self, line: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        tag, _, command = line.partition(" ")
        self.said.append(command)
        word = command.split(" ")[0].upper()
        if word == "UID":
            word = f"UID {command.split(' ')[1].upper()}"
        bad = not self.misbehaved.is_set()
        untagged = ""
        match word:
            case "LOGIN":
                self.logins += 1
                if self.password not in command:
                    writer.write(f"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n".encode())
                    return True
            case "AUTHENTICATE":
                self.logins += 1
                writer.write(b"+ \r\n")
                self.said.append(base64.b64decode(await reader.readline()).decode())
                if self.password not in self.said[-1]:
                    # A refusal has reasons first; only their answer, an empty line, is followed by NO.
                    writer.write(b"+ " + base64.b64encode(b'{"status":"401"}') + b"\r\n")
                    self.said.append((await reader.readline()).decode().strip())
                    writer.write(f"{tag} NO [AUTHENTICATIONFAILED] invalid token\r\n".encode())
                    return True
            case "CAPABILITY":
                untagged = f"* CAPABILITY {self.capabilities}\r\n"
            case "LIST":
                name = command.rsplit(" ", 1)[-1].strip('"')
                untagged = f'* LIST () "/" "{name or "INBOX"}"\r\n'
            case "SELECT":
                untagged = f"* {len(self.lying)} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"
            case "UID SEARCH":
                untagged = " ".join(["* SEARCH", *map(str, self.lying)]) + "\r\n"
            case "UID FETCH" if "BODY" in command:
                if bad and self.mode == "silent_fetch":
                    self.misbehaved.set()
                    return True
                if bad and self.mode == "close_in_fetch":
                    self.misbehaved.set()
                    writer.write(b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % len(self.mail) + self.mail[:10])
                    await writer.drain()
                    return False
                ((uid, raw),) = self._meant(command)
                # Unasked news about the same mail comes before the answer.
                writer.write(b"* 1 FETCH (FLAGS (\\Recent))\r\n* 1 FETCH (UID %d BODY[] {%d}\r\n" % (uid, len(raw)))
                writer.write(raw + b")\r\n")
            case "UID FETCH":
                untagged = "".join(
                    f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})\r\n" for uid, raw in self._meant(command)
                )
            case "UID MOVE":
                for uid, _ in self._meant(command):
                    del self.lying[uid]
            case "IDLE":
                return await self._idle(tag, reader, writer)
        writer.write(f"{untagged}{self._news(word)}{tag} OK done\r\n".encode())
        return True

    def _meant(self, command: str) -> list[tuple[int, bytes]]:
        return [(uid, self.lying[uid]) for uid in map(int, command.split(" ")[2].split(","))]

    def _news(self, command: str) -> str:
        self._told[command] += 1
        if self.push_at == (command, self._told[command]):
            self.pushed = time.monotonic()
            self.lying[2] = mail(number=2)
        elif not (self.repeats and command == "UID SEARCH"):
            return ""
        return f"* {len(self.lying)} EXISTS\r\n"

    async def _idle(self, tag: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        mode = self.mode if not self.misbehaved.is_set() else ""
        if mode == "bye_on_idle":
            self.misbehaved.set()
            writer.write(b"* BYE go away\r\n")
            return False
        writer.write(f"+ idling\r\n{self._news('IDLE')}".encode())
        if mode in ("close_in_idle", "bye_in_idle"):
            self.misbehaved.set()
            if mode == "bye_in_idle":
                writer.write(b"* BYE shutting down\r\n")
            return False
        if mode == "silent":
            self.misbehaved.set()
            await reader.read()
            return False
        if self.misbehaved.is_set():
            self.idled_again.set()
        await reader.readline()
        writer.write(f"{tag} OK done\r\n".encode())
        return True


@asynccontextmanager
async def bad_server(mode: str, mail: bytes, *, tls: Any = None, **more: Any) -> AsyncIterator[BadServer]:
    """An empty `mode` behaves well."""
    bad = BadServer(mode, mail, **more)
    async with listening(bad.serve, tls=tls) as bad.port:
        yield bad


@asynccontextmanager
async def listening(talk: Talk, *, tls: Any = None) -> AsyncIterator[int]:
    """A server that treats every connection so; its port. No connection outlives it."""
    under_way: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        del under_way[task]

    server = await asyncio.start_server(answer, HOST, 0, ssl=tls)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        # One that was accepted just now has not begun to be answered.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for writer in under_way.values():
            writer.transport.abort()
        await asyncio.gather(*under_way, return_exceptions=True)
        await server.wait_closed()


# --- aiosmtpd ---------------------------------------------------------------------------------------------------------


@dataclass
class Relay:
    """What an SMTP server took, and what it says to whom. `refuse`: command → answer, or address → answer to RCPT."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    hang_up_after_data: bool = False
    connections: int = 0
    transports: list[asyncio.BaseTransport] = field(default_factory=list)

    async def hang_up(self) -> None:
        """End every connection, and see it ended."""
        for transport in self.transports:
            transport.close()
        await asyncio.sleep(0)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def handle_MAIL(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if answer := self.refuse.get("MAIL"):
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        if answer := self.refuse.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if answer := self.refuse.get("DATA"):
            return answer
        assert isinstance(envelope.content, bytes)
        self.taken.append(envelope.content)
        self.recipients += envelope.rcpt_tos
        if self.hang_up_after_data:
            self.hang_up_after_data = False
            server.transport.abort()
        return "250 OK"


class _Server(SmtpServer):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.event_handler.connections += 1
        self.event_handler.transports.append(transport)
        super().connection_made(transport)


@contextmanager
def relay(*, password: str = "", tls: Any = None, token: str = "", size: int = 33_554_432) -> Iterator[Relay]:
    """An SMTP server in a thread of its own."""
    handler = Relay()

    def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        given = data.password.decode() if hasattr(data, "password") else ""
        # handled=False, or no answer is sent at all.
        return AuthResult(success=given == password, handled=given == password)

    class Made(Controller):
        def factory(self) -> SmtpServer:
            return _Server(
                handler, hostname="test.example.vn", authenticator=authenticate if password else None,
                auth_require_tls=False, tls_context=tls, require_starttls=tls is not None,
                data_size_limit=size,
            )  # fmt: skip

    (handler.port,) = free_ports(1)
    controller = Made(handler, hostname=HOST, port=handler.port)
    controller.start()
    # Starting knocks once itself.
    handler.connections = 0
    try:
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(handler.hang_up(), controller.loop).result(5)
        controller.stop()


# --- mails ------------------------------------------------------------------------------------------------------------


def mail(
    text: str = "Đèn đường hỏng trước nhà số 12.", *, sender: str = "lan@example.vn", number: int = 1,
    subject: str = "Den hong", more: str = "",
) -> bytes:  # fmt: skip
    """A plain mail, LF line ends."""
    head = (
        f"From: Lan <{sender}>\nTo: tiepnhan@xa.example.vn\nSubject: {subject}\n"
        f"Message-ID: <m{number}@example.vn>\nDate: Mon, 02 Mar 2026 15:00:00 +0700\n{more}"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    )
    return f"{head}\n{text}\n".encode()


def message_number(raw: bytes) -> int:
    found = re.search(rb"(?im)^Message-ID: <m(\d+)@", raw)
    assert found is not None
    return int(found[1])
