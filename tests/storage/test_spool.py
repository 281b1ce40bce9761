"""Deliveries that came while the database was away."""

import os
from datetime import UTC, datetime
from pathlib import Path

from core.model import Delivery
from storage.seal import Seal
from storage.spool import Spool, Spooled

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def a_delivery(text: str) -> Spooled:
    return Spooled("telegram", "bot", Delivery(body=text.encode(), received_at=AT, headers={"x-secret": "s"}))


def test_deliveries_come_back_in_their_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    written = [a_delivery("đèn hỏng"), a_delivery("số 45"), a_delivery("gửi")]
    for one in written:
        spool.append(one)

    assert [one for path in spool.files() for one in spool.read(path)] == written


def test_another_process_finds_the_spool_of_a_dead_one(tmp_path: Path) -> None:
    seal = Seal(os.urandom(32))
    Spool(tmp_path, seal, name="dead").append(a_delivery("x"))

    heir = Spool(tmp_path, seal, name="alive")

    assert [one.delivery.body for path in heir.files() for one in heir.read(path)] == [b"x"]


def test_a_line_cut_short_by_a_crash_does_not_hide_the_ones_before_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("x"))
    (path,) = spool.files()
    path.write_bytes(path.read_bytes() + b"AAAA")

    assert [one.delivery.body for one in spool.read(path)] == [b"x"]


def test_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("0909123456"))

    assert all(b"0909123456" not in path.read_bytes() for path in spool.files())


def test_a_replayed_spool_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("x"))
    (path,) = spool.files()

    spool.drop(path)

    assert (spool.files(), spool.size) == ([], 0)
