"""Files of ours on their way to Zalo: made to fit, uploaded once, remembered while Zalo keeps them. zalo: uploads."""

import asyncio
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from PIL import Image, ImageOps

from channels.zalo import outgoing
from channels.zalo.api import Api
from channels.zalo.attachments import part_of, text_of
from core.errors import Refused, Unknown
from core.model import MediaKind, OutboundMedia
from core.ports import Blobs

IMAGE_LIMIT = 1_000_000
SHRINK_ABOVE = 900_000
"""Zalo refuses images above 1 MB; those near it are written anew."""
GIF_LIMIT = FILE_LIMIT = 5_000_000
_KEPT = timedelta(days=6)  # Zalo keeps uploads for seven days at most.
_REMEMBERED = 512
_MOST_PIXELS = 60_000_000
_STEPS = ((2560, 85), (2048, 80), (1600, 75), (1280, 70), (960, 60), (640, 50))

_FILES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "csv": "text/csv",
}


@dataclass(frozen=True, slots=True)
class _Upload:
    id: str
    until: datetime
    size: tuple[int, int] = (0, 0)


class Uploads:
    """Turns our files into Zalo messages. Raises one of the five `SendError`s."""

    def __init__(self, api: Api, *, blobs: Blobs, now: Callable[[], datetime]) -> None:
        self._api, self._blobs, self._now = api, blobs, now
        self._done: dict[tuple[str, str], _Upload] = {}

    async def message_for(self, media: OutboundMedia, caption: str = "") -> dict[str, Any]:
        """A message that shows `media`. Only pictures can carry the caption."""
        match media.kind:
            case MediaKind.IMAGE:
                done = await self._uploaded(media)
                return (
                    outgoing.gif(done.id, *done.size, caption) if any(done.size) else outgoing.image(done.id, caption)
                )
            case MediaKind.FILE:
                return outgoing.file((await self._uploaded(media)).id)
            case MediaKind.AUDIO | MediaKind.VIDEO:
                raise Refused("Zalo không cho OA gửi âm thanh hoặc video", code="media_kind")

    def forget(self, media: OutboundMedia) -> None:
        """Zalo says the upload is gone."""
        self._done.pop((media.blob, media.kind), None)

    async def _uploaded(self, media: OutboundMedia) -> _Upload:
        key = (media.blob, str(media.kind))
        known = self._done.get(key)
        if known is not None and known.until > self._now():
            return known
        try:
            body = await self._blobs.get(media.blob)
        except KeyError as error:
            raise Refused("tệp không còn trong kho", code="blob") from error
        done = await (self._file(body, media) if media.kind is MediaKind.FILE else self._image(body, media))
        while len(self._done) >= _REMEMBERED:
            del self._done[next(iter(self._done))]
        self._done[key] = done
        return done

    async def _image(self, body: bytes, media: OutboundMedia) -> _Upload:
        stem = PurePath(media.name).stem or "image"
        if body[:6] in {b"GIF87a", b"GIF89a"} and len(body) <= GIF_LIMIT:
            data = await self._api.upload("/v2.0/oa/upload/gif", body, name=f"{stem}.gif", mime="image/gif")
            return self._kept(data, "attachment_id", await asyncio.to_thread(_size, body))
        fitted, extension, mime = await asyncio.to_thread(fit_image, body)
        data = await self._api.upload("/v2.0/oa/upload/image", fitted, name=f"{stem}.{extension}", mime=mime)
        return self._kept(data, "attachment_id")

    async def _file(self, body: bytes, media: OutboundMedia) -> _Upload:
        extension = PurePath(media.name).suffix.lower().removeprefix(".")
        if extension not in _FILES:
            raise Refused("Zalo chỉ nhận tệp PDF, DOC, DOCX, CSV", code="file_type")
        if len(body) > FILE_LIMIT:
            raise Refused("tệp lớn hơn 5 MB", code="file_size")
        data = await self._api.upload("/v2.0/oa/upload/file", body, name=media.name, mime=_FILES[extension])
        return self._kept(data, "token")

    def _kept(self, data: object, field: str, size: tuple[int, int] = (0, 0)) -> _Upload:
        key = text_of(part_of(data).get(field))
        if not key:
            raise Unknown("Zalo nhận tệp nhưng không cho mã tệp")
        return _Upload(key, self._now() + _KEPT, size)


def fit_image(body: bytes) -> tuple[bytes, str, str]:
    """A picture as Zalo takes it: the bytes, their extension and type. Raises `Refused` for what is no picture.

    JPEG and PNG of at most 900 kB pass untouched; all else becomes an upright JPEG in the largest size that fits.
    """
    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise Refused("ảnh quá lớn để xử lý", code="image_pixels")
            if picture.format in {"JPEG", "PNG"} and len(body) <= SHRINK_ABOVE:
                return (body, "jpg", "image/jpeg") if picture.format == "JPEG" else (body, "png", "image/png")
            return _shrunk(picture), "jpg", "image/jpeg"
    # Pillow reports bombs as its own error or warning, and broken files as OSError, ValueError or SyntaxError.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError, SyntaxError) as error:
        raise Refused("tệp không phải là ảnh đọc được", code="image") from error


def _shrunk(picture: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in {"RGBA", "LA", "P"}:
        layer = upright.convert("RGBA")
        upright = Image.new("RGB", layer.size, "white")
        upright.paste(layer, mask=layer.getchannel("A"))
    upright = upright.convert("RGB")
    for side, quality in _STEPS:
        upright.thumbnail((side, side))
        out = io.BytesIO()
        upright.save(out, "JPEG", quality=quality, optimize=True)
        if out.tell() <= SHRINK_ABOVE:
            return out.getvalue()
    raise Refused("ảnh không thu nhỏ được dưới 1 MB", code="image_size")


def _size(body: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(body)) as picture:
            return picture.width, picture.height
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError, SyntaxError) as error:
        raise Refused("tệp không phải là ảnh đọc được", code="image") from error
