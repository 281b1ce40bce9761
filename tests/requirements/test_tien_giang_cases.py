"""Tiền Giang, 1863/QĐ-UBND: doors, staff, and what happens to a report after it was sent."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app import doctor
from app.doctor import Level
from core.effects import FollowUpKind
from core.events import CaseChanged, CaseKnown
from core.model import Draft
from dialog.state import Form, State
from regulations.calendar import deadlines_for
from regulations.loader import load
from tests.case_store.running import KEY, STAFF, RunningStore, StartStore
from tests.inbox.desks import World

Talks = Callable[..., Any]
PROVINCE = "tien-giang"
CODE = "TG-261110-0004"
LAMP = "đèn đường hư 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho"
LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


def a_case(talk: Talks, **known: Any) -> Any:
    conversation = talk(PROVINCE)
    conversation.happens(CaseKnown(code=CODE, at=conversation.stage.now, agency="Điện lực", **known))
    return conversation


def changed(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code=CODE, update_id=name, name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store()


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    return found


def events_told(store: RunningStore) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.get("servicerequestupdates.json", api_key=KEY).json()
    return found


# --- doors: article 3 -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        pytest.param("email", "1022@tiengiang.gov.vn", id="R-TG-06 Đ3.2.b"),
        pytest.param("zalo", "Tổng đài 1022 Tiền Giang", id="R-TG-07 Đ3.2.d"),
        pytest.param("facebook", "https://www.facebook.com/Tongdai1022tiengiang", id="R-TG-08 Đ3.2.đ"),
        pytest.param("telegram", "Tổng đài 1022 Tiền Giang", id="R-TG-10 Đ3.3"),
    ],
)
def test_every_door_of_the_decision_takes_reports(talk: Talks, channel: str, name: str) -> None:
    """R-TG-06…08 and R-TG-10: under its printed name, each with the same questions and the same end."""
    row = load(PROVINCE).channels[channel]
    conversation = talk(PROVINCE, channel)
    conversation.says(f"{LAMP}. Tôi tên Bùi Thị Sáu, 0912 345 678. Địa chỉ của tôi: 12 Lê Lợi, phường Mỹ Tho")
    conversation.says("đúng")
    if not conversation.reports:
        conversation.says("gửi")

    assert (row.enabled, row.name) == (True, name)
    (report,) = conversation.reports
    assert (report.name, report.category) == ("Bùi Thị Sáu", "chieu_sang")


def test_a_door_is_opened_and_closed_in_the_file_alone(tmp_path: Path) -> None:
    """R-TG-10, Đ3.3."""
    extra = tmp_path / "extra.toml"
    extra.write_text('[[channels]]\nkind = "telegram"\nenabled = false\nsrc = "Đ3.3"\n', "utf-8")

    def closed(_: str) -> Any:
        return load(PROVINCE, extra=extra)

    notes = {
        which: [finding.text for finding in doctor.check_profile(PROVINCE, which, {"telegram"})]
        for which in (load, closed)
    }
    assert not any("telegram chưa được bật" in text for text in notes[load])
    assert any("telegram chưa được bật" in text for text in notes[closed])
    assert {finding.level for finding in doctor.check_profile(PROVINCE, closed, {"telegram"})} == {Level.NOTE}


def test_a_field_is_added_in_the_file_alone(talk: Talks, tmp_path: Path) -> None:
    """R-TG-65, Đ17.6."""
    extra = tmp_path / "extra.toml"
    extra.write_text(
        '[[categories]]\nid = "thu_cung"\nlabel = "Thú nuôi"\nagency = "Chi cục Thú y"\n'
        'kw = ["chó thả rông"]\nsrc = "Đ17.6"\n',
        "utf-8",
    )

    before, after = talk(PROVINCE), talk(load(PROVINCE, extra=extra))
    for conversation in (before, after):
        conversation.says("chó thả rông cắn người ở 20 Nguyễn Huệ, phường Mỹ Tho")

    assert after.stage.state.form.draft.category == "thu_cung"
    assert before.stage.state.form.draft.category != "thu_cung"


# --- articles 4 and 5 -------------------------------------------------------------------------------------------------


def test_a_result_is_on_the_web_unless_it_was_sent_in_private(talk: Talks, store: RunningStore) -> None:
    """R-TG-13, Đ4.4."""
    told = changed(a_case(talk), "result.published", status="published", text="Đã thay bóng")
    assert "https://1022.tiengiang.gov.vn" in told

    public, private = store.code_of(), store.code_of()
    store.play(public, "published", "Đã thay bóng").raise_for_status()
    store.play(private, "sent_private", "Đã kiểm điểm ông A").raise_for_status()
    assert "Đã thay bóng" in store.get(f"requests/{public}.json").text
    assert "ông A" not in store.get(f"requests/{private}.json").text


def test_a_refusal_says_why(talk: Talks, store: RunningStore) -> None:
    """R-TG-14, Đ4.5."""
    code = store.code_of()
    assert store.play(code, "refused").status_code == 400
    assert one(store, code)["state"] == "submitted"
    store.play(code, "refused", reason="khong_phu_hop").raise_for_status()
    extras = events_told(store)[0]["extras"]

    answer = changed(
        a_case(talk), "report.refused", status="refused", reason=extras["reason"], article=extras["article"]
    )

    assert "không phù hợp với quy định" in answer and "khoản 5 Điều 4" in answer


async def test_who_uncovers_an_identity_is_written_down(world: World) -> None:
    """R-TG-23, Đ5.2: nobody but a signed-in officer gets it, and the journal keeps who did."""
    draft = Draft(name="Bùi Thị Sáu", phone="+84912345678", confidential=True, description="Đèn hư")
    number = await world.conversation(state=State(profile=PROVINCE, form=Form(draft=draft)))
    browser = await world.signed_in()
    page = (await browser.get(f"/c/{number}")).text
    assert "+84912345678" not in page and "Bùi Thị Sáu" not in page

    await browser.send(f"/c/{number}/reveal", field="slot:phone")

    assert await world.journal() == [("lan", "revealed", number, "slot:phone")]


def test_the_public_never_reads_who_wanted_to_stay_unnamed(store: RunningStore) -> None:
    """R-TG-23, Đ5.2."""
    person = {"attribute[full_name]": "Bùi Thị Sáu", "phone": "+84912345678", "attribute[anonymous]": "true"}
    code = store.code_of(**person)

    public = store.get(f"requests/{code}.json", extensions="true").text
    staff = store.get(f"requests/{code}.json", extensions="true", staff=True).text

    assert "Sáu" not in public and "912345678" not in public
    assert "Sáu" in staff


# --- article 9 --------------------------------------------------------------------------------------------------------


def test_distribution_is_due_within_two_working_hours(store: RunningStore) -> None:
    """R-TG-38, Đ9.1.a: Friday 16:30 → Monday 08:30; the officer's page shows the limit until it is done."""
    friday = datetime(2026, 11, 20, 16, 30, tzinfo=LOCAL)
    due = {clock.id: clock.due for clock in deadlines_for(load(PROVINCE), "report.received", friday)}
    assert due["phan_phoi"] == datetime(2026, 11, 23, 8, 30, tzinfo=LOCAL)

    code = store.code_of()
    (clock,) = [clock for clock in one(store, code)["clocks"] if clock["rule"] == "phan_phoi"]
    assert (clock["running"], clock["due"]) == (True, "20/11/2026 11:00")
    store.play(code, "assigned").raise_for_status()
    assert not next(c for c in one(store, code)["clocks"] if c["rule"] == "phan_phoi")["running"]


async def test_an_urgent_report_stays_on_top_until_somebody_takes_it(world: World) -> None:
    """R-TG-39, Đ9.1.a."""
    urgent = await world.conversation(owner="bot", alert="thien_tai_dich_benh")
    browser = await world.signed_in()

    assert "Thiên tai, dịch bệnh" in (await browser.get("/")).text
    assert "alerting" in browser.html and f"/c/{urgent}" in browser.html


@pytest.mark.parametrize(("days", "late"), [(3, False), (7, True)], ids=["in time", "too late"])
def test_more_time_is_announced_with_a_date_within_three_days(
    talk: Talks, store: RunningStore, days: int, late: bool
) -> None:
    """R-TG-41, Đ9.1.b: the date is told and becomes the new limit; an announcement after the third day is late."""
    code = store.code_of()
    store.play(code, "assigned").raise_for_status()
    store.clock.move(days=days)
    store.play(code, "extended", "Chờ vật tư", due="2026-12-15T17:00:00+07:00").raise_for_status()

    (clock,) = [clock for clock in one(store, code)["clocks"] if clock["rule"] == "bao_gia_han"]
    assert (clock["due"], clock["running"], clock["late"]) == ("26/11/2026 17:00", False, late)
    assert one(store, code)["expected"] == "15/12/2026 17:00"
    answer = changed(
        a_case(talk), "extension.announced", status="extended", reason="Chờ vật tư", due="15/12/2026 17:00"
    )
    assert "Chờ vật tư" in answer and "15/12/2026" in answer


def test_unclear_competence_is_told_after_the_decision_only(talk: Talks, store: RunningStore) -> None:
    """R-TG-43, Đ9.1.c."""
    code = store.code_of()
    store.play(code, "authority_check").raise_for_status()
    store.play(code, "assigned", agency="Sở Xây dựng").raise_for_status()
    assert [entry["extras"]["event"] for entry in events_told(store)] == ["report.escalated", "report.assigned"]
    assert load(PROVINCE).routing.unknown_authority.startswith("Văn phòng UBND tỉnh")

    conversation = a_case(talk)
    before = changed(conversation, "report.escalated", status="authority_check")
    after = changed(conversation, "report.assigned", status="assigned", agency="Sở Xây dựng")

    assert before == ""
    assert "Sở Xây dựng" in after and CODE in after


# --- article 11 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("words", "rating", "again"), [("không hài lòng", 1, True), ("hài lòng", 3, False)])
def test_a_bad_mark_is_a_task_for_the_agency(
    talk: Talks, store: RunningStore, words: str, rating: int, again: bool
) -> None:
    """R-TG-52, Đ11.2."""
    conversation = a_case(talk)
    changed(conversation, "result.published", status="published", text="Đã thay bóng")
    conversation.says(words)
    said = conversation.stage.seen.follow_ups[0]
    assert (said.kind, said.value) == (FollowUpKind.RATING, rating)

    code = store.code_of()
    store.play(code, "published", "Đã thay bóng").raise_for_status()
    form = {
        "api_key": KEY,
        "service_request_id": code,
        "update_id": "danh-gia-1",
        "status": "UNCHANGED",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": words,
        "attribute[kind]": "rating",
        "attribute[rating]": str(rating),
    }
    store.http.post("/open311/v2/servicerequestupdates.json", data=form).raise_for_status()

    case = one(store, code)
    assert (case["state"], case["open"]) == (("reopened", True) if again else ("published", False))
