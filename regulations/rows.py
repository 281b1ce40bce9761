"""The rows of a profile's tables: what is listed in a decision, one value per line of the list.

Word lists (`kw…`) are tuples, empty when absent. `src` is the article a row rests on, or "not in regulation: default".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Need: TypeAlias = Literal["required", "ask_once", "optional", "derived", "forbidden"]
Visibility: TypeAlias = Literal["public", "maskable", "private"]
FieldType: TypeAlias = Literal[
    "text", "location", "datetime", "media", "name", "phone", "email", "address", "cccd", "tax_code", "bool", "choice"
]
Sender: TypeAlias = Literal["person", "organization"]
TimeUnit: TypeAlias = Literal["working_hour", "working_day", "calendar_day", "immediate", "none", "external"]
Side: TypeAlias = Literal["store", "gateway", "shared"]
EmergencyAction: TypeAlias = Literal["redirect", "hotline_then_offer", "accept_alert"]
ExclusionAction: TypeAlias = Literal["decline", "redirect", "discard", "ask_fix", "close_ack"]
CommandId: TypeAlias = Literal[
    "confirm",
    "cancel",
    "edit",
    "skip",
    "status",
    "human",
    "confidential",
    "insist",
    "appeal",
    "help",
    "privacy",
    "erase",
    "contact",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Phrases a row is recognised by: `kw` with accents, `kw_bare` as typed without them.

    `…_not` cancels an overlapping match, `…_unless` drops the row; `a & b` in one phrase means both parts.
    """

    kw: tuple[str, ...] = ()
    kw_bare: tuple[str, ...] = ()
    kw_not: tuple[str, ...] = ()
    kw_bare_not: tuple[str, ...] = ()
    kw_unless: tuple[str, ...] = ()
    kw_bare_unless: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    """The shared word lists the row took over (`words`): under these names the dialog learns from examples."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    kind: Literal["zalo", "facebook", "telegram", "email", "web", "app", "hotline"]
    enabled: bool
    name: str
    """Its public name or address."""
    named_in_regulation: bool
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportType(Words):
    id: str
    label: str
    default: bool = False
    senders: tuple[Sender, ...] = ("person", "organization")
    media_required: bool = False
    overrides_exclusions: tuple[str, ...] = ()
    supervisor: str = ""
    copy_to: str = ""
    first_receiver: str = ""
    external_rule: str = ""
    receipt: str = "receipt"
    """The message that tells the code."""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """All that are given must hold; an empty one holds always."""

    report_type: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    topic: tuple[str, ...] = ()
    on_behalf: bool | None = None
    channel: tuple[str, ...] = ()
    sender: tuple[Sender, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """One datum of a report. The order of the file is the order of asking."""

    id: str
    label: str
    type: FieldType
    need: Need
    need_by_type: Mapping[str, Need] = field(default_factory=dict)
    need_by_category: Mapping[str, Need] = field(default_factory=dict)
    when: When = When()
    visibility: Visibility
    ask: str = ""
    again: str = ""
    min_chars: int | None = None
    max_chars: int | None = None
    min_items: int | None = None
    default: Literal["", "message_time"] = ""
    mask_echo: Literal["", "first3"] = ""
    """Which characters stay readable when the value is shown back, e.g. `first3`; empty: all of them."""
    one_of: str = ""
    one_of_priority: int | None = None
    offer_same_as: str = ""
    must_be: bool | None = None
    src: str

    def need_for(self, report_type: str = "", category: str = "") -> Need:
        """The need for this kind of report; the category's word wins over the report type's."""
        return self.need_by_category.get(category) or self.need_by_type.get(report_type) or self.need

    def in_force(
        self,
        *,
        report_type: str = "",
        category: str = "",
        topics: Iterable[str] = (),
        on_behalf: bool = False,
        channel: str = "",
        sender: str = "",
    ) -> bool:
        """Whether `when` holds. A field that is not in force is neither asked nor required."""
        when = self.when
        return (
            (not when.report_type or report_type in when.report_type)
            and (not when.category or category in when.category)
            and (not when.topic or not set(when.topic).isdisjoint(topics))
            and (when.on_behalf is None or when.on_behalf == on_behalf)
            and (not when.channel or channel in when.channel)
            and (not when.sender or sender in when.sender)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Words):
    id: CommandId
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Words):
    id: str
    label: str
    adds_field: str = ""
    effect: Literal["", "confidential", "suggest_reputation_flag"] = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Category(Words):
    id: str
    label: str
    agency: str
    """As the decision writes it."""
    agency_now: str = ""
    """After the re-organisation of 2025; empty: unchanged."""
    report_types: tuple[str, ...] = ()
    """Empty: every report type."""
    detail: str = ""
    outside_annex: bool = False
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency(Words):
    id: str
    label: str
    hotlines: tuple[str, ...] = ()
    action: EmergencyAction
    level: str = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    id: str
    number: str
    """Empty until the operator fills it in; an empty number is never shown to a citizen."""
    label: str
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Words):
    id: str
    label: str
    default: bool = False
    set_by: Literal["", "staff"] = ""
    alert_staff: bool = False
    alert_direct: bool = False
    needs_document_to_citizen: bool = False
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion(Words):
    id: str
    label: str
    action: ExclusionAction
    reason_code: str
    article: str = ""
    """In words a citizen can look up, e.g. "khoản 5 Điều 6"."""
    reply: str
    """A template with `{article}` and `{hotline}`."""
    redirect_to: str = ""
    allow_insist: bool = False
    insist_flag: str = ""
    submit_as_closed: bool = False
    store: Literal["", "metadata", "none"] = ""
    not_for_senders: tuple[Sender, ...] = ()
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: str
    text: str
    article: str = ""
    effect: Literal["refuse", "ask_more", "hide"]
    decided_by: Literal["staff", "both"]
    requires_event: str = ""
    requires_attempts_min: int = 0
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A limit. `amount` is None where `unit` carries no number (`none`, `external`)."""

    id: str
    label: str
    amount: int | None = None
    unit: TimeUnit
    from_event: str
    to_event: str
    actor: str = ""
    owner: Side
    report_types: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    starts_if: str = ""
    extendable: bool = False
    extend_max_amount: int | None = None
    extend_needs_reason: bool = False
    extend_event: str = ""
    max_amount: int | None = None
    max_when: str = ""
    on_breach: str = ""
    notify_citizen: bool = False
    needs_attachment: bool = False
    gateway_target_seconds: int | None = None
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    id: str
    label: str
    notify: bool = False
    template: str = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRow:
    value: int
    label: str
    polarity: Literal["positive", "neutral", "negative"]
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followup:
    """What the citizen may still say about a result. `max_count` 0 means as often as they like."""

    kind: Literal["clarify", "appeal"]
    label: str
    window_amount: int
    window_unit: Literal["working_hour", "working_day", "calendar_day", "none"]
    from_event: str
    max_count: int
    answer_amount: int | None = None
    answer_unit: Literal["working_hour", "working_day", "calendar_day", "none"]
    answer_from_event: str = ""
    to: str
    publish_answer: bool = False
    window_text: str = ""
    auto_reopen_on_negative: bool = False
    content_rules: str = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    id: str
    act: str
    counted_by: Literal["staff"]
    threshold: int
    compare: Literal["", "more_than"] = ""
    consecutive: bool = False
    reset_on: str = ""
    lock_days: int = 0
    lock_unit: Literal["", "calendar_day"] = ""
    action: Literal["lock_submit", "staff_only", "lock_or_block_or_report", "export_case_file"]
    still_allowed: tuple[str, ...] = ()
    article: str = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    id: str
    text: str
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastLevel:
    id: str
    label: str
    sender: str
    audience: str
    steps: tuple[str, ...] = ()
    no_repeat_of: tuple[str, ...] = ()
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    id: str
    label: str
    with_: str
    """The file's key is `with`."""
    rule: str = ""
    fields: tuple[str, ...] = ()
    src: str
