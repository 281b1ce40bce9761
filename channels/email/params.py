"""Content-Type and Content-Disposition with their parameters (RFC 2045, RFC 2231), as clients really write them."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from channels.email.charsets import Text, decode
from channels.email.encoded_words import decode_header

_MAX_LENGTH: Final = 8192
_MAX_PARAMS: Final = 100
_PARAM: Final = re.compile(
    r"""\s*([^\s=;"]{1,60})\s*=\s*(?:"((?:[^"\\]|\\.){0,4000})"?|([^;]{0,4000}))[^;]{0,4000}(?:;|$)|[^;]{0,4000};?""",
    re.DOTALL,
)
_ESCAPED_QUOTE: Final = re.compile(r'\\(["\\])')
_EXTENDED: Final = re.compile(r"([^*]{1,60})(?:\*(\d{1,3}))?(\*)?")
_TYPE: Final = re.compile(r"[\w!#$&^.+*-]{1,80}/[\w!#$&^.+*-]{1,80}", re.ASCII)


class Parameterised(NamedTuple):
    """`text/html; charset=utf-8`: the value and its parameters, all names in lower case."""

    value: str
    params: Mapping[str, str]
    """Decoded, NFC; of a parameter that is there twice the first."""

    def get(self, name: str) -> str:
        return self.params.get(name, "")


def read_content_type(value: str) -> Parameterised:
    """The value is empty when it is no media type."""
    parsed = read_parameterised(value)
    found = _TYPE.match(parsed.value)
    return parsed._replace(value=found[0] if found else "")


def read_parameterised(value: str) -> Parameterised:
    """Never raises; what cannot be read is left out."""
    head, _, rest = value[:_MAX_LENGTH].partition(";")
    if "=" in head and not _TYPE.match(head.strip()):  # the value itself was forgotten
        head, rest = "", value[:_MAX_LENGTH]
    plain: dict[str, str] = {}
    extended: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, text in _raw_params(rest):
        match = _EXTENDED.fullmatch(name)
        if match is None or (match[2] is None and match[3] is None):
            plain.setdefault(name, decode_header(text))
        else:
            extended.setdefault(match[1], {}).setdefault(int(match[2] or 0), (text, match[3] is not None))
    for name, pieces in extended.items():
        whole = _rfc2231(pieces)
        if whole.certain or name not in plain:
            plain[name] = decode_header(whole.text)
    return Parameterised(head.strip().lower(), plain)


def _raw_params(rest: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    place = 0
    while place < len(rest) and len(out) < _MAX_PARAMS:
        found = _PARAM.match(rest, place)
        if found is None or found.end() == place:
            break
        place = found.end()
        if found[1]:
            text = _ESCAPED_QUOTE.sub(r"\1", found[2]) if found[2] is not None else (found[3] or "").strip()
            out.append((found[1].lower(), text))
    return out


def _rfc2231(pieces: Mapping[int, tuple[str, bool]]) -> Text:
    """The continuations of one parameter, put together as bytes: a letter may be cut between two of them."""
    charset, body = "", bytearray()
    for number, (text, percent) in sorted(pieces.items()):
        if percent and number == min(pieces) and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        raw = text.encode("utf-8", "surrogateescape")
        body += unquote_to_bytes(raw) if percent else raw
    return decode(bytes(body), charset, detect=False)
