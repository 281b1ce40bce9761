"""`tiepnhan replay`: a delivery that was kept aside is read again after a fix, and taken as if it came now."""

import asyncio
from dataclasses import dataclass

import psycopg

from app.settings import Settings
from app.wiring import House, build, is_running
from core.errors import DeliveryUnreadable
from core.events import AccountAlarm, Ignored
from core.model import Delivery
from pipeline.gateway import Roles
from pipeline.receive import KEPT_BODY
from storage import deliveries
from storage.deliveries import KeptAside


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one delivery; `text` is for the operator."""

    number: int
    taken: bool
    text: str


async def replay(settings: Settings, numbers: list[int]) -> list[Replayed]:
    """Take kept-aside deliveries through the pipeline, in the order given; the ones that are taken leave the shelf.

    What is known already is not taken twice. Safe beside running gateways: this is one more process for a moment.
    Raises `SettingsError`, `psycopg.Error`.
    """
    ran = is_running(settings)
    house = await asyncio.to_thread(build, settings, roles=Roles(web=False, worker=False, poller=False))
    try:
        return await _replay_all(house, numbers)
    finally:
        if house.database is not None and not ran:
            house.database.stop()


async def _replay_all(house: House, numbers: list[int]) -> list[Replayed]:
    await house.start()
    try:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            return [await _replay(house, connection, number) for number in numbers]
    finally:
        await house.stop()


async def _replay(house: House, connection: psycopg.AsyncConnection[object], number: int) -> Replayed:
    row = await deliveries.find(connection, number)
    if row is None:
        return Replayed(number, False, "không có số này")
    problem = await _take(house, row)
    if problem:
        return Replayed(number, False, problem)
    await deliveries.forget(connection, number)
    return Replayed(number, True, "đã nhận")


async def _take(house: House, row: KeptAside) -> str:
    """Why it cannot be taken, or an empty text."""
    account = house.gateway.accounts.get(row.channel, row.account)
    if account is None:
        return f"tài khoản {row.channel}:{row.account} không còn trong cấu hình"
    body = house.seal.open(bytes(row.body), b"delivery")
    if len(body) >= KEPT_BODY:
        # Half a mail would be taken for the whole one.
        return "lần nhận này quá lớn, chỉ phần đầu được giữ"
    delivery = Delivery(body=body, received_at=row.received_at)
    try:
        events = account.channel.parse(delivery)
    except DeliveryUnreadable as error:
        return f"vẫn không đọc được: {error}"
    ignored = [event.reason for event in events if isinstance(event, Ignored | AccountAlarm)]
    if len(ignored) == len(events):
        return f"không phải tin của người dân: {', '.join(ignored) or 'trống'}"
    counts = house.gateway.reception.counts
    before = counts[row.channel, "unreadable"], counts[row.channel, "spooled"]
    await house.gateway.reception.take(account, delivery)
    after = counts[row.channel, "unreadable"], counts[row.channel, "spooled"]
    return "" if after == before else "chưa lưu được, xem nhật ký"
