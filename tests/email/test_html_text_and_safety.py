"""HTML for reading and for looking at."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.html import safe_html, to_text

NASTY = (
    *("<script>alert(1)</script>", "<style>@import 'http://t.example/x'</style>", "<img src=http://t.example/p.gif>"),
    *(
        "<img src=//t.example/p.gif>",
        "<img src='data:image/png;base64,AAAA'>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
    ),
    *(
        "<a href='javascript:alert(1)'>a</a>",
        "<a href=' java\nscript:alert(1)'>a</a>",
        "<a href='data:text/html,x'>a</a>",
    ),
    *(
        "<iframe src=http://t.example></iframe>",
        "<form action=http://t.example><input></form>",
        "<base href=http://t.example>",
    ),
    *(
        "<meta http-equiv=refresh content='0;url=http://t.example'>",
        "<link rel=stylesheet href=http://t.example>",
        "<object data=x>",
    ),
    *(
        "<div style='background:url(http://t.example/x)'>x</div>",
        "<table background=http://t.example/x><tr><td>x",
        "<!-- x -->",
    ),
    *(
        "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
        "<img srcset='http://t.example/x 2x'>",
        "<video poster=http://t.example>",
    ),
    *(
        "<img src='cid:known'>",
        "<img src='cid:unknown'>",
        "<b>chữ",
        "</div>",
        "<p>",
        "<noscript><p title='</noscript><img src=x onerror=1>'>",
    ),
)
FORBIDDEN = re.compile(
    r"<(?:script|style|iframe|form|input|base|meta|link|object|svg|math|video)|\son\w+\s*=|javascript:|data:|t\.example/|srcset|style=",
    re.IGNORECASE,
)


@given(st.lists(st.sampled_from(NASTY), max_size=12))
def test_nothing_that_runs_or_calls_home_survives(pieces: list[str]) -> None:
    shown = safe_html("".join(pieces), pictures={"known": "/mail/7/files/1"}).html
    assert not FORBIDDEN.search(shown)
    assert set(re.findall(r'src="([^"]*)"', shown)) <= {"/mail/7/files/1"}


@given(st.text(max_size=300))
def test_any_text_is_cleaned_without_an_error(text: str) -> None:
    assert not FORBIDDEN.search(
        re.sub(r"&[^;]*;|>[^<]*<", "", safe_html(f"<p>{text}", pictures={}).html.split("<p>", 1)[0])
    )


def test_pictures_from_elsewhere_are_blocked_and_counted() -> None:
    shown = safe_html(
        "<img src='https://t.example/1'><img src='//t.example/2'><img src='cid:a' alt='Ảnh'>", pictures={"a": "/f/1"}
    )
    assert shown.blocked == 2
    assert 'src="/f/1"' in shown.html and 'alt="Ảnh"' in shown.html


def test_links_open_elsewhere_and_tell_nothing() -> None:
    shown = safe_html("<a href='https://example.vn' target=_top rel=opener>x</a>", pictures={}).html
    assert (
        'rel="noopener noreferrer nofollow"' in shown
        and 'target="_blank"' in shown
        and "opener" not in shown.replace("noopener", "")
    )


def test_map_and_telephone_links_keep_their_target() -> None:
    text = to_text(
        "<a href='https://maps.app.goo.gl/abc'>vị trí</a>, <a href='tel:0987654321'>gọi tôi</a>, <a href='https://x.vn'>trang</a>"
    )
    assert text.strip() == "vị trí (https://maps.app.goo.gl/abc), gọi tôi (0987654321), trang"


def test_a_telephone_number_that_is_shown_is_not_said_twice() -> None:
    assert to_text("<a href='tel:+84987654321'>0987 654 321</a>").count("654") <= 2
    assert to_text("<a href='tel:0987654321'>0987 654 321</a>").strip() == "0987 654 321"


def test_what_is_hidden_or_not_text_is_left_out() -> None:
    text = to_text(
        "<head><title>t</title><style>p{}</style></head><p>chữ</p><script>x</script><p style='display:none'>ẩn</p>"
    )
    assert text.strip() == "chữ"


@pytest.mark.parametrize(
    "html",
    ["<div>" * 20_000 + "chữ", "<table><tr><td>" * 5_000 + "chữ", "<p>" * 200_000 + "chữ", "chữ" + "<" * 500_000],
)
def test_broken_and_deep_html_is_still_read_and_quickly(html: str) -> None:
    began = time.process_time()
    assert "chữ" in to_text(html)
    safe_html(html[:300_000], pictures={})
    assert time.process_time() - began < 3


def test_at_most_two_megabytes_are_read() -> None:
    assert "đuôi" not in to_text("<p>đầu</p>" + "<!-- " + "x" * 2_200_000 + " --><p>đuôi</p>")


@given(st.text(max_size=500))
def test_any_html_becomes_text(html: str) -> None:
    assert isinstance(to_text(html), str)
