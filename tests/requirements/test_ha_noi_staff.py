"""Hà Nội, what staff see and what the report says of its sender (articles 3, 4, 5, 6, 12, 14 and 26)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from backend_client import StoreSettings
from backend_client.form import encode, report_pairs
from core.effects import Say
from core.events import CaseChanged, CaseKnown
from core.model import Draft, MediaKind, Peer, Place
from core.report import Attachment, Report
from inbox.ticks import ticks
from normalizer import normalize
from regulations.loader import load
from storage import tables
from tests.inbox.desks import NOW, World

PROFILE = load("ha-noi")
CODE, CCCD = "HN-261118-0007", "001203012345"
PEER = Peer(channel="zalo", account="ihanoi", user="6001")
DRAFT = Draft(
    report_type="hien_truong",
    category="ve_sinh_moi_truong",
    description="rác chất đống trước nhà",
    place=Place(text="20 Trần Thái Tông", ward_new="phường Cầu Giấy", ward_code="00166"),
    name="Nguyễn Thu Trang",
    phone="+84912345678",
    email="thutrang.ng@example.vn",
    cccd=CCCD,
    raw=("rác chất đống trước nhà",),
    confirmed_at=NOW,
)


def a_report(draft: Draft = DRAFT, *, profile: Any = PROFILE, attachments: tuple[Attachment, ...] = ()) -> Report:
    return normalize(
        draft,
        profile=profile,
        report_id="0190b5a0-7d0c-7c1e-9f00-000000000001",
        peer=PEER,
        contact_id="5f1c9a",
        attachments=attachments,
        now=NOW,
    )


def form_of(report: Report) -> dict[str, list[str]]:
    body, _ = encode(report_pairs(report, StoreSettings(url="http://store.test", api_key="k")))
    return parse_qs(body.decode())


# --- the report -------------------------------------------------------------------------------------------------------


def test_no_report_claims_a_verified_identity() -> None:
    """R-HN-08, Đ3.9*, Đ26.3: the number is handed over as it was given; who verifies it says so in the store."""
    (sent,) = form_of(a_report())["attribute[report]"]
    reporter = msgspec.json.decode(sent)["reporter"]

    assert (reporter["cccd"], reporter["identity_verified"]) == (CCCD, False)
    assert PROFILE.intake.identity_verification == "store"


def test_the_bot_never_says_that_somebody_was_verified(talk: Callable[..., Any]) -> None:
    """R-HN-08: in none of its texts."""
    assert not [row.id for row in PROFILE.templates.values() if "đã xác thực" in row.text.lower()]


def test_a_report_names_its_channel_and_an_opaque_sender() -> None:
    """R-HN-91, R-HN-03, Đ26.1, Đ3.1*: the same person keeps the id; the platform's own one does not travel."""
    form = form_of(a_report())

    assert (form["attribute[channel]"], form["account_id"]) == (["zalo"], ["5f1c9a"])
    assert not any(PEER.user in value for values in form.values() for value in values)


def test_an_agencys_new_name_is_data_and_older_reports_keep_theirs() -> None:
    """R-HN-89, Đ28.1*."""
    row = replace(PROFILE.categories["ve_sinh_moi_truong"], agency_now="Cơ quan mới")
    renamed = replace(PROFILE, categories={**PROFILE.categories, row.id: row})

    before, after = a_report(), a_report(profile=renamed)

    assert (before.agency, after.agency) == (row.agency, "Cơ quan mới")


# --- the files of a result --------------------------------------------------------------------------------------------


def test_a_results_proof_goes_along_with_it(talk: Callable[..., Any]) -> None:
    """R-HN-61, Đ12.2: in the same message; how its bytes reach the phone is shown for all provinces."""
    conversation = talk("ha-noi")
    at = conversation.stage.now
    conversation.happens(CaseKnown(code=CODE, at=at))
    proof = ("/media/da-don.jpg",)

    effects = conversation.stage.happen(
        CaseChanged(
            code=CODE, update_id="u", name="result.published", at=at, status="published", text="Đã dọn", media=proof
        )
    )

    (result,) = [effect for effect in effects if isinstance(effect, Say) and "Đã dọn" in effect.message.text]
    assert tuple(file.url for file in result.message.media) == proof


# --- conditions of acceptance -----------------------------------------------------------------------------------------


PHOTO = Attachment(kind=MediaKind.IMAGE, source_key="p", url="http://files.test/p.jpg")
LANGUAGE, CONTENT, PLACE, MEDIA, IDENTITY = (tick.label for tick in ticks(a_report(), PROFILE))


@pytest.mark.parametrize(
    ("changes", "failed"),
    [
        ({}, []),
        ({"description": "there is a pile of garbage in front of my house"}, [LANGUAGE]),
        ({"flags": ("profanity",)}, [CONTENT]),
        ({"place": None}, [PLACE]),
        ({"flags": ("location_vague",)}, [PLACE]),
        ({"cccd": ""}, [IDENTITY]),
        ({"email": ""}, [IDENTITY]),
        ({"phone": "", "place": None}, [PLACE, IDENTITY]),
    ],
)
def test_the_ticks_say_which_condition_fails(changes: dict[str, Any], failed: list[str]) -> None:
    """R-HN-27, Đ6.1: language, content, place, media, identity."""
    report = a_report(replace(DRAFT, **changes), attachments=(PHOTO,))

    assert [tick.label for tick in ticks(report, PROFILE) if not tick.met] == failed


@pytest.mark.parametrize("photo", [replace(PHOTO, marks=("edited",)), replace(PHOTO, problem="unreadable")])
def test_an_edited_picture_fails_the_tick_of_media(photo: Attachment) -> None:
    """R-HN-27, Đ6.1.b: for officers; the report is taken all the same."""
    report = a_report(attachments=(photo,))

    assert [tick.label for tick in ticks(report, PROFILE) if not tick.met] == [MEDIA]


def test_a_kind_of_report_without_a_place_fails_none() -> None:
    """R-HN-27: the conditions are those of the profile for this kind."""
    report = a_report(replace(DRAFT, report_type="sang_kien", category="sang_kien", place=None))

    assert all(tick.met for tick in ticks(report, PROFILE))


# --- the inbox --------------------------------------------------------------------------------------------------------


async def shown(world: World, report: Report) -> tuple[int, Any]:
    number = await world.conversation(profile=PROFILE.id)
    await world.heard(number, 1, f"cccd {CCCD}, mail thutrang.ng@example.vn")
    await world.add(
        tables.reports, id="r1", conversation_id=number, ordinal=1, status="opened", code=CODE, confirmed_at=NOW,
        body=world.seal.close(msgspec.json.encode(report), b"report"),
    )  # fmt: skip
    return number, await world.signed_in()


async def test_the_ticks_stand_beside_the_report(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-HN-27, Đ6.1: on the page of the conversation."""
    monkeypatch.setattr("tests.inbox.desks.PROFILE", PROFILE)
    number, browser = await shown(world, a_report(replace(DRAFT, email="")))

    page = (await browser.get(f"/c/{number}")).text

    assert f"✗ Cần xem: {IDENTITY}" in page and f"✓ Đạt: {PLACE}" in page


async def test_identity_numbers_and_mail_addresses_are_covered_for_staff(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-HN-24, Đ5.8: in the report, in the words of the citizen; each look is one field, and is journaled."""
    monkeypatch.setattr("tests.inbox.desks.PROFILE", PROFILE)
    number, browser = await shown(world, a_report())

    page = (await browser.get(f"/c/{number}")).text
    uncovered = (await browser.send(f"/c/{number}/reveal", field="report:1:cccd")).text

    assert CCCD not in page and "thutrang.ng@" not in page and "001•" in page
    assert CCCD in uncovered and "thutrang.ng@" not in uncovered
    assert await world.journal() == [("lan", "revealed", number, "report:1:cccd")]
