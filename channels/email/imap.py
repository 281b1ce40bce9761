"""One IMAP connection, for one thread: what a mailbox is asked, in the words of the intake.

Everything blocks and may raise `imapclient.exceptions.IMAPClientError` (the server said no, or closed), `OSError`
(the network, or nothing heard for `Pace.answer` seconds). Only `cut` may be called from another thread.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from imapclient import IMAPClient  # type: ignore[import-untyped]  # ships no type information
from imapclient.exceptions import (  # type: ignore[import-untyped]  # ships no type information
    IMAPClientError,
    LoginError,
)

from channels.email.oversize import reduced
from channels.email.settings import EmailSettings

# At DEBUG it writes LOGIN lines.
logging.getLogger("imapclient").setLevel(logging.WARNING)

IMPLEMENTATION = {"name": "Tiep Nhan"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds. A dead connection is noticed within `idle` + `answer`, which is less than a minute."""

    answer: float = 18.0
    """So long the server may be silent when it has been asked something."""
    idle: float = 38.0
    """IDLE is ended and begun anew so often: RFC 2177 allows 29 minutes, but only an answer proves a connection."""
    again: float = 1.0
    """The next look comes so soon after a mail was announced where IDLE does not repeat it. No pause at all would let
    a server that announces something in every answer keep us busy for ever."""
    first_pause: float = 1.0
    longest_pause: float = 300.0
    busy_pause: float = 60.0
    locked_out: tuple[float, float] = (300.0, 1800.0)
    """After a refused login: the first time, and from then on. Nobody's account gets locked by us."""
    healthy: float = 300.0
    """A connection that lived so long starts the pauses from the beginning."""


USUAL_PACE = Pace()


@dataclass(frozen=True, slots=True)
class Login:
    """`token` for XOAUTH2, else `password`."""

    password: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    uid: int
    size: int


class Session:
    """One connection with one login."""

    def __init__(self, settings: EmailSettings, pace: Pace) -> None:
        self._settings, self._pace = settings, pace
        self._client: Any = None
        self._selected = ""
        self._capabilities: frozenset[bytes] = frozenset()
        self._folders: dict[str, str] = {}

    # --- life ---------------------------------------------------------------------------------------------------------

    def open(self, login: Login) -> None:
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file or None) if settings.imap_tls != "none" else None
        self._client = client = IMAPClient(
            settings.imap_host, settings.imap_port, ssl=settings.imap_tls == "implicit",
            ssl_context=context, timeout=self._pace.answer,
        )  # fmt: skip
        _keep_alive(client.socket())
        if settings.imap_tls == "starttls":
            client.starttls(context)
        if login.token:
            client.sasl_login("XOAUTH2", _xoauth2(settings.login, login.token))
        else:
            client.login(settings.login, login.password)
        # They differ from those before the login.
        self._capabilities = frozenset(item.upper() for item in client.capabilities())
        if b"ID" in self._capabilities:
            with suppress(IMAPClientError):
                client.id_(IMPLEMENTATION)
        for name in filter(None, (settings.processed, settings.failed)):
            self._folders[name] = self._make_folder(name)

    def cut(self) -> None:
        """Wake the thread that waits in this connection; what it does ends with an error."""
        with suppress(Exception):
            self._client.socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go without a word: a server that hangs would not answer LOGOUT."""
        with suppress(Exception):
            self._client.shutdown()

    @property
    def can_idle(self) -> bool:
        return self._settings.idle and b"IDLE" in self._capabilities

    def offers(self, capability: str) -> bool:
        return capability.encode() in self._capabilities

    def exists(self, folder: str) -> bool:
        return bool(self._client.folder_exists(folder))

    # --- asking -------------------------------------------------------------------------------------------------------

    def select(self, folder: str) -> int:
        """Open a folder for reading and moving; its UIDVALIDITY."""
        answer = self._client.select_folder(folder)
        self._selected = folder
        return int(answer.get(b"UIDVALIDITY", 0))

    def since(self, day: date) -> list[int]:
        """UIDs of what came on that day or later."""
        self._announced()
        return sorted(self._client.search(["SINCE", day]))

    def after(self, uid: int) -> list[int]:
        """UIDs greater than that one. `n:*` always names the newest mail too, even where its UID is less than n."""
        self._announced()
        return sorted(found for found in self._client.search(["UID", f"{uid + 1}:*"]) if found > uid)

    def sizes(self, uids: Iterable[int]) -> list[Found]:
        """The mails of those that are still there."""
        wanted = list(uids)
        answer = self._client.fetch(wanted, ["RFC822.SIZE"]) if wanted else {}
        return [Found(uid, int(answer[uid].get(b"RFC822.SIZE", 0))) for uid in wanted if uid in answer]

    def fetch(self, mail: Found) -> bytes | None:
        """A mail's bytes, `\\Seen` untouched; a reduced copy where it is too large. None when it has gone."""
        if mail.size > self._settings.max_message_bytes:
            return reduced(lambda items: self._items(mail.uid, items), mail.size)
        items = self._items(mail.uid, ["BODY.PEEK[]"])
        return None if items is None else bytes(items.get(b"BODY[]") or b"")

    def _items(self, uid: int, names: list[str]) -> dict[bytes, Any] | None:
        # By UID and name: servers put other news about other mails in between.
        found = self._client.fetch([uid], names).get(uid)
        return None if found is None else dict(found)

    def wait(self, seconds: float) -> None:
        """Return when the server says that something happened, at the latest after `seconds`.

        What was announced since the last search began counts as well: RFC 3501 7.3.1 has EXISTS in any answer, once.
        """
        if self._announced():
            seconds = min(seconds, self._pace.again)
        self._client.idle()
        if not self._came_along():
            self._client.idle_check(timeout=seconds)
        self._client.idle_done()

    def _announced(self) -> bool:
        """Whether an answer held EXISTS since this was last asked."""
        return bool(self._client._imap.response("EXISTS")[1] != [None])

    def _came_along(self) -> bool:
        """Whether news came in one packet with "+ idling": it has been read then, and the socket stays quiet."""
        connection = self._client.socket()
        connection.setblocking(False)
        try:
            return bool(self._client._imap.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(self._pace.answer)

    # --- putting away -------------------------------------------------------------------------------------------------

    def move(self, uid: int, folder: str) -> None:
        """Put one mail into `processed` or `failed`. One that has gone meanwhile is no error."""
        target = self._folders[folder]
        if b"MOVE" in self._capabilities:
            self._client.move([uid], target)
            return
        self._client.copy([uid], target)
        self._client.add_flags([uid], [b"\\Deleted"], silent=True)
        if b"UIDPLUS" in self._capabilities:
            # Without UIDPLUS it stays, marked: a bare EXPUNGE would take along what others have marked.
            self._client.uid_expunge([uid])

    def keep_copy(self, folder: str, raw: bytes) -> None:
        """Put one of our own mails into a folder, as read."""
        self._client.append(self._make_folder(folder), raw, flags=[b"\\Seen"])

    def _make_folder(self, name: str) -> str:
        """The folder's name on this server (separator and prefix of personal folders respected); made when missing."""
        prefix, separator = self._namespace()
        path = name.replace("/", separator) if separator else name
        names = [path] if not prefix or path.startswith(prefix) else [path, prefix + path]
        for each in names:
            if self._client.folder_exists(each):
                return each
        try:
            self._client.create_folder(names[-1])
        except IMAPClientError:
            if not self._client.folder_exists(names[-1]):
                raise
        with suppress(IMAPClientError):
            self._client.subscribe_folder(names[-1])
        return names[-1]

    def _namespace(self) -> tuple[str, str]:
        """Prefix and separator of the user's own folders."""
        if b"NAMESPACE" in self._capabilities:
            with suppress(IMAPClientError, LookupError, TypeError):
                prefix, separator = self._client.namespace().personal[0]
                return str(prefix), str(separator or "")
        listed = self._client.list_folders("", "INBOX")
        separator = listed[0][1] if listed else b"/"
        return "", separator.decode("ascii", "replace") if separator else ""


def _xoauth2(user: str, token: str) -> Callable[[bytes], str]:
    """Answers the server: the token first, and an empty line to its reasons for refusing, upon which it says NO."""
    answers = [f"user={user}\1auth=Bearer {token}\1\1"]
    return lambda challenge: answers.pop() if answers else ""


def _keep_alive(connection: socket.socket) -> None:
    """A cable that was cut is noticed by the kernel too, after 20 + 3 · 10 seconds."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def refused_login(error: BaseException) -> bool:
    """Whether the server said no to who we are; False where it is busy, or the connection broke."""
    if not isinstance(error, LoginError):
        return False
    # IMAPClient makes the same of a connection that ends during the login.
    broken = isinstance(error.__context__, IMAPClientError) and type(error.__context__).__name__ == "abort"
    return not broken and not is_busy(error)


_BUSY = ("[unavailable]", "[inuse]", "[limit]", "[serverbug]", "too many", "simultaneous", "try again", "temporar")


def is_busy(error: BaseException) -> bool:
    said = str(error).lower()
    return isinstance(error, IMAPClientError) and any(word in said for word in _BUSY)
