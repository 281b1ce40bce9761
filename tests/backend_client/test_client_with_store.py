"""Our client and our reference store, which share no code, over a real connection."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from backend_client import GeoReportStore, StoreSettings
from case_store.settings import CaseStoreSettings, Faults
from core.effects import FollowUp, FollowUpKind
from core.errors import Refused, Unknown
from core.model import Draft, MediaKind, MediaRef, Peer, Place
from core.ports import Answer
from core.report import Attachment, Report
from normalizer import normalize
from regulations.loader import load
from tests.case_store.running import FRIDAY, KEY, STAFF, Clock, RunningStore, running

PROFILE = load("tien-giang")


class PlainHttp:
    """The outgoing port over httpx2."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            return self._answer(await self._client.post(url, content=body, headers=dict(headers)))
        except httpx2.TransportError as error:
            raise Unknown(type(error).__name__) from error

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        return self._answer(await self._client.get(url, headers=dict(headers)))

    def _answer(self, response: httpx2.Response) -> Answer:
        return Answer(response.status_code, response.content, dict(response.headers))


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def kho(fresh_database: Callable[[], str], faults: Faults) -> Iterator[RunningStore]:
    clock = Clock()
    settings = CaseStoreSettings(
        database_url=fresh_database(),
        profiles=("tien-giang", "bac-ninh"),
        api_keys=(KEY,),
        staff_key=STAFF,
        port=0,
        faults=faults,
        now=clock,
    )
    with running(settings, clock) as store:
        yield store


@pytest.fixture
async def client(kho: RunningStore) -> AsyncIterator[GeoReportStore]:
    async with httpx2.AsyncClient(timeout=5, trust_env=False) as http:
        settings = StoreSettings(url=kho.geo, api_key=KEY)
        yield GeoReportStore(settings, http=PlainHttp(http), now=kho.clock)


def a_report(number: int = 1, **changes: Any) -> Report:
    usual: dict[str, Any] = {
        "category": "chieu_sang",
        "description": "den duong tat",
        "place": Place(text="45 Ly Thuong Kiet", ward_new="phường Đạo Thạnh"),
        "name": "Tran Van Hung",
        "phone": "+84909123456",
        "media": (MediaRef(kind=MediaKind.IMAGE, key="anh-1"),),
        "raw": ("den duong tat",),
        "confirmed_at": FRIDAY,
    }
    return normalize(
        Draft(**usual | changes),
        profile=PROFILE,
        report_id=f"0190b5a0-7d0c-7c1e-9f00-{number:012d}",
        peer=Peer(channel="zalo", account="oa", user="6001"),
        contact_id="c-17",
        attachments=(),
        now=FRIDAY,
    )


async def test_a_report_goes_there_and_its_result_comes_back(client: GeoReportStore, kho: RunningStore) -> None:
    submission = await client.submit(a_report())
    kho.play(submission.code, "published", "Đã thay bóng đèn", agency="UBND phường Đạo Thạnh").raise_for_status()

    (news,) = await client.updates(FRIDAY, FRIDAY + timedelta(hours=1), profile="tien-giang")
    found = await client.look_up(submission.code.lower(), profile="tien-giang")

    assert (submission.code, submission.due) == ("TG-261120-0001", "30/11/2026 17:00")
    assert (news.code, news.name, news.text) == (submission.code, "result.published", "Đã thay bóng đèn")
    assert news.agency == "UBND phường Đạo Thạnh"
    assert found is not None
    assert (found.status, found.category) == ("published", "Chiếu sáng")


async def test_the_store_keeps_the_whole_report(client: GeoReportStore, kho: RunningStore) -> None:
    submission = await client.submit(a_report())

    case = kho.http.get(f"/officer/cases/{submission.code}", headers={"x-staff-key": STAFF}).json()

    assert case["report"]["schema"] == "tiepnhan.report/1"
    assert case["report"]["attachments"][0]["source_key"] == "anh-1"
    assert case["channel"] == "zalo"
    assert case["name"] == "Tran Van Hung"


async def test_a_report_the_gateway_let_pass_is_not_refused_for_an_attribute(client: GeoReportStore) -> None:
    """The form demands the reporter's address; the gateway has applied the profile already."""
    assert (await client.submit(a_report(address=""))).code


async def test_after_an_unknown_outcome_the_same_report_may_be_sent_again(
    client: GeoReportStore, faults: Faults
) -> None:
    faults.drop_after_accept = 1
    with pytest.raises(Unknown):
        await client.submit(a_report())

    again = await client.submit(a_report())
    other = await client.submit(a_report(2))

    assert (again.code, other.code) == ("TG-261120-0001", "TG-261120-0002")


async def test_a_photo_that_arrived_between_two_tries_makes_no_second_report(client: GeoReportStore) -> None:
    first = await client.submit(a_report())
    photo = Attachment(kind=MediaKind.IMAGE, source_key="anh-1", sha256="0" * 64, url="https://tn.example.vn/m/1")

    again = await client.submit(replace(a_report(), attachments=(photo,)))

    assert again.code == first.code


@pytest.mark.parametrize("confidential", [False, True])
async def test_a_report_that_reads_differently_by_now_is_still_the_same(
    client: GeoReportStore, confidential: bool
) -> None:
    """The profile's agency may change while the answer to the first try was lost; the key is the report's own id."""
    first = await client.submit(a_report(confidential=confidential))

    again = await client.submit(replace(a_report(confidential=confidential), agency="Sở Xây dựng"))

    assert again.code == first.code


async def test_a_store_without_keys_is_probed(client: GeoReportStore) -> None:
    report = a_report()
    submission = await client.submit(report)

    found = await client.probe(report)

    assert found is not None
    assert found.code == submission.code
    assert await client.probe(a_report(2)) is None


async def test_a_rating_reaches_the_case(client: GeoReportStore, kho: RunningStore) -> None:
    code = (await client.submit(a_report())).code
    kho.play(code, "published", "Xong").raise_for_status()
    rating = FollowUp(code=code, kind=FollowUpKind.RATING, at=FRIDAY, value=3, label="Hài lòng")

    numbers = {await client.follow_up(rating, key="e-1", profile="tien-giang") for _ in range(2)}

    case = kho.http.get(f"/officer/cases/{code}", headers={"x-staff-key": STAFF}).json()
    assert numbers == {"e-1"}
    assert case["rating"] == "Hài lòng"


async def test_a_refusal_is_readable(client: GeoReportStore) -> None:
    with pytest.raises(Refused, match="Không tìm thấy hồ sơ TG-000000-0000"):
        await client.follow_up(
            FollowUp(code="TG-000000-0000", kind=FollowUpKind.SUPPLEMENT, at=FRIDAY, text="x"),
            key="e",
            profile="tien-giang",
        )


async def test_services_of_every_jurisdiction_are_read(client: GeoReportStore) -> None:
    services = await client.services(profile="bac-ninh")

    assert "khac" in [service.code for service in services]
    assert all(service.metadata for service in services)


async def test_discovery_names_the_endpoint(client: GeoReportStore) -> None:
    found = await client.discovery()

    assert found.endpoints[0].kind == "test"
    assert "application/json" in found.endpoints[0].formats
