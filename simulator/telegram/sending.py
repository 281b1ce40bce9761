"""Methods that put something on a phone or change what is there."""

from hashlib import sha256
from typing import Any

from simulator import media
from simulator.telegram import entities, markup
from simulator.telegram.bot import Bot
from simulator.telegram.call import Call, Upload
from simulator.telegram.errors import TelegramError, bad
from simulator.world import Bubble, Json, Phone, StoredFile

MAX_TEXT, MAX_CAPTION, MAX_RAW, MAX_ENTITIES = 4096, 1024, 32 * 1024, 100
MAX_PHOTO, MAX_FILE = 10 * 1024 * 1024, 50 * 1024 * 1024
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)
# method → (field, file_id prefix, what the phone shows)
KINDS = {
    "sendDocument": ("document", "BQACAgUAAxkB", "file"),
    "sendVideo": ("video", "BAACAgUAAxkB", "video"),
    "sendAnimation": ("animation", "CgACAgUAAxkB", "video"),
    "sendAudio": ("audio", "CQACAgUAAxkB", "voice"),
    "sendVoice": ("voice", "AwACAgUAAxkB", "voice"),
    "sendSticker": ("sticker", "CAACAgUAAxkB", "sticker"),
}
EXTRAS: dict[str, Json] = {
    "video": {"duration": 0, "width": 640, "height": 480},
    "animation": {"duration": 0, "width": 640, "height": 480},
    "audio": {"duration": 0},
    "voice": {"duration": 0},
    "sticker": {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False},
}


class Sending:
    """Each method takes a Call and returns the `result` of the API; TelegramError is the refusal."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    # -- whom --------------------------------------------------------------------------------

    def chat(self, call: Call, name: str = "chat_id") -> Phone:
        phone = self._bot.world.person("telegram", call.text(name))
        if not call.text(name):
            raise bad("chat_id is empty")
        # A bot cannot write first.
        if phone is None or not phone.following:
            raise bad("chat not found")
        if phone.blocked:
            raise TelegramError(403, "Forbidden: bot was blocked by the user")
        return phone

    def message(self, call: Call, phone: Phone, why: str = "message to edit not found") -> Bubble:
        bubble = phone.find(call.text("message_id"))
        if bubble is None or bubble.deleted:
            raise bad(why)
        return bubble

    # -- text --------------------------------------------------------------------------------

    async def send_message(self, call: Call) -> Json:
        phone = self.chat(call)
        text, marks = self._text(call, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            raise bad("message text is empty")
        content: Json = {"text": text} | ({"entities": marks} if marks else {})
        return self._show(call, phone, "text", content, text=text)

    async def edit_text(self, call: Call) -> Json:
        phone = self.chat(call)
        bubble = self.message(call, phone)
        text, marks = self._text(call, "text", MAX_TEXT, "message is too long")
        if not text.strip():
            raise bad("message text is empty")
        if "text" not in bubble.raw:
            raise bad("there is no text in the message to edit")
        return self._edit(call, phone, bubble, "text", text, marks)

    async def edit_caption(self, call: Call) -> Json:
        phone = self.chat(call)
        bubble = self.message(call, phone)
        text, marks = self._text(call, "caption", MAX_CAPTION, "message caption is too long")
        return self._edit(call, phone, bubble, "caption", text, marks)

    async def edit_markup(self, call: Call) -> Json:
        phone = self.chat(call)
        bubble = self.message(call, phone)
        return self._edit(call, phone, bubble, "", "", [])

    def _edit(self, call: Call, phone: Phone, bubble: Bubble, name: str, text: str, marks: list[Json]) -> Json:
        if bubble.sender != "bot":
            raise bad("message can't be edited")
        raw = {k: v for k, v in bubble.raw.items() if k not in {"reply_markup", "edit_date"}}
        before = {k: v for k, v in bubble.raw.items() if k != "edit_date"}
        if name:
            raw[name] = text
            raw.pop("entities" if name == "text" else "caption_entities", None)
            if marks:
                raw["entities" if name == "text" else "caption_entities"] = marks
        buttons: markup.Rows = []
        if given := call.nested("reply_markup"):
            buttons = markup.inline(given)
            if buttons:
                raw["reply_markup"] = given
        if raw == before:
            raise bad(NOT_MODIFIED)
        bubble.buttons, bubble.edited_at = buttons, self._bot.world.clock.now()
        if name:
            bubble.text = text
        bubble.raw = raw | {"edit_date": int(bubble.edited_at)}
        self._bot.world.bubble_changed(phone, bubble)
        return bubble.raw

    async def delete(self, call: Call) -> bool:
        phone = self.chat(call)
        bubble = self.message(call, phone, "message to delete not found")
        bubble.deleted = True
        self._bot.world.bubble_changed(phone, bubble)
        return True

    # -- media -------------------------------------------------------------------------------

    async def send_photo(self, call: Call) -> Json:
        phone = self.chat(call)
        caption, marks = self._text(call, "caption", MAX_CAPTION, "message caption is too long")
        content, shown = self._photo(call, call.values.get("photo", "photo"))
        return self._show(call, phone, "image", content | _captioned(caption, marks), text=caption, media=shown)

    async def send_file(self, call: Call) -> Json:
        phone = self.chat(call)
        name, prefix, kind = KINDS[call.method]
        caption, marks = self._text(call, "caption", MAX_CAPTION, "message caption is too long")
        content, shown = self._file(call, call.values.get(name, name), name, prefix)
        if name == "sticker":
            caption = "🙂"
        return self._show(call, phone, kind, content | _captioned(caption, marks), text=caption, media=shown)

    async def send_album(self, call: Call) -> list[Json]:
        phone = self.chat(call)
        items = call.nested("media")
        if not isinstance(items, list) or not 2 <= len(items) <= 10:
            raise bad("there must be 2-10 media to send as an album" if items else "media is empty")
        made = []
        for item in items:
            inner = Call(call.method, {**item, "parse_mode": item.get("parse_mode", "")}, call.files)
            caption, marks = self._text(inner, "caption", MAX_CAPTION, "message caption is too long")
            photo = item.get("type") == "photo"
            content, shown = (
                self._photo(call, item.get("media"))
                if photo
                else self._file(call, item.get("media"), "document", "BQACAgUAAxkB")
            )
            made.append((photo, content | _captioned(caption, marks), caption, shown))
        group = str(13_900_000_000_000_000 + self._bot.world.next_seq())
        return [
            self._bot.show(
                phone, "image" if photo else "file", {"media_group_id": group, **content}, text=caption, media=shown
            ).raw
            for photo, content, caption, shown in made
        ]

    def _photo(self, call: Call, reference: Any) -> tuple[Json, Json]:
        upload, known = self._source(call, reference, MAX_PHOTO)
        data = upload.content if upload else known.content if known else None
        if data is None:
            return {"photo": [_remote("AgACAgUAAxkB", reference) | {"width": 640, "height": 480}]}, {"url": reference}
        size = media.size_of(data)
        if size is None:
            raise bad("IMAGE_PROCESS_FAILED")
        if sum(size) > 10_000 or max(size) > 20 * min(size):
            raise bad("PHOTO_INVALID_DIMENSIONS")
        sizes = self._bot.photo_sizes(data) or []
        file = self._bot.file(sizes[-1]["file_id"])
        return {"photo": sizes}, self._shown(file)

    def _file(self, call: Call, reference: Any, name: str, prefix: str) -> tuple[Json, Json]:
        upload, known = self._source(call, reference, MAX_FILE)
        if upload:
            known = self._bot.attach(upload.content, upload.name, upload.mime)
        extras = EXTRAS.get(name, {})
        if known is None:
            return {name: _remote(prefix, reference) | extras}, {"url": reference}
        body = self._bot.file_object(prefix, known) | extras
        if name not in {"voice", "sticker"}:
            body |= {"file_name": known.name, "mime_type": known.mime}
        return {name: body}, self._shown(known)

    def _source(self, call: Call, reference: Any, limit: int) -> tuple[Upload | None, StoredFile | None]:
        """An uploaded part, a known file, or neither for a URL."""
        if upload := call.upload(reference):
            if len(upload.content) > limit:
                raise TelegramError(413, "Request Entity Too Large")
            if not upload.content:
                raise bad("file must be non-empty")
            return upload, None
        if isinstance(reference, str) and reference.startswith(("http://", "https://")):
            return None, None
        known = self._bot.file(reference) if isinstance(reference, str) else None
        if known is None:
            raise bad("wrong file identifier/HTTP URL specified")
        return None, known

    def _shown(self, file: StoredFile | None) -> Json:
        if file is None:
            return {}
        return self._bot.shown(file)

    # -- places, cards, copies -----------------------------------------------------------------

    async def send_place(self, call: Call) -> Json:
        phone = self.chat(call)
        place = {"latitude": call.real("latitude"), "longitude": call.real("longitude")}
        content: Json = {"location": place}
        if call.method == "sendVenue":
            content["venue"] = {"location": place, "title": call.text("title"), "address": call.text("address")}
        return self._show(call, phone, "location", content, place=place | {"title": call.text("title")})

    async def send_contact(self, call: Call) -> Json:
        phone = self.chat(call)
        card = {"phone_number": call.text("phone_number"), "first_name": call.text("first_name")}
        shown = {"name": card["first_name"], "number": card["phone_number"]}
        return self._show(call, phone, "contact", {"contact": card}, contact=shown)

    async def copy(self, call: Call) -> Json:
        phone, source = self.chat(call), self.chat(call, "from_chat_id")
        original = self.message(call, source, "message to copy not found")
        envelope = {"message_id", "from", "chat", "date", "reply_markup", "edit_date", "reply_to_message"}
        content = {k: v for k, v in original.raw.items() if k not in envelope}
        if call.method == "forwardMessage":
            content["forward_origin"] = {
                "type": "user", "sender_user": original.raw["from"], "date": original.raw["date"],
            }  # fmt: skip
        made = self._show(
            call, phone, original.kind, content, text=original.text, media=original.media, place=original.place,
            contact=original.contact,
        )  # fmt: skip
        return made if call.method == "forwardMessage" else {"message_id": made["message_id"]}

    # -- shared --------------------------------------------------------------------------------

    def _show(self, call: Call, phone: Phone, kind: str, content: Json, **shown: Any) -> Json:
        given = call.nested("reply_markup")
        if isinstance(given, dict) and "inline_keyboard" in given:
            shown["buttons"] = markup.inline(given)
            if shown["buttons"]:
                content = content | {"reply_markup": given}
        reply = call.nested("reply_parameters") or {}
        reply_to = str(reply.get("message_id") or call.text("reply_to_message_id"))
        if reply_to and phone.find(reply_to) is None and not reply.get("allow_sending_without_reply"):
            raise bad("message to be replied not found")
        keyboard = markup.keyboard(given) if isinstance(given, dict) and "keyboard" in given else None
        if isinstance(given, dict) and given.get("remove_keyboard"):
            keyboard = []
        if keyboard is not None:
            phone.keyboard, phone.keyboard_once = keyboard, bool(given.get("one_time_keyboard"))
            self._bot.world.save_phone(phone)
        phone.typing_until = 0.0
        return self._bot.show(phone, kind, content, reply_to=reply_to, **shown).raw

    def _text(self, call: Call, name: str, limit: int, too_long: str) -> tuple[str, list[Json]]:
        raw = call.text(name)
        if len(raw.encode()) > MAX_RAW:
            raise bad(too_long)
        given = call.nested("entities" if name == "text" else "caption_entities")
        text, marks = (raw, given) if given else entities.parse(raw, call.text("parse_mode"))
        if entities.units(text) > limit:
            raise bad(too_long)
        return text, marks[:MAX_ENTITIES]


def _captioned(caption: str, marks: list[Json]) -> Json:
    return ({"caption": caption} if caption else {}) | ({"caption_entities": marks} if marks else {})


def _remote(prefix: str, url: str) -> Json:
    """A file that Telegram would have fetched from the internet; here it stays where it is."""
    name = sha256(url.encode()).hexdigest()[:32]
    return {"file_id": prefix + name, "file_unique_id": "AQAD" + name[:12], "file_size": 0}
