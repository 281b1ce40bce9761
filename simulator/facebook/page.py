"""The Page's Messenger as people see it: what citizens do, the events that follow, and what the Page shows them."""

import base64
import hashlib
import io
from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import quote_plus

from PIL import Image

from simulator import media
from simulator.config import SimulatorConfig
from simulator.facebook import signing
from simulator.facebook.cdn import Cdn
from simulator.facebook.content import Content
from simulator.facebook.threads import Threads
from simulator.facebook.webhook import Event, Webhook
from simulator.world import Bubble, Button, Json, Phone, StoredFile, World

FIRST_PERSON = 6_700_000_000_000_000
LIKE = 369239263222822
# A voice note is an MP4 with AAC: enough to be taken for one, too little to play.
VOICE = b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00isomiso2" + bytes(32)
PHOTO_SIDE = 2048  # what a phone uploads; smaller pictures are recompressed too and lose their EXIF
MOST_EDITS = 5
REACTIONS = {"👍": "like", "❤️": "love", "😆": "smile", "😮": "wow", "😢": "sad", "😠": "angry", "👎": "dislike"}
QUICK = frozenset({"quick_reply", "user_phone_number", "user_email"})
# Not part of the conversation.
OUTSIDE = frozenset({"notice", "comment", "post"})
# How an event of a thread that another app holds comes to us.
HEARD_ON_STANDBY = frozenset(
    {"messages", "messaging_postbacks", "message_echoes", "message_deliveries", "message_reads", "message_reactions"}
)


class Page:
    """Actions return the bubble they left on the phone; delivery goes on behind."""

    def __init__(self, config: SimulatorConfig, world: World, webhook: Webhook) -> None:
        self.config, self.world, self.webhook = config.facebook, world, webhook
        self.cdn = Cdn(config, world)
        self.threads = Threads(world)

    # -- what citizens do --------------------------------------------------------------------

    def join(self, name: str, number: str) -> Phone:
        """A person with Messenger, who has not met the Page yet. They have an e-mail address there too."""
        count = sum(phone.platform == "facebook" for phone in self.world.phones.values()) + 1
        psid = str(FIRST_PERSON + count * 7919)
        info = {"email": f"congdan{count}@example.vn"}
        phone = Phone(
            id=f"facebook-{count}", platform="facebook", user_id=psid, name=name, number=number, shared_info=info
        )
        self.world.add_phone(phone)
        self.lay_menu(phone)
        return phone

    def follows(self, phone: Phone, ref: str = "", ad_id: str = "") -> None:
        """Open the chat: Get Started in a new thread (with what the link or the ad carried), else only the referral."""
        source = {"source": "ADS", "ad_id": ad_id} if ad_id else {"source": "SHORTLINK"}
        referral: Json = {"ref": ref, **source, "type": "OPEN_THREAD"} if ref or ad_id else {}
        if ad_id:
            thread = self.threads.of(phone)
            thread.open_until = self.world.clock.now() + 7 * 86_400
            self.threads.save(phone, thread)
        if phone.following and referral:
            self._event("messaging_referrals", phone, {"referral": referral})
            return
        if payload := self.get_started():
            button = Button(text="Bắt đầu", kind="postback", data=payload)
            self._posts_back(phone, button, {"referral": referral} if referral else {})

    def says(self, phone: Phone, text: str, *, reply_to: str = "", referral: Json | None = None) -> Bubble:
        bubble = self._typed(phone, "text", text=text, reply_to=reply_to)
        content: Json = {"text": text}
        if reply_to:
            quoted = phone.find(reply_to)
            content["reply_to"] = {"mid": reply_to, "is_self_reply": bool(quoted and quoted.sender == "citizen")}
        if text.startswith("https://") and " " not in text:
            content["attachments"] = [{"type": "fallback", "payload": {"url": text, "title": text.split("/")[2]}}]
        if referral:
            content["referral"] = referral
        return self._sent(phone, bubble, content)

    def sends_file(
        self, phone: Phone, content: bytes, *, name: str = "", mime: str = "", caption: str = "",
        as_document: bool = False,
    ) -> Bubble:  # fmt: skip
        """A photo when the bytes are a picture (recompressed), else a file. A caption is a message of its own."""
        if media.size_of(content) and not as_document:
            bubble = self.sends_photos(phone, [content])
        else:
            file = media.keep(self.world, content, name, mime)
            kind = "image" if media.size_of(content) else "file"
            bubble = self._typed(phone, kind, media=self.cdn.shown(file))
            self._sent(phone, bubble, self._carrying("file", file))
        if caption:
            self.says(phone, caption)
        return bubble

    def sends_photos(self, phone: Phone, pictures: Sequence[bytes]) -> Bubble:
        """Photos picked together: one message, or one each. Returns the last bubble."""
        files = []
        for content in pictures:
            made = media.thumbnail(content, PHOTO_SIDE)
            files.append(media.keep(self.world, made[0] if made else content, "photo.jpg", "image/jpeg"))
        bubbles = [self._typed(phone, "image", media=self.cdn.shown(file)) for file in files]
        if not self.config.one_album:
            for bubble, file in zip(bubbles, files, strict=True):
                self._sent(phone, bubble, self._carrying("image", file))
            return bubbles[-1]
        # On the screen they are several pictures, for the webhook one message.
        self._sent(phone, bubbles[0], self._carrying("image", *files), also=bubbles[1:])
        return bubbles[-1]

    def sends_voice(self, phone: Phone, seconds: int) -> Bubble:
        name = f"audioclip-{self.world.next_ms()}-{seconds * 1000}.mp4"
        file = media.keep(self.world, VOICE, name, "audio/mp4")
        bubble = self._typed(phone, "voice", media=self.cdn.shown(file) | {"seconds": seconds})
        return self._sent(phone, bubble, self._carrying("audio", file))

    def sends_video(self, phone: Phone, content: bytes, name: str) -> Bubble:
        file = media.keep(self.world, content, name, "video/mp4")
        bubble = self._typed(phone, "video", media=self.cdn.shown(file))
        return self._sent(phone, bubble, self._carrying("video", file))

    def sends_place(self, phone: Phone, latitude: float, longitude: float, *, title: str = "") -> Bubble:
        place: Json = {"latitude": latitude, "longitude": longitude, "title": title}
        map_url = f"https://www.google.com/maps/search/?api=1&query={latitude},{longitude}"
        bubble = self._typed(phone, "location", place=place)
        if self.config.places == "link":
            shared = {"type": "fallback", "payload": {"url": map_url, "title": title or "Google Maps"}}
            return self._sent(phone, bubble, {"text": map_url, "attachments": [shared]})
        url = f"https://l.facebook.com/l.php?u={quote_plus(map_url)}"
        pin: Json = {"title": title or "Vị trí đã ghim", "url": url, "type": "location"}
        pin["payload"] = {"coordinates": {"lat": latitude, "long": longitude}}
        return self._sent(phone, bubble, {"attachments": [pin]})

    def sends_contact(self, phone: Phone, name: str, number: str, *, own: bool) -> Bubble:
        """Messenger has no cards: one's own number goes by the button when there is one, else it is typed."""
        newest = self._newest(phone)
        offered = [button for row in newest.buttons for button in row] if newest else []
        button = next((button for button in offered if button.kind == "user_phone_number"), None)
        if own and button and newest:
            return self._taps(phone, button)
        return self.says(phone, number if own else f"{name} {number}")

    def sends_sticker(self, phone: Phone, sticker: str) -> Bubble:
        """The thumb is a sticker; any other sign is typed."""
        if sticker != "👍":
            return self.says(phone, sticker)
        file = media.keep(self.world, _thumb(), "s.png", "image/png")
        payload = {"url": self.cdn.url(file), "sticker_id": LIKE}
        kinds = {"sticker": ["sticker"], "both": ["image", "sticker"], "image": ["image"]}[self.config.stickers]
        bubble = self._typed(phone, "sticker", text=sticker)
        return self._sent(phone, bubble, {"attachments": [{"type": kind, "payload": payload} for kind in kinds]})

    def edits(self, phone: Phone, bubble: Bubble, text: str) -> None:
        """The person corrects their own message. Raises ValueError for the sixth time."""
        count = int(bubble.raw.get("edits", 0)) + 1
        if bubble.sender != "citizen" or count > MOST_EDITS:
            raise ValueError(f"only one's own messages can be edited, {MOST_EDITS} times each")
        bubble.text, bubble.edited_at, bubble.raw = text, self.world.clock.now(), {**bubble.raw, "edits": count}
        self.world.bubble_changed(phone, bubble)
        self._event(
            "message_edits", phone, {"message_edit": {"mid": bubble.platform_id, "text": text, "num_edit": count}}
        )

    def unsends(self, phone: Phone, bubble: Bubble) -> None:
        bubble.deleted = True
        self.world.bubble_changed(phone, bubble)
        self._event("messages", phone, {"message": {"mid": bubble.platform_id, "is_deleted": True}})

    def presses(self, phone: Phone, button: Button, bubble: Bubble | None) -> Bubble | None:
        """A quick reply can be tapped while its message is the newest; template buttons and the menu always."""
        if button.kind in QUICK:
            return self._taps(phone, button) if bubble is self._newest(phone) else None
        return self._posts_back(phone, button, {}) if button.kind == "postback" else None

    def blocks(self, phone: Phone) -> None:
        """Messages of the Page no longer arrive; nobody is told."""
        phone.blocked = True
        self.world.save_phone(phone)

    def unblocks(self, phone: Phone) -> None:
        phone.blocked = False
        self.world.save_phone(phone)

    def reacts(self, phone: Phone, bubble: Bubble, icon: str) -> None:
        """An empty icon takes the reaction back."""
        bubble.reactions = [icon] if icon else []
        self.world.bubble_changed(phone, bubble)
        if self.config.reaction_opens and icon:
            phone.last_interaction = self.world.clock.now()
            self.world.save_phone(phone)
        reaction: Json = {"mid": bubble.platform_id, "action": "react" if icon else "unreact"}
        if icon:
            reaction |= {"emoji": icon, "reaction": REACTIONS.get(icon, "other")}
        self._event("message_reactions", phone, {"reaction": reaction})

    def sees(self, phone: Phone) -> None:
        """The screen is looked at: everything on it counts as seen."""
        unseen = [bubble for bubble in phone.bubbles if bubble.sender in {"bot", "staff"} and not bubble.seen]
        for bubble in unseen:
            bubble.seen = True
        if unseen and self.config.receipts:
            self._event("message_reads", phone, {"read": {"watermark": round(unseen[-1].at * 1000)}})

    def withdraws(self, phone: Phone) -> Json:
        """The signed form that Meta posts when the person removes the app and asks for erasure."""
        now = int(self.world.clock.now())
        facts = {"algorithm": "HMAC-SHA256", "expires": now + 3600, "issued_at": now, "user_id": self.app_scoped(phone)}
        return {"signed_request": signing.signed_request(self.config.app_secret, facts)}

    # -- what the Page shows -------------------------------------------------------------------

    def deliver(
        self, phone: Phone, content: Content, file: StoredFile | None, *, app_id: str, sender: str = "bot",
        silent: bool = False,
    ) -> Bubble:  # fmt: skip
        """An accepted message reaches the phone and comes back as an echo and a receipt."""
        shown = self.cdn.shown(file) if file else ({"url": content.url} if content.url else None)
        buttons = [*content.buttons, *self._quick_row(phone, content)]
        bubble = self._shows(
            phone, sender, content.kind, text=content.text, buttons=buttons, media=shown, reply_to=content.reply_to
        )
        phone.typing_until = 0.0
        self.world.save_phone(phone)
        if not silent:
            self._echo(phone, bubble, content, shown, app_id)
        if self.config.receipts:
            watermark: Json = {"watermark": round(bubble.at * 1000)}
            mids = {"mids": [bubble.platform_id]} if self.config.delivery_mids else {}
            self._event("message_deliveries", phone, {"delivery": mids | watermark}, stamped=False)
        return bubble

    def get_started(self) -> str:
        """The payload of the button, "" when there is none."""
        profile = self.world.state.get("facebook.profile")
        if profile is None:
            return self.config.get_started
        return str(profile.get("get_started", {}).get("payload", ""))

    def lay_menu(self, phone: Phone) -> None:
        """Below the chat: the ice breakers until the person has written, then the persistent menu."""
        profile = self.world.state.get("facebook.profile") or {}
        if not phone.following and (questions := profile.get("ice_breakers")):
            actions = [{"title": q["question"], "type": "postback", "payload": q["payload"]} for q in questions]
        else:
            menus = profile.get("persistent_menu", [])
            chosen = [menu for menu in menus if menu["locale"] == "vi_VN"] or menus
            actions = chosen[0]["call_to_actions"] if chosen else []
        rows = [[Button(text=a["title"], kind="postback", data=a["payload"])] for a in actions if "payload" in a]
        rows += [[Button(text=a["title"], kind="url", data=a["url"])] for a in actions if "url" in a]
        if rows != phone.keyboard:
            phone.keyboard = rows
            self.world.save_phone(phone)

    def app_scoped(self, phone: Phone) -> str:
        """The person's id for Login and data deletion: another number than the PSID."""
        return str(10_150_000_000_000_000 + int(phone.user_id) % 1_000_000_000)

    def event(self, field: str, place: str, body: Json, phone: Phone | None, bubbles: Sequence[Bubble] = ()) -> None:
        self.webhook.emit(Event(field=field, place=place, body=body, phone=phone, bubbles=bubbles))

    def message_id(self, seq: int) -> str:
        digest = hashlib.sha256(f"{self.config.page_id}:{seq}".encode()).digest()
        return "m_" + base64.urlsafe_b64encode(digest).decode().rstrip("=")

    # -- inside --------------------------------------------------------------------------------

    def _quick_row(self, phone: Phone, content: Content) -> list[list[Button]]:
        """A button for the phone or the e-mail is only there when the profile has one."""
        own = {"user_phone_number": phone.number and f"+{phone.number}", "user_email": phone.shared_info.get("email")}
        row = []
        for quick in content.quick:
            if quick.kind == "quick_reply":
                row.append(quick)
            elif value := own[quick.kind]:
                row.append(Button(text=value, kind=quick.kind, data=value))
        return [row] if row else []

    def _echo(self, phone: Phone, bubble: Bubble, content: Content, shown: Json | None, app_id: str) -> None:
        message: Json = {"is_echo": True}
        if app_id:
            message["app_id"] = int(app_id)
        if content.metadata:
            message["metadata"] = content.metadata
        message["mid"] = bubble.platform_id
        if content.template:
            message["attachments"] = [{"type": "template", "payload": content.template}]
        elif content.media:
            message["attachments"] = [{"type": content.media, "payload": {"url": shown["url"] if shown else ""}}]
        else:
            message["text"] = content.text
        self._event("message_echoes", phone, {"message": message}, at=bubble.at, outgoing=True)

    def _newest(self, phone: Phone) -> Bubble | None:
        return next((bubble for bubble in reversed(phone.bubbles) if bubble.kind not in OUTSIDE), None)

    def _carrying(self, kind: str, *files: StoredFile) -> Json:
        return {"attachments": [{"type": kind, "payload": {"url": self.cdn.url(file)}} for file in files]}

    def _taps(self, phone: Phone, button: Button) -> Bubble:
        bubble = self._typed(phone, "text", text=button.text)
        return self._sent(phone, bubble, {"text": button.text, "quick_reply": {"payload": button.data}})

    def _posts_back(self, phone: Phone, button: Button, more: Json) -> Bubble:
        bubble = self._typed(phone, "press", text=button.text)
        postback = {"mid": bubble.platform_id, "title": button.text, "payload": button.data, **more}
        self._event("messaging_postbacks", phone, {"postback": postback}, at=bubble.at, bubbles=(bubble,))
        return bubble

    def _typed(self, phone: Phone, kind: str, **shown: Any) -> Bubble:
        self.sees(phone)
        phone.last_interaction, phone.following, phone.blocked = self.world.clock.now(), True, False
        self.world.save_phone(phone)
        self.lay_menu(phone)
        return self._shows(phone, "citizen", kind, **shown)

    def _shows(self, phone: Phone, sender: str, kind: str, **shown: Any) -> Bubble:
        seq = self.world.next_seq()
        at = self.world.next_ms() / 1000
        bubble = Bubble(seq=seq, platform_id=self.message_id(seq), sender=sender, kind=kind, at=at, **shown)
        return self.world.show(phone, bubble)

    def _sent(self, phone: Phone, bubble: Bubble, content: Json, also: Sequence[Bubble] = ()) -> Bubble:
        message = {"mid": bubble.platform_id, **content}
        self._event("messages", phone, {"message": message}, at=bubble.at, bubbles=(bubble, *also))
        return bubble

    def _event(
        self, field: str, phone: Phone, content: Json, *, at: float | None = None, bubbles: Sequence[Bubble] = (),
        outgoing: bool = False, stamped: bool = True,
    ) -> None:  # fmt: skip
        person, page = {"id": phone.user_id}, {"id": self.config.page_id}
        body: Json = {"sender": page if outgoing else person, "recipient": person if outgoing else page}
        if stamped:
            body["timestamp"] = self.world.next_ms() if at is None else round(at * 1000)
        owner = self.threads.of(phone).owner
        if owner not in {"", self.config.app_id} and field in HEARD_ON_STANDBY:
            if "postback" in content:
                content = {"postback": {k: v for k, v in content["postback"].items() if k != "payload"}}
            self.event("standby", "standby", body | content, phone, bubbles)
        else:
            self.event(field, "messaging", body | content, phone, bubbles)


@cache
def _thumb() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (40, 40)).save(out, "PNG")
    return out.getvalue()
