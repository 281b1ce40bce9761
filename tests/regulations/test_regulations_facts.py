"""Rules as a legal officer reads them: nothing left out, nothing unnamed, our defaults marked."""

import dataclasses
from pathlib import Path

import pytest

from regulations import loader
from regulations.facts import Fact, differences, facts, side_by_side
from regulations.headings import KEYS, TABLES
from regulations.model import Profile
from tools.make_regulation_pages import pages

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "regulations"
PROFILES = loader.load_all()


def test_every_table_of_a_profile_has_a_heading() -> None:
    scalars = {"schema_version", "id", "name", "locale", "timezone", "warnings"}
    assert {name.partition(".")[0] for name in TABLES} == {
        field.name for field in dataclasses.fields(Profile)
    } - scalars


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_fact_has_a_name_in_vietnamese_and_a_source(profile: Profile) -> None:
    every = facts(profile, words=True)
    assert {part for fact in every for part in fact.key.split(".")} <= KEYS.keys()
    assert [fact.place for fact in every if not fact.source] == []


def test_a_profile_differs_from_itself_nowhere() -> None:
    one = PROFILES["tien-giang"]
    assert differences(one, one, words=True, texts=True) == []


def test_a_changed_amount_is_the_only_difference(tmp_path: Path) -> None:
    """R-TG-67, Đ19.2: what changes in the file is what changes."""
    extra = tmp_path / "extra.toml"
    extra.write_text('[duplicates]\nwindow_days = 44\nsrc = { window_days = "Đ99" }\n', "utf-8")
    found = differences(PROFILES["tien-giang"], loader.load("tien-giang", extra=extra))
    assert [(one.table, one.key, one.right and one.right.value) for one in found] == [
        ("duplicates", "window_days", "44")
    ]


def test_a_row_that_only_one_province_has_is_told_once() -> None:
    found = differences(PROFILES["ha-noi"], PROFILES["bac-ninh"])
    cccd = [one for one in found if (one.table, one.row) == ("fields", "cccd") and one.right is None]
    assert len(cccd) <= 1
    assert side_by_side(PROFILES["ha-noi"], PROFILES["bac-ninh"], found)[0].startswith("ha-noi")


def test_what_the_decision_does_not_say_is_marked_as_ours() -> None:
    fact = Fact(table="intake", row="", key="voice", value="", source="Đ8; end not in regulation: default")
    assert fact.is_ours
    assert not dataclasses.replace(fact, source="Đ8").is_ours


def test_the_pages_are_those_of_the_profiles() -> None:
    """Run tools/make_regulation_pages.py after a change of a profile."""
    assert {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")} == pages()
