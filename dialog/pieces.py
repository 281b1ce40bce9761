"""The answers that one letter gives to several questions: behind numbers, behind labels, or one a line.

Each piece is read as if only its question had been asked, and heard by the same function as in a chat.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import msgspec

from core.effects import Handoff, Say
from dialog import filling, wording
from dialog.answers import answer
from dialog.heard import Heard, agrees, declines
from dialog.needed import has, is_required, may_be_left, needs
from dialog.reading import read
from dialog.reading.letter import LABELS, Piece, labelled, numbered
from dialog.reading.model import Reading
from dialog.reading.names import person
from dialog.reporting import add_matter, finish
from dialog.side_answers import tell_corrected
from dialog.turn import SILENCE, Turn
from regulations.model import Profile

_MENTIONED: Mapping[str, re.Pattern[str]] = {
    "media": re.compile(r"(?<!\w)(?:anh|hinh|video|clip)(?!\w)"),
    "email": re.compile(r"(?<!\w)(?:e-?mail|gmail|thu dien tu)(?!\w)"),
    "phone": re.compile(r"(?<!\w)(?:sdt|dien thoai|so dt)(?!\w)"),
}
_DENIED = re.compile(r"(?<!\w)(?:khong|chua|ko|k|khoi)(?!\w)")
_AGREEABLE = frozenset({"ward", "address", "identity_reuse", "confidential", "behalf_consent", "pictured"})
_MOST_LINES = 40
"""A longer letter tells a story; its lines are no answers."""
_PLACES = ("location", "address", "behalf_address")
_NAMES = ("name", "behalf_name")


def cut(turn: Turn) -> None:
    """Find the pieces of the letter in `turn`; what stands outside of them is read as the rest.

    A letter of one line that answers one of several questions is read again for that question.
    """
    message, form = turn.message, turn.form
    if message is None or not message.text or message.choice or (message.about and turn.state.form is None):
        return
    asked = form.asked
    rest, pieces = numbered(message.text, len(asked)) if len(asked) > 1 else (message.text, [])
    if pieces:
        pieces = [_by_number(turn, piece, asked) for piece in pieces]
    else:
        rest, pieces = labelled(rest, _labels(turn.profile))
    if not pieces and len(asked) > 1:
        rest, pieces = _by_line(turn, message.text, asked)
    # A slot is answered once: the first answer counts.
    turn.pieces = tuple({piece.slot: piece for piece in reversed(pieces)}.values())[::-1]
    if not pieces:
        return
    turn.message = replace(message, text=rest)
    # What a number or a label introduces is no command: "1. Gửi ảnh sau".
    turn.reading = msgspec.structs.replace(
        turn.reading, command="", rest_command="", yes=False, no=False, skip=False, number=None, correction=None
    )


def _by_number(turn: Turn, piece: Piece, asked: Sequence[str]) -> Piece:
    rest, named = labelled(piece.text, _labels(turn.profile))
    if len(named) == 1 and not rest:
        return named[0]
    return replace(piece, slot=asked[piece.number - 1])


@lru_cache(maxsize=64)
def _labels(profile: Profile) -> Mapping[str, str]:
    """Unaccented label → slot: what people write, and what the profile calls its fields."""
    usual = {label: slot for slot, labels in LABELS.items() for label in labels}
    own = {wording.fold(row.label): row.id for row in profile.fields.values()}
    return {label: slot for label, slot in (usual | own).items() if slot in profile.fields}


def _by_line(turn: Turn, text: str, asked: Sequence[str]) -> tuple[str, list[Piece]]:
    """(lines that fit no question, the others with their slots); a single line goes to one question whole."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_LINES:
        return text, []
    left, rest, pieces = list(asked), list[str](), list[Piece]()
    for line in lines:
        slot = _slot_for(turn, line, left, alone=len(lines) == 1)
        if slot:
            pieces.append(Piece(line, slot=slot))
            left.remove(slot)
        else:
            rest.append(line)
    if len(lines) > 1:
        return "\n".join(rest), pieces
    if pieces and turn.message:
        turn.update_form(waiting=pieces[0].slot)
        turn.reading = read(turn.message, profile=turn.profile, now=turn.now, waiting_for=pieces[0].slot)
    return text, []


def _slot_for(turn: Turn, line: str, left: Sequence[str], *, alone: bool) -> str:
    """Which of the questions in `left` the line answers, by its shape; empty when by none."""
    if not left or turn.message is None:
        return ""
    said = read(replace(turn.message, text=line, media=()), profile=turn.profile, now=turn.now)
    denied = _DENIED.search(said.folded) is not None or declines(said)
    for fits, slots in (
        (denied, [slot for slot in left if slot in _MENTIONED and _MENTIONED[slot].search(said.folded)]),
        (bool(person(line)), [slot for slot in left if slot in _NAMES]),
        (_is_number(said), [slot for slot in left if slot in turn.profile.fields and _holds(turn, said, slot)]),
        (declines(said), [slot for slot in left if slot in turn.profile.fields and not is_required(turn, slot)]),
        (agrees(said), [slot for slot in left if slot in _AGREEABLE or (slot == "phone" and turn.form.suggestion)]),
        (said.place is not None and said.place.parts > 0, [slot for slot in left if slot in _PLACES]),
    ):
        if fits and slots:
            return slots[0]
    return left[0] if alone else ""


def _is_number(said: Reading) -> bool:
    return bool(said.phone or said.email or said.cccd or said.tax_code)


def _holds(turn: Turn, said: Reading, slot: str) -> bool:
    kind = turn.profile.fields[slot].type
    return kind in ("phone", "email", "cccd", "tax_code") and bool(getattr(said, kind))


# --- hearing them -----------------------------------------------------------------------------------------------------


def take(turn: Turn) -> bool:
    """Hear every piece as the answer to its question, then the rest; the next letter asks for what is still missing."""
    whole, rest, waiting = turn.message, turn.reading, turn.waiting
    if whole is None:
        return False
    known = turn.form.draft.description
    asked = turn.form.asked or (waiting,)
    for piece in sorted(turn.pieces, key=lambda piece: piece.slot != "description"):
        _take(turn, piece, asked)
    turn.message = whole
    turn.reading = read(whole, profile=turn.profile, now=turn.now) if whole.text else SILENCE
    filling.fill(turn)
    if known and turn.reading.has_matter and turn.reading.category_sure and "description" not in turn.filled:
        add_matter(turn)
    turn.update_form(waiting=waiting, editing=False)
    if len(turn.pieces) > 1:
        turn.settle(*(slot for slot in turn.form.asked if may_be_left(turn, slot) and not _open(turn, slot)))
    if waiting in ("confirm", "edit"):
        tell_corrected(turn)
    turn.reading = msgspec.structs.replace(turn.reading, second_report=rest.second_report, same_matter=rest.same_matter)
    finish(turn, waiting)
    return True


def _replaces(turn: Turn, slot: str, asked: Collection[str]) -> bool:
    """Whether the piece comes in the place of what is known, and does not add what was asked for."""
    row = turn.profile.fields.get(slot)
    return row is not None and slot not in asked and has(turn.form, row)


def _open(turn: Turn, slot: str) -> bool:
    """Whether what was given for the slot has to be asked about once more."""
    return slot in turn.refused or (slot == "phone" and bool(turn.form.suggestion))


def _take(turn: Turn, piece: Piece, asked: Collection[str]) -> None:
    slot, form, whole = piece.slot, turn.form, turn.message
    if slot == "address" and "location" in form.asked and "address" not in form.asked:
        slot = "location"
    row = turn.profile.fields.get(slot)
    if whole is None or (row and needs(turn, row) == "forbidden"):
        return
    before = len(turn.effects)
    turn.update_form(waiting=slot, tries={}, editing=_replaces(turn, slot, asked))
    turn.message = replace(whole, text=piece.text, choice="", media=(), place=None, contact=None)
    turn.reading = read(turn.message, profile=turn.profile, now=turn.now, waiting_for=slot)
    if answer(turn) is Heard.OTHER and not slot.startswith("behalf_"):
        filling.fill(turn)
    # One letter, one answer: what is still missing is said at its end.
    turn.effects[before:] = [one for one in turn.effects[before:] if not isinstance(one, Say | Handoff)]
    turn.update_form(tries=form.tries)
    turn.message = whole
