"""Thanh Hóa, 115/2025/QĐ-UBND: wording, security, doors and staff."""

import re
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from pydantic import SecretStr

from app import doctor
from app.doctor import Level
from app.rehearsal.record import Say
from app.settings import Settings, Store
from core import effects
from core.effects import Effect
from core.model import Draft
from dialog import encode
from dialog.state import Form, State
from regulations.loader import load
from regulations.names import TEMPLATES
from storage.seal import Seal
from tests.inbox.desks import World

Talks = Callable[..., Any]
PROVINCE = "thanh-hoa"
PHONE = "+84912345678"
NAME = "Nguyễn Văn An"

ABBREVIATIONS = re.compile(r"\b(?:PAKN|TTHC|SĐT|ĐT|UBND|HĐND|CBCC|CCCD|MST|QĐ|TT|GQ|v/v|đc|ko|k|dc|vs)\b")


@pytest.mark.parametrize("profile", ["bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang"])
def test_what_citizens_read_is_written_out_in_full(profile: str) -> None:
    """R-TH-07, Đ4.2, Đ4.3: no abbreviation, no slang; numbers of decisions and articles are names."""
    rules = load(profile)
    texts = {key: row.text for key, row in rules.templates.items()}
    texts |= {f"exclusion {row.id}": row.reply for row in rules.exclusions.values()}
    texts |= {f"question {row.id}": row.ask for row in rules.fields.values()}
    without_numbers = {key: re.sub(r"[\d/]+(?:QĐ-)?UBND|QĐ-UBND", "", text) for key, text in texts.items()}

    found = {key: ABBREVIATIONS.findall(text) for key, text in without_numbers.items() if ABBREVIATIONS.search(text)}

    assert set(TEMPLATES) <= texts.keys()
    assert found == {}


def test_what_is_stored_can_be_read_with_the_key_alone() -> None:
    """R-TH-09, Đ4.5: name and phone of a draft are sealed at rest, bound to their purpose."""
    state = encode(State(form=Form(draft=Draft(name=NAME, phone=PHONE))))
    sealed = Seal(bytes(32)).close(state, b"state")

    assert NAME.encode() in state and PHONE.encode() in state
    assert NAME.encode() not in sealed and PHONE.encode() not in sealed
    assert Seal(bytes(32)).open(sealed, b"state") == state


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("http://kho.thanhhoa.example.vn/open311/v2", Level.WRONG),
        ("http://10.0.0.7:8090/open311/v2", Level.WRONG),
        ("https://kho.thanhhoa.example.vn/open311/v2", Level.OK),
        ("http://127.0.0.1:8090/open311/v2", Level.OK),
    ],
)
def test_reports_leave_the_machine_encrypted_or_the_doctor_objects(url: str, level: Level) -> None:
    """R-TH-09, Đ4.5."""
    settings = Settings(
        public_url="https://tiepnhan.example.vn",
        store=Store(url=url, api_key=SecretStr("k"), push_secret=SecretStr("p")),
        accounts=[{"channel": "zalo"}],
    )

    assert {finding.level for finding in doctor.check_settings(settings)} == {level}


def test_the_doors_of_the_decision_are_open_and_another_one_is_explained() -> None:
    """R-TH-14, Đ6.1: Zalo and Facebook under the system's name; Telegram only where it is linked."""
    channels = load(PROVINCE).channels
    assert {channels[kind].name for kind in ("zalo", "facebook")} == {"Phản hồi Thanh Hóa"}

    assert [finding.level for finding in doctor.check_profile(PROVINCE, load, {"zalo", "facebook"})] == [Level.OK]
    (finding,) = doctor.check_profile(PROVINCE, load, {"zalo", "telegram"})

    assert finding.level is Level.NOTE
    assert "telegram chưa được bật" in finding.text and "zalo" in finding.text and "Đ6.1" in finding.text


def test_a_flood_is_slowed_down_and_its_first_message_kept(talk: Talks) -> None:
    """R-TH-55, Đ13.2: a hundred messages within a minute."""
    conversation = talk(PROVINCE)
    for text in ("rác chất đống ở 12 Lê Lợi, phường Hạc Thành", *(f"nhanh lên {number}" for number in range(99))):
        conversation.stage.say(Say(text=text))

    told = conversation.stage.seen.texts
    assert sum("quá nhiều tin" in answer for answer in told) == 1 and "quá nhiều tin" in told[-1]
    draft = conversation.stage.state.form.draft
    assert "rác chất đống" in draft.description and len(draft.raw) <= conversation.profile.intake.rate_limit_per_minute


def test_an_emergency_is_heard_in_a_flood(talk: Talks) -> None:
    """R-TH-55: slowing down must not cost a life."""
    conversation = talk(PROVINCE)
    for number in range(40):
        conversation.stage.say(Say(text=f"nhanh lên {number}"))

    assert "114" in conversation.says("cháy nhà rồi cứu với")


def test_the_dialog_can_lock_nobody() -> None:
    """R-TH-54, Đ13.2: there is no such wish; the profile leaves every step to staff."""
    wishes = {effect.__name__ for effect in Effect.__args__}
    words = {field.name for wish in wishes for field in fields(getattr(effects, wish))}

    assert [name for name in {*wishes, *words} if re.search("lock|block|ban", name, re.IGNORECASE)] == []
    assert {row.counted_by for row in load(PROVINCE).sanctions.values()} == {"staff"}


async def test_who_need_not_know_sees_no_identity(world: World) -> None:
    """R-TH-64, Đ19.3*: covered for everybody; uncovering is one deliberate, journaled press."""
    draft = Draft(name=NAME, phone=PHONE, description="Rác ở chợ")
    number = await world.conversation(profile=PROVINCE, state=State(profile=PROVINCE, form=Form(draft=draft)))
    await world.heard(number, 1, f"tôi tên {NAME}, 0912 345 678")
    browser = await world.signed_in()

    page = (await browser.get(f"/c/{number}")).text

    assert [secret for secret in (NAME, "0912 345 678", PHONE) if secret in page] == []
    assert await world.journal() == []
    assert PHONE in (await browser.send(f"/c/{number}/reveal", field="slot:phone")).text
    assert await world.journal() == [("lan", "revealed", number, "slot:phone")]
