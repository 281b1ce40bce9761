"""Scripted citizens: they write, wait for answers, and keep a ledger of what was promised and what came."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from simulator import media
from simulator.engine import Simulator, find_button
from simulator.world import Bubble, Json, Phone


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    One thing a citizen does; the first field that is set is done.

    `{name}`, `{number}`, `{place}` and `{n}` in a text are filled per citizen. `press` is a label or payload; a button
    that is not there, or no longer works, is typed instead. `expect`: a pattern that one of the answers must match.
    `answers`: how many messages to wait for before going on; 0 does not wait.
    """

    press: str = ""
    photo: str = ""
    place: tuple[float, float] | None = None
    contact: bool = False
    text: str = ""
    expect: str = ""
    answers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """
    Turns in order; after them `replies` answer whatever is asked.

    Of `replies` the first whose pattern is found in the last message (text and button labels) is used, each at most
    `repeat` times. A citizen is finished when a message matches `until`, or, without `until`, after the turns.
    """

    turns: Sequence[Turn]
    replies: Sequence[tuple[str, Turn]] = ()
    until: str = ""
    most_replies: int = 20
    repeat: int = 2


DEMO = Script(
    turns=[
        Turn(
            text="Đường trước số {n} Lý Thường Kiệt, {place} có ổ gà sâu, xe đi rất nguy hiểm."
            " Tôi tên {name}, điện thoại {number}"
        )
    ],
    replies=[
        (r"(?i)mã số \S*\d", Turn(text="cảm ơn", answers=0)),
        (r"(?i)\bhài lòng|đánh giá", Turn(press="Hài lòng")),
        (r"(?si)trả lời gửi|sửa để sửa|\bgửi\b.*\bhủy\b", Turn(press="Gửi")),
        (r"(?i)trả lời đúng|đúng không|phải không|đúng chưa", Turn(press="Đúng")),
        (r"(?i)bí mật|công khai", Turn(text="không")),
        (r"(?i)ảnh|hình|video", Turn(photo="o-ga")),
        (r"(?i)điện thoại|số máy", Turn(text="{number}")),
        (r"(?i)họ tên|họ và tên", Turn(text="{name}")),
        (r"(?i)phường|xã nào", Turn(text="{place}")),
        (r"(?i)địa chỉ|địa điểm|vị trí|ở đâu", Turn(text="số {n} Lý Thường Kiệt, {place}")),
        (r"(?i)nội dung|phản ánh việc gì", Turn(text="Ổ gà sâu trước số {n} Lý Thường Kiệt, {place}")),
        (r"\?", Turn(press="Không")),
    ],
    until=r"(?i)mã số",
)


@dataclass(slots=True)
class TurnRecord:
    """What one turn sent and what came before the next one."""

    turn: Turn
    sent: Bubble | None
    answers: list[Bubble] = field(default_factory=list)
    timed_out: bool = False


@dataclass(slots=True)
class CitizenRecord:
    phone: Phone
    turns: list[TurnRecord] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def repeated(self) -> int:
        """Messages that came twice: the same text and buttons again without a question of the citizen between."""
        count, before = 0, set[tuple[str, ...]]()
        for record in self.turns:
            faces = Counter(_face(bubble) for bubble in record.answers)
            count += sum(many - 1 for many in faces.values())
            if len(faces) > 1:
                # Beside a proper answer, what the turn before already got is a late double.
                count += sum(face in before for face in faces)
            before = set(faces)
        return count

    @property
    def disordered(self) -> int:
        """Answers to an earlier turn that came after the answer to a later one was due."""
        count = 0
        for place, record in enumerate(self.turns):
            patterns = [earlier.turn.expect for earlier in self.turns[:place] if earlier.turn.expect]
            for bubble in record.answers:
                mine = record.turn.expect and re.search(record.turn.expect, bubble.text)
                count += not mine and any(re.search(pattern, bubble.text) for pattern in patterns)
        return count


@dataclass(slots=True)
class Ledger:
    """The figures of a run. A promise is a message the gateway answered 200 for."""

    citizens: list[CitizenRecord] = field(default_factory=list)

    @property
    def _sent(self) -> list[TurnRecord]:
        return [record for citizen in self.citizens for record in citizen.turns if record.sent]

    @property
    def sent(self) -> int:
        return len(self._sent)

    @property
    def acknowledged(self) -> int:
        return sum(record.sent is not None and record.sent.acked_at is not None for record in self._sent)

    @property
    def lost(self) -> int:
        """Acknowledged, an answer was due, none came."""
        return sum(
            r.timed_out and not r.answers and r.sent is not None and r.sent.acked_at is not None for r in self._sent
        )

    @property
    def unexpected(self) -> int:
        """Turns whose `expect` no answer matched."""
        return sum(
            bool(r.turn.expect) and not any(re.search(r.turn.expect, b.text) for b in r.answers) for r in self._sent
        )

    @property
    def answers(self) -> int:
        return sum(len(record.answers) for record in self._sent)

    @property
    def answered_twice(self) -> int:
        return sum(citizen.repeated for citizen in self.citizens)

    @property
    def order_violations(self) -> int:
        return sum(citizen.disordered for citizen in self.citizens)

    @property
    def codes(self) -> list[str]:
        """Codes of cases the citizens were told, in no particular order."""
        return [code for citizen in self.citizens for code in citizen.codes]

    @property
    def finished(self) -> int:
        return sum(citizen.finished for citizen in self.citizens)

    def figures(self) -> Json:
        names = (
            "sent",
            "acknowledged",
            "answers",
            "lost",
            "unexpected",
            "answered_twice",
            "order_violations",
            "finished",
        )
        figures: Json = {name: getattr(self, name) for name in names}
        return figures | {"citizens": len(self.citizens), "codes": len(set(self.codes))}


async def run_citizens(
    simulator: Simulator,
    n: int,
    script: Script = DEMO,
    *,
    platforms: Sequence[str] = ("zalo", "telegram"),
    answer_timeout: float = 60.0,
    tries: int = 1,
    settle: float = 0.2,
    spread: float = 0.0,
    ledger: Ledger | None = None,
    on_progress: Callable[[Ledger], None] | None = None,
) -> Ledger:
    """
    Let `n` new citizens walk through `script` at once, on each of `platforms` in turn; returns when all ended.

    Real seconds: `answer_timeout` until a missing answer is given up, `settle` of quiet before the next turn (so that
    doubles are seen), `spread` over which the citizens begin. A `ledger` given in can be read while they run. With
    `tries` above one a citizen who gets no answer says the same again, as people do; that is a new message.
    """
    ledger = ledger if ledger is not None else Ledger()

    async def one(number: int) -> None:
        await asyncio.sleep(spread * number / n)
        platform = platforms[number % len(platforms)]
        walker = _Walker(simulator, script, platform, number, answer_timeout, tries, settle)
        ledger.citizens.append(walker.record)
        await walker.walk(lambda: on_progress(ledger) if on_progress else None)

    await asyncio.gather(*(one(number) for number in range(n)))
    return ledger


class _Walker:
    """One citizen on the way through a script."""

    def __init__(
        self,
        simulator: Simulator,
        script: Script,
        platform: str,
        number: int,
        timeout: float,
        tries: int,
        settle: float,
    ) -> None:
        self._simulator, self._script, self._number = simulator, script, number
        self._timeout, self._tries, self._settle = timeout, tries, settle
        self._code = re.compile(simulator.config.code_pattern)
        self._used: Counter[int] = Counter()
        self._replied_to = 0
        self.phone = simulator.join(platform)
        self.record = CitizenRecord(self.phone)

    async def walk(self, progress: Callable[[], None]) -> None:
        for turn in self._script.turns:
            if not await self._do(turn):
                return
            progress()
        for _ in range(self._script.most_replies):
            reply = None if self._done() else self._reply()
            if reply is None:
                break
            if not await self._do(reply):
                return
            progress()
        self.record.finished = self._done()
        progress()

    def _done(self) -> bool:
        if not self._script.until:
            return True
        return any(re.search(self._script.until, bubble.text) for bubble in self._heard())

    def _heard(self) -> list[Bubble]:
        return [bubble for bubble in self.phone.bubbles if bubble.sender != "citizen"]

    def _reply(self) -> Turn | None:
        heard = self._heard()
        if not heard or heard[-1].seq <= self._replied_to:
            return None
        self._replied_to = heard[-1].seq
        labels = [button.text for row in heard[-1].buttons for button in row]
        asked = "\n".join([heard[-1].text, *labels])
        for place, (pattern, turn) in enumerate(self._script.replies):
            if self._used[place] < self._script.repeat and re.search(pattern, asked):
                self._used[place] += 1
                return turn
        return None

    async def _do(self, turn: Turn) -> bool:
        """False when the answer that was due never came."""
        for _ in range(self._tries):
            if await self._try(turn):
                return True
        return False

    async def _try(self, turn: Turn) -> bool:
        start = len(self.phone.bubbles)
        record = TurnRecord(turn, self._act(turn))
        self.record.turns.append(record)
        if turn.answers:
            record.timed_out = not await self._answered(start, turn.answers)
        record.answers = self._since(start)
        self.record.codes += [
            code
            for bubble in record.answers
            for code in self._code.findall(bubble.text)
            if code not in self.record.codes
        ]
        return not record.timed_out

    async def _answered(self, start: int, wanted: int) -> bool:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timeout
        while len(self._since(start)) < wanted:
            left = end - loop.time()
            if left <= 0 or not await self._simulator.world.wait_for_change(self.phone, left):
                return len(self._since(start)) >= wanted
        # Receipts and edits change the phone too: quiet means that no new message came for a while.
        count = len(self.phone.bubbles)
        quiet = loop.time() + self._settle
        while (left := quiet - loop.time()) > 0:
            await self._simulator.world.wait_for_change(self.phone, left)
            if len(self.phone.bubbles) != count:
                count, quiet = len(self.phone.bubbles), loop.time() + self._settle
        return True

    def _since(self, start: int) -> list[Bubble]:
        return [bubble for bubble in self.phone.bubbles[start:] if bubble.sender != "citizen"]

    def _act(self, turn: Turn) -> Bubble | None:
        people = self._simulator.people(self.phone)
        if turn.press:
            found = find_button(self.phone, turn.press)
            pressed = people.presses(self.phone, *found) if found else None
            return pressed or people.says(self.phone, turn.press)
        if turn.photo:
            return people.sends_file(self.phone, media.sample(turn.photo), name="photo.jpg")
        if turn.place:
            return people.sends_place(self.phone, *turn.place)
        if turn.contact:
            return people.sends_contact(self.phone, self.phone.name, self.phone.number, own=True)
        number = "0" + self.phone.number.removeprefix("84")
        text = turn.text.replace("{name}", self.phone.name).replace("{number}", number)
        text = text.replace("{place}", self._simulator.config.demo_place)
        return people.says(self.phone, text.replace("{n}", str(self._number + 1)))


def _face(bubble: Bubble) -> tuple[str, ...]:
    return (bubble.kind, bubble.text, *(button.text for row in bubble.buttons for button in row))
