"""What officers do with cases, the limits that run meanwhile, and how the gateway hears of it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from backend_client import push
from case_store.database import sqlalchemy_url
from case_store.flow import ALLOWED, PLAYS, events_of, promised, state_of
from core.errors import DeliveryRejected
from regulations.loader import load
from tests.case_store.running import FRIDAY, KEY, STAFF, RunningStore, StartStore, until

PROFILES = ("bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang")
OFFICER = {"x-staff-key": STAFF}


def one(store: RunningStore, code: str) -> dict[str, Any]:
    found: dict[str, Any] = store.http.get(f"/officer/cases/{code}", headers=OFFICER).json()
    return found


def feed(store: RunningStore, **params: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.get("servicerequestupdates.json", api_key=KEY, **params).json()
    return found


# --- acts -------------------------------------------------------------------------------------------------------------


def test_a_case_goes_its_way(store: RunningStore) -> None:
    code = store.code_of()

    for to in ("assigned", "in_progress", "resolved", "published"):
        assert store.play(code, to, "Đã thay bóng").status_code == 200

    assert [entry["event"] for entry in one(store, code)["history"]] == [
        "report.assigned",
        "unit.started",
        "result.recorded",
        "result.published",
    ]
    assert store.get(f"requests/{code}.json").json()[0]["status"] == "closed"
    assert store.get(f"requests/{code}.json").json()[0]["status_notes"] == "Đã thay bóng"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("to", PLAYS)
def test_every_act_leaves_a_state_that_the_profile_knows(profile: str, to: str) -> None:
    rules = load(profile)

    assert state_of(rules, PLAYS[to], "submitted") in rules.workflow.states


def test_what_does_not_fit_is_refused(shared: RunningStore) -> None:
    code = shared.code_of()
    shared.play(code, "published", "Xong").raise_for_status()

    answer = shared.play(code, "in_progress")

    assert answer.status_code == 400
    assert answer.json()[0]["code"] == "transition"


@pytest.mark.parametrize("to", [to for to, act in PLAYS.items() if act.words and not act.own_state])
def test_a_result_or_a_reason_has_to_be_said(shared: RunningStore, to: str) -> None:
    code = shared.code_of()
    before = next(stage for stage in ("assigned", "published") if to in ALLOWED[stage])
    shared.play(code, before, "Xong").raise_for_status()

    assert shared.play(code, to).json()[0]["code"] == "text"


def test_a_recorded_result_is_published_as_it_stands(store: RunningStore) -> None:
    code = store.code_of()
    store.play(code, "resolved", "Đã thay bóng").raise_for_status()

    store.play(code, "published").raise_for_status()

    assert [entry["description"] for entry in feed(store)] == ["Đã thay bóng", "Đã thay bóng"]


@pytest.mark.parametrize("body", ["to=published&text=x", '{"to": "published"'])
def test_only_json_plays(shared: RunningStore, body: str) -> None:
    """A foreign page can make a browser post a form, but not JSON."""
    code = shared.code_of()
    kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"

    answer = shared.http.post(f"/officer/cases/{code}/play", content=body, headers=OFFICER | {"content-type": kind})

    assert answer.status_code == 400


def test_every_allowed_act_exists() -> None:
    assert {to for acts in ALLOWED.values() for to in acts} == set(PLAYS)
    assert set(PLAYS) < set(ALLOWED)


def test_an_unknown_case_cannot_be_played(shared: RunningStore) -> None:
    assert shared.play("TG-000000-0000", "assigned").status_code == 404


def test_the_new_agency_is_told(store: RunningStore) -> None:
    code = store.code_of()

    store.play(code, "assigned", agency="UBND phường Đạo Thạnh").raise_for_status()

    assert feed(store)[0]["extras"]["agency"] == "UBND phường Đạo Thạnh"


def test_a_refusal_names_the_article_of_the_profile(store: RunningStore) -> None:
    code = store.code_of()
    refusal = next(row for row in load("tien-giang").refusals.values() if row.article)

    store.play(code, "refused", reason=refusal.code).raise_for_status()

    extras = feed(store)[0]["extras"]
    assert (extras["reason"], extras["article"]) == (refusal.text, refusal.article)


def test_what_is_missing_is_told(store: RunningStore) -> None:
    code = store.code_of()

    store.play(code, "need_more", "Xin cho biết số cột đèn").raise_for_status()

    assert feed(store)[0]["extras"]["missing"] == "Xin cho biết số cột đèn"


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "due"),
    [
        ("bac-ninh", "2026-11-27T23:59:59+07:00"),
        # Two working hours to distribute, then five working days without the holiday of 24/11.
        ("tien-giang", "2026-11-30T17:00:00+07:00"),
    ],
)
def test_the_promise_is_the_regulations(start_store: StartStore, profile: str, due: str) -> None:
    store = start_store(profiles=(profile,))

    posted = store.post(service_code="khac").json()[0]

    assert posted["expected_datetime"] == due


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_promises_something_for_an_ordinary_report(profile: str) -> None:
    rules = load(profile)
    found = promised(rules, {"report.received": FRIDAY}, rules.default_report_type.id, "thuong")

    assert found is not None
    assert found > FRIDAY


def test_clocks_count_from_the_citizens_confirmation(shared: RunningStore) -> None:
    """Profile schema §5: also when the report waited while the store was down."""
    report = json.dumps({"submitted_at": (FRIDAY - timedelta(days=1)).isoformat()})

    posted = shared.post(**{"attribute[report]": report}).json()[0]

    # Thursday 09:00: distributed by 11:00 the same day, five working days later is Friday 27/11.
    assert posted["expected_datetime"] == "2026-11-27T17:00:00+07:00"


def test_a_confirmation_from_the_future_counts_from_now(shared: RunningStore) -> None:
    report = json.dumps({"submitted_at": (FRIDAY + timedelta(days=400)).isoformat()})

    posted = shared.post(**{"attribute[report]": report}).json()[0]

    assert posted["expected_datetime"] == "2026-11-30T17:00:00+07:00"


def test_an_act_stops_its_clock(store: RunningStore) -> None:
    code = store.code_of()

    store.play(code, "assigned").raise_for_status()

    running = {clock["rule"]: clock["running"] for clock in one(store, code)["clocks"]}
    assert running["phan_phoi"] is False
    assert running["xu_ly"] is True


def test_an_extension_moves_the_promise(store: RunningStore) -> None:
    code = store.code_of()
    store.play(code, "assigned").raise_for_status()

    store.play(code, "extended", "Chờ vật tư", due="2026-12-15T17:00:00+07:00").raise_for_status()

    assert feed(store)[-1]["extras"]["expected_datetime"] == "2026-12-15T17:00:00+07:00"
    assert store.get(f"requests/{code}.json").json()[0]["expected_datetime"] == "2026-12-15T17:00:00+07:00"


def test_an_announced_extension_stands(store: RunningStore) -> None:
    code = store.code_of()
    store.play(code, "assigned").raise_for_status()
    store.play(code, "extended", "Chờ vật tư", due="2026-12-15T17:00:00+07:00").raise_for_status()

    store.play(code, "in_progress").raise_for_status()

    assert one(store, code)["expected"] == "15/12/2026 17:00"


def test_a_late_result_is_told_once(start_store: StartStore) -> None:
    store = start_store(sweep_seconds=0.05)
    code = store.code_of()
    store.play(code, "assigned").raise_for_status()
    store.clock.move(days=30)

    until(lambda: one(store, code)["state"] == "overdue")

    news = feed(store, start_date="2026-11-20T00:00:00Z", end_date="2027-01-01T00:00:00Z")
    assert [entry["extras"]["event"] for entry in news] == ["report.assigned", "report.overdue"]


def test_a_case_that_is_done_is_never_late(start_store: StartStore) -> None:
    store = start_store(sweep_seconds=0.05)
    done, late = store.code_of(), store.code_of()
    store.play(done, "published", "Xong").raise_for_status()
    store.play(late, "assigned").raise_for_status()
    store.clock.move(days=30)

    until(lambda: one(store, late)["state"] == "overdue")

    assert one(store, done)["state"] == "published"


def test_a_hand_over_nobody_stamped_is_made_up_for() -> None:
    assert "unit.received" in events_of(PLAYS["published"], set())
    assert "unit.received" not in events_of(PLAYS["published"], {"unit.received"})


# --- what citizens say ------------------------------------------------------------------------------------------------


def say(store: RunningStore, code: str, kind: str, **more: str) -> int:
    form = {
        "api_key": KEY,
        "service_request_id": code,
        "update_id": f"{kind}-1",
        "status": "UNCHANGED",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": "Ý kiến",
        "attribute[kind]": kind,
        **more,
    }
    return store.http.post("/open311/v2/servicerequestupdates.json", data=form).status_code


def test_a_rating_is_kept(store: RunningStore) -> None:
    code = store.code_of()
    store.play(code, "published", "Xong").raise_for_status()

    say(store, code, "rating", **{"attribute[rating]": "3"})

    assert one(store, code)["rating"] == "Hài lòng"


def test_a_citizens_wish_for_secrecy_holds_at_once(store: RunningStore) -> None:
    code = store.code_of()

    say(store, code, "confidential")

    assert one(store, code)["confidential"] is True


def test_a_withdrawn_report_is_closed(store: RunningStore) -> None:
    code = store.code_of()

    say(store, code, "withdraw")

    assert store.get(f"requests/{code}.json").json()[0]["status"] == "closed"


def test_an_appeal_opens_the_case_again(start_store: StartStore) -> None:
    """Thanh Hóa Đ13.1: the answer is due in ten working days."""
    store = start_store(profiles=("thanh-hoa",))
    code = store.code_of(service_code="khac")
    store.play(code, "published", "Xong").raise_for_status()

    say(store, code, "appeal")

    case = one(store, code)
    assert (case["state"], case["open"]) == ("appealed", True)
    assert "tra_loi_phuc_dap" in [clock["rule"] for clock in case["clocks"] if clock["running"]]


def test_what_citizens_say_does_not_come_back_to_the_gateway(store: RunningStore) -> None:
    code = store.code_of()
    say(store, code, "supplement")

    assert feed(store) == []


# --- pushes -----------------------------------------------------------------------------------------------------------


class Gateway:
    """Listens for pushes; refuses as many as it is told to."""

    def __init__(self, refuse: int = 0) -> None:
        self.refuse, self.taken, self.tries = refuse, list[dict[str, Any]](), 0
        self.rejected: list[str] = []
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                gateway.hear(body, {name.lower(): value for name, value in self.headers.items()})
                self.send_response(200 if gateway.last_taken else 503)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/push"
        self.last_taken = False

    def hear(self, body: bytes, headers: dict[str, str]) -> None:
        self.tries += 1
        try:
            push.verify("bi-mat", body, headers, now=FRIDAY, tolerance=3600)
        except DeliveryRejected as error:
            self.rejected.append(str(error))
        self.last_taken = self.tries > self.refuse
        if self.last_taken:
            self.taken += json.loads(body)["updates"]


@contextmanager
def listening(gateway: Gateway) -> Iterator[Gateway]:
    thread = threading.Thread(target=gateway.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield gateway
    gateway.server.shutdown()
    thread.join()
    gateway.server.server_close()


def pushing(gateway: Gateway) -> dict[str, Any]:
    return {"push_url": gateway.url, "push_secret": "bi-mat", "push_backoff_seconds": 0.0}


def test_news_are_pushed_with_a_signature_the_gateway_accepts(start_store: StartStore) -> None:
    with listening(Gateway()) as gateway:
        store = start_store(**pushing(gateway))
        code = store.code_of()

        store.play(code, "published", "Đã sửa").raise_for_status()

        until(lambda: gateway.taken)
        assert gateway.rejected == []
        assert gateway.taken[0]["service_request_id"] == code
        assert gateway.taken[0]["extras"]["event"] == "result.published"


def test_a_push_is_repeated_until_it_is_taken(start_store: StartStore) -> None:
    with listening(Gateway(refuse=3)) as gateway:
        store = start_store(**pushing(gateway))
        store.play(store.code_of(), "published", "Đã sửa").raise_for_status()

        until(lambda: gateway.taken)

        assert gateway.tries == 4


def test_news_of_one_case_keep_their_order(start_store: StartStore) -> None:
    with listening(Gateway(refuse=2)) as gateway:
        store = start_store(**pushing(gateway))
        code = store.code_of()
        for to in ("assigned", "in_progress", "resolved", "published"):
            store.play(code, to, "nội dung").raise_for_status()

        until(lambda: len(gateway.taken) == 4)

        events = [entry["extras"]["event"] for entry in gateway.taken]
        assert events == ["report.assigned", "unit.started", "result.recorded", "result.published"]


def attempts(store: RunningStore) -> int:
    engine = create_engine(sqlalchemy_url(store.settings.database_url))
    with engine.connect() as connection:
        number: int = connection.execute(text("select max(attempts) from outbox")).scalar_one()
    engine.dispose()
    return number


def test_news_survive_a_restart(start_store: StartStore) -> None:
    with listening(Gateway()) as gateway:
        deaf = start_store(**pushing(gateway) | {"push_url": "http://127.0.0.1:9/push", "push_backoff_seconds": 600})
        deaf.play(deaf.code_of(), "published", "Đã sửa").raise_for_status()
        until(lambda: attempts(deaf) == 1)
        deaf.stop()
        deaf.clock.move(minutes=20)

        start_store(**pushing(gateway), database_url=deaf.settings.database_url, clock=deaf.clock)

        until(lambda: gateway.taken)


# --- the page ---------------------------------------------------------------------------------------------------------


def test_the_page_signs_in_once_and_hides_the_key(store: RunningStore) -> None:
    answer = store.http.get(f"/officer?key={STAFF}")

    assert answer.status_code == 303
    assert "key=" not in answer.headers["location"]
    assert "HttpOnly" in answer.headers["set-cookie"]


def test_the_page_is_closed_without_a_key(shared: RunningStore) -> None:
    assert shared.http.get("/officer").status_code == 403


def test_the_list_shows_limits_and_buttons(store: RunningStore) -> None:
    code = store.code_of(description="<script>alert(1)</script>")

    page = store.http.get("/officer/rows", headers=OFFICER).text

    assert code in page
    assert "Phân phối đến cán bộ đầu mối: 20/11/2026 11:00" in page
    assert 'value="assigned"' in page
    assert "<script>alert" not in page


def test_the_page_hears_of_a_new_case(store: RunningStore) -> None:
    with store.http.stream("GET", "/officer/stream", headers=OFFICER) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        store.code_of()

        assert any(line == "event: changed" for line in lines)


def test_faults_can_be_switched_on(store: RunningStore) -> None:
    store.http.put("/officer/faults", json={"answer_500": 1}, headers=OFFICER).raise_for_status()

    assert [store.post().status_code for _ in range(2)] == [500, 200]
