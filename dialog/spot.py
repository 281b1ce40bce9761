"""A point that was sent, and the communes it may lie in."""

from dataclasses import replace

from dialog.reading import spots
from dialog.reading.model import Ward
from dialog.state import WardOption
from dialog.turn import Turn


def inside(turn: Turn, lat: float, lon: float, code: str = "") -> bool:
    """Whether the point can be the place; asked about once where it lies outside the area (`location.outside_area`).

    `code`: the commune that the operator's boundaries say it lies in. Where no words are taken for the place there is
    nothing to ask: the point stands as it is.
    """
    if not turn.profile.location.accept_text:
        return True
    provinces = turn.profile.regulation.provinces_now
    ward = spots.ward_of(code) if code else None
    outside = ward.province not in provinces if ward else spots.near(lat, lon, tuple(provinces))[1]
    if not outside:
        return True
    if "outside_area" in turn.form.settled:
        turn.flag("outside_area")
        return True
    turn.settle("outside_area")
    turn.note(turn.line("outside_area", province=", ".join(provinces)))
    return False


def propose_ward(turn: Turn, code: str = "") -> None:
    """The commune of the point: filled in where boundaries say so, else the nearest ones are offered with the summary.

    Either way the citizen reads it before they send.
    """
    place = turn.form.draft.place
    if place is None or place.lat is None or place.lon is None or place.ward_new or turn.form.wards:
        return
    if not turn.profile.location.accept_text:
        return
    provinces = tuple(turn.profile.regulation.provinces_now)
    ward = spots.ward_of(code) if code else None
    if ward and ward.province in provinces:
        turn.update_draft(place=replace(place, ward_new=ward.name, ward_code=ward.code))
        turn.update_form(near=())
    else:
        turn.update_form(near=tuple(map(_option, spots.near(place.lat, place.lon, provinces)[0])))


def _option(ward: Ward) -> WardOption:
    return WardOption(new=ward.name, code=ward.code, province=ward.province)


def offered(turn: Turn) -> tuple[WardOption, ...]:
    """The communes to choose from with the summary."""
    place = turn.form.draft.place
    return turn.form.near if place and place.lat is not None and not place.ward_new else ()
