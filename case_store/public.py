"""What anybody may read of a case. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from case_store.flow import HIDDEN
from regulations.model import Profile

# Numbers of third persons inside the text: phones, identity cards. R-BN-30, Đ7.3.
_NUMBER = re.compile(r"(?<![\d+])(?:\+?84|0)(?:[ .-]?\d){8,10}(?!\d)|(?<!\d)\d(?:[ .]?\d){11}(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which parts of one case are shown."""

    listed: bool = True
    description: bool = True
    location: bool = True
    media: bool = True
    result: bool = True
    personal: bool = False


EVERYTHING = View(personal=True)


def view_of(case: Mapping[Any, Any], profile: Profile) -> View:
    """The public view. What citizens give is shown where the profile publishes it; what officers say is public unless
    the citizen asked for secrecy and the profile then hides it."""
    rules = profile.confidentiality
    hidden = frozenset(rules.when_confidential.hide) if case["confidential"] else frozenset()
    secret = case["confidential"] and not rules.when_confidential.publish_result
    return View(
        listed=not secret and "description" not in hidden and not is_hidden(case),
        description="description" in rules.public_fields and not secret and "description" not in hidden,
        location="location" in rules.public_fields and not secret and "location" not in hidden,
        media="media" in rules.public_fields and not secret and "media" not in hidden,
        result=not secret and "result" not in hidden and not case["result_private"],
    )


def is_hidden(case: Mapping[Any, Any]) -> bool:
    """Hidden by an officer. It stays so whatever state the case goes on to: hiding is not closing."""
    return case["state"] == "hidden" or HIDDEN in case["happened"]


def masked(text: str) -> str:
    """`text` with the middle of every phone or identity number made unreadable."""
    return _NUMBER.sub(_mask, text)


def _mask(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    return f"{digits[:3]}{'*' * (len(digits) - 6)}{digits[-3:]}"
