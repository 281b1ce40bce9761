"""What leaves for the Graph API, when it may, and what its answer means."""

import asyncio
import unicodedata
from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.facebook import outgoing
from channels.facebook.outgoing import route
from channels.render import fit
from core.errors import Refused, SendError, TryAgain, Unknown, Unreachable
from core.model import Ask, Choice, MediaKind, OutboundMedia, OutboundMessage, Peer, Receipt, Speaker
from core.ports import Answer
from tests.channels.fakes import NOW, Call, FakeHttp, FakeVault, MemoryBlobs, answer
from tests.facebook.pages import AN, BASE, PAGE, PROOF, SECRET, SENT, TOKEN, a_page, an_answer, recorded

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MARGIN = timedelta(minutes=5)
COMMENT = Peer(channel="facebook", account="page-1022", user="comment:5001_7001")
POST = Peer(channel="facebook", account="page-1022", user="post:1_5002")


def said(http: FakeHttp) -> Any:
    (call,) = http.calls
    return call.json


# --- the call ---------------------------------------------------------------------------------------------------------


async def test_a_text_is_one_call_whose_key_comes_back_in_the_echo() -> None:
    page, http = a_page(lambda call: an_answer("response-send-ok"))

    receipt = await page.send(AN, OutboundMessage(text="Xin chào", key="out-1"))

    (call,) = http.calls
    assert call.url == f"{BASE}/{PAGE}/messages?appsecret_proof={PROOF}"
    assert call.headers == {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    assert call.json == {
        "recipient": {"id": AN.user},
        "messaging_type": "RESPONSE",
        "message": {"text": "Xin chào", "metadata": "out-1"},
    }
    assert receipt == Receipt(external_id=recorded("response-send-ok")["body"]["message_id"])


async def test_no_secret_ever_stands_in_an_address() -> None:
    page, http = a_page()

    await page.send(AN, OutboundMessage(text="x"))
    await page.describe(AN)

    assert all(TOKEN not in call.url and SECRET not in call.url for call in http.calls)


async def test_choices_are_quick_replies() -> None:
    page, http = a_page()
    choices = (Choice(key="confirm:send:1", label="Gửi"), Choice(key="confirm:edit", label="Sửa"))

    await page.send(AN, OutboundMessage(text="Gửi nhé?", choices=choices))

    assert said(http)["message"]["quick_replies"] == [
        {"content_type": "text", "title": "Gửi", "payload": "confirm:send:1"},
        {"content_type": "text", "title": "Sửa", "payload": "confirm:edit"},
    ]


@pytest.mark.parametrize(("ask", "kind"), [(Ask.PHONE, "user_phone_number"), (Ask.EMAIL, "user_email")])
async def test_what_a_profile_holds_is_offered_with_the_platforms_own_button(ask: Ask, kind: str) -> None:
    page, http = a_page()

    await page.send(AN, OutboundMessage(text="Số điện thoại?", ask=ask, choices=(Choice(key="skip", label="Bỏ qua"),)))

    replies = said(http)["message"]["quick_replies"]
    assert replies[0] == {"content_type": kind}
    assert replies[1]["payload"] == "skip"


def test_there_are_never_more_quick_replies_than_messenger_takes() -> None:
    choices = tuple(Choice(key=f"k{n}", label=f"{n}") for n in range(13))

    message = outgoing.text(OutboundMessage(text="?", choices=choices, ask=Ask.PHONE))

    assert [reply.get("payload") for reply in message["quick_replies"]] == [choice.key for choice in choices]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_accents_travel_joined_to_their_letters(form: Literal["NFC", "NFD"]) -> None:
    label = unicodedata.normalize(form, "Sửa địa chỉ sự việc")
    page, http = a_page()

    await page.send(AN, OutboundMessage(text=label, choices=(Choice(key="k", label=label),)))

    message = said(http)["message"]
    assert message["text"] == message["quick_replies"][0]["title"] == "Sửa địa chỉ sự việc"
    assert len(message["text"]) == 19


def test_a_label_that_messenger_would_cut_becomes_a_numbered_line() -> None:
    page, _ = a_page()
    message = OutboundMessage(text="Chọn:", choices=(Choice(key="k", label="Ô nhiễm tiếng ồn khu dân cư"),))

    (part,) = fit(message, page.capabilities)

    assert part.choices == () and part.text == "Chọn:\n1. Ô nhiễm tiếng ồn khu dân cư"


# --- private replies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("peer", "recipient"), [(COMMENT, {"comment_id": "5001_7001"}), (POST, {"post_id": "1_5002"})])
async def test_a_private_reply_tells_who_was_reached(peer: Peer, recipient: dict[str, str]) -> None:
    page, http = a_page(lambda call: an_answer("response-private-reply-ok"), typing=True)

    receipt = await page.send(peer, OutboundMessage(text="Mời anh/chị nhắn tin cho Trang", key="k"))

    assert said(http)["recipient"] == recipient, "no sender action: nobody is in that chat yet"
    assert receipt.reached == "6700000000000022"


async def test_a_comment_takes_its_reply_for_seven_days() -> None:
    page, http = a_page()

    await page.send(COMMENT, OutboundMessage(text="x", heard_at=NOW - 6 * DAY))
    with pytest.raises(Unreachable):
        await page.send(COMMENT, OutboundMessage(text="x", heard_at=NOW - 7 * DAY, speaker=Speaker.OPERATOR))

    assert said(http)["messaging_type"] == "RESPONSE"


# --- windows ----------------------------------------------------------------------------------------------------------

RESPONSE = {"messaging_type": "RESPONSE"}
HUMAN_AGENT = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
SECONDS = st.integers(-60, 9 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


def allowed(
    age: timedelta | None, speaker: Speaker, *, human_agent: bool, private: bool = False
) -> dict[str, str] | str:
    message = OutboundMessage(text="x", speaker=speaker, heard_at=None if age is None else NOW - age)
    try:
        return route(message, private_reply=private, human_agent=human_agent, now=NOW)
    except Unreachable as closed:
        return closed.code


@given(age=SECONDS, speaker=st.sampled_from(Speaker), human_agent=st.booleans())
def test_the_window_decides_and_only_a_person_may_write_after_it(
    age: timedelta, speaker: Speaker, human_agent: bool
) -> None:
    found = allowed(age, speaker, human_agent=human_agent)

    if age <= DAY - MARGIN:
        assert found == RESPONSE
    elif speaker is Speaker.OPERATOR and human_agent and age <= 7 * DAY - MARGIN:
        assert found == HUMAN_AGENT
    else:
        assert found == "window"


@given(age=SECONDS, speaker=st.sampled_from(Speaker), human_agent=st.booleans())
def test_the_tag_is_never_used_while_the_window_is_open_nor_by_the_bot(
    age: timedelta, speaker: Speaker, human_agent: bool
) -> None:
    if allowed(age, speaker, human_agent=human_agent) == HUMAN_AGENT:
        assert speaker is Speaker.OPERATOR and human_agent and age > DAY - MARGIN


@pytest.mark.parametrize("speaker", Speaker)
def test_an_unknown_window_is_left_to_meta(speaker: Speaker) -> None:
    assert allowed(None, speaker, human_agent=True) == RESPONSE


async def test_no_call_leaves_after_the_window() -> None:
    page, http = a_page(typing=True)

    with pytest.raises(Unreachable) as caught:
        await page.send(AN, OutboundMessage(text="x", heard_at=NOW - DAY))

    assert caught.value.code == "window"
    assert http.calls == []


async def test_a_persons_late_reply_carries_the_tag() -> None:
    page, http = a_page(human_agent=True)

    await page.send(AN, OutboundMessage(text="x", heard_at=NOW - 3 * DAY, speaker=Speaker.OPERATOR))

    assert (said(http)["messaging_type"], said(http)["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


def test_the_capabilities_say_how_long_a_person_may_write() -> None:
    assert a_page(human_agent=True)[0].capabilities.person_window == 7 * DAY
    assert a_page()[0].capabilities.person_window is None


# --- courtesies -------------------------------------------------------------------------------------------------------


async def test_that_a_citizen_was_read_is_shown_beside_the_reply_and_not_before_it() -> None:
    page, http = a_page(typing=True)

    await page.send(AN, OutboundMessage(text="x"))

    message, action = (call.json for call in http.calls)
    assert "message" in message
    assert action == {"recipient": {"id": AN.user}, "sender_action": "mark_seen"}


@pytest.mark.parametrize(
    "failure", [answer(400, {"error": {"code": 100}}), TryAgain("x"), Unknown("x"), answer(500, "")]
)
async def test_a_courtesy_that_fails_is_no_error(failure: Answer | Exception) -> None:
    page, _ = a_page(lambda call: failure if "sender_action" in call.json else answer(200, SENT), typing=True)

    assert (await page.send(AN, OutboundMessage(text="x"))).external_id == "m_sent"


async def test_a_reply_that_fails_ends_its_courtesy() -> None:
    page, http = a_page(lambda call: Unknown("read timeout"), typing=True)

    with pytest.raises(Unknown):
        await page.send(AN, OutboundMessage(text="x"))
    await asyncio.sleep(0)

    assert len(http.calls) == 1


# --- files ------------------------------------------------------------------------------------------------------------


class Graph:
    """Takes uploads and messages; `gone` names attachment ids that Meta no longer knows."""

    def __init__(self, *gone: str) -> None:
        self.gone, self.uploads = gone, 0

    def __call__(self, call: Call) -> Answer:
        if "/message_attachments" in call.url:
            self.uploads += 1
            return answer(200, {"attachment_id": f"att-{self.uploads}"})
        attachment = call.json.get("message", {}).get("attachment")
        if attachment and attachment["payload"]["attachment_id"] in self.gone:
            return answer(400, {"error": {"code": 100, "error_subcode": 2018074, "message": "x"}})
        return answer(200, SENT)


async def a_picture(blobs: MemoryBlobs, name: str = "anh.jpg") -> OutboundMessage:
    blob = await blobs.put(b"\xff\xd8\xff picture")
    file = OutboundMedia(kind=MediaKind.IMAGE, blob=blob, name=name, mime="image/jpeg")
    return OutboundMessage(text="", media=(file,), key="out-2")


async def test_a_file_is_uploaded_once_and_reused_by_every_process() -> None:
    graph, vault, blobs = Graph(), FakeVault(), MemoryBlobs()
    message = await a_picture(blobs)

    for _ in range(2):
        page, http = a_page(graph, vault=vault, blobs=blobs)
        await page.send(AN, message)

    assert graph.uploads == 1
    assert said(http)["message"] == {
        "attachment": {"type": "image", "payload": {"attachment_id": "att-1"}},
        "metadata": "out-2",
    }


async def test_an_upload_is_a_form_with_the_file_and_what_it_is() -> None:
    blobs = MemoryBlobs()
    page, http = a_page(Graph(), blobs=blobs)

    await page.send(AN, await a_picture(blobs, name='ảnh "1"\r\n.jpg'))

    upload = http.calls[0]
    assert upload.url == f"{BASE}/{PAGE}/message_attachments?appsecret_proof={PROOF}"
    boundary = upload.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    _, wanted, file, end = upload.body.split(b"--" + boundary.encode())
    assert b'name="message"' in wanted and b'"is_reusable":true' in wanted and b'"type":"image"' in wanted
    assert 'name="filedata"; filename="ảnh _1___.jpg"\r\nContent-Type: image/jpeg'.encode() in file
    assert file.endswith(b"\xff\xd8\xff picture\r\n") and end == b"--\r\n"


async def test_an_upload_that_meta_forgot_is_made_again_once() -> None:
    graph, blobs = Graph("att-1"), MemoryBlobs()
    page, http = a_page(graph, blobs=blobs)

    receipt = await page.send(AN, await a_picture(blobs))

    assert (graph.uploads, receipt.external_id) == (2, "m_sent")
    assert http.calls[-1].json["message"]["attachment"]["payload"] == {"attachment_id": "att-2"}


async def test_an_upload_that_is_forgotten_again_is_tried_later() -> None:
    graph, blobs = Graph("att-1", "att-2"), MemoryBlobs()
    page, _ = a_page(graph, blobs=blobs)

    with pytest.raises(TryAgain):
        await page.send(AN, await a_picture(blobs))

    assert graph.uploads == 2


async def test_an_old_upload_is_made_anew_before_meta_forgets_it() -> None:
    graph, vault, blobs = Graph(), FakeVault({"other": "kept"}), MemoryBlobs()
    message = await a_picture(blobs)

    instants = [NOW]
    page, _ = a_page(graph, vault=vault, blobs=blobs, clock=lambda: instants[-1])

    for age in (0, 79, 81):
        instants.append(NOW + age * DAY)
        await page.send(AN, message)

    assert graph.uploads == 2
    assert vault.values["other"] == "kept" and len(vault.values) == 2


async def test_a_lost_upload_may_be_repeated_since_nobody_saw_it() -> None:
    blobs = MemoryBlobs()
    page, _ = a_page(lambda call: Unknown("read timeout"), blobs=blobs)

    with pytest.raises(TryAgain):
        await page.send(AN, await a_picture(blobs))


async def test_a_file_that_is_gone_or_too_large_is_refused() -> None:
    blobs = MemoryBlobs()
    page, http = a_page(blobs=blobs)
    large = await blobs.put(b"x" * (25 * 2**20 + 1))

    for blob in ("unknown", large):
        with pytest.raises(Refused):
            file = OutboundMedia(kind=MediaKind.FILE, blob=blob)
            await page.send(AN, OutboundMessage(text="", media=(file,)))

    assert http.calls == []


async def test_a_file_shows_that_something_is_on_its_way() -> None:
    blobs = MemoryBlobs()
    page, http = a_page(Graph(), blobs=blobs, typing=True)

    await page.send(AN, await a_picture(blobs))

    actions = [call.json["sender_action"] for call in http.calls if b"sender_action" in call.body]
    assert actions == ["typing_on"]
    assert b'"message"' in http.calls[-1].body, "the file itself comes last"


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [{}, {"message_id": 7}, {"recipient_id": "1"}, {"message_id": None}, []])
async def test_a_taken_message_without_its_id_may_have_arrived(body: Any) -> None:
    page, _ = a_page(lambda call: answer(200, body))

    with pytest.raises(Unknown):
        await page.send(AN, OutboundMessage(text="x"))


@pytest.mark.parametrize("failure", [TryAgain("x"), Unknown("x"), answer(500, {"error": {"code": 2}})])
async def test_a_message_is_tried_once(failure: Answer | Exception) -> None:
    page, http = a_page(lambda call: failure)

    with pytest.raises(SendError):
        await page.send(AN, OutboundMessage(text="x"))

    assert len(http.calls) == 1
