"""Phone numbers, personal numbers, tax codes, e-mail addresses and report codes inside a sentence.

Old mobile prefixes: D25. Landlines have 11 digits with the leading 0. 1800/1900 numbers are no citizen's phone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import phonenumbers

from dialog.reading.model import PhoneKind, PhoneReading, Span

OLD_PREFIXES: Mapping[str, str] = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078", "0123": "083", "0124": "084",
    "0125": "085",
    "0127": "081", "0129": "082", "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036",
    "0167": "037",
    "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_RUN = re.compile(r"(?<![\w@])(?:\+|\()?[0-9oO](?:[ .()-]{0,2}[0-9oO]){5,24}(?![\w@])")
_GROUP = re.compile(r"\+?[0-9oO]+")
_MOBILE = re.compile(r"0[35789][0-9]{8}")
_LANDLINE = re.compile(r"02[0-9]{9}")
_SHORTEST = 9
"""Digits of a Vietnamese number without its leading zero."""
_PHONE_WORD = re.compile(
    r"(?:sdt|so dt|so dien thoai|dien thoai|phone|zalo|tel|lien he|lh|\bdt|\bso ban|hotline"
    r"|goi)[\s:.,(]*(?:cua (?:toi|em|minh)|la|so)?[\s:.,(]*$"
)
_ID_WORD = re.compile(
    r"(?:cccd|cmnd|cmt|can cuoc(?: cong dan)?|dinh danh)[\s:.,(]*(?:(?:cua (?:toi|em|minh)|la|so|cu|moi)"
    r"[\s:.,(]*){0,2}$"
)
_TAX_WORD = re.compile(r"(?:mst|ma so thue|ma thue)[\s:.,(]*(?:cua (?:toi|em|minh|cong ty)|la|so)?[\s:.,(]*$")
_SOMEBODY = (
    r"(?:chu|tai xe|lai xe|anh|chi|ong|ba|co|bac|ho|no|quan|ke|nguoi|ben|cty|cong ty|can bo|giam doc|nha xe|shop|dua"
    r"|may)"
)
_ANOTHERS_BEFORE = re.compile(
    r"(?:(?:so la|so may la|doi tuong|lua dao|ke gian|ke xau|ten la)\b[^.;\n]{0,30}"
    rf"|\b(?:so|sdt|dt|dien thoai|zalo|lien lac) cua {_SOMEBODY}\b(?! em la| toi la)[^.;,\n]{{0,20}}"
    r"|\b(?:tong dai|duong day nong|hotline)\b[^.;,\n]{0,25}"
    r"|\b(?:sdt|so|so dien thoai|dien thoai|dt|so dt)? ?cu(?: la)?[\s:]*"
    r"|\b(?:lam chung|hang xom|bi so|tu so|vao so|toi so)\b[^.;,\n]{0,12}"
    r"|\b(?:chu|quan|ten)\b[^.;,\n]{0,30}\bso (?:dien thoai )?)$"
)
_ANOTHERS_AFTER = re.compile(
    r"\s*(?:\)\s*)?(?:cung |cu |hay |lien tuc |suot ngay |da |van |co )*"
    r"(?:goi (?:lua|doi|quang cao|dien|cho|den|toi|moi|hoai|lien|nhu|mai)|nhan tin|quang cao|doi no|lua|de doa"
    r"|lam chung|bo roi|bo r\b|khong ai nghe|ma khong ai|khong dung nua|khong con|khong xai)"
)
"""What is said right before or after the number of a caller, a driver, a witness, a hotline, or an abandoned one."""
_OWN = re.compile(r"\b(?:toi|em|minh|tui|mk|chau|con|lh|lien he|sdt em|e)\b[\s:.,(]*(?:la|o so|so)?[\s:.,(]*$")
_SERVICE = re.compile(r"1[89]00[0-9]{4,6}")
"""Unasked, such a number is one that was called in vain."""
_CCCD = re.compile(r"(?<!\w)0[0-9]{11}(?!\w)")
_ID = re.compile(r"(?<!\w)[0-9](?:[ .]?[0-9]){8,11}(?!\w)")
_TAX = re.compile(r"(?<!\w)[0-9](?:[ .]?[0-9]){9}(?:[- ]?[0-9]{3}|[0-9]{2})?(?!\w)")
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


@dataclass(frozen=True, slots=True)
class Number:
    value: str
    span: Span


def emails(text: str) -> list[Number]:
    if "@" not in text:
        return []
    return [Number(match.group().rstrip("."), match.span()) for match in _EMAIL.finditer(text)]


def report_codes(text: str, flat_text: str, prefix: str, regex: str, loose: re.Pattern[str]) -> list[Number]:
    """Codes in any case, with or without hyphens (D19), in the spelling of `code.regex`."""
    if prefix.lower() not in flat_text:
        return []
    found = []
    for match in loose.finditer(flat_text):
        code = "-".join((prefix, *match.groups()))
        if re.fullmatch(regex, code):
            found.append(Number(code, match.span()))
    return found


def loose_code(prefix: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(prefix.lower())}[\s.-]{{0,2}}([0-9]{{6}})[\s.-]{{0,2}}([0-9]{{4}})(?!\w)")


def identity_numbers(flat_text: str, taken: Sequence[Span], *, asked: bool) -> list[Number]:
    """Citizens' numbers: 12 digits starting with 0, or any 9 or 12 digits that are called one or were asked for."""
    found = []
    for match in _ID.finditer(flat_text):
        if _overlaps(match.span(), taken):
            continue
        digits = re.sub(r"\D", "", match.group())
        called = _ID_WORD.search(flat_text, max(0, match.start() - 40), match.start())
        if _CCCD.fullmatch(match.group()) or (len(digits) in (9, 12) and (called or (asked and len(digits) == 12))):
            found.append(Number(digits, match.span()))
    return found


def tax_code(flat_text: str, taken: Sequence[Span], *, asked: bool) -> Number | None:
    for match in _TAX.finditer(flat_text):
        called = asked or _TAX_WORD.search(flat_text, max(0, match.start() - 40), match.start())
        if called and not _overlaps(match.span(), taken):
            return Number(re.sub(r"\D", "", match.group()), match.span())
    return None


def tax_code_is_valid(digits: str) -> bool:
    """The check digit of the first ten digits; a 12-digit personal number has none."""
    if len(digits) == 12:
        return True
    total = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, digits, strict=False))
    return total % 11 != 0 and 10 - total % 11 == int(digits[9])


def phones(text: str, flat_text: str, taken: Sequence[Span], *, asked: bool) -> list[PhoneReading]:
    """Every phone number, right or wrong, in order. Unasked digits count as a wrong phone only when called one."""
    found: list[PhoneReading] = []
    for run in _RUN.finditer(text):
        if _overlaps(run.span(), taken):
            continue
        groups = [
            (match.group(), match.start() + run.start(), match.end() + run.start())
            for match in _GROUP.finditer(run.group())
        ]
        if not asked and _SERVICE.fullmatch(_digits(run.group())):
            continue
        readings = _split(text, groups)
        called = _PHONE_WORD.search(flat_text, max(0, run.start() - 40), run.start()) is not None
        if not readings and (called or asked or _looks_like_a_phone(run.group())):
            readings = [_invalid(text, (run.start(), run.end()))]
        found.extend(readings)
    return found


def senders(flat_text: str, found: Sequence[PhoneReading], *, asked: bool) -> PhoneReading | None:
    """The number at which the sender can be reached: not the one of a caller, a driver, a hotline, not the old one.

    A number of somebody else alone is the sender's only when a number was asked for.
    """
    own = [phone for phone in found if not _is_anothers(flat_text, phone)]
    return next(iter(own or (found if asked else ())), None)


def _is_anothers(flat_text: str, phone: PhoneReading) -> bool:
    start, end = phone.span
    if flat_text[start:end] != phone.typed.lower():
        return False
    before = flat_text[max(0, start - 60) : start]
    if _OWN.search(before):
        return False
    return _ANOTHERS_BEFORE.search(before) is not None or _ANOTHERS_AFTER.match(flat_text, end, end + 40) is not None


def _looks_like_a_phone(run: str) -> bool:
    digits = _digits(run)
    return digits[:2] in {"09", "08", "03", "07", "05"} and 9 <= len(digits) <= 11


def _split(text: str, groups: Sequence[tuple[str, int, int]]) -> list[PhoneReading]:
    """Cut a run such as "0909 123 456 0273 3877 123" into its numbers, the longest right reading first."""
    found: list[PhoneReading] = []
    first = 0
    while first < len(groups):
        international = groups[first][0].startswith("+")
        for last in range(min(len(groups), first + 12), first, -1):
            if not international and sum(len(group[0]) for group in groups[first:last]) < _SHORTEST:
                continue
            start, end = groups[first][1], groups[last - 1][2]
            if start and text[start - 1] == "(":
                start -= 1
            reading = _classify(text[start:end], (start, end), international=international)
            if reading:
                found.append(reading)
                first = last
                break
        else:
            first += 1
    return found


def _digits(typed: str) -> str:
    return re.sub(r"\D", "", typed.replace("o", "0").replace("O", "0"))


def _classify(typed: str, span: Span, *, international: bool) -> PhoneReading | None:
    digits = _digits(typed)
    if digits.startswith("0084"):
        digits = "0" + digits[4:].removeprefix("0")
    elif digits.startswith("84") and (international or len(digits) in (11, 12)):
        digits = "0" + digits[2:].removeprefix("0")
    elif international or (digits.startswith("00") and len(digits) > 10):
        return _foreign(typed, digits.removeprefix("00"), span)
    elif len(digits) == 9 and digits[0] in "35789" and typed[0] != "0":
        digits = "0" + digits
    if _MOBILE.fullmatch(digits):
        return _domestic(PhoneKind.OK, typed, digits, span)
    if _LANDLINE.fullmatch(digits) and phonenumbers.is_possible_number(phonenumbers.parse(digits, "VN")):
        return _domestic(PhoneKind.LANDLINE, typed, digits, span)
    if len(digits) == 11 and digits[:4] in OLD_PREFIXES:
        now = OLD_PREFIXES[digits[:4]] + digits[4:]
        return PhoneReading(
            kind=PhoneKind.OLD_PREFIX,
            typed=typed,
            shown=digits,
            suggestion=now,
            suggestion_e164="+84" + now[1:],
            span=span,
        )
    return None


def _domestic(kind: PhoneKind, typed: str, digits: str, span: Span) -> PhoneReading:
    if kind is PhoneKind.OK:
        shown = f"{digits[:4]} {digits[4:7]} {digits[7:]}"
    else:
        number = phonenumbers.parse(digits, "VN")
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return PhoneReading(kind=kind, typed=typed, e164="+84" + digits[1:], shown=shown, span=span)


def _foreign(typed: str, digits: str, span: Span) -> PhoneReading | None:
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return PhoneReading(
        kind=PhoneKind.FOREIGN,
        typed=typed,
        e164=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
        shown=phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL),
        span=span,
    )


def _invalid(text: str, span: Span) -> PhoneReading:
    typed = text[span[0] : span[1]].strip()
    return PhoneReading(kind=PhoneKind.INVALID, typed=typed, shown=typed, span=span)


def _overlaps(span: Span, others: Sequence[Span]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)
