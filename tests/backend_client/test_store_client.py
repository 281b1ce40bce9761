"""The client against answers as servers really give them. open311: rules, deviations, idempotency."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl

import msgspec
import pytest

from backend_client import GeoReportStore, StoreSettings, Submission, Update, Upload, to_event
from backend_client.push import SIGNATURE_HEADER, signature
from core.effects import FollowUp, FollowUpKind
from core.errors import (
    DeliveryRejected,
    DeliveryUnreadable,
    Misconfigured,
    Refused,
    SendError,
    TryAgain,
    Unknown,
)
from core.model import MediaKind, Peer, Place
from core.ports import Answer
from core.report import Attachment, Report, Reporter

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
REPORT_ID = "0190b5a0-7d0c-7c1e-9f00-000000000001"


class FakeHttp:
    """Answers what it is told, and remembers what was asked."""

    def __init__(self, *answers: Answer | SendError) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, bytes, Mapping[str, str]]] = []

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self._next(url, body, headers)

    async def get(self, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
        assert limit > 0
        return self._next(url, b"", headers)

    def _next(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.asked.append((url, body, headers))
        answer = self.answers.pop(0)
        if isinstance(answer, SendError):
            raise answer
        return answer

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.asked[-1][1].decode(), strict_parsing=True)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(self.asked[-1][0].partition("?")[2])


def answered(content: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, msgspec.json.encode(content), {k.replace("_", "-"): v for k, v in headers.items()})


def a_store(*answers: Answer | SendError, **settings: Any) -> tuple[GeoReportStore, FakeHttp]:
    http = FakeHttp(*answers)
    usual = {"url": "https://kho.example.vn/open311/v2/", "api_key": "khoa", "push_secret": "bi-mat"}
    return GeoReportStore(StoreSettings(**usual | settings), http=http, now=lambda: NOW), http


def a_report(**changes: Any) -> Report:
    usual: dict[str, Any] = {
        "report_id": REPORT_ID,
        "profile": "tien-giang",
        "channel": "zalo",
        "account": "oa-1022",
        "contact_id": "c-17",
        "category": "chieu_sang",
        "report_type": "phan_anh",
        "level": "thuong",
        "agency": "UBND phường",
        "description": "Đèn đường tắt\n3 đêm",
        "raw_text": ("alo đèn tắt", "0909 123 456"),
        "place": Place(text="45 Lý Thường Kiệt", lat=10.36000017, lon=106.36000027, ward_code="28273"),
        "submitted_at": NOW,
        "attachments": (
            Attachment(kind=MediaKind.IMAGE, source_key="anh-1", url="https://tn.example.vn/m/1"),
            Attachment(kind=MediaKind.IMAGE, source_key="anh-2", url="https://tn.example.vn/m/2"),
            Attachment(kind=MediaKind.IMAGE, source_key="anh-3", problem="not_fetched"),
        ),
        "reporter": Reporter(
            name="Nguyễn Văn An",
            family_name="Nguyễn",
            given_name="Văn An",
            phone="+84909123456",
            phone_as_typed="0909 123 456",
        ),
    }
    return Report(**usual | changes)


# --- what is sent -----------------------------------------------------------------------------------------------------


async def test_a_report_is_sent_in_the_words_of_the_standard() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report())

    url, _, headers = http.asked[0]
    assert url == "https://kho.example.vn/open311/v2/requests.json"
    assert headers["content-type"] == "application/x-www-form-urlencoded; charset=utf-8"
    form = http.form
    assert form["service_code"] == ["chieu_sang"]
    assert (form["lat"], form["long"]) == (["10.36000017"], ["106.36000027"])
    assert (form["last_name"], form["first_name"]) == (["Nguyễn"], ["Văn An"])
    assert form["attribute[full_name]"] == ["Nguyễn Văn An"]
    assert form["account_id"] == ["c-17"]
    assert form["jurisdiction_id"] == ["tien-giang"]
    assert form["media_url"] == ["https://tn.example.vn/m/1"]
    assert form["media_urls"] == ["https://tn.example.vn/m/1", "https://tn.example.vn/m/2"]


async def test_the_reports_id_is_the_key_in_all_three_places() -> None:
    """open311: the client sends a form field, an attribute and a header with the same UUID."""
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report())

    assert http.form["client_request_id"] == http.form["attribute[client_request_id]"] == [REPORT_ID]
    assert http.asked[0][2]["idempotency-key"] == REPORT_ID


async def test_nothing_of_the_report_is_lost() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))
    report = a_report()

    await store.submit(report)

    assert msgspec.json.decode(http.form["attribute[report]"][0], type=Report) == report
    assert http.form["attribute[raw_text]"] == ["alo đèn tắt\n0909 123 456"]
    body = http.asked[0][1].decode()
    assert "anh-3" in body
    assert "0909+123+456" in body


async def test_empty_fields_are_not_sent() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report(reporter=Reporter(), confidential=False))

    assert not {"email", "phone", "attribute[anonymous]"} & http.form.keys()


async def test_a_wish_for_secrecy_travels() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report(confidential=True))

    assert http.form["attribute[anonymous]"] == ["true"]


async def test_a_report_without_a_place_says_so() -> None:
    """The standard refuses a request without any location."""
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report(place=Place()))

    assert http.form["address_string"] == ["Không nêu địa điểm"]


async def test_a_pin_without_words_needs_no_address() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report(place=Place(lat=10.3, lon=106.3)))

    assert "address_string" not in http.form


async def test_a_foreign_server_gets_our_id_in_the_description() -> None:
    """It may keep nothing but the description; `probe` looks for it there."""
    store, http = a_store(answered([{"service_request_id": "1"}]), honours_idempotency=False)

    await store.submit(a_report(description="x" * 4000))

    assert REPORT_ID in http.form["description"][0]
    assert len(http.form["description"][0]) == 4000


async def test_files_travel_inside_where_the_store_cannot_fetch() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))

    await store.submit(a_report(), [Upload(name='a"\r\n.jpg', mime="image/jpeg", body=b"\xff\xd8anh")])

    _, body, headers = http.asked[0]
    boundary = headers["content-type"].removeprefix("multipart/form-data; boundary=")
    assert body.endswith(f"--{boundary}--\r\n".encode())
    assert b'name="media"; filename="a   .jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8anh\r\n' in body


def test_the_contact_is_opaque_unless_the_store_may_know_the_platforms_id() -> None:
    peer = Peer(channel="zalo", account="oa", user="6001")

    assert a_store()[0].contact_for(peer, "c-17") == "c-17"
    assert a_store(contact="platform")[0].contact_for(peer, "c-17") == "6001"


# --- what is understood -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        [{"service_request_id": "PA-1"}],
        {"service_request_id": "PA-1"},
        {"service_requests": [{"service_request_id": "PA-1"}]},
        {"service_requests": {"request": {"service_request_id": "PA-1"}}},
        {"service_requests": {"request": [{"service_request_id": "PA-1"}]}},
        [[{"service_request_id": "PA-1", "token": None}]],
        [{"request": {"service_request_id": " PA-1 "}}],
        [{"service_request_id": "PA-1"}, {"service_request_id": "PA-1"}],
    ],
)
async def test_every_known_wrapping_is_understood(content: object) -> None:
    store, _ = a_store(answered(content))

    assert (await store.submit(a_report())).code == "PA-1"


async def test_ids_may_be_numbers() -> None:
    store, _ = a_store(answered([{"service_request_id": 4711}]))

    assert (await store.submit(a_report())).code == "4711"


async def test_a_token_is_no_code() -> None:
    store, _ = a_store(
        answered([{"token": "t-1"}]), answered([{"token": "t-1"}]), answered([{"service_request_id": 9}])
    )

    submission = await store.submit(a_report())

    assert submission == Submission(token="t-1")
    assert await store.redeem("t-1") == ""
    assert await store.redeem("t-1") == "9"


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        ("2026-11-27T23:59:59+07:00", "27/11/2026"),
        ("2026-11-30T10:00:00Z", "30/11/2026 17:00"),
        ("2026-11-30T17:00:00", ""),
        ("sớm thôi", ""),
        (None, ""),
    ],
)
async def test_a_promise_is_shown_in_local_time(expected: str | None, shown: str) -> None:
    store, _ = a_store(answered([{"service_request_id": "TG-1", "expected_datetime": expected}]))

    assert (await store.submit(a_report())).due == shown


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (answered([{"code": "description", "description": "Nội dung quá dài."}], 400), Refused),
        (Answer(400, b"<html>no</html>"), Refused),
        (answered([{"code": "403", "description": "Sai khóa"}], 403), Misconfigured),
        (Answer(404, b"<html>nginx</html>"), Misconfigured),
        (answered([{"code": "404", "description": "Không tìm thấy service_code"}], 404), Refused),
        (Answer(301, b"", {"location": "https://x"}), Misconfigured),
        (Answer(503, b""), TryAgain),
        (Answer(429, b""), TryAgain),
        (Answer(500, b"oops"), Unknown),
        (Answer(502, b"<html>"), Unknown),
        (Answer(200, b""), Unknown),
        (Answer(200, b"<html>login</html>"), Unknown),
        (answered([]), Unknown),
        (Answer(200, b"[" * 100_000), Unknown),
        (TryAgain("no connection"), TryAgain),
        (Unknown("no answer in time"), Unknown),
    ],
)
async def test_every_failure_says_what_to_do_next(answer: Answer | SendError, error: type[SendError]) -> None:
    store, http = a_store(answer)

    with pytest.raises(error):
        await store.submit(a_report())

    assert len(http.asked) == 1


async def test_a_refusal_carries_the_stores_own_words() -> None:
    store, _ = a_store(answered([{"code": "lat", "description": "Thiếu địa điểm."}], 400))

    with pytest.raises(Refused) as caught:
        await store.submit(a_report())

    assert (caught.value.reason, caught.value.code) == ("Thiếu địa điểm.", "lat")


async def test_the_stores_advice_to_wait_is_kept() -> None:
    store, _ = a_store(Answer(503, b"", {"retry-after": "120"}))

    with pytest.raises(TryAgain) as caught:
        await store.submit(a_report())

    assert caught.value.after == timedelta(minutes=2)


def test_sending_again_is_safe_only_where_keys_are_honoured() -> None:
    assert a_store()[0].resend_is_safe is True
    assert a_store(honours_idempotency=False)[0].resend_is_safe is False


# --- looking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        {"service_request_id": 7, "description": f"Đèn tắt [{REPORT_ID}]"},
        {"service_request_id": 7, "attributes": [{"code": "client_request_id", "value": REPORT_ID}]},
    ],
)
async def test_a_foreign_server_is_probed_before_a_second_try(record: object) -> None:
    store, http = a_store(answered([{"service_request_id": 6, "description": "khác"}, record]))

    found = await store.probe(a_report())

    assert found == Submission(code="7")
    assert http.query["start_date"] == ["2026-11-20T01:58:00+00:00"]


async def test_a_probe_that_finds_nothing_says_so() -> None:
    store, _ = a_store(answered({"service_requests": []}))

    assert await store.probe(a_report()) is None


async def test_a_case_is_looked_up_by_its_code() -> None:
    record = {
        "service_request_id": "TG-1",
        "status": "open",
        "service_name": "Chiếu sáng",
        "agency_responsible": "UBND phường",
        "expected_datetime": "2026-11-30T17:00:00+07:00",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "extended_attributes": {"detailed_status": "in_progress"},
    }
    store, http = a_store(answered([record]))

    found = await store.look_up("TG-1", profile="tien-giang")

    assert found is not None
    assert (found.status, found.category, found.due) == ("in_progress", "Chiếu sáng", "30/11/2026 17:00")
    assert "api_key" not in http.query


async def test_an_unknown_code_is_not_an_error() -> None:
    store, http = a_store(answered([{"code": "404", "description": "Không tìm thấy"}], 404))

    assert await store.look_up("TG/../1") is None
    assert "TG%2F..%2F1" in http.asked[0][0]


async def test_a_server_that_answers_with_another_case_is_not_believed() -> None:
    store, _ = a_store(answered([{"service_request_id": "TG-2", "status": "open"}]))

    assert await store.look_up("TG-1") is None


@pytest.mark.parametrize(
    ("status", "state"), [("closed", "published"), ("FIXED", "published"), ("acknowledged", "acknowledged")]
)
async def test_a_foreign_status_becomes_ours_or_stays_as_it_is(status: str, state: str) -> None:
    store, _ = a_store(answered([{"service_request_id": "TG-1", "status": status}]))

    found = await store.look_up("TG-1")

    assert found is not None
    assert found.status == state


async def test_services_and_discovery_are_read() -> None:
    services = {"services": [{"service_code": 1, "service_name": "Đèn", "metadata": "TRUE", "keywords": "a, b"}]}
    discovery = {"discovery": {"contact": "x", "endpoints": [{"url": "https://a/", "formats": ["application/json"]}]}}
    store, _ = a_store(answered(services), answered(discovery))

    (service,) = await store.services()
    found = await store.discovery()

    assert (service.code, service.metadata, service.keywords) == ("1", True, ("a", "b"))
    assert found.endpoints[0].url == "https://a/"


# --- following up -----------------------------------------------------------------------------------------------------


async def test_a_rating_is_an_update_without_a_change_of_status() -> None:
    """open311: rating = POST update with attribute[rating] and status unchanged."""
    store, http = a_store(answered([{"update_id": "u-1"}]))
    rating = FollowUp(code="TG-1", kind=FollowUpKind.RATING, at=NOW, value=1, label="Không hài lòng")

    number = await store.follow_up(rating, key="e-5", contact_id="c-17", profile="tien-giang")

    form = http.form
    assert number == "u-1"
    assert (form["status"], form["attribute[rating]"]) == (["UNCHANGED"], ["1"])
    assert form["description"] == ["Đánh giá của người dân: Không hài lòng"]
    assert form["update_id"] == form["client_request_id"] == ["e-5"]
    assert http.asked[0][2]["idempotency-key"] == "e-5"
    assert form["jurisdiction_id"] == ["tien-giang"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FollowUpKind.WITHDRAW, "CANCELLED"), (FollowUpKind.APPEAL, "REOPEN"), (FollowUpKind.SUPPLEMENT, "UNCHANGED")],
)
async def test_every_follow_up_has_a_status_of_the_extension(kind: FollowUpKind, status: str) -> None:
    store, http = a_store(answered([{"update_id": 3}]))
    attachment = Attachment(kind=MediaKind.IMAGE, source_key="k", url="https://tn.example.vn/m/9")

    assert await store.follow_up(FollowUp(code="TG-1", kind=kind, at=NOW), key="e", attachments=[attachment]) == "3"
    assert http.form["status"] == [status]
    assert http.form["media_urls"] == ["https://tn.example.vn/m/9"]
    assert http.form["description"][0]


# --- news -------------------------------------------------------------------------------------------------------------


def a_record(**changes: Any) -> dict[str, Any]:
    return {
        "update_id": "u-1",
        "service_request_id": "TG-1",
        "status": "closed",
        "updated_datetime": "2026-11-20T09:00:00+07:00",
        "description": "Đã thay bóng",
        "media_url": None,
    } | changes


async def test_a_poll_takes_each_piece_of_news_once_and_in_order() -> None:
    """open311 check 12, and the rules of the extension: outside the window and without an id they are ignored."""
    later, earlier = a_record(update_id="b"), a_record(update_id="a", updated_datetime="2026-11-20T08:59:00+07:00")
    outside = a_record(update_id="c", updated_datetime="2026-11-19T08:59:00+07:00")
    store, http = a_store(answered([later, earlier, later, outside, a_record(update_id=None)]))

    news = await store.updates(NOW - timedelta(hours=1), NOW)

    assert [item.update_id for item in news] == ["a", "b"]
    assert http.query["start_date"] == ["2026-11-20T01:00:00+00:00"]
    assert http.query["api_key"] == ["khoa"]


async def test_news_within_the_windows_first_second_are_taken() -> None:
    store, _ = a_store(answered([a_record()]))

    assert len(await store.updates(NOW + timedelta(milliseconds=900), NOW + timedelta(hours=1))) == 1


async def test_polling_the_same_window_twice_gives_the_same_news() -> None:
    """open311 check 12: the update's id makes the second one harmless."""
    store, _ = a_store(answered([a_record()]), answered([a_record()]))

    first, second = [await store.updates(NOW - timedelta(hours=1), NOW) for _ in range(2)]

    assert [to_event(item) for item in first] == [to_event(item) for item in second]


async def test_an_update_with_nothing_new_has_no_name() -> None:
    """Such an update is recorded but told to nobody."""
    store, _ = a_store(answered([a_record(status="unchanged", description="")]))

    (news,) = await store.updates(NOW - timedelta(hours=1), NOW)

    assert news.name == ""


async def test_a_status_nobody_knows_does_not_crash() -> None:
    store, _ = a_store(answered([a_record(status="Nghiệm thu", media_url=["https://x/1.jpg", None])]))

    (news,) = await store.updates(NOW - timedelta(hours=1), NOW)

    assert (news.name, news.status, news.media) == ("", "nghiệm thu", ("https://x/1.jpg",))


def test_an_update_becomes_the_event_of_a_conversation() -> None:
    update = Update(code="t-1", update_id="u", name="result.published", at=NOW, status="published", text="Xong")

    event = to_event(update, "TG-1")

    assert (event.code, event.name, event.text) == ("TG-1", "result.published", "Xong")


PUSH = json.dumps(
    {
        "schema": "tiepnhan.push/1",
        "updates": [
            a_record(
                extras={
                    "event": "report.refused",
                    "detailed_status": "refused",
                    "reason": "Đơn tố cáo",
                    "article": "Điều 6",
                    "expected_datetime": "2026-11-30T17:00:00+07:00",
                }
            )
        ],
    }
).encode()


def test_a_push_is_read_with_its_fine_words() -> None:
    (news,) = a_store()[0].parse_push(PUSH)

    assert (news.name, news.status, news.reason, news.article) == (
        "report.refused",
        "refused",
        "Đơn tố cáo",
        "Điều 6",
    )
    assert news.due == "30/11/2026 17:00"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"nope", b'{"updates": [{"update_id": "1"}]}', b"\xff\xfe"])
def test_a_push_that_cannot_be_read_says_so(body: bytes) -> None:
    with pytest.raises(DeliveryUnreadable):
        a_store()[0].parse_push(body)


def test_a_signed_push_is_the_stores() -> None:
    header = signature("bi-mat", PUSH, int(NOW.timestamp()))

    a_store()[0].verify_push(PUSH, {SIGNATURE_HEADER: header})


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=abc",
        "t=;v1=",
        "t=²,v1=x",
        "t=99999999999999999999,v1=x",
        signature("sai", PUSH, int(NOW.timestamp())),
        signature("bi-mat", PUSH + b" ", int(NOW.timestamp())),
        signature("bi-mat", PUSH, int(NOW.timestamp()) - 301),
        signature("bi-mat", PUSH, int(NOW.timestamp()) + 301),
    ],
)
def test_anything_else_is_rejected(header: str) -> None:
    with pytest.raises(DeliveryRejected):
        a_store()[0].verify_push(PUSH, {SIGNATURE_HEADER: header})


def test_without_a_secret_every_push_is_rejected() -> None:
    header = signature("", PUSH, int(NOW.timestamp()))

    with pytest.raises(DeliveryRejected):
        a_store(push_secret="")[0].verify_push(PUSH, {SIGNATURE_HEADER: header})


async def test_the_form_survives_every_character() -> None:
    store, http = a_store(answered([{"service_request_id": "TG-1"}]))
    hard = "a&b=c%20+ế🗑\n\t\"'<>"

    await store.submit(a_report(description=hard))

    assert dict(parse_qsl(http.asked[0][1].decode()))["description"] == hard
