"""The category and report type of a text: certain, proposed, or open, from plain words and the examples' model."""

from collections.abc import Sequence
from typing import NamedTuple

from dialog.reading import topics
from dialog.reading.model import Likely, Scored
from dialog.reading.text import Token

BEST = 3
"""So many of the likeliest rows are kept."""

STANDS = 0.2
"""A row that the province's own words name is proposed from this chance on, before the row for everything else."""


class About(NamedTuple):
    """The category that is certain, or the one to propose, and the best of all."""

    sure: str = ""
    guess: str = ""
    likely: tuple[Likely, ...] = ()


def unrivalled(said: Sequence[Scored]) -> str:
    """The row whose words were used most; "" when none were, or two rows are level."""
    return said[0].id if said and (len(said) == 1 or said[0].score > said[1].score) else ""


def category(table: topics.Table, tokens: Sequence[Token], said: Sequence[Scored], *, due: bool) -> About:
    """`tokens`: the description. Where none is `due`, or where words leave no doubt, the words alone decide.

    Of two rows whose words are level none is ever certain: the text may be about both.
    """
    by_words = unrivalled(said)
    if not due or (len(said) == 1 and said[0].score >= topics.PLAIN):
        return About(by_words)
    likely = topics.likely(table, tokens, said, best=BEST)
    if not likely:
        return About(by_words)
    best, settings = likely[0], topics.settings()
    if best.chance >= settings.accept and (by_words or not said):
        return About(best.id, likely=likely)
    if best.id == topics.OTHER and any(row.id == by_words and row.chance >= STANDS for row in likely):
        # A province chose its words by hand: what they name is proposed before "something else".
        return About(guess=by_words, likely=likely)
    return About(guess=best.id if best.chance >= settings.confirm else "", likely=likely)


def report_type(table: topics.Table, tokens: Sequence[Token]) -> tuple[str, tuple[Likely, ...]]:
    """(the type when it is certain, the best of all) by the examples alone."""
    likely = topics.likely(table, tokens, (), best=BEST)
    certain = bool(likely) and likely[0].chance >= topics.settings().accept
    return (likely[0].id if certain else ""), likely
