"""On which line of a TOML file a row or key stands. For messages only: a real parser has read the file before."""

import re

from regulations.decode import Path
from regulations.merge import ROW_KEYS

HEADER = re.compile(r"^\s*\[(\[)?\s*([A-Za-z0-9_.\-]+)\s*\]")
KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+)\s*=\s*(.*?)\s*(?:#.*)?$")


def line_index(text: str) -> dict[Path, int]:
    """Path of a table, row or key → its line, counted from 1. The first of two equal paths is kept."""
    index: dict[Path, int] = {}
    header: Path = ()
    header_line = 0
    in_row = False
    keys: dict[str, tuple[int, str]] = {}

    def close() -> None:
        name = next((keys[key][1].strip("\"'") for key in ROW_KEYS if key in keys), None) if in_row else None
        path = header if name is None else (*header, name)
        if header:
            index.setdefault(path, header_line)
        for key, (line, _) in keys.items():
            index.setdefault((*path, key), line)

    for number, line in enumerate(text.splitlines(), 1):
        if match := HEADER.match(line):
            close()
            in_row, header, header_line, keys = bool(match[1]), tuple(match[2].split(".")), number, {}
        elif match := KEY.match(line):
            keys.setdefault(match[1], (number, match[2]))
    close()
    return index


def find_line(index: dict[Path, int], path: Path) -> int | None:
    """The line of the path, or of what it lies in; None when this file does not mention it."""
    for length in range(len(path), 0, -1):
        if line := index.get(path[:length]):
            return line
    return None
