"""The whole way on one page, offline: phones, staff page, case store, and the gateway between them, in one process."""

import asyncio
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import uvloop
from pydantic import SecretStr

import case_store
from app import serve
from app.logs import configure
from app.settings import Settings, Store
from app.wiring import build
from case_store.settings import CaseStoreSettings
from simulator.app import create_app as create_simulator
from simulator.config import EmailConfig, FacebookConfig, SimulatorConfig, TelegramConfig, ZaloConfig
from storage import operators
from storage.database import engine
from storage.embedded import EmbeddedPostgres

OPERATOR = "canbo"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """`folder` empty: a fresh one each time, removed at the end."""

    port: int = 8080
    zalo_profile: str = "tien-giang"
    telegram_profile: str = "tien-giang"
    facebook_profile: str = "tien-giang"
    email_profile: str = "tien-giang"
    folder: Path | None = None
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Everything that is told to everybody, so that the parts know each other."""

    folder: Path
    gateway: int
    simulator: int
    store: int
    imap: int
    smtp: int
    options: DemoOptions
    telegram_secret: str
    push_secret: str
    api_key: str
    password: str

    def settings(self) -> Settings:
        """The gateway's own settings: nothing here that a province could not write into tiepnhan.toml."""
        base = f"http://127.0.0.1:{self.simulator}"
        zalo, telegram, facebook, email = ZaloConfig(), TelegramConfig(), FacebookConfig(), EmailConfig()
        return Settings(
            listen=f"127.0.0.1:{self.gateway}",
            public_url=f"http://127.0.0.1:{self.gateway}",
            database=f"embedded:{self.folder / 'pg'}",
            blobs=str(self.folder / "blobs"),
            folder=str(self.folder),
            frame_ancestors=[base],
            store=Store(
                url=f"http://127.0.0.1:{self.store}/open311/v2",
                api_key=SecretStr(self.api_key),
                push_secret=SecretStr(self.push_secret),
            ),
            accounts=[
                {
                    "channel": "zalo",
                    "account": "oa",
                    "profile": self.options.zalo_profile,
                    "app_id": zalo.app_id,
                    "app_secret": zalo.app_secret,
                    "oa_secret": zalo.oa_secret,
                    "oa_id": zalo.oa_id,
                    "access_token": zalo.access_token,
                    "refresh_token": zalo.refresh_token,
                    "api_base": f"{base}/zalo",
                    "free_replies": 0,
                },
                {
                    "channel": "telegram",
                    "account": "bot",
                    "profile": self.options.telegram_profile,
                    "bot_token": telegram.token,
                    "webhook_secret": self.telegram_secret,
                    "api_base": f"{base}/telegram",
                },
                {
                    "channel": "facebook",
                    "account": "page",
                    "profile": self.options.facebook_profile,
                    "app_id": facebook.app_id,
                    "app_secret": facebook.app_secret,
                    "page_id": facebook.page_id,
                    "page_token": facebook.page_token,
                    "verify_token": facebook.verify_token,
                    "api_base": f"{base}/facebook",
                    "human_agent": facebook.human_agent,
                },
                {
                    "channel": "email",
                    "account": "mail",
                    "profile": self.options.email_profile,
                    "address": email.address,
                    "display_name": zalo.name,
                    "password": email.password,
                    "imap_host": "127.0.0.1",
                    "imap_port": self.imap,
                    "imap_tls": "none",
                    "smtp_host": "127.0.0.1",
                    "smtp_port": self.smtp,
                    "smtp_tls": "none",
                    "trusted_authserv_id": f"mx.{email.domain}",
                    "plus_separator": "+",
                    "poll_seconds": 2,
                },
            ],
        )

    def simulator_config(self) -> SimulatorConfig:
        hook = f"http://127.0.0.1:{self.gateway}/webhooks"
        return SimulatorConfig(
            port=self.simulator,
            zalo=ZaloConfig(webhook_url=f"{hook}/zalo/oa"),
            telegram=TelegramConfig(webhook_url=f"{hook}/telegram/bot", webhook_secret=self.telegram_secret),
            facebook=FacebookConfig(webhook_url=f"{hook}/facebook/page", deletion_url=f"{hook}/facebook/page/deletion"),
            email=EmailConfig(imap_port=self.imap, smtp_port=self.smtp),
            inbox_url=f"http://127.0.0.1:{self.gateway}/inbox/",
            store_url=f"http://127.0.0.1:{self.store}",
            requests_path="/open311/v2/requests.json",
            speed=self.options.speed,
        )

    def store_settings(self, database: str) -> CaseStoreSettings:
        options = self.options
        profiles = tuple(
            dict.fromkeys(
                (options.zalo_profile, options.telegram_profile, options.facebook_profile, options.email_profile)
            )
        )
        return CaseStoreSettings(
            database_url=database,
            profiles=profiles,
            api_keys=(self.api_key,),
            public_url=f"http://127.0.0.1:{self.store}",
            port=self.store,
            push_url=f"http://127.0.0.1:{self.gateway}/store/updates",
            push_secret=self.push_secret,
        )


def run(options: DemoOptions) -> None:
    """Blocks until interrupted. Raises `EmbeddedPostgresError` when the machine cannot run a database."""
    configure(level="warning")
    folder = options.folder or Path(tempfile.mkdtemp(prefix="tiepnhan-demo-"))
    gateway, simulator, store, imap, smtp = _ports(options.port)
    demo = Demo(
        folder=folder, gateway=gateway, simulator=simulator, store=store, imap=imap, smtp=smtp, options=options,
        telegram_secret=secrets.token_hex(16), push_secret=secrets.token_hex(16), api_key=secrets.token_hex(16),
        password=secrets.token_hex(4),
    )  # fmt: skip
    server = EmbeddedPostgres(folder / "pg")
    try:
        database = _own_database(server.start())
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(demo, database))
    finally:
        server.stop()
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


async def _run(demo: Demo, database: str) -> None:
    house = build(demo.settings())
    tables = engine(house.url)
    async with tables.begin() as connection:
        await operators.add(
            connection, name=OPERATOR, display_name="Cán bộ tiếp nhận", password=demo.password, role=operators.ADMIN
        )
    await tables.dispose()
    others = [
        serve.server(case_store.create_app(demo.store_settings(database)), "127.0.0.1", demo.store),
        serve.server(create_simulator(demo.simulator_config()), "127.0.0.1", demo.simulator),
    ]
    await serve.run(house, others, started=lambda: _tell(demo))


def _tell(demo: Demo) -> None:
    lines = [
        "",
        f"  Trang trình diễn   http://127.0.0.1:{demo.simulator}/",
        f"  Trang cán bộ       http://127.0.0.1:{demo.gateway}/inbox/   ({OPERATOR} / {demo.password})",
        f"  Kho hồ sơ          http://127.0.0.1:{demo.store}/officer",
        "",
        "  Dừng: Ctrl+C",
        "",
    ]
    print("\n".join(lines), flush=True)


def _own_database(url: str) -> str:
    """The case store's database: another program's, so another database."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute("select 1 from pg_database where datname = 'case_store'").fetchone()
        if found is None:
            connection.execute("create database case_store")
    return url.replace("/postgres?", "/case_store?")


def _ports(first: int) -> tuple[int, int, int, int, int]:
    """Five free ports, the wished ones where they are free."""
    gateway, simulator, store, imap, smtp = (_port(first + step) for step in (0, 1, 10, 11, 12))
    return gateway, simulator, store, imap, smtp


def _port(wished: int) -> int:
    with socket.socket() as probe:
        # As the servers will: an address left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wished))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
