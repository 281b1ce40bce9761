"""What is covered in running text and in fields, and what is left alone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.capabilities import Capabilities, Limit, Unit
from inbox import words
from inbox.masking import Curtain, Mask, Shown, cover, cover_name, fold
from inbox.throttle import Throttle
from regulations.model import FieldType
from tests.inbox.desks import PROFILE

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("gọi 0912345678 nhé", "gọi 091••••678 nhé", id="plain"),
        pytest.param("0912.345.678", "091••••••678", id="dots"),
        pytest.param("+84 912 345 678", "+84•••••••••678", id="international"),
        pytest.param("(0273) 3872 222", "(027••••••••222", id="landline in brackets"),
        pytest.param("CCCD 082190001234", "CCCD 082••••••234", id="identity number"),
        pytest.param("an.nguyen@gmail.com", "a•••@gmail.com", id="mail"),
        pytest.param("mã TG-260302-0001", "mã TG-260302-0001", id="case code"),
        pytest.param("TG260302000123", "TG260302000123", id="case code without hyphens"),
        pytest.param("ngày 02/03/2026 lúc 14:05", "ngày 02/03/2026 lúc 14:05", id="date"),
        pytest.param("gọi 1022 hoặc 113", "gọi 1022 hoặc 113", id="hotline"),
        pytest.param("10.35412, 106.36520", "10.35412, 106.36520", id="coordinates"),
        pytest.param("hết 1.500.000 đồng", "hết 1.500.000 đồng", id="money"),
    ],
)
def test_numbers_of_persons_are_covered_and_others_are_not(text: str, shown: str) -> None:
    """R-BN-30."""
    assert Mask()(text) == shown


@pytest.mark.parametrize("text", ["tôi là Nguyễn Văn An", "toi la nguyen van an", "TOI LA NGUYỄN VĂN AN"])
def test_a_known_name_is_covered_however_it_is_typed(text: str) -> None:
    assert "n" not in fold(Mask(["Nguyễn Văn An"])(text)).removeprefix("toi la n")


def test_a_single_word_is_covered_only_as_it_was_written() -> None:
    assert Mask(["An"])("An nói khu này mất an ninh") == "A• nói khu này mất an ninh"


def test_text_in_another_normal_form_is_covered_too() -> None:
    assert "Nguye" not in Mask(["Nguyễn Văn An"])("Nguye\u0302\u0303n Va\u0306n An")


@given(st.text(max_size=60), st.lists(st.text(max_size=12), max_size=4))
def test_any_text_can_be_masked(text: str, secrets: list[str]) -> None:
    assert len(fold(text)) == len(fold(fold(text))) and isinstance(Mask(secrets)(text), str)


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True), st.sampled_from(["", " ", "."]))
def test_no_mobile_number_survives(number: str, gap: str) -> None:
    typed = gap.join((number[:4], number[4:7], number[7:]))

    assert typed not in Mask()(f"số {typed}, cảm ơn")


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("name", "Nguyễn Văn An", "N••••• V•• A•"),
        ("phone", "+84912345678", "091••••678"),
        ("email", "an@example.vn", "a•••@example.vn"),
        ("cccd", "082190001234", "082•••••••••"),
        ("address", "12 Lê Lợi", "••••••"),
        ("text", "người nhà bệnh nặng", "••••••"),
    ],
)
def test_a_field_keeps_only_what_helps_to_tell_people_apart(kind: FieldType, value: str, shown: str) -> None:
    assert cover(kind, value) == shown


def test_nothing_of_a_name_of_one_letter_is_lost_or_shown() -> None:
    assert cover_name("Ý") == "Ý•" and cover_name("") == ""


def test_only_the_asked_field_is_uncovered() -> None:
    curtain = Curtain(Mask(), asked="b")

    shown = [curtain.text(name, "0912345678") for name in "ab"]

    assert shown == [Shown("091••••678", "a"), Shown("0912345678", "b", uncovered=True)] and curtain.found


def test_asking_for_what_is_open_anyway_finds_nothing() -> None:
    curtain = Curtain(Mask(), asked="a")

    assert curtain.text("a", "xin chào") == Shown("xin chào") and not curtain.found


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=40), "dưới 1 phút"),
        (timedelta(minutes=59), "59 phút"),
        (timedelta(hours=2), "2 giờ"),
        (timedelta(hours=2, minutes=10), "2 giờ 10 phút"),
        (timedelta(days=1, hours=5), "1 ngày 5 giờ"),
        (timedelta(days=4, hours=5), "4 ngày"),
        (timedelta(seconds=-5), "dưới 1 phút"),
    ],
)
def test_a_span_is_said_in_two_units_at_most(span: timedelta, said: str) -> None:
    assert words.duration(span) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("Refused -201: param invalid", "nơi nhận không chấp nhận nội dung này (mã -201)"),
        ("Unreachable window: the platform's reply window is closed", "nền tảng đã đóng thời hạn trả lời"),
        ("TryAgain: no connection", "nơi nhận tạm thời không trả lời"),
        ("echo", "echo"),
    ],
)
def test_a_reason_is_told_in_vietnamese(reason: str, said: str) -> None:
    assert words.trouble(reason) == said


def test_an_alert_of_the_profile_has_the_profiles_label() -> None:
    emergency = next(iter(PROFILE.emergencies.values()))

    assert words.alert(emergency.id, PROFILE) == emergency.label
    assert words.alert("asked", PROFILE) == "Muốn gặp cán bộ"


@pytest.mark.parametrize(("hours", "closed"), [(48, False), (49, True)])
def test_the_window_closes_after_its_hours(hours: int, closed: bool) -> None:
    limits = Capabilities(text=Limit(1, Unit.BYTES), reply_window=timedelta(hours=48))

    why = words.closed_because(
        reachable=True, capabilities=limits, last_inbound_at=NOW - timedelta(hours=hours), now=NOW
    )

    assert bool(why) is closed


# --- throttle ---------------------------------------------------------------------------------------------------------


def test_after_some_failures_a_key_waits_until_the_oldest_is_forgotten() -> None:
    throttle = Throttle(limit=2, window=timedelta(minutes=5))
    throttle.failed("lan", NOW)
    throttle.failed("lan", NOW + timedelta(minutes=1))

    waits = [throttle.wait("lan", NOW + timedelta(minutes=minutes)) for minutes in (2, 5)]

    assert waits == [timedelta(minutes=3), timedelta()]
    assert throttle.wait("quan", NOW) == timedelta()


def test_a_success_forgets_the_failures() -> None:
    throttle = Throttle(limit=1)
    throttle.failed("lan", NOW)
    throttle.succeeded("lan")

    assert throttle.wait("lan", NOW) == timedelta()
