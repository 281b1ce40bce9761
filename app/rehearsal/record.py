"""The record format of a conversation, read from YAML files or from the ```yaml blocks of a Markdown file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


class RecordError(ValueError):
    """A record that does not follow the format; the text says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """One message of the citizen: exactly one of its contents is set. `slot` is the question it answers."""

    slot: str = ""
    text: str = ""
    photos: tuple[str, ...] = ()
    video: str = ""
    file: str = ""
    voice: int = 0
    """Seconds."""
    sticker: str = ""
    location: Mapping[str, Any] | None = None
    contact: Mapping[str, str] | None = None
    email: Mapping[str, Any] | None = None
    button: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSays:
    """An event of the case store: its name, the case, and whatever else the record gives."""

    event: str
    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


Turn = Say | Wait | StoreSays


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    id: str
    profile: str
    channel: str
    now: datetime
    """Time of the first message."""
    turns: tuple[Turn, ...]
    answers: Mapping[str, str]
    """Slot → what the citizen says when the bot asks for it and no turn answers."""
    expect: Mapping[str, Any]
    cases: tuple[Mapping[str, Any], ...] = ()
    citizen: Mapping[str, str] | None = None


def load(path: Path) -> list[Record]:
    """All records of a file (.yaml with one or many documents, or .md), or of every such file below a folder.

    Raises `RecordError` for what is no record.
    """
    if path.is_dir():
        files = sorted(entry for entry in path.rglob("*") if entry.suffix in (".yaml", ".yml", ".md"))
        return [record for entry in files for record in load(entry)]
    text = path.read_text(encoding="utf-8")
    blocks = _BLOCK.findall(text) if path.suffix == ".md" else [text]
    return [record for block in blocks for record in _records(block, path)]


def _records(text: str, path: Path) -> Iterator[Record]:
    try:
        documents = [document for document in yaml.safe_load_all(text) if document]
    except yaml.YAMLError as error:
        raise RecordError(f"{path}: {error}") from error
    for document in documents:
        try:
            yield parse(document)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise RecordError(f"{path}: {document.get('id', '?')}: {error!r}") from error


def parse(document: Mapping[str, Any]) -> Record:
    """One record from its YAML mapping. Raises `KeyError` or `ValueError` for missing or unknown parts."""
    given = document.get("given") or {}
    turns = (_turn(turn) for turn in document["turns"])
    return Record(
        id=document["id"],
        profile=document["profile"],
        channel=document["channel"],
        now=datetime.fromisoformat(str(document["now"])),
        turns=tuple(turn for turn in turns if turn is not None),
        answers={slot: str(answer) for slot, answer in (document.get("answers") or {}).items()},
        expect=document["expect"],
        cases=tuple(given.get("cases") or ()),
        citizen=given.get("citizen"),
    )


def _turn(turn: Mapping[str, Any]) -> Turn | None:
    if "user" in turn:
        return _say(turn["user"], turn.get("slot", ""))
    if "wait" in turn:
        return Wait(span=_span(str(turn["wait"])))
    if "store" in turn:
        values = dict(turn["store"])
        return StoreSays(event=values.pop("event"), code=str(values.pop("code")), values=values)
    if "bot" in turn:
        return None
    raise ValueError(f"unknown turn: {sorted(turn)}")


def _say(said: Mapping[str, Any], slot: str) -> Say:
    (kind, value), *more = said.items()
    if more:
        raise ValueError(f"one content a message: {sorted(said)}")
    match kind:
        case "photo":
            return Say(slot=slot, photos=tuple(value))
        case "voice":
            return Say(slot=slot, voice=int(value["seconds"]))
        case "text" | "video" | "file" | "sticker" | "button":
            content: dict[str, Any] = {kind: str(value)}
            return Say(slot=slot, **content)
        case "location" | "contact" | "email":
            content = {kind: dict(value)}
            return Say(slot=slot, **content)
    raise ValueError(f"unknown content: {kind}")


def _span(text: str) -> timedelta:
    match = _DURATION.fullmatch(text)
    if match is None or not any(match.groups()):
        raise ValueError(f"no duration: {text}")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
