"""A sixth province is a file: an invented one is played to the end, and whatever its file says is what happens."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.model import Peer
from dialog import waiting_for
from normalizer import normalize
from regulations.calendar import due
from regulations.loader import check, load
from regulations.model import Profile
from tests.dialog.conftest import NOON, Talk

FILE = Path(__file__).parent / "quang-hai.toml"
MATTER = "sóng đánh sập kè dài hai chục mét, nhà dân sắp đổ"
SEND = [
    "Bãi Cát Trắng, xã đảo Hòn Nhạn", "không", "Ngô Thị Biển", "bien@example.vn", "GỬI",
]  # fmt: skip


def talk(profile: Profile) -> Talk:
    return Talk(profile, "telegram")


def told(conversation: Talk, *texts: str) -> str:
    return "\n".join(conversation.says(text) for text in texts)


def test_it_adds_up() -> None:
    assert [finding for finding in check(FILE) if not finding.warning] == []


def test_its_own_questions_are_put_in_its_own_order() -> None:
    conversation = talk(load(FILE))
    asked = []
    for text in [MATTER, *SEND]:
        conversation.says(text)
        asked.append(waiting_for(conversation.stage.state))

    assert asked == ["location", "media", "name", "email", "confirm", ""]
    assert conversation.outcomes == ["submitted"]


def test_it_speaks_with_its_own_words() -> None:
    conversation = talk(load(FILE))
    said = told(conversation, "xin chào", MATTER, *SEND)

    for words in (
        "Biển xanh Quảng Hải xin nghe", "bãi nào, xã nào", "Tỉnh chỉ dùng tên và thư", "Tên người báo: Ngô Thị Biển",
        "Xói lở bờ biển", "BX-261120-001", "03 ngày làm việc",
    ):  # fmt: skip
        assert words in said
    assert "số điện thoại" not in said.lower() and "1022 Tiền Giang" not in said


def test_its_report_goes_to_its_own_agency() -> None:
    profile = load(FILE)
    conversation = talk(profile)
    told(conversation, MATTER, *SEND)

    (draft,) = conversation.reports
    report = normalize(
        draft, profile=profile, report_id="r", peer=Peer(channel="telegram", account="a", user="u"), contact_id="c",
        attachments=[], now=NOON,
    )  # type: ignore[arg-type]  # the stage keeps drafts  # fmt: skip
    assert (report.profile, report.category, report.report_type) == ("quang-hai", "xoi_lo", "hien_truong")
    assert report.agency == "Chi cục Thủy lợi Quảng Hải"
    assert report.reporter.email == "bien@example.vn" and report.place.text.startswith("Bãi Cát Trắng")


def test_its_follow_ups_and_codes_are_its_own() -> None:
    conversation = talk(load(FILE))
    told(conversation, MATTER, *SEND)

    assert "BX-261120-001" in conversation.says("BX-261120-001 tới đâu rồi")


# --- whatever the file says -----------------------------------------------------------------------------------------

few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = (
    st.text(st.characters(categories=["L"]), min_size=3, max_size=20).map(str.strip).filter(lambda text: len(text) > 2)
)


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str], Profile]:
    def change(toml: str) -> Profile:
        (tmp_path / "extra.toml").write_text(toml, "utf-8")
        return load(FILE, extra=tmp_path / "extra.toml")

    return change


@few
@given(amount=st.integers(1, 40), unit=st.sampled_from(["working_day", "calendar_day"]))
def test_the_promised_day_follows_the_limit(changed: Callable[..., Profile], amount: int, unit: str) -> None:
    profile = changed(f'[[deadlines]]\nid = "xu_ly"\namount = {amount}\nunit = "{unit}"')
    conversation = talk(profile)
    said = told(conversation, MATTER, *SEND)

    known = conversation.stage.state.cases[0].case
    assert known.due == due(conversation.stage.now, amount, unit, profile.calendar).strftime("%d/%m/%Y")
    assert known.code in said


@few
@given(minutes=st.integers(1, 40), hours=st.integers(1, 72))
def test_reminder_and_end_of_a_draft_follow_the_minutes(
    changed: Callable[..., Profile], minutes: int, hours: int
) -> None:
    conversation = talk(changed(f"[intake]\nremind_after_minutes = {minutes}\ndraft_ttl_hours = {hours}"))
    conversation.says(MATTER)

    assert conversation.stage.state.wake_at == conversation.stage.now + timedelta(minutes=minutes)
    conversation.stage.wait(timedelta(hours=hours, minutes=1))
    assert conversation.stage.state.form is None


@few
@given(limit=st.integers(0, 6))
def test_a_question_is_repeated_as_often_as_the_file_allows(changed: Callable[..., Profile], limit: int) -> None:
    conversation = talk(changed(f"[intake]\nmax_reasks_per_field = {limit}"))
    told(conversation, MATTER, *SEND[:3])
    answers = [conversation.says("???") for _ in range(limit + 1)]

    handoff = conversation.profile.text("handoff")
    assert [handoff in answer for answer in answers] == [False] * limit + [True]


@few
@given(label=words, name=words)
def test_labels_are_shown_as_they_are_written(changed: Callable[..., Profile], label: str, name: str) -> None:
    conversation = talk(
        changed(f'[[categories]]\nid = "xoi_lo"\nlabel = "{label}"\n[[fields]]\nid = "name"\nlabel = "{name}"')
    )

    summary = told(conversation, MATTER, *SEND[:-1])

    assert label in summary and f"{name}: Ngô Thị Biển" in summary


@few
@given(number=st.from_regex(r"0[2-9][0-9]{8}", fullmatch=True))
def test_a_hotline_is_the_files(changed: Callable[..., Profile], number: str) -> None:
    conversation = talk(changed(f'[[hotlines]]\nid = "114"\nnumber = "{number}"'))

    assert number in conversation.says("cháy nhà kế bên rồi")


@few
@given(text=words)
def test_a_text_is_the_files(changed: Callable[..., Profile], text: str) -> None:
    toml = f'[[templates]]\nid = "receipt"\ntext = "{text} {{code}}"\n[[fields]]\nid = "location"\nask = "{text}?"'
    conversation = talk(changed(toml))

    assert f"{text}?" in conversation.says(MATTER)
    assert f"{text} BX-261120-001" in told(conversation, *SEND)


@few
@given(most=st.integers(1, 9))
def test_as_many_files_are_kept_as_the_file_says(changed: Callable[..., Profile], most: int) -> None:
    conversation = talk(changed(f"[media]\nmax_items = {most}"))
    told(conversation, MATTER, SEND[0])
    said: Any = conversation.says(photos=tuple(f"{number}.jpg" for number in range(most + 2)))

    assert len(conversation.stage.state.form.draft.media) == most and str(most) in said  # type: ignore[union-attr]  # it is open


@few
@given(need=st.sampled_from(["required", "ask_once", "optional"]))
def test_what_is_asked_follows_the_need(changed: Callable[..., Profile], need: str) -> None:
    conversation = talk(changed(f'[[fields]]\nid = "address"\nneed = "{need}"\nask = "Ông/Bà ở đâu?"'))
    said = told(conversation, MATTER, *SEND[:-1])

    assert ("Ông/Bà ở đâu?" in said) is (need != "optional")
