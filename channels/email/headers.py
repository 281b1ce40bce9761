"""The header block of a mail, as its senders really write it: cut, unfolded, and read without ever raising."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final, NamedTuple

from channels.email.encoded_words import decode_header
from channels.email.limits import MAX_ADDRESS_HEADER, MAX_IDS

_FIELD: Final = re.compile(rb"([!-9;-~]{1,100})[ \t]{0,20}:")
_MSG_ID: Final = re.compile(r"<([^<>\s]{1,900}@[^<>\s]{1,900})>")
_KNOWN: Final = frozenset(
    b"from to cc subject date sender reply-to return-path received message-id in-reply-to references mime-version "
    b"content-type content-transfer-encoding content-disposition content-id delivered-to x-mailer".split()
)
_FROM_AND_SUBJECT: Final = frozenset({b"from", b"subject"})
_WHITE: Final = (b" ", b"\t")
_LOOK_AHEAD: Final = 20


class Block(NamedTuple):
    """A header block and where what follows it begins."""

    items: tuple[tuple[str, str], ...]
    """Names in lower case, raw values unfolded, 8-bit bytes as surrogate escapes."""
    end: int
    cut: bool = False
    """More header than the limit: the rest was skipped."""
    broken: bool = False
    """A line in the middle was none, and headers followed it."""

    def first(self, name: str) -> str:
        return next((value for key, value in self.items if key == name), "")


def read_block(raw: bytes, start: int, limit: int, *, stop: frozenset[bytes] = frozenset()) -> Block:
    """The header block of `raw` from `start`, at most `limit` bytes of it.

    `stop` holds boundary lines that end the block as well as an empty line does: the body of such a part is empty.
    """
    fields: list[tuple[bytes, list[bytes]]] = []
    place, broken = start, False
    while place < len(raw):
        if place - start > limit:
            return Block(_decoded(fields), _after_blank_line(raw, place), cut=True, broken=broken)
        next_line = _line_end(raw, place)
        line = raw[place : min(next_line, place + limit)]
        bare = line.rstrip(b"\r\n")
        if not bare:
            return Block(_decoded(fields), next_line, broken=broken)
        if bare.startswith(b"--") and bare.rstrip() in stop:
            return Block(_decoded(fields), place, broken=broken)
        if bare[:1] in b" \t":
            if not bare.strip() and not _goes_on(raw, next_line, strict=raw[next_line : next_line + 1] not in _WHITE):
                return Block(_decoded(fields), next_line, broken=broken)
            if fields:
                fields[-1][1].append(bare)
        elif found := _FIELD.match(bare):
            fields.append((found[1].lower(), [bare[found.end() :]]))
        elif not ({name for name, _ in fields} >= _FROM_AND_SUBJECT) and _goes_on(raw, next_line, strict=not fields):
            broken = broken or not bare.startswith((b"From ", b">From "))
        else:
            return Block(_decoded(fields), place, broken=broken)
        place = next_line
    return Block(_decoded(fields), len(raw), broken=broken)


def message_ids(value: str) -> tuple[str, ...]:
    """The ids of Message-ID, In-Reply-To or References, without brackets, in order; at most the last hundred."""
    value = value[-MAX_ADDRESS_HEADER:]
    ids = _MSG_ID.findall(value)
    if not ids and "<" not in value:
        ids = [word for word in value.split() if "@" in word[1:-1]]
    return tuple(dict.fromkeys(ids[-MAX_IDS:]))


def read_date(value: str) -> datetime | None:
    """The moment of a Date header, with its offset (UTC when it has none); None for nonsense."""
    try:
        parts = parsedate_tz(decode_header(value[:200]))
        if parts is None:
            return None
        offset = timezone(timedelta(seconds=parts[9])) if parts[9] else UTC
        return datetime(*parts[:6], tzinfo=offset)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _goes_on(raw: bytes, place: int, *, strict: bool) -> bool:
    """Whether headers go on after a line that is none, as in mails with a broken line in the middle.

    `strict` when only a header in the very next line counts.
    """
    if strict:
        return _FIELD.match(raw, place, place + 200) is not None
    for _ in range(_LOOK_AHEAD):
        line_end = _line_end(raw, place)
        line = raw[place : min(line_end, place + 200)].rstrip(b"\r\n")
        if not line:
            return False
        found = _FIELD.match(line)
        if found and found[1].lower() in _KNOWN:
            return True
        place = line_end
    return False


def _line_end(raw: bytes, place: int) -> int:
    end = raw.find(b"\n", place)
    return len(raw) if end < 0 else end + 1


def _after_blank_line(raw: bytes, place: int) -> int:
    ends = [end + size for size, mark in ((4, b"\r\n\r\n"), (2, b"\n\n")) if (end := raw.find(mark, place)) >= 0]
    return min(ends, default=len(raw))


def _decoded(fields: list[tuple[bytes, list[bytes]]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            name.decode("ascii"),
            b" ".join(filter(None, (line.strip(b" \t") for line in lines))).decode("ascii", "surrogateescape"),
        )
        for name, lines in fields
    )
