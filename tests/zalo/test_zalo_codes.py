"""One place reads Zalo's answers; its code decides what happens next. zalo: errors, retry classes, limits."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.zalo.codes import TOKEN_DEAD, VIETNAM, Family, read_reply, result_of
from core.errors import Misconfigured, Refused, SendError, TryAgain, Unknown, Unreachable
from core.ports import Answer

NOW = datetime(2026, 10, 5, 16, 15, 20, tzinfo=UTC)  # 23:15:20 in Vietnam

# The two tables of zalo: errors, class by class. Q with money is an alarm, Q without waits for the next day.
OA: dict[type[SendError], list[int]] = {
    TryAgain: [-32, -100, -200, -211, -214, -218, -234, -311],
    Unreachable: [-213, -217, -222, -227, -230, -232, -244, -305],
    Misconfigured: [
        *(-204, -205, -207, -208, -209, -212, -215, -216, -219, -220, -221, -223, -224, -235),
        *(-237, -238, -241, -403, -242, -320, -321),
    ],
    Refused: [-201, -202, -210, -233, -240, -248, -249, -1340, -1341, 404, -1, 7],
}
ZBS: dict[type[SendError], list[int]] = {
    TryAgain: [-100, -133, -144, -1441, -147, -1471, -1472, -160],
    Unreachable: [-110, -114, -118, -119, -139, -140, -141],
    Misconfigured: [
        *(-124, -101, -102, -103, -104, -105, -117, -120, -1201, -1202, -125, -131, -135, -1351, -136, -138, -1381),
        *(-145, -146, -1241, -115, -126, -137),
    ],
    Refused: [
        *(-106, -107, -108, -109, -1091, -111, -112, -1121, -1122, -1123, -1124, -113, -1131, -1132, -116, -121, -122),
        *(-123, -127, -128, -129, -130, -132, -142, -143, -148, -149, -1491, -150, -151, -152, -153, -158, -159),
        *(-161, -162, -134),
    ],
}


def judged(answer: Answer, family: Family = Family.OA, now: datetime = NOW) -> Any:
    return result_of(read_reply(answer), family, now)


def said(**body: Any) -> Answer:
    return Answer(200, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("family", "code", "error"),
    [
        (family, code, error)
        for family, table in ((Family.OA, OA), (Family.ZBS, ZBS))
        for error, codes in table.items()
        for code in codes
    ],
)
def test_zalos_code_decides_what_happens_next(family: Family, code: int, error: type[SendError]) -> None:
    with pytest.raises(SendError) as caught:
        judged(said(error=code, message="?"), family)

    assert type(caught.value) is error
    assert caught.value.code == str(code)


def test_success_gives_the_data() -> None:
    assert judged(said(error=0, message="Success", data={"message_id": "1"})) == {"message_id": "1"}
    assert judged(said(error=0, message="Success")) is None


def test_a_quoted_error_is_a_number() -> None:
    with pytest.raises(Unreachable) as caught:
        judged(said(error="-230", message="?"))

    assert caught.value.code == "-230"


def test_dead_tokens_differ_by_family() -> None:
    """The same number means different things per host; -124 is a token only for template messages."""
    assert frozenset((-216, -220)) == TOKEN_DEAD[Family.OA]
    assert -124 in TOKEN_DEAD[Family.ZBS]


def test_permission_and_article_quota_share_a_number() -> None:
    with pytest.raises(Misconfigured):
        judged(said(error=-223, message="OA has not authorized this api"))
    with pytest.raises(TryAgain):
        judged(said(error=-223, message="Article quota reached"))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(Answer(429, b"", {"retry-after": "17"}), TryAgain, id="429"),
        pytest.param(Answer(502, b"<html>Bad Gateway</html>"), TryAgain, id="502 page"),
        pytest.param(Answer(500, b'{"error":0,"data":{}}'), TryAgain, id="500 with a body"),
        pytest.param(Answer(504, b"<html>"), Unknown, id="a gateway that stopped waiting"),
        pytest.param(Answer(200, b"<!DOCTYPE html>"), TryAgain, id="200 page"),
        pytest.param(Answer(200, b""), Unknown, id="empty 200"),
        pytest.param(Answer(200, b"[]"), Unknown, id="a list"),
        pytest.param(Answer(200, b'{"error":"many"}'), Unknown, id="no number"),
        pytest.param(Answer(200, b'{"message":"ok"}'), Unknown, id="neither error nor data"),
        pytest.param(Answer(200, b"[" * 50_000), Unknown, id="deep nesting"),
        pytest.param(Answer(404, b"nothing here"), Refused, id="404"),
        pytest.param(Answer(403, b"<html>"), Misconfigured, id="403"),
        pytest.param(Answer(400, b'{"error":-230,"message":"?"}'), Unreachable, id="error read before the status"),
        pytest.param(Answer(400, b'{"error":0}'), Refused, id="a status that contradicts the body"),
    ],
)
def test_what_is_no_answer_is_judged_too(answer: Answer, error: type[SendError]) -> None:
    with pytest.raises(SendError) as caught:
        judged(answer)

    assert type(caught.value) is error


def test_zalos_wish_to_wait_is_kept() -> None:
    with pytest.raises(TryAgain) as caught:
        judged(Answer(429, b"", {"retry-after": "17"}))

    assert caught.value.after == timedelta(seconds=17)


@pytest.mark.parametrize(
    ("code", "local", "until"),
    [
        pytest.param(-32, (9, 30, 20), (0, 9, 31), id="rate limit: the next minute"),
        pytest.param(-234, (23, 15, 0), (1, 6, 0), id="night, before midnight"),
        pytest.param(-234, (2, 0, 0), (0, 6, 0), id="night, after midnight"),
        pytest.param(-211, (2, 0, 0), (1, 6, 0), id="quota: not before the next day"),
    ],
)
def test_zalo_says_when_to_come_back(code: int, local: tuple[int, int, int], until: tuple[int, int, int]) -> None:
    now = datetime(2026, 10, 5, *local, tzinfo=VIETNAM)
    days, hour, minute = until

    with pytest.raises(TryAgain) as caught:
        judged(said(error=code, message="?"), now=now.astimezone(UTC))

    assert caught.value.after == datetime(2026, 10, 5 + days, hour, minute, tzinfo=VIETNAM) - now


def test_a_reason_shows_no_number_and_no_token() -> None:
    with pytest.raises(Refused) as caught:
        judged(said(error=-201, message="user_id 2468458835296197922 token aB3_xyzxyzxyzxyzxyzxyz is invalid"))

    assert caught.value.reason == "Zalo báo tham số không hợp lệ: user_id … token … is invalid"
