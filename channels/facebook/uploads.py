"""Files of ours on their way to Facebook: uploaded once, remembered in the vault while Meta keeps them."""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import msgspec

from channels.facebook.capabilities import FILE_LIMIT
from channels.facebook.graph import Graph, decode
from channels.facebook.wire import Uploaded
from core.errors import Refused
from core.model import OutboundMedia
from core.ports import Blobs, Vault

KEPT = timedelta(days=80)
"""Meta lets an unused attachment id expire after 90 days (saving assets, 22 Apr 2026)."""
PREFIX = "upload:"
_REMEMBERED = 500
_MIME = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


class Uploads:
    """Attachment ids of our blobs. Raises one of the five `SendError`s."""

    def __init__(self, graph: Graph, *, page_id: str, vault: Vault, blobs: Blobs, now: Callable[[], datetime]) -> None:
        self._graph, self._path = graph, f"/{page_id}/message_attachments"
        self._vault, self._blobs, self._now = vault, blobs, now

    async def id_of(self, file: OutboundMedia) -> str:
        """The attachment id of a file, uploading it when Meta does not hold it."""
        known, _, until = (await self._vault.read()).get(_name(file), "").partition("|")
        if known and float(until) > self._now().timestamp():
            return known
        body, content_type = form(file, await self._bytes(file))
        answer = await self._graph.upload(self._path, body, content_type)
        found = str(decode(answer, Uploaded).attachment_id)
        until = str((self._now() + KEPT).timestamp())
        async with self._vault.locked() as door:
            await door.write(_pruned(door.values, self._now()) | {_name(file): f"{found}|{until}"})
        return found

    async def forget(self, file: OutboundMedia) -> None:
        """Meta says the upload is gone."""
        async with self._vault.locked() as door:
            await door.write({name: value for name, value in door.values.items() if name != _name(file)})

    async def _bytes(self, file: OutboundMedia) -> bytes:
        try:
            body = await self._blobs.get(file.blob)
        except KeyError:
            raise Refused("Tệp không còn trong kho của hệ thống", code="blob") from None
        if len(body) > FILE_LIMIT:
            raise Refused("Tệp lớn hơn 25 MB, Facebook không nhận", code="file_size")
        return body


def _name(file: OutboundMedia) -> str:
    return f"{PREFIX}{file.kind}:{file.blob}"


def _pruned(values: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Without the uploads that ended, and without the oldest when there are too many."""
    ends = {name: float(value.partition("|")[2]) for name, value in values.items() if name.startswith(PREFIX)}
    living = sorted((name for name, end in ends.items() if end > now.timestamp()), key=ends.__getitem__)
    kept = set(living[-_REMEMBERED + 1 :])
    return {name: value for name, value in values.items() if name not in ends or name in kept}


def form(file: OutboundMedia, body: bytes) -> tuple[bytes, str]:
    """The multipart body of a reusable upload, and its content type."""
    wanted = {"attachment": {"type": str(file.kind), "payload": {"is_reusable": True}}}
    boundary = hashlib.sha256(body).hexdigest()
    mime = file.mime if _MIME.fullmatch(file.mime) else "application/octet-stream"
    name = "".join("_" if char in '"\\' or not char.isprintable() else char for char in file.name) or "tep"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="message"\r\n\r\n'
        f"{msgspec.json.encode(wanted).decode()}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="filedata"; filename="{name}"\r\n'
        f"Content-Type: {mime}\r\n\r\n"
    )
    return head.encode() + body + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
