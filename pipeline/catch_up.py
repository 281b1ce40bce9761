"""What platforms would have told us while we were away: some keep a history that can be asked for."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from core.errors import SendError
from core.ports import Recovers, Vault
from pipeline.account import Account, Accounts
from pipeline.items import Overloaded, StorageAway
from pipeline.receive import Reception

log = structlog.get_logger()

_UNNOTICED = timedelta(minutes=2)
"""A shorter absence is bridged by the platforms' own redelivery."""
_MARGIN = timedelta(minutes=2)
_LONGEST = timedelta(days=7)


class CatchUp:
    """Remembers when the gateway was last alive, and after an absence asks for what came meanwhile."""

    def __init__(self, reception: Reception, accounts: Accounts, memory: Vault, now: Callable[[], datetime]) -> None:
        self._reception, self._accounts, self._memory, self._now = reception, accounts, memory, now
        self._owed: dict[tuple[str, str], tuple[Account, datetime]] | None = None
        """Accounts whose history has still to be asked for, and since when."""

    async def beat(self) -> None:
        """At the start and every minute: catch up with what is owed, then note that we are alive.

        While a platform does not answer, the old instant stays noted, so that nothing is passed over.
        """
        if self._owed is None:
            values = await self._memory.read()
            since = datetime.fromisoformat(values["alive"]) if "alive" in values else self._now()
            if self._now() - since > _UNNOTICED:
                since = max(since - _MARGIN, self._now() - _LONGEST)
                self._owed = {(a.channel.name, a.channel.account): (a, since) for a in self._accounts.all()}
        owed = self._owed or {}
        for name, (account, since) in list(owed.items()):
            if await self._recover(account, since):
                del owed[name]
        if not owed:
            async with self._memory.locked() as door:
                await door.write({"alive": self._now().isoformat()})
            self._owed = None

    async def _recover(self, account: Account, since: datetime) -> bool:
        channel = account.channel
        if not isinstance(channel, Recovers):
            return True
        count = 0
        with suppress(SendError, StorageAway, Overloaded):
            async for delivery in channel.recover(int(since.timestamp() * 1000)):
                # What is known already does no harm: the message ids of history and webhook agree.
                await self._reception.take(account, delivery)
                count += 1
            log.info("history.recovered", channel=channel.name, account=channel.account, count=count)
            return True
        log.warning("history.silent", channel=channel.name, account=channel.account, count=count)
        return False
