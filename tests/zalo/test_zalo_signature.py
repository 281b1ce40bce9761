"""Who a delivery comes from. zalo: webhook signature, OAuth v4 (vectors)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from channels.zalo import ZaloChannel, ZaloSettings
from channels.zalo.signature import mac
from channels.zalo.tokens import appsecret_proof, code_challenge, code_verifier
from core.errors import DeliveryRejected, DeliveryUnreadable
from core.model import Delivery
from core.ports import Greets, Knock

APP, STAMP, KEY = "360846524940903967", "1543908534740", "OASecretExample123"
BODY = (
    '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},"recipient":{"id":"388613280878808645"},'
    '"event_name":"user_send_text","message":{"text":"Đường bị ngập","msg_id":"96d3cdf3af150460909"},'
    '"timestamp":"1543908534740"}'
).encode()
SIGNATURE = "3b637e1d63800a1fcc9dfa436193945ec804f7cb8476a72021d0104c308e496f"

Make = Callable[..., ZaloChannel]
Deliver = Callable[..., Delivery]


@pytest.fixture
def oa(make_channel: Make) -> ZaloChannel:
    return make_channel(app_id=APP, oa_secret=KEY, app_secret="app")


def test_the_signature_is_a_plain_hash_over_the_raw_bytes() -> None:
    assert len(BODY) == 240
    assert mac(APP, BODY, STAMP, KEY) == SIGNATURE


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(f"mac={SIGNATURE}", id="as documented"),
        pytest.param(f"mac = {SIGNATURE}", id="spaces"),
        pytest.param(SIGNATURE, id="without mac="),
        pytest.param(f"mac={SIGNATURE.upper()}", id="upper case"),
    ],
)
def test_a_genuine_delivery_is_accepted(oa: ZaloChannel, deliver: Deliver, header: str) -> None:
    oa.verify(deliver(BODY, x_zevent_signature=header))

    assert oa.signatures == {"oa_secret:body": 1}


def test_the_header_time_counts_before_the_body_time(oa: ZaloChannel, deliver: Deliver) -> None:
    signed = mac(APP, BODY, "1543908539999", KEY)

    oa.verify(deliver(BODY, x_zevent_signature=f"mac={signed}", x_zevent_timestamp="1543908539999"))

    assert oa.signatures == {"oa_secret:header": 1}


def test_a_wrong_header_time_does_not_hide_the_right_body_time(oa: ZaloChannel, deliver: Deliver) -> None:
    oa.verify(deliver(BODY, x_zevent_signature=f"mac={SIGNATURE}", x_zevent_timestamp="1"))

    assert oa.signatures == {"oa_secret:body": 1}


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param((BODY, ""), id="no signature"),
        pytest.param((BODY, "mac="), id="empty signature"),
        pytest.param((BODY, "mac=é"), id="no hex"),
        pytest.param((BODY.replace(b"96d3", b"96d4"), SIGNATURE), id="one byte altered"),
        pytest.param((json.dumps(json.loads(BODY)).encode(), SIGNATURE), id="written anew"),
        pytest.param((BODY, mac(APP, BODY, STAMP, "app")), id="signed with the app secret"),
        pytest.param((BODY, mac("388613280878808645", BODY, STAMP, KEY)), id="signed with the OA id"),
        pytest.param((b"{}", mac(APP, b"{}", "", KEY)), id="no time anywhere"),
        pytest.param((b"\xff\xfe", mac(APP, b"\xff\xfe", "", KEY)), id="no JSON, no time"),
    ],
)
def test_a_forged_delivery_is_rejected(oa: ZaloChannel, deliver: Deliver, forged: tuple[bytes, str]) -> None:
    body, signature = forged

    with pytest.raises(DeliveryRejected):
        oa.verify(deliver(body, x_zevent_signature=signature))

    assert not oa.signatures


def test_a_delivery_without_signature_is_named_as_such(oa: ZaloChannel, deliver: Deliver) -> None:
    with pytest.raises(DeliveryRejected, match="no signature"):
        oa.verify(deliver(BODY))


@pytest.mark.parametrize("status", [401, 200])
def test_a_forged_delivery_is_answered_as_configured(make_channel: Make, deliver: Deliver, status: int) -> None:
    """The console's check refuses an address that answers anything but 200."""
    channel = make_channel(app_id=APP, oa_secret=KEY, bad_signature_status=status)

    for forged in (deliver(BODY), deliver(BODY, x_zevent_signature="mac=00")):
        with pytest.raises(DeliveryRejected) as caught:
            channel.verify(forged)
        assert caught.value.status == status


def test_another_apps_event_is_rejected_although_our_key_signed_it(oa: ZaloChannel, deliver: Deliver) -> None:
    body = BODY.replace(APP.encode(), b"1")

    with pytest.raises(DeliveryRejected):
        oa.verify(deliver(body, x_zevent_signature=mac(APP, body, STAMP, KEY)))


def test_the_app_secret_counts_only_while_the_oa_secret_is_not_set(make_channel: Make, deliver: Deliver) -> None:
    unset = make_channel(app_id=APP, oa_secret="", app_secret="app")

    unset.verify(deliver(BODY, x_zevent_signature=mac(APP, BODY, STAMP, "app")))

    assert unset.signatures == {"app_secret:body": 1}


def test_without_any_key_nothing_is_accepted(make_channel: Make, deliver: Deliver) -> None:
    with pytest.raises(DeliveryRejected):
        make_channel(app_id=APP, oa_secret="", app_secret="").verify(
            deliver(BODY, x_zevent_signature=mac(APP, BODY, STAMP, ""))
        )


def test_an_authentic_delivery_that_is_no_json_is_unreadable_not_rejected(oa: ZaloChannel, deliver: Deliver) -> None:
    broken = deliver(b'{"app_id":', x_zevent_signature=mac(APP, b'{"app_id":', STAMP, KEY), x_zevent_timestamp=STAMP)

    oa.verify(broken)

    with pytest.raises(DeliveryUnreadable):
        oa.parse(broken)


def knock(method: str, path: str = "/webhooks/zalo/oa", body: bytes = b"", **headers: str) -> Knock:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Knock(method=method, path=path, query={}, headers=named, body=body)


def test_the_unsigned_probe_is_greeted(make_channel: Make) -> None:
    greeter: Greets = make_channel()

    answer = greeter.greet(knock("POST", body=b" {} \n"))

    assert answer is not None and answer.status == 200


@pytest.mark.parametrize(
    "other",
    [
        knock("POST", body=BODY),
        knock("POST", body=b"{}", x_zevent_signature="mac=1"),
        knock("POST", body=b"[]"),
        knock("GET"),
        knock("GET", path="/zalo_verifierother.html"),
    ],
)
def test_nothing_else_is_greeted(make_channel: Make, other: Knock) -> None:
    assert make_channel(verifier="CODE42").greet(other) is None


@pytest.mark.parametrize("path", ["/zalo_verifierCODE42.html", "/"])
def test_the_domain_check_finds_its_code(make_channel: Make, path: str) -> None:
    answer = make_channel(verifier="CODE42").greet(knock("GET", path=path))

    assert answer is not None and answer.status == 200
    assert b'name="zalo-platform-site-verification"' in answer.body and b'content="CODE42"' in answer.body


def test_without_a_code_no_domain_page_is_served(make_channel: Make) -> None:
    assert make_channel().greet(knock("GET", path="/")) is None


def test_pkce_challenge_vector() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert len(code_verifier()) == 43 and code_verifier() != code_verifier()


def test_appsecret_proof_vector() -> None:
    proof = "0584869ec908cfecf20763760e69c4baca98ac64aaeb6a938f47ca758dfe779f"

    assert appsecret_proof("accessToken", "appSecretKey") == proof


def test_secrets_do_not_print_themselves() -> None:
    secret: dict[str, Any] = dict.fromkeys(
        ("app_secret", "oa_secret", "access_token", "refresh_token", "code_verifier"), "hunter2"
    )

    assert "hunter2" not in repr(ZaloSettings(account="oa", app_id="1", **secret))
