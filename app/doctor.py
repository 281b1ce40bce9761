"""`tiepnhan doctor`: looks at everything a gateway needs and says what it found, one line each, in Vietnamese.

Nothing is changed unless `fix` is asked for. Each check is a function from what it looks at to findings.
"""

import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import psycopg

from app.settings import Settings
from backend_client.values import Discovery, Service
from core.errors import ProfileError, SendError
from regulations.model import Profile
from storage.deliveries import KeptAside
from storage.migrate import HEAD
from storage.seal import Seal, SealBroken

LEAST_FREE: Final = 1024**3
LITTLE_FREE: Final = 5 * 1024**3
"""Bytes on the disk below which it is wrong, or worth a remark."""
CLOCK_NOTICEABLE, CLOCK_WRONG = timedelta(seconds=5), timedelta(seconds=60)


class Level(StrEnum):
    OK = "ok"
    NOTE = "lưu ý"
    WRONG = "sai"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    level: Level
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<6} {self.subject}: {self.text}"


def failed(findings: Iterable[Finding]) -> bool:
    return any(finding.level is Level.WRONG for finding in findings)


# --- the machine ------------------------------------------------------------------------------------------------------


def check_settings(settings: Settings) -> list[Finding]:
    """What the loader lets pass, and an operator should have meant."""
    subject = "cấu hình"
    found: list[Finding] = []
    if not settings.accounts:
        found.append(Finding(Level.NOTE, subject, "chưa có tài khoản kênh nào ([[accounts]])"))
    address = urlsplit(settings.public_url)
    if address.scheme != "https":
        found.append(
            Finding(Level.NOTE, subject, f"public_url là {settings.public_url}; nền tảng chỉ gọi địa chỉ https")
        )
    if _in_the_open(settings.store.url):
        found.append(
            Finding(Level.WRONG, subject, f"store.url là {settings.store.url}; dữ liệu cá nhân chỉ được gửi qua https")
        )
    if not settings.store.api_key.get_secret_value():
        found.append(Finding(Level.NOTE, subject, "store.api_key để trống"))
    if not settings.store.push_secret.get_secret_value():
        found.append(Finding(Level.NOTE, subject, "store.push_secret để trống: mọi tin đẩy từ kho hồ sơ bị từ chối"))
    return found or [Finding(Level.OK, subject, f"{len(settings.accounts)} tài khoản kênh")]


def _in_the_open(url: str) -> bool:
    """Whether what is sent there leaves this machine unencrypted."""
    address = urlsplit(url)
    try:
        here = ip_address(address.hostname or "").is_loopback
    except ValueError:
        here = address.hostname == "localhost"
    return address.scheme == "http" and not here


def check_key(path: Path, given: str) -> list[Finding]:
    """The data key: `given` in the settings, else the file at `path`."""
    subject = "khóa dữ liệu"
    if given:
        return [_key_finding(subject, given, "đặt trong cấu hình")]
    try:
        mode, text = stat.S_IMODE(path.stat().st_mode), path.read_text().strip()
    except FileNotFoundError:
        return [Finding(Level.NOTE, subject, f"chưa có {path}; được tạo ở lần chạy đầu, sau đó phải sao lưu")]
    except OSError as error:
        return [Finding(Level.WRONG, subject, f"không đọc được {path} ({error.strerror})")]
    if mode & 0o077:
        return [Finding(Level.WRONG, subject, f"{path} đang mở cho người khác ({mode:04o}); chạy: chmod 600 {path}")]
    return [_key_finding(subject, text, str(path))]


def _key_finding(subject: str, text: str, where: str) -> Finding:
    with suppress(ValueError):
        if len(bytes.fromhex(text)) == 32:
            return Finding(Level.OK, subject, where)
    return Finding(Level.WRONG, subject, f"{where}: phải là 64 chữ số thập lục phân")


def check_disk(folders: Collection[Path], usage: Callable[[Path], Any] = shutil.disk_usage) -> list[Finding]:
    """Room where files, spool and our own database grow. `usage` answers with `.free` in bytes."""
    return [_room(folder, usage(_existing(folder)).free) for folder in folders]


def _room(folder: Path, free: int) -> Finding:
    level = Level.WRONG if free < LEAST_FREE else Level.NOTE if free < LITTLE_FREE else Level.OK
    return Finding(level, "đĩa", f"{folder}: còn {free / 1024**3:.1f} GiB")


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def check_spool(folder: Path) -> list[Finding]:
    """Deliveries that wait on the disk for the database."""
    sizes = [path.stat().st_size for path in folder.glob("*.spool")] if folder.is_dir() else []
    if sum(sizes) == 0:
        return [Finding(Level.OK, "hàng đợi trên đĩa", "trống")]
    text = f"{sum(sizes) / 1024:.0f} KiB tin chờ cơ sở dữ liệu trong {folder}; cổng tiếp nhận đang chạy sẽ tự nạp lại"
    return [Finding(Level.NOTE, "hàng đợi trên đĩa", text)]


# --- the database -----------------------------------------------------------------------------------------------------


async def check_database(connection: psycopg.AsyncConnection[Any], now: Callable[[], datetime]) -> list[Finding]:
    """Its schema, and whether its clock and ours agree."""
    subject = "cơ sở dữ liệu"
    found = await connection.execute("select to_regclass('alembic_version') is not null, clock_timestamp()")
    here = now()
    row = await found.fetchone()
    made, there = (row[0], row[1]) if row else (False, here)
    revision = ""
    if made:
        version = await (await connection.execute("select version_num from alembic_version")).fetchone()
        revision = version[0] if version else ""
    if revision != HEAD:
        schema = Finding(Level.WRONG, subject, f"phiên bản «{revision}», cần «{HEAD}»; chạy: tiepnhan migrate")
    else:
        schema = Finding(Level.OK, subject, f"kết nối được, phiên bản {revision}")
    return [schema, _clock(abs(there - here))]


def _clock(difference: timedelta) -> Finding:
    level = Level.WRONG if difference > CLOCK_WRONG else Level.NOTE if difference > CLOCK_NOTICEABLE else Level.OK
    return Finding(level, "đồng hồ", f"lệch {difference.total_seconds():.0f} giây so với cơ sở dữ liệu")


async def check_sealed(connection: psycopg.AsyncConnection[Any], seal: Seal) -> list[Finding]:
    """Whether this key opens what the database holds. A lost key cannot be replaced."""
    found = await connection.execute("select peer from conversations order by id desc limit 1")
    row = await found.fetchone()
    if row is None:
        return []
    try:
        seal.open(bytes(row[0]), b"peer")
    except SealBroken:
        text = "không mở được dữ liệu đã lưu: đây không phải khóa cũ; khôi phục đúng data.key từ bản sao lưu"
        return [Finding(Level.WRONG, "khóa dữ liệu", text)]
    return [Finding(Level.OK, "khóa dữ liệu", "mở được dữ liệu đã lưu")]


async def check_errands(connection: psycopg.AsyncConnection[Any], kept: Sequence[KeptAside]) -> list[Finding]:
    """Sends that staff have to look at, and deliveries that were not understood."""
    statuses = ["unknown", "failed", "refused"]
    found = await connection.execute(
        "select status, count(*) from errands where status = any(%s) group by status", [statuses]
    )
    counts: dict[str, int] = {row[0]: row[1] for row in await found.fetchall()}
    said = [f"{counts[status]} {_STATUSES[status]}" for status in statuses if counts.get(status)]
    where = "; xem thẻ «Có trục trặc» của trang cán bộ"
    errands = Finding(Level.NOTE, "việc gửi", ", ".join(said) + where) if said else Finding(Level.OK, "việc gửi", "ổn")
    if not kept:
        return [errands]
    numbers = " ".join(str(row.id) for row in kept)
    aside = f"{len(kept)} lần nhận không đọc được; sau khi sửa chạy: tiepnhan replay {numbers}"
    return [errands, Finding(Level.NOTE, "tin nhận", aside)]


_STATUSES: Final = {"unknown": "không rõ kết quả", "failed": "thất bại", "refused": "bị từ chối"}


# --- the rules and the store ------------------------------------------------------------------------------------------


def check_profile(profile_id: str, load: Callable[[str], Profile], channels: Collection[str] = ()) -> list[Finding]:
    """Whether a province's profile loads, and what staff should know about it; `channels` are those it is used on."""
    subject = f"bộ quy tắc {profile_id}"
    try:
        profile = load(profile_id)
    except ProfileError as error:
        return [Finding(Level.WRONG, subject, problem) for problem in error.problems]
    notes = [Finding(Level.NOTE, subject, text) for text in profile.warnings]
    notes += [Finding(Level.NOTE, subject, _closed(profile, kind)) for kind in _closed_doors(profile, channels)]
    return notes or [Finding(Level.OK, subject, profile.regulation.number)]


def _closed_doors(profile: Profile, channels: Collection[str]) -> list[str]:
    """Channels that are used although the profile has not switched them on."""
    return sorted(kind for kind in channels if not (row := profile.channels.get(kind)) or not row.enabled)


def _closed(profile: Profile, kind: str) -> str:
    row = profile.channels.get(kind)
    doors = ", ".join(name for name, other in profile.channels.items() if other.enabled)
    source = f" ({row.src})" if row else ""
    return f"kênh {kind} chưa được bật trong bộ quy tắc{source}; đang bật: {doors}"


class CaseStore(Protocol):
    """What is asked of `backend_client.GeoReportStore`."""

    async def discovery(self) -> Discovery: ...
    async def services(self, *, profile: str = "") -> list[Service]: ...


async def check_store(store: CaseStore, profiles: Iterable[Profile]) -> list[Finding]:
    """Whether the store answers, and knows the categories that reports will carry."""
    subject = "kho hồ sơ"
    try:
        await store.discovery()
        found = [Finding(Level.OK, subject, "trả lời")]
    except SendError as error:
        # The document is optional in GeoReport v2; the list of services is not.
        found = [Finding(Level.NOTE, subject, f"không có tài liệu discovery ({why(error)})")]
    for profile in profiles:
        try:
            known = {service.code for service in await store.services(profile=profile.id)}
        except SendError as error:
            return [Finding(Level.WRONG, subject, f"không lấy được danh sách lĩnh vực ({why(error)})")]
        if missing := sorted(profile.categories.keys() - known):
            text = f"{profile.id}: kho chưa có lĩnh vực {', '.join(missing)}; phản ánh thuộc đó sẽ bị từ chối"
            found.append(Finding(Level.WRONG, subject, text))
        else:
            found.append(Finding(Level.OK, subject, f"{profile.id}: đủ {len(profile.categories)} lĩnh vực"))
    return found


def why(error: SendError) -> str:
    return f"{error.code}: {error.reason}" if error.code else error.reason


def folders_of(settings: Settings) -> list[Path]:
    """Where the gateway's data grow."""
    own = settings.database.removeprefix("embedded:") if settings.database.startswith("embedded:") else ""
    return [Path(name) for name in dict.fromkeys([settings.folder, settings.blobs, own]) if name]


def data_key_path(settings: Settings) -> Path:
    return Path(settings.folder) / "data.key"
