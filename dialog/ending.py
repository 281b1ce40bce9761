"""How a report in the making ends: sent, joined to an earlier case, withdrawn, or held back for what is missing."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from core.effects import AlertStaff, FollowUp, FollowUpKind, Submit
from core.model import Draft
from dialog import wording
from dialog.needed import OTHER_CATEGORY, open_questions
from dialog.questions import ask, ask_next
from dialog.state import Identity, Lock, Pending
from dialog.turn import Turn


def lock(turn: Turn, until: datetime, reason: str, article: str) -> None:
    """The store has counted too many violations: nothing is submitted until then (`sanctions`)."""
    turn.update(lock=Lock(until=until, reason=reason, article=article), form=None, parked=(), choices=(), offer=None)
    locked_out(turn)


def locked_out(turn: Turn) -> bool:
    """Whether the sender is locked at present, which is told with its date and reason."""
    held = turn.state.lock
    if held is None or turn.now >= held.until:
        return False
    until = held.until.astimezone(ZoneInfo(turn.profile.timezone)).strftime("%d/%m/%Y %H:%M")
    turn.update(form=None, choices=(), offer=None)
    turn.say(turn.line("locked", until=until, reason=held.reason, article=held.article))
    turn.outcome("locked")
    return True


def submit(turn: Turn) -> None:
    """Hand the confirmed draft over, once; if something is still missing, ask for it instead."""
    missing = next(open_questions(turn), "")
    if missing:
        ask_next(turn)
        return
    if turn.profile.intake.other_name == "flag" and _other_name(turn):
        turn.flag("impersonation_suspected")
        turn.wish(AlertStaff(reason="impersonation_suspected"))
    form = turn.form
    draft = _completed(turn, form.draft)
    ordinal = turn.state.submissions + 1
    turn.wish(Submit(ordinal=ordinal, draft=draft))
    level = turn.profile.levels.get(draft.level)
    if level and level.alert_staff:
        turn.wish(AlertStaff(reason="level", level=level.id))
    pending = Pending(
        ordinal=ordinal,
        category=draft.category,
        report_type=draft.report_type,
        text=draft.description,
        place=wording.place_line(turn.profile, draft.place) if draft.place else "",
        insisted=form.insisted,
        since=turn.now,
    )
    turn.update(
        submissions=ordinal,
        pending=(*turn.state.pending, pending),
        identity=Identity(name=draft.name, phone=draft.phone) if draft.name or draft.phone else turn.state.identity,
        form=None,
        choices=(),
    )
    turn.outcome("submitted")


def _other_name(turn: Turn) -> bool:
    """Whether this phone number reported under another name before: for staff to look at, the report goes out."""
    known, draft = turn.state.identity, turn.form.draft
    return bool(known and known.phone == draft.phone != "" and wording.fold(known.name) != wording.fold(draft.name))


def _completed(turn: Turn, draft: Draft) -> Draft:
    confidential = draft.confidential
    if confidential is None:
        confidential = turn.profile.confidentiality.default == "confidential"
    return replace(
        draft,
        report_type=draft.report_type or turn.profile.default_report_type.id,
        category=draft.category or (OTHER_CATEGORY if OTHER_CATEGORY in turn.profile.categories else ""),
        level=draft.level or turn.profile.default_level.id,
        confidential=confidential,
        confirmed_at=turn.now,
        notice_version=turn.state.notice_version,
        notice_at=turn.state.notice_at,
    )


def submit_closed(turn: Turn, text: str) -> None:
    """Put a pure thank-you note on file where the regulation wants it (TH Đ11.5)."""
    ordinal = turn.state.submissions + 1
    draft = _completed(turn, Draft(description=text, raw=(turn.reading.text,), started_at=turn.now))
    turn.wish(Submit(ordinal=ordinal, draft=draft, closed=True))
    turn.update(submissions=ordinal)


def blocked(turn: Turn, slot: str) -> None:
    """Say that nothing is sent without `slot`; the draft is kept (R-BN-27)."""
    row = turn.profile.fields[slot]
    text = turn.line("need_photo_blocked", hours=turn.draft_hours) if row.type == "media" else ""
    held = turn.line("submit_blocked", missing=row.label.lower(), hours=turn.draft_hours)
    turn.outcome(f"pending:{slot}")
    if turn.state.letters:
        turn.note(text or held)
        ask_next(turn)
        return
    ask(turn, slot, text=text or "\n".join(filter(None, (held, row.ask))))


def withdraw(turn: Turn) -> None:
    """Drop the open draft on the citizen's word."""
    turn.update(form=None, choices=(), offer=None)
    turn.say(turn.line("withdrawn"))
    turn.outcome("withdrawn")


def supplement(turn: Turn, code: str) -> None:
    """Add what was written to the citizen's existing case instead of opening another."""
    draft = turn.form.draft
    turn.update(form=None, choices=())
    add_to_case(turn, code, draft)


def barred(turn: Turn, code: str) -> bool:
    """A sender who may be anybody changes no case: the reader of its mails is asked to answer to one of them."""
    if turn.proven:
        return False
    turn.say(turn.line("prove_sender", code=code))
    turn.outcome("info", code)
    return True


def add_to_case(turn: Turn, code: str, draft: Draft) -> None:
    if barred(turn, code):
        return
    turn.wish(FollowUp(code=code, kind=FollowUpKind.SUPPLEMENT, at=turn.now, text=draft.description, media=draft.media))
    turn.update_known(code, need_more=False)
    turn.say(turn.line("followup_received", code=code, agency=case_agency(turn, code)), about=code)
    turn.outcome("supplemented", code)


def case_agency(turn: Turn, code: str) -> str:
    """Who handles the case as far as we know; before that, who receives it first."""
    known = turn.known(code)
    agency = known.case.agency if known else ""
    return agency or turn.profile.routing.first_receiver


def park(turn: Turn) -> None:
    """Put the open draft aside, to be gone on with later (D23)."""
    form = msgspec.structs.replace(turn.form, other="", waiting="", tries={})
    turn.update(form=None, parked=(*turn.state.parked, form)[-3:])


def take_up(turn: Turn) -> None:
    """Go on with the draft put aside last."""
    *rest, form = turn.state.parked
    turn.update(form=form, parked=tuple(rest), resume=False)
    ask_next(turn)
