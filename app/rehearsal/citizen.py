"""What a record's citizen does on the phone, and what the phone shows. Files are made up on the spot."""

import hashlib
import io
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath

from PIL import Image

from app.rehearsal.letters import STICKERS, Letter, file_names, sheet
from app.rehearsal.record import Say
from simulator.email.post import Post
from simulator.engine import Platform, Simulator, find_button
from simulator.world import Bubble, Button, Phone
from simulator.zalo.account import OfficialAccount

_VIDEO = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64)
_DOCUMENT = b"%PDF-1.4\n%%EOF\n"
_PICTURES = {".jpg", ".jpeg", ".png"}
_FILMS = {".mp4", ".mov"}


def act(simulator: Simulator, phone: Phone, said: Say | Letter, labels: Mapping[str, str] = {}) -> None:
    """Do what the turn says: by mail in one mail, else in messages; a button that is not there is typed.

    `labels`: key → label of what was offered last.
    """
    people = simulator.people(phone)
    if isinstance(people, Post):
        _writes(people, phone, said, labels)
    elif isinstance(said, Letter):
        for _, part in said.answers:
            _chats(simulator, people, phone, part)
    else:
        _chats(simulator, people, phone, said)


def _writes(people: Post, phone: Phone, said: Say | Letter, labels: Mapping[str, str]) -> None:
    files = {name: _bytes(name) for name in file_names(said)}
    mail = sheet(said, labels, files)
    people.writes(phone, "\n".join(mail.lines), subject=mail.subject, files=mail.files, fresh=bool(mail.subject))


def _bytes(name: str) -> bytes:
    ending = PurePath(name).suffix.lower()
    return photo(name) if ending in _PICTURES else _VIDEO if ending in _FILMS else _DOCUMENT


def _chats(simulator: Simulator, people: Platform, phone: Phone, said: Say) -> None:
    letter = said.email or {}
    for name in (*said.photos, *letter.get("attachments", ()), said.file):
        if name:
            picture = name in said.photos or PurePath(name).suffix.lower() in _PICTURES
            people.sends_file(phone, photo(name) if picture else _DOCUMENT, name=name)
    if said.video:
        people.sends_video(phone, _VIDEO, said.video)
    if said.voice:
        people.sends_voice(phone, said.voice)
    if said.sticker:
        people.sends_sticker(phone, STICKERS.get(said.sticker, said.sticker))
    if said.location:
        place = said.location
        people.sends_place(phone, place["lat"], place["lon"], title=place.get("title", ""))
    if said.contact:
        _shares_contact(people, phone, said.contact.get("name", ""), str(said.contact["phone"]))
    if said.button:
        found = _button(phone, said.button)
        if found is None or people.presses(phone, *found) is None:
            people.says(phone, said.button)
    if text := said.text or str(letter.get("body", "")):
        people.says(phone, text)


def _shares_contact(people: Platform, phone: Phone, name: str, number: str) -> None:
    """The way the screen offers: a form that was sent is filled in, else it is a card of one's own."""
    heard = [bubble for bubble in phone.bubbles if bubble.sender == "bot"]
    if isinstance(people, OfficialAccount) and heard and heard[-1].kind == "form":
        people.submits_info(phone, {"name": name, "phone": number})
    else:
        people.sends_contact(phone, name, number, own=True)


def _button(phone: Phone, key: str) -> tuple[Button, Bubble | None] | None:
    """By label or by what it carries; platforms may put a mark of the gateway before the key."""
    carried = [
        button.data for bubble in phone.bubbles for row in bubble.buttons for button in row if button.data.endswith(key)
    ]
    return find_button(phone, key) or (find_button(phone, carried[-1]) if carried else None)


@cache
def photo(name: str) -> bytes:
    """A JPEG of 640 × 480 that differs with the name, the same each time."""
    grain = hashlib.shake_256(name.encode()).digest(8 * 6 * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", (8, 6), grain).resize((640, 480)).save(out, "JPEG", quality=80)
    return out.getvalue()


def words(bubble: Bubble) -> str:
    """The text with the labels of its buttons."""
    labels = " / ".join(button.text for row in bubble.buttons for button in row)
    return "\n".join(filter(None, (bubble.text, labels))) or f"[{bubble.kind}]"
