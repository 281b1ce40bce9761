"""What a mail server says about a mail of ours that it did not deliver. RFC 3464, 3463, 5965."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from channels.email.folding import clean, fold
from channels.email.html import to_text
from channels.email.mail import Mail
from channels.email.notices import FULL, LARGE, LATER, NOBODY, POLICY


class Meaning(StrEnum):
    """What follows from it for the address."""

    ADDRESS_BAD = "address_bad"
    """Stop mailing it, tell staff, try the telephone."""
    MAILBOX_FULL = "mailbox_full"
    TOO_LARGE = "too_large"
    POLICY = "policy"
    """The address is good; the operator must look at our reputation or configuration."""
    TEMPORARY = "temporary"
    COMPLAINT = "complaint"
    """The citizen called our mail spam."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    recipients: tuple[str, ...]
    """Addresses in lower case; empty in four of ten bounces."""
    status: str
    """As specific as it is said: 5.1.1; empty when none is said."""
    action: str
    """failed, delayed, delivered, relayed, expanded, or empty."""
    diagnostic: str
    original_ids: tuple[str, ...]
    """Message-IDs without brackets that may be ours, the likeliest first."""
    meaning: Meaning


MOST_LETTERS = 60_000
NOTICE_LETTERS = 12_000
MOST_IDS = 30
ADDRESS = re.compile(r"(?<![\w.!#$%&'*+/=?^`{|}~-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
REPLY_CODE = re.compile(r"(?<![\d.])([45])\d\d(?=[ :#-])")
MESSAGE_ID = re.compile(r"message-id\s{0,3}:\s{0,80}<?([^\s<>@]{1,300}@[^\s<>@]{1,300})>?", re.IGNORECASE)
ALONE = re.compile(
    r"[ \t>]{0,8}(?:(?:to|recipient|for|den|toi)\s?:\s?)?[<(]?(" + ADDRESS.pattern + r")[>)]?\s{0,3}(?:[:.(]|$|on )"
)
SAID = re.compile(r"\b(?:to|recipients?|address(?:es)?|đến|tới|địa chỉ)\b[^\n@]{0,60}", re.IGNORECASE)
RETURNED = re.compile(r"[ \t>]{0,8}(?:[-=_ ]{3}|received: |return-path: )", re.IGNORECASE)
RETURNED_WORDS = ("original", "copy", "returned", "headers", "forwarded", "thư gốc", "received: ", "return-path: ")
RETURNED_TYPES = {
    "message/rfc822",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
}

STATUS_MEANING: Mapping[str, Meaning] = {
    "5.1.8": Meaning.POLICY,
    "5.1.7": Meaning.POLICY,
    "5.1": Meaning.ADDRESS_BAD,
    "5.2.1": Meaning.ADDRESS_BAD,
    "5.2.2": Meaning.MAILBOX_FULL,
    "5.2.3": Meaning.TOO_LARGE,
    "5.3.4": Meaning.TOO_LARGE,
    "5.4.1": Meaning.ADDRESS_BAD,
    "5.4.4": Meaning.ADDRESS_BAD,
    "5.4.310": Meaning.ADDRESS_BAD,
    "5.7": Meaning.POLICY,
    "4": Meaning.TEMPORARY,
}
"""The longest matching beginning counts."""

# For a status that says no more than "failed". First hit counts; folded text.
PHRASES: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (FULL, Meaning.MAILBOX_FULL),
    (LARGE, Meaning.TOO_LARGE),
    (NOBODY, Meaning.ADDRESS_BAD),
    (POLICY, Meaning.POLICY),
    (LATER, Meaning.TEMPORARY),
)


def read_bounce(mail: Mail) -> Bounce:
    """Read a mail that was classified as a bounce. Never raises; what is not said is empty."""
    fields = [(name, clean(value).strip()) for block in mail.reports for name, value in block]
    notice = _notice(mail)
    recipients = _recipients(mail, fields, notice)
    diagnostic = next((value for name, value in fields if name == "diagnostic-code"), "") or _diagnostic(notice)
    status = _status([value for name, value in fields if name == "status"], diagnostic, notice)
    action = _action(fields)
    complaint = any(name == "feedback-type" for name, _ in fields)
    meaning = (
        Meaning.COMPLAINT if complaint else _meaning(status, action, f"{diagnostic}\n{clean(mail.subject)}\n{notice}")
    )
    return Bounce(
        recipients=recipients,
        status=status,
        action=action,
        diagnostic=diagnostic[:1000],
        original_ids=_original_ids(mail, fields),
        meaning=meaning,
    )


def _body(mail: Mail) -> str:
    return clean((mail.text if mail.text.strip() else to_text(mail.html))[:MOST_LETTERS])


def _notice(mail: Mail) -> str:
    """What the server says, without the mail that it gives back in the same text."""
    lines = _body(mail)[:NOTICE_LETTERS].split("\n")
    for at, line in enumerate(lines):
        opening = line[:200].lower()
        if at and RETURNED.match(opening) and any(word in opening for word in RETURNED_WORDS):
            notice = "\n".join(lines[:at])
            if notice.strip():
                return notice
    return "\n".join(lines)


def _recipients(mail: Mail, fields: list[tuple[str, str]], notice: str) -> tuple[str, ...]:
    named = [value for name, value in fields if name in {"final-recipient", "original-rcpt-to", "removal-recipient"}]
    named = named or [value for name, value in fields if name == "original-recipient"]
    places = named or mail.all("x-failed-recipients")
    found = [address for place in places for address in ADDRESS.findall(clean(place))]
    ours = {address.addr for address in (*mail.to, *mail.senders)}
    return _once(
        address.lower().rstrip(".") for address in found or _named_in_words(notice) if found or address not in ours
    )


def _named_in_words(notice: str) -> list[str]:
    """Addresses that open a line; else the first behind words that announce one."""
    alone = [found[1].lower() for line in notice.split("\n") if (found := ALONE.match(line[:300]))]
    if alone:
        return alone
    for words in SAID.finditer(notice):
        found = ADDRESS.search(notice, words.start(), words.end() + 100)
        if found:
            return [found[0].lower()]
    return []


def _diagnostic(notice: str) -> str:
    """The first line in which a server is quoted."""
    lines = (line.strip() for line in notice.split("\n"))
    return next((line for line in lines if (STATUS.search(line) or REPLY_CODE.search(line)) and len(line) > 8), "")


def _status(said: list[str], diagnostic: str, notice: str) -> str:
    stated = next((".".join(found.groups()) for value in said if (found := STATUS.search(value))), "")
    if stated and not stated.endswith(".0.0"):
        return stated
    candidates = [".".join(found) for text in (diagnostic, "" if stated else notice) for found in STATUS.findall(text)]
    precise = next((status for status in candidates if not status.endswith(".0.0")), "")
    if precise and (not stated or precise[0] == stated[0]):
        return precise
    if stated or candidates:
        return stated or candidates[0]
    code = REPLY_CODE.search(diagnostic)
    return f"{code[1]}.0.0" if code else ""


def _action(fields: list[tuple[str, str]]) -> str:
    value = next((value for name, value in fields if name == "action"), "").lower()
    found = re.match(r"[a-z]+", value)
    return found[0] if found else ""


def _meaning(status: str, action: str, said: str) -> Meaning:
    if action == "delayed":
        return Meaning.TEMPORARY
    known = [begin for begin in STATUS_MEANING if f"{status}.".startswith(f"{begin}.")]
    if known:
        return STATUS_MEANING[max(known, key=len)]
    folded = fold(said[:MOST_LETTERS])
    return next((meaning for phrase, meaning in PHRASES if phrase.search(folded)), Meaning.UNKNOWN)


def _original_ids(mail: Mail, fields: list[tuple[str, str]]) -> tuple[str, ...]:
    texts = [f"{name}: {value}" for name, value in mail.returned if name == "message-id"]
    texts += [
        f"message-id: {value}" for name, value in fields if name in {"original-message-id", "x-original-message-id"}
    ]
    for part in mail.parts:
        if part.declared.lower() in RETURNED_TYPES or part.mime.lower() in RETURNED_TYPES:
            texts.append(part.body[:MOST_LETTERS].decode("utf-8", "replace"))
    texts.append(_body(mail))
    found = [identifier for text in texts for identifier in MESSAGE_ID.findall(text)]
    return _once([*(i for i in found if i != mail.message_id), *mail.in_reply_to, *reversed(mail.references)])[
        :MOST_IDS
    ]


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
