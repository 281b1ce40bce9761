"""Reports of different people about the same matter, through the whole pipeline on a real database."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend_client import GeoReportStore
from backend_client.values import Submission
from core.model import Draft, MediaKind, Peer
from core.report import Attachment, Report
from normalizer import flagged, normalize
from pipeline import alike
from pipeline.account import Account
from regulations import loader
from storage import recent
from tests.survival.houses import House, Platform, house

LAMP = "đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên {name}, 0912 345 67{n}"
NOISE = "karaoke hát quá khuya ồn không ngủ được ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên {name}, 0912 345 67{n}"


@pytest.fixture
def filed(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """What the store got; it opens everything."""
    reports: list[Report] = []

    async def submit(self: GeoReportStore, report: Report) -> Submission:
        reports.append(report)
        return Submission(code=f"TG-261120-000{len(reports)}")

    monkeypatch.setattr(GeoReportStore, "submit", submit)
    return reports


async def settled(opened: House) -> None:
    await opened.wait_for("select 1 where not exists (select 1 from errands where status = 'open')")


async def report(opened: House, name: str, n: int, text: str = LAMP) -> str:
    """A whole conversation; everything that was said to that citizen."""
    for line in (text.format(name=name, n=n), "đúng", "đúng", "gửi"):
        await opened.hear(name, line)
        await settled(opened)
    return "\n".join(said for user, said in opened.platform.sent if user == name)


def accounts(platform: Platform, **duplicates: Any) -> dict[tuple[str, str], Account]:
    profile = loader.load("tien-giang")
    changed = replace(profile, duplicates=replace(profile.duplicates, **duplicates))
    return {("fake", "a"): Account(platform, changed)}


async def test_the_second_of_two_people_is_told_that_it_is_known_and_nothing_else(
    tmp_path: Path, fresh_database: Callable[[], str], filed: list[Report]
) -> None:
    """`other_person = link`: followed together; who the other one is stays with the staff."""
    async with house(tmp_path, fresh_database()) as opened:
        first = await report(opened, "Trần An", 1)
        second = await report(opened, "Lê Bình", 2)

    assert "gộp theo dõi" not in first
    assert "gộp theo dõi" in second
    assert "Trần An" not in second and "TG-261120-0001" not in second
    assert filed[1].related_to == ("TG-261120-0001",) and "related_to" in filed[1].flags


async def test_another_matter_at_the_same_place_stands_alone(
    tmp_path: Path, fresh_database: Callable[[], str], filed: list[Report]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        await report(opened, "Trần An", 1)
        said = await report(opened, "Lê Bình", 2, NOISE)

    assert "gộp" not in said and filed[1].related_to == ()


async def test_where_staff_decide_the_citizen_is_told_nothing(
    tmp_path: Path, fresh_database: Callable[[], str], filed: list[Report]
) -> None:
    """R-HN: `other_person = flag_staff` (Đ6.2.c): the report goes in, flagged."""
    platform = Platform()
    given = accounts(platform, other_person="flag_staff")
    async with house(tmp_path, fresh_database(), platform=platform, accounts=given) as opened:
        await report(opened, "Trần An", 1)
        said = await report(opened, "Lê Bình", 2)

    assert "gộp" not in said
    assert filed[1].duplicate_of == ("TG-261120-0001",) and "duplicate_of" in filed[1].flags


async def test_what_lies_outside_the_window_is_another_matter(
    tmp_path: Path, fresh_database: Callable[[], str], filed: list[Report]
) -> None:
    async with house(tmp_path, fresh_database()) as opened:
        await report(opened, "Trần An", 1)
        await opened.rows("update recent_reports set at = at - interval '31 days' returning 1")
        await report(opened, "Lê Bình", 2)

    assert filed[1].related_to == ()


async def test_a_picture_used_before_is_shown_to_staff(
    tmp_path: Path, fresh_database: Callable[[], str], filed: list[Report]
) -> None:
    """R-HN-16: the same file from two senders is flagged, and not refused."""
    url, told = (
        fresh_database(),
        "insert into report_pictures values (%s, 'r0', %s, 'ha-noi', 'HN-1', now()) returning 1",
    )
    profile = loader.load("ha-noi")
    async with house(tmp_path, url) as opened:
        hashes = ("0f1e2d3c4b5a6978", "0f1e2d3c4b5a6979")
        for band in alike.bands(hashes[0]):
            await opened.rows(told, band, hashes[0])
        file = Attachment(kind=MediaKind.IMAGE, source_key="k", dhash=hashes[1])
        draft = Draft(description="rác đổ đầy ngõ 5", confirmed_at=datetime.now(UTC))
        peer = Peer(channel="fake", account="a", user="u")
        plain = normalize(
            draft, profile=profile, report_id="r", peer=peer, contact_id="c", attachments=[file], now=datetime.now(UTC)
        )
        own = alike.traces(plain, 1, opened.seal.index, datetime.now(UTC))
        used = alike.reused(own, await recent.pictures(opened.gateway.pool, own, until=plain.submitted_at))

    assert flagged(plain, profile.duplicates, same="", reused=used).flags == ("media_reuse",)
