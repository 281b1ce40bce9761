"""HTTP/1.1 over kept-alive connections, at the cost of a few callbacks a message: what a load tool can afford."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools


def http(first: str, body: bytes, *headers: str) -> bytes:
    lines = (first, *headers, f"Content-Length: {len(body)}", "", "")
    return "\r\n".join(lines).encode() + body


class Hook(asyncio.Protocol):
    """A kept-alive connection to the gateway's webhook: one request under way at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self.open = True
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.open = self._parser.should_keep_alive()
        if not self._answer.done():
            self._answer.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        if not self._answer.done():
            self._answer.set_exception(ConnectionResetError())
            self._answer.exception()  # an idle connection's end is nobody's error

    async def post(self, request: bytes) -> int:
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        self._transport.close()


class Hooks:
    """Connections to one port, as many as are needed at once."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[Hook] = []

    async def post(self, request: bytes) -> int:
        """The status of the answer. Raises `OSError`."""
        while self._idle and not self._idle[-1].open:
            self._idle.pop()
        if self._idle:
            hook = self._idle.pop()
        else:
            _, hook = await asyncio.get_running_loop().create_connection(Hook, "127.0.0.1", self._port)
        status = await hook.post(request)
        if hook.open:
            self._idle.append(hook)
        return status

    def close(self) -> None:
        for hook in self._idle:
            hook.close()


class Api(asyncio.Protocol):
    """A connection on which somebody asks us; `asked` gets each whole request."""

    def __init__(self, asked: "Callable[[Api], None]") -> None:
        self._asked = asked
        self._parser = httptools.HttpRequestParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.url = self.body = self.key = b""

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"idempotency-key":
            self.key = value

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self._asked(self)

    def answer(self, response: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(response)
