"""What holds a correspondence together: Message-IDs, plus addresses and subject tags of our own, signed.

Only the reader of a mail of ours has its marks. They prove what an answer is about, never who wrote it: an answer
always goes to the address in From.
"""

import hmac
import re
from collections.abc import Iterable

import msgspec

from channels.email.mail import Mail

MAC = 16
LONGEST_LOCAL_PART = 64
"""Octets (RFC 5321 §4.5.3.1.1)."""
MOST_REFERENCES = 20

# Where a receiving server may have put the address that a mail came in by.
RECEIVED_BY = ("delivered-to", "x-original-to", "envelope-to", "x-forwarded-to")

_IDENTITY = re.compile(r"gw\.(?P<key>[a-z0-9._-]+?)(?:\+(?P<code>[a-z0-9-]+))?\.(?P<mac>[0-9a-f]{16})")
ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{3,250}")
"""A Message-ID without brackets that can be repeated in a header."""

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
# Marks of answers and forwards, as mail programs in use here write them.
_MARKS = re.compile(
    r"^\s*(?:(?:re|fwd?|tr|rv|aw|wg|sv|tl|trả lời|chuyển tiếp|phản hồi|hồi âm)(?:\s*\[\d+\])?\s*[:\uff1a]\s*)+",
    re.IGNORECASE,
)
# Read over, never believed: codes can be guessed.
_TAG = re.compile(r"\s*\[\s*#\s*[0-9A-Za-z][0-9A-Za-z-]{2,38}\s*\]\s*")


class Thread(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is needed to answer within a correspondence. Travels as JSON in `InboundMessage.thread`."""

    subject: str = ""
    """As the citizen wrote it, without marks and tags."""
    message_id: str = ""
    """Of the citizen's mail, without brackets."""
    references: tuple[str, ...] = ()
    """What an answer's References have to say, oldest first, `message_id` included."""
    name: str = ""
    """How the citizen calls himself in From."""


_decode = msgspec.json.Decoder(Thread).decode


def thread_of(mail: Mail) -> str:
    """The JSON for answering this mail."""
    # What is no id is not repeated: it could not be written into a header.
    ids = [each for each in (*(mail.references or mail.in_reply_to), mail.message_id) if ID.fullmatch(each)]
    thread = Thread(
        subject=sound(plain_subject(mail.subject))[:300],
        message_id=mail.message_id if mail.message_id in ids else "",
        references=capped(ids),
        name=sound(mail.sender.name)[:100],
    )
    return msgspec.json.encode(thread).decode()


def read_thread(text: str) -> Thread:
    """The thread to answer in; an empty one where nothing is known."""
    try:
        return _decode(text.encode()) if text else Thread()
    except msgspec.MsgspecError:
        return Thread()


def capped(references: Iterable[str]) -> tuple[str, ...]:
    """Each id once, oldest first; of a long list the first and the newest ones (RFC 5322 §3.6.4 allows trimming)."""
    unique = tuple(dict.fromkeys(references))
    return unique if len(unique) <= MOST_REFERENCES + 1 else (unique[0], *unique[-MOST_REFERENCES:])


def plain_subject(subject: str) -> str:
    """A subject without the marks of answers and forwards and without our tag."""
    bare, before = subject, None
    while bare != before:
        before = bare
        bare = _MARKS.sub("", _TAG.sub(" ", bare)).strip()
    return bare


def sound(text: str) -> str:
    """Text that can be stored and sent: bytes that were no text in the mail's header become question marks."""
    return text.encode(errors="replace").decode()


def writable(code: str) -> str:
    """A case code as it may stand in addresses, ids and subjects; empty for one that has other signs in it."""
    return code if _CODE.fullmatch(code) else ""


class Marks:
    """Makes and checks the marks of one mailbox."""

    def __init__(self, key: bytes, *, address: str, domain: str, separator: str) -> None:
        self._key, self._domain, self._separator = key, domain, separator
        self._local, _, self._host = address.lower().rpartition("@")
        self.instance = self._mac("instance")
        """Names this mailbox of this house to itself, and to nobody else."""

    def message_id(self, key: str, recipient: str, code: str = "") -> str:
        """The Message-ID of the mail with that key to that person, without brackets. The same for every try."""
        name = re.sub(r"[^a-z0-9._-]", "-", key.lower()).strip(".") or "0"
        about = writable(code).lower()
        mac = self._mac("id", name, about, recipient.lower())
        return f"gw.{name}{'+' if about else ''}{about}.{mac}@{self._domain}"

    def is_ours(self, message_id: str, recipient: str) -> bool:
        """Whether we made this Message-ID for a mail to that person."""
        return self._identity(message_id, recipient) is not None

    def reply_to(self, code: str) -> str:
        """The address that answers about a case shall go to; empty where plus addresses are not to be used."""
        name = writable(code).lower()
        if not (name and self._separator):
            return ""
        local = f"{self._local}{self._separator}{name}.{self._mac('plus', name)}"
        return f"{local}@{self._host}" if len(local) <= LONGEST_LOCAL_PART else ""

    def about(self, mail: Mail) -> str:
        """The code of the case that the sender proves to answer to, or empty. The first mark that holds counts."""
        addresses = [address.addr for address in (*mail.to, *mail.cc)]
        for name in RECEIVED_BY:
            addresses += [found.lower() for value in mail.all(name) for found in _ADDRESS.findall(value[:1000])]
        for address in addresses[:200]:
            if plus := self._plus(address):
                return plus
        for message_id in (*mail.in_reply_to, *reversed(mail.references)):
            if code := self._identity(message_id, mail.sender.addr):
                return code
        return ""

    def _plus(self, address: str) -> str:
        local, _, host = address.lower().rpartition("@")
        start = f"{self._local}+"
        if host != self._host or not local.startswith(start):
            return ""
        code, _, mac = local.removeprefix(start).rpartition(".")
        genuine = hmac.compare_digest(mac.encode(errors="replace"), self._mac("plus", code).encode())
        return code.upper() if code and genuine else ""

    def _identity(self, message_id: str, recipient: str) -> str | None:
        """The code in an id of ours, empty when it is about no case; None for anybody else's id."""
        local, _, domain = message_id.strip("<> ").lower().rpartition("@")
        found = _IDENTITY.fullmatch(local) if domain == self._domain else None
        if found is None:
            return None
        code = found["code"] or ""
        mac = self._mac("id", found["key"], code, recipient.lower())
        return code.upper() if hmac.compare_digest(found["mac"], mac) else None

    def _mac(self, *parts: str) -> str:
        return hmac.digest(self._key, "|".join(parts).encode(errors="replace"), "sha256").hex()[:MAC]
