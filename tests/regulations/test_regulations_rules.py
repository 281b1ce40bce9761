"""The invariants of a profile. Each is shown by a profile that breaks it and is refused with the reason."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import ProfileError
from regulations.loader import BASE, bundled, check, load, load_all
from regulations.model import Profile

PROVINCES = ["bac-ninh", "ha-noi", "thanh-hoa", "tien-giang", "vinh-long"]

ErrorsWith = Callable[..., list[str]]
WithLines = Callable[..., Profile]


def refused(errors: list[str], *words: str) -> bool:
    """Whether there is exactly one complaint and it holds all of the words."""
    return len(errors) == 1 and all(word in errors[0] for word in words)


@pytest.mark.parametrize("province", PROVINCES)
def test_the_five_provinces_load(province: str) -> None:
    profile = load(province)
    assert profile.id == province
    assert not [finding for finding in check(province) if not finding.warning]


def test_load_all_finds_every_province() -> None:
    assert list(load_all()) == PROVINCES
    assert [path.stem for path in bundled()] == PROVINCES


# 1. Parses; schema_version known; id = file name.


def test_a_file_that_is_no_toml_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with("[[levels]\nid ="), "extra.toml", "không phải TOML hợp lệ")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="không đọc được tệp"):
        load(tmp_path / "an-giang.toml")


def test_an_unknown_province_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"«an-giang».*tien-giang"):
        load("an-giang")


def test_an_unknown_schema_version_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with("schema_version = 2"), "schema_version 2")


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    text = (BASE.parent / "tien-giang.toml").read_text("utf-8")
    copy = tmp_path / "dong-thap.toml"
    copy.write_text(text, "utf-8")
    with pytest.raises(ProfileError, match=r"id «tien-giang» phải trùng với tên tệp «dong-thap\.toml»"):
        load(copy)
    copy.write_text(text.replace('id = "tien-giang"', 'id = "dong-thap"'), "utf-8")
    assert load(copy).id == "dong-thap"


def test_an_unknown_time_zone_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('timezone = "Asia/My_Tho"'), "múi giờ «Asia/My_Tho»")


# 2. Every row of every table has a source.


def test_a_row_without_a_source_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[hotlines]]\nid = "111"\nnumber = "111"\nlabel = "Trẻ em"'), "111", "thiếu khóa «src»")


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('[[hotlines]]\nid = "113"\nsrc = ""', id="empty"),
        pytest.param('[[levels]]\nid = "thuong"\nsrc = "theo quy định"', id="no article"),
        pytest.param('[[levels]]\nid = "thuong"\nsrc = "not in regulation"', id="phrase cut short"),
        pytest.param('[intake]\nsrc = { hours = "" }', id="one key of a table"),
        pytest.param('[[workflow.states]]\nid = "closed"\nsrc = "?"', id="row of a table in a table"),
    ],
)
def test_a_source_names_an_article_or_says_default(errors_with: ErrorsWith, row: str) -> None:
    assert refused(errors_with(row), "src", "phải nêu điều khoản")


def test_a_source_for_a_key_that_does_not_exist_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[intake]\nsrc = { hour = "Đ4.2" }'), "khóa «hour» không có")


# 3. Ids unique per table.


def test_an_id_is_given_once_per_table(errors_with: ErrorsWith) -> None:
    rows = '[[levels]]\nid = "thuong"\nlabel = "A"\n[[levels]]\nid = "thuong"\nlabel = "B"'
    assert refused(errors_with(rows), "id «thuong» bị trùng")


def test_a_row_without_an_id_is_refused(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[levels]]\nlabel = "A"'), "không có id")


# 4. All cross-references resolve.


@pytest.mark.parametrize(
    ("row", "name"),
    [
        pytest.param('[[emergencies]]\nid = "chay"\nhotlines = ["119"]', "119", id="emergency to hotline"),
        pytest.param('[[emergencies]]\nid = "chay"\nlevel = "gap"', "gap", id="emergency to level"),
        pytest.param(
            '[[exclusions]]\nid = "to_cao"\nredirect_to = "thanh_tra"', "thanh_tra", id="exclusion to hotline"
        ),
        pytest.param('[[report_types]]\nid = "hoi_dap"\noverrides_exclusions = ["x"]', "x", id="type to exclusion"),
        pytest.param('[[categories]]\nid = "y_te"\nreport_types = ["x"]', "x", id="category to type"),
        pytest.param('[[categories]]\nid = "y_te"\nwords = ["y_tee"]', "y_tee", id="category to word list"),
        pytest.param('[[topics]]\nid = "uy_tin"\nadds_field = "x"', "x", id="topic to field"),
        pytest.param('[[fields]]\nid = "media"\nneed_by_type = { x = "required" }', "x", id="field to type"),
        pytest.param('[[fields]]\nid = "media"\nneed_by_category = { x = "required" }', "x", id="field to category"),
        pytest.param('[[fields]]\nid = "media"\nwhen = { report_type = ["x"] }', "x", id="field when type"),
        pytest.param('[[fields]]\nid = "media"\nwhen = { category = ["x"] }', "x", id="field when category"),
        pytest.param('[[fields]]\nid = "media"\nwhen = { topic = ["x"] }', "x", id="field when topic"),
        pytest.param('[[fields]]\nid = "media"\nwhen = { channel = ["x"] }', "x", id="field when channel"),
        pytest.param('[[fields]]\nid = "address"\noffer_same_as = "x"', "x", id="field to field"),
        pytest.param('[[workflow.states]]\nid = "closed"\ntemplate = "x"', "x", id="state to template"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nreport_types = ["x"]', "x", id="limit to type"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nlevels = ["x"]', "x", id="limit to level"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nfrom_event = "unit.opened"', "unit.opened", id="limit from event"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nto_event = "result.sent|x"', "x", id="limit to event"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nextend_event = "x"', "x", id="limit extended by event"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nstarts_if = "x"', "x", id="limit to condition"),
        pytest.param('[[deadlines]]\nid = "tra_lai"\nmax_when = "x"', "x", id="longest limit to condition"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\non_breach = "x"', "x", id="limit to what follows"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\non_breach = "refusal_reason:x"', "x", id="limit to refusal"),
        pytest.param('[[followups]]\nkind = "clarify"\nfrom_event = "x"', "x", id="follow-up to event"),
        pytest.param('[[followups]]\nkind = "clarify"\nanswer_from_event = "x"', "x", id="answer to event"),
        pytest.param('[[sanctions]]\nid = "manual_lock"\nreset_on = "x"', "x", id="sanction to event"),
        pytest.param('[[refusals]]\ncode = "ngon_ngu"\nrequires_event = "x"', "x", id="refusal to event"),
        pytest.param('[rating]\nask_after = "x"', "x", id="rating to event"),
        pytest.param("[rating]\nmonthly_review_values = [9]", "9", id="review to scale"),
        pytest.param('[confidentiality]\nalways_private = ["x"]', "x", id="private to field"),
        pytest.param('[confidentiality]\npublic_fields = ["x"]', "x", id="public to field"),
        pytest.param(
            '[confidentiality]\nwhen_confidential = { hide = ["x"], publish_result = true }', "x", id="hidden to field"
        ),
    ],
)
def test_a_name_that_nothing_bears_is_refused(errors_with: ErrorsWith, row: str, name: str) -> None:
    assert refused(errors_with(row), "không có", f"«{name}»")


@pytest.mark.parametrize(
    "row",
    [
        '[[modules.appointment]]\nid = "tiep_cong_dan"\nfields = ["x"]',
        '[[modules.broadcast_levels]]\nid = "city"\nno_repeat_of = ["x"]',
    ],
)
def test_names_in_modules_resolve_too(errors_with: ErrorsWith, row: str) -> None:
    assert refused(errors_with(row, "ha-noi"), "«x»")


def test_a_field_that_no_report_carries_is_refused(errors_with: ErrorsWith) -> None:
    row = (
        '[[fields]]\nid = "favourite"\nlabel = "A"\ntype = "text"\nneed = "optional"\nvisibility = "public"\nsrc = "Đ1"'
    )
    assert refused(errors_with(row), "ô dữ liệu chuẩn «favourite»")


# 5. Exactly one default report type and level.


@pytest.mark.parametrize(
    ("row", "table"),
    [
        ('[[report_types]]\nid = "hoi_dap"\ndefault = true', "report_types"),
        ('[[report_types]]\nid = "phan_anh"\ndefault = false', "report_types"),
        ('[[levels]]\nid = "khan"\ndefault = true', "levels"),
        ('[[levels]]\nid = "thuong"\ndefault = false', "levels"),
    ],
)
def test_there_is_exactly_one_default(errors_with: ErrorsWith, row: str, table: str) -> None:
    assert refused(errors_with(row), f"bảng «{table}» phải có đúng một dòng default = true")


# 6. Bare words are ASCII and lower case.


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ('kw_bare_add = ["cháy"]', "không dấu"),
        ('kw_bare_not_add = ["đen"]', "không dấu"),
        ('kw_bare_unless_add = ["đề nghị"]', "không dấu"),
        ('kw_bare_add = ["Chay"]', "viết thường"),
        ('kw_add = ["Cháy"]', "viết thường"),
        ('kw_add = [" "]', "viết thường"),
        ('kw_add = ["cha\u0301y"]', "NFC"),
    ],
)
def test_words_are_written_as_they_are_matched(errors_with: ErrorsWith, row: str, why: str) -> None:
    assert refused(errors_with(f'[[emergencies]]\nid = "chay"\n{row}'), why)


# 7. Messages.


@pytest.mark.parametrize("name", ["greeting", "deadline_text", "same_address", "button_send"])
def test_no_message_may_be_missing(errors_with: ErrorsWith, name: str) -> None:
    assert refused(errors_with(f'[[templates]]\nid = "{name}"\nremove = true'), f"thiếu mẫu tin «{name}»")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Mã của Ông/Bà: {cod}", "{cod}"),
        ("Mã của Ông/Bà: {code", "không cân đối"),
        ("Mã của Ông/Bà: {co de}", "{co de}"),
        (" ", "để trống"),
    ],
)
def test_a_message_uses_known_placeholders_only(errors_with: ErrorsWith, text: str, why: str) -> None:
    errors = errors_with(f'[[templates]]\nid = "receipt"\ntext = "{text}"')
    assert errors and why in errors[0]


def test_an_exclusions_reply_is_a_message_too(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[exclusions]]\nid = "to_cao"\nreply = "Gọi {number}"'), "{number}")


# 8. Units and amounts.


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('[[deadlines]]\nid = "xu_ly"\namount = 0', id="no days"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nunit = "external"', id="external with a number"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nunit = "none"', id="none with a number"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nunit = "immediate"', id="at once, in five"),
        pytest.param('[[deadlines]]\nid = "xu_ly"\nextend_max_amount = 5', id="extended to the same"),
        pytest.param('[[deadlines]]\nid = "tra_lai"\nmax_amount = 1', id="longest is no longer"),
        pytest.param('[[deadlines]]\nid = "tra_lai"\nmax_when = ""', id="longest without a condition"),
        pytest.param('[[followups]]\nkind = "clarify"\nwindow_unit = "working_day"', id="window without a number"),
        pytest.param('[[followups]]\nkind = "clarify"\nwindow_amount = 3', id="no window of three"),
        pytest.param('[[followups]]\nkind = "clarify"\nanswer_unit = "working_day"', id="answer without a number"),
        pytest.param('[[sanctions]]\nid = "manual_lock"\nlock_days = 30', id="lock without a unit"),
    ],
)
def test_a_unit_has_the_number_it_needs(errors_with: ErrorsWith, row: str) -> None:
    assert len(errors_with(row)) == 1


def test_a_limit_without_its_number_is_refused(errors_with: ErrorsWith) -> None:
    row = '[[deadlines]]\nid = "x"\nlabel = "X"\nunit = "working_day"\nfrom_event = "unit.received"\n'
    row += 'to_event = "result.sent"\nowner = "store"\nsrc = "Đ1"'
    assert refused(errors_with(row), "working_day", "phải có số lượng")


# 9. The code.


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('regex = "^TG-[0-9]{5}-[0-9]{4}$"', "không nhận ra mã TG-261120-0001"),
        ('regex = "^TG-[0-9]{6}-[0-9]{4}$"', "không nhận ra mã TG-261120-10000"),
        ('regex = "^TG-([0-9]{6}$"', "biểu thức không hợp lệ"),
        ('pattern = "TG-{day}-{seq:04d}"', "không dùng được mẫu mã"),
        ('prefix = "MT"', "bắt đầu bằng prefix"),
    ],
)
def test_the_codes_regex_knows_every_code_of_the_pattern(errors_with: ErrorsWith, line: str, why: str) -> None:
    errors = errors_with(f"[code]\n{line}")
    assert errors and why in errors[0]


# 10. The scale.


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param("[[rating.scale]]\nvalue = 3\n[[rating.scale]]\nvalue = 3", "bị trùng", id="value twice"),
        pytest.param('[[rating.scale]]\nvalue = 2\nlabel = "Hài lòng"', "«Hài lòng» bị trùng", id="label twice"),
        pytest.param('[[rating.scale]]\nvalue = 2\npolarity = "good"', "chỉ nhận: positive", id="no such polarity"),
        pytest.param('[[rating.scale]]\nvalue = 1\npolarity = "neutral"', "negative", id="nobody can be unhappy"),
    ],
)
def test_the_scale_is_unambiguous(errors_with: ErrorsWith, row: str, why: str) -> None:
    assert refused(errors_with(row), why)


# 11. Required and forbidden.


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('[[fields]]\nid = "cccd"\nneed_by_type = { phan_anh = "required" }', id="by type"),
        pytest.param('[[fields]]\nid = "name"\nneed_by_category = { y_te = "forbidden" }', id="by category"),
    ],
)
def test_a_required_field_is_not_also_forbidden(errors_with: ErrorsWith, row: str) -> None:
    assert refused(errors_with(row), "vừa bắt buộc vừa bị cấm")


def test_a_topic_does_not_add_a_forbidden_field(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[topics]]\nid = "uy_tin"\nadds_field = "tax_code"'), "đang bị cấm")


def test_media_required_by_a_report_type_is_required_as_a_field(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[report_types]]\nid = "phan_anh"\nmedia_required = true'), "media_required")


def test_what_must_be_asked_has_a_question(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[fields]]\nid = "name"\nask = ""'), "không có câu hỏi")


def test_a_derived_field_says_from_what(errors_with: ErrorsWith) -> None:
    assert refused(errors_with('[[fields]]\nid = "occurred_at"\ndefault = ""'), "không có default")


def test_only_category_and_report_type_are_choices(errors_with: ErrorsWith, with_lines: WithLines) -> None:
    assert refused(errors_with('[[fields]]\nid = "org_name"\ntype = "choice"'), "kiểu choice")
    profile = with_lines(
        '[[fields]]\nid = "description"\n'
        '[[fields]]\nid = "category"\nlabel = "Lĩnh vực"\ntype = "choice"\nneed = "required"\nvisibility = "public"\n'
        'ask = "Ông/Bà chọn lĩnh vực."\nsrc = "Đ6"'
    )
    assert list(profile.fields)[:3] == ["description", "category", "location"]


# 12. An expired pilot loads, with a warning.


def test_an_expired_pilot_loads_with_a_warning() -> None:
    [finding] = check("vinh-long")
    assert finding.warning and "2408/QĐ-UBND" in finding.text and "hết thời hạn" in finding.text
    assert load("vinh-long").warnings == (finding.text,)
    assert load("bac-ninh").warnings == ()


# 13. An empty hotline: see test_regulations_text; staff are told.


def test_an_empty_hotline_is_a_warning(with_lines: WithLines) -> None:
    assert "Ban Tiếp công dân" in load("tien-giang").warnings[0]
    filled = with_lines('[[hotlines]]\nid = "tiep_cong_dan"\nnumber = "0273 3872 103"')
    assert filled.warnings == () and filled.hotlines["tiep_cong_dan"].number == "0273 3872 103"


# Working time.


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('working_hours = { tue = ["08:00-12:00"] }', "thứ Hai"),
        ('working_hours = { mon = ["08:00-12:00", "11:00-17:00"] }', "không chồng nhau"),
        ('working_hours = { mon = ["12:00-08:00"] }', "tăng dần"),
        ('working_hours = { mon = ["08:00-12:00"], thu3 = [] }', "không có ngày «thu3»"),
        ('working_hours = { mon = ["sáng"] }', "phải có dạng"),
        ('calendar_day_end = "24:99"', "phải là giờ"),
        ('holidays = ["2026-13-01"]', "phải là ngày"),
        ("holidays = [2026-01-10]\nmakeup_working_days = [2026-01-10]", "vừa là ngày nghỉ vừa là ngày làm bù"),
    ],
)
def test_working_time_makes_sense(errors_with: ErrorsWith, line: str, why: str) -> None:
    assert refused(errors_with(f"[calendar]\n{line}"), why)


# Shape of the file.


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param("[intak]\nhours = 1", "không có khóa «intak»", id="table"),
        pytest.param('[intake]\nhour = "24x7"', "không có khóa «hour»", id="key"),
        pytest.param('[[levels]]\nid = "thuong"\nlable = "A"', "không có khóa «lable»", id="key of a row"),
        pytest.param("[intake]\nmax_reminders = true", "phải là số nguyên", id="yes for a number"),
        pytest.param('[intake]\nmax_reminders = "1"', "phải là số nguyên", id="text for a number"),
        pytest.param('[intake]\nlanguages = "vi"', "phải là danh sách", id="text for a list"),
        pytest.param('[[fields]]\nid = "media"\nneed = "must"', "chỉ nhận: required", id="unknown word"),
        pytest.param('[[fields]]\nid = "media"\nwhen = { type = ["x"] }', "không có khóa «type»", id="key within"),
        pytest.param('[[fields]]\nid = "media"\nneed_by_type = ["x"]', "{ tên = giá trị }", id="list for a map"),
        pytest.param("levels = 3", "[[ … ]]", id="number for rows"),
        pytest.param("intake = 3", "phải là một bảng", id="number for a table"),
        pytest.param('[[words]]\nid = "rac"\nkwbare = ["x"]', "không có khóa «kwbare»", id="key of a word list"),
        pytest.param('[[words]]\nid = "x"\nkw = ["x"]', "thiếu khóa «src»", id="word list without a source"),
        pytest.param('[[words]]\nid = "rac"\nkw_add = "x"', "phải là danh sách", id="word for a list of words"),
        pytest.param("[intake]\nsrc = 3", "{ khóa = chuỗi }", id="number for a source"),
    ],
)
def test_a_misspelt_or_mistaken_key_is_named(errors_with: ErrorsWith, row: str, why: str) -> None:
    assert refused(errors_with(row), why)


def test_every_complaint_of_a_file_is_made_at_once(errors_with: ErrorsWith) -> None:
    assert len(errors_with('[intake]\nhour = "24x7"\n[[levels]]\nid = "thuong"\nlable = "A"')) == 2


def test_a_complaint_names_file_and_line(errors_with: ErrorsWith) -> None:
    [error] = errors_with('# a comment\n\n[[levels]]\nid = "thuong"\nlabel = 7')
    assert error.startswith("extra.toml, dòng 5: levels › thuong › label: khóa «label» phải là chuỗi")


def test_a_complaint_about_what_the_province_wrote_names_the_provinces_line(errors_with: ErrorsWith) -> None:
    errors = errors_with('[[levels]]\nid = "khan"\nremove = true')  # an emergency and a limit still name it
    lines = (BASE.parent / "tien-giang.toml").read_text("utf-8").splitlines()
    named = [lines[int(re.findall(r"tien-giang.toml, dòng (\d+)", error)[0]) - 1] for error in errors]
    assert named == ['level = "khan"', 'levels = ["khan"]']


def test_an_error_carries_every_problem(tmp_path: Path) -> None:
    extra = tmp_path / "extra.toml"
    extra.write_text('[intake]\nhour = "24x7"', "utf-8")
    with pytest.raises(ProfileError) as caught:
        load("tien-giang", extra=extra)
    assert caught.value.source == "tien-giang.toml" and "«hour»" in caught.value.problems[0]
