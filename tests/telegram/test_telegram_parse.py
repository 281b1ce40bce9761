"""Every recorded update becomes the events that the rest of the house speaks, and never a traceback."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.telegram.parse import with_links
from channels.telegram.wire import Entity
from core.errors import DeliveryUnreadable
from core.events import Ignored, InboundMessage, MessageEdited, PeerChanged, PeerStatus, PlatformEvent
from core.model import Contact, MediaKind, MediaRef, Place
from tests.channels.fakes import NOW
from tests.telegram.bots import AN, SAMPLES, a_bot, at, delivery, sample

BOT, _ = a_bot()
UPDATES = sorted(path.stem for path in SAMPLES.glob("*.json") if not path.stem.startswith("response-"))


def said(number: int, second: int, **changes: Any) -> InboundMessage:
    """Message `number` of Mr An, sent `second` seconds into the recording."""
    common = InboundMessage(
        peer=AN, external_id=str(number), sent_at=at(1767232800 + second), sender_name="Nguyễn Văn An", language="vi"
    )
    return replace(common, **changes)


def photo(series: int) -> MediaRef:
    return MediaRef(
        kind=MediaKind.IMAGE, key=f"AgACAgUAAxkBAAIBBBBBBBBBBBBBBBBBBBB{series}4", mime="image/jpeg", size=135400
    )


def pressed(query: str, **changes: Any) -> InboundMessage:
    return said(0, 0, external_id=f"callback/{query}", sent_at=NOW, **changes)


ALBUM = "13900000000000001"

EXPECTED: dict[str, PlatformEvent] = {
    "message-start": said(101, 101, started=True),
    "message-start-deeplink": said(102, 102, started=True, choice="start:qr-vu-ninh_01"),
    "message-text": said(103, 103, text="Đèn đường ngõ 12 hỏng, sđt 0912 345 678"),
    "message-text-emoji-entity-utf16": said(104, 104, text="👍👍 xem https://bacninh.gov.vn"),
    "message-reply": said(105, 105, text="ở đây", reply_to="90"),
    "message-forwarded": said(106, 106, text="Tin chuyển tiếp"),
    "message-contact-own": said(107, 107, contact=Contact(name="Nguyễn Văn An", phone="+84912345678"), reply_to="91"),
    "message-contact-someone-else": said(108, 108, contact=Contact(name="Hàng xóm", phone="+84987654321", own=False)),
    "message-contact-no-telegram-account": said(
        109, 109, contact=Contact(name="Phường", phone="0243 825 1234", own=False)
    ),
    "message-location": said(110, 110, place=Place(lat=21.186111, lon=106.076389)),
    "message-live-location": said(111, 111, place=Place(lat=21.186111, lon=106.076389)),
    "edited-message-live-location-tick": Ignored(external_id="update/815000012", reason="tick of a live location"),
    "edited-message-live-location-stopped": Ignored(external_id="update/815000013", reason="tick of a live location"),
    "message-venue": said(114, 114, place=Place(text="Trường THCS Vũ Ninh, Phố Thiên Đức", lat=21.1851, lon=106.0712)),
    "message-photo": said(115, 115, text="Hố ga mất nắp", media=(photo(1),)),
    "album-photo-1-of-3": said(116, 500, text="Rác tập kết 3 góc chụp", media=(photo(2),), album=ALBUM),
    "album-photo-2-of-3": said(117, 500, media=(photo(3),), album=ALBUM),
    "album-photo-3-of-3": said(118, 500, media=(photo(4),), album=ALBUM),
    "message-photo-as-document": said(
        119,
        119,
        text="ảnh gốc",
        media=(
            MediaRef(
                kind=MediaKind.IMAGE,
                key="BQACAgUAAxkBAAICdddddddddddddddddddd",
                name="IMG_2026.HEIC",
                mime="image/heic",
                size=3145728,
            ),
        ),
    ),
    "message-document-too-big": said(
        120,
        120,
        media=(
            MediaRef(
                kind=MediaKind.FILE,
                key="BQACAgUAAxkBAAICeeeeeeeeeeeeeeeeeeee",
                name="clip.zip",
                mime="application/zip",
                size=52428800,
            ),
        ),
    ),
    "message-video": said(
        121,
        121,
        media=(
            MediaRef(
                kind=MediaKind.VIDEO,
                key="BAACAgUAAxkBAAICvvvvvvvvvvvvvvvvvvvv",
                name="ngap.mp4",
                mime="video/mp4",
                size=8388608,
                seconds=12,
            ),
        ),
    ),
    "message-video-note": said(
        122,
        122,
        media=(
            MediaRef(
                kind=MediaKind.VIDEO,
                key="DQACAgUAAxkBAAICnnnnnnnnnnnnnnnnnnnn",
                mime="video/mp4",
                size=1048576,
                seconds=8,
            ),
        ),
    ),
    "message-voice": said(
        123,
        123,
        media=(
            MediaRef(
                kind=MediaKind.AUDIO,
                key="AwACAgUAAxkBAAICoooooooooooooooooooo",
                mime="audio/ogg",
                size=24000,
                seconds=6,
            ),
        ),
    ),
    "message-animation-also-document": said(
        124,
        124,
        media=(
            MediaRef(
                kind=MediaKind.VIDEO,
                key="CgACAgUAAxkBAAICaaaaaaaaaaaaaaaaaaaa",
                name="a.mp4",
                mime="video/mp4",
                size=90000,
                seconds=2,
            ),
        ),
    ),
    "message-sticker": said(125, 125, sticker="👍"),
    "edited-message-text": MessageEdited(
        peer=AN,
        external_id="103/edit/1767232930.815000026",
        of="103",
        sent_at=at(1767232930),
        text="Đèn đường ngõ 21 hỏng",
    ),
    "callback-query": pressed("21904632950000000001", choice="rep:ok:8f1c2a", reply_to="200"),
    "callback-query-inaccessible-message": pressed(
        "21904632950000000002", choice="rate:5:BN-2026-000123", reply_to="12"
    ),
    "message-reaction": Ignored(external_id="update/815000029", reason="update of kind message_reaction"),
    "my-chat-member-blocked": PeerChanged(
        peer=AN, external_id="member/1767233750.815000030", sent_at=at(1767233750), status=PeerStatus.BLOCKED
    ),
    "my-chat-member-unblocked": PeerChanged(
        peer=AN, external_id="member/1767233790.815000031", sent_at=at(1767233790), status=PeerStatus.UNBLOCKED
    ),
    "group-message": Ignored(external_id="update/815000032", reason="message in a group"),
    "group-migrated": Ignored(external_id="update/815000033", reason="group became supergroup -1002012345678"),
    "business-connection": Ignored(external_id="update/815000034", reason="update of kind business_connection"),
    "business-message": Ignored(external_id="update/815000035", reason="update of kind business_message"),
    "unknown-update-type": Ignored(external_id="update/815000036", reason="update of kind some_future_update"),
    "poison-unknown-union-member": Ignored(external_id="update/815000037", reason="update of kind message_reaction"),
}


def test_every_recorded_update_has_an_expectation() -> None:
    assert sorted(EXPECTED) == UPDATES


@pytest.mark.parametrize("name", UPDATES)
def test_a_recorded_update_becomes_this_event(name: str) -> None:
    assert BOT.parse(delivery(sample(name))) == [EXPECTED[name]]


def test_events_of_one_chat_never_share_an_id() -> None:
    ids = [event.external_id for event in EXPECTED.values()]

    assert len(set(ids)) == len(ids)


def changed(name: str, **fields: Any) -> dict[str, Any]:
    """A recorded message with other fields; None takes one away."""
    update: dict[str, Any] = json.loads(sample(name))
    content = next(value for value in update.values() if isinstance(value, dict))
    content.update(fields)
    for key in [key for key, value in content.items() if value is None]:
        del content[key]
    return update


def parsed(update: dict[str, Any]) -> PlatformEvent:
    (event,) = BOT.parse(delivery(update))
    return event


@pytest.mark.parametrize("kind", ["poll", "dice", "game", "story", "paid_media", "checklist"])
def test_content_we_cannot_take_is_named(kind: str) -> None:
    assert parsed(changed("message-text", text=None, **{kind: {"x": 1}})) == said(103, 103, unsupported=kind)


def test_a_service_message_is_ignored_with_its_name() -> None:
    event = parsed(changed("message-text", text=None, entities=None, pinned_message={"message_id": 1}))

    assert event == Ignored(external_id="update/815000003", reason="service message with pinned_message")


def test_a_forwarded_own_card_is_not_taken_for_the_senders_number() -> None:
    event = parsed(changed("message-contact-own", forward_origin={"type": "hidden_user"}))

    assert isinstance(event, InboundMessage) and event.contact is not None
    assert event.contact.own is False


def test_the_largest_size_of_a_photo_is_taken_wherever_it_stands() -> None:
    sizes = [{"file_id": "big", "width": 1280, "height": 960}, {"file_id": "small", "width": 90, "height": 67}]

    event = parsed(changed("message-photo", photo=sizes))

    assert isinstance(event, InboundMessage)
    assert [media.key for media in event.media] == ["big"]


def test_two_edits_within_one_second_are_two_events() -> None:
    first = changed("edited-message-text", text="a")
    second = changed("edited-message-text", text="b") | {"update_id": 815000099}

    assert parsed(first).external_id != parsed(second).external_id


@pytest.mark.parametrize("text", ["/start", "/start@bn_1022_bot", "/start "])
def test_the_start_command_is_a_start_and_no_text(text: str) -> None:
    assert parsed(changed("message-start", text=text)) == said(101, 101, started=True)


@pytest.mark.parametrize("text", ["/starter", "/start đèn hỏng ở ngõ 12", "xin /start", "/huy"])
def test_what_only_resembles_the_start_command_is_text(text: str) -> None:
    assert parsed(changed("message-start", text=text)) == said(101, 101, text=text)


def test_a_button_outside_private_chats_is_ignored() -> None:
    in_group = changed("callback-query", message={"message_id": 1, "chat": {"id": -4, "type": "group"}, "date": 0})
    inline = changed("callback-query", message=None)

    assert isinstance(parsed(in_group), Ignored)
    assert isinstance(parsed(inline), Ignored)


def test_a_bot_or_nobody_as_sender_is_ignored() -> None:
    bot = changed("message-text")
    bot["message"]["from"]["is_bot"] = True

    assert isinstance(parsed(bot), Ignored)
    assert isinstance(parsed(changed("message-text", **{"from": None})), Ignored)


def test_ids_beyond_32_bits_are_kept() -> None:
    event = parsed(changed("message-text", chat={"id": 2**52 - 1, "type": "private"}))

    assert isinstance(event, InboundMessage)
    assert event.peer.user == str(2**52 - 1)


def test_the_address_behind_a_word_is_not_lost() -> None:
    entities = [
        Entity(type="text_link", offset=5, length=3, url="https://a.vn"),
        Entity(type="bold", offset=0, length=4),
    ]

    assert with_links("👍👍 xem này", entities) == "👍👍 xem (https://a.vn) này"


@given(
    text=st.text(max_size=40),
    links=st.lists(
        st.builds(
            Entity, type=st.just("text_link"), offset=st.integers(0, 60), length=st.integers(0, 60), url=st.just("u")
        )
    ),
)
def test_wrong_entity_offsets_never_stop_a_message(text: str, links: list[Entity]) -> None:
    assert with_links(text, links).count("(u)") <= len(links) + text.count("(u)")


def test_a_nul_is_dropped_but_its_written_name_is_kept() -> None:
    body = sample("message-text").replace("Đèn đường".encode(), rb"D\u0000e\\u0000n")

    (event,) = BOT.parse(delivery(body))

    assert isinstance(event, InboundMessage)
    assert event.text.startswith("De\\u0000n ngõ 12")


@pytest.mark.parametrize(
    "fields",
    [
        {"photo": 5},
        {"date": -1},
        {"date": 10**30},
        {"location": {"latitude": 91, "longitude": 0}},
        {"chat": {"id": "x", "type": "private"}},
        {"text": ["a"]},
        {"message_id": None},
    ],
)
def test_a_message_of_another_shape_is_unreadable(fields: dict[str, Any]) -> None:
    with pytest.raises(DeliveryUnreadable):
        BOT.parse(delivery(changed("message-text", **fields)))


def test_why_a_message_is_unreadable_is_said_without_its_content() -> None:
    with pytest.raises(DeliveryUnreadable, match=r"\$\.message\.date") as caught:
        BOT.parse(delivery(changed("message-text", date="0912345678")))

    assert "0912345678" not in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction", "x"]
FIELDS = ["message_id", "from", "chat", "date", "text", "photo", "document", "location", "venue", "contact"]
FIELDS += ["data", "id", "entities", "new_chat_member", "sticker"]


@given(update=st.dictionaries(st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(FIELDS), JSON)))
def test_any_json_is_an_event_or_unreadable(update: dict[str, Any]) -> None:
    try:
        events = BOT.parse(delivery({"update_id": 1} | update))
    except DeliveryUnreadable:
        return
    assert len(events) == 1


@given(data=st.data(), name=st.sampled_from(UPDATES))
def test_a_damaged_recording_is_an_event_or_unreadable(data: st.DataObject, name: str) -> None:
    update = json.loads(sample(name))
    (content,) = (value for value in update.values() if isinstance(value, dict))
    for part in (content, *(value for value in content.values() if isinstance(value, dict))):
        if part:
            part[data.draw(st.sampled_from(sorted(part)))] = data.draw(JSON)
    try:
        events = BOT.parse(delivery(update))
    except DeliveryUnreadable:
        return
    assert len(events) == 1
