"""What we say, in Zalo's words and within its limits. zalo: sending, uploads."""

import io
import json
import random
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from channels.render import fit
from channels.zalo import FREE_WINDOW, PeerQuota, Quota, ZaloChannel
from channels.zalo.outgoing import CS
from channels.zalo.uploads import IMAGE_LIMIT, fit_image
from core.capabilities import Support
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.model import Ask, Choice, MediaKind, OutboundMedia, OutboundMessage, Peer
from core.ports import Answer, Channel, Describes, Greets, Recovers

SAMPLES = Path(__file__).parent / "samples"
AN = Peer(channel="zalo", account="oa", user="7")
GUEST = Peer(channel="zalo", account="oa", user="anonymous:g1:c1")
YES, NO = Choice(key="confirm", label="Gửi phản ánh"), Choice(key="edit", label="Sửa")
UPLOAD = "/v2.0/oa/upload/"
OK = {"error": 0, "data": {"message_id": "m1"}}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_bytes())


def picture(side: int = 8, kind: str = "PNG", *, noise: bool = False, mode: str = "RGB") -> bytes:
    image = Image.new(mode, (side, side))
    if noise:
        image = Image.frombytes("RGB", (side, side), random.Random(1).randbytes(side * side * 3))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


@pytest.fixture
def attach(blobs: Any) -> Callable[..., Any]:
    async def put(body: bytes, name: str, kind: MediaKind = MediaKind.IMAGE) -> OutboundMedia:
        return OutboundMedia(kind=kind, blob=await blobs.put(body), name=name)

    return put


def test_the_channel_keeps_all_its_promises(channel: ZaloChannel) -> None:
    whole: Channel = channel

    assert whole.name == "zalo" and whole.account == "oa"
    assert isinstance(channel, Greets) and isinstance(channel, Describes) and isinstance(channel, Recovers)


def test_limits_and_window_are_data(make_channel: Callable[..., ZaloChannel]) -> None:
    can = make_channel().capabilities

    assert (can.text.amount, can.max_choices, can.choice_label.amount) == (2000, 5, 100)
    assert (can.choices, can.ask_phone, can.ask_place) == (Support.NATIVE, Support.NATIVE, Support.AS_TEXT)
    assert (can.reply_window, FREE_WINDOW, can.replies_per_window) == (timedelta(days=7), timedelta(hours=48), 8)
    assert make_channel(free_replies=0).capabilities.replies_per_window is None
    assert not can.resend_is_safe


async def test_text_is_one_call_with_the_token_in_its_header(channel: ZaloChannel, zalo: Any) -> None:
    await channel.send(
        Peer(channel="zalo", account="oa", user="2512523625412515"), OutboundMessage(text="hello, world!")
    )

    (call,) = zalo.calls
    assert call.url == "https://openapi.zalo.me/v3.0/oa/message/cs"
    assert call.json == sample("rest_cs_text_request")
    assert call.headers == {"access_token": "A1", "content-type": "application/json"}


async def test_buttons_carry_a_payload_that_comes_back_as_a_choice(
    channel: ZaloChannel, zalo: Any, deliver: Callable[..., Any]
) -> None:
    await channel.send(AN, OutboundMessage(text="Gửi nhé?", choices=(YES, NO)))

    sent = zalo.calls[0].json["message"]
    buttons = sent["attachment"]["payload"]["buttons"]
    assert sent["text"] == "Gửi nhé?" and "template_type" not in sent["attachment"]["payload"]
    assert [(b["title"], b["type"]) for b in buttons] == [("Gửi phản ánh", "oa.query.hide"), ("Sửa", "oa.query.hide")]
    pressed = {
        "event_name": "user_send_text",
        "sender": {"id": "7"},
        "recipient": {"id": "9"},
        "message": {"msg_id": "m2", "text": buttons[0]["payload"]},
    }
    (event,) = channel.parse(deliver(pressed))
    assert getattr(event, "choice", "") == "confirm"


async def test_what_render_fits_stays_within_zalos_limits(channel: ZaloChannel, zalo: Any) -> None:
    long = OutboundMessage(
        text="Đường ngập. " * 500, choices=(Choice(key="k" * 996, label="ố" * 100), *[NO] * 4), key="m"
    )

    for part in fit(long, channel.capabilities):
        await channel.send(AN, part)

    assert len(zalo.calls) > 2
    for call in zalo.calls:
        assert len(call.json["message"]["text"]) <= 2000
    buttons = zalo.calls[-1].json["message"]["attachment"]["payload"]["buttons"]
    assert len(buttons) == 5 and len(buttons[0]["payload"]) == 1000 and len(buttons[0]["title"]) == 100


async def test_the_phone_question_is_zalos_own_form(channel: ZaloChannel, zalo: Any) -> None:
    await channel.send(AN, OutboundMessage(text="Xin số điện thoại.", ask=Ask.PHONE))

    (call,) = zalo.calls
    documented = sample("rest_cs_request_user_info_request")["message"]["attachment"]
    sent = call.json["message"]["attachment"]
    assert (sent["type"], sent["payload"].keys()) == (documented["type"], documented["payload"].keys())
    assert sent["payload"]["template_type"] == "request_user_info"
    (element,) = sent["payload"]["elements"]
    assert element["subtitle"] == "Xin số điện thoại." and len(element["title"]) <= 100 and element["image_url"]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(OutboundMessage(text="x" * 501, ask=Ask.PHONE), id="too long for the form"),
        pytest.param(
            OutboundMessage(text="Số?", ask=Ask.PHONE, choices=(NO,)), id="with buttons, which the form lacks"
        ),
        pytest.param(OutboundMessage(text="Ở đâu?", ask=Ask.PLACE), id="Zalo cannot ask for a place"),
    ],
)
async def test_otherwise_the_question_stays_text(channel: ZaloChannel, zalo: Any, message: OutboundMessage) -> None:
    await channel.send(AN, message)

    (call,) = zalo.calls
    assert call.json["message"]["text"] == message.text


async def test_a_visitor_of_the_web_widget_is_answered_with_both_ids(channel: ZaloChannel, zalo: Any) -> None:
    zalo.on("/v2.0/oa/message", OK)

    await channel.send(GUEST, OutboundMessage(text="Gửi nhé?", choices=(YES, NO), ask=Ask.PHONE))

    assert zalo.calls[0].path == "/v2.0/oa/message"
    assert zalo.calls[0].json == {
        "recipient": {"anonymous_id": "g1", "conversation_id": "c1"},
        "message": {"text": "Gửi nhé?\n1. Gửi phản ánh\n2. Sửa"},
    }
    assert zalo.calls[0].json["recipient"].keys() == sample("rest_anonymous_text_request")["recipient"].keys()


async def test_a_visitor_without_conversation_cannot_be_answered(channel: ZaloChannel, zalo: Any) -> None:
    with pytest.raises(Refused):
        await channel.send(Peer(channel="zalo", account="oa", user="anonymous:g1:"), OutboundMessage(text="a"))

    assert not zalo.calls


@pytest.mark.parametrize(
    ("quota", "read"),
    [
        pytest.param(
            {"quota_type": "reply", "remain": "8", "total": "8"},
            Quota(kind="reply", remain=8, total=8),
            id="free reply",
        ),
        pytest.param(
            {"quota_type": "purchase_quota", "remain": 4821}, Quota(kind="purchase_quota", remain=4821), id="num"
        ),
        pytest.param(
            {"quota_type": "sub_quota", "expired_date": "01/01/2027"},
            Quota(kind="sub_quota", expires="01/01/2027"),
            id="package",
        ),
        pytest.param(None, None, id="paid"),
        pytest.param({"remain": "many"}, None, id="no kind"),
    ],
)
async def test_the_receipt_says_what_the_message_cost(channel: ZaloChannel, zalo: Any, quota: Any, read: Any) -> None:
    zalo.on(CS, {"error": 0, "data": {"message_id": "m9", "sent_time": "1626926349402", "quota": quota}})

    receipt = await channel.send(AN, OutboundMessage(text="a"))

    assert (receipt.external_id, receipt.quota) == ("m9", read)
    assert receipt.at == datetime.fromtimestamp(1626926349.402, UTC)


async def test_zalo_itself_tells_how_much_may_still_be_said(channel: ZaloChannel, zalo: Any) -> None:
    zalo.on("/v3.0/oa/quota/message", sample("rest_quota_v3_user_response"))

    quota = await channel.quota(AN)

    assert quota == PeerQuota(last_interaction=datetime.fromtimestamp(1690184100, UTC), replies_left=8, replies_total=8)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"error": -230, "message": "?"}, Unreachable),
        ({"error": -201, "message": "?"}, Refused),
        ({"error": -204, "message": "?"}, Misconfigured),
        ({"error": 0, "data": {}}, Unknown),
        (Answer(503, b""), TryAgain),
        (TryAgain("no connection"), TryAgain),
        (Unknown("timeout"), Unknown),
    ],
)
async def test_a_failed_send_is_one_of_five_errors(
    channel: ZaloChannel, zalo: Any, answer: Any, error: type[SendError]
) -> None:
    zalo.on(CS, answer)

    with pytest.raises(SendError) as caught:
        await channel.send(AN, OutboundMessage(text="a"))

    assert type(caught.value) is error and len(zalo.calls) == 1


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_picture_takes_its_caption_along(channel: ZaloChannel, zalo: Any, attach: Any) -> None:
    zalo.on(UPLOAD + "image", sample("rest_upload_image_response"))

    await channel.send(AN, OutboundMessage(text="Đã vá xong", media=(await attach(picture(), "sau.png"),)))

    upload, send = zalo.calls
    assert upload.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="sau.png"\r\nContent-Type: image/png\r\n\r\n' + picture() in upload.body
    sent, documented = send.json["message"], sample("rest_cs_image_request")["message"]
    assert sent["text"] == "Đã vá xong"
    assert sent["attachment"]["payload"]["template_type"] == documented["attachment"]["payload"]["template_type"]
    assert sent["attachment"]["payload"]["elements"] == [
        {"media_type": "image", "attachment_id": "wESbL53O_shdvIPILC7iR_JpC552r_fjukKg"}
    ]


async def test_the_same_file_is_uploaded_once_while_zalo_keeps_it(
    make_channel: Callable[..., ZaloChannel], zalo: Any, attach: Any
) -> None:
    clock = [datetime(2026, 10, 5, tzinfo=UTC)]
    channel = make_channel(now=lambda: clock[0])
    zalo.on(UPLOAD + "image", sample("rest_upload_image_response"))
    message = OutboundMessage(text="", media=(await attach(picture(), "a.png"),))

    for days in (0, 5, 3):
        clock[0] += timedelta(days=days)
        await channel.send(AN, message)

    assert len(zalo.asked(UPLOAD + "image")) == 2


async def test_the_memory_for_uploads_is_bounded(
    channel: ZaloChannel, zalo: Any, attach: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.zalo.uploads._REMEMBERED", 1)
    zalo.on(UPLOAD + "image", sample("rest_upload_image_response"))

    for side in (8, 9, 8):
        await channel.send(AN, OutboundMessage(text="", media=(await attach(picture(side), "a.png"),)))

    assert len(zalo.asked(UPLOAD + "image")) == 3


async def test_an_expired_upload_is_made_again_once(channel: ZaloChannel, zalo: Any, attach: Any) -> None:
    zalo.on(
        UPLOAD + "image", {"error": 0, "data": {"attachment_id": "i1"}}, {"error": 0, "data": {"attachment_id": "i2"}}
    )
    zalo.on(CS, {"error": -100, "message": "attachment_id was expired"}, OK)

    await channel.send(AN, OutboundMessage(text="", media=(await attach(picture(), "a.png"),)))

    shown = [call.json["message"]["attachment"]["payload"]["elements"][0]["attachment_id"] for call in zalo.asked(CS)]
    assert shown == ["i1", "i2"]


async def test_a_file_goes_out_by_its_token_with_the_text_after_it(
    channel: ZaloChannel, zalo: Any, attach: Any
) -> None:
    zalo.on(UPLOAD + "file", {"error": 0, "data": {"token": "t1"}})
    pdf = await attach(b"%PDF-1.7", 'Kết "quả".pdf', MediaKind.FILE)

    await channel.send(AN, OutboundMessage(text="Kết quả", media=(pdf,)))

    upload, shown, said = zalo.calls
    assert 'filename="Kết _quả_.pdf"'.encode() in upload.body
    assert shown.json["message"] == {"attachment": {"type": "file", "payload": {"token": "t1"}}}
    assert said.json["message"] == {"text": "Kết quả"}


async def test_a_gif_says_its_size(channel: ZaloChannel, zalo: Any, attach: Any) -> None:
    zalo.on(UPLOAD + "gif", {"error": 0, "data": {"attachment_id": "g1"}})

    await channel.send(AN, OutboundMessage(text="", media=(await attach(picture(8, "GIF"), "a.gif"),)))

    (element,) = zalo.calls[-1].json["message"]["attachment"]["payload"]["elements"]
    assert element == {"media_type": "gif", "attachment_id": "g1", "width": 8, "height": 8}


async def test_half_a_message_is_never_repeated(channel: ZaloChannel, zalo: Any, attach: Any) -> None:
    zalo.on(UPLOAD + "image", sample("rest_upload_image_response"))
    zalo.on(CS, OK, TryAgain("no connection"))
    both = (await attach(picture(8), "a.png"), await attach(picture(9), "b.png"))

    with pytest.raises(Unknown, match="1 trên 2 phần"):
        await channel.send(AN, OutboundMessage(text="", media=both))


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        pytest.param(MediaKind.VIDEO, "a.mp4", b"x", id="video"),
        pytest.param(MediaKind.AUDIO, "a.mp3", b"x", id="audio"),
        pytest.param(MediaKind.FILE, "a.exe", b"x", id="program"),
        pytest.param(MediaKind.FILE, "a.pdf", b"x" * 5_000_001, id="file over 5 MB"),
        pytest.param(MediaKind.IMAGE, "a.png", b"no picture", id="no picture"),
        pytest.param(MediaKind.IMAGE, "a.gif", b"GIF89a", id="no gif"),
    ],
)
async def test_what_zalo_will_never_take_is_refused(
    channel: ZaloChannel, zalo: Any, attach: Any, kind: MediaKind, name: str, body: bytes
) -> None:
    zalo.on(UPLOAD + "gif", {"error": 0, "data": {"attachment_id": "g1"}})
    with pytest.raises(Refused):
        await channel.send(AN, OutboundMessage(text="a", media=(await attach(body, name, kind),)))

    assert not zalo.asked(CS)


async def test_a_lost_blob_is_refused(channel: ZaloChannel) -> None:
    with pytest.raises(Refused):
        await channel.send(
            AN, OutboundMessage(text="", media=(OutboundMedia(kind=MediaKind.IMAGE, blob="gone", name="a.png"),))
        )


async def test_a_lost_upload_answer_is_tried_again(channel: ZaloChannel, zalo: Any, attach: Any) -> None:
    zalo.on(UPLOAD + "image", Unknown("timeout"))

    with pytest.raises(TryAgain):
        await channel.send(AN, OutboundMessage(text="", media=(await attach(picture(), "a.png"),)))


def test_a_small_picture_passes_untouched() -> None:
    for kind, extension in (("PNG", "png"), ("JPEG", "jpg")):
        body = picture(8, kind)
        assert fit_image(body)[:2] == (body, extension)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(picture(900, noise=True), id="screenshot above 1 MB"),
        pytest.param(picture(8, "WEBP"), id="format Zalo does not take"),
        pytest.param(picture(8, "BMP", mode="P"), id="palette"),
    ],
)
def test_other_pictures_become_a_jpeg_below_the_limit(body: bytes) -> None:
    fitted, extension, mime = fit_image(body)

    assert (extension, mime) == ("jpg", "image/jpeg") and len(fitted) < IMAGE_LIMIT
    with Image.open(io.BytesIO(fitted)) as image:
        assert image.format == "JPEG"


def test_a_shrunk_picture_stands_upright() -> None:
    tall = Image.frombytes("RGB", (1200, 600), random.Random(1).randbytes(1200 * 600 * 3))
    exif = tall.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    out = io.BytesIO()
    tall.save(out, "JPEG", quality=98, exif=exif)

    with Image.open(io.BytesIO(fit_image(out.getvalue())[0])) as upright:
        assert upright.height > upright.width


@pytest.mark.parametrize("side", [8_000, 10_000, 60_000])
def test_a_picture_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))

    with pytest.raises(Refused):
        fit_image(bomb + picture()[33:])
