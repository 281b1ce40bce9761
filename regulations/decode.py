"""Turn the plain dicts and lists of a TOML file into the values of `regulations.model`, naming all that does not fit.

The model's annotations are the only description of the file format: a key that is no attribute is refused, a missing
key without a default is named, a word outside a `Literal` is named beside the words that are allowed.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from regulations.model import ChannelRow, Followup, Profile, Refusal, ScaleRow, Window

Path: TypeAlias = tuple[str, ...]
"""Where in the file: table, row id, key; shorter for what is not in a row."""


@dataclass(frozen=True, slots=True)
class Problem:
    path: Path
    text: str
    warning: bool = False


class Misfit(Exception):
    """One value that cannot be read; the message is the Vietnamese reason."""


Reader: TypeAlias = Callable[[Any, Path, list[Problem]], Any]

ROW_KEY: Mapping[type, str] = {Refusal: "code", ChannelRow: "kind", Followup: "kind", ScaleRow: "value"}
FILE_KEY: Mapping[str, str] = {"with_": "with"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TYPE_NAMES: Mapping[type, str] = {str: "chuỗi", int: "số nguyên", float: "số", bool: "true hoặc false"}


def decode(raw: Mapping[str, Any]) -> tuple[Profile | None, list[Problem]]:
    """The profile, or None with the reasons why there is none."""
    problems: list[Problem] = []
    profile = _table(Profile, raw, (), problems)
    return (None, problems) if problems else (profile, [])


def _table(cls: type, raw: Any, path: Path, problems: list[Problem]) -> Any:
    if not isinstance(raw, Mapping):
        raise Misfit("phải là một bảng")
    shape = _shape(cls)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in shape:
            allowed = ", ".join(sorted(shape))
            problems.append(Problem((*path, key), f"không có khóa «{key}» ở đây; các khóa hợp lệ: {allowed}"))
            continue
        slot = shape[key]
        try:
            values[slot.name] = slot.read(value, (*path, key), problems)
        except Misfit as misfit:
            problems.append(Problem((*path, key), f"khóa «{key}» {misfit}"))
    before = len(problems)
    for key, slot in shape.items():
        if slot.required and key not in raw:
            problems.append(Problem(path, f"thiếu khóa «{key}»"))
    if len(problems) > before or any(slot.required and slot.name not in values for slot in shape.values()):
        return None
    return cls(**values)


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    read: Reader
    required: bool


@cache
def _shape(cls: type) -> Mapping[str, _Slot]:
    hints = get_type_hints(cls)
    return {
        FILE_KEY.get(field.name, field.name): _Slot(
            name=field.name,
            read=_reader(hints[field.name], is_source=field.name == "src"),
            required=field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(cls)
        if not (cls is Profile and field.name == "warnings")
    }


def _reader(hint: Any, *, is_source: bool = False) -> Reader:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _reader(next(argument for argument in arguments if argument is not type(None)))
    if origin is Literal:
        return _one_of(arguments)
    if origin is tuple:
        return _list_of(_reader(arguments[0]), tuple)
    if origin is frozenset:
        return _list_of(_reader(arguments[0]), frozenset)
    if is_source and hint is not str:
        return _sources
    if isinstance(origin, type) and issubclass(origin, Mapping):
        row: type = arguments[1]
        return _rows_of(row) if is_dataclass(row) else _map_of(_reader(row))
    if hint in _SPECIAL:
        return _SPECIAL[hint]
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda raw, path, problems: _table(hint, raw, path, problems)
    return _plain(hint)


def _plain(kind: type) -> Reader:
    def read(raw: Any, path: Path, problems: list[Problem]) -> Any:
        if kind is float and type(raw) is int:
            return float(raw)
        if type(raw) is not kind:  # bool is an int to isinstance
            raise Misfit(f"phải là {TYPE_NAMES[kind]}, không phải {raw!r}")
        return raw

    return read


def _one_of(words: tuple[str, ...]) -> Reader:
    def read(raw: Any, path: Path, problems: list[Problem]) -> Any:
        if raw not in words:
            raise Misfit(f"có giá trị lạ {raw!r}; chỉ nhận: {', '.join(word for word in words if word)}")
        return raw

    return read


def _list_of(item: Reader, make: type) -> Reader:
    def read(raw: Any, path: Path, problems: list[Problem]) -> Any:
        if not isinstance(raw, list):
            raise Misfit("phải là danh sách [ … ]")
        return make(item(part, path, problems) for part in raw)

    return read


def _map_of(item: Reader) -> Reader:
    def read(raw: Any, path: Path, problems: list[Problem]) -> Any:
        if not isinstance(raw, Mapping):
            raise Misfit("phải có dạng { tên = giá trị }")
        return {key: item(value, path, problems) for key, value in raw.items()}

    return read


def _rows_of(cls: type) -> Reader:
    key = ROW_KEY.get(cls, "id")

    def read(raw: Any, path: Path, problems: list[Problem]) -> Any:
        if not isinstance(raw, list):
            raise Misfit("phải gồm các dòng [[ … ]]")
        rows = {}
        for part in raw:
            row = _table(cls, part, (*path, str(part.get(key, "?"))), problems)
            if row is not None:
                rows[getattr(row, key)] = row
        return rows

    return read


def _sources(raw: Any, path: Path, problems: list[Problem]) -> Any:
    if isinstance(raw, str):
        return {"others": raw}
    if not (isinstance(raw, Mapping) and all(isinstance(value, str) for value in raw.values())):
        raise Misfit("phải là chuỗi hoặc { khóa = chuỗi }")
    return dict(raw)


def _date(raw: Any, path: Path, problems: list[Problem]) -> date:
    if type(raw) is date:
        return raw
    try:
        return date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise Misfit(f"phải là ngày dạng 2026-09-02, không phải {raw!r}") from None


def _time(raw: Any, path: Path, problems: list[Problem]) -> time:
    try:
        return raw if type(raw) is time else time.fromisoformat(raw)
    except (TypeError, ValueError):
        raise Misfit(f"phải là giờ dạng 17:00 hoặc 23:59:59, không phải {raw!r}") from None


def _window(raw: Any, path: Path, problems: list[Problem]) -> Window:
    start, dash, end = raw.partition("-") if isinstance(raw, str) else ("", "", "")
    if not dash:
        raise Misfit(f'phải có dạng "07:30-11:30", không phải {raw!r}')
    return Window(start=_time(start, path, problems), end=_time(end, path, problems))


_SPECIAL: Mapping[type, Reader] = {date: _date, time: _time, Window: _window}
