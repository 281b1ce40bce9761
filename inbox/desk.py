"""What the staff page works with; built once by the program and handed to `inbox.create_app`."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from core.ports import Blobs
from pipeline.account import Accounts
from storage.seal import Seal


class Counting(Protocol):
    @property
    def counts(self) -> Counter[tuple[str, str]]: ...


class Operations(Protocol):
    """The part of `pipeline.gateway.Gateway` that staff use. Each returns False when that press was known already.

    Each raises `KeyError` for an unknown conversation, `pipeline.items.StorageAway` and `Overloaded`.
    """

    @property
    def reception(self) -> Counting: ...

    async def reply(self, conversation: int, *, operator: str, text: str, nonce: str) -> bool: ...

    async def take_over(self, conversation: int, *, operator: str, nonce: str) -> bool: ...

    async def give_back(self, conversation: int, *, operator: str, nonce: str) -> bool: ...

    async def erase(self, conversation: int, *, operator: str) -> str:
        """Carry out that a citizen wants their data erased; the code of that request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts of the staff page and its few settings."""

    gateway: Operations
    engine: AsyncEngine
    seal: Seal
    accounts: Accounts
    secret: bytes
    """Signs the session cookies. Changing it signs everybody out."""
    now: Callable[[], datetime]
    blobs: Blobs
    frame_ancestors: tuple[str, ...] = ()
    """Origins that may show the page in a frame, e.g. "http://127.0.0.1:8099"; nobody may by default."""
    session_life: timedelta = timedelta(hours=12)
    secure: bool = False
    """The page is reached over TLS, perhaps through a proxy that opens it."""
