"""The bytes of a mail become its values. Pure, never raises: what cannot be read is empty and named in `problems`."""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from channels.email import outlook, tcvn3, tnef
from channels.email.addresses import read_address, read_addresses
from channels.email.charsets import canonical, decode
from channels.email.encoded_words import decode_header
from channels.email.flowed import unflow
from channels.email.headers import message_ids, read_block, read_date
from channels.email.limits import MAX_DERIVED, MAX_PART_HEADER, MAX_SUBJECT, MAX_TEXT
from channels.email.mail import Address, Mail, Part, PartKind
from channels.email.parts import make_part, shown_ids
from channels.email.signed import is_signed, signed_content
from channels.email.structure import Node, Tree, take_apart
from channels.email.transfer import Encoded, split_uuencoded, undo

_DERIVED_STEP: Final = 1000
"""A file taken out of part 3 is numbered 1003, 2003 …: the numbers of the others do not depend on it."""

_REPORTS: Final = frozenset(
    {
        "message/delivery-status", "message/global-delivery-status", "message/feedback-report",
        "message/disposition-notification", "message/global-disposition-notification",
    }
)  # fmt: skip
_REPORT_FIELDS: Final = frozenset(
    {
        "reporting-mta", "final-recipient", "original-recipient", "action", "status", "diagnostic-code",
        "feedback-type", "user-agent", "version", "disposition", "reporting-ua", "original-message-id",
    }
)  # fmt: skip
_NESTED: Final = frozenset({"message/rfc822", "message/global", "message/news"})
_RETURNED_HEADERS: Final = frozenset({"text/rfc822-headers", "message/global-headers"})
_SMIME: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_DAEMON: Final = re.compile(r"mailer-?daemon|postmaster|mdaemon", re.IGNORECASE)
_META_CHARSET: Final = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}([\w.:-]{1,40})", re.IGNORECASE
)
_TAG: Final = re.compile(r"<(?:style|script)\b[^<>]{0,2000}>[^<]{0,20000}|<[^<>]{0,4000}>", re.IGNORECASE)
_WORDS: Final = re.compile(r"\W+")
_PLACEHOLDER: Final = 200
_FORWARDED: Final = "-------- Thư chuyển tiếp --------"
_PGP: Final = "-----BEGIN PGP MESSAGE-----"


@dataclass(slots=True)
class _File:
    index: int
    body: bytes
    name: str
    declared: str
    disposition: str = ""
    cid: str = ""
    machine: bool = False


@dataclass(slots=True)
class _Reading:
    """What is gathered on the way through the parts of one mail."""

    tree: Tree
    nested: bool
    """Whether this mail lies in another one: mails attached to it are not opened."""
    charset: str = ""
    texts: dict[int, tuple[str, str]] = field(default_factory=dict)
    """By number of the part: its plain text and its HTML, one of them empty."""
    files: list[_File] = field(default_factory=list)
    packed: list[tnef.Tnef] = field(default_factory=list)
    forwarded: list[Mail] = field(default_factory=list)
    reports: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    returned: tuple[tuple[str, str], ...] = ()
    problems: list[str] = field(default_factory=list)


def read_mail(raw: bytes) -> Mail:
    """Everything a mail says. Never raises."""
    return _read(raw, nested=False)


def part(raw: bytes, index: int) -> Part | None:
    """The file of that number, or None if the mail has none."""
    return next((part for part in read_mail(raw).parts if part.index == index), None)


def _read(raw: bytes, *, nested: bool) -> Mail:
    tree = take_apart(raw)
    reading = _Reading(tree, nested, problems=tree.problems)
    root = tree.root
    for node, parents in _leaves(root, ()):
        _read_leaf(reading, node, parents)
    text, html = _compose(root, reading)
    text, html = _with_packed(text, html, reading)
    text, html = _repaired(text, html)
    if _PGP in text[:1000]:
        reading.problems.append("encrypted")
    shown = shown_ids(html)
    text, html = _with_forwarded(text, html, reading)
    items = root.block.items
    first = root.block.first
    named = {name: read_addresses(first(name), charset=reading.charset) for name in ("to", "cc", "reply-to")}
    senders = [who for key, value in items if key == "from" for who in read_addresses(value, charset=reading.charset)]
    return Mail(
        headers=items,
        senders=tuple(senders),
        to=named["to"],
        cc=named["cc"],
        reply_to=named["reply-to"],
        return_path=next((read_address(value) for key, value in items if key == "return-path"), None),
        subject=decode_header(first("subject")[: 20 * MAX_SUBJECT], charset=reading.charset)[:MAX_SUBJECT],
        date=read_date(first("date")),
        message_id=next(iter(message_ids(first("message-id"))), ""),
        in_reply_to=message_ids(first("in-reply-to")),
        references=message_ids(first("references")),
        content_type=root.mime,
        text=text,
        html=html,
        parts=_parts(reading, shown),
        reports=tuple(reading.reports),
        returned=reading.returned,
        problems=tuple(dict.fromkeys(reading.problems)),
    )


def _leaves(node: Node, parents: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every part that is no multipart, with the multiparts around it, outermost first. As deep as MAX_DEPTH."""
    if not node.split:
        yield node, parents
    for child in node.children:
        yield from _leaves(child, (*parents, node))


def _read_leaf(reading: _Reading, node: Node, parents: tuple[Node, ...]) -> None:
    body = undo(reading.tree.body(node), node.block.first("content-transfer-encoding"))
    name = node.disposition.get("filename") or node.type.get("name")
    kinds = {parent.mime for parent in parents}
    if "multipart/encrypted" in kinds or node.mime == "application/pgp-encrypted":
        reading.problems.append("encrypted")
    in_report = "multipart/report" in kinds
    blocks = list(_blocks(body)) if node.mime in _REPORTS else []
    is_report = any(key in _REPORT_FIELDS for block in blocks for key, _ in block)
    if is_report:
        reading.reports += blocks
    if node.mime in _RETURNED_HEADERS:
        reading.returned = reading.returned or read_block(body, 0, MAX_PART_HEADER).items
    # Some servers call the prose of a bounce a delivery status.
    if _is_text(node, name, parents, reading) or (node.mime in _REPORTS and not is_report):
        _read_text(reading, node, body)
    elif node.mime in _NESTED or _is_renamed_mail(node, name, body):
        _read_nested(reading, node, body, name, in_report)
    elif body.startswith(tnef.SIGNATURE):
        _read_packed(reading, node, body, name)
    elif name.lower().endswith(".msg") and body.startswith(outlook.SIGNATURE):
        _read_outlook(reading, node, body, name)
    elif node.mime in _SMIME:
        _read_smime(reading, node, body, name)
    else:
        # A version of the text in a form that nobody reads, e.g. text/enriched.
        other_version = not name and node.mime.startswith("text/") and "multipart/alternative" in kinds
        _add(reading, node, body, name, machine=other_version)


def _is_text(node: Node, name: str, parents: tuple[Node, ...], reading: _Reading) -> bool:
    """Whether a part is what the sender wrote, not a file."""
    if node.disposition.value == "attachment":
        return False
    if node.mime.startswith("multipart/"):
        return not parents or "limited:depth" not in reading.problems
    if node.mime not in ("text/plain", "text/html"):
        return not parents and node.mime.startswith("text/") and node.mime != "text/calendar" and not name
    # Some clients name the text itself; a named file has a disposition or follows the text.
    return not name or (not node.disposition.value and not reading.texts)


def _read_text(reading: _Reading, node: Node, body: bytes) -> None:
    if len(body) > MAX_TEXT:
        body = body[:MAX_TEXT]
        reading.problems.append("limited:text")
    declared = node.type.get("charset")
    is_page = node.mime == "text/html" or (node.mime != "text/plain" and b"<html" in body[:1000].lower())
    files: list[Encoded] = []
    if is_page:
        meta = None if canonical(declared) else _META_CHARSET.search(body[:4096])
        declared = meta[1].decode("ascii", "replace") if meta else declared
    else:
        body, files = split_uuencoded(body)
    decoded = decode(body, declared)
    if not decoded.certain:
        reading.problems.append(f"charset:{declared[:40]}" if declared.isascii() else "charset")
    reading.charset = reading.charset or declared
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if is_page:
        if not decoded.repaired and tcvn3.has_font(text) and not tcvn3.has_vietnamese(text):
            text = tcvn3.repair_page(text)
        reading.texts[node.number] = ("", text)
        return
    if node.type.get("format").lower() == "flowed":
        text = unflow(text, delsp=node.type.get("delsp").lower() == "yes")
    reading.texts[node.number] = (text, "")
    for number, file in enumerate(files, 1):
        reading.files.append(_File(node.number + number * _DERIVED_STEP, file.body, decode_header(file.name), ""))


def _is_renamed_mail(node: Node, name: str, body: bytes) -> bool:
    if not name.lower().endswith((".eml", ".msg")) or node.mime.startswith(("image/", "text/", "audio/", "video/")):
        return False
    return any(key in ("from", "received", "return-path") for key, _ in read_block(body, 0, MAX_PART_HEADER).items)


def _read_nested(reading: _Reading, node: Node, body: bytes, name: str, in_report: bool) -> None:
    block = read_block(body.lstrip(b"\r\n"), 0, MAX_PART_HEADER)
    title = name or decode_header(block.first("subject")) or "message"
    name = title if title.lower().endswith((".eml", ".msg")) else f"{title.replace('/', '-')[:140]}.eml"
    bounced = in_report or _comes_from_a_daemon(reading)
    if bounced:
        reading.returned = reading.returned or block.items
    _add(reading, node, body, name, machine=bounced)
    if bounced or reading.nested:
        return
    inner = _read(body, nested=True)
    reading.forwarded.append(inner)
    photos = [one for one in inner.parts if one.kind in (PartKind.EVIDENCE, PartKind.INLINE)]
    for number, one in enumerate(photos[:MAX_DERIVED], 1):
        index = node.number + number * _DERIVED_STEP
        reading.files.append(_File(index, one.body, one.name, one.declared, "attachment"))


def _comes_from_a_daemon(reading: _Reading) -> bool:
    first = reading.tree.root.block.first
    has_null_path = any(key == "return-path" and "<>" in value for key, value in reading.tree.root.block.items)
    return has_null_path or bool(first("x-failed-recipients")) or _DAEMON.search(first("from")[:1000]) is not None


def _read_packed(reading: _Reading, node: Node, body: bytes, name: str) -> None:
    found = tnef.unpack(body)
    if found is None:
        reading.problems.append("tnef")
    _add(reading, node, body, name or "winmail.dat", machine=found is not None)
    if found is None:
        return
    reading.packed.append(found)
    for number, file in enumerate(found.files, 1):
        index = node.number + number * _DERIVED_STEP
        disposition = "inline" if file.cid else "attachment"
        reading.files.append(_File(index, file.body, file.name, file.mime, disposition, file.cid))


def _read_outlook(reading: _Reading, node: Node, body: bytes, name: str) -> None:
    _add(reading, node, body, name)
    found = None if reading.nested else outlook.unpack(body)
    if found is None:
        reading.problems.append("outlook")
        return
    reading.forwarded.append(Mail(subject=found.subject, text=found.text))
    for number, file in enumerate(found.files, 1):
        index = node.number + number * _DERIVED_STEP
        reading.files.append(_File(index, file.body, file.name, "", "attachment"))


def _read_smime(reading: _Reading, node: Node, body: bytes, name: str) -> None:
    content = b"" if reading.nested else signed_content(body)
    _add(reading, node, body, name, machine=bool(content))
    if not content:
        declared_signed = node.type.get("smime-type").lower() in ("signed-data", "certs-only")
        reading.problems.append("signed:opaque" if declared_signed or is_signed(body) else "encrypted")
        return
    inner = _read(content, nested=True)
    reading.texts[node.number] = (inner.text, inner.html)
    for number, one in enumerate(inner.parts[:MAX_DERIVED], 1):
        index = node.number + number * _DERIVED_STEP
        reading.files.append(_File(index, one.body, one.name, one.declared, one.disposition, one.cid))


def _add(reading: _Reading, node: Node, body: bytes, name: str, *, machine: bool = False) -> None:
    cid = decode_header(node.block.first("content-id")[:1000]).strip("<> ")
    cid = cid or decode_header(node.block.first("content-location")[:1000])
    reading.files.append(_File(node.number, body, name, node.mime, node.disposition.value or "", cid, machine))


def _parts(reading: _Reading, shown: frozenset[str]) -> tuple[Part, ...]:
    return tuple(
        make_part(
            file.index,
            file.body,
            name=file.name,
            declared=file.declared,
            disposition=file.disposition,
            cid=file.cid,
            shown=shown,
            machine=file.machine,
        )
        for file in reading.files
    )


def _blocks(body: bytes) -> Iterator[tuple[tuple[str, str], ...]]:
    """The header blocks of a report: one for the message, then one a recipient."""
    place = 0
    body = body[:MAX_TEXT]
    for _ in range(MAX_DERIVED):
        while body[place : place + 1] in (b"\r", b"\n"):
            place += 1
        if place >= len(body):
            return
        block = read_block(body, place, MAX_PART_HEADER)
        if block.items:
            yield block.items
        if block.end <= place:
            return
        place = block.end


def _compose(node: Node, reading: _Reading) -> tuple[str, str]:
    """Plain text and HTML of a part with all that is in it."""
    if not node.split:
        return reading.texts.get(node.number, ("", ""))
    bodies = [_compose(child, reading) for child in node.children]
    bodies = [(text, html) for text, html in bodies if text.strip() or html.strip()]
    if node.mime == "multipart/alternative":
        text = next((text for text, _ in bodies if text.strip()), "")
        html = next((html for _, html in reversed(bodies) if html.strip()), "")
        return ("" if _is_placeholder(text, html) else text), html
    return _in_order(bodies)


def _in_order(bodies: list[tuple[str, str]]) -> tuple[str, str]:
    """Texts that follow each other: each version gets what only the other one has."""
    if len(bodies) < 2:
        return bodies[0] if bodies else ("", "")
    some_text, some_html = any(text for text, _ in bodies), any(html for _, html in bodies)
    if not some_html:
        return "\n".join(text.rstrip("\n") + "\n" for text, _ in bodies), ""
    if len(bodies) == 2 and _is_same(bodies[0], bodies[1]):
        return bodies[0][0] or bodies[1][0], bodies[0][1] or bodies[1][1]
    html = "\n".join(html or _as_html(text) for text, html in bodies)
    return ("\n".join((text or _as_text(html)).rstrip("\n") + "\n" for text, html in bodies) if some_text else ""), html


def _is_same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a text and a page beside it say the same, as from clients that mistake mixed for alternative."""
    if one[1] and not one[0]:
        one, other = other, one
    if one[1] or other[0]:
        return False
    words, page = (_WORDS.sub("", text[:20_000]) for text in (one[0], _as_text(other[1])))
    return bool(words) and words[:1000] in page


def _is_placeholder(text: str, html: str) -> bool:
    """ "Your client does not support HTML": a text that stands for a page which says much more."""
    if len(text) >= _PLACEHOLDER or "html" not in text.lower():
        return False
    return len(_WORDS.sub("", _as_text(html[:20_000]))) > 2 * len(text)


def _with_packed(text: str, html: str, reading: _Reading) -> tuple[str, str]:
    for found in reading.packed:
        if not text.strip() and not html.strip():
            text, html = found.text, found.html
        elif not html.strip() and found.html and not text.strip():
            html = found.html
    return text, html


def _repaired(text: str, html: str) -> tuple[str, str]:
    """The plain version of a page in a TCVN3 font is in that encoding too, in words too few for statistics."""
    if tcvn3.has_font(html) and not tcvn3.has_vietnamese(text):
        text = tcvn3.repair(text)
    return text, html


def _with_forwarded(text: str, html: str, reading: _Reading) -> tuple[str, str]:
    """Attached mails are read too: the report may be in the mail that was forwarded."""
    for mail in reading.forwarded:
        head = "\n".join((_FORWARDED, f"Từ: {_shown(mail.sender)}", f"Chủ đề: {mail.subject}"))
        body = mail.text if mail.text.strip() else _as_text(mail.html)
        if not body.strip():
            continue
        if html.strip() and not text.strip():
            html += f"<div><br>{_as_html(head)}<br>{_as_html(body)}</div>"
            continue
        text = f"{text.rstrip()}\n\n{head}\n\n{body.strip()}\n".lstrip("\n")
        if html.strip():
            html += f"<div><br>{_as_html(head)}<br>{_as_html(body)}</div>"
    return text, html


def _shown(who: Address) -> str:
    return f"{who.name} <{who.addr}>" if who.name else who.addr


def _as_html(text: str) -> str:
    return "<div>" + entities.escape(text, quote=False).replace("\n", "<br>\n") + "</div>"


def _as_text(html: str) -> str:
    return entities.unescape(_TAG.sub(" ", html))
