"""What can be ordered over `/control` for a citizen's mailbox, beside what every platform can do."""

import base64
import binascii
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from simulator import media
from simulator.email.clients import Enclosure
from simulator.world import Bubble, Json, Phone

if TYPE_CHECKING:
    from simulator.email.post import Post


def acts(post: "Post") -> Mapping[str, Any]:
    """By name: mail, document, album, away, raw, start. Each raises ValueError for a body that does not fit."""

    def mail(phone: Phone, body: Json) -> Bubble:
        files = [_file(item, place) for place, item in enumerate(body.get("files", []), 1)]
        return post.writes(
            phone,
            str(body.get("text", "")),
            subject=str(body.get("subject", "")),
            files=files,
            reply_to=str(body.get("reply_to", "")),
            fresh=bool(body.get("fresh")),
            verdict=str(body.get("verdict", "pass")),
        )

    def album(phone: Phone, body: Json) -> Bubble:
        return mail(phone, {"text": body.get("caption", ""), "files": body.get("photos", [])})

    def document(phone: Phone, body: Json) -> Bubble:
        return mail(phone, {"text": body.get("caption", ""), "files": [body]})

    def away(phone: Phone, body: Json) -> None:
        post.goes_away(phone, rude=bool(body.get("rude")))

    def raw(phone: Phone, body: Json) -> None:
        post.send(phone, _decoded(body))

    def start(phone: Phone, body: Json) -> None:
        post.follows(phone)

    return {"mail": mail, "album": album, "document": document, "away": away, "raw": raw, "start": start}


def _file(item: Json, place: int) -> Enclosure:
    """`{"sample" | "content", "name"?, "mime"?, "at"?: [latitude, longitude]}`; `at` is written into the picture."""
    content = _decoded(item)
    if "at" in item:
        latitude, longitude = (float(number) for number in item["at"])
        content = media.located(content, latitude, longitude)
    mime, ending = media.recognise(content)
    return str(item.get("name") or f"IMG_{1000 + place}.{ending}"), str(item.get("mime") or mime), content


def _decoded(item: Json) -> bytes:
    if "content" not in item:
        name = str(item.get("sample", "o-ga"))
        if name not in media.SAMPLES:
            raise ValueError(f"no sample {name!r}; known: {', '.join(media.SAMPLES)}")
        return media.sample(name)
    try:
        return base64.b64decode(item["content"], validate=True)
    except (binascii.Error, TypeError):
        raise ValueError("content must be base64") from None
