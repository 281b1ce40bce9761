"""From a mail's bytes to what happened. Pure: no clock, no network, nothing remembered."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from channels.email.authenticity import judge
from channels.email.bounce import Meaning, read_bounce
from channels.email.classify import Kind, classify
from channels.email.mail import Mail, Part, PartKind
from channels.email.mime import read_mail
from channels.email.oversize import SKIPPED
from channels.email.pictures import proposal
from channels.email.threads import Marks, plain_subject, sound, thread_of
from channels.email.visible import Visible, visible_reply
from channels.maps import spot_in
from core.errors import DeliveryUnreadable
from core.events import Ignored, InboundMessage, PeerChanged, PeerStatus, PlatformEvent
from core.model import Delivery, MediaKind, MediaRef, Peer, Place

EARLIEST = timedelta(days=30)
LATEST = timedelta(minutes=10)
"""A Date further from the arrival than these is a wrong clock."""

MOST_FILES = 20
MOST_PLACES = 5
"""So many pictures are asked where they were taken."""

MEDIA = "mail:"
SKIPPED_PART = "skipped"

_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
_decode_skipped = msgspec.json.Decoder(list[tuple[str, int]]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads the mails of one account."""

    account: str
    own: frozenset[str]
    """Our own addresses, lower case."""
    marks: Marks
    trusted_authserv_id: str | None

    def events(self, delivery: Delivery) -> list[PlatformEvent]:
        """One mail, one event. Raises `DeliveryUnreadable` for bytes that are no mail at all."""
        if not delivery.body.strip():
            raise DeliveryUnreadable("an empty delivery")
        mail = read_mail(delivery.body)
        verdict = classify(mail, own=self.own)
        external_id = identity(mail)
        if verdict.kind is Kind.BOUNCE:
            return [self._bounced(mail, external_id, delivery.received_at)]
        if verdict.kind is not Kind.HUMAN:
            return [Ignored(external_id=external_id, reason=f"{verdict.kind}: {verdict.reason}")]
        if not mail.sender.addr or sound(mail.sender.addr) != mail.sender.addr:
            return [Ignored(external_id=external_id, reason="no sender that could be answered")]
        return [self._message(mail, external_id, delivery)]

    def _message(self, mail: Mail, external_id: str, delivery: Delivery) -> InboundMessage:
        about = self.marks.about(mail)
        first = not (about or self._answers_us(mail))
        seen = _new(mail, visible_reply(mail.text, mail.html, first=first))
        blob = hashlib.sha256(delivery.body).hexdigest()
        media = tuple(_media(mail, seen, blob, delivery.headers))
        there, subject = _place(sound(plain_subject(mail.subject)))
        place, text = (None, seen.text.strip()) if seen.only_quote else _place(seen.text.strip())
        if not text and (first or not (media or place)):
            place, text = place or there, subject
        text = sound(text)
        return InboundMessage(
            peer=self._peer(mail.sender.addr),
            external_id=external_id,
            sent_at=_sent_at(mail.date, delivery.received_at),
            text=text,
            media=media,
            place=place,
            sender_name=sound(mail.sender.name),
            subject=subject,
            thread=thread_of(mail),
            about=about,
            authenticity=judge(mail, trusted=self.trusted_authserv_id).authenticity,
            original=blob,
            unsupported=_unsupported(mail, said=bool(text or media or place)),
        )

    def _answers_us(self, mail: Mail) -> bool:
        return any(self.marks.is_ours(each, mail.sender.addr) for each in (*mail.in_reply_to, *mail.references))

    def _bounced(self, mail: Mail, external_id: str, received_at: datetime) -> PlatformEvent:
        """A dead address, where the bounce proves that it is about a mail of ours; otherwise nothing but a note."""
        bounce = read_bounce(mail)
        reason = f"bounce: {bounce.meaning} {bounce.status}".strip()
        if bounce.meaning is not Meaning.ADDRESS_BAD:
            return Ignored(external_id=external_id, reason=reason)
        returned = " ".join(value for name, value in mail.returned if name == "to")
        people = [*bounce.recipients, *(found.lower() for found in _ADDRESS.findall(returned[:2000]))]
        for person in dict.fromkeys(people):
            # Anybody can write a bounce: only our own id, signed for that person, shows that it is not made up.
            if any(self.marks.is_ours(each, person) for each in bounce.original_ids):
                return PeerChanged(
                    peer=self._peer(person),
                    external_id=external_id,
                    sent_at=_sent_at(mail.date, received_at),
                    status=PeerStatus.BLOCKED,
                )
        return Ignored(external_id=external_id, reason=f"{reason}, not proven to be of a mail of ours")

    def _peer(self, address: str) -> Peer:
        return Peer(channel="email", account=self.account, user=address.lower())


def identity(mail: Mail) -> str:
    """The same for every copy of a mail, however it came (another UID, another folder, another alias of ours).

    Message-IDs alone are reused by some senders, and bytes differ between copies in their trace headers; so it is the
    id with the sender, the date and the content.
    """
    digest = hashlib.sha256()
    for word in (mail.message_id.strip(), mail.sender.addr, mail.header("date").strip(), mail.text, mail.html):
        part = word.encode(errors="surrogateescape")
        digest.update(len(part).to_bytes(8, "big") + part)
    if not mail.text and not mail.html:
        digest.update(mail.subject.encode(errors="surrogateescape"))
    for file in mail.parts:
        digest.update(hashlib.sha256(file.body).digest())
    return digest.hexdigest()


def _sent_at(date: datetime | None, received_at: datetime) -> datetime:
    if date is None or date.tzinfo is None or not received_at - EARLIEST <= date <= received_at + LATEST:
        return received_at
    return min(date, received_at)


def _place(text: str) -> tuple[Place | None, str]:
    """The place that is told, and what else is said."""
    spot = spot_in(text)
    return (spot.place, spot.text.strip()) if spot else (None, text)


def _new(mail: Mail, seen: Visible) -> Visible:
    """Where nothing but files is new, the quote below them is not what the person says."""
    bare = replace(seen, text="", html="")
    return bare if seen.only_quote and any(_is_shown(file, mail, bare) for file in mail.parts) else seen


def _media(mail: Mail, seen: Visible, blob: str, headers: Mapping[str, str]) -> Iterator[MediaRef]:
    shown = [file for file in mail.parts if _is_shown(file, mail, seen)][:MOST_FILES]
    asked = 0
    for file in shown:
        kind = _kind(file.mime)
        place = None
        if kind is MediaKind.IMAGE and asked < MOST_PLACES:
            asked += 1
            place = proposal(file.body, file.mime)
        yield MediaRef(
            kind=kind, key=f"{MEDIA}{blob}/{file.index}", name=sound(file.name), mime=sound(file.mime),
            size=len(file.body), taken_at=place.taken_at if place else None,
            lat=place.lat if place else None, lon=place.lon if place else None,
        )  # fmt: skip
    if headers.get(SKIPPED_HEADER):
        for number, (name, size) in enumerate(_skipped(mail)):
            yield MediaRef(kind=MediaKind.FILE, key=f"{MEDIA}{blob}/{SKIPPED_PART}/{number}", name=name, size=size)


SKIPPED_HEADER = "x-reduced"
"""Header of the delivery, not of the mail: only the intake can say that it left something out."""


def _skipped(mail: Mail) -> list[tuple[str, int]]:
    try:
        return _decode_skipped(mail.header(SKIPPED.lower()).encode(errors="replace"))
    except msgspec.MsgspecError:
        return [("", 0)]


def _is_shown(file: Part, mail: Mail, seen: Visible) -> bool:
    """Evidence, and pictures inside the words that are new; not what stands in a quote or a signature."""
    if file.kind is PartKind.EVIDENCE:
        return True
    return file.kind is PartKind.INLINE and (not mail.html or not file.cid or f"cid:{file.cid}" in seen.html)


def _kind(mime: str) -> MediaKind:
    kinds = {"image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO}
    return kinds.get(mime.partition("/")[0], MediaKind.FILE)


def _unsupported(mail: Mail, *, said: bool) -> str:
    """What the citizen is told that we cannot read."""
    if any(problem.startswith("encrypted") for problem in mail.problems):
        return "encrypted mail"
    return "" if said else "empty mail"
