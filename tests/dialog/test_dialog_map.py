"""A point that was sent: which commune it may lie in, and what the citizen is asked about it."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.events import InboundMessage
from core.model import Peer, Place
from dialog import waiting_for
from dialog.reading import spots
from dialog.reading.boundaries import Boundaries
from tests.dialog.conftest import NOON

Talks = Callable[..., Any]
MY_THO = {"lat": 10.3598, "lon": 106.3654}
HA_NOI = {"lat": 21.0278, "lon": 105.8342}
MATTER = "đèn đường tắt ba đêm nay, tối om, tôi tên Lê Thị An, 0912 345 678"


def to_summary(talk: Talks, code: str = "") -> tuple[Any, str]:
    conversation = talk()
    peer = Peer(channel="zalo", account="rehearsal", user="citizen")
    place = Place(lat=MY_THO["lat"], lon=MY_THO["lon"], ward_code=code)
    conversation.happens(InboundMessage(peer=peer, external_id="p", sent_at=NOON, place=place))
    answer = conversation.says(MATTER)
    if waiting_for(conversation.stage.state) == "address":
        answer = conversation.says("12 Lê Lợi, Mỹ Tho")
    assert waiting_for(conversation.stage.state) == "confirm"
    return conversation, answer


def test_the_nearest_communes_are_offered_with_the_summary(talk: Talks) -> None:
    """A pin is enough for a place: the ward is offered, never asked for besides (D07)."""
    conversation, summary = to_summary(talk)

    assert "phường Mỹ Tho" in summary
    assert [choice.key for choice in conversation.stage.state.choices][-2:] == ["ward:0", "ward:1"]
    assert conversation.stage.state.form.draft.place.ward_new == ""


@pytest.mark.parametrize(
    "content", [{"button": "ward:1"}, {"text": "phường Đạo Thạnh"}, {"text": "dao thanh"}], ids=str
)
def test_one_of_them_is_taken_when_the_citizen_says_so(talk: Talks, content: dict[str, str]) -> None:
    conversation, _ = to_summary(talk)

    answer = conversation.says(**content)

    place = conversation.stage.state.form.draft.place
    assert (place.ward_new, place.ward_code, place.lat) == ("phường Đạo Thạnh", "28249", MY_THO["lat"])
    assert "Đạo Thạnh" in answer and waiting_for(conversation.stage.state) == "confirm"


def test_nobody_is_kept_from_sending_without_a_commune(talk: Talks) -> None:
    conversation, _ = to_summary(talk)
    conversation.says("gửi")

    (draft,) = conversation.reports
    assert draft.place.lat == MY_THO["lat"] and draft.place.ward_new == ""


def test_what_the_boundaries_say_is_shown_for_confirmation(talk: Talks) -> None:
    conversation, summary = to_summary(talk, "28273")

    assert "phường Mỹ Phong" in summary and "ở gần" not in summary
    assert conversation.stage.state.form.draft.place.ward_code == "28273"


def test_a_point_in_another_province_is_asked_about_once(talk: Talks) -> None:
    """`outside_area = ask_then_flag`."""
    conversation = talk()
    conversation.says("đèn đường tắt ba đêm nay, tối om")

    assert "Đồng Tháp" in conversation.says(location=HA_NOI)
    assert waiting_for(conversation.stage.state) == "location"
    conversation.says(location=HA_NOI)
    assert "outside_area" in conversation.stage.state.form.draft.flags
    assert conversation.stage.state.form.draft.place.lat == HA_NOI["lat"]


def test_a_look_at_the_map_is_quick() -> None:
    spots.near(21.0, 105.8, ("Hà Nội",))
    began = time.perf_counter()
    for number in range(100):
        spots.near(21.0 + number / 1000, 105.8, ("Hà Nội",))

    assert time.perf_counter() - began < 0.2


# --- boundaries -----------------------------------------------------------------------------------------------------


def square(west: float, south: float, side: float) -> list[list[float]]:
    east, north = west + side, south + side
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


COMMUNES: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [
        {
            "id": "00001",
            "geometry": {"type": "Polygon", "coordinates": [square(105, 20, 1), square(105.4, 20.4, 0.2)]},
        },
        {
            "properties": {"code": "00002"},
            "geometry": {"type": "MultiPolygon", "coordinates": [[square(105.4, 20.4, 0.2)], [square(107, 20, 1)]]},
        },
    ],
}


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [(20.1, 105.1, "00001"), (20.5, 105.5, "00002"), (20.5, 107.5, "00002"), (20.5, 106.5, ""), (0, 0, "")],
)
def test_a_point_lies_in_one_area_also_where_that_has_holes(lat: float, lon: float, code: str) -> None:
    assert Boundaries(COMMUNES).at(lat, lon) == code


def test_a_file_of_boundaries_is_read(tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    path.write_text(json.dumps(COMMUNES), encoding="utf-8")

    assert Boundaries.read(path).at(20.1, 105.1) == "00001"


@pytest.mark.parametrize(
    "wrong", [{}, {"features": []}, {"features": [{"id": "1", "geometry": {"type": "Point", "coordinates": []}}]}, []]
)
def test_anything_else_is_named_at_the_start(wrong: Any) -> None:
    with pytest.raises(ValueError, match="area"):
        Boundaries(wrong)
