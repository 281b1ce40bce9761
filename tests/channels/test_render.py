"""What a citizen reads arrives whole, in pieces the platform takes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.render import fit, split
from core.capabilities import Capabilities, Limit, Support, Unit, length
from core.model import Ask, Choice, MediaKind, OutboundMedia, OutboundMessage

PLAIN = Capabilities(text=Limit(40, Unit.CODE_POINTS))
BUTTONS = replace(PLAIN, choices=Support.NATIVE, max_choices=3, ask_place=Support.NATIVE)
PHOTO = OutboundMedia(kind=MediaKind.IMAGE, blob="a")
FILM = OutboundMedia(kind=MediaKind.VIDEO, blob="b")
SEND, EDIT = Choice(key="send", label="Gửi"), Choice(key="edit", label="Sửa")


def say(text: str, **more: object) -> OutboundMessage:
    return OutboundMessage(text=text, key="m7", **more)  # type: ignore[arg-type]  # the fields are the test's own


def texts(parts: tuple[OutboundMessage, ...]) -> list[str]:
    return [part.text for part in parts]


def test_a_message_that_fits_is_sent_as_it_is() -> None:
    for message in (say("Xin chào"), say("Gửi nhé?", choices=(SEND, EDIT)), say("Ở đâu ạ?", ask=Ask.PLACE)):
        (part,) = fit(message, BUTTONS)

        assert part is message


def test_a_message_without_content_is_not_sent() -> None:
    assert fit(say(""), PLAIN) == fit(say(" \n"), BUTTONS) == ()


@pytest.mark.parametrize(
    ("parts", "gap"),
    [
        pytest.param(["một hai ba bốn năm", "sáu bảy tám chín mười"], "\n\n", id="paragraph"),
        pytest.param(["một hai ba bốn năm.", "sáu bảy tám chín mười"], "\n", id="line"),
        pytest.param(["Đèn hỏng từ hôm qua.", "Đường tối lắm, rất nguy hiểm"], " ", id="sentence"),
        pytest.param(["một hai ba bốn năm sáu bảy tám chín mười", "một"], " ", id="word"),
        pytest.param(["x" * 40, "x"], "", id="inside a word without spaces"),
        pytest.param(["Ngắn.\n\ndài dài dài dài dài dài dài dài", "dài dài"], " ", id="no nearly empty part"),
    ],
)
def test_long_text_is_cut_where_a_reader_would_pause(parts: list[str], gap: str) -> None:
    assert texts(fit(say(gap.join(parts)), PLAIN)) == parts


@pytest.mark.parametrize(
    "letter", ["e\u0302\u0323", "👨‍👩‍👧", "👍🏽", "🇻🇳", "\U0001f3f4\U000e0067\U000e0062\U000e007f"]
)
@pytest.mark.parametrize("unit", list(Unit))
def test_a_letter_is_never_torn_apart(letter: str, unit: Unit) -> None:
    limit = Limit(2 * length(letter, unit) + 1, unit)

    assert list(split(letter * 5, limit)) == [letter * 2, letter * 2, letter]


def test_a_space_that_carries_a_mark_is_not_dropped_at_a_cut() -> None:
    assert list(split("x" * 8 + "  \u0301abc", Limit(8, Unit.CODE_POINTS))) == ["x" * 8, " \u0301abc"]


def test_a_letter_longer_than_the_limit_is_still_sent() -> None:
    assert "".join(split("a" + "\u0301" * 30, Limit(10, Unit.BYTES))) == "a" + "\u0301" * 30


def test_a_limit_is_counted_in_the_platforms_own_unit() -> None:
    text = "🌊" * 30

    sizes = {unit: len(texts(fit(say(text), Capabilities(text=Limit(40, unit))))) for unit in Unit}

    assert sizes == {Unit.CODE_POINTS: 1, Unit.UTF16: 2, Unit.BYTES: 3}


def test_choices_become_a_numbered_list_where_there_are_no_buttons() -> None:
    assert fit(say("Gửi nhé?", choices=(SEND, EDIT)), PLAIN) == (say("Gửi nhé?\n1. Gửi\n2. Sửa"),)


@pytest.mark.parametrize(
    "choices",
    [
        pytest.param(tuple(Choice(key=str(n), label="x") for n in range(4)), id="too many"),
        pytest.param((Choice(key="a", label="x" * 21),), id="label too long"),
        pytest.param((Choice(key="ệ" * 22, label="x"),), id="key over 64 bytes"),
    ],
)
def test_choices_that_do_not_fit_as_buttons_become_a_list(choices: tuple[Choice, ...]) -> None:
    parts = fit(say("Chọn:", choices=choices), BUTTONS)

    assert not any(part.choices for part in parts)
    assert all(f"{n}. {choice.label}" in parts[-1].text for n, choice in enumerate(choices, 1))


def test_choices_without_a_question_are_a_list() -> None:
    assert texts(fit(say("", choices=(SEND, EDIT)), BUTTONS)) == ["1. Gửi\n2. Sửa"]


def test_a_request_the_platform_does_not_offer_is_left_to_the_text() -> None:
    assert fit(say("Số điện thoại?", ask=Ask.PHONE), BUTTONS) == (say("Số điện thoại?"),)


def test_buttons_and_requests_stay_with_the_last_part() -> None:
    message = say("một hai ba bốn năm sáu bảy tám chín mười một", choices=(SEND,), ask=Ask.PLACE)

    first, last = fit(message, BUTTONS)

    assert (first.choices, first.ask) == ((), Ask.NOTHING)
    assert (last.choices, last.ask) == ((SEND,), Ask.PLACE)


def test_a_message_with_buttons_may_have_a_shorter_limit() -> None:
    narrow = replace(BUTTONS, text_with_choices=Limit(10, Unit.CODE_POINTS))

    parts = fit(say("Đèn hỏng ở ngõ 12. Gửi nhé?", choices=(SEND,)), narrow)

    assert texts(parts) == ["Đèn hỏng ở ngõ 12.", "Gửi nhé?"]
    assert parts[-1].choices == (SEND,)


def test_files_go_first_one_a_message() -> None:
    parts = fit(say("Kết quả", choices=(SEND,), media=(PHOTO, FILM)), BUTTONS)

    assert [(part.media, part.text, part.choices) for part in parts] == [
        ((PHOTO,), "", ()),
        ((FILM,), "", ()),
        ((), "Kết quả", (SEND,)),
    ]


def test_a_short_text_travels_with_its_only_picture_where_the_platform_allows_it() -> None:
    captions = replace(BUTTONS, caption=Limit(10, Unit.CODE_POINTS))

    assert len(fit(say("Kết quả", media=(PHOTO,)), captions)) == 1
    assert len(fit(say("Kết quả xử lý", media=(PHOTO,)), captions)) == 2
    assert len(fit(say("Kết quả", media=(FILM,)), captions)) == 2
    assert len(fit(say("Kết quả", media=(PHOTO,), choices=(SEND,)), captions)) == 2
    assert len(fit(say("", media=(PHOTO,)), PLAIN)) == 1


def test_every_part_has_a_key_of_its_own() -> None:
    assert [part.key for part in fit(say("x" * 90), PLAIN)] == ["m7/1", "m7/2", "m7/3"]
    assert [part.key for part in fit(replace(say("x" * 90), key=""), PLAIN)] == ["", "", ""]


WORDS = st.text(
    st.sampled_from("aệ🌊👍🏽\u0301\u200d🇻🇳. \n\t!…1") | st.characters(exclude_categories=["Cs"]), max_size=200
)
CHOICES = st.lists(
    st.builds(Choice, key=st.text("kệ", max_size=30), label=st.text("Gửi x", min_size=1, max_size=25)), max_size=5
)
CAPABILITIES = st.builds(
    Capabilities,
    text=st.builds(Limit, st.integers(8, 60), st.sampled_from(Unit)),
    choices=st.sampled_from(Support),
    max_choices=st.integers(0, 5),
    text_with_choices=st.none() | st.builds(Limit, st.integers(8, 60), st.sampled_from(Unit)),
    caption=st.none() | st.builds(Limit, st.integers(0, 60), st.sampled_from(Unit)),
    ask_place=st.sampled_from(Support),
)  # fmt: skip


def no_space(text: str) -> str:
    return "".join(text.split())


@given(
    text=WORDS, choices=CHOICES, media=st.lists(st.sampled_from([PHOTO, FILM]), max_size=3), capabilities=CAPABILITIES
)
def test_nothing_is_lost_nothing_is_empty_everything_fits(
    text: str, choices: list[Choice], media: list[OutboundMedia], capabilities: Capabilities
) -> None:
    message = say(text, choices=tuple(choices), media=tuple(media), ask=Ask.PLACE)

    parts = fit(message, capabilities)

    said = no_space("".join(part.text for part in parts))
    listed = "".join(f"{n}. {choice.label}" for n, choice in enumerate(choices, 1))
    shown = parts[-1].choices if parts else ()
    assert said == no_space(text) + ("" if shown else no_space(listed))
    assert [file for part in parts for file in part.media] == media
    assert not any(part.choices or part.ask for part in parts[:-1])
    for part in parts:
        assert part.text.strip() or part.media
        assert capabilities.text.allows(part.text)
        assert len(part.media) <= 1
        if part.media and part.text:
            assert capabilities.caption is not None and capabilities.caption.allows(part.text)
        if part.choices and capabilities.text_with_choices is not None:
            assert capabilities.text_with_choices.allows(part.text)


@given(text=st.text("ab \n.", min_size=1, max_size=200), amount=st.integers(5, 40))
def test_no_word_is_cut_that_would_fit(text: str, amount: int) -> None:
    parts = list(split(text, Limit(amount, Unit.CODE_POINTS)))

    if all(len(word) <= amount for word in text.split()):
        assert [word for part in parts for word in part.split()] == text.split()
