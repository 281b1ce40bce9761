"""Deliveries that came while the database was away: sealed lines in an append-only file, synced before the 200."""

import base64
import contextlib
import json
import os
from collections.abc import Iterator
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
    """One process's spool. It is found by its folder, also by another process after a crash."""

    def __init__(self, folder: Path, seal: Seal, *, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._seal = folder, seal
        self._path = folder / f"{name}.spool"
        self.size = 0
        """Deliveries written by this process and not yet replayed."""

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
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, line)
            os.fsync(handle)
        finally:
            os.close(handle)
        self.size += 1

    def files(self) -> list[Path]:
        """All spools of the folder, the ones of dead processes too, oldest first."""
        return sorted(self._folder.glob("*.spool"), key=lambda path: path.stat().st_mtime)

    def read(self, path: Path) -> Iterator[Spooled]:
        """The deliveries of one file in their order. A last line cut short by a crash was never acknowledged."""
        with path.open("rb") as file:
            for line in file:
                with contextlib.suppress(SealBroken, ValueError):
                    record = json.loads(self._seal.open(base64.b64decode(line.strip()), b"spool"))
                    delivery = Delivery(
                        body=base64.b64decode(record["body"]),
                        received_at=datetime.fromisoformat(record["received_at"]),
                        headers=record["headers"],
                    )
                    yield Spooled(record["channel"], record["account"], delivery)

    def drop(self, path: Path) -> None:
        """Everything in it has been stored."""
        path.unlink(missing_ok=True)
        if path == self._path:
            self.size = 0
