"""Citizens' words: cleaned for the case, without what the regulation does not want kept."""

import re
import unicodedata

DESCRIPTION_LIMIT = 4000
"""Unicode code points. open311: description."""
ELLIPSIS = "…"
REMOVED = "[đã lược bỏ]"

# Zero-width joiners stay: emoji are made with them. Direction marks could make a text read differently than it is.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
# Half of a surrogate pair is no character, and no encoding takes it.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_GAPS = re.compile(r" ?\n ?")
_BLANK_LINES = re.compile(r"\n{3,}")
_ID_NUMBER = re.compile(
    r"(?P<word>\b(?:cccd|cmnd|cmt|căn\s*cước(?:\s*công\s*dân)?|can\s*cuoc(?:\s*cong\s*dan)?"
    r"|chứng\s*minh(?:\s*(?:nhân\s*dân|thư))?|chung\s*minh(?:\s*(?:nhan\s*dan|thu))?"
    r"|số\s*định\s*danh|so\s*dinh\s*danh)\b[^\d\n]{0,20})"
    r"(?<!\d)\d(?:[ .]?\d){8}(?:(?:[ .]?\d){3})?(?!\d)",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    """`text` in NFC, without control and invisible characters, spaces and empty lines made one."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _INVISIBLE.sub("", text)
    text = _CONTROLS.sub("", text)
    return _BLANK_LINES.sub("\n\n", _GAPS.sub("\n", _SPACES.sub(" ", text))).strip()


def line(text: str) -> str:
    """`text` cleaned and on one line: names, addresses, places."""
    return clean(text).replace("\n", " ")


def shorten(text: str, limit: int = DESCRIPTION_LIMIT) -> str:
    """At most `limit` code points; a cut falls between words where it can and is marked with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - len(ELLIPSIS)]
    at_word = cut.rsplit(None, 1)[0] if len(cut.rsplit(None, 1)[-1]) < 40 else cut
    return at_word + ELLIPSIS


def without_id_numbers(text: str, known: str = "") -> str:
    """`text` without numbers introduced as an identity card's, and without the number `known` in any spelling."""
    text = _ID_NUMBER.sub(lambda match: match["word"] + REMOVED, text)
    if known.isdecimal():
        text = re.sub(r"(?<!\d)" + r"[ .]?".join(known) + r"(?!\d)", REMOVED, text)
    return text
