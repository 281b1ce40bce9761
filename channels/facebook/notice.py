"""One event on its way to becoming ours: who, when, and under which key."""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2s

import msgspec

from channels.facebook.wire import Head, Stamp, maybe, word
from core.events import Ignored
from core.model import Peer

PAGE_INBOX = "263902037430900"
"""App id of the inbox in Meta Business Suite. message_echoes."""

_SECONDS_BELOW = 10**11  # as milliseconds this is March 1973
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Whom the reader works for."""

    account: str
    page_id: str
    app_id: str
    answer_comments: bool = True


class Unusable(Exception):
    """This event cannot become one of ours. The reason is for the journal: no content, no personal data."""


class Notice:
    """One item of `messaging`, `standby` or `changes`."""

    __slots__ = ("page", "raw", "received_at", "standby")

    def __init__(self, raw: msgspec.Raw, page: Page, received_at: datetime, *, standby: bool = False) -> None:
        self.raw, self.page, self.received_at, self.standby = raw, page, received_at, standby

    def head(self) -> Head:
        return maybe(self.raw, Head) or Head()

    def peer(self, user: str) -> Peer:
        return Peer(channel="facebook", account=self.page.account, user=user)

    def sender(self, head: Head) -> Peer:
        """The person who did it. Raises `Unusable` when that is nobody we could answer."""
        user = word(head.sender.id if head.sender else None)
        if user == self.page.page_id:
            raise Unusable("from the Page itself")
        return self.peer(_person(user, "sender"))

    def recipient(self, head: Head) -> Peer:
        """The person an echo went to."""
        return self.peer(_person(word(head.recipient.id if head.recipient else None), "recipient"))

    def instant(self, stamp: Stamp) -> datetime:
        """Milliseconds or seconds, number or string; what is no instant counts from its arrival."""
        try:
            value = int(stamp) if stamp is not None and not isinstance(stamp, bool) else 0
            if value <= 0:
                return self.received_at
            return datetime.fromtimestamp(value if value < _SECONDS_BELOW else value / 1000, UTC)
        except (ValueError, OverflowError, OSError):
            return self.received_at

    def digest(self) -> str:
        """A key for what has no id: the same bytes give the same key."""
        return digest(bytes(self.raw))

    def key(self, mid: object) -> str:
        """A message id of theirs as our key; without one the event's own."""
        given = word(mid)
        return given if 0 < len(given) <= _LONGEST_ID else f"event/{self.digest()}"

    def ignored(self, reason: str) -> Ignored:
        return Ignored(external_id=f"event/{self.digest()}", reason=reason[:200])


def digest(*parts: object) -> str:
    data = b"|".join(part if isinstance(part, bytes) else str(part).encode(errors="replace") for part in parts)
    return blake2s(data, digest_size=12).hexdigest()


def _person(user: str, role: str) -> str:
    if not 0 < len(user) <= _LONGEST_ID:
        raise Unusable(f"no {role} with an id")
    return user
