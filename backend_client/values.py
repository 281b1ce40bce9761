"""What the case store's answers become. Names of events and states are those of the profile schema."""

from dataclasses import dataclass
from datetime import datetime

from core.events import CaseChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The store took a report. It answers with a code, or with a token when codes are issued later."""

    code: str = ""
    token: str = ""
    notice: str = ""
    """What the store says will happen next; may be shown to the citizen."""
    due: str = ""
    """dd/mm/yyyy or dd/mm/yyyy HH:MM in the store's local time; empty when nothing was promised."""
    agency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The public side of a case. Personal data never travel in it."""

    code: str
    status: str = ""
    """A `workflow.states` id; of a foreign server the nearest one, or its own word."""
    agency: str = ""
    category: str = ""
    due: str = ""
    text: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """One piece of news about one case."""

    code: str
    update_id: str
    name: str
    """An event of the profile schema, e.g. result.published; empty when the store reports nothing a citizen is told."""
    at: datetime
    status: str = ""
    text: str = ""
    agency: str = ""
    due: str = ""
    reason: str = ""
    article: str = ""
    missing: str = ""
    media: tuple[str, ...] = ()
    locked_until: datetime | None = None


def to_event(update: Update, code: str = "") -> CaseChanged:
    """The update as the event that a conversation takes. `code` overrides the update's own (a token's later code)."""
    return CaseChanged(
        code=code or update.code,
        update_id=update.update_id,
        name=update.name,
        at=update.at,
        status=update.status,
        text=update.text,
        agency=update.agency,
        due=update.due,
        reason=update.reason,
        article=update.article,
        missing=update.missing,
        media=update.media,
        locked_until=update.locked_until,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One kind of report that a store takes."""

    code: str
    name: str
    description: str = ""
    group: str = ""
    keywords: tuple[str, ...] = ()
    metadata: bool = False
    """The definition has to be read before a report can be made."""
    kind: str = "realtime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address of a discovery document."""

    url: str
    kind: str = "production"
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a store says about itself."""

    contact: str = ""
    key_service: str = ""
    changeset: str = ""
    endpoints: tuple[Endpoint, ...] = ()
