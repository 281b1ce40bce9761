"""The flight recorder: what a killed process was just sending.

Sixteen bytes before each send and after its answer, appended without fsync: the kernel keeps them when the process
dies. The database tells what has to be done; this file tells, for the few errands in flight, what had been begun.
"""

import fcntl
import os
import struct
from collections.abc import Mapping
from enum import IntEnum
from pathlib import Path

from pipeline.errand import ErrandKey

_RECORD = struct.Struct("<QIHBx")
_TRUNCATE_AT = 4 * 1024 * 1024


class Mark(IntEnum):
    BEGUN = 1
    ANSWERED = 2
    """The other side took it."""
    FAILED = 3
    """It is known not to have arrived."""


class FlightRecorder:
    """Written by one process, which holds a lock on the file for as long as it lives."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self._size = 0
        self._in_flight: set[ErrandKey] = set()

    def begin(self, key: ErrandKey) -> None:
        self._in_flight.add(key)
        self._write(key, Mark.BEGUN)

    def answered(self, key: ErrandKey) -> None:
        self._write(key, Mark.ANSWERED)

    def failed(self, key: ErrandKey) -> None:
        self._write(key, Mark.FAILED)

    def inherit(self, marks: Mapping[ErrandKey, Mark]) -> None:
        """Note what a dead process had been sending: if we are killed too, our heir has to know."""
        for key, mark in marks.items():
            self._in_flight.add(key)
            self._write(key, mark)

    def in_flight(self, key: ErrandKey) -> bool:
        """Begun, and its outcome is not in the database yet."""
        return key in self._in_flight

    def settled(self, key: ErrandKey) -> None:
        """The outcome is in the database: the marks are not needed any more."""
        self._in_flight.discard(key)
        if not self._in_flight and self._size > _TRUNCATE_AT:
            os.ftruncate(self._file, 0)
            self._size = 0

    def close(self) -> None:
        os.close(self._file)

    def _write(self, key: ErrandKey, mark: Mark) -> None:
        os.write(self._file, _RECORD.pack(key.conversation, key.seq, key.n, mark))
        self._size += _RECORD.size


def read(path: Path) -> dict[ErrandKey, Mark] | None:
    """The newest mark of every errand, or None when there is no such file (another machine's, or lost)."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    whole = len(raw) - len(raw) % _RECORD.size
    marks: dict[ErrandKey, Mark] = {}
    for conversation, seq, n, mark in _RECORD.iter_unpack(raw[:whole]):
        marks[ErrandKey(conversation, seq, n)] = Mark(mark)
    return marks


def is_held(path: Path) -> bool | None:
    """Whether the process that writes this file is alive, or None when there is no such file to be seen from here."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


def forget(path: Path) -> None:
    """Everything that a dead process was sending is in other hands and noted there."""
    path.unlink(missing_ok=True)
