"""Citizens' files are fetched from Meta's own hosts and nowhere else."""

import pytest

from core.errors import Refused, SendError, TryAgain, Unknown
from core.model import Media, MediaKind, MediaRef
from core.ports import Answer
from tests.channels.fakes import Call, answer
from tests.facebook.pages import TOKEN, a_page

URL = "https://scontent.xx.fbcdn.net/v/anh%20hu.jpg?oh=00_A&oe=65AABBCC"
JPEG = b"\xff\xd8\xff\xe0 picture"


def ref(key: str, kind: MediaKind = MediaKind.IMAGE) -> MediaRef:
    return MediaRef(kind=kind, key=key)


async def test_a_picture_is_fetched_without_any_token_and_named_by_its_bytes() -> None:
    page, http = a_page(lambda call: answer(200, JPEG, {"content-type": "text/plain"}))

    found = await page.fetch(ref(URL))

    (call,) = http.calls
    assert (call.url, call.headers) == (URL, {})
    assert found == Media(body=JPEG, mime="image/jpeg", name="anh hu.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.fbsbx.com/v/t59/4.pdf?oe=1",
        "https://video-hkg4-1.xx.fbcdn.net/v/2.mp4",
        "https://graph.test/files/1",
        "https://scontent.xx.fbcdn.net:443/v/1.jpg",
    ],
)
async def test_metas_hosts_and_that_of_the_api_are_asked(url: str) -> None:
    page, http = a_page(lambda call: answer(200, b"x"))

    await page.fetch(ref(url, MediaKind.FILE))

    assert len(http.calls) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://scontent.xx.fbcdn.net/v/1.jpg",
        "https://fbcdn.net.evil.example/1.jpg",
        "https://evilfbcdn.net/1.jpg",
        "https://fbcdn.net/1.jpg",
        "https://scontent.xx.fbcdn.net@evil.example/1.jpg",
        "https://user@scontent.xx.fbcdn.net/1.jpg",
        "https://scontent.xx.fbcdn.net:8443/1.jpg",
        "http://graph.test/files/1",
        "https://graph.test:8443/files/1",
        "https://127.0.0.1/1.jpg",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1",
        "https://a:b",
        "",
    ],
)
async def test_no_other_host_is_ever_asked(url: str) -> None:
    page, http = a_page()

    with pytest.raises(Refused):
        await page.fetch(ref(url))

    assert http.calls == []


def redirecting(*places: str) -> Answer:
    return answer(302, "", {"location": places[0]})


async def test_a_redirect_is_followed_within_metas_hosts_only() -> None:
    def respond(call: Call) -> Answer:
        return answer(200, JPEG) if "/b.jpg" in call.url else redirecting("/b.jpg")

    page, http = a_page(respond)
    assert (await page.fetch(ref(URL))).body == JPEG
    assert http.calls[1].url == "https://scontent.xx.fbcdn.net/b.jpg"

    page, http = a_page(lambda call: redirecting("https://127.0.0.1/secret"))
    with pytest.raises(Refused):
        await page.fetch(ref(URL))
    assert len(http.calls) == 1


@pytest.mark.parametrize(("place", "calls"), [(URL, 4), ("https://[::1", 1), ("", 4)])
async def test_redirects_come_to_an_end(place: str, calls: int) -> None:
    page, http = a_page(lambda call: redirecting(place))

    with pytest.raises(Refused):
        await page.fetch(ref(URL))

    assert len(http.calls) == calls


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (answer(403, "URL signature expired"), Refused),
        (answer(404, ""), Refused),
        (answer(200, ""), Refused),
        (answer(429, ""), TryAgain),
        (answer(503, ""), TryAgain),
        (Unknown("read timeout"), TryAgain),
        (TryAgain("no connection"), TryAgain),
        (answer(200, b"x" * (25 * 2**20 + 1)), Refused),
        (answer(200, "<html>", {"content-type": "text/html; charset=utf-8"}), Refused),
    ],
    ids=lambda value: repr(value)[:50],
)
async def test_a_file_that_does_not_come_decides_what_happens_next(
    failure: Answer | Exception, error: type[SendError]
) -> None:
    page, _ = a_page(lambda call: failure)

    with pytest.raises(error):
        await page.fetch(ref(URL))


async def test_a_file_known_to_be_too_large_is_not_even_asked_for() -> None:
    page, http = a_page()

    with pytest.raises(Refused):
        await page.fetch(MediaRef(kind=MediaKind.VIDEO, key=URL, size=25 * 2**20 + 1))

    assert http.calls == []


async def test_an_expired_address_says_what_to_do() -> None:
    page, _ = a_page(lambda call: answer(403, "URL signature expired"))

    with pytest.raises(Refused, match="gửi lại") as caught:
        await page.fetch(ref(URL))

    assert "oe=" not in caught.value.reason and TOKEN not in caught.value.reason
