"""What the pipeline knows of one channel account: its adapter and the regulation that applies to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.ports import Channel, Describes, Greets, Polled, Replies
from dialog.reading.boundaries import Boundaries
from regulations.model import Profile


@dataclass(frozen=True, slots=True)
class Account:
    channel: Channel
    profile: Profile
    polled: bool = False
    """We ask the platform for news instead of waiting for webhooks."""
    boundaries: Boundaries | None = None
    """Which commune a point lies in, where the operator has such a file."""
    polls: Polled | None = field(init=False, default=None)
    greets: Greets | None = field(init=False, default=None)
    replies: Replies | None = field(init=False, default=None)
    describes: Describes | None = field(init=False, default=None)
    """The channel under the further protocols that it speaks: asked once, not with every message."""

    def __post_init__(self) -> None:
        if self.polled:
            if not isinstance(self.channel, Polled):
                raise TypeError(f"{self.channel.name} cannot be polled")
            object.__setattr__(self, "polls", self.channel)
        for name, protocol in (("greets", Greets), ("replies", Replies), ("describes", Describes)):
            if isinstance(self.channel, protocol):
                object.__setattr__(self, name, self.channel)


class Accounts:
    """All accounts of this gateway, by channel and account name."""

    def __init__(self, accounts: Mapping[tuple[str, str], Account]) -> None:
        self._accounts = dict(accounts)
        self._profiles = {account.profile.id: account.profile for account in accounts.values()}

    def get(self, channel: str, account: str) -> Account | None:
        return self._accounts.get((channel, account))

    def all(self) -> list[Account]:
        return list(self._accounts.values())

    def profile(self, profile_id: str) -> Profile:
        """Raises `KeyError` for a profile that no account uses any more."""
        return self._profiles[profile_id]
