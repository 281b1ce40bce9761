"""What must hold in a profile besides the types: one function per rule, each yields the problems it finds.

The rules are those that let the dialog, the store and the inbox trust a profile without looking at it again.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulations.code import format_code
from regulations.decode import DAYS, FILE_KEY, Problem
from regulations.decode import Path as Where
from regulations.model import Profile
from regulations.names import CONDITIONS, EVENTS, ON_BREACH, PLACEHOLDERS, PUBLISHABLE, SLOTS, TEMPLATES
from regulations.text import placeholders

SCHEMA_VERSIONS = (1,)
DEFAULT = "not in regulation: default"
SOURCE = re.compile(rf"Đ\d|Phụ lục|decision header|{re.escape(DEFAULT)}")
NUMBERED = ("working_hour", "working_day", "calendar_day")

Rows = Mapping[str, Any]


def problems_of(profile: Profile, stem: str) -> Iterator[Problem]:
    """Everything about the profile that does not hold, in the order of the rules. `stem` is the file's name."""
    yield from identity(profile, stem)
    for rule in RULES:
        yield from rule(profile)


def identity(profile: Profile, stem: str) -> Iterator[Problem]:
    if profile.schema_version not in SCHEMA_VERSIONS:
        yield Problem(("schema_version",), f"không biết schema_version {profile.schema_version}")
    if profile.id != stem:
        yield Problem(("id",), f"id «{profile.id}» phải trùng với tên tệp «{stem}.toml»")
    try:
        ZoneInfo(profile.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        yield Problem(("timezone",), f"không biết múi giờ «{profile.timezone}»")


def every_row_has_a_source(profile: Profile) -> Iterator[Problem]:
    for path, row in _walk(profile, ()):
        if "src" not in _keys(row):
            continue
        sources = row.src if isinstance(row.src, Mapping) else {"src": row.src}
        for key, text in sources.items():
            if not SOURCE.search(text):
                yield Problem(
                    (*path, "src"),
                    f"src «{text}» phải nêu điều khoản (ví dụ Đ7.2, Phụ lục 1) hoặc đúng chữ «{DEFAULT}»",
                )
            if key not in ("src", "others") and key not in _keys(row):
                yield Problem((*path, "src"), f"src nói về khóa «{key}» không có trong bảng này")


def references_resolve(profile: Profile) -> Iterator[Problem]:
    for path, names, known, what in _references(profile):
        for name in names:
            if name and name not in known:
                yield Problem(path, f"không có {what} «{name}»")


def _references(p: Profile) -> Iterator[tuple[Where, Iterable[str], Iterable[str], str]]:
    """Where a name is used, the names, those that exist, and what they are called."""
    for row in p.emergencies.values():
        yield ("emergencies", row.id, "hotlines"), row.hotlines, p.hotlines, "đường dây nóng (hotlines)"
        yield ("emergencies", row.id, "level"), [row.level], p.levels, "mức độ (levels)"
    for rule in p.exclusions.values():
        yield ("exclusions", rule.id, "redirect_to"), [rule.redirect_to], p.hotlines, "đường dây nóng (hotlines)"
    for kind in p.report_types.values():
        overridden = ("report_types", kind.id, "overrides_exclusions")
        yield overridden, kind.overrides_exclusions, p.exclusions, "nội dung loại trừ (exclusions)"
    for category in p.categories.values():
        yield ("categories", category.id, "report_types"), category.report_types, p.report_types, "loại phản ánh"
    for topic in p.topics.values():
        yield ("topics", topic.id, "adds_field"), [topic.adds_field], p.fields, "trường (fields)"
    for kind in p.report_types.values():
        yield ("report_types", kind.id, "receipt"), [kind.receipt], p.templates, "mẫu tin (templates)"
    for state in p.workflow.states.values():
        yield ("workflow", "states", state.id, "template"), [state.template], p.templates, "mẫu tin (templates)"
    for level in p.modules.broadcast_levels.values():
        path = ("modules", "broadcast_levels", level.id, "no_repeat_of")
        yield path, level.no_repeat_of, p.modules.broadcast_levels, "cấp phát tin (broadcast_levels)"
    for meeting in p.modules.appointment.values():
        yield ("modules", "appointment", meeting.id, "fields"), meeting.fields, p.fields, "trường (fields)"
    values = [str(value) for value in p.rating.monthly_review_values]
    yield ("rating", "monthly_review_values"), values, [str(value) for value in p.rating.scale], "mức đánh giá"
    yield from _field_references(p)
    yield from _confidentiality_references(p)
    yield from _deadline_references(p)
    yield from _event_references(p)


def _field_references(p: Profile) -> Iterator[tuple[Where, Iterable[str], Iterable[str], str]]:
    for row in p.fields.values():
        path = ("fields", row.id)
        yield path, [row.id], SLOTS, "ô dữ liệu chuẩn"
        yield (*path, "need_by_type"), row.need_by_type, p.report_types, "loại phản ánh"
        yield (*path, "need_by_category"), row.need_by_category, p.categories, "lĩnh vực"
        yield (*path, "when"), row.when.report_type, p.report_types, "loại phản ánh"
        yield (*path, "when"), row.when.category, p.categories, "lĩnh vực"
        yield (*path, "when"), row.when.topic, p.topics, "chủ đề (topics)"
        yield (*path, "when"), row.when.channel, p.channels, "kênh (channels)"
        yield (*path, "offer_same_as"), [row.offer_same_as], p.fields, "trường (fields)"


def _confidentiality_references(p: Profile) -> Iterator[tuple[Where, Iterable[str], Iterable[str], str]]:
    rules = p.confidentiality
    known = {*p.fields, *PUBLISHABLE}
    yield ("confidentiality", "always_private"), rules.always_private, known, "trường (fields)"
    yield ("confidentiality", "public_fields"), rules.public_fields, known, "trường (fields)"
    yield ("confidentiality", "when_confidential"), rules.when_confidential.hide, known, "trường (fields)"


def _deadline_references(p: Profile) -> Iterator[tuple[Where, Iterable[str], Iterable[str], str]]:
    for row in p.deadlines.values():
        path = ("deadlines", row.id)
        yield (*path, "report_types"), row.report_types, p.report_types, "loại phản ánh"
        yield (*path, "levels"), row.levels, p.levels, "mức độ (levels)"
        yield (*path, "from_event"), row.from_event.split("|"), EVENTS, "sự kiện"
        yield (*path, "to_event"), row.to_event.split("|"), EVENTS, "sự kiện"
        yield (*path, "extend_event"), [row.extend_event], EVENTS, "sự kiện"
        yield (*path, "starts_if"), [row.starts_if], (*EVENTS, *CONDITIONS), "sự kiện hoặc điều kiện"
        yield (*path, "max_when"), [row.max_when], CONDITIONS, "điều kiện"
        action, _, reason = row.on_breach.partition(":")
        yield (*path, "on_breach"), [action], ON_BREACH, "cách xử lý khi quá hạn"
        yield (*path, "on_breach"), [reason], p.refusals, "lý do từ chối (refusals)"


def _event_references(p: Profile) -> Iterator[tuple[Where, Iterable[str], Iterable[str], str]]:
    yield ("rating", "ask_after"), [p.rating.ask_after], EVENTS, "sự kiện"
    for row in p.followups.values():
        yield ("followups", row.kind, "from_event"), [row.from_event], EVENTS, "sự kiện"
        yield ("followups", row.kind, "answer_from_event"), [row.answer_from_event], EVENTS, "sự kiện"
    for act in p.sanctions.values():
        yield ("sanctions", act.id, "reset_on"), [act.reset_on], EVENTS, "sự kiện"
    for reason in p.refusals.values():
        yield ("refusals", reason.code, "requires_event"), [reason.requires_event], EVENTS, "sự kiện"


def one_default_each(profile: Profile) -> Iterator[Problem]:
    tables: Mapping[str, Rows] = {"report_types": profile.report_types, "levels": profile.levels}
    for table, rows in tables.items():
        defaults = [row.id for row in rows.values() if row.default]
        if len(defaults) != 1:
            found = ", ".join(defaults) or "không có dòng nào"
            yield Problem((table,), f"bảng «{table}» phải có đúng một dòng default = true; hiện có: {found}")


def words_are_written_as_they_are_matched(profile: Profile) -> Iterator[Problem]:
    for path, row in _walk(profile, ()):
        for key in _keys(row):
            if not key.startswith("kw"):
                continue
            bare = key.startswith("kw_bare")
            for phrase in getattr(row, key):
                if not phrase.strip() or phrase != unicodedata.normalize("NFC", phrase).lower():
                    yield Problem((*path, key), f"cụm từ «{phrase}» phải viết thường, dạng dựng sẵn (NFC)")
                elif bare and not phrase.isascii():
                    yield Problem((*path, key), f"cụm từ «{phrase}» trong {key} phải viết không dấu (ASCII)")


def templates_are_complete(profile: Profile) -> Iterator[Problem]:
    for name in TEMPLATES:
        if name not in profile.templates:
            yield Problem(("templates",), f"thiếu mẫu tin «{name}»")
    texts = {("templates", row.id, "text"): row.text for row in profile.templates.values()}
    texts |= {("exclusions", row.id, "reply"): row.reply for row in profile.exclusions.values()}
    for path, text in texts.items():
        if not text.strip():
            yield Problem(path, "nội dung không được để trống")
        for name in placeholders(text):
            if name not in PLACEHOLDERS:
                yield Problem(path, f"không biết chỗ điền {{{name}}}")
        if re.sub(r"\{\w*\}", "", text).count("{") + re.sub(r"\{\w*\}", "", text).count("}"):
            yield Problem(path, "dấu ngoặc nhọn không cân đối")


def amounts_fit_their_units(profile: Profile) -> Iterator[Problem]:
    for row in profile.deadlines.values():
        path = ("deadlines", row.id, "amount")
        yield from _amount(path, row.unit, row.amount)
        if row.extend_max_amount is not None and row.extend_max_amount <= (row.amount or 0):
            yield Problem(("deadlines", row.id, "extend_max_amount"), "gia hạn tối đa phải dài hơn thời hạn")
        if row.max_amount is not None and (row.max_amount <= (row.amount or 0) or not row.max_when):
            yield Problem(("deadlines", row.id, "max_amount"), "max_amount phải dài hơn thời hạn và đi cùng max_when")
    for rule in profile.followups.values():
        yield from _amount(("followups", rule.kind, "window_amount"), rule.window_unit, rule.window_amount or None)
        yield from _amount(("followups", rule.kind, "answer_amount"), rule.answer_unit, rule.answer_amount)
    for act in profile.sanctions.values():
        if act.threshold < 0 or act.lock_days < 0 or bool(act.lock_days) != bool(act.lock_unit):
            yield Problem(("sanctions", act.id, "lock_days"), "lock_days và lock_unit phải đi cùng nhau, không âm")


def _amount(path: Where, unit: str, amount: int | None) -> Iterator[Problem]:
    if unit in NUMBERED and (amount is None or amount < 1):
        yield Problem(path, f"đơn vị {unit} phải có số lượng từ 1 trở lên")
    if unit in ("none", "external") and amount is not None:
        yield Problem(path, f"đơn vị {unit} không đi cùng số lượng")
    if unit == "immediate" and amount:
        yield Problem(path, "đơn vị immediate chỉ nhận số lượng 0")


def codes_are_recognised(profile: Profile) -> Iterator[Problem]:
    rules = profile.code
    try:
        known = re.compile(rules.regex)
    except re.error as error:
        yield Problem(("code", "regex"), f"biểu thức không hợp lệ: {error}")
        return
    try:
        re.compile(rules.dossier)
    except re.error as error:
        yield Problem(("code", "dossier"), f"biểu thức không hợp lệ: {error}")
    for seq in (1, 9999, 10_000):
        try:
            code = format_code(rules.pattern, date(2026, 11, 20), seq)
        except (KeyError, IndexError, ValueError) as error:
            yield Problem(("code", "pattern"), f"không dùng được mẫu mã «{rules.pattern}»: {error}")
            return
        if not known.fullmatch(code):
            yield Problem(("code", "regex"), f"regex không nhận ra mã {code} tạo từ pattern")
    if not rules.prefix or not rules.pattern.startswith(rules.prefix) or "{seq" not in rules.pattern:
        yield Problem(("code", "pattern"), "pattern phải bắt đầu bằng prefix và có {seq}")


def the_scale_has_two_ends(profile: Profile) -> Iterator[Problem]:
    labels = [row.label for row in profile.rating.scale.values()]
    for label in {label for label in labels if labels.count(label) > 1}:
        yield Problem(("rating", "scale"), f"nhãn đánh giá «{label}» bị trùng")
    polarities = {row.polarity for row in profile.rating.scale.values()}
    if not {"positive", "negative"} <= polarities:
        yield Problem(("rating", "scale"), "thang đánh giá phải có cả mức positive và mức negative")


def nothing_required_is_forbidden(profile: Profile) -> Iterator[Problem]:
    for row in profile.fields.values():
        needs = {row.need, *row.need_by_type.values(), *row.need_by_category.values()}
        if {"required", "forbidden"} <= needs:
            yield Problem(("fields", row.id, "need"), f"trường «{row.id}» vừa bắt buộc vừa bị cấm")
    for topic in profile.topics.values():
        added = profile.fields.get(topic.adds_field)
        if added and added.need == "forbidden":
            yield Problem(("topics", topic.id, "adds_field"), f"chủ đề thêm trường «{added.id}» đang bị cấm")
    media = profile.fields.get("media")
    for kind in profile.report_types.values():
        if kind.media_required and (media is None or media.need_for(kind.id) != "required"):
            yield Problem(
                ("report_types", kind.id, "media_required"),
                "media_required nhưng trường media không bắt buộc với loại này",
            )


def what_is_asked_has_a_question(profile: Profile) -> Iterator[Problem]:
    for row in profile.fields.values():
        needs = {row.need, *row.need_by_type.values(), *row.need_by_category.values()}
        if needs & {"required", "ask_once"} and not row.ask.strip():
            yield Problem(("fields", row.id, "ask"), f"trường «{row.id}» phải hỏi nhưng không có câu hỏi ask")
        if (row.type == "choice") != (row.id in ("category", "report_type")):
            yield Problem(("fields", row.id, "type"), "kiểu choice dành cho (và chỉ cho) category và report_type")
        if row.need == "derived" and not row.default:
            yield Problem(("fields", row.id, "default"), f"trường «{row.id}» là derived nhưng không có default")


def working_time_exists(profile: Profile) -> Iterator[Problem]:
    hours = profile.calendar.working_hours
    path = ("calendar", "working_hours")
    for day, windows in hours.items():
        if day not in DAYS:
            yield Problem(path, f"không có ngày «{day}»; chỉ nhận: {', '.join(DAYS)}")
        ends = [moment for window in windows for moment in (window.start, window.end)]
        if ends != sorted(set(ends)):
            yield Problem(path, f"giờ làm việc của «{day}» phải tăng dần và không chồng nhau")
    if not hours.get("mon"):
        yield Problem(path, "thứ Hai (mon) phải có giờ làm việc: ngày làm bù dùng giờ của thứ Hai")
    both = profile.calendar.holidays & profile.calendar.makeup_working_days
    if both:
        yield Problem(("calendar", "holidays"), f"{min(both)} vừa là ngày nghỉ vừa là ngày làm bù")


def staff_should_know(profile: Profile) -> Iterator[Problem]:
    """Warnings: the profile loads all the same."""
    law = profile.regulation
    if law.status == "pilot_expired":
        text = f"{law.number} là quy chế thí điểm đã hết thời hạn; cần xác nhận trước khi vận hành"
        yield Problem(("regulation", "status"), text, warning=True)
    for row in profile.hotlines.values():
        if not row.number:
            text = f"chưa điền số của «{row.label}»; số này chưa được hiển thị cho người dân"
            yield Problem(("hotlines", row.id, "number"), text, warning=True)


RULES: tuple[Callable[[Profile], Iterator[Problem]], ...] = (
    every_row_has_a_source,
    references_resolve,
    one_default_each,
    words_are_written_as_they_are_matched,
    templates_are_complete,
    amounts_fit_their_units,
    codes_are_recognised,
    the_scale_has_two_ends,
    nothing_required_is_forbidden,
    what_is_asked_has_a_question,
    working_time_exists,
    staff_should_know,
)


def _keys(row: Any) -> set[str]:
    return {FILE_KEY.get(field.name, field.name) for field in fields(row)}


def _walk(value: Any, path: Where) -> Iterator[tuple[Where, Any]]:
    """Every table and row of the profile with its place in the file."""
    if path:
        yield path, value
    for field in fields(value):
        part = getattr(value, field.name)
        if is_dataclass(part):
            yield from _walk(part, (*path, field.name))
        elif isinstance(part, Mapping):
            for key, row in part.items():
                if is_dataclass(row):
                    yield from _walk(row, (*path, field.name, str(key)))
