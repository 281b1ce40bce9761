"""Files by their SHA-256. Sealed on disk: a citizen's photo is personal data too."""

import asyncio
import hashlib
import os
import re
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from storage.seal import Seal

_KEY = re.compile(r"[0-9a-f]{64}")


class FolderBlobs:
    """Blobs in a folder. Implements `core.ports.Blobs` and `Forgets`.

    Writing is atomic and synced before the key is returned.
    """

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
        with suppress(FileNotFoundError):
            # The file's time says when it was last wanted: see `forget`.
            os.utime(path)
            return key
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(self._seal.close(body, b"blob"))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        return key

    async def forget(self, key: str, *, unless_since: datetime) -> bool:
        """Destroy a blob; False when the same bytes were stored again since that instant."""
        return await asyncio.to_thread(self._forget, key, unless_since)

    def _forget(self, key: str, unless_since: datetime) -> bool:
        path = self._path(key)
        aside = path.with_name(f"{path.name}.forgotten")
        # Put aside first: whoever stores the same bytes at this moment either was seen, or writes a file of their own.
        with suppress(FileNotFoundError):
            path.replace(aside)
            if aside.stat().st_mtime >= unless_since.timestamp():
                aside.replace(path)
                return False
            aside.unlink()
        return True

    def _get(self, key: str) -> bytes:
        try:
            return self._seal.open(self._path(key).read_bytes(), b"blob")
        except FileNotFoundError:
            raise KeyError(key) from None
