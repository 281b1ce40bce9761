"""Writes docs/regulations/<id>.md, a page a province for its legal officers: rule, value, article, our defaults.

Usage: python tools/make_regulation_pages.py
"""

import sys
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from regulations import loader  # noqa: E402 - the package lies beside this folder
from regulations.facts import Fact, facts, key_label  # noqa: E402
from regulations.headings import TABLES  # noqa: E402
from regulations.model import Profile  # noqa: E402

FOLDER = ROOT / "docs" / "regulations"
MARK = "⚑"


def page(profile: Profile) -> str:
    """The whole page, in Vietnamese."""
    every = facts(profile)
    ours = sum(fact.is_ours for fact in every)
    rule = profile.regulation
    parts = [
        f"# {profile.name}: quy tắc mà hệ thống áp dụng",
        "",
        "<!-- Do tools/make_regulation_pages.py tạo; một phép thử giữ cho trang khớp với bộ quy tắc. -->",
        "",
        f"{rule.title} ({rule.number}, ban hành {rule.issued:%d/%m/%Y}).",
        "",
        f"Trang này có {len(every)} giá trị; {ours} giá trị mang dấu {MARK}: quyết định không quy định, hoặc chỉ quy",
        "định một phần, nên hệ thống đang dùng mặc định của mình. Đề nghị cán bộ pháp chế rà soát các dòng đó trước.",
        "Từ khóa nhận biết không in ở đây, xem tệp quy tắc.",
        "",
    ]
    for table, group in groupby(every, key=lambda fact: fact.table):
        parts += [f"## {TABLES[table]}", "", *_table(list(group)), ""]
    return "\n".join(parts)


def _table(rows: list[Fact]) -> list[str]:
    named = any(fact.row for fact in rows)
    head = ["| dòng | quy tắc | giá trị | căn cứ | |" if named else "| quy tắc | giá trị | căn cứ | |"]
    lines = [*head, "|---" * (5 if named else 4) + "|"]
    for fact in rows:
        label = f"`{fact.row}`" + (f" {_cell(fact.label)}" if fact.label and fact.label != fact.row else "")
        source = _cell(fact.source.replace("not in regulation: default", "mặc định của hệ thống"))
        cells = [key_label(fact.key), _cell(fact.value), source, MARK if fact.is_ours else ""]
        lines.append("| " + " | ".join([label, *cells] if named else cells) + " |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")


def pages() -> dict[str, str]:
    """Every bundled province's page by file name."""
    return {f"{name}.md": page(profile) for name, profile in loader.load_all().items()}


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
