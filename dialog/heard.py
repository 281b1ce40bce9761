"""What can come of reading an answer, and the words that agree or decline."""

from enum import Enum

from dialog.reading.model import Reading


class Heard(Enum):
    ANSWERED = "answered"
    DONE = "done"
    OTHER = "other"


def agrees(reading: Reading) -> bool:
    return reading.yes or reading.command == "confirm"


def declines(reading: Reading) -> bool:
    return reading.no or reading.skip or reading.command in ("skip", "appeal")
