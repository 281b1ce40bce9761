"""The house that records are played in: the real gateway, the case store and a platform for every part.

Everything is started once. Each part, one record on one channel, has an account and a simulated platform of its own,
so that no part sees anything of another one.
"""

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

import case_store
from app import serve
from app.http import create_app
from app.rehearsal.record import Record
from app.settings import Settings, Store
from app.wiring import House, build
from case_store.desk import Desk
from case_store.settings import CaseStoreSettings
from pipeline.gateway import Roles
from simulator.clock import Clock
from simulator.config import EmailConfig, FacebookConfig, SimulatorConfig, TelegramConfig, ZaloConfig
from simulator.engine import Simulator
from simulator.outgoing import HttpOutgoing

CHANNELS = ("zalo", "telegram", "facebook", "email")
"""Those that a simulated platform exists for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One record on one channel."""

    record: Record
    channel: str
    account: str
    """Of the gateway, used by nobody else."""


def parts_of(records: Iterable[Record], channels: Sequence[str] = ()) -> list[Part]:
    """Every record on each of `channels`; without any on its own channel, or on all when that one does not exist."""
    wanted = [
        (record, channel)
        for record in records
        for channel in channels or ([record.channel] if record.channel in CHANNELS else CHANNELS)
    ]
    return [Part(record=record, channel=channel, account=f"part-{n}") for n, (record, channel) in enumerate(wanted, 1)]


@dataclass(slots=True)
class Watch:
    """The time of the whole house: it stands still until it is set."""

    at: datetime
    _pauses: dict[asyncio.Event, datetime] = field(default_factory=dict)
    """Whoever waits for a moment to pass, and until when."""

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> None:
        """Put it on or back; pauses that are over then end."""
        self.at = at
        for over, until in self._pauses.items():
            if until <= at:
                over.set()

    def skip_pause(self) -> None:
        """Put it on to the end of the shortest pause, if there is one."""
        if self._pauses:
            self.set(max(self.at, min(self._pauses.values())))

    async def pause(self, over: asyncio.Event, seconds: float) -> None:
        """Until `over` is set or the watch is put on so far."""
        self._pauses[over] = self.at + timedelta(seconds=max(seconds, 0))
        try:
            await over.wait()
        finally:
            del self._pauses[over]


class PlatformClock(Clock):
    """The platforms look at the same watch."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(speed=0, start=0)
        self._watch = watch

    def now(self) -> float:
        return self._watch().timestamp()


@dataclass(frozen=True, slots=True)
class Hall:
    """A running house. `simulators` are by account."""

    watch: Watch
    house: House
    store: Desk
    store_url: str
    gateway_url: str
    push_secret: str
    simulators: Mapping[str, Simulator]


@asynccontextmanager
async def opened(parts: Sequence[Part], *, folder: Path, databases: tuple[str, str]) -> AsyncIterator[Hall]:
    """Start everything for `parts`; it is stopped in good order afterwards.

    `databases` are libpq URLs of two databases, the gateway's and the case store's. Raises `SettingsError`.
    """
    doors = [_door(), _door(), _door()]
    gateway_url, store_url, platforms_url = (f"http://127.0.0.1:{door.getsockname()[1]}" for door in doors)
    watch = Watch(min(part.record.now for part in parts))
    keys = _Keys(push=secrets.token_hex(16), store=secrets.token_hex(16), telegram=secrets.token_hex(16))
    simulators = _simulators(parts, watch, gateway_url, platforms_url, keys)
    house = build(
        Settings(
            public_url=gateway_url,
            database=databases[0],
            blobs=str(folder / "blobs"),
            folder=str(folder),
            store=Store(
                url=f"{store_url}/open311/v2",
                api_key=SecretStr(keys.store),
                push_secret=SecretStr(keys.push),
            ),
            accounts=[_account(part, simulators[part.account], keys) for part in parts],
        ),
        # Timers ring when the record says so; the only thing that is fetched is mail.
        roles=Roles(worker=False),
        now=watch,
        pause=watch.pause,
    )
    store = case_store.create_app(
        CaseStoreSettings(
            database_url=databases[1],
            profiles=tuple(dict.fromkeys(part.record.profile for part in parts)),
            api_keys=(keys.store,),
            public_url=store_url,
            push_url=f"{gateway_url}/store/updates",
            push_secret=keys.push,
            now=watch,
        )
    )
    platforms = Starlette(
        routes=[
            Mount(
                f"/{account}",
                routes=[
                    Mount("/zalo", one.zalo_api),
                    Mount("/telegram", one.telegram_api),
                    Mount("/facebook", one.facebook.api),
                ],
            )
            for account, one in simulators.items()
        ]
    )
    async with AsyncExitStack() as stack:
        # Before the gateway: what is fetched has to be there when it first looks.
        for one in simulators.values():
            await one.start()
            stack.push_async_callback(one.close)
        await stack.enter_async_context(_served([create_app(house), store, platforms], doors))
        yield Hall(watch, house, store.state.desk, store_url, gateway_url, keys.push, simulators)


def make_database(server: str, name: str) -> str:
    """A new, empty database on the server; its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return server.replace("/postgres?", f"/{name}?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    push: str
    store: str
    telegram: str


def _simulators(
    parts: Iterable[Part], watch: Watch, gateway_url: str, platforms_url: str, keys: _Keys
) -> dict[str, Simulator]:
    out = HttpOutgoing()
    made = {}
    for part in parts:
        hook = f"{gateway_url}/webhooks/{part.channel}/{part.account}"
        config = SimulatorConfig(
            public_url=f"{platforms_url}/{part.account}",
            zalo=ZaloConfig(webhook_url=hook),
            telegram=TelegramConfig(webhook_url=hook, webhook_secret=keys.telegram),
            facebook=FacebookConfig(webhook_url=hook),
            email=EmailConfig(signatures=False, listens=part.channel == "email"),
            demo_phones=False,
        )
        made[part.account] = Simulator(config, clock=PlatformClock(watch), out=out)
    return made


def _account(part: Part, simulator: Simulator, keys: _Keys) -> dict[str, Any]:
    """The account as it would be written in tiepnhan.toml."""
    zalo, telegram, facebook = simulator.config.zalo, simulator.config.telegram, simulator.config.facebook
    web = {"api_base": f"{simulator.config.base_url}/{part.channel}"}
    own: Mapping[str, Mapping[str, Any]] = {
        "zalo": web
        | {
            "app_id": zalo.app_id,
            "app_secret": zalo.app_secret,
            "oa_secret": zalo.oa_secret,
            "oa_id": zalo.oa_id,
            "access_token": zalo.access_token,
            "refresh_token": zalo.refresh_token,
        },
        "telegram": web | {"bot_token": telegram.token, "webhook_secret": keys.telegram},
        "facebook": web
        | {
            "app_id": facebook.app_id,
            "app_secret": facebook.app_secret,
            "page_id": facebook.page_id,
            "page_token": facebook.page_token,
            "human_agent": facebook.human_agent,
        },
        "email": _mailbox(simulator) if part.channel == "email" else {},
    }
    return {
        "channel": part.channel,
        "account": part.account,
        "profile": part.record.profile,
        **own[part.channel],
    }


def _mailbox(simulator: Simulator) -> dict[str, Any]:
    email = simulator.config.email
    return {
        "address": email.address,
        "password": email.password,
        "imap_host": "127.0.0.1",
        "imap_port": simulator.mail.imap_port,
        "imap_tls": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": simulator.mail.smtp_port,
        "smtp_tls": "none",
        "trusted_authserv_id": f"mx.{email.domain}",
        "plus_separator": "+",
        # News that a client misses wait until it asks again.
        "poll_seconds": 2,
    }


def _door() -> socket.socket:
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    return door


@asynccontextmanager
async def _served(apps: Sequence[ASGIApp], doors: Sequence[socket.socket]) -> AsyncIterator[None]:
    """All apps listening; they are stopped in this order. Raises `RuntimeError` when one of them does not start."""
    servers = [serve.server(app, "127.0.0.1", 0) for app in apps]
    running = [asyncio.create_task(server.serve(sockets=[door])) for server, door in zip(servers, doors, strict=True)]
    try:
        up = asyncio.gather(*(server.up.wait() for server in servers))
        awaited: list[asyncio.Future[Any]] = [up, *running]
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if not up.done():
            up.cancel()
            raise RuntimeError("a part of the house did not start; its log says why")
        yield
    finally:
        for server, task in zip(servers, running, strict=True):
            server.should_exit = True
            await task
        for door in doors:
            door.close()
