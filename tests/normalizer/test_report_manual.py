"""The manual, the schema and the program speak of the same report."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

import normalizer
from core.model import Place
from core.report import REPORT_SCHEMA, Attachment, OnBehalf, Report, Reporter

ROOT = Path(normalizer.__file__).parents[1]
MANUAL = (ROOT / "docs" / "report.md").read_text()
SCHEMA: dict[str, Any] = json.loads((ROOT / "normalizer" / "schema" / "report-1.schema.json").read_text())
PROPERTIES = SCHEMA["properties"]
PARTS = {
    Report: SCHEMA,
    Place: PROPERTIES["place"],
    Reporter: PROPERTIES["reporter"],
    Attachment: PROPERTIES["attachments"]["items"],
    OnBehalf: PROPERTIES["on_behalf"]["oneOf"][1],
}


@pytest.mark.parametrize("part", PARTS)
def test_the_schema_lists_every_field(part: type[Any]) -> None:
    names = {field.name for field in dataclasses.fields(part)}

    assert set(PARTS[part]["properties"]) == set(PARTS[part]["required"]) == names
    assert PARTS[part]["additionalProperties"] is False


@pytest.mark.parametrize("part", PARTS)
def test_the_manual_lists_every_field(part: type[Any]) -> None:
    missing = [field.name for field in dataclasses.fields(part) if f"`{field.name}`" not in MANUAL]

    assert missing == []


def test_the_version_is_the_same_everywhere() -> None:
    assert SCHEMA["$id"] == PROPERTIES["schema"]["const"] == REPORT_SCHEMA
    assert f"`{REPORT_SCHEMA}`" in MANUAL
