"""What five regulations demand: every row has a test that cites it, or a reason; and the page says so."""

from pathlib import Path

from tools.make_requirements import citations, ids_in, page, reasons, rows

ROOT = Path(__file__).parents[2]
OURS = {row.id for row in rows() if row.owner != "store"}


def test_every_row_of_ours_is_held_or_says_why_not() -> None:
    assert sorted(OURS - citations().keys() - reasons().keys()) == []


def test_a_row_that_is_held_needs_no_excuse() -> None:
    assert sorted(reasons().keys() & citations().keys()) == []


def test_nobody_cites_a_row_that_does_not_exist() -> None:
    assert sorted((citations().keys() | reasons().keys()) - {row.id for row in rows()}) == []


def test_ranges_are_spelt_out() -> None:
    assert list(ids_in("R-BN-14…16, R-TG-05")) == ["R-BN-14", "R-BN-15", "R-BN-16", "R-TG-05"]


def test_the_page_is_that_of_the_tests() -> None:
    """Run tools/make_requirements.py > docs/requirements.md after a change of tests."""
    assert (ROOT / "docs" / "requirements.md").read_text("utf-8") == page()
