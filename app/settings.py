"""One file, `tiepnhan.toml`; the environment can say anything in it instead. What is misspelt stops the start."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

PREFIX = "TIEPNHAN_"
CONFIG_VARIABLE = "TIEPNHAN_CONFIG"
DEFAULT_FILE = Path("tiepnhan.toml")


class SettingsError(Exception):
    """The configuration cannot be used; each problem names its key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Store(_Strict):
    """The core case store."""

    url: str = Field(default="http://127.0.0.1:8090/open311/v2", description="base of GeoReport v2")
    api_key: SecretStr = Field(default=SecretStr(""), description="what the store asks of those who submit")
    push_secret: SecretStr = Field(default=SecretStr(""), description="signs the store's pushes to /store/updates")
    jurisdiction_id: str = Field(default="", description="empty: the profile's id is sent")
    contact: str = Field(default="opaque", pattern="^(opaque|platform)$", description="what account_id tells the store")
    poll: bool = Field(default=True, description="ask for updates once a minute, beside the pushes")
    honours_idempotency: bool = Field(default=True, description="false: ask before a second try")


class Settings(_Strict):
    """Everything an operator may set."""

    listen: str = Field(default="127.0.0.1:8080", description="host:port of webhooks and inbox")
    public_url: str = Field(default="http://127.0.0.1:8080", description="how the outside reaches us")
    database: str = Field(default="embedded:var/pg", description="embedded:FOLDER or postgresql://…")
    blobs: str = Field(default="var/blobs", description="folder of citizens' files")
    folder: str = Field(default="var", description="flight recorders and the spool")
    data_key: SecretStr = Field(
        default=SecretStr(""), description="64 hex digits; empty: FOLDER/data.key, made at first"
    )
    profiles: str = Field(default="", description="folder of further profiles, looked into first")
    boundaries: str = Field(default="", description="GeoJSON of communes (id: official code); empty: nearest centres")
    frame_ancestors: list[str] = Field(default_factory=list, description="origins that may show the inbox in a frame")
    store: Store = Store()
    accounts: list[dict[str, Any]] = Field(default_factory=list, description="one table per channel account")


def load(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the file (default: $TIEPNHAN_CONFIG, then tiepnhan.toml when it exists) and the environment.

    Raises `SettingsError`, naming every key that is wrong.
    """
    environment = os.environ if environment is None else environment
    values = _overlay(_file(path, environment), environment)
    try:
        values = _read_secrets(values)
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError([_problem(item) for item in error.errors()]) from None
    except OSError as error:
        raise SettingsError([f"{error.filename}: {error.strerror}"]) from None


def _file(path: Path | None, environment: Mapping[str, str]) -> dict[str, Any]:
    if path is None and CONFIG_VARIABLE in environment:
        path = Path(environment[CONFIG_VARIABLE])
    if path is None and not DEFAULT_FILE.exists():
        return {}
    path = path or DEFAULT_FILE
    try:
        return tomllib.loads(path.read_text())
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: {error}"]) from None


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """`TIEPNHAN_STORE__URL` is store.url, `TIEPNHAN_ACCOUNTS__0__BOT_TOKEN` is the first account's bot_token."""
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        *parents, last = name.removeprefix(PREFIX).lower().split("__")
        place: Any = values
        for depth, part in enumerate(parents):
            following = [*parents, last][depth + 1]
            place = _child(place, part, [] if following.isdecimal() else {}, name)
        _put(place, last, value, name)
    return values


def _child(place: Any, part: str, empty: Any, name: str) -> Any:
    if isinstance(place, list):
        _extend(place, part, name)
        return place[int(part)]
    if not isinstance(place, dict):
        raise SettingsError([f"{name}: {part} is not a table"])
    return place.setdefault(part, empty)


def _put(place: Any, part: str, value: str, name: str) -> None:
    if isinstance(place, list):
        _extend(place, part, name)
        place[int(part)] = value
    elif isinstance(place, dict):
        place[part] = value
    else:
        raise SettingsError([f"{name}: names a table where there is a value"])


def _extend(place: list[Any], part: str, name: str) -> None:
    if not part.isdecimal() or int(part) > len(place):
        raise SettingsError([f"{name}: {part} does not follow the {len(place)} entries before it"])
    if int(part) == len(place):
        place.append({})


def _read_secrets(values: dict[str, Any]) -> dict[str, Any]:
    """`bot_token_file = "/run/secrets/bot"` stands for the text in that file."""
    read: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            read[key] = _read_secrets(value)
        elif isinstance(value, list):
            read[key] = [_read_secrets(item) if isinstance(item, dict) else item for item in value]
        elif key.endswith("_file") and isinstance(value, str):
            read[key.removesuffix("_file")] = Path(value).read_text().strip()
        else:
            read[key] = value
    return read


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "configuration"
    return f"{where}: {'unknown key' if error['type'] == 'extra_forbidden' else error['msg']}"
