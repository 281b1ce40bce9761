"""What was understood in one message. Values only: nothing here decides what to answer.

Text is NFC. Spans are half-open character offsets into `Reading.text`. Instants are timezone-aware.
An empty string, an empty tuple or None means "not in this message".
"""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

import msgspec

Span: TypeAlias = tuple[int, int]


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """One candidate of a table with its score in matched tokens."""

    id: str
    score: int


class Likely(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a table with the chance that the text is about it, 0…1: of a hundred at 0.9, ninety are right."""

    id: str
    chance: float


class PhoneKind(StrEnum):
    OK = "ok"
    """A Vietnamese mobile number."""
    LANDLINE = "landline"
    FOREIGN = "foreign"
    OLD_PREFIX = "old_prefix"
    """An 11-digit mobile number abolished in 2018; `suggestion` is today's number."""
    INVALID = "invalid"


class PhoneReading(msgspec.Struct, frozen=True, kw_only=True):
    kind: PhoneKind
    typed: str
    e164: str = ""
    """Empty for invalid and old numbers."""
    shown: str = ""
    """The national form with spaces (foreign: international form), as it may be shown to its owner."""
    suggestion: str = ""
    """Today's national number of an old prefix, digits only."""
    suggestion_e164: str = ""
    span: Span = (0, 0)


class Ward(msgspec.Struct, frozen=True, kw_only=True):
    """A commune of today (`code` is the official five-digit code) or of before 01/07/2025 (`district` is filled)."""

    name: str
    """With its kind, as a citizen reads it: "phường Đạo Thạnh"."""
    province: str
    code: str = ""
    district: str = ""
    """The old district, city or town with its kind: "thành phố Mỹ Tho"."""


class WardOption(msgspec.Struct, frozen=True, kw_only=True):
    """One way to read the ward that was named: an old ward with today's ward that took it over, or today's alone."""

    new: Ward
    old: Ward | None = None


class Needs(StrEnum):
    NOTHING = ""
    CONFIRM = "confirm"
    """One old ward, one ward of today: say so and ask for a yes (`district_old`)."""
    PICK = "pick"
    """A split or doubly named ward: offer `options` (`ward_pick`)."""


class PlaceReading(msgspec.Struct, frozen=True, kw_only=True):
    """Where it happened, as typed, with what the table of units knows about it."""

    text: str
    """The citizen's words, never re-accented."""
    parts: int
    """How many parts are named, for `location.min_text_parts`: number with street, hamlet, landmark, ward."""
    local: str = ""
    """The text without ward, district and province: "45 Ly Thuong Kiet", "ấp 4"."""
    ward_typed: str = ""
    district: str = ""
    """An old district, city or town that was named, in its official spelling: narrows a choice of wards (D08)."""
    options: tuple[WardOption, ...] = ()
    needs: Needs = Needs.NOTHING
    outside_area: str = ""
    """The name of a province or ward outside the profile's area; empty when inside or unknown."""
    span: Span = (0, 0)

    @property
    def ward_new(self) -> str:
        """Today's ward when there is only one, else empty."""
        names = {option.new.name for option in self.options}
        return names.pop() if len(names) == 1 else ""

    @property
    def ward_old(self) -> str:
        """The old ward when there is only one, else empty."""
        names = {option.old.name if option.old else "" for option in self.options}
        return names.pop() if len(names) == 1 else ""


class Precision(StrEnum):
    MINUTE = "minute"
    PART_OF_DAY = "part_of_day"
    DAY = "day"
    SPAN = "span"
    """Some time within start…end, e.g. "3 tuần nay"."""


class Occurred(msgspec.Struct, frozen=True, kw_only=True):
    """When it happened: the phrase as typed and the interval it stands for, in the profile's time zone."""

    text: str
    start: datetime
    end: datetime
    precision: Precision
    span: Span = (0, 0)


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to change one slot. `value` is empty when only the slot was named ("sửa số điện thoại")."""

    slot: str = ""
    """Empty when the citizen only said that something is wrong."""
    value: str = ""
    """As typed; the slot's own reading (phone, place, name …) is in the `Reading` as well."""
    old: str = ""
    """The fragment to be replaced, as in "số 51 chứ không phải 15"; empty when the whole slot is replaced."""


class RatingReading(msgspec.Struct, frozen=True, kw_only=True):
    value: int | None
    """A value of the profile's scale; None when dissatisfaction is clear but no label of the scale was used."""
    sure: bool
    """False for synonyms ("tệ quá"): the label has to be confirmed."""
    polarity: str = ""
    comment: str = ""


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """Which characters were used for what."""

    what: str
    text: str
    span: Span


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one message says. See the package docstring for what each kind of word is read as."""

    text: str
    folded: str
    """Lower case, without tone and diacritic marks, spaces collapsed."""
    tokens: tuple[str, ...] = ()

    emergency: str = ""
    emergencies: tuple[str, ...] = ()
    """All matching rows in the profile's order; `emergency` is the first."""
    exclusion: str = ""
    """The first matching row in the order of schema §4: discard, redirect/decline, close_ack. Never ask_fix."""
    insult: bool = False
    """Words of an `ask_fix` row were used."""
    insult_row: str = ""
    cleaned: str = ""
    """The text without insulting clauses and identity numbers; else equal to `text`."""
    kept: str = ""
    """What may be put on file word for word: `cleaned`, or where nothing is left of it, the insult; never an identity
    number (D04)."""

    command: str = ""
    """A `commands.id` said by the whole message or its leading clause; may coincide with `yes`, `no` or `skip`."""
    rest: str = ""
    """What follows a leading command, as typed."""
    rest_command: str = ""
    """A command in the rest: "k co anh, gui luon di" is skip, then confirm."""
    yes: bool = False
    no: bool = False
    skip: bool = False
    number: int | None = None
    """A bare number, as picked from a list: "2", "số 2", "cái thứ hai"."""
    codes: tuple[str, ...] = ()
    """Report codes in their canonical spelling, in order of appearance."""

    report_type: str = ""
    type_candidates: tuple[Scored, ...] = ()
    """Best first; empty when no type's words were used (`report_type` is then the default)."""
    type_sure: bool = True
    """False on a tie between the best two."""
    type_likely: tuple[Likely, ...] = ()
    """Best first, as `category_likely`; empty when the report type did not have to be guessed."""
    category: str = ""
    """Filled when `category_sure`."""
    category_candidates: tuple[Scored, ...] = ()
    """The rows whose words were used, best first."""
    category_sure: bool = False
    """Words and examples agree enough to take `category` without asking."""
    category_guess: str = ""
    """Likely enough to be proposed, not to be taken unseen."""
    category_likely: tuple[Likely, ...] = ()
    """The best rows by words and examples together; empty where no description was due or the words alone decide."""
    level: str = ""
    """Empty unless words of a level were used."""
    topics: tuple[str, ...] = ()
    sender: str = "person"
    """"organization" when the sender speaks for one."""
    org_name: str = ""

    greeting: bool = False
    chitchat: bool = False
    """Nothing but small talk (also true for a bare greeting)."""
    thanks: bool = False
    """Nothing but thanks."""
    foreign_language: bool = False
    subject_switch: bool = False
    """"mà thôi báo vụ này trước nè: …": another matter first. `description` is the new matter."""
    second_report: bool = False
    """"mình muốn báo thêm việc khác: …": a further report."""
    same_matter: bool = False
    """"vẫn rác đó", "chỗ cũ": the citizen refers to what was reported before."""
    correction: Correction | None = None

    name: str = ""
    phone: PhoneReading | None = None
    phones: tuple[PhoneReading, ...] = ()
    email: str = ""
    cccd: str = ""
    tax_code: str = ""
    tax_code_valid: bool = True
    place: PlaceReading | None = None
    address: str = ""
    """The sender's own address, when it was said to be that."""
    address_same: bool = False
    """"địa chỉ như trên"."""
    occurred: Occurred | None = None
    on_behalf: bool = False
    behalf_name: str = ""
    confidential: bool | None = None
    rating: RatingReading | None = None

    description: str = ""
    """The citizen's text for the public: without personal data, insults and greeting head; words as typed."""
    expanded: str = ""
    """The description with abbreviations written out, for profiles that show it in the confirmation."""
    has_matter: bool = False
    """The description says something (words of a category, or at least a few words that are no slot or phrase)."""
    details: tuple[Detail, ...] = ()
