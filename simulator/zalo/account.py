"""The Official Account as its people see it: what citizens and staff do, and the events that follow."""

import hashlib
import json
from typing import Any

from simulator import media
from simulator.config import SimulatorConfig
from simulator.world import Bubble, Button, Json, Phone, StoredFile, World
from simulator.zalo.content import Content
from simulator.zalo.webhook import Webhook

STAFF_ID = "2104657301948827411"
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}


class OfficialAccount:
    """Actions return the bubble they left on the phone; delivery goes on behind."""

    def __init__(self, config: SimulatorConfig, world: World, webhook: Webhook) -> None:
        self.config, self.world, self.webhook = config.zalo, world, webhook
        self._base = f"{config.base_url}/zalo/media"

    # -- what citizens do --------------------------------------------------------------------

    def join(self, name: str, number: str) -> Phone:
        """A person with Zalo on the phone, who has not met the OA yet."""
        count = sum(phone.platform == "zalo" for phone in self.world.phones.values()) + 1
        user_id = str(2_468_458_835_000_000_000 + count * 7919)
        return self.world.add_phone(
            Phone(id=f"zalo-{count}", platform="zalo", user_id=user_id, name=name, number=number)
        )

    def says(self, phone: Phone, text: str, *, reply_to: str = "") -> Bubble:
        bubble = self._typed(phone, "text", text=text, reply_to=reply_to)
        message: Json = {"text": text} | ({"quote_msg_id": reply_to} if reply_to else {})
        return self._sent(phone, bubble, "user_send_text", message)

    def sends_file(self, phone: Phone, content: bytes, *, name: str = "", mime: str = "", caption: str = "") -> Bubble:
        """A photo when the bytes are a picture, else a file."""
        file = media.keep(self.world, content, name, mime)
        kind = "image" if file.mime.startswith("image/") else "file"
        bubble = self._typed(phone, kind, text=caption, media=self._shown(file))
        url = self.url(file)
        if kind == "image":
            event = "user_send_gif" if file.mime == "image/gif" else "user_send_image"
            attachment = {"type": event.removeprefix("user_send_"), "payload": {"url": url, "thumbnail": url}}
        else:
            event = "user_send_file"
            checksum = hashlib.md5(content, usedforsecurity=False).hexdigest()
            payload = {"url": url, "name": file.name, "size": str(file.size), "checksum": checksum}
            attachment = {"type": "file", "payload": payload | {"type": file.name.rpartition(".")[2]}}
        return self._sent(phone, bubble, event, {"text": caption} if caption else {}, attachment)

    def sends_voice(self, phone: Phone, seconds: int) -> Bubble:
        file = media.keep(self.world, media.voice(), "voice.amr", "audio/amr")
        bubble = self._typed(phone, "voice", media=self._shown(file) | {"seconds": seconds})
        return self._sent(phone, bubble, "user_send_audio", {}, {"type": "audio", "payload": {"url": self.url(file)}})

    def sends_video(self, phone: Phone, content: bytes, name: str) -> Bubble:
        file = media.keep(self.world, content, name, "video/mp4")
        bubble = self._typed(phone, "video", media=self._shown(file))
        payload = {"url": self.url(file), "thumbnail": self.url(file), "description": ""}
        return self._sent(phone, bubble, "user_send_video", {}, {"type": "video", "payload": payload})

    def sends_place(self, phone: Phone, latitude: float, longitude: float, *, title: str = "") -> Bubble:
        place = {"latitude": latitude, "longitude": longitude, "title": title}
        bubble = self._typed(phone, "location", place=place)
        payload = {"coordinates": {"latitude": str(latitude), "longitude": str(longitude)}}
        return self._sent(phone, bubble, "user_send_location", {}, {"type": "location", "payload": payload})

    def sends_contact(self, phone: Phone, name: str, number: str, *, own: bool) -> Bubble:
        """A business card. Zalo does not say whose it is, so `own` changes nothing here."""
        bubble = self._typed(phone, "contact", contact={"name": name, "number": number})
        card = json.dumps({"phone": number, "qrCodeUrl": f"{self._base}/card"}, ensure_ascii=False)
        payload = {"url": f"{self._base}/card", "thumbnail": f"{self._base}/card", "description": card}
        return self._sent(
            phone, bubble, "user_send_business_card", {"text": name}, {"type": "link", "payload": payload}
        )

    def sends_sticker(self, phone: Phone, sticker: str) -> Bubble:
        bubble = self._typed(phone, "sticker", text=sticker)
        payload = {"id": "c09965c25987b0d9e996", "url": f"{self._base}/sticker"}
        return self._sent(phone, bubble, "user_send_sticker", {}, {"type": "sticker", "payload": payload})

    def submits_info(self, phone: Phone, info: Json) -> Bubble:
        """The answer to a form that asks for name, phone and address."""
        bubble = self._typed(phone, "info", text=" · ".join(str(v) for v in info.values() if v))
        phone.shared_info |= info
        self.world.save_phone(phone)
        address = {f"user_{key}": info.get(key, "") for key in ("city", "ward", "address")}
        body = {"name": info.get("name", phone.name), "phone": info.get("phone", phone.number)}
        body |= {"user_dob": info.get("user_dob", ""), "gender": info.get("gender", ""), "full_address": address}
        self._emit("user_submit_info", phone, {"info": body}, bubble=bubble)
        return bubble

    def presses(self, phone: Phone, button: Button, bubble: Bubble | None) -> Bubble | None:
        """A query button makes the person send its payload as text; the others stay on the phone."""
        if button.kind not in {"oa.query.show", "oa.query.hide"}:
            return None
        pressed = self._typed(phone, "text" if button.kind == "oa.query.show" else "press", text=button.data)
        if pressed.kind == "press":
            pressed.text = button.text
        return self._sent(phone, pressed, "user_send_text", {"text": button.data})

    def follows(self, phone: Phone) -> None:
        phone.following = True
        self._touch(phone)
        body = {"oa_id": self.config.oa_id, "follower": {"id": phone.user_id}, "source": "oa_profile"}
        self._emit("follow", phone, body, people=False)

    def blocks(self, phone: Phone) -> None:
        """Unfollow and refuse messages."""
        phone.blocked, phone.following = True, False
        self.world.save_phone(phone)
        body = {"oa_id": self.config.oa_id, "follower": {"id": phone.user_id}, "source": "oa_profile"}
        self._emit("unfollow", phone, body, people=False)

    def unblocks(self, phone: Phone) -> None:
        phone.blocked = False
        self.follows(phone)

    def reacts(self, phone: Phone, bubble: Bubble, icon: str) -> None:
        bubble.reactions.append(icon)
        self._touch(phone)
        self.world.bubble_changed(phone, bubble)
        self._emit("user_reacted_message", phone, {"message": {"msg_id": bubble.platform_id, "react_icon": icon}})

    def withdraws(self, phone: Phone) -> None:
        """The person asks Zalo for the erasure of their data."""
        self._emit("user_withdraw", phone, {"user_id": phone.user_id}, people=False)

    def sees(self, phone: Phone) -> None:
        """The screen is looked at: everything on it counts as seen."""
        unseen = [bubble for bubble in phone.bubbles if bubble.sender == "bot" and not bubble.seen]
        if not unseen:
            return
        for bubble in unseen:
            bubble.seen = True
        if self.config.receipts:
            ids = [bubble.platform_id for bubble in unseen]
            self._emit("user_seen_message", phone, {"message": {"msg_ids": ids}}, from_oa=True)

    # -- what staff and the API do ------------------------------------------------------------

    def staff_writes(self, phone: Phone, text: str) -> Bubble:
        """A person types in OA Manager. Allowed up to a year after the last interaction."""
        bubble = self._shows(phone, "staff", "text", text=text)
        message = {"text": text, "msg_id": bubble.platform_id}
        sender = {"id": self.config.oa_id, "admin_id": STAFF_ID}
        self._emit("oa_send_text", phone, {"message": message, "sender": sender}, from_oa=True)
        return bubble

    def deliver(self, phone: Phone, content: Content, file: StoredFile | None) -> Bubble:
        """An accepted API message reaches the phone, and comes back as an echo and a receipt."""
        shown = self._shown(file) if file else ({"url": content.url} if content.url else None)
        bubble = self._shows(
            phone, "bot", content.kind, text=content.text, buttons=content.buttons, media=shown, reply_to=content.quote
        )
        message: Json = {"msg_id": bubble.platform_id, "text": content.text}
        if attachment := self._echo_attachment(content, shown):
            message["attachments"] = [attachment]
        self._emit(f"oa_send_{content.echo}", phone, {"message": message}, from_oa=True)
        if self.config.receipts:
            received = {"msg_id": bubble.platform_id}
            self._emit("user_received_message", phone, {"message": received}, from_oa=True)
        return bubble

    def url(self, file: StoredFile) -> str:
        return f"{self._base}/{file.id}/{file.name}"

    # -- inside -------------------------------------------------------------------------------

    def _echo_attachment(self, content: Content, shown: Json | None) -> Json | None:
        match content.echo:
            case "image" | "gif" if shown:
                return {"type": content.echo, "payload": {"url": shown["url"], "thumbnail": shown["url"]}}
            case "file" if shown:
                return {"type": "file", "payload": {"url": shown["url"], "name": shown.get("name", "")}}
            case "sticker":
                return {"type": "sticker", "payload": {"id": content.text, "url": f"{self._base}/sticker"}}
            case "template" | "list":
                return {"type": "template", "payload": {"zinstant_id": "1", "text": content.text, "link_url": ""}}
        return None

    def _shown(self, file: StoredFile) -> Json:
        return {"url": self.url(file), "name": file.name, "mime": file.mime, "size": file.size, "file": file.id}

    def _typed(self, phone: Phone, kind: str, **what: Any) -> Bubble:
        self.sees(phone)
        self._touch(phone)
        return self._shows(phone, "citizen", kind, **what)

    def _shows(self, phone: Phone, sender: str, kind: str, **what: Any) -> Bubble:
        seq = self.world.next_seq()
        message_id = hashlib.sha256(f"{self.config.oa_id}:{seq}".encode()).hexdigest()[:20]
        at = self.world.next_ms() / 1000
        return self.world.show(phone, Bubble(seq=seq, platform_id=message_id, sender=sender, kind=kind, at=at, **what))

    def _touch(self, phone: Phone) -> None:
        phone.last_interaction, phone.replies_since = self.world.clock.now(), 0
        self.world.save_phone(phone)

    def _sent(self, phone: Phone, bubble: Bubble, event: str, message: Json, attachment: Json | None = None) -> Bubble:
        message = {**message, "msg_id": bubble.platform_id}
        if attachment:
            message["attachments"] = [attachment]
        self._emit(event, phone, {"message": message}, bubble=bubble)
        return bubble

    def _emit(
        self,
        event: str,
        phone: Phone,
        body: Json,
        *,
        bubble: Bubble | None = None,
        from_oa: bool = False,
        people: bool = True,
    ) -> None:
        person, oa = {"id": phone.user_id}, {"id": self.config.oa_id}
        envelope: Json = {
            "app_id": self.config.app_id,
            "event_name": event,
            "timestamp": str(round(bubble.at * 1000) if bubble else self.world.next_ms()),
            "user_id_by_app": str(int(phone.user_id) // 3),
        }
        if people:
            envelope |= {"sender": oa if from_oa else person, "recipient": person if from_oa else oa}
        self.webhook.emit(envelope | body, phone=phone, bubble=bubble)
