"""What makes a picture doubtful as somebody's own (Hà Nội, `originality_check`): for staff, never a refusal."""

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import ExifTags, Image, PngImagePlugin

from core.model import Draft, Media, MediaKind, Peer
from core.report import Attachment, Report
from normalizer import normalize
from normalizer.media import limits_of, scrub
from regulations.loader import load

HANOI, NOON = load("ha-noi"), datetime(2026, 11, 20, 12, tzinfo=UTC)


def jpeg(*, software: str = "", make: str = "") -> Media:
    exif = Image.Exif()
    if software:
        exif[ExifTags.Base.Software] = software
    if make:
        exif[ExifTags.Base.Make] = make
    out = io.BytesIO()
    Image.effect_noise((640, 480), 60).convert("RGB").save(out, "JPEG", exif=exif)
    return Media(body=out.getvalue())


def png(size: tuple[int, int], **text: str) -> Media:
    info = PngImagePlugin.PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    out = io.BytesIO()
    Image.new("RGB", size, "gray").save(out, "PNG", pnginfo=info)
    return Media(body=out.getvalue())


@pytest.mark.parametrize(
    ("media", "marks"),
    [
        pytest.param(jpeg(make="Apple"), (), id="a phone's photo"),
        pytest.param(jpeg(make="samsung", software="Adobe Photoshop 25.0"), ("edited",), id="edited"),
        pytest.param(jpeg(make="samsung", software="S918BXXS5CXE3"), (), id="a phone's own software"),
        pytest.param(jpeg(), ("no_exif",), id="through a chat"),
        pytest.param(png((1170, 2532)), ("screenshot", "no_exif"), id="as large as a screen"),
        pytest.param(png((900, 700), Description="Screenshot"), ("screenshot", "no_exif"), id="says so"),
        pytest.param(png((900, 700)), ("no_exif",), id="any drawing"),
    ],
)
def test_a_picture_is_marked_by_what_it_says_of_itself(media: Media, marks: tuple[str, ...]) -> None:
    """R-HN-16."""
    assert scrub(media, limits=limits_of(HANOI)).marks == marks


def report(profile_id: str, **file: object) -> Report:
    known = replace(Attachment(kind=MediaKind.IMAGE, source_key="k"), **file)  # type: ignore[arg-type]  # by name
    return normalize(
        Draft(description="rác đổ đầy ngõ 5", confirmed_at=NOON), profile=load(profile_id), report_id="r",
        peer=Peer(channel="zalo", account="a", user="u"), contact_id="c", attachments=[known], now=NOON,
    )  # fmt: skip


def test_the_report_is_flagged_where_the_profile_wants_it() -> None:
    """R-HN-16: flagged for staff and submitted all the same."""
    assert report("ha-noi", marks=("edited",)).flags == ("media_edited",)
    assert report("tien-giang", marks=("edited",)).flags == ()


def test_an_old_picture_is_marked() -> None:
    days = HANOI.duplicates.window_days

    assert "media_old" in report("ha-noi", taken_at=NOON - timedelta(days=days + 1)).flags
    assert report("ha-noi", taken_at=NOON - timedelta(days=days - 1)).flags == ()


def test_that_a_chat_took_the_cameras_data_out_is_no_flag() -> None:
    assert report("ha-noi", marks=("no_exif",)).flags == ()
    assert report("ha-noi", marks=("no_exif",), name="IMG_1.jpg").flags == ("media_no_exif",)
