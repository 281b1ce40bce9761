"""Places in links of maps, without asking anybody, and in bare coordinates."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.maps import is_link, place_in, place_of, spot_in
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


LINK = "https://maps.google.com/?q=21.186111,106.076389"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (LINK, ""),
        (f"Chợ Giàu\n{LINK}", "Chợ Giàu"),
        (f"1. {LINK}\n2. Trần Lan", "2. Trần Lan"),
        (f"Vị trí: {LINK}\n\nĐèn hỏng", "Đèn hỏng"),
        (f"Đèn hỏng\n\nỞ đây ({LINK}) ạ.\n\nXin cảm ơn", "Đèn hỏng\n\nỞ đây ạ.\n\nXin cảm ơn"),
        (f"Ổ gà ở {LINK}.", "Ổ gà ở ."),
        (f"{LINK} và https://maps.app.goo.gl/abc", "và https://maps.app.goo.gl/abc"),
        ("21.186111, 106.076389", ""),
        ("Toạ độ: 21.186111,106.076389\nĐèn hỏng", "Đèn hỏng"),
        ("Đèn hỏng\n(21.186111° N, 106.076389° E)", "Đèn hỏng"),
        ("Đèn hỏng tại 21.186111, 106.076389 trước chợ", "Đèn hỏng tại 21.186111, 106.076389 trước chợ"),
        ("Đèn hỏng tại 21.186111, 106.076389.", "Đèn hỏng tại 21.186111, 106.076389."),
        ("Xem https://vnexpress.net/a 21.186111 106.076389", "Xem https://vnexpress.net/a 21.186111 106.076389"),
    ],
)
def test_a_text_tells_its_place_and_keeps_its_other_words(text: str, rest: str) -> None:
    spot = spot_in(text)

    assert spot is not None
    assert (spot.place, spot.text) == (HERE, rest)


@pytest.mark.parametrize(
    "text",
    [
        "Giá 21.500, 106.300 đồng",
        "Tổng 121.186111, 106.076389",
        "48.858370, 102.294481",
        "21.186111, 6.076389",
        "https://evil.example/maps?q=21.186111,106.076389",
        "Mã 1.21.1861, 106.0763",
        "Số 12, đường 106",
        "",
    ],
)
def test_numbers_that_are_no_place_in_vietnam_are_none(text: str) -> None:
    assert spot_in(text) is None


@pytest.mark.parametrize("piece", ["-", " ", "10.12345 ", "(", "https://", "10.12345,106.12345 x ", f"{LINK[:30]} "])
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.process_time()
    spot_in(piece * (200_000 // len(piece)) + LINK)
    assert time.process_time() - began < 1.0


@given(text=st.text(max_size=100))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    place_in(text)
    assert spot_in(f"{text}\n{LINK}\n{text}") is not None
    place_in(f"https://www.google.com/maps?q={text}")
    place_in(f"https://l.facebook.com/l.php?u={text}")
