"""The codes that citizens quote, such as TG-261120-0042: made here, and found in what people write."""

import re
from datetime import date
from functools import lru_cache
from string import Formatter

from regulations.model import Profile

_DIGITS = {"yymmdd": r"\d{6}", "yyyy": r"\d{4}", "yy": r"\d{2}", "mm": r"\d{2}", "dd": r"\d{2}", "seq": r"\d{4,}"}
_SEPARATORS = r"[\s.\-‐‑–—_/]"


def next_code(profile: Profile, day: date, seq: int) -> str:
    """The code of that local day's report number `seq` (from 1). A number too long for its width grows, uncut.

    Raises `ValueError` when the profile's own `regex` does not know the result.
    """
    code = format_code(profile.code.pattern, day, seq)
    if not re.fullmatch(profile.code.regex, code):
        raise ValueError(f"{code} does not match {profile.code.regex}")
    return code


def format_code(pattern: str, day: date, seq: int) -> str:
    """`pattern` with `{yymmdd}`, `{yyyy}`, `{yy}`, `{mm}`, `{dd}` and `{seq}` (any width, as in `{seq:04d}`) replaced.

    Raises `KeyError`, `IndexError` or `ValueError` for a pattern that uses anything else.
    """
    return pattern.format(
        yymmdd=f"{day:%y%m%d}", yyyy=f"{day:%Y}", yy=f"{day:%y}", mm=f"{day:%m}", dd=f"{day:%d}", seq=seq
    )


def find_codes(profile: Profile, text: str) -> list[str]:
    """The codes in a message, spelt as the store spells them, each once, in the order written.

    With `match_loose`, lower case, spaces, and missing or other hyphens are forgiven; every letter and digit must be
    there, and a run of digits that goes on is no code.
    """
    rules = profile.code
    finder, spelling = _finder(rules.pattern, rules.match_loose)
    found = (match.expand(spelling) for match in finder.finditer(text))
    return list(dict.fromkeys(code for code in found if re.fullmatch(rules.regex, code)))


def find_dossiers(profile: Profile, text: str) -> list[str]:
    """The codes of dossiers (hồ sơ thủ tục) in a message, upper case, each once; none where the profile has no rule."""
    rule = profile.code.dossier
    return list(dict.fromkeys(match.group().upper() for match in _dossier(rule).finditer(text))) if rule else []


@lru_cache(maxsize=16)
def _dossier(rule: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-])(?:{rule})(?![\w-])", re.IGNORECASE)


@lru_cache(maxsize=16)
def _finder(pattern: str, loose: bool) -> tuple[re.Pattern[str], str]:
    """What to look for, and how to spell what was found (`re.Match.expand`)."""
    looked_for, spelling, groups = "", "", 0
    for literal, name, _, _ in Formatter().parse(pattern):
        words = map(re.escape, re.split(r"[^0-9A-Za-z]+", literal))
        looked_for += f"{_SEPARATORS}*".join(words) if loose else re.escape(literal)
        spelling += literal.replace("\\", r"\\")
        if name:
            groups += 1
            looked_for += f"({_DIGITS[name]})"
            spelling += rf"\g<{groups}>"
    return re.compile(rf"(?<![0-9A-Za-z]){looked_for}(?!\d)", re.IGNORECASE if loose else 0), spelling
