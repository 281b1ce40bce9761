"""One Graph call as it came: query, JSON, urlencoded or multipart, read in one way."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request

from simulator.facebook.errors import bad
from simulator.world import Json

MAX_PART = 60 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    mime: str
    content: bytes


@dataclass(slots=True)
class Call:
    """Parameters by name; nested objects may be JSON text or already objects. `node` is the id before the edge."""

    node: str
    values: Json
    token: str
    file: Upload | None = field(default=None)

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name, default)
        return value if isinstance(value, str) else str(value)

    def nested(self, name: str) -> Any:
        """An object or array, None when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            raise bad(f"Param {name} must be a JSON object or array") from None

    def names(self, name: str) -> list[str]:
        """A list of names: an array, JSON text, or parted by commas."""
        value = self.values.get(name) or []
        if isinstance(value, str):
            value = self.nested(name) if value.startswith("[") else value.split(",")
        if not isinstance(value, list):
            raise bad(f"Param {name} must be an array")
        return [str(item).strip() for item in value]

    def dictionary(self, name: str) -> Json:
        value = self.nested(name)
        if not isinstance(value, dict) or not value:
            raise bad(f"param {name} must be non-empty.")
        return value


async def read(request: Request, node: str) -> Call:
    """Raises GraphError 100 for a body that is not what its type says."""
    values: Json = dict(parse_qsl(request.scope["query_string"].decode(), keep_blank_values=True))
    kind = request.headers.get("content-type", "")
    file: Upload | None = None
    if kind.startswith("multipart/form-data"):
        async with request.form(max_part_size=MAX_PART) as form:
            for name, part in form.multi_items():
                if isinstance(part, UploadFile):
                    mime = part.content_type or "application/octet-stream"
                    file = Upload(part.filename or "file", mime, await part.read())
                else:
                    values[name] = part
    elif raw := await request.body():
        values |= _json(raw) if kind.startswith("application/json") else dict(parse_qsl(raw.decode()))
    bearer = request.headers.get("authorization", "")
    token = values.pop("access_token", "") or (bearer[7:] if bearer.lower().startswith("bearer ") else "")
    return Call(node, values, str(token), file)


def _json(raw: bytes) -> Json:
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        raise bad("The body is not valid JSON") from None
    if not isinstance(body, dict):
        raise bad("The body must be a JSON object")
    return body
