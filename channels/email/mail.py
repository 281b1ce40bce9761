"""A mail after its bytes have been read: values only, decoded, NFC, nothing raised by looking at them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """`addr` is the bare address in lower case, empty when none could be read."""

    addr: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.addr.rpartition("@")[2]


class PartKind(StrEnum):
    """What a file in a mail is there for."""

    EVIDENCE = "evidence"
    INLINE = "inline"
    """Shown inside the text: a pasted picture."""
    DECORATION = "decoration"
    """Logos, icons, tracking pixels: kept out of sight, never thrown away."""
    MACHINE = "machine"
    """For programs: signatures, delivery reports, calendar entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file in a mail. `index` names it for ever: the same bytes of the mail give the same numbers."""

    index: int
    body: bytes = field(repr=False)
    name: str = ""
    """Safe to be shown: no path, no control or direction characters, at most 150 characters."""
    mime: str = ""
    """By content where the content says so, else as declared."""
    declared: str = ""
    disposition: str = ""
    cid: str = ""
    """Content-ID without brackets."""
    kind: PartKind = PartKind.EVIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Everything a mail says. Lists are in the order of the mail; what is missing or unreadable is empty."""

    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case, raw values unfolded, 8-bit bytes as surrogate escapes."""
    senders: tuple[Address, ...] = ()
    """From; more than one is suspicious."""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    return_path: str | None = None
    """Address in lower case; empty for the null path `<>`, None when the header is missing."""
    subject: str = ""
    date: datetime | None = None
    message_id: str = ""
    """Without brackets; empty when absent or no id."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    content_type: str = ""
    """Of the whole mail, e.g. multipart/report."""
    text: str = ""
    """The plain text, complete, LF line ends, format=flowed undone."""
    html: str = ""
    parts: tuple[Part, ...] = ()
    """Every file, decorations and machine parts included."""
    reports: tuple[tuple[tuple[str, str], ...], ...] = ()
    """The header blocks of a delivery status, feedback report or disposition notification."""
    returned: tuple[tuple[str, str], ...] = ()
    """Headers of the mail that a bounce brings back."""
    problems: tuple[str, ...] = ()
    """What was wrong with it, as words for staff and the journal: limited:headers, charset:…, encrypted …"""

    def header(self, name: str) -> str:
        """The first header of that name (lower case), unfolded and undecoded; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def sender(self) -> Address:
        return self.senders[0] if self.senders else Address("")
