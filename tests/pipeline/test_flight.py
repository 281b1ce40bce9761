"""The flight recorder tells, after a crash, what had been begun."""

from pathlib import Path

from pipeline import flight
from pipeline.errand import ErrandKey
from pipeline.flight import FlightRecorder, Mark

KEY = ErrandKey(2**40, 7, 1)


def test_an_errand_without_a_mark_was_not_begun(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "1.log")
    recorder.begin(KEY)

    assert flight.read(tmp_path / "1.log") == {KEY: Mark.BEGUN}


def test_the_newest_mark_counts(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "1.log")
    recorder.begin(KEY)
    recorder.answered(KEY)

    assert flight.read(tmp_path / "1.log") == {KEY: Mark.ANSWERED}


def test_a_known_failure_is_not_the_same_as_begun(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "1.log")
    recorder.begin(KEY)
    recorder.failed(KEY)

    assert flight.read(tmp_path / "1.log") == {KEY: Mark.FAILED}


def test_a_record_cut_short_is_passed_over(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "1.log")
    recorder.begin(KEY)
    path = tmp_path / "1.log"
    path.write_bytes(path.read_bytes() + b"\x01\x02")

    assert flight.read(path) == {KEY: Mark.BEGUN}


def test_a_lost_recorder_is_not_an_empty_one(tmp_path: Path) -> None:
    assert flight.read(tmp_path / "of another machine.log") is None


def test_the_file_is_cut_only_when_nothing_is_in_flight(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "1.log")
    other = ErrandKey(1, 1, 1)
    recorder.begin(other)
    for _ in range(flight._TRUNCATE_AT // 32 + 1):
        recorder.begin(KEY)
        recorder.answered(KEY)
        recorder.settled(KEY)
    assert flight.read(tmp_path / "1.log") == {other: Mark.BEGUN, KEY: Mark.ANSWERED}

    recorder.settled(other)

    assert (tmp_path / "1.log").stat().st_size == 0


def test_an_errand_key_survives_the_way_through_a_platform() -> None:
    assert ErrandKey.parse(f"{KEY}/2") == KEY


def test_the_echo_of_another_program_has_no_key_of_ours() -> None:
    assert [ErrandKey.parse(text) for text in ("", "hello", "1.2", "a.b.c", "1.2.³")] == [None] * 5
