"""When two reports are about the same matter, and when two pictures are the same one (schema `duplicates`)."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.model import MediaKind, Place
from core.report import Attachment, Report
from normalizer.media import dhash
from pipeline import alike
from storage.recent import Recent, Traces

NOWHERE = Place()
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def index(text: str) -> bytes:
    return hash(text).to_bytes(8, "big", signed=True)


def report(text: str = "đèn đường tắt ba đêm nay", place: Place = NOWHERE, **more: object) -> Report:
    known = Report(
        report_id="r1", profile="tien-giang", channel="zalo", account="a", contact_id="c", category="den_duong",
        report_type="phan_anh", level="thuong", agency="", description=text, raw_text=(text,), place=place,
        submitted_at=AT,
    )  # fmt: skip
    return replace(known, **more)  # type: ignore[arg-type]  # fields of the report, by name


def traces(text: str = "đèn đường tắt ba đêm nay", place: Place = NOWHERE, **more: object) -> Traces:
    return alike.traces(report(text, place, **more), 1, index, AT)


def known(text: str = "đèn đường tắt ba đêm nay", place: Place = NOWHERE) -> Recent:
    one = traces(text, place)
    return Recent("r0", "TG-1", one.ward_code, one.lat, one.lon, one.matter, one.place)


HERE = Place(lat=10.3598, lon=106.3654)
NEAR = Place(lat=10.3608, lon=106.3654)
FAR = Place(lat=10.3628, lon=106.3654)
STREET = Place(text="trước số 20 Nguyễn Huệ", ward_code="28300")


@pytest.mark.parametrize(
    ("own", "other", "same"),
    [
        pytest.param(HERE, NEAR, True, id="111 metres apart, 150 allowed"),
        pytest.param(HERE, FAR, False, id="334 metres apart"),
        pytest.param(STREET, Place(text="20 nguyen hue", ward_code="28300"), True, id="the same street, toneless"),
        pytest.param(STREET, Place(text="20 Nguyễn Huệ", ward_code="28301"), False, id="another ward's street"),
        pytest.param(STREET, Place(text="chợ Vòng Nhỏ", ward_code="28300"), False, id="another place of the ward"),
        pytest.param(STREET, Place(ward_code="28300"), False, id="only the ward is known"),
    ],
)
def test_the_same_place_is_near_enough_or_named_alike(own: Place, other: Place, same: bool) -> None:
    """R-BN-33, R-HN-16: what `radius_m` says, where both have a point."""
    assert bool(alike.same_matter(traces(place=own), [known(place=other)], 150)) is same


def test_the_radius_is_the_profiles() -> None:
    assert alike.same_matter(traces(place=HERE), [known(place=FAR)], 400) == "TG-1"


def test_another_matter_at_the_same_address_is_not_the_same() -> None:
    other = known("chủ nhà hát karaoke tới khuya, ồn không ngủ được", STREET)

    assert alike.same_matter(traces(place=STREET), [other], 150) == ""


def test_words_are_kept_as_digests_that_need_the_key() -> None:
    kept = traces("Nguyễn Văn An bị đánh").matter

    assert all(isinstance(number, int) for number in kept)
    assert kept != alike.traces(report("Nguyễn Văn An bị đánh"), 1, lambda text: index(f"other {text}"), AT).matter


# --- pictures -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=alike.SAME_PICTURE))
def test_the_same_picture_is_always_found_by_one_of_its_bands(bits: int, flipped: set[int]) -> None:
    changed = bits
    for position in flipped:
        changed ^= 1 << position
    one, other = alike.bands(f"{bits:016x}"), alike.bands(f"{changed:016x}")
    if one and other:
        assert set(one) & set(other)


@pytest.mark.parametrize("picture", ["0" * 16, "f" * 16, "0000000000000001", ""])
def test_an_empty_wall_is_nobodys_picture(picture: str) -> None:
    assert alike.bands(picture) == []


def photo(seed: int) -> Image.Image:
    """A scene of overlapping shapes, different for each seed."""
    picture = Image.effect_noise((1200, 900), 40).convert("RGB")
    draw = ImageDraw.Draw(picture)
    number = seed * 7919 + 13
    for _ in range(14):
        number = (number * 1103515245 + 12345) % 2**31
        x, y = number % 1100, number // 1100 % 800
        colour = (number % 256, number // 256 % 256, number // 65536 % 256)
        draw.ellipse((x - 180, y - 140, x + 180, y + 140), fill=colour)
    return picture


def jpeg(picture: Image.Image, quality: int, scale: float = 1) -> Image.Image:
    small = picture.resize((round(picture.width * scale), round(picture.height * scale)))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


@pytest.mark.parametrize("seed", range(8))
def test_a_picture_survives_what_chats_do_to_it(seed: int) -> None:
    """R-HN-16: compressed, made smaller, and twice over."""
    original = photo(seed)
    name = dhash(original)
    for changed in (
        jpeg(original, 60),
        jpeg(original, 75, 0.25),
        jpeg(original, 75, 0.8),
        jpeg(jpeg(original, 70, 0.5), 60),
    ):
        own = traces(attachments=(Attachment(kind=MediaKind.IMAGE, source_key="k", dhash=dhash(changed)),))
        assert alike.reused(own, [(name, "HN-1")]) == ["HN-1"]


def test_different_pictures_are_not_taken_for_the_same() -> None:
    names = [dhash(photo(seed)) for seed in range(12)]
    for number, name in enumerate(names):
        own = traces(attachments=(Attachment(kind=MediaKind.IMAGE, source_key="k", dhash=name),))
        assert alike.reused(own, [(other, "HN-1") for n, other in enumerate(names) if n != number]) == []


def test_a_film_is_recognised_byte_by_byte() -> None:
    film = Attachment(kind=MediaKind.VIDEO, source_key="k", sha256="ab" * 32)
    own = traces(attachments=(film,))

    assert own.pictures and alike.reused(own, [("ab" * 32, "HN-1")]) == ["HN-1"]
    assert alike.reused(own, [("cd" * 32, "HN-1")]) == []
