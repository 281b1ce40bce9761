"""Personal data stays covered until somebody asks for it, one field at a time. Pure."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from dialog.wording import national
from regulations.model import FieldType

DOT = "•"

_NUMBER = re.compile(r"(?<![\w-])(?:(?:\+\d|0|84)(?:[ .()\-]{0,3}\d){8,13}|\d{9,13})(?!\w)")
"""Phone and identity numbers. Case codes hang on letters by a hyphen and are left alone."""
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def fold(text: str) -> str:
    """Lower case without diacritics, one letter for one letter of the NFC text: positions stay comparable."""
    return "".join(_bare(letter) for letter in unicodedata.normalize("NFC", text))


def _bare(letter: str) -> str:
    lower = letter.lower().replace("đ", "d")
    return unicodedata.normalize("NFD", lower)[0] if lower else letter


def cover_name(name: str) -> str:
    """Only the initials stay: "N••• V•• A•"."""
    return " ".join(word[0] + DOT * max(len(word) - 1, 1) for word in name.split())


def cover_number(number: str) -> str:
    """The first and last three characters stay of a longer number, nothing of a short one."""
    return number[:3] + DOT * (len(number) - 6) + number[-3:] if len(number) > 7 else DOT * len(number)


def cover_email(address: str) -> str:
    user, _, host = address.partition("@")
    return f"{user[:1]}{DOT * 3}@{host}"


def cover(kind: FieldType, value: str, *, region: str = "VN") -> str:
    """A field's value as it may be shown to everybody at the desk."""
    match kind:
        case "name":
            return cover_name(value)
        case "phone":
            return cover_number(national(value, region).replace(" ", ""))
        case "email":
            return cover_email(value)
        case "cccd" | "tax_code":
            return value[:3] + DOT * max(len(value) - 3, 3)
    return DOT * 6


class Mask:
    """Covers numbers, mail addresses and what is known to be this person's own in running text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are names, addresses and the like, as they were said."""
        known = sorted({unicodedata.normalize("NFC", secret.strip()) for secret in secrets}, key=len, reverse=True)
        phrases = [fold(secret) for secret in known if len(secret.split()) > 1]
        # A single short word without accents would cover half the language: "An" is in "an ninh".
        words = [secret for secret in known if len(secret.split()) == 1 and len(secret) > 1]
        self._phrases, self._words = _either(phrases), _either(words)

    def __call__(self, text: str) -> str:
        text = unicodedata.normalize("NFC", text)
        text = _EMAIL.sub(lambda found: cover_email(found[0]), text)
        text = _NUMBER.sub(lambda found: cover_number(found[0]), text)
        if self._phrases is not None:
            spans = [found.span() for found in self._phrases.finditer(fold(text))]
            for start, end in reversed(spans):
                text = text[:start] + cover_name(text[start:end]) + text[end:]
        if self._words is not None:
            text = self._words.sub(lambda found: cover_name(found[0]), text)
        return text


def _either(options: list[str]) -> re.Pattern[str] | None:
    if not options:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, options)) + r")(?!\w)")


@dataclass(frozen=True, slots=True)
class Shown:
    """A text on the page. `field` names it for the button that uncovers it; empty when nothing is covered."""

    text: str
    field: str = ""
    uncovered: bool = False


@dataclass(slots=True)
class Curtain:
    """Covers every personal value of one page except the one that was asked for."""

    mask: Mask
    asked: str = ""
    """The field to uncover; empty for none."""
    found: bool = field(default=False, init=False)
    """Whether the asked field exists on this page and has something to uncover."""

    def text(self, name: str, text: str) -> Shown:
        return self.value(name, text, self.mask(text))

    def value(self, name: str, value: str, covered: str) -> Shown:
        if covered == unicodedata.normalize("NFC", value):
            return Shown(value)
        if name == self.asked:
            self.found = True
            return Shown(value, name, uncovered=True)
        return Shown(covered, name)
