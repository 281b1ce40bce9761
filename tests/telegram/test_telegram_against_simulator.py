"""Our channel and a Bot API that shares no code with it, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from app.outgoing import Outgoing
from channels.render import fit
from channels.telegram import TelegramChannel, TelegramSettings
from channels.telegram.admin import TelegramAdmin
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.events import InboundMessage, MessageEdited, PeerChanged, PeerStatus, PlatformEvent
from core.model import Ask, Choice, Delivery, MediaKind, OutboundMedia, OutboundMessage, Peer
from simulator import media
from simulator.config import SimulatorConfig, TelegramConfig
from simulator.world import Phone
from tests.channels.fakes import FakeVault, MemoryBlobs, now
from tests.channels.test_contract import MESSAGES
from tests.simulator.conftest import Receiver, Running, receiver, running

__all__ = ["receiver"]  # a fixture

SECRET = "a-webhook-secret_1"
SEND = Choice(key="confirm:send:1", label="Gửi")


@dataclass
class Stage:
    """A simulator with one citizen, and a bot of ours that polls it."""

    sim: Running
    phone: Phone
    settings: TelegramSettings
    bot: TelegramChannel
    blobs: MemoryBlobs
    known: set[str] = field(default_factory=set)

    @property
    def peer(self) -> Peer:
        return Peer(channel="telegram", account=self.bot.account, user=self.phone.user_id)

    def citizen(self) -> Any:
        return self.sim.simulator.people(self.phone)

    async def heard(self, count: int) -> list[PlatformEvent]:
        """The next new events, taken the way the gateway takes them: what was not confirmed comes again."""
        events: list[PlatformEvent] = []
        async with asyncio.timeout(10):
            async for delivery in self.bot.poll():
                self.bot.verify(delivery)
                events += [event for event in self.bot.parse(delivery) if event.external_id not in self.known]
                self.known |= {event.external_id for event in events}
                if len(events) == count:
                    break
        return events


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    outgoing = Outgoing()
    await outgoing.open()
    async with running(SimulatorConfig(port=0, demo_phones=False), None) as sim:
        settings = TelegramSettings(
            account="bot",
            bot_token=SecretStr(TelegramConfig().token),
            webhook_secret=SecretStr(SECRET),
            api_base=f"{sim.url}/telegram",
            polling=True,
            poll_seconds=1,
        )
        blobs = MemoryBlobs()
        bot = TelegramChannel(settings, http=outgoing, vault=FakeVault(), blobs=blobs, now=now)
        phone = sim.simulator.join("telegram")
        sim.simulator.telegram.follows(phone)
        stage = Stage(sim, phone, settings, bot, blobs)
        assert [event.started for event in await stage.heard(1) if isinstance(event, InboundMessage)] == [True]
        yield stage
    await outgoing.close()


async def test_whatever_a_citizen_does_is_heard(stage: Stage) -> None:
    act = f"/phones/{stage.phone.id}"
    photos = [{"sample": "rac"}, {"sample": "den"}]
    await stage.sim.control(f"{act}/text", text="Đèn hỏng 🌊")
    first = stage.phone.bubbles[-1].platform_id
    await stage.sim.control(f"{act}/photo", sample="den", caption="tối om")
    await stage.sim.control(f"{act}/album", photos=photos, caption="hai góc")
    await stage.sim.control(f"{act}/location", latitude=10.36, longitude=106.36, title="Chợ Mỹ Tho")
    await stage.sim.control(f"{act}/contact")
    await stage.sim.control(f"{act}/contact", name="Hàng xóm", number="+84987654321")
    await stage.sim.control(f"{act}/voice", seconds=6)
    await stage.sim.control(f"{act}/sticker", sticker="👍")
    await stage.sim.control(f"{act}/edit", message=first, text="Đèn hỏng ngõ 12")
    await stage.sim.control(f"{act}/block")

    text, photo, left, right, place, own, other, voice, sticker, edit, blocked = await stage.heard(11)

    messages = [text, photo, left, right, place, own, other, voice, sticker]
    assert all(isinstance(event, InboundMessage) and event.peer == stage.peer for event in messages)
    assert isinstance(text, InboundMessage) and text.text == "Đèn hỏng 🌊"
    assert isinstance(photo, InboundMessage) and photo.text == "tối om"
    assert isinstance(left, InboundMessage) and isinstance(right, InboundMessage)
    assert left.album == right.album != ""
    assert isinstance(place, InboundMessage) and place.place is not None
    assert (place.place.lat, place.place.text.startswith("Chợ Mỹ Tho")) == (10.36, True)
    assert isinstance(own, InboundMessage) and own.contact is not None and own.contact.own
    assert isinstance(other, InboundMessage) and other.contact is not None and not other.contact.own
    assert isinstance(voice, InboundMessage) and voice.media[0].kind is MediaKind.AUDIO
    assert isinstance(sticker, InboundMessage) and sticker.sticker == "👍"
    assert isinstance(edit, MessageEdited) and (edit.of, edit.text) == (text.external_id, "Đèn hỏng ngõ 12")
    assert isinstance(blocked, PeerChanged) and blocked.status is PeerStatus.BLOCKED


async def test_a_picture_sent_as_a_file_arrives_byte_for_byte(stage: Stage) -> None:
    await stage.sim.control(f"/phones/{stage.phone.id}/document", sample="rac", name="goc.jpg")
    (event,) = await stage.heard(1)
    assert isinstance(event, InboundMessage)

    fetched = await stage.bot.fetch(event.media[0])

    assert event.media[0].kind is MediaKind.IMAGE
    assert fetched.body == media.sample("rac")
    assert fetched.name == "goc.jpg"


async def test_a_file_over_20_megabytes_is_refused(stage: Stage) -> None:
    act = f"/phones/{stage.phone.id}/document"
    await stage.sim.control(act, sample="den", name="clip.zip", claimed_size=52_428_800)
    (event,) = await stage.heard(1)
    assert isinstance(event, InboundMessage)

    with pytest.raises(Refused):
        await stage.bot.fetch(event.media[0])


async def test_what_fits_by_our_limits_is_taken(stage: Stage) -> None:
    parts = [part for message in MESSAGES.values() for part in fit(message, stage.bot.capabilities)]

    receipts = [await stage.bot.send(stage.peer, part) for part in parts]

    shown = [bubble for bubble in stage.phone.bubbles if bubble.sender == "bot"]
    assert [bubble.platform_id for bubble in shown] == [receipt.external_id for receipt in receipts]
    assert [bubble.text for bubble in shown] == [part.text for part in parts]


async def test_a_button_is_shown_and_its_press_is_heard(stage: Stage) -> None:
    receipt = await stage.bot.send(stage.peer, OutboundMessage(text="Gửi nhé?", choices=(SEND,)))
    await stage.sim.control(f"/phones/{stage.phone.id}/press", button="Gửi")

    (pressed,) = await stage.heard(1)

    assert isinstance(pressed, InboundMessage)
    assert (pressed.choice, pressed.reply_to) == (SEND.key, receipt.external_id)


async def test_a_keyboard_is_there_for_one_question_only(stage: Stage) -> None:
    skip = Choice(key="skip", label="Bỏ qua")

    await stage.bot.send(stage.peer, OutboundMessage(text="Số điện thoại?", ask=Ask.PHONE, choices=(skip,)))
    asked = [[(button.kind, button.text) for button in row] for row in stage.phone.keyboard]
    await stage.bot.send(stage.peer, OutboundMessage(text="Cảm ơn"))

    assert asked == [[("contact", "📱 Gửi số điện thoại")], [("text", "Bỏ qua")]]
    assert stage.phone.keyboard == []


@pytest.mark.parametrize(("mime", "kind"), [("image/jpeg", "image"), ("application/pdf", "file")])
async def test_a_file_of_ours_reaches_the_phone(stage: Stage, mime: str, kind: str) -> None:
    blob = await stage.blobs.put(media.sample("den"))
    file = OutboundMedia(kind=MediaKind.IMAGE, blob=blob, name="ảnh kết quả.jpg", mime=mime)

    await stage.bot.send(stage.peer, OutboundMessage(text="Đã sửa xong", media=(file,)))

    bubble = stage.phone.bubbles[-1]
    assert (bubble.kind, bubble.text) == (kind, "Đã sửa xong")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "status", "status": 429, "retry_after": 7}, TryAgain),
        ({"action": "status", "status": 500}, TryAgain),
        ({"action": "status", "status": 502, "body": "<html>"}, TryAgain),
        ({"action": "accept_then_drop"}, Unknown),
    ],
)
async def test_trouble_has_the_name_of_what_to_do(stage: Stage, fault: dict[str, Any], error: type[SendError]) -> None:
    await stage.sim.control("/faults", platform="telegram", method="sendMessage", **fault)

    with pytest.raises(error):
        await stage.bot.send(stage.peer, OutboundMessage(text="Xin chào"))


async def test_who_blocked_us_or_never_wrote_is_unreachable(stage: Stage) -> None:
    stranger = stage.sim.simulator.join("telegram")
    stage.citizen().blocks(stage.phone)

    for user in (stage.phone.user_id, stranger.user_id):
        with pytest.raises(Unreachable):
            await stage.bot.send(Peer(channel="telegram", account="bot", user=user), OutboundMessage(text="Xin chào"))


async def test_a_dead_token_is_misconfigured(stage: Stage) -> None:
    settings = stage.settings.model_copy(update={"bot_token": SecretStr("7000000001:wrong")})
    bot = TelegramChannel(settings, http=stage.bot._http, vault=FakeVault(), blobs=stage.blobs, now=now)

    with pytest.raises(Misconfigured):
        await bot.send(stage.peer, OutboundMessage(text="Xin chào"))
    async with TelegramAdmin(settings) as admin:
        with pytest.raises(Misconfigured):
            await admin.get_me()


async def test_a_webhook_brings_signed_deliveries_and_takes_the_answer_to_a_press(
    stage: Stage,
    receiver: Receiver,
) -> None:
    async with TelegramAdmin(stage.settings) as admin:
        await admin.set_webhook(receiver.url)
        state = await admin.get_webhook_info()
    await stage.bot.send(stage.peer, OutboundMessage(text="Gửi nhé?", choices=(SEND,)))
    await stage.sim.control(f"/phones/{stage.phone.id}/press", button="Gửi")

    _, got = await receiver.until(2)  # the start was not confirmed yet
    delivery = Delivery(body=got.body, received_at=now(), headers=got.headers)
    stage.bot.verify(delivery)
    events = stage.bot.parse(delivery)

    assert state.url == receiver.url
    assert [event.choice for event in events if isinstance(event, InboundMessage)] == [SEND.key]
    assert stage.bot.reply_inline(events)
    with pytest.raises(Misconfigured, match="webhook"):
        await stage.heard(1)
