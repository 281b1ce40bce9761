"""A record's citizen who writes letters: one mail answers everything that the last one asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from app.rehearsal.player import Player
from app.rehearsal.record import Say, Turn
from dialog import State, waiting_for
from simulator import media
from simulator.email.clients import Enclosure

STICKERS = {"thumbs_up": "👍"}
"""Names that records have for signs."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Answers to several questions: the number that each question had in the letter, and what is said to it."""

    answers: tuple[tuple[int, Say], ...]


@dataclass(slots=True)
class Sheet:
    """A mail before it is written."""

    lines: list[str] = field(default_factory=list)
    files: list[Enclosure] = field(default_factory=list)
    subject: str = ""


def asked(state: State | None) -> tuple[str, ...]:
    """Every question that is open: one in a chat, all of the last letter's by mail."""
    if state is None or not waiting_for(state):
        return ()
    return (state.form.asked if state.form else ()) or (waiting_for(state),)


def next_turn(player: Player, slots: Sequence[str], *, settled: bool) -> Turn | Letter | None:
    """What the citizen does next; several open questions are answered at once, in their order."""
    if len(slots) < 2 or _free(player):
        return player.next(slots[0] if slots else "", settled=settled)
    if whole := _whole_letter(player, slots):
        return player.next(whole, settled=settled)
    answers = []
    for number, slot in enumerate(slots, 1):
        said = None if _free(player) else player.next(slot)
        if isinstance(said, Say):
            answers.append((number, said))
    return Letter(tuple(answers)) if answers else None


def _whole_letter(player: Player, slots: Sequence[str]) -> str:
    """The question under which the record has a letter that answers them all, as it was written."""
    written = (turn.slot for turn in player.left if isinstance(turn, Say) and turn.email)
    return next((slot for slot in written if slot in slots), "")


def _free(player: Player) -> bool:
    """Whether the record's next turn waits for no question."""
    return bool(player.left) and not (isinstance(player.left[0], Say) and player.left[0].slot)


def sheet(said: Say | Letter, labels: Mapping[str, str], picture: Mapping[str, bytes]) -> Sheet:
    """The turn as one mail. `labels`: what a button that was offered says; `picture`: bytes of every file by name."""
    made = Sheet(subject=_subject(said))
    parts = ((0, said),) if isinstance(said, Say) else said.answers
    for number, part in parts:
        made.files += _files(part, picture)
        if words := _words(part, labels):
            made.lines.append(f"{number}. {words}" if number else words)
    return made


def _subject(said: Say | Letter) -> str:
    """Empty for an answer: it goes into the thread."""
    return "" if isinstance(said, Letter) or said.slot else str((said.email or {}).get("subject", ""))


def file_names(said: Say | Letter) -> list[str]:
    """Every picture and document that goes along."""
    parts = [said] if isinstance(said, Say) else [part for _, part in said.answers]
    return [
        name
        for part in parts
        for name in (*part.photos, *(part.email or {}).get("attachments", ()), part.file, part.video)
        if name
    ]


def _files(part: Say, content: Mapping[str, bytes]) -> list[Enclosure]:
    found = [(name, _mime(name, content[name]), content[name]) for name in file_names(part)]
    return [*found, ("ghi-am.ogg", "audio/ogg", media.voice())] if part.voice else found


def _mime(name: str, content: bytes) -> str:
    return "video/mp4" if PurePath(name).suffix.lower() in {".mp4", ".mov"} else media.recognise(content)[0]


def _words(part: Say, labels: Mapping[str, str]) -> str:
    if part.location:
        place = part.location
        link = f"https://maps.google.com/?q={place['lat']},{place['lon']}"
        return " ".join(filter(None, (str(place.get("title", "")), link)))
    if part.contact:
        return f"{part.contact.get('name', '')} {part.contact['phone']}".strip()
    if part.button:
        return labels.get(part.button, part.button)
    return part.text or STICKERS.get(part.sticker, part.sticker) or str((part.email or {}).get("body", ""))
