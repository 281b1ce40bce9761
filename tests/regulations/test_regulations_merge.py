"""How a province's file is laid over what all share, as regulations/README.md promises its authors."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulations.lines import find_line, line_index
from regulations.loader import load
from regulations.merge import lay_over, settle
from regulations.model import Profile

ErrorsWith = Callable[..., list[str]]
WithLines = Callable[..., Profile]

LEVEL = 'label = "A"\nsrc = "Đ1"'


def test_a_key_of_the_province_wins_and_the_others_stay(with_lines: WithLines) -> None:
    before, after = (
        load("tien-giang").fields["phone"],
        with_lines('[[fields]]\nid = "phone"\nlabel = "Số máy"').fields["phone"],
    )
    assert after.label == "Số máy"
    assert (after.ask, after.need, after.src) == (before.ask, before.need, before.src)


def test_sources_merge_key_by_key(with_lines: WithLines) -> None:
    sources = with_lines('[intake]\nsrc = { voice = "Đ99" }').intake.src
    assert sources["voice"] == "Đ99" and sources["languages"] == "Đ5.1.a"


def test_other_inline_tables_are_replaced_as_a_whole(with_lines: WithLines) -> None:
    field = with_lines('[[fields]]\nid = "location"\nneed_by_type = { hoi_dap = "ask_once" }').fields["location"]
    assert field.need_by_type == {"hoi_dap": "ask_once"}


def test_a_new_row_stands_behind_the_row_written_before_it(with_lines: WithLines) -> None:
    profile = with_lines(
        f'[[levels]]\nid = "thuong"\n[[levels]]\nid = "gap"\n{LEVEL}\n[[levels]]\nid = "rat_gap"\n{LEVEL}'
    )
    assert list(profile.levels) == ["thuong", "gap", "rat_gap", "khan"]


def test_a_new_row_with_none_before_it_comes_last(with_lines: WithLines) -> None:
    assert list(with_lines(f'[[levels]]\nid = "gap"\n{LEVEL}').levels) == ["thuong", "khan", "gap"]


def test_before_moves_a_row(with_lines: WithLines) -> None:
    profile = with_lines('[[fields]]\nid = "phone"\nbefore = "name"')
    names = list(profile.fields)
    assert names.index("phone") + 1 == names.index("name")


@pytest.mark.parametrize("target", ["nobody", "phone"])
def test_a_row_is_not_put_before_one_that_is_not_there(errors_with: ErrorsWith, target: str) -> None:
    [error] = errors_with(f'[[fields]]\nid = "phone"\nbefore = "{target}"')
    assert f"không có dòng «{target}»" in error


def test_remove_takes_an_inherited_row_away(with_lines: WithLines) -> None:
    assert "org_name" not in with_lines('[[fields]]\nid = "org_name"\nremove = true').fields


def test_what_is_not_there_is_not_removed(errors_with: ErrorsWith) -> None:
    [error] = errors_with('[[fields]]\nid = "nobody"\nremove = true')
    assert "không có dòng «nobody»" in error


def test_words_are_added_to_an_inherited_list(with_lines: WithLines) -> None:
    before = load("tien-giang").emergencies["chay"].kw
    assert with_lines('[[emergencies]]\nid = "chay"\nkw_add = ["cháy ghe"]').emergencies["chay"].kw == (
        *before,
        "cháy ghe",
    )


def test_words_are_taken_from_an_inherited_list(with_lines: WithLines) -> None:
    words = with_lines('[[categories]]\nid = "giao_thong"\nkw_remove = ["taxi"]').categories["giao_thong"].kw
    assert "taxi" not in words and "ổ gà" in words


def test_a_word_that_is_not_there_is_not_taken_away(errors_with: ErrorsWith) -> None:
    [error] = errors_with('[[emergencies]]\nid = "chay"\nkw_remove = ["cháy túi"]')
    assert "không có cụm từ «cháy túi»" in error


def test_a_list_of_ones_own_replaces_the_inherited_one(with_lines: WithLines) -> None:
    assert with_lines('[[emergencies]]\nid = "chay"\nkw = ["cháy"]').emergencies["chay"].kw == ("cháy",)


def test_additions_of_two_files_add_up(tmp_path: Path) -> None:
    base = {"commands": [{"id": "help", "kw": ["a"]}]}
    province = lay_over(base, {"commands": [{"id": "help", "kw_add": ["b"]}]}, [])
    operator = lay_over(province, {"commands": [{"id": "help", "kw_add": ["c"], "kw_remove": ["a"]}]}, [])
    assert settle(operator, [])["commands"] == [{"id": "help", "kw": ["b", "c"]}]


def test_a_shared_word_list_reaches_every_row_that_takes_it(with_lines: WithLines) -> None:
    profile = with_lines('[[words]]\nid = "thu_tuc"\nkw_add = ["hộ tịch"]')
    assert "hộ tịch" in profile.categories["thu_tuc_hanh_chinh"].kw
    assert "hộ tịch" in profile.report_types["quy_dinh_tthc"].kw


def test_a_phrase_is_listed_once(with_lines: WithLines) -> None:
    words = with_lines('[[categories]]\nid = "rac_thai"\nkw_add = ["rác", "rác"]').categories["rac_thai"].kw
    assert words.count("rác") == 1


def test_the_shared_part_is_never_changed_by_a_province() -> None:
    before = load("bac-ninh").emergencies["chay"]
    assert load("tien-giang").emergencies["chay"].action != before.action
    assert load("bac-ninh").emergencies["chay"] == before


tables = st.dictionaries(
    st.sampled_from("abc"),
    st.lists(
        st.fixed_dictionaries({"id": st.sampled_from("pqrs")}, optional={"x": st.integers()}),
        unique_by=lambda r: r["id"],
    ),
)


@given(tables, tables)
def test_laying_over_is_like_writing_over_each_row(lower: dict[str, object], upper: dict[str, object]) -> None:
    def rows(table: object) -> dict[str, dict[str, object]]:
        return {row["id"]: row for row in table} if isinstance(table, list) else {}

    merged = lay_over(lower, upper, [])
    for name in {*lower, *upper}:
        below, above = rows(lower.get(name)), rows(upper.get(name))
        if above:
            assert rows(merged[name]) == {key: below.get(key, {}) | above.get(key, {}) for key in {*below, *above}}
    assert lay_over(merged, {}, []) == merged


def test_lines_are_counted_through_lists_over_several_lines() -> None:
    index = line_index(
        'a = 1\n[t]\nb = [\n  "x",\n]\nc = 2\n[[r]]\nid = "one" # why\nkw = []\n[[r.s]]\nvalue = 3\nd = 4\n'
    )
    assert [find_line(index, path) for path in [("a",), ("t", "c"), ("r", "one", "kw"), ("r", "s", "3", "d")]] == [
        1,
        6,
        9,
        12,
    ]
    assert find_line(index, ("r", "one", "unknown")) == 7
    assert find_line(index, ("z",)) is None
