"""Our channel and a Zalo that shares no code with it, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.outgoing import Outgoing
from channels.render import fit
from channels.zalo import ZaloChannel, ZaloSettings
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.events import InboundMessage, OwnEcho, PeerChanged, PeerStatus, PlatformEvent, Progress, StaffWrote
from core.model import Ask, Choice, Delivery, MediaKind, OutboundMedia, OutboundMessage, Peer
from core.ports import Knock
from simulator import media
from simulator.clock import Clock
from simulator.config import SimulatorConfig, ZaloConfig
from simulator.world import Phone
from tests.channels.fakes import FakeVault, MemoryBlobs, now
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
    settings: ZaloSettings
    oa: ZaloChannel
    vault: FakeVault
    blobs: MemoryBlobs
    outgoing: Outgoing
    taken: int = 0
    events: list[PlatformEvent] = field(default_factory=list)

    @property
    def peer(self) -> Peer:
        return Peer(channel="zalo", account="oa", user=self.phone.user_id)

    def citizen(self) -> Any:
        return self.sim.simulator.people(self.phone)

    async def until(self, kind: type[PlatformEvent], count: int = 1) -> list[Any]:
        """Deliveries as the gateway takes them, until so many events of a kind have come."""
        async with asyncio.timeout(10):
            while len(found := [event for event in self.events if isinstance(event, kind)]) < count:
                got = (await self.hook.until(self.taken + 1))[self.taken]
                self.taken += 1
                delivery = Delivery(body=got.body, received_at=now(), headers=got.headers)
                knock = Knock(method="POST", path="/hook", query={}, headers=got.headers, body=got.body)
                if self.oa.greet(knock) is None:
                    self.oa.verify(delivery)
                    self.events += self.oa.parse(delivery)
        return found


@pytest.fixture
async def stage(receiver: Receiver) -> AsyncIterator[Stage]:
    config = SimulatorConfig(port=0, demo_phones=False, zalo=ZaloConfig(webhook_url=receiver.url))
    async with running(config, Clock(speed=1.0)) as sim:
        zalo, outgoing = config.zalo, Outgoing()
        await outgoing.open()
        settings = ZaloSettings(
            account="oa",
            app_id=zalo.app_id,
            app_secret=zalo.app_secret,
            oa_secret=zalo.oa_secret,
            oa_id=zalo.oa_id,
            api_base=f"{sim.url}/zalo",
            access_token=zalo.access_token,
            refresh_token=zalo.refresh_token,
            appsecret_proof=True,
        )
        vault, blobs = FakeVault(), MemoryBlobs()
        oa = ZaloChannel(settings, http=outgoing, vault=vault, blobs=blobs, now=now)
        phone = sim.simulator.join("zalo", "Hoa", "0912345678")
        yield Stage(sim, receiver, phone, settings, oa, vault, blobs, outgoing)
        await outgoing.close()


def shown(stage: Stage) -> Any:
    return stage.phone.bubbles[-1]


async def test_a_whole_conversation(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Đường bị ngập ở Mỹ Tho")
    (said,) = await stage.until(InboundMessage)
    assert (said.peer, said.text) == (stage.peer, "Đường bị ngập ở Mỹ Tho")

    receipt = await stage.oa.send(said.peer, OutboundMessage(text="Gửi nhé?", choices=(SEND,)))
    (echo,) = await stage.until(OwnEcho)
    assert echo.external_id == receipt.external_id == shown(stage).platform_id
    assert receipt.at is not None

    button = shown(stage).buttons[0][0]
    stage.citizen().presses(stage.phone, button, shown(stage))
    pressed = (await stage.until(InboundMessage, 2))[1]
    assert (button.text, pressed.choice) == ("Gửi phản ánh", "confirm:send:1")

    stage.citizen().sees(stage.phone)
    assert (await stage.until(Progress))[0].peer == stage.peer
    assert sum(stage.oa.signatures.values()) == stage.taken


async def test_every_thing_a_citizen_can_send(stage: Stage) -> None:
    citizen, phone = stage.citizen(), stage.phone
    citizen.sends_file(phone, media.sample("o-ga"), name="photo.jpg", caption="Ổ gà")
    citizen.sends_place(phone, 10.36, 106.36)
    citizen.sends_contact(phone, "Chị Mai", "0987654321", own=False)
    citizen.sends_sticker(phone, "👍")
    citizen.submits_info(phone, {"name": "Hoa", "phone": "84912345678"})

    photo, place, card, sticker, form = await stage.until(InboundMessage, 5)

    assert photo.text == "Ổ gà" and (await stage.oa.fetch(photo.media[0])).mime == "image/jpeg"
    assert place.place is not None and place.place.lat == pytest.approx(10.36)
    assert card.contact is not None and not card.contact.own and card.contact.phone.endswith("987654321")
    assert sticker.sticker
    assert form.contact is not None and form.contact.own and form.contact.phone == "+84912345678"


async def test_people_follow_leave_and_ask_to_be_forgotten(stage: Stage) -> None:
    stage.citizen().follows(stage.phone)
    stage.citizen().blocks(stage.phone)
    stage.citizen().withdraws(stage.phone)

    changes = await stage.until(PeerChanged, 3)

    assert [change.status for change in changes] == [
        PeerStatus.FOLLOWED,
        PeerStatus.UNFOLLOWED,
        PeerStatus.ERASURE_ASKED,
    ]


async def test_staff_who_answer_in_zalos_own_tool_are_heard(stage: Stage) -> None:
    stage.citizen().staff_writes(stage.phone, "Chào chị, tôi là cán bộ trực")

    (wrote,) = await stage.until(StaffWrote)

    assert wrote.text == "Chào chị, tôi là cán bộ trực" and wrote.staff


async def test_all_that_we_can_say_is_accepted(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    picture = OutboundMedia(kind=MediaKind.IMAGE, blob=await stage.blobs.put(media.sample("o-ga")), name="Kết quả.jpg")
    pdf = OutboundMedia(kind=MediaKind.FILE, blob=await stage.blobs.put(b"%PDF-1.7\n%%EOF"), name="Kết quả.pdf")
    choices = tuple(Choice(key=f"k{n}", label="Ô nhiễm " * 12) for n in range(5))
    for message in (
        OutboundMessage(text="Đèn đường hỏng. " * 400),
        OutboundMessage(text="Tóm tắt. " * 400, choices=choices),
        OutboundMessage(text="Xin số điện thoại.", ask=Ask.PHONE),
        OutboundMessage(text="Đã vá xong", media=(picture,)),
        OutboundMessage(text="Văn bản trả lời", media=(pdf,)),
    ):
        for part in fit(message, stage.oa.capabilities):
            await stage.oa.send(stage.peer, part)

    assert stage.phone.bubbles[-1].text == "Văn bản trả lời"


async def test_the_window_closes_after_seven_days(stage: Stage) -> None:
    with pytest.raises(Unreachable):
        await stage.oa.send(stage.peer, HELLO)
    stage.citizen().says(stage.phone, "Xin chào")
    assert (await stage.oa.send(stage.peer, HELLO)).external_id
    stage.sim.simulator.world.clock.advance(timedelta(days=7, hours=1).total_seconds())
    stage.sim.simulator.tokens.expire()

    with pytest.raises(Unreachable) as caught:
        await stage.oa.send(stage.peer, HELLO)

    assert caught.value.code in {"-230", "-232"}


async def test_an_expired_token_is_renewed_once_by_two_processes(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    other = ZaloChannel(stage.settings, http=stage.outgoing, vault=stage.vault, blobs=stage.blobs, now=now)
    stage.sim.simulator.tokens.expire()

    await asyncio.gather(*(process.send(stage.peer, HELLO) for process in (stage.oa, other) for _ in range(5)))

    assert stage.sim.simulator.world.counters["zalo.token"] == 1


async def test_a_renewal_whose_answer_was_lost_needs_a_human(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    stage.sim.simulator.tokens.expire()
    stage.sim.simulator.faults.add(platform="zalo", action="accept_then_drop", method="/v4/oa/access_token", times=1)

    with pytest.raises(Misconfigured):
        await stage.oa.send(stage.peer, HELLO)

    assert stage.vault.values["needs_reauth"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"action": "status", "status": 502}, TryAgain),
        ({"action": "status", "status": 429}, TryAgain),
        ({"action": "error", "error": -32}, TryAgain),
        ({"action": "error", "error": -201}, Refused),
        ({"action": "error", "error": -204}, Misconfigured),
        ({"action": "accept_then_drop"}, Unknown),
        ({"action": "drop"}, Unknown),
    ],
)
async def test_trouble_has_the_right_name(stage: Stage, fault: dict[str, Any], error: type[SendError]) -> None:
    stage.citizen().says(stage.phone, "Xin chào")
    stage.sim.simulator.faults.add(platform="zalo", method="/v3.0/oa/message/cs", **fault)

    with pytest.raises(SendError) as caught:
        await stage.oa.send(stage.peer, HELLO)

    assert type(caught.value) is error


async def test_what_was_said_while_the_webhook_was_down_comes_back_once(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "trước")
    (before,) = await stage.until(InboundMessage)
    stage.sim.simulator.zalo_webhook.subscribed = False
    for number in range(25):
        stage.citizen().says(stage.phone, f"tin {number}")
    await stage.oa.send(stage.peer, HELLO)

    since = round(before.sent_at.timestamp() * 1000)
    missed = [event async for delivery in stage.oa.recover(since - 1) for event in stage.oa.parse(delivery)]

    said = [event for event in missed if isinstance(event, InboundMessage) and event.external_id != before.external_id]
    assert [event.text for event in said] == [f"tin {number}" for number in range(25)]
    assert {type(event) for event in missed} == {InboundMessage, OwnEcho}


async def test_name_quota_and_oa_are_told_on_request(stage: Stage) -> None:
    stage.citizen().says(stage.phone, "Xin chào")

    assert (await stage.oa.describe(stage.peer)).name == "Hoa"
    assert (await stage.oa.client.get_oa())["oa_id"] == ZaloConfig().oa_id
    last = (await stage.oa.quota(stage.peer)).last_interaction
    assert last is not None and abs(datetime.now(UTC) - last) < timedelta(minutes=5)


async def test_saving_the_webhooks_address_is_greeted(stage: Stage) -> None:
    assert await stage.sim.simulator.zalo_webhook.save_url(stage.hook.url) == 200

    (probe,) = await stage.hook.until(1)

    answer = stage.oa.greet(Knock(method="POST", path="/hook", query={}, headers=probe.headers, body=probe.body))
    assert answer is not None and answer.status == 200
