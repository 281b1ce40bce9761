"""Files of citizens: only the copy without metadata, only to who is signed in."""

from starlette.exceptions import HTTPException
from starlette.responses import Response

from inbox.guard import Visit
from storage.desk import DeskQueries

_SHOWN = frozenset(
    {
        "image/jpeg", "image/png", "image/webp", "image/gif",
        "video/mp4", "video/webm", "video/quicktime",
        "audio/mpeg", "audio/mp4", "audio/ogg", "audio/aac", "audio/amr", "audio/wav", "audio/x-wav",
    }
)  # fmt: skip
"""Kinds a browser only paints or plays. Everything else is a download, whatever it says it is."""


async def show_file(visit: Visit) -> Response:
    conversation, seq, n = (visit.number(name) for name in ("id", "seq", "n"))
    async with visit.desk.engine.connect() as connection:
        row = await DeskQueries(connection, visit.desk.seal).file(conversation, seq, n)
    if row is None or row.status != "kept" or not row.public:
        raise HTTPException(404, "Không có tệp này.")
    try:
        body = await visit.desk.blobs.get(row.public)
    except KeyError:
        raise HTTPException(404, "Tệp không còn trong kho.") from None
    shown = row.mime in _SHOWN
    disposition = "inline" if shown else f'attachment; filename="tep-{conversation}-{seq}-{n}"'
    return Response(
        body,
        media_type=row.mime if shown else "application/octet-stream",
        headers={"content-disposition": disposition, "cache-control": "private, max-age=300"},
    )
