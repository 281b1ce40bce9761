"""What the citizen of a record does next. Knows no channel and no clock: it is told what the bot waits for.

The same player drives the pure dialog in a test and real channels over HTTP.
"""

from dataclasses import dataclass, field
from datetime import datetime

from app.rehearsal.record import Record, Say, StoreSays, Turn, Wait
from core.events import InboundMessage
from core.model import Contact, MediaKind, MediaRef, Peer, Place

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".heic", ".webp")
MAX_EXTRA = 12
"""Answers beyond the record's own turns."""


@dataclass(slots=True)
class Player:
    """Hands out the turns of one record, one `next` at a time."""

    record: Record
    left: list[Turn] = field(init=False)
    extra: int = 0
    unanswered: list[str] = field(default_factory=list)
    """Slots the bot asked for although the record has no answer."""

    def __post_init__(self) -> None:
        self.left = list(self.record.turns)

    def next(self, waiting: str, *, settled: bool = False) -> Turn | None:
        """The next turn, given the slot the bot waits for ("" for none); None when the conversation is over.

        Turns without a slot go in order and at once. For an open question the first turn tagged with its slot goes,
        else the record's answer. `settled`: what the record is about has been dealt with, so replies that nobody asked
        for are left out.
        """
        if self.left and self._free(self.left[0]):
            return self.left.pop(0)
        if waiting:
            return self._reply(waiting)
        if settled:
            self.left = [turn for turn in self.left if self._free(turn)]
        return self.left.pop(0) if self.left else None

    @staticmethod
    def _free(turn: Turn) -> bool:
        return not isinstance(turn, Say) or not turn.slot

    def _reply(self, slot: str) -> Turn | None:
        for number, turn in enumerate(self.left):
            if isinstance(turn, Say) and turn.slot == slot:
                return self.left.pop(number)
        if slot not in self.record.answers:
            self.unanswered.append(slot)
            return None
        if self.extra == MAX_EXTRA:
            return None
        self.extra += 1
        return Say(slot=slot, text=self.record.answers[slot])


def inbound(said: Say, *, peer: Peer, external_id: str, at: datetime) -> InboundMessage:
    """The event a platform would report for this turn; files are named, their bytes are not needed."""
    location, contact, email = said.location, said.contact, said.email or {}
    return InboundMessage(
        peer=peer,
        external_id=external_id,
        sent_at=at,
        text=said.text or str(email.get("body", "")),
        subject=str(email.get("subject", "")),
        choice=said.button,
        media=_media(said),
        place=Place(text=location.get("title", ""), lat=location["lat"], lon=location["lon"]) if location else None,
        contact=Contact(name=contact.get("name", ""), phone=str(contact["phone"])) if contact else None,
        sticker=said.sticker,
    )


def _media(said: Say) -> tuple[MediaRef, ...]:
    attached = (said.email or {}).get("attachments", ())
    found = [MediaRef(kind=MediaKind.IMAGE, key=name, name=name, mime="image/jpeg") for name in said.photos]
    found += [MediaRef(kind=_kind(name), key=name, name=name) for name in attached]
    found += [MediaRef(kind=MediaKind.FILE, key=said.file, name=said.file)] if said.file else []
    if said.video:
        found.append(MediaRef(kind=MediaKind.VIDEO, key=said.video, name=said.video, mime="video/mp4"))
    if said.voice:
        found.append(MediaRef(kind=MediaKind.AUDIO, key="voice", seconds=said.voice))
    return tuple(found)


def _kind(name: str) -> MediaKind:
    """What a mail's attachment is; its reader looks at the bytes, a record has only the name."""
    return MediaKind.IMAGE if name.lower().endswith(PICTURE_ENDINGS) else MediaKind.FILE


__all__ = ["MAX_EXTRA", "Player", "Say", "StoreSays", "Wait", "inbound"]
