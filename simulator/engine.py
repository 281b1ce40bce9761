"""The simulator as one object: all platforms, the world they share, and the way to act in it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from simulator.clock import Clock
from simulator.config import SimulatorConfig
from simulator.email.post import Post
from simulator.facebook.network import Facebook
from simulator.faults import FaultPlan
from simulator.outgoing import HttpOutgoing, Outgoing
from simulator.telegram.api import TelegramApi
from simulator.telegram.bot import Bot
from simulator.telegram.updates import Updates
from simulator.world import Bubble, Button, Json, Phone, World
from simulator.zalo.account import OfficialAccount
from simulator.zalo.api import ZaloApi
from simulator.zalo.oauth import Tokens
from simulator.zalo.webhook import Webhook

NAMES = (
    "Nguyễn Thị Lan",
    "Trần Văn Minh",
    "Lê Thị Hoa",
    "Phạm Quốc Bảo",
    "Võ Thị Thu",
    "Đặng Văn Tâm",
    "Huỳnh Ngọc Mai",
)


# Something done on a phone, ordered by a JSON body. Raises ValueError for a body or a moment that does not fit.
Act = Callable[[Phone, Json], Bubble | None]


class Platform(Protocol):
    """What a person can do on every platform. An action that speaks returns the bubble it left on the phone."""

    def join(self, name: str, number: str) -> Phone: ...
    def follows(self, phone: Phone) -> None: ...
    def says(self, phone: Phone, text: str, *, reply_to: str = "") -> Bubble: ...
    def sends_file(
        self, phone: Phone, content: bytes, *, name: str = "", mime: str = "", caption: str = ""
    ) -> Bubble: ...
    def sends_voice(self, phone: Phone, seconds: int) -> Bubble: ...
    def sends_video(self, phone: Phone, content: bytes, name: str) -> Bubble: ...
    def sends_place(self, phone: Phone, latitude: float, longitude: float, *, title: str = "") -> Bubble: ...
    def sends_contact(self, phone: Phone, name: str, number: str, *, own: bool) -> Bubble: ...
    def sends_sticker(self, phone: Phone, sticker: str) -> Bubble: ...
    def presses(self, phone: Phone, button: Button, bubble: Bubble | None) -> Bubble | None: ...
    def blocks(self, phone: Phone) -> None: ...
    def unblocks(self, phone: Phone) -> None: ...
    def reacts(self, phone: Phone, bubble: Bubble, icon: str) -> None: ...
    def sees(self, phone: Phone) -> None: ...


class Simulator:
    """`out` is how webhooks leave; tests may give their own."""

    def __init__(self, config: SimulatorConfig, *, clock: Clock | None = None, out: Outgoing | None = None) -> None:
        self.config = config
        self.clock = clock or Clock(speed=config.speed, start=config.start_at)
        self.world = World(self.clock, config.journal)
        self.faults = FaultPlan(config.seed)
        self._out = out or HttpOutgoing()
        self.tokens = Tokens(config.zalo, self.world)
        self.zalo_webhook = Webhook(
            config.zalo, self.world, self.faults, self._out, seed=config.seed, retry_speed=config.retry_speed
        )
        self.zalo = OfficialAccount(config, self.world, self.zalo_webhook)
        self.zalo_api = ZaloApi(self.zalo, self.tokens, self.faults)
        self.updates = Updates(
            config.telegram, self.world, self.faults, self._out, seed=config.seed, retry_speed=config.retry_speed
        )
        self.telegram = Bot(config, self.world, self.updates)
        self.telegram_api = TelegramApi(self.telegram, self.faults)
        self.platforms: dict[str, Platform] = {"zalo": self.zalo, "telegram": self.telegram}
        # What only one platform has, or does in its own way, by platform and name of the act.
        self.acts: dict[str, Mapping[str, Act]] = {}
        self.facebook = Facebook(config, self.world, self.faults, self._out)
        self.platforms["facebook"], self.acts["facebook"] = self.facebook.page, self.facebook.control.acts
        self.mail = Post(config, self.world, self.faults)
        self.platforms["email"], self.acts["email"] = self.mail, self.mail.acts()

    def join(self, platform: str, name: str = "", number: str = "") -> Phone:
        """A new person. Raises KeyError for a platform that is not simulated."""
        count = len(self.world.phones)
        name = name or NAMES[count % len(NAMES)]
        return self.platforms[platform].join(name, number or f"849{(12_345_678 + count * 8_171_113) % 100_000_000:08d}")

    def people(self, phone: Phone) -> Platform:
        return self.platforms[phone.platform]

    async def start(self) -> None:
        """Begin to deliver. Call inside the running loop."""
        if self.config.demo_phones and not self.world.phones:
            self.join("zalo")
            self.join("telegram")
            self.join("facebook")
            self.join("email")
        self.updates.start()
        if self.config.email.listens:
            await self.mail.start()

    async def close(self) -> None:
        await self.updates.close()
        await self.mail.close()
        await self.zalo_webhook.close()
        await self.facebook.webhook.close()
        await self._out.close()
        self.world.close()


def find_button(phone: Phone, wanted: str) -> tuple[Button, Bubble | None] | None:
    """The newest button whose label or payload is `wanted`, inline or on the keyboard."""
    for bubble in reversed(phone.bubbles):
        if bubble.deleted:
            continue
        for row in bubble.buttons:
            for button in row:
                if wanted in {button.text, button.data}:
                    return button, bubble
    for row in phone.keyboard:
        for button in row:
            if wanted == button.text:
                return button, None
    return None
