"""Who a delivery comes from, what proves our own calls, and the answer to the webhook's challenge."""

import hmac
import re

from core.errors import DeliveryRejected
from core.model import Delivery
from core.ports import Answer, Knock

HEADER = "x-hub-signature-256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,128}")


def verify(delivery: Delivery, app_secret: str) -> None:
    """Raise `DeliveryRejected` unless the bytes themselves are signed.

    Meta signs JSON whose letters beyond ASCII and slashes are escaped: written anew it is other bytes.
    The older SHA-1 header is never looked at.
    """
    given = delivery.headers.get(HEADER, "")
    expected = "sha256=" + hmac.digest(app_secret.encode(), delivery.body, "sha256").hex()
    if not hmac.compare_digest(given.encode(errors="replace"), expected.encode()):
        raise DeliveryRejected("facebook: wrong or missing signature")


def appsecret_proof(token: str, app_secret: str) -> str:
    """Hex HMAC-SHA256 of a token under the app secret. Graph API: securing requests."""
    return hmac.digest(app_secret.encode(), token.encode(), "sha256").hex()


def greet(knock: Knock, verify_token: str) -> Answer | None:
    """The challenge of a saved webhook address; None for deliveries."""
    if knock.method not in {"GET", "HEAD"}:
        return None
    given = knock.query.get("hub.verify_token", "").encode(errors="replace")
    known = bool(verify_token) and hmac.compare_digest(given, verify_token.encode())
    challenge = knock.query.get("hub.challenge", "")
    # Anything but a short plain word would let strangers put their content under our name.
    if known and knock.query.get("hub.mode") == "subscribe" and _CHALLENGE.fullmatch(challenge):
        return Answer(200, challenge.encode(), {"content-type": "text/plain; charset=utf-8"})
    return Answer(403)
