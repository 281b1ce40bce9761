"""Citizens with mailboxes, and the post between them and the office: the mail side of the simulated world."""

import asyncio
import re
import socket
import unicodedata
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from simulator import media
from simulator.config import EmailConfig, SimulatorConfig
from simulator.email import notices
from simulator.email.acts import acts
from simulator.email.clients import CLIENTS, Enclosure, Letter, Quoted, compose, received
from simulator.email.office import Office
from simulator.email.reading import read
from simulator.email.submission import Submission
from simulator.faults import FaultPlan
from simulator.world import Bubble, Button, Json, Phone, World

ZONE = timezone(timedelta(hours=7))
_WORDS_OF_SUBJECT = 9
_ANSWER = re.compile(r"^(?:(?:re|fwd?|tl|trả lời)\s*:\s*)+", re.IGNORECASE)
GREYLISTED = 30.0  # platform seconds until a mail that was put off comes again


class Post:
    """Actions return the bubble they left in the citizen's mailbox; delivery goes on behind."""

    def __init__(self, config: SimulatorConfig, world: World, plan: FaultPlan) -> None:
        self.config: EmailConfig = config.email
        self.world, self._plan = world, plan
        self._retry_speed = config.retry_speed
        self.office = Office(self.config.address, self.config.password, plan, world, self._taken)
        self.submission = Submission(
            self.config.address, self.config.password, plan=plan, world=world, post=self._posted, refuses=self._refuses
        )
        self._doors: list[socket.socket] = []
        self._bags: asyncio.Queue[_Bag] = asyncio.Queue()
        self._held: list[_Bag] = []
        self._under_way: dict[int, _Bag] = {}
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def acts(self) -> Mapping[str, Any]:
        """What `/control` can order for a mailbox, by name."""
        return acts(self)

    # --- life ---------------------------------------------------------------------------------------------------------

    def bind(self) -> None:
        """Take the two ports without listening yet. Raises `OSError` when a wished one is not free."""
        if not self._doors:
            self._doors = [_door(self.config.imap_port), _door(self.config.smtp_port)]

    @property
    def imap_port(self) -> int:
        self.bind()
        return int(self._doors[0].getsockname()[1])

    @property
    def smtp_port(self) -> int:
        self.bind()
        return int(self._doors[1].getsockname()[1])

    async def start(self) -> None:
        """Begin to listen and to deliver. Call inside the running loop."""
        self.bind()
        imap, smtp = self._doors
        await self.office.start(imap)
        await self.submission.start(smtp)
        self._spawn(self._carry())

    async def close(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.submission.close()
        await self.office.close()
        for door in self._doors:
            door.close()

    def pending(self) -> int:
        """Mails on their way to the office, or in its inbox and not yet put away."""
        return self._waiting + len(self._under_way)

    # --- what citizens do ---------------------------------------------------------------------------------------------

    def join(self, name: str, number: str, *, client: str = "") -> Phone:
        """A person with a mailbox; programs take turns. The address is the user id."""
        count = sum(phone.platform == "email" for phone in self.world.phones.values()) + 1
        client = client or list(CLIENTS)[(count - 1) % len(CLIENTS)]
        local = ".".join(_plain(name).split()[-2:]) or "congdan"
        address = f"{local}{count}@{self.config.citizens_domain}"
        phone = Phone(id=f"email-{count}", platform="email", user_id=address, name=name, number=number, tags=[client])
        return self.world.add_phone(phone)

    def writes(
        self, phone: Phone, text: str, *, subject: str = "", files: Sequence[Enclosure] = (), reply_to: str = "",
        fresh: bool = False, verdict: str = "pass", **shown: Any,
    ) -> Bubble:  # fmt: skip
        """A mail with everything in it: an answer to `reply_to` or the office's last mail, a new one when `fresh`.

        `verdict` is what the receiving server finds out about the sender ("pass", "fail"; empty: it does not say).
        """
        if phone.blocked:
            self.unblocks(phone)
        answered = None if fresh else self._answered(phone, reply_to)
        bubble = self._bubble(phone, "citizen", shown.pop("kind", "mail"), text=text, **shown)
        letter = self._letter(phone, bubble, answered, text, subject, files)
        bubble.platform_id, bubble.subject = letter.message_id, letter.subject
        bubble.reply_to = letter.in_reply_to
        bubble.raw = {"references": list(letter.references), "client": phone.tags[0]}
        bubble.files = [self._shown(*file) for file in files]
        self.world.show(phone, bubble)
        phone.last_interaction = bubble.at
        self.world.save_phone(phone)
        self.send(phone, compose(phone.tags[0], letter), bubble=bubble, verdict=verdict)
        return bubble

    def send(self, phone: Phone, mail: bytes, *, bubble: Bubble | None = None, verdict: str = "pass") -> None:
        """Hand any bytes to the post as they are; it adds the receiver's own lines on top."""
        at = datetime.fromtimestamp(self.world.clock.now(), ZONE)
        arrived = received(
            mail, sender=phone.user_id, to=self.config.address, domain=self.config.domain, at=at, verdict=verdict
        )
        self._hand_over(_Bag(arrived, phone, bubble))

    def says(self, phone: Phone, text: str, *, reply_to: str = "") -> Bubble:
        return self.writes(phone, text, reply_to=reply_to)

    def sends_file(self, phone: Phone, content: bytes, *, name: str = "", mime: str = "", caption: str = "") -> Bubble:
        kind, ending = media.recognise(content)
        return self.writes(phone, caption, files=[(name or f"tep.{ending}", mime or kind, content)])

    def sends_voice(self, phone: Phone, seconds: int) -> Bubble:
        return self.writes(phone, "", files=[("ghi-am.ogg", "audio/ogg", media.voice())])

    def sends_video(self, phone: Phone, content: bytes, name: str) -> Bubble:
        return self.writes(phone, "", files=[(name, "video/mp4", content)])

    def sends_place(self, phone: Phone, latitude: float, longitude: float, *, title: str = "") -> Bubble:
        """As a map program shares it: the title and a link."""
        link = f"https://maps.google.com/?q={latitude},{longitude}"
        place = {"latitude": latitude, "longitude": longitude, "title": title}
        return self.writes(phone, "\n".join(filter(None, (title, link))), place=place)

    def sends_contact(self, phone: Phone, name: str, number: str, *, own: bool) -> Bubble:
        return self.writes(phone, f"{name} {number}".strip())

    def sends_sticker(self, phone: Phone, sticker: str) -> Bubble:
        return self.writes(phone, sticker)

    def presses(self, phone: Phone, button: Button, bubble: Bubble | None) -> Bubble | None:
        """A mail has no buttons: what one would say is typed."""
        return self.writes(phone, button.text)

    def follows(self, phone: Phone) -> None:
        """Nobody follows a mailbox."""

    def blocks(self, phone: Phone) -> None:
        """From now on the citizen's mailbox refuses what comes."""
        phone.blocked = True
        self.world.save_phone(phone)

    def unblocks(self, phone: Phone) -> None:
        phone.blocked = False
        self.world.save_phone(phone)

    def goes_away(self, phone: Phone, *, rude: bool = False) -> None:
        """The citizen's mailbox answers by itself from now on; a `rude` one answers automatic mails too."""
        phone.tags = [phone.tags[0], "away!" if rude else "away"]
        self.world.save_phone(phone)

    def reacts(self, phone: Phone, bubble: Bubble, icon: str) -> None:
        bubble.reactions = [icon]
        self.world.bubble_changed(phone, bubble)

    def sees(self, phone: Phone) -> None:
        for bubble in phone.bubbles:
            bubble.seen = True

    # --- from the office ----------------------------------------------------------------------------------------------

    def _refuses(self, address: str) -> str:
        phone = self.world.person("email", address.lower())
        return "550 5.1.1 mailbox unavailable" if phone is not None and phone.blocked else ""

    def _posted(self, sender: str, recipients: list[str], mail: bytes, *, bounced: bool) -> None:
        """A mail of the office was accepted: to the citizens it goes to, and back when nobody lives there."""
        for address in recipients:
            phone = self.world.person("email", address.lower())
            if phone is None or bounced:
                if sender:
                    self._bounces(address, mail)
            else:
                self._arrives(phone, mail)

    def _arrives(self, phone: Phone, mail: bytes) -> None:
        shown = read(mail)
        if shown.message_id and (known := phone.find(shown.message_id)):
            # Mailboxes and programs show one of several copies with the same id.
            known.attempts += 1
            self.world.record("email", "copy", message_id=shown.message_id)
            return
        bubble = self._bubble(
            phone, "bot" if shown.automatic else "staff", "mail",
            text=shown.text, subject=shown.subject, reply_to=shown.in_reply_to,
        )  # fmt: skip
        bubble.platform_id = shown.message_id or str(bubble.seq)
        bubble.raw = {"references": list(shown.references), "sender": shown.sender, "address": shown.address}
        bubble.raw["answer_to"] = shown.answer_to
        bubble.files = [self._shown(*file) for file in shown.files]
        self.world.show(phone, bubble)
        if phone.tags[1:] == ["away!"] or (phone.tags[1:] == ["away"] and not shown.automatic):
            self._answers_by_itself(phone, bubble)

    def _answers_by_itself(self, phone: Phone, bubble: Bubble) -> None:
        letter = self._letter(phone, self._bubble(phone, "citizen", "mail"), bubble, notices.AWAY, "", ())
        letter = replace(
            letter,
            subject=notices.AWAY_SUBJECT + bubble.subject,
            quoted=None,
            headers=(("Auto-Submitted", "auto-replied"), ("Precedence", "bulk")),
        )
        self.send(phone, compose(phone.tags[0], letter))

    def _bounces(self, address: str, mail: bytes) -> None:
        at = datetime.fromtimestamp(self.world.clock.now(), UTC)
        report = notices.bounce(
            mail, recipient=address, office=self.config.address, domain=f"mx.{self.config.domain}", at=at,
            number=self.world.next_seq(),
        )  # fmt: skip
        self._hand_over(_Bag(b"Return-Path: <>\r\n" + report, None, None))

    # --- to the office ------------------------------------------------------------------------------------------------

    def _hand_over(self, bag: "_Bag") -> None:
        self._waiting += 1
        self._bags.put_nowait(bag)

    async def _carry(self) -> None:
        """One carrier, so that mails arrive in the order in which they were sent, unless trouble was ordered."""
        while True:
            bag = await self._bags.get()
            if self.config.latency:
                await self.world.clock.sleep(self.config.latency)
            await self._deliver(bag)
            for held in self._held:
                await self._drop_in(held)
            self._held.clear()
            if bag.held:
                self._held.append(bag)

    async def _deliver(self, bag: "_Bag") -> None:
        fault = self._plan.strike("email", "webhook", "mail")
        if fault is not None:
            match fault.action:
                case "twice":
                    for _ in range(fault.copies):
                        self._waiting += 1
                        self._spawn(self._later(bag, fault.seconds))
                case "lose":
                    self._spawn(self._later(bag, GREYLISTED / self._retry_speed))
                    return
                case "delay":
                    self._spawn(self._later(bag, fault.seconds))
                    return
                case "shuffle" if not self._bags.empty():
                    bag.held = True
                    return
        await self._drop_in(bag)

    async def _later(self, bag: "_Bag", seconds: float) -> None:
        await self.world.clock.sleep(seconds * self._plan.dice() if seconds else 0)
        await self._drop_in(bag)

    async def _drop_in(self, bag: "_Bag") -> None:
        uid = await self.office.append(bag.mail, datetime.fromtimestamp(self.world.clock.now(), UTC))
        self._under_way[uid] = bag
        self._waiting -= 1
        if bag.bubble is not None:
            bag.bubble.attempts += 1
        self.world.record("email", "mail", uid=uid, size=len(bag.mail), phone=bag.phone.id if bag.phone else "")

    def _taken(self, uid: int) -> None:
        """The office's reader has put this mail away: it answers for it now."""
        bag = self._under_way.pop(uid, None)
        if bag is not None and bag.phone is not None and bag.bubble is not None:
            self.world.acknowledged(bag.phone, bag.bubble)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _answered(self, phone: Phone, reply_to: str) -> Bubble | None:
        """The office's mail that is answered: its newest, unless another is named."""
        if reply_to:
            return phone.find(reply_to)
        heard = [bubble for bubble in phone.bubbles if bubble.sender in {"bot", "staff"}]
        return heard[-1] if heard else None

    def _letter(
        self, phone: Phone, bubble: Bubble, answered: Bubble | None, text: str, subject: str, files: Sequence[Enclosure]
    ) -> Letter:
        style = CLIENTS[phone.tags[0]]
        at = datetime.fromtimestamp(bubble.at, ZONE)
        message_id = style.message_id(bubble.seq, self.config.citizens_domain)
        letter = Letter(
            name=phone.name, address=phone.user_id, to=self.config.address, subject=subject or _subject(text),
            text=text, at=at, message_id=message_id, files=files,
            signature=phone.name if self.config.signatures else "",
        )  # fmt: skip
        if answered is None:
            return letter
        quoted = Quoted(
            sender=str(answered.raw.get("sender", phone.name)),
            address=str(answered.raw.get("address", phone.user_id)),
            to=phone.user_id,
            subject=answered.subject,
            at=datetime.fromtimestamp(answered.at, ZONE),
            text=answered.text,
        )
        return replace(
            letter,
            to=str(answered.raw.get("answer_to") or letter.to),
            subject=subject or style.reply + _ANSWER.sub("", answered.subject),
            in_reply_to=answered.platform_id,
            references=(*answered.raw.get("references", ()), answered.platform_id),
            quoted=quoted,
        )

    def _bubble(self, phone: Phone, sender: str, kind: str, **shown: Any) -> Bubble:
        seq = self.world.next_seq()
        return Bubble(seq=seq, platform_id=str(seq), sender=sender, kind=kind, at=self.world.next_ms() / 1000, **shown)

    def _shown(self, name: str, mime: str, content: bytes) -> Json:
        file = media.keep(self.world, content, name, mime)
        return {"name": file.name, "mime": file.mime, "size": file.size, "file": file.id}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Bag:
    """One mail on its way, and whose bubble it is."""

    __slots__ = ("bubble", "held", "mail", "phone")

    def __init__(self, mail: bytes, phone: Phone | None, bubble: Bubble | None) -> None:
        self.mail, self.phone, self.bubble, self.held = mail, phone, bubble, False


def _door(port: int) -> socket.socket:
    door = socket.socket()
    # As asyncio does: an address left a moment ago is free.
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind(("127.0.0.1", port))
    return door


def _plain(name: str) -> str:
    bare = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    return "".join(ch for ch in bare if ch.isascii() and (ch.isalnum() or ch == " "))


def _subject(text: str) -> str:
    words = text.split()
    return " ".join(words[:_WORDS_OF_SUBJECT]) or "Phản ánh"
