"""What an operator sets for one mailbox."""

import hashlib
import re
from ipaddress import ip_address
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

MEBIBYTE = 1024 * 1024
ADDRESS = re.compile(r"[^@\s<>(),;:\\\"]+@[^@\s<>(),;:\\\"]+", re.ASCII)

Tls = Literal["implicit", "starttls", "none"]
Auth = Literal["password", "app_password", "oauth_client_credentials", "oauth_refresh_token"]

NEEDED: dict[Auth, tuple[str, ...]] = {
    "password": ("password",),
    "app_password": ("password",),
    "oauth_client_credentials": ("token_url", "client_id", "client_secret", "scope"),
    "oauth_refresh_token": ("token_url", "client_id", "refresh_token"),
}


class EmailSettings(BaseModel):
    """One mailbox. Missing, misspelt or malformed values raise `ValidationError` when the program starts."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    account: str = Field(min_length=1, description="our name for the mailbox")
    address: str = Field(description="what citizens write to, and what our mails are from")
    display_name: str = Field(default="", description="the name beside the address in our mails")
    own_addresses: tuple[str, ...] = Field(
        default=(), description="further addresses of this house: mail from them is never answered"
    )

    imap_host: str = Field(min_length=1, description="server that keeps the mailbox")
    imap_port: int = Field(default=993, ge=1, le=65535, description="993, or 143 with starttls")
    imap_tls: Tls = Field(default="implicit", description="implicit, starttls, or none (this machine only)")
    smtp_host: str = Field(min_length=1, description="server that takes our mails (submission)")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="587 with starttls, or 465 with implicit")
    smtp_tls: Tls = Field(default="starttls", description="starttls, implicit, or none (this machine only)")
    ca_file: str = Field(default="", description="PEM file of the authority behind the servers' certificates")

    username: str = Field(default="", description="to log in with; empty: the address")
    auth: Auth = Field(
        default="password",
        description="password, app_password, oauth_client_credentials (Microsoft 365) or oauth_refresh_token (Gmail)",
    )
    password: SecretStr = Field(default=SecretStr(""), description="for password and app_password")
    token_url: str = Field(default="", description="where OAuth tokens are had, with the tenant in it")
    client_id: str = Field(default="", description="OAuth: the registered application")
    client_secret: SecretStr = Field(default=SecretStr(""), description="OAuth: its secret")
    refresh_token: SecretStr = Field(default=SecretStr(""), description="OAuth: for oauth_refresh_token")
    scope: str = Field(default="", description="OAuth: e.g. https://outlook.office365.com/.default")
    smtp_login: bool = Field(default=True, description="false: the relay takes our mails without a login")

    folders: tuple[str, ...] = Field(
        default=("INBOX",), min_length=1, description="folders that are emptied; a junk folder can be one of them"
    )
    processed: str = Field(default="Processed", description="where mail goes once it is stored; empty: it stays")
    failed: str = Field(default="Failed", description="where mail goes that could not be taken in five times")
    sent: str = Field(default="", description="folder for copies of our mails; empty where the provider keeps them")
    first_days: int = Field(default=3, ge=0, le=3650, description="at the very first look older mail is left alone")
    poll_seconds: float = Field(default=60, gt=0, le=600, description="how often to look where the server lacks IDLE")
    idle: bool = Field(default=True, description="false: never use IDLE")
    max_message_bytes: int = Field(
        default=35 * MEBIBYTE, ge=MEBIBYTE, description="of a larger mail only header and texts are fetched"
    )

    trusted_authserv_id: str | None = Field(
        default=None,
        description='whose Authentication-Results count, e.g. mx.google.com; "" for Microsoft 365; unset: nobody\'s',
    )
    plus_separator: Literal["", "+"] = Field(
        default="", description='"+" where local+anything@domain reaches the mailbox: answers carry their case'
    )
    mail_domain: str = Field(default="", description="domain of our Message-IDs; empty: the address's")
    secret: SecretStr = Field(
        default=SecretStr(""), description="signs our thread marks; empty: made from the login, and changes with it"
    )
    mails_per_minute: int = Field(default=30, ge=1, description="what the provider lets one account send")
    automatic_in_five_minutes: int = Field(default=200, ge=1, description="more automatic mails than this: stop, alarm")
    polling: Literal[True] = Field(default=True, description="mail is always fetched; there is no webhook")

    @model_validator(mode="after")
    def _usable(self) -> Self:
        for name in (self.address, *self.own_addresses):
            if not ADDRESS.fullmatch(name):
                raise ValueError("address and own_addresses have to be plain mail addresses")
        for host, tls in ((self.imap_host, self.imap_tls), (self.smtp_host, self.smtp_tls)):
            if tls == "none" and not _is_this_machine(host):
                raise ValueError("tls = none is for servers on this machine only: the password would travel openly")
        missing = [name for name in NEEDED[self.auth] if not _plain(getattr(self, name))]
        if missing:
            raise ValueError(f"auth = {self.auth} needs {', '.join(missing)}")
        if self.token_url and not self.token_url.startswith("https://") and "://127.0.0.1" not in self.token_url:
            raise ValueError("token_url has to be https")
        if {self.processed, self.failed} & set(self.folders):
            raise ValueError("processed and failed must not be among folders: mail would be taken in again")
        return self

    @property
    def login(self) -> str:
        return self.username or self.address

    @property
    def own(self) -> frozenset[str]:
        """Every address that is ours, in lower case."""
        return frozenset(name.lower() for name in (self.address, *self.own_addresses))

    @property
    def domain(self) -> str:
        return (self.mail_domain or self.address.rpartition("@")[2]).lower()

    @property
    def key(self) -> bytes:
        """What thread marks are signed with."""
        given = self.secret.get_secret_value()
        login = "|".join(map(_plain, (self.password, self.client_secret, self.refresh_token)))
        return hashlib.sha256(f"thread marks|{self.account}|{given or login}".encode()).digest()


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
