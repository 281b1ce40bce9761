"""What citizens read: no half sentences, no empty hotline, no code overlooked."""

import dataclasses
import re
from collections.abc import Callable
from datetime import date
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulations.code import find_codes, next_code
from regulations.loader import load
from regulations.model import Profile
from regulations.names import PLACEHOLDERS
from regulations.text import exclusion_text, fill, hotline_text

WithLines = Callable[..., Profile]


@cache
def tien_giang() -> Profile:
    return load("tien-giang")


def test_placeholders_are_replaced() -> None:
    assert fill("Mã {code}: {status}.", code="TG-1", status="Đã gửi") == "Mã TG-1: Đã gửi."


def test_an_unknown_placeholder_is_refused() -> None:
    with pytest.raises(KeyError, match="cod"):
        fill("Mã {cod}.")


def test_an_unknown_value_is_refused() -> None:
    with pytest.raises(KeyError, match="cod"):
        fill("Mã {code}.", cod="TG-1")


def test_a_value_is_not_a_template() -> None:
    assert fill("{value}.", value="{code} {0} }{") == "{code} {0} }{."


@pytest.mark.parametrize(
    ("template", "text"),
    [
        pytest.param("Chào Ông/Bà. Gọi {hotline}.", "Chào Ông/Bà.", id="the sentence"),
        pytest.param("Gọi {hotline}. Xin chờ.", "Xin chờ.", id="the first sentence"),
        pytest.param("Không nhận ({article}). {hint}", "Không nhận.", id="the parenthesis and the tail"),
        pytest.param("Khóa đến {until} ({reason}, {article}).", "Khóa đến 1/1 (spam).", id="part of a parenthesis"),
        pytest.param("Đã nhận {code}, chuyển {agency} xử lý. Xong.", "Đã nhận TG-1. Xong.", id="the later clause"),
        pytest.param("Đã ghi {code} và chuyển {agency}.", "Đã ghi TG-1.", id="the clause after và"),
        pytest.param("Kết quả:\n{result}\nXem {link}", "Kết quả:", id="the line"),
        pytest.param("Một.\n\nHai {agency}.\n\nBa.", "Một.\n\n\nBa.", id="not the blank lines"),
        pytest.param("Chuyển đến {agency} để xử lý.", "Chuyển đến để xử lý.", id="nothing when nothing would be left"),
    ],
)
def test_an_empty_value_takes_its_surroundings_with_it(template: str, text: str) -> None:
    assert fill(template, until="1/1", reason="spam", code="TG-1", agency="", link=None) == text


def test_a_full_stop_in_a_value_ends_no_sentence() -> None:
    assert fill("{agency} trả lời. {hint}", agency="P. Cảnh sát. {x}") == "P. Cảnh sát. {x} trả lời."


@given(st.sampled_from(["tien-giang", "bac-ninh"]), st.data())
def test_no_message_shows_a_placeholder_or_a_gap(province: str, data: st.DataObject) -> None:
    profile = load_once(province)
    row = data.draw(st.sampled_from([*profile.templates.values()]))
    values = data.draw(st.dictionaries(st.sampled_from(sorted(PLACEHOLDERS)), st.sampled_from(["", "một"])))
    text = fill(row.text, **values)
    # A fragment such as "{new} ({old} cũ)" has no words of its own once its value is gone.
    wordless = not re.sub(r"\([^()]*\)|\{\w+\}|\W", "", row.text)
    assert (text or wordless) and "{" not in text and "\0" not in text and "()" not in text


@cache
def load_once(province: str) -> Profile:
    return load(province)


def test_an_empty_hotline_number_is_never_shown(with_lines: WithLines) -> None:
    assert hotline_text(tien_giang(), ["113", "tiep_cong_dan", "115"]) == "113 (Công an), 115 (Cấp cứu y tế)"
    assert hotline_text(tien_giang(), ["tiep_cong_dan"]) == ""
    reply = exclusion_text(tien_giang(), tien_giang().exclusions["khieu_nai"])
    assert reply.endswith("cơ quan có thẩm quyền (khoản 5 Điều 6).")
    filled = with_lines('[[hotlines]]\nid = "tiep_cong_dan"\nnumber = "0273 3872 103"')
    assert exclusion_text(filled, filled.exclusions["khieu_nai"]).endswith("0273 3872 103 (Ban Tiếp công dân)")


def test_every_reply_to_an_excluded_subject_is_a_whole_text() -> None:
    for province in ("bac-ninh", "ha-noi", "thanh-hoa", "tien-giang", "vinh-long"):
        profile = load(province)
        for row in profile.exclusions.values():
            text = exclusion_text(profile, row)
            assert text and "{" not in text and "()" not in text


def test_a_code_is_made_from_day_and_number() -> None:
    assert next_code(tien_giang(), date(2026, 11, 20), 42) == "TG-261120-0042"


def test_the_ten_thousandth_report_of_a_day_has_a_code_too() -> None:
    code = next_code(tien_giang(), date(2026, 11, 20), 10_000)
    assert code == "TG-261120-10000" and find_codes(tien_giang(), f"mã {code}?") == [code]


def test_a_code_its_own_regex_does_not_know_is_never_given() -> None:
    profile = tien_giang()
    strict = dataclasses.replace(profile, code=dataclasses.replace(profile.code, regex="^TG-[0-9]{6}-[0-9]{4}$"))
    with pytest.raises(ValueError, match="TG-261120-10000"):
        next_code(strict, date(2026, 11, 20), 10_000)


@pytest.mark.parametrize(
    "text",
    [
        "TG-261120-0042",
        "tg-261120-0042",
        "cho hỏi hồ sơ tg 261120 0042 đến đâu rồi",
        "mã tg2611200042, cảm ơn",
        "(Tg-261120–0042)",
        "TG.261120.0042 và TG-261120-0042",
    ],
)
def test_a_code_is_found_however_it_is_typed(text: str) -> None:
    assert find_codes(tien_giang(), text) == ["TG-261120-0042"]


@pytest.mark.parametrize(
    "text", ["", "tg", "261120 0042", "TG-26112-0042", "TG-261120-004", "xTG-261120-0042", "0912345678"]
)
def test_what_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert find_codes(tien_giang(), text) == []


def test_codes_come_in_the_order_written_and_once() -> None:
    text = "tg 261120 0043 với TG-261120-0042, nhắc lại TG2611200043"
    assert find_codes(tien_giang(), text) == ["TG-261120-0043", "TG-261120-0042"]


def test_a_strict_profile_takes_only_the_exact_spelling() -> None:
    profile = tien_giang()
    strict = dataclasses.replace(profile, code=dataclasses.replace(profile.code, match_loose=False))
    assert find_codes(strict, "tg 261120 0042, tg-261120-0042, TG-261120-0043") == ["TG-261120-0043"]


@given(
    st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(1, 99_999), st.sampled_from(["", " ", "-", " - ", "."])
)
def test_every_code_given_is_found_again(day: date, seq: int, joint: str) -> None:
    code = next_code(tien_giang(), day, seq)
    assert find_codes(tien_giang(), f"ho so {code.lower().replace('-', joint)} sao roi") == [code]
