"""The same slots and validators for a Rasa assistant: an extra (`pip install tiepnhan[rasa]`), imported by nobody else.

A site that runs Rasa lets its form ask, and has every answer judged here, by the very machine that our own dialog is.
What an answer raises beside its slot (which of two wards, a doubtful phone number) is asked as the slot once more.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from rasa_sdk import FormValidationAction, Tracker  # type: ignore[import-untyped]  # rasa-sdk has no type information
from rasa_sdk.executor import CollectingDispatcher  # type: ignore[import-untyped]
from rasa_sdk.types import DomainDict  # type: ignore[import-untyped]

from core.effects import Say
from core.events import InboundMessage
from core.model import Choice, Draft, Peer
from dialog.needed import open_questions
from dialog.notice import notice_version
from dialog.questions import ask
from dialog.state import Form
from dialog.step import new_state, step
from dialog.turn import Turn
from regulations.model import Profile

FORM = "report_form"
"""The form's name in the assistant's domain; its validator is `validate_report_form`."""

_HELD_AS = {"location": "place"}
"""Slots whose value the draft keeps under another name."""

Slots = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an answer was worth: the slots it filled or changed, JSON-ready, and what the citizen should be told."""

    slots: dict[str, Any]
    reply: str
    choices: tuple[Choice, ...]


def judge(profile: Profile, slot: str, text: str, *, known: Slots, now: datetime) -> Judged:
    """Take `text` as the answer to the question about `slot`, beside the slots that are `known` already.

    `known` holds canonical slots as this function returns them; others are passed over. An answer that does not fit
    fills nothing and comes back with the words that ask again.
    """
    before = _draft(profile, known)
    state = msgspec.structs.replace(
        new_state(channel="rasa", profile=profile, now=now),
        form=Form(draft=replace(before, started_at=now), waiting=slot),
        notice_version=notice_version(profile),
    )
    peer = Peer(channel="rasa", account=profile.id, user="")
    message = InboundMessage(peer=peer, external_id="", sent_at=now, text=text)
    state, effects = step(state, message, profile, now)
    after = state.form.draft if state.form is not None else before
    old, new = dict(_values(profile, before)), dict(_values(profile, after))
    filled = {name: value for name, value in new.items() if value is not None and value != old[name]}
    if slot not in filled and slot in profile.fields and state.form is not None and state.form.waiting != slot:
        # Our dialog would go on with another question; the form goes on with this one.
        turn = Turn(state=state, profile=profile, now=now)
        ask(turn, slot)
        effects = turn.effects
    said = [effect.message for effect in effects if isinstance(effect, Say)]
    return Judged(slots=filled, reply="\n".join(one.text for one in said), choices=said[-1].choices if said else ())


def required(profile: Profile, *, known: Slots, now: datetime) -> list[str]:
    """The slots that are still to be asked, in the order of the regulation."""
    state = msgspec.structs.replace(
        new_state(channel="rasa", profile=profile, now=now), form=Form(draft=_draft(profile, known))
    )
    turn = Turn(state=state, profile=profile, now=now)
    return [slot for slot in open_questions(turn) if slot in profile.fields]


def _values(profile: Profile, draft: Draft) -> Iterator[tuple[str, Any]]:
    for slot in profile.fields:
        yield slot, msgspec.to_builtins(getattr(draft, _HELD_AS.get(slot, slot), None)) or None


def _draft(profile: Profile, known: Slots) -> Draft:
    held = {
        _HELD_AS.get(slot, slot): value
        for slot, value in known.items()
        if slot in profile.fields and value not in (None, "", [])
    }
    try:
        return msgspec.convert(held, Draft)
    except msgspec.ValidationError:
        # An assistant may keep its own kind of value in a slot of ours: such a slot counts as empty.
        return msgspec.convert({key: one for key, one in held.items() if _is_ours(key, one)}, Draft)


def _is_ours(key: str, value: Any) -> bool:
    try:
        msgspec.convert({key: value}, Draft)
    except msgspec.ValidationError:
        return False
    return True


def validator(profile: Profile, now: Callable[[], datetime]) -> type[FormValidationAction]:
    """The form's validator, for `ActionExecutor.register_action`; `now` gives the time with a zone."""

    class ValidateReport(FormValidationAction):  # type: ignore[misc]  # rasa-sdk has no type information
        def name(self) -> str:
            return f"validate_{FORM}"

        async def required_slots(
            self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
        ) -> list[str]:
            # What the form has just heard stands in the slots already, unjudged.
            heard = {slot: value for slot, value in tracker.slots_to_validate().items() if slot in profile.fields}
            known = {slot: value for slot, value in tracker.slots.items() if slot not in heard}
            asked = required(profile, known=known, now=now())
            return asked + [slot for slot, value in heard.items() if value is not None and slot not in asked]

    for slot in profile.fields:
        setattr(ValidateReport, f"extract_{slot}", _extract(slot))
        setattr(ValidateReport, f"validate_{slot}", _validate(profile, slot, now))
    return ValidateReport


def _extract(slot: str) -> Callable[..., Any]:
    """The citizen's words for the slot that was asked, where the assistant's domain maps it to `custom`."""

    async def extract(
        self: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        text = (tracker.latest_message or {}).get("text")
        mapped = slot in tracker.slots_to_validate()
        return {slot: text} if text and not mapped and tracker.slots.get("requested_slot") == slot else {}

    return extract


def _validate(profile: Profile, slot: str, now: Callable[[], datetime]) -> Callable[..., Any]:
    async def validate(
        self: Any, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict
    ) -> dict[str, Any]:
        if value is None or not isinstance(value, str):
            # What is no text was set by ourselves before.
            return {slot: value}
        known = {name: kept for name, kept in tracker.slots.items() if name != slot}
        judged = judge(profile, slot, value, known=known, now=now())
        if slot not in judged.slots and judged.reply:
            buttons = [{"title": choice.label, "payload": choice.label} for choice in judged.choices]
            dispatcher.utter_message(text=judged.reply, buttons=buttons)
        return {slot: None} | judged.slots

    return validate
