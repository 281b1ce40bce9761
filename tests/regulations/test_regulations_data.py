"""Whatever a file says is what happens: numbers and labels live in the profile and nowhere else."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulations.calendar import deadlines_for, due, lock_until
from regulations.loader import load
from regulations.model import Profile

START = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))

per_example = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
labels = st.text(st.characters(categories=["L", "Nd", "Zs"]), min_size=1, max_size=30)


def changed(folder: Path, toml: str, province: str) -> Profile:
    file = folder / "extra.toml"
    file.write_text(toml, "utf-8")
    return load(province, extra=file)


@per_example
@given(amount=st.integers(1, 60))
def test_the_amount_of_a_limit_decides_when_it_ends(tmp_path: Path, amount: int) -> None:
    profile = changed(tmp_path, f'[[deadlines]]\nid = "xu_ly"\namount = {amount}', "tien-giang")
    [clock] = [clock for clock in deadlines_for(profile, "unit.received", START) if clock.id == "xu_ly"]
    assert clock.due == due(START, amount, "working_day", profile.calendar)


@per_example
@given(days=st.integers(1, 90), threshold=st.integers(1, 9))
def test_the_numbers_of_a_sanction_are_the_files(tmp_path: Path, days: int, threshold: int) -> None:
    toml = f'[[sanctions]]\nid = "vi_pham_lien_tiep"\nlock_days = {days}\nthreshold = {threshold}'
    row = changed(tmp_path, toml, "ha-noi").sanctions["vi_pham_lien_tiep"]
    assert (lock_until(START, row.lock_days) - START).days == days and row.threshold == threshold


@per_example
@given(amount=st.integers(1, 30), unit=st.sampled_from(["working_day", "calendar_day", "working_hour"]))
def test_a_citizens_window_is_the_files(tmp_path: Path, amount: int, unit: str) -> None:
    toml = f'[[followups]]\nkind = "clarify"\nwindow_amount = {amount}\nwindow_unit = "{unit}"'
    profile = changed(tmp_path, toml, "ha-noi")
    row = profile.followups["clarify"]
    end = due(START, row.window_amount, row.window_unit, profile.calendar, citizen=True)
    assert end == due(START, amount, unit, load("ha-noi").calendar, citizen=True)


@per_example
@given(label=labels)
def test_a_label_is_the_files(tmp_path: Path, label: str) -> None:
    toml = f'[[categories]]\nid = "rac_thai"\nlabel = "{label}"\n[[fields]]\nid = "name"\nlabel = "{label}"'
    profile = changed(tmp_path, toml, "tien-giang")
    assert profile.categories["rac_thai"].label == profile.fields["name"].label == label


@pytest.mark.parametrize(
    ("report_type", "category", "need"),
    [
        ("phan_anh", "giao_thong", "required"),
        ("hoi_dap", "", "optional"),
        ("phan_anh", "bao_hiem", "optional"),
    ],
)
def test_a_category_or_a_report_type_changes_what_is_needed(report_type: str, category: str, need: str) -> None:
    assert load("tien-giang").fields["location"].need_for(report_type, category) == need


def test_the_categorys_word_wins_over_the_report_types(tmp_path: Path) -> None:
    toml = (
        '[[fields]]\nid = "media"\nneed_by_type = { phan_anh = "required" }\nneed_by_category = { y_te = "optional" }'
    )
    field = changed(tmp_path, toml, "tien-giang").fields["media"]
    assert (field.need_for("phan_anh", "y_te"), field.need_for("phan_anh", "rac_thai")) == ("optional", "required")


def test_a_field_is_in_force_only_where_all_its_conditions_hold(tmp_path: Path) -> None:
    tax = load("thanh-hoa").fields["tax_code"]  # Đ7.2
    assert tax.in_force(topics=["thue"]) and not tax.in_force()
    behalf = load("thanh-hoa").fields["behalf_name"]  # Đ7.7
    assert behalf.in_force(on_behalf=True) and not behalf.in_force()
    toml = '[[fields]]\nid = "media"\nwhen = { channel = ["zalo"], sender = ["person"], category = ["y_te"] }'
    media = changed(tmp_path, toml, "tien-giang").fields["media"]
    assert media.in_force(channel="zalo", sender="person", category="y_te")
    assert not media.in_force(channel="email", sender="person", category="y_te")
    assert not media.in_force(channel="zalo", sender="organization", category="y_te")
    assert not media.in_force(channel="zalo", sender="person", category="rac_thai")
    business = load("bac-ninh").fields["org_name"]
    assert business.in_force(report_type="doanh_nghiep") and not business.in_force(report_type="hien_truong")


def test_a_profile_can_key_a_cache() -> None:
    first, second = load("tien-giang"), load("tien-giang")
    assert first != second and len({first, second, first}) == 2
