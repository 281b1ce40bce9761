"""Long polling without losing an update: what has not been stored is not confirmed."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec

from channels.telegram.wire import PolledUpdate
from core.errors import Misconfigured, TryAgain, Unknown

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
"""Always passed: without it the bot keeps whatever list was set before."""

LONGEST_PAUSE = 60.0
"""Seconds between two tries."""
CONFLICTS = 6
"""So often in a row another poller may be in the way. A predecessor that was killed disappears within a minute."""

Call = Callable[[str, bytes], Awaitable[msgspec.Raw]]

_decode_batch = msgspec.json.Decoder(list[msgspec.Raw]).decode
_decode_update = msgspec.json.Decoder(PolledUpdate).decode


async def updates(
    call: Call, *, seconds: int, sleep: Callable[[float], Awaitable[None]]
) -> AsyncGenerator[bytes, None]:
    """Each update as Telegram wrote it, for ever. Asking for the next one confirms the last.

    Telegram keeps what is not confirmed (for 24 hours), so no offset has to survive a restart. An offset is named in
    one successful call only: after a quiet week Telegram goes on with a random id, which may be a smaller one.
    """
    offset, failures = 0, 0
    while True:
        request: dict[str, Any] = {"timeout": seconds, "allowed_updates": ALLOWED_UPDATES}
        if offset:
            request["offset"] = offset
        try:
            batch = [
                (bytes(raw), _decode_update(raw).update_id)
                for raw in _decode_batch(await call("getUpdates", msgspec.json.encode(request)))
            ]
        except (TryAgain, Unknown, msgspec.MsgspecError) as error:
            failures += 1
            await sleep(_pause(error, failures))
            continue
        offset, failures = 0, 0
        for body, update_id in batch:
            yield body
            offset = update_id + 1


def _pause(error: Exception, failures: int) -> float:
    """Seconds until the next try; raises `Misconfigured` when trying on would not help."""
    if isinstance(error, TryAgain):
        if error.code == "409" and failures >= CONFLICTS:
            raise Misconfigured(error.reason, code=error.code) from error
        if error.after is not None:
            return error.after.total_seconds()
    return min(2.0 ** (failures - 1), LONGEST_PAUSE)
