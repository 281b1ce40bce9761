"""GeoReport v2 as the standard has it, in JSON and XML alike."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import httpx2
import pytest
from sqlalchemy import create_engine, text

from case_store.catalogue import definition
from case_store.database import sqlalchemy_url
from regulations.loader import load
from tests.case_store.running import KEY, RunningStore, StartStore

HARD_TEXT = 'Rác & "nước" <bẩn> 🗑️ ở phường Đạo Thạnh\nhôi lắm'
ITEMS = {"service_requests", "services", "service_request_updates", "attributes", "values", "endpoints", "formats"}
LISTS = ITEMS | {"errors", "photos", "notes", "media_url_list"}


def tree(element: ET.Element) -> Any:
    """XML as the JSON it should equal: lists by name, empty elements as null."""
    if element.tag in LISTS:
        return [tree(child) for child in element]
    if len(element):
        return {child.tag: tree(child) for child in element}
    return element.text


def plain(value: Any) -> Any:
    """JSON as the XML can carry it: everything is text, empty is null."""
    match value:
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
        case bool():
            return "true" if value else "false"
        case None | "":
            return None
    return str(value)


def errors(answer: httpx2.Response) -> list[dict[str, str]]:
    listed: list[dict[str, str]] = answer.json()
    return listed


@pytest.mark.parametrize(
    "path",
    ["discovery", "services", "services/chieu_sang", "requests", "requests/{code}", "servicerequestupdates"],
)
def test_xml_and_json_say_the_same(store: RunningStore, path: str) -> None:
    """open311 check 1."""
    code = store.code_of(
        description=HARD_TEXT,
        lat="10.3601",
        long="106.3602",
        media_url="https://x.example/a.jpg?x=1&y=2",
        **{"attribute[level]": "thuong"},
    )
    store.play(code, "published", HARD_TEXT).raise_for_status()
    path = path.format(code=code)

    as_json = store.get(f"{path}.json", extensions="true", api_key=KEY)
    as_xml = store.get(f"{path}.xml", extensions="true", api_key=KEY)

    assert as_json.headers["content-type"] == "application/json; charset=utf-8"
    assert as_xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert as_xml.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    assert tree(ET.fromstring(as_xml.content)) == plain(as_json.json())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "services/khong_co", 404),
        ("GET", "requests/TG-000000-0000", 404),
        ("GET", "tokens/khong-co", 404),
        ("GET", "nothing", 404),
        ("GET", "services?jurisdiction_id=atlantis", 404),
        ("GET", "requests?start_date=hom-qua", 400),
        ("GET", "requests?page=0", 400),
        ("GET", "servicerequestupdates?api_key=sai", 403),
        ("POST", "requests", 403),
        ("POST", "requests?api_key=sai", 403),
        ("POST", f"requests?api_key={KEY}", 400),
        ("POST", f"requests?api_key={KEY}&service_code=khong_co", 404),
        ("POST", f"servicerequestupdates?api_key={KEY}", 400),
        ("POST", "services", 400),
    ],
)
@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_every_error_keeps_the_structure(shared: RunningStore, method: str, path: str, status: int, fmt: str) -> None:
    """open311 check 2."""
    resource, _, query = path.partition("?")

    answer = shared.http.request(method, f"/open311/v2/{resource}.{fmt}?{query}")

    assert answer.status_code == status
    listed = errors(answer) if fmt == "json" else tree(ET.fromstring(answer.content))
    assert all(set(error) == {"code", "description"} and error["description"] for error in listed)


def test_a_description_may_have_4000_characters(shared: RunningStore) -> None:
    """open311 check 3: Unicode code points."""
    assert shared.post(description="ế" * 3999 + "🗑").status_code == 200


def test_a_longer_description_is_refused_in_words(shared: RunningStore) -> None:
    """open311 check 3."""
    answer = shared.post(description="ế" * 4001)

    assert answer.status_code == 400
    assert "4000 ký tự" in errors(answer)[0]["description"]


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ({"lat": "10.36"}, 400),
        ({"lat": "10.36", "long": "106.36"}, 200),
        ({"lat": "95", "long": "106.36"}, 400),
        ({"lat": "nan", "long": "106.36"}, 400),
        ({"address_string": "chợ Mỹ Tho"}, 200),
        ({"address_id": "28273"}, 200),
        ({}, 400),
    ],
)
def test_one_way_of_saying_where_is_needed(shared: RunningStore, place: dict[str, Any], status: int) -> None:
    """open311 check 4."""
    assert shared.post(**{"address_string": None, **place}).status_code == status


def test_a_missing_demanded_attribute_is_named(shared: RunningStore) -> None:
    """open311 check 5; the address is demanded by Tiền Giang Đ5.1.c."""
    unanswered: dict[str, Any] = {"attribute[address]": None}

    answer = shared.post(**unanswered)

    assert answer.status_code == 400
    assert errors(answer)[0]["code"] == "attribute[address]"


def test_an_unknown_list_value_is_named(shared: RunningStore) -> None:
    """open311 check 5."""
    answer = shared.post(**{"attribute[level]": "sieu_khan"})

    assert answer.status_code == 400
    assert errors(answer)[0]["code"] == "attribute[level]"


@pytest.mark.parametrize("profile", ["bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang"])
def test_what_is_only_shown_is_never_demanded(profile: str) -> None:
    """open311 check 5: variable=false."""
    rules = load(profile)
    for code in rules.categories:
        attributes = definition(rules, code)["attributes"]
        assert [attribute["order"] for attribute in attributes] == list(range(1, len(attributes) + 1))
        assert not any(attribute["required"] and not attribute["variable"] for attribute in attributes)


def test_a_field_the_profile_forbids_is_no_question() -> None:
    attributes = definition(load("tien-giang"), "chieu_sang")["attributes"]

    assert "cccd" not in [attribute["code"] for attribute in attributes]


def test_a_batch_service_answers_with_a_token(start_store: StartStore) -> None:
    """open311 check 6."""
    store = start_store(batch_services=frozenset({"chieu_sang"}), token_seconds=60)
    posted = store.post().json()[0]
    early = store.get(f"tokens/{posted['token']}.json").json()
    store.clock.move(seconds=61)

    later = store.get(f"tokens/{posted['token']}.json").json()

    assert "service_request_id" not in posted
    assert early == [{"token": posted["token"]}]
    assert later[0]["service_request_id"].startswith("TG-")


def test_asked_ids_override_every_other_filter(store: RunningStore) -> None:
    """open311 check 7."""
    code = store.code_of()

    found = store.get(
        "requests.json", service_request_id=f"{code},TG-000000-0000", status="closed", service_code="khac"
    ).json()

    assert [record["service_request_id"] for record in found] == [code]


def test_more_than_90_days_are_refused(shared: RunningStore) -> None:
    """open311 check 7."""
    answer = shared.get("requests.json", start_date="2026-01-01T00:00:00+07:00", end_date="2026-11-01T00:00:00+07:00")

    assert answer.status_code == 400
    assert "90 ngày" in errors(answer)[0]["description"]


def test_the_usual_window_is_90_days(store: RunningStore) -> None:
    """open311 check 7."""
    old = store.code_of()
    store.clock.move(days=91)
    young = store.code_of()

    listed = [record["service_request_id"] for record in store.get("requests.json").json()]

    assert listed == [young]
    assert store.get(f"requests/{old}.json").status_code == 200


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"status": "open"}, 3),
        ({"status": "closed"}, 1),
        ({"status": "open,closed"}, 4),
        ({"service_code": "khac"}, 1),
        ({"page": "2", "page_size": "3"}, 1),
        ({"start_date": "2026-11-20T12:00:00+07:00"}, 0),
        ({"updated_before": "2026-11-20T01:00:00Z"}, 0),
    ],
)
def test_lists_are_narrowed(store: RunningStore, asked: dict[str, Any], count: int) -> None:
    codes = [store.code_of() for _ in range(3)] + [store.code_of(service_code="khac")]
    store.play(codes[0], "refused", reason="khong_phu_hop").raise_for_status()

    assert len(store.get("requests.json", **asked).json()) == count


def test_a_jurisdiction_must_be_named_where_there_are_several(start_store: StartStore) -> None:
    store = start_store(profiles=("tien-giang", "bac-ninh"))

    nameless = store.get("services.json")
    named = store.post(jurisdiction_id="bac-ninh", service_code="khac")

    assert nameless.status_code == 400
    assert named.json()[0]["service_request_id"] == "BN-261120-0001"


def test_cases_of_another_jurisdiction_are_not_found(start_store: StartStore) -> None:
    store = start_store(profiles=("tien-giang", "bac-ninh"))
    code = store.code_of(jurisdiction_id="bac-ninh", service_code="khac")

    assert store.get(f"requests/{code}.json", jurisdiction_id="tien-giang").status_code == 404


def test_all_17_fields_are_always_there(shared: RunningStore) -> None:
    """A strict reader rejects a record in which any key is absent."""
    record = shared.get(f"requests/{shared.code_of()}.json").json()[0]

    assert len(record) == 17
    assert record["media_url"] is None


def test_several_values_and_several_photos_are_kept(shared: RunningStore) -> None:
    code = shared.code_of(
        media_urls=["https://x.example/1.jpg", "https://x.example/2.jpg"],
        **{"attribute[ghi_chu][]": ["a", "b"]},
    )

    record = shared.get(f"requests/{code}.json", staff=True, extensions="true").json()[0]

    assert record["extended_attributes"]["photos"] == ["https://x.example/1.jpg", "https://x.example/2.jpg"]
    assert {"label": "ghi_chu", "name": "ghi_chu", "code": "ghi_chu", "value": "a, b"} in record["attributes"]


def test_the_promise_names_its_clause(shared: RunningStore) -> None:
    record = shared.get(f"requests/{shared.code_of()}.json", extensions="true").json()[0]

    assert record["extended_attributes"]["rule"].startswith("1863/QĐ-UBND, Đ9.1.b")


def test_control_characters_do_not_break_the_xml(shared: RunningStore) -> None:
    code = shared.code_of(description="tắt\x0b đèn\x00\ufffe")

    assert ET.fromstring(shared.get(f"requests/{code}.xml").content).findtext(".//description") == "tắt đèn"


def test_a_body_that_lies_about_its_kind_is_refused(shared: RunningStore) -> None:
    answer = shared.http.post(
        "/open311/v2/requests.json", content=b"xx", headers={"content-type": "multipart/form-data; boundary=y"}
    )

    assert answer.status_code in (400, 403)
    assert json.loads(answer.content)[0]["description"]


def test_a_failure_inside_keeps_the_structure(store: RunningStore) -> None:
    engine = create_engine(sqlalchemy_url(store.settings.database_url))
    with engine.begin() as connection:
        connection.execute(text("alter table cases rename to lost"))
    engine.dispose()

    answer = store.get("requests.json")

    assert answer.status_code == 500
    assert "vui lòng thử lại" in errors(answer)[0]["description"]
    assert "cases" not in answer.text
