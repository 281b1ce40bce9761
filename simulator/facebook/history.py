"""The Conversations API: what was said in the Page's threads, newest first."""

from datetime import UTC, datetime

from simulator.facebook.call import Call
from simulator.facebook.errors import bad
from simulator.facebook.page import OUTSIDE, Page
from simulator.world import Bubble, Json, Phone

MOST = 20


class History:
    def __init__(self, page: Page) -> None:
        self._page, self._world = page, page.world

    async def conversations(self, call: Call) -> Json:
        """All of the Page's, or the one with `user_id`."""
        phones = [phone for phone in self._world.phones.values() if phone.platform == "facebook" and phone.bubbles]
        if wanted := call.text("user_id"):
            phones = [phone for phone in phones if phone.user_id == wanted]
        phones.sort(key=lambda phone: phone.bubbles[-1].seq, reverse=True)
        with_messages = call.text("fields").startswith("messages")
        return {"data": [self._conversation(phone, with_messages=with_messages) for phone in phones[:MOST]]}

    async def messages(self, call: Call) -> Json:
        """`/{conversation}/messages`. Raises GraphError 100."""
        phone = self._world.person("facebook", call.node.removeprefix("t_"))
        if phone is None:
            raise bad("Invalid conversation id")
        return self._messages(phone)

    def _conversation(self, phone: Phone, *, with_messages: bool) -> Json:
        thread: Json = {"id": f"t_{phone.user_id}", "updated_time": _stamp(phone.bubbles[-1].at)}
        return thread | ({"messages": self._messages(phone)} if with_messages else {})

    def _messages(self, phone: Phone) -> Json:
        said = [bubble for bubble in phone.bubbles if bubble.kind not in OUTSIDE and bubble.kind != "press"]
        return {"data": [self._message(phone, bubble) for bubble in reversed(said[-MOST:])]}

    def _message(self, phone: Phone, bubble: Bubble) -> Json:
        person = {"name": phone.name, "id": phone.user_id}
        page = {"name": self._page.config.page_name, "id": self._page.config.page_id}
        author = person if bubble.sender == "citizen" else page
        return {
            "id": bubble.platform_id,
            "created_time": _stamp(bubble.at),
            "from": author,
            "message": "" if bubble.deleted else bubble.text,
        }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
