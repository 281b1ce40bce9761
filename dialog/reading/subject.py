"""Words about the report itself: another matter, a further report, a correction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialog.reading.lexicon import FAMILY_NAMES
from dialog.reading.model import Correction, PhoneReading, Span
from dialog.reading.text import Token, flat

_REPORT = r"(?:bao|phan anh|gui|kien nghi|noi|hoi|trinh bay|phan nan|to)"
_THING = r"(?:vu|viec|chuyen|cai|phan anh|van de|su viec|kien nghi|cho|vu viec|truong hop)"
_ASIDE = (
    r"(?:a|u|um|o|oi|da|ma|thoi|khoan|tu tu|a ma|ma thoi|thoi khoan|hay la|hay|doi da|khoan da|quen|ad|ad oi|truoc"
    r"|anh|chi|em|minh|toi|mk|cho|xin|con|ngoai ra|nhan tien|tien the|them nua)"
)
_SWITCH = re.compile(
    rf"^\W*(?:{_ASIDE}[\s,.]+){{0,5}}(?:muon\s+|cho (?:em|toi|minh)\s+|xin\s+|can\s+)?{_REPORT}\s+(?:giup\s+|gium\s+"
    rf"|truoc\s+)?(?:{_THING}\s+)(?:(?:nay|kia|khac|do)\s*)+(?:(?:truoc|da|di|cai|gap hon)\s*)*(?:ne|nha|nhe|a|di|na"
    r"|day)?\s*[:,.\-–]*\s*"
)
_SECOND = re.compile(
    rf"^\W*(?:{_ASIDE}[\s,.]+){{0,5}}(?:muon\s+|can\s+|xin\s+|lai\s+)?(?:"
    rf"{_REPORT}\s+(?:them|tiep)(?:\s+(?:mot|1|cai|ve))?(?:\s+{_THING})?(?:\s+(?:khac|nua|moi))*"
    rf"|(?:gui|bao|phan anh|co)\s+(?:mot|1)?\s*{_THING}\s+(?:khac|nua|moi|thu hai|thu 2)"
    rf"|(?:con|them)\s+(?:mot|1)?\s*{_THING}\s+(?:khac|nua|moi)"
    rf"|{_THING}\s+(?:khac|thu hai|thu 2)"
    rf")(?:\s+(?:nua|ne|nha|nhe|la|a|day))*\s*[:,.\-–]*\s*"
)
_LEAVES = re.compile(r"^\W*(?:a\s+|u\s+)?(?:ma thoi|thoi|khoan|khoan da)\b")
_SAME = re.compile(
    r"(?<!\w)(?:van (?:con )?(?:\w+ ){0,2}(?:do|nhu cu|cho cu|day)|cho cu|nhu (?:lan truoc|hom truoc|hom bua)"
    r"|vu (?:hom truoc|lan truoc|cu|do)|lan truoc (?:da|toi|em|minh))(?!\w)"
)
_SAME_WORDS = ("van ", "cho cu", "nhu ", "vu ", "lan truoc")

_SLOT_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?:so dien thoai|sdt|so dt|dien thoai|so phone|dt)", "phone"),
    (r"(?:ho va ten|ho ten|ten)", "name"),
    (r"(?:dia chi lien he|dia chi (?:cua )?(?:toi|em|minh)|dia chi nguoi gui|dia chi nha)", "address"),
    (r"(?:dia diem|dia chi|vi tri|so nha|cho xay ra|phuong|xa|duong|thon|ap|ngo|hem|noi xay ra)", "location"),
    (r"(?:email|gmail|mail|thu dien tu)", "email"),
    (r"(?:can cuoc(?: cong dan)?|cccd|cmnd)", "cccd"),
    (r"(?:ma so thue|mst)", "tax_code"),
    (r"(?:noi dung|mo ta)", "description"),
    (r"(?:linh vuc|chu de)", "category"),
    (r"(?:thoi gian|ngay gio|ngay xay ra|gio xay ra)", "occurred_at"),
    (r"(?:anh|hinh|video|clip)", "media"),
)
_ANY_SLOT = "|".join(f"(?P<s{index}>{pattern})" for index, (pattern, _) in enumerate(_SLOT_WORDS))
_EDIT = re.compile(
    r"(?<!\w)(?:sua|doi|nham|sai|chinh|cap nhat|ghi nham|viet nham|nhap lai|ghi lai|go nham)\s+(?:(?:luon|lai|giup"
    rf"|gium|cho|toi|em|minh|cai|roi|r|mat)\s+)*(?:{_ANY_SLOT})(?!\w)"
)
_SLOT_NEW = re.compile(
    rf"(?<!\w)(?:{_ANY_SLOT})\s+(?:(?:cua|toi|em|minh)\s+)*(?P<how>moi|dung|chinh xac|bi sai|sai|bi nham|nham"
    r"|sua lai|phai)(?:\s+(?:la|roi|phai|r))*\s*"
)
_EDIT_WORDS = ("sua", "doi", "nham", "sai", "chinh", "cap nhat", "nhap lai", "ghi lai")
_NEW_WORDS = ("moi", "dung", "chinh xac", "sai", "nham", "sua lai", "phai")
_VALUE_HEAD = re.compile(r"^\W*(?:(?:thanh|la|lai|moi|dung|roi|r|cua|toi|em|minh|phai|giup|:|-)(?![\w])\s*[:,\-]?\s*)+")
_NUMBERED = re.compile(r"(?i)(?:số|so)\s+[0-9]")
_PLACE_SLOTS = frozenset(["phuong", "xa", "duong", "thon", "ap", "ngo", "hem"])
_NOT = r"(?:chu khong phai(?: la)?|chu ko phai|chu k phai|chu hong phai|chu khong|khong phai(?: la)?|ko phai|k phai)"
_NEGATION = re.compile(rf"[\s,]+{_NOT}\s")
_LONGEST_X = 80
_X_NOT_Y = re.compile(rf"(?P<new>[^,.;!?\n]{{1,80}}?)[\s,]+{_NOT}\s+(?P<old>[^,.;!?\n]{{1,60}})")
_NOT_Y_X = re.compile(
    rf"(?<!\w){_NOT}\s+(?P<old>[^,.;!?\n]{{1,60}}?)[\s,]+(?:ma la|ma|phai la|la)\s+(?P<new>[^,.;!?\n]{{1,80}})"
)
_CORRECT_HEAD = re.compile(
    r"^\W*(?:(?:a|da|nhung|ma|so nha|nham|sai|roi|r|xin loi|oi|la|phai|dung|ra|em|toi|minh|ghi|viet|o)(?!\w)[\s,]*)+"
)


@dataclass(frozen=True, slots=True)
class Subject:
    switch: bool = False
    second: bool = False
    same: bool = False
    head: Span = (0, 0)
    """The words that announce the new matter; they are not part of it."""


NOTHING = Subject()


def read(text: str, flat_text: str) -> Subject:
    """Whether another or a further matter is announced, and with which words."""
    match = _SAME.search(flat_text) if any(word in flat_text for word in _SAME_WORDS) else None
    same = match is not None and not text[match.start() :].lower().startswith("chợ")
    switch = _SWITCH.match(flat_text)
    second = _SECOND.match(flat_text)
    if switch and (not second or second.end() <= switch.end() or _LEAVES.match(flat_text)):
        other = re.search(r"khac", switch.group()) is not None and not _LEAVES.match(flat_text)
        return Subject(switch=not other or "truoc" in switch.group(), second=other, same=same, head=switch.span())
    if second:
        return Subject(second=True, same=same, head=second.span())
    return Subject(same=same)


def _slot(match: re.Match[str]) -> str:
    return next(slot for index, (_, slot) in enumerate(_SLOT_WORDS) if match[f"s{index}"])


def correction(
    text: str,
    flat_text: str,
    tokens: Sequence[Token],
    phones: Sequence[PhoneReading],
    *,
    said_edit: bool,
    confirming: bool,
) -> Correction | None:
    """A wish to change one slot (D05), or None. The value is as typed."""
    if not tokens:
        return None
    contrast = _contrast(flat_text)
    named = _EDIT.search(flat_text) if any(word in flat_text for word in _EDIT_WORDS) else None
    if named is None and any(word in flat_text for word in _NEW_WORDS):
        named = _SLOT_NEW.search(flat_text)
    if contrast:
        head = _CORRECT_HEAD.match(flat_text[contrast.start("new") : contrast.end("new")])
        edit = _EDIT.match(flat_text[contrast.start("new") :].lstrip())
        skip = head.end() if head and head.end() < contrast.end("new") - contrast.start("new") else 0
        if edit:
            skip = edit.end()
        new = text[contrast.start("new") + skip : contrast.end("new")].strip()
        old = _trim(text[contrast.start("old") : contrast.end("old")])
        slot = _slot(edit) if edit else _slot_of(new, phones)
        if _NUMBERED.match(new) and old[:1].isdigit():
            new = new.split(maxsplit=1)[1]
        if slot and new and (slot != "description" or said_edit or confirming):
            return Correction(slot=slot, value=new, old=old)
    if named and (said_edit or named.re is _SLOT_NEW or named.start() <= 12):
        rest = text[named.end() :]
        head = _VALUE_HEAD.match(flat_text[named.end() :])
        value = _trim(rest[head.end() :] if head else rest)
        slot = _slot(named)
        if named[0].split()[-1] in _PLACE_SLOTS and not (said_edit or confirming):
            return None
        if (
            named.re is _SLOT_NEW
            and not value
            and not said_edit
            and named["how"] not in {"sai", "bi sai", "nham", "bi nham"}
        ):
            return None
        if (
            slot == "location"
            and named[0].split()[-1] in {"duong", "phuong", "xa", "ap", "thon", "ngo", "hem"}
            and value
        ):
            value = f"{text[named.end() - len(named[0].split()[-1]) : named.end()]} {value}"
        return Correction(slot=slot, value=phones[0].typed if slot == "phone" and phones else value)
    if said_edit:
        return Correction()
    return None


def _contrast(flat_text: str) -> re.Match[str] | None:
    """The first "X, not Y", else the first "not Y but X"."""
    if "phai" not in flat_text and "chu khong" not in flat_text:
        return None
    negation = _NEGATION.search(flat_text)
    if negation:
        # X is at most 80 characters long: nothing that starts earlier can reach the first "not".
        found = _X_NOT_Y.search(flat_text, max(0, negation.start() - _LONGEST_X))
        if found:
            return found
    return _NOT_Y_X.search(flat_text)


def _trim(text: str) -> str:
    cut = text.strip(" ,.;:!?-–\n\t")
    return re.sub(
        r"(?i)\s+(?:(?:mới|moi)\s+(?:là\s+|la\s+)?(?:đúng|dung|phải|phai)|(?:giúp|giup|giùm|gium|dùm|dum|luôn|luon|với|nha|nhé|nhe|ạ|a|ak|ad|em|mình|tôi)(?:\s+(?:em|mình|tôi|ạ|nha|nhé|với))*)$",
        "",
        cut,
    )


def _slot_of(value: str, phones: Sequence[PhoneReading]) -> str:
    """Which slot a bare new value belongs to: a phone number, a place with a number, a person's name."""
    said = value.split()
    if any(phone.typed in value for phone in phones):
        return "phone"
    if value[:1].isdigit() or re.match(
        r"(?i)(số|so|đường|duong|phường|phuong|xã|xa|ấp|ap|thôn|thon|ngõ|hẻm|hem|khu|tổ)\b", value
    ):
        return "location"
    from_family = said and flat(said[0]) in FAMILY_NAMES
    if from_family and 2 <= len(said) <= 5 and all(word[0].isupper() for word in said):
        return "name"
    return "description"
