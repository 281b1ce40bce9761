"""What the case store holds after a conversation, in the words that the judge compares."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from case_store.tables import cases, updates
from core.effects import FollowUp, FollowUpKind
from core.model import Draft, MediaRef
from core.report import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Reports in the order in which they came, and what was said about cases afterwards."""

    reports: Sequence[Report]
    follow_ups: Sequence[FollowUp]

    def drafts(self, *, closed: bool) -> list[Draft]:
        return [_draft(report) for report in self.reports if report.closed is closed]


async def received(connection: AsyncConnection, account: str, codes: Collection[str], *, after: int) -> Received:
    """What came from `account`, and what was said about the cases named by `codes`.

    `after` is the id of the newest case that does not count any more.
    """
    ours = cases.c.report["account"].astext == account
    new = cases.c.id > after
    found = (await connection.execute(select(cases).where(new, ours).order_by(cases.c.id))).mappings().all()
    query = (
        select(updates, cases.c.code)
        .join(cases, cases.c.id == updates.c.case_id)
        .where(new, ~updates.c.from_store, or_(ours, cases.c.code.in_(codes)))
        .order_by(updates.c.id)
    )
    said = (await connection.execute(query)).mappings().all()
    return Received(reports=[_report(row) for row in found], follow_ups=[_follow_up(row) for row in said])


def _report(row: Mapping[Any, Any]) -> Report:
    """The report that came along, with only those files that the store can fetch."""
    report = msgspec.convert(row["report"], Report)
    held = tuple(file for file in report.attachments if file.url in row["media"])
    return replace(report, attachments=held)


def _follow_up(row: Mapping[Any, Any]) -> FollowUp:
    rating = row["extras"].get("rating")
    return FollowUp(
        code=row["code"],
        kind=FollowUpKind(row["extras"]["kind"]),
        at=row["at"],
        text=row["text"],
        value=int(rating) if rating else None,
        label=row["extras"].get("label", ""),
        media=(),
    )


def _draft(report: Report) -> Draft:
    person, behalf = report.reporter, report.on_behalf
    return Draft(
        report_type=report.report_type,
        category=report.category,
        level=report.level,
        description=report.description,
        place=report.place,
        occurred_at=report.occurred_at,
        media=tuple(MediaRef(kind=file.kind, key=file.url) for file in report.attachments),
        name=person.name,
        phone=person.phone,
        email=person.email,
        address=person.address,
        cccd=person.cccd,
        tax_code=person.tax_code,
        org_name=person.org_name,
        confidential=report.confidential,
        on_behalf=behalf is not None,
        behalf_name=behalf.name if behalf else "",
        behalf_address=behalf.address if behalf else "",
        behalf_phone=behalf.phone if behalf else "",
        behalf_reason=behalf.reason if behalf else "",
        behalf_consent=behalf.consent if behalf else None,
        flags=report.flags,
        as_typed=report.as_typed,
        raw=report.raw_text,
        confirmed_at=report.submitted_at,
    )
