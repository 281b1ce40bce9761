"""The one normalized report: what every channel's conversation becomes before it is handed to the case store.

The documented shape is docs/report.md and `normalizer/schema/report-1.schema.json`; slot ids are those of the profiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.model import MediaKind, Place

REPORT_SCHEMA: Final = "tiepnhan.report/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A picture, film, sound or file of a report, after the gateway has fetched it. Empty means unknown."""

    kind: MediaKind
    source_key: str
    """What the platform calls it: with `url` the only trace of a file that could not be fetched."""
    sha256: str = ""
    """Of the public copy's bytes, lower-case hex."""
    mime: str = ""
    """By content, never by name."""
    name: str = ""
    size: int = 0
    """Bytes of the public copy."""
    url: str = ""
    """Where the store may fetch the public copy."""
    dhash: str = ""
    """64-bit difference hash, 16 hex digits. A distance up to 5 means the same picture."""
    taken_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    """Read from the picture: a proposal, never taken for the place of the report."""
    marks: tuple[str, ...] = ()
    """What makes a picture doubtful, for staff: `edited`, `screenshot`, `no_exif`, `old`; no reason to refuse it."""
    problem: str = ""
    """Why there is no public copy: a reason code of `normalizer.media`, or the words of a failed download."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Who reports. A field that the profile does not ask for stays empty."""

    name: str = ""
    """Unsplit, as shown to officers."""
    family_name: str = ""
    given_name: str = ""
    """Everything after the family name: middle names and the name a person is called by."""
    phone: str = ""
    """E.164, or empty when what was typed is no number."""
    phone_as_typed: str = ""
    email: str = ""
    address: str = ""
    cccd: str = ""
    tax_code: str = ""
    org_name: str = ""
    identity_verified: bool = False
    """Never claimed by the gateway: whoever verifies an identity says so in the case store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBehalf:
    """The person for whom somebody else reports."""

    name: str = ""
    address: str = ""
    phone: str = ""
    reason: str = ""
    consent: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A confirmed report, complete and independent of the platform it came from."""

    report_id: str
    """UUID; also the idempotency key at the store."""
    profile: str
    channel: str
    account: str
    contact_id: str
    """Opaque: the same person keeps it, nobody outside can turn it into a platform's user id."""
    category: str
    report_type: str
    level: str
    agency: str
    """Proposed by the profile's category; the store decides."""
    description: str
    """Cleaned; at most 4000 code points."""
    raw_text: tuple[str, ...]
    """The citizen's messages, word for word."""
    place: Place
    submitted_at: datetime
    """The citizen's confirmation; every clock of the regulation counts from here."""
    occurred_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    reporter: Reporter = Reporter()
    on_behalf: OnBehalf | None = None
    confidential: bool = False
    notice_version: str = ""
    """Which text on personal data the citizen was shown: digest of the profile's wording. Empty: none was shown."""
    notice_at: datetime | None = None
    consent_at: datetime | None = None
    """When the citizen, having been shown the notice, confirmed the report with their data."""
    flags: tuple[str, ...] = ()
    as_typed: Mapping[str, str] = field(default_factory=dict)
    """Slot id → the citizen's own words, where reading changed them."""
    duplicate_of: tuple[str, ...] = ()
    related_to: tuple[str, ...] = ()
    closed: bool = False
    """For the file only: nothing has to be done about it."""
    language: str = "vi"
    schema: str = REPORT_SCHEMA
