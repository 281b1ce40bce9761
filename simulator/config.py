"""Everything the simulator is told from outside. Defaults make a demo that runs without any setting."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ZaloConfig:
    """One app with one Official Account. What Zalo's documents leave open is a switch here."""

    app_id: str = "360846524940903967"
    app_secret: str = "demo-app-secret"  # noqa: S105 - opens nothing but this simulator
    oa_secret: str = "demo-oa-secret"  # noqa: S105 - opens nothing but this simulator
    oa_id: str = "388613280878808645"
    name: str = "Tổng đài 1022"
    webhook_url: str = ""
    access_token: str = "demo-access-token"  # noqa: S105 - opens nothing but this simulator
    refresh_token: str = "demo-refresh-token"  # noqa: S105 - opens nothing but this simulator
    reused_refresh_token: str = "empty"  # noqa: S105 - "empty" body or "error" -14014
    reply_cap: int | None = None  # free messages per interaction inside 48 h; None: no cap since 2026
    paid_messages: int = 100  # what the linked account can pay for between 48 h and 7 days; -1: no account linked
    requests_per_minute: int = 4000
    receipts: bool = True  # user_received_message, user_seen_message
    retry_on_status: bool = True  # redeliver after an answer other than 200, not only after a lost connection
    webhook_timeout: float = 2.0  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramConfig:
    """One bot. Rates are messages a second; None switches a bucket off."""

    token: str = "7000000001:AAEsimulatorsimulatorsimulatorsimul"  # noqa: S105 - opens nothing but this simulator
    username: str = "tiepnhan_demo_bot"
    name: str = "Tiếp nhận phản ánh"
    webhook_url: str = ""
    webhook_secret: str = ""
    per_chat_rate: float | None = None
    per_chat_burst: int = 5
    global_rate: float | None = None
    webhook_timeout: float = 60.0  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """`public_url` is how a gateway reaches us (media links point there); by default `http://127.0.0.1:{port}`."""

    port: int = 8081
    host: str = "127.0.0.1"
    public_url: str = ""
    zalo: ZaloConfig = field(default_factory=ZaloConfig)
    telegram: TelegramConfig = field(default_factory=TelegramConfig)
    inbox_url: str = ""
    store_url: str = ""  # base of its GeoReport; the two paths are resolved against it as links are
    requests_path: str = "requests.json"
    officer_path: str = "/officer/cases/{code}/play"
    officer_act: str = "resolved"  # what the button plays unless the person at the page chooses otherwise
    code_pattern: str = r"\b[A-ZĐ]{2,6}-\d{4,8}-\d{3,8}\b"
    speed: float = 1.0  # of the platforms' clock: dates, token lives, windows
    retry_speed: float = 1.0  # only of the waits before a delivery is repeated; dates stay true
    start_at: float | None = None  # epoch seconds; None: now
    seed: int = 0
    journal: Path | None = None  # append-only file; None: memory only
    demo_phones: bool = True
    demo_place: str = "phường 5, Mỹ Tho"  # where the examples of the page and the scripted citizens happen

    @property
    def base_url(self) -> str:
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"
