"""What each file of a mail is there for, and the name and type it is shown with."""

import re
from collections.abc import Set
from typing import Final

from channels.email.dimensions import picture_size
from channels.email.filenames import safe_name, with_extension
from channels.email.mail import Part, PartKind
from files.sniff import sniff

# What other programs read: signatures, reports, calendars, the second half of Macintosh files.
MACHINE_TYPES: Final = frozenset(
    {
        "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
        "application/pgp-encrypted", "application/applefile", "application/ics", "text/calendar",
        "text/rfc822-headers", "text/x-amp-html", "message/delivery-status", "message/global-delivery-status",
        "message/feedback-report", "message/disposition-notification", "message/global-disposition-notification",
        "message/global-headers",
    }
)  # fmt: skip
_MACHINE_NAMES: Final = re.compile(
    r"[\w.-]{1,60}\.p7[cs]|signature\.asc|openpgp_0x[0-9a-f]{1,40}\.asc|invite\.ics", re.IGNORECASE
)
_SAME: Final = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "image/heif": "image/heic",
}
_EXTENSIONS: Final = {
    "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/vcard": "vcf", "text/x-vcard": "vcf",
    "text/csv": "csv", "text/rfc822-headers": "txt", "message/rfc822": "eml", "message/delivery-status": "txt",
    "message/feedback-report": "txt", "message/disposition-notification": "txt", "application/zip": "zip",
    "application/msword": "doc", "application/rtf": "rtf", "application/vnd.ms-excel": "xls", "image/tiff": "tif",
    "image/bmp": "bmp", "image/svg+xml": "svg", "application/pgp-signature": "asc",
    "application/pkcs7-signature": "p7s", "application/x-pkcs7-signature": "p7s", "application/pkcs7-mime": "p7m",
    "application/ms-tnef": "dat",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
_GENERATED_NAME: Final = re.compile(
    r"image\d{3}\.(?:png|gif|jpe?g)|outlook-[\w-]{1,100}\.(?:png|gif|jpe?g)", re.IGNORECASE
)
_CID: Final = re.compile(r"\bcid:([^\s\"'<>)]{1,300})", re.IGNORECASE)

_LOGO_SIDE: Final = 150
_LOGO_BYTES: Final = 5 * 1024
_SCREENSHOT_SIDE: Final = 200
_SCREENSHOT_BYTES: Final = 10 * 1024


def make_part(
    index: int,
    body: bytes,
    *,
    name: str,
    declared: str,
    disposition: str = "",
    cid: str = "",
    shown: Set[str] = frozenset(),
    machine: bool = False,
) -> Part:
    """A file of the mail; `shown` are the content ids that the HTML shows, `machine` what the caller knows of it."""
    mime = true_type(body, declared)
    name = safe_name(name) or with_extension(f"attachment-{index}", _extension(body, mime))
    kind = PartKind.MACHINE if machine else _kind(body, name, mime, declared, disposition, cid, shown)
    return Part(
        index=index, body=body, name=name, mime=mime, declared=declared, disposition=disposition, cid=cid, kind=kind
    )


def true_type(body: bytes, declared: str) -> str:
    """The media type that the first bytes tell, else the declared one."""
    found = sniff(body)
    if found is not None:
        return found.mime
    return _SAME.get(declared, declared) or "application/octet-stream"


def shown_ids(html: str) -> frozenset[str]:
    """The content ids of the pictures that a page shows."""
    return frozenset(_unescaped(found) for found in _CID.findall(html))


def _unescaped(cid: str) -> str:
    return re.sub("%([0-9a-fA-F]{2})", lambda code: chr(int(code[1], 16)), cid).replace("&amp;", "&")


def _extension(body: bytes, mime: str) -> str:
    found = sniff(body)
    return found.ext if found is not None else _EXTENSIONS.get(mime, "bin")


def _kind(body: bytes, name: str, mime: str, declared: str, disposition: str, cid: str, shown: Set[str]) -> PartKind:
    if declared in MACHINE_TYPES or _MACHINE_NAMES.fullmatch(name):
        return PartKind.MACHINE
    if not mime.startswith("image/"):
        return PartKind.EVIDENCE
    referenced = bool(cid) and cid in shown
    if not referenced and disposition == "attachment":
        return PartKind.EVIDENCE
    size = picture_size(body)
    if not referenced:
        # Phones send photos as inline without a content id; only what looks like a logo is none.
        is_logo = _is_tiny(size) or (_GENERATED_NAME.fullmatch(name) and len(body) < _SCREENSHOT_BYTES)
        return PartKind.DECORATION if disposition == "inline" and is_logo else PartKind.EVIDENCE
    # Outlook names a pasted screenshot like a logo: the size decides before the name does.
    if size is not None and min(size) >= _SCREENSHOT_SIDE and len(body) >= _SCREENSHOT_BYTES:
        return PartKind.INLINE
    if _is_tiny(size) or len(body) < _LOGO_BYTES or _GENERATED_NAME.fullmatch(name):
        return PartKind.DECORATION
    return PartKind.INLINE


def _is_tiny(size: tuple[int, int] | None) -> bool:
    return size is not None and max(size) <= _LOGO_SIDE
