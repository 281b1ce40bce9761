"""A citizen's sentence in, a reading out."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

import pytest

from core.events import InboundMessage
from core.model import Contact, Peer
from dialog.reading import Reading, read
from regulations.loader import load
from regulations.model import Profile

NOW = "2026-11-20T19:40:00+07:00"
Say = Callable[..., Reading]


@cache
def profile(name: str) -> Profile:
    return load(name)


def say_(
    text: str, waiting_for: str = "", *, to: str = "tien-giang", now: str = NOW, card: Contact | None = None
) -> Reading:
    moment = datetime.fromisoformat(now)
    peer = Peer(channel="zalo", account="oa", user="u1")
    message = InboundMessage(peer=peer, external_id="1", sent_at=moment, text=text, contact=card)
    return read(message, profile=profile(to), now=moment, waiting_for=waiting_for)


@pytest.fixture(scope="session")
def say() -> Say:
    return say_
