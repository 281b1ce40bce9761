"""What the case store tells: codes, look-ups, changes of a case, and whether the news reached the citizen."""

from collections.abc import Callable, Mapping
from typing import Any

from core.effects import Handoff
from core.events import (
    CaseChanged,
    CaseFound,
    CaseKnown,
    CaseOpened,
    IdentityKnown,
    SendSettled,
    SubmissionRefused,
)
from core.model import Case, MediaKind, OutboundMedia
from dialog import dossiers, wording
from dialog.cases import checksum, receipt, start_rating, status_line
from dialog.ending import lock
from dialog.state import Identity, Known, Pending
from dialog.turn import Turn
from regulations.calendar import deadlines_for

RESULTS = frozenset({"result.recorded", "result.published", "result.sent"})

CANCELLED = "result.rejected"

# The template for an event that comes without a state of the profile's workflow.
BY_EVENT: Mapping[str, str] = {
    "report.accepted": "accepted",
    "report.assigned": "accepted",
    "report.forwarded": "forwarded",
    "report.escalated": "forwarded",
    "report.refused": "refused",
    "report.closed": "closed",
    "result.rejected": "result_cancelled",
    "extension.announced": "extended",
    "followup.answered": "result",
    "appeal.answered": "result",
}
VIOLATION = "violation.confirmed"
"""The officers' own note, unless the sender is locked for it."""
# Told by the receipt already.
ALREADY_TOLD = frozenset({"report.submitted", "report.received"})


def case_opened(turn: Turn, event: CaseOpened) -> None:
    """Tell the code once, and remember the case with what this conversation knew about it."""
    pending = next((entry for entry in turn.state.pending if entry.ordinal == event.ordinal), None)
    turn.update(pending=tuple(entry for entry in turn.state.pending if entry.ordinal != event.ordinal))
    if turn.known(event.code):
        return
    known = _opened(turn, event, pending or Pending(ordinal=event.ordinal))
    turn.remember(known)
    if event.closed:
        return
    text = receipt(turn, known)
    if event.linked:
        turn.note(turn.line("duplicate_linked"))
    turn.note(event.notice)
    if turn.state.parked and turn.state.form is None:
        turn.update(resume=True)
        old = wording.category_label(turn.profile, turn.state.parked[-1].draft.category)
        offer = turn.line("resume_offer", old=old.lower())
        choices = [turn.button("yes:resume", "button_yes"), turn.button("no:resume", "button_no")]
        turn.say("\n".join(filter(None, (text, offer))), choices, about=event.code)
    else:
        turn.say(text, about=event.code)


def _opened(turn: Turn, event: CaseOpened, pending: Pending) -> Known:
    due = event.due
    if not due:
        for clock in deadlines_for(turn.profile, "report.received", pending.since or event.at):
            if clock.due and any(clock.ends_with(name) for name in RESULTS):
                due = clock.due.strftime("%d/%m/%Y")
                break
    case = Case(
        code=event.code,
        status="closed" if event.closed else "submitted",
        agency=event.agency,
        category=pending.category,
        due=due,
        text=pending.text,
    )
    return Known(
        case=case,
        ordinal=event.ordinal,
        place=pending.place,
        report_type=pending.report_type,
        insisted=pending.insisted,
        opened_at=event.at,
    )


def submission_refused(turn: Turn, event: SubmissionRefused) -> None:
    turn.update(pending=tuple(entry for entry in turn.state.pending if entry.ordinal != event.ordinal))
    turn.wish(Handoff(reason="refused"))
    turn.say(turn.line("store_refused"))


def case_known(turn: Turn, event: CaseKnown) -> None:
    case = Case(
        code=event.code,
        own=event.own,
        status=event.status,
        agency=event.agency,
        category=event.category,
        due=event.due,
        text=event.text,
        delivered_at=event.delivered_at,
        followup_count=event.followup_count,
    )
    turn.remember(Known(case=case, opened_at=event.at))


def identity_known(turn: Turn, event: IdentityKnown) -> None:
    turn.update(identity=Identity(name=event.name, phone=event.phone))


def case_found(turn: Turn, event: CaseFound) -> None:
    """The public state only: no name, phone or text of another person (schema `public_lookup`)."""
    if dossiers.found(turn, event):
        return
    veiled = event.request in turn.state.veiled
    if veiled:
        turn.update(veiled=tuple(request for request in turn.state.veiled if request != event.request))
    if not event.found:
        turn.say(turn.line("status_unknown", code=event.code))
        return
    known = turn.known(event.code)
    if known and known.case.own:
        turn.update_case(event.code, status=event.status or known.case.status, due=event.due or known.case.due)
        turn.say(status_line(turn, known.case, veiled=veiled))
    else:
        turn.say(
            turn.line(
                "status_public",
                code=event.code,
                status=wording.status_label(turn.profile, event.status),
                category="" if veiled else wording.category_label(turn.profile, event.category),
            )
        )
    turn.outcome("status_shown", event.code)


def case_changed(turn: Turn, event: CaseChanged) -> None:
    """Tell what the profile's workflow says is told; a result once, however many events bring it."""
    if event.name == VIOLATION:
        if event.locked_until:
            lock(turn, event.locked_until, event.reason, event.article)
        return
    known = turn.known(event.code)
    if known is None:
        known = Known(case=Case(code=event.code), opened_at=event.at)
        turn.remember(known)
    _learn(turn, known, event)
    if event.name in ALREADY_TOLD:
        return
    if event.name == CANCELLED:
        _take_back(turn, event.code)
    template = _template(turn, event)
    if template in RESULT_TEMPLATES and event.name in RESULTS and event.text:
        told = checksum(event.text)
        if known.result == told:
            return
        turn.update_known(event.code, result=told)
    if template:
        turn.update_known(event.code, need_more=template == "need_more")
        turn.say(turn.line(template, **_values(turn, event)), about=event.code, news=event.name, media=_files(event))


def _files(event: CaseChanged) -> tuple[OutboundMedia, ...]:
    """Photos and documents that came with the news. What they are is seen when their bytes are at hand."""
    return tuple(OutboundMedia(kind=MediaKind.FILE, blob="", url=url) for url in event.media)


def _learn(turn: Turn, known: Known, event: CaseChanged) -> None:
    changes = {"status": event.status, "agency": event.agency, "due": event.due}
    turn.update_case(event.code, **{key: value for key, value in changes.items() if value})


def _take_back(turn: Turn, code: str) -> None:
    """A cancelled result counts as never told: the new one is told and rated, and has its own window (TH Đ12.3)."""
    turn.update_known(code, result=0)
    turn.update_case(code, delivered_at=None, rated=None)
    if turn.state.rating and turn.state.rating.code == code:
        turn.update(rating=None)


RESULT_TEMPLATES = frozenset({"result", "result_private", "result_private_notice"})


def _template(turn: Turn, event: CaseChanged) -> str:
    """Which of the profile's texts tells this; empty when nothing is told."""
    row = turn.profile.workflow.states.get(event.status)
    if event.missing:
        return "need_more"
    if row and row.notify and row.template and row.template != "receipt":
        return row.template
    if row and event.name == "result.recorded" and turn.profile.workflow.result_told == "published":
        return ""
    if event.name in RESULTS:
        # A recorded result goes to the citizen at once, whatever the state is called (TG Đ10.1, D20).
        return "result" if event.text and not (row and row.id == "hidden") else ""
    return BY_EVENT.get(event.name, "") if row is None else ""


def _values(turn: Turn, event: CaseChanged) -> dict[str, str]:
    known = turn.known(event.code)
    case = known.case if known else Case(code=event.code)
    profile = turn.profile
    identity = turn.state.identity
    return {
        "code": event.code,
        "agency": case.agency or wording.agency_of(profile, case.category) or profile.routing.first_receiver,
        "due": case.due,
        "status": wording.status_label(profile, case.status),
        "result": event.text,
        "reason": event.reason or event.text,
        "article": event.article,
        "missing": event.missing,
        "link": public_link(turn),
        "salutation": identity.name if identity and identity.name else turn.line("salutation"),
        "deadline_text": turn.line("answer_due", due=case.due),
    }


def public_link(turn: Turn) -> str:
    """Where results can be looked up: the profile's web channel."""
    row = turn.profile.channels.get("web")
    return row.name if row else ""


def send_settled(turn: Turn, event: SendSettled) -> None:
    """The result reached the citizen: their windows start, and they are asked to rate it (`rating.ask_after`)."""
    known = turn.known(event.code)
    if known is None or not event.delivered or event.name not in RESULTS:
        return
    if known.case.delivered_at is None:
        turn.update_case(event.code, delivered_at=event.at)
    if known.case.rated is None and turn.profile.rating.ask_after == "result.delivered":
        start_rating(turn, event.code)


STORE: Mapping[type, Callable[[Turn, Any], None]] = {
    CaseOpened: case_opened,
    SubmissionRefused: submission_refused,
    CaseChanged: case_changed,
    CaseFound: case_found,
    CaseKnown: case_known,
    IdentityKnown: identity_known,
    SendSettled: send_settled,
}
