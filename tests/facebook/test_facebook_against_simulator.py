"""Our channel and a Graph API that shares no code with it, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr

from app.outgoing import Outgoing
from channels.facebook import FacebookAdmin, FacebookChannel, FacebookSettings
from channels.facebook.admin import FIELDS, Entry, PageProfile
from channels.render import fit
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.events import (
    InboundMessage,
    MessageEdited,
    MessageWithdrawn,
    OwnEcho,
    PlatformEvent,
    Progress,
    ProgressKind,
    PublicComment,
    StaffWrote,
    ThreadMoved,
)
from core.model import Ask, Choice, Delivery, MediaKind, OutboundMedia, OutboundMessage, Peer, Speaker
from core.ports import Knock
from simulator import media
from simulator.clock import Clock
from simulator.config import FacebookConfig, SimulatorConfig
from simulator.world import Phone
from tests.channels.fakes import FakeVault, MemoryBlobs, now
from tests.channels.test_contract import MESSAGES
from tests.simulator.conftest import Receiver, Running, receiver, running

__all__ = ["receiver"]  # a fixture

HELLO = OutboundMessage(text="Xin chào")
SEND = Choice(key="confirm:send:1", label="Gửi phản ánh")


@dataclass
class Stage:
    """A simulator with one citizen, and our channel behind its webhook."""

    sim: Running
    hook: Receiver
    phone: Phone
    settings: FacebookSettings
    page: FacebookChannel
    outgoing: Outgoing
    blobs: MemoryBlobs
    taken: int = 0
    events: list[PlatformEvent] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return Peer(channel="facebook", account="page", user=self.phone.user_id)

    @property
    def graph(self) -> Any:
        return self.sim.simulator.facebook

    def citizen(self) -> Any:
        return self.sim.simulator.people(self.phone)

    async def until(self, kind: type[PlatformEvent], count: int = 1) -> list[Any]:
        """Deliveries as the gateway takes them, until so many events of a kind have come."""
        async with asyncio.timeout(10):
            while len(found := [event for event in self.events if isinstance(event, kind)]) < count:
                got = (await self.hook.until(self.taken + 1))[self.taken]
                self.taken += 1
                delivery = Delivery(body=got.body, received_at=now(), headers=got.headers)
                self.page.verify(delivery)
                self.events += self.page.parse(delivery)
        return found


@pytest.fixture
async def stage(receiver: Receiver) -> AsyncIterator[Stage]:
    config = SimulatorConfig(
        port=0, demo_phones=False, facebook=FacebookConfig(webhook_url=receiver.url, require_proof=True)
    )
    async with running(config, Clock(speed=1.0)) as sim:
        theirs, outgoing = config.facebook, Outgoing()
        await outgoing.open()
        settings = FacebookSettings(
            account="page",
            app_id=theirs.app_id,
            app_secret=SecretStr(theirs.app_secret),
            page_id=theirs.page_id,
            page_token=SecretStr(theirs.page_token),
            verify_token=SecretStr(theirs.verify_token),
            api_base=f"{sim.url}/facebook",
            human_agent=True,
        )
        blobs = MemoryBlobs()
        page = FacebookChannel(settings, http=outgoing, vault=FakeVault(), blobs=blobs, now=now)
        phone = sim.simulator.join("facebook", "Nguyễn Thị Hoa", "0912345678")
        yield Stage(sim, receiver, phone, settings, page, outgoing, blobs)
        await outgoing.close()


def shown(stage: Stage) -> Any:
    return stage.phone.bubbles[-1]


async def test_a_whole_conversation(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Đường bị ngập ở Mỹ Tho 😢 50% @ https://a.vn/b")
    (said,) = await stage.until(InboundMessage)
    assert (said.peer, said.text) == (stage.peer, "Đường bị ngập ở Mỹ Tho 😢 50% @ https://a.vn/b")

    receipt = await stage.page.send(said.peer, OutboundMessage(text="Gửi nhé?", choices=(SEND,), key="out-1"))
    (echo,) = await stage.until(OwnEcho)
    assert echo.external_id == receipt.external_id == shown(stage).platform_id
    assert (echo.key, echo.peer) == ("out-1", stage.peer)

    stage.citizen().presses(stage.phone, shown(stage).buttons[0][0], shown(stage))
    pressed = (await stage.until(InboundMessage, 2))[1]
    assert (pressed.choice, pressed.text) == ("confirm:send:1", "")

    stage.citizen().sees(stage.phone)
    progress = await stage.until(Progress, 2)
    assert [event.kind for event in progress] == [ProgressKind.DELIVERED, ProgressKind.SEEN]
    assert all(event.until is not None and event.peer == stage.peer for event in progress)


async def test_every_thing_a_citizen_can_send(stage: Stage) -> None:
    citizen, phone = stage.citizen(), stage.phone
    citizen.follows(phone, "qr-01")
    citizen.sends_file(phone, media.sample("o-ga"), name="photo.jpg")
    citizen.sends_file(phone, b"%PDF-1.7 x", name="don.pdf", mime="application/pdf")
    citizen.sends_place(phone, 10.36, 106.36)
    citizen.sends_sticker(phone, "👍")
    first = citizen.says(phone, "Ổ gà lớn")
    citizen.says(phone, "ở đây", reply_to=first.platform_id)
    citizen.edits(phone, first, "Ổ gà rất lớn")
    citizen.unsends(phone, first)

    started, photo, letter, place, sticker, _, answer = await stage.until(InboundMessage, 7)
    (edited,), (withdrawn,) = await stage.until(MessageEdited), await stage.until(MessageWithdrawn)

    assert (started.started, started.choice) == (True, "start:qr-01")
    assert (await stage.page.fetch(photo.media[0])).mime == "image/jpeg"
    file = await stage.page.fetch(letter.media[0])
    assert (file.body, file.name, file.mime) == (b"%PDF-1.7 x", "don.pdf", "application/pdf")
    assert place.place is not None and (place.place.lat, place.place.lon) == (10.36, 106.36)
    assert sticker.sticker == "👍" and not sticker.media
    assert answer.reply_to == first.platform_id == edited.of == withdrawn.of
    assert edited.text == "Ổ gà rất lớn"


@pytest.mark.parametrize(("ask", "field"), [(Ask.PHONE, "phone"), (Ask.EMAIL, "email")])
async def test_a_profiles_number_and_address_come_by_a_tap(stage: Stage, ask: Ask, field: str) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    await stage.page.send(stage.peer, OutboundMessage(text="Liên hệ thế nào ạ?", ask=ask))

    stage.citizen().presses(stage.phone, shown(stage).buttons[0][0], shown(stage))

    contact = (await stage.until(InboundMessage, 2))[1].contact
    assert contact is not None and contact.own and getattr(contact, field)


@pytest.mark.parametrize("what", MESSAGES)
async def test_what_fits_our_limits_is_taken(stage: Stage, what: str) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    before = len(stage.phone.bubbles)

    parts = fit(MESSAGES[what], stage.page.capabilities)
    for part in parts:
        await stage.page.send(stage.peer, part)

    assert len(stage.phone.bubbles) == before + len(parts)


async def test_a_file_of_ours_reaches_the_citizen_and_is_uploaded_once(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    blob = await stage.blobs.put(media.sample("o-ga"))
    file = OutboundMedia(kind=MediaKind.IMAGE, blob=blob, name="kết quả.jpg", mime="image/jpeg")

    for _ in range(2):
        await stage.page.send(stage.peer, OutboundMessage(text="", media=(file,)))

    assert shown(stage).kind == "image"
    calls = [record.get("path") for record in stage.sim.simulator.world.records]
    assert (calls.count("/me/message_attachments"), calls.count("/me/messages")) == (1, 4), "two files, two courtesies"


async def test_a_comment_takes_one_private_reply_that_names_the_person(stage: Stage) -> None:
    stage.graph.feed.comments(stage.phone, "Đèn ngõ 12 hỏng lâu rồi")
    (comment,) = await stage.until(PublicComment)
    assert comment.text == "Đèn ngõ 12 hỏng lâu rồi"

    receipt = await stage.page.send(comment.peer, HELLO)
    assert receipt.reached == stage.phone.user_id
    with pytest.raises(Refused) as again:
        await stage.page.send(comment.peer, HELLO)
    assert again.value.code == "10900"


async def test_staff_in_metas_inbox_are_heard_and_the_thread_moves(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    stage.graph.inbox.staff_writes(stage.phone, "Dạ em đây")
    stage.graph.inbox.takes(stage.phone)
    stage.citizen().says(stage.phone, "còn ai không ạ")
    stage.graph.inbox.passes(stage.phone)

    (wrote,) = await stage.until(StaffWrote)
    away, back = await stage.until(ThreadMoved, 2)
    _, aside = await stage.until(InboundMessage, 2)

    assert (wrote.text, wrote.staff, wrote.peer) == ("Dạ em đây", "Meta Business Suite", stage.peer)
    assert (away.ours, away.by, back.ours) == (False, "Meta Business Suite", True)
    assert aside.standby


async def test_the_window_closes_for_the_bot_first_and_then_for_people(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    late = OutboundMessage(text="Kết quả", speaker=Speaker.OPERATOR, heard_at=now() - timedelta(days=2))

    stage.sim.simulator.clock.advance(2 * 86_400)
    with pytest.raises(Unreachable) as closed:
        await stage.page.send(stage.peer, HELLO)
    await stage.page.send(stage.peer, late)
    stage.sim.simulator.clock.advance(6 * 86_400)
    with pytest.raises(Unreachable):
        await stage.page.send(stage.peer, late)

    assert closed.value.code == "10/2018278"


@pytest.mark.parametrize(
    ("action", "more", "error"),
    [
        ("status", {"status": 503}, Unknown),
        ("drop", {}, Unknown),
        ("accept_then_drop", {}, Unknown),
        ("error", {"error": 613}, TryAgain),
        ("error", {"error": 190, "subcode": 460}, Misconfigured),
        ("error", {"error": 551, "subcode": 1545041}, Unreachable),
    ],
)
async def test_trouble_on_the_way_decides_what_happens_next(
    stage: Stage, action: str, more: dict[str, Any], error: type[SendError]
) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    await stage.sim.control("/faults", platform="facebook", action=action, method="/me/messages", **more)

    with pytest.raises(error):
        await stage.page.send(stage.peer, HELLO)


async def test_a_blocked_page_reaches_nobody(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    stage.citizen().blocks(stage.phone)

    with pytest.raises(Unreachable):
        await stage.page.send(stage.peer, HELLO)


async def test_a_person_is_named_and_can_ask_to_be_forgotten(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    body = urlencode(stage.citizen().withdraws(stage.phone)).encode()

    asked = stage.page.read_erasure(Knock(method="POST", path="/", query={}, headers={}, body=body))

    assert (await stage.page.describe(stage.peer)).name == "Nguyễn Thị Hoa"
    assert stage.phone.user_id in await stage.page.erasure_users(asked.user)


async def test_the_doctor_sets_a_page_up(stage: Stage) -> None:
    admin = FacebookAdmin(stage.settings, http=stage.outgoing, now=now)
    wanted = PageProfile(greeting="Xin chào", menu=(Entry(title="Gửi phản ánh", key="home:report"),))

    stage.graph.webhook.install(())
    assert await admin.missing_fields() == FIELDS
    await stage.page.tend()
    assert await admin.missing_fields() == ()
    assert (await admin.check_page()).page_id == stage.settings.page_id
    assert (await admin.token_state()).missing_scopes == ()
    assert await admin.set_profile(wanted)
    assert not await admin.set_profile(wanted)


async def test_the_dashboards_challenge_is_answered(stage: Stage) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "demo-verify-token"}
    answer = stage.page.greet(Knock(method="GET", path="/", query=asked, headers={}, body=b""))

    assert answer is not None and answer.body == b"1158201444"
