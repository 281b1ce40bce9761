"""Rows of open errands become errands again: after a crash, after a waiting time, or handed over by another process."""

from collections.abc import Iterable, Mapping

import structlog

from core.effects import Submit
from core.model import Peer
from pipeline import codec
from pipeline.errand import Errand, ErrandKey, Lane, Status
from pipeline.flight import Mark
from storage.errands import OpenErrand
from storage.seal import Seal, SealBroken

log = structlog.get_logger()

_UUID_LENGTH = 36


def revive(rows: Iterable[OpenErrand], seal: Seal, marks: Mapping[ErrandKey, Mark] | None = None) -> list[Errand]:
    """The errands of `rows`, in their order.

    `marks` is what the flight recorder of the dead owner says. None means that it is lost (another machine's, a power
    cut): whatever is open may have been begun.
    """
    found: list[Errand] = []
    for row in rows:
        try:
            found.append(_revive(row, seal, marks))
        except (KeyError, ValueError, SealBroken) as error:
            # Written by a newer program, or under another key: it stays open, and the others go on.
            log.error("errand.unreadable", conversation=row.conversation, kind=row.kind, error=type(error).__name__)
    return found


def _revive(row: OpenErrand, seal: Seal, marks: Mapping[ErrandKey, Mark] | None) -> Errand:
    key = ErrandKey(row.conversation, row.seq, row.n)
    body = seal.open(bytes(row.body), b"errand")
    report_id = ""
    if row.kind == Submit.__name__:
        report_id, body = body[:_UUID_LENGTH].decode(), body[_UUID_LENGTH:]
    mark = marks.get(key) if marks is not None else Mark.BEGUN
    errand = Errand(
        key,
        Lane(row.lane),
        row.kind,
        codec.decode(row.kind, body),
        Peer(channel=row.channel, account=row.account, user=seal.open(bytes(row.peer), b"peer").decode()),
        bytes(row.peer_index),
        row.profile,
        row.last_inbound_at,
        attempts=row.attempts,
        report_id=report_id,
        thread=seal.open(bytes(row.thread), b"thread").decode() if row.thread else "",
        first=False,
        begun=mark is Mark.BEGUN,
    )
    if mark is Mark.ANSWERED and row.lane == Lane.CITIZEN:
        # The platform took it; only the note of it was lost. Sending it again would be answering twice.
        errand.withdrawn = Status.DONE
    return errand
