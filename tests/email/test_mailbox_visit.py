"""The doctor looks at real servers: Dovecot for reading, a relay for sending."""

import pytest

from channels.email.admin import EmailAdmin
from channels.email.imap import Login
from core.errors import Misconfigured, TryAgain
from tests.email.mailboxes import settings
from tests.email.servers import PASSWORD, Dovecot, free_ports, relay


async def password(afresh: bool) -> Login:
    return Login(password=PASSWORD)


async def wrong(afresh: bool) -> Login:
    return Login(password="wrong")


async def test_a_mailbox_is_read_and_its_mails_counted(dovecot_server: Dovecot) -> None:
    state = await EmailAdmin(settings(imap_port=dovecot_server.imap_port, username="visit1"), password).look()

    assert (state.waiting, state.missing, state.idle, state.move) == (0, (), True, True)


async def test_a_folder_that_is_not_there_is_named(dovecot_server: Dovecot) -> None:
    own = settings(imap_port=dovecot_server.imap_port, username="visit2", folders=("INBOX", "Nowhere"))

    assert (await EmailAdmin(own, password).look()).missing == ("Nowhere",)


async def test_a_wrong_password_is_a_matter_for_an_admin(dovecot_server: Dovecot) -> None:
    with pytest.raises(Misconfigured):
        await EmailAdmin(settings(imap_port=dovecot_server.imap_port, username="visit3"), wrong).look()


async def test_a_server_that_is_away_is_told_apart() -> None:
    (port,) = free_ports(1)
    admin = EmailAdmin(settings(imap_port=port, smtp_port=port), password)

    with pytest.raises(TryAgain):
        await admin.look()
    with pytest.raises(TryAgain):
        await admin.knock()


async def test_a_relay_is_logged_in_to_and_given_nothing() -> None:
    with relay(password=PASSWORD) as office:
        await EmailAdmin(settings(smtp_port=office.port), password).knock()

        assert office.taken == []
