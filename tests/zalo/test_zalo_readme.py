"""The manual of the channel cannot rot."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

import channels.zalo
from channels.zalo import ZaloSettings
from channels.zalo.catalogue import ECHOES, MESSAGES
from channels.zalo.codes import OUTCOMES, Family, Verdict, Wait

README = Path(channels.zalo.__file__).with_name("README.md").read_text(encoding="utf-8")
OA = OUTCOMES[Family.OA]
ZBS = {code: verdict for code, verdict in OUTCOMES[Family.ZBS].items() if OA.get(code) != verdict}


def test_every_setting_is_explained() -> None:
    table = README.partition("## Settings")[2].partition("## What Zalo says")[0]

    assert [field.name for field in fields(ZaloSettings) if f"`{field.name}`" not in table] == []


@pytest.mark.parametrize("name", sorted({*MESSAGES, *ECHOES}))
def test_every_message_event_is_listed(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    ("label", "table"),
    [pytest.param("OA API", OA, id="OA"), pytest.param("template messages (ZBS)", ZBS, id="ZBS")],
)
def test_the_error_table_equals_the_code(label: str, table: dict[int, Verdict]) -> None:
    listed = {
        int(code): (error, wait)
        for codes, error, wait in re.findall(rf"^\| {re.escape(label)} \| (.*) \| `(\w+)` \| (.*) ?\|$", README, re.M)
        for code in re.findall(r"`(-?\d+)`", codes)
    }

    assert {code: (error, wait.strip()) for code, (error, wait) in listed.items()} == {
        code: (verdict.error.__name__, "" if verdict.wait is Wait.NO else verdict.wait.value)
        for code, verdict in table.items()
    }
