"""Matters that are answered with advice or a hotline, and may be sent all the same when the citizen insists."""

from dialog import filling
from dialog.ending import locked_out
from dialog.reporting import go_on, reread
from dialog.turn import Turn


def take_offer(turn: Turn) -> None:
    """Begin the report the citizen insists on; staff see why it stands out (the bot never refuses finally)."""
    offer = turn.state.offer
    if offer is None or locked_out(turn):
        return
    reread(turn, offer.text)
    turn.begin()
    turn.update(offer=None)
    filling.fill(turn)
    if not turn.form.draft.description:
        filling.set_description(turn, offer.text)
        turn.filled.append("description")
    row = turn.profile.exclusions.get(offer.row)
    if offer.kind == "exclusion" and row:
        turn.flag(row.insist_flag)
        turn.update_form(insisted=row.id)
    if offer.level:
        turn.update_draft(level=offer.level)
    go_on(turn)
