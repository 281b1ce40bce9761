"""Several messages sent one after the other: what is held back, what is taken together, what is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.effects import LONGEST, QUIET, Say
from core.events import InboundMessage
from core.model import MediaKind, MediaRef, Peer, Place
from dialog import new_state, step, waiting_for
from dialog.state import State
from regulations.loader import load
from tests.dialog.conftest import NOON

PEER = Peer(channel="zalo", account="rehearsal", user="citizen")
PHOTO = MediaRef(kind=MediaKind.IMAGE, key="p1")
PIN = Place(lat=10.3598, lon=106.3654)
CENTRES = {
    "bac-ninh": (21.186, 106.076), "vinh-long": (10.254, 105.972), "ha-noi": (21.0278, 105.8342),
    "thanh-hoa": (19.807, 105.776), "tien-giang": (10.3598, 106.3654),
}  # fmt: skip
MATTER = "Đèn đường trước nhà tôi tắt ba đêm nay, tối om"


class Burst:
    """Messages a fifth of a second apart."""

    def __init__(self, profile: str = "tien-giang", *, albums: bool = False) -> None:
        self.profile, self.now = load(profile), NOON
        self.state: State = new_state(channel="zalo", profile=self.profile, now=NOON, albums=albums)
        self.said: list[Say] = []

    def hears(self, text: str = "", *, after: float = 0.2, **content: Any) -> Say | None:
        self.now += timedelta(seconds=after)
        event = InboundMessage(peer=PEER, external_id=str(self.now), sent_at=self.now, text=text, **content)
        self.state, effects = step(self.state, event, self.profile, self.now)
        said = [effect for effect in effects if isinstance(effect, Say)]
        self.said += said
        return said[-1] if said else None


def patient(said: Say | None) -> bool:
    return said is not None and said.patient and said.replaceable


def test_the_opening_message_waits_for_more() -> None:
    assert patient(Burst().hears(MATTER))


@pytest.mark.parametrize(
    "content",
    [{"text": "/start", "started": True}, {"text": "gặp cán bộ"}, {"text": "cháy nhà rồi"}, {"text": "TG-261120-0001"}],
    ids=str,
)
def test_what_is_complete_in_itself_is_answered_at_once(content: dict[str, Any]) -> None:
    assert not patient(Burst().hears(**content))


def test_photo_place_and_sentence_are_one_turn_whatever_their_order() -> None:
    parts: list[dict[str, Any]] = [
        {"media": (PHOTO,)},
        {"place": PIN},
        {"text": f"{MATTER}, tôi tên Lê An, 0912345678"},
    ]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0)):
        burst = Burst("vinh-long")
        answers = [burst.hears(**parts[number]) for number in order]

        assert all(map(patient, answers))
        draft = burst.state.form.draft if burst.state.form else None
        assert draft and draft.description and draft.media and draft.place and draft.phone == "+84912345678"


def test_words_of_one_burst_are_read_together() -> None:
    """What comes before the question has left is no answer to it."""
    burst = Burst()
    burst.hears("đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho")
    burst.hears("tối lắm nguy hiểm")

    form = burst.state.form
    assert form and form.draft.name == "" and "nguy hiểm" in form.draft.description
    assert waiting_for(burst.state) == "name"


def test_the_answer_to_a_question_that_was_shown_is_heard_at_once() -> None:
    """However quickly it follows: nothing of it is held back, and the report goes out."""
    burst = Burst()
    burst.hears("đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho, tôi tên Lê Thị An, 0912345678")
    burst.hears("đúng", after=QUIET.total_seconds() + 0.1)
    assert waiting_for(burst.state) == "confirm"

    assert not patient(burst.hears("gửi", after=0))
    assert burst.state.submissions == 1


def test_what_comes_after_the_question_has_left_is_its_answer() -> None:
    burst = Burst()
    burst.hears("đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho")
    burst.hears("Lê Thị An", after=QUIET.total_seconds() + 0.1)

    assert burst.state.form and burst.state.form.draft.name == "Lê Thị An"


def test_a_notice_that_was_replaced_is_told_again_and_only_then() -> None:
    burst = Burst()
    burst.hears("đèn đường tắt 3 đêm nay ở 20 Nguyễn Huệ, phường Mỹ Tho")
    again = burst.hears("tối lắm nguy hiểm")
    later = burst.hears("Lê Thị An", after=10)

    notice = burst.profile.text("privacy_notice")
    assert again and notice in again.message.text
    assert later and notice not in later.message.text


def test_three_photos_are_counted_once() -> None:
    burst = Burst()
    for _ in range(3):
        answer = burst.hears(media=(PHOTO,))

    assert answer and answer.message.text.count("ảnh, video.") == 1 and "3 ảnh" in answer.message.text


@pytest.mark.parametrize(("albums", "album", "waits"), [(True, "", False), (True, "a1", True), (False, "", True)])
def test_one_photo_is_all_where_the_platform_tells_albums(albums: bool, album: str, waits: bool) -> None:
    burst = Burst("bac-ninh", albums=albums)
    burst.hears("rác đổ đầy bờ kênh ở thôn Đông, xã Đại Sơn, hôi thối cả tuần")
    while waiting_for(burst.state) not in ("media", "confirm"):
        burst.hears({"ward": "đúng"}.get(waiting_for(burst.state), "thôn Đông, xã Đại Sơn"), after=10)

    answer = burst.hears(after=10, media=(PHOTO,), album=album)

    assert patient(answer) is waits


def test_the_waiting_never_grows_beyond_a_few_seconds() -> None:
    burst, began = Burst(), None
    for _ in range(40):
        burst.hears("và còn nữa", after=1)
        if burst.state.held_from:
            began = began or burst.state.held_from
            assert burst.state.held_until and burst.state.held_until - burst.state.held_from <= LONGEST


def test_letters_are_answered_as_they_come(profile_of: Callable[..., Any]) -> None:
    profile = profile_of("tien-giang")
    state = new_state(channel="email", profile=profile, now=NOON, letters=True)
    event = InboundMessage(peer=PEER, external_id="1", sent_at=NOON, text=MATTER)

    assert not any(isinstance(effect, Say) and effect.patient for effect in step(state, event, profile, NOON)[1])


@pytest.mark.parametrize("profile", ["bac-ninh", "vinh-long", "ha-noi", "thanh-hoa", "tien-giang"])
def test_three_messages_carry_a_whole_report(profile: str) -> None:
    """Photo, place and one sentence with who writes: what is asked then is what the regulation demands besides."""
    burst = Burst(profile)
    burst.hears(media=(PHOTO,))
    lat, lon = CENTRES[profile]
    burst.hears(place=Place(lat=lat, lon=lon))
    burst.hears(
        "Đèn đường trước cổng chợ tắt ba đêm nay, tối om, rất nguy hiểm cho người đi lại. "
        "Tôi là Nguyễn Văn An, số điện thoại 0912345678"
    )
    demanded = {"ha-noi": {"email", "cccd", "confidential"}, "tien-giang": {"address"}}
    seen = set()
    for _ in range(8):
        if (waiting := waiting_for(burst.state)) == "confirm":
            break
        seen.add(waiting)
        answers = {
            "email": "an@example.vn", "cccd": "027090001234", "confidential": "không", "address": "12 Lê Lợi, Mỹ Tho",
            "ward": "đúng",
        }  # fmt: skip
        burst.hears(answers.get(waiting, "đúng"), after=10)

    assert waiting_for(burst.state) == "confirm"
    assert seen <= demanded.get(profile, set()) | {"ward"}
