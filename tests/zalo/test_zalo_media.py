"""Citizens' media come from Zalo's hosts or not at all. zalo: attachments (rules)."""

from collections.abc import Callable
from typing import Any

import pytest

from channels.zalo import ZaloChannel
from channels.zalo.media import sniff
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown
from core.model import MediaKind, MediaRef
from core.ports import Answer

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 20


def photo(url: str, **more: Any) -> MediaRef:
    return MediaRef(kind=MediaKind.IMAGE, key=url, **more)


async def test_a_picture_is_fetched_over_https_without_our_token(channel: ZaloChannel, zalo: Any) -> None:
    zalo.on("/ab/1.jpg", Answer(200, JPEG, {"content-type": "text/plain"}))

    media = await channel.fetch(photo("http://f6.photo.talk.zdn.vn/ab/1.jpg#x"))

    assert zalo.calls[0].url == "https://f6.photo.talk.zdn.vn/ab/1.jpg" and zalo.calls[0].headers == {}
    assert (media.body, media.mime, media.name) == (JPEG, "image/jpeg", "1.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/1.jpg",
        "https://zdn.vn.evil.example/1.jpg",
        "https://evilzdn.vn/1.jpg",
        "http://127.0.0.1/1.jpg",
        "http://[::1]/1.jpg",
        "http://169.254.169.254/latest/meta-data",
        "https://f6.zdn.vn:8443/1.jpg",
        "https://f6.zdn.vn@evil.example/1.jpg",
        "https://user@f6.zdn.vn/1.jpg",
        "https://f6.zdn.vn\\@evil.example/1.jpg",
        "file:///etc/passwd",
        "ftp://f6.zdn.vn/1.jpg",
        "//f6.zdn.vn/1.jpg",
        "http://[",
        "",
    ],
)
async def test_no_other_host_is_ever_called(channel: ZaloChannel, zalo: Any, url: str) -> None:
    with pytest.raises(Refused):
        await channel.fetch(photo(url))

    assert not zalo.calls


@pytest.mark.parametrize("location", ["http://10.0.0.1/1.jpg", "//evil.example/1.jpg", "http://["])
async def test_a_redirect_out_of_zalo_is_not_followed(channel: ZaloChannel, zalo: Any, location: str) -> None:
    zalo.on("/1.jpg", Answer(302, b"", {"location": location}))

    with pytest.raises(Refused):
        await channel.fetch(photo("https://f6.zdn.vn/1.jpg"))

    assert len(zalo.calls) == 1


async def test_a_redirect_inside_zalo_is_followed_but_not_for_ever(channel: ZaloChannel, zalo: Any) -> None:
    zalo.on("/1.jpg", Answer(302, b"", {"location": "/2.jpg"}))
    zalo.on("/2.jpg", Answer(200, JPEG))
    zalo.on("/loop", Answer(302, b"", {"location": "/loop"}))

    assert (await channel.fetch(photo("https://f6.zdn.vn/1.jpg"))).body == JPEG
    with pytest.raises(Refused):
        await channel.fetch(photo("https://f6.zdn.vn/loop"))


async def test_a_configured_simulator_serves_its_own_media(make_channel: Callable[..., ZaloChannel], zalo: Any) -> None:
    channel = make_channel(api_base="http://127.0.0.1:8081/zalo")
    zalo.on("/zalo/media/1", Answer(200, JPEG))

    assert (await channel.fetch(photo("http://127.0.0.1:8081/zalo/media/1"))).mime == "image/jpeg"
    for other in ("http://127.0.0.1:8082/zalo/media/1", "http://a@127.0.0.1:8081/zalo/media/1"):
        with pytest.raises(Refused):
            await channel.fetch(photo(other))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(404, b""), Refused),
        (Answer(410, b"gone"), Refused),
        (Answer(200, b""), Refused),
        (Answer(401, b""), Misconfigured),
        (Answer(429, b""), TryAgain),
        (Answer(503, b""), TryAgain),
        (Answer(200, b"  <!DOCTYPE html><p>"), Refused),
        (Unknown("timeout"), TryAgain),
        (Refused("too large"), Refused),
    ],
)
async def test_trouble_with_a_file(channel: ZaloChannel, zalo: Any, answer: Any, error: type[SendError]) -> None:
    zalo.on("/1.jpg", answer)

    with pytest.raises(SendError) as caught:
        await channel.fetch(photo("https://f6.zdn.vn/1.jpg"))

    assert type(caught.value) is error


async def test_a_file_that_says_it_is_too_large_is_not_even_asked_for(channel: ZaloChannel, zalo: Any) -> None:
    with pytest.raises(Refused):
        await channel.fetch(photo("https://f6.zdn.vn/1.jpg", size=10**9))

    assert not zalo.calls


@pytest.mark.parametrize(
    ("body", "name", "mime"),
    [
        (JPEG, "", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "", "image/png"),
        (b"RIFF1234WEBP", "", "image/webp"),
        (b"\0\0\0\x18ftypheic", "", "image/heic"),
        (b"\0\0\0\x18ftypmp42", "", "video/mp4"),
        (b"#!AMR\n", "", "audio/amr"),
        (b"%PDF-1.7", "", "application/pdf"),
        (b"PK\x03\x04", "Đơn.DOCX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04", "a.zip", "application/zip"),
        (b"\xef\xbb\xbf\n<svg onload=1>", "a.jpg", "text/html"),
        (b"hello", "a.jpg", ""),
    ],
)
def test_the_bytes_say_what_they_are(body: bytes, name: str, mime: str) -> None:
    assert sniff(body, name) == mime
