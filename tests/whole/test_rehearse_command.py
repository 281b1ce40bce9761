"""The command that plays records: on which channels, and what it says."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.rehearsal import live
from app.rehearsal.hall import CHANNELS, parts_of
from app.rehearsal.record import load
from app.settings import SettingsError

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


@pytest.fixture(autouse=True)
def logging_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sets up the program's logging; other tests of this run have their own."""
    monkeypatch.setattr(live, "configure", lambda *, level: None)


def test_a_record_of_a_channel_that_does_not_exist_is_played_on_every_one_that_does() -> None:
    d06 = replace(next(record for record in load(TRANSCRIPTS) if record.id == "D06"), channel="fax")
    (d01,) = [record for record in load(TRANSCRIPTS) if record.id == "D01"]

    assert [part.channel for part in parts_of([d06])] == list(CHANNELS)
    assert [part.channel for part in parts_of([d01])] == ["zalo"]
    assert [part.channel for part in parts_of([d01], ["telegram"])] == ["telegram"]


def test_each_result_is_one_json_line_and_a_failure_fails_the_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = (TRANSCRIPTS / "tien-giang" / "D10.yaml").read_text()
    (tmp_path / "right.yaml").write_text(right)
    (tmp_path / "wrong.yaml").write_text(right.replace("redirected:114", "submitted").replace("D10", "D10-wrong"))

    passed = live.rehearse([tmp_path], channels=["telegram"], profile="", show=True)

    out, err = capsys.readouterr()
    first, second = (json.loads(line) for line in out.splitlines())
    assert not passed
    assert (first["id"], first["channel"], first["pass"], first["differences"]) == ("D10", "telegram", True, [])
    assert second["id"] == "D10-wrong"
    assert not second["pass"]
    assert second["differences"] == ["outcome: expected 'submitted', got ['redirected:114']"]
    assert "114" in err
    assert "1/2 hội thoại đạt" in err


def test_an_unknown_channel_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="fax"):
        live.rehearse([TRANSCRIPTS], channels=["fax"], profile="", show=False)


def test_an_unreadable_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("id: X\nturns: []\n")

    with pytest.raises(SettingsError, match="X"):
        live.rehearse([tmp_path], channels=[], profile="", show=False)
