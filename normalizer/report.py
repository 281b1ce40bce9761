"""Draft → report: what the dialog collected, in the one form that the case store gets."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.model import Draft, Peer, Place
from core.report import Attachment, OnBehalf, Report, Reporter
from normalizer.person import e164, split_name
from normalizer.text import clean, line, shorten, without_id_numbers
from regulations.model import Duplicates, Profile

OTHER_CATEGORY = "khac"
NOT_FETCHED = "not_fetched"
LINK_FLAGS = ("duplicate_of", "related_to")


def normalize(
    draft: Draft,
    *,
    profile: Profile,
    report_id: str,
    peer: Peer,
    contact_id: str,
    attachments: Sequence[Attachment],
    now: datetime,
    closed: bool = False,
) -> Report:
    """The report of a confirmed draft.

    `attachments` are the files that were fetched; a file of the draft that is missing there is listed as not fetched.
    Data that the profile forbids are left out, also where the citizen wrote them unasked. Never raises for a citizen's
    input: what cannot be read stays as typed.
    """
    report_type = draft.report_type if draft.report_type in profile.report_types else profile.default_report_type.id
    category = _category(draft.category, profile)
    row = profile.categories.get(category)
    dropped = _forbidden(profile, report_type, category)
    known_id = draft.cccd if "cccd" in dropped else ""

    def kept(text: str) -> str:
        return without_id_numbers(text, known_id) if "cccd" in dropped else text

    raw = tuple(kept(message) for message in draft.raw)
    flags, links = _flags(draft.flags, outside_annex=row is not None and row.outside_annex)
    submitted = draft.confirmed_at or now
    files = _attachments(draft, attachments)
    if profile.media.originality_check == "hash_and_exif":
        files = tuple(_judged(file, submitted - timedelta(days=profile.duplicates.window_days)) for file in files)
        flags = (*flags, *_media_flags(files))
    return Report(
        report_id=report_id,
        profile=profile.id,
        channel=peer.channel,
        account=peer.account,
        contact_id=contact_id,
        category=category,
        report_type=report_type,
        level=draft.level if draft.level in profile.levels else profile.default_level.id,
        agency="" if row is None else row.agency_now or row.agency,
        description=shorten(clean(kept(draft.description or "\n".join(draft.raw)))),
        raw_text=raw,
        place=_place(draft.place),
        submitted_at=submitted,
        occurred_at=draft.occurred_at or draft.started_at or draft.confirmed_at or now,
        attachments=files,
        reporter=_reporter(draft, profile, dropped),
        on_behalf=_on_behalf(draft, profile) if draft.on_behalf else None,
        confidential=_confidential(draft, profile),
        notice_version=draft.notice_version,
        notice_at=draft.notice_at,
        consent_at=draft.confirmed_at if draft.notice_version else None,
        flags=flags,
        as_typed={slot: kept(words) for slot, words in draft.as_typed.items() if slot not in dropped},
        duplicate_of=links["duplicate_of"],
        related_to=links["related_to"],
        closed=closed,
        language=profile.intake.languages[0] if profile.intake.languages else "vi",
    )


def _category(category: str, profile: Profile) -> str:
    if category in profile.categories:
        return category
    return OTHER_CATEGORY if OTHER_CATEGORY in profile.categories else ""


def _forbidden(profile: Profile, report_type: str, category: str) -> frozenset[str]:
    """Slots that must not be kept: forbidden ones, and identifying numbers that the profile does not know at all."""
    forbidden = {row.id for row in profile.fields.values() if row.need_for(report_type, category) == "forbidden"}
    return frozenset(forbidden | ({"cccd", "tax_code"} - profile.fields.keys()))


def _flags(flags: Iterable[str], *, outside_annex: bool) -> tuple[tuple[str, ...], Mapping[str, tuple[str, ...]]]:
    """Flags once each, and the codes of flags such as `duplicate_of:TG-261120-0001`."""
    plain: dict[str, None] = {}
    links: dict[str, dict[str, None]] = {name: {} for name in LINK_FLAGS}
    for flag in flags:
        name, _, code = flag.partition(":")
        if name in links and code:
            links[name][code] = None
        plain[name if name in links else flag] = None
    if outside_annex:
        plain["outside_annex"] = None
    return tuple(plain), {name: tuple(codes) for name, codes in links.items()}


def _place(place: Place | None) -> Place:
    if place is None:
        return Place()
    pinned = _on_earth(place.lat, place.lon)
    return Place(
        text=line(place.text),
        lat=place.lat if pinned else None,
        lon=place.lon if pinned else None,
        ward_old=line(place.ward_old),
        ward_new=line(place.ward_new),
        ward_code=place.ward_code.strip(),
    )


def _on_earth(lat: float | None, lon: float | None) -> bool:
    """Whether it is a point a phone can have meant: 0, 0 is what a phone without a fix sends."""
    if lat is None or lon is None or not (math.isfinite(lat) and math.isfinite(lon)):
        return False
    return abs(lat) <= 90 and abs(lon) <= 180 and not (lat == 0 and lon == 0)


def _attachments(draft: Draft, fetched: Sequence[Attachment]) -> tuple[Attachment, ...]:
    known = {attachment.source_key for attachment in fetched}
    missing = [
        Attachment(kind=ref.kind, source_key=ref.key, mime=ref.mime, name=ref.name, problem=NOT_FETCHED)
        for ref in draft.media
        if ref.key not in known
    ]
    return (*fetched, *missing)


def _judged(file: Attachment, since: datetime) -> Attachment:
    """Marked as well when it was taken long before the report."""
    return replace(file, marks=(*file.marks, "old")) if file.taken_at and file.taken_at < since else file


def _media_flags(files: Iterable[Attachment]) -> tuple[str, ...]:
    """Chats take the camera's data out of every picture: that there is none says something of files sent whole only."""
    marks = {mark for file in files for mark in file.marks if mark != "no_exif" or file.name}
    return tuple(f"media_{mark}" for mark in sorted(marks))


def flagged(report: Report, rules: Duplicates, *, same: str, reused: Sequence[str]) -> Report:
    """The report with the cases of others that it is like: `same` matter (or empty), and those whose pictures it uses.

    For staff; it is neither hidden nor refused because of them.
    """
    flags, duplicate_of, related_to = list(report.flags), list(report.duplicate_of), list(report.related_to)
    if same and rules.other_person == "flag_staff":
        flags.append("duplicate_of")
        duplicate_of.append(same)
    elif same:
        flags.append("related_to")
        related_to.append(same)
    if reused:
        flags.append("media_reuse")
        related_to += reused
    return replace(
        report,
        flags=tuple(dict.fromkeys(flags)),
        duplicate_of=tuple(dict.fromkeys(duplicate_of)),
        related_to=tuple(dict.fromkeys(related_to)),
    )


def _reporter(draft: Draft, profile: Profile, dropped: frozenset[str]) -> Reporter:
    name = line(draft.name)
    family, given = ("", "") if name and name == line(draft.org_name) else split_name(name)
    values = {
        "phone": e164(draft.phone, profile.phone.default_region),
        "phone_as_typed": line(draft.as_typed.get("phone", draft.phone)),
        "email": line(draft.email),
        "address": line(draft.address),
        "cccd": draft.cccd.strip(),
        "tax_code": draft.tax_code.strip(),
        "org_name": line(draft.org_name),
    }
    asked: Mapping[str, Any] = {
        key: value for key, value in values.items() if key.removesuffix("_as_typed") not in dropped
    }
    return Reporter(name=name, family_name=family, given_name=given, **asked)


def _on_behalf(draft: Draft, profile: Profile) -> OnBehalf:
    return OnBehalf(
        name=line(draft.behalf_name),
        address=line(draft.behalf_address),
        phone=e164(draft.behalf_phone, profile.phone.default_region) or line(draft.behalf_phone),
        reason=clean(draft.behalf_reason),
        consent=draft.behalf_consent,
    )


def _confidential(draft: Draft, profile: Profile) -> bool:
    if draft.confidential is not None:
        return draft.confidential
    return profile.confidentiality.default == "confidential"
