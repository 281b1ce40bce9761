"""What hangs on a message: pictures, stickers, pins, links."""

from typing import Any

import pytest

from core.events import InboundMessage
from core.model import MediaKind, MediaRef, Place
from tests.facebook.pages import heard, said

PICTURE = "https://scontent.xx.fbcdn.net/v/1.jpg?oe=65AABBCC"


def attached(*attachments: Any, **message: Any) -> InboundMessage:
    return heard(said(attachments=list(attachments), **message))


@pytest.mark.parametrize(
    "attachment",
    [
        {"type": "image", "payload": {"url": PICTURE, "sticker_id": 369239263222822}},
        {"type": "image", "payload": {"url": PICTURE}, "sticker_id": "369239263222822"},
        {"type": "sticker", "payload": {"url": PICTURE, "sticker_id": "369239343222814"}},
    ],
)
def test_a_like_is_a_sticker_and_never_a_picture_of_the_problem(attachment: Any) -> None:
    found = attached(attachment)

    assert (found.sticker, found.media) == ("👍", ())


def test_a_sticker_without_an_id_is_one_by_its_type() -> None:
    assert attached({"type": "sticker", "payload": {"url": PICTURE}}).sticker == "sticker"
    assert heard(said(sticker_id=56789012345678)).sticker == "56789012345678"


def test_a_stickers_picture_beside_it_is_not_taken_either() -> None:
    found = attached(
        {"type": "image", "payload": {"url": PICTURE}}, {"type": "sticker", "payload": {"url": PICTURE}}, text=None
    )

    assert (found.sticker, found.media) == ("sticker", ())


def test_a_picture_beside_words_and_a_sticker_is_kept() -> None:
    found = attached(
        {"type": "image", "payload": {"url": PICTURE}}, {"type": "sticker", "payload": {"sticker_id": 5}}, text="Đây"
    )

    assert (found.text, found.sticker, found.media) == ("Đây", "5", (MediaRef(kind=MediaKind.IMAGE, key=PICTURE),))


@pytest.mark.parametrize("bad", [None, 7, [], {}, {"type": 7}, {"type": "image"}, {"type": "image", "payload": None}])
def test_one_bad_attachment_never_spoils_words_and_pictures(bad: Any) -> None:
    found = attached(bad, {"type": "image", "payload": {"url": PICTURE}}, text="Đây")

    assert (found.text, len(found.media)) == ("Đây", 1)


@pytest.mark.parametrize("kind", ["appointment_booking", "hologram"])
def test_an_attachment_of_an_unknown_kind_is_told_to_the_citizen(kind: str) -> None:
    assert attached({"type": kind, "payload": {}}).unsupported == kind


@pytest.mark.parametrize("kind", ["reel", "ig_reel", "post", "ig_post", "fallback"])
def test_what_is_shared_is_told_by_its_words_and_address(kind: str) -> None:
    shared = {"type": kind, "payload": {"url": "https://www.facebook.com/x", "title": "Ngập"}}

    assert attached(shared).text == "Ngập\nhttps://www.facebook.com/x"


def test_an_old_link_has_its_words_beside_the_type() -> None:
    old = {"type": "fallback", "title": "Ngập", "url": "https://bacninh.gov.vn/a", "payload": None}

    assert attached(old).text == "Ngập\nhttps://bacninh.gov.vn/a"


def test_a_preview_adds_nothing_to_the_words_it_belongs_to() -> None:
    preview = {"type": "fallback", "payload": {"url": "https://bacninh.gov.vn/a", "title": "Ngập"}}

    assert attached(preview, text="xem https://bacninh.gov.vn/a").text == "xem https://bacninh.gov.vn/a"


@pytest.mark.parametrize("coordinates", [{"lat": 91, "long": 0}, {"lat": 1}, None, {"lat": "x", "long": 1}])
def test_a_pin_without_usable_coordinates_is_asked_for_again(coordinates: Any) -> None:
    found = attached({"type": "location", "payload": {"coordinates": coordinates}})

    assert (found.place, found.unsupported) == (None, "location")


def test_a_pins_title_is_no_address() -> None:
    pin = {"type": "location", "title": "Vị trí của An", "payload": {"coordinates": {"lat": 21.1, "long": 106.0}}}

    assert attached(pin).place == Place(lat=21.1, lon=106.0)


def test_a_map_link_alone_is_a_place_and_no_text() -> None:
    url = "https://www.google.com/maps?q=21.186111,106.076389"
    preview = {"type": "fallback", "payload": {"url": url, "title": "Google Maps"}}

    for found in (attached(preview, text=url), attached(preview), heard(said(text=url))):
        assert (found.place, found.text) == (Place(lat=21.186111, lon=106.076389), "")


def test_words_around_a_map_link_are_kept() -> None:
    found = heard(said(text="Chỗ này https://maps.apple.com/?ll=21.186111,106.076389 ạ"))

    assert found.place == Place(lat=21.186111, lon=106.076389)
    assert found.text.startswith("Chỗ này")
