"""The way out for mail: one connection an account, kept open between mails, one mail at a time."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPHeloError,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from channels.email.codes import Stage, refusal
from channels.email.imap import Login
from channels.email.settings import EmailSettings
from core.errors import Misconfigured, Refused, TryAgain, Unknown

LONGEST_REST = 20.0
"""Seconds after which an idle connection is not trusted any more: relays hang up early."""

ANSWER_SECONDS = 30.0
SOON = timedelta(seconds=30)


class Outbox(Protocol):
    async def deliver(self, recipient: str, raw: bytes) -> None:
        """Hand one mail to the relay. Returns when the relay answers for it; raises one of the five `SendError`s."""
        ...


class Relay:
    """The submission server of one account. Implements `Outbox`."""

    def __init__(
        self,
        settings: EmailSettings,
        login: Callable[[bool], Awaitable[Login]],
        *,
        answer_seconds: float = ANSWER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._login, self._patience, self._clock = settings, login, answer_seconds, clock
        self._client: SMTP | None = None
        self._used = 0.0
        self._afresh = False
        self._lock = asyncio.Lock()

    async def deliver(self, recipient: str, raw: bytes) -> None:
        if not recipient.isascii():
            raise Refused("Địa chỉ có chữ ngoài ASCII, máy chủ không chuyển được", code="SMTPUTF8")
        async with self._lock:
            client = await self._open()
            done = False
            try:
                await self._hand_over(client, recipient, raw)
                done = True
            finally:
                if not done:
                    await self._end()
            self._used = self._clock()

    async def connect(self) -> None:
        """Log in, and send nothing. Raises one of the five `SendError`s."""
        async with self._lock:
            await self._open()

    async def close(self) -> None:
        async with self._lock:
            await self._end()

    async def _hand_over(self, client: SMTP, recipient: str, raw: bytes) -> None:
        stage = Stage.SENDER
        try:
            await client.mail(self._settings.address, options=self._size(client, raw))
            stage = Stage.RECIPIENT
            await client.rcpt(recipient)
            stage = Stage.CONTENT
            await client.data(raw)
        except SMTPResponseException as error:
            raise refusal(stage, error.code, error.message) from None
        except (SMTPException, OSError, ValueError) as error:
            if stage is Stage.CONTENT:
                raise Unknown("Mất kết nối khi đang gửi; thư có thể đã đến", code=type(error).__name__) from None
            raise TryAgain("Mất kết nối với máy chủ thư", code=type(error).__name__, after=SOON) from None

    def _size(self, client: SMTP, raw: bytes) -> list[str]:
        """RFC 1870: say how large it is, and do not even begin what the server will not take."""
        offered = client.esmtp_extensions.get("size")
        if offered is None:
            return []
        if offered.isdigit() and 0 < int(offered) < len(raw):
            raise Refused("Thư lớn hơn mức máy chủ cho phép", code="SIZE")
        return [f"SIZE={len(raw)}"]

    # --- the connection -----------------------------------------------------------------------------------------------

    async def _open(self) -> SMTP:
        if self._client is not None and self._client.is_connected and self._clock() - self._used < LONGEST_REST:
            return self._client
        await self._end()
        settings = self._settings
        context = ssl.create_default_context(cafile=settings.ca_file or None) if settings.smtp_tls != "none" else None
        client = SMTP(
            hostname=settings.smtp_host, port=settings.smtp_port, timeout=self._patience,
            # Never the machine's own name.
            local_hostname=settings.domain,
            use_tls=settings.smtp_tls == "implicit", start_tls=settings.smtp_tls == "starttls", tls_context=context,
        )  # fmt: skip
        login = await self._login(self._afresh) if settings.smtp_login else None
        stage = Stage.GREETING
        try:
            await client.connect()
            stage = Stage.LOGIN
            if login is not None and login.token:
                await client.auth_xoauth2(settings.login, login.token)
            elif login is not None:
                await client.login(settings.login, login.password)
            # Read now, because the dialog with the server is over when a size is asked for.
            await client.ehlo()
        except SMTPAuthenticationError as error:
            self._afresh = True
            client.close()
            raise refusal(Stage.LOGIN, error.code, error.message) from None
        except SMTPResponseException as error:
            client.close()
            raise refusal(
                Stage.GREETING if isinstance(error, SMTPHeloError) else stage, error.code, error.message
            ) from None
        except ssl.SSLCertVerificationError:
            client.close()
            raise Misconfigured("Chứng thư của máy chủ thư không hợp lệ", code="certificate") from None
        except (SMTPServerDisconnected, SMTPTimeoutError, OSError) as error:
            client.close()
            raise TryAgain("Không kết nối được máy chủ thư", code=type(error).__name__, after=SOON) from None
        except SMTPException as error:
            client.close()
            raise Misconfigured(
                "Máy chủ thư không có cách đăng nhập hoặc mã hóa cần dùng", code=type(error).__name__
            ) from None
        self._client, self._used, self._afresh = client, self._clock(), False
        return client

    async def _end(self) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        with suppress(SMTPException, OSError, asyncio.TimeoutError):
            if client.is_connected:
                await client.quit(timeout=2)
        client.close()
