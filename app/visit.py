"""The doctor's visit: the real parts of one gateway, handed to the checks of `app.doctor` one after the other."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool

from app import doctor, doctor_accounts
from app.doctor import Finding, Level
from app.outgoing import Outgoing
from app.settings import Settings, SettingsError
from app.wiring import channel_settings, load_profile, make_store, utc_now
from channels.email import EmailChannel
from channels.facebook.admin import FacebookAdmin
from channels.telegram.admin import TelegramAdmin
from channels.zalo import ZaloChannel
from core.errors import ProfileError
from regulations.model import Profile
from storage import deliveries
from storage.blobs import FolderBlobs
from storage.embedded import EmbeddedPostgres, EmbeddedPostgresError
from storage.seal import Seal
from storage.vault import DatabaseVault

_PATIENCE: Final = 5
"""Seconds to wait for a connection to the database."""


@dataclass(slots=True)
class _Parts:
    """What the accounts' checks need; `pool` and `seal` are missing when there is no database or no key yet."""

    settings: Settings
    outgoing: Outgoing
    pool: AsyncConnectionPool | None
    seal: Seal | None
    now: Callable[[], datetime]
    fix: bool


async def visit(
    settings: Settings, *, fix: bool = False, now: Callable[[], datetime] = utc_now
) -> AsyncIterator[Finding]:
    """Everything that can be looked at, in the order in which it has to work. `fix` sets Telegram's webhooks."""
    key_path = doctor.data_key_path(settings)
    key = doctor.check_key(key_path, settings.data_key.get_secret_value())
    for finding in [
        *doctor.check_settings(settings),
        *key,
        *doctor.check_disk(doctor.folders_of(settings)),
        *doctor.check_spool(Path(settings.folder) / "spool"),
    ]:
        yield finding
    profiles: list[Profile] = []
    for profile_id in sorted({str(table.get("profile", "")) for table in settings.accounts}):
        used = {str(table.get("channel", "")) for table in settings.accounts if table.get("profile") == profile_id}
        for finding in doctor.check_profile(profile_id, lambda name: load_profile(name, settings), used):
            yield finding
        try:
            profiles.append(load_profile(profile_id, settings))
        except ProfileError:
            continue
    outgoing = Outgoing()
    await outgoing.open()
    try:
        for finding in await doctor.check_store(make_store(settings, outgoing, now), profiles):
            yield finding
        async with _database(settings) as (url, findings):
            for finding in findings:
                yield finding
            seal = None if doctor.failed(key) else _seal(settings, key_path)
            async for finding in _with_database(_Parts(settings, outgoing, None, seal, now, fix), url):
                yield finding
    finally:
        await outgoing.close()


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[tuple[str, list[Finding]]]:
    """The URL, or an empty text with what is wrong. Our own server is started for the visit when it does not run."""
    subject = "cơ sở dữ liệu"
    if not settings.database.startswith("embedded:"):
        yield settings.database, []
        return
    folder = Path(settings.database.removeprefix("embedded:"))
    if not (folder / "PG_VERSION").exists():
        yield "", [Finding(Level.NOTE, subject, f"chưa có {folder}; được tạo ở lần chạy đầu")]
        return
    try:
        server = EmbeddedPostgres(folder)
        ran = server.running()
        url = server.start()
    except EmbeddedPostgresError as error:
        yield "", [Finding(Level.WRONG, subject, str(error))]
        return
    try:
        yield url, []
    finally:
        if not ran:
            server.stop()


async def _with_database(parts: _Parts, url: str) -> AsyncIterator[Finding]:
    sound = False
    if url:
        try:
            async with await psycopg.AsyncConnection.connect(
                url, autocommit=True, connect_timeout=_PATIENCE
            ) as connection:
                async for finding in _stored(connection, parts):
                    yield finding
                    sound = sound or finding.subject == "việc gửi"
        except psycopg.Error as error:
            yield Finding(Level.WRONG, "cơ sở dữ liệu", f"không dùng được ({type(error).__name__})")
    if sound:
        async with AsyncConnectionPool(url, min_size=1, max_size=2, open=False, kwargs={"autocommit": True}) as pool:
            parts.pool = pool
            async for finding in _accounts(parts):
                yield finding
    else:
        async for finding in _accounts(parts):
            yield finding


async def _stored(connection: psycopg.AsyncConnection[Any], parts: _Parts) -> AsyncIterator[Finding]:
    found = await doctor.check_database(connection, parts.now)
    for finding in found:
        yield finding
    if found[0].level is not Level.OK:
        return
    for finding in await doctor.check_sealed(connection, parts.seal) if parts.seal else []:
        yield finding
    for finding in await doctor.check_errands(connection, await deliveries.unreadable(connection)):
        yield finding


async def _accounts(parts: _Parts) -> AsyncIterator[Finding]:
    for index, table in enumerate(parts.settings.accounts):
        try:
            own = channel_settings(table)
            profile = load_profile(str(table["profile"]), parts.settings)
        except KeyError as error:
            yield Finding(Level.WRONG, f"accounts.{index}", f"{error.args[0]!r} thiếu hoặc không dùng được")
            continue
        except SettingsError as error:
            for problem in error.problems:
                yield Finding(Level.WRONG, f"accounts.{index}", problem)
            continue
        except ProfileError:
            # What is wrong with the rules has been told; without them the account cannot be set up.
            continue
        for finding in await _VISITS[str(table["channel"])](own, parts, profile):
            yield finding


async def _telegram(own: Any, parts: _Parts, profile: Profile) -> list[Finding]:
    base = parts.settings.public_url.rstrip("/")
    webhook = "" if own.polling else f"{base}/webhooks/telegram/{own.account}"
    async with TelegramAdmin(own) as admin:
        return await doctor_accounts.check_telegram(
            admin, account=own.account, webhook=webhook, now=parts.now(), fix=parts.fix
        )


async def _zalo(own: Any, parts: _Parts, profile: Profile) -> list[Finding]:
    if parts.pool is None or parts.seal is None:
        text = "chưa kiểm tra được mã truy cập: cần cơ sở dữ liệu và khóa dữ liệu"
        return [Finding(Level.NOTE, f"zalo:{own.account}", text)]
    vault = DatabaseVault(parts.pool, parts.seal, f"zalo:{own.account}")
    blobs = FolderBlobs(Path(parts.settings.blobs), parts.seal)
    channel = ZaloChannel(own, http=parts.outgoing, vault=vault, blobs=blobs, now=parts.now)
    return await doctor_accounts.check_zalo(account=own.account, read=vault.read, get_oa=channel.client.get_oa)


async def _facebook(own: Any, parts: _Parts, profile: Profile) -> list[Finding]:
    admin = FacebookAdmin(own, http=parts.outgoing, now=parts.now)
    return await doctor_accounts.check_facebook(
        admin, account=own.account, profile=profile, now=parts.now(), fix=parts.fix
    )


async def _email(own: Any, parts: _Parts, profile: Profile) -> list[Finding]:
    if parts.pool is None or parts.seal is None:
        text = "chưa kiểm tra được hộp thư: cần cơ sở dữ liệu và khóa dữ liệu"
        return [Finding(Level.NOTE, f"email:{own.account}", text)]
    vault = DatabaseVault(parts.pool, parts.seal, f"email:{own.account}")
    blobs = FolderBlobs(Path(parts.settings.blobs), parts.seal)
    channel = EmailChannel(own, http=parts.outgoing, vault=vault, blobs=blobs, now=parts.now)
    return await doctor_accounts.check_email(channel.admin(), account=own.account, trusted=own.trusted_authserv_id)


_VISITS: Final[Mapping[str, Callable[..., Any]]] = {
    "email": _email,
    "facebook": _facebook,
    "telegram": _telegram,
    "zalo": _zalo,
}


def _seal(settings: Settings, path: Path) -> Seal | None:
    given = settings.data_key.get_secret_value()
    if not given and not path.exists():
        return None
    return Seal(bytes.fromhex(given or path.read_text().strip()))
