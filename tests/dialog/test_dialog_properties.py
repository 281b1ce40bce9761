"""What holds for every sequence of events, however odd."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.effects import Effect, Handoff, Say, Submit
from core.events import (
    CaseChanged,
    CaseFound,
    CaseKnown,
    CaseOpened,
    Event,
    GivenBack,
    IdentityKnown,
    InboundMessage,
    MessageEdited,
    SendSettled,
    SubmissionRefused,
    TimerFired,
)
from core.model import Contact, MediaKind, MediaRef, Peer, Place
from dialog import State, decode, encode, new_state, step, waiting_for
from dialog.needed import has
from regulations.loader import load

START = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PEER = Peer(channel="telegram", account="bot", user="7")
CCCD = "001195012345"
CODE = "TG-261110-0004"
PROFILES = {name: load(name) for name in ("tien-giang", "bac-ninh", "ha-noi", "thanh-hoa")}

TEXTS = (
    "đèn đường trước số 45 Lý Thường Kiệt phường 5 Mỹ Tho tắt 3 đêm",
    "rác chất đống ở ngõ 12 đường Ngô Gia Tự phường Suối Hoa 4 ngày rồi",
    "tôi tên Trần Văn Hùng, sđt 0909 123 456",
    "Nguyễn Thị Hoa",
    "0912345678",
    "01688 123 456",
    "+81 90 1234 5678",
    "091234",
    f"cccd của tôi là {CCCD}",
    CCCD,
    "an@example.vn",
    "20 Nguyễn Huệ, phường Mỹ Tho",
    "chợ",
    "ok",
    "đúng",
    "có",
    "không",
    "không có",
    "gửi",
    "gửi đi",
    "k co anh, gui luon di",
    "sửa",
    "sửa số điện thoại",
    "nhầm rồi, số 51 chứ không phải 45",
    "thôi khỏi",
    "hủy",
    "bí mật",
    "gặp cán bộ",
    "hướng dẫn",
    "tra cứu",
    CODE.lower(),
    f"{CODE} tôi không đồng ý",
    "không hài lòng, làm ẩu",
    "hài lòng",
    "vẫn gửi",
    "gửi phản ánh",
    "cảm ơn",
    "chào",
    "trời ơi cháy nhà rồi",
    "tôi muốn tố cáo ông chủ tịch",
    "vay vốn nhanh không thế chấp, inbox để nhận",
    "tài liệu mật",
    "lũ ngu làm ăn kiểu gì",
    "mà thôi báo vụ này trước nè: nước máy đục ngầu ở ấp 4 Tân Mỹ Chánh",
    "mình muốn báo thêm việc khác: ổ gà to trước chợ",
    "There is garbage everywhere on my street",
    "1",
    "2",
    "9",
    "😀🌊",
    ".",
    "a" * 5000,
)
CHOICES = (
    "confirm:send:1",
    "confirm:send:2",
    "confirm:send",
    "confirm:edit:1",
    "confirm:cancel:1",
    "edit:phone",
    "edit:location",
    "ward:0",
    "ward:7",
    "yes:ward",
    "no:ward",
    "yes:address",
    "skip:media",
    "yes:resume",
    "yes:identity_reuse",
    f"rate:{CODE}:1",
    "rate::",
    "category:khac",
    "type:phan_anh",
    "insist:to_cao",
    "nonsense",
    ":::",
)

media = st.builds(
    MediaRef,
    kind=st.sampled_from(MediaKind),
    key=st.just("k"),
    name=st.sampled_from(["a.jpg", "b.exe", "", "c.pdf"]),
    mime=st.sampled_from(["", "image/jpeg"]),
)
message = st.builds(
    InboundMessage,
    peer=st.just(PEER),
    external_id=st.just("m"),
    sent_at=st.just(START),
    text=st.one_of(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.text(max_size=40)),
)
contents = st.one_of(
    message,
    message,
    message,
    st.builds(
        InboundMessage,
        peer=st.just(PEER),
        external_id=st.just("m"),
        sent_at=st.just(START),
        choice=st.sampled_from(CHOICES),
    ),
    st.builds(
        InboundMessage,
        peer=st.just(PEER),
        external_id=st.just("m"),
        sent_at=st.just(START),
        media=st.lists(media, min_size=1, max_size=3).map(tuple),
    ),
    st.builds(
        InboundMessage,
        peer=st.just(PEER),
        external_id=st.just("m"),
        sent_at=st.just(START),
        place=st.just(Place(lat=10.3, lon=106.3)),
    ),
    st.builds(
        InboundMessage,
        peer=st.just(PEER),
        external_id=st.just("m"),
        sent_at=st.just(START),
        contact=st.just(Contact(name="Lê Văn An", phone="0912345678")),
    ),
    st.builds(
        InboundMessage, peer=st.just(PEER), external_id=st.just("m"), sent_at=st.just(START), sticker=st.just("ok")
    ),
    st.builds(
        InboundMessage, peer=st.just(PEER), external_id=st.just("m"), sent_at=st.just(START), started=st.just(True)
    ),
    st.builds(
        InboundMessage,
        peer=st.just(PEER),
        external_id=st.just("m"),
        sent_at=st.just(START),
        unsupported=st.just("poll"),
    ),
)
others = st.sampled_from(
    [
        MessageEdited(peer=PEER, external_id="e", of="m", sent_at=START, text="0987654321"),
        TimerFired(at=START),
        GivenBack(operator="lan", at=START),
        CaseOpened(ordinal=1, code="TG-261120-0001", at=START),
        CaseOpened(ordinal=2, code="TG-261120-0002", at=START, due="27/11/2026"),
        SubmissionRefused(ordinal=1, reason="no", at=START),
        CaseKnown(code=CODE, at=START, status="published", delivered_at=START),
        IdentityKnown(name="Trần Thị Lan", phone="+84356111222", at=START),
        CaseChanged(code=CODE, update_id="u", name="result.recorded", at=START, text="Đã sửa"),
        CaseChanged(code=CODE, update_id="u", name="result.published", at=START, status="published", text="Đã sửa"),
        CaseChanged(code=CODE, update_id="u", name="report.check_failed", at=START, missing="ảnh"),
        CaseFound(code=CODE, found=True, at=START, status="in_progress"),
        SendSettled(code=CODE, name="result.published", at=START, delivered=True),
    ]
)
event = st.one_of(contents, contents, contents, others)


def said(text: str) -> tuple[Event, int]:
    return InboundMessage(peer=PEER, external_id="m", sent_at=START, text=text), 10


PHOTO: tuple[Event, int] = (
    InboundMessage(
        peer=PEER, external_id="m", sent_at=START, media=(MediaRef(kind=MediaKind.IMAGE, key="k", name="a.jpg"),)
    ),
    10,
)
# Ways into the middle of a conversation, so that the odd events also meet late questions.
OPENINGS: tuple[list[tuple[Event, int]], ...] = (
    [],
    [said(TEXTS[0]), said("đúng"), PHOTO, said("Trần Văn Hùng 0909123456")],
    [said(TEXTS[0]), said("đúng"), PHOTO, said("Trần Văn Hùng 0909123456"), said("đúng")],
    [said(TEXTS[0]), said("đúng"), PHOTO, said("Trần Văn Hùng 0909123456"), said("đúng"), said("gửi")],
    [PHOTO, said(TEXTS[1]), said("đúng"), said("Trần Văn Hùng"), said("01688 123 456")],
    [said(TEXTS[1]), said("đúng"), PHOTO, said(TEXTS[43])],
)

script = st.tuples(
    st.sampled_from(OPENINGS), st.lists(st.tuples(event, st.sampled_from([5, 5, 5, 400, 100_000])), max_size=14)
).map(lambda parts: [*parts[0], *parts[1]])
each_profile = pytest.mark.parametrize("name", PROFILES)
slowly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def run(name: str, events: Sequence[tuple[Event, int]]) -> list[tuple[State, Event, State, list[Effect]]]:
    profile = PROFILES[name]
    now = START
    state = new_state(channel="telegram", profile=profile, now=now)
    history = []
    for happened, seconds in events:
        now += timedelta(seconds=seconds)
        after, effects = step(state, happened, profile, now)
        history.append((state, happened, after, effects))
        state = after
    return history


@each_profile
@slowly
@given(events=script)
def test_a_message_gets_at_most_one_reply_and_the_given_state_is_left_alone(
    name: str, events: list[tuple[Event, int]]
) -> None:
    profile = PROFILES[name]
    now = START
    state = new_state(channel="telegram", profile=profile, now=now)
    for happened, seconds in events:
        now += timedelta(seconds=seconds)
        before = encode(state)

        once = step(state, happened, profile, now)
        twice = step(decode(before), happened, profile, now)

        assert encode(state) == before
        assert once == twice
        assert sum(isinstance(effect, Say) for effect in once[1]) <= 1
        state = once[0]


@each_profile
@slowly
@given(events=script)
def test_nothing_is_submitted_without_an_explicit_yes_to_the_summary(
    name: str, events: list[tuple[Event, int]]
) -> None:
    for before, happened, _after, effects in run(name, events):
        reports = [effect for effect in effects if isinstance(effect, Submit) and not effect.closed]
        if reports:
            assert waiting_for(before) in ("confirm", "edit")
            assert isinstance(happened, InboundMessage)
            assert happened.text or happened.choice.startswith("confirm:send")
            assert len(reports) == 1


@each_profile
@slowly
@given(events=script)
def test_a_report_is_submitted_with_everything_the_profile_requires(name: str, events: list[tuple[Event, int]]) -> None:
    profile = PROFILES[name]
    for _, _, _, effects in run(name, events):
        for effect in effects:
            if isinstance(effect, Submit) and not effect.closed:
                draft = effect.draft
                assert draft.description and draft.name
                assert draft.phone or draft.email
                assert draft.report_type in profile.report_types
                assert draft.level in profile.levels
                assert draft.category in profile.categories


@each_profile
@slowly
@given(events=script)
def test_a_whole_identity_number_is_never_said(name: str, events: list[tuple[Event, int]]) -> None:
    """D04: 001*********, never the twelve digits."""
    for _, _, _, effects in run(name, events):
        for effect in effects:
            if isinstance(effect, Say):
                assert CCCD not in effect.message.text


@each_profile
@slowly
@given(events=script)
def test_what_is_known_is_not_asked_again(name: str, events: list[tuple[Event, int]]) -> None:
    profile = PROFILES[name]
    for _, happened, after, effects in run(name, events):
        form = after.form
        if form is None or not isinstance(happened, InboundMessage) or form.editing:
            continue
        row = profile.fields.get(form.waiting)
        asked = [effect for effect in effects if isinstance(effect, Say) and effect.replaceable]
        if row and asked and row.id != "location":
            assert not has(form, row), form.waiting


@each_profile
@slowly
@given(texts=st.lists(st.sampled_from(["asdf qwer", "?", "hmm", "..."]), min_size=8, max_size=12))
def test_a_question_is_repeated_three_times_at_most_then_a_person_takes_over(name: str, texts: list[str]) -> None:
    profile = PROFILES[name]
    events: list[tuple[Event, int]] = [
        (InboundMessage(peer=PEER, external_id=str(n), sent_at=START, text=text), 20)
        for n, text in enumerate(["đèn đường hư ở 20 Nguyễn Huệ", *texts])
    ]

    history = run(name, events)

    said = [effect.message.text for *_, effects in history for effect in effects if isinstance(effect, Say)]
    handoffs = [effect for *_, effects in history for effect in effects if isinstance(effect, Handoff)]
    assert max(said.count(text) for text in said) <= 1 + profile.intake.max_reasks_per_field
    assert len(handoffs) <= len({waiting_for(after) for _, _, after, _ in history})


@each_profile
@slowly
@given(events=script)
def test_a_message_is_short_unless_it_reads_the_report_or_a_result_back(
    name: str, events: list[tuple[Event, int]]
) -> None:
    """Voice of the bot: at most 320 characters except the confirmation and the result."""
    for _, _, after, effects in run(name, events):
        for effect in effects:
            if isinstance(effect, Say) and not effect.about and waiting_for(after) != "confirm":
                assert len(effect.message.text) <= 320
