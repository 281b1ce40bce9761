"""Personal data at rest: AES-256-GCM, one random nonce a value, the key outside the database."""

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = b"\x01"
_NONCE = 12


class SealBroken(Exception):
    """A sealed value was opened with the wrong key or was changed."""


class Seal:
    """Seals and opens bytes. `purpose` is bound to the value: a state cannot be passed off as a message."""

    def __init__(self, key: bytes) -> None:
        """`key` is 32 random bytes. Raises `ValueError` otherwise."""
        if len(key) != 32:
            raise ValueError("the data key must have 32 bytes")
        self._aes = AESGCM(key)
        self._index_key = hashlib.sha256(b"tiepnhan index" + key).digest()

    def close(self, plain: bytes, purpose: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._aes.encrypt(nonce, plain, purpose)

    def open(self, sealed: bytes, purpose: bytes) -> bytes:
        """Raises `SealBroken`."""
        if sealed[:1] != _VERSION:
            raise SealBroken("unknown version of a sealed value")
        try:
            return self._aes.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], purpose)
        except InvalidTag as error:
            raise SealBroken("wrong key, or the value was changed") from error

    def index(self, text: str) -> bytes:
        """A keyed digest (16 bytes) to look a sealed value up by, without storing it readably."""
        return hashlib.blake2b(text.encode(), key=self._index_key, digest_size=16).digest()


def key_from_file(path: Path) -> bytes:
    """Read the data key, or make one on first use (mode 0600). Losing this file loses the personal data."""
    try:
        return bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = os.urandom(32)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return bytes.fromhex(path.read_text().strip())
        with os.fdopen(handle, "w") as file:
            file.write(fresh.hex())
            file.flush()
            os.fsync(file.fileno())
        return fresh
