"""Bắc Ninh, 17/2024/QĐ-UBND: what the reference store and the gateway make true together."""

from typing import Any

import pytest

from tests.case_store.running import KEY, STAFF, RunningStore, StartStore

PERSON = {"attribute[full_name]": "Nguyễn Văn An", "phone": "+84912345678"}
OFFICER = {"x-staff-key": STAFF}


@pytest.fixture
def store(start_store: StartStore) -> RunningStore:
    return start_store(profiles=("bac-ninh",))


def a_case(store: RunningStore) -> str:
    return store.code_of(service_code="ve_sinh_moi_truong", **PERSON)


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers=OFFICER).json()
    return found


def hide(store: RunningStore, code: str) -> None:
    store.play(code, "hidden", "Từ ngữ thóa mạ", by="Trần Thị Lan").raise_for_status()


def test_a_hidden_report_is_nowhere_public_and_stays_with_staff(store: RunningStore) -> None:
    """R-BN-44, Đ10.2.đ*, Đ11*."""
    code, other = a_case(store), a_case(store)

    hide(store, code)

    assert [record["service_request_id"] for record in store.get("requests.json").json()] == [other]
    assert store.get(f"requests/{code}.json").status_code == 404
    assert store.get("requests.json", service_request_id=code).json() == []
    assert code not in store.get("servicerequestupdates.json").text
    assert code in store.http.get("/officer/rows", headers=OFFICER).text


def test_who_hides_says_why_and_who(store: RunningStore) -> None:
    """R-BN-44, Đ11*: with reason and name."""
    code = a_case(store)

    without_reason = store.play(code, "hidden", by="Trần Thị Lan")
    without_name = store.play(code, "hidden", "Từ ngữ thóa mạ")
    hide(store, code)

    assert [answer.json()[0]["code"] for answer in (without_reason, without_name)] == ["text", "by"]
    (entry,) = one(store, code)["history"]
    assert (entry["event"], entry["text"], entry["by"]) == ("report.hidden", "Từ ngữ thóa mạ", "Trần Thị Lan")


def test_hiding_is_not_closing(store: RunningStore) -> None:
    """R-BN-44, Đ11*: không bỏ sót. The report is worked on, its limit runs, and it stays hidden."""
    code = a_case(store)
    before = one(store, code)

    hide(store, code)
    hidden = one(store, code)
    for to in ("assigned", "in_progress"):
        store.play(code, to).raise_for_status()

    assert (hidden["open"], hidden["expected"], hidden["clocks"]) == (True, before["expected"], before["clocks"])
    assert one(store, code)["state"] == "in_progress"
    assert store.get(f"requests/{code}.json").status_code == 404


def test_where_the_regulation_knows_no_hiding_nobody_hides(start_store: StartStore) -> None:
    """R-BN-44: an act of this regulation, not of all."""
    store = start_store(profiles=("tien-giang",))
    code = store.code_of()

    answer = store.play(code, "hidden", "Từ ngữ thóa mạ", by="Trần Thị Lan")

    assert answer.json()[0]["code"] == "transition"


def test_a_complex_matter_needs_its_document(store: RunningStore) -> None:
    """R-BN-49, Đ10.4*: phản hồi người dân kèm văn bản."""
    code = a_case(store)
    store.play(code, "assigned").raise_for_status()

    without = store.play(code, "extended", "Phải xin kinh phí của tỉnh")
    store.play(code, "extended", "Phải xin kinh phí", media=["https://kho.example/van-ban.pdf"]).raise_for_status()

    assert without.json()[0]["code"] == "media"
    told = store.get("servicerequestupdates.json", api_key=KEY).json()[-1]
    assert told["media_url"] == ["https://kho.example/van-ban.pdf"]
    assert told["description"] == "Phải xin kinh phí"
