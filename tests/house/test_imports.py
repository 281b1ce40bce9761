"""The shape of the house is checked, not hoped for."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())


def packages() -> set[str]:
    return {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}


def test_a_new_folder_cannot_slip_past_the_import_contracts() -> None:
    assert packages() == set(CONFIG["tool"]["importlinter"]["root_packages"])


def test_every_package_is_built() -> None:
    listed = {name.rstrip("*") for name in CONFIG["tool"]["setuptools"]["packages"]["find"]["include"]}

    assert packages() == listed


def test_imports_point_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")

    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_locks_name_no_host() -> None:
    locks = [*ROOT.glob("requirements*.lock"), ROOT / "deploy" / "uv.lock"]

    assert [lock.name for lock in locks if "://" in lock.read_text()] == []
