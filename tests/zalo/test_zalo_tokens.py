"""A refresh token dies on use: two processes must not spend it twice. zalo: concurrency protocol."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.zalo import ZaloChannel, ZaloSettings
from channels.zalo.tokens import Tokens, authorization_url
from core.errors import Misconfigured, SendError, TryAgain, Unknown
from core.model import OutboundMessage, Peer
from core.ports import Answer

RENEW = "/v4/oa/access_token"
CS = "/v3.0/oa/message/cs"
NOW = datetime(2026, 10, 5, 2, 30, tzinfo=UTC)
AN = Peer(channel="zalo", account="oa", user="7")
HELLO = OutboundMessage(text="Xin chào")
DEAD = {"error": -220, "message": "access_token expired"}


class OneUse:
    """Zalo's token endpoint: every refresh token works once, every new access token kills the last one."""

    def __init__(self, *, reused: Answer | None = None) -> None:
        self.valid, self.access, self.number = "R1", "A0", 1
        self.reused = reused or Answer(200, b"")
        self.lose_answers = 0

    def renew(self, call: Any) -> Any:
        if call.form["refresh_token"] != self.valid:
            return self.reused
        self.number += 1
        self.valid, self.access = f"R{self.number}", f"A{self.number}"
        if self.lose_answers:
            self.lose_answers -= 1
            return Unknown("timeout")
        return {"access_token": self.access, "refresh_token": self.valid, "expires_in": "90000"}

    def send(self, call: Any) -> Any:
        if call.headers["access_token"] != self.access:
            return DEAD
        return {"error": 0, "data": {"message_id": f"m-{call.headers['access_token']}"}}


@pytest.fixture
def server(zalo: Any) -> OneUse:
    server = OneUse()
    zalo.on(RENEW, server.renew)
    zalo.on(CS, server.send)
    return server


@pytest.fixture
def tokens(zalo: Any, vault: Any) -> Callable[..., Tokens]:
    def make(**changes: Any) -> Tokens:
        settings = ZaloSettings(**({"account": "oa", "app_id": "app1", "app_secret": "secret"} | changes))
        return Tokens(settings, http=zalo, vault=vault, now=lambda: NOW)

    return make


async def test_a_dead_token_is_renewed_and_the_message_still_goes_out(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse
) -> None:
    receipt = await channel.send(AN, HELLO)

    assert receipt.external_id == "m-A2"
    assert [call.headers["access_token"] for call in zalo.asked(CS)] == ["A1", "A2"]
    (renewal,) = zalo.asked(RENEW)
    assert renewal.form == {
        "refresh_token": "R1",
        "app_id": "360846524940903967",
        "grant_type": "refresh_token",
    }
    assert renewal.headers["secret_key"] == "app"
    assert renewal.headers["content-type"] == "application/x-www-form-urlencoded"
    assert vault.values["access_token"] == "A2" and vault.values["previous_refresh_token"] == "R1"
    assert vault.values["access_expires_at"] == str(int(NOW.timestamp()) + 90000)


async def test_a_pair_that_the_vault_could_not_take_is_not_lost(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refresh token is spent by then: without the new one the account would be dead."""

    async def away(values: Any) -> None:
        raise OSError("the database is away")

    @asynccontextmanager
    async def broken() -> AsyncIterator[Any]:
        async with locked() as door:
            monkeypatch.setattr(door, "write", away)
            yield door

    locked = vault.locked
    with monkeypatch.context() as trouble:
        trouble.setattr(vault, "locked", broken)
        with pytest.raises(OSError, match="away"):
            await channel.send(AN, HELLO)

    receipt = await channel.send(AN, HELLO)

    assert receipt.external_id == "m-A2"
    assert vault.values["refresh_token"] == "R2"
    assert len(zalo.asked(RENEW)) == 1


async def test_fifty_sends_in_two_processes_spend_one_refresh_token(
    make_channel: Callable[..., ZaloChannel], zalo: Any, server: OneUse
) -> None:
    processes = [make_channel(), make_channel()]

    receipts = await asyncio.gather(*(processes[n % 2].send(AN, HELLO) for n in range(50)))

    assert len(zalo.asked(RENEW)) == 1
    assert {receipt.external_id for receipt in receipts} == {"m-A2"}


async def test_one_process_asks_for_the_lock_once_however_many_sends_wait(
    channel: ZaloChannel, vault: Any, server: OneUse
) -> None:
    await asyncio.gather(*(channel.send(AN, HELLO) for _ in range(50)))
    await channel.tokens.renewed(failed="A1")

    assert vault.locks == 1


async def test_a_grant_that_another_process_found_dead_is_left_alone(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse
) -> None:
    await channel.tokens.current()
    vault.values["needs_reauth"] = "empty"

    with pytest.raises(Misconfigured):
        await channel.send(AN, HELLO)

    assert not zalo.asked(RENEW)


async def test_another_processs_newer_token_is_used_without_asking_zalo(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse
) -> None:
    await channel.send(AN, HELLO)
    server.access = "A9"
    vault.values |= {"access_token": "A9", "refresh_token": "R9"}

    await channel.send(AN, HELLO)

    assert len(zalo.asked(RENEW)) == 1


async def test_the_request_is_repeated_only_once(channel: ZaloChannel, zalo: Any, server: OneUse) -> None:
    zalo.on(CS, DEAD)

    with pytest.raises(Misconfigured):
        await channel.send(AN, HELLO)

    assert len(zalo.asked(CS)) == 2 and len(zalo.asked(RENEW)) == 1


async def test_the_new_pair_is_committed_before_anyone_gets_it(
    tokens: Callable[..., Tokens], vault: Any, server: OneUse
) -> None:
    renewed = await tokens().renewed(failed="A1")

    assert vault.values["access_token"] == renewed == "A2"


async def test_a_caller_that_is_cancelled_does_not_lose_the_pair(
    tokens: Callable[..., Tokens], zalo: Any, vault: Any, server: OneUse
) -> None:
    consumed = asyncio.Event()

    def renew(call: Any) -> Any:
        consumed.set()
        return server.renew(call)

    zalo.on(RENEW, renew)
    caller = asyncio.create_task(tokens().renewed(failed="A1"))
    await consumed.wait()
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    async with vault.locked():
        pass

    assert caller.cancelled() and vault.values["refresh_token"] == "R2"


@pytest.mark.parametrize(
    "reused",
    [
        pytest.param(Answer(200, b""), id="empty body"),
        pytest.param(Answer(200, b'{"error":-14014,"error_name":"Invalid refresh token"}'), id="-14014"),
        pytest.param(Answer(200, b'{"error":"-14014"}'), id="quoted -14014"),
    ],
)
async def test_a_timeout_after_consumption_ends_with_a_human(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse, reused: Answer
) -> None:
    server.reused, server.lose_answers = reused, 1

    with pytest.raises(Misconfigured) as caught:
        await channel.send(AN, HELLO)

    assert "cấp quyền lại" in caught.value.reason
    assert vault.values["needs_reauth"] and len(zalo.asked(RENEW)) == 2
    with pytest.raises(Misconfigured):
        await channel.send(AN, HELLO)
    assert len(zalo.asked(RENEW)) == 2 and len(zalo.asked(CS)) == 1


async def test_a_timeout_before_consumption_is_healed_at_once(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse
) -> None:
    zalo.on(RENEW, Unknown("timeout"), server.renew)

    await channel.send(AN, HELLO)

    assert vault.values["refresh_token"] == "R2" and not vault.values["needs_reauth"]


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(502, b"<html>"),
        Answer(200, b"<html>"),
        Answer(429, b'{"error":1}'),
        TryAgain("no connection"),
        Unknown("timeout"),
    ],
)
async def test_trouble_at_the_token_endpoint_costs_no_token(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse, trouble: Any
) -> None:
    zalo.on(RENEW, trouble)

    with pytest.raises(TryAgain):
        await channel.send(AN, HELLO)

    assert vault.values["refresh_token"] == "R1" and not vault.values.get("needs_reauth")


async def test_a_wrong_app_secret_pauses_but_the_grant_lives(
    channel: ZaloChannel, zalo: Any, vault: Any, server: OneUse
) -> None:
    zalo.on(RENEW, {"error": -14002, "error_name": "Invalid appId", "refresh_token": "R1"})

    with pytest.raises(Misconfigured) as caught:
        await channel.send(AN, HELLO)

    assert caught.value.code == "-14002" and "R1" not in caught.value.reason
    assert not vault.values.get("needs_reauth")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"expires_in": "3600"}, str(int(NOW.timestamp()) + 3600)),
        ({"expires_in": 90000}, str(int(NOW.timestamp()) + 90000)),
        ({}, ""),
        ({"expires_in": "soon"}, ""),
    ],
)
async def test_the_life_of_a_token_is_what_zalo_told(
    tokens: Callable[..., Tokens], zalo: Any, vault: Any, told: dict[str, Any], kept: str
) -> None:
    zalo.on(RENEW, {"access_token": "A2"} | told)

    await tokens().renewed(failed="A1")

    assert vault.values["access_expires_at"] == kept
    assert vault.values["refresh_token"] == "R1", "without a new refresh token the old one stays"


@pytest.mark.parametrize(
    ("left", "due"),
    [
        pytest.param(timedelta(hours=3), False, id="long enough"),
        pytest.param(timedelta(hours=1), True, id="ends soon"),
        pytest.param(timedelta(hours=-1), True, id="ended"),
        pytest.param(None, True, id="nobody knows"),
    ],
)
async def test_a_pair_is_renewed_before_it_ends(
    tokens: Callable[..., Tokens], zalo: Any, vault: Any, server: OneUse, left: timedelta | None, due: bool
) -> None:
    vault.values["access_expires_at"] = "" if left is None else str(int((NOW + left).timestamp()))

    assert await tokens().refresh_if_due() is due

    assert len(zalo.asked(RENEW)) == due


async def test_two_timers_renew_once(tokens: Callable[..., Tokens], zalo: Any, vault: Any, server: OneUse) -> None:
    vault.values["access_expires_at"] = str(int(NOW.timestamp()))

    await asyncio.gather(tokens().refresh_if_due(), tokens().refresh_if_due())

    assert len(zalo.asked(RENEW)) == 1


async def test_a_pasted_pair_is_sown_once(tokens: Callable[..., Tokens], vault: Any, server: OneUse) -> None:
    vault.values.clear()
    first = tokens(access_token="A1", refresh_token="R1")
    assert await first.current() == "A1"
    await first.renewed(failed="A1")

    restarted = tokens(access_token="A1", refresh_token="R1")

    assert await restarted.current() == "A2"


async def test_a_freshly_pasted_pair_replaces_a_dead_grant(tokens: Callable[..., Tokens], vault: Any) -> None:
    vault.values["needs_reauth"] = "empty"

    assert await tokens(access_token="B1", refresh_token="S1").current() == "B1"

    assert not vault.values["needs_reauth"]


@pytest.mark.parametrize("values", [{}, {"access_token": "", "refresh_token": ""}])
async def test_an_account_without_any_token_says_so(
    make_channel: Callable[..., ZaloChannel], zalo: Any, empty_vault: Any, values: dict[str, str]
) -> None:
    empty_vault.values = values

    with pytest.raises(Misconfigured):
        await make_channel(vault=empty_vault).send(AN, HELLO)

    assert not zalo.calls


async def test_a_lone_refresh_token_is_enough(
    make_channel: Callable[..., ZaloChannel], empty_vault: Any, server: OneUse
) -> None:
    receipt = await make_channel(vault=empty_vault, refresh_token="R1").send(AN, HELLO)

    assert receipt.external_id == "m-A2"
    assert (await make_channel(vault=empty_vault, refresh_token="R1").send(AN, HELLO)).external_id == "m-A2"


async def test_a_pair_pasted_before_the_consent_does_not_come_back(
    tokens: Callable[..., Tokens], zalo: Any, vault: Any
) -> None:
    zalo.on(RENEW, {"access_token": "C1", "refresh_token": "T1", "expires_in": "90000"})
    await tokens(access_token="B1", refresh_token="S1").exchange_code("code1")

    assert await tokens(access_token="B1", refresh_token="S1").current() == "C1"


async def test_consent_ends_the_need_for_it(tokens: Callable[..., Tokens], zalo: Any, vault: Any) -> None:
    vault.values["needs_reauth"] = "empty"
    zalo.on(RENEW, {"access_token": "C1", "refresh_token": "T1", "expires_in": "90000"})
    living = tokens(code_verifier="v" * 43)

    await living.exchange_code("code1")

    assert await living.current() == "C1"
    assert zalo.calls[0].form == {
        "code": "code1",
        "app_id": "app1",
        "grant_type": "authorization_code",
        "code_verifier": "v" * 43,
    }
    assert not vault.values["needs_reauth"]


async def test_no_error_quotes_a_token(channel: ZaloChannel, zalo: Any, server: OneUse) -> None:
    zalo.on(RENEW, {"error": -1, "error_name": "x", "message": "R1 A1", "error_description": "R1"})

    with pytest.raises(SendError) as caught:
        await channel.send(AN, HELLO)

    assert "R1" not in json.dumps([caught.value.reason, str(caught.value)])


def test_the_consent_page_knows_no_scope() -> None:
    url = authorization_url("1", "https://t.vn/cb?x=1", challenge="c", state="s")

    assert url == (
        "https://oauth.zaloapp.com/v4/oa/permission?app_id=1&redirect_uri=https%3A%2F%2Ft.vn%2Fcb%3Fx%3D1"
        "&code_challenge=c&state=s"
    )
    assert "code_challenge" not in authorization_url("1", "https://t.vn/cb")


def test_the_consent_url_carries_the_registered_callback(make_channel: Callable[..., ZaloChannel]) -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    fixed = make_channel(callback_url="https://t.vn/cb", code_verifier=verifier)
    bare = make_channel(callback_url="https://t.vn/cb")

    assert "redirect_uri=https%3A%2F%2Ft.vn%2Fcb&" in fixed.consent_url()
    assert "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" in fixed.consent_url()
    assert fixed.consent_url(state="s") == bare.consent_url(state="s", verifier=verifier)
    assert "code_challenge" not in bare.consent_url()


async def test_appsecret_proof_is_sent_when_the_app_wants_it(
    make_channel: Callable[..., ZaloChannel], zalo: Any
) -> None:
    await make_channel().send(AN, HELLO)
    await make_channel(appsecret_proof=True).send(AN, HELLO)

    plain, proved = zalo.asked(CS)
    assert "appsecret_proof" not in plain.headers and len(proved.headers["appsecret_proof"]) == 64
