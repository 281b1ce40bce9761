"""Whether a citizen reports again what they have reported before (schema `duplicates`, R-BN-33)."""

from datetime import timedelta

from dialog import wording
from dialog.cases import own_cases
from dialog.state import Known
from dialog.turn import Turn

ALIKE = 0.6
"""Share of the shorter text's words from which two texts are taken for the same matter."""


def find_duplicate(turn: Turn) -> None:
    """Note the own case that the open report seems to repeat, so that the citizen is asked."""
    if "duplicate" in turn.form.settled or turn.form.duplicate or turn.form.insisted:
        return
    match = next((known for known in _recent(turn) if _same(turn, known)), None)
    if match and turn.proven:
        turn.update_form(duplicate=match.case.code)
    elif match:
        # Whoever writes learns nothing about the earlier case; staff see the two together.
        turn.flag(f"related_to:{match.case.code}")
        turn.settle("duplicate")


def _recent(turn: Turn) -> list[Known]:
    days = timedelta(days=turn.profile.duplicates.window_days)
    return [
        known
        for known in own_cases(turn)
        if known.case.text and known.case.status != "closed" and (known.opened_at or turn.now) + days >= turn.now
    ]


def _same(turn: Turn, known: Known) -> bool:
    draft = turn.form.draft
    categories = {draft.category, wording.category_label(turn.profile, draft.category)}
    if draft.category and known.case.category and known.case.category not in categories:
        return False
    if turn.reading.same_matter and not turn.reading.second_report:
        return True
    place = wording.place_line(turn.profile, draft.place) if draft.place else ""
    if known.place and place and _alike(known.place, place) < ALIKE:
        return False
    return _alike(known.case.text, draft.description) >= ALIKE


def _alike(one: str, other: str) -> float:
    left, right = set(wording.fold(one).split()), set(wording.fold(other).split())
    return len(left & right) / min(len(left), len(right)) if left and right else 0.0
