"""Writes docs/settings.md from the settings classes, so that the manual lists what the program takes.

Usage: python tools/make_settings_manual.py > docs/settings.md
"""

import ast
import dataclasses
import inspect
import sys
import textwrap
from collections.abc import Iterator
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app.settings import Settings, Store
from app.wiring import CHANNELS

HEAD = """# Settings

<!-- Made by tools/make_settings_manual.py; a test keeps it equal to the program. -->

One file: `tiepnhan.toml` in the working directory, or the path in `TIEPNHAN_CONFIG` or `--config`. Every value can also
come from the environment, which wins: `TIEPNHAN_` and the key in capitals, `__` between levels, numbers for lists
(`TIEPNHAN_STORE__URL`, `TIEPNHAN_ACCOUNTS__0__BOT_TOKEN`). Any text may stand in a file of its own:
`bot_token_file = "/run/secrets/bot"`. A key that is missing, misspelt or wrong stops the start and is named.

A commented example is [deploy/tiepnhan.toml](../deploy/tiepnhan.toml). `tiepnhan doctor` tells whether it works.
"""

OF_EVERY_ACCOUNT = [
    ("channel", "needed", f"one of {', '.join(f'`{name}`' for name in sorted(CHANNELS))}"),
    ("profile", "needed", "id of the province's rules: a bundled one, or a file `<id>.toml` in the folder `profiles`"),
]

Row = tuple[str, str, str]


def manual() -> str:
    """The whole page."""
    parts = [HEAD, _section("General", "", _of_model(Settings, leave={"store", "accounts"}))]
    parts.append(_section("`[store]`: the core case store", "", _of_model(Store)))
    parts.append(_section("`[[accounts]]`: one table per channel account", "", OF_EVERY_ACCOUNT))
    for channel, load in sorted(CHANNELS.items()):
        kind, _ = load()
        rows = _of_model(kind) if issubclass(kind, BaseModel) else _of_dataclass(kind)
        more = f"More in [channels/{channel}/README.md](../channels/{channel}/README.md)."
        parts.append(_section(f'`channel = "{channel}"`', more, rows))
    return "\n".join(parts)


def _section(title: str, text: str, rows: list[Row]) -> str:
    table = [f"| `{key}` | {default} | {escape(meaning, quote=False)} |" for key, default, meaning in rows]
    head = [f"## {title}", "", *([text, ""] if text else [])]
    return "\n".join([*head, "| key | default | meaning |", "|---|---|---|", *table, ""])


def _of_model(kind: type[BaseModel], leave: frozenset[str] | set[str] = frozenset()) -> list[Row]:
    return [
        (
            name,
            _shown(field.get_default(call_default_factory=True), needed=field.is_required()),
            field.description or "",
        )
        for name, field in kind.model_fields.items()
        if name not in leave
    ]


def _of_dataclass(kind: Any) -> list[Row]:
    texts = dict(_docstrings(kind))
    return [
        (field.name, _shown(field.default, needed=field.default is dataclasses.MISSING), texts.get(field.name, ""))
        for field in dataclasses.fields(kind)
    ]


def _docstrings(kind: Any) -> Iterator[tuple[str, str]]:
    """Attribute → the text that stands below it in the source."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)  # noqa: S101  (a class was given)
    for field, below in zip(body.body, body.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.split())


def _shown(value: Any, *, needed: bool) -> str:
    match value:
        case _ if needed:
            return "needed"
        case SecretStr() | "" | [] | None:
            return "" if value is not None else "none"
        case bool():
            return f"`{str(value).lower()}`"
        case timedelta():
            return f"{value.total_seconds() / 3600:g} hours"
        case tuple() | list():
            return ", ".join(f"`{item}`" for item in value)
    return f"`{value}`"


if __name__ == "__main__":
    print(manual(), end="")
