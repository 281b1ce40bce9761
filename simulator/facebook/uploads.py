"""Files that the Page sends: uploaded with a message or before it, kept under an id for 90 days."""

import hashlib
import ipaddress
from urllib.parse import urlsplit

from simulator import media
from simulator.config import FacebookConfig
from simulator.facebook.call import Call, Upload
from simulator.facebook.cdn import Cdn
from simulator.facebook.content import Content
from simulator.facebook.errors import GraphError, bad
from simulator.world import StoredFile, World

LIFE = 90 * 86_400.0
MAX_BYTES = 25 * 1024 * 1024


class Uploads:
    def __init__(self, config: FacebookConfig, world: World, cdn: Cdn) -> None:
        self._config, self._world, self._cdn = config, world, cdn

    def file(self, content: Content, call: Call) -> StoredFile | None:
        """What the message shows. None: a picture on a public address, which nobody here fetches."""
        if content.attachment_id:
            return self._known(content.attachment_id)
        if content.url:
            return self._fetched(content.url)
        if call.file is None:
            raise bad("Param message[attachment][payload] must have a url, an attachment_id or a file", 2018047)
        return self._kept(content.media, call.file)

    def remember(self, file: StoredFile) -> str:
        """The id under which it can be sent again."""
        attachment_id = str(1_600_000_000_000_000 + int(hashlib.sha256(file.id.encode()).hexdigest()[:12], 16))
        self._world.remember(f"facebook.attachment.{attachment_id}", [file.id, self._world.clock.now() + LIFE])
        return attachment_id

    def _known(self, attachment_id: str) -> StoredFile:
        file_id, until = self._world.state.get(f"facebook.attachment.{attachment_id}", ("", 0.0))
        if self._world.clock.now() >= until:
            raise bad("Invalid attachment ID", 2018074)
        return self._world.files[file_id]

    def _fetched(self, url: str) -> StoredFile | None:
        """Meta fetches from public addresses only, so what lies on a private network is out of its reach."""
        if self._cdn.is_ours(url):
            return self._world.files.get(urlsplit(url).path.split("/")[-2])
        host = urlsplit(url).hostname or ""
        try:
            public = ipaddress.ip_address(host).is_global
        except ValueError:
            public = "." in host
        if not public or not url.startswith(("https://", "http://")):
            raise bad("Failed to fetch the file from the url", 2018008)
        return None

    def _kept(self, kind: str, upload: Upload) -> StoredFile:
        if len(upload.content) > MAX_BYTES:
            raise bad("The attachment exceeds the size limit", 2018109)
        if not upload.content or (kind == "image" and media.size_of(upload.content) is None):
            raise GraphError(100, "(#100) Upload attachment failure.", subcode=2018047)
        return media.keep(self._world, upload.content, upload.name)
