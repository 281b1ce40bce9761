"""What the public may read of a case: never who reported it. open311 check 11."""

import io
from typing import Any

import pytest
from PIL import ExifTags, Image

from tests.case_store.running import KEY, RunningStore, StartStore

PERSON = {
    "first_name": "Văn Hùng",
    "last_name": "Trần",
    "phone": "+84909123456",
    "email": "hung@example.vn",
    "account_id": "c-17",
    "attribute[full_name]": "Trần Văn Hùng",
    "attribute[cccd]": "027090001234",
}
ANONYMOUS: dict[str, Any] = PERSON | {"attribute[anonymous]": "true"}


def everything_public(store: RunningStore, code: str) -> str:
    paths = ("requests", f"requests/{code}", "servicerequestupdates")
    return "".join(
        store.get(f"{path}.{fmt}", extensions="true", service_request_id=code).text
        for path in paths
        for fmt in ("json", "xml")
    )


@pytest.mark.parametrize("person", [PERSON, ANONYMOUS])
def test_no_public_answer_names_the_reporter(store: RunningStore, person: dict[str, Any]) -> None:
    code = store.code_of(**person)
    store.play(code, "published", "Đã thay bóng đèn").raise_for_status()

    told = everything_public(store, code)

    for secret in ("Hùng", "909123456", "hung@", "c-17", "027090001234"):
        assert secret not in told


def test_staff_with_a_key_read_who_it_was(shared: RunningStore) -> None:
    code = shared.code_of(**PERSON)

    record = shared.get(f"requests/{code}.json", staff=True, extensions="true").json()[0]

    assert record["contact"]["full_name"] == "Trần Văn Hùng"


def test_a_wrong_staff_key_opens_nothing(shared: RunningStore) -> None:
    code = shared.code_of(**PERSON)

    answer = shared.http.get(f"/officer/cases/{code}", headers={"x-staff-key": "sai"})

    assert answer.status_code == 403


def test_numbers_of_third_persons_are_masked_in_public(shared: RunningStore) -> None:
    """R-BN-30, Đ7.3: phone and identity numbers inside the text."""
    code = shared.code_of(description="Gọi chủ quán 0912 345 678, căn cước 027090001234, nhà số 12345678")

    public, staff = (shared.get(f"requests/{code}.json", staff=key).json()[0]["description"] for key in (False, True))

    assert public == "Gọi chủ quán 091****678, căn cước 027******234, nhà số 12345678"
    assert "0912 345 678" in staff


def test_a_profile_that_hides_confidential_reports_does_not_list_them(start_store: StartStore) -> None:
    """Thanh Hóa Đ7.3: description, place, media and result of a confidential report stay private."""
    store = start_store(profiles=("thanh-hoa",))
    code = store.code_of(service_code="khac", **ANONYMOUS)
    store.play(code, "published", "Đã giải quyết xong").raise_for_status()

    listed = store.get("requests.json").json()
    by_id = store.get(f"requests/{code}.json").json()[0]

    assert listed == []
    assert by_id["service_request_id"] == code
    assert (by_id["description"], by_id["address"], by_id["lat"]) == (None, None, None)
    assert "Đã giải quyết" not in everything_public(store, code)


def test_a_profile_that_hides_only_the_name_lists_the_report(store: RunningStore) -> None:
    """Tiền Giang Đ4.6."""
    code = store.code_of(**ANONYMOUS)

    assert [record["service_request_id"] for record in store.get("requests.json").json()] == [code]


def test_a_place_the_profile_does_not_publish_is_not_shown(start_store: StartStore) -> None:
    """Thanh Hóa: location is none of the public fields."""
    store = start_store(profiles=("thanh-hoa",))
    code = store.code_of(service_code="khac", lat="19.8", long="105.7")

    assert store.get(f"requests/{code}.json").json()[0]["lat"] is None


def test_a_result_sent_privately_is_told_to_the_gateway_alone(store: RunningStore) -> None:
    code = store.code_of()
    store.play(code, "sent_private", "Thư riêng").raise_for_status()

    trusted = store.get("servicerequestupdates.json", api_key=KEY).json()

    assert "Thư riêng" not in everything_public(store, code)
    assert [entry["description"] for entry in trusted] == ["Thư riêng"]


def test_an_uploaded_photo_loses_its_metadata(shared: RunningStore) -> None:
    """open311 check 11: photos without EXIF."""
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "Tran Van Hung"
    photo = io.BytesIO()
    Image.new("RGB", (40, 30), "orange").save(photo, "JPEG", exif=exif)
    form = {
        "api_key": KEY,
        "service_code": "khac",
        "address_string": "chợ",
        "attribute[address]": "chợ",
    }

    posted = shared.http.post(
        "/open311/v2/requests.json", data=form, files={"media": ("a.jpg", photo.getvalue(), "image/jpeg")}
    ).json()

    code = posted[0]["service_request_id"]
    # Tiền Giang does not publish media; staff see them.
    url = shared.get(f"requests/{code}.json", staff=True).json()[0]["media_url"]
    public = shared.http.get(url.removeprefix(shared.settings.base_url)).content
    assert not Image.open(io.BytesIO(public)).getexif()
    assert b"Hung" not in public


@pytest.mark.parametrize("body", [b"MZ\x90\x00", b"\xff\xd8\xff\xe0" + b"x" * 30, b"PK\x03\x04"])
def test_a_file_that_is_no_photo_is_refused(shared: RunningStore, body: bytes) -> None:
    form = {"api_key": KEY, "service_code": "khac", "address_string": "chợ", "attribute[address]": "chợ"}

    answer = shared.http.post("/open311/v2/requests.json", data=form, files={"media": ("a.jpg", body, "image/jpeg")})

    assert answer.status_code == 400
    assert "ảnh" in answer.json()[0]["description"]


def test_nobody_without_a_key_can_store_a_file(shared: RunningStore) -> None:
    photo = io.BytesIO()
    Image.new("RGB", (4, 3)).save(photo, "PNG")

    answer = shared.http.post("/open311/v2/requests.json", files={"media": ("a.png", photo.getvalue(), "image/png")})

    assert answer.status_code == 403
