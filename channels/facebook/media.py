"""Citizens' files, fetched at once and only from Meta's own hosts: a webhook must not make us call anything else."""

import re
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from channels.facebook.capabilities import FILE_LIMIT
from core.errors import Refused, TryAgain, Unknown
from core.model import Media, MediaKind, MediaRef
from core.ports import Answer, Http
from files.sniff import sniff

HOSTS = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,6}(?:fbcdn\.net|fbsbx\.com)")
_MOST_REDIRECTS = 3


def safe_url(url: str, api_base: str) -> str:
    """The address to fetch; raises `Refused` for any host but Meta's file hosts and that of the Graph API."""
    try:
        parts, own = urlsplit(url), urlsplit(api_base)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        same = _origin(parts) == _origin(own)
    except ValueError:
        raise Refused("Địa chỉ tệp không hợp lệ", code="media_url") from None
    if "@" in parts.netloc or not (same or (parts.scheme == "https" and port in {None, 443} and HOSTS.fullmatch(host))):
        raise Refused("Địa chỉ tệp không thuộc Facebook", code="media_host")
    return parts._replace(fragment="").geturl()


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port


async def fetch(media: MediaRef, *, http: Http, api_base: str) -> Media:
    """Raises `Refused` for a forbidden address, an expired or too large file, or a page in place of a picture."""
    if media.size is not None and media.size > FILE_LIMIT:
        raise Refused("Tệp lớn hơn 25 MB", code="media_size")
    url = media.key
    for _ in range(_MOST_REDIRECTS + 1):
        url = safe_url(url, api_base)
        try:
            answer = await http.get(url, {}, limit=FILE_LIMIT)
        except Unknown as lost:  # reading twice is harmless
            raise TryAgain(lost.reason, code=lost.code) from lost
        if answer.status not in {301, 302, 303, 307, 308}:
            return _media(answer, media, url)
        try:
            url = urljoin(url, answer.headers.get("location", ""))
        except ValueError:
            raise Refused("Địa chỉ tệp không hợp lệ", code="media_url") from None
    raise Refused("Tệp bị chuyển hướng quá nhiều lần", code="media_redirect")


def _media(answer: Answer, media: MediaRef, url: str) -> Media:
    status = str(answer.status)
    if answer.status == 429 or answer.status >= 500:
        raise TryAgain("Máy chủ tệp của Facebook đang lỗi", code=status)
    if answer.status == 403:
        raise Refused("Địa chỉ tệp trên Facebook đã hết hạn; người dân cần gửi lại", code=status)
    if answer.status != 200 or not answer.body:
        raise Refused("Tệp không còn trên máy chủ của Facebook", code=status)
    found = sniff(answer.body)
    declared = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found is None and declared == "text/html" and media.kind is not MediaKind.FILE:
        raise Refused("Máy chủ trả về trang web thay vì tệp", code="media_type")
    name = media.name or PurePosixPath(unquote(urlsplit(url).path)).name
    return Media(body=answer.body, mime=found.mime if found else declared or media.mime, name=name[:200])
