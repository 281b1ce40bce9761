"""Independent clients work unmodified: aiogram and python-telegram-bot."""

import asyncio
import contextlib
from typing import Any

import pytest
from aiogram import Bot, Dispatcher, F, types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.error import BadRequest, Forbidden, RetryAfter
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, MessageHandler, filters

from simulator import media
from simulator.config import TelegramConfig

TOKEN = TelegramConfig().token


@contextlib.asynccontextmanager
async def aiogram_bot(url: str, token: str = TOKEN) -> Any:
    session = AiohttpSession(api=TelegramAPIServer.from_base(f"{url}/telegram"))
    async with Bot(token, session=session) as bot:
        yield bot


def inline(*labels: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text=x, callback_data=f"do:{x}")] for x in labels]
    )


async def test_aiogram_polls_answers_and_handles_a_button(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    dispatcher = Dispatcher()

    @dispatcher.message(F.text)
    async def heard(message: types.Message) -> None:
        await message.answer(f"<b>Đã nhận</b>: {message.text}", parse_mode="HTML", reply_markup=inline("Gửi", "Sửa"))

    @dispatcher.callback_query()
    async def pressed(query: types.CallbackQuery) -> None:
        await query.answer("Đang gửi")
        assert isinstance(query.message, types.Message)
        await query.message.edit_text("Đã gửi")

    async with aiogram_bot(running.url) as bot:
        polling = asyncio.create_task(dispatcher.start_polling(bot, polling_timeout=5, handle_signals=False))
        await running.control(f"/phones/{phone.id}/text", text="Đèn đường hỏng")
        await until(running, phone, lambda: len(phone.bubbles) == 2)
        answer = phone.bubbles[-1]
        assert (answer.text, [b.text for row in answer.buttons for b in row]) == (
            "Đã nhận: Đèn đường hỏng",
            ["Gửi", "Sửa"],
        )
        assert answer.raw["entities"] == [{"offset": 0, "length": 7, "type": "bold"}]

        await running.control(f"/phones/{phone.id}/press", button="Gửi")
        await until(running, phone, lambda: answer.text == "Đã gửi")
        assert phone.alert == "Đang gửi"
        assert answer.buttons == []

        await dispatcher.stop_polling()
        await polling


async def until(running: Any, phone: Any, true: Any) -> None:
    async with asyncio.timeout(10):
        while not true():
            await running.simulator.world.wait_for_change(phone, 0.5)


async def test_aiogram_reads_every_kind_of_message(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    at = f"/phones/{phone.id}"
    await running.control(f"{at}/start", payload="qr-vu-ninh_01")
    await running.control(f"{at}/photo", sample="den", caption="tối om")
    await running.control(f"{at}/document", sample="rac", name="goc.jpg")
    await running.control(f"{at}/album", photos=[{"sample": "rac"}, {"sample": "den"}], caption="hai góc")
    await running.control(f"{at}/location", latitude=10.36, longitude=106.36)
    await running.control(f"{at}/location", latitude=10.36, longitude=106.36, title="Chợ Mỹ Tho")
    await running.control(f"{at}/contact")
    await running.control(f"{at}/contact", name="Hàng xóm", number="+84987654321")
    await running.control(f"{at}/voice", seconds=6)
    await running.control(f"{at}/video", sample="den")
    await running.control(f"{at}/sticker", sticker="👍")
    first = phone.bubbles[0].platform_id
    await running.control(f"{at}/edit", message=first, text="/start khac")
    await running.control(f"{at}/block")
    await running.control(f"{at}/unblock")

    async with aiogram_bot(running.url) as bot:
        updates = await bot.get_updates()

    kinds = [u.message.content_type.value if u.message else u.event_type for u in updates]
    assert kinds == [
        "text", "photo", "document", "photo", "photo", "location", "venue", "contact", "contact", "voice", "video",
        "sticker", "edited_message", "my_chat_member", "my_chat_member",
    ]  # fmt: skip
    messages = [u.message for u in updates if u.message]
    assert messages[0].text == "/start qr-vu-ninh_01"
    assert messages[3].media_group_id == messages[4].media_group_id
    own, other = messages[7].contact, messages[8].contact
    assert own and own.user_id == int(phone.user_id) and other and other.user_id is None
    assert [u.update_id for u in updates] == list(range(updates[0].update_id, updates[0].update_id + len(updates)))


async def test_aiogram_sends_everything_a_bot_of_ours_needs(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    chat = int(phone.user_id)
    picture = BufferedInputFile(media.sample("den"), "den.jpg")
    async with aiogram_bot(running.url) as bot:
        me = await bot.get_me()
        photo = await bot.send_photo(chat, picture, caption="ảnh")
        document = await bot.send_document(chat, BufferedInputFile(b"%PDF-1.4 x", "a.pdf"))
        album = await bot.send_media_group(chat, [InputMediaPhoto(media=picture), InputMediaPhoto(media=picture)])
        again = await bot.send_photo(chat, photo.photo[-1].file_id)
        place = await bot.send_location(chat, 10.36, 106.36)
        keys = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="Gửi số", request_contact=True)]])
        await bot.send_message(chat, "số điện thoại?", reply_markup=keys)
        keyboard = [button.kind for row in phone.keyboard for button in row]
        await bot.send_message(chat, "xong", reply_markup=ReplyKeyboardRemove())
        reply = await bot.send_message(
            chat, "trả lời", reply_parameters=types.ReplyParameters(message_id=place.message_id)
        )
        await bot.send_chat_action(chat, "typing")
        copied = await bot.copy_message(chat, chat, document.message_id)
        await bot.edit_message_reply_markup(chat_id=chat, message_id=reply.message_id, reply_markup=inline("A"))
        await bot.delete_message(chat, copied.message_id)
        await bot.set_my_commands([BotCommand(command="start", description="Bắt đầu")], language_code="vi")
        commands = await bot.get_my_commands(language_code="vi")
        whole = await bot.get_chat(chat)
        file = await bot.get_file(photo.photo[-1].file_id)
        data = await bot.download_file(file.file_path)

    assert me.username == TelegramConfig().username
    assert len(photo.photo) == 3 and again.photo[-1].width == 640 and len(album) == 2
    assert keyboard == ["contact"] and phone.keyboard == []
    assert reply.reply_to_message and reply.reply_to_message.location
    assert commands[0].command == "start" and whole.first_name == phone.name
    assert data and media.size_of(data.read()) == (640, 480)
    assert phone.find(str(copied.message_id)).deleted


@pytest.mark.parametrize(
    ("text", "options", "why"),
    [
        ("", {}, "message text is empty"),
        ("ơ" * 4097, {}, "message is too long"),
        ("🌊" * 2049, {}, "message is too long"),
        ("<b0>x</b0>", {"parse_mode": "HTML"}, "can't parse entities: Unsupported start tag \"b0\" at byte offset 0"),
        ("<b>x", {"parse_mode": "HTML"}, "Can't find end tag corresponding to start tag \"b\""),
        ("số 12. Nguyễn", {"parse_mode": "MarkdownV2"}, "Character '.' is reserved"),
        ("x", {"reply_markup": inline("ệ" * 21)}, "BUTTON_DATA_INVALID"),
    ],
)  # fmt: skip
async def test_telegram_refuses_what_breaks_a_limit(start: Any, text: str, options: dict[str, Any], why: str) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    async with aiogram_bot(running.url) as bot:
        with pytest.raises(TelegramBadRequest) as refused:
            await bot.send_message(int(phone.user_id), text, **options)
    assert why in refused.value.message
    assert [bubble.sender for bubble in phone.bubbles] == ["citizen"]


async def test_the_longest_text_passes_after_its_markup_is_taken_out(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    async with aiogram_bot(running.url) as bot:
        sent = await bot.send_message(int(phone.user_id), f"<b>{'ơ' * 4096}</b>", parse_mode="HTML")
    assert len(sent.text) == 4096


async def test_aiogram_sees_the_errors_it_has_names_for(start: Any) -> None:
    running = await start()
    phone, stranger = running.simulator.join("telegram"), running.simulator.join("telegram")
    chat = int(phone.user_id)
    running.simulator.telegram.follows(phone)
    async with aiogram_bot(running.url) as bot:
        sent = await bot.send_message(chat, "một")
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await bot.edit_message_text("một", chat_id=chat, message_id=sent.message_id)
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await bot.send_message(int(stranger.user_id), "không được viết trước")
        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await bot.answer_callback_query("1")
        with pytest.raises(TelegramBadRequest, match="wrong file_id"):
            await bot.get_file("AgACnothing")
        running.simulator.telegram.blocks(phone)
        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await bot.send_message(chat, "hai")
        await running.control(
            "/faults", platform="telegram", method="sendMessage", action="status", status=429, retry_after=7
        )
        with pytest.raises(TelegramRetryAfter) as slow:
            await bot.send_message(chat, "ba")
        assert slow.value.retry_after == 7
        await running.http.delete(f"{running.url}/control/faults")
        await running.control("/faults", platform="telegram", method="sendMessage", action="status", status=500)
        with pytest.raises(TelegramServerError):
            await bot.send_message(chat, "bốn")
    async with aiogram_bot(running.url, "7000000001:AAwrong") as bot:
        with pytest.raises(TelegramUnauthorizedError):
            await bot.get_me()


async def test_a_file_over_20_megabytes_is_announced_but_not_handed_out(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    await running.control(f"/phones/{phone.id}/document", sample="den", name="clip.zip", claimed_size=52_428_800)
    async with aiogram_bot(running.url) as bot:
        (update,) = await bot.get_updates()
        assert update.message and update.message.document and update.message.document.file_size == 52_428_800
        with pytest.raises(TelegramBadRequest, match="file is too big"):
            await bot.get_file(update.message.document.file_id)


async def test_a_send_that_was_accepted_but_never_answered_is_on_the_phone(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    await running.control("/faults", platform="telegram", method="sendMessage", action="accept_then_drop", times=1)
    async with aiogram_bot(running.url) as bot:
        with pytest.raises(TelegramNetworkError):
            await bot.send_message(int(phone.user_id), "có thể đã đến")
    assert phone.bubbles[-1].text == "có thể đã đến"


async def test_a_second_poller_ends_the_first(start: Any) -> None:
    running = await start()
    async with aiogram_bot(running.url) as one, aiogram_bot(running.url) as two:
        first = asyncio.create_task(one.get_updates(timeout=10))
        await running.bot("getMe")
        second = asyncio.create_task(two.get_updates(timeout=10))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
            await first
        phone = running.simulator.join("telegram")
        running.simulator.telegram.says(phone, "chào")
        assert len(await second) == 1


async def test_polling_is_refused_while_a_webhook_is_set(start: Any, receiver: Any) -> None:
    running = await start()
    async with aiogram_bot(running.url) as bot:
        await bot.set_webhook(receiver.url, secret_token="s3cret", allowed_updates=["message"])
        with pytest.raises(TelegramConflictError, match="webhook is active"):
            await bot.get_updates()
        info = await bot.get_webhook_info()
        assert info.url == receiver.url and info.allowed_updates == ["message"]
        await bot.delete_webhook()
        assert await bot.get_updates() == []


async def test_aiogram_takes_a_webhook_with_its_secret(start: Any, receiver: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    async with aiogram_bot(running.url) as bot:
        await bot.set_webhook(receiver.url, secret_token="s3cret")
        await running.control(f"/phones/{phone.id}/photo", sample="o-ga")
        (delivery,) = await receiver.until(1)
        update = types.Update.model_validate(delivery.json, context={"bot": bot})
    assert delivery.headers["x-telegram-bot-api-secret-token"] == "s3cret"
    assert update.message and update.message.photo and update.message.photo[-1].width == 640


@pytest.mark.parametrize("secret", ["có dấu", "a b", "x" * 257])
async def test_a_secret_token_of_other_letters_is_refused(start: Any, receiver: Any, secret: str) -> None:
    running = await start()
    answer = await running.bot("setWebhook", url=receiver.url, secret_token=secret)
    assert (answer["ok"], answer["error_code"]) == (False, 400)


async def test_python_telegram_bot_polls_and_answers(start: Any) -> None:
    running = await start()
    phone = running.simulator.join("telegram")
    base = f"{running.url}/telegram"
    app = ApplicationBuilder().token(TOKEN).base_url(f"{base}/bot").base_file_url(f"{base}/file/bot").build()
    sizes: list[int] = []

    async def heard(update: Any, context: Any) -> None:
        await update.message.reply_text(
            "Ông/Bà gửi ảnh?", reply_markup={"inline_keyboard": [[{"text": "Bỏ qua", "callback_data": "skip"}]]}
        )

    async def saw(update: Any, context: Any) -> None:
        file = await update.message.photo[-1].get_file()
        sizes.append(len(await file.download_as_bytearray()))
        await update.message.reply_text("Đã nhận ảnh")

    async def pressed(update: Any, context: Any) -> None:
        await update.callback_query.answer()
        await update.callback_query.edit_message_text("Đã bỏ qua")

    app.add_handler(MessageHandler(filters.TEXT, heard))
    app.add_handler(MessageHandler(filters.PHOTO, saw))
    app.add_handler(CallbackQueryHandler(pressed))
    async with app:
        await app.start()
        await app.updater.start_polling(timeout=5)
        await running.control(f"/phones/{phone.id}/text", text="Đèn đường hỏng")
        await until(running, phone, lambda: len(phone.bubbles) == 2)
        await running.control(f"/phones/{phone.id}/press", button="skip")
        await until(running, phone, lambda: phone.bubbles[1].text == "Đã bỏ qua")
        await running.control(f"/phones/{phone.id}/photo", sample="rac")
        await until(running, phone, lambda: phone.bubbles[-1].text == "Đã nhận ảnh")
        await app.updater.stop()
        await app.stop()
    assert sizes[0] > 1000


async def test_python_telegram_bot_sees_the_errors_it_has_names_for(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    running = await start()
    phone = running.simulator.join("telegram")
    running.simulator.telegram.follows(phone)
    app = ApplicationBuilder().token(TOKEN).base_url(f"{running.url}/telegram/bot").updater(None).build()
    chat = int(phone.user_id)
    async with app:
        with pytest.raises(BadRequest, match="Message text is empty"):
            await app.bot.send_message(chat, " ")
        await running.control("/faults", platform="telegram", action="status", status=429, retry_after=3, times=1)
        with pytest.raises(RetryAfter):
            await app.bot.send_message(chat, "chào")
        running.simulator.telegram.blocks(phone)
        with pytest.raises(Forbidden):
            await app.bot.send_message(chat, "chào")
