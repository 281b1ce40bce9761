"""Who a mail is from and to. The list is split before anything is decoded: a decoded comma must not split it."""

import re
from collections.abc import Iterator
from typing import Final

from channels.email.charsets import nfc
from channels.email.encoded_words import decode_header
from channels.email.limits import MAX_ADDRESS_HEADER, MAX_ADDRESSES
from channels.email.mail import Address

# One piece of an address list, with quoted strings and, once a quote was seen that never closes, without.
_PIECE: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|<[^<>]{0,1000}>|[(),;:]|[^"<(),;:]+|[<"]', re.DOTALL)
_PIECE_UNQUOTED: Final = re.compile(r"<[^<>]{0,1000}>|[(),;:]|[^<(),;:]+|<")
_NOT_IN_ADDRESS: Final = re.compile(r"[\s<>()\",;]+")
_COMMENT: Final = re.compile(r"\([^()]{0,200}\)")
_MAX_LOCAL, _MAX_DOMAIN = 200, 255
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


def read_addresses(value: str, *, charset: str = "") -> tuple[Address, ...]:
    """The addresses of a From, To, Cc or Reply-To header, at most two hundred; groups are taken apart. Never raises."""
    found = []
    for phrase, bracketed, comment in _entries(value[:MAX_ADDRESS_HEADER]):
        address = _address(phrase, bracketed, comment, charset)
        if address.addr or address.name:
            found.append(address)
        if len(found) == MAX_ADDRESSES:
            break
    return tuple(found)


def read_address(value: str) -> str:
    """The one bare address of a header such as Return-Path, in lower case; empty when there is none."""
    return next((address.addr for address in read_addresses(value) if address.addr), "")


def _entries(value: str) -> Iterator[tuple[str, str | None, str]]:
    """Phrase, what stood in <>, and comments of each entry of an address list."""
    phrase: list[str] = []
    bracketed: str | None = None
    comment: list[str] = []
    depth = 0
    for piece in _tokens(value):
        if piece == "(":
            depth += 1
        elif piece == ")" and depth:
            depth -= 1
        elif depth:
            comment.append(piece)
        elif piece in ",;" or (piece == ":" and bracketed is None and "@" not in "".join(phrase[-3:])):
            if piece != ":":  # before a colon stands the name of a group
                yield "".join(phrase), bracketed, "".join(comment)
            phrase, bracketed, comment = [], None, []
        elif piece[0] == "<" and piece[-1] == ">" and len(piece) > 1:
            bracketed = piece[1:-1] if bracketed is None else bracketed
        else:
            phrase.append(piece)
    yield "".join(phrase), bracketed, "".join(comment)


def _tokens(value: str) -> Iterator[str]:
    pattern, place = _PIECE, 0
    while found := pattern.match(value, place):
        if found[0] == '"':
            pattern = _PIECE_UNQUOTED
        place = found.end()
        yield found[0]


def _address(phrase: str, bracketed: str | None, comment: str, charset: str) -> Address:
    phrase = phrase.strip()
    where = phrase if bracketed is None else bracketed
    found = _addr_spec(where) or _addr_spec(_COMMENT.sub("", where).replace(" ", "")) or _addr_spec(phrase)
    if not found and "=?" in where:
        found = _addr_spec(decode_header(where, charset=charset))
    if bracketed is None and found:  # old mail has the name in a comment behind the address
        phrase = phrase.replace(found, "").strip()
    name = _unquoted(phrase) or (comment if found else "")
    name = decode_header(name, charset=charset).strip("\"'<> ")
    if bracketed and not found:  # as in: Mail Delivery Subsystem <MAILER-DAEMON>
        name = f"{name} <{decode_header(bracketed, charset=charset)}>".strip()
    addr = _lower(found)
    return Address(addr, "" if _lower(name) == addr else name)


def _addr_spec(text: str) -> str:
    """The first thing with an @ inside; empty when there is none."""
    for word in _NOT_IN_ADDRESS.split(text) if "@" in text else ():
        local, at, domain = word.removeprefix("mailto:").strip("'").partition("@")
        domain = domain.partition("@")[0].strip("'.")
        if local and domain and len(local) <= _MAX_LOCAL and len(domain) <= _MAX_DOMAIN:
            return local + at + domain
    return ""


def _unquoted(phrase: str) -> str:
    if len(phrase) > 1 and phrase[0] == '"' == phrase[-1]:
        return _ESCAPED.sub(r"\1", phrase[1:-1])
    return phrase.replace('"', "")


def _lower(addr: str) -> str:
    return nfc(addr.encode("utf-8", "surrogateescape").decode("utf-8", "replace")).lower()
