"""Who reports: names and numbers as officers need them."""

import re

import phonenumbers

MOBILE_SHAPE = re.compile(r"[35789]\d{8}")
"""National number of a Vietnamese mobile. The library's tables lag behind newly assigned prefixes such as 055."""


def e164(number: str, region: str) -> str:
    """`number` in E.164, or an empty text when no person can be called on it. `region` is an ISO country code."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return ""
    mobile = parsed.country_code == 84 and MOBILE_SHAPE.fullmatch(str(parsed.national_number)) is not None
    if not phonenumbers.is_possible_number(parsed) or not (mobile or phonenumbers.is_valid_number(parsed)):
        return ""
    if phonenumbers.number_type(parsed) in _NOBODY_ANSWERS:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


_NOBODY_ANSWERS = frozenset(
    {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.TOLL_FREE,
        phonenumbers.PhoneNumberType.SHARED_COST,
    }
)


def split_name(name: str) -> tuple[str, str]:
    """Family name and the rest. A Vietnamese name begins with the family name; a single word is a given name."""
    family, _, rest = name.partition(" ")
    return (family, rest) if rest else ("", name)
