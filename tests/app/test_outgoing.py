"""The way out tells apart what never left the house and what may have arrived."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.outgoing import Outgoing
from core.errors import Refused, TryAgain, Unknown

Serve = Callable[[bytes | None], Awaitable[str]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def out() -> AsyncIterator[Outgoing]:
    made = Outgoing()
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Call it with the bytes a server answers (None: it hangs up); the address comes back."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes | None) -> str:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if answer is not None:
                writer.write(answer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"

    yield start
    for server in servers:
        server.close()


async def test_an_answer_is_status_body_and_lower_case_headers(out: Outgoing, serve: Serve) -> None:
    answer = await out.post(await serve(ANSWER), b"{}", {"X-Test": "1"})

    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"{}", "application/json")


async def test_nobody_listening_means_nothing_left_the_house(out: Outgoing) -> None:
    with pytest.raises(TryAgain):
        await out.post("http://127.0.0.1:9/x", b"{}", {})


async def test_hanging_up_after_the_request_may_mean_it_was_taken(out: Outgoing, serve: Serve) -> None:
    with pytest.raises(Unknown):
        await out.post(await serve(None), b"{}", {})


async def test_an_answer_cut_short_may_mean_it_was_taken(out: Outgoing, serve: Serve) -> None:
    with pytest.raises(Unknown):
        await out.post(await serve(ANSWER[:-1]), b"{}", {})


async def test_a_redirect_is_an_answer_and_is_not_followed(out: Outgoing, serve: Serve) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/internal\r\nContent-Length: 0\r\n\r\n"

    assert (await out.get(await serve(moved), {}, limit=100)).status == 302


async def test_a_file_larger_than_allowed_is_not_read_to_its_end(out: Outgoing, serve: Serve) -> None:
    with pytest.raises(Refused):
        await out.get(await serve(ANSWER.replace(b"{}", b"x" * 1000).replace(b": 2", b": 1000")), {}, limit=999)


async def test_what_is_no_address_is_refused(out: Outgoing) -> None:
    with pytest.raises(Refused):
        await out.post("not an address", b"", {})
