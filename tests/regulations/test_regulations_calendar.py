"""Working time as the decisions count it. Dates are written as a clerk would; Vietnam is seven hours ahead of UTC."""

import dataclasses
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulations.calendar import deadlines_for, due, is_working_day, lock_until, working_windows
from regulations.loader import load
from regulations.model import Calendar, Profile

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")

# 24/11/2026 (Tuesday) is a public holiday, 22/08/2026 (Saturday) is worked in exchange for Monday 31/08.
VECTORS = [
    ("bac-ninh", "Đ8* xử lý", "2026-11-16 09:00", 7, "calendar_day", False, "2026-11-23 23:59:59"),
    ("bac-ninh", "Đ8* xử lý", "2026-11-17 23:50", 7, "calendar_day", False, "2026-11-24 23:59:59"),
    ("bac-ninh", "Đ8* xử lý", "2027-01-30 08:00", 7, "calendar_day", False, "2027-02-06 23:59:59"),
    ("vinh-long", "Đ6.2/7.2", "2026-11-20 16:00", 2, "working_hour", False, "2026-11-23 08:00:00"),
    ("vinh-long", "Đ6.2/7.2", "2026-11-21 10:00", 2, "working_hour", False, "2026-11-23 09:00:00"),
    ("vinh-long", "Đ6.2/7.2", "2026-11-20 10:30", 2, "working_hour", False, "2026-11-20 14:30:00"),
    ("vinh-long", "Đ8.3 xử lý", "2026-11-20 16:00", 6, "working_day", False, "2026-12-01 17:00:00"),
    ("vinh-long", "Đ9.2", "2026-11-23 09:00", 1, "working_day", False, "2026-11-25 17:00:00"),
    ("vinh-long", "Đ10.1", "2026-11-25 15:30", 4, "working_hour", False, "2026-11-26 09:30:00"),
    ("ha-noi", "Đ7.2.d tiếp nhận", "2026-11-20 16:30", 8, "working_hour", False, "2026-11-23 16:30:00"),
    ("ha-noi", "Đ6.2.d xác minh", "2026-11-20 11:30", 4, "working_hour", False, "2026-11-20 16:30:00"),
    ("ha-noi", "Đ7.2.d tiếp nhận", "2026-11-23 14:00", 8, "working_hour", False, "2026-11-25 14:00:00"),
    ("ha-noi", "Đ8.5 điều phối", "2026-11-25 08:15", 4, "working_hour", False, "2026-11-25 13:15:00"),
    ("ha-noi", "Đ8.5 khẩn", "2026-11-21 22:10", 4, "working_hour", False, "2026-11-23 12:00:00"),
    ("ha-noi", "Đ8.5 thường", "2026-11-20 10:00", 7, "working_day", False, "2026-12-02 17:00:00"),
    ("ha-noi", "Đ8.5 phức tạp", "2026-11-20 10:00", 15, "working_day", False, "2026-12-14 17:00:00"),
    ("ha-noi", "Đ8.5 phức tạp gia hạn", "2026-11-20 10:00", 30, "working_day", False, "2027-01-05 17:00:00"),
    ("ha-noi", "Đ13 cửa sổ dân", "2026-11-19 15:00", 2, "calendar_day", True, "2026-11-23 23:59:59"),
    ("ha-noi", "Đ13 cửa sổ dân", "2026-11-20 15:00", 2, "calendar_day", True, "2026-11-23 23:59:59"),
    ("ha-noi", "Đ13 cửa sổ dân", "2026-11-22 15:00", 2, "calendar_day", True, "2026-11-25 23:59:59"),
    ("ha-noi", "Đ13 trả lời", "2026-11-23 20:00", 2, "working_day", False, "2026-11-26 17:00:00"),
    ("thanh-hoa", "Đ11 tiếp nhận", "2026-11-20 17:00", 2, "working_day", False, "2026-11-25 17:30:00"),
    ("thanh-hoa", "Đ11 tiếp nhận", "2026-11-22 08:00", 2, "working_day", False, "2026-11-25 17:30:00"),
    ("thanh-hoa", "Đ11.1 xử lý", "2026-11-16 09:00", 10, "working_day", False, "2026-12-01 17:30:00"),
    ("thanh-hoa", "Đ11.1 phối hợp", "2026-11-20 09:00", 5, "working_day", False, "2026-11-30 17:30:00"),
    ("thanh-hoa", "Đ12.1", "2026-11-23 16:00", 1, "working_day", False, "2026-11-25 17:30:00"),
    ("thanh-hoa", "Đ13.1 cửa sổ dân", "2026-11-16 20:00", 10, "working_day", True, "2026-12-01 23:59:59"),
    ("thanh-hoa", "Đ13.1 trả lời", "2027-01-28 09:00", 10, "working_day", False, "2027-02-18 17:30:00"),
    ("tien-giang", "Đ9.1.a", "2026-11-20 16:30", 2, "working_hour", False, "2026-11-23 08:30:00"),
    ("tien-giang", "Đ9.1.b xử lý", "2026-11-20 09:00", 5, "working_day", False, "2026-11-30 17:00:00"),
    ("tien-giang", "Đ9.1.b báo gia hạn", "2026-11-20 09:00", 3, "working_day", False, "2026-11-26 17:00:00"),
    ("tien-giang", "Đ9.1.d trả lại", "2026-11-23 09:00", 1, "working_day", False, "2026-11-25 17:00:00"),
    ("tien-giang", "Đ10.1", "2026-11-20 15:00", 4, "working_hour", False, "2026-11-23 09:00:00"),
    ("tien-giang", "Đ10.1", "2026-11-24 09:00", 4, "working_hour", False, "2026-11-25 11:00:00"),
    ("tien-giang", "Đ9.1.a (hoán đổi)", "2026-08-21 16:30", 2, "working_hour", False, "2026-08-22 08:30:00"),
]


@cache
def profile(name: str) -> Profile:
    return load(name)


def calendar(name: str = "tien-giang") -> Calendar:
    return profile(name).calendar


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HANOI)


@pytest.mark.parametrize(
    ("province", "start", "amount", "unit", "citizen", "end"),
    [pytest.param(p, start, *rest, id=f"{p} {clause} {start}") for p, clause, start, *rest in VECTORS],
)
def test_a_limit_ends_when_the_decision_says(
    province: str, start: str, amount: int, unit: str, citizen: bool, end: str
) -> None:
    assert due(at(start), amount, unit, calendar(province), citizen=citizen) == at(end)


def test_there_are_35_vectors() -> None:
    assert len(VECTORS) == 35


def test_a_lock_ends_to_the_second_after_30_times_24_hours() -> None:
    assert lock_until(at("2026-11-20 09:00"), 30) == at("2026-12-20 09:00")  # ha-noi Đ27.2


def test_the_zone_of_the_event_does_not_matter() -> None:
    start = at("2026-11-20 16:30")
    assert due(start.astimezone(UTC), 2, "working_hour", calendar()) == due(start, 2, "working_hour", calendar())


def test_an_event_at_night_utc_is_counted_on_the_local_day() -> None:
    # 17/11 18:00 UTC is 18/11 01:00 in Hà Nội.
    end = due(datetime(2026, 11, 17, 18, tzinfo=UTC), 1, "calendar_day", calendar())
    assert end == at("2026-11-19 23:59:59")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        due(datetime(2026, 11, 20, 9), 1, "working_day", calendar())


@pytest.mark.parametrize("unit", ["none", "external", "fortnight"])
def test_a_unit_without_a_number_has_no_end(unit: str) -> None:
    with pytest.raises(ValueError, match="no end"):
        due(at("2026-11-20 09:00"), 1, unit, calendar())


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        due(at("2026-11-20 09:00"), -1, "working_day", calendar())


def test_hours_that_fill_the_day_end_at_its_close_and_not_at_the_next_opening() -> None:
    assert due(at("2026-11-20 15:00"), 2, "working_hour", calendar()) == at("2026-11-20 17:00")


def test_hours_that_start_at_lunch_run_from_the_next_opening() -> None:
    assert due(at("2026-11-20 11:30"), 1, "working_hour", calendar()) == at("2026-11-20 14:00")


def test_hours_that_start_at_the_close_run_from_the_next_opening() -> None:
    assert due(at("2026-11-20 17:00"), 1, "working_hour", calendar()) == at("2026-11-23 08:00")


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        pytest.param(date(2026, 2, 17), False, id="first day of Tết 2026"),
        pytest.param(date(2027, 2, 10), False, id="fifth day of Tết 2027"),
        pytest.param(date(2026, 4, 27), False, id="Giỗ Tổ moved from Sunday"),
        pytest.param(date(2026, 8, 31), False, id="swapped with 22/08"),
        pytest.param(date(2026, 8, 22), True, id="the Saturday worked for 31/08"),
        pytest.param(date(2026, 11, 24), False, id="Ngày Văn hóa Việt Nam"),
        pytest.param(date(2026, 11, 21), False, id="an ordinary Saturday"),
        pytest.param(date(2026, 11, 23), True, id="an ordinary Monday"),
        pytest.param(date(2025, 4, 26), True, id="the Saturday worked for 02/05/2025"),
        pytest.param(date(2025, 5, 2), False, id="swapped with 26/04/2025"),
    ],
)
def test_public_holidays_and_swapped_days_are_known(day: date, worked: bool) -> None:
    assert is_working_day(day, calendar()) is worked


def test_the_operators_days_win_over_the_countrys() -> None:
    # 02/01/2026 was swapped with Saturday 10/01/2026 by a notice that the package does not know.
    notice = dataclasses.replace(
        calendar(),
        holidays=frozenset({date(2026, 1, 2), date(2026, 8, 22)}),
        makeup_working_days=frozenset({date(2026, 1, 10)}),
        not_holidays=frozenset({date(2026, 11, 24)}),
    )
    days = [date(2026, 1, 2), date(2026, 1, 10), date(2026, 8, 22), date(2026, 11, 24)]
    assert [is_working_day(day, notice) for day in days] == [False, True, False, True]


def test_a_day_made_up_for_another_has_mondays_hours() -> None:
    windows = working_windows(date(2026, 8, 22), calendar())
    assert [(start.time(), end.time()) for start, end in windows] == [
        (time(7), time(11)),
        (time(13), time(17)),
    ]


def test_a_calendar_without_a_country_knows_only_its_own_days() -> None:
    assert is_working_day(date(2026, 11, 24), dataclasses.replace(calendar(), country=""))


def test_an_unknown_country_is_named() -> None:
    with pytest.raises(ValueError, match="'XX'"):
        is_working_day(date(2026, 11, 24), dataclasses.replace(calendar(), country="XX"))


def test_where_the_start_day_counts_the_limit_is_one_day_shorter() -> None:
    counting = dataclasses.replace(calendar(), count_start_day=True)
    start = at("2026-11-16 09:00")
    assert due(start, 5, "working_day", counting) == at("2026-11-20 17:00")
    assert due(start, 7, "calendar_day", counting) == at("2026-11-22 23:59:59")


def test_an_agencys_calendar_day_limit_rolls_only_where_the_profile_says_so() -> None:
    rolling = dataclasses.replace(calendar(), roll_agency_deadline="next_working_day")
    start = at("2026-11-14 09:00")
    assert due(start, 7, "calendar_day", calendar()) == at("2026-11-21 23:59:59")
    assert due(start, 7, "calendar_day", rolling) == at("2026-11-23 23:59:59")


moments = st.datetimes(datetime(2024, 1, 1), datetime(2029, 12, 1)).map(lambda moment: moment.replace(tzinfo=HANOI))
units = st.sampled_from(["working_hour", "working_day", "calendar_day"])


@given(moments, st.integers(1, 60), units, st.booleans())
def test_a_longer_limit_never_ends_earlier(start: datetime, amount: int, unit: str, citizen: bool) -> None:
    shorter = due(start, amount, unit, calendar(), citizen=citizen)
    assert start < shorter <= due(start, amount + 1, unit, calendar(), citizen=citizen)


@given(moments, st.integers(1, 60), units)
def test_a_later_start_never_ends_earlier(start: datetime, amount: int, unit: str) -> None:
    assert due(start, amount, unit, calendar()) <= due(start + timedelta(hours=5), amount, unit, calendar())


@given(moments, st.integers(1, 60), st.sampled_from(["working_hour", "working_day"]))
def test_a_limit_in_working_time_ends_in_working_time(start: datetime, amount: int, unit: str) -> None:
    end = due(start, amount, unit, calendar())
    assert any(opening < end <= closing for opening, closing in working_windows(end.date(), calendar()))


def clocks(province: str, event: str, **more: object) -> dict[str, str]:
    found = deadlines_for(profile(province), event, at("2026-11-20 09:00"), **more)  # type: ignore[arg-type]  # keywords
    return {clock.id: "" if clock.due is None else f"{clock.due:%Y-%m-%d %H:%M}" for clock in found}


def test_an_event_starts_the_clocks_of_its_level() -> None:
    assert clocks("tien-giang", "report.received") == {"phan_phoi": "2026-11-20 11:00"}  # Đ9.1.a
    assert set(clocks("tien-giang", "report.received", level="khan")) == {"phan_phoi", "khan"}


def test_an_event_starts_the_clocks_of_its_report_type() -> None:
    assert clocks("ha-noi", "unit.received") == {"xu_ly_thuong": "2026-12-02 17:00"}  # Đ8.5
    found = clocks("ha-noi", "unit.received", report_type="lang_phi", level="khan")
    assert found == {"lang_phi_khan": "2026-11-20 14:00"}  # Đ10.4


def test_a_conditional_clock_starts_only_when_its_condition_is_known() -> None:
    assert "bao_gia_han" not in clocks("tien-giang", "unit.received")  # Đ9.1.b
    found = clocks("tien-giang", "unit.received", conditions={"needs_more_time"})
    assert found["bao_gia_han"] == "2026-11-26 17:00"


def test_a_limit_set_elsewhere_runs_without_an_end() -> None:
    found = clocks("ha-noi", "report.received", report_type="quy_dinh_hanh_chinh")
    assert found["quy_dinh_hanh_chinh"] == ""  # Đ5.3


def test_a_clock_is_stopped_by_any_of_its_events() -> None:
    [clock] = [
        clock
        for clock in deadlines_for(profile("ha-noi"), "report.received", at("2026-11-20 09:00"))
        if clock.id == "tiep_nhan"
    ]
    stops = [clock.ends_with(name) for name in ("report.accepted", "report.refused", "result.sent")]
    assert stops == [True, True, False]


def test_importing_the_calendar_does_not_import_every_country() -> None:
    script = (
        "import sys; from datetime import date;"
        "from regulations.loader import load; from regulations.calendar import is_working_day;"
        "assert 'holidays' not in sys.modules; is_working_day(date(2026, 11, 24), load('tien-giang').calendar);"
        "assert 'holidays.countries' not in sys.modules and 'holidays' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
