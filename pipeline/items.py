"""What the writer takes: events, how errands ended, or both at once; and what it says when it cannot."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.events import Event, Source
from core.model import Peer
from pipeline.errand import ErrandKey, Lane, Status
from storage.recent import Traces


class StorageAway(Exception):
    """The database cannot be reached; nothing of the group was acknowledged."""


class Overloaded(Exception):
    """More is waiting than this process should hold; the platform may deliver again."""


@dataclass(frozen=True, slots=True)
class Settle:
    """How a try of an errand ended. `again` set: it stays open and the engine wakes its lane at that instant."""

    key: ErrandKey
    lane: Lane
    status: Status
    receipt: str = ""
    reason: str = ""
    attempts: int = 0
    again: datetime | None = None
    opened: tuple[str, str, str | None, bytes | None] | None = None
    """(report id, status, code, sealed report) when a submission was answered."""
    traces: Traces | None = None
    """What of a report that was opened is kept to compare later ones with."""
    kept: tuple[Any, ...] | None = None
    """Columns of `media` after the key, when a file was fetched."""
    name: bytes | None = None
    """Sealed, when the platform told who somebody is."""
    reached: bytes | None = None
    """Index of the person whom a private reply to a public comment reached."""


@dataclass(slots=True)
class Item:
    """Something for a group: an event, how an errand ended, or both at once."""

    peer_index: bytes
    event: Event | None = None
    external_id: str = ""
    source: Source = Source.CITIZEN
    peer: Peer | None = None
    """Set where the event may open a conversation."""
    raw: bytes = b""
    settle: Settle | None = None
    done: "asyncio.Future[bool] | None" = None
    """Gets True when the event was new, False when it was known already."""


def pack_event(event: bytes, raw: bytes) -> bytes:
    """An event and the delivery it came in, as one value to be sealed."""
    return len(event).to_bytes(4, "big") + event + raw


def unpack_event(body: bytes) -> tuple[bytes, bytes]:
    """The event and the delivery it came in."""
    size = int.from_bytes(body[:4], "big")
    return body[4 : 4 + size], body[4 + size :]
