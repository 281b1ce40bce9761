"""Services and their questions, read from a profile. Pure."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from regulations.model import FieldRow, Profile

Record: TypeAlias = dict[str, Any]

# Fields of a profile that GeoReport has parameters of its own for, or that only a conversation can ask.
STANDARD = frozenset({"description", "location", "media", "name", "phone", "email", "occurred_at", "confidential"})
DATATYPES = {"datetime": "datetime", "bool": "singlevaluelist"}
YES_NO = [{"key": "true", "name": "Có"}, {"key": "false", "name": "Không"}]


def services(profile: Profile, batch: frozenset[str]) -> list[Record]:
    """The service list: every category of the profile."""
    return [
        {
            "service_code": row.id,
            "service_name": row.label,
            "description": row.detail or f"{row.label}. Cơ quan xử lý: {row.agency_now or row.agency}",
            "metadata": True,
            "type": "batch" if row.id in batch else "realtime",
            "keywords": ", ".join(row.kw),
            "group": _group(profile, row.report_types),
        }
        for row in profile.categories.values()
    ]


def _group(profile: Profile, types: tuple[str, ...]) -> str:
    known = [profile.report_types[item].label for item in types if item in profile.report_types]
    return known[0] if known else profile.default_report_type.label


def definition(profile: Profile, service_code: str) -> Record:
    """The questions of one service: what the profile asks and the standard has no parameter for."""
    attributes = list(_attributes(profile, service_code))
    for number, attribute in enumerate(attributes, start=1):
        attribute["order"] = number
    return {"service_code": service_code, "attributes": attributes}


def _attributes(profile: Profile, service_code: str) -> Iterable[Record]:
    yield _attribute("privacy", profile.text("privacy_notice"), variable=False)
    yield _attribute(
        "report_type",
        "Loại phản ánh",
        values=[{"key": row.id, "name": row.label} for row in profile.report_types.values()],
    )
    yield _attribute(
        "level",
        "Mức độ",
        values=[{"key": row.id, "name": row.label} for row in profile.levels.values()],
    )
    yield _attribute("full_name", "Họ và tên")
    yield _attribute("anonymous", "Giữ bí mật thông tin cá nhân", values=YES_NO)
    report_type = profile.default_report_type.id
    for row in profile.fields.values():
        need = row.need_for(report_type, service_code)
        if row.id not in STANDARD and need != "forbidden":
            # A field that depends on the conversation (topic, on behalf) cannot be demanded by a form.
            always = row.in_force(report_type=report_type, category=service_code, sender="person")
            yield _question(row, required=need == "required" and always)


def _question(row: FieldRow, *, required: bool) -> Record:
    values = YES_NO if row.type == "bool" else ()
    return _attribute(
        row.id, row.label, hint=row.ask, datatype=DATATYPES.get(row.type, "string"), required=required, values=values
    )


def _attribute(
    code: str,
    description: str,
    *,
    hint: str = "",
    datatype: str = "string",
    variable: bool = True,
    required: bool = False,
    values: Iterable[Record] = (),
) -> Record:
    listed = list(values)
    return {
        "variable": variable,
        "code": code,
        "datatype": "singlevaluelist" if listed else datatype,
        "required": required,
        "datatype_description": hint or None,
        "order": 0,
        "description": description,
        **({"values": listed} if listed else {}),
    }
