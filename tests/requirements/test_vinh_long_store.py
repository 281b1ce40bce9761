"""Vĩnh Long, 2408/QĐ-UBND: what the reference store and the gateway make true together."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core.events import CaseChanged
from tests.case_store.running import KEY, STAFF, Clock, RunningStore, StartStore

PERSON: dict[str, Any] = {
    "attribute[full_name]": "Trần Thị Bé",
    "phone": "+842703823456",
    "email": "be@example.vn",
    "attribute[sender_address]": "7 Phạm Thái Bường",
}
SECRET = PERSON | {"attribute[anonymous]": "true"}
OFFICER = {"x-staff-key": STAFF}
FRIDAY_16 = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
"""16:00 in Vietnam; the Monday after it is no holiday."""


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store(profiles=("vinh-long",))


def a_case(store: RunningStore, **person: Any) -> str:
    return store.code_of(service_code="moi_truong", description="rác đầy hẻm", **(person or PERSON))


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers=OFFICER).json()
    return found


def public(store: RunningStore, code: str) -> str:
    """Everything that anybody may read about the case."""
    return "".join(
        store.get(f"{path}.json", extensions="true", service_request_id=code).text
        for path in ("requests", f"requests/{code}", "servicerequestupdates")
    )


def told(store: RunningStore) -> dict[str, Any]:
    """The newest news, as the gateway hears it."""
    newest: dict[str, Any] = store.get("servicerequestupdates.json", api_key=KEY).json()[-1]
    return newest


def test_the_public_reads_what_and_where_and_no_phone(store: RunningStore) -> None:
    """R-VL-20, Đ5.4: content, place and photo; the phone is in no list."""
    code = a_case(store)

    record = store.get(f"requests/{code}.json", extensions="true").json()[0]

    assert (record["description"], record["address"]) == ("rác đầy hẻm", "45 Lý Thường Kiệt")
    assert "phone" not in record
    for private in ("3823456", "be@example.vn", "Phạm Thái Bường"):
        assert private not in public(store, code)


def test_a_wish_for_secrecy_hides_name_and_result_from_the_public(store: RunningStore) -> None:
    """R-VL-21, Đ5.4; R-VL-37, Đ10.2: the result goes to the sender alone."""
    code = a_case(store, **SECRET)
    store.play(code, "sent_private", "Đã dọn sạch").raise_for_status()

    assert told(store)["description"] == "Đã dọn sạch"
    assert store.get("requests.json").json() == []
    for private in ("Trần Thị Bé", "Đã dọn sạch", "rác đầy hẻm"):
        assert private not in public(store, code)


def test_the_sender_reads_the_private_result(talk: Callable[..., Any]) -> None:
    """R-VL-37, Đ10.2."""
    conversation = talk("vinh-long")

    answer = news(conversation, "result.sent", status="sent_private", text="Đã dọn sạch")

    assert "Đã dọn sạch" in answer


def news(conversation: Any, name: str, **values: Any) -> str:
    event = CaseChanged(code="VL-261120-0001", update_id=name, name=name, at=conversation.stage.now, **values)
    return str(conversation.happens(event))


def test_a_secret_answer_is_only_announced(store: RunningStore, talk: Callable[..., Any]) -> None:
    """R-VL-38, Đ10.3: neither published nor sent over the chat."""
    code = a_case(store)
    store.play(code, "answered_secretly", "Nội dung mật").raise_for_status()
    state = told(store)["extras"]["detailed_status"]

    answer = news(talk("vinh-long"), "result.sent", status=state, text="Nội dung mật")

    assert "Nội dung mật" not in public(store, code)
    assert "Nội dung mật" not in answer and "bảo vệ bí mật" in answer


def test_a_secret_answer_exists_only_where_the_regulation_has_it(start_store: StartStore) -> None:
    """R-VL-38."""
    store = start_store(profiles=("tien-giang",))

    assert store.play(store.code_of(), "answered_secretly", "x").json()[0]["code"] == "transition"


def test_reception_and_forwarding_are_due_after_the_same_two_working_hours(start_store: StartStore) -> None:
    """R-VL-24, Đ6.2; R-VL-25, Đ7.2: Friday 16:00 → Monday 08:00, for both, on the officers' page."""
    store = start_store(profiles=("vinh-long",), clock=Clock(FRIDAY_16))
    code = a_case(store)

    due = {clock["rule"]: clock["due"] for clock in one(store, code)["clocks"]}
    page = store.http.get("/officer/rows", headers=OFFICER).text

    assert due == {"tiep_nhan": "30/11/2026 08:00", "chuyen": "30/11/2026 08:00"}
    assert page.count("30/11/2026 08:00") == 2


def test_what_is_not_received_in_time_is_shown_late(start_store: StartStore) -> None:
    """R-VL-24, Đ6.2."""
    store = start_store(profiles=("vinh-long",), clock=Clock(FRIDAY_16))
    a_case(store)

    store.clock.move(days=3, hours=1)

    assert store.http.get("/officer/rows", headers=OFFICER).text.count("(trễ hạn)") == 2


def test_a_new_answer_of_the_citizen_opens_the_case_for_the_centre(store: RunningStore) -> None:
    """R-VL-40, Đ11.1; R-VL-42, Đ11.3: staff see it and pass it on again."""
    code = a_case(store)
    store.play(code, "published", "Đã dọn").raise_for_status()
    form = {
        "api_key": KEY,
        "service_request_id": code,
        "update_id": "u-1",
        "status": "UNCHANGED",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": "chưa rõ",
        "attribute[kind]": "clarify",
    }

    store.http.post("/open311/v2/servicerequestupdates.json", data=form).raise_for_status()
    seen = one(store, code)
    store.play(code, "assigned", agency="UBND phường Long Châu").raise_for_status()

    assert (seen["state"], seen["open"], seen["history"][-1]["text"]) == ("clarifying", True, "chưa rõ")
    assert told(store)["extras"]["agency"] == "UBND phường Long Châu"
