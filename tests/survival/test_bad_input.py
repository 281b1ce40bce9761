"""What nobody should send, sent to a gateway that runs: a clear answer, nothing lost, nothing twice, nobody held up."""

import asyncio
import io
import json
import random
import struct
import zlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from benchmarks.rig import until
from simulator.citizens import DEMO, Script, Turn, run_citizens
from tests.survival.knocking import Door, databases, dump, facebook_text, open_door, telegram_text, zalo_text

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    urls = iter(databases(postgres_server, "bad_input", "bad_input_store"))
    async with open_door(tmp_path_factory.mktemp("bad-input"), lambda: next(urls), all_channels=True) as opened:
        yield opened


async def stored(door: Door) -> tuple[int, int]:
    """Events and deliveries kept aside, so far."""
    ((events, aside),) = await door.rows("select (select count(*) from events), (select count(*) from deliveries)")
    return events, aside


async def newest_aside(door: Door) -> tuple[str, str, str]:
    found = await door.rows("select channel, status, reason from deliveries order by id desc limit 1")
    return found[0][0], found[0][1], found[0][2]


# --- whose is it ------------------------------------------------------------------------------------------------------


async def test_a_telegram_delivery_with_a_wrong_secret_is_refused_counted_and_not_stored(door: Door) -> None:
    before, counted = (
        await stored(door),
        await door.metric("tiepnhan_deliveries_total", channel="telegram", became="refused"),
    )

    statuses = [await door.telegram(dump(telegram_text(7, "xin chào")), secret=secret) for secret in ("", "wrong", "ß")]

    assert statuses == [401, 401, 401]
    assert await stored(door) == before
    assert await door.metric("tiepnhan_deliveries_total", channel="telegram", became="refused") == counted + 3


async def test_an_unsigned_or_forged_zalo_delivery_is_refused_counted_and_not_stored(door: Door) -> None:
    before, counted = (
        await stored(door),
        await door.metric("tiepnhan_deliveries_total", channel="zalo", became="refused"),
    )
    body = dump(zalo_text("77", "xin chào"))

    assert [await door.zalo(body, signed=False), await door.zalo(body, secret="guessed")] == [401, 401]
    assert await stored(door) == before
    assert await door.metric("tiepnhan_deliveries_total", channel="zalo", became="refused") == counted + 2


async def test_an_unsigned_or_forged_facebook_delivery_is_refused_counted_and_not_stored(door: Door) -> None:
    before, counted = (
        await stored(door),
        await door.metric("tiepnhan_deliveries_total", channel="facebook", became="refused"),
    )
    body = dump(facebook_text("77", "xin chào"))

    assert [await door.facebook(body, signed=False), await door.facebook(body, secret="guessed")] == [401, 401]
    assert await stored(door) == before
    assert await door.metric("tiepnhan_deliveries_total", channel="facebook", became="refused") == counted + 2


async def test_a_mail_that_nobody_fetched_is_refused(door: Door) -> None:
    """A mailbox has no webhook: what is posted to its address did not come from it."""
    before = await stored(door)

    status = await door.post("/webhooks/email/mail", b"From: lan@example.com\r\n\r\nxin chao", {})

    assert status in {401, 404}
    assert await stored(door) == before


async def test_an_unknown_account_does_not_exist(door: Door) -> None:
    statuses = [await door.post(f"/webhooks/{path}", b"{}", {}) for path in ("zalo/other", "viber/x", "", "zalo/oa/x")]

    assert statuses == [404, 404, 404, 404]


# --- can it be read ---------------------------------------------------------------------------------------------------


JUNK = [
    b"",
    b"\x00" * 3_000,
    bytes(range(256)) * 40,
    b"From: =?utf-8?b?//////?= <a@b\r\nSubject: " + b"=?x?q?" * 500 + b"\r\n\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
    + b"--x\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" * 400,
    b"From: lan@example.com\r\nContent-Type: text/plain; charset=nonsense\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!! not base64 !!!!",
]


async def test_junk_in_the_mailbox_is_put_away_and_holds_nobody_up(door: Door) -> None:
    post = door.running.simulator.mail
    lan = post.join("Lan", "84912345678")
    for junk in JUNK:
        post.send(lan, junk)

    sane = post.says(lan, "xin chào")

    assert await door.answer(lan, sane)
    await until(lambda: post.pending() == 0, what="the last mail")


async def test_truncated_json_is_acknowledged_and_kept_aside_with_the_reason(door: Door) -> None:
    bodies = (
        (door.telegram, telegram_text(7, "a")),
        (door.zalo, zalo_text("7", "a")),
        (door.facebook, facebook_text("7", "a")),
    )
    for number, (knock, body) in enumerate(bodies):
        _, before = await stored(door)

        assert await knock(dump(body)[:-9] + b" " * number) == 200

        assert (await stored(door))[1] == before + 1
        channel, status, reason = await newest_aside(door)
        assert (channel, status, bool(reason)) == (("telegram", "zalo", "facebook")[number], "unreadable", True)


async def test_unknown_events_are_journaled_as_ignored(door: Door) -> None:
    zalo = zalo_text("78", "") | {"event_name": "user_did_something_new"}

    assert await door.telegram(dump({"update_id": 4711, "brand_new_kind": {"x": 1}})) == 200
    assert (await newest_aside(door))[:2] == ("telegram", "ignored")
    assert await door.zalo(dump(zalo)) == 200
    assert (await newest_aside(door))[:2] == ("zalo", "ignored")


@pytest.mark.parametrize("where", ["top", "unread field", "text"])
async def test_json_nested_a_hundred_thousand_deep_is_kept_aside(door: Door, where: str) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    bodies = [dump(telegram_text(7, "MARK", via="HERE")), dump(zalo_text("7", "MARK") | {"more": "HERE"})]
    mark = {"top": b"", "unread field": b'"HERE"', "text": b'"MARK"'}[where]
    for knock, body in zip((door.telegram, door.zalo), bodies, strict=True):
        events, aside = await stored(door)

        assert await knock(body.replace(mark, deep) if mark else deep) == 200

        after = await stored(door)
        assert after in {(events, aside + 1), (events + 1, aside)}, "kept, one way or the other"
    assert await door.telegram(dump(telegram_text(7, "vẫn còn đây"))) == 200


async def test_a_body_of_ten_mebibytes_is_refused_and_memory_does_not_grow(door: Door) -> None:
    before, memory = await stored(door), door.running.gateway.memory()
    huge = b'{"update_id": 1, "x": "' + b"a" * (10 * 1024 * 1024) + b'"}'

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(huge), 65_536):
            yield huge[start : start + 65_536]

    for body in (*map(io.BytesIO, [huge] * 5), pieces()):
        async with door.http.post(f"{door.running.gateway.url}/webhooks/zalo/oa", data=body) as answer:
            assert answer.status == 413
    assert await stored(door) == before
    assert door.running.gateway.memory() - memory < 12 * 1024 * 1024


async def test_a_reused_id_with_other_words_changes_nothing(door: Door) -> None:
    first, second = telegram_text(91, "xin chào", message=5), telegram_text(91, "khác hẳn", message=5)
    assert await door.telegram(dump(first)) == 200
    before = await stored(door)

    assert await door.telegram(dump(second)) == 200

    assert await stored(door) == before


# --- strange texts ----------------------------------------------------------------------------------------------------

STRANGE: dict[str, str] = {
    "5,000 characters": "đường hỏng nặng quá " * 250,
    "one word of 5,000 characters": "a" * 5_000,
    "emoji and joiners": "Ổ gà 👨‍👩‍👧‍👦🇻🇳 trước số 5 👍🏽 Lý Thường Kiệt",
    "combining marks": "Đường hỏng" + "\u0323\u0302" * 500,
    "right to left and invisible": "\u202eĐường\u2066\u200b hỏng\ufeff\u00ad",
    "markup": "<b>&amp;</b> *a* _b_ [c](d) `e` {0} %s ${x}",
    "sql": "'; drop table events; --",
    "only spaces": " \u3000\u00a0\t\n ",
    "line ends": "a\r\nb\u2028c\x85d\x0b",
    "private and unassigned": "\ue000\U0010fffe\uffff",
    "a NUL": "Đường\x00hỏng",
    "controls": "".join(map(chr, range(1, 32))),
}


@pytest.mark.parametrize("name", STRANGE)
async def test_a_strange_text_is_stored_and_answered(door: Door, name: str) -> None:
    world = door.running.simulator
    phones = [world.join(platform) for platform in ("zalo", "telegram")]
    for phone, said in [(phone, world.people(phone).says(phone, STRANGE[name])) for phone in phones]:
        answer = await door.answer(phone, said)

        assert answer.text.strip()
        await until(partial(getattr, said, "acked_at"), what="the 200")
        index = door.running.peer_index(phone)
        kept = await door.rows(
            "select problem from events e join conversations c on c.id = e.conversation_id where c.peer_index = %s"
            " and kind = 'InboundMessage'",
            index,
        )
        assert kept == [("",)], "stored once, and the dialog could take it"


async def test_lone_surrogates_are_kept_in_one_way_or_another(door: Door) -> None:
    for knock, body in (
        (door.telegram, dump(telegram_text(92, "LONE"))),
        (door.zalo, dump(zalo_text("92", "LONE"))),
        (door.zalo, dump(zalo_text("LONE", "a"))),
        (door.zalo, dump(zalo_text("92", "a", message="LONE"))),
    ):
        events, aside = await stored(door)

        assert await knock(body.replace(b"LONE", b"h\\ud83dm")) == 200

        assert sum(await stored(door)) == events + aside + 1


ENDLESS = "".join(random.Random(1).choices("0123456789abcdef", k=9_000))


async def test_ids_that_no_column_takes_spoil_no_neighbour(door: Door) -> None:
    """A NUL or an endless id fails the statement of its group: the group is split and the bad one is kept aside."""
    strange = [
        zalo_text("93", "a", message="x\x00y"), zalo_text("9\x003", "a"), zalo_text("93", "a", message=ENDLESS),
    ]  # fmt: skip
    good = [zalo_text(f"94{number}", "xin chào", message=f"good-{number}") for number in range(20)]
    events, aside = await stored(door)

    statuses = await asyncio.gather(*(door.zalo(dump(body)) for body in (*good[:10], *strange, *good[10:])))

    assert statuses == [200] * 23
    assert sum(await stored(door)) == events + aside + 23
    found = await door.rows("select count(*) from events where external_id like 'good-%%'")
    assert found == [(20,)]


async def test_a_sender_with_a_name_of_ten_thousand_characters_is_served(door: Door) -> None:
    body: dict[str, Any] = telegram_text(95, "xin chào")
    body["message"]["from"]["first_name"] = "Lan\x00" + "n" * 10_000

    assert await door.telegram(json.dumps(body).encode()) == 200
    await door.wait_for("select 1 from events where external_id = %s", str(body["message"]["message_id"]))


# --- a picture bomb ---------------------------------------------------------------------------------------------------


def bomb(side: int = 50_000) -> bytes:
    """A PNG of a few hundred bytes that says it has side × side pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def test_a_picture_bomb_is_refused_and_the_report_goes_on_without_it(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = "simulator.media.sample"
    monkeypatch.setattr(genuine, lambda name: bomb())
    script = Script(turns=[Turn(photo="bomb"), *DEMO.turns], replies=DEMO.replies, until=DEMO.until)
    memory = door.running.gateway.memory()

    ledger = await run_citizens(door.running.simulator, 2, script, answer_timeout=30)

    assert ledger.finished == 2
    assert door.running.gateway.memory() - memory < 60 * 1024 * 1024, "its 7 GB were never unpacked"
    refused = await door.rows("select status, problem <> '' from media")
    assert refused
    assert set(refused) == {("refused", True)}


# --- afterwards -------------------------------------------------------------------------------------------------------


async def test_after_all_this_the_gateway_is_well(door: Door, tmp_path: Path) -> None:
    ledger = await run_citizens(door.running.simulator, 4, DEMO, answer_timeout=30)

    assert (ledger.finished, ledger.answered_twice, ledger.lost) == (4, 0, 0)
    said = [line for line in door.running.gateway.said() if line.get("level") == "error"]
    assert {line["event"] for line in said} <= {"item.refused", "errand.broke"}
