"""Short answers: yes, no, skip, a number from a list, a command, a rating.

A command is the whole message or its leading clause; "thôi" inside a sentence is none (D15, D23).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dialog.reading.lexicon import (
    CANCEL_FILLERS,
    CONFIDENTIAL_FILLERS,
    CONTACT_FILLERS,
    HEADS,
    MATCHING,
    NO,
    SKIP_OBJECTS,
    TAILS,
    WISH,
    YES,
)
from dialog.reading.model import RatingReading
from dialog.reading.text import Token, flat, word_set, words
from regulations.model import Command, Rating, ScaleRow

_ORDINALS = {"mot": 1, "nhat": 1, "dau": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5}
_PICK_WORDS = word_set("so cai thu chon lua muc phuong an dap y kieu loai o a nha nhe ad em da vang dau tien la cho")
_FILLERS: Mapping[str, frozenset[str]] = {
    "cancel": CANCEL_FILLERS,
    "confidential": CONFIDENTIAL_FILLERS,
    "contact": CONTACT_FILLERS,
}
_LEADING = frozenset({"cancel", "confidential", "appeal", "skip", "edit", "confirm", "insist"})
_EDIT_SLOTS = word_set(
    "ten ho sdt dt so dien dia noi mo ta vi diem cho phuong xa thon ap ngo hem email mail gmail anh hinh thong tin "
    "linh vuc thoi gian ngay gio nha mst cccd phan"
)
_EDIT_FILLERS = word_set(
    "luon lai giup gium cho toi em minh mk cai duoc khong ko k roi r ad a nha nhe di phan anh mot chut ti"
)


@dataclass(frozen=True, slots=True)
class Answer:
    command: str = ""
    rest: int = 0
    """Character offset where the rest of the message starts; the text's length when nothing follows."""
    yes: bool = False
    no: bool = False
    skip: bool = False


NOTHING = Answer()
_NO_WORDS: frozenset[str] = frozenset()
_EMPTY_HEADS = word_set("da a oi alo chao ad em anh chi hi hello")
"""A leading clause of these alone answers nothing: "dạ, …"."""
_AFTER_NO = word_set("co phai can biet dau dung muon")


_WRITTEN_OUT = {short: flat(full[0]) for short, full in MATCHING.items() if full}


class Said:
    """Folded words with one-word shorthand written out: "k" → "khong"."""

    __slots__ = ("joined", "tokens", "unclear", "words")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.words = [_WRITTEN_OUT.get(token.lower, token.bare) for token in tokens]
        self.unclear = "hong" in self.words
        if self.unclear:
            self._tell_no_from_broken()
        self.joined = " ".join(self.words)

    def _tell_no_from_broken(self) -> None:
        """ "hong" is hỏng (broken) more often than hông (no)."""
        said = self.words
        for index, token in enumerate(self.tokens):
            if token.lower == "hong" and (len(said) == 1 or said[min(index + 1, len(said) - 1)] in _AFTER_NO):
                said[index] = "khong"

    def cut(self, first: int, last: int) -> list[str]:
        """The words of one clause, as if nothing stood beside it."""
        return Said(self.tokens[first:last]).words if self.unclear else self.words[first:last]


def clauses(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    if not tokens:
        return []
    starts = [i for i, token in enumerate(tokens) if i == 0 or token.gap]
    return list(zip(starts, [*starts[1:], len(tokens)], strict=True))


def _strip(said: Sequence[str], heads: frozenset[str]) -> int:
    at = 0
    while at < len(said) - 1 and said[at] in heads:
        at += 1
    return at


def _by_first_word(phrases: Iterable[Sequence[str]]) -> Mapping[str, Sequence[Sequence[str]]]:
    """First word → phrases, longest first."""
    found: dict[str, list[Sequence[str]]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        found.setdefault(phrase[0], []).append(phrase)
    return found


_YES, _NO = _by_first_word(YES), _by_first_word(NO)
_POLITE = HEADS | TAILS
_BEFORE_COMMAND = HEADS | WISH
_BESIDE_NO = HEADS | TAILS | SKIP_OBJECTS | {"can", "muon"}


def _length_at(said: Sequence[str], at: int, phrases: Mapping[str, Sequence[Sequence[str]]]) -> int:
    """How many words the longest of the phrases takes at `at`; 0 when none stands there."""
    listed = phrases.get(said[at], ())
    return next((len(phrase) for phrase in listed if said[at : at + len(phrase)] == phrase), 0)


def _made_of(said: Sequence[str], phrases: Mapping[str, Sequence[Sequence[str]]], also: frozenset[str]) -> bool:
    """Whether the words are these phrases and filler words, with at least one phrase."""
    at, hits = 0, 0
    while at < len(said):
        size = _length_at(said, at, phrases)
        if size:
            at += size
            hits += 1
        elif said[at] in also:
            at += 1
        else:
            return False
    return hits > 0


def _is_yes(said: Sequence[str]) -> bool:
    return bool(said) and _made_of(said, _YES, _POLITE) and not _starts_with_no(said)


def _starts_with_no(said: Sequence[str]) -> bool:
    at = _strip(said, HEADS)
    return _length_at(said, at, _NO) > 0 and _length_at(said, at, _YES) <= 1


def _is_no(said: Sequence[str]) -> bool:
    return bool(said) and _starts_with_no(said) and _made_of(said, _NO, _BESIDE_NO)


def _is_skip(said: Sequence[str]) -> bool:
    """ "không có ảnh", "khỏi cần email",
    "không cần đâu": a no that leaves a question open; "sai rồi" is another kind of no."""
    return _is_no(said) and not any(word in {"sai", "nham", "dung", "phai"} for word in said)


@dataclass(frozen=True, slots=True)
class CommandPhrase:
    command: str
    words: tuple[str, ...]
    bare: tuple[str, ...]
    only_bare: bool


@dataclass(frozen=True, slots=True)
class Commands:
    """A profile's commands, ready to be looked up."""

    phrases: Mapping[str, Sequence[CommandPhrase]]
    """First folded word → the phrases that begin with it, longest first."""
    openers: Mapping[str, frozenset[str]]
    """Command → the first words of its phrases."""


def commands_at(said: Said, first: int, last: int, commands: Commands, only: str = "") -> tuple[str, int]:
    """(command, index after its phrase) for the clause `first`…`last`; ("", first) when it starts with none."""
    clause = said.cut(first, last)
    starts = (0, _strip(clause, HEADS), _strip(clause, _BEFORE_COMMAND)) if clause else ()
    for at in dict.fromkeys(starts):
        for phrase in commands.phrases.get(clause[at], ()):
            size = len(phrase.words)
            if (only and phrase.command != only) or tuple(clause[at : at + size]) != phrase.bare:
                continue
            window = said.tokens[first + at : first + at + size]
            if _accents_agree(window, phrase):
                return phrase.command, first + at + size
    return "", first


def _accents_agree(window: Sequence[Token], phrase: CommandPhrase) -> bool:
    """Schema §4: equal words, or their unaccented forms where at least one word kept its accent."""
    kept = any(token.accented for token in window)
    if phrase.only_bare:
        return not kept
    for token, word, bare in zip(window, phrase.words, phrase.bare, strict=True):
        exact = token.lower == word or word in MATCHING.get(token.lower, ())
        if not exact and not (token.lower == bare and kept and len(phrase.words) > 1):
            return False
    return True


def command_phrases(rows: Mapping[str, Command]) -> Commands:
    """The profile's commands, ready to be looked up."""
    found: dict[str, list[CommandPhrase]] = {}
    openers: dict[str, set[str]] = {}
    for row_id, row in rows.items():
        for only_bare, listed in ((False, row.kw), (True, row.kw_bare)):
            for text in listed:
                cut = words(text)
                bare = tuple(map(flat, cut))
                found.setdefault(bare[0], []).append(CommandPhrase(row_id, cut, bare, only_bare))
                openers.setdefault(row_id, set()).add(bare[0])
    for phrases in found.values():
        phrases.sort(key=lambda phrase: -len(phrase.words))
    return Commands(found, {command: frozenset(first) for command, first in openers.items()})


def read(said: Said, commands: Commands) -> Answer:
    """What the message answers or orders, judged by the whole of it first and by its leading clause second."""
    tokens = said.tokens
    if not tokens:
        return NOTHING
    everything = said.words
    whole_yes, whole_no = _is_yes(everything), _is_no(everything)
    command = _clause_command(said, 0, len(tokens), commands)
    length = tokens[-1].end
    if command or whole_yes or whole_no:
        skip = whole_no and _is_skip(everything)
        command = command or ("confirm" if whole_yes else "skip" if skip else "")
        return Answer(
            command,
            length,
            whole_yes or command == "confirm",
            whole_no and command != "cancel",
            skip or command == "skip",
        )
    first_end = next((index for index in range(1, len(tokens)) if tokens[index].gap), len(tokens))
    if first_end < len(tokens):
        lead = everything[:first_end]
        rest = tokens[first_end].start
        command = _clause_command(said, 0, first_end, commands)
        if not command and all(word in _EMPTY_HEADS for word in lead):
            return NOTHING
        if command in _LEADING or _is_yes(lead) or _is_no(lead):
            return Answer(
                command if command in _LEADING else "",
                rest,
                _is_yes(lead),
                _is_no(lead) and command != "cancel",
                _is_skip(lead),
            )
    command, after = _open_command(said, first_end, commands)
    if command:
        return Answer(command, tokens[after].start if after < len(tokens) else length)
    return NOTHING


def _fillers(command: str) -> frozenset[str]:
    objects = SKIP_OBJECTS if command == "skip" else _EDIT_FILLERS if command == "edit" else frozenset[str]()
    return TAILS | _FILLERS.get(command, frozenset()) | objects


_BESIDE = {command: _fillers(command) for command in (*_FILLERS, "skip", "edit")}
"""Command → words that may stand beside it; the others go with politeness alone."""


def _clause_command(said: Said, first: int, last: int, commands: Commands, only: str = "") -> str:
    """A command that fills the clause, politeness and a few words of its own kind aside; else ""."""
    command, after = commands_at(said, first, last, commands, only)
    if not command:
        return ""
    fillers = _BESIDE.get(command, TAILS)
    return command if all(word in fillers for word in said.cut(after, last)) else ""


def _open_command(said: Said, last: int, commands: Commands) -> tuple[str, int]:
    """Commands that go on in the same clause: "sửa luôn sđt 09…", "không đồng ý thêm lần nữa: …"."""
    command, after = commands_at(said, 0, last, commands)
    if command == "appeal":
        return command, after
    left = said.cut(after, last)
    if command == "edit":
        at = _strip([*left, ""], _EDIT_FILLERS)
        if at < len(left) and left[at] in _EDIT_SLOTS:
            return command, after
    if command in {"help", "status"} and len(left) <= 6:
        return command, after
    return "", 0


def confidential_wish(said: Said, commands: Commands) -> tuple[int, int] | None:
    """The clause that asks for confidentiality, wherever it stands (D17); None when there is none."""
    if commands.openers.get("confidential", _NO_WORDS).isdisjoint(said.words) and not said.unclear:
        return None
    for first, last in clauses(said.tokens):
        if _clause_command(said, first, last, commands, "confidential"):
            return first, last
    return None


def number(said: Sequence[str]) -> int | None:
    """A bare number as picked from a list: "2", "số 2", "cái thứ hai". `said` are the words of `Said`."""
    if not said or len(said) > 5:
        return None
    digits = [word for word in said if word.isdecimal() and len(word) <= 2]
    left = [word for word in said if word not in _PICK_WORDS]
    if len(digits) == 1 and left == digits:
        return int(digits[0])
    if len(said) > 1 and said[0] in {"cai", "thu", "so", "chon", "muc"} and len(left) <= 1:
        ordinal = [word for word in said if word in _ORDINALS]
        if len(ordinal) == 1 and all(word in _PICK_WORDS or word in _ORDINALS for word in said):
            return _ORDINALS[ordinal[0]]
    return None


_STARS = re.compile(r"^\D{0,24}?([1-5]|mot|hai|ba|bon|nam)\s*(?:/\s*5\s*)?(?:sao|\*|⭐|star)")
_BARE_STARS = re.compile(r"^\s*(?:da|cho|em|toi|danh gia|minh)?\s*([1-5])(?:\s*/\s*5)?(?![\w])")
_POLARITY: Mapping[str, tuple[str, ...]] = {
    "negative": ("khong hai long", "chua hai long", "chang hai long", "rat khong hai long", "that vong", "te qua",
    "qua te", "te", "kem", "kem qua", "do te", "qua kem", "khong on", "chua on", "khong tot", "chua tot"),
    "neutral": ("binh thuong", "chap nhan duoc", "tam duoc", "cung duoc", "tam tam", "tam on", "tam", "bt"),
    "positive": ("hai long", "rat hai long", "tot", "rat tot", "tuyet voi", "qua tot", "on", "tot lam", "ung y",
    "ung bung"),
}  # fmt: skip


Labels: TypeAlias = Sequence[tuple[Sequence[str], ScaleRow]]
"""The folded words of the scale's labels, longest first."""


def rating_labels(scale: Rating) -> Labels:
    found = [([flat(word) for word in words(row.label)], row) for row in scale.scale.values()]
    return sorted(found, key=lambda item: -len(item[0]))


def rating(
    text: str, flat_text: str, said: Said, scale: Rating, labels: Labels, *, asked: bool
) -> RatingReading | None:
    """The value on the profile's scale with the rest as comment (D20). A word that is no label is never sure."""
    stars = _stars(text, flat_text, asked=asked) if scale.kind == "stars" else None
    if stars:
        value, end = stars
        row = scale.scale.get(value)
        return (
            RatingReading(value=value, sure=True, polarity=row.polarity if row else "", comment=_comment(text, end))
            if row
            else None
        )
    tokens, heard = said.tokens, said.words
    if not tokens:
        return None
    at = _strip(heard, _BEFORE_COMMAND)
    if scale.kind == "labels":
        for label, row in labels:
            if heard[at : at + len(label)] == label:
                return RatingReading(
                    value=row.value,
                    sure=True,
                    polarity=row.polarity,
                    comment=_comment(text, tokens[at + len(label) - 1].end),
                )
    if not asked and "hai long" not in " ".join(heard[at : at + 4]):
        return None
    best: tuple[int, str] = (0, "")
    for polarity, synonyms in _POLARITY.items():
        for synonym in synonyms:
            cut = synonym.split()
            if len(cut) > best[0] and heard[at : at + len(cut)] == cut:
                best = (len(cut), polarity)
    if not best[0]:
        return None
    rows = [row for row in scale.scale.values() if row.polarity == best[1]]
    clear = scale.kind == "labels" and len(rows) == 1 and "hai long" in " ".join(heard[at : at + best[0]])
    return RatingReading(
        value=rows[0].value if len(rows) == 1 else None,
        sure=clear,
        polarity=best[1],
        comment=_comment(text, tokens[at + best[0] - 1].end),
    )


def _stars(text: str, flat_text: str, *, asked: bool) -> tuple[int, int] | None:
    count = text.count("⭐") or text.count("★")
    if 1 <= count <= 5 and not re.search(r"[1-5]\s*(?:⭐|★)", text):
        return count, max(text.rfind("⭐"), text.rfind("★")) + 1
    starred = any(word in flat_text for word in ("sao", "*", "⭐", "star"))
    match = (_STARS.search(flat_text) if starred else None) or (_BARE_STARS.search(flat_text) if asked else None)
    if not match:
        return None
    value = match[1]
    return int(value) if value.isdecimal() else {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5}[value], match.end()


def _comment(text: str, end: int) -> str:
    return text[end:].strip(" ,.;:!-–\n\t").strip()
