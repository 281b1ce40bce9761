"""One API call as it came: query, JSON, urlencoded or multipart, read in one way."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request

from simulator.telegram.errors import bad
from simulator.world import Json


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Call:
    """Parameters by name; nested objects may be JSON text or already objects."""

    method: str
    values: Json
    files: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def number(self, name: str, default: int = 0) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise bad(f"{name} must be an integer") from None

    def real(self, name: str) -> float:
        try:
            return float(self.values.get(name, ""))
        except (TypeError, ValueError):
            raise bad(f"invalid {name} specified") from None

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in {"true", "1", "yes"}

    def nested(self, name: str) -> Any:
        """An object or array, None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            raise bad(f"can't parse {name.replace('_', ' ')} JSON object") from None

    def upload(self, reference: Any) -> Upload | None:
        """The file part that `attach://name` points to, or the part of that name."""
        if isinstance(reference, str) and reference.startswith("attach://"):
            return self.files.get(reference.removeprefix("attach://"))
        return self.files.get(reference) if isinstance(reference, str) else None


async def read(request: Request, method: str) -> Call:
    """Raises TelegramError for a body that is not what its type says."""
    values: Json = dict(parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        files: dict[str, Upload] = {}
        async with request.form(max_part_size=60 * 1024 * 1024) as form:
            for name, part in form.multi_items():
                if isinstance(part, UploadFile):
                    mime = part.content_type or "application/octet-stream"
                    files[name] = Upload(part.filename or "file", mime, await part.read())
                else:
                    values[name] = part
        return Call(method, values, files)
    raw = await request.body()
    if not raw:
        return Call(method, values)
    if kind.startswith("application/json"):
        try:
            body = msgspec.json.decode(raw)
        except msgspec.DecodeError:
            raise bad("can't parse JSON object") from None
        if not isinstance(body, dict):
            raise bad("object expected as JSON value")
        return Call(method, values | body)
    return Call(method, values | dict(parse_qsl(raw.decode(), keep_blank_values=True)))


def answer_of(body: bytes) -> Call | None:
    """A method call in a webhook's answer, or None."""
    try:
        values = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
    if not isinstance(values, dict) or not isinstance(values.get("method"), str):
        return None
    return Call(values["method"], values)
