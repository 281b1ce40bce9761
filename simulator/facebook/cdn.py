"""Where attachments lie: addresses that are signed and expire (facebook: attachments)."""

import hashlib
import hmac
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from simulator.config import SimulatorConfig
from simulator.world import Json, StoredFile, World


class Cdn:
    def __init__(self, config: SimulatorConfig, world: World) -> None:
        self._config, self._world = config.facebook, world
        self._base = f"{config.base_url}/facebook/cdn"

    def url(self, file: StoredFile) -> str:
        """`oh` signs, `oe` is the end in hexadecimal seconds."""
        until = f"{int(self._world.clock.now() + self._config.cdn_life):X}"
        return f"{self._base}/{file.id}/{quote(file.name)}?oh={self._signed(file.id, until)}&oe={until}"

    def shown(self, file: StoredFile) -> Json:
        return {"url": self.url(file), "name": file.name, "mime": file.mime, "size": file.size, "file": file.id}

    def is_ours(self, url: str) -> bool:
        return url.startswith(self._base + "/")

    def answer(self, request: Request, path: str) -> Response:
        """What lies below `/cdn`; no token is asked for."""
        file = self._world.files.get(path.split("/")[2])
        until, sign = request.query_params.get("oe", ""), request.query_params.get("oh", "")
        if file is None:
            return Response("Not Found", 404, media_type="text/plain")
        if not hmac.compare_digest(sign.encode(), self._signed(file.id, until).encode()):
            return Response("URL signature mismatch", 403, media_type="text/plain")
        if self._world.clock.now() >= int(until, 16):
            return Response("URL signature expired", 403, media_type="text/plain")
        return Response(file.content, media_type=file.mime)

    def _signed(self, file_id: str, until: str) -> str:
        key = self._config.app_secret.encode()
        return "00_" + hmac.new(key, f"{file_id}:{until}".encode(), hashlib.sha256).hexdigest()[:24]
