"""A mail that is too large to be fetched: its header and its texts, and a list of what was left with the provider."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

LARGEST_TEXT = 1024 * 1024
MOST_TEXTS = 10
MOST_SKIPPED = 20
DEEPEST = 40

SKIPPED = "X-Tiepnhan-Skipped"
"""Header with a JSON list of [name, bytes]: the files of the mail that are not in this copy."""

Items = Callable[[list[str]], dict[bytes, Any] | None]

# The body's own description is written anew, and nobody else may fill in the list.
_DROPPED = re.compile(rb"(?im)^(?:content-[\w-]+|mime-version|x-tiepnhan-skipped):[^\n]*\n(?:[ \t][^\n]*\n)*")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part as BODYSTRUCTURE tells it: a hint, servers differ."""

    section: str
    kind: str
    charset: str
    encoding: str
    size: int
    name: str
    attached: bool


def reduced(items: Items, size: int) -> bytes | None:
    """The copy of one mail of `size` bytes, always the same bytes; None when it has gone.

    `items` fetches IMAP items of that mail. Raises what `items` raises.
    """
    found = items(["BODY.PEEK[HEADER]", "BODYSTRUCTURE"])
    if found is None:
        return None
    header = bytes(found.get(b"BODY[HEADER]") or b"").replace(b"\r\n", b"\n").strip(b"\n") + b"\n"
    leaves = list(_leaves(found.get(b"BODYSTRUCTURE")))
    texts = [leaf for leaf in leaves if leaf.kind in ("text/plain", "text/html") and not leaf.attached][:MOST_TEXTS]
    skipped = [(leaf.name, leaf.size) for leaf in leaves if leaf not in texts] or [("", size)]
    bodies = [(leaf, _body(items, leaf)) for leaf in texts]
    return _written(_DROPPED.sub(b"", header), bodies, skipped[:MOST_SKIPPED])


def _body(items: Items, leaf: Leaf) -> bytes:
    answer = items([f"BODY.PEEK[{leaf.section}]<0.{LARGEST_TEXT}>"]) or {}
    return next((bytes(value or b"") for key, value in answer.items() if key.startswith(b"BODY[")), b"")


def _written(header: bytes, bodies: list[tuple[Leaf, bytes]], skipped: list[tuple[str, int]]) -> bytes:
    boundary = b"reduced-" + hashlib.sha256(header).hexdigest()[:24].encode()
    lines = [
        header.rstrip(b"\n"),
        b"MIME-Version: 1.0",
        SKIPPED.encode() + b": " + _list(skipped),
        b'Content-Type: multipart/mixed; boundary="' + boundary + b'"',
        b"",
    ]
    for leaf, body in bodies:
        lines += [
            b"--" + boundary,
            f'Content-Type: {leaf.kind}; charset="{leaf.charset or "utf-8"}"'.encode("ascii", "replace"),
            f"Content-Transfer-Encoding: {leaf.encoding or '7bit'}".encode("ascii", "replace"),
            b"",
            body,
        ]
    return b"\n".join([*lines, b"--" + boundary + b"--", b""])


def _list(skipped: list[tuple[str, int]]) -> bytes:
    """ASCII, and folded at its commas: a line of mail has at most 998 bytes."""
    text = msgspec.json.encode([[name[:80], size] for name, size in skipped]).decode()
    ascii_only = re.sub(r"[^\x20-\x7e]", lambda found: _escaped(found[0]), text)
    return ascii_only.replace("],[", "],\n [").encode()


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _leaves(structure: Any, section: str = "", depth: int = 0) -> Iterator[Leaf]:
    try:
        if depth > DEEPEST or not isinstance(structure, tuple | list):
            return
        if isinstance(structure[0], list | tuple):
            parts = structure[0] if isinstance(structure[0], list) else [p for p in structure if isinstance(p, tuple)]
            for number, part in enumerate(parts, 1):
                yield from _leaves(part, f"{section}.{number}".lstrip("."), depth + 1)
            return
        yield _leaf(structure, section or "1")
    except (IndexError, TypeError, ValueError, AttributeError):
        # A structure that makes no sense hides the part, not the mail.
        return


def _leaf(structure: Any, section: str) -> Leaf:
    kind = f"{_word(structure[0])}/{_word(structure[1])}".lower()
    given = _pairs(structure[2])
    disposition, more = "", dict[str, str]()
    for item in structure[7:]:
        if isinstance(item, tuple) and item and _word(item[0]).lower() in ("attachment", "inline"):
            disposition, more = _word(item[0]).lower(), _pairs(item[1] if len(item) > 1 else None)
    size = structure[6] if isinstance(structure[6], int) else 0
    name = more.get("filename", "") or given.get("name", "")
    charset = re.sub(r"[^\w.:-]", "", given.get("charset", ""))[:40]
    encoding = re.sub(r"[^\w-]", "", _word(structure[5]))[:20]
    return Leaf(section, re.sub(r"[^\w./+-]", "", kind), charset, encoding, size, name, disposition == "attachment")


def _pairs(given: Any) -> dict[str, str]:
    words = [_word(item) for item in given] if isinstance(given, tuple | list) else []
    return {key.lower(): value for key, value in zip(words[::2], words[1::2], strict=False)}


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
