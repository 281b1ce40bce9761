"""Where the office hands in its mail: a real SMTP server with a password, on a loopback port."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from simulator import faults
from simulator.faults import Fault, FaultPlan
from simulator.world import World

MOST_BYTES = 35 * 1024 * 1024


class Post(Protocol):
    """Takes over a mail that was accepted."""

    def __call__(self, sender: str, recipients: list[str], mail: bytes, *, bounced: bool) -> None: ...


class Submission:
    """`refuses` says why an address is not taken ("550 …"), or is empty."""

    def __init__(
        self, address: str, password: str, *, plan: FaultPlan, world: World, post: Post, refuses: Callable[[str], str]
    ) -> None:
        self._address, self._password = address, password
        self._plan, self._world, self._post, self._refuses = plan, world, post, refuses
        self._server: asyncio.Server | None = None

    async def start(self, door: socket.socket) -> None:
        """Listen on a bound socket. Raises `OSError`."""
        loop = asyncio.get_running_loop()

        def session() -> SMTP:
            return SMTP(
                self, hostname="smtp.simulator", ident="ESMTP", loop=loop, data_size_limit=MOST_BYTES,
                auth_require_tls=False, authenticator=self._authenticate, enable_SMTPUTF8=True, timeout=300,
            )  # fmt: skip

        self._server = await loop.create_server(session, sock=door)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            self._address.encode(),
            self._password.encode(),
        )
        self._world.record("email", "smtp_login", ok=right)
        # With the default `handled` a wrong password would be answered with silence.
        return AuthResult(success=right, handled=right)

    # --- hooks of the server: their names are its own -----------------------------------------------------------------

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self._plan.strike("email", "api", address.lower()) or self._plan.strike("email", "api", "RCPT")
        answer = await self._suffer(server, fault) if fault else ""
        if answer := answer or self._refuses(address):
            self._world.record("email", "smtp_refused", to=address, answer=answer)
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        fault = self._plan.strike("email", "api", "DATA")
        if fault and (answer := await self._suffer(server, fault)):
            self._world.record("email", "smtp_refused", to=envelope.rcpt_tos, answer=answer)
            return answer
        mail = envelope.original_content or b""
        self._world.record("email", "smtp", to=list(envelope.rcpt_tos), size=len(mail))
        bounced = fault is not None and fault.action == "bounce"
        self._post(envelope.mail_from or "", list(envelope.rcpt_tos), mail, bounced=bounced)
        if fault and fault.action in {"accept_then_drop", "accept_then_hang"}:
            if fault.action == "accept_then_hang":
                await asyncio.sleep(fault.seconds or faults.LONG)
            return _cut(server)
        return "250 2.0.0 Queued"

    async def _suffer(self, server: SMTP, fault: Fault) -> str:
        """What goes wrong before anything is done; the answer that ends it, or nothing."""
        match fault.action:
            case "status" | "error":
                code = fault.status
                return fault.body or f"{code} {'4.3.0 try again later' if code < 500 else '5.1.1 user unknown'}"
            case "delay" | "hang":
                await asyncio.sleep(fault.seconds or faults.LONG)
                return "" if fault.action == "delay" else _cut(server)
            case "drop":
                return _cut(server)
        return ""


def _cut(server: SMTP) -> str:
    if server.transport is not None:
        server.transport.abort()  # type: ignore[attr-defined]  # a socket's transport has it, the base class not
    return "421 4.3.2 gone"
