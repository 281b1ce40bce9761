"""Documentation that cannot rot: what the pages claim is compared with the program."""

import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.settings import Settings
from app.wiring import CHANNELS, channel_settings
from pipeline.errand import Lane, Status
from tools.make_settings_manual import manual

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


PAGES = [path for path in tracked() if path.suffix == ".md"]


def read(name: str) -> str:
    return (ROOT / name).read_text()


def test_the_manual_of_settings_is_what_the_program_takes() -> None:
    """Make it anew with tools/make_settings_manual.py."""
    assert read("docs/settings.md") == manual()


def test_every_setting_says_what_it_means() -> None:
    silent = [line for line in read("docs/settings.md").splitlines() if re.fullmatch(r"\| `.*\|\s*\|", line)]

    assert silent == []


def test_the_example_configuration_can_be_loaded() -> None:
    """With the comment marks taken away, as an operator would: every line that holds a value is a value."""
    text = read("deploy/tiepnhan.toml")
    values = tomllib.loads(re.sub(r"(?m)^#(?=[a-z_\[])", "", text))

    settings = Settings.model_validate(values)

    assert [channel_settings(table).account for table in settings.accounts]
    assert {str(table["channel"]) for table in settings.accounts} == set(CHANNELS)


def test_the_example_configuration_names_every_general_setting() -> None:
    text = read("deploy/tiepnhan.toml")
    keys = {*Settings.model_fields, *type(Settings().store).model_fields} - {"store"}

    assert [key for key in sorted(keys) if not re.search(rf"(?m)^#?(\[\[)?{key}\b", text)] == []


@pytest.mark.parametrize("package", CONFIG["tool"]["importlinter"]["root_packages"])
def test_the_picture_of_the_house_shows_every_package(package: str) -> None:
    assert re.search(rf"(?m)^\W*{package}/", read("docs/architecture.md"))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_make_command_of_the_manual_exists(page: str) -> None:
    named = set(re.findall(r"(?m)(?:`|^)make ([a-z-]+)\b", read(page)))

    assert named
    assert [name for name in sorted(named) if not re.search(rf"(?m)^{name}:", MAKEFILE)] == []


def test_every_command_is_in_the_readme() -> None:
    from typer.main import get_command

    from app import cli

    commands = get_command(cli.app).commands  # type: ignore[attr-defined]  # a group, which Typer's types do not say

    assert [name for name in commands if f"`tiepnhan {name}" not in read("README.md")] == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(path.name[:4] for path in (ROOT / "docs" / "decisions").glob("*.md"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda path: path.stem[:4])
def test_a_decision_has_its_number_state_and_parts(path: Path) -> None:
    text = path.read_text()

    assert text.startswith(f"# {path.name[:4]}  ")
    assert re.search(r"(?m)^Status: (accepted|superseded by \d{4})\. Supersedes: ", text)
    assert all(f"**{part}.**" in text for part in ("Situation", "Decision", "Consequence", "Rejected"))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", re.sub(r"(?s)```.*?```", "", page.read_text()))
    own = [unquote(target.partition("#")[0]) for target in targets if not re.match(r"[a-z]+:|#", target)]

    assert [target for target in own if not (page.parent / target).exists()] == []


def test_words_of_the_machine_are_in_the_glossary() -> None:
    glossary = read("docs/glossary.md")
    words = [*(lane.name.lower() for lane in Lane), *(status.value for status in Status)]

    assert [word for word in words if f"`{word}`" not in glossary] == []


def test_the_pictures_are_small() -> None:
    large = [path.name for path in (ROOT / "docs" / "pictures").iterdir() if path.stat().st_size > 400_000]

    assert large == []


FORBIDDEN = {
    "a path of somebody's machine": re.compile(r"(?<![\w.])/(?:work|home/\w+|root|Users/\w+)/"),
    "the address of a package index": re.compile(r"https?://(?:pypi\.org/simple|files\.pythonhosted\.org|\S*/simple/)"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    found = []
    for path in tracked():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        if path != Path(__file__) and FORBIDDEN[what].search(text):
            found.append(str(path.relative_to(ROOT)))

    assert found == []
