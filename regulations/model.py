"""What a province's decision says, as values: one dataclass per table of a profile, attributes named like its keys.

Tables of rows are mappings in file order, keyed by `id` (`code` for refusals, `kind` for channels and follow-ups,
`value` for the rating scale). Word lists (`kw…`) are tuples, empty when absent. `src` of a row is text: the article it
rests on, or "not in regulation: default". `src` of a single table maps key → such a text, `others` for the rest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time
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
    "confirm", "cancel", "edit", "skip", "status", "human", "confidential", "insist", "appeal", "help"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulation:
    number: str
    title: str
    issued: date
    effective_from: date
    status: Literal["in_force", "in_force_before_merger", "pilot_expired"]
    system_name: str
    system_short: str
    owner: str
    operator: str
    article_numbering: str = ""
    provinces_now: tuple[str, ...]
    provinces_legacy: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    hours: Literal["24x7"]
    languages: tuple[str, ...]
    non_vietnamese: Literal["ask_vietnamese"]
    abbreviations: Literal["expand_and_confirm", "expand_silent"]
    voice: Literal["ask_text"]
    restate_before_submit: bool
    accept_questions: bool
    session_idle_minutes: int
    draft_ttl_hours: int
    remind_after_minutes: int
    max_reminders: int
    max_reasks_per_field: int
    after_max_reasks: Literal["handoff"]
    rate_limit_per_minute: int
    identity_verification: Literal["", "store"] = ""
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRules:
    types: tuple[str, ...]
    """File name endings without the dot, lower case."""
    max_items: int
    max_mb_each: int
    originality_check: Literal["none", "hash_and_exif"]
    exif_keep: bool
    strip_exif_when_public: bool
    result_proof_required: bool
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRules:
    accept_pin: bool
    accept_text: bool
    min_text_parts: int
    legacy_district: Literal["map_and_confirm"]
    ambiguous_ward: Literal["ask_choice"]
    outside_area: Literal["ask_then_flag"]
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRules:
    default_region: str
    store_as: Literal["e164"]
    accept_landline: bool
    accept_foreign: Literal["accept_with_notice"]
    old_mobile_prefix: Literal["suggest_new"]
    echo_masked_in_groups: bool
    src: Mapping[str, str]


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
class OnBehalf(Words):
    src: Mapping[str, str]


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
class Window:
    """A stretch of working time within one day, local time; `end` is not part of it."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Working time. All instants are counted in `timezone` (the profile's)."""

    timezone: str
    country: str = ""
    """ISO code whose public holidays the `holidays` package supplies; empty: only the days listed here."""
    working_hours: Mapping[str, tuple[Window, ...]]
    """mon … sun; a day that is missing is a day off."""
    count_start_day: bool
    working_day_end: Literal["close_of_business"]
    calendar_day_end: time
    citizen_window_end: time
    roll_agency_deadline: Literal["none", "next_working_day"]
    roll_citizen_window: Literal["none", "next_working_day"]
    hour_clock_outside_hours: Literal["start_next_window"]
    holidays: frozenset[date] = frozenset()
    makeup_working_days: frozenset[date] = frozenset()
    """Days worked in exchange for another, with Monday's hours. Wins over every holiday."""
    not_holidays: frozenset[date] = frozenset()
    """Days the package calls holidays and the operator's notice does not."""
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    first_receiver: str
    misroute: str
    unknown_authority: str = ""
    no_agreement: str = ""
    not_on_system: str = ""
    cancel_result_by: str = ""
    complex_lead: str = ""
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRow:
    id: str
    label: str
    notify: bool = False
    template: str = ""
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    hidden_state: bool = False
    hidden_note: str = ""
    states: Mapping[str, StateRow]
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRow:
    value: int
    label: str
    polarity: Literal["positive", "neutral", "negative"]
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    kind: Literal["stars", "labels"]
    ask_after: str
    remind_after_days: int
    max_reminders: int
    comment: Literal["optional", "none"]
    comment_on_negative: bool
    monthly_review_values: tuple[int, ...] = ()
    scale: Mapping[int, ScaleRow]
    """By value, in the order shown."""
    src: Mapping[str, str]


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
class WhenConfidential:
    hide: tuple[str, ...]
    publish_result: bool
    deliver: Literal["", "private"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reputation:
    publish: bool
    deliver_by: tuple[str, ...] = ()
    letter_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidentiality:
    offer: Literal["ask", "notice", "honour"]
    default: Literal["public", "confidential"]
    always_private: tuple[str, ...]
    public_fields: tuple[str, ...]
    when_confidential: WhenConfidential
    reputation_rule: bool
    reputation: Reputation | None = None
    name_default: Literal["shown", "masked", "private"]
    notice: str = ""
    statistics_public: bool
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    same_person: Literal["offer_supplement"]
    same_person_insist: Literal["submit_flagged", "link"]
    other_person: Literal["link", "flag_staff"]
    media_reuse: Literal["none", "flag_staff"]
    window_days: int
    radius_m: int
    src: Mapping[str, str]


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
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRules:
    prefix: str
    pattern: str
    """E.g. `TG-{yymmdd}-{seq:04d}`; see `regulations.code`."""
    regex: str
    match_loose: bool
    issued_at: Literal["submit"]
    public_lookup: Literal["status_only"]
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    id: str
    text: str
    src: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    periods: tuple[str, ...]
    dimensions: tuple[str, ...]
    public: bool
    extra: tuple[str, ...] = ()
    fixed_dates: tuple[str, ...] = ()
    alert_negative_ratings_min: int | None = None
    alert_late_share_over: float | None = None
    alert_late_period: str = ""
    src: Mapping[str, str]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Modules:
    broadcast: bool
    appointments: bool
    initiatives: bool
    broadcast_levels: Mapping[str, BroadcastLevel] = field(default_factory=dict)
    appointment: Mapping[str, Appointment] = field(default_factory=dict)
    src: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Profile:
    """One province's rules. Compared and hashed by identity, so that it can key a cache of what is derived from it."""

    schema_version: int
    id: str
    name: str
    locale: str
    timezone: str
    regulation: Regulation
    intake: Intake
    media: MediaRules
    location: LocationRules
    phone: PhoneRules
    channels: Mapping[str, ChannelRow]
    report_types: Mapping[str, ReportType]
    fields: Mapping[str, FieldRow]
    on_behalf: OnBehalf
    commands: Mapping[str, Command]
    topics: Mapping[str, Topic] = field(default_factory=dict)
    categories: Mapping[str, Category]
    emergencies: Mapping[str, Emergency]
    hotlines: Mapping[str, Hotline] = field(default_factory=dict)
    levels: Mapping[str, Level]
    exclusions: Mapping[str, Exclusion]
    refusals: Mapping[str, Refusal] = field(default_factory=dict)
    deadlines: Mapping[str, Deadline]
    calendar: Calendar
    routing: Routing
    workflow: Workflow
    rating: Rating
    followups: Mapping[str, Followup] = field(default_factory=dict)
    confidentiality: Confidentiality
    duplicates: Duplicates
    sanctions: Mapping[str, Sanction] = field(default_factory=dict)
    code: CodeRules
    statistics: Statistics
    modules: Modules
    templates: Mapping[str, Template]
    warnings: tuple[str, ...] = ()
    """What staff should know although the profile loads, in Vietnamese; e.g. a pilot that has run out."""

    def text(self, template: str) -> str:
        """The template's text with its placeholders; `KeyError` for an id the profile does not have."""
        return self.templates[template].text

    @property
    def default_report_type(self) -> ReportType:
        return next(row for row in self.report_types.values() if row.default)

    @property
    def default_level(self) -> Level:
        return next(row for row in self.levels.values() if row.default)
