"""What a group writes: every item meets its locked conversation, and what follows becomes rows. No SQL, no waiting."""

import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import dialog
from core.effects import Say, Submit
from core.events import Event, InboundMessage, MessageEdited, OwnEcho, PublicComment, SendSettled, Source, TimerFired
from core.model import MediaRef, Peer
from pipeline import codec, turn
from pipeline.account import Account, Accounts
from pipeline.errand import Describe, Errand, ErrandKey, Lane, Status
from pipeline.items import Item, Settle, pack_event, unpack_event
from storage.group import Conversation, Writing
from storage.seal import Seal

LATER = 0
"""Owner of errands that wait for the engine to wake them."""


@dataclass(slots=True)
class _Open:
    """A conversation while its group is worked on."""

    row: Conversation
    account: Account
    state: dialog.State
    thread: str
    changed: bool = False
    errands: list[Errand] = field(default_factory=list)
    withdrawn: str = ""


class GroupWork:
    """One group. `rows` are the locked conversations, `seen` the events that are known already."""

    def __init__(
        self,
        *,
        rows: dict[bytes, Conversation],
        seen: set[tuple[bytes, str, str]],
        accounts: Accounts,
        seal: Seal,
        owner: int,
        now: datetime,
        held: Callable[[int], Awaitable[list[tuple[str, bytes]]]],
        untold: Callable[[int], Awaitable[list[tuple[int, int, bytes]]]],
    ) -> None:
        """`held` reads the news that wait in a conversation until a person gives it back, `untold` what could not be
        said.
        """
        self._rows, self._seen, self._accounts, self._seal = rows, seen, accounts, seal
        self._owner, self._now, self._held, self._untold = owner, now, held, untold
        self._opened: dict[bytes, _Open] = {}
        self.writing = Writing()

    @property
    def changed(self) -> list[Conversation]:
        return [one.row for one in self._opened.values() if one.changed]

    @property
    def withdrawn(self) -> dict[int, str]:
        """Conversations whose waiting bot messages must not leave, with how those end."""
        return {one.row.id: one.withdrawn for one in self._opened.values() if one.withdrawn}

    async def take(self, item: Item) -> bool:
        """Work on one item; False when its event was known already, or is nobody's."""
        if item.settle is not None:
            self._settle(item.settle)
        if item.event is None:
            return True
        identity = (item.peer_index, item.source.value, item.external_id)
        row = self._rows.get(item.peer_index)
        if row is None or identity in self._seen:
            return False
        self._seen.add(identity)
        one = self._opened.get(item.peer_index) or self._open(row)
        self._opened[item.peer_index] = one
        if isinstance(item.event, OwnEcho):
            self._echo(item.event)
            return True
        if turn.is_timer_stale(item.event, row.wake_at):
            return False
        taken = turn.take(
            row, one.state, _placed(item.event, one.account),
            profile=one.account.profile, capabilities=one.account.channel.capabilities, now=self._now,
        )  # fmt: skip
        if row.owed and taken.owner == turn.BOT and isinstance(item.event, InboundMessage) and not item.event.standby:
            await self._tell_owed(one, taken)
        self._apply(one, item, taken)
        if taken.given_back:
            await self._release(one)
        if item.settle is not None and item.settle.status is Status.UNREACHABLE:
            self._owe(row, item.event)
        return True

    def _open(self, row: Conversation) -> _Open:
        account = self._accounts.get(row.channel, row.account)
        if account is None:
            raise KeyError(f"no account {row.channel}:{row.account} is configured any more")
        thread = self._seal.open(row.thread, b"thread").decode() if row.thread is not None else ""
        if row.state is None:
            can = account.channel.capabilities
            fresh = dialog.new_state(
                channel=row.channel, profile=account.profile, now=self._now, letters=can.letters, albums=can.albums
            )
            return _Open(row, account, fresh, thread)
        return _Open(row, account, dialog.decode(self._seal.open(row.state, b"state")), thread)

    def _apply(self, one: _Open, item: Item, taken: turn.Turn) -> None:
        row, event, writing, now = one.row, item.event, self.writing, self._now
        row.seq += 1
        row.owner, row.operator, row.reachable = taken.owner, taken.operator, taken.reachable
        row.last_inbound_at, row.replies, row.unread = taken.last_inbound_at, taken.replies, taken.unread
        row.alert, row.wake_at, row.waiting_since = taken.alert, taken.wake_at, taken.waiting_since
        one.state, one.changed = taken.state, True
        if isinstance(event, InboundMessage | PublicComment):
            self._introduce(one, event, taken)
        if taken.withdraw:
            one.withdrawn = taken.withdraw
            writing.withdrawn.append((row.id, taken.withdraw))
            one.errands = [errand for errand in one.errands if not errand.is_bots]
        self._plan(one, item, taken.plans)
        # Where the message lies in the blobs as it came, its bytes are not stored a second time.
        raw = b"" if isinstance(event, InboundMessage) and event.original else item.raw
        body = self._seal.close(pack_event(codec.encode(event), raw), b"event") if taken.keep else None
        what = (item.source.value, item.external_id, type(event).__name__)
        writing.events.append((row.id, row.seq, *what, _happened(event, now), now, body, taken.problem, taken.hold))
        writing.outcomes += [
            (row.id, row.seq, n, outcome.value, outcome.code, now) for n, outcome in enumerate(taken.outcomes)
        ]

    def _introduce(self, one: _Open, event: InboundMessage | PublicComment, taken: turn.Turn) -> None:
        """Who writes, their last line, and in which thread they want to be answered."""
        row = one.row
        if event.sender_name and row.name is None:
            row.name = self._seal.close(event.sender_name.encode(), b"name")
        elif row.seq == 1 and one.account.describes is not None and isinstance(event, InboundMessage):
            taken.plans.append(turn.Plan(Lane.PEER, Describe.__name__, Describe()))
        if taken.keep:
            row.preview = self._seal.close(event.text[:120].encode(), b"preview")
        if isinstance(event, InboundMessage) and event.thread and event.thread != one.thread:
            one.thread = event.thread
            self.writing.threaded.append((row.id, self._seal.close(event.thread.encode(), b"thread")))

    def _plan(self, one: _Open, item: Item, plans: Sequence[turn.Plan]) -> None:
        row, writing = one.row, self.writing
        peer = item.peer or self._peer(row)
        answers = isinstance(item.event, InboundMessage | MessageEdited) and any(
            isinstance(plan.payload, Say) for plan in plans
        )
        if answers or any(plan.replaceable for plan in plans):
            one.errands = [errand for errand in one.errands if not errand.replaceable]
        for n, plan in enumerate(plans):
            errand = Errand(
                ErrandKey(row.id, row.seq, n), plan.lane, plan.kind, plan.payload, peer, row.peer_index, row.profile,
                row.last_inbound_at, replaceable=plan.replaceable, replies=row.replies,
                thread=one.thread, answers=answers,
            )  # fmt: skip
            if isinstance(plan.payload, Say):
                errand.patient = plan.payload.patient
            elif isinstance(plan.payload, Submit):
                errand.report_id = str(uuid.uuid4())
                confirmed = plan.payload.draft.confirmed_at or self._now
                writing.reports.append((errand.report_id, row.id, plan.payload.ordinal, confirmed))
            elif isinstance(plan.payload, MediaRef):
                key_index = self._seal.index(plan.payload.key)
                writing.media.append((row.id, row.seq, n, key_index, plan.payload.kind.value))
            one.errands.append(errand)

    def _peer(self, row: Conversation) -> Peer:
        user = self._seal.open(row.peer, b"peer").decode()
        return Peer(channel=row.channel, account=row.account, user=user)

    async def _release(self, one: _Open) -> None:
        """News that waited while a person had the conversation are told now, in their order."""
        held = await self._held(one.row.id)
        for kind, sealed in held:
            event = codec.decode(kind, unpack_event(self._seal.open(sealed, b"event"))[0])
            taken = turn.take(
                one.row, one.state, event,
                profile=one.account.profile, capabilities=one.account.channel.capabilities, now=self._now,
            )  # fmt: skip
            taken.keep = False
            at = f"released:{one.row.seq}"
            released = Item(one.row.peer_index, TimerFired(at=self._now), at, Source.CLOCK)
            self._apply(one, released, taken)
        if held:
            self.writing.released.append((one.row.id,))

    def _owe(self, row: Conversation, event: Event) -> None:
        """News that did not reach the citizen are told when they write again."""
        if isinstance(event, SendSettled) and not event.delivered and not row.owed:
            row.owed = True
            self.writing.owing.append((row.id, True))

    async def _tell_owed(self, one: _Open, taken: turn.Turn) -> None:
        """What could not be told comes first, in its order and as it was worded, with all parts of each message."""
        found = [
            (seq, n, codec.decode(Say.__name__, self._seal.open(sealed, b"errand")))
            for seq, n, sealed in await self._untold(one.row.id)
        ]
        with_news = {seq for seq, _, say in found if say.news}
        owed = [(seq, n, say) for seq, n, say in found if seq in with_news]
        taken.plans = [turn.Plan(Lane.CITIZEN, Say.__name__, say) for _, _, say in owed] + taken.plans
        taken.replies += len(owed)
        one.row.owed = False
        self.writing.owing.append((one.row.id, False))
        self.writing.retold += [(one.row.id, seq, n) for seq, n, _ in owed]

    def finish(self) -> list[Errand]:
        """Seal the states, write the errands, and tell which of them this process works itself."""
        ours: list[Errand] = []
        for one in self._opened.values():
            if one.changed:
                one.row.state = self._seal.close(dialog.encode(one.state), b"state")
            owners = _lane_owners(one.row.open_lanes or ())
            for errand in one.errands:
                errand.first = errand.lane not in owners
                owner = owners.get(errand.lane, self._owner)
                body = self._seal.close(_body(errand), b"errand")
                self.writing.errands.append((*errand.key, errand.lane, errand.kind, owner, body, self._now))
                if owner == self._owner:
                    ours.append(errand)
                elif owner != LATER:
                    self.writing.notices.append((f"{owner}:{one.row.id}:{errand.lane.value}",))
        return ours

    def _settle(self, settle: Settle) -> None:
        writing = self.writing
        owner = self._owner if settle.again is None else LATER
        how = (settle.status.value, _storable(settle.receipt), _storable(settle.reason)[:500], settle.attempts)
        writing.settles.append((*settle.key, *how, settle.again, owner))
        if settle.opened is not None:
            writing.opened.append(settle.opened)
        if settle.traces is not None:
            writing.recent.append(settle.traces.row())
            writing.pictures += settle.traces.picture_rows()
        if settle.kept is not None:
            writing.kept.append((*settle.key, *settle.kept))
        if settle.name is not None:
            writing.named.append((settle.key.conversation, settle.key.seq, settle.name))
        if settle.reached is not None:
            writing.reached.append((settle.key.conversation, settle.reached))
        if settle.again is not None:
            writing.parked.append((settle.key.conversation, settle.lane, settle.again))
            writing.resting.append((settle.key.conversation, settle.lane))

    def _echo(self, event: OwnEcho) -> None:
        key = ErrandKey.parse(event.key)
        if key is not None:
            self.writing.echoed.append((*key, event.external_id))


def _placed(event: Event, account: Account) -> Event:
    """The event, with the commune that the operator's boundaries say its point lies in."""
    if account.boundaries is None or not isinstance(event, InboundMessage) or event.place is None:
        return event
    place = event.place
    if place.lat is None or place.lon is None:
        return event
    return replace(event, place=replace(place, ward_code=account.boundaries.at(place.lat, place.lon)))


def _lane_owners(texts: Iterable[str]) -> dict[Lane, int]:
    """Who works each lane. What is added to a lane whose head waits for the engine waits behind it."""
    owners: dict[Lane, int] = {}
    for lane, owner in (text.split(":") for text in texts):
        owners[Lane(int(lane))] = min(int(owner), owners.get(Lane(int(lane)), int(owner)))
    return owners


def _storable(text: str) -> str:
    """The text without what no text column takes: what the other side says is not ours to choose."""
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\0", "").encode(errors="replace").decode()


def _body(errand: Errand) -> bytes:
    if isinstance(errand.payload, Submit):
        return errand.report_id.encode() + codec.encode(errand.payload)
    return codec.encode(errand.payload)


def _happened(event: Event | None, now: datetime) -> datetime:
    return getattr(event, "sent_at", None) or getattr(event, "at", None) or now
