"""A message as it came, where more can be shown of it than its text: in a frame of its own that can do nothing.

Each view and each file that is fetched is journaled: what is shown here is not covered.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import quote

from itsdangerous import BadSignature, URLSafeSerializer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from core.events import InboundMessage
from core.model import Media
from core.ports import ShownFile, ShownOriginal, ShowsOriginal
from files.sniff import sniff
from inbox import words
from inbox.desk import Desk
from inbox.guard import Visit
from inbox.lists import local
from inbox.thread import Badge, decoded
from storage import journal
from storage.desk import DeskQueries
from storage.journal import Act

LIFE: Final = timedelta(minutes=10)
"""How long the frame and its pictures can be asked for after the page was opened."""
POLICY: Final = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self'; sandbox"
)
DANGEROUS: Final = frozenset(
    {
        "exe", "scr", "com", "pif", "bat", "cmd", "ps1", "msi", "msp", "jar", "apk", "reg", "js", "jse", "vbs", "vbe",
        "wsf", "wsh", "hta", "lnk", "url", "chm", "iso", "img", "vhd", "vhdx", "svg", "html", "htm", "xhtml", "mht",
        "docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "ppam", "potm", "one",
    }
)  # fmt: skip
"""Endings of files that run something, or pretend to be a page, when they are opened."""
_PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_TRICKS: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Letters that nobody sees, some of which turn the order of a name's letters around."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Original:
    message: InboundMessage
    channel: ShowsOriginal
    raw: bytes


class Originals:
    """The pages of originals. What the frame asks for carries a signature: it has no cookies of ours."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._signer = URLSafeSerializer(desk.secret, salt="tiepnhan original")

    async def show(self, visit: Visit) -> Response:
        """The page around the frame: who it is from, what staff should know, the files."""
        original = await self._find(visit.number("id"), visit.number("seq"))
        shown = await asyncio.to_thread(original.channel.show, original.raw, lambda index: "")
        await _write_down(visit, Act.ORIGINAL_SEEN, f"event:{visit.number('seq')}")
        message = original.message
        label = words.AUTHENTICITY.get(message.authenticity)
        account = self._desk.accounts.get(message.peer.channel, message.peer.account)
        return visit.show(
            "original.html",
            id=visit.number("id"),
            seq=visit.number("seq"),
            subject=message.subject or "(không có tiêu đề)",
            sender=" · ".join(filter(None, (message.sender_name, message.peer.user))),
            at=f"{local(account.profile if account else None, message.sent_at)[0]:%H:%M %d/%m/%Y}",
            badge=Badge(*label) if label else None,
            shown=shown,
            files=[(file, clean(file.name), is_dangerous(file.name)) for file in shown.files if not file.hidden],
            inside=[(file, clean(file.name), is_dangerous(file.name)) for file in shown.files if file.hidden],
            frame=self._address(visit.base, visit.number("id"), visit.number("seq"), -1),
            size=size,
        )

    async def part(self, request: Request) -> Response:
        """The frame's own page, or a picture in it, by a signed address."""
        number, seq, index = self._opened(request)
        original = await self._find(number, seq)
        if index >= 0:
            return _picture(await _file(original, index))
        base = str(request.scope.get("root_path", ""))
        shown: ShownOriginal = await asyncio.to_thread(
            original.channel.show, original.raw, lambda file: self._address(base, number, seq, file)
        )
        page = f'<!doctype html><html lang="vi"><meta charset="utf-8"><body>{shown.html}</body></html>'
        headers = {"content-security-policy": POLICY, "x-frame-options": "SAMEORIGIN", "cache-control": "no-store"}
        return Response(page, media_type="text/html; charset=utf-8", headers=headers)

    async def file(self, visit: Visit) -> Response:
        """A file as a download; one that may run something only after it was said what that means."""
        number, seq, index = (visit.number(name) for name in ("id", "seq", "index"))
        original = await self._find(number, seq)
        shown = await asyncio.to_thread(original.channel.show, original.raw, lambda file: "")
        named = next((file for file in shown.files if file.index == index), None)
        if named is None:
            raise HTTPException(404, "Không có tệp này.")
        if is_dangerous(named.name) and visit.request.method != "POST":
            return visit.show(
                "original_warning.html", id=number, seq=seq, file=named, name=clean(named.name), size=size
            )
        media = await _file(original, index)
        await _write_down(visit, Act.ORIGINAL_FILE, f"event:{seq}:file:{index}")
        return _download(media, named)

    async def _find(self, number: int, seq: int) -> _Original:
        async with self._desk.engine.connect() as connection:
            row = await DeskQueries(connection, self._desk.seal).event(number, seq)
        message = decoded(row) if row is not None else None
        if not isinstance(message, InboundMessage) or not message.original:
            raise HTTPException(404, "Không có thư gốc, hoặc thư đã được xóa.")
        account = self._desk.accounts.get(message.peer.channel, message.peer.account)
        if account is None or not isinstance(account.channel, ShowsOriginal):
            raise HTTPException(404, "Kênh này không xem được thư gốc.")
        try:
            raw = await self._desk.blobs.get(message.original)
        except KeyError:
            raise HTTPException(404, "Thư gốc không còn trong kho.") from None
        return _Original(message=message, channel=account.channel, raw=raw)

    def _address(self, base: str, number: int, seq: int, index: int) -> str:
        until = int((self._desk.now() + LIFE).timestamp())
        signed = self._signer.dumps([number, seq, index, until])
        return f"{base}/original/{signed if isinstance(signed, str) else signed.decode()}"

    def _opened(self, request: Request) -> tuple[int, int, int]:
        try:
            number, seq, index, until = map(int, self._signer.loads(request.path_params["signed"]))
        except (BadSignature, ValueError, TypeError):
            raise HTTPException(404, "Không có trang này.") from None
        if self._desk.now().timestamp() > until:
            raise HTTPException(404, "Liên kết đã hết hạn. Hãy mở lại thư.")
        return number, seq, index


async def _file(original: _Original, index: int) -> Media:
    try:
        return await asyncio.to_thread(original.channel.file, original.raw, index)
    except KeyError:
        raise HTTPException(404, "Không có tệp này.") from None


async def _write_down(visit: Visit, act: Act, detail: str) -> None:
    async with visit.desk.engine.begin() as connection:
        await journal.write(
            connection, operator=visit.operator.name, act=act, at=visit.desk.now(), conversation=visit.number("id"),
            detail=detail,
        )  # fmt: skip


def _picture(media: Media) -> Response:
    """Only what its own bytes say is a plain picture."""
    found = sniff(media.body)
    if found is None or found.mime not in _PICTURES:
        raise HTTPException(404, "Không hiện được ảnh này.")
    headers = {"content-security-policy": "default-src 'none'; sandbox", "cache-control": "private, max-age=300"}
    return Response(media.body, media_type=found.mime, headers=headers)


def _download(media: Media, named: ShownFile) -> Response:
    name = clean(named.name) or "tep"
    disposition = f"attachment; filename=\"tep-{named.index}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers = {
        "content-disposition": disposition,
        "content-security-policy": "default-src 'none'; sandbox",
        "cache-control": "no-store",
    }
    return Response(media.body, media_type="application/octet-stream", headers=headers)


def clean(name: str) -> str:
    """A file's name as it may be shown and saved: one line, no folders, nothing that hides its ending."""
    return _TRICKS.sub("", name).replace("/", "_").replace("\\", "_").strip(" .")[-150:]


def is_dangerous(name: str) -> bool:
    """Whether a file of that name should not be opened lightly. Each of its endings counts: "anh.jpg.exe"."""
    return any(ending.strip().lower() in DANGEROUS for ending in clean(name).split(".")[1:])


def size(count: int) -> str:
    """Bytes as people say them: "12 KB", "3,4 MB"."""
    if count < 1024 * 1024:
        return f"{max(round(count / 1024), 1)} KB"
    return f"{count / 1024 / 1024:.1f} MB".replace(".", ",")
