"""Values of `core` as bytes and back. A kind's name is its class's name; fields may be added, with a default."""

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from core import effects, events
from core.model import MediaRef
from pipeline.errand import Describe

_CLASSES: tuple[type, ...] = (
    events.InboundMessage,
    events.MessageEdited,
    events.MessageWithdrawn,
    events.PublicComment,
    events.ThreadMoved,
    events.StaffWrote,
    events.OwnEcho,
    events.PeerChanged,
    events.Progress,
    events.CaseOpened,
    events.SubmissionRefused,
    events.CaseChanged,
    events.CaseFound,
    events.CaseKnown,
    events.IdentityKnown,
    events.OperatorWrote,
    events.TakenOver,
    events.GivenBack,
    events.TimerFired,
    events.SendSettled,
    events.PictureRead,
    effects.Say,
    effects.Submit,
    effects.LookUp,
    effects.FollowUp,
    effects.EraseAsked,
    MediaRef,
    Describe,
)
Value: TypeAlias = Any

_encode = msgspec.json.Encoder().encode
_decoders: dict[str, Callable[[bytes], Any]] = {one.__name__: msgspec.json.Decoder(one).decode for one in _CLASSES}


def encode(value: Value) -> bytes:
    return _encode(value)


def decode(kind: str, raw: bytes) -> Value:
    """Raises `KeyError` for an unknown kind and `msgspec.DecodeError` for bytes that are not of it."""
    return _decoders[kind](raw)


def kinds() -> frozenset[str]:
    return frozenset(_decoders)
