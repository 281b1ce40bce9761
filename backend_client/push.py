"""Signed pushes: how the store tells us news without being asked.

Header `X-Tiepnhan-Signature: t=<unix seconds>,v1=<hex>`, where hex is HMAC-SHA256 with the shared secret over the ASCII
time, a full stop and the raw body. An old signature is refused: a recorded push cannot be played again for ever.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from core.errors import DeliveryRejected

SIGNATURE_HEADER = "x-tiepnhan-signature"


def signature(secret: str, body: bytes, at: int) -> str:
    """The header's value for a push that leaves at `at` (unix seconds)."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def verify(secret: str, body: bytes, headers: Mapping[str, str], *, now: datetime, tolerance: int) -> None:
    """Raise `DeliveryRejected` unless the body is the store's and at most `tolerance` seconds old."""
    if not secret:
        raise DeliveryRejected("no push secret is configured")
    given = headers.get(SIGNATURE_HEADER, "")
    stamp = dict(part.split("=", 1) for part in given.split(",") if "=" in part).get("t", "")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
        raise DeliveryRejected("push without a signature")
    if not hmac.compare_digest(signature(secret, body, int(stamp)).encode(), given.encode()):
        raise DeliveryRejected("push with a wrong signature")
    if abs(now.timestamp() - int(stamp)) > tolerance:
        raise DeliveryRejected("push with an old signature")
