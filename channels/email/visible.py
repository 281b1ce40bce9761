"""What the person newly wrote, without the mails that their program put below, between or above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from channels.email.folding import clean
from channels.email.html import to_text
from channels.email.quotes import PICTURE, PRIVATE, QUOTE_LINE, HtmlQuotes
from channels.email.splitters import (
    Kind,
    has_text,
    is_quoted,
    splitters,
    unglued,
    unquoted,
    without_device_lines,
    without_rules_at_the_end,
    without_signature,
)

MANY_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    text: str
    """What is new; where nothing is, what is quoted. Empty only without any text, or when a picture is all."""
    full: str
    """Everything, quotes and signature included."""
    html: str
    """The part of the HTML that `text` comes from; empty when the mail has none."""
    only_quote: bool = False
    """Nothing is new: all of `text` is quoted, or a program wrote it."""


def visible_reply(text: str, html: str, *, first: bool) -> Visible:
    """Separate the words of the person from quoted mails, signature and device lines.

    `text` and `html` are the two forms of one mail, either may be empty. `first`: the mail answers none of ours; then
    only a quote that the HTML marks as an answer's quote is cut, because citizens forward mails as evidence.
    Nothing is raised.
    """
    text, html = PRIVATE.sub("", text), PRIVATE.sub("", html)
    quotes = HtmlQuotes.read(html, first=first) if html.strip() else None
    if quotes is None or not has_text(quotes.lines):
        lines = clean(text if text.strip() else to_text(html)).split("\n")
        new = new_lines(lines, first=first)
        return Visible(
            text=_finished(new or _whole(lines)), full=_finished(lines), html=html,
            only_quote=not new and has_text(lines),
        )  # fmt: skip
    full = _finished((clean(text) if text.strip() else clean(to_text(html))).split("\n"))
    new = new_lines(quotes.lines, first=first)
    lines = new or _whole(quotes.lines)
    kept = _finished(lines)
    shown = {picture for line in lines for picture in PICTURE.findall(line)}
    if not PICTURE.sub("", kept).strip() and not shown:
        return Visible(text=full, full=full, html=html, only_quote=True)
    return Visible(
        text=_finished(PICTURE.sub("", kept).split("\n")), full=full, html=quotes.html(shown),
        only_quote=quotes.only_quotes or not new,
    )  # fmt: skip


def new_lines(lines: Sequence[str], *, first: bool) -> list[str]:
    """The lines that the person wrote for this mail; none when there is no text among them."""
    own = [line for line in lines if line != QUOTE_LINE] if first else _without_quotes(lines)
    own = _without_the_end(own)
    return own if has_text(own) else []


def _whole(lines: Sequence[str]) -> list[str]:
    """What is shown when nothing is new."""
    own = _without_the_end(list(lines))
    return own if has_text(own) else [line for line in lines if line != QUOTE_LINE]


def _without_the_end(lines: list[str]) -> list[str]:
    return without_device_lines(without_signature(without_device_lines(lines)))


def _without_quotes(lines: Sequence[str]) -> list[str]:
    lines = list(unglued(lines))
    found = next(splitters(lines), None)
    if found is None:
        return unquoted(lines)
    before = without_device_lines(without_rules_at_the_end(unquoted(lines[: found.start])))
    if has_text(before):
        return [*before, "", *_answers_below(lines[found.end :])] if found.kind is Kind.ATTRIBUTION else before
    return _without_attributions(lines[found.end :]) if found.kind is Kind.ATTRIBUTION else []


def _answers_below(lines: Sequence[str]) -> list[str]:
    """What was written between and below quoted lines; nothing when the quote is not marked line by line."""
    opening = next((line for line in lines if line.strip()), "")
    if not is_quoted(opening):
        return []
    return _without_attributions(lines)


def _without_attributions(lines: Sequence[str]) -> list[str]:
    own: list[str] = []
    at = 0
    for splitter in splitters(lines):
        own += unquoted(lines[at : splitter.start])
        at = splitter.end
        if splitter.kind is not Kind.ATTRIBUTION or not is_quoted(_next_text(lines, at)):
            return own
    return own + unquoted(lines[at:])


def _next_text(lines: Sequence[str], at: int) -> str:
    return next((line for line in lines[at:] if line.strip()), "")


def _finished(lines: Sequence[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines if line != QUOTE_LINE)
    return MANY_BLANKS.sub("\n\n", text).strip("\n")
