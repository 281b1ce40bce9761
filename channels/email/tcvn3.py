"""TCVN3, the "ABC" encoding of the fonts .VnTime and .VnArial: Vietnamese written over the codes of Latin-1.

Old office mail carries it undeclared, or declared as Latin-1, or already turned into the Unicode letters of those
codes. So the repair works on text: each Latin-1 letter becomes the Vietnamese letter that the font would have shown.
The table equals glibc's iconv `TCVN`.
"""

import html as entities
import re
from typing import Final

# Runs of neighbouring codes: the first code and the letters.
_RUNS: Final = (
    (0xA1, "ĂÂÊÔƠƯĐăâêôơưđ"),
    (0xB5, "àảãáạ"),
    (0xBB, "ằẳẵắ"),
    (0xC6, "ặầẩẫấậè"),
    (0xCE, "ẻẽéẹềểễếệìỉ"),
    (0xDC, "ĩíịò"),
    (0xE1, "ỏõóọồổỗốộờởỡớợù"),
    (0xF1, "ủũúụừửữứựỳỷỹýỵ"),
)
TABLE: Final = {first + place: letter for first, run in _RUNS for place, letter in enumerate(run)}
"""From the code of the byte (equally: of the Latin-1 letter) to the letter meant."""

_CODES: Final = {letter: code for code, letter in TABLE.items()}

# Codes that Latin-1 gives to signs and not to letters: before a letter they betray the font. Quotation marks, ordinals
# and soft hyphens are left out, for Western languages write these there too.
_SIGN_BEFORE_LETTER: Final = re.compile(r"[\xa6-\xa9\xac\xae\xb5-\xb9\xbc-\xbe](?=[a-zA-Z\xa8-\xff])")
_WESTERN_SIGNS: Final = frozenset("«»°²³ºª")
_VIETNAMESE: Final = re.compile("[ăĂđĐơƠưƯ\u1ea0-\u1ef9\u0300-\u0303\u0309\u0323]")
_FONT: Final = re.compile(
    r"""(?:face\s{0,9}=|font-family\s{0,9}:|mso-[a-z-]{0,40}font-family\s{0,9}:)\s{0,9}(?:["']|&quot;)?\s{0,9}\.Vn[A-Z]""",
    re.IGNORECASE,
)
_ENTITY: Final = re.compile(r"&(?:#\d{2,3}|#x[0-9a-fA-F]{2}|[a-zA-Z]{3,6}[0-9]{0,2});")
_SAMPLE: Final = 20_000
_VARIED: Final = 4


def has_font(html: str) -> bool:
    """Whether the page asks for a font of this encoding."""
    return _FONT.search(html) is not None


def looks_like(text: str) -> bool:
    """Whether text read as Latin-1 is this encoding: signs in front of letters and no real Vietnamese letter."""
    sample = text[:_SAMPLE]
    if _VIETNAMESE.search(sample):
        return False
    high = [letter for letter in sample if "\xa1" <= letter <= "\xff"]
    if any(ord(letter) not in TABLE and letter not in _WESTERN_SIGNS for letter in high):
        return False
    signs = _SIGN_BEFORE_LETTER.findall(sample)
    varied = len(set(signs)) >= 2 or (len(signs) >= 2 and len(set(high)) >= _VARIED)
    return varied and len(signs) * 6 >= len(high)


def has_vietnamese(text: str) -> bool:
    """Whether the text holds letters that only Vietnamese in Unicode has: nothing is left to repair."""
    return _VIETNAMESE.search(text) is not None


def repair(text: str) -> str:
    """The letters that the font would have shown."""
    return text.translate(TABLE)


def repair_page(html: str) -> str:
    """As `repair`, for HTML: the letters may be written as entities (&reg;)."""
    return repair(_ENTITY.sub(_spelled_out, html))


def encode(text: str) -> bytes:
    """Raises UnicodeEncodeError for a letter that the encoding lacks: it has no toned capitals."""
    out = bytearray()
    for place, letter in enumerate(text):
        code = _CODES.get(letter, ord(letter))
        if code > 0x7F and letter not in _CODES:
            raise UnicodeEncodeError("tcvn3", text, place, place + 1, "no such letter in TCVN3")
        out.append(code)
    return bytes(out)


def _spelled_out(found: re.Match[str]) -> str:
    letter = entities.unescape(found[0])
    return letter if len(letter) == 1 and "\xa1" <= letter <= "\xff" else found[0]
