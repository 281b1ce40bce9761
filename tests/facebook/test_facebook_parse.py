"""Reading what Messenger may deliver beyond the recorded samples. Nothing of a body spoils the rest of it."""

import json
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DeliveryUnreadable
from core.events import (
    Ignored,
    InboundMessage,
    MessageEdited,
    MessageWithdrawn,
    PublicComment,
)
from core.model import Contact
from tests.channels.fakes import NOW
from tests.facebook.pages import (
    AN,
    PAGE,
    SAMPLES,
    a_page,
    delivery,
    event,
    heard,
    messaging,
    one,
    read,
    reason,
    said,
    sample,
)

# --- one body, many events --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [None, 7, "x", [], {}, {"message": 7}, {"sender": 7, "message": {}}, {"message": None}])
def test_one_bad_event_never_spoils_the_others(bad: Any) -> None:
    events = read(messaging(event(message={"mid": "m_1", "text": "một"}), bad, event(message={"mid": "m_2"})))

    assert [type(found) for found in events] == [InboundMessage, Ignored, InboundMessage]


def test_one_bad_entry_never_spoils_the_others() -> None:
    good = json.loads(messaging(event(message={"mid": "m_1", "text": "một"})).body)["entry"]
    body = {"object": "page", "entry": [None, {"id": PAGE, "messaging": 7}, *good]}

    assert [type(found) for found in read(delivery(body))] == [Ignored, Ignored, InboundMessage]


def test_one_entry_may_hold_messages_standby_and_changes() -> None:
    entry = {
        "id": int(PAGE),
        "messaging": [event(message={"mid": "m_1", "text": "một"})],
        "standby": [event(message={"mid": "m_2", "text": "hai"})],
        "changes": [{"field": "feed", "value": {"item": "comment", "verb": "add", "comment_id": "1_2"}}],
    }

    first, second, third = read(delivery({"object": "page", "entry": [entry]}))

    assert isinstance(first, InboundMessage) and not first.standby
    assert isinstance(second, InboundMessage) and second.standby
    assert isinstance(third, PublicComment)


def test_events_of_another_page_are_not_ours() -> None:
    assert reason(messaging(event(message={"mid": "m_1", "text": "x"}), page="77")) == "for another Page: 77"


@pytest.mark.parametrize("object_", ["instagram", "user", "permissions", None, 7, ""])
def test_other_objects_are_journaled_and_not_read(object_: Any) -> None:
    body = json.loads(said(text="x").body) | {"object": object_}

    assert reason(delivery(body)).startswith("object is ")


@pytest.mark.parametrize("entry", [[], None])
def test_a_body_without_events_is_journaled(entry: Any) -> None:
    assert reason(delivery({"object": "page", "entry": entry})) == "no event"


@pytest.mark.parametrize(
    "kind", ["account_linking", "game_play", "payment", "message_request", "checkout_update", "hologram"]
)
def test_kinds_that_we_do_not_use_are_journaled_by_name(kind: str) -> None:
    assert reason(messaging(event(**{kind: {"x": 1}}))) == f"event of kind {kind}"


def test_an_event_of_nothing_is_journaled() -> None:
    assert reason(messaging(event())) == "event of kind nothing"


def test_a_body_with_more_events_than_meta_ever_sends_is_kept_aside() -> None:
    with pytest.raises(DeliveryUnreadable):
        read(messaging(*[{} for _ in range(5001)]))


def test_the_dashboards_test_is_journaled_whatever_page_it_names() -> None:
    body = sample("dashboard-test-message").replace(b'"id": "0"', b'"id": "' + PAGE.encode() + b'"')

    assert reason(delivery(body)) == "change of field messages"


# --- when -------------------------------------------------------------------------------------------------------------

AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "at"),
    [
        (1767232800000, AT),
        ("1767232800000", AT),
        (1767232800, AT),
        ("1767232800", AT),
        (1767232800000.0, AT),
        (None, NOW),
        ("", NOW),
        (0, NOW),
        (-5, NOW),
        ("soon", NOW),
        (10**30, NOW),
        (1e308, NOW),
        ("9" * 5000, NOW),
    ],
)
def test_an_instant_is_milliseconds_or_seconds_and_else_the_arrival(stamp: Any, at: datetime) -> None:
    assert heard(messaging(event(message={"mid": "m_1", "text": "x"}) | {"timestamp": stamp})).sent_at == at


def test_a_message_without_timestamp_counts_from_its_arrival() -> None:
    bare = event(message={"mid": "m_1", "text": "x"})
    del bare["timestamp"]

    assert heard(messaging(bare)).sent_at == NOW


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sender", [None, {}, {"id": None}, {"id": ""}, {"user_ref": "r"}, {"id": "x" * 201}])
def test_nobody_is_answered_whom_we_cannot_name(sender: Any) -> None:
    assert reason(messaging(event(message={"mid": "m_1", "text": "x"}) | {"sender": sender})) == "no sender with an id"


def test_the_page_never_talks_to_itself() -> None:
    own = event(message={"mid": "m_1", "text": "x"}) | {"sender": {"id": PAGE}}

    assert reason(messaging(own)) == "from the Page itself"


def test_ids_may_come_as_numbers() -> None:
    assert heard(messaging(event(message={"mid": "m_1", "text": "x"}) | {"sender": {"id": int(AN.user)}})).peer == AN


def test_a_message_without_an_id_keeps_the_same_key_when_it_comes_again() -> None:
    first, again = heard(said(mid=None, text="x")), heard(said(mid=None, text="x"))

    assert first.external_id == again.external_id != heard(said(mid=None, text="y")).external_id


def test_a_nul_in_a_text_is_left_out() -> None:
    assert heard(said(text="a\x00b")).text == "ab"
    assert heard(said(text="a\\u0000b")).text == "a\\u0000b"


# --- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payload", ["CAT:lighting", "confirm:send:1", "num:12", "ward:0", "2026-01-01T02:00", "k1"])
def test_a_key_of_ours_is_never_taken_for_a_phone_number(payload: str) -> None:
    pressed = heard(said(text="Tiêu đề", quick_reply={"payload": payload}))

    assert (pressed.choice, pressed.text, pressed.contact) == (payload, "", None)


@pytest.mark.parametrize("phone", ["+84912345678", "0912345678", "84 912 345 678", "+1 (555) 010-9999"])
def test_a_shared_number_is_the_persons_own(phone: str) -> None:
    pressed = heard(said(text=phone, quick_reply={"payload": phone}))

    assert (pressed.contact, pressed.choice, pressed.text) == (Contact(phone=phone, own=True), "", "")


def test_a_quick_reply_without_payload_is_what_its_title_says() -> None:
    assert heard(said(text="Gửi", quick_reply={})).text == "Gửi"
    assert heard(said(text="Gửi", quick_reply=None)).text == "Gửi"


def test_a_withdrawn_message_is_marked_and_not_lost() -> None:
    found = one(said(is_deleted=True))

    assert isinstance(found, MessageWithdrawn)
    assert (found.of, found.external_id) == ("m_1", "m_1/deleted")


@pytest.mark.parametrize("message", [{"is_unsupported": True}, {}, {"text": ""}, {"text": None, "attachments": []}])
def test_what_we_cannot_take_is_told_to_the_citizen(message: dict[str, Any]) -> None:
    assert heard(said(**message)).unsupported == "message"


@pytest.mark.parametrize("number", [1, "1", "37"])
def test_every_edit_of_a_message_is_an_event_of_its_own(number: Any) -> None:
    found = one(messaging(event(message_edit={"mid": "m_1", "text": "mới", "num_edit": number})))

    assert isinstance(found, MessageEdited)
    assert (found.of, found.external_id, found.text) == ("m_1", f"m_1/edit/{number}", "mới")


def test_an_edit_of_an_unnamed_message_is_journaled() -> None:
    assert reason(messaging(event(message_edit={"text": "mới"}))) == "edit of an unnamed message"


@pytest.mark.parametrize("reply", [None, 7, {}, {"story": {"id": "S"}}])
def test_an_answer_to_something_unknown_is_still_a_message(reply: Any) -> None:
    assert (heard(said(text="x", reply_to=reply)).reply_to, heard(said(text="x", reply_to=reply)).text) == ("", "x")


def test_presses_of_the_same_button_at_other_times_are_other_presses() -> None:
    first = heard(messaging(event(postback={"payload": "MENU"})))
    again = heard(messaging(event(postback={"payload": "MENU"})))
    later = heard(messaging(event(postback={"payload": "MENU"}) | {"timestamp": 1767232801000}))

    assert first.external_id == again.external_id != later.external_id


def test_a_button_of_another_app_counts_by_its_title_on_standby_too() -> None:
    found = one(messaging(event(postback={"title": "Gửi phản ánh", "mid": "m_7"}), where="standby"))

    assert isinstance(found, InboundMessage)
    assert (found.text, found.choice, found.standby) == ("Gửi phản ánh", "", True)


# --- how long it takes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["https://" * 125_000, "\\" * 500_000, "https://l.facebook.com/l.php?u=" * 32_000, "geo:1.11,1.11 " * 70_000],
)
def test_a_megabyte_is_read_in_time(text: str) -> None:
    began = perf_counter()

    heard(said(text=text, attachments=[{"type": "fallback", "payload": {"url": text, "title": text}}]))

    assert perf_counter() - began < 5, "a second on an idle machine"


# --- whatever comes ---------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(st.text(max_size=12), part, max_size=4),
    max_leaves=12,
)
BODIES = [json.loads(path.read_bytes()) for path in sorted(SAMPLES.glob("*.json")) if b'"entry"' in path.read_bytes()]


def grafted(data: st.DataObject, part: Any) -> Any:
    """`part` with one of its leaves or branches replaced by anything."""
    if not isinstance(part, dict | list) or not part or data.draw(st.booleans()):
        return data.draw(JSON)
    if isinstance(part, dict):
        key = data.draw(st.sampled_from(sorted(part)))
        return part | {key: grafted(data, part[key])}
    at = data.draw(st.integers(0, len(part) - 1))
    return [*part[:at], grafted(data, part[at]), *part[at + 1 :]]


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_body_it_is_read_or_unreadable(data: st.DataObject) -> None:
    body = grafted(data, data.draw(st.sampled_from(BODIES)))
    page, _ = a_page()

    try:
        events = page.parse(delivery(body))
    except DeliveryUnreadable:
        return

    assert events
    assert all(0 < len(found.external_id) <= 260 for found in events)
    assert events == page.parse(delivery(body))
