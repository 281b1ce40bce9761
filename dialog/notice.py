"""The notice on personal data: shown before they are kept, with a record of its wording and of when."""

import hashlib
from functools import lru_cache

from dialog import wording
from dialog.turn import Turn
from regulations.model import Profile

NOT_SAID = frozenset({"media", "location", "bool", "datetime", "choice"})
"""Types of fields that do not tell who somebody is."""


@lru_cache(maxsize=64)
def notice_version(profile: Profile) -> str:
    """Names the wording of the notice; empty when the profile has none."""
    text = wording.line(profile, "privacy_notice")
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else ""


@lru_cache(maxsize=64)
def personal(profile: Profile) -> tuple[str, ...]:
    """Fields that tell who the sender or somebody else is."""
    return tuple(row.id for row in profile.fields.values() if row.visibility != "public" and row.type not in NOT_SAID)


def notify(turn: Turn) -> None:
    """Show the notice unless this wording of it has been shown."""
    version = notice_version(turn.profile)
    if version and turn.state.notice_version != version:
        turn.update(notice_version=version, notice_at=turn.now)
        turn.note(turn.line("privacy_notice"))


def notify_if_told(turn: Turn) -> None:
    """Show the notice to a citizen who has given personal data without being asked for them."""
    if turn.state.notice_version != notice_version(turn.profile):
        draft = turn.form.draft
        if any(getattr(draft, slot, "") for slot in personal(turn.profile)):
            notify(turn)
