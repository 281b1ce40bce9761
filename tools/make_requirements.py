"""Writes docs/requirements.md: every clause the gateway answers for, with the tests that cite it, or why none does.

Usage: python tools/make_requirements.py > docs/requirements.md
"""

import ast
import csv
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"

_CITED = re.compile(r"R-(BN|VL|HN|TH|TG)-(\d+)(?:(?:…|\.\.\.)(?:R-\1-)?(\d+))?")
"""One id, or a range: R-BN-14…18."""

NAMES = {"BN": "Bắc Ninh", "VL": "Vĩnh Long", "HN": "Hà Nội", "TH": "Thanh Hóa", "TG": "Tiền Giang"}

HEAD = """# The regulations' demands, and the tests that hold them

<!-- Made by tools/make_requirements.py; a test keeps it equal to the tests. -->

One row is one clause, or one testable half of a clause, of the five regulations that the gateway must make true alone
or together with the case store. Rows that are the store's alone are counted and left out. `Đ8*`: the article's number
was counted, the source numbers it differently.
"""


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    clause: str
    duty: str
    owner: str
    check: str

    @property
    def regulation(self) -> str:
        return self.id.split("-")[1]


def rows() -> list[Row]:
    with (TESTS / "requirements" / "rows.tsv").open(encoding="utf-8", newline="") as file:
        lines = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Row(line["id"], line["clause"], line["duty"], line["owner"], line["check"]) for line in lines]


def ids_in(text: str) -> Iterator[str]:
    """The ids a text cites, ranges spelt out."""
    for regulation, first, last in _CITED.findall(text):
        width = len(first)
        for number in range(int(first), int(last or first) + 1):
            yield f"R-{regulation}-{number:0{width}}"


def citations() -> Mapping[str, list[str]]:
    """Id → the tests that cite it, anywhere inside the test itself, or in a transcript."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(TESTS.rglob("test_*.py")):
        if path.parent.name == "house":
            continue  # what is tested there is this page
        source = path.read_text(encoding="utf-8")
        lines = source.splitlines()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
                continue
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for cited in ids_in("\n".join(lines[first - 1 : node.end_lineno])):
                found[cited].add(f"{path.relative_to(TESTS).as_posix()}::{node.name}")
    for path in sorted((TESTS / "transcripts").rglob("*.yaml")):
        for cited in ids_in(path.read_text(encoding="utf-8")):
            found[cited].add(path.relative_to(TESTS).as_posix())
    return {cited: sorted(tests) for cited, tests in found.items()}


def reasons() -> Mapping[str, str]:
    """Id → why no test cites it."""
    return tomllib.loads((TESTS / "requirements" / "open.toml").read_text(encoding="utf-8"))


def page() -> str:
    cited, why, every = citations(), reasons(), rows()
    ours = [row for row in every if row.owner != "store"]
    parts = [HEAD, _counts(every, cited)]
    for regulation, name in NAMES.items():
        parts.append(f"## {name}\n\n| id | clause | the gateway must | held by |\n|---|---|---|---|")
        parts[-1] += "".join(
            f"\n| {row.id} | {_cell(row.clause)} | {_cell(row.duty)} | {_held(row, cited, why)} |"
            for row in ours
            if row.regulation == regulation
        )
        parts[-1] += "\n"
    return "\n".join(parts)


def _counts(every: list[Row], cited: Mapping[str, list[str]]) -> str:
    lines = ["| regulation | gateway and shared | held by a test | the store's alone |", "|---|---|---|---|"]
    for regulation, name in [*NAMES.items(), ("", "**all**")]:
        of = [row for row in every if row.regulation == regulation or not regulation]
        ours = [row for row in of if row.owner != "store"]
        held = sum(row.id in cited for row in ours)
        lines.append(f"| {name} | {len(ours)} | {held} | {len(of) - len(ours)} |")
    return "\n".join(lines) + "\n"


def _held(row: Row, cited: Mapping[str, list[str]], why: Mapping[str, str]) -> str:
    if tests := cited.get(row.id):
        shown = "<br>".join(f"`{test}`" for test in tests[:3])
        return shown + (f"<br>and {len(tests) - 3} more" if len(tests) > 3 else "")
    return f"**no test:** {_cell(why.get(row.id, 'not looked at yet'))}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    sys.stdout.write(page())
