"""What a picture in a mail says of itself. Only its header is read; nothing is decoded, so a bomb stays harmless."""

import io
import warnings

import pi_heif  # type: ignore[import-untyped]  # ships no type information
from PIL import Image

from files.exif import NOTHING, Proposal, read_proposal

TIMEZONE = "Asia/Ho_Chi_Minh"

# Formats whose metadata Pillow reads without decoding a pixel.
FORMATS = {"image/jpeg": "JPEG", "image/heic": "HEIF", "image/heif": "HEIF"}

LARGEST = 25 * 1024 * 1024

pi_heif.register_heif_opener()


def proposal(body: bytes, mime: str) -> Proposal:
    """Time and place, or nothing for whatever cannot be read."""
    kind = FORMATS.get(mime)
    if kind is None or len(body) > LARGEST:
        return NOTHING
    try:
        with warnings.catch_warnings():
            # Its size is of no matter here: a huge picture is not decoded.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(body), formats=[kind]) as picture:
                return read_proposal(picture, timezone=TIMEZONE)
    # Pillow and libheif raise whatever they like over damaged files.
    except Exception:
        return NOTHING
