"""Quoted mails that a program marked as such in its HTML."""

import re
from collections.abc import Collection
from typing import Self

from lxml import etree  # type: ignore[import-untyped]  # lxml has no stubs
from lxml import html as lxml_html

from channels.email.folding import clean, fold
from channels.email.html import parse, render
from channels.email.phrases import FORWARD_WORDS

QUOTE_LINE = ">\ue001"
"""Stands in the text where the HTML had a quote."""
PICTURE = re.compile("\ue002[0-9]+\ue003")
"""Stands in the text where the HTML had a picture of the mail itself."""
PRIVATE = re.compile("[\ue001-\ue003]")

# What the program wraps around the mail that is answered. Only this element goes; what follows it stays.
QUOTES: tuple[str, ...] = (
    "//blockquote[translate(@type, 'CITE', 'cite')='cite']",
    "//*[contains(@class, 'yahoo_quoted')]",
    "//*[@data-marker='__QUOTED_TEXT__' or @data-marker='__HEADERS__']",
    "//*[@id='OLK_SRC_BODY_SECTION']",
    "//*[contains(@class, 'zmail_extra')]",
    "//*[contains(@class, 'protonmail_quote') or contains(@class, 'tutanota_quote')]",
    "//blockquote[contains(@class, 'iwcQuote')]",
    "//*[@name='quote' or @name='quoted-content' or @name='messageReplySection']",
    "//*[contains(@class, 'front-blockquote') or contains(@class, 'quoted-message')]",
    "//*[@id='isReplyContent' or @id='reply-intro' or @id='mailcontent_quote' or @id='quoted_header']",
    "//*[contains(@class, 'moz-cite-prefix') or contains(@class, 'moz-email-headers-table')]",
    "//blockquote[contains(@class, 'mailru') or contains(@style, 'border-left') or contains(@style, 'BORDER-LEFT')]",
)
ANSWERS_ONLY: tuple[str, ...] = (
    "//blockquote[translate(@type, 'CITE', 'cite')='cite']",
    "//*[contains(@class, 'yahoo_quoted')]",
    "//*[contains(@class, 'moz-cite-prefix')]",
)
"""These quote for an answer; for a first mail the others may be what the citizen wants to show us."""

# From here to the end of the mail everything is quoted.
ENDS: tuple[str, ...] = (
    "//*[@id='divRplyFwdMsg' or @id='appendonsend' or @id='stopSpelling' or @id='zwchr' or @id='OutlookMessageHeader']",
    "//hr[@data-marker='__DIVIDER__']",
    "//*[@id='mail-editor-reference-message-container']",
    "//*[@class='OutlookMessageHeader' or @class='gmail_forward_marker']",
)
BORDERED = "//div[contains(@style, 'border-top') or contains(@style, 'BORDER-TOP')]"
SOLID = re.compile(r"border-top(?:-style)?\s*:[^;]*solid", re.IGNORECASE)
INDENTED = re.compile(r"border(?:-left)?\s*:\s*(?:none|0|medium none)", re.IGNORECASE)


class HtmlQuotes:
    """A mail's HTML with its quotes taken out, as lines and as HTML."""

    def __init__(self, tree: lxml_html.HtmlElement, *, only_quotes: bool = False) -> None:
        self._tree = tree
        self.only_quotes = only_quotes
        """Nothing was left without the quotes, so they have been left in."""
        self._pictures = _mark_pictures(tree)
        self.lines: list[str] = clean(render(tree)).split("\n")
        """What remains. A line of `QUOTE_LINE` stands for a quote, `PICTURE` for a picture of the mail."""
        self.lines = [QUOTE_LINE if QUOTE_LINE in line else line for line in self.lines]

    @classmethod
    def read(cls, source: str, *, first: bool) -> Self | None:
        """The mail without its marked quotes, or whole when it consists of them only. None: nothing to read.

        `source` contains no `PRIVATE` letters.
        """
        tree = parse(source)
        if tree is None:
            return None
        _cut(tree, first=first)
        found = cls(tree)
        if found._says_something():
            return found
        whole = parse(source)
        return cls(whole, only_quotes=not first) if whole is not None else None

    def _says_something(self) -> bool:
        return any(line.strip() and line != QUOTE_LINE for line in self.lines)

    def html(self, shown: Collection[str]) -> str:
        """The HTML that remains, of its own pictures only those whose marks are in `shown`."""
        for mark, picture in self._pictures.items():
            if mark not in shown and picture.getparent() is not None:
                picture.drop_tree()
        text: str = etree.tostring(self._tree, encoding="unicode", method="html", with_tail=False)
        return PRIVATE.sub("", PICTURE.sub("", text.replace(f"&gt;{QUOTE_LINE[1:]}", "")))


def _mark_pictures(tree: lxml_html.HtmlElement) -> dict[str, lxml_html.HtmlElement]:
    found: dict[str, lxml_html.HtmlElement] = {}
    for number, picture in enumerate(tree.iter("img")):
        if (picture.get("src") or "").strip().lower().startswith("cid:"):
            mark = f"\ue002{number}\ue003"
            picture.tail = mark + (picture.tail or "")
            found[mark] = picture
    return found


def _cut(tree: lxml_html.HtmlElement, *, first: bool) -> None:
    _cut_gmail(tree, first=first)
    for path in ANSWERS_ONLY if first else QUOTES:
        for element in tree.xpath(path):
            if not (first and _is_forward(element)):
                _replace(element)
    if first:
        return
    for path in ENDS:
        for element in tree.xpath(path)[:1]:
            _cut_from(element)
    for element in tree.xpath(BORDERED):
        if SOLID.search(element.get("style")) and element.xpath(".//b|.//strong") and _is_inside(element, tree):
            _cut_from(element)
            break
    _cut_last_blockquote(tree)


def _cut_gmail(tree: lxml_html.HtmlElement, *, first: bool) -> None:
    """Answers written between quotes stand inside Gmail's own block: there only the quotes go."""
    for element in tree.xpath("//*[contains(@class, 'gmail_quote') and not(self::blockquote)]"):
        if not _is_inside(element, tree) or (first and _is_forward(element)):
            continue
        inner = [quote for quote in element.xpath(".//blockquote") if not INDENTED.search(quote.get("style") or "")]
        if inner:
            for quote in inner:
                _replace(quote)
        elif not first:
            _replace(element)
    for element in tree.xpath("//blockquote[contains(@class, 'gmail_quote')]"):
        if not INDENTED.search(element.get("style") or "") and not (first and _is_forward(element)):
            _replace(element)


def _is_forward(element: lxml_html.HtmlElement) -> bool:
    before = element.getprevious()
    text = "".join(element.itertext())[:300] + (("".join(before.itertext()))[-300:] if before is not None else "")
    folded = fold(clean(text))
    return any(word in folded for word in FORWARD_WORDS)


def _is_inside(element: lxml_html.HtmlElement, tree: lxml_html.HtmlElement) -> bool:
    while (parent := element.getparent()) is not None:
        element = parent
    return element is tree


def _replace(element: lxml_html.HtmlElement) -> None:
    """Put a mark in the place of the element; what follows it stays."""
    parent = element.getparent()
    if parent is None or element.tag in {"html", "body"}:
        return
    mark = etree.Element("div")
    mark.text = QUOTE_LINE
    mark.tail, element.tail = element.tail, None
    parent.replace(element, mark)


def _cut_from(element: lxml_html.HtmlElement) -> None:
    """Remove the element and everything behind it in the document."""
    here: lxml_html.HtmlElement | None = element
    while here is not None and here.tag not in {"html", "body"}:
        parent = here.getparent()
        if parent is None:
            return
        for later in list(here.itersiblings()):
            parent.remove(later)
        here.tail = None
        if here is element:
            parent.remove(element)
        here = parent


def _cut_last_blockquote(tree: lxml_html.HtmlElement) -> None:
    quotes = [quote for quote in tree.iter("blockquote") if not INDENTED.search(quote.get("style") or "")]
    if quotes and not _text_behind(quotes[-1]):
        outermost = next((quote for quote in quotes[-1].iterancestors("blockquote")), quotes[-1])
        _replace(outermost)


def _text_behind(element: lxml_html.HtmlElement) -> bool:
    here: lxml_html.HtmlElement | None = element
    while here is not None and here.tag != "body":
        if (here.tail or "").strip() or any("".join(later.itertext()).strip() for later in here.itersiblings()):
            return True
        here = here.getparent()
    return False
