"""Deliveries that came while the database was away."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

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

    assert [one for path in spool.files() for one in spool.read(path)[0]] == written


def test_another_process_finds_the_spool_of_a_dead_one(tmp_path: Path) -> None:
    seal = Seal(os.urandom(32))
    dead = Spool(tmp_path, seal, name="dead")
    dead.append(a_delivery("x"))
    dead.close()

    heir = Spool(tmp_path, seal, name="alive")

    assert [one.delivery.body for path in heir.files() for one in heir.read(path)[0]] == [b"x"]
    assert heir.size == 1, "what comes now has to wait behind it"


def test_the_spool_of_a_living_process_is_left_to_it(tmp_path: Path) -> None:
    seal = Seal(os.urandom(32))
    living = Spool(tmp_path, seal, name="living")
    living.append(a_delivery("x"))
    (path,) = living.files()
    other = Spool(tmp_path, seal, name="other")

    other.drop(path)

    assert (other.files(), other.size) == ([], 0)
    assert [one.delivery.body for one in living.read(path)[0]] == [b"x"]
    living.close()


def test_what_is_appended_while_a_spool_is_read_is_read_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("x"))
    (path,) = spool.files()
    _, place = spool.read(path)
    spool.append(a_delivery("y"))

    assert [one.delivery.body for one in spool.read(path, start=place)[0]] == [b"y"]


def test_a_disk_that_takes_half_a_line_spoils_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("x"))
    write = os.write
    monkeypatch.setattr("storage.spool.os.write", lambda handle, line: write(handle, line[: len(line) // 2]))
    with pytest.raises(OSError, match="No space"):
        spool.append(a_delivery("refused"))
    monkeypatch.setattr("storage.spool.os.write", write)
    spool.append(a_delivery("y"))

    (path,) = spool.files()

    assert [one.delivery.body for one in spool.read(path)[0]] == [b"x", b"y"]


def test_a_line_cut_short_by_a_crash_does_not_hide_the_ones_before_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path, Seal(os.urandom(32)), name="1")
    spool.append(a_delivery("x"))
    (path,) = spool.files()
    path.write_bytes(path.read_bytes() + b"AAAA")

    assert [one.delivery.body for one in spool.read(path)[0]] == [b"x"]


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
