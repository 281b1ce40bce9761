"""Files of citizens: real type, no metadata outside, no picture that breaks the house."""

import io
import struct
import zlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pi_heif  # type: ignore[import-untyped]  # the package ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageDraw, ImageEnhance

from core.model import Media, MediaKind, MediaRef
from normalizer.media import REASONS, MediaLimits, MediaRefused, distance, limits_of, problem_attachment, scrub
from regulations.loader import load

LIMITS = limits_of(load("tien-giang"))


def a_photo(width: int = 640, height: int = 480, *, mode: str = "RGB") -> Image.Image:
    """A scene with gradients and shapes, so that hashes have something to hold on to."""
    picture = Image.linear_gradient("L").resize((width, height)).convert(mode)
    draw = ImageDraw.Draw(picture)
    draw.ellipse((width // 8, height // 8, width // 3, height // 2), fill="white")
    draw.rectangle((width // 2, height // 2, width - 20, height - 30), fill="black")
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def exif(*, orientation: int = 1, offset: str = "") -> Image.Exif:
    written = Image.Exif()
    written[ExifTags.Base.Orientation] = orientation
    written[ExifTags.Base.Artist] = "Nguyễn Văn An"
    detail = written.get_ifd(ExifTags.IFD.Exif)
    detail[ExifTags.Base.DateTimeOriginal] = "2026:11:19 20:15:00"
    if offset:
        detail[ExifTags.Base.OffsetTimeOriginal] = offset
    gps = written.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef] = "N"
    gps[ExifTags.GPS.GPSLatitude] = (10.0, 21.0, 36.0)
    gps[ExifTags.GPS.GPSLongitudeRef] = "E"
    gps[ExifTags.GPS.GPSLongitude] = (106.0, 21.0, 0.0)
    return written


def refused(body: bytes, limits: MediaLimits = LIMITS) -> MediaRefused:
    with pytest.raises(MediaRefused) as caught:
        scrub(Media(body=body), limits=limits)
    return caught.value


def png_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes that promises `width` × `height` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


def test_the_public_copy_carries_no_metadata() -> None:
    body = encoded(a_photo(), exif=exif(), comment=b"Nha ong An", xmp=b"<x:xmpmeta/>")

    scrubbed = scrub(Media(body=body), limits=LIMITS)

    public = Image.open(io.BytesIO(scrubbed.body))
    assert not public.getexif()
    assert set(public.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert "Nguyễn".encode() not in scrubbed.body


def test_time_and_place_of_the_camera_are_proposals() -> None:
    proposal = scrub(Media(body=encoded(a_photo(), exif=exif())), limits=LIMITS).proposal

    assert proposal.taken_at == datetime(2026, 11, 19, 20, 15, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    assert (proposal.lat, proposal.lon) == (10.36, 106.35)


def test_a_camera_that_knows_its_zone_is_believed() -> None:
    proposal = scrub(Media(body=encoded(a_photo(), exif=exif(offset="+00:00"))), limits=LIMITS).proposal

    assert proposal.taken_at is not None
    assert proposal.taken_at.isoformat() == "2026-11-19T20:15:00+00:00"


def test_a_photo_lying_on_its_side_is_turned_upright() -> None:
    scrubbed = scrub(Media(body=encoded(a_photo(640, 480), exif=exif(orientation=6))), limits=LIMITS)

    assert (scrubbed.width, scrubbed.height) == (480, 640)


def test_the_name_of_a_file_is_not_believed() -> None:
    scrubbed = scrub(Media(body=encoded(a_photo(), "PNG"), mime="image/jpeg", name="anh.exe"), limits=LIMITS)

    assert (scrubbed.kind, scrubbed.ext, scrubbed.mime) == (MediaKind.IMAGE, "jpg", "image/jpeg")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_of_the_allowed_kinds_are_taken(kind: str) -> None:
    assert scrub(Media(body=encoded(a_photo(), kind)), limits=LIMITS).dhash


def test_an_iphone_photo_can_be_decoded() -> None:
    """Writing HEIC needs an encoder that we do not ship: the decoder's registration is what is checked."""
    pi_heif.register_heif_opener()

    assert Image.registered_extensions()[".heic"] == "HEIF"


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))

    public = Image.open(io.BytesIO(scrub(Media(body=encoded(clear, "PNG")), limits=LIMITS).body))

    assert public.getpixel((32, 32)) == (255, 255, 255)


def test_a_large_photo_is_made_smaller_for_the_public() -> None:
    scrubbed = scrub(Media(body=encoded(a_photo(4000, 3000))), limits=LIMITS)

    assert Image.open(io.BytesIO(scrubbed.body)).size == (2560, 1920)
    assert max(Image.open(io.BytesIO(scrubbed.thumbnail)).size) == 320
    assert (scrubbed.width, scrubbed.height) == (4000, 3000)


def test_a_large_photo_on_its_side_keeps_its_measures_upright() -> None:
    scrubbed = scrub(Media(body=encoded(a_photo(6000, 4000), exif=exif(orientation=8))), limits=LIMITS)

    assert (scrubbed.width, scrubbed.height) == (4000, 6000)
    assert Image.open(io.BytesIO(scrubbed.body)).height == 2560


def test_a_picture_bomb_is_refused_before_it_is_decoded() -> None:
    assert refused(png_of(30_000, 30_000)).reason == "picture_bomb"


def test_a_picture_just_over_the_limit_is_refused() -> None:
    limits = MediaLimits(types=frozenset({"png"}), max_pixels=100)

    assert refused(encoded(Image.new("RGB", (11, 10)), "PNG"), limits).reason == "picture_bomb"


def test_a_truncated_photo_is_refused() -> None:
    assert refused(encoded(a_photo())[:-2000]).reason == "truncated"


def test_bytes_that_only_begin_like_a_photo_are_refused() -> None:
    assert refused(b"\xff\xd8\xff\xe0" + b"khong phai anh" * 20).reason == "unreadable"


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"Rar!\x1a\x07\x00", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08"])
def test_archives_are_refused(start: bytes) -> None:
    assert refused(start + b"\0" * 300).reason == "archive"


def test_a_program_is_refused_with_the_allowed_kinds() -> None:
    """R-TG-22: others are refused with the allowed list."""
    error = refused(b"MZ\x90\x00" + b"\0" * 300)

    assert error.reason == "wrong_type"
    assert "jpg" in error.text
    assert "pdf" in error.text


def test_a_kind_the_profile_does_not_list_is_refused() -> None:
    assert refused(encoded(a_photo(), "GIF")).reason == "wrong_type"


def test_a_voice_message_is_kept_although_no_profile_lists_sounds() -> None:
    """D24: every profile asks for text, and the voice stays attached for staff."""
    scrubbed = scrub(Media(body=b"OggS\x00\x02" + bytes(40)), limits=LIMITS)

    assert (scrubbed.kind, scrubbed.mime) == (MediaKind.AUDIO, "audio/ogg")


def test_an_empty_file_is_refused() -> None:
    assert refused(b"").reason == "empty"


def test_a_file_over_the_size_is_refused_with_the_size() -> None:
    error = refused(b"%PDF-" + b"x" * LIMITS.max_bytes)

    assert error.reason == "too_large"
    assert "25 MB" in error.text


def test_every_reason_has_its_sentence() -> None:
    assert all(text[0].isupper() and text.endswith((".", "}.")) for text in REASONS.values())


def test_a_document_is_hashed_and_left_alone() -> None:
    body = b"%PDF-1.7\n" + b"noi dung"

    scrubbed = scrub(Media(body=body), limits=LIMITS)

    assert (scrubbed.kind, scrubbed.mime, scrubbed.body) == (MediaKind.FILE, "application/pdf", body)
    assert scrubbed.sha256 == scrubbed.original_sha256


@pytest.mark.parametrize(("brand", "ext"), [(b"isom", "mp4"), (b"qt  ", "mov")])
def test_films_are_known_by_their_brand(brand: bytes, ext: str) -> None:
    assert scrub(Media(body=b"\0\0\0\x18ftyp" + brand + b"\0" * 40), limits=LIMITS).ext == ext


def test_the_same_photo_recompressed_is_the_same_picture() -> None:
    """dHash 8×8: up to 5 of 64 bits is the same picture, two different photos begin at 16."""
    photo = a_photo()
    again = ImageEnhance.Brightness(photo.resize((320, 240))).enhance(1.05)

    one, other = (scrub(Media(body=encoded(item, quality=60)), limits=LIMITS).dhash for item in (photo, again))

    assert distance(one, other) <= 5


def test_another_photo_is_another_picture() -> None:
    one = scrub(Media(body=encoded(a_photo())), limits=LIMITS).dhash
    other = scrub(Media(body=encoded(a_photo().rotate(180))), limits=LIMITS).dhash

    assert distance(one, other) > 10


def test_an_attachment_tells_what_is_known() -> None:
    scrubbed = scrub(Media(body=encoded(a_photo(), exif=exif())), limits=LIMITS)

    attachment = scrubbed.attachment(source_key="k", url="https://tiepnhan.example.vn/m/1", name="anh.jpg")

    assert (attachment.size, attachment.sha256) == (len(scrubbed.body), scrubbed.sha256)
    assert attachment.lat == 10.36


def test_a_refused_file_stays_listed_with_its_reason() -> None:
    ref = MediaRef(kind=MediaKind.FILE, key="k", name="a.zip", size=9)

    assert problem_attachment(ref, "archive").problem == "archive"


# Pillow warns about the broken EXIF that this test writes.
@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.binary(max_size=200), st.integers(0, 400))
@settings(max_examples=80, deadline=None)
def test_no_bytes_break_it(noise: bytes, at: int) -> None:
    whole = encoded(Image.new("RGB", (32, 24), "red"), exif=exif())
    for body in (noise, whole[:at] + noise + whole[at + len(noise) :]):
        try:
            scrub(Media(body=body), limits=LIMITS)
        except MediaRefused as error:
            assert error.text
