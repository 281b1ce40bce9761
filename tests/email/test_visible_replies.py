"""The words that are new: every file in replies/ (a .eml without In-Reply-To is a first mail), and rule by rule."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.folding import clean, fold
from channels.email.mime import read_mail
from channels.email.visible import Visible, visible_reply

REPLIES = Path(__file__).parent / "replies"
NAMES = sorted(path.name.removesuffix(".expected.txt") for path in REPLIES.glob("*.expected.txt"))
QUOTE = "> Kính gửi Ông/Bà,\n> Xin cho biết địa chỉ."
ATTRIBUTION = "Vào Th 2, 13 thg 1, 2025 vào lúc 10:23 Tiếp nhận <tiepnhan@example.vn> đã viết:"


def reply(name: str) -> Visible:
    mail = REPLIES / f"{name}.eml"
    if not mail.exists():
        return visible_reply((REPLIES / f"{name}.txt").read_text(encoding="utf-8"), "", first=False)
    read = read_mail(mail.read_bytes())
    return visible_reply(read.text, read.html, first=not (read.in_reply_to or read.references))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_new_is_seen_and_nothing_else(name: str) -> None:
    expected = (REPLIES / f"{name}.expected.txt").read_text(encoding="utf-8")
    assert reply(name).text.split() == expected.split()


def test_the_set_is_large_and_mostly_vietnamese() -> None:
    assert len(NAMES) >= 60
    assert sum("-vi-" in f"{name}-" for name in NAMES) >= 45


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_thrown_away(name: str) -> None:
    seen = reply(name)
    assert set(seen.text.split()) <= set(seen.full.split())


def test_a_first_mail_keeps_what_looks_like_a_quote() -> None:
    text = f"Xem thư này:\n\n{ATTRIBUTION}\n{QUOTE}"
    assert visible_reply(text, "", first=True).text == text
    assert visible_reply(text, "", first=False).text == "Xem thư này:"


def test_a_first_mail_loses_the_quote_that_its_html_marks_as_an_answers() -> None:
    html = f"<p>Đèn hỏng</p><div>{fold(ATTRIBUTION)}</div><blockquote type=cite>cũ</blockquote>"
    assert "cũ" not in visible_reply("", html, first=True).text


def test_the_name_and_telephone_under_a_closing_are_kept() -> None:
    text = "Đường hỏng.\n\nTrân trọng,\nTrần Thị B\n0987654321"
    assert visible_reply(f"{text}\n\n{ATTRIBUTION}\n{QUOTE}", "", first=False).text == text


@pytest.mark.parametrize(
    "text", [QUOTE, f"{ATTRIBUTION}\n{QUOTE}", "Gửi từ iPhone của tôi", "--\nLan", f"{ATTRIBUTION}"]
)
def test_a_mail_without_new_words_is_shown_whole(text: str) -> None:
    assert visible_reply(text, "", first=False).text == clean(text).strip("\n")


@pytest.mark.parametrize(
    ("text", "html", "only_quote"),
    [
        (f"{ATTRIBUTION}\n{QUOTE}", "", True),
        (f"\n\nGửi từ iPhone của tôi\n\n{ATTRIBUTION}\n{QUOTE}", "", True),
        ("Từ: A <a@example.vn>\nĐã gửi: 13/01/2025\nTới: b@example.vn\nChủ đề: x\n\nXin cho biết địa chỉ.", "", True),
        ("", f"<div><br></div><div class=gmail_quote>{ATTRIBUTION}<blockquote>cũ</blockquote></div>", True),
        ("", "<div><br></div><blockquote type=cite>cũ</blockquote>", True),
        (f"Dạ\n\n{ATTRIBUTION}\n{QUOTE}", "", False),
        (f"{ATTRIBUTION}\n{QUOTE}\n\nSố 12, ấp 3", "", False),
        ("", "<div><img src=cid:photo></div><blockquote type=cite>cũ</blockquote>", False),
        ("--\nLan", "", False),
        ("", "", False),
    ],
)
def test_whether_anything_is_new_is_told(text: str, html: str, only_quote: bool) -> None:
    assert visible_reply(text, html, first=False).only_quote is only_quote


def test_a_signature_longer_than_twelve_lines_is_no_signature() -> None:
    long = "Nội dung\n--\n" + "\n".join(f"dòng {n}" for n in range(13))
    assert visible_reply(long, "", first=False).text == long
    assert visible_reply("Nội dung\n--\nLan", "", first=False).text == "Nội dung"


def test_pictures_of_the_quoted_part_are_not_in_the_visible_html() -> None:
    html = (
        '<p>Ảnh: <img src="cid:new"></p><div>Từ: A &lt;a@example.vn&gt;<br>Đã gửi: 13/01/2025<br>Tới: b<br>Chủ đề: x'
        '<br><img src="cid:logo"></div>'
    )
    seen = visible_reply("", html, first=False)
    assert "cid:new" in seen.html and "cid:logo" not in seen.html
    assert seen.text == "Ảnh:"


def test_an_answer_that_is_only_a_picture_does_not_become_the_quote() -> None:
    html = f'<div><img src="cid:photo"></div><div class="gmail_quote">{ATTRIBUTION}<blockquote>cũ</blockquote></div>'
    seen = visible_reply("", html, first=False)
    assert seen.text == "" and "cid:photo" in seen.html and "cũ" in seen.full


def test_marks_of_our_own_cannot_be_sent_in() -> None:
    html = "<p>a \ue0020\ue003 b</p><p>&gt;\ue001</p><p>c</p>"
    assert visible_reply("", html, first=False).text.split() == ["a", "0", "b", "c"]
    assert visible_reply("a\n>\ue001\nb", "", first=True).text == "a\n>\nb"


@pytest.mark.parametrize(
    "text",
    [
        "a " * 1_000 + "\n" + (("Vào lúc " + "x " * 990 + ":\n") * 1_000),
        ("Từ: a\n\n" * 2_500),
        ("On " + "1 " * 900 + "\n") * 2_000,
        "\n".join("> " * 900 for _ in range(5_000)),
        ("-" * 2_000 + "\n") * 2_000,
        ("<" * 1_999 + "\n") * 1_000,
        ("Từ: " + "a@" * 900 + "\n") * 1_000,
    ],
    ids=["attribution", "labels", "digits", "quotes", "dashes", "brackets", "addresses"],
)
def test_hostile_text_takes_no_longer_than_a_second_per_megabyte(text: str) -> None:
    began = time.process_time()
    visible_reply(text, "", first=False)
    assert time.process_time() - began < 1.0 * max(1.0, len(text) / 1_000_000)


@pytest.mark.parametrize(
    "piece", ["<div>", "<blockquote>", "<table><tr><td>", "<p>", "<div class=gmail_quote>", "<b>x</b>"]
)
def test_hostile_html_takes_no_longer_than_a_second(piece: str) -> None:
    began = time.process_time()
    visible_reply("", piece * (300_000 // len(piece)) + "chữ", first=False)
    assert time.process_time() - began < 1.0


@given(st.text(max_size=400), st.booleans())
def test_no_text_is_lost_whole(text: str, first: bool) -> None:
    seen = visible_reply(text, "", first=first)
    assert bool(seen.text.strip()) == bool(clean(text).strip())


@given(
    st.lists(
        st.sampled_from(["<div>", "</div>", "<blockquote type=cite>", "</blockquote>", "chữ", "<br>", "<hr id=zwchr>"])
    )
)
def test_any_html_is_read(pieces: list[str]) -> None:
    seen = visible_reply("", "".join(pieces), first=False)
    assert bool(seen.text.strip()) == ("chữ" in pieces)


@given(st.text())
def test_folding_keeps_every_letters_place(text: str) -> None:
    assert len(fold(text)) == len(text)
