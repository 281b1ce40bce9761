"""The sender's own address: "dc nha em: …", "tôi ở …". It is no place of the matter unless nothing else is."""

import re
from collections.abc import Sequence
from itertools import islice

from dialog.reading import place
from dialog.reading.answers import Said
from dialog.reading.model import PlaceReading, Span
from dialog.reading.text import token_at
from dialog.reading.units import Units

ANNOUNCED = re.compile(
    r"(?<!\w)(?:(?:dia chi|d/c|dc|đc)(?:\s+(?:lien he|cua|nha|o|thuong tru|hien tai))*(?:\s+(?:toi|em|minh"
    r"|mk))?\s*(?:la|o|:)*\s*"
    r"|(?:nha\s+)?(?:toi|em|minh|mk|tui)\s+(?:hien\s+|dang\s+)?(?:song\s+)?o\s+(?:tai\s+)?|(?:thuong\s+)?(?:tru"
    r"|ngu)\s+tai\s+|(?<![\w][ ])nha\s+o\s+)"
)
_MOST = 4
"""Each costs a look at the whole text; nobody announces more of them."""
_WORDS = ("dia chi", "d/c", "dc", "tai")
"""Without one of these, or a lone "o", no address is announced."""
SAME = re.compile(
    r"(?<!\w)(?:nhu tren|o tren|cung dia chi|cung cho|dia chi do|cho do luon|nhu vay|tai do luon|giong tren"
    r"|nhu dia diem)(?!\w)"
)


def read(
    text: str, flat_text: str, said: Said, known: Units, barred: Sequence[Span]
) -> tuple[PlaceReading, Span] | None:
    """(address, its span with the words that announce it), or None. `barred` spans are no places."""
    if "o" not in said.words and not any(word in flat_text for word in _WORDS):
        return None
    tokens = said.tokens
    for match in islice(ANNOUNCED.finditer(flat_text), _MOST):
        later = islice(tokens, token_at(tokens, match.end()) + 1, None)
        end = next((token.start for token in later if token.gap == "."), len(text))
        outside = [*barred, (0, match.end()), (end, len(text) + 1)]
        found = place.read(text, tokens, known, asked=False, barred=outside)
        if found and found.parts and found.span[0] - match.end() <= 6:
            return found, (match.start(), found.span[1])
    return None
