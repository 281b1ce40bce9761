"""Text made comparable: one spelling of each letter, one kind of space, and a form without case and accents."""

import re
import unicodedata
from functools import lru_cache

ODD_SPACES = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\x00-\x08\x0b\x0e-\x1f\x7f]")


def clean(text: str) -> str:
    """NFC, LF line ends, plain spaces, nothing invisible. What a person sees stays as it was."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return unicodedata.normalize("NFC", INVISIBLE.sub("", ODD_SPACES.sub(" ", text)))


@lru_cache(maxsize=4096)
def _plain(letter: str) -> str:
    if letter in "đĐ":
        return "d"
    return unicodedata.normalize("NFD", letter)[0].lower()[0]


def fold(text: str) -> str:
    """Lower case without accents, letter by letter: places in the result are places in `text`."""
    return text.lower() if text.isascii() else "".join(map(_plain, text))
