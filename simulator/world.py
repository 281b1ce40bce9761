"""People's phones and all that happened on them: written by both platforms, read by pages, tests and citizens."""

import asyncio
import base64
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from simulator.clock import Clock

Json = dict[str, Any]
RECORDS_KEPT = 200_000


@dataclass(slots=True, kw_only=True)
class Button:
    """What a thumb can press. `kind`: callback, text, url, phone, sms, contact …; `data` is what it carries."""

    text: str
    kind: str
    data: str = ""


@dataclass(slots=True, kw_only=True)
class StoredFile:
    """Bytes that travel: a photo a citizen took, a document the bot sent."""

    id: str
    name: str
    mime: str
    content: bytes
    claimed_size: int = 0  # a file too big to carry around in tests says so here

    @property
    def size(self) -> int:
        return self.claimed_size or len(self.content)


@dataclass(slots=True, kw_only=True)
class Bubble:
    """One message as the phone shows it. `seq` counts over the whole world; times are epoch seconds of the platform."""

    seq: int
    platform_id: str
    sender: str  # citizen | bot | staff | notice
    kind: str  # text | image | file | location | contact | sticker | voice | video | form | notice
    at: float
    text: str = ""
    subject: str = ""  # of a mail
    buttons: list[list[Button]] = field(default_factory=list)
    media: Json | None = None
    files: list[Json] = field(default_factory=list)  # what hangs on a mail
    place: Json | None = None
    contact: Json | None = None
    reply_to: str = ""
    edited_at: float | None = None
    deleted: bool = False
    acked_at: float | None = None  # citizen's message: when the gateway answered 200 for it
    attempts: int = 0
    seen: bool = False
    raw: Json = field(default_factory=dict)  # the platform's own object, where it has one
    reactions: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Phone:
    """One person on one platform."""

    id: str
    platform: str
    user_id: str
    name: str
    number: str
    bubbles: list[Bubble] = field(default_factory=list)
    keyboard: list[list[Button]] = field(default_factory=list)
    keyboard_once: bool = False
    blocked: bool = False
    following: bool = False
    last_interaction: float | None = None
    replies_since: int = 0  # free replies used since the last interaction
    shared_info: Json = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    typing_until: float = 0.0
    alert: str = ""

    def find(self, platform_id: str) -> Bubble | None:
        return next((b for b in reversed(self.bubbles) if b.platform_id == platform_id), None)


class World:
    """Phones, files, records and counters, with an optional append-only file from which a restart brings them back."""

    def __init__(self, clock: Clock, journal: Path | None = None) -> None:
        self.clock = clock
        self.phones: dict[str, Phone] = {}
        self.files: dict[str, StoredFile] = {}
        self.counters: Counter[str] = Counter()
        self.records: deque[Json] = deque(maxlen=RECORDS_KEPT)
        self.state: Json = {}
        self._by_user: dict[tuple[str, str], Phone] = {}
        self._owners: dict[tuple[str, str], Phone] = {}
        self._seq = 0
        self._last_ms = 0
        self._listeners: set[Callable[[str, Json], None]] = set()
        self._changed: dict[str, asyncio.Event] = {}
        self._file: TextIO | None = None
        if journal is not None:
            journal.parent.mkdir(parents=True, exist_ok=True)
            self._replay(journal)
            self._file = journal.open("a", encoding="utf-8")

    # -- time and numbers ------------------------------------------------------------------

    def next_ms(self) -> int:
        """Epoch milliseconds that never repeat, so that what was typed later is later."""
        self._last_ms = max(self.clock.now_ms(), self._last_ms + 1)
        return self._last_ms

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    # -- people ----------------------------------------------------------------------------

    def add_phone(self, phone: Phone) -> Phone:
        self.phones[phone.id] = phone
        self._by_user[phone.platform, phone.user_id] = phone
        self._write("phone", {k: v for k, v in asdict(phone).items() if k != "bubbles"})
        self._tell("phone", {"id": phone.id})
        return phone

    def person(self, platform: str, user_id: str) -> Phone | None:
        return self._by_user.get((platform, user_id))

    def owner(self, platform: str, platform_id: str) -> Phone | None:
        """On whose phone a message is."""
        return self._owners.get((platform, platform_id))

    def save_phone(self, phone: Phone) -> None:
        """Call after changing a phone's own fields."""
        self._write("phone", {k: v for k, v in asdict(phone).items() if k != "bubbles"})
        self._touch(phone)

    # -- what a screen shows ---------------------------------------------------------------

    def show(self, phone: Phone, bubble: Bubble) -> Bubble:
        phone.bubbles.append(bubble)
        self._owners[phone.platform, bubble.platform_id] = phone
        self.counters[f"{phone.platform}.{bubble.sender}"] += 1
        self._write("bubble", {"phone": phone.id, **asdict(bubble)})
        self._touch(phone)
        return bubble

    def bubble_changed(self, phone: Phone, bubble: Bubble) -> None:
        self._write("bubble", {"phone": phone.id, **asdict(bubble)})
        self._touch(phone)

    def acknowledged(self, phone: Phone, bubble: Bubble) -> None:
        """The gateway answered 200 for this message."""
        if bubble.acked_at is None:
            bubble.acked_at = self.clock.now()
            self.counters[f"{phone.platform}.acknowledged"] += 1
            self.bubble_changed(phone, bubble)

    async def wait_for_change(self, phone: Phone, patience: float) -> bool:
        """Wait (real seconds) until something on this phone changes. False: nothing did."""
        event = self._changed.setdefault(phone.id, asyncio.Event())
        event.clear()
        try:
            await asyncio.wait_for(event.wait(), patience)
        except TimeoutError:
            return False
        return True

    # -- files, state, records -------------------------------------------------------------

    def keep_file(self, file: StoredFile) -> StoredFile:
        self.files[file.id] = file
        self._write("file", {**asdict(file), "content": base64.b64encode(file.content).decode()})
        return file

    def remember(self, name: str, value: Any) -> None:
        """A platform's own durable value; the newest wins after a restart, None forgets."""
        if value is None:
            self.state.pop(name, None)
        else:
            self.state[name] = value
        self._write("state", {"name": name, "value": value})

    def record(self, platform: str, what: str, **facts: Any) -> None:
        """For assertions: API calls and deliveries in the order in which they happened."""
        self.records.append(
            {"seq": self.next_seq(), "at": self.clock.now(), "platform": platform, "what": what, **facts}
        )
        self.counters[f"{platform}.{what}"] += 1

    # -- listeners -------------------------------------------------------------------------

    def listen(self, listener: Callable[[str, Json], None]) -> Callable[[], None]:
        """`listener(event, data)` is called on every change; returns the way to stop it."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def _touch(self, phone: Phone) -> None:
        if event := self._changed.get(phone.id):
            event.set()
        self._tell("phone", {"id": phone.id})

    def _tell(self, event: str, data: Json) -> None:
        for listener in tuple(self._listeners):
            listener(event, data)

    # -- the append-only file --------------------------------------------------------------

    def _write(self, kind: str, data: Json) -> None:
        if self._file is not None:
            self._file.write(json.dumps([kind, data], ensure_ascii=False) + "\n")
            self._file.flush()

    def _replay(self, path: Path) -> None:
        if not path.exists():
            return
        # A kill can cut the last line short; what it said never got an answer.
        whole = path.read_bytes()
        if not whole.endswith(b"\n"):
            path.write_bytes(whole[: whole.rfind(b"\n") + 1])
        apply = {
            "phone": self._apply_phone,
            "bubble": self._apply_bubble,
            "file": self._apply_file,
            "state": self._apply_state,
        }
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                kind, data = json.loads(line)
                apply[kind](data)

    def _apply_phone(self, data: Json) -> None:
        data["keyboard"] = _rows(data["keyboard"])
        old = self.phones.get(data["id"])
        phone = Phone(**data, bubbles=old.bubbles if old else [])
        self.phones[phone.id] = self._by_user[phone.platform, phone.user_id] = phone

    def _apply_bubble(self, data: Json) -> None:
        phone = self.phones[data.pop("phone")]
        self._owners[phone.platform, data["platform_id"]] = phone
        bubble = Bubble(**{**data, "buttons": _rows(data["buttons"])})
        self._seq = max(self._seq, bubble.seq)
        self._last_ms = max(self._last_ms, int(bubble.at * 1000))
        for place, known in enumerate(phone.bubbles):
            if known.seq == bubble.seq:
                phone.bubbles[place] = bubble
                return
        phone.bubbles.append(bubble)

    def _apply_file(self, data: Json) -> None:
        self.files[data["id"]] = StoredFile(**{**data, "content": base64.b64decode(data["content"])})

    def _apply_state(self, data: Json) -> None:
        if data["value"] is None:
            self.state.pop(data["name"], None)
        else:
            self.state[data["name"]] = data["value"]


def _rows(rows: list[list[Json]]) -> list[list[Button]]:
    return [[Button(**button) for button in row] for row in rows]
