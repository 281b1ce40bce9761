"""A posted form as a new case, checked against the service's definition. Pure."""

import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from case_store.catalogue import definition
from case_store.errors import Problem, Rejected, bad
from regulations.model import Profile

DESCRIPTION_LIMIT = 4000
LATE_LIMIT = timedelta(days=30)
"""How long a gateway may have kept a confirmed report while we were away."""
_ATTRIBUTE = re.compile(r"attribute\[([^\]]+)\](?:\[\])?")
# Not part of what is told: keys, and files, whose addresses change and whose download may end between two tries.
_NOT_HASHED = frozenset({"api_key", "media_url", "media_urls", "client_request_id", "jurisdiction_id"})
PERSON = ("first_name", "last_name", "phone", "email", "account_id", "device_id")

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A form, its values stripped; an empty value counts as not sent."""

    values: Mapping[str, str]
    media: tuple[str, ...]
    attributes: Mapping[str, tuple[str, ...]]
    report: Mapping[str, Any] | None
    payload_sha256: str

    def attribute(self, code: str) -> str:
        return next(iter(self.attributes.get(code, ())), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    service_code: str
    report_type: str
    level: str
    agency: str
    confidential: bool
    closed: bool
    description: str
    address: str
    address_id: str
    lat: float | None
    long: float | None
    media: tuple[str, ...]
    person: Mapping[str, str]
    attributes: Mapping[str, tuple[str, ...]]
    report: Mapping[str, Any] | None
    channel: str
    requested_at: datetime
    text_sha256: str
    key: str
    payload_sha256: str
    near: tuple[str, ...] = field(default=())
    """Phone and account: what a near-duplicate shares."""


def read_form(pairs: Pairs) -> Posted:
    values: dict[str, str] = {}
    media: dict[str, None] = {}
    attributes: dict[str, list[str]] = {}
    for name, raw in pairs:
        value = raw.replace("\x00", "").strip()
        if not value:
            continue
        if match := _ATTRIBUTE.fullmatch(name):
            attributes.setdefault(match[1], []).append(value)
        elif name.removesuffix("[]") in ("media_url", "media_urls"):
            media[value] = None
        else:
            values.setdefault({"deviceid": "device_id"}.get(name, name), value)
    report = _report(attributes.pop("report", []))
    return Posted(
        values=values,
        media=tuple(media),
        attributes={code: tuple(items) for code, items in attributes.items()},
        report=report,
        payload_sha256=_payload_hash(values, attributes, report),
    )


def _report(texts: list[str]) -> Mapping[str, Any] | None:
    try:
        found = json.loads(texts[0]) if texts else None
    except (ValueError, RecursionError):
        raise bad("attribute[report]", "Thuộc tính report không phải là JSON hợp lệ.") from None
    return found if isinstance(found, dict) else None


def _payload_hash(
    values: Mapping[str, str], attributes: Mapping[str, list[str]], report: Mapping[str, Any] | None
) -> str:
    told: dict[str, Any] = {name: value for name, value in values.items() if name not in _NOT_HASHED}
    told |= {f"attribute[{code}]": items for code, items in attributes.items() if code != "client_request_id"}
    if report is not None:
        told["report"] = {name: value for name, value in report.items() if name != "attachments"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def new_case(posted: Posted, profile: Profile, *, key: str, now: datetime) -> NewCase:
    """Raises `Rejected` with everything that is wrong. The service code is known to exist."""
    service_code = posted.values["service_code"]
    category = profile.categories[service_code]
    problems = [*_text_problems(posted), *_place_problems(posted.values), *_attribute_problems(posted, profile)]
    if problems:
        raise Rejected(400, *problems)
    values, report = posted.values, posted.report or {}
    description = values.get("description", "")
    person = {name: values[name] for name in PERSON if name in values} | _named(posted, report)
    return NewCase(
        service_code=service_code,
        report_type=posted.attribute("report_type") or profile.default_report_type.id,
        level=posted.attribute("level") or profile.default_level.id,
        agency=category.agency_now or category.agency,
        confidential=posted.attribute("anonymous") == "true" or report.get("confidential") is True,
        closed=report.get("closed") is True,
        description=description,
        address=values.get("address_string", ""),
        address_id=values.get("address_id", ""),
        lat=float(values["lat"]) if "lat" in values else None,
        long=float(values["long"]) if "long" in values else None,
        media=posted.media,
        person=person,
        attributes=posted.attributes,
        report=posted.report,
        channel=posted.attribute("channel"),
        requested_at=_confirmed(report.get("submitted_at"), now),
        text_sha256=hashlib.sha256(" ".join(description.lower().split()).encode()).hexdigest(),
        key=key or values.get("client_request_id", "") or posted.attribute("client_request_id"),
        payload_sha256=posted.payload_sha256,
        near=tuple(filter(None, (values.get("phone", ""), values.get("account_id", "")))),
    )


def _named(posted: Posted, report: Mapping[str, Any]) -> dict[str, str]:
    reporter = report.get("reporter")
    name = reporter.get("name") if isinstance(reporter, dict) else ""
    full = posted.attribute("full_name") or (name if isinstance(name, str) else "")
    split = " ".join(filter(None, (posted.values.get("last_name"), posted.values.get("first_name"))))
    return {"full_name": full or split} if full or split else {}


def _confirmed(value: object, now: datetime) -> datetime:
    """The citizen's confirmation as the gateway stamped it; clocks count from there. Anything odd counts from now."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else now
    except ValueError:
        return now
    return at if at.tzinfo and now - LATE_LIMIT <= at <= now else now


def _text_problems(posted: Posted) -> Iterable[Problem]:
    # Form posts carry line breaks as two characters; the citizen wrote one.
    if len(posted.values.get("description", "").replace("\r\n", "\n")) > DESCRIPTION_LIMIT:
        yield Problem("description", f"Nội dung dài quá {DESCRIPTION_LIMIT} ký tự. Ông/Bà vui lòng rút gọn.")


def _place_problems(values: Mapping[str, str]) -> Iterable[Problem]:
    given = {"lat", "long"} & values.keys()
    if len(given) == 1:
        yield Problem("lat", "Cần gửi cả lat và long.")
    elif given and not (_degrees(values["lat"], 90) and _degrees(values["long"], 180)):
        yield Problem("lat", "Tọa độ (lat, long) không hợp lệ.")
    if not given and not ({"address_string", "address_id"} & values.keys()):
        yield Problem("address_string", "Thiếu địa điểm: cần lat và long, hoặc address_string, hoặc address_id.")


def _degrees(text: str, limit: int) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return math.isfinite(value) and abs(value) <= limit


def _attribute_problems(posted: Posted, profile: Profile) -> Iterable[Problem]:
    for attribute in definition(profile, posted.values["service_code"])["attributes"]:
        code, given = attribute["code"], posted.attributes.get(attribute["code"], ())
        # A normalized report comes from a gateway that has applied the profile already; there the citizen may have
        # been allowed to leave something out.
        if attribute["required"] and attribute["variable"] and not given and posted.report is None:
            yield Problem(f"attribute[{code}]", f"Thiếu thông tin bắt buộc: {attribute['description']} ({code}).")
        allowed = {value["key"] for value in attribute.get("values", ())}
        if allowed and not allowed.issuperset(given):
            yield Problem(f"attribute[{code}]", f"Giá trị không hợp lệ: {attribute['description']} ({code}).")
