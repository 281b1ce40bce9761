"""The office's mailbox: a real IMAP server on a loopback port, kept in memory."""

import asyncio
import socket
from argparse import Namespace
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack, closing, suppress
from datetime import datetime
from typing import Any

from proxyprotocol.sock import SocketInfo
from pymap.backend.dict import Config, DictBackend
from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet, Message
from pymap.concurrent import Event, Subsystem
from pymap.context import connection_exit
from pymap.flags import FlagOp
from pymap.imap import IMAPConnection
from pymap.imap.state import ConnectionState
from pymap.interfaces.login import LoginInterface
from pymap.interfaces.message import CachedMessage
from pymap.parsing.command import Command
from pymap.parsing.command.select import IdleCommand, SearchCommand
from pymap.parsing.message import AppendMessage
from pymap.parsing.response import CommandResponse, UntaggedResponse
from pymap.parsing.response.specials import ExistsResponse
from pymap.parsing.specials.flag import Flag, Seen
from pymap.selected import SelectedMailbox
from pysasl.hashing import Cleartext

from simulator import faults
from simulator.faults import FaultPlan
from simulator.world import World

APART = 0.03
"""Real seconds between two pieces of news to one client."""
Taken = Callable[[int], None]
"""Told the number of a mail that its reader has put away: moved, deleted or marked as read."""


class Office:
    """One mailbox with a password. `port` is set before `start`, so that others can be told where it will be."""

    def __init__(self, address: str, password: str, plan: FaultPlan, world: World, taken: Taken) -> None:
        self._address, self._password, self._plan, self._world = address, password, plan, world
        self._boxes = _Boxes(taken)
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._imap: _Imap | None = None
        # A mail arrives between two commands, never within one: it would be announced to somebody who is not listening.
        self._between = asyncio.Lock()

    async def start(self, door: socket.socket) -> None:
        """Listen on a bound socket. Raises `OSError`."""
        args = Namespace(
            host="127.0.0.1", port=0, debug=False, cert=None, key=None, tls=False, proxy_protocol=None,
            demo_data=False, demo_user=self._address, demo_password=self._password, passlib_cfg=None,
        )  # fmt: skip
        # The password protects nothing, and hashing it well would take longer than the start of all the rest.
        backend, config = await DictBackend.init(
            args, hash_context=Cleartext(), cpu_subsystem=Subsystem.for_asyncio(), invalid_user_sleep=0.0
        )
        self._add_mailbox(config)
        self._imap = _Imap(backend.login, config, self._between)
        self._server = await asyncio.start_server(self._serve, sock=door)

    def _add_mailbox(self, config: Config) -> None:
        config.set_cache[self._address] = (self._boxes, FilterSet())

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.drop()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """Cut every connection, without a word."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    @property
    def connections(self) -> int:
        return len(self._writers)

    async def append(self, mail: bytes, at: datetime) -> int:
        """Put a mail into the inbox; whoever idles there is told. Returns its number in the mailbox (UID)."""
        inbox = await self._boxes.get_mailbox("INBOX")
        async with self._between:
            return (await inbox.append(AppendMessage(mail, at, frozenset()), recent=True)).uid

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is None or self._imap is None:
            return
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            if not await self._trouble():
                await self._imap(reader, writer, SocketInfo.get(writer.transport, None))
        except (asyncio.CancelledError, ConnectionError):
            pass
        except Exception as error:
            # What a client should not have said ends its own connection only.
            self._world.record("email", "imap_error", why=repr(error))
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            with suppress(ConnectionError, OSError):
                writer.close()

    async def _trouble(self) -> bool:
        """Whether this connection is cut before a word is said."""
        fault = self._plan.strike("email", "api", "imap")
        if fault is None:
            return False
        if fault.action in {"hang", "delay"}:
            await asyncio.sleep(fault.seconds or faults.LONG)
        return fault.action != "delay"


class _Imap:
    """Serves one connection, one command at a time for the whole mailbox."""

    def __init__(self, login: LoginInterface, config: Config, between: asyncio.Lock) -> None:
        self._login, self._config, self._between = login, config, between

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sock_info: SocketInfo) -> None:
        connection = IMAPConnection(self._config.commands, self._config, reader, writer, sock_info)
        async with AsyncExitStack() as stack:
            connection_exit.set(stack)
            stack.enter_context(closing(connection))
            await connection.run(_State(self._login, self._config, self._between))


class _State(ConnectionState):
    """What one client knows. News that came with the answer to another command than a search is told again at IDLE:
    many clients do not read it there, and then a mail waits until their next look.
    """

    def __init__(self, login: LoginInterface, config: Config, between: asyncio.Lock) -> None:
        super().__init__(login, config)
        self._between = between
        self._unheard: list[ExistsResponse] = []

    async def do_command(self, cmd: Command) -> CommandResponse:
        async with self._between:
            news = await self._caught_up(cmd) if isinstance(cmd, SearchCommand) else ()
            response = await super().do_command(cmd)
            response.add_untagged(*news)
            new = [one for one in response._untagged if isinstance(one, ExistsResponse)]
            if isinstance(cmd, SearchCommand):
                self._unheard = []
            elif new and cmd.command != b"SELECT":
                self._unheard = new[-1:]
            return response

    async def receive_updates(self, cmd: IdleCommand, done: Event) -> Iterable[UntaggedResponse]:
        # In a packet of its own: a client that waits for its socket does not see what it has read already.
        await asyncio.sleep(APART)
        if done.is_set():
            return ()
        if self._unheard:
            told, self._unheard = self._unheard, []
            return told
        return await super().receive_updates(cmd, done)

    async def _caught_up(self, cmd: Command) -> Iterable[UntaggedResponse]:
        """A search finds what has just arrived, not only what the client was told of."""
        if self._selected is None:
            return ()
        selected = await self.session.check_mailbox(self._selected)
        self._selected, untagged = selected.fork(cmd)
        return untagged


class _Boxes(MailboxSet):
    """The account's folders; the inbox tells what is put away."""

    def __init__(self, taken: Taken) -> None:
        super().__init__()
        self._inbox = _Inbox(self, taken)

    @property
    def caches(self) -> tuple[Any, Any]:
        return self._content_cache, self._thread_cache


class _Inbox(MailboxData):
    def __init__(self, boxes: _Boxes, taken: Taken) -> None:
        super().__init__(*boxes.caches)
        self._taken = taken

    async def update_selected(self, selected: SelectedMailbox, *, wait_on: Event | None = None) -> SelectedMailbox:
        # As other servers do: what came just before IDLE is told at once, not with the next change.
        behind = selected.mod_sequence != self._mod_sequences.highest
        return await super().update_selected(selected, wait_on=None if behind else wait_on)

    async def move(self, uid: int, destination: MailboxData, *, recent: bool = False) -> int | None:
        moved = await super().move(uid, destination, recent=recent)
        if moved is not None:
            self._taken(uid)
        return moved

    async def delete(self, uids: Iterable[int]) -> None:
        gone = list(uids)
        await super().delete(gone)
        for uid in gone:
            self._taken(uid)

    async def update(self, uid: int, cached_msg: CachedMessage, flag_set: frozenset[Flag], mode: FlagOp) -> Message:
        message = await super().update(uid, cached_msg, flag_set, mode)
        if Seen in flag_set:
            self._taken(uid)
        return message
