"""A report as the form that GeoReport v2 wants. Pure.

Standard fields carry what the standard knows; `attribute[report]` carries the whole normalized report, so that nothing
is lost on the way to a store that understands it.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlencode

import msgspec

from backend_client.settings import StoreSettings
from core.effects import FollowUp, FollowUpKind
from core.report import Attachment, Report

Pairs = list[tuple[str, str]]

FORM_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
DESCRIPTION_LIMIT = 4000
NO_PLACE = "Không nêu địa điểm"
"""GeoReport refuses a request without any location; some report types of the regulations have none."""

# open311: updates extension. The status is upper case in a POST.
UPDATE_STATUS: Mapping[FollowUpKind, str] = MappingProxyType(
    {FollowUpKind.WITHDRAW: "CANCELLED", FollowUpKind.APPEAL: "REOPEN"}
)
FOLLOW_UP_WORDS: Mapping[FollowUpKind, str] = MappingProxyType(
    {
        FollowUpKind.RATING: "Đánh giá của người dân",
        FollowUpKind.CLARIFY: "Đề nghị làm rõ kết quả",
        FollowUpKind.APPEAL: "Phúc đáp kết quả xử lý",
        FollowUpKind.SUPPLEMENT: "Bổ sung thông tin",
        FollowUpKind.WITHDRAW: "Người dân rút phản ánh",
        FollowUpKind.CONFIDENTIAL: "Đề nghị giữ bí mật thông tin cá nhân",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that travels inside the request, for stores that cannot fetch URLs."""

    name: str
    mime: str
    body: bytes


def w3(at: datetime) -> str:
    """`at` in the W3C form without fractions, which strict servers demand."""
    return at.replace(microsecond=0).isoformat()


def report_pairs(report: Report, settings: StoreSettings) -> Pairs:
    """Every form field of a new request, without the empty ones: an empty one means the same as none."""
    person, place = report.reporter, report.place
    has_pin = place.lat is not None and place.lon is not None
    pairs = [
        ("api_key", settings.api_key),
        ("jurisdiction_id", jurisdiction(settings, report.profile)),
        ("service_code", report.category or settings.other_service),
        ("lat", str(place.lat) if has_pin else ""),
        ("long", str(place.lon) if has_pin else ""),
        ("address_string", place.text or ("" if has_pin or place.ward_code else NO_PLACE)),
        ("address_id", place.ward_code),
        ("description", _described(report, settings)),
        ("first_name", person.given_name),
        ("last_name", person.family_name),
        ("phone", person.phone or person.phone_as_typed),
        ("email", person.email),
        ("account_id", report.contact_id),
        ("client_request_id", report.report_id),
        ("attribute[client_request_id]", report.report_id),
        ("attribute[channel]", report.channel),
        ("attribute[report_type]", report.report_type),
        ("attribute[level]", report.level),
        ("attribute[full_name]", person.name),
        ("attribute[address]", person.address),
        ("attribute[cccd]", person.cccd),
        ("attribute[tax_code]", person.tax_code),
        ("attribute[anonymous]", "true" if report.confidential else ""),
        ("attribute[raw_text]", "\n".join(report.raw_text)),
        ("attribute[report]", msgspec.json.encode(report).decode()),
    ]
    pairs += media_pairs(report.attachments)
    return [pair for pair in pairs if pair[1]]


def jurisdiction(settings: StoreSettings, profile: str = "") -> str:
    return settings.jurisdiction_id or (profile if settings.profile_is_jurisdiction else "")


def media_pairs(attachments: Iterable[Attachment]) -> Pairs:
    """The first file in the standard's `media_url`, all of them in the extension's `media_urls`."""
    urls = [attachment.url for attachment in attachments if attachment.url]
    return [("media_url", url) for url in urls[:1]] + [("media_urls", url) for url in urls]


def follow_up_pairs(
    follow_up: FollowUp,
    key: str,
    settings: StoreSettings,
    *,
    attachments: Sequence[Attachment],
    contact: str,
    profile: str,
) -> Pairs:
    """What a citizen says about an existing case, as an update of the mySociety extension."""
    kind = follow_up.kind
    words = ": ".join(filter(None, (FOLLOW_UP_WORDS[kind], follow_up.label)))
    pairs = [
        ("api_key", settings.api_key),
        ("jurisdiction_id", jurisdiction(settings, profile)),
        ("service_request_id", follow_up.code),
        ("update_id", key),
        ("status", UPDATE_STATUS.get(kind, "UNCHANGED")),
        ("updated_datetime", w3(follow_up.at)),
        ("description", follow_up.text or words),
        ("account_id", contact),
        ("client_request_id", key),
        ("attribute[client_request_id]", key),
        ("attribute[kind]", kind.value),
        ("attribute[rating]", "" if follow_up.value is None else str(follow_up.value)),
        ("attribute[label]", follow_up.label),
    ]
    pairs += media_pairs(attachments)
    return [pair for pair in pairs if pair[1]]


def encode(pairs: Pairs, files: Sequence[Upload] = ()) -> tuple[bytes, str]:
    """The body and its content type: urlencoded, or multipart as soon as files travel along."""
    if not files:
        return urlencode(pairs).encode(), FORM_TYPE
    boundary = secrets.token_hex(16)
    parts = [_part(boundary, f'name="{name}"', "text/plain; charset=utf-8", value.encode()) for name, value in pairs]
    parts += [
        _part(boundary, f'name="media"; filename="{_header_safe(file.name)}"', _header_safe(file.mime), file.body)
        for file in files
    ]
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _part(boundary: str, name: str, mime: str, body: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {mime}\r\n\r\n"
    return head.encode() + body + b"\r\n"


def _header_safe(text: str) -> str:
    return "".join(" " if ch in '"\\' or ord(ch) < 32 else ch for ch in text)


def _described(report: Report, settings: StoreSettings) -> str:
    if settings.honours_idempotency:
        return report.description
    # A foreign server may keep nothing but the description: our id in it is what `probe` looks for.
    mark = f"\n\n[{report.report_id}]"
    return report.description[: DESCRIPTION_LIMIT - len(mark)] + mark
