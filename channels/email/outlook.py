"""Outlook's own .msg files, attached when somebody drags a mail into a mail. Read only where the extra is installed."""

import importlib
from typing import Any, Final, NamedTuple

from channels.email.limits import MAX_DERIVED

SIGNATURE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Of every OLE file: .msg, but also old .doc and .xls."""


class OutlookFile(NamedTuple):
    name: str
    body: bytes


class Outlook(NamedTuple):
    subject: str
    text: str
    files: tuple[OutlookFile, ...]


def unpack(body: bytes) -> Outlook | None:
    """What is in a .msg file; None if it cannot be read, or the optional extra `outlook` is not installed."""
    try:
        reader = importlib.import_module("extract_msg")
    except ImportError:
        return None
    try:
        with reader.openMsg(body) as message:
            files = tuple(_files(message))
            return Outlook(_text(message.subject), _text(message.body).replace("\r\n", "\n"), files)
    except Exception:
        # A foreign library over hostile bytes: whatever it raises, the file stays a file.
        return None


def _files(message: Any) -> list[OutlookFile]:
    return [
        OutlookFile(_text(attachment.longFilename or attachment.shortFilename), attachment.data)
        for attachment in message.attachments[:MAX_DERIVED]
        if isinstance(attachment.data, bytes) and attachment.data
    ]


def _text(value: object) -> str:
    return value.replace("\0", "") if isinstance(value, str) else ""
