"""Three whole gateways read one mailbox on Dovecot and are killed at random: every mail is taken in exactly once."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.mailboxes import survive


async def test_every_mail_is_taken_in_exactly_once(tmp_path: Path, fresh_database: Callable[[], str]) -> None:
    figures = await survive(tmp_path / "rig", fresh_database(), workers=3, mails=40, kills=5, seed=3)

    assert (figures.taken, figures.lost, figures.twice) == (40, 0, 0)
    assert (figures.left_in_inbox, figures.failed) == (0, 0)
    assert figures.processed >= 40
    assert figures.answers >= 40, "each was answered; further copies carry the same Message-ID"
    assert figures.killed_while_reading > 0
