"""Lay one file's tables over another's. Works on plain dicts; nothing that is passed in is changed.

The rule, as README.md tells it to the authors of profiles: keys of the upper file win; rows merge by their id; a new
row stands behind the row written before it; `before`, `remove`, `…_add`, `…_remove` and `words` are no data.
"""

from collections.abc import Callable, Mapping
from typing import Any

from regulations.decode import Path, Problem

Table = dict[str, Any]
ROW_KEYS = ("id", "code", "kind", "value")
WORD_KEYS = ("kw", "kw_bare", "kw_not", "kw_bare_not", "kw_unless", "kw_bare_unless")


def row_key(row: Mapping[str, Any]) -> str | None:
    """What a row is called in its table, as text."""
    return next((str(row[key]) for key in ROW_KEYS if key in row), None)


def lay_over(lower: Mapping[str, Any], upper: Mapping[str, Any], problems: list[Problem], path: Path = ()) -> Table:
    """`lower` with everything that `upper` says instead or besides. Instructions about words stay for `settle`."""
    merged = dict(lower)
    for key, value in upper.items():
        if key == "src" and isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = merged[key] | value
        elif _is_rows(value):
            merged[key] = _lay_rows(merged.get(key, []), value, problems, (*path, key))
        elif isinstance(value, dict) and not path:
            merged[key] = lay_over(merged.get(key, {}), value, problems, (key,))
        elif key.endswith(("_add", "_remove")):
            if isinstance(value, list):
                merged[key] = [*merged.get(key, []), *value]
            else:
                problems.append(Problem((*path, key), f"khóa «{key}» phải là danh sách [ … ]"))
        else:
            merged[key] = value
            merged.pop(f"{key}_add", None)
            merged.pop(f"{key}_remove", None)
    return merged


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(part, dict) for part in value)


def _lay_rows(lower: list[Table], upper: list[Table], problems: list[Problem], path: Path) -> list[Table]:
    rows = {row_key(row) or "": row for row in lower}
    order = list(rows)
    seen: set[str] = set()
    previous: str | None = None
    for row in upper:
        key = row_key(row)
        if key is None:
            problems.append(Problem(path, f"có dòng trong bảng «{path[-1]}» không có id"))
            continue
        here = (*path, key)
        if key in seen:
            problems.append(Problem(here, f"id «{key}» bị trùng trong bảng «{path[-1]}»"))
        seen.add(key)
        if row.get("remove") is True:
            if rows.pop(key, None) is None:
                problems.append(Problem(here, f"không có dòng «{key}» trong phần dùng chung để bỏ"))
            else:
                order.remove(key)
            continue
        body = {name: value for name, value in row.items() if name != "before"}
        if key not in rows:
            order.insert(len(order) if previous is None else order.index(previous) + 1, key)
        rows[key] = lay_over(rows.get(key, {}), body, problems, here)
        if "before" in row:
            _move(order, key, row["before"], problems, here)
        previous = key
    return [rows[key] for key in order]


def _move(order: list[str], key: str, target: Any, problems: list[Problem], path: Path) -> None:
    if target not in order or target == key:
        problems.append(Problem((*path, "before"), f"không có dòng «{target}» để đặt trước"))
        return
    order.remove(key)
    order.insert(order.index(target), key)


def settle(merged: Mapping[str, Any], problems: list[Problem]) -> Table:
    """Carry out what is left of the instructions: insert shared word lists, add and take away phrases."""
    shared: dict[str | None, Table] = {}
    for row in merged.get("words", []):
        name = row_key(row)
        shared[name] = _settle_words(row, {}, problems, ("words", str(name)))
        problems += (
            Problem(("words", str(name), key), f"danh sách từ «{name}» không có khóa «{key}»")
            for key in shared[name]
            if key not in ("id", "src", *WORD_KEYS)
        )
        if "src" not in row:
            problems.append(Problem(("words", str(name)), "thiếu khóa «src»"))
    return {
        key: _walk(value, lambda row, path: _settle_words(row, shared, problems, path), (key,))
        for key, value in merged.items()
        if key != "words"
    }


def _walk(value: Any, change: Callable[[Table, Path], Table], path: Path) -> Any:
    if _is_rows(value):
        return [_walk(row, change, (*path, row_key(row) or "?")) for row in value]
    if isinstance(value, dict):
        return change({key: _walk(part, change, (*path, key)) for key, part in value.items()}, path)
    return value


def _settle_words(row: Table, shared: Mapping[str | None, Table], problems: list[Problem], path: Path) -> Table:
    if not any(key == "words" or key.endswith(("_add", "_remove")) for key in row):
        return row
    row = dict(row)
    names = row.pop("words", [])
    if names:
        row["subjects"] = [*row.get("subjects", []), *names]
    problems += (Problem((*path, "words"), f"không có danh sách từ «{name}»") for name in names if name not in shared)
    for key in WORD_KEYS:
        phrases = [*row.get(key, []), *(phrase for name in names for phrase in shared.get(name, {}).get(key, []))]
        phrases += row.pop(f"{key}_add", [])
        unwanted = row.pop(f"{key}_remove", [])
        problems += (
            Problem((*path, f"{key}_remove"), f"không có cụm từ «{phrase}» để bỏ")
            for phrase in unwanted
            if phrase not in phrases
        )
        kept = [phrase for phrase in dict.fromkeys(phrases) if phrase not in unwanted]
        if kept or key in row:
            row[key] = kept
    return row
