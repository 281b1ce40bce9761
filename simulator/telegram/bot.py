"""The bot's chats as people see them: what citizens do, the updates that follow, and what the bot may show them."""

from typing import Any

from simulator import media
from simulator.config import SimulatorConfig
from simulator.telegram import entities
from simulator.telegram.updates import CALLBACK_LIFE, Updates
from simulator.world import Bubble, Button, Json, Phone, StoredFile, World

FIRST_USER = 5_100_000_000  # ids no longer fit into 32 bits
PHOTO_SIDES = (90, 320, 800, 1280)
PLACE = (21.186111, 106.076389)


class Bot:
    """Actions return the bubble they left on the phone; delivery goes on behind."""

    def __init__(self, config: SimulatorConfig, world: World, updates: Updates) -> None:
        self.config, self.world, self.updates = config.telegram, world, updates
        self._files_at = f"{config.base_url}/telegram/file/bot{self.config.token}"
        self.queries: dict[str, tuple[Phone, float]] = {}

    @property
    def me(self) -> Json:
        """The bot as a user."""
        number = int(self.config.token.split(":")[0])
        return {"id": number, "is_bot": True, "first_name": self.config.name, "username": self.config.username}

    # -- what citizens do --------------------------------------------------------------------

    def join(self, name: str, number: str) -> Phone:
        """A person with Telegram on the phone, who has not met the bot yet."""
        count = sum(phone.platform == "telegram" for phone in self.world.phones.values()) + 1
        user_id = str(FIRST_USER + count)
        phone = Phone(id=f"telegram-{count}", platform="telegram", user_id=user_id, name=name, number=number)
        return self.world.add_phone(phone)

    def follows(self, phone: Phone, payload: str = "") -> None:
        self.says(phone, f"/start {payload}".strip())

    def says(self, phone: Phone, text: str, *, reply_to: str = "") -> Bubble:
        content: Json = {"text": text}
        if marked := entities.found_in(text):
            content["entities"] = marked
        return self._typed(phone, "text", content, text=text, reply_to=reply_to)

    def edits(self, phone: Phone, bubble: Bubble, text: str) -> None:
        """The person corrects their own message."""
        bubble.text, bubble.edited_at = text, self.world.clock.now()
        name = "caption" if "caption" in bubble.raw else "text"
        # A new object: the update that carries the old one may still be waiting.
        bubble.raw = {**bubble.raw, name: text, "edit_date": int(bubble.edited_at)}
        self.world.bubble_changed(phone, bubble)
        self.updates.add("edited_message", bubble.raw, lane=phone.user_id, phone=phone, bubble=bubble)

    def sends_file(
        self, phone: Phone, content: bytes, *, name: str = "", mime: str = "", caption: str = "",
        as_document: bool = False, album: str = "", claimed_size: int = 0,
    ) -> Bubble:  # fmt: skip
        """A photo is compressed and loses its EXIF; a document stays as it is."""
        size = media.size_of(content)
        about: Json = ({"caption": caption} if caption else {}) | ({"media_group_id": album} if album else {})
        if size and not as_document:
            sizes, file = self._photo(content)
            return self._typed(phone, "image", {"photo": sizes, **about}, text=caption, media=self.shown(file))
        file = media.keep(self.world, content, name, mime, claimed_size=claimed_size)
        document = self.file_object("BQACAgUAAxkB", file) | {"file_name": file.name, "mime_type": file.mime}
        kind = "image" if size else "file"
        return self._typed(phone, kind, {"document": document, **about}, text=caption, media=self.shown(file))

    def sends_voice(self, phone: Phone, seconds: int) -> Bubble:
        file = media.keep(self.world, media.voice(), "voice.ogg", "audio/ogg")
        voice = self.file_object("AwACAgUAAxkB", file) | {"duration": seconds, "mime_type": "audio/ogg"}
        return self._typed(phone, "voice", {"voice": voice}, media=self.shown(file) | {"seconds": seconds})

    def sends_video(self, phone: Phone, content: bytes, name: str) -> Bubble:
        file = media.keep(self.world, content, name, "video/mp4")
        video = self.file_object("BAACAgUAAxkB", file) | {"duration": 12, "width": 1280, "height": 720}
        video |= {"file_name": file.name, "mime_type": file.mime}
        return self._typed(phone, "video", {"video": video}, media=self.shown(file))

    def sends_place(self, phone: Phone, latitude: float, longitude: float, *, title: str = "") -> Bubble:
        """With a title it is a venue, which fills `location` too."""
        place: Json = {"latitude": latitude, "longitude": longitude}
        content: Json = {"location": place | ({} if title else {"horizontal_accuracy": 14.0})}
        if title:
            content["venue"] = {"location": place, "title": title, "address": title}
        return self._typed(phone, "location", content, place=place | {"title": title})

    def sends_contact(self, phone: Phone, name: str, number: str, *, own: bool) -> Bubble:
        contact: Json = {"phone_number": number, "first_name": name}
        if own:
            contact["user_id"] = int(phone.user_id)
        return self._typed(phone, "contact", {"contact": contact}, contact={"name": name, "number": number})

    def sends_sticker(self, phone: Phone, sticker: str) -> Bubble:
        file = media.keep(self.world, b"RIFF\x00\x00\x00\x00WEBP", "sticker.webp", "image/webp")
        body = {"width": 512, "height": 512, "emoji": sticker, "is_animated": False, "is_video": False}
        body |= self.file_object("CAACAgUAAxkB", file) | {"type": "regular", "set_name": "VN"}
        return self._typed(phone, "sticker", {"sticker": body}, text=sticker)

    def presses(self, phone: Phone, button: Button, bubble: Bubble | None) -> Bubble | None:
        """An inline button sends a callback; a keyboard button sends its text, the contact or the place."""
        if button.kind == "callback" and bubble is not None:
            return self._calls_back(phone, button, bubble)
        if phone.keyboard_once:
            phone.keyboard = []
            self.world.save_phone(phone)
        match button.kind:
            case "text":
                return self.says(phone, button.text)
            case "contact":
                return self.sends_contact(phone, phone.name, phone.number, own=True)
            case "location":
                return self.sends_place(phone, *PLACE)
        return None

    def blocks(self, phone: Phone) -> None:
        self._membership(phone, "member", "kicked")

    def unblocks(self, phone: Phone) -> None:
        self._membership(phone, "kicked", "member")

    def reacts(self, phone: Phone, bubble: Bubble, icon: str) -> None:
        old = [{"type": "emoji", "emoji": known} for known in bubble.reactions]
        bubble.reactions = [icon]
        self.world.bubble_changed(phone, bubble)
        body = {"chat": self.chat(phone), "message_id": int(bubble.platform_id), "user": self.user(phone)}
        body |= {"date": int(self.world.clock.now()), "old_reaction": old}
        self.updates.add(
            "message_reaction", body | {"new_reaction": [{"type": "emoji", "emoji": icon}]}, lane=phone.user_id
        )

    def sees(self, phone: Phone) -> None:
        """A bot is not told what was read; only the screen knows."""
        for bubble in phone.bubbles:
            bubble.seen = bubble.seen or bubble.sender == "bot"

    # -- what the bot shows --------------------------------------------------------------------

    def show(self, phone: Phone, kind: str, content: Json, **shown: Any) -> Bubble:
        """Put a message of the bot on the phone; `content` joins the API's Message object (kept in `raw`)."""
        return self._message(phone, "bot", kind, self.me, content, shown)

    def attach(self, content: bytes, name: str, mime: str) -> StoredFile:
        return media.keep(self.world, content, name, mime)

    def file_object(self, prefix: str, file: StoredFile) -> Json:
        return {"file_id": prefix + file.id, "file_unique_id": "AQAD" + file.id[:12], "file_size": file.size}

    def file(self, file_id: str) -> StoredFile | None:
        return self.world.files.get(file_id[-32:])

    def photo_sizes(self, content: bytes) -> list[Json] | None:
        return self._photo(content)[0] if media.size_of(content) else None

    def file_url(self, file: StoredFile) -> str:
        return f"{self._files_at}/{self.file_path(file)}"

    def file_path(self, file: StoredFile) -> str:
        folder = "photos" if file.mime.startswith("image/") else "voice" if file.mime == "audio/ogg" else "documents"
        return f"{folder}/{file.id}.{file.name.rpartition('.')[2]}"

    def user(self, phone: Phone) -> Json:
        return {"id": int(phone.user_id), "is_bot": False, "first_name": phone.name, "language_code": "vi"}

    def chat(self, phone: Phone) -> Json:
        return {"id": int(phone.user_id), "first_name": phone.name, "type": "private"}

    # -- inside --------------------------------------------------------------------------------

    def _photo(self, content: bytes) -> tuple[list[Json], StoredFile]:
        largest = max(media.size_of(content) or (1, 1))
        sizes, file = [], None
        for side in [side for side in PHOTO_SIDES if side < largest] + [min(largest, PHOTO_SIDES[-1])]:
            if made := media.thumbnail(content, side):
                file = media.keep(self.world, made[0], "photo.jpg", "image/jpeg")
                sizes.append(self.file_object("AgACAgUAAxkB", file) | {"width": made[1][0], "height": made[1][1]})
        return sizes, file or media.keep(self.world, content)

    def shown(self, file: StoredFile) -> Json:
        return {"url": self.file_url(file), "name": file.name, "mime": file.mime, "size": file.size, "file": file.id}

    def _typed(self, phone: Phone, kind: str, content: Json, **shown: Any) -> Bubble:
        phone.last_interaction, phone.following = self.world.clock.now(), True
        if phone.blocked:
            self.unblocks(phone)
        self.world.save_phone(phone)
        self.sees(phone)
        bubble = self._message(phone, "citizen", kind, self.user(phone), content, shown)
        self.updates.add("message", bubble.raw, lane=phone.user_id, phone=phone, bubble=bubble)
        return bubble

    def _message(self, phone: Phone, sender: str, kind: str, user: Json, content: Json, shown: Json) -> Bubble:
        seq = self.world.next_seq()
        at = self.world.next_ms() / 1000
        raw = {"message_id": seq, "from": user, "chat": self.chat(phone), "date": int(at), **content}
        if (reply := shown.get("reply_to")) and (quoted := phone.find(reply)):
            raw["reply_to_message"] = {k: v for k, v in quoted.raw.items() if k != "reply_to_message"}
        bubble = Bubble(seq=seq, platform_id=str(seq), sender=sender, kind=kind, at=at, raw=raw, **shown)
        return self.world.show(phone, bubble)

    def _calls_back(self, phone: Phone, button: Button, bubble: Bubble) -> Bubble:
        now = self.world.clock.now()
        query_id = str(21_904_632_950_000_000_000 + self.world.next_seq())
        self.queries[query_id] = (phone, now + CALLBACK_LIFE)
        pressed = Bubble(
            seq=self.world.next_seq(), platform_id=query_id, sender="citizen", kind="press", at=now, text=button.text
        )
        self.world.show(phone, pressed)
        message = bubble.raw
        if bubble.deleted:
            message = {"chat": self.chat(phone), "message_id": int(bubble.platform_id), "date": 0}
        body = {"id": query_id, "from": self.user(phone), "message": message, "chat_instance": f"-{phone.user_id}123"}
        lane = f"{phone.user_id}:callback"
        self.updates.add(
            "callback_query", body | {"data": button.data}, lane=lane, life=CALLBACK_LIFE, phone=phone, bubble=pressed
        )
        return pressed

    def _membership(self, phone: Phone, old: str, new: str) -> None:
        phone.blocked = new == "kicked"
        self.world.save_phone(phone)

        def member(status: str) -> Json:
            return {"user": self.me, "status": status} | ({"until_date": 0} if status == "kicked" else {})

        body = {"chat": self.chat(phone), "from": self.user(phone), "date": int(self.world.clock.now())}
        body |= {"old_chat_member": member(old), "new_chat_member": member(new)}
        self.updates.add("my_chat_member", body, lane=phone.user_id)
