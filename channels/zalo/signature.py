"""Who a delivery comes from. zalo: webhook signature.

`X-ZEvent-Signature: mac=<hex>` is SHA-256 over app id, raw body, timestamp and key, one after the other: not an HMAC,
no separators, and over the bytes as they came, since JSON written anew is other bytes.
"""

import hashlib
import hmac

import msgspec

from channels.zalo.settings import ZaloSettings
from core.errors import DeliveryRejected
from core.model import Delivery


class _Envelope(msgspec.Struct):
    app_id: str | int | None = None
    timestamp: str | int | None = None


_envelope = msgspec.json.Decoder(_Envelope)
_NOTHING = _Envelope()


def mac(app_id: str, body: bytes, timestamp: str, key: str) -> str:
    """The signature of a body, as 64 lower-case hex digits."""
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + key.encode()).hexdigest()


def matched_by(delivery: Delivery, settings: ZaloSettings) -> str:
    """Which key and which timestamp signed this delivery, e.g. "oa_secret:header"; raises `DeliveryRejected`.

    Zalo's own accounts differ on both, so the answer is counted.
    """
    no = settings.bad_signature_status
    given = delivery.headers.get("x-zevent-signature", "").strip().lower()
    given = given.removeprefix("mac").lstrip(" =").strip()
    if not given:
        raise DeliveryRejected("no signature", status=no)
    name, key = ("oa_secret", settings.oa_secret) if settings.oa_secret else ("app_secret", settings.app_secret)
    if not key:
        raise DeliveryRejected("no key is configured", status=no)
    envelope = _read_envelope(delivery.body)
    # The signature already covers the configured app id; the body's own is only compared when it is there.
    if envelope.app_id is not None and str(envelope.app_id) != settings.app_id:
        raise DeliveryRejected("another app's delivery", status=no)
    stamps = {"header": delivery.headers.get("x-zevent-timestamp", ""), "body": _text(envelope.timestamp)}
    for where, stamp in stamps.items():
        if stamp and _same(mac(settings.app_id, delivery.body, stamp, key), given):
            return f"{name}:{where}"
    raise DeliveryRejected("wrong signature", status=no)


def _read_envelope(body: bytes) -> _Envelope:
    try:
        return _envelope.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _NOTHING  # Signed by header time it may still be theirs: then `parse` names what is wrong with it.


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


def _same(ours: str, theirs: str) -> bool:
    return hmac.compare_digest(ours.encode(), theirs.encode(errors="replace"))
