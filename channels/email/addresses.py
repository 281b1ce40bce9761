"""Who a mail is from and to. The list is split before anything is decoded: a decoded comma must not split it."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from channels.email.encoded_words import decode_header
from channels.email.limits import MAX_ADDRESS_HEADER, MAX_ADDRESSES
from channels.email.mail import Address

# One piece of an address list. A quote or bracket that never closes is an ordinary character.
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.){0,2000}"|<[^<>]{0,1000}>|[(),;:]|[^"<(),;:]+|.', re.DOTALL)
_ADDR_SPEC: Final = re.compile(r"[^\s<>()\[\]\",;:@]{1,200}@(?:\[[^\s\[\]]{1,60}\]|[^\s<>()\[\]\",;:@]{1,250})")
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
    for piece in _TOKEN.findall(value):
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


def _address(phrase: str, bracketed: str | None, comment: str, charset: str) -> Address:
    phrase = phrase.strip()
    where = phrase if bracketed is None else bracketed
    found = _ADDR_SPEC.search(where) or _ADDR_SPEC.search(where.replace(" ", ""))
    if found is None and bracketed is not None:
        found = _ADDR_SPEC.search(phrase)
    if found is None:
        found = _ADDR_SPEC.search(decode_header(where, charset=charset))
    addr = _lower(found[0]) if found else ""
    # Without brackets the phrase is the address itself, and old mail has the name in a comment behind it.
    phrase_is_name = bracketed is not None or not found
    name = (_unquoted(phrase) if phrase_is_name else "") or (comment if found else "")
    name = decode_header(name, charset=charset).strip("\"' ")
    return Address(addr, "" if _lower(name) == addr else name)


def _unquoted(phrase: str) -> str:
    if len(phrase) > 1 and phrase[0] == '"' == phrase[-1]:
        return _ESCAPED.sub(r"\1", phrase[1:-1])
    return phrase.replace('"', "")


def _lower(addr: str) -> str:
    return (
        unicodedata.normalize("NFC", addr.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
        .strip("'.")
        .lower()
    )
