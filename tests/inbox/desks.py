"""A staff page over a real database, with a gateway that only writes down what it is asked."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.routing import Mount

import dialog
from core.capabilities import Capabilities, Limit, Unit
from core.effects import Say
from core.events import InboundMessage
from core.model import OutboundMessage, Peer
from core.ports import Blobs
from inbox import Desk, create_app
from pipeline import codec
from pipeline.account import Account, Accounts
from pipeline.items import pack_event
from regulations.loader import load
from storage import journal, operators, tables
from storage.seal import Seal

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
PASSWORD = "một mật khẩu dài"
PROFILE = load("tien-giang")
CAPABILITIES = Capabilities(text=Limit(2000, Unit.CODE_POINTS), reply_window=timedelta(hours=48), replies_per_window=8)


class FakeGateway:
    """Remembers calls; a nonce that it has seen is not new, as in the real one."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, int, Mapping[str, str]]] = []
        self.reception = Reception()
        self._nonces: set[str] = set()
        self.error: Exception | None = None

    async def reply(self, conversation: int, *, operator: str, text: str, nonce: str) -> bool:
        return self._take("reply", conversation, nonce, operator=operator, text=text)

    async def take_over(self, conversation: int, *, operator: str, nonce: str) -> bool:
        return self._take("take_over", conversation, nonce, operator=operator)

    async def give_back(self, conversation: int, *, operator: str, nonce: str) -> bool:
        return self._take("give_back", conversation, nonce, operator=operator)

    async def erase(self, conversation: int, *, operator: str) -> str:
        self._take("erase", conversation, f"erase {len(self.calls)}", operator=operator)
        return "abcdefghjkmnpqrs"

    def _take(self, what: str, conversation: int, nonce: str, **said: str) -> bool:
        if self.error is not None:
            raise self.error
        if nonce in self._nonces:
            return False
        self._nonces.add(nonce)
        self.calls.append((what, conversation, said))
        return True


@dataclass
class Reception:
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class FakeChannel:
    name: str = "zalo"
    account: str = "oa"
    capabilities: Capabilities = CAPABILITIES


@dataclass
class World:
    """The page, its database and its clock, with makers of rows."""

    engine: AsyncEngine
    seal: Seal
    gateway: FakeGateway
    blobs: Blobs
    now: datetime = NOW
    frame_ancestors: tuple[str, ...] = ()
    channels: tuple[FakeChannel, ...] = (FakeChannel(),)

    def app(self) -> Starlette:
        accounts: dict[tuple[str, str], Any] = {
            # The page only looks at capabilities, and asks for originals.
            (channel.name, channel.account): Account(channel, PROFILE)  # type: ignore[arg-type]
            for channel in self.channels
        }
        desk = Desk(
            gateway=self.gateway,
            engine=self.engine,
            seal=self.seal,
            accounts=Accounts(accounts),
            secret=b"a secret of the tests",
            now=lambda: self.now,
            blobs=self.blobs,
            frame_ancestors=self.frame_ancestors,
        )
        return Starlette(routes=[Mount("/inbox", app=create_app(desk))])

    def browser(self) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(self.app())
        return httpx2.AsyncClient(transport=transport, base_url="http://desk.test", follow_redirects=True)

    async def operator(self, name: str, display_name: str, *, role: str = "operator") -> None:
        async with self.engine.begin() as connection:
            await operators.add(connection, name=name, display_name=display_name, password=PASSWORD, role=role)

    async def signed_in(self, name: str = "lan") -> "Browser":
        browser = Browser(self.browser())
        answer = await browser.sign_in(name)
        assert answer.status_code == 200, answer.text
        return browser

    # --- rows --------------------------------------------------------------------------------------------------------

    async def conversation(self, *, user: str = "u1", name: str = "", preview: str = "", **changes: Any) -> int:
        state = changes.pop("state", None)
        row = {
            "peer_index": self.seal.index(user),
            "peer": self.seal.close(user.encode(), b"peer"),
            "channel": "zalo",
            "account": "oa",
            "profile": PROFILE.id,
            "last_inbound_at": self.now,
            "updated_at": self.now,
            "name": self.seal.close(name.encode(), b"name") if name else None,
            "preview": self.seal.close(preview.encode(), b"preview") if preview else None,
            "state": self.seal.close(dialog.encode(state), b"state") if state else None,
        } | changes
        return int(await self._add(tables.conversations, row, tables.conversations.c.id))

    async def heard(self, conversation: int, seq: int, text: str = "", **changes: Any) -> None:
        """A message of the citizen."""
        peer = Peer(channel="zalo", account="oa", user="u1")
        message = InboundMessage(peer=peer, external_id=f"m{seq}", sent_at=self.now, text=text, **changes)
        await self.happened(conversation, seq, message)

    async def happened(self, conversation: int, seq: int, event: Any, *, keep: bool = True) -> None:
        body = self.seal.close(pack_event(codec.encode(event), b""), b"event") if keep else None
        row = {
            "conversation_id": conversation, "seq": seq, "source": "citizen", "external_id": f"x{seq}",
            "kind": type(event).__name__, "at": self.now, "recorded_at": self.now, "body": body,
        }  # fmt: skip
        await self._add(tables.events, row, tables.events.c.seq)
        async with self.engine.begin() as connection:
            await connection.execute(
                tables.conversations.update().where(tables.conversations.c.id == conversation).values(seq=seq)
            )

    async def said(
        self, conversation: int, seq: int, message: str | OutboundMessage, *, n: int = 0, **changes: Any
    ) -> None:
        """A message of ours, caused by event `seq`."""
        outgoing = OutboundMessage(text=message) if isinstance(message, str) else message
        row = {
            "conversation_id": conversation, "seq": seq, "n": n, "lane": 0, "kind": "Say", "status": "done", "owner": 1,
            "body": self.seal.close(codec.encode(Say(message=outgoing)), b"errand"), "created_at": self.now,
            "settled_at": self.now,
        } | changes  # fmt: skip
        await self._add(tables.errands, row, tables.errands.c.seq)

    async def add(self, table: Any, **row: Any) -> None:
        await self._add(table, row, table.primary_key.columns[0])

    async def journal(self) -> list[tuple[str, str, int | None, str]]:
        """(operator, act, conversation, detail), oldest first, without sign-ins."""
        async with self.engine.connect() as connection:
            found = await journal.entries(connection)
        acts = ("signed_in", "signed_out")
        return [(e.operator, e.act, e.conversation_id, e.detail) for e in reversed(found) if e.act not in acts]

    async def _add(self, table: Any, row: Mapping[str, Any], key: Any) -> Any:
        async with self.engine.begin() as connection:
            return (await connection.execute(insert(table).values(row).returning(key))).scalar_one()


@dataclass
class Browser:
    """Follows links and sends the forms that are on the page, with what the page put into them."""

    http: httpx2.AsyncClient
    html: str = ""

    async def get(self, path: str, **options: Any) -> httpx2.Response:
        answer = await self.http.get(f"/inbox{path}", **options)
        self.html = answer.text
        return answer

    async def send(self, action: str, **fields: str) -> httpx2.Response:
        """Send the form with that action; `fields` are typed in, hidden ones come from the page."""
        answer = await self.http.post(f"/inbox{action}", data=self.hidden(action) | fields)
        self.html = answer.text
        return answer

    def hidden(self, action: str) -> dict[str, str]:
        form = re.search(rf'<form[^>]*action="/inbox{re.escape(action)}".*?</form>', self.html, re.DOTALL)
        assert form is not None, f"no form {action} on the page"
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))

    async def sign_in(self, name: str, password: str = PASSWORD) -> httpx2.Response:
        await self.get("/sign-in")
        return await self.send("/sign-in", name=name, password=password)
