"""What a province's decision says, as values: one dataclass per table of a profile, attributes named like its keys.

Tables of rows are mappings in file order, keyed by `id` (`code` for refusals, `kind` for channels and follow-ups,
`value` for the rating scale). `src` of a single table maps key → source, with `others` for the rest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Literal

from regulations.rows import (
    Appointment,
    BroadcastLevel,
    Category,
    ChannelRow,
    Command,
    CommandId,
    Deadline,
    Emergency,
    EmergencyAction,
    Exclusion,
    ExclusionAction,
    FieldRow,
    FieldType,
    Followup,
    Hotline,
    Level,
    Need,
    Refusal,
    ReportType,
    Sanction,
    ScaleRow,
    Sender,
    Side,
    StateRow,
    Template,
    TimeUnit,
    Topic,
    Visibility,
    When,
    Words,
)

__all__ = [
    "Appointment",
    "BroadcastLevel",
    "Calendar",
    "Category",
    "ChannelRow",
    "CodeRules",
    "Command",
    "CommandId",
    "Confidentiality",
    "Deadline",
    "Duplicates",
    "Emergency",
    "EmergencyAction",
    "Exclusion",
    "ExclusionAction",
    "FieldRow",
    "FieldType",
    "Followup",
    "Hotline",
    "Intake",
    "Level",
    "LocationRules",
    "MediaRules",
    "Modules",
    "Need",
    "OnBehalf",
    "PhoneRules",
    "Profile",
    "Rating",
    "Refusal",
    "Regulation",
    "ReportType",
    "Reputation",
    "Routing",
    "Sanction",
    "ScaleRow",
    "Sender",
    "Side",
    "StateRow",
    "Statistics",
    "Template",
    "TimeUnit",
    "Topic",
    "Visibility",
    "When",
    "WhenConfidential",
    "Window",
    "Words",
    "Workflow",
]


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
    other_name: Literal["", "flag"] = ""
    """What is done when one phone number reports under another name than before: nothing, or staff are told."""
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
class OnBehalf(Words):
    src: Mapping[str, str]


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
class Workflow:
    hidden_state: bool = False
    hidden_note: str = ""
    result_told: Literal["recorded", "published"] = "recorded"
    """When the citizen hears the result: at once, or when it has been approved and published."""
    states: Mapping[str, StateRow]
    src: Mapping[str, str]


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
class CodeRules:
    prefix: str
    pattern: str
    """E.g. `TG-{yymmdd}-{seq:04d}`; see `regulations.code`."""
    regex: str
    dossier: str = ""
    """What the codes of dossiers at the offices look like; empty: their state cannot be asked for here."""
    match_loose: bool
    issued_at: Literal["submit"]
    public_lookup: Literal["status_only"]
    src: Mapping[str, str]


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
