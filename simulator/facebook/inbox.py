"""The Page's own inbox and the other apps on it: staff who answer by hand, and who holds a thread."""

from datetime import UTC, datetime

from simulator.facebook.content import Content
from simulator.facebook.errors import no_such_person
from simulator.facebook.page import Page
from simulator.facebook.threads import PAGE_INBOX
from simulator.world import Bubble, Json, Phone

EXPIRES = 86_400.0


class Inbox:
    def __init__(self, page: Page) -> None:
        self._page, self._world = page, page.world
        self._ours = page.config.app_id

    def staff_writes(self, phone: Phone, text: str, app_id: str = PAGE_INBOX) -> Bubble:
        """A person answers in Meta's inbox; from the phone app the echo names no app (`app_id` "")."""
        return self._page.deliver(phone, Content(kind="text", text=text), None, app_id=app_id, sender="staff")

    def takes(self, phone: Phone, metadata: str = "") -> None:
        """Staff take the thread in the Page's inbox: from now on we only hear what is said."""
        before = self._change(phone, PAGE_INBOX)
        self._tell(phone, "take_thread_control", before, PAGE_INBOX, metadata)

    def passes(self, phone: Phone, metadata: str = "") -> None:
        """Staff give the thread to us."""
        before = self._change(phone, self._ours)
        self._tell(phone, "pass_thread_control", before, self._ours, metadata)

    def requests(self, phone: Phone, metadata: str = "") -> None:
        asked = {"requested_owner_app_id": PAGE_INBOX, "metadata": metadata}
        self._event(phone, {"request_thread_control": asked})

    # -- what our app asks through the API -------------------------------------------------------

    def owner_becomes(self, psid: str, app_id: str) -> Json:
        """Raises GraphError for somebody unknown."""
        self._change(self._person(psid), app_id)
        return {"success": True}

    def owner_of(self, psid: str) -> Json:
        thread = self._page.threads.of(self._person(psid))
        if not thread.owner:
            return {"data": []}
        until = datetime.fromtimestamp(self._world.clock.now() + EXPIRES, UTC)
        owner = {"app_id": thread.owner, "expiration": until.strftime("%Y-%m-%dT%H:%M:%S+0000")}
        return {"data": [{"thread_owner": owner}]}

    def _person(self, psid: str) -> Phone:
        phone = self._world.person("facebook", psid)
        if phone is None:
            raise no_such_person()
        return phone

    def _change(self, phone: Phone, owner: str) -> str:
        thread = self._page.threads.of(phone)
        before, thread.owner = thread.owner, owner
        self._page.threads.save(phone, thread)
        return before

    def _tell(self, phone: Phone, kind: str, before: str, after: str, metadata: str) -> None:
        change = {"previous_owner_app_id": before or None, "new_owner_app_id": after, "metadata": metadata}
        self._event(phone, {kind: change})

    def _event(self, phone: Phone, content: Json) -> None:
        people = {"sender": {"id": phone.user_id}, "recipient": {"id": self._page.config.page_id}}
        self._page.event(
            "messaging_handovers", "messaging", people | {"timestamp": self._world.next_ms()} | content, phone
        )
