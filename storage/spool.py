"""Deliveries that came while the database was away: sealed lines in an append-only file, synced before the 200."""

import base64
import contextlib
import errno
import fcntl
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core.model import Delivery
from storage.seal import Seal, SealBroken


@dataclass(frozen=True, slots=True)
class Spooled:
    channel: str
    account: str
    delivery: Delivery


class Spool:
    """One process's spool, locked for as long as it lives; after a crash another process finds it by its folder."""

    def __init__(self, folder: Path, seal: Seal, *, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seal = folder, seal
        self._path = folder / f"{name}.spool"
        self._handle = -1
        self._waiting = {path: path.read_bytes().count(b"\n") for path in self.files()}

    @property
    def size(self) -> int:
        """Deliveries that wait to be replayed: our own, and those found at the start. What comes now comes after."""
        return sum(self._waiting.values())

    def append(self, spooled: Spooled) -> None:
        """On return the delivery survives a power cut. Raises `OSError` when the disk is full."""
        record = {
            "channel": spooled.channel,
            "account": spooled.account,
            "received_at": spooled.delivery.received_at.isoformat(),
            "headers": dict(spooled.delivery.headers),
            "body": base64.b64encode(spooled.delivery.body).decode(),
        }
        line = base64.b64encode(self._seal.close(json.dumps(record).encode(), b"spool")) + b"\n"
        if self._handle < 0:
            self._open()
        size = os.fstat(self._handle).st_size
        if os.write(self._handle, line) != len(line):
            # Half a line would spoil the next one.
            os.ftruncate(self._handle, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._handle)
        self._waiting[self._path] = self._waiting.get(self._path, 0) + 1

    def files(self) -> list[Path]:
        """Our own spool and those of dead processes, oldest first; the living replay theirs themselves."""
        found = [path for path in self._folder.glob("*.spool") if path == self._path or not _is_held(path)]
        return sorted(found, key=lambda path: path.stat().st_mtime)

    def read(self, path: Path, *, start: int = 0, most: int = 1_000_000) -> tuple[list[Spooled], int]:
        """Up to `most` deliveries of one file in their order, from byte `start`, and where the next one begins.

        The file may grow meanwhile. A last line cut short by a crash was never acknowledged.
        """
        found: list[Spooled] = []
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            # Another heir may have been quicker.
            file.seek(start)
            while len(found) < most and (line := file.readline()).endswith(b"\n"):
                start += len(line)
                with contextlib.suppress(SealBroken, ValueError):
                    found.append(self._opened(line))
        return found, start

    def _opened(self, line: bytes) -> Spooled:
        record = json.loads(self._seal.open(base64.b64decode(line.strip()), b"spool"))
        delivery = Delivery(
            body=base64.b64decode(record["body"]),
            received_at=datetime.fromisoformat(record["received_at"]),
            headers=record["headers"],
        )
        return Spooled(record["channel"], record["account"], delivery)

    def drop(self, path: Path) -> None:
        """Everything in it has been stored."""
        self._waiting.pop(path, None)
        if path == self._path:
            path.unlink(missing_ok=True)
            self.close()
        elif path.exists():
            _remove_unless_held(path)

    def close(self) -> None:
        """Let go of our file; what still is in it is for another process, or for the next append."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> None:
        while self._handle < 0:
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Before it was locked another process may have taken it for a dead one's and removed it.
            if os.fstat(handle).st_nlink:
                self._handle = handle
            else:
                os.close(handle)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _remove_unless_held(path: Path) -> None:
    with path.open("rb") as file, contextlib.suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    """Whether a living process writes this file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
