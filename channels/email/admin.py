"""Looking at one mailbox for `tiepnhan doctor`: can it be read, can it be sent from, what does the server offer."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from imapclient.exceptions import IMAPClientError, LoginError  # type: ignore[import-untyped]  # no stubs

from channels.email.imap import USUAL_PACE, Login, Pace, Session
from channels.email.settings import EmailSettings
from channels.email.smtp import Relay
from core.errors import Misconfigured, TryAgain


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxState:
    """`waiting` counts the mails that lie in the folders we empty; `missing` are folders that do not exist."""

    waiting: int
    missing: tuple[str, ...]
    idle: bool
    move: bool


class EmailAdmin:
    """One mailbox. `login` gives password or token, `afresh` after a refusal. Changes nothing on the servers but makes
    the folders for processed and failed mail, as the intake does.
    """

    def __init__(
        self, settings: EmailSettings, login: Callable[[bool], Awaitable[Login]], *, pace: Pace = USUAL_PACE
    ) -> None:
        self._settings, self._login, self._pace = settings, login, pace

    async def look(self) -> MailboxState:
        """Log in over IMAP. Raises `Misconfigured` or `TryAgain`."""
        return await asyncio.to_thread(self._look, await self._login(False))

    def _look(self, login: Login) -> MailboxState:
        session = Session(self._settings, self._pace)
        try:
            session.open(login)
            missing = [folder for folder in self._settings.folders if not session.exists(folder)]
            waiting = 0
            for folder in self._settings.folders:
                if folder not in missing:
                    session.select(folder)
                    waiting += len(session.after(0))
            return MailboxState(
                waiting=waiting, missing=tuple(missing), idle=session.offers("IDLE"), move=session.offers("MOVE")
            )
        except LoginError:
            raise Misconfigured("Máy chủ thư từ chối đăng nhập IMAP", code="login") from None
        except ssl.SSLCertVerificationError:
            raise Misconfigured("Chứng thư của máy chủ IMAP không hợp lệ", code="certificate") from None
        except (IMAPClientError, OSError) as error:
            raise TryAgain("Không đọc được hộp thư qua IMAP", code=type(error).__name__) from None
        finally:
            session.close()

    async def knock(self) -> None:
        """Log in over SMTP without sending anything. Raises one of the five `SendError`s."""
        relay = Relay(self._settings, self._login, answer_seconds=self._pace.answer)
        try:
            await relay.connect()
        finally:
            await relay.close()
