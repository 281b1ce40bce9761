"""What the doctor finds, and when it says that something is wrong."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from app import doctor
from app.doctor import Finding, Level
from app.settings import Settings, Store
from app.visit import visit
from backend_client.values import Discovery, Service
from core.errors import SendError, TryAgain
from regulations import loader
from storage.deliveries import KeptAside
from storage.migrate import migrate
from storage.seal import Seal, key_from_file

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOOK = "https://tiepnhan.example.vn/webhooks/telegram/bot"
PROFILE = loader.load("tien-giang")


def levels(findings: Sequence[Finding]) -> list[Level]:
    return [finding.level for finding in findings]


def test_the_verdict_is_bad_only_when_something_is_wrong() -> None:
    note, wrong = Finding(Level.NOTE, "đĩa", "ít chỗ"), Finding(Level.WRONG, "đĩa", "hết chỗ")

    assert (doctor.failed([note]), doctor.failed([note, wrong])) == (False, True)


def test_a_finding_is_one_line() -> None:
    assert str(Finding(Level.OK, "đĩa", "còn chỗ")) == "ok     đĩa: còn chỗ"


def test_complete_settings_are_fine() -> None:
    settings = Settings(
        public_url="https://tiepnhan.example.vn",
        store=Store(api_key=SecretStr("k"), push_secret=SecretStr("p")),
        accounts=[{"channel": "zalo"}],
    )

    assert levels(doctor.check_settings(settings)) == [Level.OK]


def test_settings_that_no_platform_could_call_are_noted() -> None:
    text = "\n".join(map(str, doctor.check_settings(Settings())))

    assert all(word in text for word in ("[[accounts]]", "public_url", "store.api_key", "store.push_secret"))


# --- the key ----------------------------------------------------------------------------------------------------------


def test_the_key_that_the_gateway_makes_is_fine(tmp_path: Path) -> None:
    key_from_file(tmp_path / "data.key")

    assert levels(doctor.check_key(tmp_path / "data.key", "")) == [Level.OK]


def test_a_key_that_others_may_read_is_wrong(tmp_path: Path) -> None:
    key_from_file(tmp_path / "data.key")
    (tmp_path / "data.key").chmod(0o640)

    (finding,) = doctor.check_key(tmp_path / "data.key", "")

    assert finding.level is Level.WRONG
    assert "chmod 600" in finding.text


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31])
def test_what_is_no_key_is_wrong(tmp_path: Path, text: str) -> None:
    path = tmp_path / "data.key"
    path.touch(0o600)
    path.write_text(text)

    assert levels(doctor.check_key(path, "")) == [Level.WRONG]


def test_the_key_itself_is_never_shown() -> None:
    assert "ab" * 16 not in str(doctor.check_key(Path("data.key"), "ab" * 32))


def test_before_the_first_start_there_is_no_key_yet(tmp_path: Path) -> None:
    assert levels(doctor.check_key(tmp_path / "data.key", "")) == [Level.NOTE]


# --- disk -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gib", "level"), [(0.5, Level.WRONG), (3, Level.NOTE), (50, Level.OK)], ids=["full", "little", "enough"]
)
def test_room_on_the_disk(tmp_path: Path, gib: float, level: Level) -> None:
    found = doctor.check_disk([tmp_path / "not" / "made" / "yet"], lambda path: SimpleNamespace(free=gib * 1024**3))

    assert levels(found) == [level]


def test_deliveries_on_the_disk_are_noted(tmp_path: Path) -> None:
    assert levels(doctor.check_spool(tmp_path / "none")) == [Level.OK]

    (tmp_path / "7.spool").write_bytes(b"x" * 2048)

    (finding,) = doctor.check_spool(tmp_path)
    assert finding.level is Level.NOTE
    assert finding.text.startswith("2 KiB")


# --- the database -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def connection(fresh_database: Callable[[], str]) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(fresh_database(), autocommit=True) as connection:
        yield connection


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_database_without_our_tables_has_to_be_migrated(connection: psycopg.AsyncConnection[Any]) -> None:
    found = await doctor.check_database(connection, now)

    assert found[0].level is Level.WRONG
    assert "tiepnhan migrate" in found[0].text


@pytest.mark.parametrize(
    ("off", "level"), [(0, Level.OK), (20, Level.NOTE), (-300, Level.WRONG)], ids=["same", "seconds", "minutes"]
)
async def test_two_clocks_have_to_agree(connection: psycopg.AsyncConnection[Any], off: int, level: Level) -> None:
    found = await doctor.check_database(connection, lambda: now() + timedelta(seconds=off))

    assert found[1].level is level


async def test_a_key_that_does_not_open_the_stored_data_is_found(connection: psycopg.AsyncConnection[Any]) -> None:
    migrate(connection.info.dsn)
    right, wrong = Seal(os.urandom(32)), Seal(os.urandom(32))
    assert await doctor.check_sealed(connection, right) == []
    await connection.execute(
        "insert into conversations (peer_index, peer, channel, account, profile) values (%s, %s, 'zalo', 'oa', 'x')",
        [right.index("p"), right.close(b"p", b"peer")],
    )

    assert levels(await doctor.check_sealed(connection, right)) == [Level.OK]
    assert levels(await doctor.check_sealed(connection, wrong)) == [Level.WRONG]


async def test_sends_in_trouble_are_counted(connection: psycopg.AsyncConnection[Any]) -> None:
    migrate(connection.info.dsn)
    assert levels(await doctor.check_errands(connection, [])) == [Level.OK]
    await connection.execute(
        "insert into conversations (peer_index, peer, channel, account, profile) values ('p', 'p', 'zalo', 'oa', 'x')"
    )
    for number, status in enumerate(["unknown", "unknown", "failed", "done"]):
        await connection.execute(
            "insert into errands (conversation_id, seq, n, lane, kind, status, owner, body, created_at)"
            " select id, 1, %s, 0, 'Say', %s, 1, '', now() from conversations",
            [number, status],
        )

    (finding,) = await doctor.check_errands(connection, [])

    assert finding.level is Level.NOTE
    assert "2 không rõ kết quả, 1 thất bại" in finding.text


async def test_what_was_not_understood_is_named_with_the_command(connection: psycopg.AsyncConnection[Any]) -> None:
    migrate(connection.info.dsn)
    kept = [KeptAside(number, "zalo", "oa", "unreadable", "?", NOW, b"") for number in (12, 9)]

    found = await doctor.check_errands(connection, kept)

    assert found[-1].text.endswith("tiepnhan replay 12 9")


# --- rules and store --------------------------------------------------------------------------------------------------


def test_a_profile_that_runs_is_fine() -> None:
    assert levels(doctor.check_profile("bac-ninh", loader.load)) == [Level.OK]


def test_a_pilot_that_has_run_out_is_noted() -> None:
    (finding,) = doctor.check_profile("vinh-long", loader.load)

    assert finding.level is Level.NOTE


def test_a_profile_that_does_not_exist_is_wrong() -> None:
    assert levels(doctor.check_profile("atlantis", loader.load)) == [Level.WRONG]


@dataclass
class FakeStore:
    known: Sequence[str] | SendError
    described: SendError | None = None

    async def discovery(self) -> Discovery:
        if self.described is not None:
            raise self.described
        return Discovery()

    async def services(self, *, profile: str = "") -> list[Service]:
        if isinstance(self.known, SendError):
            raise self.known
        return [Service(code=code, name=code) for code in self.known]


async def test_a_store_that_knows_every_category_is_fine() -> None:
    assert levels(await doctor.check_store(FakeStore(list(PROFILE.categories)), [PROFILE])) == [Level.OK, Level.OK]


async def test_a_category_that_the_store_does_not_know_is_wrong() -> None:
    first, *rest = PROFILE.categories

    found = await doctor.check_store(FakeStore(rest), [PROFILE])

    assert found[-1].level is Level.WRONG
    assert first in found[-1].text


async def test_a_store_that_is_away_is_wrong() -> None:
    found = await doctor.check_store(FakeStore(TryAgain("no connection", code="connect")), [PROFILE])

    assert levels(found) == [Level.WRONG]


async def test_a_store_without_a_discovery_document_is_noted_only() -> None:
    store = FakeStore(list(PROFILE.categories), described=TryAgain("not found", code="404"))

    assert levels(await doctor.check_store(store, [PROFILE])) == [Level.NOTE, Level.OK]


# --- the whole visit --------------------------------------------------------------------------------------------------


async def test_a_visit_goes_on_after_everything_that_is_wrong(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """No database schema, no store, no platform, a profile and a table with mistakes: each one is a line."""
    bot = {"channel": "telegram", "account": "bot", "bot_token": "1:x", "webhook_secret": "s"}
    settings = Settings(
        folder=str(tmp_path),
        blobs=str(tmp_path / "blobs"),
        database=fresh_database(),
        store=Store(url="http://127.0.0.1:9/open311/v2"),
        accounts=[
            bot | {"profile": "bac-ninh", "api_base": "http://127.0.0.1:9"},
            {"channel": "zalo", "account": "oa", "app_id": "1", "profile": "atlantis"},
            {"channel": "pigeon", "profile": "bac-ninh"},
            bot | {"profile": "bac-ninh", "colour": "red"},
        ],
    )

    found = [finding async for finding in visit(settings)]

    wrong = [finding.subject for finding in found if finding.level is Level.WRONG]
    assert wrong == [
        "bộ quy tắc atlantis", "kho hồ sơ", "cơ sở dữ liệu", "telegram:bot", "accounts.2", "accounts.3",
    ]  # fmt: skip
    assert not (tmp_path / "data.key").exists(), "looking changes nothing"


async def test_a_visit_makes_no_database(tmp_path: Path) -> None:
    settings = Settings(folder=str(tmp_path), blobs=str(tmp_path / "b"), database=f"embedded:{tmp_path / 'pg'}")

    found = [finding async for finding in visit(settings)]

    assert not (tmp_path / "pg").exists()
    assert [finding.level for finding in found if finding.subject == "cơ sở dữ liệu"] == [Level.NOTE]


async def test_a_database_that_is_away_is_one_line(tmp_path: Path) -> None:
    settings = Settings(folder=str(tmp_path), blobs=str(tmp_path / "b"), database="postgresql://u:geheim@127.0.0.1:9/x")

    found = [finding async for finding in visit(settings)]

    (line,) = [str(finding) for finding in found if finding.subject == "cơ sở dữ liệu"]
    assert line == "sai    cơ sở dữ liệu: không dùng được (OperationalError)"
