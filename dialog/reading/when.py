"""When it happened: "hôm qua", "tối qua", "3 đêm nay", "8h30 sáng nay", "ngày 5/11". Relative to the message's time.

A fraction beside a street word is a street ("ngã tư 2/9", "đường 30/4"); a date without a year is the latest one that
is not in the future; lunar dates are left alone.
"""

import re
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from dialog.reading.model import Occurred, Precision, Span

_PARTS = {
    "sang": (5, 11),
    "trua": (11, 13),
    "chieu": (13, 18),
    "toi": (18, 22),
    "dem": (22, 29),
    "khuya": (22, 29),
    "rang sang": (0, 5),
}
"""Hours; past 24 is the next day."""
_WEEKDAYS = {"hai": 0, "2": 0, "ba": 1, "3": 1, "tu": 2, "4": 2, "nam": 3, "5": 3, "sau": 4, "6": 4, "bay": 5, "7": 5}
_NUMBERS = {
    "mot": 1,
    "hai": 2,
    "ba": 3,
    "bon": 4,
    "nam": 5,
    "sau": 6,
    "bay": 7,
    "tam": 8,
    "chin": 9,
    "muoi": 10,
    "ca": 1,
    "nua": 1,
}
_UNITS = {"phut": 0, "gio": 0, "tieng": 0, "ngay": 1, "hom": 1, "bua": 1, "dem": 1, "tuan": 7, "thang": 30, "nam": 365}

_PART = r"(?P<part>rang sang|sang|trua|chieu|toi|dem|khuya)"
_CLOCK = re.compile(
    r"(?<![\w/.])(?:luc |vao )?(?P<hour>[01]?[0-9]|2[0-4])\s?(?:h|g|gio|:)\s?(?P<minute>[0-5][0-9]|ruoi"
    r"|kem [0-5]?[0-9])?(?![\w/])"
)
_UNTIL = re.compile(r"(?<!\w)(?:toi|den|truoc|sau) $")
_DAY = re.compile(
    rf"(?<!\w)(?:{_PART} )?(?P<day>hom nay|hnay|hom qua|hqua|hom kia nua|hom kia|bua nay|bua qua|bua kia|nay"
    r"|qua)(?!\w)(?: luc)?(?: (?P<part2>sang|trua|chieu|toi|dem|khuya)(?!\w))?"
)
_AGO = re.compile(
    r"(?<!\w)(?:(?:cach day|khoang|gan|hon|suot|may|da|tu) )*(?P<count>[0-9]{1,3}|mot|hai|ba|bon|nam|sau|bay|tam"
    r"|chin|muoi|may|vai|ca|nua) (?P<unit>phut|gio|tieng|ngay|hom|bua|dem|tuan|thang|nam)"
    r"(?: (?P<tail>nay|truoc|roi|qua|r|lien))?(?!\w)"
)
_LAST = re.compile(r"(?<!\w)(?P<unit>tuan|thang|nam) (?:truoc|ngoai|qua|roi)(?!\w)")
_DATE = re.compile(
    r"(?<![\w/.-])(?P<word>ngay |hom |mung )?(?P<day>[0-3]?[0-9])(?:[/.-]| thang )(?P<month>1[0-2]"
    r"|0?[1-9])(?:(?:[/.-]| nam )(?P<year>20[0-9]{2}|[0-9]{2}))?(?![\w/-])"
)
_WEEKDAY = re.compile(
    r"(?<!\w)(?:(?P<week>tuan (?:truoc|roi|qua|vua roi)),? )?"
    r"(?:thu (?P<day>hai|ba|tu|nam|sau|bay|[2-7])|(?P<sunday>chu nhat|cn))(?P<last> tuan truoc| vua roi"
    r"| tuan roi)?(?!\w)"
)
_STREET_BEFORE = re.compile(
    r"(?:duong|pho|nga ba|nga tu|nga [3-6]|cau|so|hem|ngo|ngach|quang truong|cong vien|truong|kdc|khu|ho|voi|giao)\s+$"
)


_DAY_BEFORE = re.compile(r"(?<!\w)(?:sang|trua|chieu|toi|dem|khuya|luc|vao|tu) $")
_EARLIER = re.compile(
    r"(?<!\w)hoi (?P<part>hom|sang|trua|chieu|toi|khuya|dem)(?: (?P<day>nay|qua|hom))?(?: nay)?(?!\w)"
)
"""Southern: "hồi hôm" is last night, "hồi sáng" this morning, "hồi tối" the evening that is over."""

# Words without which the patterns above cannot match; looking for them is much cheaper.
_TIME_WORDS = (
    "nay", "qua", "kia", "truoc", "ngay", "tuan", "thang", "nam", "thu", "nhat", "gio", "tieng", "/", "cn", ":", "dem",
    "bua", "hom", "hoi ",
)  # fmt: skip
_HOUR = re.compile(r"[0-9]\s?[hg:]")
_DATE_LIKE = re.compile(r"[0-9](?:[/.-]| thang )[0-9]")
_DAY_WORDS = ("nay", "qua", "kia")
_WEEKDAY_WORDS = ("thu ", "chu nhat", "cn")


def _has(flat_text: str, words: Iterable[str]) -> bool:
    return any(word in flat_text for word in words)


def read(text: str, flat_text: str, now: datetime) -> Occurred | None:
    """`now` is the message's time in the profile's zone. None when the message names no time."""
    timed = _HOUR.search(flat_text) is not None
    if not timed and not _has(flat_text, _TIME_WORDS):
        return None
    found = _date(flat_text, now) if _DATE_LIKE.search(flat_text) else None
    if found is None and _has(flat_text, _DAY_WORDS):
        found = _relative_day(flat_text, now)
    if found is None and "hoi " in flat_text:
        found = _earlier(flat_text, now)
    if found is None and _has(flat_text, _WEEKDAY_WORDS):
        found = _weekday(flat_text, now)
    clock = _clock(flat_text) if timed else None
    if found is None and clock is None:
        spanned = _has(flat_text, _UNITS)
        return _ago(text, flat_text, now) or _last(text, flat_text, now) if spanned else None
    if found is None and clock is not None:
        hour, minute, span = clock
        start = _at(now, hour, minute, _part_near(flat_text, span))
        if start > now:
            start -= timedelta(days=1)
        return _occurred(text, start, start, Precision.MINUTE, span)
    if found is None:
        return None
    day, part, span = found
    if clock is not None:
        hour, minute, clock_span = clock
        joined = (min(span[0], clock_span[0]), max(span[1], clock_span[1]))
        start = _at(day, hour, minute, part or _part_near(flat_text, clock_span))
        near = joined[1] - joined[0] <= (span[1] - span[0]) + (clock_span[1] - clock_span[0]) + 12
        return _occurred(text, start, start, Precision.MINUTE, joined if near else span)
    if part:
        first, last = _PARTS[part]
        start = _midnight(day) + timedelta(hours=first)
        return _occurred(text, start, _midnight(day) + timedelta(hours=last), Precision.PART_OF_DAY, span)
    return _occurred(text, _midnight(day), _midnight(day) + timedelta(days=1), Precision.DAY, span)


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time(), moment.tzinfo)


def _occurred(text: str, start: datetime, end: datetime, precision: Precision, span: Span) -> Occurred:
    return Occurred(
        text=" ".join(text[span[0] : span[1]].split()), start=start, end=end, precision=precision, span=span
    )


def _at(day: datetime, hour: int, minute: int, part: str) -> datetime:
    """ "8h tối" is 20:00, "12h đêm" 00:00 of the next day, "1h sáng" 01:00."""
    if (
        (part in {"chieu", "toi"} and hour < 12)
        or (part in {"dem", "khuya"} and 8 <= hour <= 12)
        or (part == "trua" and hour < 4)
    ):
        hour += 12
    return _midnight(day) + timedelta(hours=hour, minutes=minute)


def _part_near(flat_text: str, span: Span) -> str:
    match = re.match(rf"\s*{_PART}(?!\w)", flat_text[span[1] : span[1] + 12])
    return match["part"] if match else ""


def _clock(flat_text: str) -> tuple[int, int, Span] | None:
    for match in _CLOCK.finditer(flat_text):
        minute = match["minute"] or ""
        if (":" in match.group() and not minute) or _UNTIL.search(flat_text, max(0, match.start() - 8), match.start()):
            continue
        if (
            match.group().rstrip().endswith("gio")
            and not minute
            and not re.match(r"\s*(?:sang|trua|chieu|toi|dem|khuya|hom|ngay)", flat_text[match.end() :][:9])
            and "luc" not in match.group()
        ):
            continue
        hour = int(match["hour"])
        if minute.startswith("kem"):
            return hour - 1, 60 - int(minute[4:]), match.span()
        return hour, 30 if minute == "ruoi" else int(minute or 0), match.span()
    return None


def _relative_day(flat_text: str, now: datetime) -> tuple[datetime, str, Span] | None:
    for match in _DAY.finditer(flat_text):
        word, part = match["day"], match["part"] or match["part2"] or ""
        if word in {"nay", "qua"} and not match["part"]:
            continue
        if word == "nay" and re.search(r"[0-9]\s+$|(?:may|ca|hai|ba|bon|nam)\s+$", flat_text[: match.start()]):
            continue
        back = {
            "hom qua": 1,
            "hqua": 1,
            "bua qua": 1,
            "qua": 1,
            "hom kia": 2,
            "bua kia": 2,
            "hom kia nua": 3,
        }.get(word, 0)
        return now - timedelta(days=back), part, match.span()
    return None


def _earlier(flat_text: str, now: datetime) -> tuple[datetime, str, Span] | None:
    match = _EARLIER.search(flat_text)
    if not match or (match["part"] == "hom" and match["day"] == "qua"):
        return None
    part = "dem" if match["part"] == "hom" else match["part"]
    over = now.hour >= _PARTS[part][0]
    back = 0 if over and part != "dem" and match["day"] != "qua" else 1
    return now - timedelta(days=back), part, match.span()


def _date(flat_text: str, now: datetime) -> tuple[datetime, str, Span] | None:
    for match in _DATE.finditer(flat_text):
        if match["word"] == "mung " or _STREET_BEFORE.search(flat_text, max(0, match.start() - 16), match.start()):
            continue
        if "." in match.group() and not match["word"]:
            continue
        hyphens = "-" in match.group() and not match["word"] and not match["year"] and " thang " not in match.group()
        if hyphens and not _DAY_BEFORE.search(flat_text, max(0, match.start() - 12), match.start()):
            continue
        year = int(match["year"] or now.year)
        year += 2000 if year < 100 else 0
        try:
            day = datetime(year, int(match["month"]), int(match["day"]), tzinfo=now.tzinfo)
            if day > now and not match["year"]:
                day = day.replace(year=year - 1)
        except ValueError:
            continue
        before = re.search(rf"{_PART}\s+$", flat_text[max(0, match.start() - 12) : match.start()])
        return day, before["part"] if before else "", match.span()
    return None


def _weekday(flat_text: str, now: datetime) -> tuple[datetime, str, Span] | None:
    for match in _WEEKDAY.finditer(flat_text):
        if match["sunday"] == "cn" and "tuan" not in match.group():
            continue
        wanted = 6 if match["sunday"] else _WEEKDAYS[match["day"]]
        back = (now.weekday() - wanted) % 7
        if (match["last"] or "").strip() == "vua roi":
            back = back or 7
        elif match["last"] or match["week"]:
            back = now.weekday() - wanted + 7
        before = re.search(rf"{_PART}\s+$", flat_text[max(0, match.start() - 12) : match.start()])
        return now - timedelta(days=back), before["part"] if before else "", match.span()
    return None


def _ago(text: str, flat_text: str, now: datetime) -> Occurred | None:
    for match in _AGO.finditer(flat_text):
        counted = match["count"]
        if not match["tail"] and not re.search(r"(?:suot|ca|cach day|da|gan|hon) ", match.group()):
            continue
        count = int(counted) if counted.isdecimal() else _NUMBERS.get(counted, 3)
        days = _UNITS[match["unit"]]
        if match["unit"] == "phut":
            length = timedelta(minutes=count)
        else:
            length = timedelta(days=days * count) if days else timedelta(hours=count)
        if match["tail"] == "truoc" or "cach day" in match.group():
            start = now - length
            if days == 0:
                return _occurred(text, start, start, Precision.MINUTE, match.span())
            return _occurred(
                text,
                _midnight(start),
                _midnight(start) + timedelta(days=max(days, 1)),
                Precision.DAY if days == 1 else Precision.SPAN,
                match.span(),
            )
        return _occurred(text, now - length, now, Precision.SPAN, match.span())
    return None


def _last(text: str, flat_text: str, now: datetime) -> Occurred | None:
    match = _LAST.search(flat_text)
    if not match:
        return None
    days = _UNITS[match["unit"]]
    start = _midnight(now - timedelta(days=days + (now.weekday() if days == 7 else 0)))
    return _occurred(text, start, start + timedelta(days=days), Precision.SPAN, match.span())
