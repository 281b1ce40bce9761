"""Photos that come inside a request: only pixels are kept. open311 check: photos without EXIF."""

import io

from PIL import Image, ImageOps

from case_store.errors import bad

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 50_000_000
MIME = "image/jpeg"


def cleaned(body: bytes) -> bytes:
    """The picture upright as a JPEG without metadata. Raises `Rejected` for anything that is no picture."""
    try:
        with Image.open(io.BytesIO(body), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise bad("media", "Ảnh có kích thước quá lớn.")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise bad("media", "Ảnh có kích thước quá lớn.") from None
    except (OSError, ValueError, SyntaxError, IndexError, TypeError, EOFError):
        raise bad("media", "Tệp gửi kèm không phải là ảnh đọc được (jpg, png, webp).") from None
    upright.info.clear()
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=88)
    return out.getvalue()
