"""Read a province's file, lay it over what all provinces share, and refuse what does not add up."""

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import ProfileError
from regulations import rules
from regulations.decode import Problem, decode
from regulations.lines import find_line, line_index
from regulations.merge import lay_over, settle
from regulations.model import Profile

PROFILES = Path(__file__).parent / "profiles"
BASE = PROFILES / "_base.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing about a profile that someone should know. `line` counts from 1; None when none is to blame."""

    source: str
    line: int | None
    text: str
    warning: bool = False

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}, dòng {self.line}"
        return f"{place}: {self.text}"


def load(id_or_path: str | Path, *, extra: Path | None = None) -> Profile:
    """The profile of a bundled province ("tien-giang") or of a file of one's own (a path, or a text ending in ".toml").

    `extra` is laid over it by the same rule: what an operator fills in (hotline numbers, the year's official holidays).
    Raises `ProfileError` with every problem found; warnings do not stop loading, they are in `Profile.warnings`.
    """
    path = _path(id_or_path)
    profile, findings = _read(path, extra)
    errors = [str(finding) for finding in findings if not finding.warning]
    if errors or profile is None:
        raise ProfileError(path.name, errors)
    return dataclasses.replace(profile, warnings=tuple(finding.text for finding in findings))


def load_all() -> dict[str, Profile]:
    """Every bundled profile by id."""
    return {path.stem: load(path) for path in bundled()}


def bundled() -> list[Path]:
    """The files of the bundled profiles, by name."""
    return sorted(path for path in PROFILES.glob("*.toml") if not path.name.startswith("_"))


def check(id_or_path: str | Path, *, extra: Path | None = None) -> list[Finding]:
    """Everything wrong or noteworthy about a profile; an empty list means that nothing is."""
    return _read(_path(id_or_path), extra)[1]


def _path(id_or_path: str | Path) -> Path:
    if isinstance(id_or_path, Path) or id_or_path.endswith(".toml"):
        return Path(id_or_path)
    known = {path.stem: path for path in bundled()}
    if id_or_path not in known:
        raise ProfileError(id_or_path, [f"không có bộ quy tắc «{id_or_path}»; hiện có: {', '.join(known)}"])
    return known[id_or_path]


def _read(path: Path, extra: Path | None) -> tuple[Profile | None, list[Finding]]:
    files = [path] if extra is None else [path, extra]
    texts: dict[Path, str] = {}
    problems: list[Problem] = []
    merged = _base()
    for file in files:
        try:
            texts[file] = file.read_text("utf-8")
            merged = lay_over(merged, tomllib.loads(texts[file]), problems)
        except (OSError, UnicodeDecodeError) as error:
            return None, [Finding(source=file.name, line=None, text=f"không đọc được tệp: {error}")]
        except tomllib.TOMLDecodeError as error:
            return None, [Finding(source=file.name, line=None, text=f"không phải TOML hợp lệ: {error}")]
    raw = settle(merged, problems)
    profile: Profile | None = None
    if not problems:
        profile, problems = decode(_with_zone(raw))
    if profile is not None:
        problems = list(rules.problems_of(profile, path.stem))
    return profile, list(_locate(problems, {**{file: texts[file] for file in reversed(files)}, BASE: None}))


@cache
def _base() -> Mapping[str, Any]:
    return tomllib.loads(BASE.read_text("utf-8"))


def _with_zone(raw: dict[str, Any]) -> dict[str, Any]:
    """The calendar counts in the profile's zone; a file says it once."""
    if isinstance(raw.get("calendar"), dict) and "timezone" in raw:
        return raw | {"calendar": raw["calendar"] | {"timezone": raw["timezone"]}}
    return raw


def _locate(problems: list[Problem], texts: Mapping[Path, str | None]) -> Iterator[Finding]:
    if not problems:
        return
    indexes = {file.name: line_index(file.read_text("utf-8") if text is None else text) for file, text in texts.items()}
    for problem in problems:
        places = ((name, find_line(index, problem.path)) for name, index in indexes.items())
        first = next(iter(indexes))
        source, line = next((place for place in places if place[1] is not None), (first, None))
        name = " › ".join(problem.path)
        yield Finding(
            source=source, line=line, text=f"{name}: {problem.text}" if name else problem.text, warning=problem.warning
        )
