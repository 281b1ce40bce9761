"""The promises of `core.ports.Channel`, kept by every channel. Listed in cases.py means tested here."""

import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.render import fit
from core.capabilities import Support
from core.errors import DeliveryRejected, DeliveryUnreadable, Refused, SendError, TryAgain, Unknown
from core.events import Ignored, InboundMessage, PlatformEvent
from core.model import Ask, Choice, Delivery, OutboundMessage, Peer
from core.ports import Answer, Channel
from tests.channels.cases import ACCOUNT, CHANNELS, Case
from tests.channels.fakes import NOW, FakeHttp, answer

DEEP = 100_000


@pytest.fixture(params=sorted(CHANNELS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def case(name: str) -> Case:
    return CHANNELS[name]


@pytest.fixture
def channel(case: Case) -> Channel:
    return case.build(FakeHttp(lambda call: case.accepted))


def raw(body: bytes) -> Delivery:
    return Delivery(body=body, received_at=NOW)


def parsed(channel: Channel, body: bytes) -> list[PlatformEvent]:
    """The events of a body; unreadable counts as none. Any other exception fails the test."""
    try:
        return channel.parse(raw(body))
    except DeliveryUnreadable:
        return []


def peer(channel: Channel, case: Case) -> Peer:
    return Peer(channel=channel.name, account=channel.account, user=case.user)


# --- who may deliver --------------------------------------------------------------------------------------------------


def test_a_genuine_delivery_is_taken(channel: Channel, case: Case) -> None:
    channel.verify(case.sign(case.text("xin chào"), case.secret))


def test_an_unsigned_delivery_is_refused(channel: Channel, case: Case) -> None:
    with pytest.raises(DeliveryRejected):
        channel.verify(raw(case.text("xin chào")))


@pytest.mark.parametrize("secret", ["", "another-secret", "bí mật"])
def test_a_delivery_signed_with_another_secret_is_refused(channel: Channel, case: Case, secret: str) -> None:
    with pytest.raises(DeliveryRejected):
        channel.verify(case.sign(case.text("xin chào"), secret))


@pytest.mark.parametrize(
    "damage", [lambda v: v[::-1], lambda v: v[:-1], lambda v: v + "0", lambda v: "\xff", lambda v: ""]
)
def test_a_damaged_signature_is_refused(channel: Channel, case: Case, damage: Callable[[str], str]) -> None:
    genuine = case.sign(case.text("xin chào"), case.secret)
    headers = {header: damage(value) for header, value in genuine.headers.items()}

    with pytest.raises(DeliveryRejected):
        channel.verify(Delivery(body=genuine.body, received_at=NOW, headers=headers))


def test_a_signature_over_the_body_does_not_fit_another_body(channel: Channel, case: Case) -> None:
    genuine = case.sign(case.text("xin chào"), case.secret)
    forged = Delivery(body=case.text("xin chao"), received_at=NOW, headers=genuine.headers)

    if case.signed_body:
        with pytest.raises(DeliveryRejected):
            channel.verify(forged)
    else:
        channel.verify(forged)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[" * DEEP, b"null"])
def test_even_junk_is_only_refused_or_taken(channel: Channel, case: Case, body: bytes) -> None:
    with pytest.raises(DeliveryRejected):
        channel.verify(raw(body))
    channel.verify(case.sign(body, case.secret))


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_text_message_is_read_as_it_was_written(channel: Channel, case: Case) -> None:
    for text in ("Đèn hỏng", "👍🏽 nước ngập 🌊", "e\u0302\u0323", "dài " * 1250 + "hết"):
        (event,) = channel.parse(raw(case.text(text)))

        assert isinstance(event, InboundMessage)
        assert event.text == (text if case.json else unicodedata.normalize("NFC", text))


def test_the_peer_belongs_to_the_channels_account(channel: Channel, case: Case, name: str) -> None:
    (event,) = channel.parse(raw(case.text("xin chào")))

    assert isinstance(event, InboundMessage)
    assert event.peer == Peer(channel=name, account=ACCOUNT, user=case.user) == peer(channel, case)
    assert event.external_id


def test_the_same_bytes_give_the_same_events(channel: Channel, case: Case) -> None:
    first = channel.parse(raw(case.text("xin chào")))
    channel.parse(raw(case.text("khác")))

    again = channel.parse(raw(case.text("xin chào")))
    elsewhere = case.build(FakeHttp(lambda call: case.accepted)).parse(raw(case.text("xin chào")))

    assert first == again == elsewhere


JUNK = [b"", b"{", b"[]", b"null", b'""', b"0", b"{}", b'{"message": {}}', b'{"message": []}', b"\xff\xfe", b"\x00" * 9]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_unreadable_or_nothing(channel: Channel, junk: bytes) -> None:
    assert all(isinstance(event, Ignored) for event in parsed(channel, junk))


def test_a_truncated_delivery_is_never_taken_for_a_message(channel: Channel, case: Case) -> None:
    body = case.text("xin chào")

    for length in range(len(body)):
        assert len(parsed(channel, body[:length])) <= (0 if case.json else 1)


@pytest.mark.parametrize("nest", [b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP])
def test_deep_nesting_is_not_a_crash(channel: Channel, case: Case, nest: bytes) -> None:
    body = case.text("xin chào")

    parsed(channel, nest)
    parsed(channel, body[:-1] + b', "deep": ' + nest + b"}")
    parsed(channel, body.replace(b'"message": {', b'"message": {"deep": ' + nest + b", ", 1))


def test_a_key_given_twice_is_one_event(channel: Channel, case: Case) -> None:
    body = case.text("xin chào")

    assert len(parsed(channel, body[:-1] + b", " + body[1:])) <= 1


def test_ten_megabytes_are_read_or_refused(channel: Channel, case: Case) -> None:
    assert len(parsed(channel, case.text("x" * 10_000_000))) <= 1


VALUES: list[Any] = [
    None,
    True,
    -1,
    10**30,
    -(10**30),
    1e308,
    "",
    "\x00",
    "x" * 300,
    [],
    {},
    [[]],
    [None],
    {"": {}},
    "\ud800",
]


def variants(value: Any, other: Any) -> list[Any]:
    """`value` with each of its parts, one at a time, replaced by `other`; lists become lists of one."""
    changed: list[Any] = [other]
    match value:
        case dict():
            changed += [value | {key: new} for key, part in value.items() for new in variants(part, other)]
        case list():
            changed += [
                [*value[:at], new, *value[at + 1 :]] for at, part in enumerate(value) for new in variants(part, other)
            ]
    return changed


@pytest.mark.parametrize("other", VALUES, ids=repr)
def test_no_value_in_any_place_breaks_the_reader(channel: Channel, case: Case, other: Any) -> None:
    for variant in variants(json.loads(case.text("xin chào")), other) if case.json else ():
        events = parsed(channel, json.dumps(variant).encode())

        assert len(events) <= 1


@given(body=st.binary(max_size=200))
@pytest.mark.parametrize("each", sorted(CHANNELS))
def test_random_bytes_are_unreadable_or_nothing(each: str, body: bytes) -> None:
    channel = CHANNELS[each].build(FakeHttp(lambda call: answer(500, "")))

    assert all(isinstance(event, Ignored) for event in parsed(channel, body))


# --- sending ----------------------------------------------------------------------------------------------------------


async def test_an_accepted_message_gives_a_receipt(channel: Channel, case: Case) -> None:
    receipt = await channel.send(peer(channel, case), OutboundMessage(text="Xin chào"))

    assert receipt.external_id


STATUSES = (200, 400, 403, 404, 429, 500, 502, 504)
BODIES: tuple[str | bytes, ...] = ("", "<html>", "{}", "[]", "null", b"\xff")
FAILURES: list[Answer | Exception] = [
    *(answer(status, body) for status in STATUSES for body in BODIES),
    answer(500, {"ok": False, "error_code": 500, "description": "x"}),
    answer(403, {"ok": False, "error_code": 403, "description": "x"}),
    answer(200, {"error": -230, "message": "x"}),
    answer(200, "[" * DEEP),
    TryAgain("no connection"),
    Unknown("read timeout"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: repr(failure)[:60])
async def test_a_failed_send_is_one_of_our_five_errors(case: Case, failure: Answer | Exception) -> None:
    channel = case.build(FakeHttp(lambda call: failure))

    with pytest.raises(SendError) as caught:
        await channel.send(peer(channel, case), OutboundMessage(text="Xin chào"))

    assert caught.value.reason


@pytest.mark.parametrize("error", [TryAgain, Unknown])
async def test_the_network_decides_whether_something_may_have_left(case: Case, error: type[SendError]) -> None:
    http = FakeHttp(lambda call: error("network"))
    channel = case.build(http)

    with pytest.raises(error):
        await channel.send(peer(channel, case), OutboundMessage(text="Xin chào"))

    assert len(http.calls) == 1, "the channel tries once; whether to try again is decided elsewhere"


async def test_a_channel_that_calls_resending_safe_sends_its_key(case: Case) -> None:
    http = FakeHttp(lambda call: case.accepted)
    channel = case.build(http)

    await channel.send(peer(channel, case), OutboundMessage(text="Xin chào", key="key-4711"))

    assert channel.capabilities.resend_is_safe <= any(b"key-4711" in call.body for call in http.calls)


async def test_a_file_that_is_too_big_is_refused(channel: Channel, case: Case) -> None:
    with pytest.raises(Refused):
        await channel.fetch(case.too_big)


MANY = tuple(Choice(key=f"k{n}", label=f"Lĩnh vực {n}") for n in range(120))
MESSAGES = {
    "long": OutboundMessage(text="Đèn đường hỏng từ hôm qua. " * 400),
    "long without spaces": OutboundMessage(text="ệ" * 9000),
    "emoji": OutboundMessage(text="🌊👍🏽" * 3000),
    "buttons": OutboundMessage(text="Gửi nhé?", choices=MANY[:3]),
    "long with buttons": OutboundMessage(text="Tóm tắt. " * 900, choices=MANY[:3]),
    "many choices": OutboundMessage(text="Chọn lĩnh vực:", choices=MANY),
    "long label": OutboundMessage(text="Chọn:", choices=(Choice(key="a", label="Ô nhiễm " * 40),)),
    "long key": OutboundMessage(text="Chọn:", choices=(Choice(key="ệ" * 2000, label="A"),)),
    "place and choices": OutboundMessage(text="Ở đâu?", choices=MANY[:2], ask=Ask.PLACE),
    "phone": OutboundMessage(text="Số điện thoại?", ask=Ask.PHONE),
    "long with phone": OutboundMessage(text="Số điện thoại? " * 400, ask=Ask.PHONE),
}


@pytest.mark.parametrize("what", MESSAGES)
async def test_what_is_sent_is_whole_and_within_the_channels_own_limits(case: Case, what: str) -> None:
    message, http = MESSAGES[what], FakeHttp(lambda call: case.accepted)
    channel = case.build(http)
    limits = channel.capabilities

    for part in fit(message, limits):
        await channel.send(peer(channel, case), part)

    said = [spoken for call in http.calls if (spoken := case.spoken(call))]
    heard = "".join("".join(spoken.text.split()) for spoken in said)
    labels = [label for spoken in said for label, _ in spoken.buttons]
    assert heard.startswith("".join(message.text.split()))
    assert all(choice.label in labels or "".join(choice.label.split()) in heard for choice in message.choices)
    for spoken in said:
        assert limits.text.allows(spoken.text)
        assert len(spoken.buttons) <= limits.max_choices
        assert all(limits.choice_label.allows(label) for label, _ in spoken.buttons)


async def test_a_buttons_key_comes_back_as_it_left(case: Case) -> None:
    http = FakeHttp(lambda call: case.accepted)
    channel = case.build(http)

    message = OutboundMessage(text="Được chưa?", choices=(Choice(key="rep:ok:1", label="Gửi"),))
    for fitted in fit(message, channel.capabilities):
        await channel.send(peer(channel, case), fitted)

    if channel.capabilities.choices is not Support.NATIVE:
        assert all("Gửi" in spoken.text for call in http.calls if (spoken := case.spoken(call)))
        return
    ((label, key),) = [button for call in http.calls if (spoken := case.spoken(call)) for button in spoken.buttons]
    (event,) = channel.parse(raw(case.press(str(key))))
    assert label == "Gửi"
    assert isinstance(event, InboundMessage)
    assert (event.choice, event.text) == ("rep:ok:1", "")
