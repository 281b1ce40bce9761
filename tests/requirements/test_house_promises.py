"""What the running gateway owes whatever the regulation: nothing lost, nothing readable at rest, told in time."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from channels.email.settings import EmailSettings
from core.errors import TryAgain
from core.ports import Answer
from inbox import words
from pipeline.account import Account
from pipeline.lanes import pause
from regulations.loader import load
from tests.survival.houses import House, NoHttp, Platform
from tests.survival.houses import house as any_house

house = partial(any_house, pause=pause)
"""What is said here is said as people do: after the question has been read."""

MATTER = "rác đầy hẻm ở đường Nguyễn Huệ, phường Long Châu"
NAME, PHONE = "Trần Thị Bé", "0912345678"
NO_OPEN_TALK = "select 1 where not exists (select 1 from errands where status = 'open' and lane <> 1)"
EMPTY = b'{"service_request_updates": []}'


def at_home(platform: Platform, province: str) -> dict[tuple[str, str], Account]:
    return {("fake", "a"): Account(platform, load(province))}


async def confirm_report(opened: House) -> None:
    for text in (MATTER, "không có", f"{NAME}, {PHONE}", "gửi"):
        await opened.hear("an", text)
        await opened.wait_for(NO_OPEN_TALK)


async def everything_at_rest(opened: House) -> bytes:
    """Every column of every table of ours, and every file the gateway wrote."""
    tables = await opened.rows("select tablename from pg_tables where schemaname = 'public'")
    found = b""
    for (table,) in tables:
        for row in await opened.rows(f'select * from "{table}"'):  # noqa: S608  the catalogue's own names
            found += b"\n".join(bytes(cell) if isinstance(cell, bytes) else str(cell).encode() for cell in row)
    files = [path for path in opened.folder.rglob("*") if path.is_file()]
    return found + b"\n".join(path.read_bytes() for path in files)


async def test_nobody_reads_a_persons_data_from_the_database_or_the_disk(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """R-VL-06, Đ3.6: a raw dump holds neither phone nor name nor words."""
    platform = Platform()
    async with house(tmp_path, fresh_database(), platform=platform, accounts=at_home(platform, "vinh-long")) as opened:
        await confirm_report(opened)
        assert await opened.rows("select count(*) from reports") == [(1,)]

        kept = await everything_at_rest(opened)

    assert b"vinh-long" in kept, "what is not personal is found"
    for secret in (NAME, PHONE, "+84912345678", "Nguyễn Huệ"):
        assert secret.encode() not in kept


async def test_no_log_line_of_a_report_holds_the_phone_number_or_the_name(
    tmp_path: Path, fresh_database: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    """R-BN-11, Đ4.6: from the first word to a store that is away."""
    platform = Platform()
    async with house(tmp_path, fresh_database(), platform=platform, accounts=at_home(platform, "vinh-long")) as opened:
        await confirm_report(opened)
        await opened.wait_for("select 1 from errands where lane = 1 and attempts > 0")
        logged = "".join(capfd.readouterr())

    assert "errand.failed" in logged
    for secret in (PHONE, "84912345678", NAME):
        assert secret not in logged


@pytest.mark.parametrize("door", ["imap_tls", "smtp_tls"])
def test_mail_travels_encrypted_unless_somebody_says_otherwise(door: str) -> None:
    """R-VL-06, Đ3.6."""
    assert EmailSettings.model_fields[door].default != "none"


async def test_a_store_that_is_away_rings_and_loses_nothing(
    tmp_path: Path, fresh_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R-BN-55, Đ14.1.a*, Đ14.2.a*: the report waits, staff are alarmed until the store answers again."""
    platform = Platform()
    async with house(tmp_path, fresh_database(), platform=platform, accounts=at_home(platform, "vinh-long")) as opened:
        await confirm_report(opened)
        await opened.gateway.poll_store()
        ((kind, channel),) = await opened.rows("select kind, channel from alarms")
        waiting = await opened.rows("select kind, status from errands where lane = 1")

        monkeypatch.setattr(NoHttp, "get", _well)
        await opened.gateway.poll_store()

        assert (words.channel(channel), words.ALARM_KINDS[kind][:14]) == ("Hệ thống hồ sơ", "Không trả lời;")
        assert waiting == [("Submit", "open")]
        assert await opened.rows("select 1 from alarms") == []


async def _well(self: NoHttp, url: str, headers: Mapping[str, str], *, limit: int) -> Answer:
    return Answer(200, EMPTY)


async def test_a_store_that_is_away_does_not_keep_the_citizen_waiting(
    tmp_path: Path, fresh_database: Callable[[], str]
) -> None:
    """R-BN-55: what the citizen writes is answered meanwhile."""
    platform = Platform(trouble=[TryAgain("a moment")])
    async with house(tmp_path, fresh_database(), platform=platform, accounts=at_home(platform, "bac-ninh")) as opened:
        await opened.hear("an", "rác chất đống ở số 5 Nguyễn Trãi, phường Võ Cường")
        await opened.wait_for(NO_OPEN_TALK)

        assert len(platform.sent) == 1
