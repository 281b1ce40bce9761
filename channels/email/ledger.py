"""Where the intake of a mailbox stands, kept in the account's vault. A hint: what was taken in is told by the database.

One entry a folder: its UIDVALIDITY, the last UID that was dealt with, the day from which mail is ours, and how often
each mail under way was tried. It is written before each try, so that a mail that kills the process is counted too.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from core.ports import Vault

PREFIX = "folder:"


class Cursor(msgspec.Struct):
    """Of one folder."""

    since: date
    uidvalidity: int = 0
    last: int = 0
    tries: dict[int, int] = {}

    def dealt_with(self, uid: int) -> None:
        self.tries.pop(uid, None)
        self.last = max(self.last, uid)


_decode = msgspec.json.Decoder(Cursor).decode


def cursor_in(values: Mapping[str, str], folder: str, *, first_day: date) -> Cursor:
    """A new cursor that begins on `first_day` where nothing is known."""
    try:
        return _decode(values[PREFIX + folder])
    except (KeyError, msgspec.MsgspecError):
        return Cursor(since=first_day)


async def keep(vault: Vault, folder: str, cursor: Cursor) -> None:
    async with vault.locked() as door:
        await door.write({**door.values, PREFIX + folder: msgspec.json.encode(cursor).decode()})
