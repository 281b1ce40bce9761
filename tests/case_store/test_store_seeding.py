"""Cases that come from elsewhere keep their code, and nobody else gets it."""

import asyncio
from typing import Any

from case_store.database import make_engine
from case_store.seeding import Existing, put_case
from regulations.loader import load
from tests.case_store.running import FRIDAY, STAFF, RunningStore

CODE = "TG-261120-0007"


def put(store: RunningStore, **changes: Any) -> None:
    existing = Existing(**({"code": CODE, "state": "in_progress"} | changes))

    async def run() -> None:
        engine = make_engine(store.settings.database_url)
        async with engine.begin() as connection:
            await put_case(connection, load("tien-giang"), existing, now=FRIDAY)
        await engine.dispose()

    asyncio.run(run())


def test_a_case_from_elsewhere_is_found_under_its_own_code(store: RunningStore) -> None:
    put(store, category="Chiếu sáng", agency="UBND phường Mỹ Tho")

    (found,) = store.get(f"requests/{CODE}.json", jurisdiction_id="tien-giang").json()

    assert found["service_code"] == "chieu_sang"
    assert found["agency_responsible"] == "UBND phường Mỹ Tho"
    assert found["status"] == "open"


def test_a_new_report_never_gets_a_code_that_came_from_elsewhere(store: RunningStore) -> None:
    put(store)

    assert store.code_of() == "TG-261120-0008"


def test_a_case_brought_in_again_begins_anew(store: RunningStore) -> None:
    put(store)
    store.play(CODE, "resolved", "Đã thay bóng").raise_for_status()

    put(store, state="in_progress")

    case = store.http.get(f"/officer/cases/{CODE}", headers={"x-staff-key": STAFF}).json()
    assert (case["stage"], case["result"], case["history"]) == ("in_progress", "", [])


def test_a_state_that_no_stage_is_named_after_becomes_the_stage_that_leads_to_it(store: RunningStore) -> None:
    put(store, state="published")

    case = store.http.get(f"/officer/cases/{CODE}", headers={"x-staff-key": STAFF}).json()

    assert (case["stage"], case["open"]) == ("published", False)
