"""Encryption is never optional: a certificate that nobody vouches for ends the conversation before the password."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import Misconfigured
from tests.email.mailboxes import QUICK, Intake, until
from tests.email.servers import HOST, PASSWORD, bad_server, mail, message_number, relay
from tests.email.test_smtp_sending import LAN, sender


class Certificate:
    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        day = timedelta(days=1)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.now(UTC) - day)
            .not_valid_after(datetime.now(UTC) + day)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.authority, secret = folder / "ca.pem", folder / "key.pem"
        self.authority.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(self.authority, secret)


@pytest.fixture
def certificate(tmp_path: Path) -> Iterator[Certificate]:
    yield Certificate(tmp_path)


async def test_mails_leave_encrypted(certificate: Certificate) -> None:
    with relay(password=PASSWORD, tls=certificate.server) as server:
        out = sender(server.port, login=True, smtp_tls="starttls", ca_file=str(certificate.authority))
        await out.deliver(LAN, mail())
        await out.close()

    assert len(server.taken) == 1


async def test_a_relay_with_an_unknown_certificate_gets_nothing(certificate: Certificate) -> None:
    with relay(password=PASSWORD, tls=certificate.server) as server, pytest.raises(Misconfigured) as caught:
        await sender(server.port, login=True, smtp_tls="starttls").deliver(LAN, mail())

    assert caught.value.code == "certificate" and not server.taken


async def test_a_mailbox_is_read_encrypted(certificate: Certificate) -> None:
    async with bad_server("", mail(number=3), tls=certificate.server) as server:
        box = Intake(imap_port=server.port, imap_tls="implicit", ca_file=str(certificate.authority), pace=QUICK)
        async with box.reading() as reading:
            assert message_number((await reading.take()).raw) == 3


async def test_a_mailbox_with_an_unknown_certificate_never_sees_the_password(certificate: Certificate) -> None:
    async with bad_server("", mail(), tls=certificate.server) as server:
        box = Intake(imap_port=server.port, imap_tls="implicit", pace=QUICK)
        async with box.reading() as reading:
            reading.ask()
            await until(lambda: len(box.pauses.seconds) >= 2)

    assert not server.logins
    await asyncio.sleep(0)
