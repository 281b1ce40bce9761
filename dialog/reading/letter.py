"""A letter taken apart: the words to whom it is written, what it says, and who signed it.

Knows the look of a Vietnamese letter (đơn, thư) and nothing of what is reported. What it says may come in numbered or
labelled pieces: "1. … 2. …", "Họ tên: …, SĐT: …".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from dialog.reading.names import person
from dialog.reading.text import flat, nfc

MAX_CHARS = 12_000
_MOTTO = re.compile(r"^\W*(?:cong hoa xa hoi chu nghia viet nam|doc lap\W+tu do\W+hanh phuc|don (?:phan anh|kien nghi"
                    r"|de nghi|trinh bay)(?:,? kien nghi)?|[-–—_=*o\s]{3,})\W*$")  # fmt: skip
_OFFICE = "ubnd|uy ban|co quan|quy|so|phong|cong an|trung tam|bo phan|lanh dao|ong|ba"
_ADDRESSED = re.compile(rf"^\W*(?:dong )?(?:kinh gui|kinh thua|thua|dear|gui:|gui (?:{_OFFICE}))(?!\w)")
_GREETED = re.compile(r"^\W*(?:xin |kinh )?chao(?!\w)[^.:!\n]{0,60}[.,:!]?\s*$")
_OFFICES = re.compile(
    rf"^\W*(?:dong kinh gui|{_OFFICE}|tong dai|cac|ban|don vi|to|thanh pho|tp|tinh|huyen|thi xa|thi tran|phuong|xa)"
    r"(?!\w)"
)
_BULLET = re.compile(r"^\s*[-–+•*]\s")
_LONGEST_OFFICE = 40

_FAREWELL = (
    r"(?:xin )?tran trong(?: (?:kinh chao|cam on|kinh gui|kinh bao))?|kinh thu|kinh chao|kinh don|tran trong kinh chao"
    r"|(?:toi |em |chung toi )?(?:rat )?(?:xin )?(?:chan thanh |tran trong )?cam on|nguoi (?:viet don|lam don"
    r"|phan anh|gui|kien nghi)|ky ten|than ai|than men|(?:best |kind )?regards|sincerely|thanks|thank you"
)
_CLOSING = re.compile(rf"(?:^|(?<=[\n.;!])|(?<=[\n.;!] ))[ \t]*(?:{_FAREWELL})(?!\w)", re.MULTILINE)
_SEPARATOR = re.compile(r"^--\s*$", re.MULTILINE)
_DEVICE = re.compile(r"^[^\w\n]*(?:sent from my|sent from|gui tu|duoc gui tu|get outlook)[^\n]*$", re.MULTILINE)
_LONGEST_SIGNATURE, _MOST_LINES, _LONGEST_LINE = 320, 8, 110
_THANKS = re.compile(r"cam on|thank")
_PHONE_LINE = re.compile(
    r"^\W*(?:(?:so )?(?:dien thoai|dt|sdt|tel|phone|mobile|di dong|lien he)\W*)?\+?[\d][\d .()-]{7,16}\W*$"
)
_MAIL_LINE = re.compile(r"^\W*(?:e-?mail\W*)?[^\s@]+@[^\s@]+\.\w+\W*$")

_NUMBERED = re.compile(
    r"(?:(?<=\s)|(?<=^)|(?<=[;,(]))(?:(?:cau|muc|so|y)\s+)?\(?(\d{1,2})\s?(?:[.):/]|[-–]\s)\s?(?=[^\s\d]|(?<=\s)\d)"
)

LABELS: Mapping[str, Sequence[str]] = {
    "name": ("ho va ten", "ho ten", "ten toi", "ten", "nguoi gui", "nguoi phan anh"),
    "phone": ("so dien thoai lien he", "dien thoai lien he", "so dien thoai", "dien thoai", "so dt", "sdt", "dt", "tel",
              "mobile", "di dong", "phone"),
    "email": ("thu dien tu", "e-mail", "email", "gmail", "mail"),
    "address": ("dia chi lien he", "dia chi nguoi gui", "dia chi thuong tru", "noi thuong tru", "thuong tru", "noi o",
                "cho o", "dia chi", "d/c"),
    "location": ("dia diem su viec", "dia diem xay ra", "noi xay ra su viec", "noi xay ra", "dia diem", "vi tri"),
    "description": ("noi dung phan anh", "noi dung su viec", "noi dung", "su viec", "mo ta"),
    "cccd": ("so can cuoc cong dan", "can cuoc cong dan", "so can cuoc", "can cuoc", "so cccd", "cccd", "cmnd"),
    "tax_code": ("ma so thue", "mst"),
    "org_name": ("ten to chuc", "ten doanh nghiep", "ten don vi", "to chuc", "doanh nghiep"),
    "media": ("anh, video", "anh/video", "hinh anh", "anh", "video"),
    "confidential": ("giu bi mat thong tin", "giu bi mat"),
}  # fmt: skip
"""Slot → what people write before its value, unaccented."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand behind a number or a label. `slot` is empty for a numbered piece, `number` 0 for a labelled."""

    text: str
    slot: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """`body` is what the letter says; `signature` the lines below the farewell; both as typed."""

    body: str
    signature: str = ""


def take_apart(text: str) -> Letter:
    """Cut the salutation and the farewell off. A letter that is nothing but thanks keeps them as its body."""
    text = nfc(text)[:MAX_CHARS].replace("\r\n", "\n")
    text = _without_device(text)
    start = _body_start(text)
    end, signed = _body_end(text, start)
    body = text[start:end].strip()
    if not body and _THANKS.search(flat(text[start:])):
        return Letter(text[start:].strip())
    return Letter(body, text[signed:].strip(" \t\n,.:;!-"))


def _without_device(text: str) -> str:
    match = _DEVICE.search(flat(text))
    return text[: match.start()] + text[match.end() :] if match else text


def _body_start(text: str) -> int:
    """Where the letter begins to speak, after the state's motto, "Kính gửi …" and a greeting on a line of its own."""
    at, addressing = 0, False
    for line in text.splitlines(keepends=True):
        plain = flat(line).strip()
        if _ADDRESSED.match(plain):
            said = _after_addressee(line)
            if line[said:].strip():
                return at + said
            addressing = True
        elif plain and not (
            _MOTTO.match(plain) or _GREETED.match(plain) or (addressing and _BULLET.match(plain) and len(plain) < 120)
        ):
            break
        at += len(line)
    return at


def _after_addressee(line: str) -> int:
    """Where a line that begins with "Kính gửi" has named to whom: offices and their places stand between commas."""
    at = 0
    for part in re.split(r"(?<=[,.;!])", line):
        plain = flat(part).strip()
        if at and plain and not (_OFFICES.match(plain) and len(plain) <= _LONGEST_OFFICE):
            return at
        at += len(part)
    return at


def _body_end(text: str, start: int) -> tuple[int, int]:
    """(where the body ends, where the signature begins)."""
    plain = flat(text)
    separator = _SEPARATOR.search(plain, start)
    if separator and _short(text[separator.end() :]):
        return _unsigned(text, start, separator.start())[0], separator.end()
    for match in _CLOSING.finditer(plain, start):
        rest = text[match.end() :]
        if _short(rest) and not _goes_on(plain[match.end() :]):
            return match.start(), match.end()
    return _unsigned(text, start, len(text))


def _short(rest: str) -> bool:
    lines = [line for line in rest.splitlines() if line.strip()]
    return (
        len(rest) <= _LONGEST_SIGNATURE
        and len(lines) <= _MOST_LINES
        and all(len(line) <= _LONGEST_LINE for line in lines)
    )


_SAYS_MORE = re.compile(r"noi dung|su viec|(?:^|\s)1[.)] |phan anh(?! *[:,]?$)|de nghi|mong|rac|duong bi|khong co anh")


def _goes_on(plain: str) -> bool:
    """Whether the letter goes on after a polite word: "Xin cảm ơn. 1. Nguyễn Văn An 2. 0912…"."""
    return _SAYS_MORE.search(plain.split("\n", 1)[-1] if plain.lstrip(" ,.").startswith("\n") else plain) is not None


def _unsigned(text: str, start: int, end: int) -> tuple[int, int]:
    """Without a farewell: last lines that are nothing but a name, a number or a mail address, if words stand above."""
    lines = text[start:end].splitlines(keepends=True)
    tail = list(takewhile(_is_signature, reversed(lines)))
    named = any(map(person, tail))
    if not named or len(tail) > 5 or not "".join(lines[: len(lines) - len(tail)]).strip():
        return end, end
    at = end - sum(map(len, tail))
    return at, at


def _is_signature(line: str) -> bool:
    plain = flat(line).strip()
    return not plain or bool(person(line) or _PHONE_LINE.match(plain) or _MAIL_LINE.match(plain))


def numbered(body: str, most: int) -> tuple[str, list[Piece]]:
    """(what stands before the first number, the pieces behind the numbers 1…`most`, which must rise)."""
    last, found = 0, list[tuple[int, int, int]]()
    for match in _NUMBERED.finditer(flat(body)):
        number = int(match[1])
        if last < number <= most:
            found.append((number, match.start(), match.end()))
            last = number
    if not found:
        return body, []
    pieces = [
        Piece(body[begin:end].strip(" \t\n,;"), number=number)
        for (number, _, begin), end in zip(found, [*(start for _, start, _ in found[1:]), len(body)], strict=True)
    ]
    return body[: found[0][1]].strip(), pieces


def labelled(body: str, labels: Mapping[str, str]) -> tuple[str, list[Piece]]:
    """(what stands outside, the pieces behind labels). `labels` is unaccented label → slot.

    A label stands at the start of a line or after a comma, and before a colon. The value ends with the line, except
    that of the matter, which goes on to the next label.
    """
    plain = flat(body)
    names = "|".join(sorted(map(re.escape, labels), key=len, reverse=True))
    pattern = re.compile(
        r"(?:^|(?<=\n)|(?<=[,;.])|(?<=[-–•+*(]))[ \t]*(?:\d{1,2}[.)]\s*)?"
        rf"({names})(?: (?:cua )?(?:toi|em|minh))?\s*[:=]\s*"
    )
    matches = list(pattern.finditer(plain))
    if not matches:
        return body, []
    pieces, outside, at = list[Piece](), list[str](), 0
    for match, following in zip(matches, [*(m.start() for m in matches[1:]), len(body)], strict=True):
        slot = labels[match[1]]
        line_end = body.find("\n", match.end(), following)
        end = following if slot == "description" or line_end < 0 else line_end
        outside.append(body[at : match.start()])
        if value := body[match.end() : end].strip(" \t\n,;-–"):
            pieces.append(Piece(value, slot=slot))
        at = end
    outside.append(body[at:])
    return "\n".join(part.strip(" \t\n,;-–") for part in outside if part.strip(" \t\n,;.-–")), pieces
