"""HTML of a mail as plain text, and as HTML that staff can look at without being seen, tracked or attacked."""

import html as entities
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

import nh3
from inscriptis.css_profiles import CSS_PROFILES  # type: ignore[import-untyped]  # inscriptis and lxml have no stubs
from inscriptis.html_engine import Inscriptis  # type: ignore[import-untyped]
from inscriptis.model.config import ParserConfig  # type: ignore[import-untyped]
from lxml import etree  # type: ignore[import-untyped]
from lxml import html as lxml_html

MOST_LETTERS = 2 * 1024 * 1024
MOST_LINKS = 5_000
MOST_ELEMENTS = 60_000
"""More than that is laid out line by line only."""

MAP_HOSTS = (
    "maps.app.goo.gl",
    "goo.gl",
    "maps.google.com",
    "google.com",
    "google.com.vn",
    "maps.apple.com",
    "openstreetmap.org",
)
"""Links whose target says where, not only their text. Of the hosts that do more than maps, only their map pages."""
MAP_PATHS = re.compile(r"/maps|[?&](?:q|ll|mlat|destination)=")
TEXT = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)

UNSEEN = re.compile(
    r"<(script|style|head|title)\b[^>]*>.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)", re.IGNORECASE | re.DOTALL
)
BREAKS = re.compile(r"<\s*(?:br|/?p|/?div|/?tr|/?li|/?h[1-6])\b[^>]{0,2000}>", re.IGNORECASE)
TAGS = re.compile(r"<[^<>]{0,2000}>")

TAGS_SHOWN = frozenset(
    {
        "p", "br", "div", "span", "b", "i", "u", "strong", "em", "a", "img", "ul", "ol", "li", "blockquote", "table",
        "thead", "tbody", "tr", "td", "th", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "code", "hr",
    }
)  # fmt: skip
ATTRIBUTES_SHOWN: Mapping[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "img": frozenset({"src", "alt"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan"}),
}
SCHEMES = frozenset({"http", "https", "mailto", "tel", "cid"})
GONE_WITH_CONTENT = frozenset(
    {"script", "style", "title", "textarea", "select", "option", "noscript", "iframe", "object", "svg", "math"}
)


@dataclass(frozen=True, slots=True)
class SafeHtml:
    html: str
    """To be shown in a frame without scripts and without our origin."""
    blocked: int
    """How many pictures are not shown because looking at them would tell somebody."""


def parse(source: str) -> lxml_html.HtmlElement | None:
    """The document, at most 2 MiB of it, without comments; None when there is nothing in it or far too much."""
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = source[:MOST_LETTERS].replace("\x00", "").encode("utf-8", "replace")
    try:
        tree = lxml_html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None
    return tree if sum(1 for _ in islice(tree.iter(), MOST_ELEMENTS + 1)) <= MOST_ELEMENTS else None


def render(tree: lxml_html.HtmlElement) -> str:
    """Plain text as a browser would lay it out, targets of map and telephone links included; empty when it fails.

    The tree is changed.
    """
    _name_targets(tree)
    for rule in tree.iter("hr"):
        rule.tag = "br"
    try:
        return str(Inscriptis(tree, TEXT).get_text())
    except (RecursionError, ValueError, IndexError, KeyError, AttributeError):
        return ""


def to_text(html: str) -> str:
    """HTML as plain text. Never raises; nothing readable is dropped because the markup is broken."""
    tree = parse(html)
    text = render(tree) if tree is not None else ""
    return text if text.strip() else _without_tags(html[:MOST_LETTERS])


def _without_tags(html: str) -> str:
    text = TAGS.sub("", BREAKS.sub("\n", UNSEEN.sub("", html)))
    return "\n".join(line.strip() for line in entities.unescape(text).split("\n"))


def _name_targets(tree: lxml_html.HtmlElement) -> None:
    for link in list(tree.iter("a"))[:MOST_LINKS]:
        target = (link.get("href") or "").strip()
        text = "".join(link.itertext())
        if target and (said := _worth_saying(target)) and _bare(said) not in _bare(text):
            last = link[-1] if len(link) else None
            if last is None:
                link.text = f"{link.text or ''} ({said})"
            else:
                last.tail = f"{last.tail or ''} ({said})"


def _worth_saying(target: str) -> str:
    if target.lower().startswith(("tel:", "geo:")):
        return target[4:]
    try:
        parts = urlsplit(target)
    except ValueError:
        return ""
    host = (parts.hostname or "").removeprefix("www.")
    if host not in MAP_HOSTS:
        return ""
    only_maps = host.startswith("maps.") or host == "openstreetmap.org"
    return target if only_maps or MAP_PATHS.search(f"{parts.path}?{parts.query}") else ""


def _bare(text: str) -> str:
    return re.sub(r"[\s().+-]", "", text)


def safe_html(html: str, *, pictures: Mapping[str, str]) -> SafeHtml:
    """HTML for the inbox.

    `pictures`: Content-ID without brackets → our own URL. Any other picture is not shown, and counted. Links open in a
    new tab and say nothing about where they were clicked. Never raises.
    """
    blocked = 0

    def allow(tag: str, attribute: str, value: str) -> str | None:
        nonlocal blocked
        if (tag, attribute) != ("img", "src"):
            return value
        url = pictures.get(value[4:].strip("<> ")) if value[:4].lower() == "cid:" else None
        blocked += url is None
        return url

    cleaned = nh3.clean(
        html[:MOST_LETTERS].encode("utf-8", "replace").decode("utf-8"),
        tags=set(TAGS_SHOWN),
        clean_content_tags=set(GONE_WITH_CONTENT),
        attributes={"*": set(), **{tag: set(names) for tag, names in ATTRIBUTES_SHOWN.items()}},
        attribute_filter=allow,
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        strip_comments=True,
    )
    return SafeHtml(html=cleaned, blocked=blocked)
