"""JSON and XML of the same records. Pure.

open311: in JSON the outer list element disappears, booleans are booleans, what is empty is null; in XML it is an empty
element. Ids and codes are always strings.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from starlette.responses import Response

Record: TypeAlias = Mapping[str, Any]

MIME = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}

# List element → its items' element.
ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "services": "service",
        "service_requests": "request",
        "service_request_updates": "request_update",
        "errors": "error",
        "attributes": "attribute",
        "values": "value",
        "endpoints": "endpoint",
        "formats": "format",
        "photos": "photo",
        "notes": "note",
        "media_url": "media_url",
    }
)
# Characters that XML 1.0 cannot carry at all.
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def w3(at: datetime | None, zone: ZoneInfo) -> str | None:
    """W3C date-time with its zone and without fractions."""
    return None if at is None else at.astimezone(zone).replace(microsecond=0).isoformat()


def render(fmt: str, root: str, content: Record | Sequence[Record], *, status: int = 200) -> Response:
    """`root` names the outer XML element; JSON does without it."""
    if fmt == "xml":
        body = f'<?xml version="1.0" encoding="utf-8"?>\n{_element(root, content)}\n'
        return Response(body.encode(), status_code=status, headers={"content-type": MIME["xml"]})
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body.encode(), status_code=status, headers={"content-type": MIME["json"]})


def _element(name: str, value: object) -> str:
    return f"<{name}>{_inner(name, value)}</{name}>"


def _inner(name: str, value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Mapping():
            return "".join(_element(str(key), item) for key, item in value.items())
        case list() | tuple():
            return "".join(_element(ITEMS.get(name, "item"), item) for item in value)
    # A carriage return would come back as a line feed.
    return escape(_UNSPEAKABLE.sub("", str(value)), {"\r": "&#13;"})
