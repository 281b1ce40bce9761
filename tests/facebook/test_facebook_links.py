"""Places in links of maps, without asking anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.facebook.links import is_link, place_in, place_of
from core.model import Place

HERE = Place(lat=21.186111, lon=106.076389)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/maps?q=21.186111,106.076389",
        "https://maps.google.com/maps?q=loc:21.186111,106.076389&z=17",
        "https://www.google.com/maps/search/?api=1&query=21.186111%2C106.076389",
        "https://www.google.com/maps/@21.186111,106.076389,17z",
        "https://www.google.com.vn/maps/place/Ch%E1%BB%A3/@21.2,106.1,17z/data=!3m1!4b1!3d21.186111!4d106.076389",
        "https://www.google.com/maps/place/21.186111,+106.076389/",
        "https://www.google.com/maps/dir/?api=1&destination=21.186111,106.076389",
        "https://maps.apple.com/?ll=21.186111,106.076389&q=Pin",
        "https://maps.apple.com/place?coordinate=21.186111,106.076389",
        "https://www.bing.com/maps?cp=21.186111~106.076389&lvl=16",
        "https://bing.com/maps/default.aspx?sp=point.21.186111_106.076389_Here",
        "https://www.bing.com/maps?where1=21.186111,106.076389",
        "https://www.openstreetmap.org/?mlat=21.186111&mlon=106.076389#map=17/21.2/106.1",
        "https://www.openstreetmap.org/#map=17/21.186111/106.076389",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fmaps.google.com%2F%3Fq%3D21.186111%252C106.076389&h=AT0",
        "geo:21.186111,106.076389?z=17",
    ],
)
def test_a_map_link_tells_its_place(url: str) -> None:
    assert place_of(url) == HERE
    assert place_in(f"Ở đây: {url}\nnhé") == HERE
    assert is_link(f" {url} ")


@pytest.mark.parametrize(
    "text",
    [
        "https://maps.app.goo.gl/abc",
        "https://www.google.com/maps?q=12,34 Trần Hưng Đạo",
        "https://www.google.com/maps?q=Ch%E1%BB%A3+%C4%90%E1%BB%8D",
        "https://www.google.com/maps?q=121.186111,206.076389",
        "https://www.google.com/maps?q=0.00,0.00",
        "https://evil.example/maps?q=21.186111,106.076389",
        "https://google.com.evil.example/@21.186111,106.076389",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dx",
        "https://[::1/?q=21.186111,106.076389",
        "Giá 21.186111,106.076389 đồng",
        "",
    ],
)
def test_what_tells_no_place_is_none(text: str) -> None:
    assert place_in(text) is None


@given(text=st.text(max_size=100))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    place_in(text)
    place_in(f"https://www.google.com/maps?q={text}")
    place_in(f"https://l.facebook.com/l.php?u={text}")
