"""What Meta knows of a conversation beside its messages: who holds it, and how long an ad keeps it open."""

from dataclasses import asdict, dataclass

from simulator.world import Phone, World

PAGE_INBOX = "263902037430900"


@dataclass(slots=True, kw_only=True)
class Thread:
    """`owner`: id of the app in control, "" when idle. `open_until`: epoch seconds, set by an ad."""

    owner: str = ""
    open_until: float = 0.0


class Threads:
    def __init__(self, world: World) -> None:
        self._world = world

    def of(self, phone: Phone) -> Thread:
        return Thread(**self._world.state.get(f"facebook.thread.{phone.user_id}", {}))

    def save(self, phone: Phone, thread: Thread) -> None:
        self._world.remember(f"facebook.thread.{phone.user_id}", asdict(thread))
