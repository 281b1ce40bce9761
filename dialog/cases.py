"""What a citizen says about reports that exist already: their state, a rating, a follow-up, a withdrawal."""

import re
import zlib
from datetime import datetime

from core.effects import FollowUp, FollowUpKind, LookUp
from core.model import Case, Choice, Draft, MediaRef
from dialog import wording
from dialog.ending import add_to_case, barred, case_agency
from dialog.state import Known, RatingAsked
from dialog.turn import Turn
from regulations.calendar import due
from regulations.model import Followup

MANY = 3
"""How many own reports are listed when the citizen asks without a code."""


# --- state of a case ------------------------------------------------------------------------------------------------


def tell_status(turn: Turn) -> None:
    """Answer for each code that was named; without one, for the citizen's latest reports."""
    codes = turn.codes
    if not codes and turn.proven:
        codes = tuple(known.case.code for known in own_cases(turn)[:MANY])
    if not codes:
        turn.say(turn.line("status_ask_code"))
        return
    lines = []
    for code in codes:
        known = turn.known(code)
        if known and known.case.own:
            lines.append(status_line(turn, known.case, veiled=not turn.proven))
            turn.outcome("status_shown", code)
        else:
            turn.update(lookups=turn.state.lookups + 1)
            if not turn.proven:
                turn.update(veiled=(*turn.state.veiled, turn.state.lookups)[-MANY:])
            turn.wish(LookUp(code=code, request=turn.state.lookups))
    turn.say("\n".join(lines))


_FOREIGN = re.compile(r"(?<![\w/.-])[^\W\d_]{1,4}\d{0,3}(?:[./-]?\d{2,}){1,3}(?![\w/-])")
"""How codes of other systems look: letters, then groups of digits. Number plates and decisions begin with digits."""
FOREIGN_DIGITS = 6
_ASKING_WORDS = (
    "a anh ban chua cho cong cua cuu dau den dich dien em giup ho hoi ket kiem kien la ly ma minh nao nghi oi pakn phan"
    " qua roi sao so the thong tin tinh toi tra trang tren tu va ve voi vu xem xin xu"
)
_ASKING = frozenset(_ASKING_WORDS.split())
"""Words, without marks, that only ask about a code; with any other word the code is part of a matter."""


def tell_foreign(turn: Turn) -> bool:
    """A code of another system is not looked up, and said to be unknown here (R-BN-03)."""
    reading = turn.reading
    found = _FOREIGN.search(reading.text)
    if found is None or sum(letter.isdigit() for letter in found.group()) < FOREIGN_DIGITS:
        return False
    around = wording.fold(f"{reading.text[: found.start()]} {reading.text[found.end() :]}")
    if reading.command != "status" and not _ASKING.issuperset(re.findall(r"\w+", around)):
        return False
    turn.say(turn.line("status_unknown", code=found.group()))
    return True


def own_cases(turn: Turn) -> list[Known]:
    return [known for known in turn.state.cases if known.case.own]


def status_line(turn: Turn, case: Case, *, veiled: bool = False) -> str:
    """The state of a case; `veiled` leaves out everything but the code and the state."""
    return turn.line(
        "status",
        code=case.code,
        status=wording.status_label(turn.profile, case.status),
        agency="" if veiled else case.agency,
        due="" if veiled else case.due,
    )


# --- rating ---------------------------------------------------------------------------------------------------------


def ask_rating(turn: Turn, code: str) -> None:
    """Ask with the labels of the profile's scale, as buttons too."""
    scale = turn.profile.rating.scale.values()
    choices = [Choice(key=f"rate:{code}:{row.value}", label=row.label) for row in scale]
    turn.say(turn.line("rating_ask", code=code, scale=" / ".join(row.label for row in scale)), choices, about=code)


def start_rating(turn: Turn, code: str) -> None:
    turn.update(rating=RatingAsked(code=code, at=turn.now))
    ask_rating(turn, code)


def hear_rating(turn: Turn) -> bool:
    """A rating in words, when one was asked for or a case with a result is named. Anger alone is none (D20)."""
    said = turn.reading.rating
    code = next((code for code in turn.codes if _has_result(turn, code)), "")
    asked = turn.state.rating
    if not code and asked and asked.value is None:
        code = asked.code
    if said is None or not code:
        return False
    if said.value is None or not said.sure:
        ask_rating(turn, code)
        return True
    rate(turn, code, said.value, said.comment)
    return True


def _has_result(turn: Turn, code: str) -> bool:
    known = turn.known(code)
    return known is not None and known.case.own and bool(known.result or known.case.delivered_at)


def rate(turn: Turn, code: str, value: int, comment: str = "") -> None:
    row = turn.profile.rating.scale.get(value)
    known = turn.known(code)
    if row is None or known is None or not known.case.own or barred(turn, code):
        return
    turn.update_case(code, rated=value)
    turn.wish(FollowUp(code=code, kind=FollowUpKind.RATING, at=turn.now, text=comment, value=value, label=row.label))
    open_comment = turn.profile.rating.comment == "optional" and not comment
    turn.update(rating=RatingAsked(code=code, at=turn.now, value=value) if open_comment else None, choices=())
    turn.note(turn.line("rating_thanks", code=code))
    turn.say(_still_open(turn, known.case) if row.polarity == "negative" else "")
    turn.outcome(f"rated:{value}", code)


def _still_open(turn: Turn, case: Case) -> str:
    """What a dissatisfied citizen may still do and until when (TH Đ13.1, HN Đ13); nothing where no time is named."""
    rule = next(iter(turn.profile.followups.values()), None)
    if rule is None or not rule.window_text or _refusal(turn, rule, case):
        return ""
    return turn.line("followup_open", **_about(rule, case))


def hear_comment(turn: Turn) -> bool:
    """Words after a rating by button: they belong to it, unless they open a report of their own."""
    asked = turn.state.rating
    reading = turn.reading
    minutes = turn.profile.intake.session_idle_minutes
    if asked is None or asked.value is None or (turn.now - asked.at).total_seconds() > minutes * 60:
        return False
    if not reading.text or reading.second_report or reading.command or reading.greeting or reading.place:
        return False
    turn.update(rating=None)
    if reading.thanks or reading.chitchat:
        return False
    if barred(turn, asked.code):
        return True
    label = turn.profile.rating.scale[asked.value].label
    text = reading.kept
    turn.wish(
        FollowUp(code=asked.code, kind=FollowUpKind.RATING, at=turn.now, text=text, value=asked.value, label=label)
    )
    turn.say(turn.line("followup_received", code=asked.code, agency=case_agency(turn, asked.code)))
    return True


# --- follow-ups -----------------------------------------------------------------------------------------------------


def hear_follow_up(turn: Turn) -> bool:
    """ "không đồng ý", or "vẫn chưa xong" after a result, within the window and as often as the profile allows."""
    reading = turn.reading
    known = _case_meant(turn)
    if known is None or not turn.profile.followups:
        return False
    if reading.command != "appeal" and not (reading.same_matter and _has_result(turn, known.case.code)):
        return False
    if barred(turn, known.case.code):
        return True
    rule = next(iter(turn.profile.followups.values()))
    if refusal := _refusal(turn, rule, known.case):
        turn.say(turn.line(f"followup_{'late' if refusal == 'window' else 'count'}", **_about(rule, known.case)))
        turn.outcome(f"appeal_denied:{refusal}", known.case.code)
        return True
    follow_up(turn, rule, known.case)
    return True


def _case_meant(turn: Turn) -> Known | None:
    """The case that is named or answered to, else the latest one with a result, else the latest."""
    for code in turn.codes:
        known = turn.known(code)
        return known if known and known.case.own else None
    own = own_cases(turn)
    return next((known for known in own if known.case.delivered_at or known.result), own[0] if own else None)


def _about(rule: Followup, case: Case) -> dict[str, str]:
    return {"code": case.code, "window_text": rule.window_text, "limit": str(rule.max_count)}


def _refusal(turn: Turn, rule: Followup, case: Case) -> str:
    if rule.max_count and case.followup_count >= rule.max_count:
        return "count"
    return "window" if turn.now > (window_end(turn, rule, case) or turn.now) else ""


def window_end(turn: Turn, rule: Followup, case: Case) -> datetime | None:
    """The last instant of the citizen's window; None when there is none or nothing has been delivered yet."""
    if rule.window_unit == "none" or case.delivered_at is None:
        return None
    return due(case.delivered_at, rule.window_amount, rule.window_unit, turn.profile.calendar, citizen=True)


def follow_up(turn: Turn, rule: Followup, case: Case) -> None:
    kind = FollowUpKind.APPEAL if rule.kind == "appeal" else FollowUpKind.CLARIFY
    text = turn.reading.kept
    media = turn.message.media if turn.message else ()
    turn.wish(FollowUp(code=case.code, kind=kind, at=turn.now, text=text, media=media))
    turn.update_case(case.code, followup_count=case.followup_count + 1)
    turn.say(
        turn.line(
            "followup_received",
            code=case.code,
            agency=case_agency(turn, case.code),
            deadline_text=_answer_due(turn, rule),
        ),
        about=case.code,
    )
    turn.outcome("appealed" if kind is FollowUpKind.APPEAL else "clarify_sent", case.code)


def _answer_due(turn: Turn, rule: Followup) -> str:
    if rule.answer_amount is None or rule.answer_unit == "none":
        return ""
    at = due(turn.now, rule.answer_amount, rule.answer_unit, turn.profile.calendar)
    return turn.line("answer_due", due=at.strftime("%d/%m/%Y"))


# --- other words about a case ---------------------------------------------------------------------------------------


def hear_supplement(turn: Turn) -> bool:
    """What the store asked for (`need_more`), and what answers a case's mail: the words or files go to that case."""
    media = turn.message.media if turn.message else ()
    reading = turn.reading
    answered = _answered_to(turn)
    waiting = answered or next((known for known in own_cases(turn) if known.need_more), None)
    if (
        waiting is None
        or (reading.second_report and not answered)
        or reading.command
        or reading.greeting
        or not (reading.text or media)
    ):
        return False
    draft = Draft(description=reading.kept, media=media)
    add_to_case(turn, waiting.case.code, draft)
    return True


def hear_correction(turn: Turn) -> bool:
    """ "nhầm, ở phường Vệ An" after sending: the case gets the right words (R-BN-66)."""
    reading = turn.reading
    own = own_cases(turn)
    if reading.correction is None or reading.second_report or not own or not turn.state.settled:
        return False
    known = _case_meant(turn) if turn.codes else own[0]
    if known is None:
        return False
    add_to_case(turn, known.case.code, Draft(description=reading.kept, media=_media(turn)))
    return True


def _media(turn: Turn) -> tuple[MediaRef, ...]:
    return turn.message.media if turn.message else ()


def _answered_to(turn: Turn) -> Known | None:
    """The own case to whose mail the citizen replies, unless with thanks or with another matter."""
    reading = turn.reading
    known = turn.known(turn.message.about) if turn.message and turn.message.about else None
    if known is None or not known.case.own or reading.thanks or reading.chitchat or reading.rating or reading.codes:
        return None
    category = known.case.category
    other = reading.category_sure and category not in ("", reading.category)
    label = wording.category_label(turn.profile, reading.category)
    other = (other and category != label) or (reading.second_report and " khac" in reading.folded)
    return None if other else known


def withdraw_case(turn: Turn) -> bool:
    """ "rút lại phản ánh …": the store is told; never for a case of someone else (R-TH-45)."""
    code = next(iter(turn.codes), "")
    known = turn.known(code)
    if not known or not known.case.own:
        return False
    if barred(turn, code):
        return True
    turn.wish(FollowUp(code=code, kind=FollowUpKind.WITHDRAW, at=turn.now, text=turn.reading.kept))
    turn.say(turn.line("withdrawal_noted", code=code))
    turn.outcome("withdrawn", code)
    return True


def confidential_case(turn: Turn) -> bool:
    """The wish for secrecy after sending goes to the latest own case, or the one that is named."""
    known = _case_meant(turn)
    if known is None:
        return False
    if barred(turn, known.case.code):
        return True
    turn.wish(FollowUp(code=known.case.code, kind=FollowUpKind.CONFIDENTIAL, at=turn.now, text=turn.reading.kept))
    turn.say(turn.line("confidential_noted"))
    turn.outcome("info", known.case.code)
    return True


def repeat_receipt(turn: Turn) -> bool:
    """A second "gửi" sends nothing: the code is told again, or nothing while it is on its way."""
    if turn.state.pending:
        return True
    latest = next(
        (known for known in own_cases(turn) if known.ordinal and known.ordinal == turn.state.submissions), None
    )
    if latest is None:
        return False
    turn.say(receipt(turn, latest), about=latest.case.code if turn.proven else "")
    return True


def receipt(turn: Turn, known: Known) -> str:
    """The code and what the regulation promises; a report sent despite an exclusion says so instead."""
    case = known.case
    row = turn.profile.exclusions.get(known.insisted)
    if row:
        return turn.line("insist_ack", code=case.code, reason=row.label.lower(), article=row.article)
    kind = turn.profile.report_types.get(known.report_type) or turn.profile.default_report_type
    promise = turn.line("deadline_text", due=case.due)
    return turn.line(kind.receipt, code=case.code, deadline_text=promise)


def checksum(text: str) -> int:
    return zlib.crc32(text.encode()) or 1
