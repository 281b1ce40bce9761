"""The demo page and the little it needs behind it: the case list, an officer's result, scripted citizens."""

import asyncio
from pathlib import Path
from urllib.parse import quote, urljoin

import aiohttp
import msgspec
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from simulator import media
from simulator.citizens import Ledger, run_citizens
from simulator.engine import Simulator
from simulator.world import Json

PAGES = Path(__file__).parent / "pages"
STORE_TIMEOUT = aiohttp.ClientTimeout(total=5)
MOST_CITIZENS = 200


class Demo:
    def __init__(self, simulator: Simulator) -> None:
        self._simulator, self._config = simulator, simulator.config
        self._http: aiohttp.ClientSession | None = None
        self._run: asyncio.Task[Ledger] | None = None
        self._ledger = Ledger()

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/", self._page),
            Mount("/static", StaticFiles(directory=PAGES)),
            Route("/demo/settings", self._settings),
            Route("/demo/samples/{name}.jpg", self._sample),
            Route("/demo/cases", self._cases),
            Route("/demo/cases/{code}/play", self._officer, methods=["POST"]),
            Route("/demo/citizens", self._citizens, methods=["GET", "POST"]),
        ]

    async def close(self) -> None:
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        if self._http is not None:
            await self._http.close()

    async def _page(self, request: Request) -> Response:
        return FileResponse(PAGES / "index.html", headers={"Cache-Control": "no-cache"})

    async def _settings(self, request: Request) -> Response:
        return _json(
            {
                "devices": self._devices(),
                "inbox_url": self._config.inbox_url,
                "store_url": self._config.store_url,
                "officer_act": self._config.officer_act,
                "tries": [
                    f"Đường trước số 45 Lý Thường Kiệt, {self._config.demo_place} có ổ gà sâu, xe máy đi rất nguy hiểm",
                    f"Ba đêm nay đèn đường số 12 Nguyễn Trãi, {self._config.demo_place} không sáng",
                ],
                "samples": media.SAMPLES,
                "post": self._config.facebook.post,
            }
        )

    def _devices(self) -> list[Json]:
        """What lies on the table, in this order: the first phone of each platform that somebody has."""
        known = (
            ("zalo", "Zalo", self._config.zalo.name, "Tài khoản chính thức"),
            ("telegram", "Telegram", self._config.telegram.name, "bot"),
            ("facebook", "Messenger", self._config.facebook.page_name, "Trang Facebook"),
            ("email", "Thư điện tử", self._config.email.address, ""),
        )
        phones = {phone.platform: phone.id for phone in reversed(self._simulator.world.phones.values())}
        return [
            {
                "platform": platform,
                "title": title,
                "label": "Hộp thư của người dân" if platform == "email" else f"Điện thoại của người dân trên {title}",
                "account": account,
                "status": status,
                "phone": phones[platform],
            }
            for platform, title, account, status in known
            if platform in phones
        ]

    async def _sample(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in media.SAMPLES:
            return Response(status_code=404)
        return Response(media.sample(name), media_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})

    async def _cases(self, request: Request) -> Response:
        """The store's public list, newest first; 503 with the reason while it is away."""
        return await self._ask("GET", self._config.requests_path, None)

    async def _officer(self, request: Request) -> Response:
        path = self._config.officer_path.format(code=quote(request.path_params["code"], safe=""))
        return await self._ask("POST", path, await request.body())

    async def _ask(self, method: str, path: str, body: bytes | None) -> Response:
        if not self._config.store_url:
            return _json({"error": "Chưa nối với kho hồ sơ"}, 503)
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=STORE_TIMEOUT)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            url = urljoin(self._config.store_url.rstrip("/") + "/", path)
            async with self._http.request(method, url, data=body, headers=headers) as got:
                return Response(await got.read(), got.status, media_type=got.content_type)
        except (aiohttp.ClientError, TimeoutError) as error:
            return _json({"error": f"Kho hồ sơ không trả lời ({type(error).__name__})"}, 503)

    async def _citizens(self, request: Request) -> Response:
        """POST {"n": 20} starts them (one group at a time), GET tells how far they are."""
        if request.method == "POST":
            wanted = msgspec.json.decode(await request.body() or b"{}")
            count = max(1, min(int(wanted.get("n", 20)), MOST_CITIZENS))
            if self._run is None or self._run.done():
                self._ledger = Ledger()
                self._run = asyncio.create_task(self._let_come(count))
        return _json(self._progress())

    async def _let_come(self, count: int) -> Ledger:
        """Scripted citizens on every messenger that somebody listens to."""
        platforms = ["zalo", "telegram"] + (["facebook"] if self._config.facebook.webhook_url else [])
        return await run_citizens(
            self._simulator, count, platforms=platforms, spread=count / 10, ledger=self._ledger, settle=0.4
        )

    def _progress(self) -> Json:
        running = self._run is not None and not self._run.done()
        return {"running": running, **self._ledger.figures()}


def _json(body: Json, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
