"""Hà Nội, article 27: confirmed violations, the lock of thirty days, and what a locked sender can still do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.events import CaseChanged
from dialog import waiting_for
from tests.case_store.running import KEY, STAFF, RunningStore, StartStore

Talks = Callable[..., Any]
CODE = "HN-261118-0007"
UNTIL = datetime(2026, 12, 20, 9, 30, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
REASON = "thông tin không đúng sự thật"
WHOLE = (
    "Em là Nguyễn Thu Trang, cccd 001203012345, sđt 0912 345 678, mail a@b.vn. "
    "Rác chất đống trước số 20 Trần Thái Tông, phường Cầu Giấy"
)


def violation(conversation: Any, until: datetime | None = UNTIL) -> str:
    """What the store tells the gateway: an officer's note, or the lock that followed it."""
    return str(
        conversation.happens(
            CaseChanged(
                code=CODE, update_id="u", name="violation.confirmed", at=conversation.stage.now, status="refused",
                text=REASON, reason=REASON, article="khoản 3 Điều 27", locked_until=until,
            )
        )
    )  # fmt: skip


# --- in the conversation ----------------------------------------------------------------------------------------------


def test_a_lock_is_told_with_its_date_and_reason(talk: Talks) -> None:
    """R-HN-85, Đ27.3."""
    conversation = talk("ha-noi")

    answer = violation(conversation)

    assert "20/12/2026 09:30" in answer and REASON in answer and "khoản 3 Điều 27" in answer
    assert conversation.outcomes == ["locked"]


def test_a_locked_sender_submits_nothing(talk: Talks) -> None:
    """R-HN-85, Đ27.3: neither a new report nor one that was under way, nor by insisting on a declined one."""
    conversation = talk("ha-noi")
    conversation.says(WHOLE)
    violation(conversation)

    answers = [conversation.says(text) for text in ("không", "gửi", WHOLE, "tôi muốn khiếu nại", "gửi phản ánh")]

    assert not conversation.reports and waiting_for(conversation.stage.state) == ""
    assert "20/12/2026 09:30" in answers[2]


@pytest.mark.parametrize(("said", "number"), [("cháy nhà ở 20 Trần Thái Tông", "114"), ("có cướp", "113")])
def test_emergencies_are_answered_in_spite_of_a_lock(talk: Talks, said: str, number: str) -> None:
    """R-HN-85, Đ27.3."""
    conversation = talk("ha-noi")
    violation(conversation)

    assert number in conversation.says(said)


def test_look_ups_are_answered_in_spite_of_a_lock(talk: Talks) -> None:
    """R-HN-85, Đ27.3."""
    conversation = talk("ha-noi")
    conversation.stage.others[CODE] = {"status": "in_progress"}
    violation(conversation)

    assert "Đang xử lý" in conversation.says(CODE)


def test_the_lock_ends_with_its_instant(talk: Talks) -> None:
    """R-HN-85, Đ27.3."""
    conversation = talk("ha-noi")
    violation(conversation)
    conversation.stage.now = UNTIL

    for said in (WHOLE, "không", "không", "gửi"):
        conversation.says(said)

    assert conversation.outcomes == ["locked", "submitted"]


def test_a_violation_that_locks_nobody_is_the_officers_own_note(talk: Talks) -> None:
    """R-HN-84, Đ27.2: the citizen's case is not touched by it."""
    conversation = talk("ha-noi")

    assert violation(conversation, until=None) == "" and conversation.outcomes == []


def test_the_bot_counts_no_violations(talk: Talks) -> None:
    """R-HN-84, Đ27.2: however often it declines or is insulted, nothing but an officer's word locks."""
    conversation = talk("ha-noi")
    for said in ("sale off 50% giày dép", "đồ ngu", "lũ ngu", "sale off 30% túi xách", "đồ chó", "mất dạy"):
        conversation.says(said)
        conversation.stage.now += timedelta(minutes=2)

    for said in ("hủy", WHOLE, "không", "không", "gửi"):
        conversation.says(said)

    assert conversation.stage.state.lock is None
    assert len(conversation.reports) == 1


# --- in the store -----------------------------------------------------------------------------------------------------


@pytest.fixture
def office(start_store: StartStore) -> RunningStore:
    return start_store(profiles=("ha-noi",))


def a_case(store: RunningStore, sender: str = "c-17") -> str:
    report = {"service_code": "khac", "attribute[report]": "{}", "account_id": sender}
    return store.code_of(**report)


def confirm(store: RunningStore, code: str) -> None:
    store.clock.move(minutes=1)
    store.play(code, "violation", REASON, by="Trần Thị Lan").raise_for_status()


def locks(store: RunningStore) -> list[str]:
    """Until when, as the gateway is told."""
    news = store.get("servicerequestupdates.json", api_key=KEY).json()
    return [entry["extras"]["locked_until"] for entry in news if "locked_until" in entry["extras"]]


def test_the_fourth_violation_in_a_row_locks_for_thirty_days(office: RunningStore) -> None:
    """R-HN-85, Đ27.3: "quá 03 lần liên tiếp"."""
    for _ in range(3):
        confirm(office, a_case(office))
    after_three = locks(office)

    confirm(office, a_case(office))

    (until,) = locks(office)
    assert after_three == []
    assert datetime.fromisoformat(until) == office.clock() + timedelta(days=30)


def test_an_accepted_report_breaks_the_row(office: RunningStore) -> None:
    """R-HN-86, R-HN-85, Đ27.3."""
    for _ in range(3):
        confirm(office, a_case(office))
    office.clock.move(minutes=1)
    office.play(a_case(office), "assigned").raise_for_status()

    confirm(office, a_case(office))

    assert locks(office) == []


def test_a_report_that_was_accepted_and_then_found_false_breaks_nothing(office: RunningStore) -> None:
    """R-HN-85, Đ27.3."""
    for _ in range(4):
        code = a_case(office)
        office.play(code, "assigned").raise_for_status()
        confirm(office, code)

    assert len(locks(office)) == 1


def test_one_sender_is_not_locked_for_another(office: RunningStore) -> None:
    """R-HN-85, Đ27.3."""
    for number in range(6):
        confirm(office, a_case(office, f"c-{number}"))

    assert locks(office) == []


def test_only_an_officer_confirms_a_violation_and_says_who(office: RunningStore) -> None:
    """R-HN-84, Đ27.2: not without a name, not without words, not without the officers' key."""
    code = a_case(office)

    nameless = office.play(code, "violation", REASON).status_code
    wordless = office.play(code, "violation", by="Trần Thị Lan").status_code
    keyless = office.http.post(f"/officer/cases/{code}/play", json={"to": "violation", "text": "x"}).status_code

    assert (nameless, wordless, keyless) == (400, 400, 403)
    before = office.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    confirm(office, code)
    after = office.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    assert before["stage"] == after["stage"] and after["history"][-1]["by"] == "Trần Thị Lan"
    public = office.get("servicerequestupdates.json").json()
    assert REASON not in str(public)


def test_a_province_without_the_rule_has_no_such_act(start_store: StartStore) -> None:
    """R-HN-84: it is the profile's sanction, not the program's."""
    store = start_store(profiles=("tien-giang",))
    code = store.code_of()

    answer = store.play(code, "violation", REASON, by="Trần Thị Lan")

    assert answer.json()[0]["code"] == "transition"
