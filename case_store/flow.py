"""What an officer may do with a case, and what the profile's clocks make of it. Pure.

Stages are ours and few; the states citizens read are the profile's, and differ from province to province.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from regulations.calendar import Clock, deadlines_for
from regulations.model import Profile

HIDDEN = "report.hidden"
VIOLATION = "violation.confirmed"
"""Counted by the profile's sanctions; nobody but an officer brings it about."""
RECORDED = ("result.proposed", "result.approved", "result.recorded")
RESULT_EVENTS = frozenset({"result.proposed", "result.recorded", "result.published"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One act of an officer."""

    label: str
    events: tuple[str, ...]
    """Events of the profile schema that happen with it, in order; they stop and start clocks."""
    news: str
    """The event that the gateway is told."""
    states: tuple[str, ...]
    """The first one that the profile has becomes the case's state; with none of them it stays."""
    words: bool = False
    """The officer has to say something: a result, a reason, what is missing."""
    ends: bool = False
    handed_over: bool = False
    """Done by a unit, so an unassigned case counts as assigned at the same time."""
    aside: bool = False
    """Done beside the case's way: its stage, its limits and whether it is open stay. It says who did it."""
    own_state: bool = False
    """Only where the profile has a state, or a sanction, for it."""
    private: bool = False
    """What it says is for the citizen alone."""


PLAYS: Mapping[str, Play] = MappingProxyType(
    {
        "assigned": Play(
            label="Chuyển cơ quan xử lý",
            events=("report.verified", "report.accepted", "report.assigned", "report.forwarded", "unit.received"),
            news="report.assigned",
            states=("assigned", "forwarded", "in_progress"),
        ),
        "authority_check": Play(
            label="Xin ý kiến về thẩm quyền",
            events=("report.escalated",),
            news="report.escalated",
            states=("authority_check",),
            own_state=True,
        ),
        "in_progress": Play(
            label="Bắt đầu xử lý",
            events=("unit.accepted", "unit.started"),
            news="unit.started",
            states=("in_progress",),
            handed_over=True,
        ),
        "need_more": Play(
            label="Yêu cầu bổ sung",
            events=("verify.opened",),
            news="verify.opened",
            states=("need_more", "verifying"),
            words=True,
        ),
        "extended": Play(
            label="Gia hạn",
            # Asking for more time is the condition under which announcing it has a limit of its own (TG Đ9.1.b).
            events=("needs_more_time", "extension.announced"),
            news="extension.announced",
            states=("extended", "late_reason"),
            words=True,
            handed_over=True,
        ),
        "resolved": Play(
            label="Ghi kết quả",
            events=RECORDED,
            news="result.recorded",
            states=("resolved", "awaiting_approval", "in_progress"),
            words=True,
            handed_over=True,
        ),
        "published": Play(
            label="Công khai kết quả",
            events=(*RECORDED, "result.published"),
            news="result.published",
            states=("published",),
            words=True,
            ends=True,
            handed_over=True,
        ),
        "sent_private": Play(
            label="Gửi riêng kết quả",
            events=(*RECORDED, "result.sent"),
            news="result.sent",
            states=("sent_private", "published"),
            words=True,
            ends=True,
            handed_over=True,
            private=True,
        ),
        "answered_secretly": Play(
            label="Trả lời theo chế độ bảo mật",
            events=(*RECORDED, "result.sent"),
            news="result.sent",
            states=("answered_secretly",),
            ends=True,
            handed_over=True,
            own_state=True,
            private=True,
        ),
        "cancelled_result": Play(
            label="Hủy kết quả, xử lý lại",
            events=("result.rejected",),
            news="result.rejected",
            states=("cancelled_result", "reopened", "in_progress"),
            words=True,
        ),
        "refused": Play(
            label="Không tiếp nhận",
            events=("report.refused",),
            news="report.refused",
            states=("refused", "hidden", "closed"),
            words=True,
            ends=True,
        ),
        "closed": Play(
            label="Kết thúc", events=("report.closed",), news="report.closed", states=("closed",), ends=True
        ),
        "violation": Play(
            label="Xác nhận vi phạm",
            events=(VIOLATION,),
            news=VIOLATION,
            states=(),
            words=True,
            aside=True,
            own_state=True,
        ),
        "hidden": Play(
            label="Ẩn, không công khai",
            events=(HIDDEN,),
            news=HIDDEN,
            states=("hidden",),
            words=True,
            aside=True,
            own_state=True,
        ),
    }
)

WITH_RESULT = frozenset({"resolved", "published", "sent_private"})
RECORDED_STAGE = "resolved"
_ANSWERED = ("published", "sent_private", "answered_secretly")
_AT_WORK = ("assigned", "in_progress", "need_more", "extended", "resolved", *_ANSWERED, "hidden")
_ANYWHERE = ("violation",)
ALLOWED: Mapping[str, tuple[str, ...]] = {
    stage: (*acts, *_ANYWHERE)
    for stage, acts in {
        # The first receiver may answer a plain question at once.
        "submitted": (
            "assigned",
            "authority_check",
            "in_progress",
            "need_more",
            "resolved",
            *_ANSWERED,
            "refused",
            "closed",
            "hidden",
        ),
        "authority_check": ("assigned", "need_more", "refused", "closed"),
        "need_more": ("assigned", "in_progress", "need_more", "refused", "closed", "hidden"),
        "assigned": (*_AT_WORK, "refused", "closed"),
        "in_progress": _AT_WORK,
        "extended": ("in_progress", "extended", "resolved", *_ANSWERED, "hidden"),
        "resolved": ("in_progress", *_ANSWERED, "closed", "hidden"),
        "published": ("cancelled_result", "closed", "hidden"),
        "sent_private": ("cancelled_result", "closed"),
        "cancelled_result": _AT_WORK,
        "answered_secretly": ("closed",),
        "refused": ("closed",),
        "closed": (),
        "hidden": (),
        "violation": (),
        "reopened": (*_AT_WORK, "closed"),
    }.items()
}

# open311: status vocabulary of the updates extension, by the event that is told.
FEED_STATUS: Mapping[str, str] = MappingProxyType(
    {
        "report.assigned": "in_progress",
        "report.escalated": "investigating",
        "result.rejected": "in_progress",
        "unit.started": "in_progress",
        "verify.opened": "investigating",
        "extension.announced": "planned",
        "result.recorded": "in_progress",
        "result.published": "closed",
        "result.sent": "closed",
        "report.refused": "no_further_action",
        "report.closed": "closed",
    }
)


def state_of(profile: Profile, play: Play, current: str) -> str:
    return next((state for state in play.states if state in profile.workflow.states), current)


def is_known(profile: Profile, play: Play) -> bool:
    """Whether the profile's officers do this at all."""
    if play.news == VIOLATION:
        return any(row.action == "lock_submit" for row in profile.sanctions.values())
    return not play.own_state or any(state in profile.workflow.states for state in play.states)


def events_of(play: Play, happened: Collection[str]) -> tuple[str, ...]:
    """What happens with this act, including the hand-over that nobody has stamped yet, each event once a case.

    An announcement may be made again; results may be recorded again after a re-check.
    """
    before = () if not play.handed_over or "unit.received" in happened else PLAYS["assigned"].events
    return (*(event for event in before if event not in happened), *play.events)


def started(
    profile: Profile, event: str, at: datetime, report_type: str, level: str, happened: Collection[str]
) -> list[Clock]:
    return deadlines_for(profile, event, at, report_type, level, conditions=happened)


def awaited(
    profile: Profile, event: str, happened: Mapping[str, datetime], report_type: str, level: str
) -> list[tuple[datetime, Clock]]:
    """When they began, and the clocks whose condition this event is and whose start has happened already."""
    rules = {row.id for row in profile.deadlines.values() if row.starts_if == event and event not in row.from_event}
    return [
        (at, clock)
        for start, at in happened.items()
        for clock in deadlines_for(profile, start, at, report_type, level, conditions=(event,))
        if clock.id in rules
    ]


def promise(profile: Profile, happened: Mapping[str, datetime], report_type: str, level: str) -> Clock | None:
    """The limit by which a result has to be there at the latest, or None where the regulation sets no number.

    A step that has not happened yet is taken to happen at the end of its own limit, so the promise is never too early.
    """
    at = happened["report.received"]
    for event in ("report.received", "report.accepted", "unit.received"):
        at = happened.get(event, at)
        running = [clock for clock in started(profile, event, at, report_type, level, happened) if clock.due]
        results = [clock for clock in running if not RESULT_EVENTS.isdisjoint(clock.to_event.split("|"))]
        if results:
            return min(results, key=lambda clock: clock.due or at)
        at = max([at, *(clock.due for clock in running if clock.due and clock.owner != "gateway")])
    return None


def promised(profile: Profile, happened: Mapping[str, datetime], report_type: str, level: str) -> datetime | None:
    """The last instant of the `promise`."""
    clock = promise(profile, happened, report_type, level)
    return clock.due if clock else None
