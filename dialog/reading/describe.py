"""The citizen's text for the public: what is taken out, what abbreviations stand for. Words stay as typed."""

import re
from collections.abc import Iterable, Sequence

from dialog.reading.lexicon import SHORT_UNITS, SHORTHAND
from dialog.reading.model import PlaceReading, Span
from dialog.reading.text import Token

_WHO = r"(?:em|toi|minh|mk|tui|chau|chung toi|chung em|gia dinh (?:toi|em)|ba con|nguoi dan)"
_ADDRESSED = r"(?:cac|quy|ad|admin|anh|chi|ban|bac|co|chu|ong|ba|co quan|tong dai|em|b|mn|moi nguoi|a|c|lanh dao|thay)"
_GREETING = re.compile(
    rf"^\W*(?:(?:(?:alo+|a lo|hello|hi|hey|da|vang|(?:{_WHO}\s+)?(?:xin\s+|kinh\s+)?chao"
    rf"|kinh gui [^,.:;\n]{{1,60}}(?=[,.:;\n])|kinh gui)(?!\w)(?:\s+{_ADDRESSED}(?!\w))*(?:\s+oi)?"
    rf"|{_ADDRESSED}(?:\s+{_ADDRESSED}){{0,2}}\s+oi)(?!\w)\W*)+"
)
_OPENING = re.compile(
    rf"^\W*(?:(?:nho|cho|de)\s+)?(?:{_WHO}\s+)?(?:(?:muon|xin|can|duoc)\s+){{0,2}}(?:bao(?! (?:hiem|ve|lau|nhieu|gio"
    r"|chi|cao))|phan anh|kien nghi|gui phan anh|thong bao)(?!\w)(?!\s+(?:ho|giup|gium|thay)(?!\w))"
    r"(?:\s+(?:la|ve|viec|voi|toi|ad|anh chi|rang|cho))*\s*[:,\-]*\s*"
)
_LABEL = re.compile(
    r"(?:(?<!\w)(?:so dien thoai|so dt|dien thoai|sdt|dt|phone|zalo|lien he|lh|lien lac|goi|so|email|e-mail|gmail"
    r"|mail|cccd|cmnd|can cuoc cong dan|can cuoc|mst|ma so thue|cua toi|cua em|cua minh|la|qua|toi|em|minh"
    r"|o so)[\s:.,(]*)+$"
)
_PERSON_ONLY = re.compile(r"(?:toi|em|minh|la|qua|[\s:.,(])+")
"""No label by itself: "Trần Văn Minh, 0987…" ends in a name, not in "mình"."""
_THANKS_TAIL = re.compile(
    r"[\s,.;!]*(?:(?:em|toi|minh|xin)\s+)?(?:cam on|thanks|tks|thank)(?:\s+(?:ad|admin|anh|chi|nhieu|cac|a|c|quy"
    r"|co quan|rat|moi nguoi))*[\s.!]*$"
)
_ANY_WORD = re.compile(r"\w")
_UNTIDY = re.compile(r"[ \t]{2}|[,;:]\s*[,;:]|[.!?]\s*[,;:]|[ ,;:][.!?]| [,;:]")
"""What one of the following four patterns would change."""
_SPACES = re.compile(r"[ \t]{2,}")
_ORPHANS = re.compile(r"(?:\s*[,;:]\s*){2,}")
_AFTER_STOP = re.compile(r"([.!?])\s*[,;:]")
_BEFORE_STOP = re.compile(r"[ ,;:]+([.!?])|[ ]+([,;:])")


_SHORT = frozenset(short for short, full in SHORTHAND.items() if full) | SHORT_UNITS.keys() | {"dc", "đc"}
"""Words that `expand` may write out."""


def labelled(flat_text: str, span: Span) -> Span:
    """The span of a number together with the words that introduced it: "sdt 0909 123 456"."""
    start = max(0, span[0] - 60)
    match = _LABEL.search(flat_text, start, span[0])
    if match is None or _PERSON_ONLY.fullmatch(match.group()):
        return span
    return (match.start(), span[1])


def head(text: str, flat_text: str) -> int:
    """Where the matter starts: after "alo cho minh bao"; 0 when nothing would be left."""
    greeting = None if text.lstrip().lower().startswith("đã") else _GREETING.match(flat_text)
    start = greeting.end() if greeting else 0
    opening = _OPENING.match(flat_text[start:])
    end = start + (opening.end() if opening else 0)
    return end if flat_text[end:].strip() else 0


def thanks_tail(flat_text: str) -> int:
    start = max(0, len(flat_text) - 60)
    said = "cam on" in flat_text[start:] or "thank" in flat_text[start:] or "tks" in flat_text[start:]
    match = _THANKS_TAIL.search(flat_text, start) if said else None
    return match.start() if match and match.start() else len(flat_text)


def without(text: str, cuts: Iterable[Span]) -> str:
    """The text without these spans, tidied: no orphaned commas or double spaces."""
    pieces, at = [], 0
    for start, end in sorted(cuts):
        if end <= at:
            continue
        pieces.append(text[at : max(at, start)])
        at = end
    pieces.append(text[at:])
    joined = " ".join(piece.strip(" \t") if index > 0 else piece for index, piece in enumerate(pieces) if piece.strip())
    if _UNTIDY.search(joined):
        joined = _SPACES.sub(" ", joined)
        joined = _AFTER_STOP.sub(r"\1", _ORPHANS.sub(", ", joined))
        joined = _BEFORE_STOP.sub(lambda match: match[1] or match[2], joined)
    return joined.strip(" ,;:-–.\t\n()").strip() if _ANY_WORD.search(joined) else ""


def scrub(text: str, private: Sequence[str]) -> str:
    """The text without any further mention of these values."""
    while any(value in text for value in private if value):
        for value in private:
            text = without(text.replace(value, " ") if value else text, ())
    return text


def expand(description: str, tokens: Sequence[Token], place: PlaceReading | None) -> str:
    """The description, of which these are the words, with shorthand written out and the ward in its official spelling
    (R-BN-26, R-TH-18)."""
    ward = _official(place)
    if not ward and _SHORT.isdisjoint([token.lower for token in tokens]):
        return description
    replaced: list[tuple[Span, str]] = []
    start = description.find(place.ward_typed) if place and ward and place.ward_typed else -1
    ward_span = (start, start + len(place.ward_typed)) if place and start >= 0 else (0, 0)
    if ward_span[1]:
        replaced.append((ward_span, ward))
    for index, token in enumerate(tokens):
        if token.lower in _SHORT and not ward_span[0] <= token.start < ward_span[1]:
            full = _full(tokens, index)
            if full:
                end = token.end
                if token.lower in SHORT_UNITS and description[end : end + 1] == ".":
                    end += 1
                replaced.append(((token.start, end), full))
    for (begin, end), full in sorted(replaced, reverse=True):
        gap = " " if description[end : end + 1].isalnum() else ""
        description = description[:begin] + full + gap + description[end:]
    return description


def _official(place: PlaceReading | None) -> str:
    if (
        place is None
        or not place.options
        or not re.match(r"(?i)(?:phường|phuong|p|f|xã|xa|thị trấn|tt)[ .\d]", place.ward_typed)
    ):
        return ""
    return place.ward_old or place.ward_new


def _full(tokens: Sequence[Token], index: int) -> str:
    token = tokens[index]
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if token.lower in {"dc", "đc"}:
        street = following is not None and (
            following.text[0].isdigit() or following.bare in {"so", "duong", "ap", "thon", "hem", "ngo", "nha", "la"}
        )
        return "địa chỉ" if street else "được"
    if token.lower in SHORT_UNITS and following is not None and not following.gap:
        place_like = following.text[0].isupper() or following.text[0].isdigit() or len(token.lower) > 1
        return SHORT_UNITS[token.lower] if place_like else ""
    if token.text.isupper() and len(token.text) == 1:
        return ""
    full = SHORTHAND.get(token.lower, ())
    return full[0] if full else ""
