"""What Messenger takes. Source: Send API reference, quick replies, saving assets (2026 editions)."""

from datetime import timedelta

from core.capabilities import Capabilities, Limit, Support, Unit

REPLY_WINDOW = timedelta(hours=24)
PERSON_WINDOW = timedelta(days=7)
"""A person's reply with the tag HUMAN_AGENT; also the time within which a comment takes its private reply."""
MARGIN = timedelta(minutes=5)
"""We stop this much earlier than Meta: our clocks differ, and the call takes time."""

MOST_CHOICES = 13
FILE_LIMIT = 25 * 1024 * 1024
"""The largest file in both directions, in bytes."""


def capabilities(*, human_agent: bool) -> Capabilities:
    return Capabilities(
        text=Limit(1900, Unit.CODE_POINTS),  # documented: less than 2000, unit disputed among vendors
        choices=Support.NATIVE,
        max_choices=MOST_CHOICES,
        choice_label=Limit(20, Unit.CODE_POINTS),  # longer titles are cut by Messenger
        choice_key=Limit(1000, Unit.CODE_POINTS),
        ask_place=Support.AS_TEXT,  # the location quick reply was withdrawn
        ask_phone=Support.NATIVE,
        ask_email=Support.NATIVE,
        reply_window=REPLY_WINDOW,
        person_window=PERSON_WINDOW if human_agent else None,
        resend_is_safe=False,  # `metadata` comes back in the echo, but Meta does not drop a second copy
    )
