"""Bytes become text. Declared charsets are often wrong, so each is a claim to be tried, not an order."""

import codecs
import re
import unicodedata
from functools import cache
from typing import Final, NamedTuple

import charset_normalizer
import viscii  # type: ignore[import-untyped]  # noqa: F401  registers the codec of that name; ships no types

from channels.email import tcvn3

TCVN3: Final = "tcvn3"

# Names seen in mails that Python lacks or reads too narrowly: the wider code page holds every letter of the narrower.
ALIASES: Final = {
    **dict.fromkeys(
        ("gb2312", "gbk", "iso-gb2312", "gb_2312-80", "x-gbk", "chinese", "csgb2312", "gb2312_charset"), "gb18030"
    ),
    **dict.fromkeys(("ks_c_5601-1987", "ks_c_5601", "euc-kr", "euckr", "ksc5601"), "cp949"),
    **dict.fromkeys(
        ("iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "iso-8859-1-windows-3.1-latin-1"), "cp1252"
    ),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j", "ms_kanji"), "cp932"),
    **dict.fromkeys(("uft-8", "utf8mb4", "utf-8mb4", "unicode-1-1-utf-8", "utf_8", "utf 8", "utf-8;"), "utf-8"),
    **dict.fromkeys(("unicode-1-1-utf-7", "x-unicode-2-0-utf-7"), "utf-7"),
    **dict.fromkeys(("iso-8859-8-i", "iso-8859-8-e"), "iso-8859-8"),
    **dict.fromkeys(("ansi_x3.4-1968", "ansi", "7bit", "8bit", "x-ascii"), "ascii"),
    **dict.fromkeys(("x-viscii", "csviscii", "viscii1.1-1"), "viscii"),
    **dict.fromkeys(("windows-1258", "x-cp1258", "x-viet-1258"), "cp1258"),
    **dict.fromkeys(
        ("tcvn", "tcvn-5712", "tcvn5712-1", "tcvn-5712:1993", "x-viet-tcvn5712", "x-viet-tcvn", "vn-tcvn3", "abc"),
        TCVN3,
    ),
    "big5": "big5hkscs",
    "cp-850": "cp850",
    "macintosh": "mac-roman",
    "x-mac-roman": "mac-roman",
    "tis-620": "cp874",
    "windows-874": "cp874",
    "iso-8859-11": "cp874",
}
UNDECLARED: Final = frozenset(
    {
        "",
        "x-unknown",
        "unknown-8bit",
        "unknown",
        "default",
        "none",
        "invalid",
        "binary",
        "x-user-defined",
        "_autodetect_all",
        "_autodetect",
        "auto",
    }
)

# What a wrong declaration says most often. UTF-8 with a multi-byte sequence is never any of these by chance.
_WEAK: Final = ("ascii", "us-ascii", "iso-8859", "iso8859", "windows-125", "cp125", "latin")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs of Python that turn text into text or bytes into bytes, or that read escapes: none is a charset of a mail.
_NOT_CHARSETS: Final = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "palmos"}
)
_LAST_MARK: Final = 0x1F000
"""No combining mark has a code beyond."""

_DETECTED_SAMPLE: Final = 8192
_DETECTABLE: Final = (
    "cp1258", "utf_16_le", "utf_16_be", "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256",
    "koi8_r", "gb18030", "big5", "cp932", "euc_jp", "cp949", "iso2022_jp",
)  # fmt: skip


class Text(NamedTuple):
    text: str
    """NFC."""
    certain: bool = True
    """False when letters were lost or the charset had to be guessed against the declaration."""
    repaired: bool = False
    """Whether the letters of TCVN3 were already put right."""


def decode(body: bytes, declared: str = "", *, detect: bool = True) -> Text:
    """The text of some bytes. Never raises; letters that cannot be read become U+FFFD.

    `detect=False` for short pieces such as headers, where statistics only mislead.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return Text(nfc(body[len(bom) :].decode(name, "replace")))
    if body.isascii() and b"\x1b" not in body and b"\x00" not in body and not _shifts(declared):
        return Text(body.decode("ascii"))
    name = canonical(declared)
    if name == TCVN3:
        return Text(nfc(tcvn3.repair(body.decode("latin-1"))), repaired=True)
    if (not name or name.startswith(_WEAK)) and (text := _strict(body, "utf-8")) is not None:
        return Text(nfc(text))
    if not name or name.startswith(_WEAK):
        latin = body.decode("latin-1")
        if tcvn3.looks_like(latin):
            return Text(nfc(tcvn3.repair(latin)), repaired=True)
    if name and (text := _strict(body, name)) is not None:
        return Text(nfc(text))
    return _guess(body, name, detect)


def canonical(declared: str) -> str:
    """The codec for a declared charset; empty when it is none or unknown."""
    # The parameter may have swallowed the next header line.
    name = declared.replace("\r", "\n").split("\n")[0].split(";")[0].split(",")[0].strip(" \t\"'").lower()[:60]
    name = ALIASES.get(name, name)
    if name in UNDECLARED:
        return ""
    if name == TCVN3:
        return name
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    usable = getattr(found, "_is_text_encoding", True) and found.name.replace("-", "_") not in _NOT_CHARSETS
    return name if usable else ""


def _guess(body: bytes, name: str, detect: bool) -> Text:
    if (text := _strict(body, "utf-8")) is not None:
        return Text(nfc(text), certain=name in ("", "utf-8"))
    if name or _mostly_utf8(body):
        text = body.decode(name or "utf-8", "replace")
        if text.count("\ufffd") <= max(2, len(text) // 50):
            return Text(nfc(text), certain=False)
    if detect and (found := _detected(body)):
        return Text(nfc(body.decode(found, "replace")), certain=False)
    return Text(nfc(_western(body)), certain=False)


def _mostly_utf8(body: bytes) -> bool:
    text = body[:_DETECTED_SAMPLE].decode("utf-8", "replace")
    return text.count("\ufffd") * 10 < sum(1 for letter in text if letter > "\x7f")


def _detected(body: bytes) -> str:
    try:
        best = charset_normalizer.from_bytes(body[:_DETECTED_SAMPLE], cp_isolation=list(_DETECTABLE)).best()
    except Exception:
        # The detector is a guess among others; its own failures must not stop the reading.
        return ""
    return best.encoding if best is not None else ""


def _western(body: bytes) -> str:
    # The five codes that cp1252 leaves open are read as Latin-1 has them: a control character, dropped later.
    return "".join(_WESTERN[code] for code in body)


def _strict(body: bytes, name: str) -> str | None:
    if name == "cp1252":
        return _western(body)
    try:
        return body.decode(name)
    except (UnicodeError, LookupError, ValueError, AssertionError):
        return None


def _shifts(declared: str) -> bool:
    """Whether ASCII bytes mean other letters in that charset."""
    return (
        declared.strip()
        .lower()
        .startswith(("utf-7", "utf-16", "utf-32", "unicode-1-1-utf-7", "x-unicode-2-0-utf-7", "hz", "iso-2022"))
    )


def nfc(text: str) -> str:
    """The composed form, in which everything is compared.

    Python's composition takes a time that is quadratic in the length of a run of combining marks, so a run is cut at
    the thirty that Unicode's Stream-Safe Text Format allows; no language needs as many.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _long_run().sub(r"\1", text))


@cache
def _long_run() -> re.Pattern[str]:
    marks = "".join(re.escape(chr(code)) for code in range(0x300, _LAST_MARK) if unicodedata.combining(chr(code)))
    return re.compile(f"([{marks}]{{30}})[{marks}]+")


_WESTERN: Final = [bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(256)]
