"""The order in which an inbound message is judged: the table `CHECKS` is profile schema §4, top to bottom.

Each check answers the message and says True, or leaves it to the next.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import msgspec

from core.effects import AlertStaff, Forget
from core.events import InboundMessage
from core.model import Choice, MediaKind
from dialog import cases, dossiers, letters, pieces, privacy
from dialog.buttons import pressed, pressed_by_label
from dialog.commands import commanded
from dialog.ending import locked_out, submit_closed
from dialog.needed import open_questions
from dialog.questions import ask, ask_again, ask_next
from dialog.reading import read
from dialog.reading.model import Reading
from dialog.reporting import report
from dialog.state import Offer
from dialog.turn import Turn
from regulations.model import Exclusion
from regulations.text import exclusion_text

MINUTE = timedelta(minutes=1)
FLOOD = timedelta(hours=1)
"""Within this span the same refused kind of message (advertising) is answered once (D13)."""
MAX_CHATS = 2
SHORT = 6
"""Tokens up to which a thank-you after an answer is mere politeness, not praise to be put on file."""


def hear(turn: Turn) -> None:
    """Understand the message in `turn` and answer it."""
    if turn.state.letters:
        if letters.loops(turn):
            return
        letters.open_letter(turn)
    message = turn.message
    if message is None:
        return
    if message.text and not message.choice:
        if pressed_by_label(turn):
            return
        turn.reading = _polite(turn, message)
    elif message.contact and not message.choice:
        turn.reading = read(message, profile=turn.profile, now=turn.now, waiting_for=turn.waiting)
    if turn.state.letters:
        letters.add_heading(turn)
        pieces.cut(turn)
    if not message.sticker:
        turn.update(stickers=0)
    for check in CHECKS:
        if check(turn):
            return


def _polite(turn: Turn, message: InboundMessage) -> Reading:
    """What the message says; an insult in front of a command does not hide it (R-BN-53)."""
    waiting = listening_for(turn)
    said = read(message, profile=turn.profile, now=turn.now, waiting_for=waiting)
    if not said.insult or said.command:
        return said
    clean = read(replace(message, text=said.cleaned), profile=turn.profile, now=turn.now, waiting_for=waiting)
    return msgspec.structs.replace(said, command=clean.command, rest=clean.rest, rest_command=clean.rest_command)


def listening_for(turn: Turn) -> str:
    """The slot whose answer is expected, a rating included."""
    asked = turn.state.rating
    return turn.waiting or ("rating" if asked and asked.value is None else "")


# --- 1 limits -------------------------------------------------------------------------------------------------------


def rate_limited(turn: Turn) -> bool:
    """More messages in a minute than the profile allows: said once, emergencies are still heard."""
    minute = turn.state.minute
    if minute is None or turn.now - minute >= MINUTE:
        turn.update(minute=turn.now, in_minute=1)
        return False
    turn.update(in_minute=turn.state.in_minute + 1)
    over = turn.state.in_minute - turn.profile.intake.rate_limit_per_minute
    if over <= 0 or turn.reading.emergency or (turn.message and turn.message.media):
        return False
    if over == 1:
        turn.say(turn.line("rate_limited", minutes="1"))
    return True


# --- 2 emergencies --------------------------------------------------------------------------------------------------


def emergency(turn: Turn) -> bool:
    """The number to call, before and instead of every question; an open draft stays (D10)."""
    row = turn.profile.emergencies.get(turn.reading.emergency)
    if row is None:
        return False
    numbers = [turn.profile.hotlines[key].number for key in row.hotlines]
    text = turn.line("emergency", hotlines=", ".join(filter(None, numbers)))
    if row.action == "accept_alert":
        turn.wish(AlertStaff(reason=row.id, level=row.level))
        if any(numbers):
            turn.note(text)
        if row.level:
            turn.update_draft(level=row.level)
        return False
    choices = []
    if row.action == "hotline_then_offer":
        turn.update(offer=Offer(row=row.id, text=turn.reading.text, kind="emergency", level=row.level))
        choices = [turn.button(f"insist:{row.id}", "button_insist")]
    turn.say(text, choices)
    turn.outcome(f"redirected:{row.hotlines[0]}" if row.hotlines else "info")
    return True


# --- 3 and 5 exclusions ---------------------------------------------------------------------------------------------


def discarded(turn: Turn) -> bool:
    """State secrets: a warning, and nothing of the content is kept anywhere."""
    row = turn.profile.exclusions.get(turn.reading.exclusion)
    if row is None or row.action != "discard":
        return False
    turn.wish(Forget())
    turn.wish(AlertStaff(reason=row.reason_code))
    turn.say(exclusion_text(turn.profile, row))
    turn.outcome(f"refused:{row.reason_code}")
    return True


def insulted(turn: Turn) -> bool:
    """One request to use fitting words, said with the answer; a second insult is only flagged (D09, R-BN-53)."""
    row = turn.profile.exclusions.get(turn.reading.insult_row)
    if turn.reading.insult and row:
        turn.update(insults=turn.state.insults + 1)
        if turn.state.insults == 1:
            turn.note(exclusion_text(turn.profile, row))
        else:
            turn.wish(AlertStaff(reason=row.reason_code))
    return False


RESTATING = ("", "description", "edit", "confirm")
"""Open questions to which a whole new text may come; the answer to any other is not judged as a report."""


def excluded(turn: Turn) -> bool:
    return turn.waiting in RESTATING and _exclude(turn)


def judge_edit(turn: Turn, waiting: str) -> bool:
    """An edited message passes the same checks as a new one (R-BN-35); `waiting` is the question it had answered.

    A matter that has become one the regulation excludes takes its draft with it.
    """
    if emergency(turn) or discarded(turn):
        return True
    insulted(turn)
    if waiting not in RESTATING:
        return False
    form = turn.state.form
    turn.update(form=None)
    if _exclude(turn):
        return True
    turn.update(form=form)
    return False


def _exclude(turn: Turn) -> bool:
    row = turn.profile.exclusions.get(turn.reading.exclusion)
    if row is None or turn.reading.sender in row.not_for_senders:
        return False
    report_type = turn.profile.report_types.get(turn.reading.report_type)
    if report_type and row.id in report_type.overrides_exclusions:
        return False
    act = EXCLUDE.get(row.action)
    return act is not None and act(turn, row)


def decline(turn: Turn, row: Exclusion) -> bool:
    """Advice with the article; the citizen may insist where the profile allows it."""
    repeated = turn.state.refused == row.id and turn.now - (turn.state.refused_at or turn.now) < FLOOD
    turn.update(refused=row.id, refused_at=turn.now)
    choices: list[Choice] = []
    if row.allow_insist:
        turn.update(offer=Offer(row=row.id, text=turn.reading.text))
        choices = [turn.button(f"insist:{row.id}", "button_insist")]
    if row.allow_insist or not repeated:
        turn.say(exclusion_text(turn.profile, row), choices)
    turn.outcome(f"refused:{row.reason_code}")
    return True


def redirect(turn: Turn, row: Exclusion) -> bool:
    turn.say(exclusion_text(turn.profile, row))
    turn.outcome(f"redirected:{row.redirect_to}")
    return True


def close_ack(turn: Turn, row: Exclusion) -> bool:
    """Pure thanks: answered, and put on file as closed where the regulation wants it (TH Đ11.5)."""
    if turn.state.form or (turn.state.settled and len(turn.reading.tokens) <= SHORT):
        return False
    turn.say(exclusion_text(turn.profile, row))
    if row.submit_as_closed:
        submit_closed(turn, turn.reading.kept)
    turn.outcome("closed_ack")
    return True


EXCLUDE: Mapping[str, Callable[[Turn, Exclusion], bool]] = {
    "decline": decline,
    "redirect": redirect,
    "close_ack": close_ack,
}


# --- about cases ----------------------------------------------------------------------------------------------------


def about_cases(turn: Turn) -> bool:
    """Ratings, comments and what the store asked for; only while no report is open."""
    if turn.state.form:
        return False
    return any(hear_it(turn) for hear_it in ABOUT_CASES)


ABOUT_CASES = (
    cases.hear_rating,
    cases.hear_comment,
    cases.hear_supplement,
    cases.hear_follow_up,
    cases.hear_correction,
)


def named_code(turn: Turn) -> bool:
    """A code in a message that is about nothing else asks for its state (D19)."""
    if not turn.reading.codes:
        return turn.state.form is None and cases.tell_foreign(turn)
    if turn.state.form and turn.reading.has_matter:
        return False
    cases.tell_status(turn)
    return True


# --- kinds of messages ----------------------------------------------------------------------------------------------


def started(turn: Turn) -> bool:
    """The platform's start button: greet, or go on where we are. A form that begins with a choice begins at once."""
    if turn.message is None or not (turn.message.started or turn.message.choice == "menu:start"):
        return False
    if turn.state.form:
        turn.update_form(tries={})
        ask(turn, turn.waiting or next(open_questions(turn), "confirm"))
        return True
    first = next(iter(turn.profile.fields.values()))
    turn.note(turn.line("greeting"), firm=False)
    turn.update(chats=1)
    if first.type == "choice":
        turn.begin()
        ask(turn, first.id)
    else:
        turn.say()
    return True


def unsupported(turn: Turn) -> bool:
    if turn.message is None or not turn.message.unsupported:
        return False
    turn.note(turn.line("unsupported"))
    _and_ask_again(turn)
    return True


def sticker(turn: Turn) -> bool:
    """Two in a row get one answer (D24)."""
    if turn.message is None or not turn.message.sticker or turn.message.text:
        return False
    turn.update(stickers=turn.state.stickers + 1)
    if turn.state.stickers == 1:
        if turn.waiting:
            _and_ask_again(turn)
        else:
            turn.say(turn.line("sticker"))
    return True


def voice(turn: Turn) -> bool:
    """The recording is kept for staff; the words are asked for in writing (schema `intake.voice`)."""
    message = turn.message
    if message is None or message.text or not any(media.kind is MediaKind.AUDIO for media in message.media):
        return False
    turn.update_draft(media=(*turn.form.draft.media, *message.media)[: turn.profile.media.max_items])
    if turn.form.draft.description:
        turn.note(turn.line("voice"))
        turn.filled.append("media")
        ask_next(turn)
    else:
        ask(turn, "description", text=turn.line("voice"))
    return True


def _and_ask_again(turn: Turn) -> None:
    """Repeat the open question without counting it as a vain answer."""
    if turn.waiting:
        turn.filled.append("")
        ask_again(turn)
    else:
        turn.say()


# --- 8 small talk ---------------------------------------------------------------------------------------------------


def small_talk(turn: Turn) -> bool:
    """Greeted once, two answers to small talk; whatever else is not understood gets the question what happened."""
    reading = turn.reading
    if reading.foreign_language:
        turn.note(turn.line("not_vietnamese"))
        _and_ask_again(turn)
        return True
    polite = reading.thanks or reading.greeting or reading.chitchat or not reading.text
    if turn.state.settled and (polite or len(reading.tokens) <= SHORT):
        polite = True
    if not polite:
        turn.begin()
        ask_next(turn)
        return True
    turn.update(chats=turn.state.chats + 1)
    if reading.greeting and turn.state.chats == 1:
        turn.say(turn.line("greeting"), question=True)
    elif turn.state.chats <= MAX_CHATS + 1:
        turn.say(turn.line("chitchat"), question=True)
    return True


def _afterthought(turn: Turn) -> bool:
    """A few words after everything was answered ("bao lâu thì xong") open no report unless they name a matter."""
    reading = turn.reading
    return (
        turn.state.form is None
        and turn.state.settled
        and 0 < len(reading.tokens) <= SHORT
        and not (reading.category or reading.place or reading.second_report or reading.subject_switch)
    )


def _only_talk(turn: Turn) -> bool:
    """Small talk opens no report, although it names a day ("hôm nay trời đẹp ghê", D08)."""
    reading, message = turn.reading, turn.message
    brought = message is not None and bool(message.media or message.place or message.contact)
    told = reading.name or reading.phone or reading.place or reading.has_matter
    return turn.state.form is None and reading.chitchat and not (brought or told)


def locked(turn: Turn) -> bool:
    """A locked sender gets the date and the reason; numbers to call and look-ups have been answered before this."""
    message = turn.message
    brought = message is not None and bool(message.media or message.place or message.contact)
    offers = turn.state.form is not None or turn.reading.has_matter or bool(turn.reading.description) or brought
    return offers and locked_out(turn)


def reporting(turn: Turn) -> bool:
    if turn.pieces:
        return pieces.take(turn)
    reading = turn.reading
    if reading.foreign_language and turn.waiting not in ("name", "email", "behalf_name"):
        return False
    if _afterthought(turn) or _only_talk(turn):
        return False
    if report(turn):
        return True
    if turn.state.form is None:
        return False
    ask_next(turn)
    return True


CHECKS: tuple[Callable[[Turn], bool], ...] = (
    rate_limited,
    emergency,
    started,
    unsupported,
    pressed,
    privacy.hear_erase,
    discarded,
    insulted,
    dossiers.look_up,
    commanded,
    excluded,
    about_cases,
    named_code,
    locked,
    sticker,
    voice,
    reporting,
    small_talk,
)
