"""Vietnamese text as typed: folding that keeps offsets, tokens with their breaks, tone placement, syllable shape.

`flat(text)` has exactly the length of `text`, so a span found in one is a span of the other.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter

import msgspec

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*")
_ABBREVIATIONS = frozenset(
    {"p", "f", "q", "x", "tp", "tt", "tx", "kp", "d", "h", "ktd", "ql", "tl", "hl", "ts", "ths", "bs"}
)
_HARD = frozenset("!?;\n…")
_SOFT = frozenset(',:()[]"“”–-/|')


def word_set(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


class Token(msgspec.Struct, frozen=True, gc=False):
    """One word. `gap` is the break before it: "" none, "," a soft one, "." the end of a sentence."""

    text: str
    lower: str
    """Lower case with the old tone placement: hoà → hòa."""
    bare: str
    accented: bool
    start: int
    end: int
    gap: str


class _Flat(dict[int, str]):
    """Character → lower-case character without marks, one for one."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFD", chr(code))[0]
        folded = base.lower()
        found = {"đ": "d", "Đ": "d"}.get(base) or (folded if len(folded) == 1 else base)
        self[code] = found
        return found


_FLAT = _Flat()


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def flat(text: str) -> str:
    """Lower case without tone and diacritic marks; the same length as `text` (which should be NFC)."""
    return text.translate(_FLAT)


def fold(text: str) -> str:
    """`flat` with spaces collapsed: the key for comparing."""
    return " ".join(flat(nfc(text)).split())


_TONED = {"o": "òóỏõọ", "u": "ùúủũụ", "a": "àáảãạ", "e": "èéẻẽẹ", "y": "ỳýỷỹỵ"}
_PLACEMENT = {
    first + _TONED[second][tone]: _TONED[first][tone] + second
    for first, second in (("o", "a"), ("o", "e"), ("u", "y"))
    for tone in range(5)
}
_QU = {_TONED["u"][tone] + "y": "u" + _TONED["y"][tone] for tone in range(5)}


def place_tone(word: str) -> str:
    """One spelling for the two right ones: hoà → hòa, thuỷ → thủy; qúy → quý. `word` is lower case."""
    tail = word[-2:]
    if word[-3:-2] == "q":
        return word[:-2] + _QU.get(tail, tail)
    return word[:-2] + _PLACEMENT.get(tail, tail)


def _gap(between: str, previous: str) -> str:
    """What kind of break lies between two words; a dot after an abbreviation ("p. Suối Hoa") is none."""
    if not between or (between.isspace() and "\n" not in between):
        return ""
    if _HARD & set(between):
        return "."
    dot = between.find(".")
    if dot >= 0 and between[dot:] != "." and previous not in _ABBREVIATIONS:
        return "."
    return "," if _SOFT & set(between) else ""


def tokenize(text: str) -> tuple[Token, ...]:
    """The words of an NFC text, in order."""
    tokens: list[Token] = []
    end, previous = 0, ""
    for match in _WORD.finditer(text):
        start, stop = match.span()
        between = text[end:start]
        gap = "" if between == " " or not tokens else _gap(between, previous)
        typed = text[start:stop]
        lower, bare, accented = _spellings(typed)
        tokens.append(Token(typed, lower, bare, accented, start, stop, gap))
        end, previous = stop, bare
    return tuple(tokens)


@lru_cache(maxsize=8192)
def _spellings(typed: str) -> tuple[str, str, bool]:
    """(lower, bare, accented) of one word. Few words make up most texts, so they are worth remembering."""
    lower, bare = place_tone(typed.lower()), flat(typed)
    return lower, bare, lower != bare


def token_at(tokens: Sequence[Token], offset: int) -> int:
    """The index of the first token that starts at `offset` or later; their number when there is none."""
    return bisect_left(tokens, offset, key=_start)


_start = attrgetter("start")


def covered(tokens: Sequence[Token], spans: Iterable[tuple[int, int]]) -> set[int]:
    """Indices of the tokens that start in one of the character spans."""
    return {at for start, end in spans for at in range(token_at(tokens, start), token_at(tokens, end))}


def words(phrase: str) -> tuple[str, ...]:
    """A phrase of a word list, cut the same way as a message."""
    return tuple(token.lower for token in tokenize(nfc(phrase)))


_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdghklmnprstvx])?"
    r"(?:(?:[aeiou]|ie|ye|uo|ua|oa|oe|ue|uy|uye|uya|oo)(?:ch|nh|ng|[cmnpt])?"
    r"|[aeouy]|ai|ao|au|ay|eo|eu|ia|iu|oi|ui|uu|oai|oay|uay|uoi|uou|uyu|oao|oeo|uau|ieu|yeu|uoi|ya)"
)


@lru_cache(maxsize=8192)
def is_syllable(bare: str) -> bool:
    """Whether the letters could be one Vietnamese syllable written without accents."""
    return _SYLLABLE.fullmatch(bare) is not None


def _deletions(word: str) -> Iterable[str]:
    return (word[:i] + word[i + 1 :] for i in range(len(word)))


_REMEMBERED = 4096
"""Words whose neighbours are remembered."""


class Typos:
    """Finds the words of a list that are one slip of the finger away. Only words of four letters and more take part."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._words = {word for word in vocabulary if len(word) >= 4 and word.isalpha()}
        self._by_deletion: dict[str, list[str]] = {}
        self._memory: dict[str, tuple[str, ...]] = {}
        for word in sorted(self._words):
            for shorter in set(_deletions(word)):
                self._by_deletion.setdefault(shorter, []).append(word)

    def near(self, word: str) -> tuple[str, ...]:
        """The list's words at distance one: a letter dropped, added, replaced, or two neighbours swapped."""
        known = self._memory.get(word)
        if known is None:
            if len(self._memory) >= _REMEMBERED:
                self._memory.clear()
            known = self._memory[word] = self._search(word)
        return known

    def _search(self, word: str) -> tuple[str, ...]:
        found = dict.fromkeys(self._by_deletion.get(word, ()))
        for shorter in _deletions(word):
            if shorter in self._words:
                found[shorter] = None
            for other in self._by_deletion.get(shorter, ()):
                if _one_apart(word, other):
                    found[other] = None
        found.pop(word, None)
        return tuple(found)


def _one_apart(left: str, right: str) -> bool:
    if len(left) != len(right):
        return False
    different = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(different) == 1:
        return True
    if len(different) != 2 or different[1] != different[0] + 1:
        return False
    i, j = different
    return left[i] == right[j] and left[j] == right[i]
