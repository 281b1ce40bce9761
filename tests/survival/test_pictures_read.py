"""What a picture says of itself is told to the dialog once its file is there."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import ExifTags, Image

from core.events import InboundMessage, PlatformEvent
from core.model import Delivery, Media, MediaKind, MediaRef
from pipeline.lanes import pause
from tests.survival.houses import Platform, house


def photo() -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Apple"
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLatitude] = "N", (10.0, 21.0, 35.28)
    gps[ExifTags.GPS.GPSLongitudeRef], gps[ExifTags.GPS.GPSLongitude] = "E", (106.0, 21.0, 55.44)
    out = io.BytesIO()
    Image.effect_noise((320, 240), 60).convert("RGB").save(out, "JPEG", exif=exif)
    return out.getvalue()


@dataclass
class Camera(Platform):
    """Each message brings the same photo as a file."""

    def parse(self, delivery: Delivery) -> list[PlatformEvent]:
        files = (MediaRef(kind=MediaKind.FILE, key="doc1", name="IMG_1.jpg", mime="image/jpeg"),)
        events = super().parse(delivery)
        return [replace(event, media=files) if isinstance(event, InboundMessage) else event for event in events]

    async def fetch(self, media: MediaRef) -> Media:
        return Media(body=photo(), mime="image/jpeg", name="IMG_1.jpg")


async def test_the_place_in_a_file_is_proposed(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    async with house(tmp_path, fresh_database(), pause=pause, platform=Camera()) as opened:
        await opened.hear("an", "đèn đường tắt ba đêm nay, tối om")
        await opened.wait_for("select 1 from events where kind = 'PictureRead'")
        await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")

        said = [text for _, text in opened.platform.sent]
        assert len(said) == 1 and "10.35980, 106.36540" in said[0]
