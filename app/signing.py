"""Links to citizens' files that the case store may follow for a while."""

import base64
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from storage.seal import Seal

LIFETIME = timedelta(days=7)
"""Longer than a store that was away over a weekend needs to come and fetch."""


class MediaLinks:
    def __init__(self, public_url: str, seal: Seal, now: Callable[[], datetime]) -> None:
        self._base, self._seal, self._now = public_url.rstrip("/"), seal, now

    def make(self, blob: str) -> str:
        """An address of the blob that ends to work after `LIFETIME`."""
        until = int((self._now() + LIFETIME).timestamp())
        return f"{self._base}/media/{blob}?until={until}&sign={self._sign(blob, until)}"

    def check(self, blob: str, until: str, sign: str) -> bool:
        if not until.isascii() or not until.isdigit() or int(until) < self._now().timestamp():
            return False
        return hmac.compare_digest(self._sign(blob, int(until)).encode(), sign.encode())

    def _sign(self, blob: str, until: int) -> str:
        return base64.urlsafe_b64encode(self._seal.index(f"media {blob} {until}")).decode().rstrip("=")
