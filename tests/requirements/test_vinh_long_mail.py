"""Vĩnh Long, 2408/QĐ-UBND Đ4.1.b: reports by mail, at any hour, and what staff see of them."""

from base64 import encodebytes
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.email import EmailChannel
from channels.email.mime import read_mail
from core.effects import Say, Submit
from core.events import CaseOpened, InboundMessage
from core.model import Delivery, MediaKind, Place
from core.report import Attachment, Report, Reporter
from dialog import new_state, step
from inbox.ticks import ticks
from regulations.calendar import deadlines_for
from regulations.loader import load
from tests.channels.fakes import FakeHttp, FakeVault, MemoryBlobs, answer
from tests.email.mailboxes import QUICK, Pauses, settings

PROFILE = load("vinh-long")
ADDRESS = PROFILE.channels["email"].name
SUNDAY_2_AM = datetime(2026, 11, 22, 2, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 64


class Outbox:
    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def deliver(self, recipient: str, raw: bytes) -> None:
        self.sent.append(raw)


def photo(name: str) -> str:
    return (
        f'--b\nContent-Type: image/jpeg\nContent-Disposition: attachment; filename="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{encodebytes(JPEG + name.encode()).decode()}\n"
    )


def a_mail() -> bytes:
    return (
        f"From: Tran Thi Be <be@example.vn>\nTo: {ADDRESS}\nSubject: =?utf-8?B?UsOhYyDEkeG6p3kgaOG6u20=?=\n"
        "Message-ID: <thu-1@example.vn>\nDate: Sun, 22 Nov 2026 02:00:00 +0700\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n\nRác chất đống ba ngày ở đường Nguyễn Huệ, phường Long Châu.\n"
        f"Tôi là Trần Thị Bé, 0270 3823 456\n{photo('mot.jpg')}{photo('hai.jpg')}--b--\n"
    ).encode()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def channel(outbox: Outbox) -> EmailChannel:
    return EmailChannel(
        settings(address=ADDRESS), http=FakeHttp(lambda call: answer(500, "")), vault=FakeVault(), blobs=MemoryBlobs(),
        now=lambda: SUNDAY_2_AM.astimezone(UTC), sleep=Pauses(), pace=QUICK, outbox=outbox,
    )  # fmt: skip


def heard_by(channel: EmailChannel) -> InboundMessage:
    (event,) = channel.parse(Delivery(body=a_mail(), received_at=SUNDAY_2_AM))
    assert isinstance(event, InboundMessage)
    return event


async def test_a_mail_with_two_photos_is_a_report_and_its_answer_stays_in_the_thread(
    channel: EmailChannel, outbox: Outbox
) -> None:
    """R-VL-08, Đ4.1.b."""
    event = heard_by(channel)
    state = new_state(channel="email", profile=PROFILE, now=SUNDAY_2_AM, letters=True)

    state, effects = step(state, event, PROFILE, SUNDAY_2_AM)
    (said,) = [effect for effect in effects if isinstance(effect, Say)]
    await channel.send(event.peer, replace(said.message, thread=event.thread, key="1.1.0"))

    assert state.form is not None
    draft = state.form.draft
    assert [media.kind for media in draft.media] == [MediaKind.IMAGE, MediaKind.IMAGE]
    assert (draft.name, draft.phone, draft.category) == ("Trần Thị Bé", "+842703823456", "moi_truong")
    sent = read_mail(outbox.sent[0])
    assert b"In-Reply-To: <thu-1@example.vn>" in outbox.sent[0]
    assert sent.subject.startswith("Re: ")


def test_at_night_a_mail_is_answered_and_gets_its_receipt_at_once(channel: EmailChannel) -> None:
    """R-VL-10, Đ4.2: Sunday, two o'clock. Only the officers' limits wait for Monday."""
    now = SUNDAY_2_AM
    state = new_state(channel="email", profile=PROFILE, now=now, letters=True)
    first = heard_by(channel)
    state, asked = step(state, first, PROFILE, now)
    yes = replace(first, external_id="<2@example.vn>", text="gửi", subject="", media=())
    state, confirmed = step(state, yes, PROFILE, now)
    _, receipt = step(state, CaseOpened(ordinal=1, code="VL-261122-0001", at=now), PROFILE, now)

    assert any(isinstance(effect, Say) for effect in asked)
    assert any(isinstance(effect, Submit) for effect in confirmed)
    (told,) = [effect for effect in receipt if isinstance(effect, Say)]
    assert "VL-261122-0001" in told.message.text
    assert {clock.due for clock in deadlines_for(PROFILE, "report.received", now)} == {
        now.replace(hour=9) + timedelta(days=1)
    }


# --- what staff check -----------------------------------------------------------------------------------------------


def a_report(**changes: Any) -> Report:
    photo = Attachment(kind=MediaKind.IMAGE, source_key="p", url="https://x/p.jpg")
    report = Report(
        report_id="r", profile=PROFILE.id, channel="email", account="a", contact_id="c", category="moi_truong",
        report_type="hien_truong", level="thuong", agency="", description="Rác chất đống ba ngày", raw_text=(),
        place=Place(text="đường Nguyễn Huệ", ward_new="phường Long Châu"), submitted_at=SUNDAY_2_AM,
        attachments=(photo,), reporter=Reporter(name="Trần Thị Bé", phone="+842703823456"),
    )  # fmt: skip
    return replace(report, **changes)


@pytest.mark.parametrize(
    ("changes", "off"),
    [
        ({}, 0),
        pytest.param({"attachments": ()}, 1, id="no photo"),
        pytest.param({"place": Place()}, 1, id="no place"),
        pytest.param({"reporter": Reporter(name="Trần Thị Bé")}, 1, id="no phone"),
        pytest.param({"description": "there is garbage on the street near my house"}, 1, id="no Vietnamese"),
    ],
)
def test_what_is_incomplete_is_ticked_off_for_the_centre(changes: dict[str, Any], off: int) -> None:
    """R-VL-22, Đ6.1 with Đ5.1–5.3: a missing photo blocks nothing, and is seen."""
    assert sum(not tick.met for tick in ticks(a_report(**changes), PROFILE)) == off


def test_without_a_photo_the_report_goes_out_all_the_same(talk: Callable[..., Any]) -> None:
    """R-VL-22, Đ6.1."""
    conversation = talk("vinh-long")
    for text in ("rác đầy hẻm ở đường Nguyễn Huệ, phường Long Châu", "không có", "Trần Thị Bé, 0912345678", "gửi"):
        conversation.says(text)

    assert len(conversation.reports) == 1
