"""The record format, the player and the judge."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.rehearsal.judge import Seen, judge
from app.rehearsal.player import MAX_EXTRA, Player
from app.rehearsal.record import Record, RecordError, Say, Wait, load, parse
from core.model import Draft
from regulations.loader import load as load_profile

HEAD = {"id": "X", "profile": "tien-giang", "channel": "zalo", "now": "2026-11-20T10:00:00+07:00"}


def a_record(*turns: object, answers: dict[str, str] | None = None, **expect: object) -> Record:
    return parse({**HEAD, "turns": list(turns), "answers": answers or {}, "expect": expect})


def test_a_markdown_file_gives_its_yaml_blocks(tmp_path: Path) -> None:
    file = tmp_path / "talks.md"
    body = "id: A\nprofile: p\nchannel: zalo\nnow: '2026-11-20T10:00:00+07:00'\nturns: []\nanswers: {}\nexpect: {}\n"
    file.write_text(f"# Talks\n\n```yaml\n{body}```\ntext\n```yaml\n{body.replace('A', 'B')}```\n", encoding="utf-8")

    assert [record.id for record in load(file)] == ["A", "B"]


def test_a_turn_without_known_content_is_named(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("id: BAD\nprofile: p\nchannel: z\nnow: '2026-11-20'\nturns: [{user: {hologram: x}}]\nexpect: {}\n")

    with pytest.raises(RecordError, match=r"BAD.*hologram"):
        load(file)


def test_durations_are_read() -> None:
    record = a_record({"wait": "P1DT2H"})

    assert record.turns == (Wait(span=timedelta(days=1, hours=2)),)


def test_a_turn_without_slot_goes_at_once() -> None:
    player = Player(a_record({"user": {"text": "a"}}, {"user": {"text": "b"}}))

    assert [player.next("name"), player.next("name")] == [Say(text="a"), Say(text="b")]


def test_an_open_question_gets_the_first_turn_tagged_with_it() -> None:
    player = Player(a_record({"user": {"text": "a"}, "slot": "name"}, {"user": {"text": "b"}, "slot": "phone"}))

    assert player.next("phone") == Say(slot="phone", text="b")


def test_without_such_a_turn_the_answer_is_given() -> None:
    player = Player(a_record(answers={"phone": "0912"}))

    assert player.next("phone") == Say(slot="phone", text="0912")


def test_the_player_stops_after_twelve_answers() -> None:
    player = Player(a_record(answers={"phone": "0912"}))

    given = [player.next("phone") for _ in range(MAX_EXTRA + 1)]

    assert given[-1] is None and given[-2] is not None


def test_a_slot_without_answer_ends_the_play_and_is_noted() -> None:
    player = Player(a_record())

    assert player.next("email") is None
    assert player.unanswered == ["email"]


def test_replies_nobody_asks_for_are_left_out_once_all_is_settled() -> None:
    player = Player(a_record({"user": {"text": "gui"}, "slot": "confirm"}))

    assert player.next("", settled=True) is None


def test_the_judge_names_every_difference() -> None:
    record = a_record(outcome="submitted", category="cap_nuoc", slots={"name": "An", "address_contains": ["20"]})
    seen = Seen(outcomes=[("withdrawn", "")], reports=[Draft(name="Bình", category="dien")])

    differences = judge(record, seen, load_profile("tien-giang"))

    assert [difference.split(":")[0] for difference in differences] == [
        "outcome",
        "category",
        "name",
        "address_contains",
    ]


def test_the_judge_knows_no_unknown_expectation() -> None:
    assert judge(a_record(colour="red"), Seen(), load_profile("tien-giang"))


def test_asking_for_an_optional_slot_without_answer_is_a_difference() -> None:
    seen = Seen(unanswered=["org_name", "name", "ward"])

    (difference,) = judge(a_record(), seen, load_profile("tien-giang"))

    assert "org_name" in difference
