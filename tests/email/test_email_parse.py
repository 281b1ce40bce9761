"""From a mail's bytes to what happened: one event a mail, the same for every copy."""

import io
import random
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import pytest
from PIL import Image

from channels.email.mime import part
from channels.email.parse import Reader
from channels.email.threads import Marks, read_thread
from core.errors import DeliveryUnreadable
from core.events import Authenticity, Ignored, InboundMessage, PeerChanged, PeerStatus, PlatformEvent
from core.model import Delivery, MediaKind, Peer, Place
from tests.email.mailboxes import ADDRESS
from tests.email.servers import mail

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LAN = Peer(channel="email", account="hop-thu", user="lan@example.vn")
CODE = "TG-260302-0001"
MARKS = Marks(b"k" * 32, address=ADDRESS, domain="xa.example.vn", separator="+")


def events(raw: bytes, *, trusted: str | None = None, at: datetime = NOW, **headers: str) -> list[PlatformEvent]:
    reader = Reader(account="hop-thu", own=frozenset({ADDRESS}), marks=MARKS, trusted_authserv_id=trusted)
    return reader.events(Delivery(body=raw, received_at=at, headers=headers))


def message(raw: bytes, **more: Any) -> InboundMessage:
    (event,) = events(raw, **more)
    assert isinstance(event, InboundMessage)
    return event


def ignored(raw: bytes) -> str:
    (event,) = events(raw)
    assert isinstance(event, Ignored)
    return event.reason


def mixed(*parts: bytes, text: str = "Ảnh kèm theo", subject: str = "Den hong") -> bytes:
    head = (
        f"From: Lan <LAN@Example.vn>\nTo: {ADDRESS}\nSubject: {subject}\nMessage-ID: <m1@example.vn>\n"
        'Date: Mon, 02 Mar 2026 15:00:00 +0700\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n'
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    )
    return head.encode() + text.encode() + b"\n" + b"".join(b"--b\n" + each + b"\n" for each in parts) + b"--b--\n"


def photo(*, gps: bool = True, size: tuple[int, int] = (640, 480), name: str = "IMG_1.jpg") -> bytes:
    picture = Image.frombytes("RGB", size, random.Random(1).randbytes(size[0] * size[1] * 3))
    exif = Image.Exif()
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (10.0, 21.0, 36.0), 3: "E", 4: (106.0, 21.0, 36.0)})
        exif.get_ifd(0x8769).update({0x9003: "2026:03:02 07:30:00"})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    head = f'Content-Type: image/jpeg\nContent-Disposition: attachment; filename="{name}"\n'
    return head.encode() + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(out.getvalue())


# --- a person's mail --------------------------------------------------------------------------------------------------


def test_a_mail_is_a_message() -> None:
    event = message(mail("Đèn đường hỏng.", subject="Re: Fwd: =?utf-8?B?xJDDqG4gaOG7j25n?="))

    assert (event.peer, event.text, event.subject, event.sender_name) == (LAN, "Đèn đường hỏng.", "Đèn hỏng", "Lan")
    assert event.sent_at == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    assert read_thread(event.thread).message_id == "m1@example.vn"
    assert event.authenticity is Authenticity.UNVERIFIED and event.about == "" and event.unsupported == ""


def test_an_answer_is_read_without_the_quote_and_with_the_case_it_is_about() -> None:
    ours = MARKS.message_id("7.3.0", "lan@example.vn", CODE)
    quote = "\n\nVào 10:23, 13 thg 1, 2026, Tiếp nhận <tiepnhan@xa.example.vn> đã viết:\n> Xin chào\n> Dạ"
    event = message(mail(f"Đồng ý gửi{quote}", more=f"In-Reply-To: <{ours}>\nReferences: <{ours}>\n"))

    assert (event.text, event.about) == ("Đồng ý gửi", CODE)


def test_the_answer_goes_to_who_wrote_whatever_reply_to_says() -> None:
    raw = mail(more=f"Reply-To: ai-do@example.vn\nIn-Reply-To: <{MARKS.message_id('1', 'ai-do@example.vn', CODE)}>\n")
    event = message(raw)

    assert (event.peer, event.about) == (LAN, "")


def test_photos_come_along_with_place_and_time() -> None:
    raw = mixed(photo(), photo(gps=False, name="IMG_2.jpg"))
    event = message(raw)

    first, second = event.media
    assert (first.kind, first.mime, first.name) == (MediaKind.IMAGE, "image/jpeg", "IMG_1.jpg")
    assert (first.lat, first.lon) == (10.36, 106.36) and first.taken_at is not None
    assert (second.lat, second.lon, second.taken_at) == (None, None, None)
    assert first.key == f"mail:{event.original}/{first.key.rpartition('/')[2]}"
    found = part(raw, int(first.key.rpartition("/")[2]))
    assert found is not None and len(found.body) == first.size


def test_a_picture_that_claims_to_be_huge_or_is_damaged_says_nothing_and_harms_nothing() -> None:
    whole = photo()
    start = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    bomb = start + b"\xff\xc0\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00"  # 65,535 × 65,535 pixels
    head = b'Content-Type: image/jpeg\nContent-Disposition: attachment; filename="b.jpg"\n'
    head += b"Content-Transfer-Encoding: base64\n\n"
    event = message(mixed(head + encodebytes(bomb + b"\0" * 9000), whole[: len(whole) // 3]))

    assert all(media.lat is None for media in event.media[:1])


def test_without_words_the_subject_speaks() -> None:
    assert message(mail("", subject="Re: Cay nga chan duong")).text == "Cay nga chan duong"
    only_photo = message(mixed(photo(), text="", subject=""))
    assert (only_photo.text, len(only_photo.media), only_photo.unsupported) == ("", 1, "")


QUOTED = "Vào 10:23, 13 thg 1, 2026, Tiếp nhận <tiepnhan@xa.example.vn> đã viết:\n> Xin gửi ảnh"


def answer(raw: bytes) -> bytes:
    ours = MARKS.message_id("7.3.0", "lan@example.vn", CODE)
    return f"In-Reply-To: <{ours}>\n".encode() + raw


def test_an_answer_that_is_only_a_photo_says_nothing_in_words() -> None:
    event = message(answer(mixed(photo(), text=f"\n\n{QUOTED}", subject="Re: Den hong")))

    assert (event.text, len(event.media), event.subject) == ("", 1, "Den hong")


def test_the_words_above_the_quote_stay_beside_the_photo() -> None:
    assert message(answer(mixed(photo(), text=f"Ảnh đây ạ\n\n{QUOTED}"))).text == "Ảnh đây ạ"


def test_an_answer_without_a_word_and_without_a_file_is_shown_whole() -> None:
    assert message(answer(mail(QUOTED))).text == QUOTED


def test_a_picture_inside_the_quote_is_no_photo_of_the_citizen() -> None:
    logo = (
        photo(gps=False, name="logo.jpg").replace(b"attachment", b"inline", 1).replace(b"\n", b"\nContent-ID: <q>\n", 1)
    )
    html = f"<div><br></div><div class=gmail_quote>{escape(QUOTED)}<blockquote><img src=cid:q>cũ</blockquote></div>"
    raw = mixed(photo(), logo, text=html).replace(b"text/plain", b"text/html", 1).replace(b"/mixed", b"/related", 1)
    event = message(answer(raw.replace(b"<LAN@", b"<lan@")))

    assert (event.text, [media.name for media in event.media]) == ("", ["IMG_1.jpg"])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Đèn hỏng.\nhttps://www.google.com/maps/@10.3601,106.3602,17z", "Đèn hỏng."),
        ("Đèn hỏng.\nhttps://www.openstreetmap.org/?mlat=10.3601&mlon=106.3602", "Đèn hỏng."),
        ("Đèn hỏng.\n10.3601, 106.3602", "Đèn hỏng."),
        ("https://maps.apple.com/?ll=10.3601,106.3602", "Den hong"),
    ],
)
def test_a_map_link_or_coordinates_are_the_place_and_the_rest_stays_text(text: str, rest: str) -> None:
    event = message(mail(text))

    assert (event.place, event.text, event.unsupported) == (Place(lat=10.3601, lon=106.3602), rest, "")


def test_a_link_behind_a_word_is_the_place_too() -> None:
    raw = mail('<p>Ở <a href="https://maps.google.com/?q=10.3601,106.3602">chỗ này</a> ạ</p>')
    event = message(raw.replace(b"text/plain", b"text/html"))

    assert (event.place, event.text) == (Place(lat=10.3601, lon=106.3602), "Ở chỗ này ạ")


def test_a_link_that_is_text_and_subject_at_once_is_said_once() -> None:
    link = "https://maps.google.com/?q=10.3601,106.3602"

    for raw in (mail(link, subject=link), mail("", subject=link)):
        event = message(raw)
        assert (event.place, event.text, event.subject) == (Place(lat=10.3601, lon=106.3602), "", "")


def test_an_answer_that_is_only_a_place_says_nothing_in_words() -> None:
    event = message(answer(mail(f"https://maps.google.com/?q=10.3601,106.3602\n\n{QUOTED}")))

    assert (event.place, event.text, event.unsupported) == (Place(lat=10.3601, lon=106.3602), "", "")


def test_a_place_in_the_quote_is_not_said_again() -> None:
    quote = f"{QUOTED}\n> https://maps.google.com/?q=10.3601,106.3602"

    assert message(answer(mail(f"Đúng vậy\n\n{quote}"))).place is None
    assert message(answer(mail(quote))).place is None


def test_a_mail_without_anything_is_answered_not_dropped() -> None:
    assert message(mail("", subject="")).unsupported == "empty mail"


def test_an_encrypted_mail_is_answered_not_dropped() -> None:
    raw = mail().replace(
        b"text/plain; charset=utf-8", b'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"'
    )
    raw = raw.partition(b"\n\n")[0] + b"\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
    raw += (
        b"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\nhQ\n-----END PGP MESSAGE-----\n--b--\n"
    )

    assert message(raw).unsupported == "encrypted mail"


def test_outlooks_wish_for_no_automatic_answers_does_not_make_a_person_a_machine() -> None:
    assert message(mail(more="X-Auto-Response-Suppress: DR, OOF, AutoReply\n")).peer == LAN


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 02 Mar 2026 15:59:00 +0700", datetime(2026, 3, 2, 8, 59, tzinfo=UTC)),
        ("Mon, 02 Mar 2026 16:05:00 +0700", NOW),
        ("Mon, 02 Mar 2099 15:00:00 +0700", NOW),
        ("Thu, 01 Jan 1970 00:00:00 +0000", NOW),
        ("hôm qua", NOW),
    ],
)
def test_an_absurd_date_becomes_the_hour_of_arrival(written: str, read: datetime) -> None:
    raw = mail().replace(b"Mon, 02 Mar 2026 15:00:00 +0700", written.encode())

    assert message(raw).sent_at == read


def test_only_the_trusted_server_says_who_wrote() -> None:
    raw = b"Authentication-Results: mx.xa.example.vn; dmarc=pass header.from=example.vn\n" + mail()

    assert message(raw, trusted="mx.xa.example.vn").authenticity is Authenticity.VERIFIED
    assert message(raw, trusted="mx.khac.vn").authenticity is Authenticity.UNVERIFIED
    assert message(raw).authenticity is Authenticity.UNVERIFIED


def test_files_left_with_the_provider_are_listed_only_where_we_left_them() -> None:
    raw = mail(more='X-Tiepnhan-Skipped: [["quay.mp4",60000000],\n ["b.mov",70000000]]\n')
    listed = message(raw, **{"x-reduced": "1"})

    assert [(media.name, media.size) for media in listed.media] == [("quay.mp4", 60_000_000), ("b.mov", 70_000_000)]
    assert message(raw).media == ()


# --- copies -----------------------------------------------------------------------------------------------------------


def test_copies_of_a_mail_are_one_and_a_reused_id_is_another() -> None:
    first = message(mail())
    relayed = message(b"Received: from a by b; Mon, 2 Mar 2026 15:00:01 +0700\nDelivered-To: x@y\n" + mail())
    recoded = message(mail().replace(b"\n", b"\r\n"))
    other = message(mail("Một nội dung khác."))

    assert first.external_id == relayed.external_id == recoded.external_id != other.external_id
    assert message(mixed(photo())).external_id != message(mixed(photo(gps=False))).external_id


# --- not for us -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)\n", "auto"),
        ("List-Id: <tin.example.vn>\nList-Unsubscribe: <mailto:x@y>\n", "list"),
    ],
)
def test_machines_and_lists_are_journaled_and_not_answered(more: str, kind: str) -> None:
    assert ignored(mail(more=more)).startswith(kind)


def test_our_own_mail_is_a_loop() -> None:
    assert ignored(mail(sender=ADDRESS)).startswith("loop")


def bounce(original: str, *, status: str = "5.1.1", recipient: str = "lan@example.vn") -> bytes:
    return (
        "From: Mail Delivery System <MAILER-DAEMON@xa.example.vn>\nReturn-Path: <>\nSubject: Undelivered Mail\n"
        f"To: {ADDRESS}\nDate: Mon, 02 Mar 2026 15:00:00 +0700\nMIME-Version: 1.0\nAuto-Submitted: auto-replied\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n'
        "Content-Type: text/plain\n\nSorry\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; {recipient}\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} no\n\n--b\nContent-Type: text/rfc822-headers\n\n"
        f"From: {ADDRESS}\nTo: {recipient}\nMessage-ID: <{original}>\nSubject: x\n\n--b--\n"
    ).encode()


def test_a_bounce_of_our_mail_stops_mailing_a_dead_address() -> None:
    (event,) = events(bounce(MARKS.message_id("7.3.0", "lan@example.vn", CODE)))

    assert isinstance(event, PeerChanged)
    assert (event.peer, event.status) == (LAN, PeerStatus.BLOCKED)


def test_a_bounce_that_anybody_could_have_written_changes_nothing() -> None:
    assert ignored(bounce("gw.1.0000000000000000@xa.example.vn")).startswith("bounce")
    assert ignored(bounce(MARKS.message_id("1", "khac@example.vn"))).startswith("bounce")


def test_a_full_mailbox_is_no_dead_address() -> None:
    assert ignored(bounce(MARKS.message_id("1", "lan@example.vn"), status="5.2.2")).startswith("bounce")


# --- anything at all --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n\r\n"])
def test_nothing_is_unreadable(raw: bytes) -> None:
    with pytest.raises(DeliveryUnreadable):
        events(raw)


def test_what_has_no_sender_is_journaled() -> None:
    assert ignored(b"Subject: x\n\nChao\n")


def test_damaged_mails_are_always_one_event() -> None:
    dice, whole = random.Random(7), mixed(photo(size=(64, 48)))
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 30)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        assert len(events(bytes(damaged[: dice.randint(1, len(damaged))]) or b"x")) == 1


def test_the_same_bytes_give_the_same_events() -> None:
    raw = mixed(photo())

    assert events(raw) == events(raw)
    assert events(raw, at=NOW + timedelta(hours=1))[0].external_id == events(raw)[0].external_id
