"""Whatever leaves the program is one of these rows first."""

import struct
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple

from core.effects import Say
from core.model import Peer, Speaker


class Lane(IntEnum):
    """Errands of one conversation and lane leave one after the other; different lanes do not wait for each other."""

    CITIZEN = 0
    STORE = 1
    MEDIA = 2
    PEER = 3


class Status(StrEnum):
    OPEN = "open"
    DONE = "done"
    SUPERSEDED = "superseded"
    """A newer question took its place before it had left."""
    WITHDRAWN = "withdrawn"
    """A person took over before it had left."""
    ERASED = "erased"
    """Its conversation was erased on request before it had left."""
    UNKNOWN = "unknown"
    """It may have arrived. Shown to staff, never repeated silently."""
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    FAILED = "failed"


TOLD_LATER = "told later"
"""The reason of a superseded errand whose news came first when the citizen wrote again."""

TROUBLE = frozenset({Status.UNKNOWN, Status.UNREACHABLE, Status.REFUSED, Status.FAILED})


@dataclass(frozen=True, slots=True)
class Describe:
    """Ask the platform for the name of somebody who wrote for the first time, where its webhooks carry none."""


class ErrandKey(NamedTuple):
    """Made by us, before the row is written: (conversation, number of the event that caused it, n-th of that event)."""

    conversation: int
    seq: int
    n: int

    def __str__(self) -> str:
        return f"{self.conversation}.{self.seq}.{self.n}"

    @classmethod
    def parse(cls, text: str) -> "ErrandKey | None":
        """The key in a text made by `str`, or None: echoes of other programs carry other texts."""
        parts = text.split("/")[0].split(".")
        return (
            cls(*map(int, parts))
            if len(parts) == 3 and all(part.isascii() and part.isdigit() for part in parts)
            else None
        )

    def pack(self) -> bytes:
        return struct.pack("<QIH", self.conversation, self.seq, self.n)


@dataclass(slots=True)
class Errand:
    """One errand while a process works on it. `payload` is a `core.effects` value or a `core.model.MediaRef`."""

    key: ErrandKey
    lane: Lane
    kind: str
    payload: Any
    peer: Peer
    peer_index: bytes
    profile: str
    last_inbound_at: datetime | None
    attempts: int = 0
    replaceable: bool = False
    patient: bool = False
    """Leaves after a moment of silence: more of the citizen's messages may be on their way."""
    answers: bool = False
    """The citizen's newest message is answered: what still waits patiently for it is not said any more."""
    replies: int = 0
    """How many replies this one makes since the citizen's last word; 0 when that is not known any more."""
    withdrawn: str = ""
    """Set when it must not leave any more; the status it was settled with."""
    report_id: str = ""
    thread: str = ""
    """What the channel needs to answer in the thread of the citizen's newest letter."""
    first: bool = True
    """Its lane had no open errand when it was committed."""
    begun: bool = False
    """An earlier process began it and died: whether it arrived is not known."""

    @property
    def is_bots(self) -> bool:
        """Whether these are the bot's words: they are withdrawn when a person speaks; a person's own are not."""
        return isinstance(self.payload, Say) and self.payload.message.speaker is Speaker.BOT
