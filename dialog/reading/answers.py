"""Short answers: yes, no, skip, a number from a list, a command, a rating.

A command is the whole message or its leading clause; "thôi" inside a sentence is none (D15, D23).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from dialog.reading.lexicon import (
    CANCEL_FILLERS,
    CONFIDENTIAL_FILLERS,
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
from regulations.model import Command, Rating

_ORDINALS = {"mot": 1, "nhat": 1, "dau": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5}
_PICK_WORDS = word_set("so cai thu chon lua muc phuong an dap y kieu loai o a nha nhe ad em da vang dau tien la cho")
_FILLERS: Mapping[str, frozenset[str]] = {"cancel": CANCEL_FILLERS, "confidential": CONFIDENTIAL_FILLERS}
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


_EMPTY_HEADS = word_set("da a oi alo chao ad em anh chi hi hello")
"""A leading clause of these alone answers nothing: "dạ, …"."""
_AFTER_NO = word_set("co phai can biet dau dung muon")


def forms(tokens: Sequence[Token]) -> list[str]:
    """Folded words with one-word shorthand written out: "k" → "khong"."""
    said = [flat(MATCHING[token.lower][0]) if MATCHING.get(token.lower) else token.bare for token in tokens]
    for index, token in enumerate(tokens):
        # "hong" is hỏng (broken) more often than hông (no).
        if token.lower == "hong" and (len(said) == 1 or said[min(index + 1, len(said) - 1)] in _AFTER_NO):
            said[index] = "khong"
    return said


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


def _made_of(said: Sequence[str], phrases: Sequence[Sequence[str]], also: frozenset[str]) -> bool:
    """Whether the words are these phrases and filler words, with at least one phrase."""
    at, hits = 0, 0
    while at < len(said):
        size = max((len(p) for p in phrases if list(said[at : at + len(p)]) == list(p)), default=0)
        if size:
            at += size
            hits += 1
        elif said[at] in also:
            at += 1
        else:
            return False
    return hits > 0


_NO_LEAD = frozenset(word for phrase in NO for word in phrase[:1])


def _is_yes(said: Sequence[str]) -> bool:
    return bool(said) and _made_of(said, YES, HEADS | TAILS) and not _starts_with_no(said)


def _starts_with_no(said: Sequence[str]) -> bool:
    at = _strip(said, HEADS)
    return any(list(said[at : at + len(p)]) == p for p in NO) and not any(
        list(said[at : at + len(p)]) == p and len(p) > 1 for p in YES
    )


def _is_no(said: Sequence[str]) -> bool:
    return bool(said) and _starts_with_no(said) and _made_of(said, NO, HEADS | TAILS | SKIP_OBJECTS | {"can", "muon"})


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


Commands: TypeAlias = Mapping[str, Sequence[CommandPhrase]]
"""First folded word → the phrases of commands that begin with it, longest first."""


def commands_at(tokens: Sequence[Token], first: int, last: int, phrases: Commands, only: str = "") -> tuple[str, int]:
    """(command, index after its phrase) for the clause `first`…`last`; ("", first) when it starts with none."""
    said = forms(tokens[first:last])
    for at in dict.fromkeys((0, _strip(said, HEADS), _strip(said, HEADS | WISH))):
        for phrase in phrases.get(said[at], ()) if at < len(said) else ():
            size = len(phrase.words)
            if (only and phrase.command != only) or tuple(said[at : at + size]) != phrase.bare:
                continue
            window = tokens[first + at : first + at + size]
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
    for row_id, row in rows.items():
        for only_bare, listed in ((False, row.kw), (True, row.kw_bare)):
            for text in listed:
                cut = words(text)
                bare = tuple(map(flat, cut))
                found.setdefault(bare[0], []).append(CommandPhrase(row_id, cut, bare, only_bare))
    for phrases in found.values():
        phrases.sort(key=lambda phrase: -len(phrase.words))
    return found


def read(tokens: Sequence[Token], phrases: Commands) -> Answer:
    """What the message answers or orders, judged by the whole of it first and by its leading clause second."""
    if not tokens:
        return Answer()
    everything = forms(tokens)
    first_end = clauses(tokens)[0][1]
    whole_yes, whole_no = _is_yes(everything), _is_no(everything)
    command, after = _whole_command(tokens, phrases)
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
    lead = everything[:first_end]
    if first_end < len(tokens):
        rest = tokens[first_end].start
        command, after = _clause_command(tokens, 0, first_end, phrases)
        if not command and all(word in _EMPTY_HEADS for word in lead):
            return Answer()
        if command in _LEADING or _is_yes(lead) or _is_no(lead):
            return Answer(
                command if command in _LEADING else "",
                rest,
                _is_yes(lead),
                _is_no(lead) and command != "cancel",
                _is_skip(lead),
            )
    command, after = _open_command(tokens, first_end, phrases)
    if command:
        return Answer(command, tokens[after].start if after < len(tokens) else length)
    return Answer()


def _whole_command(tokens: Sequence[Token], phrases: Commands) -> tuple[str, int]:
    return _clause_command(tokens, 0, len(tokens), phrases)


def _clause_command(
    tokens: Sequence[Token], first: int, last: int, phrases: Commands, only: str = ""
) -> tuple[str, int]:
    """A command that fills the clause, politeness and a few words of its own kind aside."""
    command, after = commands_at(tokens, first, last, phrases, only)
    if not command:
        return "", first
    fillers = TAILS | _FILLERS.get(command, frozenset())
    if command == "skip":
        fillers |= SKIP_OBJECTS
    if command == "edit":
        fillers |= _EDIT_FILLERS
    left = forms(tokens[after:last])
    if all(word in fillers for word in left):
        return command, last
    return "", first


def _open_command(tokens: Sequence[Token], last: int, phrases: Commands) -> tuple[str, int]:
    """Commands that go on in the same clause: "sửa luôn sđt 09…", "không đồng ý thêm lần nữa: …"."""
    command, after = commands_at(tokens, 0, last, phrases)
    left = forms(tokens[after:last])
    if command == "appeal":
        return command, after
    if command == "edit":
        at = _strip([*left, ""], _EDIT_FILLERS)
        if at < len(left) and left[at] in _EDIT_SLOTS:
            return command, after
    if command in {"help", "status"} and len(left) <= 6:
        return command, after
    return "", 0


def confidential_wish(tokens: Sequence[Token], phrases: Commands) -> tuple[int, int] | None:
    """The clause that asks for confidentiality, wherever it stands (D17); None when there is none."""
    for first, last in clauses(tokens):
        command, _ = _clause_command(tokens, first, last, phrases, "confidential")
        if command:
            return first, last
    return None


def number(tokens: Sequence[Token]) -> int | None:
    """A bare number as picked from a list: "2", "số 2", "cái thứ hai"."""
    said = forms(tokens)
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


def rating(text: str, flat_text: str, tokens: Sequence[Token], scale: Rating, *, asked: bool) -> RatingReading | None:
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
    if not tokens:
        return None
    said = forms(tokens)
    at = _strip(said, HEADS | WISH)
    labels = sorted(((forms_of(row.label), row) for row in scale.scale.values()), key=lambda item: -len(item[0]))
    if scale.kind == "labels":
        for label, row in labels:
            if said[at : at + len(label)] == label:
                return RatingReading(
                    value=row.value,
                    sure=True,
                    polarity=row.polarity,
                    comment=_comment(text, tokens[at + len(label) - 1].end),
                )
    if not asked and "hai long" not in " ".join(said[at : at + 4]):
        return None
    best: tuple[int, str] = (0, "")
    for polarity, synonyms in _POLARITY.items():
        for synonym in synonyms:
            cut = synonym.split()
            if len(cut) > best[0] and said[at : at + len(cut)] == cut:
                best = (len(cut), polarity)
    if not best[0]:
        return None
    rows = [row for row in scale.scale.values() if row.polarity == best[1]]
    clear = scale.kind == "labels" and len(rows) == 1 and "hai long" in " ".join(said[at : at + best[0]])
    return RatingReading(
        value=rows[0].value if len(rows) == 1 else None,
        sure=clear,
        polarity=best[1],
        comment=_comment(text, tokens[at + best[0] - 1].end),
    )


def forms_of(label: str) -> list[str]:
    return [flat(word) for word in words(label)]


def _stars(text: str, flat_text: str, *, asked: bool) -> tuple[int, int] | None:
    count = text.count("⭐") or text.count("★")
    if 1 <= count <= 5 and not re.search(r"[1-5]\s*(?:⭐|★)", text):
        return count, max(text.rfind("⭐"), text.rfind("★")) + 1
    match = _STARS.search(flat_text) or (_BARE_STARS.search(flat_text) if asked else None)
    if not match:
        return None
    value = match[1]
    return int(value) if value.isdecimal() else {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "nam": 5}[value], match.end()


def _comment(text: str, end: int) -> str:
    return text[end:].strip(" ,.;:!-–\n\t").strip()
