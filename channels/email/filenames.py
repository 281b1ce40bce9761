"""The names that files in mails are shown under. A name is never a path: files are stored by what they hold."""

import re
from typing import Final

from channels.email.charsets import nfc
from channels.email.limits import MAX_FILE_NAME

# Direction marks make "gnp.exe" read "exe.png"; zero-width ones hide a difference.
_HIDDEN: Final = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u061c"
)
_DROPPED: Final = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *map(ord, '<>:"|?*'), *map(ord, _HIDDEN)))
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)", re.IGNORECASE)
_MAX_EXTENSION: Final = 20


def safe_name(name: str) -> str:
    """A name without path, control, direction and reserved characters, at most 150 characters; maybe empty."""
    name = name.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    name = nfc(name[: 20 * MAX_FILE_NAME])
    name = re.split(r"[/\\]", name.rstrip("/\\ "))[-1]
    name = " ".join(name.translate(_DROPPED).split()).lstrip(". ").rstrip(". ")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name)


def with_extension(stem: str, extension: str) -> str:
    """A safe name ending in the extension."""
    return _shortened(safe_name(f"{stem}.{extension}" if extension else stem))


def _shortened(name: str) -> str:
    if len(name) <= MAX_FILE_NAME:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > _MAX_EXTENSION:
        return name[:MAX_FILE_NAME]
    return stem[: MAX_FILE_NAME - len(extension) - 1].rstrip() + dot + extension
