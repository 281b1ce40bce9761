"""What reaches the log: names, numbers and places in the code; never what a person wrote."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from app.logs import SAFE, configure

PHONE = "0912345678"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The log's lines so far, decoded."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    before = logging.root.handlers[:], logging.root.level
    configure()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.root.handlers[:], logging.root.level = before
    structlog.reset_defaults()


def test_a_line_is_one_json_object_with_its_instant(lines: Lines) -> None:
    structlog.get_logger().info("spool.replayed", count=3)

    (line,) = lines()

    assert (line["event"], line["count"], line["level"]) == ("spool.replayed", 3, "info")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("field", ["text", "phone", "name", "peer", "body", "user", "address", "message"])
def test_a_field_that_is_not_on_the_list_is_dropped_and_named(lines: Lines, field: str) -> None:
    structlog.get_logger().info("citizen.wrote", **{field: f"gọi tôi {PHONE}"})

    (line,) = lines()

    assert PHONE not in json.dumps(line)
    assert line["dropped"] == [field]


def test_the_list_holds_no_field_made_for_words_of_people() -> None:
    assert SAFE.isdisjoint({"text", "phone", "name", "peer", "body", "user", "token", "message", "headers", "payload"})


def test_an_exception_tells_its_class_and_place_without_its_message(lines: Lines) -> None:
    try:
        raise ValueError(f"cannot read {PHONE}")
    except ValueError:
        structlog.get_logger().error("step.failed", exc_info=True)

    (line,) = lines()

    assert PHONE not in json.dumps(line)
    assert line["error"] == "ValueError"
    assert "test_logs.py" in line["frames"][-1]


def test_the_cause_of_an_exception_is_not_quoted_either(lines: Lines) -> None:
    try:
        try:
            int(PHONE + "x")
        except ValueError as cause:
            raise RuntimeError("while reading") from cause
    except RuntimeError as error:
        structlog.get_logger().error("step.failed", exc_info=error)

    assert PHONE not in json.dumps(lines())


def test_a_librarys_words_are_left_out(lines: Lines) -> None:
    try:
        raise OSError(f"sendMessage to {PHONE}")
    except OSError:
        logging.getLogger("some.library").exception("could not send %s", PHONE)

    (line,) = lines()

    assert PHONE not in json.dumps(line)
    assert (line["event"], line["task"], line["error"]) == ("library.warned", "some.library", "OSError")


def test_a_library_that_only_chats_is_not_heard(lines: Lines) -> None:
    logging.getLogger("httpx").info("GET https://api.telegram.org/bot1:abc/getMe")

    assert lines() == []
