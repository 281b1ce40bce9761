"""The Send API: to whom, whether now, what, and how it is answered."""

from typing import Any

from simulator.facebook import content
from simulator.facebook.call import Call
from simulator.facebook.content import Content
from simulator.facebook.errors import bad, known, no_such_person
from simulator.facebook.feed import Feed
from simulator.facebook.page import Page
from simulator.facebook.rates import Rates
from simulator.facebook.uploads import Uploads
from simulator.facebook.windows import Windows
from simulator.world import Json, Phone

TYPING = 20.0
ACTIONS = frozenset({"typing_on", "typing_off", "mark_seen", "react", "unreact"})
NOTIFICATIONS = frozenset({"REGULAR", "SILENT_PUSH", "NO_PUSH"})


class Sending:
    def __init__(self, page: Page, feed: Feed, uploads: Uploads, rates: Rates) -> None:
        self._page, self._feed, self._uploads, self._rates = page, feed, uploads, rates
        self._world, self._config = page.world, page.config
        self.windows = Windows(page.config, page.world, page.threads)

    async def messages(self, call: Call) -> Json:
        self._rates.count_send()
        recipient = call.dictionary("recipient")
        if "sender_action" in call.values:
            return self._act(call, recipient)
        if call.text("notification_type", "REGULAR") not in NOTIFICATIONS:
            raise bad("Param notification_type must be one of {REGULAR, SILENT_PUSH, NO_PUSH}")
        wanted = self._content(call)
        if replied := next((recipient[key] for key in ("comment_id", "post_id") if key in recipient), None):
            return self._privately(str(replied), wanted, call)
        phone = self._person(recipient)
        # Many older clients leave the type out; it is taken as an answer.
        self.windows.check(phone, call.values.get("messaging_type", "RESPONSE"), call.values.get("tag"))
        return self._delivered(phone, wanted, call, silent="user_ref" in recipient)

    async def upload(self, call: Call) -> Json:
        """`message_attachments`: keep a file for later."""
        attachment = call.dictionary("message").get("attachment")
        if not isinstance(attachment, dict):
            raise bad("param message[attachment] must be non-empty.")
        file = self._uploads.file(content.read_media(attachment), call)
        if file is None:
            raise bad("Failed to fetch the file from the url", 2018008)
        return {"attachment_id": self._uploads.remember(file)}

    # -- inside --------------------------------------------------------------------------------

    def _content(self, call: Call) -> Content:
        utility = self._config.utility_templates if call.text("messaging_type") == "UTILITY" else ()
        return content.read(call.nested("message"), utility=frozenset(utility))

    def _person(self, recipient: Json) -> Phone:
        if "user_ref" in recipient:
            psid = self._world.state.get(f"facebook.user_ref.{recipient['user_ref']}", "")
        else:
            psid = str(recipient.get("id", ""))
        phone = self._world.person("facebook", psid)
        if phone is None:
            raise no_such_person()
        return phone

    def _privately(self, activity: str, wanted: Content, call: Call) -> Json:
        """One message to the writer of a comment or a post. It opens no window."""
        phone = self._feed.replyable(activity)
        if phone.blocked:
            raise known(10903)
        answer = self._delivered(phone, wanted, call)
        self._feed.replied(activity)
        return answer

    def _delivered(self, phone: Phone, wanted: Content, call: Call, *, silent: bool = False) -> Json:
        if (persona := call.text("persona_id")) and f"facebook.persona.{persona}" not in self._world.state:
            raise bad("Invalid persona ID")
        file = self._uploads.file(wanted, call) if wanted.media else None
        bubble = self._page.deliver(phone, wanted, file, app_id=self._config.app_id, silent=silent)
        answer = {"recipient_id": phone.user_id, "message_id": bubble.platform_id}
        if file and wanted.reusable:
            answer["attachment_id"] = self._uploads.remember(file)
        return answer

    def _act(self, call: Call, recipient: Json) -> Json:
        action = call.text("sender_action")
        if action not in ACTIONS or "message" in call.values:
            raise bad("Param sender_action must be one of its values, and must not be combined with a message")
        phone = self._person(recipient)
        self.windows.check(phone, "RESPONSE", None)
        if action in {"react", "unreact"}:
            self._react(phone, call.nested("payload"), action)
        elif action == "mark_seen":
            for bubble in phone.bubbles:
                bubble.seen = bubble.seen or bubble.sender == "citizen"
        else:
            phone.typing_until = self._world.clock.now() + TYPING if action == "typing_on" else 0.0
        self._world.save_phone(phone)
        return {"recipient_id": phone.user_id}

    def _react(self, phone: Phone, payload: Any, action: str) -> None:
        bubble = phone.find(str(payload.get("message_id", ""))) if isinstance(payload, dict) else None
        if bubble is None or not isinstance(payload, dict):
            raise bad("Param payload must name a message_id of this thread")
        bubble.reactions = [str(payload.get("reaction", "❤"))] if action == "react" else []
        self._world.bubble_changed(phone, bubble)
