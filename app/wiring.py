"""From settings to a gateway that can be started: every class is named here, and only here."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import structlog
from psycopg_pool import AsyncConnectionPool
from pydantic import TypeAdapter, ValidationError

from app.outgoing import Outgoing
from app.settings import Settings, SettingsError
from app.signing import MediaLinks
from backend_client import GeoReportStore, StoreSettings
from core.errors import ProfileError
from core.ports import Channel
from dialog.reading.boundaries import Boundaries
from pipeline.account import Account, Accounts
from pipeline.gateway import Gateway, Roles
from pipeline.lanes import Pause, pause
from regulations import loader
from regulations.model import Profile
from storage.blobs import FolderBlobs
from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate
from storage.seal import Seal, key_from_file
from storage.vault import DatabaseVault

log = structlog.get_logger()

Kind: TypeAlias = tuple[Any, Callable[..., Channel]]
"""The class of a channel's settings and the channel's own."""


def _email() -> Kind:
    from channels.email import EmailChannel, EmailSettings

    return EmailSettings, EmailChannel


def _facebook() -> Kind:
    from channels.facebook import FacebookChannel, FacebookSettings

    return FacebookSettings, FacebookChannel


def _telegram() -> Kind:
    from channels.telegram import TelegramChannel, TelegramSettings

    return TelegramSettings, TelegramChannel


def _zalo() -> Kind:
    from channels.zalo import ZaloChannel, ZaloSettings

    return ZaloSettings, ZaloChannel


CHANNELS: Mapping[str, Callable[[], Kind]] = {
    "email": _email,
    "facebook": _facebook,
    "telegram": _telegram,
    "zalo": _zalo,
}
"""Adding a channel is a folder and a line here. A house loads only those that it has an account on."""

_OURS = {"channel", "profile"}


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class House:
    """Everything that one process has, in the order in which it is started."""

    settings: Settings
    database: EmbeddedPostgres | None
    url: str
    seal: Seal
    outgoing: Outgoing
    blobs: FolderBlobs
    links: MediaLinks
    pool: AsyncConnectionPool
    gateway: Gateway

    async def start(self) -> None:
        await self.outgoing.open()
        await self.gateway.start()

    async def stop(self) -> None:
        await self.gateway.stop()
        await self.outgoing.close()


def open_database(settings: Settings) -> tuple[EmbeddedPostgres | None, str]:
    """Start or find the database and bring it to our schema; the server if it is our own, and its URL.

    Raises `EmbeddedPostgresError` or `psycopg.Error`.
    """
    server = None
    url = settings.database
    if url.startswith("embedded:"):
        server = EmbeddedPostgres(Path(url.removeprefix("embedded:")))
        url = server.start()
    migrate(url)
    return server, url


@contextmanager
def visited_database(settings: Settings) -> Iterator[str]:
    """The URL of the database at our schema. Our own server is stopped afterwards unless it ran before.

    Raises `EmbeddedPostgresError` or `psycopg.Error`.
    """
    ran = is_running(settings)
    server, url = open_database(settings)
    try:
        yield url
    finally:
        if server is not None and not ran:
            server.stop()


def is_running(settings: Settings) -> bool:
    """Whether the database is up without our doing: somebody else's server, or our own under another process."""
    own = settings.database.startswith("embedded:")
    return not own or EmbeddedPostgres(Path(settings.database.removeprefix("embedded:"))).running()


def build(
    settings: Settings, *, roles: Roles | None = None, now: Callable[[], datetime] = utc_now, pause: Pause = pause
) -> House:
    """Open the database and wire everything; nothing is listening or sending yet. Raises `SettingsError`.

    `now` and `pause` go by the same clock.
    """
    folder = Path(settings.folder)
    seal = Seal(data_key(settings, folder))
    server, url = open_database(settings)
    pool = AsyncConnectionPool(
        url, min_size=1, max_size=8, open=False, kwargs={"autocommit": True, "prepare_threshold": 1},
        # After a restart of the database every connection that is left is dead; nobody shall be handed one.
        check=AsyncConnectionPool.check_connection, timeout=10,
    )  # fmt: skip
    outgoing = Outgoing()
    blobs = FolderBlobs(Path(settings.blobs), seal)
    links = MediaLinks(settings.public_url, seal, now)
    accounts = make_accounts(settings, outgoing, pool, seal, blobs, now)
    store = make_store(settings, outgoing, now)
    gateway = Gateway(
        url=url, seal=seal, accounts=accounts, store=store, blobs=blobs, pool=pool, folder=folder,
        media_url=links.make, now=now, roles=roles or Roles(), poll_store=settings.store.poll,
        deletion_url=lambda code: f"{settings.public_url.rstrip('/')}/deletion/{code}", pause=pause,
    )  # fmt: skip
    return House(settings, server, url, seal, outgoing, blobs, links, pool, gateway)


async def keep_database(server: EmbeddedPostgres) -> None:
    """Start our own PostgreSQL again whenever it is gone."""
    while True:
        await asyncio.sleep(0.2)
        if not server.running():
            log.warning("database.gone")
            with suppress(Exception):
                await asyncio.to_thread(server.start)
                log.info("database.started_again")


def make_store(settings: Settings, outgoing: Outgoing, now: Callable[[], datetime]) -> GeoReportStore:
    return GeoReportStore(
        StoreSettings(
            url=settings.store.url,
            api_key=settings.store.api_key.get_secret_value(),
            push_secret=settings.store.push_secret.get_secret_value(),
            jurisdiction_id=settings.store.jurisdiction_id,
            contact="platform" if settings.store.contact == "platform" else "opaque",
            honours_idempotency=settings.store.honours_idempotency,
        ),
        http=outgoing,
        now=now,
    )


def data_key(settings: Settings, folder: Path) -> bytes:
    """The key that seals personal data; made at first use. Raises `SettingsError`."""
    given = settings.data_key.get_secret_value()
    if not given:
        return key_from_file(folder / "data.key")
    try:
        return bytes.fromhex(given)
    except ValueError:
        raise SettingsError(["data_key: 64 hexadecimal digits are expected"]) from None


def make_accounts(
    settings: Settings,
    outgoing: Outgoing,
    pool: AsyncConnectionPool,
    seal: Seal,
    blobs: FolderBlobs,
    now: Callable[[], datetime],
) -> Accounts:
    """Every configured account; nothing is opened. Raises `SettingsError`, naming all that is wrong."""
    problems: list[str] = []
    made: dict[tuple[str, str], Account] = {}
    profiles: dict[str, Profile] = {}
    boundaries = read_boundaries(settings)
    for index, table in enumerate(settings.accounts):
        where = f"accounts.{index}"
        try:
            profile_id = str(table["profile"])
            if profile_id not in profiles:
                profiles[profile_id] = load_profile(profile_id, settings)
            own, make = channel_settings(table), CHANNELS[str(table["channel"])]()[1]
            name = f"{table['channel']}:{own.account}"
            vault = DatabaseVault(pool, seal, name)
            channel = make(own, http=outgoing, vault=vault, blobs=blobs, now=now)
            key = (str(table["channel"]), own.account)
            if key in made:
                problems.append(f"{where}: a second account named {name}")
            polled = bool(getattr(own, "polling", False))
            made[key] = Account(channel, profiles[profile_id], polled=polled, boundaries=boundaries)
        except KeyError as error:
            problems.append(f"{where}: {error.args[0]!r} is missing or not one of {', '.join(CHANNELS)}")
        except (ProfileError, SettingsError) as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
    if problems:
        raise SettingsError(problems)
    return Accounts(made)


def read_boundaries(settings: Settings) -> Boundaries | None:
    """Raises `SettingsError`."""
    if not settings.boundaries:
        return None
    try:
        return Boundaries.read(Path(settings.boundaries))
    except (OSError, ValueError) as error:
        raise SettingsError([f"boundaries: {error}"]) from None


def load_profile(profile_id: str, settings: Settings) -> Profile:
    """Raises `ProfileError`."""
    own = Path(settings.profiles or ".") / f"{profile_id}.toml"
    return loader.load(own if settings.profiles and own.exists() else profile_id)


def channel_settings(table: Mapping[str, Any]) -> Any:
    """What the channel itself is told, out of one `[[accounts]]` table. Raises `SettingsError` or `KeyError`."""
    kind = CHANNELS[str(table["channel"])]()[0]
    values = {key: value for key, value in table.items() if key not in _OURS}
    known = set(getattr(kind, "model_fields", ())) or {field.name for field in fields(kind)}
    if unknown := sorted(values.keys() - known):
        raise SettingsError([f"{key}: unknown key" for key in unknown])
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        raise SettingsError(
            [f"{'.'.join(map(str, item['loc'])) or 'account'}: {item['msg']}" for item in error.errors()]
        ) from None
