"""Clients that other people wrote talk to the store as it is. open311 check 10."""

import json
from typing import Any

import pytest
from civicbot.http import HttpError, HttpTransport, RateLimiter  # type: ignore[import-untyped]  # no types
from civicbot.open311 import Open311Client, ValidationError  # type: ignore[import-untyped]  # no types
from civicbot.registry import Endpoint  # type: ignore[import-untyped]  # no types
from georeport import GeoReport  # type: ignore[import-untyped]  # no types

from tests.case_store.running import KEY, RunningStore


@pytest.fixture
def civic(store: RunningStore) -> Any:
    endpoint = Endpoint(id="tg", name="Tiền Giang", base_url=store.geo, write=True)
    return Open311Client(endpoint, HttpTransport(rate_limiter=RateLimiter(0)), jurisdiction_id="tien-giang")


def create(client: Any, **changes: Any) -> str:
    wanted = {
        "lat": 10.3601,
        "lng": 106.3602,
        "address_string": "45 Lý Thường Kiệt",
        "description": "Đèn đường tắt, bà Nguyễn Thị Phượng báo",
        "attributes": {"address": "45 Lý Thường Kiệt", "level": "thuong"},
        "validate_remote": True,
        "dry_run": False,
        "confirm": "SEND",
        "api_key": KEY,
    }
    posted = client.create_request("chieu_sang", **wanted | changes)
    code: str = posted.response[0]["service_request_id"]
    return code


def test_civicbot_creates_and_reads_back(civic: Any) -> None:
    code = create(civic)

    record = civic.get_request(code)

    assert record["service_name"] == "Chiếu sáng"
    assert civic.list_requests(service_request_ids=[code]) == [record]


def test_civicbot_reads_the_services(civic: Any) -> None:
    assert "chieu_sang" in [service["service_code"] for service in civic.list_services()]


def test_civicbot_finds_what_our_definition_demands(civic: Any) -> None:
    with pytest.raises(ValidationError, match="address"):
        create(civic, attributes={})


def test_civicbot_without_the_key_is_refused(civic: Any) -> None:
    with pytest.raises(HttpError) as caught:
        create(civic, api_key="sai")

    assert caught.value.status == 403
    assert json.loads(caught.value.body)[0]["code"] == "403"


@pytest.mark.parametrize("output", ["json", "xml"])
def test_georeport_reads_services_and_cases(store: RunningStore, output: str) -> None:
    codes = {store.code_of(), store.code_of()}
    client = GeoReport(store.geo, jurisdiction="tien-giang", output_format=output)

    services = client.get_service_list()
    definition = client.get_service_definition("chieu_sang")
    listed = client.get_service_requests(status="open")

    assert "Chiếu sáng" in [service["service_name"] for service in services]
    assert definition["service_code"] == "chieu_sang"
    assert {record["service_request_id"] for record in listed} == codes


@pytest.mark.parametrize("output", ["json", "xml"])
def test_georeport_reads_one_case(store: RunningStore, output: str) -> None:
    code = store.code_of()

    found = GeoReport(store.geo, output_format=output).get_service_request(code)

    assert code in json.dumps(found)
