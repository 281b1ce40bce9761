"""Every recorded delivery becomes exactly these events."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.events import (
    AccountAlarm,
    Ignored,
    InboundMessage,
    MessageEdited,
    OwnEcho,
    PlatformEvent,
    Progress,
    ProgressKind,
    PublicComment,
    StaffWrote,
    ThreadMoved,
)
from core.model import Contact, MediaKind, MediaRef, Peer, Place
from tests.facebook.pages import AN, SAMPLES, a_page, delivery, recorded, sample

AT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
COMMENTED = AT - timedelta(seconds=5)
INBOX = "Meta Business Suite"


def mid(number: int) -> str:
    return f"m_Qs{number:03}gw7Yk0pR-uVnT2aXw_eeeeeeeeeeeeeeeeeeee"


def from_an(number: int, **content: Any) -> InboundMessage:
    return InboundMessage(peer=AN, external_id=mid(number), sent_at=AT, **content)


def media(kind: MediaKind, url: str, name: str = "") -> MediaRef:
    return MediaRef(kind=kind, key=url, name=name)


def staff(number: int, text: str, by: str) -> StaffWrote:
    return StaffWrote(peer=AN, external_id=mid(number), sent_at=AT, text=text, staff=by)


def comment(user: str, text: str, **more: Any) -> PublicComment:
    peer = Peer(channel="facebook", account=AN.account, user=user)
    content: dict[str, Any] = {"sender_name": "Nguyễn Văn An", **more}
    return PublicComment(peer=peer, external_id="", sent_at=COMMENTED, text=text, **content)


def moved(*, ours: bool, by: str = "") -> ThreadMoved:
    return ThreadMoved(peer=AN, external_id="", sent_at=AT, ours=ours, by=by)


def ignored(reason: str) -> Ignored:
    return Ignored(external_id="", reason=reason)


IMAGE, VIDEO, AUDIO, FILE = MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.AUDIO, MediaKind.FILE
CDN = "https://scontent.xx.fbcdn.net/v"

EXPECTED: dict[str, list[PlatformEvent]] = {
    "app-roles": [ignored("app_roles")],
    "batch-two-entries-mixed": [
        from_an(60, text="một"),
        InboundMessage(peer=AN, external_id=mid(61), sent_at=AT + timedelta(milliseconds=1), text="hai"),
        Progress(peer=AN, external_id="", sent_at=AT, kind=ProgressKind.DELIVERED, until=AT),
        ignored("for another Page: 104000000000002"),
    ],
    "dashboard-test-message": [ignored("for another Page: 0")],
    "delivery": [
        Progress(
            peer=AN,
            external_id="",
            sent_at=AT + timedelta(milliseconds=900),
            kind=ProgressKind.DELIVERED,
            messages=(mid(30),),
            until=AT + timedelta(milliseconds=900),
        )
    ],
    "delivery-no-mids": [
        Progress(
            peer=AN,
            external_id="",
            sent_at=AT + timedelta(milliseconds=900),
            kind=ProgressKind.DELIVERED,
            until=AT + timedelta(milliseconds=900),
        )
    ],
    "echo-from-our-app": [OwnEcho(peer=AN, external_id=mid(30), sent_at=AT, key="gw:msg:8f1c")],
    "echo-from-page-inbox": [staff(31, "Chào anh/chị, em là cán bộ trực.", INBOX)],
    "echo-no-app-id": [staff(32, "Trả lời từ điện thoại", "Trang Facebook")],
    "feed-comment-add": [comment("comment:5001_7001", "Đèn ngõ 12 hỏng lâu rồi")],
    "feed-comment-by-page-itself": [ignored("the Page's own words")],
    "feed-comment-edited": [ignored("comment edited")],
    "feed-comment-hide": [ignored("comment hide")],
    "feed-comment-no-from": [comment("comment:5001_7005", "ẩn danh", sender_name="")],
    "feed-comment-photo": [comment("comment:5001_7004", "", media=(media(IMAGE, f"{CDN}/c.jpg?oe=65AABBCC"),))],
    "feed-comment-remove": [ignored("comment remove")],
    "feed-comment-reply": [comment("comment:5001_7002", "Chỗ tôi cũng vậy")],
    "feed-reaction": [ignored("reaction")],
    "feed-visitor-post": [comment("post:104000000000001_5002", "Rác tập kết trước cổng trường")],
    "message-attachment-audio": [
        from_an(
            12,
            media=(
                media(
                    AUDIO,
                    "https://cdn.fbsbx.com/v/t59.3654-21/3.mp4/audioclip-1767232800000-4000.mp4?oh=03_Q7&oe=65AABBCC",
                ),
            ),
        )
    ],
    "message-attachment-file": [
        from_an(
            13,
            media=(
                media(
                    FILE,
                    "https://cdn.fbsbx.com/v/t59.2708-21/4.pdf/don-kien-nghi.pdf?oh=03_Q7&oe=65AABBCC",
                    "don-kien-nghi.pdf",
                ),
            ),
        )
    ],
    "message-attachment-image": [
        from_an(10, media=(media(IMAGE, f"{CDN}/t1.15752-9/1.jpg?_nc_cat=1&oh=00_AfX&oe=65AABBCC"),))
    ],
    "message-attachment-video": [
        from_an(11, media=(media(VIDEO, "https://video.xx.fbcdn.net/v/t42.3356-2/2.mp4?oh=03_Q7&oe=65AABBCC"),))
    ],
    "message-attachments-several-images": [
        from_an(15, media=tuple(media(IMAGE, f"{CDN}/{n}.jpg?oe=65AABBCC") for n in (1, 2, 3)))
    ],
    "message-edit": [
        MessageEdited(
            peer=AN,
            external_id=f"{mid(1)}/edit/1",
            of=mid(1),
            sent_at=AT + timedelta(minutes=1),
            text="Đèn đường ngõ 21 (không phải 12) phố Huyền Quang hỏng",
        )
    ],
    "message-fallback-no-payload": [from_an(17, unsupported="fallback")],
    "message-location-legacy-shape": [from_an(18, place=Place(lat=21.186111, lon=106.076389))],
    "message-quick-reply-email": [from_an(4, contact=Contact(email="nguyen.an@example.vn"))],
    "message-quick-reply-phone": [from_an(3, contact=Contact(phone="+84912345678"))],
    "message-quick-reply-text": [from_an(2, choice="CAT:lighting")],
    "message-referral-inside": [from_an(22, text="Xin chào")],
    "message-reply-to": [from_an(5, text="Đúng chỗ này ạ", reply_to=mid(900))],
    "message-sticker-2026": [from_an(19, sticker="👍")],
    "message-sticker-transition-both": [from_an(20, sticker="👍")],
    "message-template-shared": [from_an(21, text="Thẻ được chia sẻ\n…\nhttps://example.vn")],
    "message-text": [from_an(1, text="Đèn đường ngõ 12 phố Huyền Quang hỏng 3 hôm nay")],
    "message-text-with-link-fallback": [from_an(16, text="https://maps.app.goo.gl/abc")],
    "optin-notification-messages": [ignored("optin")],
    "pass-thread-control": [moved(ours=True)],
    "policy-enforcement": [AccountAlarm(external_id="", sent_at=AT, reason="Meta chặn Trang gửi tin nhắn: …")],
    "postback-get-started": [from_an(40, started=True)],
    "postback-menu-no-payload": [from_an(42, text="Gửi phản ánh")],
    "postback-referral": [from_an(41, started=True, choice="start:bang-dien-tu-ubnd")],
    "postback-string-seconds-timestamp": [from_an(43, choice="MENU")],
    "reaction": [ignored("reaction")],
    "read": [
        Progress(
            peer=AN,
            external_id="",
            sent_at=AT + timedelta(seconds=5),
            kind=ProgressKind.SEEN,
            until=AT + timedelta(seconds=4),
        )
    ],
    "referral-open-thread": [ignored("referral:qr-phuong-vu-ninh")],
    "request-thread-control": [ignored("app 263902037430900 asks for the thread")],
    "standby-echo": [staff(51, "Dạ em đây", INBOX)],
    "standby-message": [from_an(50, text="còn ai không ạ", standby=True)],
    "take-thread-control": [moved(ours=False, by=INBOX)],
    "take-thread-control-from-idle": [moved(ours=False, by=INBOX)],
    "unreact": [ignored("reaction withdrawn")],
}


def test_every_recorded_delivery_has_its_events() -> None:
    bodies = [path.stem for path in SAMPLES.glob("*.json") if "entry" in recorded(path.stem)]

    assert sorted(EXPECTED) == sorted(bodies)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recorded_delivery_becomes_these_events(name: str) -> None:
    page, _ = a_page()

    events = page.parse(delivery(sample(name)))

    assert events == [given_key(expected, found) for expected, found in zip(EXPECTED[name], events, strict=True)]
    assert all(found.external_id for found in events)


def given_key(expected: PlatformEvent, found: PlatformEvent) -> PlatformEvent:
    """Keys that are digests are not spelled out in the table."""
    if expected.external_id:
        return expected
    return replace(expected, external_id=found.external_id)
