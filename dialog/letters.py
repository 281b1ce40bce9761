"""A slow exchange by mail: how a letter comes in. One letter says as much as it holds, and is answered by one letter.

It is taken apart (`dialog.reading.letter`), understood together with its heading, and then passes the same checks as a
chat message; `dialog.pieces` hears the answers it gives to several questions.
"""

import re
from dataclasses import replace
from datetime import timedelta

import msgspec

from core.effects import Handoff
from core.model import Case
from dialog import wording
from dialog.cases import checksum
from dialog.reading import letter, read
from dialog.reading.model import Reading
from dialog.reading.names import person
from dialog.state import Known
from dialog.turn import SILENCE, Turn

MOST_AN_HOUR = 10
HOUR = timedelta(hours=1)
LITTLE = 80
"""Characters up to which a letter that names no matter is understood together with its heading."""
_AS_HEADED = re.compile(
    r"^\W*(?:noi dung )?(?:nhu|xem|theo) (?:tren )?(?:tieu de|chu de|tren)(?: (?:thu|mail|email))?\W*$"
)
_TAG = re.compile(r"\[#[^\]]*\]")


def loops(turn: Turn) -> bool:
    """More letters from one address within an hour than a person writes: a machine answers us, and is not answered."""
    recent = tuple(at for at in turn.state.letters_at if turn.now - at < HOUR)
    turn.update(letters_at=(*recent, turn.now)[-MOST_AN_HOUR - 1 :])
    if len(recent) < MOST_AN_HOUR:
        return False
    turn.wish(Handoff(reason="loop"))
    return True


def open_letter(turn: Turn) -> None:
    """Put the letter's own words in the place of the whole; the signature is kept apart."""
    message = turn.message
    if message is None:
        return
    if message.about and turn.known(message.about) is None:
        turn.remember(Known(case=Case(code=message.about), opened_at=turn.now))
    parts = letter.take_apart(message.text)
    turn.message = replace(message, text=parts.body)
    turn.signed = _signed(turn, parts.signature) if parts.signature else SILENCE


def _signed(turn: Turn, signature: str) -> Reading:
    if turn.message is None:
        return SILENCE
    heard = read(replace(turn.message, text=signature), profile=turn.profile, now=turn.now, waiting_for="name")
    clauses = (clause.rpartition(":")[2] for clause in re.split(r"[\n,;|–-]", signature))
    name = next(filter(None, map(person, clauses)), "")
    own = heard.phone if heard.phone and heard.phone.e164 else None
    return msgspec.structs.replace(SILENCE, name=name, phone=own, email=heard.email, address=heard.address)


def add_heading(turn: Turn) -> None:
    """The heading says what the letter is about where the letter itself says little; else it is a hint.

    A heading that repeats the last letter's is the thread's, and says nothing new.
    """
    message = turn.message
    if message is None or not message.subject:
        return
    heading = _TAG.sub("", message.subject).strip(" .:-")
    mark = checksum(wording.fold(heading))
    fresh = mark != turn.state.heading
    turn.update(heading=mark)
    said = turn.reading
    if not (fresh and heading) or message.about or turn.form.draft.description:
        return
    hint = read(replace(message, text=heading), profile=turn.profile, now=turn.now)
    elsewhere = said.place is None and hint.place is not None and hint.place.parts > 0 and len(said.text) <= LITTLE
    if wording.fold(heading) in said.folded or (_says_enough(said) and not elsewhere):
        _take_hints(turn, hint)
        return
    as_headed = not message.text or _AS_HEADED.match(wording.fold(message.text)) is not None
    turn.message = replace(message, text=heading if as_headed else f"{heading}. {message.text}")
    turn.reading = read(turn.message, profile=turn.profile, now=turn.now, waiting_for="")


def _says_enough(said: Reading) -> bool:
    if said.command or said.yes or said.no or said.thanks or said.codes or said.rating or said.number:
        return True
    if not said.has_matter or _AS_HEADED.match(said.folded):
        return False
    return bool(said.category_candidates or said.type_candidates) or len(said.text) > LITTLE


def _take_hints(turn: Turn, hint: Reading) -> None:
    """What the letter itself leaves open is taken from its heading."""
    said = turn.reading
    changes: dict[str, object] = {}
    for one in ("emergency", "exclusion", "level"):
        if not getattr(said, one):
            changes[one] = getattr(hint, one)
    if not said.category_sure and hint.category_sure:
        changes |= {one: getattr(hint, one) for one in ("category", "category_candidates", "category_sure")}
    if not said.type_candidates and hint.type_candidates:
        changes |= {one: getattr(hint, one) for one in ("report_type", "type_candidates", "type_sure")}
    if said.place is None and hint.place and hint.place.parts:
        changes["place"] = hint.place
    changes["topics"] = tuple(dict.fromkeys((*said.topics, *hint.topics)))
    turn.reading = msgspec.structs.replace(said, **changes)
