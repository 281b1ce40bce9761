"""Erasing one conversation from the command line, beside running gateways or without any."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from psycopg_pool import AsyncConnectionPool

from app.settings import Settings
from app.wiring import data_key, utc_now, visited_database
from pipeline.account import Accounts
from pipeline.erasure import Erasures
from storage.blobs import FolderBlobs
from storage.seal import Seal

BY = "tiepnhan erase"
_ENDED = {
    "done": "đã xóa",
    "kept": "đã xóa; phản ánh đã tiếp nhận vẫn được lưu trong hồ sơ",
    "started": "đã xóa; một phản ánh đang được gửi đi, phần còn lại được xóa khi gửi xong",
    "asked": "đã ghi nhận; cổng đang chạy sẽ thực hiện trong một phút",
}


async def erase(settings: Settings, conversation: int, now: Callable[[], datetime] = utc_now) -> str:
    """What became of it, in one line with the request's code; empty when there is no such conversation.

    Raises `SettingsError`, `EmbeddedPostgresError` or `psycopg.Error`.
    """
    seal = Seal(data_key(settings, Path(settings.folder)))
    with visited_database(settings) as url:
        async with AsyncConnectionPool(url, min_size=1, max_size=2, open=False, kwargs={"autocommit": True}) as pool:
            erasures = Erasures(
                accounts=Accounts({}), pool=pool, seal=seal, blobs=FolderBlobs(Path(settings.blobs), seal), now=now,
                url=lambda code: f"{settings.public_url.rstrip('/')}/deletion/{code}",
            )  # fmt: skip
            try:
                code = await erasures.ask(conversation, by=BY)
            except KeyError:
                return ""
            request = await erasures.state(code)
            counts = ", ".join(f"{name} {count}" for name, count in sorted(request.counts.items())) if request else ""
            return f"{_ENDED[request.status if request else 'asked']} (mã {code}: {counts or 'chưa có gì'})"
