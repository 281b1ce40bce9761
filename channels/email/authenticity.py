"""Whether the sender is who the mail says, as judged by the mail server that received it. RFC 8601, 7489."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from channels.email.folding import clean
from channels.email.mail import Mail
from core.events import Authenticity

MANY_SENDERS = "many_senders"
OTHER_SENDER = "other_sender"
ADDRESS_IN_NAME = "address_in_name"
MIXED_SCRIPTS = "mixed_scripts"
REPLY_ELSEWHERE = "reply_elsewhere"


@dataclass(frozen=True, slots=True)
class Judgement:
    authenticity: Authenticity
    marks: tuple[str, ...]
    """What looks odd: for a badge in the inbox, never a reason to refuse."""


@dataclass(frozen=True, slots=True)
class Result:
    """One method of one Authentication-Results header."""

    method: str
    value: str
    domains: tuple[str, ...]
    """What the method vouches for."""


MOST_LETTERS = 20_000
COMMENT = re.compile(r"\([^()]*\)")
METHOD = re.compile(r"\b(spf|dkim|dmarc|compauth)\s*=\s*([a-z]+)", re.IGNORECASE)
VOUCHED = {
    "dkim": re.compile(r"\bheader\.(?:d|i)\s*=\s*\"?(?:[^\s;@\"]*@)?([^\s;\"@]+)", re.IGNORECASE),
    "spf": re.compile(
        r"\b(?:smtp\.mailfrom|smtp\.mail|envelope-from)\s*=\s*\"?<?(?:[^\s;@\"]*@)?([^\s;\"@>]+)", re.IGNORECASE
    ),
    "dmarc": re.compile(r"\bheader\.from\s*=\s*\"?<?(?:[^\s;@\"]*@)?([^\s;\"@>]+)", re.IGNORECASE),
}
SERVER = re.compile(r"\s*([\w.-]+)(?:\s*/?\s*\d+)?\s*(?:;|\s|$)")
BY = re.compile(r"\bby\s+([\w.:-]+)", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")

# Under a country's code these are not somebody's own domain: ubnd.gov.vn is.
SECOND_LEVEL = frozenset(
    {
        "com",
        "net",
        "org",
        "edu",
        "gov",
        "ac",
        "co",
        "mil",
        "int",
        "info",
        "health",
        "name",
        "pro",
        "biz",
        "go",
        "or",
        "ne",
    }
)
READS_LIKE_LATIN = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE")

# Gmail writes its verdict below its Received line, directly after Received-SPF; all others write it above.
WRITES_BELOW = frozenset({"google.com"})


def judge(mail: Mail, *, trusted: str | None) -> Judgement:
    """Believe the receiving server and nobody else.

    `trusted`: its authserv-id; "" when it writes none (Microsoft 365) and its header is the topmost; None: not
    configured, nothing is believed.
    """
    marks = _marks(mail)
    results = [] if trusted is None else _results(_believed(mail.headers, trusted))
    if not results or len(mail.senders) != 1 or not mail.sender.domain:
        return Judgement(Authenticity.UNVERIFIED, marks)
    return Judgement(_verdict(results, mail.sender.domain), marks)


def organisation(domain: str) -> str:
    """The registered domain: two labels, three under gov.vn and its like."""
    labels = [label for label in domain.lower().strip(".").split(".") if label]
    own = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in SECOND_LEVEL else 2
    return ".".join(labels[-own:])


def _aligned(domains: Iterable[str], sender: str) -> bool:
    return any(organisation(domain) == organisation(sender) for domain in domains)


def _verdict(results: Sequence[Result], sender: str) -> Authenticity:
    said = {(result.method, result.value) for result in results}
    if said & {("dmarc", "fail"), ("compauth", "fail")}:
        return Authenticity.FAILED
    for result in results:
        if result.value != "pass" or result.method == "compauth":
            continue
        if _aligned(result.domains, sender) or (result.method == "dmarc" and not result.domains):
            return Authenticity.VERIFIED
    if said & {("spf", "fail"), ("spf", "hardfail")}:
        return Authenticity.FAILED
    return Authenticity.UNVERIFIED


# --- which headers are believed ---------------------------------------------------------------------------------------


def _believed(headers: Sequence[tuple[str, str]], trusted: str) -> list[str]:
    places = [at for at, (name, _) in enumerate(headers) if name == "authentication-results"]
    if not trusted:
        return _unnamed(headers, places)
    server = trusted.lower()
    received = [at for at, (name, _) in enumerate(headers) if name == "received"]
    home = organisation(server)
    own = [at for at in received if organisation(_by(headers[at][1])) == home]
    border = next(iter(own or received), len(headers))
    named = [at for at in places if _server(headers[at][1]) == server]
    above = [headers[at][1] for at in named if at < border]
    if above or home not in WRITES_BELOW:
        return above
    return [headers[at][1] for at in named if at - 2 in own and headers[at - 1][0] == "received-spf"][:1]


def _unnamed(headers: Sequence[tuple[str, str]], places: Sequence[int]) -> list[str]:
    """The topmost, if only one organisation has received the mail above it: the sender's headers stand lower."""
    if not places:
        return []
    value = headers[places[0]][1]
    hops = {organisation(_by(text)) for name, text in headers[: places[0]] if name == "received"}
    return [value] if len(hops) < 2 and METHOD.match(_bare(value)) else []


def _by(received: str) -> str:
    found = BY.search(COMMENT.sub(" ", received[:MOST_LETTERS]))
    return found[1].lower() if found else ""


def _server(value: str) -> str:
    found = SERVER.match(_bare(value))
    return found[1].lower() if found and not METHOD.match(_bare(value)) else ""


def _bare(value: str) -> str:
    """Without comments, which may be nested and may contain anything."""
    text = value[:MOST_LETTERS]
    for _ in range(8):
        shorter = COMMENT.sub(" ", text)
        if shorter == text:
            break
        text = shorter
    return text.strip()


def _results(values: Iterable[str]) -> list[Result]:
    found: list[Result] = []
    for value in values:
        text = _bare(value)
        starts = list(METHOD.finditer(text))
        ends = [*(following.start() for following in starts[1:]), len(text)]
        for this, end in zip(starts, ends, strict=False):
            method = this[1].lower()
            properties = text[this.end() : end]
            pattern = VOUCHED.get(method)
            domains = tuple(domain.lower() for domain in pattern.findall(properties)) if pattern else ()
            found.append(Result(method, this[2].lower(), domains))
    return found


# --- what looks odd ---------------------------------------------------------------------------------------------------


def _marks(mail: Mail) -> tuple[str, ...]:
    sender = mail.sender
    stated = ADDRESS.search(clean(mail.header("sender")).lower())
    in_name = ADDRESS.findall(clean(sender.name).lower())
    found = {
        MANY_SENDERS: len(mail.senders) > 1 or len(mail.all("from")) > 1,
        OTHER_SENDER: stated is not None and stated[0] != sender.addr,
        ADDRESS_IN_NAME: any(address != sender.addr for address in in_name),
        MIXED_SCRIPTS: any(_looks_alike(label) for label in sender.domain.split(".")),
        REPLY_ELSEWHERE: any(a.domain and organisation(a.domain) != organisation(sender.domain) for a in mail.reply_to),
    }
    return tuple(mark for mark, holds in found.items() if holds)


def _looks_alike(label: str) -> bool:
    """Letters of several scripts, or of one whose letters look like Latin ones."""
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except (UnicodeError, ValueError, OverflowError):
            return True
    scripts = {unicodedata.name(letter, "?").split(" ")[0] for letter in label if letter.isalpha()}
    return bool(scripts & set(READS_LIKE_LATIN)) or ("LATIN" in scripts and len(scripts) > 1)
