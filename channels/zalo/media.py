"""Citizens' media, fetched at once and only from Zalo's own hosts: a webhook must not make us call anything else."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from channels.zalo.settings import ZaloSettings
from core.errors import Misconfigured, Refused, TryAgain, Unknown
from core.model import Media, MediaKind, MediaRef
from core.ports import Answer, Http

_MOST_REDIRECTS = 3

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftypheic", "image/heic"),
    (4, b"ftypheix", "image/heic"),
    (4, b"ftypmif1", "image/heif"),
    (4, b"ftypM4A", "audio/mp4"),
    (4, b"ftypqt", "video/quicktime"),
    (4, b"ftyp3g", "video/3gpp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"#!AMR", "audio/amr"),
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\xd0\xcf\x11\xe0", "application/msword"),
    (0, b"PK\x03\x04", "application/zip"),
)
_OFFICE: Mapping[str, str] = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


def safe_url(url: str, settings: ZaloSettings) -> str:
    """The address to fetch, on https; raises `Refused` for any host but Zalo's and the configured simulator's."""
    try:
        parts = urlsplit(url)
        own = urlsplit(settings.api_base) if settings.api_base else None
        if own is not None and (parts.scheme, parts.hostname, parts.port) == (own.scheme, own.hostname, own.port):
            return _plain(parts, parts.scheme)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Refused("địa chỉ tệp không hợp lệ", code="media_url") from error
    allowed = any(host == domain or host.endswith("." + domain) for domain in settings.media_hosts)
    if parts.scheme not in {"http", "https"} or not allowed or port not in {None, 80, 443} or "@" in parts.netloc:
        raise Refused("địa chỉ tệp không thuộc Zalo", code="media_host")
    return parts._replace(scheme="https", netloc=host, fragment="").geturl()


def _plain(parts: SplitResult, scheme: str) -> str:
    if "@" in parts.netloc:
        raise Refused("địa chỉ tệp không hợp lệ", code="media_url")
    return parts._replace(scheme=scheme, fragment="").geturl()


def sniff(body: bytes, name: str = "") -> str:
    """The type the bytes themselves show; empty when they show none."""
    for offset, magic, mime in _MAGIC:
        if body.startswith(magic, offset):
            extension = PurePosixPath(name).suffix.lower()
            return _OFFICE.get(extension, mime) if mime == "application/zip" else mime
    head = body[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "text/html" if head.startswith((b"<!doctype", b"<html", b"<script", b"<?xml", b"<svg")) else ""


async def fetch(ref: MediaRef, *, settings: ZaloSettings, http: Http) -> Media:
    """Raises `Refused` for a forbidden address, a vanished or too large file, or a page in place of a picture."""
    if ref.size is not None and ref.size > settings.media_limit:
        raise Refused("tệp quá lớn", code="media_size")
    url = ref.key
    for _ in range(_MOST_REDIRECTS + 1):
        url = safe_url(url, settings)
        answer = await _get(url, settings, http)
        if answer.status not in {301, 302, 303, 307, 308}:
            return _media(answer, ref, url)
        url = _next(url, answer)
    raise Refused("tệp bị chuyển hướng quá nhiều lần", code="media_redirect")


def _next(url: str, answer: Answer) -> str:
    try:
        return urljoin(url, answer.headers.get("location", ""))
    except ValueError as error:
        raise Refused("địa chỉ tệp không hợp lệ", code="media_url") from error


async def _get(url: str, settings: ZaloSettings, http: Http) -> Answer:
    try:
        return await http.get(url, {}, limit=settings.media_limit)
    except Unknown as lost:  # Reading twice is harmless.
        raise TryAgain(lost.reason, code=lost.code) from lost


def _media(answer: Answer, ref: MediaRef, url: str) -> Media:
    status = str(answer.status)
    if answer.status == 429 or answer.status >= 500:
        raise TryAgain("máy chủ tệp của Zalo đang lỗi", code=status)
    if answer.status in {401, 407}:
        raise Misconfigured("máy chủ tệp của Zalo từ chối truy cập", code=status)
    if answer.status != 200 or not answer.body:
        raise Refused("tệp không còn trên máy chủ của Zalo", code=status)
    name = ref.name or PurePosixPath(unquote(urlsplit(url).path)).name
    mime = sniff(answer.body, name)
    if mime == "text/html" and ref.kind is not MediaKind.FILE:
        raise Refused("máy chủ trả về trang web thay vì tệp", code="media_type")
    declared = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Media(body=answer.body, mime=mime or declared or ref.mime or "application/octet-stream", name=name)
