"""A reference store that really listens, so that clients nobody here wrote can talk to it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import uvicorn

from case_store.app import make_server
from case_store.desk import Desk
from case_store.settings import CaseStoreSettings

KEY = "khoa-cong-tiep-nhan"
STAFF = "khoa-can-bo"
FRIDAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
"""09:00 in Vietnam on a working day; Tuesday 24/11 is a holiday."""


@dataclass
class Clock:
    at: datetime = FRIDAY

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class RunningStore:
    settings: CaseStoreSettings
    server: uvicorn.Server
    url: str
    http: httpx2.Client
    thread: threading.Thread
    clock: Clock = field(default_factory=Clock)

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(15)

    @property
    def geo(self) -> str:
        return f"{self.url}/open311/v2"

    @property
    def desk(self) -> Desk:
        desk: Desk = self.server.config.app.state.desk  # type: ignore[union-attr]  # our own application
        return desk

    def get(self, path: str, *, staff: bool = False, **params: Any) -> httpx2.Response:
        return self.http.get(f"/open311/v2/{path}", params=params, headers={"x-staff-key": STAFF} if staff else {})

    def post(self, *, fmt: str = "json", key: str = "", **values: Any) -> httpx2.Response:
        """A new request; a value of None leaves the usual field out."""
        form: dict[str, Any] = {
            "api_key": KEY,
            "service_code": "chieu_sang",
            "address_string": "45 Lý Thường Kiệt",
            "description": "Đèn đường tắt 3 đêm",
            "attribute[address]": "45 Lý Thường Kiệt",
        }
        form |= values
        headers = {"idempotency-key": key} if key else {}
        body = {name: value for name, value in form.items() if value is not None}
        return self.http.post(f"/open311/v2/requests.{fmt}", data=body, headers=headers)

    def code_of(self, **values: Any) -> str:
        code: str = self.post(**values).raise_for_status().json()[0]["service_request_id"]
        return code

    def play(self, code: str, to: str, text: str = "", **more: Any) -> httpx2.Response:
        body = {"to": to, "text": text, **more}
        return self.http.post(f"/officer/cases/{code}/play", json=body, headers={"x-staff-key": STAFF})


def until(holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait for something another thread or process brings about."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        threading.Event().wait(0.02)


@contextmanager
def running(settings: CaseStoreSettings, clock: Clock) -> Iterator[RunningStore]:
    """The store on a free port, in a thread with a loop of its own."""
    server = make_server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    assert server.started, "the store did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with httpx2.Client(base_url=url, timeout=30, trust_env=False) as http:
        store = RunningStore(settings=settings, server=server, url=url, http=http, thread=thread, clock=clock)
        yield store
    store.stop()


StartStore = Callable[..., RunningStore]
