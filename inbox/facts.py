"""What is known of a conversation: the person, the slots of the draft, the cases. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from core.model import Draft
from core.report import Report
from dialog.state import Form, Known, State, decode
from dialog.wording import agency_of, category_label, shown, status_label
from inbox import words
from inbox.masking import Curtain, Shown, cover, cover_name, fold
from inbox.ticks import Tick, ticks
from regulations.model import FieldRow, Profile
from storage.desk import ConversationRow, ReportRow

_reports = msgspec.json.Decoder(Report)
_PERSONAL = ("name", "address", "cccd", "tax_code", "behalf_name", "behalf_address", "behalf_reason")


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseCard:
    """A report as the case store knows it. `code` is empty while it has none."""

    code: str
    status: str
    due: str
    agency: str
    category: str
    description: Shown
    facts: tuple[Fact, ...]
    ticks: tuple[Tick, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What the dialog and the reports of a conversation hold, opened."""

    state: State | None
    reports: tuple[tuple[ReportRow, Report | None], ...] = ()


def _state(raw: bytes) -> State | None:
    try:
        return decode(raw)
    except ValueError:
        # A state of a newer program must not keep staff from answering.
        return None


def _report(raw: bytes) -> Report | None:
    try:
        return _reports.decode(raw)
    except msgspec.DecodeError:
        return None


def remember(row: ConversationRow, reports: Sequence[ReportRow] = ()) -> Remembered:
    opened = tuple((report, _report(report.body) if report.body else None) for report in reports)
    return Remembered(state=_state(row.state) if row.state else None, reports=opened)


def secrets_of(row: ConversationRow, known: Remembered) -> Iterator[str]:
    """What this person's own data look like in running text; numbers and mail addresses are found without it."""
    yield row.name
    state = known.state
    if state is not None:
        for form in filter(None, (state.form, *state.parked)):
            yield from _of_draft(form.draft)
        if state.identity is not None:
            yield state.identity.name
    for _, report in known.reports:
        if report is not None:
            yield from (report.reporter.name, report.reporter.address, report.reporter.cccd, report.reporter.tax_code)
            if report.on_behalf is not None:
                yield from (report.on_behalf.name, report.on_behalf.address, report.on_behalf.reason)


def _of_draft(draft: Draft) -> Iterator[str]:
    place = fold(draft.place.text) if draft.place else ""
    for slot in _PERSONAL:
        for value in (getattr(draft, slot), draft.as_typed.get(slot, "")):
            if value and fold(value) != place:
                yield value
    for slot in ("phone", "behalf_phone"):
        yield draft.as_typed.get(slot, "")


def person(row: ConversationRow, curtain: Curtain) -> Shown:
    """Who writes, as the platform calls them."""
    return curtain.value("person:name", row.name, cover_name(row.name)) if row.name else Shown("Chưa rõ tên")


def slots(state: State | None, profile: Profile, curtain: Curtain) -> list[Fact]:
    """The draft under way by the profile's labels, in its order; empty when there is none."""
    if state is None or state.form is None:
        return []
    facts = [
        Fact(row.label, _slot(row, state.form, profile, curtain))
        for row in profile.fields.values()
        if shown(profile, row, state.form)
    ]
    if state.form.draft.level and state.form.draft.level in profile.levels:
        facts.append(Fact("Mức độ", Shown(profile.levels[state.form.draft.level].label)))
    return facts


def _slot(row: FieldRow, form: Form, profile: Profile, curtain: Curtain) -> Shown:
    name = f"slot:{row.id}"
    if row.visibility == "public" or row.type in ("bool", "media", "location", "choice", "datetime"):
        return curtain.text(name, shown(profile, row, form))
    value = str(getattr(form.draft, row.id, ""))
    return curtain.value(name, value, cover(row.type, value, region=profile.phone.default_region))


def cases(known: Remembered, profile: Profile, curtain: Curtain) -> list[CaseCard]:
    """Every report of the conversation, the newest first, and cases that were only asked about behind them."""
    told = {one.case.code: one for one in (known.state.cases if known.state else ())}
    cards = [
        _report_card(row, report, told.pop(row.code or "", None), profile, curtain) for row, report in known.reports
    ]
    return cards + [_known_card(one, profile, curtain) for one in reversed(told.values()) if one.case.own]


def _report_card(
    row: ReportRow, report: Report | None, told: Known | None, profile: Profile, curtain: Curtain
) -> CaseCard:
    case = told.case if told else None
    status = status_label(profile, case.status) if case and case.status else words.REPORTS[row.status]
    category = report.category if report else case.category if case else ""
    return CaseCard(
        code=row.code or "",
        status=status,
        due=case.due if case else "",
        agency=(case.agency if case else "") or agency_of(profile, category),
        category=category_label(profile, category),
        description=curtain.text(f"report:{row.ordinal}:description", report.description if report else ""),
        facts=tuple(_reporter(row.ordinal, report, profile, curtain)) if report else (),
        ticks=ticks(report, profile) if report else (),
    )


def _reporter(ordinal: int, report: Report, profile: Profile, curtain: Curtain) -> Iterator[Fact]:
    if report.place.text or report.place.ward_new:
        place = ", ".join(filter(None, (report.place.text, report.place.ward_new)))
        yield Fact("Địa điểm sự việc", curtain.text(f"report:{ordinal}:location", place))
    for row in profile.fields.values():
        value = getattr(report.reporter, row.id, "")
        if value and isinstance(value, str):
            covered = cover(row.type, value, region=profile.phone.default_region)
            public = row.visibility == "public"
            yield Fact(
                row.label, Shown(value) if public else curtain.value(f"report:{ordinal}:{row.id}", value, covered)
            )


def _known_card(one: Known, profile: Profile, curtain: Curtain) -> CaseCard:
    case = one.case
    return CaseCard(
        code=case.code,
        status=status_label(profile, case.status),
        due=case.due,
        agency=case.agency,
        category=category_label(profile, case.category),
        description=curtain.text(f"case:{case.code}", case.text),
        facts=(),
    )
