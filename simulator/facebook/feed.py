"""Posts on the Page and what people write below them (facebook: Page feed)."""

from dataclasses import asdict, dataclass
from typing import Any

from simulator.config import FacebookConfig
from simulator.facebook.errors import bad, known
from simulator.facebook.page import Page
from simulator.world import Bubble, Json, Phone

PRIVATE_REPLY_LIFE = 7 * 86_400.0
FIRST_POST = "5001"


@dataclass(slots=True, kw_only=True)
class Activity:
    """A comment, or a post of a visitor. `psid` is "" for what the Page wrote; `at` in whole epoch seconds."""

    id: str
    post: str
    parent: str
    psid: str
    text: str
    at: int
    item: str = "comment"
    replied: bool = False
    removed: bool = False


class Feed:
    def __init__(self, config: FacebookConfig, page: Page) -> None:
        self._config, self._page, self._world = config, page, page.world
        self.first_post = f"{config.page_id}_{FIRST_POST}"

    # -- what citizens do ----------------------------------------------------------------------

    def comments(self, phone: Phone, text: str, *, post: str = "", parent: str = "", photo: str = "") -> Bubble:
        """Below a post of the Page, or below a comment. It opens no window."""
        post = post or self.first_post
        seq = self._world.next_seq()
        made = Activity(
            id=f"{post.partition('_')[2]}_{7000 + seq}", post=post, parent=parent or post, psid=phone.user_id,
            text=text, at=int(self._world.clock.now()),
        )  # fmt: skip
        return self._published(phone, made, {"photo": photo} if photo else {})

    def posts(self, phone: Phone, text: str) -> Bubble:
        """A visitor's own post on the Page."""
        name = f"{self._config.page_id}_{6000 + self._world.next_seq()}"
        made = Activity(
            id=name, post=name, parent="", psid=phone.user_id, text=text, at=int(self._world.clock.now()), item="post"
        )
        return self._published(phone, made, {"published": 1})

    def edits(self, phone: Phone, bubble: Bubble, text: str) -> None:
        activity = self._own(bubble)
        activity.text = bubble.text = text
        bubble.edited_at = self._world.clock.now()
        self._world.bubble_changed(phone, bubble)
        self._save(activity)
        verb = "edited" if activity.item == "comment" else "edit"
        self._tell(activity, phone, verb, {"message": text})

    def removes(self, phone: Phone, bubble: Bubble) -> None:
        activity = self._own(bubble)
        activity.removed = bubble.deleted = True
        self._world.bubble_changed(phone, bubble)
        self._save(activity)
        self._tell(activity, phone, "remove", {})

    def likes(self, phone: Phone) -> None:
        """A reaction to the Page's post: the noise of every feed."""
        reaction = {"item": "reaction", "reaction_type": "like", "verb": "add", "parent_id": self.first_post}
        value = {"from": self._author(phone), "post_id": self.first_post, **reaction}
        change = {"field": "feed", "value": value | {"created_time": int(self._world.clock.now())}}
        self._page.event("feed", "changes", change, phone)

    # -- what the Page does --------------------------------------------------------------------

    def answers(self, comment_id: str, text: str) -> Json:
        """A public answer by the Page; it comes back as an event of its own. Raises GraphError."""
        below = self._find(comment_id)
        if not text.strip():
            raise bad("param message must be non-empty.")
        made = Activity(
            id=f"{below.post.partition('_')[2]}_{7000 + self._world.next_seq()}", post=below.post, parent=below.id,
            psid="", text=text, at=int(self._world.clock.now()),
        )  # fmt: skip
        self._save(made)
        if phone := self._world.person("facebook", below.psid):
            self._show(phone, "bot", made)
        self._tell(made, None, "add", {"message": text})
        return {"id": made.id}

    def replyable(self, activity_id: str) -> Phone:
        """Who wrote it, if they may still get a private message. Raises GraphError 10900, 10902, 100/2018292."""
        activity = self._find(activity_id)
        phone = self._world.person("facebook", activity.psid)
        if activity.replied:
            raise known(10900)
        if phone is None or activity.removed or self._world.clock.now() - activity.at > PRIVATE_REPLY_LIFE:
            raise known(10902)
        return phone

    def replied(self, activity_id: str) -> None:
        activity = self._find(activity_id)
        activity.replied = True
        self._save(activity)

    def read(self, activity_id: str) -> Json:
        """A comment as Graph shows it. Raises GraphError."""
        activity = self._find(activity_id)
        phone = self._world.person("facebook", activity.psid)
        author = self._author(phone) if phone else self._itself()
        return {"id": activity.id, "message": activity.text, "from": author}

    def knows(self, activity_id: str) -> bool:
        return f"facebook.feed.{activity_id}" in self._world.state

    # -- inside --------------------------------------------------------------------------------

    def _published(self, phone: Phone, activity: Activity, more: Json) -> Bubble:
        self._save(activity)
        bubble = self._show(phone, "citizen", activity)
        self._tell(activity, phone, "add", {"message": activity.text, **more}, bubble)
        return bubble

    def _show(self, phone: Phone, sender: str, activity: Activity) -> Bubble:
        bubble = Bubble(
            seq=self._world.next_seq(), platform_id=activity.id, sender=sender, kind=activity.item,
            at=self._world.next_ms() / 1000, text=activity.text,
            reply_to=activity.parent if activity.parent != activity.post else "",
        )  # fmt: skip
        return self._world.show(phone, bubble)

    def _tell(
        self, activity: Activity, phone: Phone | None, verb: str, more: Json, bubble: Bubble | None = None
    ) -> None:
        value: Json = {"from": self._author(phone) if phone else self._itself(), "post_id": activity.post}
        if activity.item == "comment":
            value |= {"parent_id": activity.parent, "comment_id": activity.id}
        value |= {"created_time": activity.at, "item": activity.item, "verb": verb, **more}
        if activity.item == "comment" and verb == "add":
            about = {"status_type": "mobile_status_update", "is_published": True, "promotion_status": "inactive"}
            value["post"] = about | {"permalink_url": f"https://www.facebook.com/{activity.post}", "id": activity.post}
        bubbles = (bubble,) if bubble else ()
        self._page.event("feed", "changes", {"field": "feed", "value": value}, phone, bubbles)

    def _author(self, phone: Phone) -> Json:
        """Another id than the PSID: the two must not be taken for each other."""
        return {"id": str(24_000_000_000_000_000 + int(phone.user_id) % 1_000_000_000), "name": phone.name}

    def _itself(self) -> Json:
        return {"id": self._config.page_id, "name": self._config.page_name}

    def _own(self, bubble: Bubble) -> Activity:
        if bubble.sender != "citizen" or not self.knows(bubble.platform_id):
            raise ValueError("not a comment or a post of this person")
        return self._find(bubble.platform_id)

    def _find(self, activity_id: str) -> Activity:
        stored: dict[str, Any] | None = self._world.state.get(f"facebook.feed.{activity_id}")
        if stored is None:
            raise bad("Invalid comment_id or post_id", 2018292)
        return Activity(**stored)

    def _save(self, activity: Activity) -> None:
        self._world.remember(f"facebook.feed.{activity.id}", asdict(activity))
