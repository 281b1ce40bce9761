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
class EmailConfig:
    """The office's mailbox, its way out, and where the citizens' addresses are. A port of 0 is any free one."""

    address: str = "phananh@tinh.example.vn"
    password: str = "demo-mail-password"  # noqa: S105 - opens nothing but this simulator
    imap_port: int = 0
    smtp_port: int = 0
    domain: str = "tinh.example.vn"
    citizens_domain: str = "example.com"
    latency: float = 0.0  # platform seconds from a citizen's program to the office's inbox
    signatures: bool = True  # whether citizens' programs put a name below what is written
    listens: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FacebookConfig:
    """One app on one Page. What Meta's documents leave open is a switch here. Waits and lives in seconds."""

    app_id: str = "900000000000001"
    app_secret: str = "demo-facebook-app-secret"  # noqa: S105 - opens nothing but this simulator
    page_id: str = "104000000000001"
    page_name: str = "Tổng đài 1022"
    page_token: str = "EAAGdemoPageToken"  # noqa: S105 - opens nothing but this simulator
    verify_token: str = "demo-verify-token"  # noqa: S105 - opens nothing but this simulator
    webhook_url: str = ""
    deletion_url: str = ""  # the data deletion callback
    require_proof: bool = False  # "Require App Secret" in the dashboard
    get_started: str = "GET_STARTED"  # payload of the button until the Messenger profile says otherwise; "": no button
    post: str = "Bà con gặp ổ gà, đèn hỏng, rác tồn đọng: hãy nhắn tin cho Trang để được tiếp nhận."
    human_agent: bool = True  # the feature is approved
    utility_templates: tuple[str, ...] = ()  # names of approved templates; none: no permission
    profile_access: bool = True  # "Business Asset User Profile Access" is approved
    receipts: bool = True  # message_deliveries, message_reads
    delivery_mids: bool = True  # receipts of delivery name the messages
    reaction_opens: bool = True  # a reaction counts as an interaction
    places: str = "attachment"  # "attachment": the older shape; "link": a text with a map link, as newer clients do
    stickers: str = "sticker"  # "both": as in summer 2026; "image": as before
    one_album: bool = True  # photos sent together are one message; False: one message each
    cdn_life: float = 3 * 86_400.0
    calls_per_person: int | None = None  # 200 in 24 h are documented; None: no limit
    messages_per_second: int | None = None  # 300 are documented; None: no limit
    profile_calls: int | None = 10  # of the Messenger profile in ten minutes
    gives_up_after: float = 8 * 3600.0  # the Page is unsubscribed when nothing was taken for so long
    webhook_timeout: float = 20.0  # real seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorConfig:
    """`public_url` is how a gateway reaches us (media links point there); by default `http://127.0.0.1:{port}`."""

    port: int = 8081
    host: str = "127.0.0.1"
    public_url: str = ""
    zalo: ZaloConfig = field(default_factory=ZaloConfig)
    telegram: TelegramConfig = field(default_factory=TelegramConfig)
    facebook: FacebookConfig = field(default_factory=FacebookConfig)
    email: EmailConfig = field(default_factory=EmailConfig)
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
