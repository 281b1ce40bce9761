"""What the pipeline needs from the outside, as protocols. Implementations live where they belong."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from core.capabilities import Capabilities
from core.events import PlatformEvent
from core.model import Delivery, Media, MediaRef, OutboundMessage, Peer, Receipt


@dataclass(frozen=True, slots=True)
class Answer:
    """What an HTTP server said. Header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Http(Protocol):
    """The lean way out. Raises `TryAgain` when nothing left the house (no connection), `Unknown` when it may have."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer: ...

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        """`limit` is the largest body in bytes; a longer one raises `Refused`."""
        ...


class Channel(Protocol):
    """One account on one platform. Holds credentials, never conversation state."""

    name: str
    account: str
    capabilities: Capabilities

    def verify(self, delivery: Delivery) -> None:
        """Raise `DeliveryRejected` unless the delivery is authentic. Works on the raw bytes."""
        ...

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        """Pure: the same bytes give the same events. Raises `DeliveryUnreadable`, and nothing else."""
        ...

    async def send(self, peer: Peer, message: OutboundMessage) -> Receipt:
        """One try with a message that `channels.render` has fitted. Raises one of the five `SendError`s."""
        ...

    async def fetch(self, media: MediaRef) -> Media:
        """Raises one of the five `SendError`s."""
        ...


@runtime_checkable
class Polled(Protocol):
    def poll(self) -> AsyncIterator[Delivery]:
        """Deliveries without a webhook. Asking for the next one acknowledges the last: it has been stored by then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """A web request to a webhook address, before it is taken for a delivery. Header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Greets(Protocol):
    def greet(self, knock: Knock) -> Answer | None:
        """The answer to a platform's set-up call (challenge, probe, domain file), or None for everything else."""
        ...


@runtime_checkable
class Replies(Protocol):
    def reply_inline(self, events: Sequence[PlatformEvent]) -> bytes | None:
        """The JSON body of the 200 that acknowledges these events of one delivery, or None for an empty one.

        A courtesy whose loss does no harm; it leaves only after the events are stored.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerDetail:
    """What a platform tells about a person on request."""

    name: str = ""
    avatar: str = ""


@runtime_checkable
class Describes(Protocol):
    async def describe(self, peer: Peer) -> PeerDetail:
        """Raises one of the five `SendError`s."""
        ...


@runtime_checkable
class Tends(Protocol):
    async def tend(self) -> None:
        """What the account needs now and then (a token that runs out soon). Raises one of the five `SendError`s."""
        ...


@runtime_checkable
class Recovers(Protocol):
    def recover(self, since_ms: int) -> AsyncIterator[Delivery]:
        """Deliveries rebuilt from the platform's own history since that instant (epoch milliseconds)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureAsked:
    """A platform passes on that somebody wants their data erased. `user` is who the platform says, in its own words."""

    user: str
    issued_at: datetime | None = None


@runtime_checkable
class Erases(Protocol):
    def read_erasure(self, knock: Knock) -> ErasureAsked:
        """What an erasure callback says. Raises `DeliveryRejected` unless it is authentic."""
        ...

    async def erasure_users(self, user: str) -> list[str]:
        """The `Peer.user`s that this person has with us. Raises one of the five `SendError`s."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file within an original. `hidden` ones are parts of the text (pictures in it), not what somebody attached."""

    index: int
    name: str
    mime: str
    size: int
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOriginal:
    """A message as it came, made safe to be looked at. `html` has no script and asks nothing of other machines."""

    html: str
    blocked: int = 0
    """How many remote pictures were left out."""
    files: tuple[ShownFile, ...] = ()
    marks: tuple[str, ...] = ()
    """What staff should know about it, in Vietnamese sentences."""


@runtime_checkable
class ShowsOriginal(Protocol):
    """A channel whose messages hold more than their text (mail)."""

    def show(self, raw: bytes, picture_url: Callable[[int], str]) -> ShownOriginal:
        """Pure, and slow for large messages. `picture_url` says where the page gets the file of that index."""
        ...

    def file(self, raw: bytes, index: int) -> Media:
        """The bytes of a file that `show` has named. Raises `KeyError` for any other."""
        ...


class VaultDoor(Protocol):
    """An account's vault while it is locked."""

    values: Mapping[str, str]

    async def write(self, values: Mapping[str, str]) -> None:
        """Replace the values; they are committed when this returns."""
        ...


class Vault(Protocol):
    """What one account must remember and change at run time (token pairs, offsets), encrypted at rest."""

    async def read(self) -> Mapping[str, str]: ...

    def locked(self) -> AbstractAsyncContextManager[VaultDoor]:
        """Wait for the lock, which holds across processes and machines, and read the values afresh under it."""
        ...


class Blobs(Protocol):
    async def put(self, body: bytes) -> str:
        """Store bytes under their SHA-256; the key is returned. Storing the same bytes twice is one blob."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises `KeyError` for an unknown key."""
        ...


@runtime_checkable
class Forgets(Protocol):
    async def forget(self, key: str, *, unless_since: datetime) -> bool:
        """Destroy a blob; False when the same bytes were stored again since that instant. A missing one is no error."""
        ...
