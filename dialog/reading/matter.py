"""What kind of message it is: thanks only, small talk, another language, insulting; and the exclusion that applies."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from dialog.reading.answers import Said
from dialog.reading.lexicon import CHITCHAT, CONTRAST, GREETINGS, HEADS, POSITIVE, SHORTHAND, TAILS
from dialog.reading.model import Span
from dialog.reading.phrases import Found, Range
from dialog.reading.text import Token, is_syllable, word_set
from regulations.model import Profile

_LATER_OK = word_set("den bac cac anh chi ad ubnd phuong xa nhieu lam rat")
_AMBIGUOUS_INSULTS = frozenset({"do cho", "dm"})
"""Bare phrases that are ordinary words inside a sentence: "đường hỏng do cho xe tải chạy"."""
_SCRIPTS = re.compile(r"[\u0400-\u04ff\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0600-\u06ff\u0900-\u097f]")
_ENGLISH = word_set(
    "the is are was there this that my your our of and to for with have has had been on in at it please hello help "
    "street road garbage trash water light broken near house not no working need want where when how can you we they "
    "he she from very since days week dear sir report problem"
)


_CHITCHAT = tuple(f" {phrase} " for phrase in CHITCHAT)
_OPENS_CHITCHAT = frozenset(phrase.split()[0] for phrase in CHITCHAT)
_POLITE = HEADS | TAILS
_OF_THANKS = _POLITE | _LATER_OK | {"cam", "on", "thank", "thanks", "xin", "cua", "chan", "thanh"}
_OF_GREETING = GREETINGS | _POLITE | {"kinh", "xin", "cac", "moi", "nguoi", "ban"}

_STATE = (
    r"(?:(?:toi|den) dau|sao roi|the nao|ra sao|xu ly chua|xong chua|giai quyet chua|co ket qua|tinh trang|tra cuu)"
)
_STATE_WORDS = ("chua", "dau", "nao", "sao", "ket qua", "tinh trang", "tra cuu")
"""One of them is in every question after a state."""
_ASKS_STATE = re.compile(_STATE)
_ASKS_STATE_OF = re.compile(rf"(?:phan anh|ho so|don|vu|ma|kien nghi)(?: \w+){{0,6}} {_STATE}")


_WANTS_REASON = re.compile(r"(?<!\w)(?:lam ro|giai thich|(?:vi|tai) sao)(?!\w)(?!.* chua )")
"""With the code of a case: its answer is not understood, or not accepted."""
_ONLY_ASKS = word_set(
    "phan anh ho so don vu ma kien nghi viec cua toi em minh tui chau nha chung con da nop gui bao hom truoc bua tuan "
    "thang roi nay kia do xu ly giai quyet duoc co ket qua tinh trang tra cuu xem kiem den dau sao the nao ra xong "
    "chua vay ha nhi a ad oi anh chi cac cho hoi xin giup thi la o ai bao gio may"
)


class Kind(NamedTuple):
    greeting: bool
    chitchat: bool
    thanks: bool
    foreign: bool


def foreign(text: str, tokens: Sequence[Token]) -> bool:
    """Whether the message is in another language. Vietnamese without accents is Vietnamese (R-BN-25)."""
    letters = [token for token in tokens if not token.text[0].isdigit()]
    if not letters:
        return False
    other = 0 if text.isascii() else len(_SCRIPTS.findall(text))
    if other:
        return other * 2 >= sum(char.isalpha() for char in text)
    if len(letters) < 3 or any(token.accented for token in letters):
        return False
    strange = sum(not is_syllable(token.bare) and token.bare not in SHORTHAND for token in letters)
    english = sum(token.bare in _ENGLISH for token in letters)
    return strange * 2 >= len(letters) or (english * 2 >= len(letters) and strange * 4 >= len(letters))


def kind(text: str, said: Said, *, matter: bool) -> Kind:
    """`matter`: words of a category or a place were found, so that it is no small talk."""
    heard = said.words
    joined = f" {said.joined} "
    greeting = not GREETINGS.isdisjoint(heard[:3])
    thanks = (" cam on " in joined or " thank " in joined or " thanks " in joined) and _OF_THANKS.issuperset(heard)
    small = not matter and len(heard) <= 9 and not _OPENS_CHITCHAT.isdisjoint(heard)
    small = small and any(phrase in joined for phrase in _CHITCHAT)
    only_greeting = greeting and not matter and _OF_GREETING.issuperset(heard)
    return Kind(greeting, small or only_greeting, thanks, foreign(text, said.tokens))


def insult_ranges(found: Found, profile: Profile, tokens: Sequence[Token]) -> tuple[str, list[Range]]:
    """(id of the first `ask_fix` row, token ranges of its words)."""
    if not found.touches("exclusions"):
        return "", []
    first, ranges = "", []
    for row_id, row in profile.exclusions.items():
        match = found.row("exclusions", row_id) if row.action == "ask_fix" else None
        for start, end in match.ranges if match else ():
            plain = " ".join(token.bare for token in tokens[start:end])
            inside = end < len(tokens) and not tokens[end].gap
            if (
                plain in _AMBIGUOUS_INSULTS
                and inside
                and start
                and not any(token.accented for token in tokens[start:end])
            ):
                continue
            first = first or row_id
            ranges.append((start, end))
    return first, ranges


def insult_cuts(tokens: Sequence[Token], ranges: Sequence[Range], matter: Sequence[Range]) -> list[Span]:
    """What to take out: the clause of an insult, or its words alone when the clause also tells the matter (D09)."""
    told = {index for start, end in matter for index in range(start, end)}
    cuts = []
    first = last = 0
    apart = False
    for start, end in ranges:
        if not first <= start < end <= last:
            first, last = start, end
            while first and not tokens[first].gap:
                first -= 1
            while last < len(tokens) and not tokens[last].gap:
                last += 1
            apart = told.isdisjoint(range(first, last))
        if apart:
            cuts.append((tokens[first].start, tokens[last].start if last < len(tokens) else tokens[last - 1].end + 12))
        else:
            cuts.append((tokens[start].start, tokens[end - 1].end))
    return cuts


def exclusion(
    found: Found, profile: Profile, tokens: Sequence[Token], *, organization: bool, overridden: Sequence[str]
) -> str:
    """The row that applies, in the order of schema §4: discard, then redirect and decline, then thanks."""
    if not found.touches("exclusions"):
        return ""
    rows = profile.exclusions
    for actions in (("discard",), ("redirect", "decline"), ("close_ack",)):
        for row_id, row in rows.items():
            if row.action not in actions or row_id in overridden:
                continue
            if organization and "organization" in row.not_for_senders:
                continue
            match = found.row("exclusions", row_id)
            if match and (row.action != "close_ack" or _only_thanks(found, profile, tokens, match.ranges)):
                return row_id
    return ""


def _only_thanks(found: Found, profile: Profile, tokens: Sequence[Token], ranges: Sequence[Range]) -> bool:
    """Whether the whole message is thanks (TH Đ11.5: "không kèm theo kiến nghị"), beyond the row's own kw_unless."""
    said = Said(tokens).words
    first = min(start for start, _ in ranges)
    joined = " ".join(said)
    praised = any(f" {word} " in f" {joined} " for word in POSITIVE)
    done = "da" in said
    if _contrast(said, tokens) and not (praised and done and not _asks(said)):
        return False
    if first <= 4 and all(not token.gap for token in tokens[1 : first + 1]):
        matter = found.ranges("categories", profile.categories)
        breaks = [index for index, token in enumerate(tokens) if token.gap == "." and index > first]
        later = breaks[0] if breaks else len(tokens)
        return (
            praised
            or done
            or (not any(start >= later for start, _ in matter) and not (matter and not (praised or done)))
        )
    return praised and done


def _contrast(said: Sequence[str], tokens: Sequence[Token]) -> bool:
    """Whether a word turns the thanks; "con" in a text with accents is no "còn" ("bà con", "con đường")."""
    accented = any(token.accented for token in tokens)
    return any(
        word in CONTRAST and not (accented and token.lower == "con") for word, token in zip(said, tokens, strict=True)
    )


def _asks(said: Sequence[str]) -> bool:
    return any(word in {"nhung", "van", "mong", "nho", "sao", "chua", "hoai"} for word in said)


def wants_reason(said: Said) -> bool:
    """Whether it is asked to make an answer clear, with its reason."""
    return _WANTS_REASON.search(said.joined) is not None


def only_asks(said: Said) -> bool:
    """Whether no word names a matter: "hồ sơ của tôi tới đâu rồi", not "hồ sơ đất đai tới đâu rồi"."""
    return _ONLY_ASKS.issuperset(said.words)


def asks_status(said: Said, *, coded: bool, beside: int) -> bool:
    """Whether a case's state is asked for. `coded`: a report code was typed, with `beside` other words."""
    if coded:
        return beside <= 6 or _ASKS_STATE.search(said.joined) is not None
    if len(said.words) > 16 or not any(word in said.joined for word in _STATE_WORDS):
        return False
    return _ASKS_STATE_OF.search(said.joined) is not None
