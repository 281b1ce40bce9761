"""What the Page itself sends comes back, threads change hands, and strangers write on the Page."""

from typing import Any

import pytest

from core.events import AccountAlarm, Ignored, OwnEcho, PlatformEvent, PublicComment, StaffWrote, ThreadMoved
from core.model import MediaKind
from tests.facebook.pages import AN, APP, PAGE, changed, event, messaging, one, read, reason

PICTURE = "https://scontent.xx.fbcdn.net/v/1.jpg?oe=65AABBCC"


# --- echoes -----------------------------------------------------------------------------------------------------------


def echo(**message: Any) -> PlatformEvent:
    people = {"sender": {"id": PAGE}, "recipient": {"id": AN.user}}
    return one(messaging(event(message={"mid": "m_1", "is_echo": True, **message}) | people))


@pytest.mark.parametrize("app", [APP, int(APP)])
@pytest.mark.parametrize("where", ["messaging", "standby"])
def test_our_own_words_come_back_as_proof_that_they_arrived(app: Any, where: str) -> None:
    body = event(message={"mid": "m_1", "is_echo": True, "app_id": app, "metadata": "key-1", "text": "x"})
    people = {"sender": {"id": PAGE}, "recipient": {"id": AN.user}}

    found = one(messaging(body | people, where=where))

    assert isinstance(found, OwnEcho)
    assert (found.key, found.peer) == ("key-1", AN)


def test_what_another_app_sends_is_staffs() -> None:
    found = echo(app_id=77, attachments=[{"type": "image", "payload": {"url": PICTURE}}])

    assert isinstance(found, StaffWrote)
    assert (found.staff, len(found.media)) == ("ứng dụng 77", 1)


def test_what_the_page_takes_back_is_journaled() -> None:
    found = echo(is_deleted=True)

    assert isinstance(found, Ignored)
    assert found.reason == "the Page took a message back"


# --- control ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("owner", [APP, int(APP)])
@pytest.mark.parametrize("how", ["pass_thread_control", "take_thread_control"])
def test_a_thread_that_comes_to_our_app_is_ours(how: str, owner: Any) -> None:
    found = one(messaging(event(**{how: {"previous_owner_app_id": None, "new_owner_app_id": owner}})))

    assert isinstance(found, ThreadMoved)
    assert (found.ours, found.by, found.peer) == (True, "", AN)


def test_a_thread_without_an_owner_is_not_ours() -> None:
    found = one(messaging(event(pass_thread_control={"metadata": "x"})))

    assert isinstance(found, ThreadMoved)
    assert (found.ours, found.by) == (False, "")


def test_a_policy_decision_is_an_alarm_in_both_spellings() -> None:
    alarms = read(
        messaging(
            {"recipient": {"id": PAGE}, "timestamp": 1, "policy-enforcement": {"action": "unblock"}},
            {"recipient": {"id": PAGE}, "timestamp": 1, "policy_enforcement": {"action": "x", "reason": None}},
        )
    )

    assert [alarm.reason for alarm in alarms if isinstance(alarm, AccountAlarm)] == [
        "Meta đã bỏ chặn Trang",
        "Meta ra quyết định về Trang (x)",
    ]


# --- comments ---------------------------------------------------------------------------------------------------------

COMMENT = {"item": "comment", "verb": "add", "comment_id": "5_7", "post_id": "1_5", "created_time": 1767232795}


def test_comments_can_be_left_unanswered() -> None:
    assert reason(changed(**COMMENT), answer_comments=False) == "comments are not answered"


def test_the_older_spelling_of_the_author_is_understood() -> None:
    found = one(changed(**COMMENT, sender_id=7, sender_name="An"))

    assert isinstance(found, PublicComment) and found.sender_name == "An"
    assert reason(changed(**COMMENT, sender_id=int(PAGE))) == "the Page's own words"


@pytest.mark.parametrize("published", [0, False])
def test_a_draft_is_not_answered(published: Any) -> None:
    assert reason(changed(item="post", verb="add", post_id="1_5", published=published)) == "not published"


def test_a_visitors_post_brings_its_pictures_and_films() -> None:
    photos = one(changed(item="status", verb="add", post_id="1_5", photos=["https://a/1", "https://a/2"], published=1))
    photo = one(changed(item="photo", verb="add", post_id="1_5", link="https://a/1"))
    film = one(changed(item="video", verb="add", post_id="1_5", link="https://a/3", published=True))

    assert isinstance(photos, PublicComment) and isinstance(photo, PublicComment) and isinstance(film, PublicComment)
    assert [ref.key for ref in photos.media] == ["https://a/1", "https://a/2"]
    assert [(ref.kind, ref.key) for ref in photo.media + film.media] == [
        (MediaKind.IMAGE, "https://a/1"),
        (MediaKind.VIDEO, "https://a/3"),
    ]


@pytest.mark.parametrize("item", ["event", "like", "reaction", "milestone", ""])
def test_the_rest_of_the_feed_is_journaled(item: str) -> None:
    assert reason(changed(item=item, verb="add", post_id="1_5"))


def test_a_comment_without_an_id_cannot_be_answered() -> None:
    assert reason(changed(item="comment", verb="add", post_id="1_5")) == "comment without an id"


def test_a_comment_that_comes_again_has_the_same_key() -> None:
    first, again, other = (
        one(changed(**COMMENT)),
        one(changed(**COMMENT)),
        one(changed(**COMMENT | {"comment_id": "5_8"})),
    )

    assert first.external_id == again.external_id != other.external_id
