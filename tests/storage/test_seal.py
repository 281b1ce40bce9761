"""Personal data at rest."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.seal import Seal, SealBroken, key_from_file


def test_what_was_sealed_can_be_opened() -> None:
    seal = Seal(os.urandom(32))

    assert seal.open(seal.close("Trần Văn Hùng".encode(), b"name"), b"name").decode() == "Trần Văn Hùng"


def test_the_sealed_value_does_not_show_what_is_in_it() -> None:
    assert b"0909123456" not in Seal(os.urandom(32)).close(b"0909123456", b"phone")


def test_the_same_value_is_never_sealed_alike_twice() -> None:
    seal = Seal(os.urandom(32))

    assert seal.close(b"x", b"p") != seal.close(b"x", b"p")


@pytest.mark.parametrize("spoil", [lambda s: s[:-1] + bytes([s[-1] ^ 1]), lambda s: s[:20], lambda s: b"\x02" + s[1:]])
def test_a_changed_value_is_noticed(spoil: Callable[[bytes], bytes]) -> None:
    seal = Seal(os.urandom(32))
    sealed = seal.close(b"0909123456", b"phone")

    with pytest.raises(SealBroken):
        seal.open(spoil(sealed), b"phone")


def test_a_value_cannot_be_passed_off_for_another_purpose() -> None:
    seal = Seal(os.urandom(32))

    with pytest.raises(SealBroken):
        seal.open(seal.close(b"x", b"state"), b"event")


def test_another_key_does_not_open() -> None:
    with pytest.raises(SealBroken):
        Seal(os.urandom(32)).open(Seal(os.urandom(32)).close(b"x", b"p"), b"p")


def test_an_index_is_the_same_for_the_same_text_and_key_only() -> None:
    key = os.urandom(32)

    assert Seal(key).index("zalo:oa:1") == Seal(key).index("zalo:oa:1") != Seal(os.urandom(32)).index("zalo:oa:1")


def test_the_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    first = key_from_file(tmp_path / "var" / "data.key")

    assert key_from_file(tmp_path / "var" / "data.key") == first
    assert stat.S_IMODE((tmp_path / "var" / "data.key").stat().st_mode) == 0o600
