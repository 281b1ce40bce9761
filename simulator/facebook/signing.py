"""Bytes and secrets: how Meta writes a body, signs it, and proves who calls (facebook: signature)."""

import base64
import hashlib
import hmac
import json

from simulator.world import Json

# Written as an escape beside everything that is not ASCII; none of them stands outside strings.
ESCAPES = (("/", "\\/"), ("<", "\\u003c"), ("%", "\\u0025"), ("@", "\\u0040"))


def written(body: Json) -> bytes:
    """The body as it travels: pure ASCII, `\\uXXXX` in lower case."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    for plain, escaped in ESCAPES:
        text = text.replace(plain, escaped)
    return text.encode("ascii")


def signatures(app_secret: str, body: bytes) -> dict[str, str]:
    """Both headers, the older one too: many bots check only that."""
    key = app_secret.encode()
    return {
        "X-Hub-Signature": "sha1=" + hmac.new(key, body, hashlib.sha1).hexdigest(),
        "X-Hub-Signature-256": "sha256=" + hmac.new(key, body, hashlib.sha256).hexdigest(),
    }


def appsecret_proof(app_secret: str, access_token: str) -> str:
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def signed_request(app_secret: str, payload: Json) -> str:
    """`signature.payload`, both base64url without padding; the signature is over the encoded payload."""
    encoded = _unpadded(json.dumps(payload).encode())
    signature = hmac.new(app_secret.encode(), encoded.encode(), hashlib.sha256).digest()
    return f"{_unpadded(signature)}.{encoded}"


def _unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
