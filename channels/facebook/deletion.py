"""Meta's data-deletion callback: a signed request that names an app-scoped user. App dashboard, data deletion."""

import hmac
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from urllib.parse import parse_qs

import msgspec

from core.errors import DeliveryRejected
from core.ports import ErasureAsked

ALGORITHM = "HMAC-SHA256"


class _Payload(msgspec.Struct):
    user_id: str | int
    algorithm: str
    issued_at: int = 0


def read_signed_request(body: bytes, *, app_secret: str) -> ErasureAsked:
    """Who asks, from the form body `signed_request=<signature>.<payload>`. Raises `DeliveryRejected`.

    `user` is the app-scoped id of Facebook Login, not the person's id on the Page. The signature covers the payload as
    it was encoded.
    """
    given, _, payload = _field(body).partition(".")
    expected = hmac.digest(app_secret.encode(), payload.encode(), "sha256")
    if not payload or not hmac.compare_digest(_decoded(given), expected):
        raise DeliveryRejected("facebook: wrong or missing signature of a deletion request")
    try:
        asked = msgspec.json.decode(_decoded(payload), type=_Payload)
        issued_at = datetime.fromtimestamp(asked.issued_at, UTC)
    except (ValueError, RecursionError, OverflowError, OSError):
        raise DeliveryRejected("facebook: unreadable deletion request", status=400) from None
    if asked.algorithm.upper() != ALGORITHM or not str(asked.user_id):
        raise DeliveryRejected("facebook: deletion request of another kind", status=400)
    return ErasureAsked(user=str(asked.user_id), issued_at=issued_at)


def _field(body: bytes) -> str:
    try:
        return parse_qs(body.decode("ascii"), max_num_fields=20)["signed_request"][0]
    except (ValueError, KeyError):
        raise DeliveryRejected("facebook: no signed request", status=400) from None


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.encode("ascii", "replace") + b"=" * (-len(text) % 4))
    except (NotBase64, ValueError):
        return b""
