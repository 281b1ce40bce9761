"""Files of citizens: verified by content, and for pictures a public copy that gives nothing away.

The original is the pipeline's to keep. What leaves here may be published: turned upright, re-encoded, no metadata.
"""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import pi_heif  # type: ignore[import-untyped]  # the package ships no types
from PIL import Image, ImageOps, UnidentifiedImageError

from core.model import Media, MediaKind, MediaRef
from core.report import Attachment
from files.exif import NOTHING, Proposal, doubts, read_proposal
from files.sniff import JPEG, FileType, is_archive, sniff
from regulations.model import Profile

pi_heif.register_heif_opener()

Reason: TypeAlias = Literal[
    "empty", "too_large", "archive", "wrong_type", "picture_bomb", "truncated", "unreadable"
]  # fmt: skip
REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        "empty": "Tệp không có nội dung. Ông/Bà vui lòng gửi lại.",
        "too_large": "Tệp lớn hơn {mb} MB nên không nhận được. Ông/Bà vui lòng gửi tệp nhỏ hơn.",
        "archive": "Hệ thống không nhận tệp nén. Ông/Bà vui lòng gửi từng ảnh hoặc tài liệu ({types}).",
        "wrong_type": "Loại tệp này không được nhận. Ông/Bà vui lòng gửi một trong các loại: {types}.",
        "picture_bomb": "Ảnh có kích thước quá lớn nên không mở được. Ông/Bà vui lòng gửi ảnh nhỏ hơn.",
        "truncated": "Ảnh bị thiếu dữ liệu, có thể do gửi chưa xong. Ông/Bà vui lòng gửi lại.",
        "unreadable": "Ảnh không mở được. Ông/Bà vui lòng gửi ảnh khác.",
    }
)

# The decoder that the content asks for, and no other, gets to see the bytes.
_DECODERS = {"jpg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "heic": "HEIF", "avif": "AVIF"}


class MediaRefused(Exception):
    """The file cannot be taken. `reason` is a word for the journal, `text` is what the citizen reads."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(reason)
        self.reason, self.text = reason, text


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    types: frozenset[str]
    """Allowed kinds as file name endings, lower case, without the dot."""
    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 50_000_000
    public_side: int = 2560
    """Longest side of the public copy in pixels."""
    thumbnail_side: int = 320
    timezone: str = "Asia/Ho_Chi_Minh"
    """Of cameras that write the local time without saying where."""


def limits_of(profile: Profile) -> MediaLimits:
    return MediaLimits(
        types=frozenset(profile.media.types),
        max_bytes=profile.media.max_mb_each * 1024 * 1024,
        timezone=profile.timezone,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrubbed:
    """A file that was checked. `body` is the public copy; of films, sounds and documents it is the file as it came."""

    kind: MediaKind
    mime: str
    ext: str
    body: bytes
    sha256: str
    """Of `body`, lower-case hex."""
    original_sha256: str
    dhash: str = ""
    width: int = 0
    height: int = 0
    """Pixels of the picture as it came, upright."""
    thumbnail: bytes = b""
    """A small JPEG, pictures only."""
    proposal: Proposal = NOTHING
    marks: tuple[str, ...] = ()
    """What makes a picture doubtful: `edited`, `screenshot`, `no_exif`."""

    def attachment(self, *, source_key: str, url: str = "", name: str = "") -> Attachment:
        return Attachment(
            kind=self.kind,
            source_key=source_key,
            sha256=self.sha256,
            mime=self.mime,
            name=name,
            size=len(self.body),
            url=url,
            dhash=self.dhash,
            taken_at=self.proposal.taken_at,
            lat=self.proposal.lat,
            lon=self.proposal.lon,
        )


def problem_attachment(ref: MediaRef, problem: str) -> Attachment:
    """A file that is not there: kept in the report with the reason, so that staff can ask for it again."""
    return Attachment(
        kind=ref.kind, source_key=ref.key, mime=ref.mime, name=ref.name, size=ref.size or 0, problem=problem
    )


def scrub(media: Media, *, limits: MediaLimits) -> Scrubbed:
    """Check a fetched file and make its public copy. Costs CPU: call it off the event loop. Raises `MediaRefused`."""
    body = media.body
    found = sniff(body)
    if not body:
        raise _refused("empty", limits)
    if len(body) > limits.max_bytes:
        raise _refused("too_large", limits)
    if is_archive(body):
        raise _refused("archive", limits)
    if found is None or not _allowed(found, limits):
        raise _refused("wrong_type", limits)
    digest = hashlib.sha256(body).hexdigest()
    if found.kind is MediaKind.IMAGE:
        return _picture(body, found, digest, limits)
    return Scrubbed(kind=found.kind, mime=found.mime, ext=found.ext, body=body, sha256=digest, original_sha256=digest)


def _allowed(found: FileType, limits: MediaLimits) -> bool:
    # A voice message has no kind that anybody chose: it stays with the report for staff, whatever the profile lists.
    listed = found.ext in limits.types or (found is JPEG and "jpeg" in limits.types)
    return listed or found.kind is MediaKind.AUDIO


def _refused(reason: Reason, limits: MediaLimits) -> MediaRefused:
    types = ", ".join(sorted(limits.types - {"jpeg"}))
    return MediaRefused(reason, REASONS[reason].format(mb=limits.max_bytes // (1024 * 1024), types=types))


def _picture(body: bytes, found: FileType, digest: str, limits: MediaLimits) -> Scrubbed:
    try:
        with Image.open(io.BytesIO(body), formats=[_DECODERS[found.ext]]) as opened:
            # Only the header has been read so far.
            if opened.width * opened.height > limits.max_pixels:
                raise _refused("picture_bomb", limits)
            proposal, size = read_proposal(opened, timezone=limits.timezone), opened.size
            marks = doubts(opened)
            # A JPEG is decoded at a half, quarter or eighth where that is enough: 50 million pixels take 150 MB.
            opened.draft("RGB", (limits.public_side, limits.public_side))
            opened.load()
            upright = _flat(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("picture_bomb", limits) from None
    except UnidentifiedImageError:
        raise _refused("unreadable", limits) from None
    except OSError as error:
        raise _refused("truncated" if "truncated" in str(error) else "unreadable", limits) from None
    except (ValueError, SyntaxError, IndexError, TypeError, EOFError, MemoryError, RuntimeError):
        # Pillow's decoders raise all of these for files made to break them.
        raise _refused("unreadable", limits) from None
    public = _jpeg(upright, limits.public_side, quality=88)
    width, height = size if (size[0] < size[1]) == (upright.width < upright.height) else size[::-1]
    return Scrubbed(
        kind=MediaKind.IMAGE,
        mime=JPEG.mime,
        ext=JPEG.ext,
        body=public,
        sha256=hashlib.sha256(public).hexdigest(),
        original_sha256=digest,
        dhash=dhash(upright),
        width=width,
        height=height,
        thumbnail=_jpeg(upright, limits.thumbnail_side, quality=75),
        proposal=proposal,
        marks=marks,
    )


def _flat(picture: Image.Image) -> Image.Image:
    """One frame in plain RGB; what was transparent becomes white."""
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    ground = Image.new("RGBA", layered.size, "white")
    return Image.alpha_composite(ground, layered).convert("RGB")


def _jpeg(picture: Image.Image, side: int, *, quality: int) -> bytes:
    small = picture.copy()
    small.thumbnail((side, side))
    # A picture carries its EXIF, comments and colour profile along in `info`: only pixels may be saved.
    small.info.clear()
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality)
    return out.getvalue()


def dhash(picture: Image.Image) -> str:
    """64-bit difference hash as 16 hex digits: is each of 8×8 cells darker than its right neighbour?"""
    grey = picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = (grey[row * 9 + x] < grey[row * 9 + x + 1] for row in range(8) for x in range(8))
    return f"{int(''.join('01'[bit] for bit in bits), 2):016x}"


def distance(one: str, other: str) -> int:
    """How many of the 64 bits of two dHashes differ: up to 5 the same picture, up to 10 much alike."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
