"""Who may deliver, who may ask for deletion, and what is answered to the dashboard."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha1, sha256
from hmac import digest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.facebook.deletion import read_signed_request
from channels.facebook.signature import appsecret_proof
from core.errors import DeliveryRejected
from core.model import Delivery
from core.ports import Answer, Erases, ErasureAsked, Greets, Knock
from tests.channels.fakes import NOW
from tests.facebook.pages import PROOF, SECRET, TOKEN, a_page, recorded, settings

VECTORS = recorded("vectors-signature")["cases"]
DELETION = recorded("vectors-data-deletion-signed-request")


def knock(query: dict[str, str], method: str = "GET") -> Knock:
    return Knock(method=method, path="/webhooks/facebook/page-1022", query=query, headers={}, body=b"")


# --- deliveries -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_the_signature_covers_the_bytes_as_they_came(case: dict[str, Any]) -> None:
    page, _ = a_page()
    headers = {name.lower(): value for name, value in case["headers"].items()}
    delivery = Delivery(body=case["body"].encode(), received_at=NOW, headers=headers)

    if case["valid"]:
        page.verify(delivery)
    else:
        with pytest.raises(DeliveryRejected):
            page.verify(delivery)


def test_the_old_header_is_never_enough_even_beside_the_new_one() -> None:
    page, _ = a_page()
    old = digest(SECRET.encode(), b"{}", sha1).hex()

    with pytest.raises(DeliveryRejected):
        page.verify(Delivery(body=b"{}", received_at=NOW, headers={"x-hub-signature": f"sha1={old}"}))
    with pytest.raises(DeliveryRejected):
        page.verify(Delivery(body=b"{}", received_at=NOW, headers={"x-hub-signature-256": f"sha1={old}"}))


@given(body=st.binary(max_size=300))
def test_any_bytes_that_are_signed_are_taken_and_one_more_is_not(body: bytes) -> None:
    page, _ = a_page()
    headers = {"x-hub-signature-256": f"sha256={digest(SECRET.encode(), body, sha256).hex()}"}

    page.verify(Delivery(body=body, received_at=NOW, headers=headers))
    with pytest.raises(DeliveryRejected):
        page.verify(Delivery(body=body + b" ", received_at=NOW, headers=headers))


# --- the challenge ----------------------------------------------------------------------------------------------------


def query(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split("&") if pair)


def test_the_challenge_is_answered_bare_and_as_plain_text() -> None:
    page, _ = a_page()
    wanted = recorded("verify-get-request")

    found = page.greet(knock(query(wanted["query"])))

    assert isinstance(page, Greets)
    assert found == Answer(200, b"1158201444", {"content-type": "text/plain; charset=utf-8"})


@pytest.mark.parametrize("case", recorded("verify-get-request")["reject"], ids=lambda case: case["query"])
def test_a_challenge_without_our_token_is_refused(case: dict[str, Any]) -> None:
    page, _ = a_page()

    assert page.greet(knock(query(case["query"]))) == Answer(403)


@pytest.mark.parametrize("challenge", ["<script>alert(1)</script>", "a b", "", "x" * 129, "é", "1\n2", "%3Cb%3E"])
def test_nobody_puts_their_own_content_under_our_name(challenge: str) -> None:
    page, _ = a_page()
    asked = {"hub.mode": "subscribe", "hub.verify_token": "MY_TOKEN", "hub.challenge": challenge}

    assert page.greet(knock(asked)) == Answer(403)


@pytest.mark.parametrize("token", ["", "MY_TOKEN"])
def test_without_a_verify_token_no_challenge_is_answered(token: str) -> None:
    page, _ = a_page(verify_token="")
    asked = {"hub.mode": "subscribe", "hub.verify_token": token, "hub.challenge": "1"}

    assert page.greet(knock(asked)) == Answer(403)


def test_a_delivery_is_no_challenge() -> None:
    page, _ = a_page()

    assert page.greet(knock({}, method="POST")) is None


# --- our own proof ----------------------------------------------------------------------------------------------------


def test_the_proof_of_a_token_is_metas() -> None:
    vector = recorded("vectors-appsecret-proof")

    assert appsecret_proof(vector["access_token"], vector["app_secret"]) == vector["appsecret_proof"]
    assert appsecret_proof(TOKEN, SECRET) == PROOF


def test_secrets_do_not_print_themselves() -> None:
    shown = repr(settings()) + str(settings())

    assert SECRET not in shown and TOKEN not in shown and "MY_TOKEN" not in shown


# --- data deletion ----------------------------------------------------------------------------------------------------


def request(payload: Any, *, secret: str = SECRET) -> bytes:
    encoded = urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = urlsafe_b64encode(digest(secret.encode(), encoded, sha256)).rstrip(b"=")
    return b"signed_request=" + signature + b"." + encoded


ASKED = {"algorithm": "HMAC-SHA256", "user_id": "218471", "issued_at": 1767232800}


def test_a_deletion_request_names_the_user_and_the_instant() -> None:
    page, _ = a_page()
    body = DELETION["form_body"].encode()

    found = page.read_erasure(Knock(method="POST", path="/erasure", query={}, headers={}, body=body))

    assert isinstance(page, Erases)
    assert found == ErasureAsked(user="218471", issued_at=datetime(2026, 1, 1, 2, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"signed_request=", id="empty"),
        pytest.param(b"signed_request=abc", id="no payload"),
        pytest.param(b"signed_request=.e30", id="no signature"),
        pytest.param(DELETION["form_body"].encode()[:-1] + b"A", id="another payload"),
        pytest.param(request(ASKED, secret="another"), id="another secret"),
        pytest.param(request(ASKED | {"algorithm": "none"}), id="another algorithm"),
        pytest.param(request({"algorithm": "HMAC-SHA256"}), id="nobody"),
        pytest.param(request(ASKED | {"user_id": ""}), id="an empty user"),
        pytest.param(request(ASKED | {"issued_at": 10**30}), id="no instant"),
        pytest.param(request([]), id="a list"),
        pytest.param("signed_request=é.é".encode(), id="not ASCII"),
    ],
)
def test_a_deletion_request_that_is_not_metas_is_refused(body: bytes) -> None:
    with pytest.raises(DeliveryRejected):
        read_signed_request(body, app_secret=SECRET)


@given(body=st.binary(max_size=200))
def test_random_bytes_never_delete_anything(body: bytes) -> None:
    for raw in (body, b"signed_request=" + body):
        with pytest.raises(DeliveryRejected):
            read_signed_request(raw, app_secret=SECRET)
