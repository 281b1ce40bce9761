"""What Zalo says becomes what happened. zalo: event catalogue, attachments."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.zalo import ZaloChannel
from channels.zalo.catalogue import ECHOES, IGNORED, MESSAGES
from channels.zalo.parse import read_events
from core.errors import DeliveryUnreadable
from core.events import (
    AccountAlarm,
    Ignored,
    InboundMessage,
    OwnEcho,
    PeerChanged,
    PeerStatus,
    PlatformEvent,
    Progress,
    ProgressKind,
    StaffWrote,
)
from core.model import Contact, Delivery, MediaKind, MediaRef, Peer, Place

SAMPLES = Path(__file__).parent / "samples"
Deliver = Callable[..., Delivery]
SENT = datetime(2018, 12, 4, 7, 28, 54, 740_000, tzinfo=UTC)
AN = Peer(channel="zalo", account="oa", user="7")


def event(name: str, **changes: Any) -> dict[str, Any]:
    """A message of citizen 7 to OA 9."""
    return {
        "app_id": "360846524940903967",
        "event_name": name,
        "timestamp": "1543908534740",
        "sender": {"id": "7"},
        "recipient": {"id": "9"},
        "message": {"msg_id": "m1"},
    } | changes


def echo(name: str, **changes: Any) -> dict[str, Any]:
    return event(name, sender={"id": "9"}, recipient={"id": "7"}) | changes


def with_attachments(name: str, *attachments: Any, **message: Any) -> dict[str, Any]:
    return event(name, message={"msg_id": "m1", "attachments": list(attachments)} | message)


def attachment(kind: str, **payload: Any) -> dict[str, Any]:
    return {"type": kind, "payload": payload}


def one(channel: ZaloChannel, delivery: Delivery) -> PlatformEvent:
    (found,) = channel.parse(delivery)
    return found


def message(**changes: Any) -> InboundMessage:
    return replace(InboundMessage(peer=AN, external_id="m1", sent_at=SENT), **changes)


def ref(kind: MediaKind, **more: Any) -> MediaRef:
    return MediaRef(kind=kind, key="https://f6.photo.talk.zdn.vn/1", **more)


URL = {"url": "https://f6.photo.talk.zdn.vn/1", "thumbnail": "https://t.f6.photo.talk.zdn.vn/1"}
CARD = json.dumps({"phone": "84912345678", "qrCodeUrl": "https://qr.zdn.vn/1"})


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        pytest.param(
            event("user_send_text", message={"msg_id": "m1", "text": "Đường bị ngập", "quote_msg_id": "m0"}),
            message(text="Đường bị ngập", reply_to="m0"),
            id="text that quotes",
        ),
        pytest.param(
            with_attachments("user_send_image", attachment("image", **URL), text="Ổ gà"),
            message(text="Ổ gà", media=(ref(MediaKind.IMAGE),)),
            id="picture with caption",
        ),
        pytest.param(
            with_attachments("user_send_gif", attachment("gif", **URL)),
            message(media=(ref(MediaKind.IMAGE),)),
            id="gif",
        ),
        pytest.param(
            with_attachments("user_send_video", attachment("video", description="quay lúc 7 giờ", **URL)),
            message(text="quay lúc 7 giờ", media=(ref(MediaKind.VIDEO),)),
            id="video with description",
        ),
        pytest.param(
            with_attachments("user_send_audio", attachment("audio", url=URL["url"])),
            message(media=(ref(MediaKind.AUDIO),)),
            id="voice",
        ),
        pytest.param(
            with_attachments(
                "user_send_file",
                attachment("file", url=URL["url"], name="Đơn.pdf", size="1024", type="pdf", checksum="x"),
            ),
            message(media=(ref(MediaKind.FILE, name="Đơn.pdf", size=1024),)),
            id="file",
        ),
        pytest.param(
            with_attachments("user_send_file", attachment("file", url=URL["url"], name="IMG.JPG", size=7, type="JPG")),
            message(media=(ref(MediaKind.IMAGE, name="IMG.JPG", size=7),)),
            id="picture sent as a file",
        ),
        pytest.param(
            with_attachments("user_send_sticker", attachment("sticker", id="21", url="https://s.zdn.vn/1")),
            message(sticker="21"),
            id="sticker",
        ),
        pytest.param(
            with_attachments(
                "user_send_location", attachment("location", coordinates={"latitude": "10.76", "longitude": "106.66"})
            ),
            message(place=Place(lat=10.76, lon=106.66)),
            id="pin, as strings",
        ),
        pytest.param(
            with_attachments(
                "user_send_location", attachment("location", coordinates={"latitude": 10.76, "longitude": 106.66})
            ),
            message(place=Place(lat=10.76, lon=106.66)),
            id="pin, as numbers",
        ),
        pytest.param(
            with_attachments("user_send_link", attachment("link", url="https://baomoi.vn/1", description="Tin mới")),
            message(text="Tin mới\nhttps://baomoi.vn/1"),
            id="link",
        ),
        pytest.param(
            with_attachments(
                "user_send_link", attachment("link", url="https://baomoi.vn/1"), text="xem https://baomoi.vn/1"
            ),
            message(text="xem https://baomoi.vn/1"),
            id="link that the text holds already",
        ),
        pytest.param(
            with_attachments("user_send_business_card", attachment("link", description=CARD, url="https://zalo.me/1")),
            message(contact=Contact(phone="+84912345678", own=False)),
            id="another person's card",
        ),
        pytest.param(
            with_attachments("user_send_business_card", attachment("link", description="Chị Hoa")),
            message(text="Chị Hoa"),
            id="card without its JSON",
        ),
        pytest.param(
            with_attachments("user_send_image", attachment("image", **URL), attachment("image", **URL)),
            message(media=(ref(MediaKind.IMAGE), ref(MediaKind.IMAGE))),
            id="several pictures in one event",
        ),
        pytest.param(
            event("user_send_image", attachments=[attachment("image", **URL)]),
            message(media=(ref(MediaKind.IMAGE),)),
            id="attachments beside the message",
        ),
        pytest.param(
            event("user_send_text", message={"msg_id": "m1", "text": "#tn:rate:5"}),
            message(choice="rate:5"),
            id="pressed button",
        ),
        pytest.param(
            event("user_send_text", message={"msg_id": "m1", "text": "#tn:"}),
            message(text="#tn:"),
            id="no key: just text",
        ),
        pytest.param(
            event("user_send_text", sender={"id": 7}, message={"msg_id": 11, "text": 12}),
            message(external_id="11", text="12"),
            id="ids as numbers",
        ),
        pytest.param(
            event("user_send_text", message={"msg_id": "m1", "text": "a\x00b"}), message(text="ab"), id="no NUL gets in"
        ),
        pytest.param(
            with_attachments("user_send_image", attachment("hologram", url="x")),
            message(unsupported="hologram"),
            id="a new kind of attachment",
        ),
        pytest.param(
            with_attachments("user_send_location", attachment("location", coordinates={"latitude": "north"})),
            message(unsupported="location"),
            id="a pin that names no place",
        ),
        pytest.param(event("user_send_text"), message(unsupported="text"), id="nothing inside"),
        pytest.param(
            event("anonymous_send_text", message={"msg_id": "m1", "text": "hi", "conversation_id": "c5"}),
            message(peer=Peer(channel="zalo", account="oa", user="anonymous:7:c5"), text="hi"),
            id="visitor of the web widget",
        ),
        pytest.param(
            echo("oa_send_text", message={"msg_id": "m1", "text": "Chào"}),
            OwnEcho(peer=AN, external_id="m1", sent_at=SENT),
            id="our own message comes back",
        ),
        pytest.param(
            echo("oa_send_text", sender={"id": "9", "admin_id": "55"}, message={"msg_id": "m1", "text": "Chào"}),
            StaffWrote(peer=AN, external_id="m1", sent_at=SENT, text="Chào", staff="55"),
            id="a person answered in Zalo's own tool",
        ),
        pytest.param(
            echo(
                "oa_send_image",
                sender={"id": "9", "admin_id": 55},
                message={"msg_id": "m1", "attachments": [attachment("image", **URL)]},
            ),
            StaffWrote(peer=AN, external_id="m1", sent_at=SENT, media=(ref(MediaKind.IMAGE),), staff="55"),
            id="a person sent a picture in Zalo's own tool",
        ),
        pytest.param(
            echo("oa_send_anonymous_text", message={"msg_id": "m1", "conversation_id": "c5"}),
            OwnEcho(peer=Peer(channel="zalo", account="oa", user="anonymous:7:c5"), external_id="m1", sent_at=SENT),
            id="our own message to a visitor",
        ),
    ],
)
def test_message_events(channel: ZaloChannel, deliver: Deliver, said: dict[str, Any], meant: PlatformEvent) -> None:
    assert one(channel, deliver(said)) == meant


def flat(name: str, **more: Any) -> dict[str, Any]:
    """Management events carry no sender and no recipient."""
    return {"app_id": "1", "event_name": name, "oa_id": "9", "timestamp": "1543908534740"} | more


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (flat("follow", follower={"id": "7"}, source="oa_profile"), PeerStatus.FOLLOWED),
        (flat("unfollow", follower={"id": "7"}), PeerStatus.UNFOLLOWED),
        (flat("user_withdraw", user_id="7", user_id_by_app="8"), PeerStatus.ERASURE_ASKED),
    ],
)
def test_people_come_and_go(channel: ZaloChannel, deliver: Deliver, said: dict[str, Any], status: PeerStatus) -> None:
    changed = one(channel, deliver(said))

    assert isinstance(changed, PeerChanged)
    assert (changed.peer, changed.sent_at, changed.status) == (AN, SENT, status)


def test_the_message_button_starts_a_conversation(channel: ZaloChannel, deliver: Deliver) -> None:
    started = one(channel, deliver(flat("user_click_chatnow", user_id="7")))

    assert isinstance(started, InboundMessage) and started.started and started.peer == AN


@pytest.mark.parametrize(
    ("name", "about", "kind", "keys"),
    [
        ("user_received_message", {"msg_id": "m1"}, ProgressKind.DELIVERED, ("m1",)),
        ("user_seen_message", {"msg_ids": ["m1", "m2"]}, ProgressKind.SEEN, ("m1", "m2")),
    ],
)
def test_progress_names_our_messages(
    channel: ZaloChannel, deliver: Deliver, name: str, about: Any, kind: ProgressKind, keys: tuple[str, ...]
) -> None:
    progress = one(channel, deliver(echo(name, message=about)))

    assert isinstance(progress, Progress)
    assert (progress.peer, progress.kind, progress.messages) == (AN, kind, keys)


def test_a_withdrawn_permission_is_an_alarm(channel: ZaloChannel, deliver: Deliver) -> None:
    alarm = one(channel, deliver(flat("permission_revoked")))

    assert isinstance(alarm, AccountAlarm) and "cấp quyền" in alarm.reason


FULL = {"user_city": "TP. HCM", "user_ward": "Phường Tân Thuận", "user_address": "Đường số 13"}
FLAT = {"address": "Đường số 13", "ward": "Tân Thuận Đông", "district": "Quận 7", "city": "TP. HCM"}


@pytest.mark.parametrize(
    ("info", "contact"),
    [
        pytest.param(
            {"name": "Hoa", "phone": "84912345678", "full_address": FULL},
            Contact(name="Hoa", phone="+84912345678", address="Đường số 13, Phường Tân Thuận, TP. HCM"),
            id="today's form, without districts",
        ),
        pytest.param(
            {"name": "Hoa", "phone": "0912345678", **FLAT},
            Contact(name="Hoa", phone="0912345678", address="Đường số 13, Tân Thuận Đông, Quận 7, TP. HCM"),
            id="yesterday's flat form",
        ),
        pytest.param({"phone": 84912345678}, Contact(phone="+84912345678"), id="number as a number"),
        pytest.param({"phone": 912345678}, Contact(phone="0912345678"), id="number that lost its zero"),
        pytest.param({}, Contact(), id="empty form"),
    ],
)
def test_the_form_is_the_senders_own_contact(
    channel: ZaloChannel, deliver: Deliver, info: dict[str, Any], contact: Contact
) -> None:
    shared = one(channel, deliver(event("user_submit_info", info=info, message=None)))

    assert isinstance(shared, InboundMessage)
    assert (shared.contact, shared.text, shared.unsupported) == (contact, "", "")


SAMPLE_KINDS: dict[str, type[PlatformEvent]] = {
    "webhook_add_user_to_tag": Ignored,
    "webhook_follow": PeerChanged,
    "webhook_user_send_text": InboundMessage,
    "webhook_user_send_text_vendor": InboundMessage,
    "webhook_user_submit_info": InboundMessage,
    "webhook_zns_user_feedback": Ignored,
    "webhook_zns_user_received_message": Progress,
}


def test_every_sample_is_listed() -> None:
    assert {path.stem for path in SAMPLES.glob("webhook_*.json")} == SAMPLE_KINDS.keys()


@pytest.mark.parametrize(("name", "kind"), SAMPLE_KINDS.items())
def test_every_published_sample_is_understood(
    channel: ZaloChannel, deliver: Deliver, name: str, kind: type[PlatformEvent]
) -> None:
    assert isinstance(one(channel, deliver(name)), kind)


def test_a_template_message_says_itself_when_it_arrived(channel: ZaloChannel, deliver: Deliver) -> None:
    progress = one(channel, deliver("webhook_zns_user_received_message"))

    assert isinstance(progress, Progress)
    assert progress.sent_at == datetime.fromtimestamp(1602960467.432, UTC)


@pytest.mark.parametrize("name", sorted({*MESSAGES, *ECHOES}))
def test_every_message_event_of_the_catalogue_names_its_citizen(
    channel: ZaloChannel, deliver: Deliver, name: str
) -> None:
    said = echo(name) if name in ECHOES else event(name)

    found = one(channel, deliver(said))

    assert isinstance(found, InboundMessage | OwnEcho)
    assert found.peer.user.removeprefix("anonymous:").startswith("7")


@pytest.mark.parametrize("name", sorted(IGNORED))
def test_what_is_no_part_of_an_intake_is_journaled(channel: ZaloChannel, deliver: Deliver, name: str) -> None:
    ignored = one(channel, deliver(flat(name, group_id="g1")))

    assert isinstance(ignored, Ignored) and ignored.reason == f"{name}: {IGNORED[name]}"


@pytest.mark.parametrize("name", ["user_send_hologram", "follow_back", "x" * 5000])
def test_a_new_event_is_never_guessed(channel: ZaloChannel, deliver: Deliver, name: str) -> None:
    ignored = one(channel, deliver(event(name)))

    assert isinstance(ignored, Ignored) and ignored.reason.endswith("sự kiện chưa biết") and len(ignored.reason) < 100


@pytest.mark.parametrize("stamp", ["154390853474", "", None, "soon", "9" * 30, "9" * 5000, -5, []])
def test_a_time_that_is_none_counts_from_arrival(channel: ZaloChannel, deliver: Deliver, stamp: Any) -> None:
    """Zalo's own samples have digits masked out."""
    delivery = deliver(event("user_send_text", timestamp=stamp, message={"msg_id": "m1", "text": "a"}))

    found = one(channel, delivery)

    assert isinstance(found, InboundMessage) and found.sent_at == delivery.received_at


def test_a_second_delivery_has_the_same_key_a_second_event_another(channel: ZaloChannel, deliver: Deliver) -> None:
    follow = flat("follow", follower={"id": "7"})
    again = dict(reversed(follow.items()))
    later = follow | {"timestamp": "1543908534741"}

    keys = [found.external_id for said in (follow, again, later) for found in channel.parse(deliver(said))]

    assert keys[0] == keys[1] != keys[2]


def test_news_about_a_message_never_takes_the_messages_own_key(channel: ZaloChannel, deliver: Deliver) -> None:
    """`user_received_message` and `user_seen_message` refer to other messages' ids."""
    about = [echo("oa_send_text"), echo("user_received_message"), echo("user_reacted_message")]
    seen = echo("user_seen_message", message={"msg_ids": ["m1"]})

    keys = [found.external_id for said in (*about, seen) for found in channel.parse(deliver(said))]

    assert keys[0] == "m1" and len(set(keys)) == 4


def test_two_lists_of_read_messages_are_two_events(channel: ZaloChannel, deliver: Deliver) -> None:
    lists = [echo("user_seen_message", message={"msg_ids": keys}) for keys in (["m1"], ["m2"])]

    first, second = (one(channel, deliver(said)) for said in lists)

    assert first.external_id != second.external_id


@pytest.mark.parametrize(
    "coordinates",
    [("91", "0"), ("0", "181"), ("nan", "0"), ("0", "inf"), (None, None), ([], {}), (10**400, 0)],
)
def test_a_pin_outside_the_world_is_no_place(channel: ZaloChannel, deliver: Deliver, coordinates: Any) -> None:
    lat, lon = coordinates
    pin = attachment("location", coordinates={"latitude": lat, "longitude": lon})

    found = one(channel, deliver(with_attachments("user_send_location", pin)))

    assert isinstance(found, InboundMessage) and found.place is None and found.unsupported == "location"


def test_a_message_without_id_still_has_a_key(channel: ZaloChannel, deliver: Deliver) -> None:
    bare = event("user_send_text", message={"text": "a"})

    first, second = one(channel, deliver(bare)), one(channel, deliver(bare))

    assert first.external_id == second.external_id != ""


def test_an_endless_id_fits_into_an_index(channel: ZaloChannel, deliver: Deliver) -> None:
    found = one(channel, deliver(event("user_send_text", message={"msg_id": "x" * 100_000, "text": "a"})))

    assert len(found.external_id) < 100


def test_events_of_another_oa_on_the_same_app_are_not_ours(
    make_channel: Callable[..., ZaloChannel], deliver: Deliver
) -> None:
    ours, theirs = make_channel(oa_id="9"), make_channel(oa_id="10")
    for said in (event("user_send_text"), echo("oa_send_text"), flat("follow", follower={"id": "7"})):
        assert not isinstance(one(ours, deliver(said)), Ignored)
        assert isinstance(one(theirs, deliver(said)), Ignored)
        assert theirs.oa_of(deliver(said)) == "9"


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"message": {}}',
        b"\xff\xfe",
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        json.dumps(event("user_send_text", sender={})).encode(),
        json.dumps(event("user_send_text", sender={"id": True})).encode(),
        json.dumps(event("user_send_text", sender={"id": "7" * 9999})).encode(),
        json.dumps(event("user_send_text", sender="7")).encode(),
    ],
)
def test_junk_is_unreadable_never_a_crash(channel: ZaloChannel, deliver: Deliver, junk: bytes) -> None:
    with pytest.raises(DeliveryUnreadable):
        channel.parse(deliver(junk))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [*MESSAGES, *ECHOES, "user_submit_info", "follow", "user_seen_message", "user_received_message", "user_withdraw"]
)
KINDS = st.sampled_from(["image", "gif", "video", "audio", "file", "sticker", "link", "location", "template", "x"])
ATTACHMENTS = st.fixed_dictionaries(
    {
        "type": KINDS | JSON,
        "payload": st.fixed_dictionaries(
            {}, optional=dict.fromkeys(("url", "name", "size", "type", "description", "coordinates", "id"), JSON)
        )
        | JSON,
    }
)
EVENTS = st.fixed_dictionaries(
    {"event_name": NAMES},
    optional={
        "timestamp": JSON,
        "sender": st.fixed_dictionaries({"id": JSON}, optional={"admin_id": JSON}) | JSON,
        "recipient": st.fixed_dictionaries({"id": JSON}) | JSON,
        "follower": JSON,
        "info": st.dictionaries(st.sampled_from(["name", "phone", "full_address", "city"]), JSON) | JSON,
        "message": st.fixed_dictionaries(
            {}, optional={"msg_id": JSON, "text": JSON, "msg_ids": JSON, "attachments": st.lists(ATTACHMENTS) | JSON}
        )
        | JSON,
        "attachments": JSON,
        "oa_id": JSON,
    },
)


def survives(body: bytes) -> None:
    delivery = Delivery(body=body, received_at=SENT)
    try:
        first = read_events(delivery, account="oa", oa_id="9")
    except DeliveryUnreadable:
        return
    assert first == read_events(delivery, account="oa", oa_id="9")
    assert all(found.external_id for found in first)


@given(st.binary(max_size=200))
def test_random_bytes_never_crash(body: bytes) -> None:
    survives(body)


@given(JSON | EVENTS)
def test_random_events_never_crash(said: Any) -> None:
    survives(json.dumps(said).encode())
