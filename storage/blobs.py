"""Files by their SHA-256. Sealed on disk: a citizen's photo is personal data too."""

import asyncio
import hashlib
import os
import re
import tempfile
from pathlib import Path

from storage.seal import Seal

_KEY = re.compile(r"[0-9a-f]{64}")


class FolderBlobs:
    """Blobs in a folder. Implements `core.ports.Blobs`. Writing is atomic and synced before the key is returned."""

    def __init__(self, folder: Path, seal: Seal) -> None:
        self._folder, self._seal = folder, seal
        folder.mkdir(parents=True, exist_ok=True)

    async def put(self, body: bytes) -> str:
        return await asyncio.to_thread(self._put, body)

    async def get(self, key: str) -> bytes:
        return await asyncio.to_thread(self._get, key)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise KeyError(key)
        return self._folder / key[:2] / key[2:]

    def _put(self, body: bytes) -> str:
        key = hashlib.sha256(body).hexdigest()
        path = self._path(key)
        if path.exists():
            return key
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(self._seal.close(body, b"blob"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        return key

    def _get(self, key: str) -> bytes:
        try:
            return self._seal.open(self._path(key).read_bytes(), b"blob")
        except FileNotFoundError:
            raise KeyError(key) from None
