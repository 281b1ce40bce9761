"""The sender's name, as typed: never re-accented, never corrected. Organisations; the person a report is made for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialog.reading.lexicon import (
    FAMILY_NAMES,
    FAMILY_WORDS,
    MIDDLE_NAMES,
    NAME_STOPS,
    NOT_NAMES,
    NUMBER_WORDS,
    ORGANIZATIONS,
    QUESTION_WORDS,
    STREETS,
    TITLES,
)
from dialog.reading.model import Span
from dialog.reading.text import Token, covered, token_at, tokenize, word_set

_ME = r"(?:toi|em|minh|mk|tui|mh|chau|con|e|t|anh|chi|co|chu|bac)(?!\w)"
_TRIGGER = re.compile(
    rf"(?<!\w)(?:{_ME}\s+)?(?:ho\s+(?:va\s+)?ten|ten)(?:\s+(?:cua\s+)?{_ME})?(?:\s+(?:day du|that))?\s*(?:la|:|-)*\s*"
    rf"|(?<!\w){_ME}\s+la\s+|(?<!\w)nguoi (?:gui|phan anh|viet|lam don|bao|bao tin|kien nghi)\s*(?:la|:)?\s*"
)
_TRIGGER_WORDS = ("ten", " la", "nguoi ", "\nla", "\tla")
_MOST_TITLES = 8
_WEAK = re.compile(rf"{_ME}\s+la\s+$")
_STRONG = re.compile(rf"(?:ho|va|{_ME})\s+ten|ten\s+(?:cua\s+)?{_ME}|ten\s*(?:la|:)|nguoi")
_TOLD_BY_ME = re.compile(r"(?:toi|em|minh|mk|tui|chau|con|e) ten")
_NOT_A_PERSON = re.compile(r"(?:duong|pho|cay|giau|khong|mat|doi|dat|noi|sua|neu|can|ghi|bang|quan|bien|cong ty)\s+$")
_OTHER_WORD = re.compile(r"(?i)(?:có|còn|chỉ|cơ|cỡ|bạc|bậc|chủ|chữ|ảnh|cọn|tối|tội|tới)\b")
"""Words that look like "cô", "con", "chị", "bác" … only without their accents."""
_SELF = r"(?:toi|tui|minh|mk)"
_SELF_NAMED = re.compile(rf"(?:^|[.,;:!?\n]\s*|\b(?:da|nay|chao ad|alo|ad|vang) ){_SELF} (?=\w)")
_YOUNG_NAMED = re.compile(r"(?:^|[.,;:!?\n]\s*|\b(?:da|chao ad|ad) )(?:em|con|chau) (?=\w)")
_CALLED = re.compile(rf"(?<!\w)(?:{_SELF}|em|con|chau|e|t) la ")
_AFTER_NAME = re.compile(
    r"\s*(?:$|[.,;:!?\n(0-9-]|(?:a|nha|nhe|ne|o|day|sdt|dt|so|xin|muon|tai|tru|ngu|hien|dang|phan anh|gui|que)(?!\w))"
)
_NO_GIVEN_NAMES = word_set(
    "dang viet cuu giam chu pho truong bi giao bac sinh cong phu cu dai nguoi dan hoc nhan khach nong ho doanh chuyen "
    "ky luat can ke nan me bo cha ba ong chong vo anh chi em ban thanh mot"
)
"""What opens "tôi là …" with a capital and is a part in life, not a name: "Đảng viên", "Việt kiều"."""
_CLOSING = re.compile(
    r"(?:tran trong(?: cam on| kinh chao)?|kinh thu|kinh bao|ky ten|ky|cam on|than ai|nguoi (?:viet|gui)(?: don)?)"
    r"[\s.,:!]*$"
)
_KIN = (
    r"(?:(?:ba|ong)(?: noi| ngoai| cu)?|me|ma|bo|cha|cu|co|chu|bac|di|cau|mo|thim|anh|chi|vo|chong|con trai|con gai"
    r"|hang xom|nguoi (?:nha|than|hang xom|quen|ban))"
)
_ON_BEHALF = re.compile(
    r"(?<!\w)(?:bao|phan anh|viet|nhan|nhan tin|gui|khai|lam don|kien nghi|noi|hoi)(?: don| tin)?"
    rf" (?:ho|gium|dum|giup|thay)(?: cho)? {_KIN}"
    r"(?! (?:oi|ad|con|nhe|nha|a|voi|di|chi|em voi|em oi|co|xu ly|xem)(?!\w))(?= \w)"
)
_NO_WORD = r"(?:dung|khong|ko|k|hong|hok|cho)(?: co| duoc| nen| muon)?"
_REPORTER = (
    r"(?:ten|danh tinh|thong tin|nguoi (?:bao|phan anh|to|gui|cung cap)"
    r"|(?:la )?(?:toi|em|tui|minh) (?:bao|phan anh|to))"
)
_HIDE = re.compile(
    rf"(?<!\w)(?:(?:giu|bao) (?:kin|mat|bi mat)(?: ve)?(?: cac| toan bo)? {_REPORTER}"
    r"|(?:giu kin|giu bi mat|bi mat) (?:cho|giup|gium|dum|ho)|(?:giau|dau|an) (?:ten|danh)(?! sach)"
    rf"|{_NO_WORD} (?:tiet lo|cong khai|cong bo|neu|noi|de lo|de|cho)(?: \w+){{0,3}}? {_REPORTER})(?!\w)"
)
_WAIVED = re.compile(r"(?:khong can|khoi|ko can|k can|khoi can|hong can|khong phai|dau can)(?: phai)? $")
_ORG = re.compile(rf"(?<!\w)(?:{'|'.join(ORGANIZATIONS)})(?!\w)")
_FOR_ANOTHER = re.compile(
    r"(?<!\w)(?:ho|giup|gium|thay|mat|thay cho)\s+(?:cho\s+)?(?:ba noi|ong noi|ba ngoai|ong ngoai|ba|ong|me|bo|cu"
    r"|co|chu|bac|anh|chi|em)\s+"
)


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    span: Span
    """Including the words that introduced it: "minh ten Tran Van Hung"."""


def _wordlike(token: Token) -> bool:
    return not any(char.isdigit() for char in token.text)


def _capital(token: Token) -> bool:
    return token.text[0].isupper() and not (len(token.text) > 1 and token.text.isupper() and len(token.text) < 4)


def _run(tokens: Sequence[Token], first: int, *, limit: int = 8) -> int:
    """The index after the last word of a name that starts at `first`."""
    capital = tokens[first].text[0].isupper()
    shouting = capital and all(token.text.isupper() for token in tokens[first : first + 2])
    last = first
    while last < len(tokens) and last - first < (limit if capital else 5):
        token = tokens[last]
        if (last > first and token.gap) or not _wordlike(token):
            break
        due = last - first == 2 and tokens[last - 1].bare in {"van", "thi"} and token.bare not in NUMBER_WORDS
        if (
            (last > first or not capital)
            and token.bare in NAME_STOPS
            and not due
            and not (capital and token.text[0].isupper())
        ):
            break
        if capital and not token.text[0].isupper():
            break
        if capital and not shouting and last > first and token.bare in {"sdt", "cccd", "cmnd", "ubnd", "kp", "tdp"}:
            break
        last += 1
    return last


def _text(text: str, tokens: Sequence[Token], first: int, last: int) -> str:
    return " ".join(text[tokens[first].start : tokens[last - 1].end].split())


_NO_NAME_WORDS = word_set("bi sai trong duoc ghi giay khong khac nham gi sao tren cua")


def _believable(flat_text: str, match: re.Match[str], part: Sequence[Token], *, alone: bool) -> bool:
    """Whether what follows "tôi là", "tên …" is a person's name, and not "tên trộm", "chủ hộ", "bảng tên đường"."""
    if _NOT_A_PERSON.search(flat_text, max(0, match.start() - 12), match.start()):
        return False
    if _STRONG.search(match.group()):
        if part[0].text[0].islower():
            if part[0].accented:
                return part[0].lower in FAMILY_WORDS
            return not any(token.bare in _NO_NAME_WORDS for token in part) and (
                len(part) >= 2 or (alone and part[0].bare not in QUESTION_WORDS)
            )
        return True
    if not _looks_like_name(part):
        return False
    before = flat_text[: match.start()].rstrip()
    return not before or before[-1] in ",.;:!?-\n" or _WEAK.search(match.group()) is not None


def hidden(flat_text: str) -> bool:
    """Whether the sender wants to stay unnamed: "đừng nói tên em ra", "mong bảo mật danh tính của tôi"."""
    return any(_WAIVED.search(flat_text[: match.start()]) is None for match in _HIDE.finditer(flat_text))


def for_another(flat_text: str) -> bool:
    """Whether the report is made for somebody else: "em nhắn hộ mẹ em", "báo giùm cô Tư hàng xóm"."""
    return _ON_BEHALF.search(flat_text) is not None


def triggered(text: str, flat_text: str, tokens: Sequence[Token]) -> Name | None:
    """A name that was introduced: "tôi tên …", "em là …", "họ tên: …"."""
    announced = any(word in flat_text for word in _TRIGGER_WORDS)
    for match in _TRIGGER.finditer(flat_text) if announced else ():
        first = token_at(tokens, match.end())
        if first == len(tokens) or _OTHER_WORD.match(text, match.start()):
            continue
        for token in tokens[first : first + _MOST_TITLES]:
            if token.bare not in TITLES or not token.text[0].islower():
                break
            first += 1
        if first >= len(tokens) or tokens[first].gap == "." or tokens[first].start - match.end() > 12:
            continue
        last = _run(tokens, first)
        if last == first or tokens[first].bare in NOT_NAMES:
            continue
        alone = last == len(tokens) or bool(tokens[last].gap) or tokens[last].bare in NUMBER_WORDS
        if not _believable(
            flat_text, match, tokens[first:last], alone=alone and _TOLD_BY_ME.match(match.group()) is not None
        ):
            continue
        return Name(_text(text, tokens, first, last), (match.start(), tokens[last - 1].end))
    return _unannounced(text, flat_text, tokens)


def _unannounced(text: str, flat_text: str, tokens: Sequence[Token]) -> Name | None:
    """A name with capitals right after the sender's own word: "Tôi Trần Văn A xin …", "em là Thảo ạ"."""
    for pattern in (_SELF_NAMED, _YOUNG_NAMED, _CALLED):
        for match in pattern.finditer(flat_text):
            first = token_at(tokens, match.end())
            if first == len(tokens) or tokens[first].gap or not tokens[first].text[0].isupper():
                continue
            if _OTHER_WORD.match(text, match.start()) or text.isupper():
                continue
            last = _run(tokens, first, limit=6)
            part = tokens[first:last]
            follows = _AFTER_NAME.match(flat_text, tokens[last - 1].end) is not None
            if pattern is _CALLED:
                fits = follows and 1 <= len(part) <= 4 and part[0].bare not in _NO_GIVEN_NAMES | NOT_NAMES
            else:
                fits = _looks_like_name(part) and (pattern is _SELF_NAMED or follows)
            if fits and all(map(_wordlike, part)) and len(part[0].text) > 1:
                return Name(_text(text, tokens, first, last), (match.start(), part[-1].end))
    return None


def signed(text: str, flat_text: str, tokens: Sequence[Token], barred: Sequence[Span]) -> Name | None:
    """The signature: a person's name with capitals that is the last sentence, or stands after "Trân trọng"."""
    clauses = _clauses(tokens, barred)
    if not clauses:
        return None
    first, last = clauses[-1]
    part = tokens[first:last]
    closed = _CLOSING.search(flat_text[: part[0].start]) is not None
    own_sentence = first > 0 and part[0].gap == "." and len(part) >= 3
    if not (closed or own_sentence) or not _looks_like_name(part) or not part[0].text[0].isupper():
        return None
    if tuple(token.bare for token in part) in STREETS:
        return None
    return Name(_text(text, tokens, first, last), (part[0].start, part[-1].end))


def asked(text: str, tokens: Sequence[Token], barred: Sequence[Span], *, sure: bool = False) -> Name | None:
    """The answer to "what is your name": a clause that is nothing but a name.

    With `sure`, when the message is an answer of another kind as well, only what looks like a full name.
    """
    best: Name | None = None
    for first, last in _clauses(tokens, barred):
        while (
            last - first > 1
            and tokens[first].bare in TITLES | {"da"}
            and (tokens[first].text[0].islower() or last - first > 3)
        ):
            first += 1
        while (
            last - first > 1
            and (tokens[last - 1].bare != "a" or tokens[last - 1].accented or last - first > 3)
            and tokens[last - 1].bare in {"a", "ah", "ak", "nha", "nhe", "sdt", "dt", "so", "ne", "day"}
            and tokens[last - 1].text[0].islower()
        ):
            last -= 1
        part = tokens[first:last]
        if not part or not 1 <= len(part) <= 8 or not all(map(_wordlike, part)):
            continue
        capital = len(part) > 1 and all(token.text[0].isupper() for token in part)
        if (part[0].bare in NOT_NAMES and not capital) or len("".join(token.text for token in part)) < 2:
            continue
        if _looks_like_name(part) or (not sure and best is None and len(part) <= 5 and not _sentence(part)):
            name = Name(_text(text, tokens, first, last), (part[0].start, part[-1].end))
            if _looks_like_name(part):
                return name
            best = name
    return best


def standalone(text: str, tokens: Sequence[Token], phone_spans: Sequence[Span], barred: Sequence[Span]) -> Name | None:
    """A name nobody asked for: a clause of its own right before or after a phone number (D06, D08, D09)."""
    if not phone_spans:
        return None
    for first, last in _clauses(tokens, barred):
        part = tokens[first:last]
        near = any(0 <= start - part[-1].end <= 12 or 0 <= part[0].start - end <= 4 for start, end in phone_spans)
        start = next((i for i in range(len(part)) if _looks_like_name(part[i:])), None)
        if near and start is not None and (start == 0 or part[start].text[0].isupper()):
            return Name(_text(text, tokens, first + start, last), (part[start].start, part[-1].end))
    return None


def person(text: str) -> str:
    """The name of which a line consists, titles and punctuation aside; empty when it says anything else."""
    part = tokenize(text)
    while len(part) > 2 and part[0].bare in TITLES and part[0].bare not in FAMILY_NAMES:
        part = part[1:]
    whole = _looks_like_name(part) and not any(token.gap for token in part[1:])
    return _text(text, part, 0, len(part)) if whole else ""


def _looks_like_name(part: Sequence[Token]) -> bool:
    if not 2 <= len(part) <= 6 or part[0].bare not in FAMILY_NAMES or not all(map(_wordlike, part)):
        return False
    if all(token.text[0].isupper() for token in part):
        return True
    if part[0].accented and part[0].text[0].islower() and part[0].lower not in FAMILY_WORDS:
        return False
    lower = all(token.text[0].islower() for token in part)
    return lower and len(part) >= 3 and any(token.bare in MIDDLE_NAMES for token in part[1:-1])


def _sentence(part: Sequence[Token]) -> bool:
    small = [token.bare for token in part if token.text[0].islower()]
    return (len(part) > 1 and any(word in QUESTION_WORDS for word in small)) or any(
        word in NAME_STOPS for word in small[1:]
    )


def _clauses(tokens: Sequence[Token], barred: Sequence[Span]) -> list[tuple[int, int]]:
    """Stretches of tokens between breaks, without the tokens inside `barred` spans."""
    clauses: list[tuple[int, int]] = []
    first = None
    hidden = covered(tokens, barred)
    for index, token in enumerate(tokens):
        inside = index in hidden
        if first is not None and (inside or token.gap):
            clauses.append((first, index))
            first = None
        if first is None and not inside:
            first = index
    if first is not None:
        clauses.append((first, len(tokens)))
    return clauses


_ORG_STOP = word_set(
    "chung toi em minh mk cua bi vuong mac xin muon dang gap phan kien o tai co so chua da khong de nghi"
)


_ORG_KINDS = word_set(
    "nong lam ngu nghiep thuy san dich vu thuong mai san xuat co phan trach nhiem huu han mot thanh vien xay dung van "
    "tai du lich tong hop moi truong dau tu va phat trien"
)
"""Words between the kind of an organization and its name: "hợp tác xã nông nghiệp Đông Tiến"."""


_ORG_SPEAKS = re.compile(
    r"(?<!\w)(?:toi|em|minh|chung toi|ben em|xin|vuong|muon|de nghi|kien nghi|gap|phan anh|dang|can|hoi|da nop"
    r"|trung thau)"
    r"(?!\w)"
)
"""What a company says that writes itself, unlike "Công ty X xả thải"."""


def organization(text: str, flat_text: str, tokens: Sequence[Token]) -> Name | None:
    """Who speaks: "Công ty TNHH An Phát chúng tôi…", "hộ kinh doanh của tôi…". The name itself may be empty."""
    match = _ORG.search(flat_text) if any(word in flat_text for word in ORGANIZATIONS) else None
    if not match:
        return None
    first = next(i for i, token in enumerate(tokens) if token.end > match.start())
    last = token_at(tokens, match.end())
    head = last
    last = _past_kinds(tokens, last)
    while (
        last < len(tokens)
        and not tokens[last].gap
        and last - head < 8
        and (tokens[last].text[0].isupper() or tokens[last].text.isdigit())
    ):
        if tokens[last].bare in _ORG_STOP and not tokens[last].text[0].isupper():
            break
        last += 1
    tail = flat_text[tokens[last - 1].end : tokens[last - 1].end + 20]
    alone = last == len(tokens) or bool(tokens[last].gap)
    own = _ORG_SPEAKS.search(flat_text, tokens[last - 1].end, tokens[last - 1].end + 45) is not None
    speaks = (first == 0 and (alone or own)) or flat_text[: match.start()].strip(" ,.:").endswith(
        ("toi la", "em la", "dai dien", "chung toi la", "ben", "ten", "minh la")
    )
    if not (speaks or re.match(r"\s*(?:cua\s+)?(?:chung\s+)?(?:toi|em|minh)", tail)):
        return None
    named = _text(text, tokens, first, last) if last > head else ""
    return Name(named, (match.start(), tokens[last - 1].end))


def _past_kinds(tokens: Sequence[Token], first: int) -> int:
    """Where the name begins behind such words; `first` when none follows them."""
    at = first
    while at < len(tokens) and not tokens[at].gap and tokens[at].bare in _ORG_KINDS:
        at += 1
    named = at < len(tokens) and not tokens[at].gap and tokens[at].text[0].isupper()
    return at if named else first


def of_another(text: str, flat_text: str, tokens: Sequence[Token]) -> str:
    """The person a report is made for, without their title (D16): "phản ánh hộ bà Phạm Thị Xuyến"."""
    for match in _FOR_ANOTHER.finditer(flat_text):
        first = token_at(tokens, match.end())
        if first < len(tokens) and tokens[first].text[0].isupper() and tokens[first].bare in FAMILY_NAMES:
            last = _run(tokens, first)
            if last - first >= 2:
                return _text(text, tokens, first, last)
    return ""
