"""The matching rules of the profile schema, §4, on made-up word lists; and what holds for every text."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialog.reading import Reading, to_json
from dialog.reading.lexicon import MATCHING
from dialog.reading.phrases import Matcher
from dialog.reading.text import flat, is_syllable, place_tone, tokenize

Say = Callable[..., Reading]


@dataclass(frozen=True)
class Row:
    kw: tuple[str, ...] = ()
    kw_bare: tuple[str, ...] = ()
    kw_not: tuple[str, ...] = ()
    kw_bare_not: tuple[str, ...] = ()
    kw_unless: tuple[str, ...] = ()
    kw_bare_unless: tuple[str, ...] = ()


def score(row: Row, text: str) -> int:
    matcher = Matcher()
    matcher.add("table", "row", row)
    matcher.close(())
    match = matcher.find(tokenize(text), MATCHING).row("table", "row")
    return match.score if match else 0


def test_one_accented_word_carries_the_rest_of_a_phrase_but_no_accent_at_all_does_not() -> None:
    row = Row(kw=("đèn tín hiệu", "thuế"))
    assert score(row, "đèn tín hiệu hư") == 3
    assert score(row, "đèn tin hiệu hư") == 3
    assert score(row, "den tin hieu hu") == 0
    assert score(row, "dong thue") == 0
    assert score(row, "thuê nhà") == 0


def test_a_bare_phrase_matches_only_where_nothing_is_accented() -> None:
    row = Row(kw_bare=("to cao",))
    assert score(row, "don to cao ong chu") == 2
    assert score(row, "cây tố cao") == 0
    assert score(row, "đơn to cao") == 2


def test_both_parts_of_an_ampersand_phrase_must_be_there() -> None:
    row = Row(kw_bare=("den duong & tat",))
    assert score(row, "den duong truoc nha tat roi") == 3
    assert score(row, "den duong truoc nha") == 0


def test_a_not_phrase_cancels_only_what_it_touches() -> None:
    row = Row(kw=("cháy nhà", "nhà đang cháy"), kw_not=("sợ cháy nhà", "chữa cháy"))
    assert score(row, "tôi sợ cháy nhà") == 0
    assert score(row, "nhà đang cháy, không có bình chữa cháy") == 3


def test_an_unless_phrase_drops_the_row() -> None:
    row = Row(kw=("cảm ơn",), kw_unless=("vẫn chưa",))
    assert score(row, "cảm ơn ad") == 2
    assert score(row, "cảm ơn ad, vẫn chưa sửa") == 0


def test_the_score_counts_the_longest_phrases_without_overlap() -> None:
    assert score(Row(kw=("rác", "bãi rác", "đổ trộm rác")), "đổ trộm rác ở bãi rác") == 5


def test_a_slip_of_the_finger_is_forgiven_in_long_words_beside_a_right_one() -> None:
    row = Row(kw=("giao thông", "hư"))
    assert score(row, "giao thôg") == 2
    assert score(row, "giao thôngg") == 2
    assert score(row, "giao thô") == 0
    assert score(row, "hưu") == 0


def test_shorthand_is_read_as_what_it_stands_for() -> None:
    row = Row(kw=("không sáng",), kw_bare=("khong sang",))
    assert score(row, "đèn k sáng") == 2
    assert score(row, "den ko sang") == 2


def test_both_tone_placements_are_one_word() -> None:
    assert place_tone("hoà") == place_tone("hòa")
    assert place_tone("thuỷ") == place_tone("thủy")
    assert place_tone("quý") == place_tone("qúy")
    assert place_tone("hoàn") == "hoàn"
    assert score(Row(kw=("hỏa hoạn",)), "hoả hoạn") == 2


def test_syllables_are_told_from_other_letters() -> None:
    assert all(map(is_syllable, ["nghieng", "duong", "rac", "khuya", "y", "gi", "quyen", "thuong"]))
    assert not any(map(is_syllable, ["street", "garbage", "thog", "tuanf", "is"]))


PIECES = """không ko đèn đường hư rác ở số 45 Lý Thường Kiệt p5 my tho phường xã ấp 4 tôi tên Trần Văn Hùng sdt
0909123456 , . : ! 😀 a@b.vn 001195012345 thôi gửi sửa chứ không phải hôm qua 8h 2/9 TG-261110-0004 5 sao hài lòng
\u0301 đồ ngu cảm ơn công ty"""
TEXT = st.one_of(
    st.text(max_size=200),
    st.lists(st.sampled_from(PIECES.split()), max_size=40).map(" ".join),
)


@settings(max_examples=150, deadline=None)
@given(
    text=TEXT,
    waiting=st.sampled_from(
        ["", "name", "phone", "location", "ward", "address", "confirm", "rating", "description", "tax_code", "cccd"]
    ),
)
def test_any_text_is_read_the_same_way_twice_without_raising(say: Say, text: str, waiting: str) -> None:
    first = say(text, waiting)
    assert first == say(text, waiting)
    to_json(first)
    folded = flat(first.text)
    assert len(folded) == len(first.text)


@settings(max_examples=150, deadline=None)
@given(text=TEXT)
def test_a_description_never_contains_the_personal_data_that_were_recognised(say: Say, text: str) -> None:
    reading = say(f"{text} rác đầy hẻm")
    for phone in reading.phones:
        assert phone.typed not in reading.description
    for private in (reading.email, reading.cccd):
        assert not private or private not in reading.description


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["Nguyễn Văn A", "Tran Van Hung", "Lê Thị Bé Ba", "Đỗ Mười", "pham thi hoa"]),
    matter=st.sampled_from(["đèn đường hư", "rac day ngo 5", "nước máy đục ngầu ở ấp 4"]),
)
def test_a_name_leaves_the_description_as_it_was_typed(say: Say, name: str, matter: str) -> None:
    reading = say(f"{matter}. Tôi tên {name}, sđt 0912345678")
    assert (reading.name, reading.description) == (name, matter)


@pytest.mark.parametrize(
    "piece",
    [
        "rác ",
        "a",
        "0 9 1 2 ",
        "số 5 đường ",
        "tên ",
        "không phải ",
        "😀",
        "x\u0301",
        "1",
        "a@",
        "ma thoi ",
        "2/9 ",
        "(",
        "phường ",
    ],
)
def test_long_and_repetitive_texts_are_harmless(say: Say, piece: str) -> None:
    begin = time.perf_counter()
    say((piece * 5000)[:5000])
    assert time.perf_counter() - begin < 3
