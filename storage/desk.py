"""What the staff page asks the database. Sealed columns are opened here; the caller owns the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.journal import Act
from storage.seal import Seal
from storage.tables import conversations, deliveries, errands, events, journal, media, reports

HANDOFFS = ("asked", "reask_limit", "refused", "failed")
"""Alerts that only say why the bot stopped. Every other one comes from the regulation and goes first."""
SEARCHED = 2000
"""A name is sealed, so it is looked for in memory, among this many conversations that changed last."""


class Tab(StrEnum):
    WAITING = "waiting"
    HELD = "held"
    ALL = "all"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationRow:
    """A conversation with its sealed columns opened. `state` is None before the first turn."""

    id: int
    channel: str
    account: str
    profile: str
    seq: int
    owner: str
    operator: str
    reachable: bool
    last_inbound_at: datetime | None
    replies: int
    unread: int
    alert: str
    waiting_since: datetime | None
    created_at: datetime
    updated_at: datetime
    name: str
    preview: str
    state: bytes | None
    erased_at: datetime | None
    erased_seq: int | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """`body` is what `pipeline.items.pack_event` made, or None where the regulation forbids to keep it."""

    seq: int
    source: str
    kind: str
    at: datetime
    recorded_at: datetime
    problem: str
    held: bool
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrandRow:
    """`body` is the encoded payload."""

    seq: int
    n: int
    lane: int
    kind: str
    status: str
    attempts: int
    not_before: datetime | None
    reason: str
    created_at: datetime
    settled_at: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaRow:
    seq: int
    n: int
    kind: str
    status: str
    public: str
    mime: str
    size: int | None
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """`body` is the normalized report as JSON, or None while it has not been built."""

    ordinal: int
    status: str
    code: str | None
    confirmed_at: datetime
    opened_at: datetime | None
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAside:
    """A delivery that became no message."""

    id: int
    channel: str
    account: str
    status: str
    reason: str
    received_at: datetime


_ERRAND_COLUMNS = [errands.c[name] for name in ErrandRow.__slots__]
_EVENT_COLUMNS = [events.c[name] for name in EventRow.__slots__]
_MEDIA_COLUMNS = [media.c[name] for name in MediaRow.__slots__]
_REPORT_COLUMNS = [reports.c[name] for name in ReportRow.__slots__]
_KEPT_COLUMNS = [deliveries.c[name] for name in KeptAside.__slots__]
_LISTED = [conversations.c[name] for name in ConversationRow.__slots__ if name != "codes"]


def _in_trouble() -> ColumnElement[bool]:
    """Something did not get through and nobody has said since that they looked at it."""
    seen = exists(
        select(journal.c.id).where(
            journal.c.conversation_id == errands.c.conversation_id,
            journal.c.act == Act.TROUBLE_SEEN.value,
            journal.c.at >= errands.c.settled_at,
        )
    )
    # Spelt out, not bound: only so the planner sees that the small partial index on troubles serves.
    failed = text("errands.status in ('unknown', 'refused', 'failed')")
    return conversations.c.id.in_(select(errands.c.conversation_id).where(failed, ~seen))


_WAITS = or_(conversations.c.owner == "waiting", and_(conversations.c.owner == "bot", conversations.c.alert != ""))
_CONDITIONS: dict[Tab, ColumnElement[bool]] = {
    Tab.WAITING: _WAITS,
    Tab.HELD: conversations.c.owner == "operator",
    Tab.ALL: conversations.c.id.is_not(None),
    Tab.TROUBLE: _in_trouble(),
}
_LONGEST_WAITING = (
    conversations.c.alert.in_(("", *HANDOFFS)),
    func.coalesce(conversations.c.waiting_since, conversations.c.updated_at),
    conversations.c.id,
)
_NEWEST = (conversations.c.updated_at.desc(), conversations.c.id.desc())
_ORDER: dict[Tab, Sequence[ColumnElement[Any]]] = {
    Tab.WAITING: _LONGEST_WAITING,
    Tab.HELD: (conversations.c.waiting_since.asc().nulls_last(), *_NEWEST),
    Tab.ALL: _NEWEST,
    Tab.TROUBLE: _NEWEST,
}


def _on(channel: str) -> ColumnElement[bool]:
    return conversations.c.channel == channel if channel else conversations.c.id.is_not(None)


class DeskQueries:
    """The pages' questions, on one connection."""

    def __init__(self, connection: AsyncConnection, seal: Seal) -> None:
        self._connection, self._seal = connection, seal

    # --- the list -----------------------------------------------------------------------------------------------------

    async def counts(self, channel: str = "") -> dict[Tab, int]:
        """How many conversations each tab holds; of one channel if given."""
        columns = [func.count().filter(condition).label(tab.value) for tab, condition in _CONDITIONS.items()]
        query = select(*columns).select_from(conversations).where(_on(channel))
        row = (await self._connection.execute(query)).mappings().one()
        return {tab: row[tab.value] for tab in Tab}

    async def page(self, tab: Tab, *, skip: int, most: int, channel: str = "") -> list[ConversationRow]:
        """Conversations of a tab: alerts and then the longest waiting where people wait, else the latest change."""
        query = self._listed().where(_CONDITIONS[tab], _on(channel)).order_by(*_ORDER[tab]).limit(most).offset(skip)
        return await self._conversations(query)

    async def recent(self, tab: Tab, channel: str = "") -> list[ConversationRow]:
        """The `SEARCHED` conversations of a tab that changed last."""
        query = self._listed().where(_CONDITIONS[tab], _on(channel)).order_by(*_NEWEST).limit(SEARCHED)
        return await self._conversations(query)

    async def of_code(self, tab: Tab, part: str, channel: str = "") -> list[ConversationRow]:
        """Conversations with a case whose code contains `part`, whatever its case."""
        having = exists(
            select(reports.c.id)
            .where(reports.c.conversation_id == conversations.c.id, reports.c.code.icontains(part, autoescape=True))
            .correlate(conversations)
        )
        query = self._listed().where(_CONDITIONS[tab], _on(channel), having).order_by(*_NEWEST).limit(SEARCHED)
        return await self._conversations(query)

    @staticmethod
    def _listed() -> Select[Any]:
        codes = (
            select(func.array_agg(reports.c.code))
            .where(reports.c.conversation_id == conversations.c.id, reports.c.code.is_not(None))
            .correlate(conversations)
            .scalar_subquery()
        )
        return select(*_LISTED, codes.label("codes"))

    async def _conversations(self, query: Select[Any]) -> list[ConversationRow]:
        return [self._row(dict(row)) for row in (await self._connection.execute(query)).mappings()]

    def _row(self, row: dict[str, Any]) -> ConversationRow:
        for column in ("name", "preview"):
            row[column] = self._text(row[column], column.encode())
        row["state"] = self._open(row["state"], b"state")
        row["codes"] = tuple(row["codes"] or ())
        return ConversationRow(**row)

    # --- one conversation ---------------------------------------------------------------------------------------------

    async def conversation(self, number: int) -> ConversationRow | None:
        found = await self._conversations(self._listed().where(conversations.c.id == number))
        return found[0] if found else None

    async def events(self, conversation: int, *, before: int | None, most: int) -> list[EventRow]:
        """The newest `most` events, those before number `before` if given, oldest first."""
        query = select(*_EVENT_COLUMNS).where(events.c.conversation_id == conversation)
        if before is not None:
            query = query.where(events.c.seq < before)
        found = (await self._connection.execute(query.order_by(events.c.seq.desc()).limit(most))).mappings().all()
        return [EventRow(**{**row, "body": self._open(row["body"], b"event")}) for row in reversed(found)]

    async def event(self, conversation: int, seq: int) -> EventRow | None:
        found = await self.events(conversation, before=seq + 1, most=1)
        return found[0] if found and found[0].seq == seq else None

    async def changes_after(self, conversation: int, seq: int) -> list[EventRow]:
        """What the citizen changed or took back after event number `seq`, oldest first."""
        query = (
            select(*_EVENT_COLUMNS)
            .where(
                events.c.conversation_id == conversation,
                events.c.seq > seq,
                events.c.kind.in_(("MessageEdited", "MessageWithdrawn")),
            )
            .order_by(events.c.seq)
        )
        found = (await self._connection.execute(query)).mappings()
        return [EventRow(**{**row, "body": self._open(row["body"], b"event")}) for row in found]

    async def address(self, conversation: int) -> str:
        """What the platform calls the person: where a letter goes."""
        query = select(conversations.c.peer).where(conversations.c.id == conversation)
        return self._text((await self._connection.execute(query)).scalar_one(), b"peer")

    async def related(self, conversation: int) -> list[tuple[int, bool]]:
        """(number, whether that is the public comment) of conversations with the same person by way of a comment."""
        own = select(conversations.c.peer_index, conversations.c.reached).where(conversations.c.id == conversation)
        me = own.subquery()
        query = (
            select(conversations.c.id, conversations.c.reached.is_not(None))
            .join(
                me,
                or_(conversations.c.peer_index == me.c.reached, conversations.c.reached == me.c.peer_index),
            )
            .order_by(conversations.c.id)
        )
        return [(row[0], row[1]) for row in await self._connection.execute(query)]

    async def errands(self, conversation: int, *, first: int, last: int) -> list[ErrandRow]:
        """Everything that the events `first` to `last` sent out of the house, in the order it was wished."""
        query = (
            select(*_ERRAND_COLUMNS)
            .where(errands.c.conversation_id == conversation, errands.c.seq.between(first, last))
            .order_by(errands.c.seq, errands.c.n)
        )
        found = (await self._connection.execute(query)).mappings()
        return [ErrandRow(**{**row, "body": self._seal.open(row["body"], b"errand")}) for row in found]

    async def citizen_events_after(self, conversation: int, seq: int) -> int:
        """How many messages of the citizen came after event number `seq`."""
        query = select(func.count()).where(
            events.c.conversation_id == conversation,
            events.c.seq > seq,
            events.c.kind.in_(("InboundMessage", "MessageEdited", "PublicComment")),
        )
        return int((await self._connection.execute(query)).scalar_one())

    async def media(self, conversation: int) -> list[MediaRow]:
        query = select(*_MEDIA_COLUMNS).where(media.c.conversation_id == conversation).order_by(media.c.seq, media.c.n)
        return [MediaRow(**row) for row in (await self._connection.execute(query)).mappings()]

    async def file(self, conversation: int, seq: int, n: int) -> MediaRow | None:
        query = select(*_MEDIA_COLUMNS).where(
            media.c.conversation_id == conversation, media.c.seq == seq, media.c.n == n
        )
        row = (await self._connection.execute(query)).mappings().first()
        return MediaRow(**row) if row else None

    async def reports(self, conversation: int) -> list[ReportRow]:
        query = (
            select(*_REPORT_COLUMNS).where(reports.c.conversation_id == conversation).order_by(reports.c.ordinal.desc())
        )
        found = (await self._connection.execute(query)).mappings()
        return [ReportRow(**{**row, "body": self._open(row["body"], b"report")}) for row in found]

    async def in_trouble(self, conversation: int) -> bool:
        """Whether something of it was not delivered and nobody has looked at that yet."""
        query = select(_in_trouble()).select_from(conversations).where(conversations.c.id == conversation)
        return bool((await self._connection.execute(query)).scalar_one_or_none())

    # --- the state of the house ---------------------------------------------------------------------------------------

    async def errands_by_status(self) -> list[tuple[int, str, int, datetime]]:
        """(lane, status, how many, the oldest one's instant) of what is open or ended badly."""
        query = (
            select(errands.c.lane, errands.c.status, func.count(), func.min(errands.c.created_at))
            .where(errands.c.status.not_in(("done", "superseded", "withdrawn")))
            .group_by(errands.c.lane, errands.c.status)
            .order_by(errands.c.lane, errands.c.status)
        )
        return [tuple(row) for row in await self._connection.execute(query)]

    async def kept_aside(self, *, most: int) -> list[KeptAside]:
        """The newest deliveries that became no message."""
        query = select(*_KEPT_COLUMNS).order_by(deliveries.c.id.desc()).limit(most)
        return [KeptAside(**row) for row in (await self._connection.execute(query)).mappings()]

    async def kept_aside_counts(self) -> list[tuple[str, str, int]]:
        """(channel, status, how many) of all deliveries that became no message."""
        query = (
            select(deliveries.c.channel, deliveries.c.status, func.count())
            .group_by(deliveries.c.channel, deliveries.c.status)
            .order_by(deliveries.c.channel, deliveries.c.status)
        )
        return [tuple(row) for row in await self._connection.execute(query)]

    # --- sealed values ------------------------------------------------------------------------------------------------

    def _open(self, sealed: bytes | None, purpose: bytes) -> bytes | None:
        return None if sealed is None else self._seal.open(sealed, purpose)

    def _text(self, sealed: bytes | None, purpose: bytes) -> str:
        return (self._open(sealed, purpose) or b"").decode()
