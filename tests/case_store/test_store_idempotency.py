"""One confirmed report is one case, however often it is sent. open311: idempotent POST."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlalchemy import create_engine, text

from case_store.database import migrate, sqlalchemy_url
from case_store.settings import Faults
from tests.case_store.running import RunningStore, StartStore, until

REPORT = '{"report_id": "r-1", "attachments": [{"source_key": "a", "url": "https://x.example/a?sig=%s"}]}'


def count(store: RunningStore) -> int:
    engine = create_engine(sqlalchemy_url(store.settings.database_url))
    with engine.connect() as connection:
        number: int = connection.execute(text("select count(*) from cases")).scalar_one()
    engine.dispose()
    return number


def test_100_parallel_replays_are_one_case(store: RunningStore) -> None:
    """open311 check 8."""
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda _: store.post(key="r-1"), range(100)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()[0]["service_request_id"] for answer in answers}) == 1
    assert sum(answer.headers.get("idempotent-replay") == "true" for answer in answers) == 99
    assert count(store) == 1


def test_codes_have_no_gaps_when_many_report_at_once(store: RunningStore) -> None:
    with ThreadPoolExecutor(20) as pool:
        codes = sorted(pool.map(lambda number: store.code_of(key=f"r-{number}"), range(60)))

    assert codes == [f"TG-261120-{number:04d}" for number in range(1, 61)]


def test_a_refused_report_uses_no_number(store: RunningStore) -> None:
    store.post(lat="10")

    assert store.code_of() == "TG-261120-0001"


def test_numbers_begin_again_every_local_day(store: RunningStore) -> None:
    store.code_of()
    store.clock.move(hours=15)

    assert store.code_of() == "TG-261121-0001"


def test_the_same_key_for_other_words_is_a_conflict(store: RunningStore) -> None:
    """open311 check 8."""
    store.post(key="r-1")

    answer = store.post(key="r-1", description="Chuyện khác hẳn")

    assert answer.status_code == 400
    assert answer.json()[0]["code"] == "idempotency_conflict"


@pytest.mark.parametrize("field", ["client_request_id", "attribute[client_request_id]"])
def test_the_key_may_come_in_the_form(store: RunningStore, field: str) -> None:
    first = store.code_of(**{field: "r-1"})

    assert store.code_of(**{field: "r-1"}) == first


def test_a_fresh_signature_on_a_photo_is_the_same_report(store: RunningStore) -> None:
    first = store.code_of(key="r-1", media_url="https://x.example/a?sig=1", **{"attribute[report]": REPORT % 1})

    again = store.post(key="r-1", media_url="https://x.example/a?sig=2", **{"attribute[report]": REPORT % 2})

    assert again.json()[0]["service_request_id"] == first


def test_a_key_counts_within_its_jurisdiction(start_store: StartStore) -> None:
    store = start_store(profiles=("tien-giang", "bac-ninh"))

    codes = {store.code_of(key="r-1", jurisdiction_id=name, service_code="khac") for name in store.desk.profiles}

    assert len(codes) == 2


def test_without_a_key_a_twin_is_kept_and_pointed_out(store: RunningStore) -> None:
    first = store.code_of(phone="0909123456")
    second = store.code_of(phone="0909123456", description="đèn đường  tắt 3 ĐÊM")

    listed = store.http.get("/officer/cases", headers={"x-staff-key": store.settings.staff_key}).json()

    assert {case["code"]: case["looks_like"] for case in listed} == {first: "", second: first}


def test_a_dropped_connection_after_the_commit_leaves_one_case(start_store: StartStore) -> None:
    """open311 check 9."""
    store = start_store(faults=Faults(drop_after_accept=1))
    with pytest.raises(httpx2.TransportError):
        store.post(key="r-1")

    again = store.post(key="r-1")

    assert again.headers["idempotent-replay"] == "true"
    assert count(store) == 1


def test_silence_after_the_commit_leaves_one_case(start_store: StartStore) -> None:
    store = start_store(faults=Faults(hang_after_accept=1, hang_seconds=30))
    with (
        httpx2.Client(base_url=store.url, timeout=1.0, trust_env=False) as impatient,
        pytest.raises(httpx2.TimeoutException),
    ):
        impatient.post("/open311/v2/requests.json", data=store_form("r-1"))

    again = store.http.post("/open311/v2/requests.json", data=store_form("r-1"))

    assert re.fullmatch(r"TG-261120-0001", again.json()[0]["service_request_id"])
    assert count(store) == 1


def store_form(key: str) -> dict[str, str]:
    return {
        "api_key": "khoa-cong-tiep-nhan",
        "service_code": "chieu_sang",
        "address_string": "45 Lý Thường Kiệt",
        "attribute[address]": "45",
        "client_request_id": key,
    }


def test_an_answer_of_500_takes_nothing(start_store: StartStore) -> None:
    store = start_store(faults=Faults(answer_500=1))

    refused = store.post(key="r-1")

    assert refused.status_code == 500
    assert refused.json()[0]["code"] == "500"
    assert store.code_of(key="r-1") == "TG-261120-0001"


HANGING_STORE = """
import sys
from case_store import CaseStoreSettings, Faults, serve
serve(CaseStoreSettings(database_url=sys.argv[1], profiles=("tien-giang",), api_keys=("khoa-cong-tiep-nhan",),
    port=int(sys.argv[2]), faults=Faults(hang_after_accept=1)))
"""


def test_a_store_killed_between_commit_and_reply_knows_its_keys(
    start_store: StartStore, fresh_database: Callable[[], str]
) -> None:
    """open311 check 9: the key and the case are one transaction."""
    url, port = fresh_database(), free_port()
    with subprocess.Popen([sys.executable, "-c", HANGING_STORE, url, str(port)]) as process:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=1.0, trust_env=False) as http:
            until(lambda: answers(http))
            with pytest.raises(httpx2.TimeoutException):
                http.post("/open311/v2/requests.json", data=store_form("r-1"))
        process.kill()

    store = start_store(database_url=url)
    again = store.http.post("/open311/v2/requests.json", data=store_form("r-1"))

    assert again.headers["idempotent-replay"] == "true"
    assert count(store) == 1


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(http: httpx2.Client) -> bool:
    try:
        return http.get("/healthz").status_code == 200
    except httpx2.TransportError:
        return False


def test_migrating_twice_changes_nothing(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    migrate(url)

    migrate(url)


def test_the_migrations_make_the_tables_of_the_program(fresh_database: Callable[[], str]) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from case_store.tables import metadata

    url = fresh_database()
    migrate(url)
    engine = create_engine(sqlalchemy_url(url))
    with engine.connect() as connection:
        options = {"version_table": "case_store_version"}
        context = MigrationContext.configure(connection, opts=options)
        difference = compare_metadata(context, metadata)
    engine.dispose()

    assert difference == []


def test_follow_ups_are_taken_once(store: RunningStore) -> None:
    code = store.code_of()
    form = {
        "api_key": "khoa-cong-tiep-nhan",
        "service_request_id": code,
        "update_id": "f-1",
        "status": "UNCHANGED",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": "Bổ sung: cột số 7",
        "attribute[kind]": "supplement",
    }

    answers = [store.http.post("/open311/v2/servicerequestupdates.json", data=form) for _ in range(3)]

    assert [answer.json() for answer in answers] == [[{"update_id": "f-1"}]] * 3
    history = store.http.get(f"/officer/cases/{code}", headers={"x-staff-key": store.settings.staff_key}).json()
    assert [entry["text"] for entry in history["history"]] == ["Bổ sung: cột số 7"]
