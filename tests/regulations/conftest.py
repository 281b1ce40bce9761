"""Mutated profiles: a few lines of TOML laid over a province's file, as an operator's own file would be."""

from collections.abc import Callable
from pathlib import Path

import pytest

from regulations.loader import check, load
from regulations.model import Profile


@pytest.fixture
def with_lines(tmp_path: Path) -> Callable[..., Profile]:
    """`with_lines(toml, "tien-giang")`: the profile with these lines laid over it."""

    def build(toml: str, province: str = "tien-giang") -> Profile:
        file = tmp_path / "extra.toml"
        file.write_text(toml, "utf-8")
        return load(province, extra=file)

    return build


@pytest.fixture
def errors_with(tmp_path: Path) -> Callable[..., list[str]]:
    """`errors_with(toml, "tien-giang")`: what is wrong with the profile once these lines are laid over it."""

    def build(toml: str, province: str = "tien-giang") -> list[str]:
        file = tmp_path / "extra.toml"
        file.write_text(toml, "utf-8")
        return [str(finding) for finding in check(province, extra=file) if not finding.warning]

    return build
