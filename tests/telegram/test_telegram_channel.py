"""What a bot sends, fetches and accepts, over a network that is a function."""

import json
import logging
from dataclasses import replace
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from channels.telegram import TelegramSettings
from channels.telegram.capabilities import PHOTO_LIMIT, UPLOAD_LIMIT
from channels.telegram.outgoing import upload
from core.errors import DeliveryRejected, Refused, SendError, TryAgain, Unknown
from core.model import Ask, Choice, MediaKind, MediaRef, OutboundMedia, OutboundMessage
from core.ports import Answer, Channel, Polled, Replies
from tests.channels.fakes import answer
from tests.telegram.bots import AN, SECRET, TOKEN, a_bot, an_answer, delivery, sample, settings

SEND, EDIT = Choice(key="rep:ok", label="Gửi"), Choice(key="rep:edit", label="Sửa")


def say(text: str = "Xin chào", **more: Any) -> OutboundMessage:
    return OutboundMessage(text=text, **more)


def test_a_bot_is_a_channel_that_can_be_polled_and_replies_in_its_200() -> None:
    bot, _ = a_bot()
    channel: Channel = bot

    assert isinstance(channel, Polled) and isinstance(channel, Replies)


# --- who may deliver --------------------------------------------------------------------------------------------------


def test_a_delivery_with_the_secret_is_taken() -> None:
    bot, _ = a_bot()

    bot.verify(delivery(b"{}", **{"x-telegram-bot-api-secret-token": SECRET}))


@pytest.mark.parametrize("given", ["", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper(), "bí mật", "\udcff"])
def test_a_delivery_with_another_secret_is_refused(given: str) -> None:
    bot, _ = a_bot()

    with pytest.raises(DeliveryRejected):
        bot.verify(delivery(b"{}", **{"x-telegram-bot-api-secret-token": given}))


def test_without_a_secret_no_webhook_is_taken() -> None:
    bot, _ = a_bot(polling=True, webhook_secret=SecretStr(""))

    for headers in ({}, {"x-telegram-bot-api-secret-token": ""}, {"x-polled-seal": ""}, {"x-polled-seal": "00"}):
        with pytest.raises(DeliveryRejected):
            bot.verify(delivery(b"{}", **headers))


# --- sending ----------------------------------------------------------------------------------------------------------


async def sent(message: OutboundMessage) -> dict[str, Any]:
    bot, http = a_bot()
    await bot.send(AN, message)
    (call,) = http.calls
    assert call.url == f"http://telegram.test/bot{TOKEN}/sendMessage"
    assert call.headers["content-type"] == "application/json"
    body: dict[str, Any] = call.json
    return body


async def test_a_plain_message_has_no_preview_no_markup_and_takes_old_keyboards_away() -> None:
    assert await sent(say("Mã <BN-1> *5*")) == {
        "chat_id": 5100000001,
        "text": "Mã <BN-1> *5*",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"remove_keyboard": True},
    }


async def test_choices_are_buttons_under_the_message() -> None:
    body = await sent(say(choices=(SEND, EDIT)))

    assert body["reply_markup"] == {
        "inline_keyboard": [
            [{"text": "Gửi", "callback_data": "rep:ok"}, {"text": "Sửa", "callback_data": "rep:edit"}],
        ]
    }


@pytest.mark.parametrize(
    ("labels", "widths"),
    [
        pytest.param(["1", "2", "3", "4", "5"], [5], id="ratings in one row"),
        pytest.param(["Gửi", "Sửa lại", "Huỷ"], [2, 1], id="words in twos"),
        pytest.param(["Ô nhiễm môi trường", "Khác"], [1, 1], id="long labels one by one"),
    ],
)
async def test_rows_are_as_wide_as_the_labels_allow(labels: list[str], widths: list[int]) -> None:
    body = await sent(say(choices=tuple(Choice(key=label, label=label) for label in labels)))

    assert [len(row) for row in body["reply_markup"]["inline_keyboard"]] == widths


async def test_a_place_is_asked_for_with_telegrams_own_button() -> None:
    body = await sent(say(ask=Ask.PLACE))

    ((button,),) = body["reply_markup"]["keyboard"]
    assert button["request_location"] is True
    assert body["reply_markup"]["one_time_keyboard"] is True


async def test_choices_beside_a_request_share_its_keyboard() -> None:
    body = await sent(say(ask=Ask.PHONE, choices=(Choice(key="skip", label="Bỏ qua"),)))

    (request,), (skip,) = body["reply_markup"]["keyboard"]
    assert request["request_contact"] is True
    assert skip == {"text": "Bỏ qua"}


async def test_a_receipt_carries_telegrams_id_and_time() -> None:
    bot, _ = a_bot(lambda call: an_answer("response-send-message-ok"))

    receipt = await bot.send(AN, say())

    assert receipt.external_id == "201"
    assert receipt.at == datetime.fromtimestamp(1767233110, UTC)


async def test_an_accepted_call_whose_answer_is_strange_is_unknown() -> None:
    bot, _ = a_bot(lambda call: answer(200, {"ok": True, "result": True}))

    with pytest.raises(Unknown):
        await bot.send(AN, say())


def form(headers: Any, body: bytes) -> dict[str, Any]:
    head = f"Content-Type: {headers['content-type']}\r\n\r\n".encode()
    parsed = BytesParser(policy=HTTP).parsebytes(head + body)
    return {str(part.get_param("name", header="content-disposition")): part for part in parsed.iter_parts()}


async def test_a_picture_travels_with_its_words_and_buttons() -> None:
    bot, http = a_bot()
    blob = await bot._blobs.put(b"\xff\xd8 jpeg")
    photo = OutboundMedia(kind=MediaKind.IMAGE, blob=blob, name="kết quả.jpg", mime="image/jpeg")

    await bot.send(AN, say("Đã sửa xong", media=(photo,), choices=(SEND,)))

    (call,) = http.calls
    parts = form(call.headers, call.body)
    assert call.url.endswith("/sendPhoto")
    assert parts["chat_id"].get_content().strip() == "5100000001"
    assert parts["caption"].get_payload(decode=True).decode().strip() == "Đã sửa xong"
    assert json.loads(parts["reply_markup"].get_payload(decode=True))["inline_keyboard"][0][0]["text"] == "Gửi"
    assert parts["photo"].get_payload(decode=True) == b"\xff\xd8 jpeg"


@pytest.mark.parametrize(
    ("mime", "size", "method"),
    [
        ("image/jpeg", 10, "sendPhoto"),
        ("image/jpeg", PHOTO_LIMIT + 1, "sendDocument"),
        ("image/heic", 10, "sendDocument"),
        ("video/mp4", PHOTO_LIMIT + 1, "sendVideo"),
        ("audio/ogg", 10, "sendDocument"),
        ("application/pdf", 10, "sendDocument"),
        ("", 10, "sendDocument"),
    ],
)
def test_a_file_goes_the_way_telegram_takes_it(mime: str, size: int, method: str) -> None:
    file = OutboundMedia(kind=MediaKind.FILE, blob="b", mime=mime)

    assert upload(1, say("", media=(file,)), bytes(size))[0] == method


def test_a_file_above_telegrams_limit_is_refused_before_it_leaves() -> None:
    file = OutboundMedia(kind=MediaKind.VIDEO, blob="b", mime="video/mp4")

    with pytest.raises(Refused):
        upload(1, say("", media=(file,)), bytes(UPLOAD_LIMIT + 1))


def test_a_file_name_cannot_break_out_of_its_field() -> None:
    file = OutboundMedia(kind=MediaKind.FILE, blob="b", name='a"\r\nX: 1\r\n\r\n', mime="text/html\r\nX: 1")

    _, body, headers = upload(1, say("", media=(file,)), b"x")

    part = form(headers, body)["document"]
    assert "X" not in part
    assert part.get_content_type() == "application/octet-stream"


async def test_a_file_that_left_our_store_is_refused() -> None:
    bot, http = a_bot()

    with pytest.raises(Refused):
        await bot.send(AN, say("", media=(OutboundMedia(kind=MediaKind.FILE, blob="gone"),)))

    assert http.calls == []


# --- a pressed button -------------------------------------------------------------------------------------------------


def test_a_pressed_button_is_answered_in_the_200() -> None:
    bot, _ = a_bot()

    body = bot.reply_inline(bot.parse(delivery(sample("callback-query"))))

    assert body is not None
    assert json.loads(body) == {"method": "answerCallbackQuery", "callback_query_id": "21904632950000000001"}


@pytest.mark.parametrize("name", ["message-text", "my-chat-member-blocked", "message-reaction"])
def test_nothing_else_is_answered_in_the_200(name: str) -> None:
    bot, _ = a_bot()

    assert bot.reply_inline(bot.parse(delivery(sample(name)))) is None


# --- fetching ---------------------------------------------------------------------------------------------------------

PHOTO = MediaRef(kind=MediaKind.IMAGE, key="AgAC", mime="image/jpeg", size=3)


def files(download: Answer | Exception, lookup: Answer | Exception | None = None) -> Any:
    found = an_answer("response-get-file-ok") if lookup is None else lookup
    return lambda call: found if call.url.endswith("/getFile") else download


async def test_a_file_is_looked_up_and_downloaded() -> None:
    bot, http = a_bot(files(Answer(status=200, body=b"jpg")))

    media = await bot.fetch(PHOTO)

    lookup, download = http.calls
    assert (media.body, media.mime, media.name) == (b"jpg", "image/jpeg", "file_12.jpg")
    assert lookup.json == {"file_id": "AgAC"}
    assert download.url == f"http://telegram.test/file/bot{TOKEN}/photos/file_12.jpg"


async def test_the_senders_file_name_is_kept() -> None:
    bot, _ = a_bot(files(Answer(status=200, body=b"x")))

    assert (await bot.fetch(replace(PHOTO, name="IMG_2026.HEIC"))).name == "IMG_2026.HEIC"


async def test_a_file_above_20_mb_is_refused_without_asking() -> None:
    bot, http = a_bot()

    with pytest.raises(Refused, match="50 MB"):
        await bot.fetch(replace(PHOTO, size=50 * 2**20))

    assert http.calls == []


@pytest.mark.parametrize(
    ("responder", "error"),
    [
        pytest.param(
            files(answer(200, ""), an_answer("response-error-400-file-too-big")), Refused, id="too big by Telegram"
        ),
        pytest.param(files(answer(200, ""), an_answer("response-error-400-wrong-file-id")), Refused, id="gone"),
        pytest.param(files(answer(200, ""), answer(200, "<html>")), TryAgain, id="half an answer"),
        pytest.param(files(answer(200, ""), Unknown("timeout")), TryAgain, id="look-up timed out"),
        pytest.param(files(Unknown("timeout")), TryAgain, id="download timed out"),
        pytest.param(files(answer(502, "<html>")), TryAgain, id="file server down"),
        pytest.param(files(answer(404, "")), Refused, id="no such file"),
        pytest.param(files(Answer(status=200, body=bytes(20 * 2**20 + 1))), Refused, id="longer than announced"),
    ],
)
async def test_a_failed_download_is_never_unknown(responder: Any, error: type[Exception]) -> None:
    bot, _ = a_bot(responder)

    with pytest.raises(error):
        await bot.fetch(PHOTO)


@pytest.mark.parametrize("name", ["401", "404", "403-blocked", "400-wrong-file-id", "502-html"])
async def test_no_error_shows_the_token(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    bot, _ = a_bot(lambda call: an_answer(f"response-error-{name}"))

    with pytest.raises(SendError) as on_send:
        await bot.send(AN, say())
    with pytest.raises(SendError) as on_fetch:
        await bot.fetch(PHOTO)

    assert TOKEN not in f"{on_send.value!r}{on_send.value}{on_fetch.value!r}{on_fetch.value}{caplog.text}"


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"bot_token": SecretStr("no-token")}, id="token of another form"),
        pytest.param({"webhook_secret": SecretStr("")}, id="webhook without a secret"),
        pytest.param({"webhook_secret": SecretStr("có dấu")}, id="a secret Telegram refuses"),
        pytest.param({"webhook_secret": SecretStr("x" * 257)}, id="a secret that is too long"),
        pytest.param({"polling": True, "webhook_secret": SecretStr("???")}, id="a bad secret beside polling"),
        pytest.param({"poll_seconds": 0}, id="polling without a pause"),
        pytest.param({"tokn": "x"}, id="a misspelt key"),
    ],
)
def test_settings_that_cannot_work_stop_the_program(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**changes)


def test_settings_do_not_print_their_secrets() -> None:
    shown = repr(settings())
    with pytest.raises(ValidationError) as caught:
        TelegramSettings.model_validate({"account": "a", "bot_token": "bad token", "webhook_secret": "hunter2 ?"})

    assert TOKEN not in shown and SECRET not in shown
    assert "hunter2" not in str(caught.value) and "bad token" not in str(caught.value)
