"""What an officer checks before a report is accepted, and how far it looks met. The officer decides. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.report import Report
from dialog.reading.matter import foreign
from dialog.reading.text import tokenize
from regulations.model import FieldRow, Profile

VAGUE = frozenset({"location_vague", "ward_unsure", "outside_area"})
"""Flags of a report whose place is not certain."""
IDENTITY = frozenset({"name", "phone", "email", "address", "cccd", "tax_code", "org_name"})


@dataclass(frozen=True, slots=True)
class Tick:
    label: str
    met: bool


def ticks(report: Report, profile: Profile) -> tuple[Tick, ...]:
    """Language, content, place, media, identity: what the profile demands of this kind of report."""
    place, flags = report.place, frozenset(report.flags)
    required = {row.id: row for row in profile.fields.values() if _required(row, report)}
    placed = bool(place.text or place.lat is not None)
    doubtful = any(flag.startswith("media_") for flag in flags) or any(file.problem for file in report.attachments)
    return (
        Tick("Viết bằng tiếng Việt", not foreign(report.description, tokenize(report.description))),
        Tick("Có nội dung, lời lẽ phù hợp", bool(report.description) and "profanity" not in flags),
        Tick("Địa điểm cụ thể", flags.isdisjoint(VAGUE) and (placed or "location" not in required)),
        Tick(
            "Ảnh, video nguyên vẹn", not doubtful and (bool(report.attachments) or not _asks_for_media(report, profile))
        ),
        Tick("Đủ thông tin người gửi", not any(_missing(report, profile, row) for row in required.values())),
    )


def _asks_for_media(report: Report, profile: Profile) -> bool:
    """Also where the citizen may go on without: staff see that there is nothing to look at."""
    row = profile.fields.get("media")
    return row is not None and row.need_for(report.report_type, report.category) in ("required", "ask_once")


def _required(row: FieldRow, report: Report) -> bool:
    return row.need_for(report.report_type, report.category) == "required" and row.in_force(
        report_type=report.report_type,
        category=report.category,
        on_behalf=report.on_behalf is not None,
        channel=report.channel,
        sender="organization" if report.reporter.org_name else "person",
    )


def _missing(report: Report, profile: Profile, row: FieldRow) -> bool:
    return row.id in IDENTITY and not any(getattr(report.reporter, slot, "") for slot in _group(profile, row))


def _group(profile: Profile, row: FieldRow) -> Iterator[str]:
    """The field, and the others of which one is enough."""
    yield row.id
    yield from (other.id for other in profile.fields.values() if row.one_of and other.one_of == row.one_of)
