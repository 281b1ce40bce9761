"""Files, and what a picture says of itself: where and when it was taken. That is proposed, never taken for granted."""

from collections.abc import Collection
from datetime import datetime, timedelta

from core.events import InboundMessage, PictureRead
from core.model import MediaKind, MediaRef, Place
from dialog import wording
from dialog.questions import ask_next
from dialog.turn import Turn

RECENT = timedelta(days=30)
"""How old a picture may be to tell when the matter happened."""


def fill_media(turn: Turn, replacing: Collection[str]) -> None:
    """Keep files of the profile's kinds up to its limit; others are named and refused (R-TG-22)."""
    if turn.message is None or not turn.message.media:
        return
    rules = turn.profile.media
    fitting = [media for media in turn.message.media if allowed(media, rules.types)]
    refused = [media for media in turn.message.media if media not in fitting]
    room = max(rules.max_items - len(turn.form.draft.media), 0)
    taken = fitting[:room]
    if refused:
        names = wording.clip(", ".join(media.name or media.mime for media in refused))
        turn.note(turn.line("media_refused", value=names, choices=", ".join(rules.types)))
    if len(fitting) > room:
        turn.note(turn.line("media_full", limit=str(rules.max_items)))
    if taken:
        turn.update_draft(media=(*turn.form.draft.media, *taken))
        pictures = sum(map(wording.is_picture, turn.form.draft.media))
        if any(map(wording.is_picture, taken)):
            turn.note(turn.line("media_noted", value=str(pictures)), firm=False)


def allowed(media: MediaRef, types: Collection[str]) -> bool:
    """Whether a file's ending is among the profile's. Pictures, films and voice messages of the platform have none."""
    if media.kind is not MediaKind.FILE:
        return True
    ending = media.name.rpartition(".")[2].lower() if "." in media.name else media.mime.rpartition("/")[2].lower()
    return ending in types


def forget_picture(turn: Turn) -> bool:
    """What the citizen names goes before what a picture says; True when that had stood for the place."""
    if turn.form.pictured is None:
        return False
    turn.update_form(pictured=None)
    return True


def fill_pictured(turn: Turn, replacing: Collection[str]) -> None:
    """Where a picture was taken, if the place is not known otherwise: a question, in a letter part of the summary."""
    form = turn.form
    known = form.draft.place
    if turn.message is None or form.pictured or "pictured" in form.settled or (known and (known.text or known.lat)):
        return
    spot = next((media for media in turn.message.media if media.lat is not None and media.lon is not None), None)
    if spot is None or not turn.profile.location.accept_pin:
        return
    place = Place(lat=spot.lat, lon=spot.lon)
    turn.update_form(pictured=place)
    if turn.state.letters:
        turn.update_draft(place=place)


def picture_read(turn: Turn, event: PictureRead) -> None:
    """A picture of the open report, fetched meanwhile, tells its place: asked about where the place is being asked for
    or still will be; and its time, where nobody has told another.
    """
    form = turn.form
    draft = form.draft
    if turn.state.form is None or all(media.key != event.key for media in draft.media):
        return
    if event.taken_at and "occurred_at" not in form.shown and timedelta() <= event.at - event.taken_at <= RECENT:
        turn.update_draft(occurred_at=event.taken_at)
    known = draft.place and (draft.place.text or draft.place.lat is not None)
    wanted = turn.profile.location.accept_pin and "location" in turn.profile.fields
    if event.lat is None or event.lon is None or known or not wanted or "pictured" in form.settled or form.pictured:
        return
    turn.update_form(pictured=Place(lat=event.lat, lon=event.lon))
    if not turn.state.letters and form.waiting == "location":
        state = turn.state
        if state.held_until and turn.now < state.held_until:
            # This question takes the place of one that still waits.
            turn.notes += state.held_notes
        ask_next(turn)


def taken_at(message: InboundMessage) -> datetime | None:
    """When the first of the pictures was taken; clocks of cameras that are far off say nothing."""
    instants = (media.taken_at for media in message.media if media.taken_at is not None)
    return min((at for at in instants if timedelta() <= message.sent_at - at <= RECENT), default=None)
