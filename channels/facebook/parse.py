"""A webhook body becomes events. Pure: the same delivery gives the same events.

One body holds several entries, several Pages and several events; each is read on its own, and one that cannot be read
becomes `Ignored` with the reason instead of spoiling the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping

import msgspec

from channels.facebook import control, feed, messages
from channels.facebook.notice import Notice, Page, Unusable, digest
from channels.facebook.wire import Entry, Envelope, word
from core.errors import DeliveryUnreadable
from core.events import Ignored, PlatformEvent
from core.model import Delivery

READERS: Mapping[str, Callable[[Notice, msgspec.Raw], PlatformEvent]] = {
    "message": messages.message,
    "message_edit": messages.edited,
    "postback": messages.postback,
    "referral": messages.referral,
    "optin": messages.optin,
    "reaction": messages.reaction,
    "delivery": control.delivery,
    "read": control.read,
    "pass_thread_control": control.passed,
    "take_thread_control": control.taken,
    "request_thread_control": control.requested,
    "app_roles": control.app_roles,
    "policy_enforcement": control.policy,
    "policy-enforcement": control.policy,  # older spelling
}
"""Messenger Platform, webhook events. A key missing here is journaled as ignored, never guessed."""

_HEAD = {"sender", "recipient", "timestamp"}
_MOST_EVENTS = 5000  # Meta speaks of up to 1000 a body

# An escaped NUL, which no text column takes; not the two characters \ and u0000 behind an escaped backslash.
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

_envelope = msgspec.json.Decoder(Envelope).decode
_entry = msgspec.json.Decoder(Entry).decode
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def parse(delivery: Delivery, page: Page) -> list[PlatformEvent]:
    """All events of a body, in order. Raises `DeliveryUnreadable`; its reason names fields and types, no content."""
    body = delivery.body
    if b"\\u0000" in body:
        body = _ESCAPED_NUL.sub(rb"\1", body)
    try:
        envelope = _envelope(body)
    except (ValueError, RecursionError) as error:
        raise DeliveryUnreadable(f"facebook: {error}") from error
    if envelope.object != "page":
        return [
            Ignored(external_id=f"body/{digest(body)}", reason=f"object is {word(envelope.object)[:40] or 'missing'}")
        ]
    events: list[PlatformEvent] = []
    for raw in envelope.entry or ():
        for event in _read_entry(raw, page, delivery):
            if len(events) >= _MOST_EVENTS:
                raise DeliveryUnreadable(f"facebook: more than {_MOST_EVENTS} events in one body")
            events.append(event)
    return events or [Ignored(external_id=f"body/{digest(body)}", reason="no event")]


def _read_entry(raw: msgspec.Raw, page: Page, delivery: Delivery) -> Iterator[PlatformEvent]:
    try:
        entry = _entry(raw)
    except (ValueError, RecursionError) as error:
        yield Notice(raw, page, delivery.received_at).ignored(f"unreadable entry: {error}")
        return
    if word(entry.id) != page.page_id:
        yield Notice(raw, page, delivery.received_at).ignored(f"for another Page: {word(entry.id)[:40]}")
        return
    for item in entry.messaging or ():
        yield _event(Notice(item, page, delivery.received_at))
    for item in entry.standby or ():
        yield _event(Notice(item, page, delivery.received_at, standby=True))
    for item in entry.changes or ():
        yield _guarded(feed.change, Notice(item, page, delivery.received_at))


def _event(notice: Notice) -> PlatformEvent:
    return _guarded(_messaging, notice)


def _messaging(notice: Notice) -> PlatformEvent:
    parts = _keys(notice.raw)
    for name, reader in READERS.items():
        if name in parts:
            return reader(notice, parts[name])
    names = ", ".join(sorted(parts.keys() - _HEAD))
    return notice.ignored(f"event of kind {names[:150] or 'nothing'}")


def _guarded(reader: Callable[[Notice], PlatformEvent], notice: Notice) -> PlatformEvent:
    try:
        return reader(notice)
    except Unusable as problem:
        return notice.ignored(str(problem))
    except (ValueError, RecursionError) as error:
        return notice.ignored(f"unreadable: {error}")
