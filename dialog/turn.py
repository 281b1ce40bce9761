"""One event being answered: a working copy of the state and the wishes so far.

`Turn` lives inside one call of `step` and is thrown away; the state it started from is never touched.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

import msgspec

from core.effects import Effect, Outcome, Say, Wake
from core.events import Authenticity, InboundMessage
from core.model import Ask, Case, Choice, Draft, OutboundMedia, OutboundMessage
from dialog import wording
from dialog.reading.letter import Piece
from dialog.reading.model import Reading
from dialog.state import KEPT_CASES, MAIL_KNOWN, Form, Known, State
from regulations.model import Need, Profile

BLANK = Form()
SILENCE = Reading(text="", folded="")
SLOW_DRAFT = timedelta(days=7)
"""People answer mail within days, not minutes."""
_DOUBTFUL = frozenset({Authenticity.UNVERIFIED, Authenticity.FAILED})


_DIGITS = re.compile(r"\d+")

_SET = {row.name: getattr(Draft, row.name).__set__ for row in fields(Draft)}
_VALUES = attrgetter(*_SET)


def _changed(draft: Draft, changes: Mapping[str, Any]) -> Draft:
    """`dataclasses.replace` for the one value that nearly every message changes several times, at half its price: the
    slots are filled directly instead of through the `__init__` of a frozen class.
    """
    new = object.__new__(Draft)
    for put, value in zip(_SET.values(), _VALUES(draft), strict=True):
        put(new, value)
    for name, value in changes.items():
        _SET[name](new, value)
    return new


@dataclass(slots=True, kw_only=True)
class Turn:
    state: State
    profile: Profile
    now: datetime
    message: InboundMessage | None = None
    reading: Reading = SILENCE
    signed: Reading = SILENCE
    """What the signature of a letter says of its sender."""
    pieces: tuple[Piece, ...] = ()
    """Parts of a letter that answer questions of their own; `reading` is the rest."""
    effects: list[Effect] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Said before the question, in one message with it."""
    firm: bool = False
    """A note that must reach the citizen even if the question is overtaken by the next message."""
    filled: list[str] = field(default_factory=list)
    """Slots this message filled or changed."""
    refused: set[str] = field(default_factory=set)
    """Slots for which something was given that cannot be one: their question says what is wrong with it."""
    burst: bool = False
    """The question before still waits for more, and this turn's answer takes its place."""
    owed: tuple[str, ...] = ()
    """What it told besides."""
    asked: bool = False
    """The last thing said is a question, told together with `asked_notes`."""
    asked_notes: tuple[str, ...] = ()
    corrected: bool = False
    """The notes repeat what was changed, so the whole report need not be read out again."""
    needs: Mapping[str, Need] = field(default_factory=dict)
    """How much the report needs each field, as long as the report is `needs_of`."""
    needs_of: Form | None = None

    # --- state ---------------------------------------------------------------------------------------------------

    def update(self, **changes: Any) -> None:
        self.state = msgspec.structs.replace(self.state, **changes)

    @property
    def form(self) -> Form:
        """The open report, or an empty one."""
        return self.state.form or BLANK

    def begin(self) -> None:
        """Open a report unless one is open."""
        if self.state.form is None:
            user = self.message.peer.user if self.message else ""
            # Mail is answered to the address it came from, so the sender has given it already.
            draft = Draft(started_at=self.now, email=user if "@" in user else "")
            settled = (MAIL_KNOWN,) if draft.email else ()
            self.update(form=Form(draft=draft, settled=settled), settled=False, offer=None, resume=False, reminders=0)

    def update_form(self, **changes: Any) -> None:
        self.begin()
        self.update(form=msgspec.structs.replace(self.form, **changes))

    def update_draft(self, **changes: Any) -> None:
        self.update_form(draft=_changed(self.form.draft, changes))

    def settle(self, *questions: str) -> None:
        """Never ask these again for this report."""
        fresh = tuple(question for question in questions if question not in self.form.settled)
        if fresh:
            self.update_form(settled=self.form.settled + fresh)

    def flag(self, *flags: str) -> None:
        fresh = tuple(flag for flag in flags if flag and flag not in self.form.draft.flags)
        if fresh:
            self.update_draft(flags=self.form.draft.flags + fresh)

    @property
    def waiting(self) -> str:
        return self.form.waiting

    @property
    def proven(self) -> bool:
        """Whether the sender is who the message says, or answers to a token of ours that only its reader has."""
        message = self.message
        return message is None or message.authenticity not in _DOUBTFUL or bool(message.about)

    @property
    def codes(self) -> tuple[str, ...]:
        """The cases that are meant: those named, else the one whose mail is answered."""
        about = self.message.about if self.message else ""
        return self.reading.codes or ((about,) if about else ())

    @property
    def draft_ttl(self) -> timedelta:
        """How long a draft waits for its next message."""
        return SLOW_DRAFT if self.state.letters else timedelta(hours=self.profile.intake.draft_ttl_hours)

    @property
    def draft_hours(self) -> str:
        return str(round(self.draft_ttl / timedelta(hours=1)))

    def known(self, code: str) -> Known | None:
        return next((known for known in self.state.cases if known.case.code == code), None)

    def remember(self, known: Known) -> None:
        """Put a case in front of the others; the oldest beyond the limit is forgotten."""
        others = tuple(other for other in self.state.cases if other.case.code != known.case.code)
        self.update(cases=(known, *others)[:KEPT_CASES])

    def update_case(self, code: str, **changes: Any) -> Case | None:
        """Change one remembered case in its place; None if it is not known."""
        changed: Case | None = None
        cases: list[Known] = []
        for known in self.state.cases:
            if known.case.code == code:
                changed = replace(known.case, **changes)
                known = msgspec.structs.replace(known, case=changed)
            cases.append(known)
        if changed is not None:
            self.update(cases=tuple(cases))
        return changed

    def update_known(self, code: str, **changes: Any) -> None:
        self.update(
            cases=tuple(
                msgspec.structs.replace(known, **changes) if known.case.code == code else known
                for known in self.state.cases
            )
        )

    # --- words ---------------------------------------------------------------------------------------------------

    def line(self, template: str, **values: str) -> str:
        return wording.line(self.profile, template, **values)

    def button(self, key: str, template: str) -> Choice:
        """A button labelled with the profile's text `button_…`."""
        return Choice(key=key, label=self.line(template))

    def note(self, text: str, *, firm: bool = True) -> None:
        if text:
            self.notes.append(text)
            self.firm = self.firm or firm

    def say(
        self,
        text: str = "",
        choices: Iterable[Choice] = (),
        *,
        ask: Ask = Ask.NOTHING,
        question: bool = False,
        about: str = "",
        news: str = "",
        media: tuple[OutboundMedia, ...] = (),
    ) -> None:
        """Say the notes and `text` as one message. A `question` gives way to a newer one that overtakes it.

        A letter carries its choices in the text, above its closing.
        """
        notes = self._with_owed() if question and self.owed else self.notes
        self.asked, self.asked_notes = question, tuple(notes) if question else ()
        words = "\n".join(part for part in (*notes, text) if part)
        offered = tuple(choice for choice in choices if choice.label)
        self.notes.clear()
        if not words:
            return
        if self.state.letters:
            message = OutboundMessage(text=wording.letter(self.profile, words, offered), media=media)
        else:
            message = OutboundMessage(text=words, choices=offered, ask=ask, media=media)
        self.effects.append(Say(message=message, replaceable=question and not self.firm, about=about, news=news))
        self.firm = False
        if offered or question:
            self.update(choices=offered)

    def _with_owed(self) -> list[str]:
        """The notes, and before them those that are owed; of two that differ in a number alone the newer one."""
        said = {_DIGITS.sub("", note) for note in self.notes}
        before = [note for note in self.owed if _DIGITS.sub("", note) not in said]
        self.owed = ()
        return before + self.notes

    def outcome(self, value: str, code: str = "") -> None:
        self.effects.append(Outcome(value=value, code=code))
        self.update(settled=True)

    def wish(self, effect: Effect) -> None:
        self.effects.append(effect)

    def wake(self, at: datetime | None) -> None:
        if at != self.state.wake_at:
            self.update(wake_at=at)
            self.effects.append(Wake(at=at))
